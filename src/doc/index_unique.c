// SPDX-License-Identifier: Apache-2.0
// What keeps a unique index unique; see index_unique.h.
#include "doc/index_unique.h"

#include "base/buffer.h"
#include "base/seeded_bug.h"
#include "doc/stored_key.h"

// What a read of the key found: nobody, or the same document, or another one.
static ferric_status judge(const fe_index_change *change, ferric_status found,
                           const ferric_buffer *value)
{
    ferric_slice owner;
    ferric_status status;

    if (found == FERRIC_NOT_FOUND) return FERRIC_OK;
    if (found != FERRIC_OK) return found;
    status = fe_index_entry_id(change->entry.key, fe_buffer_slice(value), &owner, NULL);
    if (status != FERRIC_OK || fe_slice_equal(owner, change->id)) return status;
    return fe_index_taken(change, owner);
}

ferric_status fe_index_require_unique(fe_store *store, fe_write_batch *batch,
                                      const fe_index_change *change, ferric_buffer *key,
                                      ferric_buffer *value)
{
    uint64_t version = 0;
    ferric_status status = fe_stored_key(change->index->id, change->entry.key, key);

    if (status != FERRIC_OK) return status;
    status = fe_store_get(store, fe_buffer_slice(key), FE_SEQUENCE_NEWEST, value, &version);
    status = judge(change, status, value);
    if (status != FERRIC_OK || FE_SEEDED_BUG(FE_BUG_UNIQUE_NOT_REQUIRED)) return status;
    return fe_write_batch_require(batch, change->index->id, change->entry.key, version, NULL);
}

ferric_status fe_index_txn_require_unique(fe_txn *txn, const fe_index_change *change,
                                          ferric_buffer *key, ferric_buffer *value)
{
    ferric_status status = fe_stored_key(change->index->id, change->entry.key, key);

    if (status != FERRIC_OK) return status;
    status = fe_txn_get_for_update(txn, fe_buffer_slice(key), value, NULL);
    return judge(change, status, value);
}
