// SPDX-License-Identifier: Apache-2.0
// Find with its cursor, and count.
#include "api/queries.h"

#include <inttypes.h>
#include <string.h>

#include "api/arguments.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/explain.h"
#include "doc/index_verify.h"

ferric_status fe_find_options_take(const ferric_find_options *given, ferric_find_options *taken)
{
    static const ferric_find_options defaults = FERRIC_FIND_OPTIONS_INIT;
    const char *type = "ferric_find_options";
    ferric_status status = fe_struct_take(type, given, &defaults, sizeof defaults, taken);

    if (status == FERRIC_OK) status = fe_slice_check(type, "sort", taken->sort);
    if (status == FERRIC_OK) status = fe_slice_check(type, "projection", taken->projection);
    return status;
}

// The request's texts are lent by the options.
static fe_query_request request_of(ferric_slice filter, const ferric_find_options *options)
{
    fe_query_request request = {.filter = filter,
                                .sort = options->sort,
                                .projection = options->projection,
                                .skip = options->skip,
                                .limit = options->limit,
                                .max_scan = options->max_scan};

    request.memory_max = options->memory_max > SIZE_MAX ? SIZE_MAX : (size_t)options->memory_max;
    if (options->hint != NULL) request.hint = fe_slice_text(options->hint);
    return request;
}

// The collection to read; NULL when it does not exist. At a snapshot of the caller's it may have
// been dropped since.
static ferric_status find_collection(ferric_db *db, ferric_keyspace *meant, bool at_snapshot,
                                     fe_collection **collection)
{
    uint32_t id;
    ferric_status status =
        at_snapshot ? fe_keyspace_id_at_snapshot(meant, &id) : fe_keyspace_id_for_read(meant, &id);

    *collection = NULL;
    if (status == FERRIC_NOT_FOUND) return FERRIC_OK;
    return status == FERRIC_OK ? fe_collection_of(db, id, collection) : status;
}

// The snapshot comes first and the schema second: collections.h, C1.
static ferric_status begin(fe_running_query *running, ferric_db *db, ferric_keyspace *meant,
                           ferric_slice filter, const ferric_find_options *options,
                           fe_query_need need)
{
    fe_state state = {.store = db->store};
    fe_query_request request = request_of(filter, options);
    fe_collection *collection;
    ferric_status status = FERRIC_OK;

    if (options->snapshot == NULL) {
        status = fe_store_snapshot(db->store, &running->taken);
        if (status != FERRIC_OK) return status;
        state.at = fe_moment_of(running->taken);
    } else {
        state.at = fe_moment_of(options->snapshot->held);
    }
    status = find_collection(db, meant, options->snapshot != NULL, &collection);
    if (status != FERRIC_OK) return status;
    request.need = need;
    return fe_query_create(collection, &state, &request, &running->query);
}

// ---- Slow queries ---------------------------------------------------------------------------

// As much of a filter as stands in an event.
#define TOLD_FILTER_MAX 1000

// Whoever listens is told of slow queries; nobody else pays for the clock.
static ferric_status begin_watch(fe_running_query *running, const ferric_keyspace *meant,
                                 ferric_slice filter)
{
    const ferric_options *options = fe_store_options(running->store);
    ferric_status status;

    if (options->event_callback == NULL || options->slow_query_ms == 0) return FERRIC_OK;
    running->slow_ns = (uint64_t)options->slow_query_ms * 1000000u;
    if (filter.size > TOLD_FILTER_MAX) filter = fe_slice_text("{...}");
    status = fe_buffer_append(&running->told, meant->name, strlen(meant->name) + 1);
    if (status != FERRIC_OK) return status;
    return fe_buffer_append(&running->told, filter.data, filter.size);
}

static uint64_t now_ns(const fe_running_query *running)
{
    return running->slow_ns == 0 ? 0 : fe_vfs_monotonic_ns(fe_store_vfs(running->store));
}

