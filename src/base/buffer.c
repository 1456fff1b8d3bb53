// SPDX-License-Identifier: Apache-2.0
// Growing of owned bytes: doubling, so that n appends cost O(n).
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

// The first growth: most keys fit, so that a reused key buffer grows once.
#define CAPACITY_MIN 64

ferric_status fe_buffer_reserve(ferric_buffer *buffer, size_t more)
{
    size_t capacity;
    void *data;

    if (more <= buffer->capacity - buffer->size) return FERRIC_OK;
    if (more > SIZE_MAX - buffer->size) return fe_no_memory("a buffer", SIZE_MAX);
    capacity = buffer->capacity > SIZE_MAX / 2 ? SIZE_MAX : buffer->capacity * 2;
    if (capacity < CAPACITY_MIN) capacity = CAPACITY_MIN;
    if (capacity < buffer->size + more) capacity = buffer->size + more;
    data = fe_realloc(buffer->data, capacity);
    if (data == NULL) return fe_no_memory("a buffer", capacity);
    buffer->data = data;
    buffer->capacity = capacity;
    return FERRIC_OK;
}

ferric_status fe_buffer_append(ferric_buffer *buffer, const void *data, size_t size)
{
    ferric_status status = fe_buffer_reserve(buffer, size);
    if (status != FERRIC_OK) return status;
    if (size != 0) memcpy((uint8_t *)buffer->data + buffer->size, data, size);
    buffer->size += size;
    return FERRIC_OK;
}

ferric_status fe_buffer_assign(ferric_buffer *buffer, ferric_slice value)
{
    ferric_status status;

    if (value.size > buffer->size) {
        status = fe_buffer_reserve(buffer, value.size - buffer->size);
        if (status != FERRIC_OK) return status;
    }
    if (value.size != 0) memcpy(buffer->data, value.data, value.size);
    buffer->size = value.size;
    return FERRIC_OK;
}

// Writes behind the content as much as fits. Returns the size of the whole text.
FE_PRINTF(2, 0)
static size_t format_behind(ferric_buffer *buffer, const char *format, va_list arguments)
{
    size_t room = buffer->capacity - buffer->size;
    char *at = room == 0 ? NULL : (char *)buffer->data + buffer->size;
    int size = vsnprintf(at, room, format, arguments);
    return size < 0 ? 0 : (size_t)size; // Negative only for wide characters, which we never print.
}

ferric_status fe_buffer_format(ferric_buffer *buffer, const char *format, ...)
{
    ferric_status status = FERRIC_OK;
    va_list arguments;
    va_list again;
    size_t size;

    va_start(arguments, format);
    va_copy(again, arguments);
    size = format_behind(buffer, format, arguments);
    if (size >= buffer->capacity - buffer->size) { // printf writes a zero byte behind the text.
        status = fe_buffer_reserve(buffer, size + 1);
        if (status == FERRIC_OK) size = format_behind(buffer, format, again);
    }
    if (status == FERRIC_OK) buffer->size += size;
    va_end(again);
    va_end(arguments);
    return status;
}

void fe_buffer_deinit(ferric_buffer *buffer)
{
    static const ferric_buffer empty;
    fe_free(buffer->data);
    *buffer = empty;
}
