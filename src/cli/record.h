// SPDX-License-Identifier: Apache-2.0
// Keys and values out of files: one record after the other, whatever the format.
#ifndef FERRIC_CLI_RECORD_H
#define FERRIC_CLI_RECORD_H

#include <ferric/ferric.h>

#include "cli/csv.h"
#include "cli/lines.h"

typedef enum cli_format {
    CLI_FORMAT_JSONL,
    CLI_FORMAT_JSON,
    CLI_FORMAT_CSV,
    CLI_FORMAT_DEB822,
    CLI_FORMAT_RAW,
} cli_format;

typedef enum cli_record_result {
    CLI_RECORD_READ,
    CLI_RECORD_END,
    CLI_RECORD_BAD, // Malformed, with a message; the next call goes on behind it.
    // The same, but where the next record begins cannot be told: this is the end.
    CLI_RECORD_CUT,
    CLI_RECORD_FAILED, // The file could not be read, or no memory, with a message.
} cli_record_result;

typedef struct cli_records {
    cli_lines lines;
    cli_format format;
    const char *id;    // The field that is the key; NULL: "_id", or a new UUID.
    const char *types; // What cells of CSV become, from --types; NULL: what they look like.
    bool takes_bytes;  // Of the raw format: values are bytes, not JSON.
    // The record that was read, valid until the next call.
    ferric_buffer key;
    ferric_buffer value; // JSON text, or bytes.
    uint64_t expires_ms; // FERRIC_EXPIRES_NEVER: nothing is said.
    uint64_t line;       // Its first line; of a bad one the line to look at.
    // What the formats keep between records.
    cli_csv csv;
    ferric_buffer columns; // CSV: a struct cli_column for each field.
    int json_state;        // JSON: what may come next.
    ferric_buffer text;    // Scratch.
} cli_records;

// What the cells of a column of CSV become.
typedef enum cli_column_type {
    CLI_COLUMN_STRING,
    CLI_COLUMN_NUMBER,
    CLI_COLUMN_BOOLEAN,
    CLI_COLUMN_JSON, // Whatever JSON the cell is, else a string.
} cli_column_type;

typedef struct cli_column {
    ferric_buffer name; // A JSON literal.
    cli_column_type type;
    bool is_given;        // By --types: another cell is an error. Else it becomes a string,
    uint64_t misfits;     // and is counted;
    uint64_t misfit_line; // the first was here.
} cli_column;

// Where a file has been read up to, so that another process can go on there.
typedef struct cli_place {
    uint64_t offset;   // Uncompressed bytes before it,
    uint32_t checksum; // and their CRC32C.
    uint64_t line;
    int json_state;
} cli_place;

// The format of a name given by the user or, with NULL, of what the file's name ends in.
cli_format cli_format_of(const char *name, const char *path);
const char *cli_format_name(cli_format format);

// Opens the file; `records` has format, id, types and takes_bytes set and is zero else. Reads the
// header of CSV, and looks at its first records.
// Errors: FERRIC_NOT_FOUND, FERRIC_IO, FERRIC_INVALID_ARGUMENT, with a message.
ferric_status cli_records_open(cli_records *records, const char *path, size_t line_size_max);
void cli_records_close(cli_records *records);

cli_record_result cli_records_next(cli_records *records);

cli_place cli_records_place(const cli_records *records);
// Moves on to `place`, of a file that was read before up to there. REQUIRES: nothing was read yet.
// Errors: FERRIC_CONFLICT: the file is another up to there. FERRIC_IO, FERRIC_NO_MEMORY.
ferric_status cli_records_resume(cli_records *records, const cli_place *place);

size_t cli_records_column_count(const cli_records *records);
cli_column *cli_records_column(const cli_records *records, size_t index);
// As "number".
const char *cli_column_type_name(cli_column_type type);

// ---- Between the formats --------------------------------------------------------------------

// Each reads one record; cli_records_next calls the one of the format.
cli_record_result cli_record_read_json(cli_records *records);
cli_record_result cli_record_read_csv(cli_records *records);
cli_record_result cli_record_read_deb822(cli_records *records);
// Reads the line that names the fields, and finds out what their cells are.
ferric_status cli_record_read_csv_header(cli_records *records);
// Gives each column its type: by --types, else by looking ahead at the first records.
ferric_status cli_record_find_types(cli_records *records);
void cli_record_free_columns(cli_records *records);
// A number, true or false, as JSON writes them.
bool cli_record_is_word(ferric_slice text, ferric_buffer *scratch);

// What a line that is too long or a file that failed means for a record. REQUIRES: not READ.
cli_record_result cli_record_no_line(cli_records *records, cli_line_result result);
// CLI_RECORD_BAD for a malformed record, CLI_RECORD_FAILED for a lack of memory, READ for OK.
cli_record_result cli_record_result_of(ferric_status status);
// Appends `"name":` to the object in records->value, which ends in '{' or a value.
ferric_status cli_record_add_name(cli_records *records, ferric_slice name_literal);
// Takes the key out of the JSON text in records->value, by the rules of --id.
ferric_status cli_record_take_key(cli_records *records);

#endif
