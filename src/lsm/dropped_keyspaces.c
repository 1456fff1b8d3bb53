// SPDX-License-Identifier: Apache-2.0
// Keyspaces that were dropped since the database was opened. Whoever still has a handle of one, or
// a batch that was filled before, would write where nobody could ever read: so the leader of a
// group refuses it, in the order of commits. Handles do not outlive the open, so nothing of this is
// stored.
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/store_state.h"

// The first id that is not below `id`.
static size_t find(const fe_store *store, uint32_t id)
{
    size_t low = 0;
    size_t high = store->dropped_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (store->dropped[middle] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool has(const fe_store *store, uint32_t id)
{
    size_t at = find(store, id);
    return at < store->dropped_count && store->dropped[at] == id;
}

static ferric_status refuse(void)
{
    return fe_fail(
        FERRIC_DROPPED,
        "the keyspace of this handle was dropped: close the handle, and open one by name "
        "for a new keyspace");
}

ferric_status fe_store_check_keyspace(fe_store *store, uint32_t id)
{
    bool is_dropped;

    fe_mutex_lock(&store->dropped_mutex);
    is_dropped = has(store, id);
    fe_mutex_unlock(&store->dropped_mutex);
    return is_dropped ? refuse() : FERRIC_OK;
}

uint32_t fe_store_drop_generation(const fe_store *store)
{
    return atomic_load_explicit(&store->drop_generation, memory_order_acquire);
}

static ferric_status add(fe_store *store, uint32_t id)
{
    size_t at = find(store, id);

    if (store->dropped_count == store->dropped_capacity) {
        size_t capacity = store->dropped_capacity == 0 ? 16 : store->dropped_capacity * 2;
        uint32_t *grown = fe_realloc(store->dropped, capacity * sizeof *grown);
        if (grown == NULL) return fe_no_memory("dropped keyspaces", capacity * sizeof *grown);
        store->dropped = grown;
        store->dropped_capacity = capacity;
    }
    memmove(store->dropped + at + 1, store->dropped + at,
            (store->dropped_count - at) * sizeof *store->dropped);
    store->dropped[at] = id;
    store->dropped_count++;
    return FERRIC_OK;
}

// REQUIRES: the turn, which alone changes the list.
static ferric_status check_operations(const fe_store *store, const fe_write_batch *batch)
{
    fe_batch_reader reader = fe_batch_reader_of(fe_buffer_slice(&batch->operations));

    for (uint32_t i = 0; i < batch->count; i++) {
        fe_entry entry;
        ferric_status status = fe_batch_reader_next(&reader, &entry);
        if (status != FERRIC_OK) return status;
        if (has(store, fe_get_u32_ordered(entry.key.data))) return refuse();
    }
    return FERRIC_OK;
}

ferric_status fe_dropped_keyspaces_admit(fe_store *store, const fe_write_batch *batch)
{
    ferric_status status = FERRIC_OK;

    if (store->dropped_count > 0 && !FE_SEEDED_BUG(FE_BUG_DROPPED_KEYSPACE_WRITTEN))
        status = has(store, batch->rests_on) ? refuse() : check_operations(store, batch);
    if (status != FERRIC_OK || batch->drops_keyspace == 0) return status;
    fe_mutex_lock(&store->dropped_mutex);
    status = add(store, batch->drops_keyspace);
    fe_mutex_unlock(&store->dropped_mutex);
    return status;
}

void fe_dropped_keyspaces_undo(fe_store *store, const fe_write_batch *batch)
{
    size_t at = find(store, batch->drops_keyspace);

    if (batch->drops_keyspace == 0 || !has(store, batch->drops_keyspace)) return;
    fe_mutex_lock(&store->dropped_mutex);
    store->dropped_count--;
    memmove(store->dropped + at, store->dropped + at + 1,
            (store->dropped_count - at) * sizeof *store->dropped);
    fe_mutex_unlock(&store->dropped_mutex);
}

void fe_dropped_keyspaces_deinit(fe_store *store)
{
    fe_free(store->dropped);
    fe_mutex_deinit(&store->dropped_mutex);
}
