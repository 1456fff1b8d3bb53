// SPDX-License-Identifier: Apache-2.0
// Point reads: inside one epoch section a reader loads the view, then the newest published sequence
// number, looks, and copies or pins what it found.
//
// The order matters. A view that is loaded first and was replaced since has everything up to its
// replacement; the number that is loaded second may be newer than that, which makes the read one of
// an earlier moment within the call. The other way round, a newer view might already lack a version
// that the older number needs.
#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/lookup.h"
#include "lsm/store_state.h"

typedef enum lender_kind {
    LENDER_NONE = 0,
    LENDER_VIEW = 1,
    LENDER_BLOCK = 2,
    LENDER_VALUE = 3, // A buffer of its own, read from a value file.
} lender_kind;

static uint64_t readable_sequence(const fe_store *store, uint64_t sequence)
{
    if (sequence != FE_SEQUENCE_NEWEST) return sequence;
    return atomic_load_explicit(&store->published, memory_order_acquire);
}

// REQUIRES: inside a section. *view is valid in it.
static FE_ALWAYS_INLINE ferric_status find(fe_store *store, ferric_slice key, fe_moment at,
                                           fe_view **view, fe_found *found)
{
    uint64_t hash = fe_hash64(key.data, key.size);
    ferric_status status;

    *view = atomic_load_explicit(&store->view, memory_order_acquire);
    status = fe_view_find(*view, key, hash, readable_sequence(store, at.sequence), found);
    if (FE_SEEDED_BUG(FE_BUG_READ_ERROR_IS_ABSENCE) && status != FERRIC_OK) return FERRIC_NOT_FOUND;
    if (status != FERRIC_OK) return status;
    if (!found->is_found || !fe_store_is_live(store, &at, &found->entry)) return FERRIC_NOT_FOUND;
    return FERRIC_OK;
}

static fe_meta meta_of(const fe_found *found)
{
    fe_meta meta = {found->entry.sequence, fe_entry_expiry(&found->entry)};
    return meta;
}

static ferric_status copy_found(fe_store *store, const fe_found *found, ferric_buffer *value)
{
    ferric_slice content = fe_entry_content(&found->entry);

    if (!fe_entry_kind_points(found->entry.kind)) return fe_buffer_assign(value, content);
    return fe_value_files_read(store->value_files, content, value);
}

ferric_status fe_store_read(fe_store *store, ferric_slice key, fe_moment at, ferric_buffer *value,
                            fe_meta *meta)
{
    fe_view *view;
    fe_found found;
    ferric_status status = fe_store_check(store);

    if (status != FERRIC_OK) return status;
    fe_epoch_enter(store->epoch);
    status = find(store, key, at, &view, &found);
    if (status == FERRIC_OK && value != NULL) status = copy_found(store, &found, value);
    if (status == FERRIC_OK && meta != NULL) *meta = meta_of(&found);
    fe_epoch_leave(store->epoch);
    return status;
}

ferric_status fe_store_get(fe_store *store, ferric_slice key, uint64_t sequence,
                           ferric_buffer *value, uint64_t *version)
{
    fe_moment at = {sequence, 0};
    fe_meta meta;
    ferric_status status = fe_store_read(store, key, at, value, &meta);

    if (status == FERRIC_OK && version != NULL) *version = meta.version;
    return status;
}

// A large value is read into memory of its own, which counts as pinned.
static ferric_status pin_value(fe_store *store, const fe_found *found, fe_pin *pin)
{
    ferric_buffer *owner = fe_alloc_zero(1, sizeof *owner);
    ferric_status status;

    if (owner == NULL) return fe_no_memory("a pinned value", sizeof *owner);
    status = fe_value_files_read(store->value_files, fe_entry_content(&found->entry), owner);
    if (status != FERRIC_OK) {
        fe_buffer_deinit(owner);
        fe_free(owner);
        return status;
    }
    fe_block_cache_pin(store->blocks, owner->capacity);
    fe_store_ref(store);
    pin->store = store;
    pin->value = fe_buffer_slice(owner);
    pin->meta = meta_of(found);
    pin->owner = owner;
    pin->lender = LENDER_VALUE;
    return FERRIC_OK;
}

