// SPDX-License-Identifier: Apache-2.0
// The program's streams; see output.h.
#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "cli/pretty.h"

#define MESSAGE_SIZE_MAX 1000

static struct {
    FILE *file;  // Standard output, or where the REPL's .output sends data.
    int failure; // The errno of the first write that failed, else 0.
    bool is_terminal;
    bool error_is_terminal;
    bool has_colors;
    bool is_quiet;
} out;

static const char *const escapes[CLI_COLOR_COUNT] = {
    [CLI_PLAIN] = "\033[0m", [CLI_BOLD] = "\033[1m",    [CLI_DIM] = "\033[2m",
    [CLI_KEY] = "\033[34m",  [CLI_STRING] = "\033[32m", [CLI_NUMBER] = "\033[36m",
    [CLI_WORD] = "\033[35m", [CLI_BAD] = "\033[31m",
};

static bool terminal_has_colors(void)
{
    const char *refused = getenv("NO_COLOR");
    const char *kind = getenv("TERM");
    return (refused == NULL || *refused == 0) && kind != NULL && strcmp(kind, "dumb") != 0;
}

void cli_output_init(void)
{
    // Large enough for each help text: nothing of it is written before cli_output_finish.
    static char buffer[64 * 1024];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    out.file = stdout;
    out.is_terminal = isatty(STDOUT_FILENO) == 1;
    out.error_is_terminal = isatty(STDERR_FILENO) == 1;
    out.has_colors = out.is_terminal && terminal_has_colors();
}

void cli_output_set_quiet(bool is_quiet)
{
    out.is_quiet = is_quiet;
}

bool cli_output_is_terminal(void)
{
    return out.is_terminal && out.file == stdout;
}

bool cli_error_is_terminal(void)
{
    return out.error_is_terminal;
}

size_t cli_output_columns(void)
{
    struct winsize window;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) return window.ws_col;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) return window.ws_col;
    return 80;
}

bool cli_output_redirect(const char *path)
{
    FILE *opened = stdout;
    if (path != NULL && (opened = fopen(path, "w")) == NULL) return false;
    if (out.file != stdout && fclose(out.file) != 0 && out.failure == 0) out.failure = errno;
    out.file = opened;
    return true;
}

// ---- Data -----------------------------------------------------------------------------------

void cli_write(ferric_slice bytes)
{
    if (out.failure != 0 || bytes.size == 0) return;
    errno = 0;
    if (fwrite(bytes.data, 1, bytes.size, out.file) != bytes.size) {
        out.failure = errno == 0 ? EIO : errno;
    }
}

void cli_print(const char *format, ...)
{
    va_list arguments;
    if (out.failure != 0) return;
    errno = 0;
    va_start(arguments, format);
    if (vfprintf(out.file, format, arguments) < 0) out.failure = errno == 0 ? EIO : errno;
    va_end(arguments);
}

void cli_color_set(cli_color color)
{
    if (out.has_colors && out.file == stdout) cli_write(fe_slice_text(escapes[color]));
}

// Size of the printable character at `at`, 0 when its first byte has to be escaped.
static size_t printable_size(const uint8_t *at, const uint8_t *end)
{
    size_t size = fe_utf8_size(at, end);
    if (*at < 0x20 || *at == 0x7f) return 0;
    if (size == 2 && at[0] == 0xc2 && at[1] < 0xa0) return 0; // C1 controls.
    return size;
}

void cli_write_data(ferric_slice bytes)
{
    const uint8_t *at = fe_slice_bytes(bytes);
    const uint8_t *end = bytes.size == 0 ? at : at + bytes.size;

    if (!cli_output_is_terminal()) {
        cli_write(bytes);
        return;
    }
    while (at < end) {
        const uint8_t *plain = at;
        size_t size = 1;
        while (at < end && (size = printable_size(at, end)) > 0)
            at += size;
        cli_write(fe_slice(plain, (size_t)(at - plain)));
        if (at < end) cli_print("\\x%02x", *at++);
    }
}

void cli_write_json(ferric_slice json)
{
    if (cli_output_is_terminal()) {
        cli_write_pretty(json);
    } else {
        cli_write(json);
    }
}

void cli_write_quoted(ferric_slice bytes)
{
    ferric_buffer literal = {0};
    if (fe_utf8_valid(bytes)) {
        if (fe_json_quote(bytes, &literal) != FERRIC_OK) out.failure = ENOMEM;
        cli_write(fe_buffer_slice(&literal));
    } else {
        cli_print("{\"$hex\":\"");
        for (size_t i = 0; i < bytes.size; i++)
            cli_print("%02x", fe_slice_bytes(bytes)[i]);
        cli_print("\"}");
    }
    fe_buffer_deinit(&literal);
}

void cli_flush(void)
{
    errno = 0;
    if (out.failure == 0 && fflush(out.file) != 0) out.failure = errno == 0 ? EIO : errno;
}

