// SPDX-License-Identifier: Apache-2.0
// Which call of a vfs fails, how, and whether only once or from then on.
//
// Calls are counted for each kind of fault on its own, over the calls that this kind can befall:
// call 7 of FAULT_RENAME is the seventh rename. A run without a fault counts them, and so says for
// which numbers a faulty run exists.
#ifndef FERRIC_SUPPORT_FAULT_PLAN_H
#define FERRIC_SUPPORT_FAULT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

// The calls of a vfs and of its files that can fail.
typedef enum fault_call {
    FAULT_CALL_OPEN = 0,
    FAULT_CALL_CREATE = 1, // open with FE_OPEN_CREATE
    FAULT_CALL_CREATE_LOG = 2,
    FAULT_CALL_STAT = 3,
    FAULT_CALL_RENAME = 4,
    FAULT_CALL_LINK = 5,
    FAULT_CALL_REMOVE = 6,
    FAULT_CALL_MAKE_DIRECTORY = 7,
    FAULT_CALL_REMOVE_DIRECTORY = 8,
    FAULT_CALL_LIST = 9,
    FAULT_CALL_SYNC_DIRECTORY = 10,
    FAULT_CALL_LOCK = 11,
    FAULT_CALL_FREE_SPACE = 12,
    FAULT_CALL_RANDOM = 13,
    FAULT_CALL_READ = 14,
    FAULT_CALL_WRITE = 15,
    FAULT_CALL_TRUNCATE = 16,
    FAULT_CALL_SYNC = 17,
    FAULT_CALL_SIZE = 18,
    FAULT_CALL_LOG_RESERVE = 19,
    FAULT_CALL_LOG_COMMIT = 20,
    FAULT_CALL_LOG_SYNC = 21,
    FAULT_CALL_LOG_TRIM = 22,
    FAULT_CALL_CREATE_RING = 23,
    FAULT_CALL_RING_PREPARE = 24,
    FAULT_CALL_COUNT = 25,
} fault_call;

typedef enum fault_kind {
    FAULT_NONE = 0,
    FAULT_IO = 1,          // Any call: FERRIC_IO, nothing done.
    FAULT_NO_SPACE = 2,    // Calls that take space: FERRIC_NO_SPACE, nothing done.
    FAULT_SHORT = 3,       // Writes: a part is written, then FERRIC_IO.
    FAULT_SHORT_SPACE = 4, // Writes that take space: a part is written, then FERRIC_NO_SPACE.
    FAULT_MANY_FILES = 5,  // Calls that need a descriptor: FERRIC_TOO_MANY_FILES.
    FAULT_SYNC_KEPT = 6,   // File and log syncs: FERRIC_IO; memory still shows the lost writes.
    FAULT_SYNC_LOST = 7,   // The same; the kernel has dropped the pages, reads show the old bytes.
    FAULT_SYNC_DIRECTORY = 8, // FERRIC_IO.
    FAULT_RENAME = 9,         // FERRIC_IO, nothing done.
    FAULT_REMOVE = 10,        // FERRIC_IO, nothing done.
    FAULT_FLIP = 11,          // Reads: one bit of what they return is wrong.
    FAULT_LATE = 12,          // Writes: all of it is written, then FERRIC_IO.
    FAULT_KIND_COUNT = 13,
} fault_kind;

typedef struct fault_plan {
    fault_kind kind;
    uint64_t call;      // From 1.
    bool is_persistent; // From that call on, until the plan is taken away.
} fault_plan;

const char *fault_kind_name(fault_kind kind);
bool fault_befalls(fault_kind kind, fault_call call);

#endif
