// SPDX-License-Identifier: Apache-2.0
// Opening what a command works on; see session.h.
#include "cli/session.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/slice.h"
#include "cli/output.h"
#include "cli/user_keys.h"

// ---- Interruption ---------------------------------------------------------------------------

static volatile sig_atomic_t interrupt_count;
static ferric_db *_Atomic interruptible;

static void on_interrupt(int number)
{
    ferric_db *db = interruptible;
    if (++interrupt_count > 1) signal(number, SIG_DFL);
    if (db != NULL) ferric_interrupt(db);
}

void cli_interrupt_catch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt; // No SA_RESTART: a read from the terminal ends too.
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

bool cli_interrupted(void)
{
    return interrupt_count > 0;
}

void cli_interrupt_clear(void)
{
    interrupt_count = 0;
    cli_interrupt_catch();
}

// ---- Options --------------------------------------------------------------------------------

static int set_option(ferric_options *options, const char *name, const char *text)
{
    ferric_status status = ferric_options_set(options, name, text);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

static int set_pair(ferric_options *options, const char *pair)
{
    char name[64];
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair || (size_t)(equals - pair) >= sizeof name) {
        return cli_fail(CLI_USAGE, "--option takes NAME=VALUE, not %s", pair);
    }
    memcpy(name, pair, (size_t)(equals - pair));
    name[equals - pair] = 0;
    return set_option(options, name, equals + 1);
}

static int set_wait(const cli_arguments *arguments, ferric_options *options)
{
    const char *text = arguments->values[OPTION_WAIT];
    char *end;
    double seconds;
    if (text == NULL) return CLI_DONE;
    seconds = strtod(text, &end);
    if (end == text || *end != 0 || !(seconds >= 0 && seconds <= 86400)) {
        return cli_fail(CLI_USAGE, "--wait takes seconds up to 86400, not %s", text);
    }
    options->lock_wait_ms = (uint32_t)(seconds * 1000);
    return CLI_DONE;
}

int cli_database_options(const cli_arguments *arguments, ferric_options *options)
{
    ferric_status status = ferric_options_from_env(options);
    int code = status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");

    if (code == CLI_DONE && cli_has(arguments, OPTION_FSYNC)) {
        code = set_option(options, "fsync", arguments->values[OPTION_FSYNC]);
    }
    for (int i = 0; code == CLI_DONE && i < arguments->setting_count; i++) {
        code = set_pair(options, arguments->settings[i]);
    }
    if (code == CLI_DONE) code = set_wait(arguments, options);
    if (code == CLI_DONE) code = cli_keys_options(arguments, options);
    return code;
}

// ---- Opening --------------------------------------------------------------------------------

// Makes the database after it was not found. It is told, since a wrong path makes one too.
static int create_database(const char *path, ferric_options *options, ferric_db **db)
{
    ferric_status status;
    options->create_if_missing = true;
    status = ferric_open(path, options, db);
    if (status == FERRIC_NOT_FOUND) {
        return cli_fail(CLI_NO_DATABASE, "there is no directory to make %s in", path);
    }
    if (status != FERRIC_OK) return cli_fail_status(status, "");
    cli_note("new database %s", path);
    return CLI_DONE;
}

// Beside a writer one reads what was there at the open. Told once, though `stats --watch` opens
// often.
static void tell_of_writer(const cli_session *session)
{
    static uint64_t told;
    uint64_t writer = ferric_writer_process(session->db);

    if (writer != 0 && writer != told) {
        cli_note("%s is open in process %llu; reading beside it", session->path,
                 (unsigned long long)writer);
    }
    told = writer;
}

int cli_no_database(const cli_arguments *arguments)
{
    const char *word = arguments->word_count > 0 ? arguments->words[0] : NULL;
    struct stat about;

    if (word != NULL && stat(word, &about) == 0 && S_ISDIR(about.st_mode)) {
        return cli_fail(CLI_NO_DATABASE,
                        "no database at %s; if it is %s, write its path first: ferric %s %s ...",
                        arguments->path, word, arguments->command->name, word);
    }
    return cli_fail(CLI_NO_DATABASE, "no database at %s", arguments->path);
}

int cli_session_open(const cli_arguments *arguments, cli_access access, cli_session *session)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_status status;
    int code;

    memset(session, 0, sizeof *session);
    session->path = arguments->path;
    code = cli_database_options(arguments, &options);
    if (code != CLI_DONE) return code;
    if (*session->path == 0) return cli_fail(CLI_USAGE, "the path of the database is empty");
    options.read_only = access == CLI_READ;
    options.create_if_missing = strcmp(session->path, ":memory:") == 0;
    status = ferric_open(session->path, &options, &session->db);
    if (status == FERRIC_NOT_FOUND && access != CLI_CREATE) return cli_no_database(arguments);
    if (status == FERRIC_NOT_FOUND) {
        code = create_database(session->path, &options, &session->db);
    } else if (status != FERRIC_OK) {
        code = cli_fail_status(status, "");
    }
    if (code == CLI_DONE) {
        interruptible = session->db;
        cli_interrupt_catch();
        tell_of_writer(session);
    }
    return code;
}