static void unpin_value(fe_store *store, ferric_buffer *owner)
{
    fe_block_cache_unpin(store->blocks, owner->capacity);
    fe_buffer_deinit(owner);
    fe_free(owner);
}

static ferric_status pin_found(fe_store *store, fe_view *view, const fe_found *found, fe_pin *pin)
{
    if (fe_entry_kind_points(found->entry.kind)) return pin_value(store, found, pin);
    fe_store_ref(store);
    pin->store = store;
    pin->value = fe_entry_content(&found->entry);
    pin->meta = meta_of(found);
    if (found->block != NULL) {
        fe_cached_block_ref(found->block);
        pin->owner = found->block;
        pin->lender = LENDER_BLOCK;
    } else {
        fe_view_ref(view);
        pin->owner = view;
        pin->lender = LENDER_VIEW;
    }
    return FERRIC_OK;
}

// When pinned blocks alone fill the limit, nothing can be evicted to make room for more.
static ferric_status check_pins(fe_store *store)
{
    if (FE_LIKELY(fe_block_cache_may_pin(store->blocks, store->options.memory_limit)))
        return FERRIC_OK;
    return fe_fail(FERRIC_MEMORY_LIMIT,
                   "pinned values hold %llu bytes, all of memory_limit: release some",
                   (unsigned long long)fe_block_cache_pinned_bytes(store->blocks));
}

ferric_status fe_store_get_pinned(fe_store *store, ferric_slice key, fe_moment at, fe_pin *pin)
{
    fe_view *view;
    fe_found found;
    ferric_status status = fe_store_check(store);

    memset(pin, 0, sizeof *pin);
    if (status == FERRIC_OK) status = check_pins(store);
    if (status != FERRIC_OK) return status;
    fe_epoch_enter(store->epoch);
    status = find(store, key, at, &view, &found);
    if (status == FERRIC_OK) status = pin_found(store, view, &found, pin);
    fe_epoch_leave(store->epoch);
    return status;
}

void fe_store_unpin(fe_pin *pin)
{
    fe_store *store = pin->store;

    if (pin->lender == LENDER_VIEW) fe_view_unref(pin->owner);
    if (pin->lender == LENDER_BLOCK) fe_cached_block_unref(pin->owner);
    if (pin->lender == LENDER_VALUE) unpin_value(store, pin->owner);
    memset(pin, 0, sizeof *pin);
    if (store != NULL) fe_store_unref(store);
}

// What has become of one of several lookups.
static ferric_status outcome_of(fe_store *store, fe_moment *at, const fe_lookup *lookup)
{
    const fe_found *found = &lookup->found;

    if (lookup->status != FERRIC_OK) return lookup->status;
    if (!found->is_found || !fe_store_is_live(store, at, &found->entry)) return FERRIC_NOT_FOUND;
    return FERRIC_OK;
}

// Looks up to FE_LOOKUP_WIDTH keys up together. Returns the first failure.
static ferric_status pin_some(fe_store *store, fe_view *view, fe_moment *at, size_t count,
                              const ferric_slice *keys, fe_pin *pins, ferric_status *statuses)
{
    fe_lookup lookups[FE_LOOKUP_WIDTH];
    ferric_status first_failure = FERRIC_OK;

    for (size_t i = 0; i < count; i++) {
        lookups[i].key = keys[i];
        lookups[i].hash = fe_hash64(keys[i].data, keys[i].size);
    }
    fe_view_find_many(view, at->sequence, lookups, count);
    for (size_t i = 0; i < count; i++) {
        statuses[i] = outcome_of(store, at, &lookups[i]);
        if (statuses[i] == FERRIC_NOT_FOUND) continue;
        if (statuses[i] == FERRIC_OK) {
            statuses[i] = pin_found(store, view, &lookups[i].found, &pins[i]);
        }
        if (first_failure == FERRIC_OK) first_failure = statuses[i];
    }
    return first_failure;
}

