// SPDX-License-Identifier: Apache-2.0
// Reading a range of documents for the sake of their index entries; see document_range.h.
#include "doc/document_range.h"

#include <assert.h>

#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/document.h"
#include "doc/range_walk.h"
#include "doc/stored_key.h"

static const uint8_t smallest = 0; // The first of all keys.

ferric_status fe_keyspace_bounds_init(fe_keyspace_bounds *bounds, uint32_t keyspace,
                                      ferric_slice lower, ferric_slice upper)
{
    ferric_status status;

    *bounds = (fe_keyspace_bounds){0};
    if (lower.size == 0) lower = fe_slice(&smallest, 1);
    status = fe_stored_key(keyspace, lower, &bounds->lower);
    if (status == FERRIC_OK) {
        status = fe_stored_key(upper.size == 0 ? keyspace + 1 : keyspace, upper, &bounds->upper);
    }
    if (status != FERRIC_OK) fe_keyspace_bounds_deinit(bounds);
    return status;
}

void fe_keyspace_bounds_deinit(fe_keyspace_bounds *bounds)
{
    fe_buffer_deinit(&bounds->lower);
    fe_buffer_deinit(&bounds->upper);
}

bool fe_document_range_is_whole(const fe_document_range *range)
{
    return range->upper.size == 0 && fe_slice_compare(range->lower, fe_slice(&smallest, 1)) <= 0;
}

// Whether the document stands in the list, which is ordered.
static bool is_written(const fe_document_writes *writes, ferric_slice id)
{
    size_t begin = 0;
    size_t end = writes == NULL ? 0 : writes->count;

    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        int order = fe_slice_compare(writes->list[middle].id, id);
        if (order == 0) return true;
        if (order < 0) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return false;
}

static ferric_status refuse_size(const fe_document_range *range, uint64_t bytes_max)
{
    return fe_fail(FERRIC_TOO_LARGE,
                   "the range has documents whose index entries are more than the %llu bytes of "
                   "one commit (collection %u): delete it in smaller ranges, or drop the indexes "
                   "first",
                   (unsigned long long)bytes_max, range->collection->id);
}

// What one document loses. *bytes grows by the keys of its entries.
static ferric_status add_document(const fe_entry *entry, uint64_t expires_ms,
                                  const fe_schema *schema, fe_index_changes *changes,
                                  uint64_t *bytes)
{
    fe_document_state before = {.expires_ms = expires_ms};
    fe_document_state after = {0};
    size_t first = changes->count;
    ferric_slice id;
    ferric_status status = fe_arena_copy(&changes->arena, fe_user_key(entry), &id);

    if (status == FERRIC_OK) status = fe_document_text(entry->value, &before.text);
    if (status == FERRIC_OK) status = fe_index_changes_add(changes, schema, id, before, after);
    for (size_t i = first; i < changes->count; i++)
        *bytes += fe_index_changes_at(changes, i)->entry.key.size;
    return status;
}

ferric_status fe_document_range_changes(const fe_state *state, const fe_schema *schema,
                                        const fe_document_range *range,
                                        const fe_document_writes *writes, uint64_t bytes_max,
                                        fe_index_changes *changes)
{
    fe_keyspace_bounds bounds;
    fe_state_walk walk = {0};
    const fe_entry *entry;
    uint64_t bytes = 0;
    ferric_status status;

    if (FE_SEEDED_BUG(FE_BUG_RANGE_LEAVES_ENTRIES)) return FERRIC_OK;
    status = fe_keyspace_bounds_init(&bounds, range->collection->id, range->lower, range->upper);
    if (status != FERRIC_OK) return status;
    status = fe_state_walk_init(&walk, state, fe_buffer_slice(&bounds.lower),
                                fe_buffer_slice(&bounds.upper), false);
    while (status == FERRIC_OK && (entry = fe_state_walk_next(&walk, &status)) != NULL) {
        if (is_written(writes, fe_user_key(entry))) continue;
        status = add_document(entry, fe_state_walk_expiry(&walk), schema, changes, &bytes);
        if (status == FERRIC_OK && bytes > bytes_max) status = refuse_size(range, bytes_max);
    }
    fe_state_walk_deinit(&walk);
    fe_keyspace_bounds_deinit(&bounds);
    return status;
}
