// SPDX-License-Identifier: Apache-2.0
// Values as people type them, and as lines of text carry them.
#ifndef FERRIC_CLI_VALUE_TEXT_H
#define FERRIC_CLI_VALUE_TEXT_H

#include <ferric/ferric.h>

// The first byte that is no white space, 0 when there is none.
uint8_t cli_first_byte(ferric_slice text);

// Replaces `json` by the JSON that `text` means: itself when it is JSON, else, as a string, what
// was typed. Text that begins with {, [ or " is meant as JSON and must be it.
// Errors: FERRIC_INVALID_ARGUMENT, with a message; FERRIC_TOO_LARGE; FERRIC_NO_MEMORY.
ferric_status cli_value_read(ferric_slice text, ferric_buffer *json, bool *is_string);

// Appends all of standard input. The newline that ends a line of text is no part of a value, but of
// bytes that go into a raw keyspace it is. Prints what is wrong and returns the exit code.
int cli_input_read(ferric_buffer *text, bool is_raw);

// Appends `bytes` with tab, newline, carriage return and backslash escaped, so that it fits a line
// of fields parted by tabs. Errors: FERRIC_NO_MEMORY.
ferric_status cli_line_escape(ferric_slice bytes, ferric_buffer *line);
// Appends the bytes that an escaped field means. Errors: FERRIC_INVALID_ARGUMENT for an escape that
// does not exist, FERRIC_NO_MEMORY.
ferric_status cli_line_unescape(ferric_slice field, ferric_buffer *bytes);

// Appends text in which control bytes, quotes, backslashes and bytes that are not UTF-8 stand as
// \xNN, so that it can be printed between quotes anywhere. Errors: FERRIC_NO_MEMORY.
ferric_status cli_text_escape(ferric_slice bytes, ferric_buffer *text);

#endif
