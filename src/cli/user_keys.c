// SPDX-License-Identifier: Apache-2.0
// Finding keys; see user_keys.h.
#include "cli/user_keys.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/slice.h"
#include "cli/output.h"

#define RAW_SIZE 32
#define HEX_SIZE (2 * RAW_SIZE)
#define SECRET_SIZE_MAX 4096

// A command has at most the key that opens and the one that shall.
typedef struct secret {
    char bytes[SECRET_SIZE_MAX];
    size_t size;
    bool is_there;
} secret;

static secret present;
static secret wanted;

static void wipe_secrets(void)
{
    fe_wipe(&present, sizeof present);
    fe_wipe(&wanted, sizeof wanted);
}

static void keep_until_exit(void)
{
    static bool is_registered;

    if (!is_registered) (void)atexit(wipe_secrets);
    is_registered = true;
}

// ---- Files ----------------------------------------------------------------------------------

static int read_file(const char *path, secret *into)
{
    FILE *file = fopen(path, "rb");
    bool is_read;

    keep_until_exit();
    if (file == NULL) return cli_fail(CLI_WRONG_KEY, "the file %s cannot be opened", path);
    setvbuf(file, NULL, _IONBF, 0); // No copy of it in a buffer.
    into->size = fread(into->bytes, 1, sizeof into->bytes, file);
    is_read = ferror(file) == 0 && into->size < sizeof into->bytes;
    fclose(file);
    return is_read ? CLI_DONE : cli_fail(CLI_WRONG_KEY, "the file %s is not that of a key", path);
}

static void drop_newline(secret *text)
{
    if (text->size > 0 && text->bytes[text->size - 1] == '\n') text->size--;
    if (text->size > 0 && text->bytes[text->size - 1] == '\r') text->size--;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// 32 bytes as they are, or 64 hexadecimal digits.
static int take_raw_key(const char *path, secret *into, ferric_key *key)
{
    int code = read_file(path, into);

    if (code != CLI_DONE) return code;
    if (into->size != RAW_SIZE) {
        drop_newline(into);
        bool is_hex = into->size == HEX_SIZE;
        for (size_t i = 0; is_hex && i < HEX_SIZE; i++)
            is_hex = hex_digit(into->bytes[i]) >= 0;
        if (!is_hex) {
            return cli_fail(CLI_WRONG_KEY, "%s holds no key: 32 bytes, or 64 hexadecimal digits",
                            path);
        }
        for (size_t i = 0; i < RAW_SIZE; i++) {
            into->bytes[i] =
                (char)(hex_digit(into->bytes[2 * i]) << 4 | hex_digit(into->bytes[2 * i + 1]));
        }
        into->size = RAW_SIZE;
    }
    *key = (ferric_key){FERRIC_KEY_RAW, {into->bytes, into->size}};
    return CLI_DONE;
}

static int take_passphrase_file(const char *path, secret *into, ferric_key *key)
{
    int code = read_file(path, into);

    if (code != CLI_DONE) return code;
    drop_newline(into);
    if (into->size == 0) return cli_fail(CLI_WRONG_KEY, "%s holds no passphrase", path);
    *key = (ferric_key){FERRIC_KEY_PASSPHRASE, {into->bytes, into->size}};
    return CLI_DONE;
}

// ---- The terminal ---------------------------------------------------------------------------

// One line typed on the terminal, not shown. Standard input may be data, so it is not read.
// False without a terminal, or without a line.
static bool ask(const char *question, const char *path, secret *into)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios shown;
    struct termios hidden;
    ssize_t got = -1;

    keep_until_exit();
    if (terminal < 0) return false;
    if (tcgetattr(terminal, &shown) == 0) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(terminal, TCSAFLUSH, &hidden);
        (void)dprintf(terminal, "%s %s: ", question, path);
        got = read(terminal, into->bytes, sizeof into->bytes);
        (void)tcsetattr(terminal, TCSAFLUSH, &shown);
        (void)dprintf(terminal, "\n");
    }
    close(terminal);
    if (got <= 0) return false;
    into->size = (size_t)got;
    drop_newline(into);
    return into->size > 0;
}

// Asked once: what was typed is kept for the next open of the same command.
static ferric_status ask_present(void *context, const char *path, ferric_key *key)
{
    (void)context;
    if (!present.is_there) present.is_there = ask("Passphrase of", path, &present);
    if (present.is_there) *key = (ferric_key){FERRIC_KEY_PASSPHRASE, {present.bytes, present.size}};
    return FERRIC_OK; // Without one the library says what is missing.
}

// ---- Which ----------------------------------------------------------------------------------

// *key is of kind FERRIC_KEY_NONE when nothing says which.
static int find_given(const cli_arguments *arguments, ferric_key *key)
{
    const char *key_file = arguments->values[OPTION_KEY_FILE];
    const char *passphrase_file = arguments->values[OPTION_PASSPHRASE_FILE];
    const char *passphrase = getenv("FERRIC_PASSPHRASE");

    *key = (ferric_key){0};
    if (key_file != NULL && passphrase_file != NULL)
        return cli_fail(CLI_USAGE, "give --key-file or --passphrase-file, not both");
    if (passphrase_file != NULL) return take_passphrase_file(passphrase_file, &present, key);
    if (key_file == NULL) key_file = getenv("FERRIC_KEY_FILE");
    if (key_file != NULL && *key_file != 0) return take_raw_key(key_file, &present, key);
    if (passphrase != NULL && *passphrase != 0)
        *key = (ferric_key){FERRIC_KEY_PASSPHRASE, fe_slice_text(passphrase)};
    return CLI_DONE;
}

int cli_keys_options(const cli_arguments *arguments, ferric_options *options)
{
    int code = find_given(arguments, &options->key);

    options->key_callback = ask_present;
    return code;
}

int cli_keys_present(const cli_arguments *arguments, const char *path, ferric_key *key)
{
    int code = find_given(arguments, key);

    if (code == CLI_DONE && key->kind == FERRIC_KEY_NONE) (void)ask_present(NULL, path, key);
    if (code != CLI_DONE || key->kind != FERRIC_KEY_NONE) return code;
    return cli_fail(CLI_WRONG_KEY, "a key is needed for %s: " CLI_KEY_HINT, path);
}

int cli_keys_new(const cli_arguments *arguments, const char *path, ferric_key *key)
{
    const char *key_file = arguments->values[OPTION_NEW_KEY_FILE];
    const char *passphrase_file = arguments->values[OPTION_NEW_PASSPHRASE_FILE];
    secret again = {.size = 0};
    bool is_same;

    if (key_file != NULL && passphrase_file != NULL)
        return cli_fail(CLI_USAGE, "give --new-key-file or --new-passphrase-file, not both");
    if (key_file != NULL) return take_raw_key(key_file, &wanted, key);
    if (passphrase_file != NULL) return take_passphrase_file(passphrase_file, &wanted, key);
    if (!ask("New passphrase of", path, &wanted) || !ask("Once more, for", path, &again)) {
        return cli_fail(CLI_WRONG_KEY, "a new key is needed: give --new-key-file FILE or "
                                       "--new-passphrase-file FILE");
    }
    is_same = wanted.size == again.size && memcmp(wanted.bytes, again.bytes, again.size) == 0;
    fe_wipe(&again, sizeof again);
    if (!is_same) return cli_fail(CLI_WRONG_KEY, "the two passphrases differ: nothing was changed");
    *key = (ferric_key){FERRIC_KEY_PASSPHRASE, {wanted.bytes, wanted.size}};
    return CLI_DONE;
}
