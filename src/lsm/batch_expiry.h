// SPDX-License-Identifier: Apache-2.0
// Expiries of a batch that become known only when it is written, and again each time that it is.
#ifndef FERRIC_LSM_BATCH_EXPIRY_H
#define FERRIC_LSM_BATCH_EXPIRY_H

#include "lsm/write_batch.h"

// Stands in the place of an expiry until fe_batch_stamp.
#define FE_BATCH_EXPIRY_LATER 1

// The lifetime of one put.
typedef struct fe_batch_ttl {
    uint32_t operation; // Its number in the batch.
    uint64_t ttl_ms;    // 0: it stays, and is not given another.
} fe_batch_ttl;

// Lets each of the puts expire so long after `now_ms`. REQUIRES: `ttls` are in order of operations;
// those with a ttl were put with an expiry.
void fe_batch_stamp(fe_write_batch *batch, const fe_batch_ttl *ttls, size_t count, uint64_t now_ms);

// Gives all puts of `keyspace` that neither have an expiry nor stand in `ttls` (an array of
// fe_batch_ttl) this ttl, and a line there. Errors: FERRIC_NO_MEMORY: nothing changed.
ferric_status fe_batch_give_ttl(fe_write_batch *batch, uint32_t keyspace, uint64_t ttl_ms,
                                ferric_buffer *ttls);

#endif
