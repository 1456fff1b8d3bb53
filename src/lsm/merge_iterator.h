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

#endif
