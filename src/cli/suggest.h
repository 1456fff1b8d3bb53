// SPDX-License-Identifier: Apache-2.0
// What somebody who wrote a word that does not exist probably meant.
#ifndef FERRIC_CLI_SUGGEST_H
#define FERRIC_CLI_SUGGEST_H

#include <stddef.h>

// How many letters have to be added, dropped, changed or swapped with their neighbour to make `a`
// into `b`; words longer than 31 letters count as 99.
size_t cli_word_distance(const char *a, const char *b);

// The name of the command that `word` means elsewhere (`rm`, `ls`) or is nearly spelled like, NULL
// when there is none.
const char *cli_suggest_command(const char *word);
// The long name of the option that `word` is nearly spelled like, NULL when there is none.
const char *cli_suggest_option(const char *word);

#endif
