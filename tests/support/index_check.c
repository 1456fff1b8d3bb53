// SPDX-License-Identifier: Apache-2.0
// Queries with an index and without.
#include "support/index_check.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "base/json_text.h"
#include "support/harness.h"

#define NAME_MAX 256u
#define FILTER_MAX 4096u

typedef struct index_info {
    char name[NAME_MAX];
    char path[NAME_MAX];     // The first one.
    char filter[FILTER_MAX]; // Of a partial index its members, else "".
    bool is_unique;
    bool is_ready;
} index_info;

typedef struct index_look {
    ferric_db *db;
    ferric_keyspace *collection;
    const ferric_snapshot *snapshot;
    const index_info *index;
    bool is_used; // The snapshot knows the index.
    char *wrong;
} index_look;

// What a query finds, in whatever order: how many, and the sum of the keys' hashes.
typedef struct found {
    uint64_t count;
    uint64_t sum;
} found;

static _Atomic(uint64_t) checked;

uint64_t index_checked(void)
{
    return atomic_load(&checked);
}

// ---- The list of indexes --------------------------------------------------------------------

static void copy(char *to, size_t room, ferric_slice from)
{
    if (from.size >= room) harness_panic("an index's name, path or filter is too long");
    memcpy(to, from.data, from.size);
    to[from.size] = 0;
}

// The text between a literal's quotes, or an object's braces.
static ferric_slice inside(ferric_slice value)
{
    return (ferric_slice){(const char *)value.data + 1, value.size - 2};
}

static void take_member(index_info *index, ferric_slice name, ferric_slice value)
{
    ferric_slice path;
    ferric_slice direction;

    if (fe_json_string_is(name, fe_slice_text("name"))) {
        copy(index->name, sizeof index->name, inside(value));
    } else if (fe_json_string_is(name, fe_slice_text("keys"))) {
        fe_json_walk walk = fe_json_walk_into(value);
        if (!fe_json_next_member(&walk, &path, &direction)) harness_panic("an index of no path");
        copy(index->path, sizeof index->path, inside(path));
    } else if (fe_json_string_is(name, fe_slice_text("filter"))) {
        copy(index->filter, sizeof index->filter, inside(value));
    } else if (fe_json_string_is(name, fe_slice_text("unique"))) {
        index->is_unique = fe_json_kind(value) == 't';
    } else if (fe_json_string_is(name, fe_slice_text("state"))) {
        index->is_ready = fe_json_string_is(value, fe_slice_text("ready"));
    }
}

static index_info read_index(ferric_slice object)
{
    index_info index = {0};
    fe_json_walk walk = fe_json_walk_into(object);
    ferric_slice name;
    ferric_slice value;

    while (fe_json_next_member(&walk, &name, &value))
        take_member(&index, name, value);
    if (index.name[0] == 0 || index.path[0] == 0) harness_panic("an index of no name or path");
    return index;
}

ferric_status index_list(ferric_db *db, ferric_keyspace *collection, index_visit visit,
                         void *context)
{
    ferric_buffer json = {0};
    ferric_slice object;
    ferric_status status = ferric_index_list(db, collection, &json);

    if (status == FERRIC_OK) {
        fe_json_walk walk = fe_json_walk_into((ferric_slice){json.data, json.size});
        while (fe_json_next_element(&walk, &object)) {
            index_info index = read_index(object);
            visit(context, index.name, index.is_ready);
        }
    }
    ferric_buffer_free(&json);
    return status;
}

// ---- Queries --------------------------------------------------------------------------------

static ferric_status query(const index_look *look, const char *filter, const char *hint, found *f)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_cursor *cursor;
    ferric_status status;

    *f = (found){0};
    options.snapshot = look->snapshot;
    options.hint = hint;
    status = ferric_find(look->db, look->collection, fe_slice_text(filter), &options, &cursor);
    if (status != FERRIC_OK) return status;
    while (ferric_cursor_next(cursor)) {
        ferric_slice key = ferric_cursor_key(cursor);
        f->count++;
        f->sum += fe_hash64(key.data, key.size);
    }
    status = ferric_cursor_status(cursor);
    ferric_cursor_destroy(cursor);
    return status;
}

