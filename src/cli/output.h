// SPDX-License-Identifier: Apache-2.0
// The program's two streams: data on standard output, everything else on standard error.
//
// Writing never ends the program. When the reader of a pipe goes away or the disk is full, later
// writes do nothing, cli_output_ok says so (long loops ask it), and cli_output_finish turns it into
// the exit code. On a terminal data is escaped and may be coloured; in a pipe it passes unchanged.
#ifndef FERRIC_CLI_OUTPUT_H
#define FERRIC_CLI_OUTPUT_H

#include <ferric/ferric.h>

#include "base/compiler.h"

// Exit codes, which scripts rely on.
enum {
    CLI_DONE = 0,
    CLI_MISSING = 1,     // The key of get or del is not there.
    CLI_USAGE = 2,       // The command line is wrong.
    CLI_NO_DATABASE = 3, // Missing, locked, or no database of this version.
    CLI_DAMAGED = 4,     // Corrupt, also found by verify.
    CLI_IO = 5,          // A file, a disk or memory; also standard output.
    CLI_WRONG_KEY = 6,   // The key of an encrypted database is missing, or another.
    CLI_CONFLICT = 7,    // A condition did not hold, or what is stored does not allow it.
    CLI_INTERRUPTED = 130,
};

// What text is coloured as.
typedef enum cli_color {
    CLI_PLAIN = 0,
    CLI_BOLD,
    CLI_DIM,
    CLI_KEY,
    CLI_STRING,
    CLI_NUMBER,
    CLI_WORD,
    CLI_BAD,
    CLI_COLOR_COUNT,
} cli_color;

// Looks at both streams; called once, first.
void cli_output_init(void);
// With true, notes are left out; errors are not.
void cli_output_set_quiet(bool is_quiet);
// Whether standard output (standard error) is a terminal.
bool cli_output_is_terminal(void);
bool cli_error_is_terminal(void);
// Columns of the terminal, 80 when unknown.
size_t cli_output_columns(void);
// Sends data elsewhere (the REPL's .output), back to standard output with NULL. False, with errno
// set, when the file cannot be opened.
bool cli_output_redirect(const char *path);

// ---- Data -----------------------------------------------------------------------------------

void cli_write(ferric_slice bytes);
void cli_print(const char *format, ...) FE_PRINTF(1, 2);
// Begins (ends, with CLI_PLAIN) a colour, on a terminal that has them.
void cli_color_set(cli_color color);
// Bytes of a key or value: on a terminal control bytes and malformed UTF-8 become \xNN.
void cli_write_data(ferric_slice bytes);
// JSON text that was validated: with colours and indented on a terminal, as it is in a pipe.
void cli_write_json(ferric_slice json);
// A string literal; bytes that are not UTF-8 become {"$hex":"..."}.
void cli_write_quoted(ferric_slice bytes);
void cli_flush(void);
// False once data can no longer be written.
bool cli_output_ok(void);
// Ends standard output. Returns `code`, or CLI_IO when data was lost and `code` was CLI_DONE. A
// closed pipe is no loss: its reader had enough.
int cli_output_finish(int code);

// ---- Everything else ------------------------------------------------------------------------

// Where a key is taken from, for messages.
#define CLI_KEY_HINT                                                                               \
    "--key-file FILE, --passphrase-file FILE, FERRIC_KEY_FILE or FERRIC_PASSPHRASE gives it"

// "ferric: ..." and a newline on standard error. Returns `code`.
int cli_fail(int code, const char *format, ...) FE_PRINTF(2, 3);
// The message of the library's last failure, with `what` in front; "" for none. Returns the exit
// code of `status`. FERRIC_INTERRUPTED prints nothing.
int cli_fail_status(ferric_status status, const char *what);
// The exit code of `status`.
int cli_exit_code(ferric_status status);
// A line of information on standard error, unless quiet.
void cli_note(const char *format, ...) FE_PRINTF(1, 2);

#endif
