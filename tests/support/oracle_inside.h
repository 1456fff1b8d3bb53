// SPDX-License-Identifier: Apache-2.0
// What the two halves of the oracle share.
#ifndef FERRIC_SUPPORT_ORACLE_INSIDE_H
#define FERRIC_SUPPORT_ORACLE_INSIDE_H

#include "support/oracle.h"

void oracle_fail(oracle *o, const char *what, const char *detail);
bool oracle_accept(oracle *o, const char *call, ferric_status status);
// From now on all that is committed must survive a power loss.
void oracle_mark_durable(oracle *o);
void oracle_mark_durable_at(oracle *o, size_t point);
// A new commit at the end of the history, zeroed.
oracle_commit *oracle_add_commit(oracle *o);
void oracle_apply_commit(model_table *table, const oracle_commit *commit);
// What a commit that is not in the state may have left all the same: the keyspace of its first
// write, an index that is not ready. One that was refused may also have done its whole work.
void oracle_touch(model_table *table, const oracle_commit *commit);
// A commit is begun before its call and ended with what that answered, or settled.
oracle_commit *oracle_begin_commit(oracle *o);
oracle_effect *oracle_add_effect(oracle_commit *commit, oracle_effect_kind kind, uint32_t keyspace,
                                 uint32_t key);
void oracle_add_put(const oracle *o, oracle_commit *commit, uint32_t keyspace, uint32_t key,
                    ferric_slice value, ferric_lifetime lifetime);
void oracle_end_commit(oracle *o, oracle_commit *commit, const char *call, ferric_status status,
                       bool is_sync);
// A value that no other write has, and oracle_add_put the effect of writing the last one. The
// caller frees *memory with harness_free.
ferric_slice oracle_next_value(oracle *o, uint32_t key, uint32_t size, uint8_t **memory);
// One put or delete as a commit.
void oracle_write_one(oracle *o, const scenario_step *step, uint32_t key,
                      const ferric_write_options *options);
void oracle_settle(oracle *o, oracle_commit *commit, bool is_committed);
// What is known of a key: whether it is there, when it is not between the bounds of time.
typedef enum oracle_sight {
    SIGHT_ABSENT = 0,
    SIGHT_PRESENT = 1,
    SIGHT_EITHER = 2,
} oracle_sight;
oracle_sight oracle_see(const oracle *o, const model_entry *entry);
// The bounds of the engine's time now.
uint64_t oracle_low_ms(const oracle *o);
uint64_t oracle_high_ms(const oracle *o);
// The engine has looked at the clock: a snapshot was taken, or a key met that has an expiry.
void oracle_look(oracle *o);
// The lifetime that the step's puts have.
ferric_lifetime oracle_lifetime(const scenario_step *step);
// The default time to live that a step gives to its keyspace.
uint64_t oracle_default_ttl(const scenario_step *step);
// When what is written now with this lifetime expires, by the keyspace's default if need be.
void oracle_set_expiry(const oracle *o, model_entry *entry, uint32_t keyspace,
                       ferric_lifetime lifetime);
// Whether a large value reads as damaged because the kernel dropped its pages.
bool oracle_is_dropped_value(const oracle *o, ferric_status status);
// Opens handles that a drop or rename took. False when that was refused.
bool oracle_open_keyspaces(oracle *o);
// Opens database and keyspaces without looking inside.
bool oracle_open_handle(oracle *o);
// Reads the freshly opened database: settles an unknown outcome and compares.
bool oracle_resolve(oracle *o);

// ---- oracle_async.c -------------------------------------------------------------------------

// Each writes by the asynchronous call and returns what that came to.
ferric_status oracle_write_async(oracle *o, const scenario_step *step, ferric_keyspace *keyspace,
                                 uint32_t key, ferric_slice value,
                                 const ferric_write_options *options, uint64_t *version);
ferric_status oracle_write_batch_async(oracle *o, const ferric_batch *batch,
                                       const ferric_write_options *options, uint64_t *version);
ferric_status oracle_commit_txn_async(oracle *o, ferric_txn *txn, uint64_t *version);

// ---- oracle_txn.c ---------------------------------------------------------------------------

// A transaction of up to `repeat` writes, which reads, and takes some writes back.
void oracle_play_txn(oracle *o, const scenario_step *step);
// One whose key another commit writes before it: it must be a conflict.
void oracle_play_late_txn(oracle *o, const scenario_step *step);

// ---- oracle_lifetimes.c ---------------------------------------------------------------------

void oracle_play_expire(oracle *o, const scenario_step *step);
void oracle_play_persist(oracle *o, const scenario_step *step);
void oracle_play_touch(oracle *o, const scenario_step *step);
void oracle_play_ttl(oracle *o, const scenario_step *step);
void oracle_play_increment(oracle *o, const scenario_step *step);
void oracle_play_clock(oracle *o, const scenario_step *step);
void oracle_play_advance(oracle *o, const scenario_step *step);

// ---- oracle_keyspaces.c ---------------------------------------------------------------------

void oracle_play_range(oracle *o, const scenario_step *step);
// Puts, a range delete over them, puts again: in a batch or a transaction.
void oracle_play_range_batch(oracle *o, const scenario_step *step);
void oracle_play_range_txn(oracle *o, const scenario_step *step);
void oracle_play_drop(oracle *o, const scenario_step *step);
void oracle_play_rename(oracle *o, const scenario_step *step);

// ---- oracle_documents.c ---------------------------------------------------------------------

void oracle_play_documents(oracle *o, const scenario_step *step);
void oracle_play_document_batch(oracle *o, const scenario_step *step);
void oracle_play_document_txn(oracle *o, const scenario_step *step);
void oracle_play_remove(oracle *o, const scenario_step *step);
void oracle_play_index(oracle *o, const scenario_step *step);

#endif
