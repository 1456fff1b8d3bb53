// SPDX-License-Identifier: Apache-2.0
// Regular expressions (PCRE2) that end: a pattern that would try for ever is stopped and is an
// error.
//
// The work is counted in steps: one for each item of the pattern that is tried, and one for each
// byte moved over. A text of n bytes is worth FE_REGEX_STEPS + FE_REGEX_STEPS_A_BYTE * n steps.
#ifndef FERRIC_DOC_REGEX_H
#define FERRIC_DOC_REGEX_H

#include <ferric/ferric.h>

#define FE_REGEX_PATTERN_SIZE_MAX 10000
#define FE_REGEX_STEPS 1000000
#define FE_REGEX_STEPS_A_BYTE 32
// What a match may take for remembering where to go back to.
#define FE_REGEX_HEAP_KIB_MAX 4096

typedef struct fe_regex fe_regex;

// Compiles `pattern`, UTF-8. `options` are letters: i without case, m '^' and '$' at each line, s
// '.' takes line ends, x white space and comments in the pattern.
// Errors: FERRIC_INVALID_ARGUMENT: the message has reason and offset, or names the letter.
//         FERRIC_NO_MEMORY.
ferric_status fe_regex_create(ferric_slice pattern, ferric_slice options, fe_regex **regex);
void fe_regex_destroy(fe_regex *regex);

// Whether any part of `text`, UTF-8, matches. Errors: FERRIC_TOO_LARGE: out of steps or memory for
// going back. FERRIC_NO_MEMORY. Threads: one at a time.
ferric_status fe_regex_test(fe_regex *regex, ferric_slice text, bool *matches);

// What every text that matches begins with, lent by the regex; empty when nothing is known.
ferric_slice fe_regex_prefix(const fe_regex *regex);

#endif
