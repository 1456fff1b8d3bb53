// SPDX-License-Identifier: Apache-2.0
// Comma-separated values (RFC 4180). Reading goes line by line: a quoted cell may hold newlines, so
// a record may need several. Written are the members at the top of JSON objects.
#ifndef FERRIC_CLI_CSV_H
#define FERRIC_CLI_CSV_H

#include <ferric/ferric.h>

typedef struct cli_csv {
    ferric_buffer text;  // Of all cells, one behind the other.
    ferric_buffer cells; // struct csv_cell for each.
    bool in_quotes;      // The record goes on in the next line.
} cli_csv;

typedef struct cli_csv_cell {
    ferric_slice text; // Valid until the record is fed or cleared.
    bool is_quoted;
} cli_csv_cell;

void cli_csv_clear(cli_csv *csv);
void cli_csv_deinit(cli_csv *csv);

// Adds a line to the record; the record is complete unless csv->in_quotes. Errors:
// FERRIC_INVALID_ARGUMENT with a message: the record is malformed. FERRIC_NO_MEMORY.
ferric_status cli_csv_feed(cli_csv *csv, ferric_slice line);

size_t cli_csv_count(const cli_csv *csv);
cli_csv_cell cli_csv_cell_at(const cli_csv *csv, size_t index);

// ---- Writing --------------------------------------------------------------------------------

// `columns` are names as JSON literals, each ended by a newline. A value that is no object has the
// one column "value". Errors: FERRIC_NO_MEMORY.

// Adds the names of the object's members that are no columns yet.
ferric_status cli_csv_note_columns(ferric_buffer *columns, ferric_slice json);
// The column that begins at *at, which moves behind it. False at the end.
bool cli_csv_next_column(const ferric_buffer *columns, size_t *at, ferric_slice *name);
// The value of a column in a row; empty when it has none.
ferric_slice cli_csv_value(ferric_slice json, ferric_slice name);
// Appends the line of names, and that of a row. A missing value is an empty cell; a string that
// would be read as something else stands in quotes; arrays and objects are JSON.
ferric_status cli_csv_write_header(const ferric_buffer *columns, ferric_buffer *line);
ferric_status cli_csv_write_row(const ferric_buffer *columns, ferric_slice json,
                                ferric_buffer *line);

#endif
