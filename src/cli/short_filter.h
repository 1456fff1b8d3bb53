// SPDX-License-Identifier: Apache-2.0
// The short form of filters on the command line: role=admin 'age>=18'.
//
// Each word is PATH OPERATOR VALUE without spaces between; all of them have to hold. Operators: =
// != > >= < <= ~ (matches the regular expression) ^= (starts with). The first operator in a word
// counts, and == is =. A value that is JSON is that JSON, anything else a string; behind ~ and ^=
// it is always a string. In a path that begins with '/' a ~ is part of the path.
#ifndef FERRIC_CLI_SHORT_FILTER_H
#define FERRIC_CLI_SHORT_FILTER_H

#include <ferric/ferric.h>

// Replaces `json` by the filter that the words mean.
// Errors: FERRIC_INVALID_ARGUMENT, with a message that names the word. FERRIC_NO_MEMORY.
ferric_status cli_short_filter(char *const *words, int count, ferric_buffer *json);

#endif
