// SPDX-License-Identifier: Apache-2.0
// What somebody who wrote a word that does not exist probably meant.
#ifndef FERRIC_CLI_SUGGEST_H
#define FERRIC_CLI_SUGGEST_H

// The name of the command that `word` means elsewhere (`rm`, `ls`) or is nearly spelled like, NULL
// when there is none.
const char *cli_suggest_command(const char *word);
// The long name of the option that `word` is nearly spelled like, NULL when there is none.
const char *cli_suggest_option(const char *word);

#endif
