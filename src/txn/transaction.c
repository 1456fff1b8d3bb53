// SPDX-License-Identifier: Apache-2.0
// Begin, read, write, commit, and the way back to savepoints.
#include "txn/transaction.h"

#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "txn/txn_state.h"

// ---- Life -----------------------------------------------------------------------------------

ferric_status fe_txn_begin(fe_store *store, const ferric_txn_options *options, fe_txn **txn)
{
    fe_txn *created = fe_alloc(sizeof *created);
    ferric_status status;

    *txn = NULL;
    if (created == NULL) return fe_no_memory("a transaction", sizeof *created);
    memset(created, 0, offsetof(fe_txn, writes) + offsetof(fe_write_set, room));
    status = fe_store_snapshot(store, &created->snapshot);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    fe_store_ref(store);
    created->store = store;
    atomic_init(&created->refs, 1);
    created->is_serializable = options->isolation == FERRIC_ISOLATION_SERIALIZABLE;
    created->sync = options->sync;
    created->sequence = created->snapshot->sequence;
    created->writes.random.state = created->sequence;
    *txn = created;
    return FERRIC_OK;
}

void fe_txn_unref(fe_txn *txn)
{
    if (atomic_fetch_sub_explicit(&txn->refs, 1, memory_order_acq_rel) != 1) return;
    fe_store_unref(txn->store);
    fe_free(txn);
}

// Gives back what only an active transaction needs.
static void end(fe_txn *txn, fe_txn_phase phase)
{
    atomic_store_explicit(&txn->phase, phase, memory_order_release);
    fe_store_snapshot_release(txn->store, txn->snapshot);
    txn->snapshot = NULL;
    fe_write_set_clear(&txn->writes);
    fe_read_set_deinit(&txn->reads);
    fe_store_let_go(txn->store, txn->held_bytes);
    txn->held_bytes = 0;
}

void fe_txn_destroy(fe_txn *txn)
{
    if (txn == NULL) return;
    if (txn->snapshot != NULL) end(txn, FE_TXN_ABORTED);
    fe_txn_unref(txn);
}

fe_store *fe_txn_store(const fe_txn *txn)
{
    return txn->store;
}

uint64_t fe_txn_sequence(const fe_txn *txn)
{
    return txn->sequence;
}

// ---- Calls ----------------------------------------------------------------------------------

static ferric_status has_ended(fe_txn_phase phase)
{
    static const char *const how[] = {
        [FE_TXN_COMMITTED] = "was committed",
        [FE_TXN_ABORTED] = "was aborted",
        [FE_TXN_CONFLICTED] = "ended in a conflict",
        [FE_TXN_FAILED] = "ended with a commit that failed",
        [FE_TXN_HANDED_OVER] = "was committed, with a callback that tells the outcome",
    };
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "the transaction %s: only ferric_txn_destroy is left, begin a new one",
                   how[phase]);
}

ferric_status fe_txn_enter(fe_txn *txn)
{
    fe_txn_phase phase;
    ferric_status status;

    if (atomic_exchange_explicit(&txn->is_busy, true, memory_order_acquire)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "another thread is inside a call on this transaction: it belongs to one "
                       "thread at a time");
    }
    phase = atomic_load_explicit(&txn->phase, memory_order_acquire);
    status = fe_store_check(txn->store);
    if (status == FERRIC_OK && phase != FE_TXN_ACTIVE) status = has_ended(phase);
    if (status != FERRIC_OK) fe_txn_leave(txn);
    return status;
}

void fe_txn_leave(fe_txn *txn)
{
    atomic_store_explicit(&txn->is_busy, false, memory_order_release);
}

// ---- Memory ---------------------------------------------------------------------------------

// Memory is counted in steps, so that transactions that stay below one do not meet at the counter.
#define HELD_STEP ((uint64_t)16 << 10)

