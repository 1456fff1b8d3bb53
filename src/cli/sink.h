// SPDX-License-Identifier: Apache-2.0
// Where export writes: standard output, or a file, compressed by gzip when its name ends in .gz. A
// file gets its name when it is complete; what is there and no plain file (a pipe, a device, a link
// such as /dev/stdout) is written in place.
#ifndef FERRIC_CLI_SINK_H
#define FERRIC_CLI_SINK_H

#include <ferric/ferric.h>

#include <zlib.h>

typedef struct cli_sink {
    gzFile file; // NULL for standard output.
    int descriptor;
    char temporary[4096]; // What is written: the path with ".part" behind it, or the path.
    const char *path;     // NULL for standard output.
    bool is_in_place;
} cli_sink;

// Opens `path`, standard output for "-" or NULL. Prints what is wrong and returns the exit code.
int cli_sink_open(cli_sink *sink, const char *path);
// Errors: FERRIC_IO, with a message.
ferric_status cli_sink_write(cli_sink *sink, ferric_slice bytes);
// Gives the file its name when `code` is CLI_DONE, else removes it. Returns `code`, or prints why
// that went wrong and returns the exit code.
int cli_sink_close(cli_sink *sink, int code);

#endif
