// SPDX-License-Identifier: Apache-2.0
// Keys and values out of files: one record after the other, whatever the format.
#ifndef FERRIC_CLI_RECORD_H
#define FERRIC_CLI_RECORD_H

#include <ferric/ferric.h>

#include "cli/csv.h"
#include "cli/lines.h"

typedef enum cli_format {
    CLI_FORMAT_JSONL,
    CLI_FORMAT_CSV,
    CLI_FORMAT_DEB822,
    CLI_FORMAT_RAW,
} cli_format;

typedef enum cli_record_result {
    CLI_RECORD_READ,
    CLI_RECORD_END,
    CLI_RECORD_BAD,    // Malformed, with a message; the next call goes on behind it.
    CLI_RECORD_FAILED, // The file could not be read, or no memory, with a message.
} cli_record_result;

typedef struct cli_records {
    cli_lines lines;
    cli_format format;
    const char *id;   // The field that is the key; NULL: "_id", or a new UUID.
    bool infers;      // Cells become numbers, booleans and null.
    bool takes_bytes; // Of the raw format: values are bytes, not JSON.
    // The record that was read, valid until the next call.
    ferric_buffer key;
    ferric_buffer value; // JSON text, or bytes.
    uint64_t expires_ms; // FERRIC_EXPIRES_NEVER: nothing is said.
    uint64_t line;       // Its first line; of a bad one the line to look at.
    // What the formats keep between records.
    cli_csv csv;
    ferric_buffer names; // CSV: JSON literals of the fields, each ended by a newline.
    ferric_buffer text;  // Scratch.
} cli_records;

// The format of a name given by the user or, with NULL, of what the file's name ends in.
cli_format cli_format_of(const char *name, const char *path);

// Opens the file; `records` has format, id, infers and takes_bytes set and is zero else. Reads the
// header of CSV. Errors: FERRIC_NOT_FOUND, FERRIC_IO, FERRIC_INVALID_ARGUMENT, with a message.
ferric_status cli_records_open(cli_records *records, const char *path, size_t line_size_max);
void cli_records_close(cli_records *records);

cli_record_result cli_records_next(cli_records *records);

// ---- Between the formats --------------------------------------------------------------------

// Each reads one record; cli_records_next calls the one of the format.
cli_record_result cli_record_read_csv(cli_records *records);
cli_record_result cli_record_read_deb822(cli_records *records);
// Reads the line that names the fields.
ferric_status cli_record_read_csv_header(cli_records *records);

// What a line that is too long or a file that failed means for a record. REQUIRES: not READ.
cli_record_result cli_record_no_line(cli_records *records, cli_line_result result);
// CLI_RECORD_BAD for a malformed record, CLI_RECORD_FAILED for a lack of memory, READ for OK.
cli_record_result cli_record_result_of(ferric_status status);
// Appends `"name":` to the object in records->value, which ends in '{' or a value.
ferric_status cli_record_add_name(cli_records *records, ferric_slice name_literal);
// Takes the key out of the JSON text in records->value, by the rules of --id.
ferric_status cli_record_take_key(cli_records *records);

#endif