// Before `more` bytes are added. What is taken back stays counted until the end.
static ferric_status hold(fe_txn *txn, uint64_t more)
{
    uint64_t bytes =
        txn->writes.memory_bytes + txn->reads.keys.capacity + txn->reads.ranges.capacity + more;
    uint64_t wanted = bytes / HELD_STEP * HELD_STEP;
    ferric_status status;

    if (wanted <= txn->held_bytes) return FERRIC_OK;
    status = fe_store_hold(txn->store, wanted - txn->held_bytes);
    if (status == FERRIC_OK) txn->held_bytes = wanted;
    return status;
}

// ---- Reading --------------------------------------------------------------------------------

ferric_status fe_txn_note_read(fe_txn *txn, ferric_slice lower, ferric_slice upper)
{
    uint64_t bytes_max = fe_store_commit_bytes_max(txn->store);
    ferric_status status = hold(txn, lower.size + upper.size);

    if (status == FERRIC_OK) status = fe_read_set_add(&txn->reads, lower, upper);
    if (status != FERRIC_OK || txn->reads.keys.size <= bytes_max) return status;
    status = fe_read_set_order(&txn->reads);
    if (status != FERRIC_OK || txn->reads.keys.size <= bytes_max) return status;
    return fe_fail(FERRIC_TOO_LARGE,
                   "the transaction has read keys and ranges of %zu bytes: at most %llu are "
                   "allowed; read less, or raise memory_limit",
                   txn->reads.keys.size, (unsigned long long)bytes_max);
}

static ferric_status read_key(fe_txn *txn, ferric_slice key, ferric_buffer *value, fe_meta *meta)
{
    const fe_write *own = fe_write_set_find(&txn->writes, key);
    fe_moment at = fe_moment_of(txn->snapshot);
    fe_entry entry;

    if (own == NULL && txn->writes.range_count > 0 && fe_write_set_hides(&txn->writes, key) &&
        !FE_SEEDED_BUG(FE_BUG_OWN_RANGE_DELETE_UNSEEN)) {
        if (meta != NULL) *meta = (fe_meta){0};
        return FERRIC_NOT_FOUND;
    }
    if (own == NULL || FE_SEEDED_BUG(FE_BUG_OWN_WRITE_UNSEEN)) {
        if (FE_SEEDED_BUG(FE_BUG_TXN_READS_NEWEST)) at = fe_moment_newest();
        return fe_store_read(txn->store, key, at, value, meta);
    }
    entry = (fe_entry){.value = own->value, .kind = own->kind};
    if (meta != NULL) *meta = (fe_meta){0, fe_entry_expiry(&entry)};
    if (entry.kind == FE_ENTRY_DELETE) return FERRIC_NOT_FOUND;
    if (fe_entry_kind_expires(entry.kind) && fe_entry_expiry(&entry) <= at.time_ms) {
        return FERRIC_NOT_FOUND;
    }
    return value == NULL ? FERRIC_OK : fe_buffer_assign(value, fe_entry_content(&entry));
}

static ferric_status get(fe_txn *txn, ferric_slice key, bool is_noted, ferric_buffer *value,
                         fe_meta *meta)
{
    ferric_status noted = FERRIC_OK;
    ferric_status status = fe_txn_enter(txn);

    if (status != FERRIC_OK) return status;
    if (is_noted) noted = fe_txn_note_read(txn, key, fe_slice(NULL, 0));
    status = noted == FERRIC_OK ? read_key(txn, key, value, meta) : noted;
    fe_txn_leave(txn);
    return status;
}

ferric_status fe_txn_get(fe_txn *txn, ferric_slice key, ferric_buffer *value, fe_meta *meta)
{
    bool is_noted = txn->is_serializable && !FE_SEEDED_BUG(FE_BUG_READS_NOT_CHECKED);
    return get(txn, key, is_noted, value, meta);
}

ferric_status fe_txn_get_for_update(fe_txn *txn, ferric_slice key, ferric_buffer *value,
                                    fe_meta *meta)
{
    return get(txn, key, !FE_SEEDED_BUG(FE_BUG_FOR_UPDATE_IGNORED), value, meta);
}