ferric_status fe_store_multi_get(fe_store *store, size_t count, const ferric_slice *keys,
                                 fe_moment at, fe_pin *pins, ferric_status *statuses)
{
    ferric_status first_failure = fe_store_check(store);
    fe_view *view;

    memset(pins, 0, count * sizeof *pins);
    if (first_failure == FERRIC_OK) first_failure = check_pins(store);
    if (first_failure != FERRIC_OK) {
        for (size_t i = 0; i < count; i++)
            statuses[i] = first_failure;
        return first_failure;
    }
    fe_epoch_enter(store->epoch);
    view = atomic_load_explicit(&store->view, memory_order_acquire);
    at.sequence = readable_sequence(store, at.sequence);
    for (size_t i = 0; i < count; i += FE_LOOKUP_WIDTH) {
        size_t some = count - i < FE_LOOKUP_WIDTH ? count - i : FE_LOOKUP_WIDTH;
        ferric_status status = pin_some(store, view, &at, some, keys + i, pins + i, statuses + i);
        if (first_failure == FERRIC_OK) first_failure = status;
    }
    fe_epoch_leave(store->epoch);
    return first_failure;
}

static_assert(FE_READ_MANY_MAX <= FE_LOOKUP_WIDTH, "they are looked up together");

// REQUIRES: inside a section.
static void read_together(fe_store *store, fe_read *reads, size_t count, fe_moment at)
{
    fe_view *view = atomic_load_explicit(&store->view, memory_order_acquire);
    fe_lookup lookups[FE_LOOKUP_WIDTH];

    at.sequence = readable_sequence(store, at.sequence);
    for (size_t i = 0; i < count; i++) {
        lookups[i].key = fe_buffer_slice(&reads[i].key);
        lookups[i].hash = fe_hash64(lookups[i].key.data, lookups[i].key.size);
    }
    fe_view_find_many(view, at.sequence, lookups, count);
    for (size_t i = 0; i < count; i++) {
        const fe_found *found = &lookups[i].found;
        reads[i].status = outcome_of(store, &at, &lookups[i]);
        if (reads[i].status != FERRIC_OK) continue;
        reads[i].status = copy_found(store, found, &reads[i].value);
        reads[i].meta = meta_of(found);
    }
}

void fe_store_read_many(fe_store *store, fe_read *reads, size_t count, fe_moment at)
{
    ferric_status status = fe_store_check(store);

    if (status == FERRIC_OK) {
        fe_epoch_enter(store->epoch);
        read_together(store, reads, count, at);
        fe_epoch_leave(store->epoch);
        return;
    }
    for (size_t i = 0; i < count; i++)
        reads[i].status = status;
}

ferric_status fe_store_snapshot(fe_store *store, fe_snapshot **snapshot)
{
    ferric_status status = fe_store_check(store);
    uint64_t early = FE_SEEDED_BUG(FE_BUG_SNAPSHOT_BEFORE_LOCK) ? fe_store_last_sequence(store) : 0;

    *snapshot = NULL;
    if (status != FERRIC_OK) return status;
    *snapshot = fe_alloc_zero(1, sizeof **snapshot);
    if (*snapshot == NULL) return fe_no_memory("a snapshot", sizeof **snapshot);
    fe_store_ref(store);
    // Flush and compaction copy the list under the same mutex, so what they drop afterwards is
    // hidden by something that this snapshot sees.
    fe_mutex_lock(&store->mutex);
    fe_snapshot_list_add(&store->snapshots, *snapshot,
                         early != 0 ? early : fe_store_last_sequence(store),
                         fe_engine_clock_now(&store->clock));
    fe_mutex_unlock(&store->mutex);
    return FERRIC_OK;
}

void fe_store_snapshot_release(fe_store *store, fe_snapshot *snapshot)
{
    if (snapshot == NULL) return;
    fe_mutex_lock(&store->mutex);
    fe_snapshot_list_remove(&store->snapshots, snapshot);
    fe_mutex_unlock(&store->mutex);
    fe_free(snapshot);
    fe_store_unref(store);
}

uint64_t fe_store_expired_up_to_locked(fe_store *store)
{
    const fe_snapshot *oldest = store->snapshots.oldest;

    fe_mutex_assert_held(&store->mutex);
    if (oldest == NULL || FE_SEEDED_BUG(FE_BUG_EXPIRED_UNDER_SNAPSHOT)) {
        return fe_engine_clock_now(&store->clock);
    }
    return oldest->time_ms;
}

uint64_t fe_store_now_ms(fe_store *store)
{
    return fe_engine_clock_now(&store->clock);
}

uint64_t fe_store_last_sequence(fe_store *store)
{
    return atomic_load_explicit(&store->published, memory_order_acquire);
}
