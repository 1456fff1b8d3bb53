// SPDX-License-Identifier: Apache-2.0
// Records of comma-separated values (RFC 4180), line by line: a quoted cell may hold newlines, so a
// record may need several.
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

#endif
