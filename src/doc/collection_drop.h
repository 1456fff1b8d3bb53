// SPDX-License-Identifier: Apache-2.0
// The end of a collection: its name, its documents and its indexes go in one commit.
#ifndef FERRIC_DOC_COLLECTION_DROP_H
#define FERRIC_DOC_COLLECTION_DROP_H

#include "doc/collections.h"

// Drops the keyspace `name`, which may be a raw one too, in the time of one write. Whoever writes
// or builds an index meanwhile gets FERRIC_DROPPED. Errors: as ferric_keyspace_drop, whose name was
// checked.
ferric_status fe_collection_drop(fe_collections *collections, fe_store *store, const char *name);

#endif
