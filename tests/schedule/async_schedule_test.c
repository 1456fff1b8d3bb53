// SPDX-License-Identifier: Apache-2.0
// Commits that nobody waits for, around a sync that is held: how many share the next one, when and
// in which order their callbacks come, what a failure tells, and what a close waits for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "schedule_kit.h"

#define FLIGHT 100u
#define SYNCS_MAX 10u

typedef struct outcome {
    uint32_t number; // Of the write.
    ferric_status status;
    uint64_t version;
    char message[FE_REQUEST_MESSAGE_SIZE];
} outcome;

// What was told, in the order in which it was told.
typedef struct outcomes {
    fe_mutex mutex;
    fe_cond changed;
    // Guarded by mutex.
    outcome told[FLIGHT + 2];
    uint32_t count;
    bool is_held; // The first callback waits.
} outcomes;

typedef struct ticket {
    outcomes *outcomes;
    uint32_t number;
} ticket;

static ticket tickets[FLIGHT + 2];

static void outcomes_init(outcomes *all)
{
    memset(all, 0, sizeof *all);
    fe_mutex_init(&all->mutex);
    fe_cond_init(&all->changed);
}

static void outcomes_deinit(outcomes *all)
{
    fe_cond_deinit(&all->changed);
    fe_mutex_deinit(&all->mutex);
}

static void note(void *context, ferric_status status, uint64_t version)
{
    const ticket *mine = context;
    outcomes *all = mine->outcomes;
    outcome *told;

    fe_mutex_lock(&all->mutex);
    told = &all->told[all->count++];
    told->number = mine->number;
    told->status = status;
    told->version = version;
    strncpy(told->message, ferric_error_message(), sizeof told->message - 1);
    fe_cond_broadcast(&all->changed);
    while (all->is_held)
        fe_cond_wait(&all->changed, &all->mutex);
    fe_mutex_unlock(&all->mutex);
}

static void await_told(outcomes *all, uint32_t count)
{
    fe_mutex_lock(&all->mutex);
    while (all->count < count)
        fe_cond_wait(&all->changed, &all->mutex);
    fe_mutex_unlock(&all->mutex);
}

static uint32_t told_so_far(outcomes *all)
{
    uint32_t count;
    fe_mutex_lock(&all->mutex);
    count = all->count;
    fe_mutex_unlock(&all->mutex);
    return count;
}

// Posts a put of "async" to key `number`; `if_absent` with that condition.
static void post(schedule *s, outcomes *all, uint32_t number, bool if_absent)
{
    fe_completion completion = {note, &tickets[number], FERRIC_OPERATION_PUT};
    uint8_t bytes[32];
    ferric_slice key = fe_slice_from(schedule_key(number, bytes), FE_KEYSPACE_ID_SIZE);
    uint32_t keyspace = fe_get_u32_ordered(bytes);
    fe_async_write *write;

    tickets[number] = (ticket){all, number};
    assert_int_equal(fe_async_begin(s->store, &completion, key.size, &write), FERRIC_OK);
    assert_int_equal(
        fe_write_batch_put(fe_async_batch(write), keyspace, key, fe_slice_text("async"), NULL),
        FERRIC_OK);
    if (if_absent) {
        assert_int_equal(fe_write_batch_require(fe_async_batch(write), keyspace, key, 0, NULL),
                         FERRIC_OK);
    }
    fe_store_write_async(s->store, write);
}

// Posts the first and returns when its commit stands in the sync.
static void post_held(schedule *s, outcomes *all)
{
    gate_close(s->gates, GATE_LOG_SYNC);
    post(s, all, 0, false);
    gate_await(s->gates, GATE_LOG_SYNC);
}

static bool is_there(schedule *s, uint32_t number)
{
    uint8_t bytes[32];
    ferric_status status =
        fe_store_get(s->store, schedule_key(number, bytes), FE_SEQUENCE_NEWEST, NULL, NULL);

    assert_true(status == FERRIC_OK || status == FERRIC_NOT_FOUND);
    return status == FERRIC_OK;
}

