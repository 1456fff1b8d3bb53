// SPDX-License-Identifier: Apache-2.0
// Epoch reclamation: readers use shared objects without lock or reference count, and an object that
// was taken out of sight is freed only when no reader can still hold it.
// (K. Fraser, "Practical lock-freedom", 2004, section 5.2.3; own slot for each thread.)
//
// Invariants
// P1. Between enter and leave a thread's slot holds an epoch that is not newer than the one in
//     force when it entered; a full fence stands between that store and any load of a shared
//     pointer.
// P2. An object is retired after it was made unreachable, and stamped with the epoch then in force;
//     the epoch is then advanced.
// P3. An object is reclaimed when every slot is free or holds an epoch after its stamp.
// P4. Sections nest; the outermost one counts. They are short: no waiting for another writer
//     inside, though a block may be read from disk.
// P5. What a thread retires inside a section it tries to reclaim when it leaves; so memory that a
//     reader's cache misses displace does not wait for somebody to come by.
//
// Why P3 is enough: a reader whose slot the collector saw free stores its epoch later, so its loads
// come after both fences and find the object gone. One whose slot holds a later epoch read that
// from an advance which came after the object was unreachable.
//
// A thread without a number of its own (more than FE_THREAD_INDEX_COUNT threads) shares one slot
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
// Leaving the outermost section may reclaim (P5).
void fe_epoch_leave(fe_epoch *epoch);

// Hands over an object that no new reader can find. `reclaim` is called later, by a thread that is
// in fe_epoch_leave, fe_epoch_collect or fe_epoch_destroy, with no lock of the epoch held; it may
// retire other objects. Any thread, inside or outside of a section.
void fe_epoch_retire(fe_epoch *epoch, fe_retired *retired, void (*reclaim)(fe_retired *retired));

// Reclaims what can be; cheap when nothing waits. Inside a section of the calling thread it finds
// little.
void fe_epoch_collect(fe_epoch *epoch);

#endif
