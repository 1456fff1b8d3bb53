// SPDX-License-Identifier: Apache-2.0
// Puts a commit into a memtable: what a leader does after its log is written, and recovery after it
// was read.
#ifndef FERRIC_LSM_APPLY_H
#define FERRIC_LSM_APPLY_H

#include "lsm/memtable.h"
#include "lsm/write_batch.h"

// Decoded operations of one commit, reused from commit to commit. {0} is empty.
typedef struct fe_operations {
    fe_entry *entries;
    size_t count;
    size_t capacity;
    uint64_t cost_bytes; // What a memtable needs for them.
    size_t range_count;  // Of them, range deletes.
    fe_entry *covering;  // Scratch of apply: room for all of them.
    size_t covering_capacity;
    ferric_buffer upper; // Scratch of stage.
} fe_operations;

// Reads `count` operations from the front of *bytes and moves *bytes behind them. The entries'
// slices are lent by the bytes. Errors: as fe_batch_reader_next, FERRIC_NO_MEMORY.
ferric_status fe_operations_read(fe_operations *operations, ferric_slice *bytes, uint64_t count);
void fe_operations_deinit(fe_operations *operations);

// Stages the range deletes, and takes them back. REQUIRES: the caller is the memtable's one writer.
// Errors: FERRIC_NO_MEMORY.
ferric_status fe_operations_stage(fe_operations *operations, uint64_t sequence,
                                  fe_memtable *memtable);

// Begins to fetch what applying them will look at first.
void fe_operations_approach(const fe_operations *operations, const fe_memtable *memtable);

// Inserts all others with one sequence number, but those that a later range delete of the commit
// has deleted, and publishes what is staged. REQUIRES: the memtable has room; the caller is its one
// writer; the commit's range deletes are staged.
void fe_operations_apply(const fe_operations *operations, uint64_t sequence, fe_memtable *memtable);

#endif
