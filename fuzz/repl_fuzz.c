// SPDX-License-Identifier: Apache-2.0
// Sessions of the REPL: the input is a file of statements, run on a database in memory, and each of
// its lines is what somebody has typed when Tab is pressed. Whatever was said, the database is
// sound afterwards.
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/repl.h"
#include "fuzz.h"
#include "quiet.h"
#include "still_vfs.h"

// The database with its caches, and what a session prints of it.
const size_t fuzz_fixed_memory = (size_t)8 << 20;

static void complete(const repl *session, const char *line)
{
    cli_candidates candidates = {.count = 0};
    repl copy = *session;

    repl_complete(&copy, line, &candidates);
    FUZZ_CHECK(candidates.begin <= strlen(line) && candidates.count <= CLI_CANDIDATES_MAX);
    for (size_t i = 0; i < candidates.count; i++)
        free(candidates.words[i]);
}

static void complete_lines(const repl *session, const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL) abort();
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *line = text; line != NULL;) {
        char *newline = strchr(line, '\n');
        if (newline != NULL) *newline++ = '\0';
        complete(session, line);
        line = newline;
    }
    free(text);
}

static void open_session(const ferric_options *options, cli_session *session)
{
    FUZZ_CHECK(ferric_open("/db", options, &session->db) == FERRIC_OK);
    FUZZ_CHECK(cli_session_choose(session, "main", false, FERRIC_KEYSPACE_COLLECTION) == FERRIC_OK);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_verify_report report;
    static const cli_arguments no_arguments;
    repl session = {.arguments = &no_arguments};
    int code;

    if (size == 0) return false;
    options.vfs = still_vfs_create(1);
    if (options.vfs == NULL) return false;
    options.background_threads = 0;
    options.memory_limit = (uint64_t)8 << 20;
    options.memtable_size = 4096;
    options.log_size = 64 << 10;
    quiet_begin(data, size);
    open_session(&options, &session.session);
    code = repl_read_file(&session, "session");
    FUZZ_CHECK(code >= CLI_DONE && code <= CLI_CONFLICT);
    FUZZ_CHECK(session.read_depth == 0);
    complete_lines(&session, data, size);
    FUZZ_CHECK(ferric_verify(session.session.db, NULL, NULL, &report) == FERRIC_OK);
    FUZZ_CHECK(cli_session_end(&session.session, CLI_DONE) == CLI_DONE);
    quiet_end();
    fe_vfs_memory_destroy(options.vfs);
    return code == CLI_DONE;
}