// Told as committed, one behind the other, in the order of their numbers from `first` on.
static void expect_in_order(const outcomes *all, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        assert_int_equal(all->told[i].number, i);
        assert_int_equal(all->told[i].status, FERRIC_OK);
        if (i > 0) assert_true(all->told[i].version > all->told[i - 1].version);
    }
}

// ---- Tests ----------------------------------------------------------------------------------

static void test_a_hundred_in_flight_share_syncs_and_are_told_in_order(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 2);
    outcomes all;
    uint64_t syncs;

    (void)state;
    outcomes_init(&all);
    schedule_put(s, SCHEDULE_KEYS - 1, "first");
    syncs = gate_count(s->gates, GATE_LOG_SYNC);
    post_held(s, &all);
    for (uint32_t i = 1; i < FLIGHT; i++)
        post(s, &all, i, false);
    assert_int_equal(told_so_far(&all), 0);
    assert_false(is_there(s, 0));
    gate_pass(s->gates, GATE_LOG_SYNC);
    await_told(&all, FLIGHT);
    assert_true(gate_count(s->gates, GATE_LOG_SYNC) - syncs <= SYNCS_MAX);
    expect_in_order(&all, 0, FLIGHT);
    for (uint32_t i = 0; i < FLIGHT; i++)
        assert_true(is_there(s, i));
    schedule_destroy(s);
    outcomes_deinit(&all);
}

static void test_a_callback_means_durable_under_every_policy(void **state)
{
    static const ferric_fsync policies[] = {FERRIC_FSYNC_ALWAYS, FERRIC_FSYNC_PERIODIC,
                                            FERRIC_FSYNC_NEVER};

    (void)state;
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        schedule *s = schedule_create(policies[i], 2);
        outcomes all;

        outcomes_init(&all);
        schedule_put(s, SCHEDULE_KEYS - 1, "first");
        assert_int_equal(fe_store_sync(s->store), FERRIC_OK);
        post_held(s, &all);
        assert_int_equal(told_so_far(&all), 0);
        gate_pass(s->gates, GATE_LOG_SYNC);
        await_told(&all, 1);
        assert_true(atomic_load(&s->store->durable) >= all.told[0].version);
        schedule_destroy(s);
        outcomes_deinit(&all);
    }
}

static void test_a_failed_sync_is_told_to_all_it_was_for(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 2);
    outcomes all;

    (void)state;
    outcomes_init(&all);
    schedule_put(s, SCHEDULE_KEYS - 1, "first");
    post_held(s, &all);
    for (uint32_t i = 1; i < FLIGHT; i++)
        post(s, &all, i, false);
    gate_fail_next(s->gates, GATE_LOG_SYNC);
    gate_pass(s->gates, GATE_LOG_SYNC);
    await_told(&all, FLIGHT);
    expect_in_order(&all, 0, 1);
    for (uint32_t i = 1; i < FLIGHT; i++) {
        assert_int_equal(all.told[i].number, i);
        assert_int_equal(all.told[i].status, FERRIC_OUTCOME_UNKNOWN);
        assert_int_equal(all.told[i].version, 0);
        assert_non_null(strstr(all.told[i].message, "refused at gate"));
    }
    post(s, &all, FLIGHT, false);
    await_told(&all, FLIGHT + 1);
    assert_int_equal(all.told[FLIGHT].status, FERRIC_READ_ONLY);
    assert_int_not_equal(fe_store_close(s->store), FERRIC_OK);
    schedule_open(s);
    assert_true(is_there(s, 0));
    schedule_destroy(s);
    outcomes_deinit(&all);
}

