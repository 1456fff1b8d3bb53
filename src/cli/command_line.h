// SPDX-License-Identifier: Apache-2.0
// The command line, read by the tables of command_table.h.
#ifndef FERRIC_CLI_COMMAND_LINE_H
#define FERRIC_CLI_COMMAND_LINE_H

#include <ferric/ferric.h>

#include "cli/command_table.h"

#define CLI_SETTINGS_MAX 32

typedef struct cli_arguments {
    const cli_command *command;
    const char *path; // Of the database; NULL for commands without.
    char **words;     // Behind the path.
    int word_count;
    const char *values[OPTION_COUNT];       // NULL: not given; "" for an option without argument.
    const char *settings[CLI_SETTINGS_MAX]; // Each --option NAME=VALUE.
    int setting_count;
} cli_arguments;

// Reads the words behind the program's name. Returns CLI_DONE, or prints what is wrong and returns
// CLI_USAGE. Words are moved inside `argv`, which the result points into.
int cli_command_line_read(int argc, char **argv, cli_arguments *arguments);

static inline bool cli_has(const cli_arguments *arguments, cli_option option)
{
    return arguments->values[option] != NULL;
}

// The argument of an option as a number, `otherwise` when it was not given. Prints and returns
// CLI_USAGE when it is none or above `most`. "10k", "5M" and "2GiB" are understood.
int cli_number(const cli_arguments *arguments, cli_option option, uint64_t most, uint64_t otherwise,
               uint64_t *number);

#endif
