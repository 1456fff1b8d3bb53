// SPDX-License-Identifier: Apache-2.0
// The write queue under many threads: one leader at a time, every request answered once by the
// leader of its group, groups within their limits, order kept.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/random.h"
#include "base/status.h"
#include "lsm/write_queue.h"

#define THREADS 8
// On a busy machine each round costs each thread some turns of all that runs there.
#define ROUNDS 200
#define BYTES_MAX 200

static ferric_slice value_of(size_t size)
{
    static const char bytes[1024];
    return fe_slice(bytes, size);
}

static void batch_with(fe_write_batch *batch, size_t value_size)
{
    fe_write_batch_clear(batch);
    assert_int_equal(fe_write_batch_put(batch, 1, fe_slice_text("key"), value_of(value_size), NULL),
                     FERRIC_OK);
}

// ---- In order -----------------------------------------------------------------------------------

typedef struct waiter {
    fe_write_queue *queue;
    fe_thread thread;
    fe_write_batch batch;
    bool is_turn_only;
    bool sync;
    bool has_led;
    size_t group_size;
    uint64_t place; // Set by whoever led it.
    _Atomic(uint64_t) *next_place;
} waiter;

static void answer_group(fe_write_group *group, _Atomic(uint64_t) *next_place)
{
    for (fe_write_request *each = group->first; each != NULL; each = each->next) {
        each->status = FERRIC_OK;
        each->sequence = atomic_fetch_add(next_place, 1);
    }
}

static void wait_in_queue(void *argument)
{
    waiter *self = argument;
    fe_write_request request = {.batch = self->is_turn_only ? NULL : &self->batch,
                                .sync = self->sync};
    fe_write_group group;

    self->has_led = fe_write_queue_join(self->queue, &request, BYTES_MAX, &group);
    if (self->has_led) {
        self->group_size = group.count;
        answer_group(&group, self->next_place);
        fe_write_queue_finish(self->queue, &group);
    }
    self->place = request.sequence;
}

// Starts the waiter and returns when it stands in the queue, behind all before it.
static void queue_up(fe_write_queue *queue, waiter *self, _Atomic(uint64_t) *next_place,
                     size_t value_size, bool is_turn_only)
{
    size_t before = fe_write_queue_waiting(queue);

    self->queue = queue;
    self->next_place = next_place;
    self->is_turn_only = is_turn_only;
    batch_with(&self->batch, value_size);
    assert_int_equal(fe_thread_start(&self->thread, "waiter", wait_in_queue, self), FERRIC_OK);
    while (fe_write_queue_waiting(queue) == before)
        fe_thread_yield();
}

static void test_write_queue_forms_groups_in_order_within_limits(void **state)
{
    // Sizes of values: with BYTES_MAX 200 and 10 bytes or so around a value, the groups are
    // {0, 1}, {2}, {3: turn only}, {4, 5, 6}, {7: larger than the limit}.
    static const size_t sizes[] = {80, 80, 150, 0, 40, 40, 40, 500};
    static const bool leads[] = {true, false, true, true, true, false, false, true};
    static const size_t group_sizes[] = {2, 0, 1, 1, 3, 0, 0, 1};
    enum { WAITERS = 8 };
    waiter waiters[WAITERS] = {{0}};
    _Atomic(uint64_t) next_place = 1;
    fe_write_queue queue;
    fe_write_request mine = {0};
    fe_write_group group;

    (void)state;
    fe_write_queue_init(&queue);
    assert_true(fe_write_queue_join(&queue, &mine, BYTES_MAX, &group));
    assert_int_equal(group.count, 1);
    for (int i = 0; i < WAITERS; i++)
        queue_up(&queue, &waiters[i], &next_place, sizes[i], i == 3);
    fe_write_queue_gather(&queue, BYTES_MAX, &group); // A turn alone takes nobody along.
    assert_int_equal(group.count, 1);
    fe_write_queue_finish(&queue, &group);
    for (int i = 0; i < WAITERS; i++) {
        fe_thread_join(&waiters[i].thread);
        assert_int_equal(waiters[i].has_led, leads[i]);
        if (leads[i]) assert_int_equal(waiters[i].group_size, group_sizes[i]);
        fe_write_batch_deinit(&waiters[i].batch);
    }
    for (int i = 0; i < WAITERS; i++)
        assert_int_equal(waiters[i].place, i + 1);
    assert_int_equal(fe_write_queue_waiting(&queue), 0);
    fe_write_queue_deinit(&queue);
}

