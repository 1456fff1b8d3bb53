// SPDX-License-Identifier: Apache-2.0
// How a failure is reported: a status code, and a message for the thread that saw it.
//
// Whoever sees a fault first calls fe_fail once, with what a person needs: what, where, expected,
// found, what to do. Everybody above passes the code up unchanged. FERRIC_NOT_FOUND and
// FERRIC_CONFLICT are outcomes: they are returned plainly, without a message.
#ifndef FERRIC_BASE_STATUS_H
#define FERRIC_BASE_STATUS_H

#include <ferric/ferric.h>

#include "base/compiler.h"

// Sets this thread's error message and returns `code`. The message is cut at 1,023 bytes.
ferric_status fe_fail(ferric_status code, const char *format, ...) FE_PRINTF(2, 3);

// This thread's last message, "" if there was none. Valid until the thread's next fe_fail.
const char *fe_message(void);

// Replaces this thread's message by a copy of `text`: a background thread's failure, or a group
// leader's, is told again to the thread that has to hear it.
void fe_message_set(const char *text);

// The constant's name without its prefix, such as "CORRUPT". Never NULL.
const char *fe_status_name(ferric_status status);

#endif