// Whether a query may use the index. One that is not ready it may not.
static ferric_status try_hint(index_look *look, const char *filter)
{
    found by_index;
    ferric_status status = query(look, filter, look->index->name, &by_index);

    look->is_used = status == FERRIC_OK;
    if (status == FERRIC_OK && !look->index->is_ready) {
        look->wrong = harness_format("index %s is used and is not ready", look->index->name);
    }
    // A snapshot from before it was ready.
    if (status != FERRIC_INVALID_ARGUMENT) return status;
    if (look->index->is_ready && look->snapshot == NULL) {
        look->wrong = harness_format("index %s is ready and is refused: %s", look->index->name,
                                     ferric_error_message());
    }
    return FERRIC_OK;
}

static ferric_status compare(index_look *look, const char *condition, bool is_value)
{
    const index_info *index = look->index;
    char *filter = harness_format("{%s%s\"%s\":%s}", index->filter,
                                  index->filter[0] == 0 ? "" : ",", index->path, condition);
    found by_index;
    found by_scan;
    ferric_status status = query(look, filter, index->name, &by_index);

    if (status == FERRIC_OK) status = query(look, filter, "$scan", &by_scan);
    if (status == FERRIC_OK) {
        atomic_fetch_add(&checked, 1);
        if (by_index.count != by_scan.count || by_index.sum != by_scan.sum) {
            look->wrong = harness_format("%s: %" PRIu64 " documents by index %s, %" PRIu64
                                         " by a scan, or other ones",
                                         filter, by_index.count, index->name, by_scan.count);
        } else if (index->is_unique && is_value && by_scan.count > 1) {
            look->wrong = harness_format("%s: %" PRIu64 " documents, and index %s is unique",
                                         filter, by_scan.count, index->name);
        }
    }
    harness_free(filter);
    return status;
}

// Every value that a document has at the path. Whole arrays and objects go by what they hold.
static ferric_status compare_values(index_look *look)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_buffer values = {0};
    ferric_slice value;
    ferric_status status;

    options.snapshot = look->snapshot;
    options.hint = "$scan";
    status = ferric_find_distinct(look->db, look->collection, fe_slice_text(look->index->path),
                                  fe_slice_text(""), &options, &values);
    if (status == FERRIC_OK) {
        fe_json_walk walk = fe_json_walk_into((ferric_slice){values.data, values.size});
        while (status == FERRIC_OK && look->wrong == NULL && fe_json_next_element(&walk, &value)) {
            char *text = harness_format("%.*s", (int)value.size, (const char *)value.data);
            status = compare(look, text, true);
            harness_free(text);
        }
    }
    ferric_buffer_free(&values);
    return status;
}

static ferric_status check_one(index_look *look)
{
    const index_info *index = look->index;
    char *first = harness_format("{%s%s\"%s\":{\"$exists\":true}}", index->filter,
                                 index->filter[0] == 0 ? "" : ",", index->path);
    ferric_status status = try_hint(look, first);

    harness_free(first);
    if (status != FERRIC_OK || look->wrong != NULL || !look->is_used) return status;
    status = compare(look, "{\"$exists\":true}", false);
    if (status == FERRIC_OK && look->wrong == NULL) {
        status = compare(look, "{\"$exists\":false}", false);
    }
    if (status == FERRIC_OK && look->wrong == NULL) status = compare_values(look);
    return status;
}

static ferric_status verify(const index_look *look)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;

    options.snapshot = look->snapshot;
    return ferric_index_verify(look->db, look->collection, &options, NULL);
}

ferric_status index_check(ferric_db *db, ferric_keyspace *collection,
                          const ferric_snapshot *snapshot, char **wrong)
{
    index_look look = {.db = db, .collection = collection, .snapshot = snapshot};
    ferric_buffer json = {0};
    ferric_slice object;
    uint64_t count = 0;
    ferric_status status = ferric_index_list(db, collection, &json);

    if (status == FERRIC_OK) {
        fe_json_walk walk = fe_json_walk_into((ferric_slice){json.data, json.size});
        while (status == FERRIC_OK && look.wrong == NULL && fe_json_next_element(&walk, &object)) {
            index_info index = read_index(object);
            look.index = &index;
            count++;
            status = check_one(&look);
        }
    }
    if (status == FERRIC_OK && look.wrong == NULL && count > 0) status = verify(&look);
    ferric_buffer_free(&json);
    *wrong = look.wrong;
    return status;
}