static void test_write_queue_gathers_who_came_late(void **state)
{
    enum { WAITERS = 4 };
    waiter waiters[WAITERS] = {{0}};
    _Atomic(uint64_t) next_place = 2;
    fe_write_queue queue;
    fe_write_batch batch = {0};
    fe_write_request mine = {.batch = &batch};
    fe_write_group group;

    (void)state;
    fe_write_queue_init(&queue);
    batch_with(&batch, 45);
    assert_true(fe_write_queue_join(&queue, &mine, BYTES_MAX, &group));
    for (int i = 0; i < WAITERS; i++)
        queue_up(&queue, &waiters[i], &next_place, 45, false);
    fe_write_queue_gather(&queue, BYTES_MAX, &group);
    assert_int_equal(group.count, 3); // Three times 55 bytes fit into 200, four do not.
    assert_int_equal(fe_write_queue_waiting(&queue), 2);
    mine.sequence = 1;
    for (fe_write_request *each = group.first->next; each != NULL; each = each->next)
        each->sequence = atomic_fetch_add(&next_place, 1);
    fe_write_queue_finish(&queue, &group);
    for (int i = 0; i < WAITERS; i++) {
        fe_thread_join(&waiters[i].thread);
        assert_int_equal(waiters[i].place, i + 2);
        assert_int_equal(waiters[i].has_led, i == 2);
        fe_write_batch_deinit(&waiters[i].batch);
    }
    fe_write_batch_deinit(&batch);
    fe_write_queue_deinit(&queue);
}

// A leader goes on for those who want no sync, in order, and hands the turn to the first other.
static void test_write_queue_leader_goes_on_for_others(void **state)
{
    enum { WAITERS = 6 };
    // With BYTES_MAX 200: {0, 1}, {2: behind it somebody wants a sync}, 3 leads itself {3}, then 4
    // has the turn alone, and 5 leads.
    static const size_t sizes[WAITERS] = {80, 80, 60, 40, 0, 40};
    static const size_t group_sizes[] = {2, 1};
    waiter waiters[WAITERS] = {{0}};
    _Atomic(uint64_t) next_place = 1;
    fe_write_queue queue;
    fe_write_request mine = {0};
    fe_write_group group;

    (void)state;
    fe_write_queue_init(&queue);
    assert_true(fe_write_queue_join(&queue, &mine, BYTES_MAX, &group));
    for (int i = 0; i < WAITERS; i++) {
        waiters[i].sync = i == 3;
        queue_up(&queue, &waiters[i], &next_place, sizes[i], i == 4);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_true(fe_write_queue_finish_or_go_on(&queue, BYTES_MAX, &group));
        assert_null(group.own);
        assert_int_equal(group.count, group_sizes[i]);
        answer_group(&group, &next_place);
    }
    assert_false(fe_write_queue_finish_or_go_on(&queue, BYTES_MAX, &group));
    for (int i = 0; i < WAITERS; i++) {
        fe_thread_join(&waiters[i].thread);
        assert_int_equal(waiters[i].place, i + 1);
        assert_int_equal(waiters[i].has_led, i >= 3);
        fe_write_batch_deinit(&waiters[i].batch);
    }
    fe_write_queue_deinit(&queue);
}

// ---- All at once --------------------------------------------------------------------------------

typedef struct arena {
    fe_write_queue queue;
    _Atomic(int) leaders;
    // Touched by whoever leads, without any other protection: ThreadSanitizer sees a second leader.
    uint64_t sequence;
    uint64_t groups;
    uint64_t largest_group;
    uint64_t failed_groups;
} arena;

typedef struct player {
    arena *all;
    fe_thread thread;
    uint64_t seed;
    int rounds;
    uint64_t answered;
    uint64_t further; // Groups for which it went on leading.
    uint64_t last_sequence;
    bool is_wrong;
} player;

static void check_limits(const fe_write_group *group, bool *is_wrong)
{
    size_t bytes = 0;
    size_t count = 0;

    for (const fe_write_request *each = group->first; each != NULL; each = each->next) {
        if (each->batch == NULL && group->count != 1) *is_wrong = true;
        if (each->batch != NULL) bytes += each->batch->operations.size;
        count++;
    }
    if (count != group->count || (count > 1 && bytes > BYTES_MAX)) *is_wrong = true;
}

// Every fifth group fails as a whole, with one message.
static void lead(player *self, fe_write_group *group)
{
    arena *all = self->all;
    bool fails;

    if (atomic_fetch_add(&all->leaders, 1) != 0) self->is_wrong = true;
    // As a commit would, it takes its time, so that others have to wait.
    for (int i = 0; i < 8 && fe_write_queue_waiting(&all->queue) < 2; i++)
        fe_thread_yield();
    if (all->groups % 3 == 0) fe_write_queue_gather(&all->queue, BYTES_MAX, group);
    check_limits(group, &self->is_wrong);
    all->groups++;
    fails = all->groups % 5 == 0;
    all->failed_groups += fails;
    if (group->count > all->largest_group) all->largest_group = group->count;
    for (fe_write_request *each = group->first; each != NULL; each = each->next) {
        each->sequence = ++all->sequence;
        each->status = fails ? FERRIC_NO_SPACE : FERRIC_OK;
        if (fails) snprintf(each->message, sizeof each->message, "group %u", (unsigned)all->groups);
    }
    if (atomic_fetch_sub(&all->leaders, 1) != 1) self->is_wrong = true;
}