// ---- Writing --------------------------------------------------------------------------------

static ferric_status check_room(fe_txn *txn, ferric_slice key, ferric_slice value)
{
    uint64_t bytes_max = fe_store_commit_bytes_max(txn->store);
    uint64_t bytes = (uint64_t)txn->writes.bytes + key.size + value.size;

    if (bytes <= bytes_max) return hold(txn, key.size + value.size);
    return fe_fail(FERRIC_TOO_LARGE,
                   "the transaction would have %llu bytes: with memory_limit %llu at most %llu are "
                   "allowed; split it or raise memory_limit",
                   (unsigned long long)bytes,
                   (unsigned long long)fe_store_options(txn->store)->memory_limit,
                   (unsigned long long)bytes_max);
}

static ferric_status add(fe_txn *txn, fe_entry_kind kind, ferric_slice key, ferric_slice value,
                         uint64_t expires_ms)
{
    ferric_status status = fe_txn_enter(txn);

    if (status != FERRIC_OK) return status;
    status = check_room(txn, key, value);
    if (status == FERRIC_OK) status = fe_write_set_add(&txn->writes, kind, key, value, expires_ms);
    fe_txn_leave(txn);
    return status;
}

ferric_status fe_txn_put(fe_txn *txn, ferric_slice key, ferric_slice value)
{
    return add(txn, FE_ENTRY_PUT, key, value, FE_EXPIRY_NEVER);
}

ferric_status fe_txn_put_expiring(fe_txn *txn, ferric_slice key, ferric_slice value,
                                  uint64_t expires_ms)
{
    fe_entry_kind kind = expires_ms == FE_EXPIRY_NEVER ? FE_ENTRY_PUT : FE_ENTRY_PUT_EXPIRING;
    return add(txn, kind, key, value, expires_ms);
}

ferric_status fe_txn_delete(fe_txn *txn, ferric_slice key)
{
    return add(txn, FE_ENTRY_DELETE, key, fe_slice(NULL, 0), FE_EXPIRY_NEVER);
}

ferric_status fe_txn_delete_range(fe_txn *txn, ferric_slice lower, ferric_slice upper)
{
    ferric_status status = fe_txn_enter(txn);

    if (status != FERRIC_OK) return status;
    status = check_room(txn, lower, upper);
    if (status == FERRIC_OK && txn->writes.range_count >= FE_RANGE_DELETES_MAX) {
        status = fe_fail(FERRIC_TOO_LARGE, "a transaction has at most %d range deletes: split it",
                         FE_RANGE_DELETES_MAX);
    }
    if (status == FERRIC_OK) status = fe_write_set_delete_range(&txn->writes, lower, upper);
    fe_txn_leave(txn);
    return status;
}

// ---- Commit ---------------------------------------------------------------------------------

static ferric_slice user_key(ferric_slice key)
{
    return fe_slice_from(key, FE_KEYSPACE_ID_SIZE);
}

// Before all others: what the transaction wrote into a range and then deleted has deletes of its
// own.
static ferric_status add_ranges(const fe_txn *txn, fe_write_batch *batch)
{
    const fe_write *range = fe_write_set_ranges(&txn->writes);
    ferric_status status = FERRIC_OK;

    for (; range != NULL && status == FERRIC_OK; range = range->older) {
        ferric_slice lower = fe_write_lower(range);
        // An upper key without anything behind its id is the end of the keyspace.
        status = fe_write_batch_delete_range(batch, fe_get_u32_ordered(lower.data), user_key(lower),
                                             user_key(fe_write_upper(range)), NULL);
    }
    return status;
}