// What cannot be told for lack of memory stays untold: the query itself went well.
static void tell_slow(const fe_running_query *running)
{
    const char *name = running->told.data;
    ferric_slice filter = fe_slice_from(fe_buffer_slice(&running->told), strlen(name) + 1);
    ferric_buffer text = {0};
    ferric_event event = {.kind = FERRIC_EVENT_SLOW_QUERY, .duration_ns = running->spent_ns};
    ferric_status status =
        fe_buffer_format(&text, "slow query on \"%s\", %" PRIu64 " ms: %.*s: ", name,
                         running->spent_ns / 1000000, (int)filter.size, (const char *)filter.data);

    if (status == FERRIC_OK) status = fe_explain_line(running->query, filter, &text);
    if (status == FERRIC_OK) status = fe_buffer_append(&text, "", 1);
    event.message = text.data;
    if (status == FERRIC_OK) fe_store_event(running->store, &event);
    fe_buffer_deinit(&text);
}

const fe_match *fe_running_query_next(fe_running_query *running, ferric_status *status)
{
    uint64_t begun_ns;
    const fe_match *match;

    if (running->slow_ns == 0) return fe_query_next(running->query, status);
    begun_ns = now_ns(running);
    match = fe_query_next(running->query, status);
    running->spent_ns += now_ns(running) - begun_ns;
    return match;
}

// ---- Beginning and end ----------------------------------------------------------------------

ferric_status fe_running_query_init(fe_running_query *running, const char *call, ferric_db *db,
                                    ferric_keyspace *collection, ferric_slice filter,
                                    const ferric_find_options *options, fe_query_need need)
{
    ferric_find_options taken;
    ferric_keyspace *meant;
    uint64_t begun_ns;
    fe_moment at;
    ferric_status status =
        fe_handles_check(call, db, collection, FERRIC_KEYSPACE_COLLECTION, &meant);

    *running = (fe_running_query){0};
    if (status == FERRIC_OK) status = fe_slice_check(call, "filter", filter);
    if (status == FERRIC_OK) status = fe_find_options_take(options, &taken);
    if (status == FERRIC_OK) status = fe_snapshot_moment(call, db, taken.snapshot, &at);
    if (status != FERRIC_OK) return status;
    fe_store_ref(db->store);
    running->store = db->store;
    status = begin_watch(running, meant, filter);
    begun_ns = now_ns(running);
    if (status == FERRIC_OK) status = begin(running, db, meant, filter, &taken, need);
    running->spent_ns = now_ns(running) - begun_ns;
    if (status != FERRIC_OK) fe_running_query_deinit(running);
    return status;
}

void fe_running_query_deinit(fe_running_query *running)
{
    if (running->store == NULL) return;
    if (running->slow_ns > 0 && running->spent_ns >= running->slow_ns && running->query != NULL) {
        tell_slow(running);
    }
    fe_buffer_deinit(&running->told);
    fe_query_destroy(running->query);
    if (running->taken != NULL) fe_store_snapshot_release(running->store, running->taken);
    fe_store_unref(running->store);
    *running = (fe_running_query){0};
}

// ---- Verification ---------------------------------------------------------------------------

// Compares at a snapshot that is held.
static ferric_status verify_at(ferric_db *db, ferric_keyspace *meant, fe_moment at,
                               bool at_snapshot, uint64_t *entries)
{
    const fe_state state = {.store = db->store, .at = at};
    fe_collection *collection;
    ferric_status status = find_collection(db, meant, at_snapshot, &collection);

    if (status != FERRIC_OK || collection == NULL) return status;
    return fe_index_verify(collection, &state, entries);
}

ferric_status ferric_index_verify(ferric_db *db, ferric_keyspace *collection,
                                  const ferric_read_options *options, uint64_t *entries)
{
    const char *call = "ferric_index_verify";
    ferric_keyspace *meant;
    fe_snapshot *taken = NULL;
    uint64_t counted = 0;
    fe_moment at;
    ferric_status status =
        fe_handles_check(call, db, collection, FERRIC_KEYSPACE_COLLECTION, &meant);

    if (entries != NULL) *entries = 0;
    if (status == FERRIC_OK) status = fe_read_moment(call, db, options, &at);
    if (status == FERRIC_OK && at.sequence == FE_SEQUENCE_NEWEST) {
        status = fe_store_snapshot(db->store, &taken);
        if (status == FERRIC_OK) at = fe_moment_of(taken);
    }
    if (status != FERRIC_OK) return status;
    status = verify_at(db, meant, at, taken == NULL, &counted);
    if (taken != NULL) fe_store_snapshot_release(db->store, taken);
    if (entries != NULL) *entries = counted;
    return status;
}

