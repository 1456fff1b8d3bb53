// SPDX-License-Identifier: Apache-2.0
// Completion in the REPL: statements and dot-commands first, then keys, keyspaces and words.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/slice.h"
#include "base/utf8.h"
#include "cli/entry.h"
#include "cli/repl.h"

static void add(cli_candidates *candidates, const char *word, size_t size)
{
    char *copy;
    if (candidates->count == CLI_CANDIDATES_MAX) return;
    copy = strndup(word, size);
    if (copy != NULL) candidates->words[candidates->count++] = copy;
}

static void add_names(cli_candidates *candidates, const repl_command *commands, const char *typed)
{
    for (; commands->name != NULL; commands++) {
        if (commands->help == NULL) continue; // A second name.
        if (strncasecmp(commands->name, typed, strlen(typed)) == 0) {
            add(candidates, commands->name, strlen(commands->name));
        }
    }
}

// A key that a terminal can show and that needs no quotes.
static bool is_plain(ferric_slice key)
{
    const uint8_t *at = fe_slice_bytes(key);
    for (size_t i = 0; i < key.size; i++) {
        if (at[i] <= ' ' || at[i] == '"' || at[i] == 0x7f) return false;
    }
    return fe_utf8_valid(key);
}

static void add_keys(const repl *state, cli_candidates *candidates, const char *typed)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;

    options.prefix = fe_slice_text(typed);
    options.keys_only = true;
    if (cli_entry_iterator(&state->session, &options, &iterator) != FERRIC_OK) {
        return;
    }
    while (candidates->count < CLI_CANDIDATES_MAX && ferric_iterator_next(iterator)) {
        ferric_slice key = ferric_iterator_key(iterator);
        if (is_plain(key)) add(candidates, key.data, key.size);
    }
    ferric_iterator_destroy(iterator);
}

static void add_keyspaces(const repl *state, cli_candidates *candidates, const char *typed)
{
    ferric_keyspace_info *list;
    size_t count;
    if (ferric_keyspace_list(state->session.db, &list, &count) != FERRIC_OK) return;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(list[i].name, typed, strlen(typed)) == 0) {
            add(candidates, list[i].name, strlen(list[i].name));
        }
    }
    ferric_free(list);
}

static void add_choices(cli_candidates *candidates, const char *first, const char *second,
                        const char *typed)
{
    if (strncmp(first, typed, strlen(typed)) == 0) add(candidates, first, strlen(first));
    if (strncmp(second, typed, strlen(typed)) == 0) add(candidates, second, strlen(second));
}

static bool is_named(const char *line, const char *name)
{
    size_t size = strlen(name);
    return strncasecmp(line, name, size) == 0 && (line[size] == ' ' || line[size] == '\t');
}

void repl_complete(void *context, const char *line, cli_candidates *candidates)
{
    static const char *const with_keys[] = {"GET", "SET", "DELETE", "DEL", "KEYS", "SCAN"};
    const repl *state = context;
    const char *space = strpbrk(line, " \t");
    const char *typed = space == NULL ? line : space + strspn(space, " \t");

    candidates->begin = (size_t)(typed - line);
    if (space == NULL) {
        add_names(candidates, repl_statements, typed);
        add_names(candidates, repl_dots, typed);
        return;
    }
    if (strpbrk(typed, " \t") != NULL) return; // Nothing is known of a third word.
    for (size_t i = 0; i < sizeof with_keys / sizeof *with_keys; i++) {
        if (is_named(line, with_keys[i])) add_keys(state, candidates, typed);
    }
    if (is_named(line, ".use")) add_keyspaces(state, candidates, typed);
    if (is_named(line, ".mode")) add_choices(candidates, "auto", "json", typed);
    if (is_named(line, ".timer")) add_choices(candidates, "on", "off", typed);
}
