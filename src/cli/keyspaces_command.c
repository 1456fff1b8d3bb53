// SPDX-License-Identifier: Apache-2.0
// ferric keyspaces: list, rename and drop them, and how long keys live that are put into one.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/lifetime_text.h"
#include "cli/output.h"
#include "cli/session.h"

static void print_line(const ferric_keyspace_info *info, bool is_json)
{
    ferric_slice name = {info->name, strlen(info->name)};
    const char *kind = info->kind == FERRIC_KEYSPACE_RAW ? "raw" : "collection";

    if (is_json) {
        cli_print("{\"name\":");
        cli_write_quoted(name);
        cli_print(",\"kind\":\"%s\"", kind);
        if (info->ttl_ms != 0) cli_print(",\"ttl_ms\":%llu", (unsigned long long)info->ttl_ms);
        cli_print("}\n");
        return;
    }
    cli_print("%-10s ", kind);
    cli_write_data(name);
    if (info->ttl_ms != 0) {
        cli_print("\tttl ");
        cli_lifetime_print(info->ttl_ms, false);
    } else {
        cli_print("\n");
    }
}

ferric_status cli_keyspaces_print(ferric_db *db, bool is_json)
{
    ferric_keyspace_info *list;
    size_t count;
    ferric_status status = ferric_keyspace_list(db, &list, &count);

    for (size_t i = 0; status == FERRIC_OK && i < count; i++)
        print_line(&list[i], is_json);
    ferric_free(list);
    return status;
}

// ---- Time to live ---------------------------------------------------------------------------

static int print_ttl(const cli_session *session, const char *name, bool is_json)
{
    ferric_keyspace_info *list;
    const ferric_keyspace_info *found = NULL;
    size_t count;
    ferric_status status = ferric_keyspace_list(session->db, &list, &count);

    if (status != FERRIC_OK) return cli_fail_status(status, name);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) found = &list[i];
    }
    if (found != NULL) {
        cli_lifetime_print(found->ttl_ms == 0 ? FERRIC_TTL_NONE : found->ttl_ms, is_json);
    }
    ferric_free(list);
    return found != NULL ? CLI_DONE : cli_fail(CLI_MISSING, "there is no keyspace %s", name);
}

int cli_keyspace_ttl(cli_session *session, const char *name, const char *time, bool is_json)
{
    uint64_t ttl_ms = 0;
    int code = CLI_DONE;
    ferric_status status;

    if (time == NULL) return print_ttl(session, name, is_json);
    if (strcmp(time, "none") != 0) code = cli_lifetime_take(time, &ttl_ms);
    if (code != CLI_DONE) return code;
    // It keeps its kind; one that is new is a collection.
    status = cli_session_choose(session, name, false, FERRIC_KEYSPACE_COLLECTION);
    if (status == FERRIC_OK) {
        status = ferric_keyspace_set_ttl(session->db, session->keyspace, ttl_ms);
    }
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, name);
}

// ---- Changes --------------------------------------------------------------------------------

// Asks on the terminal; anything but a yes is a no.
static bool is_confirmed(const char *name)
{
    char answer[16] = "";

    fprintf(stderr, "Remove the keyspace %s and all that is in it? [y/N] ", name);
    fflush(stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && (*answer == 'y' || *answer == 'Y');
}

static int check_drop(const cli_arguments *arguments)
{
    if (cli_has(arguments, OPTION_YES)) return CLI_DONE;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        return cli_fail(CLI_USAGE, "dropping a keyspace needs --yes where nobody can be asked");
    }
    return is_confirmed(arguments->words[1]) ? CLI_DONE
                                             : cli_fail(CLI_USAGE, "nothing was dropped");
}

// What the words ask for, and whether they are as many as it takes.
static bool asks_for(const cli_arguments *arguments, const char *word, int count)
{
    return arguments->word_count == count && (count == 0 || strcmp(arguments->words[0], word) == 0);
}

static int change(const cli_arguments *arguments, const cli_session *session)
{
    char **words = arguments->words;
    ferric_status status = strcmp(words[0], "drop") == 0
                               ? ferric_keyspace_drop(session->db, words[1])
                               : ferric_keyspace_rename(session->db, words[1], words[2]);

    if (status == FERRIC_NOT_FOUND)
        return cli_fail(CLI_MISSING, "there is no keyspace %s", words[1]);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, words[1]);
}

static int list_or_change(const cli_arguments *arguments, cli_session *session)
{
    char **words = arguments->words;
    bool is_json = cli_has(arguments, OPTION_JSON);
    ferric_status status;

    if (arguments->word_count >= 2 && strcmp(words[0], "ttl") == 0) {
        return cli_keyspace_ttl(session, words[1], arguments->word_count == 3 ? words[2] : NULL,
                                is_json);
    }
    if (arguments->word_count >= 2) return change(arguments, session);
    status = cli_keyspaces_print(session->db, is_json);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, session->path);
}

int cli_keyspaces(const cli_arguments *arguments)
{
    bool is_list = asks_for(arguments, "", 0) || asks_for(arguments, "list", 1) ||
                   asks_for(arguments, "ttl", 2);
    bool is_drop = asks_for(arguments, "drop", 2);
    cli_session session;
    int code = CLI_DONE;

    if (!is_list && !is_drop && !asks_for(arguments, "rename", 3) &&
        !asks_for(arguments, "ttl", 3)) {
        return cli_fail(CLI_USAGE, "usage: ferric keyspaces PATH [list | rename OLD NEW | drop "
                                   "NAME | ttl NAME [TIME]]");
    }
    if (is_drop) code = check_drop(arguments);
    if (code == CLI_DONE)
        code = cli_session_open(arguments, is_list ? CLI_READ : CLI_WRITE, &session);
    if (code != CLI_DONE) return code;
    return cli_session_end(&session, list_or_change(arguments, &session));
}
