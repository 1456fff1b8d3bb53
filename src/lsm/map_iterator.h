// SPDX-License-Identifier: Apache-2.0
// An iterator through which another one's entries pass, one after another: a function looks at
// each, changes it or has it passed over. It goes forward only: first and next.
#ifndef FERRIC_LSM_MAP_ITERATOR_H
#define FERRIC_LSM_MAP_ITERATOR_H

#include "lsm/iterator.h"

// Called once for each entry of the input, in order. What it puts into *entry is shown, and stays
// until the next call. *is_hidden, false before, passes the entry over. A failure is shown as the
// iterator's status.
typedef ferric_status (*fe_map_function)(void *context, fe_entry *entry, bool *is_hidden);

// Takes `input` over, also on failure; `context` outlives the iterator. Another movement than first
// and next makes it fail with FERRIC_UNSUPPORTED. Errors: FERRIC_NO_MEMORY.
ferric_status fe_map_iterator_create(fe_iterator *input, fe_map_function function, void *context,
                                     fe_iterator **iterator);

// The movements of iterators that go forward only.
void fe_iterator_refuse(fe_iterator *iterator);
void fe_iterator_refuse_seek(fe_iterator *iterator, ferric_slice key, uint64_t sequence);

#endif