static void test_posted_and_waiting_writers_keep_their_order(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 2);
    helper waiting = {0};
    helper flush = {0};
    outcomes all;

    (void)state;
    outcomes_init(&all);
    schedule_put(s, SCHEDULE_KEYS - 1, "first");
    post_held(s, &all);
    post(s, &all, 1, false);
    helper_start(&waiting, s, HELPER_PUT, 50, "waits");
    schedule_await_writers(s, 2);
    post(s, &all, 2, false);
    helper_start(&flush, s, HELPER_FLUSH, 0, NULL);
    schedule_await_writers(s, 4);
    post(s, &all, 3, false);
    post(s, &all, 4, false);
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&waiting), FERRIC_OK);
    assert_int_equal(helper_join(&flush), FERRIC_OK);
    await_told(&all, 5);
    expect_in_order(&all, 0, 5);
    assert_true(all.told[1].version < waiting.version);
    assert_true(waiting.version < all.told[2].version);
    schedule_destroy(s);
    outcomes_deinit(&all);
}

// One that waits leads a group with posted ones behind it, and with a condition that does not hold.
static void test_a_leader_that_waits_commits_for_posted_ones(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 2);
    helper leader = {0};
    helper next = {0};
    outcomes all;

    (void)state;
    outcomes_init(&all);
    schedule_put(s, SCHEDULE_KEYS - 1, "first");
    gate_close(s->gates, GATE_LOG_SYNC);
    helper_start(&leader, s, HELPER_PUT, 50, "leads");
    gate_await(s->gates, GATE_LOG_SYNC);
    helper_start(&next, s, HELPER_PUT, 1, "is there");
    schedule_await_writers(s, 1);
    post(s, &all, 0, false);
    post(s, &all, 1, true);
    post(s, &all, 2, false);
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    assert_int_equal(helper_join(&next), FERRIC_OK);
    await_told(&all, 3);
    assert_int_equal(all.told[0].number, 0);
    assert_int_equal(all.told[0].version, next.version + 1);
    assert_int_equal(all.told[1].number, 1);
    assert_int_equal(all.told[1].status, FERRIC_CONFLICT);
    assert_int_equal(all.told[2].number, 2);
    assert_int_equal(all.told[2].version, next.version + 2);
    schedule_destroy(s);
    outcomes_deinit(&all);
}

static bool is_closing(schedule *s)
{
    bool is_so;
    fe_mutex_lock(&s->store->async.mutex);
    is_so = s->store->async.is_closing;
    fe_mutex_unlock(&s->store->async.mutex);
    return is_so;
}

static void test_a_close_waits_for_every_callback(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 2);
    helper closer = {0};
    outcomes all;

    (void)state;
    outcomes_init(&all);
    schedule_put(s, SCHEDULE_KEYS - 1, "first");
    all.is_held = true;
    for (uint32_t i = 0; i < 5; i++)
        post(s, &all, i, false);
    await_told(&all, 1); // That callback waits.
    helper_start(&closer, s, HELPER_CLOSE, 0, NULL);
    while (!is_closing(s))
        fe_thread_yield();
    fe_mutex_lock(&all.mutex);
    all.is_held = false;
    fe_cond_broadcast(&all.changed);
    fe_mutex_unlock(&all.mutex);
    assert_int_equal(helper_join(&closer), FERRIC_OK);
    s->store = NULL;
    assert_int_equal(all.count, 5);
    expect_in_order(&all, 0, 5);
    schedule_open(s);
    for (uint32_t i = 0; i < 5; i++)
        assert_true(is_there(s, i));
    schedule_destroy(s);
    outcomes_deinit(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hundred_in_flight_share_syncs_and_are_told_in_order),
        cmocka_unit_test(test_a_callback_means_durable_under_every_policy),
        cmocka_unit_test(test_a_failed_sync_is_told_to_all_it_was_for),
        cmocka_unit_test(test_posted_and_waiting_writers_keep_their_order),
        cmocka_unit_test(test_a_leader_that_waits_commits_for_posted_ones),
        cmocka_unit_test(test_a_close_waits_for_every_callback),
    };
    return cmocka_run_group_tests_name("async_schedule", tests, NULL, NULL);
}
