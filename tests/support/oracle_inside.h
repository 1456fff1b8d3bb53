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
// A commit is begun before its call and ended with what that answered, or settled.
oracle_commit *oracle_begin_commit(oracle *o);
void oracle_add_effect(oracle_commit *commit, uint32_t keyspace, uint32_t key,
                       const ferric_slice *value);
void oracle_end_commit(oracle *o, oracle_commit *commit, const char *call, ferric_status status,
                       bool is_sync);
// A value that no other write has. The caller frees *memory with harness_free.
ferric_slice oracle_next_value(oracle *o, uint32_t key, uint32_t size, uint8_t **memory);
// One put or delete as a commit.
void oracle_write_one(oracle *o, const scenario_step *step, uint32_t key,
                      const ferric_write_options *options);
void oracle_settle(oracle *o, oracle_commit *commit, bool is_committed);
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

#endif
