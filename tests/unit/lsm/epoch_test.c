// SPDX-License-Identifier: Apache-2.0
// Epochs: nothing is reclaimed under a reader, everything is reclaimed behind it, in order.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "lsm/epoch.h"

typedef struct object {
    fe_retired retired;
    int number;
    struct object *also; // Retired when this one is reclaimed.
    fe_epoch *epoch;
} object;

static int order[16];
static int reclaimed;

static void reclaim_object(fe_retired *retired)
{
    object *self = (object *)(void *)retired;

    order[reclaimed++] = self->number;
    if (self->also != NULL) fe_epoch_retire(self->epoch, &self->also->retired, reclaim_object);
}

static fe_epoch *create(void)
{
    fe_epoch *epoch;

    reclaimed = 0;
    assert_int_equal(fe_epoch_create(&epoch), FERRIC_OK);
    return epoch;
}

static void test_epoch_reclaims_in_the_order_of_retiring(void **state)
{
    fe_epoch *epoch = create();
    object objects[5] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}};

    (void)state;
    for (int i = 0; i < 5; i++)
        fe_epoch_retire(epoch, &objects[i].retired, reclaim_object);
    assert_int_equal(reclaimed, 0);
    fe_epoch_collect(epoch);
    assert_int_equal(reclaimed, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(order[i], i);
    fe_epoch_destroy(epoch);
}

static void test_epoch_waits_for_the_outermost_section(void **state)
{
    fe_epoch *epoch = create();
    object before = {.number = 1};

    (void)state;
    fe_epoch_enter(epoch);
    fe_epoch_enter(epoch);
    fe_epoch_retire(epoch, &before.retired, reclaim_object);
    fe_epoch_leave(epoch);
    fe_epoch_collect(epoch);
    assert_int_equal(reclaimed, 0);
    fe_epoch_leave(epoch); // Leaving collects what was retired inside.
    assert_int_equal(reclaimed, 1);
    fe_epoch_destroy(epoch);
}

static void test_epoch_destroy_reclaims_what_reclaiming_retires(void **state)
{
    fe_epoch *epoch = create();
    object third = {.number = 3};
    object second = {.number = 2, .also = &third, .epoch = epoch};
    object first = {.number = 1, .also = &second, .epoch = epoch};

    (void)state;
    fe_epoch_retire(epoch, &first.retired, reclaim_object);
    fe_epoch_destroy(epoch);
    assert_int_equal(reclaimed, 3);
    epoch = create();
    first.epoch = epoch;
    second.epoch = epoch;
    fe_epoch_retire(epoch, &first.retired, reclaim_object);
    fe_epoch_collect(epoch);
    assert_int_equal(reclaimed, 3);
    fe_epoch_destroy(epoch);
}

// ---- A reader of another thread ---------------------------------------------------------------

typedef struct held_section {
    fe_epoch *epoch;
    _Atomic(uint32_t) stage; // 1: inside, 2: may leave, 3: left.
} held_section;

static void wait_for(_Atomic(uint32_t) *stage, uint32_t wanted)
{
    for (uint32_t seen = atomic_load(stage); seen < wanted; seen = atomic_load(stage))
        fe_wait_while(stage, seen);
}

static void advance(_Atomic(uint32_t) *stage, uint32_t to)
{
    atomic_store(stage, to);
    fe_wake_all(stage);
}

static void hold_section(void *argument)
{
    held_section *held = argument;

    fe_epoch_enter(held->epoch);
    advance(&held->stage, 1);
    wait_for(&held->stage, 2);
    fe_epoch_leave(held->epoch);
    advance(&held->stage, 3);
}

static void test_epoch_keeps_what_an_older_reader_may_hold(void **state)
{
    held_section held = {.epoch = create()};
    object before = {.number = 1};
    object during = {.number = 2};
    fe_thread thread = {0};

    (void)state;
    fe_epoch_retire(held.epoch, &before.retired, reclaim_object);
    assert_int_equal(fe_thread_start(&thread, "holder", hold_section, &held), FERRIC_OK);
    wait_for(&held.stage, 1);
    fe_epoch_retire(held.epoch, &during.retired, reclaim_object);
    fe_epoch_collect(held.epoch);
    assert_int_equal(reclaimed, 1); // The one retired before the reader came.
    assert_int_equal(order[0], 1);
    advance(&held.stage, 2);
    wait_for(&held.stage, 3);
    fe_epoch_collect(held.epoch);
    assert_int_equal(reclaimed, 2);
    fe_thread_join(&thread);
    fe_epoch_destroy(held.epoch);
}

// ---- Readers and a writer at once --------------------------------------------------------------

#define CELLS 8
#define READERS 3
#define REPLACEMENTS 20000
#define ALIVE 0x600d600du
#define DEAD 0xdeaddeadu

// A shared object that is poisoned when it is reclaimed.
typedef struct cell_value {
    fe_retired retired;
    uint32_t life;
} cell_value;

