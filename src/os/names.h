// SPDX-License-Identifier: Apache-2.0
// A list of names as fe_vfs_list hands it out: each ended by a zero byte.
#ifndef FERRIC_OS_NAMES_H
#define FERRIC_OS_NAMES_H

#include <ferric/ferric.h>

// Sorts them by bytes, in place. Errors: FERRIC_NO_MEMORY, the buffer is unchanged.
ferric_status fe_names_sort(ferric_buffer *names);

#endif
