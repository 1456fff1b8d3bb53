// SPDX-License-Identifier: Apache-2.0
// The back-fill; see index_build.h.
#include "doc/index_build.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/document.h"
#include "doc/index_unique.h"
#include "doc/schema_change.h"
#include "doc/stored_key.h"
#include "format/internal_key.h"

// Documents of one commit at most, and their bytes: small enough that a commit does not hold up
// writers, and that a writer seldom gets between reading and committing.
#define CHUNK_COUNT 256
#define CHUNK_BYTES ((size_t)256 << 10)
// Between two events are a tenth of all documents, and at least so many.
#define TOLD_COUNT_MIN 10000

// A document of the chunk: its version, and id and text in the arena.
typedef struct build_document {
    ferric_slice id;
    ferric_slice text;
    uint64_t version;
    uint64_t expires_ms;
} build_document;

typedef struct build_run {
    fe_collection *collection;
    fe_store *store;
    uint32_t id;          // Of the index.
    ferric_buffer passed; // Id of the last document that was passed; empty: none was.
    size_t chunk_count;   // How many to take next time.
    fe_arena arena;
    build_document documents[CHUNK_COUNT];
    size_t count;
    fe_index_changes changes;
    ferric_buffer key;
    ferric_buffer value;
    uint64_t documents_passed; // By earlier runs too.
    uint64_t begun_ns;
    uint64_t told_next; // An event when so many were passed.
} build_run;

// ---- Progress -------------------------------------------------------------------------------

// Where earlier builds came to: how many documents, and the id of the last. Nothing: at none.
static ferric_status read_progress(fe_store *store, uint32_t index, ferric_buffer *value,
                                   uint64_t *documents, ferric_slice *last)
{
    uint8_t bytes[FE_KEYSPACE_ID_SIZE + FE_PROGRESS_KEY_SIZE];
    fe_decoder decoder;
    ferric_status status;

    *documents = 0;
    *last = fe_slice(NULL, 0);
    fe_put_u32_ordered(bytes, FE_KEYSPACE_CATALOGUE);
    (void)fe_progress_key(index, bytes + FE_KEYSPACE_ID_SIZE);
    status = fe_store_get(store, fe_slice(bytes, sizeof bytes), FE_SEQUENCE_NEWEST, value, NULL);
    if (status == FERRIC_NOT_FOUND) return FERRIC_OK;
    if (status != FERRIC_OK) return status;
    decoder = fe_decoder_of(fe_buffer_slice(value));
    *documents = fe_decode_varint(&decoder);
    *last = fe_slice(decoder.at, fe_decoder_remaining(&decoder));
    if (!decoder.failed && last->size > 0) return FERRIC_OK;
    return fe_fail(FERRIC_CORRUPT, "the progress of an index's build is none: drop the index and "
                                   "create it again");
}

static ferric_status begin_progress(build_run *run)
{
    fe_build_state *state = &run->collection->build;
    uint8_t lower[FE_KEYSPACE_ID_SIZE];
    uint8_t upper[FE_KEYSPACE_ID_SIZE];
    uint64_t estimate;
    ferric_slice last;
    ferric_status status =
        read_progress(run->store, run->id, &run->value, &run->documents_passed, &last);

    if (FE_SEEDED_BUG(FE_BUG_BUILD_BEGINS_ANEW)) {
        run->documents_passed = 0;
        last = fe_slice(NULL, 0);
    }
    if (status == FERRIC_OK) status = fe_buffer_assign(&run->passed, last);
    if (status != FERRIC_OK) return status;
    fe_put_u32_ordered(lower, run->collection->id);
    fe_put_u32_ordered(upper, run->collection->id + 1);
    estimate = fe_store_count_estimate_in(run->store, fe_slice(lower, sizeof lower),
                                          fe_slice(upper, sizeof upper));
    run->begun_ns = fe_vfs_monotonic_ns(fe_store_vfs(run->store));
    run->told_next = run->documents_passed + TOLD_COUNT_MIN;
    // For people who look, in no order with anything else.
    atomic_store_explicit(&state->documents, run->documents_passed, memory_order_relaxed);
    atomic_store_explicit(&state->estimate, estimate, memory_order_relaxed);
    atomic_store_explicit(&state->index, run->id, memory_order_relaxed);
    return FERRIC_OK;
}

