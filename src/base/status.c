// SPDX-License-Identifier: Apache-2.0
// The last message of each thread, and the names of the status codes.
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE_MAX 1024

static _Thread_local char message[MESSAGE_SIZE_MAX];

ferric_status fe_fail(ferric_status code, const char *format, ...)
{
    // Built aside, so that an argument may be the message it replaces.
    char text[MESSAGE_SIZE_MAX];
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0) text[0] = '\0';
    va_end(arguments);
    fe_message_set(text);
    return code;
}

const char *fe_message(void)
{
    return message;
}

void fe_message_set(const char *text)
{
    size_t size = 0;
    while (size < MESSAGE_SIZE_MAX - 1 && text[size] != '\0')
        size++;
    memmove(message, text, size);
    message[size] = '\0';
}

const char *fe_status_name(ferric_status status)
{
    static const char *const names[] = {
        [FERRIC_OK] = "OK",
        [FERRIC_NOT_FOUND] = "NOT_FOUND",
        [FERRIC_CONFLICT] = "CONFLICT",
        [FERRIC_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
        [FERRIC_IO] = "IO",
        [FERRIC_CORRUPT] = "CORRUPT",
        [FERRIC_NO_SPACE] = "NO_SPACE",
        [FERRIC_NO_MEMORY] = "NO_MEMORY",
        [FERRIC_LOCKED] = "LOCKED",
        [FERRIC_NOT_A_DATABASE] = "NOT_A_DATABASE",
        [FERRIC_UNSUPPORTED] = "UNSUPPORTED",
        [FERRIC_READ_ONLY] = "READ_ONLY",
        [FERRIC_CLOSED] = "CLOSED",
        [FERRIC_FORKED] = "FORKED",
        [FERRIC_TOO_LARGE] = "TOO_LARGE",
        [FERRIC_MEMORY_LIMIT] = "MEMORY_LIMIT",
        [FERRIC_OUTCOME_UNKNOWN] = "OUTCOME_UNKNOWN",
        [FERRIC_WRONG_KIND] = "WRONG_KIND",
        [FERRIC_ALREADY_EXISTS] = "ALREADY_EXISTS",
        [FERRIC_INTERRUPTED] = "INTERRUPTED",
        [FERRIC_TOO_MANY_FILES] = "TOO_MANY_FILES",
        [FERRIC_WRONG_KEY] = "WRONG_KEY",
        [FERRIC_OVERFLOW] = "OVERFLOW",
        [FERRIC_DROPPED] = "DROPPED",
    };
    // A caller may hand in any number; an enumeration's own type may be signed.
    size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "UNKNOWN";
}
