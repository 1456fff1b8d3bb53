// SPDX-License-Identifier: Apache-2.0
// Calls that need no database: version, messages, memory.
#include <ferric/ferric.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"

#define TEXT_OF(number) #number
#define DOTTED(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *ferric_version(void)
{
    return DOTTED(FERRIC_VERSION_MAJOR, FERRIC_VERSION_MINOR, FERRIC_VERSION_PATCH);
}

const char *ferric_error_message(void)
{
    return fe_message();
}

const char *ferric_status_name(ferric_status status)
{
    return fe_status_name(status);
}

void ferric_buffer_free(ferric_buffer *buffer)
{
    if (buffer != NULL) fe_buffer_deinit(buffer);
}

void ferric_free(void *memory)
{
    fe_free(memory);
}

void ferric_set_allocator(const ferric_allocator *allocator)
{
    fe_allocator_set(allocator);
}
