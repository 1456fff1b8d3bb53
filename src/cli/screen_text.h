// SPDX-License-Identifier: Apache-2.0
// Text in cells of a table: how many columns of a terminal it takes, and what of it fits.
#ifndef FERRIC_CLI_SCREEN_TEXT_H
#define FERRIC_CLI_SCREEN_TEXT_H

#include <ferric/ferric.h>

// Puts spaces in place of control characters, also of those that UTF-8 writes in two bytes: they
// would break the line, or tell the terminal something. `text` is valid UTF-8 before and after.
void cli_text_flatten(ferric_buffer *text);

// Columns that flat, valid UTF-8 takes: two for a wide character such as 漢, none for an accent
// that stands on the character before.
size_t cli_text_columns(ferric_slice text);

// Bytes of the longest beginning that takes at most so many columns.
size_t cli_text_fitting(ferric_slice text, size_t columns);

#endif
