// SPDX-License-Identifier: Apache-2.0
// Documents as rows: one JSON value on each line, one array, or columns of what stands at the top
// of each document, as a table for people or for other programs.
#ifndef FERRIC_CLI_ROWS_H
#define FERRIC_CLI_ROWS_H

#include <ferric/ferric.h>

typedef enum cli_rows_form {
    CLI_ROWS_AUTO, // Laid out on a terminal, JSONL in a pipe.
    CLI_ROWS_JSONL,
    CLI_ROWS_JSON,
    CLI_ROWS_TABLE,
    CLI_ROWS_BOX,
    CLI_ROWS_CSV,
    CLI_ROWS_MARKDOWN,
} cli_rows_form;

// The words for --as and .mode, parted by spaces.
#define CLI_ROWS_FORMS "auto jsonl json table box csv markdown"

// False when `word` names no form.
bool cli_rows_form_read(const char *word, cli_rows_form *form);
const char *cli_rows_form_name(cli_rows_form form);

// Forms with columns keep all rows until the end, since each may bring a new column.
typedef struct cli_rows {
    cli_rows_form form;
    size_t count;
    ferric_buffer texts;   // The rows' texts, one behind the other, each ended by a newline.
    ferric_buffer columns; // Names of columns as literals, each ended by a newline.
    size_t column_count;
} cli_rows;

void cli_rows_init(cli_rows *rows, cli_rows_form form);
void cli_rows_deinit(cli_rows *rows);
// Prints a document, or keeps it. Errors: FERRIC_NO_MEMORY.
ferric_status cli_rows_add(cli_rows *rows, ferric_slice json);
// Prints what was kept, and what ends the form. Errors: FERRIC_NO_MEMORY.
ferric_status cli_rows_end(cli_rows *rows);
// Prints the elements of an array as rows. Errors: FERRIC_NO_MEMORY.
ferric_status cli_rows_print(cli_rows_form form, ferric_slice array);

#endif
