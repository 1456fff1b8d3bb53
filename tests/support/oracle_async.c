// SPDX-License-Identifier: Apache-2.0
// Asynchronous writes in the oracle: without threads their callbacks come inside the calls, so each
// is a commit that is durable when its call returns.
#include "support/oracle_inside.h"

typedef struct told {
    uint32_t count;
    ferric_status status;
    uint64_t version;
} told;

static void note(void *context, ferric_status status, uint64_t version)
{
    told *here = context;

    here->count++;
    here->status = status;
    here->version = version;
}

// What the write came to: the callback's answer, or the call's when there is no callback.
static ferric_status outcome(oracle *o, const told *here, ferric_status status, uint64_t *version)
{
    *version = here->version;
    if (here->count != (status == FERRIC_OK ? 1u : 0u)) {
        oracle_fail(o, "an asynchronous write",
                    status == FERRIC_OK ? "it was not told once" : "refused, and told");
    }
    if (here->status != FERRIC_OK && here->version != 0) {
        oracle_fail(o, "an asynchronous write", "a version of nothing was told");
    }
    return status == FERRIC_OK ? here->status : status;
}

ferric_status oracle_write_async(oracle *o, const scenario_step *step, ferric_keyspace *keyspace,
                                 uint32_t key, ferric_slice value,
                                 const ferric_write_options *options, uint64_t *version)
{
    told here = {0};
    ferric_status status =
        step->verb == STEP_DELETE
            ? ferric_delete_async(o->db, keyspace, model_key(key), options, note, &here)
            : ferric_put_async(o->db, keyspace, model_key(key), value, options, note, &here);

    return outcome(o, &here, status, version);
}

ferric_status oracle_write_batch_async(oracle *o, const ferric_batch *batch,
                                       const ferric_write_options *options, uint64_t *version)
{
    told here = {0};
    ferric_status status = ferric_write_async(o->db, batch, options, note, &here);

    return outcome(o, &here, status, version);
}

ferric_status oracle_commit_txn_async(oracle *o, ferric_txn *txn, uint64_t *version)
{
    told here = {0};
    ferric_status status = ferric_txn_commit_async(txn, note, &here);

    return outcome(o, &here, status, version);
}