// ---- Cursors --------------------------------------------------------------------------------

struct ferric_cursor {
    fe_running_query running;
    const fe_match *match; // NULL: it stands nowhere.
    ferric_status status;
    ferric_buffer json;   // The document, once it is asked for.
    bool is_shown;        // It was.
    ferric_cursor *shown; // Itself, for calls that change nothing to see.
};

ferric_status ferric_find(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                          const ferric_find_options *options, ferric_cursor **cursor)
{
    const char *call = "ferric_find";
    ferric_cursor *created;
    ferric_status status;

    if (cursor == NULL) return fe_argument_is_null(call, "cursor");
    *cursor = NULL;
    created = fe_alloc_zero(1, sizeof *created);
    if (created == NULL) return fe_no_memory("a cursor", sizeof *created);
    status = fe_running_query_init(&created->running, call, db, collection, filter, options,
                                   FE_QUERY_SHOWN);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    created->shown = created;
    *cursor = created;
    return FERRIC_OK;
}

void ferric_cursor_destroy(ferric_cursor *cursor)
{
    if (cursor == NULL) return;
    fe_running_query_deinit(&cursor->running);
    fe_buffer_deinit(&cursor->json);
    fe_free(cursor);
}

bool ferric_cursor_next(ferric_cursor *cursor)
{
    if (cursor == NULL || cursor->status != FERRIC_OK) return false;
    cursor->match = NULL;
    cursor->status = fe_store_check(cursor->running.store);
    if (cursor->status != FERRIC_OK) return false;
    cursor->is_shown = false;
    cursor->match = fe_running_query_next(&cursor->running, &cursor->status);
    return cursor->match != NULL;
}

ferric_status ferric_cursor_status(const ferric_cursor *cursor)
{
    return cursor == NULL ? fe_argument_is_null("ferric_cursor_status", "cursor") : cursor->status;
}

ferric_slice ferric_cursor_key(const ferric_cursor *cursor)
{
    return cursor == NULL || cursor->match == NULL ? fe_slice(NULL, 0) : cursor->match->id;
}

// Many look at nothing but keys: what is shown of a document is made for those who ask.
static ferric_slice show(ferric_cursor *cursor)
{
    if (!cursor->is_shown) {
        cursor->status = fe_query_show(cursor->running.query, cursor->match, &cursor->json);
    }
    cursor->is_shown = cursor->status == FERRIC_OK;
    return cursor->is_shown ? fe_buffer_slice(&cursor->json) : fe_slice(NULL, 0);
}

ferric_slice ferric_cursor_document(const ferric_cursor *cursor)
{
    return cursor == NULL || cursor->match == NULL ? fe_slice(NULL, 0) : show(cursor->shown);
}

uint64_t ferric_cursor_version(const ferric_cursor *cursor)
{
    fe_meta meta;

    if (cursor == NULL || cursor->match == NULL) return 0;
    // A read of what the index did not tell; one that fails says 0, as for no document.
    if (fe_query_meta(cursor->running.query, cursor->match, &meta) != FERRIC_OK) return 0;
    return meta.version;
}

// ---- Count ----------------------------------------------------------------------------------

ferric_status ferric_find_count(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                                const ferric_find_options *options, uint64_t *count)
{
    const char *call = "ferric_find_count";
    fe_running_query running;
    uint64_t begun_ns;
    ferric_status status;

    if (count == NULL) return fe_argument_is_null(call, "count");
    *count = 0;
    status = fe_running_query_init(&running, call, db, collection, filter, options, FE_QUERY_IDS);
    if (status != FERRIC_OK) return status;
    begun_ns = now_ns(&running);
    status = fe_query_count(running.query, count);
    running.spent_ns += now_ns(&running) - begun_ns;
    fe_running_query_deinit(&running);
    return status;
}
