// SPDX-License-Identifier: Apache-2.0
// Writing: what brings a batch to the leader of a group (commit.c), and its answer back.
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/store_state.h"

static ferric_status check_size(const fe_store *store, const fe_write_batch *batch)
{
    if (batch->cost_bytes > FE_COMMIT_COST_MAX) {
        return fe_fail(FERRIC_TOO_LARGE,
                       "the commit has %u operations, which would take %llu bytes of memory: at "
                       "most %llu are allowed; split it",
                       batch->count, (unsigned long long)batch->cost_bytes,
                       (unsigned long long)FE_COMMIT_COST_MAX);
    }
    if (batch->user_bytes <= store->sizes.commit_bytes_max) return FERRIC_OK;
    return fe_fail(FERRIC_TOO_LARGE,
                   "the commit has %llu bytes: with memory_limit %llu at most %llu are allowed; "
                   "split it or raise memory_limit",
                   (unsigned long long)batch->user_bytes,
                   (unsigned long long)store->options.memory_limit,
                   (unsigned long long)store->sizes.commit_bytes_max);
}

// Whatever refuses a batch before it is in the queue.
static ferric_status admit(fe_store *store, fe_write_batch *batch)
{
    ferric_status status = fe_store_check(store);

    if (status == FERRIC_OK && store->options.read_only &&
        !FE_SEEDED_BUG(FE_BUG_READ_ONLY_IGNORED)) {
        status = fe_fail(FERRIC_READ_ONLY, "%s is opened read-only", store->directory);
    }
    if (status == FERRIC_OK) status = check_size(store, batch);
    if (status == FERRIC_OK && batch->value_count > 0) {
        status = fe_write_batch_compress(batch, store->options.compression);
    }
    return status;
}

static bool is_empty(const fe_write_batch *batch)
{
    return batch->count == 0 && batch->condition_count == 0 && batch->range_count == 0;
}

// Waits for the turn, or until a leader has done it.
static void commit(fe_store *store, fe_write_request *request)
{
    fe_write_group group;

    if (fe_write_queue_join(&store->queue, request, FE_GROUP_BYTES_MAX, &group)) {
        fe_store_lead(store, &group);
    }
    fe_store_tell_jump(store);
}

// What the leader answered, for the thread that asked.
static ferric_status take_answer(const fe_write_request *request, uint64_t *version)
{
    if (request->status != FERRIC_OK && request->status != FERRIC_CONFLICT) {
        fe_message_set(request->message);
    }
    if (request->status == FERRIC_OK && version != NULL) *version = request->sequence;
    return request->status;
}

ferric_status fe_store_write(fe_store *store, fe_write_batch *batch, bool sync, uint64_t *version)
{
    fe_write_request request;
    ferric_status status = admit(store, batch);

    fe_write_request_init(&request, batch, sync);
    if (status != FERRIC_OK) return status;
    if (is_empty(batch)) return sync ? fe_store_sync(store) : FERRIC_OK;
    status = fe_conditions_look_ahead(store, batch, &request.looked_up_to);
    if (status != FERRIC_OK) return status;
    commit(store, &request);
    return take_answer(&request, version);
}

ferric_status fe_store_write_in_turn(fe_store *store, fe_write_batch *batch, fe_batch_filler fill,
                                     void *context, bool sync, uint64_t *version)
{
    fe_write_turn turn;
    ferric_status status = fe_store_check(store);

    if (status != FERRIC_OK) return status;
    fe_write_turn_take(&store->queue, &turn);
    status = fill(context);
    if (status == FERRIC_OK) status = admit(store, batch);
    if (status != FERRIC_OK) {
        fe_write_turn_end(&store->queue, &turn);
        return status;
    }
    fe_write_request_init(&turn.request, batch, sync);
    turn.request.looked_up_to = batch->unchanged_since;
    fe_store_lead(store, &turn.group);
    fe_store_tell_jump(store);
    return take_answer(&turn.request, version);
}

// Without threads. The request is not the one inside `write`, which whoever tells the outcome
// frees.
static void commit_here(fe_store *store, fe_async_write *write)
{
    fe_write_request request;

    fe_write_request_init(&request, &write->batch, write->request.sync);
    request.async = write;
    request.looked_up_to = write->request.looked_up_to;
    commit(store, &request);
}

void fe_store_write_async(fe_store *store, fe_async_write *write)
{
    fe_write_request *request = &write->request;
    ferric_status status = admit(store, &write->batch);

    if (status != FERRIC_OK || is_empty(&write->batch)) {
        fe_async_tell(store, write, status, 0);
        return;
    }
    fe_write_request_init(request, &write->batch, !FE_SEEDED_BUG(FE_BUG_CALLBACK_BEFORE_SYNC));
    request->async = write;
    request->is_posted = store->options.background_threads > 0;
    status = fe_conditions_look_ahead(store, &write->batch, &request->looked_up_to);
    if (status != FERRIC_OK) {
        fe_async_tell(store, write, status, 0);
    } else if (request->is_posted) {
        fe_write_queue_post(&store->queue, request);
    } else {
        commit_here(store, write);
    }
}

ferric_status fe_store_sync(fe_store *store)
{
    ferric_status status = fe_store_check(store);

    if (status == FERRIC_OK) status = fe_store_writable(store);
    if (status != FERRIC_OK || store->options.read_only) return status;
    return fe_log_chain_sync(store);
}
