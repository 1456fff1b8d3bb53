// SPDX-License-Identifier: Apache-2.0
// Looking up what each document must have, then counting; see index_verify.h.
#include "doc/index_verify.h"

#include "base/buffer.h"
#include "base/coding.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/document.h"
#include "doc/index_entry.h"
#include "doc/range_walk.h"

typedef struct verify_run {
    fe_collection *collection;
    const fe_schema *schema;
    const fe_state *state;
    fe_arena arena;
    ferric_buffer key;
    ferric_buffer value;
    ferric_buffer literal;
    uint64_t expected[FE_SCHEMA_INDEXES_MAX];
} verify_run;

static fe_range whole_range; // Both ends open. Never written.
static const fe_index_ranges whole = {.ranges = &whole_range, .count = 1};

static bool is_ready(const verify_run *run, const fe_index *index)
{
    return fe_schema_serves(run->schema, index, run->state->at.sequence);
}

static ferric_status differs(const fe_index *index, ferric_slice id, const char *what)
{
    return fe_fail(FERRIC_CORRUPT,
                   "index \"%s\" %s document \"%.*s\": drop the index and create it again",
                   index->name, what, id.size > 200 ? 200 : (int)id.size, (const char *)id.data);
}

static ferric_status check_entry(verify_run *run, const fe_index *index,
                                 const fe_index_entry *entry, ferric_slice id)
{
    uint8_t keyspace[FE_KEYSPACE_ID_SIZE];
    ferric_status status;

    fe_put_u32_ordered(keyspace, index->id);
    fe_buffer_clear(&run->key);
    status = fe_buffer_append(&run->key, keyspace, sizeof keyspace);
    if (status == FERRIC_OK) {
        status = fe_buffer_append(&run->key, entry->key.data, entry->key.size);
    }
    if (status != FERRIC_OK) return status;
    status = fe_state_get(run->state, fe_buffer_slice(&run->key), &run->value, NULL);
    if (status == FERRIC_NOT_FOUND) return differs(index, id, "lacks an entry of");
    if (status != FERRIC_OK) return status;
    return fe_slice_equal(fe_buffer_slice(&run->value), entry->value)
               ? FERRIC_OK
               : differs(index, id, "has a wrong entry for");
}

static ferric_status check_document(verify_run *run, const fe_entry *entry)
{
    fe_indexed_document document = {.id = fe_user_key(entry)};
    ferric_status status;

    fe_buffer_clear(&run->literal);
    fe_arena_clear(&run->arena);
    status = fe_document_text(entry->value, &document.doc.text);
    if (status == FERRIC_OK) status = fe_json_quote(document.id, &run->literal);
    document.doc.id = fe_buffer_slice(&run->literal);
    for (size_t i = 0; i < run->schema->index_count && status == FERRIC_OK; i++) {
        const fe_index *index = &run->schema->indexes[i];
        fe_index_entries entries;
        if (!is_ready(run, index)) continue;
        status = fe_index_entries_make(run->schema, index, &document, &run->arena, &entries);
        run->expected[i] += status == FERRIC_OK ? entries.count : 0;
        for (size_t e = 0; status == FERRIC_OK && e < entries.count; e++)
            status = check_entry(run, index, &entries.list[e], document.id);
    }
    return status;
}

static ferric_status check_documents(verify_run *run)
{
    fe_range_walk walk;
    const fe_entry *entry;
    ferric_status status;

    fe_range_walk_init(&walk, run->state, run->collection->id, &whole, false);
    while ((entry = fe_range_walk_next(&walk, &status)) != NULL) {
        status = check_document(run, entry);
        if (status != FERRIC_OK) break;
    }
    fe_range_walk_deinit(&walk);
    return status;
}

// All that documents must have is there: so one more is one too many.
static ferric_status check_counts(verify_run *run, uint64_t *entries)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < run->schema->index_count && status == FERRIC_OK; i++) {
        const fe_index *index = &run->schema->indexes[i];
        uint64_t count;
        bool is_complete;
        if (!is_ready(run, index)) continue;
        status = fe_ranges_count(run->state, index->id, &whole, UINT64_MAX, &count, &is_complete);
        if (status != FERRIC_OK) break;
        *entries += count;
        if (count == run->expected[i]) continue;
        return fe_fail(FERRIC_CORRUPT,
                       "index \"%s\" has %llu entries, and its documents have %llu: drop it and "
                       "create it again",
                       index->name, (unsigned long long)count,
                       (unsigned long long)run->expected[i]);
    }
    return status;
}

ferric_status fe_index_verify(fe_collection *collection, const fe_state *state, uint64_t *entries)
{
    verify_run run = {
        .collection = collection, .schema = fe_collection_schema(collection), .state = state};
    ferric_status status;

    fe_arena_init(&run.arena);
    status = check_documents(&run);
    if (status == FERRIC_OK) status = check_counts(&run, entries);
    fe_arena_deinit(&run.arena);
    fe_buffer_deinit(&run.key);
    fe_buffer_deinit(&run.value);
    fe_buffer_deinit(&run.literal);
    return status;
}