static void tell(const build_run *run, const char *name, ferric_status status, const char *what)
{
    ferric_buffer text = {0};
    ferric_event event = {
        .kind = FERRIC_EVENT_INDEX,
        .status = status,
        .duration_ns = fe_vfs_monotonic_ns(fe_store_vfs(run->store)) - run->begun_ns,
    };

    // Without memory there is less to read, and nothing else is wrong.
    (void)fe_buffer_format(&text, "index \"%s\": %s", name, what);
    (void)fe_buffer_append(&text, "", 1);
    event.message = text.size > 0 ? text.data : what;
    fe_store_event(run->store, &event);
    fe_buffer_deinit(&text);
}

static void note_progress(build_run *run, const char *name)
{
    fe_build_state *state = &run->collection->build;
    uint64_t estimate = atomic_load_explicit(&state->estimate, memory_order_relaxed);
    char text[96];

    atomic_store_explicit(&state->documents, run->documents_passed, memory_order_relaxed);
    if (run->documents_passed < run->told_next) return;
    run->told_next =
        run->documents_passed + (estimate / 10 > TOLD_COUNT_MIN ? estimate / 10 : TOLD_COUNT_MIN);
    snprintf(text, sizeof text, "%" PRIu64 " documents, of about %" PRIu64, run->documents_passed,
             estimate > run->documents_passed ? estimate : run->documents_passed);
    tell(run, name, FERRIC_OK, text);
}

// What became of it. Somebody who stopped it knows.
static void tell_end(const build_run *run, const char *name, ferric_status status)
{
    const fe_schema *schema = fe_collection_schema(run->collection);
    char text[64];

    if (status == FERRIC_OK && fe_schema_index_of(schema, run->id) != NULL) {
        snprintf(text, sizeof text, "ready, with %" PRIu64 " documents", run->documents_passed);
        tell(run, name, status, text);
    } else if (status != FERRIC_OK && status != FERRIC_INTERRUPTED && status != FERRIC_DROPPED) {
        ferric_buffer message = {0};
        // The message of the failure is the call's too: the callback must not change it.
        if (fe_buffer_format(&message, "%s", fe_message()) == FERRIC_OK &&
            fe_buffer_append(&message, "", 1) == FERRIC_OK) {
            tell(run, name, status, message.data);
            fe_message_set(message.data);
        }
        fe_buffer_deinit(&message);
    }
}

ferric_status fe_index_build_state(fe_collection *collection, ferric_slice name,
                                   ferric_build_progress *progress)
{
    const fe_schema *schema = fe_collection_schema(collection);
    const fe_index *index = fe_schema_find(schema, name);
    const fe_build_state *state = &collection->build;
    ferric_buffer value = {0};
    ferric_slice last;
    ferric_status status = FERRIC_OK;

    *progress = (ferric_build_progress){0};
    if (index == NULL) return FERRIC_NOT_FOUND;
    progress->is_ready = index->state == FE_INDEX_READY;
    if (progress->is_ready) return FERRIC_OK;
    progress->is_running = atomic_load_explicit(&state->index, memory_order_relaxed) == index->id;
    if (progress->is_running) {
        progress->documents = atomic_load_explicit(&state->documents, memory_order_relaxed);
        progress->estimate = atomic_load_explicit(&state->estimate, memory_order_relaxed);
    } else {
        status = read_progress(collection->store, index->id, &value, &progress->documents, &last);
    }
    if (progress->estimate < progress->documents) progress->estimate = progress->documents;
    fe_buffer_deinit(&value);
    return status;
}

// ---- Reading --------------------------------------------------------------------------------

static ferric_status take_document(build_run *run, const fe_cursor *cursor, size_t *bytes)
{
    const fe_entry *entry = fe_cursor_entry(cursor);
    build_document *document = &run->documents[run->count];
    ferric_slice text;
    ferric_status status = fe_document_text(entry->value, &text);

    if (status == FERRIC_OK) {
        status = fe_arena_copy(&run->arena, fe_slice_from(entry->key, FE_KEYSPACE_ID_SIZE),
                               &document->id);
    }
    if (status == FERRIC_OK) status = fe_arena_copy(&run->arena, text, &document->text);
    if (status != FERRIC_OK) return status;
    document->version = entry->sequence;
    document->expires_ms = fe_cursor_expiry(cursor);
    *bytes += text.size;
    run->count++;
    return FERRIC_OK;
}