typedef struct arena {
    fe_epoch *epoch;
    _Atomic(cell_value *) cells[CELLS];
    _Atomic(uint32_t) is_over;
    _Atomic(uint64_t) reads;
    _Atomic(uint64_t) deaths; // Reads of a reclaimed object.
    _Atomic(uint64_t) reclaimed;
} arena;

static arena shared;

static void reclaim_value(fe_retired *retired)
{
    cell_value *value = (cell_value *)(void *)retired;

    value->life = DEAD;
    atomic_fetch_add(&shared.reclaimed, 1);
    free(value);
}

static void read_cells(void *argument)
{
    fe_random random = {(uint64_t)(uintptr_t)argument};
    uint64_t reads = 0;

    do {
        fe_epoch_enter(shared.epoch);
        for (int i = 0; i < 4; i++) {
            size_t which = (size_t)fe_random_below(&random, CELLS);
            cell_value *value = atomic_load_explicit(&shared.cells[which], memory_order_acquire);
            if (value->life != ALIVE) atomic_fetch_add(&shared.deaths, 1);
            reads++;
        }
        fe_epoch_leave(shared.epoch);
    } while (!atomic_load_explicit(&shared.is_over, memory_order_relaxed));
    atomic_fetch_add(&shared.reads, reads);
}

static cell_value *new_value(void)
{
    cell_value *value = malloc(sizeof *value);

    value->life = ALIVE;
    return value;
}

static void replace_cells(uint64_t seed)
{
    fe_random random = {seed};

    for (int i = 0; i < REPLACEMENTS; i++) {
        size_t which = (size_t)fe_random_below(&random, CELLS);
        cell_value *old =
            atomic_exchange_explicit(&shared.cells[which], new_value(), memory_order_acq_rel);
        fe_epoch_retire(shared.epoch, &old->retired, reclaim_value);
        if (i % 3 == 0) fe_epoch_collect(shared.epoch);
    }
}

static void test_epoch_readers_never_see_a_reclaimed_object(void **state)
{
    fe_thread threads[READERS] = {{0}};

    (void)state;
    shared.epoch = create();
    for (int i = 0; i < CELLS; i++)
        atomic_init(&shared.cells[i], new_value());
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(
            fe_thread_start(&threads[i], "reader", read_cells, (void *)(uintptr_t)(i + 1)),
            FERRIC_OK);
    }
    replace_cells(42);
    atomic_store(&shared.is_over, 1);
    for (int i = 0; i < READERS; i++)
        fe_thread_join(&threads[i]);
    fe_epoch_collect(shared.epoch);
    assert_int_equal(atomic_load(&shared.reclaimed), REPLACEMENTS);
    assert_int_equal(atomic_load(&shared.deaths), 0);
    printf("epoch: %llu reads beside %d replacements\n",
           (unsigned long long)atomic_load(&shared.reads), REPLACEMENTS);
    assert_true(atomic_load(&shared.reads) > 0);
    for (int i = 0; i < CELLS; i++)
        free(atomic_load(&shared.cells[i]));
    fe_epoch_destroy(shared.epoch);
}

// ---- More threads than numbers -----------------------------------------------------------------

#define CROWD (FE_THREAD_INDEX_COUNT + 20)

typedef struct crowd {
    fe_epoch *epoch;
    _Atomic(uint32_t) inside;
    _Atomic(uint32_t) may_leave;
} crowd;

static void join_crowd(void *argument)
{
    crowd *all = argument;

    fe_epoch_enter(all->epoch);
    atomic_fetch_add(&all->inside, 1);
    fe_wake_all(&all->inside);
    wait_for(&all->may_leave, 1);
    fe_epoch_leave(all->epoch);
}

static void test_epoch_serves_more_threads_than_there_are_numbers(void **state)
{
    static fe_thread threads[CROWD];
    crowd all = {.epoch = create()};
    object one = {.number = 1};

    (void)state;
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(fe_thread_start(&threads[i], "crowd", join_crowd, &all), FERRIC_OK);
    }
    wait_for(&all.inside, CROWD);
    fe_epoch_retire(all.epoch, &one.retired, reclaim_object);
    fe_epoch_collect(all.epoch);
    assert_int_equal(reclaimed, 0);
    advance(&all.may_leave, 1);
    for (int i = 0; i < CROWD; i++)
        fe_thread_join(&threads[i]);
    fe_epoch_collect(all.epoch);
    assert_int_equal(reclaimed, 1);
    fe_epoch_destroy(all.epoch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epoch_reclaims_in_the_order_of_retiring),
        cmocka_unit_test(test_epoch_waits_for_the_outermost_section),
        cmocka_unit_test(test_epoch_destroy_reclaims_what_reclaiming_retires),
        cmocka_unit_test(test_epoch_keeps_what_an_older_reader_may_hold),
        cmocka_unit_test(test_epoch_readers_never_see_a_reclaimed_object),
        cmocka_unit_test(test_epoch_serves_more_threads_than_there_are_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
