// SPDX-License-Identifier: Apache-2.0
// ferric keyspaces: list, rename and drop them.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/session.h"

static void print_line(const ferric_keyspace_info *info, bool is_json)
{
    ferric_slice name = {info->name, strlen(info->name)};
    const char *kind = info->kind == FERRIC_KEYSPACE_RAW ? "raw" : "collection";

    if (is_json) {
        cli_print("{\"name\":");
        cli_write_quoted(name);
        cli_print(",\"kind\":\"%s\"}\n", kind);
    } else {
        cli_print("%-10s ", kind);
        cli_write_data(name);
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

int cli_keyspaces(const cli_arguments *arguments)
{
    bool is_list = asks_for(arguments, "", 0) || asks_for(arguments, "list", 1);
    bool is_drop = asks_for(arguments, "drop", 2);
    cli_session session;
    ferric_status status;
    int code = CLI_DONE;

    if (!is_list && !is_drop && !asks_for(arguments, "rename", 3)) {
        return cli_fail(CLI_USAGE, "usage: ferric keyspaces PATH [list | rename OLD NEW | drop "
                                   "NAME]");
    }
    if (is_drop) code = check_drop(arguments);
    if (code == CLI_DONE)
        code = cli_session_open(arguments, is_list ? CLI_READ : CLI_WRITE, &session);
    if (code != CLI_DONE) return code;
    if (is_list) {
        status = cli_keyspaces_print(session.db, cli_has(arguments, OPTION_JSON));
        if (status != FERRIC_OK) code = cli_fail_status(status, session.path);
    } else {
        code = change(arguments, &session);
    }
    return cli_session_end(&session, code);
}
