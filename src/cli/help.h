// SPDX-License-Identifier: Apache-2.0
// Help texts and the source of the manual page, from the tables.
#ifndef FERRIC_CLI_HELP_H
#define FERRIC_CLI_HELP_H

#include <stdio.h>

#include "cli/command_table.h"

// The help of `command`, or with NULL the list of all.
void cli_help_print(FILE *file, const cli_command *command);
// ferric.1 in the language of scdoc.
void cli_man_print(FILE *file);

#endif
