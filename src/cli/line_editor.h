// SPDX-License-Identifier: Apache-2.0
// Lines from a person at a terminal: editing, history and completion, by libedit.
#ifndef FERRIC_CLI_LINE_EDITOR_H
#define FERRIC_CLI_LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cli_editor cli_editor;

// Words that may stand at the cursor. Filled by the callback, at most so many.
#define CLI_CANDIDATES_MAX 64
typedef struct cli_candidates {
    char *words[CLI_CANDIDATES_MAX]; // Each from malloc; freed by the editor.
    size_t count;
    size_t begin; // Where in the line the word begins that they replace.
    bool goes_on; // What was chosen is not a whole word yet: no space follows it.
} cli_candidates;

// Called when Tab is pressed: the line up to the cursor.
typedef void (*cli_complete)(void *context, const char *line, cli_candidates *candidates);

typedef enum cli_edit_result {
    CLI_EDIT_LINE,
    CLI_EDIT_END,      // Ctrl-D on an empty line, or the terminal is gone.
    CLI_EDIT_CANCELED, // Ctrl-C.
} cli_edit_result;

// History is kept in ~/.ferric_history, which nobody else can read; without HOME in memory alone.
// NULL when there is no memory or no usable terminal.
cli_editor *cli_editor_create(cli_complete complete, void *context);
// Saves the history. Accepts NULL.
void cli_editor_destroy(cli_editor *editor);

// Reads a line. *line has no newline and is valid until the next call.
cli_edit_result cli_editor_read(cli_editor *editor, const char *prompt, const char **line);
// Remembers a whole statement, also one of several lines.
void cli_editor_remember(cli_editor *editor, const char *statement);

#endif