// The kind of a keyspace that exists, else `otherwise`.
static ferric_status find_kind(ferric_db *db, const char *name, ferric_keyspace_kind otherwise,
                               ferric_keyspace_kind *kind)
{
    ferric_keyspace_info *list;
    size_t count;
    ferric_status status = ferric_keyspace_list(db, &list, &count);

    *kind = otherwise;
    if (status != FERRIC_OK) return status;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) *kind = list[i].kind;
    }
    ferric_free(list);
    return FERRIC_OK;
}

ferric_status cli_session_choose(cli_session *session, const char *name, bool is_written,
                                 ferric_keyspace_kind kind)
{
    ferric_keyspace *opened;
    ferric_status status = FERRIC_OK;

    if (!is_written) status = find_kind(session->db, name, kind, &kind);
    if (status == FERRIC_OK) status = ferric_keyspace_open(session->db, name, kind, &opened);
    if (status != FERRIC_OK) return status;
    ferric_keyspace_close(session->keyspace);
    session->keyspace = opened;
    session->kind = kind;
    memmove(session->name, name, strlen(name) + 1); // It may be the same name.
    return FERRIC_OK;
}

// Reading what is not there gives nothing, which may be just so, or a wrong name.
static ferric_status tell_missing_keyspace(const cli_session *session, bool is_named)
{
    ferric_keyspace_info *list;
    ferric_buffer names = {0};
    bool is_missing = true;
    size_t count;
    ferric_status status = ferric_keyspace_list(session->db, &list, &count);

    if (status != FERRIC_OK) return status;
    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        if (strcmp(list[i].name, session->name) == 0) is_missing = false;
        if (i > 0) status = fe_buffer_append(&names, " ", 1);
        if (status == FERRIC_OK)
            status = fe_buffer_append(&names, list[i].name, strlen(list[i].name));
    }
    if (status == FERRIC_OK && is_missing && count > 0) {
        cli_note("there is no keyspace %s; -k chooses one of: %.*s", session->name, (int)names.size,
                 (const char *)names.data);
    } else if (is_missing && is_named) {
        cli_note("there is no keyspace %s", session->name);
    }
    ferric_free(list);
    fe_buffer_deinit(&names);
    return status;
}

int cli_session_use(const cli_arguments *arguments, cli_access access, cli_session *session)
{
    const char *name = arguments->values[OPTION_KEYSPACE];
    ferric_keyspace_kind kind =
        cli_has(arguments, OPTION_RAW) ? FERRIC_KEYSPACE_RAW : FERRIC_KEYSPACE_COLLECTION;
    ferric_status status;

    if (name == NULL) name = "main";
    status = cli_session_choose(session, name, access != CLI_READ, kind);
    // The library's message has the names of its calls.
    if (status == FERRIC_WRONG_KIND && kind == FERRIC_KEYSPACE_RAW) {
        return cli_fail(CLI_CONFLICT,
                        "%s is a collection: leave --raw out, or choose another keyspace with -k",
                        name);
    }
    if (status == FERRIC_WRONG_KIND) {
        return cli_fail(CLI_CONFLICT,
                        "%s holds bytes: use --raw, or choose another keyspace with -k", name);
    }
    if (status == FERRIC_OK && access == CLI_READ) {
        status = tell_missing_keyspace(session, cli_has(arguments, OPTION_KEYSPACE));
    }
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

int cli_session_begin(const cli_arguments *arguments, cli_access access, cli_session *session)
{
    int code = cli_session_open(arguments, access, session);
    if (code == CLI_DONE) code = cli_session_use(arguments, access, session);
    if (code != CLI_DONE) cli_session_end(session, code);
    return code;
}

int cli_session_end(cli_session *session, int code)
{
    ferric_status status;
    interruptible = NULL;
    ferric_keyspace_close(session->keyspace);
    status = ferric_close(session->db);
    memset(session, 0, sizeof *session);
    if (status != FERRIC_OK && code == CLI_DONE) code = cli_fail_status(status, "closing");
    if (code == CLI_DONE && cli_interrupted()) code = CLI_INTERRUPTED;
    return code;
}

int cli_session_run(const cli_arguments *arguments, cli_access access,
                    int (*run)(const cli_arguments *arguments, cli_session *session))
{
    cli_session session;
    int code = cli_session_begin(arguments, access, &session);
    return code == CLI_DONE ? cli_session_end(&session, run(arguments, &session)) : code;
}