// Leads for a group, and sometimes for others that follow.
static void lead_some(player *self, fe_random *random, fe_write_group *group)
{
    uint64_t further = fe_random_below(random, 4);

    for (lead(self, group); further > 0; further--) {
        if (!fe_write_queue_finish_or_go_on(&self->all->queue, BYTES_MAX, group)) return;
        self->further++;
        lead(self, group);
    }
    fe_write_queue_finish(&self->all->queue, group);
}

static void play(void *argument)
{
    player *self = argument;
    fe_random random = {self->seed};
    fe_write_batch batch = {0};

    for (int i = 0; i < self->rounds; i++) {
        fe_write_request request = {.status = FERRIC_CORRUPT}; // Must be overwritten.
        fe_write_group group;
        if (fe_random_below(&random, 20) != 0) {
            batch_with(&batch, fe_random_below(&random, 120));
            request.batch = &batch;
        }
        request.sync = fe_random_below(&random, 8) == 0;
        if (fe_write_queue_join(&self->all->queue, &request, BYTES_MAX, &group))
            lead_some(self, &random, &group);
        self->answered += request.status == FERRIC_OK || request.status == FERRIC_NO_SPACE;
        // A thread's own writes get growing numbers.
        if (request.sequence <= self->last_sequence) self->is_wrong = true;
        if ((request.status == FERRIC_NO_SPACE) != (request.message[0] == 'g')) {
            self->is_wrong = true;
        }
        self->last_sequence = request.sequence;
    }
    fe_write_batch_deinit(&batch);
}

static void test_write_queue_answers_everybody_once(void **state)
{
    arena *all = calloc(1, sizeof *all);
    player players[THREADS] = {{0}};
    uint64_t further = 0;
    const int rounds = ROUNDS;

    (void)state;
    fe_write_queue_init(&all->queue);
    for (int i = 0; i < THREADS; i++) {
        players[i] = (player){.all = all, .seed = (uint64_t)i + 1, .rounds = rounds};
        assert_int_equal(fe_thread_start(&players[i].thread, "player", play, &players[i]),
                         FERRIC_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        fe_thread_join(&players[i].thread);
        assert_int_equal(players[i].answered, rounds);
        assert_false(players[i].is_wrong);
        further += players[i].further;
    }
    assert_int_equal(all->sequence, (uint64_t)THREADS * (uint64_t)rounds);
    assert_true(further > 0);
    assert_true(all->failed_groups == all->groups / 5);
    assert_true(all->largest_group > 1); // Otherwise nothing was tried.
    fe_write_queue_deinit(&all->queue);
    free(all);
}

// Requests live on their callers' stacks: as soon as one is done its memory is something else.
static void play_with_short_lives(void *argument)
{
    player *self = argument;
    fe_write_batch batch = {0};

    batch_with(&batch, 10);
    for (int i = 0; i < self->rounds; i++) {
        fe_write_request *request = calloc(1, sizeof *request);
        fe_write_group group;
        request->batch = &batch;
        if (fe_write_queue_join(&self->all->queue, request, 1 << 20, &group)) {
            lead(self, &group);
            fe_write_queue_finish(&self->all->queue, &group);
        }
        free(request); // A sanitizer sees whoever touches it later.
    }
    self->is_wrong = false; // lead() checks limits that do not hold here.
    fe_write_batch_deinit(&batch);
}

static void test_write_queue_lets_go_of_requests_that_are_done(void **state)
{
    arena *all = calloc(1, sizeof *all);
    player players[THREADS] = {{0}};
    const int rounds = ROUNDS;

    (void)state;
    fe_write_queue_init(&all->queue);
    for (int i = 0; i < THREADS; i++) {
        players[i] = (player){.all = all, .rounds = rounds};
        assert_int_equal(
            fe_thread_start(&players[i].thread, "player", play_with_short_lives, &players[i]),
            FERRIC_OK);
    }
    for (int i = 0; i < THREADS; i++)
        fe_thread_join(&players[i].thread);
    assert_int_equal(all->sequence, (uint64_t)THREADS * (uint64_t)rounds);
    fe_write_queue_deinit(&all->queue);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_queue_forms_groups_in_order_within_limits),
        cmocka_unit_test(test_write_queue_gathers_who_came_late),
        cmocka_unit_test(test_write_queue_leader_goes_on_for_others),
        cmocka_unit_test(test_write_queue_answers_everybody_once),
        cmocka_unit_test(test_write_queue_lets_go_of_requests_that_are_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