// Reads the documents behind the last one that was passed, at the newest state.
static ferric_status read_chunk(build_run *run)
{
    uint8_t upper[FE_KEYSPACE_ID_SIZE];
    fe_cursor_options options = {.sequence = FE_SEQUENCE_NEWEST};
    fe_cursor *cursor = NULL;
    size_t bytes = 0;
    ferric_status status =
        fe_stored_key(run->collection->id, fe_buffer_slice(&run->passed), &run->key);

    run->count = 0;
    fe_arena_clear(&run->arena);
    // The key right behind the last one; without one, the keyspace's beginning.
    if (status == FERRIC_OK && run->passed.size > 0) status = fe_buffer_append(&run->key, "", 1);
    if (status != FERRIC_OK) return status;
    fe_put_u32_ordered(upper, run->collection->id + 1);
    options.lower = fe_buffer_slice(&run->key);
    options.upper = fe_slice(upper, sizeof upper);
    status = fe_store_cursor(run->store, &options, &cursor);
    if (status != FERRIC_OK) return status;
    for (bool ok = fe_cursor_first(cursor);
         ok && status == FERRIC_OK && run->count < run->chunk_count && bytes < CHUNK_BYTES;
         ok = fe_cursor_next(cursor)) {
        status = take_document(run, cursor, &bytes);
    }
    if (status == FERRIC_OK) status = fe_cursor_status(cursor);
    fe_cursor_destroy(cursor);
    return status;
}

// ---- Writing --------------------------------------------------------------------------------

// One schema with nothing but the index, so that changes are worked out for it alone.
static ferric_status add_changes(build_run *run, const fe_schema *schema, const fe_index *index)
{
    ferric_status status = FERRIC_OK;

    fe_index_changes_clear(&run->changes);
    for (size_t i = 0; i < run->count && status == FERRIC_OK; i++) {
        const build_document *document = &run->documents[i];
        fe_document_state before = {0};
        fe_document_state after = {document->text, document->expires_ms};
        status = fe_index_changes_add_to(&run->changes, schema, index, document->id, before, after);
    }
    return status == FERRIC_OK ? fe_index_changes_order(&run->changes) : status;
}

static ferric_status fill_batch(build_run *run, const fe_schema *schema, fe_write_batch *batch)
{
    uint8_t bytes[FE_SCHEMA_KEY_SIZE];
    uint8_t progress[FE_PROGRESS_KEY_SIZE];
    ferric_status status =
        fe_write_batch_require(batch, FE_KEYSPACE_CATALOGUE,
                               fe_schema_key(run->collection->id, bytes), schema->version, NULL);

    for (size_t i = 0; i < run->count && status == FERRIC_OK; i++) {
        const build_document *document = &run->documents[i];
        if (FE_SEEDED_BUG(FE_BUG_BACKFILL_UNCONDITIONAL)) break;
        status = fe_write_batch_require(batch, run->collection->id, document->id, document->version,
                                        NULL);
    }
    for (size_t i = 0; i < run->changes.count && status == FERRIC_OK; i++) {
        const fe_index_change *change = fe_index_changes_at(&run->changes, i);
        if (change->entry.is_binding)
            status = fe_index_require_unique(run->store, batch, change, &run->key, &run->value);
        if (status == FERRIC_OK) {
            status =
                fe_write_batch_put_expiring(batch, run->id, change->entry.key, change->entry.value,
                                            change->expires_ms, NULL, NULL);
        }
    }
    fe_buffer_clear(&run->value);
    if (status == FERRIC_OK) {
        status = fe_buffer_put_varint(&run->value, run->documents_passed + run->count);
    }
    if (status == FERRIC_OK) {
        ferric_slice last = run->documents[run->count - 1].id;
        status = fe_buffer_append(&run->value, last.data, last.size);
    }
    if (status != FERRIC_OK) return status;
    return fe_write_batch_put(batch, FE_KEYSPACE_CATALOGUE, fe_progress_key(run->id, progress),
                              fe_buffer_slice(&run->value), NULL);
}

// Commits the entries of the chunk. FERRIC_CONFLICT: something changed since it was read.
static ferric_status commit_chunk(build_run *run, const fe_schema *schema)
{
    fe_write_batch batch = {0};
    ferric_status status = fill_batch(run, schema, &batch);

    if (status == FERRIC_OK) status = fe_store_write(run->store, &batch, false, NULL);
    fe_write_batch_deinit(&batch);
    return status;
}

// ---- All of it ------------------------------------------------------------------------------

static ferric_status pass_chunk(build_run *run)
{
    ferric_slice last = run->documents[run->count - 1].id;

    run->documents_passed += run->count;
    if (run->chunk_count < CHUNK_COUNT) run->chunk_count *= 2;
    return fe_buffer_assign(&run->passed, last);
}

