// SPDX-License-Identifier: Apache-2.0
// An fe_iterator over an array of entries that stands in internal order: the simplest child a merge
// can have, and the model that other iterators are compared with.
#ifndef FERRIC_LSM_ARRAY_ITERATOR_H
#define FERRIC_LSM_ARRAY_ITERATOR_H

#include "lsm/iterator.h"

// The entries are borrowed as long as the iterator lives. While *failing (which may be NULL) is not
// FERRIC_OK every move fails with that status. Fails the test when there is no memory.
fe_iterator *array_iterator_create(const fe_entry *entries, size_t count,
                                   const ferric_status *failing);

#endif
