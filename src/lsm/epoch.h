// SPDX-License-Identifier: Apache-2.0
// Epoch reclamation: readers use shared objects without lock or reference count, and an object that
// was taken out of sight is freed only when no reader can still hold it.
// (K. Fraser, "Practical lock-freedom", 2004, section 5.2.3; own slot for each thread.)
//
// Invariants
// P1. Between enter and leave a thread's slot holds an epoch that is not newer than the one in
//     force when
//     it entered; the store is sequentially consistent and comes before any load of a shared
//     pointer.
// P2. An object is retired after it was made unreachable, and stamped with the epoch then in force;
//     the epoch is then advanced.
// P3. An object is reclaimed when every slot is free or holds an epoch after its stamp.
// P4. Sections nest; the outermost one counts. They are short: no waiting for another writer
//     inside,
//     though a block may be read from disk.
//
// A thread without an index of its own (more than FE_THREAD_INDEX_COUNT threads) shares one slot
// under a mutex that counts its users.
#ifndef FERRIC_LSM_EPOCH_H
#define FERRIC_LSM_EPOCH_H

#include <stdatomic.h>

#include "os/thread.h"

typedef struct fe_epoch fe_epoch;

// Stands inside each object that can be retired; so retiring allocates nothing.
typedef struct fe_retired {
    struct fe_retired *next;
    uint64_t epoch;
    void (*reclaim)(struct fe_retired *retired);
} fe_retired;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_epoch_create(fe_epoch **epoch);
// Reclaims everything. No reader is left. Accepts NULL.
void fe_epoch_destroy(fe_epoch *epoch);

void fe_epoch_enter(fe_epoch *epoch);
void fe_epoch_leave(fe_epoch *epoch);

// Hands over an object that no new reader can find. `reclaim` is called later, by a thread that is
// in fe_epoch_collect or fe_epoch_destroy, with no lock of the epoch held.
void fe_epoch_retire(fe_epoch *epoch, fe_retired *retired, void (*reclaim)(fe_retired *retired));

// Reclaims what can be; cheap when nothing waits. REQUIRES: the calling thread is outside of any
// section.
void fe_epoch_collect(fe_epoch *epoch);

#endif
