// SPDX-License-Identifier: Apache-2.0
// Compares indexes with the documents they are of, in one state: every entry that a document must
// have is there, and there are no others.
#ifndef FERRIC_DOC_INDEX_VERIFY_H
#define FERRIC_DOC_INDEX_VERIFY_H

#include "doc/collections.h"
#include "doc/state.h"

// Adds the number of entries that were compared to *entries. Indexes that are not ready in the
// state are left out. Errors: FERRIC_CORRUPT: the message names index and document; those of reads.
ferric_status fe_index_verify(fe_collection *collection, const fe_state *state, uint64_t *entries);

#endif
