// SPDX-License-Identifier: Apache-2.0
// Writes that nobody waits for; see async.h.
#include "lsm/async.h"

#include <assert.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/store_state.h"

// ---- Callbacks under way --------------------------------------------------------------------

// The stores whose callbacks this thread is inside of, the innermost first: a callback may write to
// another database that calls at once.
typedef struct delivery {
    const fe_store *store;
    const struct delivery *around;
} delivery;

static _Thread_local const delivery *delivering;

bool fe_async_is_in_callback(const fe_store *store)
{
    const delivery *each = delivering;

    while (each != NULL && each->store != store)
        each = each->around;
    return each != NULL;
}

// ---- Life -----------------------------------------------------------------------------------

void fe_async_init(fe_async *async)
{
    fe_mutex_init(&async->mutex);
    fe_cond_init(&async->changed);
}

void fe_async_deinit(fe_async *async)
{
    assert(async->in_flight == 0 && async->first_done == NULL);
    fe_cond_deinit(&async->changed);
    fe_mutex_deinit(&async->mutex);
}

static void release(fe_store *store, fe_async_write *write)
{
    fe_write_batch_deinit(&write->batch);
    fe_store_snapshot_release(store, write->held);
    write->held = NULL;
}

static void append_done_locked(fe_async *async, fe_async_write *write)
{
    fe_mutex_assert_held(&async->mutex);
    write->next = NULL;
    if (FE_SEEDED_BUG(FE_BUG_COMPLETION_OUT_OF_ORDER) && async->first_done != NULL) {
        write->next = async->first_done;
        async->first_done = write;
        return;
    }
    if (async->last_done != NULL) {
        async->last_done->next = write;
    } else {
        async->first_done = write;
    }
    async->last_done = write;
}

static fe_async_write *take_done_locked(fe_async *async)
{
    fe_async_write *write = async->first_done;

    fe_mutex_assert_held(&async->mutex);
    async->first_done = write->next;
    if (async->first_done == NULL) async->last_done = NULL;
    return write;
}

static void leave_locked(fe_async *async, uint64_t bytes)
{
    fe_mutex_assert_held(&async->mutex);
    async->in_flight--;
    async->bytes -= bytes;
    fe_cond_broadcast(&async->changed);
}

// ---- Telling --------------------------------------------------------------------------------

// Whether the status comes with a message.
static bool is_failure(ferric_status status)
{
    return status != FERRIC_OK && status != FERRIC_CONFLICT;
}

// Counted here and not where it began, since calls are counted in the lines of their own thread.
static void count(fe_store *store, const fe_async_write *write)
{
    fe_call call;

    if (write->completion.operation == FERRIC_OPERATION_COUNT) return;
    call = fe_statistics_begin(store->statistics, write->completion.operation);
    if (call.start != 0) call.start = write->started_ns;
    fe_statistics_end(store->statistics, write->completion.operation, call, write->status);
}

// Frees the write.
static void tell(fe_store *store, fe_async_write *write)
{
    const delivery mine = {store, delivering};

    release(store, write);
    count(store, write);
    if (is_failure(write->status)) fe_message_set(write->message);
    delivering = &mine;
    write->completion.callback(write->completion.context, write->status, write->version);
    delivering = mine.around;
    fe_free(write);
}

static void tell_all_locked(fe_store *store)
{
    fe_async *async = &store->async;

    async->is_delivering = true;
    while (async->first_done != NULL && !async->is_ended) {
        fe_async_write *write = take_done_locked(async);
        uint64_t bytes = write->bytes;
        fe_mutex_unlock(&async->mutex);
        tell(store, write);
        fe_mutex_lock(&async->mutex);
        leave_locked(async, bytes);
    }
    async->is_delivering = false;
}

static void run_callbacks(void *argument)
{
    fe_store *store = argument;
    fe_async *async = &store->async;

    fe_mutex_lock(&async->mutex);
    while (!async->is_ended) {
        if (async->first_done == NULL) {
            fe_cond_wait(&async->changed, &async->mutex);
        } else {
            tell_all_locked(store);
        }
    }
    fe_mutex_unlock(&async->mutex);
}

void fe_async_wake(fe_store *store)
{
    fe_async *async = &store->async;

    fe_mutex_lock(&async->mutex);
    if (store->options.background_threads > 0) {
        fe_cond_broadcast(&async->changed);
    } else if (!async->is_delivering) {
        // Otherwise whoever is at it, perhaps a callback's caller further up, goes on with these.
        tell_all_locked(store);
    }
    fe_mutex_unlock(&async->mutex);
}

// ---- Outcomes -------------------------------------------------------------------------------

static void set_outcome(fe_async_write *write, ferric_status status, uint64_t version,
                        const char *message)
{
    write->status = status;
    write->version = status == FERRIC_OK ? version : 0;
    if (is_failure(status)) snprintf(write->message, sizeof write->message, "%s", message);
}

bool fe_async_take_outcomes(fe_async *async, fe_write_group *group)
{
    fe_write_request **link = &group->first;
    bool has_any = false;

    for (fe_write_request *each = group->first; each != NULL && !has_any; each = each->next)
        has_any = each->async != NULL;
    if (!has_any) return false;
    fe_mutex_lock(&async->mutex);
    while (*link != NULL) {
        fe_write_request *each = *link;
        if (each->is_posted) {
            *link = each->next;
        } else {
            link = &each->next;
        }
        if (each->async == NULL) continue;
        set_outcome(each->async, each->status, each->sequence, each->message);
        append_done_locked(async, each->async);
    }
    fe_mutex_unlock(&async->mutex);
    return true;
}

