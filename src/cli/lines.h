// SPDX-License-Identifier: Apache-2.0
// Lines of a file or of standard input, compressed by gzip or not, each with its number.
#ifndef FERRIC_CLI_LINES_H
#define FERRIC_CLI_LINES_H

#include <ferric/ferric.h>

#include <zlib.h>

typedef enum cli_line_result {
    CLI_LINE_READ,
    CLI_LINE_END,
    CLI_LINE_TOO_LONG, // Above the limit; it was skipped, and its number counted.
    CLI_LINE_FAILED,   // The file could not be read, with a message.
} cli_line_result;

typedef struct cli_lines {
    gzFile file;
    const char *name;
    ferric_buffer buffer; // Read ahead; the rest begins at `at`.
    size_t at;
    size_t line_size_max;
    uint64_t number;      // Of the last line given.
    uint64_t offset;      // Bytes given or taken so far, uncompressed,
    uint32_t checksum;    // and their CRC32C.
    uint64_t total_bytes; // Size of the file as it is stored, 0 when unknown.
    bool is_ended;
} cli_lines;

// Opens `path`, standard input for "-" or NULL. Errors: FERRIC_NOT_FOUND, FERRIC_IO, with a
// message.
ferric_status cli_lines_open(cli_lines *lines, const char *path, size_t line_size_max);
void cli_lines_close(cli_lines *lines);

// The next line, without its newline; valid until the next call. The last line needs none.
cli_line_result cli_lines_next(cli_lines *lines, ferric_slice *line);

// Reads ahead until `size` bytes are held, or all that are left; `bytes` is what is held, valid
// until the next call but cli_lines_take. Errors: FERRIC_IO, FERRIC_NO_MEMORY, with a message.
ferric_status cli_lines_peek(cli_lines *lines, size_t size, ferric_slice *bytes);
// Takes bytes that peek showed; each newline in them counts as a line.
void cli_lines_take(cli_lines *lines, size_t size);

// How many bytes of total_bytes were read.
uint64_t cli_lines_position(const cli_lines *lines);

#endif
