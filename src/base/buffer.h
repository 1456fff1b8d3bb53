// SPDX-License-Identifier: Apache-2.0
// Owned bytes that grow. The caller keeps a ferric_buffer and hands it in again and again, so that
// nothing is allocated once it is large enough. {0} is an empty buffer.
#ifndef FERRIC_BASE_BUFFER_H
#define FERRIC_BASE_BUFFER_H

#include <ferric/ferric.h>

#include "base/compiler.h"
#include "base/slice.h"

// Makes room for `more` bytes behind size. Errors: FERRIC_NO_MEMORY, the buffer is unchanged.
ferric_status fe_buffer_reserve(ferric_buffer *buffer, size_t more);
// Errors: FERRIC_NO_MEMORY, the buffer is unchanged.
ferric_status fe_buffer_append(ferric_buffer *buffer, const void *data, size_t size);
// Replaces the content. `value` must not point into the buffer.
ferric_status fe_buffer_assign(ferric_buffer *buffer, ferric_slice value);
// Appends printf output, and a zero byte behind it that size does not count. Errors:
// FERRIC_NO_MEMORY, the buffer is unchanged.
ferric_status fe_buffer_format(ferric_buffer *buffer, const char *format, ...) FE_PRINTF(2, 3);
// Frees the memory; the buffer is {0} again.
void fe_buffer_deinit(ferric_buffer *buffer);

static inline void fe_buffer_clear(ferric_buffer *buffer)
{
    buffer->size = 0;
}

// Lent until the buffer next changes.
static inline ferric_slice fe_buffer_slice(const ferric_buffer *buffer)
{
    return fe_slice(buffer->data, buffer->size);
}

#endif