static ferric_status add_writes(const fe_txn *txn, fe_write_batch *batch)
{
    const fe_written_key *at = txn->writes.first[0];
    ferric_status status = add_ranges(txn, batch);

    for (; at != NULL && status == FERRIC_OK; at = at->next[0]) {
        const uint8_t *bytes = fe_slice_bytes(at->key);
        fe_entry entry = {.value = at->newest->value, .kind = at->newest->kind};
        uint32_t keyspace = fe_get_u32_ordered(bytes);
        ferric_slice key = user_key(at->key);
        status = entry.kind == FE_ENTRY_DELETE
                     ? fe_write_batch_delete(batch, keyspace, key, NULL)
                     : fe_write_batch_put_expiring(batch, keyspace, key, fe_entry_content(&entry),
                                                   fe_entry_expiry(&entry), NULL, NULL);
    }
    return status;
}

// The keys written join those that were read: the set is not needed after.
static ferric_status note_writes(fe_txn *txn)
{
    const fe_written_key *at = txn->writes.first[0];
    const fe_write *range = fe_write_set_ranges(&txn->writes);
    ferric_status status = FERRIC_OK;

    if (FE_SEEDED_BUG(FE_BUG_WRITES_NOT_CHECKED)) return status;
    for (; range != NULL && status == FERRIC_OK; range = range->older)
        status = fe_read_set_add(&txn->reads, fe_write_lower(range), fe_write_upper(range));
    for (; at != NULL && status == FERRIC_OK; at = at->next[0])
        status = fe_read_set_add(&txn->reads, at->key, fe_slice(NULL, 0));
    return status;
}

static ferric_status note_scans(fe_txn *txn)
{
    ferric_status status = txn->lost_read;

    for (fe_txn_scan *scan = txn->scans; scan != NULL && status == FERRIC_OK; scan = scan->next)
        status = fe_txn_scan_note(scan);
    return status;
}

// Where nothing that was read counts, the keys written are all there is, and they are in order.
static ferric_status require_writes(const fe_txn *txn, fe_write_batch *batch)
{
    const fe_written_key *at = txn->writes.first[0];
    ferric_status status = FERRIC_OK;

    if (FE_SEEDED_BUG(FE_BUG_WRITES_NOT_CHECKED)) return status;
    for (; at != NULL && status == FERRIC_OK; at = at->next[0])
        status = fe_write_batch_require_unchanged(batch, at->key, fe_slice(NULL, 0));
    return status;
}

static ferric_status add_conditions(fe_txn *txn, fe_write_batch *batch)
{
    ferric_status status = note_scans(txn);

    batch->unchanged_since = txn->sequence;
    if (status == FERRIC_OK && txn->reads.count == 0 && txn->writes.range_count == 0) {
        return require_writes(txn, batch);
    }
    if (status == FERRIC_OK) status = note_writes(txn);
    if (status == FERRIC_OK) status = fe_read_set_order(&txn->reads);
    for (size_t i = 0; i < txn->reads.count && status == FERRIC_OK; i++) {
        ferric_slice lower;
        ferric_slice upper;
        fe_read_set_at(&txn->reads, i, &lower, &upper);
        status = fe_write_batch_require_unchanged(batch, lower, upper);
    }
    return status;
}

// What a batch is made for at once; large ones grow, and large values stand elsewhere.
#define RESERVE_BYTES_MAX ((size_t)4 << 10)

static size_t at_most(size_t bytes, size_t most)
{
    return bytes < most ? bytes : most;
}

static ferric_status fill_batch(fe_txn *txn, fe_write_batch *batch)
{
    const fe_write_set *writes = &txn->writes;
    size_t keys = at_most(writes->key_count, RESERVE_BYTES_MAX / sizeof(fe_unchanged_range));
    size_t bytes = writes->bytes + keys * FE_BATCH_PUT_OVERHEAD;
    ferric_status status = fe_write_batch_reserve(batch, at_most(bytes, RESERVE_BYTES_MAX), keys,
                                                  at_most(writes->bytes, RESERVE_BYTES_MAX));

    if (status == FERRIC_OK) status = add_writes(txn, batch);
    return status == FERRIC_OK ? add_conditions(txn, batch) : status;
}