void fe_async_tell(fe_store *store, fe_async_write *write, ferric_status status, uint64_t version)
{
    set_outcome(write, status, version, fe_message());
    fe_mutex_lock(&store->async.mutex);
    append_done_locked(&store->async, write);
    fe_mutex_unlock(&store->async.mutex);
    fe_async_wake(store);
}

// ---- Beginning ------------------------------------------------------------------------------

static void run_commits(void *argument)
{
    fe_store *store = argument;
    fe_write_group group;

    while (fe_write_queue_lead_posted(&store->queue, FE_GROUP_BYTES_MAX, &group)) {
        fe_store_lead(store, &group);
        fe_store_tell_jump(store);
    }
}

static ferric_status start_locked(fe_store *store)
{
    fe_async *async = &store->async;
    ferric_status status = FERRIC_OK;

    if (store->options.background_threads == 0 || async->callback_thread.is_started) {
        return FERRIC_OK;
    }
    // One that is left alone by a failure here waits for the next try, or for the end.
    if (!async->commit_thread.is_started) {
        status = fe_thread_start(&async->commit_thread, "ferric-commit", run_commits, store);
    }
    if (status == FERRIC_OK) {
        status = fe_thread_start(&async->callback_thread, "ferric-callback", run_callbacks, store);
    }
    return status;
}

// One that is larger than all may be goes when it is alone.
static bool is_full_locked(const fe_store *store, uint64_t bytes)
{
    const fe_async *async = &store->async;

    if (async->in_flight >= FERRIC_ASYNC_COUNT_MAX) return true;
    return async->bytes > 0 && async->bytes + bytes > store->sizes.async_bytes_max;
}

static void wait_for_room_locked(fe_store *store, uint64_t bytes)
{
    uint64_t before_ns;

    if (!is_full_locked(store, bytes) || fe_async_is_in_callback(store)) return; // A2
    before_ns = fe_vfs_monotonic_ns(store->vfs);
    fe_statistics_add(store->statistics, FE_COUNTER_STALLS, 1);
    while (is_full_locked(store, bytes))
        fe_cond_wait(&store->async.changed, &store->async.mutex);
    fe_statistics_add(store->statistics, FE_COUNTER_STALL_NS,
                      fe_vfs_monotonic_ns(store->vfs) - before_ns);
}

static ferric_status enter(fe_store *store, uint64_t bytes)
{
    fe_async *async = &store->async;
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&async->mutex);
    if (async->is_closing) {
        status = fe_fail(FERRIC_CLOSED, "%s is being closed", store->directory);
    }
    if (status == FERRIC_OK) status = start_locked(store);
    if (status == FERRIC_OK) {
        wait_for_room_locked(store, bytes);
        async->in_flight++;
        async->bytes += bytes;
    }
    fe_mutex_unlock(&async->mutex);
    return status;
}

ferric_status fe_async_begin(fe_store *store, const fe_completion *completion, uint64_t user_bytes,
                             fe_async_write **write)
{
    fe_async_write *begun = fe_alloc_zero(1, sizeof *begun);
    ferric_status status;

    *write = NULL;
    if (begun == NULL) return fe_no_memory("an asynchronous write", sizeof *begun);
    begun->completion = *completion;
    begun->bytes = sizeof *begun + user_bytes;
    begun->started_ns = fe_vfs_monotonic_ns(store->vfs);
    status = enter(store, begun->bytes);
    if (status != FERRIC_OK) {
        fe_free(begun);
        return status;
    }
    *write = begun;
    return FERRIC_OK;
}

fe_write_batch *fe_async_batch(fe_async_write *write)
{
    return &write->batch;
}

void fe_async_hold(fe_async_write *write, fe_snapshot *snapshot)
{
    write->held = snapshot;
}

void fe_async_abandon(fe_store *store, fe_async_write *write)
{
    uint64_t bytes = write->bytes;

    release(store, write);
    fe_free(write);
    fe_mutex_lock(&store->async.mutex);
    leave_locked(&store->async, bytes);
    fe_mutex_unlock(&store->async.mutex);
}

// ---- The end --------------------------------------------------------------------------------

void fe_async_stop(fe_store *store)
{
    fe_async *async = &store->async;

    fe_mutex_lock(&async->mutex);
    async->is_closing = true;
    while (async->in_flight > 0 && !FE_SEEDED_BUG(FE_BUG_CLOSE_FORGETS_PENDING))
        fe_cond_wait(&async->changed, &async->mutex);
    async->is_ended = true;
    fe_cond_broadcast(&async->changed);
    fe_mutex_unlock(&async->mutex);
    fe_write_queue_end_posts(&store->queue);
    fe_thread_join(&async->commit_thread);
    fe_thread_join(&async->callback_thread);
}

uint64_t fe_async_bytes(fe_async *async)
{
    uint64_t bytes;

    fe_mutex_lock(&async->mutex);
    bytes = async->bytes;
    fe_mutex_unlock(&async->mutex);
    return bytes;
}
