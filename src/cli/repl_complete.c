// SPDX-License-Identifier: Apache-2.0
// Completion in the REPL: statements and dot-commands first, then keys, keyspaces and words.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/json_text.h"
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

// ---- Fields ---------------------------------------------------------------------------------

// So many documents are looked at for the names of fields, so many objects deep.
#define LOOKED_AT_MAX 200
#define PATH_DEPTH_MAX 3

static bool is_offered(const cli_candidates *candidates, const char *word, size_t size)
{
    for (size_t i = 0; i < candidates->count; i++) {
        if (strlen(candidates->words[i]) == size && memcmp(candidates->words[i], word, size) == 0) {
            return true;
        }
    }
    return false;
}

// Adds the paths of `json` that begin with what was typed. `path` is where it stands.
static ferric_status add_paths(ferric_slice json, ferric_buffer *path, int depth, const char *typed,
                               cli_candidates *candidates)
{
    fe_json_walk walk = fe_json_walk_into(json);
    size_t path_size = path->size;
    ferric_slice name;
    ferric_slice value;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && fe_json_kind(json) == '{' &&
           fe_json_next_member(&walk, &name, &value)) {
        if (path_size > 0) status = fe_buffer_append(path, ".", 1);
        if (status == FERRIC_OK) status = fe_json_unquote(name, path);
        if (status == FERRIC_OK && is_plain(fe_buffer_slice(path)) &&
            fe_slice_has_prefix(fe_buffer_slice(path), fe_slice_text(typed)) &&
            !is_offered(candidates, path->data, path->size)) {
            add(candidates, path->data, path->size);
        }
        if (status == FERRIC_OK && depth < PATH_DEPTH_MAX) {
            status = add_paths(value, path, depth + 1, typed, candidates);
        }
        path->size = path_size;
    }
    return status;
}

static void add_fields(const repl *state, cli_candidates *candidates, const char *typed)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    ferric_buffer path = {0};
    ferric_status status;

    if (state->session.kind != FERRIC_KEYSPACE_COLLECTION ||
        cli_entry_iterator(&state->session, &options, &iterator) != FERRIC_OK) {
        return;
    }
    status = FERRIC_OK;
    for (int i = 0; i < LOOKED_AT_MAX && status == FERRIC_OK && ferric_iterator_next(iterator);
         i++) {
        ferric_slice value;
        status = cli_entry_value(&state->session, iterator, &value);
        path.size = 0;
        if (status == FERRIC_OK) status = add_paths(value, &path, 1, typed, candidates);
    }
    ferric_iterator_destroy(iterator);
    fe_buffer_deinit(&path);
}

// ---- Words ----------------------------------------------------------------------------------

// Those of a list, parted by spaces.
static void add_choices(cli_candidates *candidates, const char *list, const char *typed)
{
    while (*list != 0) {
        size_t size = strcspn(list, " ");
        if (size >= strlen(typed) && strncmp(list, typed, strlen(typed)) == 0) {
            add(candidates, list, size);
        }
        list += size + (list[size] == ' ');
    }
}

static bool is_named(const char *line, const char *name)
{
    size_t size = strlen(name);
    return strncasecmp(line, name, size) == 0 && (line[size] == ' ' || line[size] == '\t');
}

// Options of a command, as --sort.
static void add_options(cli_candidates *candidates, const char *name, const char *typed)
{
    const cli_command *command = cli_command_find(name);
    for (int i = 1; command != NULL && i < OPTION_COUNT; i++) {
        char option[48];
        if (!cli_command_takes(command, (cli_option)i)) continue;
        snprintf(option, sizeof option, "--%s", cli_options[i].name);
        if (strncmp(option, typed, strlen(typed)) == 0) add(candidates, option, strlen(option));
    }
}

// A word behind FIND and its kin: an option, the form behind --as, or a field.
static void add_query_words(const repl *state, const char *command, const char *line,
                            cli_candidates *candidates, const char *typed)
{
    const char *before = typed;
    size_t skipped = (typed[0] == '-' || typed[0] == '+') && typed[1] != '-' ? 1 : 0;

    while (before > line && (before[-1] == ' ' || before[-1] == '\t'))
        before--;
    if (typed[0] == '-' && typed[1] == '-') {
        add_options(candidates, command, typed);
    } else if (before - line >= 4 && strncmp(before - 4, "--as", 4) == 0) {
        add_choices(candidates, CLI_ROWS_FORMS, typed);
    } else if (before - line >= 6 && strncmp(before - 6, "--hint", 6) == 0) {
        return; // Names of indexes are listed by INDEXES.
    } else {
        candidates->begin += skipped; // Of a descending field the minus stays.
        candidates->goes_on = true;   // An operator, or a dot.
        add_fields(state, candidates, typed + skipped);
    }
}

void repl_complete(void *context, const char *line, cli_candidates *candidates)
{
    static const char *const with_keys[] = {"GET",  "SET",   "SETEX", "TTL",    "EXPIRE", "PERSIST",
                                            "INCR", "PATCH", "DEL",   "DELETE", "KEYS",   "SCAN"};
    static const char *const queries[] = {"find",  "explain", "distinct", "group",
                                          "count", "update",  "remove",   "index"};
    const repl *state = context;
    const char *space = strpbrk(line, " \t");
    const char *typed = space == NULL ? line : space + strspn(space, " \t");
    bool is_second = true;

    candidates->begin = (size_t)(typed - line);
    if (space == NULL) {
        add_names(candidates, repl_statements, typed);
        add_names(candidates, repl_dots, typed);
        return;
    }
    for (const char *next; (next = strpbrk(typed, " \t")) != NULL; is_second = false)
        typed = next + strspn(next, " \t");
    candidates->begin = (size_t)(typed - line);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        if (is_named(line, queries[i])) add_query_words(state, queries[i], line, candidates, typed);
    }
    if (is_named(line, ".import") && strncmp(typed, "--", 2) == 0) {
        add_options(candidates, "import", typed);
    }
    if (!is_second) return; // Nothing is known of a third word.
    for (size_t i = 0; i < sizeof with_keys / sizeof *with_keys; i++) {
        if (is_named(line, with_keys[i])) add_keys(state, candidates, typed);
    }
    if (is_named(line, ".use") || is_named(line, ".drop") || is_named(line, ".rename")) {
        add_keyspaces(state, candidates, typed);
    }
    if (is_named(line, ".mode")) add_choices(candidates, CLI_ROWS_FORMS, typed);
    if (is_named(line, ".timer")) add_choices(candidates, "on off", typed);
}