static ferric_status write_all(fe_txn *txn, uint64_t *version)
{
    fe_write_batch batch = {0};
    ferric_status status = fill_batch(txn, &batch);

    if (status == FERRIC_OK) status = fe_store_write(txn->store, &batch, txn->sync, version);
    fe_write_batch_deinit(&batch);
    return status;
}

ferric_status fe_txn_commit(fe_txn *txn, uint64_t *version)
{
    ferric_status status = fe_txn_enter(txn);

    if (version != NULL) *version = 0;
    if (status != FERRIC_OK) return status;
    if (!fe_write_set_is_empty(&txn->writes)) status = write_all(txn, version);
    end(txn, status == FERRIC_OK         ? FE_TXN_COMMITTED
             : status == FERRIC_CONFLICT ? FE_TXN_CONFLICTED
                                         : FE_TXN_FAILED);
    fe_txn_leave(txn);
    return status;
}

// The commit holds the snapshot from then on: what its conditions ask for must still be seen when
// it has its turn, deletes included.
static ferric_status begin_async(fe_txn *txn, const fe_completion *completion,
                                 fe_async_write **write)
{
    ferric_status status =
        fe_async_begin(txn->store, completion, txn->writes.bytes + txn->reads.keys.size, write);

    if (status != FERRIC_OK || fe_write_set_is_empty(&txn->writes)) return status;
    status = fill_batch(txn, fe_async_batch(*write));
    if (status != FERRIC_OK) {
        fe_async_abandon(txn->store, *write);
        return status;
    }
    fe_async_hold(*write, txn->snapshot);
    txn->snapshot = NULL;
    return FERRIC_OK;
}

ferric_status fe_txn_commit_async(fe_txn *txn, const fe_completion *completion)
{
    fe_store *store = txn->store;
    fe_async_write *write;
    bool is_empty;
    ferric_status status = fe_txn_enter(txn);

    if (status != FERRIC_OK) return status;
    is_empty = fe_write_set_is_empty(&txn->writes);
    status = begin_async(txn, completion, &write);
    end(txn, status == FERRIC_OK ? FE_TXN_HANDED_OVER : FE_TXN_FAILED);
    fe_txn_leave(txn);
    // The callback may come at once, and destroy the transaction.
    if (status != FERRIC_OK) return status;
    if (is_empty) {
        fe_async_tell(store, write, FERRIC_OK, 0);
    } else {
        fe_store_write_async(store, write);
    }
    return FERRIC_OK;
}

ferric_status fe_txn_abort(fe_txn *txn)
{
    ferric_status status = fe_txn_enter(txn);

    if (status != FERRIC_OK) return status;
    end(txn, FE_TXN_ABORTED);
    fe_txn_leave(txn);
    return FERRIC_OK;
}

// ---- Savepoints -----------------------------------------------------------------------------

ferric_status fe_txn_savepoint(fe_txn *txn, uint64_t *savepoint)
{
    ferric_status status = fe_txn_enter(txn);

    if (status != FERRIC_OK) return status;
    *savepoint = fe_write_set_mark(&txn->writes);
    fe_txn_leave(txn);
    return FERRIC_OK;
}

ferric_status fe_txn_rollback_to(fe_txn *txn, uint64_t savepoint)
{
    ferric_status status = fe_txn_enter(txn);

    if (status != FERRIC_OK) return status;
    if (fe_write_set_roll_back(&txn->writes, savepoint)) {
        for (fe_txn_scan *scan = txn->scans; scan != NULL; scan = scan->next)
            scan->is_undone |= scan->mark > savepoint;
    } else {
        status = fe_fail(FERRIC_INVALID_ARGUMENT,
                         "the savepoint is not one of this transaction any more: it was rolled "
                         "back to an earlier one");
    }
    fe_txn_leave(txn);
    return status;
}
