// SPDX-License-Identifier: Apache-2.0
// A reference count whose references come back to the thread that gives them up: the next one it
// takes costs a line of its own, where one number for all threads is a line that each of them has
// to fetch from the other.
//
// Invariants
// R1. `count` is the references in use and the spare ones that lie with threads, together. A spare
//     one may be taken only by who could take one anyway, so it keeps nobody from the end.
// R2. fe_spread_refs_gather takes the spare ones out, once, and leaves each line closed: from then
//     on whoever gives a reference up counts at once, and the last one is told.
// R3. Whoever gives a reference up touches nothing of this afterwards, unless it was the last.
#ifndef FERRIC_LSM_SPREAD_REFS_H
#define FERRIC_LSM_SPREAD_REFS_H

#include <stdatomic.h>

#include <ferric/ferric.h>

#include "base/compiler.h"

typedef struct fe_spread_line {
    _Alignas(FE_CACHE_LINE) _Atomic(int64_t) spare; // Below 0: closed.
} fe_spread_line;

typedef struct fe_spread_refs {
    fe_spread_line *lines; // One for each thread number; the last is of those that have none.
    // Written when a thread has no spare one, or too many.
    _Alignas(FE_CACHE_LINE) _Atomic(uint64_t) count;
} fe_spread_refs;

// One reference, the owner's. Errors: FERRIC_NO_MEMORY.
ferric_status fe_spread_refs_init(fe_spread_refs *refs);
void fe_spread_refs_deinit(fe_spread_refs *refs);

// REQUIRES: somebody has a reference meanwhile.
void fe_spread_refs_take(fe_spread_refs *refs);
// Returns whether it was the last one; never before fe_spread_refs_gather.
bool fe_spread_refs_give(fe_spread_refs *refs);
// Before the owner gives up its own. Once.
void fe_spread_refs_gather(fe_spread_refs *refs);

#endif