// One chunk, or one try at it. *is_done: there is no document behind.
static ferric_status step(build_run *run, bool *is_done)
{
    const fe_schema *schema = fe_collection_schema(run->collection);
    const fe_index *index = fe_schema_index_of(schema, run->id);
    ferric_status status;

    *is_done = index == NULL || index->state == FE_INDEX_READY;
    if (*is_done) return FERRIC_OK;
    status = read_chunk(run);
    if (status != FERRIC_OK) return status;
    *is_done = run->count == 0;
    if (*is_done) return FERRIC_OK;
    status = add_changes(run, schema, index);
    if (status == FERRIC_OK && run->changes.unmarked != NULL) {
        return fe_schema_mark(run->collection, run->id, run->changes.is_multi_key,
                              run->changes.has_cut);
    }
    if (status == FERRIC_OK) status = commit_chunk(run, schema);
    if (status == FERRIC_OK) return pass_chunk(run);
    if (status == FERRIC_CONFLICT && FE_SEEDED_BUG(FE_BUG_CONFLICT_PASSED)) return pass_chunk(run);
    if (status != FERRIC_CONFLICT) return status;
    status = fe_collection_reload(run->collection);
    // A document changed again and again: fewer at a time, then one, which is read at its newest
    // version just before its commit.
    if (run->chunk_count > 1) run->chunk_count /= 2;
    return status;
}

// What a document of the collection makes impossible for good.
static bool is_refused(ferric_status status)
{
    return status == FERRIC_ALREADY_EXISTS || status == FERRIC_INVALID_ARGUMENT ||
           status == FERRIC_TOO_LARGE;
}

static ferric_status drop_refused(build_run *run, ferric_status status)
{
    ferric_buffer message = {0};
    ferric_status copied = fe_buffer_format(&message, "%s", fe_message());
    ferric_status dropped = fe_schema_drop_index_id(run->collection, run->id);

    if (dropped == FERRIC_OK && copied == FERRIC_OK) fe_message_set(message.data);
    fe_buffer_deinit(&message);
    return dropped == FERRIC_OK ? status : dropped;
}

static ferric_status build(build_run *run, const char *name, fe_build_progress progress,
                           void *context)
{
    uint32_t interrupts = fe_store_interrupts(run->store);
    bool is_done = false;
    ferric_status status = begin_progress(run);

    while (status == FERRIC_OK && !is_done) {
        status = step(run, &is_done);
        if (status != FERRIC_OK || is_done) break;
        note_progress(run, name);
        if (fe_store_interrupts(run->store) != interrupts ||
            (progress != NULL && !progress(context, run->documents_passed))) {
            return fe_fail(FERRIC_INTERRUPTED, "the index's build was interrupted: it can go on");
        }
        if (FE_SEEDED_BUG(FE_BUG_READY_EARLY)) is_done = true;
    }
    if (status == FERRIC_OK) {
        return fe_schema_mark_ready(run->collection, run->id, fe_store_last_sequence(run->store));
    }
    return is_refused(status) ? drop_refused(run, status) : status;
}

static ferric_status run_build(fe_collection *collection, const fe_index *index,
                               fe_build_progress progress, void *context)
{
    build_run *run = fe_alloc_zero(1, sizeof *run);
    ferric_status status;

    if (run == NULL) return fe_no_memory("the build of an index", sizeof *run);
    run->collection = collection;
    run->store = collection->store;
    run->id = index->id;
    run->chunk_count = CHUNK_COUNT;
    fe_arena_init(&run->arena);
    fe_index_changes_init(&run->changes);
    status = build(run, index->name, progress, context);
    atomic_store_explicit(&collection->build.index, 0, memory_order_relaxed);
    tell_end(run, index->name, status);
    fe_index_changes_deinit(&run->changes);
    fe_arena_deinit(&run->arena);
    fe_buffer_deinit(&run->passed);
    fe_buffer_deinit(&run->key);
    fe_buffer_deinit(&run->value);
    fe_free(run);
    return status;
}

ferric_status fe_index_build(fe_collection *collection, uint32_t id, fe_build_progress progress,
                             void *context)
{
    _Atomic(uint32_t) *waiting = &collection->build.waiting;
    const fe_index *index;
    ferric_status status = FERRIC_OK;

    atomic_fetch_add_explicit(waiting, 1, memory_order_relaxed);
    fe_collection_build_lock(collection);
    atomic_fetch_sub_explicit(waiting, 1, memory_order_relaxed);
    // Schemas stay in memory, and with them the name.
    index = fe_schema_index_of(fe_collection_schema(collection), id);
    if (index != NULL && index->state != FE_INDEX_READY) {
        status = run_build(collection, index, progress, context);
    }
    fe_collection_build_unlock(collection);
    return status;
}
