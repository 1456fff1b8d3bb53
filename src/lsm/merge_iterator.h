// SPDX-License-Identifier: Apache-2.0
// Merges k iterators into one, in internal order, both ways. The child that gave the last entry is
// asked first, since runs of entries from one child are the common case, and costs one comparison
// while it wins.
//
// No two children have an entry with the same key and sequence.
#ifndef FERRIC_LSM_MERGE_ITERATOR_H
#define FERRIC_LSM_MERGE_ITERATOR_H

#include "lsm/iterator.h"

// Takes the children over, also on failure; `children` itself is copied. With one child that child
// is returned; with none the merge is empty. The first failing child makes the merge fail.
// Errors: FERRIC_NO_MEMORY.
ferric_status fe_merge_iterator_create(fe_iterator **children, size_t count,
                                       fe_iterator **iterator);

// What it has cost since the last call that entries came from several children, as so many bytes of
// a compaction that would have spared it (docs/decisions/0037). 0 for an iterator that is no merge.
uint64_t fe_merge_iterator_take_overlap(fe_iterator *iterator);

// For going from one child to another, and for each child beyond the first that a seek moves.
#define FE_OVERLAP_SWITCH_BYTES 64u
#define FE_OVERLAP_SEEK_BYTES 1024u

#endif
