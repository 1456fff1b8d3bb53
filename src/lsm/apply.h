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
} fe_operations;

// Reads `count` operations from the front of *bytes and moves *bytes behind them. The entries'
// slices are lent by the bytes. Errors: as fe_batch_reader_next, FERRIC_NO_MEMORY.
ferric_status fe_operations_read(fe_operations *operations, ferric_slice *bytes, uint64_t count);
void fe_operations_deinit(fe_operations *operations);

// Inserts them all with one sequence number. REQUIRES: the memtable has room; the caller is its one
// writer.
void fe_operations_apply(const fe_operations *operations, uint64_t sequence, fe_memtable *memtable);

#endif