bool cli_output_ok(void)
{
    return out.failure == 0;
}

int cli_output_finish(int code)
{
    cli_output_redirect(NULL);
    cli_flush();
    errno = 0;
    if (out.failure == 0 && fclose(stdout) != 0) out.failure = errno == 0 ? EIO : errno;
    if (out.failure == 0 || out.failure == EPIPE) return code;
    cli_fail(CLI_IO, "cannot write standard output: %s", strerror(out.failure));
    return code == CLI_DONE ? CLI_IO : code;
}

// ---- Everything else ------------------------------------------------------------------------

// A message may hold keys, names and lines of others, of any length and with any bytes. Nothing in
// them may move the cursor of a terminal.
static void say_text(ferric_slice text)
{
    const uint8_t *at = fe_slice_bytes(text);
    const uint8_t *end = at + text.size;

    while (at < end) {
        size_t size = printable_size(at, end);
        if (size > 0 || *at == '\n' || *at == '\t' || !out.error_is_terminal) {
            size = size > 0 ? size : 1;
            fwrite(at, 1, size, stderr);
            at += size;
        } else {
            fprintf(stderr, "\\x%02x", *at++);
        }
    }
}

// The nearest place at or before `at` where a character begins.
static size_t character_start(ferric_slice text, size_t at)
{
    const uint8_t *bytes = fe_slice_bytes(text);
    while (at > 0 && at < text.size && (bytes[at] & 0xc0) == 0x80)
        at--;
    return at;
}

// What is said of a thing stands behind its name or before it, so a long message loses its middle.
static void say_shortened(ferric_slice text)
{
    size_t head = character_start(text, MESSAGE_SIZE_MAX / 2);
    size_t tail = character_start(text, text.size - MESSAGE_SIZE_MAX / 2);

    say_text(fe_slice(text.data, head));
    fputs(" ... ", stderr);
    say_text(fe_slice(fe_slice_bytes(text) + tail, text.size - tail));
}

// Data that was printed before appears before what is said about it.
FE_PRINTF(2, 0)
static void say(const char *begin, const char *format, va_list arguments)
{
    char few[MESSAGE_SIZE_MAX + 1];
    char *text = few;
    va_list again;
    int size;

    va_copy(again, arguments);
    size = vsnprintf(few, sizeof few, format, arguments);
    if (size > MESSAGE_SIZE_MAX) text = fe_alloc((size_t)size + 1);
    if (text == NULL) { // Then the beginning has to do.
        text = few;
        size = MESSAGE_SIZE_MAX;
    } else if (text != few) {
        (void)vsnprintf(text, (size_t)size + 1, format, again);
    }
    va_end(again);
    cli_flush();
    fputs(begin, stderr);
    if (size <= MESSAGE_SIZE_MAX) {
        say_text(fe_slice(text, size < 0 ? 0 : (size_t)size));
    } else {
        say_shortened(fe_slice(text, (size_t)size));
    }
    fputc('\n', stderr);
    if (text != few) fe_free(text);
}

int cli_fail(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("ferric: ", format, arguments);
    va_end(arguments);
    return code;
}

void cli_note(const char *format, ...)
{
    va_list arguments;
    if (out.is_quiet) return;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

int cli_exit_code(ferric_status status)
{
    switch (status) {
    case FERRIC_OK:
        return CLI_DONE;
    case FERRIC_INVALID_ARGUMENT:
    case FERRIC_TOO_LARGE:
        return CLI_USAGE;
    case FERRIC_NOT_FOUND:
    case FERRIC_LOCKED:
    case FERRIC_NOT_A_DATABASE:
    case FERRIC_UNSUPPORTED:
        return CLI_NO_DATABASE;
    case FERRIC_CORRUPT:
        return CLI_DAMAGED;
    case FERRIC_CONFLICT:
    case FERRIC_WRONG_KIND:
    case FERRIC_ALREADY_EXISTS:
    case FERRIC_OVERFLOW:
        return CLI_CONFLICT;
    case FERRIC_WRONG_KEY:
        return CLI_WRONG_KEY;
    case FERRIC_INTERRUPTED:
        return CLI_INTERRUPTED;
    default:
        return CLI_IO;
    }
}

int cli_fail_status(ferric_status status, const char *what)
{
    const char *message = ferric_error_message();
    if (status == FERRIC_INTERRUPTED) return CLI_INTERRUPTED;
    if (*message == 0) message = ferric_status_name(status);
    if (status == FERRIC_WRONG_KEY && strstr(message, "not encrypted") == NULL) {
        return cli_fail(CLI_WRONG_KEY, "%s%s%s (" CLI_KEY_HINT ")", what, *what == 0 ? "" : ": ",
                        message);
    }
    return cli_fail(cli_exit_code(status), "%s%s%s", what, *what == 0 ? "" : ": ", message);
}
