// SPDX-License-Identifier: Apache-2.0
// Queries as people type them: --sort -age,name instead of JSON.
#ifndef FERRIC_CLI_FIND_OPTIONS_H
#define FERRIC_CLI_FIND_OPTIONS_H

#include <ferric/ferric.h>

#include "cli/command_line.h"
#include "cli/rows.h"

// How rows are printed: by --as or --json, else `otherwise` on a terminal and JSONL in a pipe.
cli_rows_form cli_find_form(const cli_arguments *arguments, cli_rows_form otherwise);

// Everything a query is asked with. {0} is nothing; the options point into the buffers.
typedef struct cli_find {
    ferric_find_options options;
    ferric_buffer filter;
    ferric_buffer sort;
    ferric_buffer fields;
    cli_rows_form form;
} cli_find;

// Reads the options of the command line, and the words from number `first` on as a filter. Prints
// what is wrong and returns the exit code; then there is nothing to free.
int cli_find_read(const cli_arguments *arguments, int first, cli_find *find);
void cli_find_deinit(cli_find *find);

// Replaces `json` by the filter that the words mean: {...}, or conditions such as age>=18. Prints
// what is wrong and returns the exit code.
int cli_find_filter(char *const *words, int count, ferric_buffer *json);

// CLI_DONE when `text` is JSON; else prints that `what` is not, and where, and returns the exit
// code.
int cli_find_check(const char *text, const char *what);

// A list such as "-age,name" as a JSON array of strings; what begins with { or [ is JSON already.
// Errors: FERRIC_NO_MEMORY.
ferric_status cli_find_list(const char *text, ferric_buffer *json);

#endif
