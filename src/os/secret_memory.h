// SPDX-License-Identifier: Apache-2.0
// Memory for keys: pages of their own that are not swapped out, not part of a core image and not
// seen by a forked child, as far as the system grants it, and overwritten when they are given back.
#ifndef FERRIC_OS_SECRET_MEMORY_H
#define FERRIC_OS_SECRET_MEMORY_H

#include <stddef.h>

// Zeros; NULL when there is no memory.
void *fe_secret_alloc(size_t size);
// `size` as it was asked for. Accepts NULL.
void fe_secret_free(void *memory, size_t size);

#endif
