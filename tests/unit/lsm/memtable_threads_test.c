// SPDX-License-Identifier: Apache-2.0
// One writer and three readers without a lock between them: what a reader finds at a published
// sequence is exactly what was committed up to it.
//
// Commit s writes key s % KEYS and key s * 7 % KEYS with the value s, so that every answer can be
// worked out.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/random.h"
#include "lsm/memtable.h"
#include "os/thread.h"

#define KEYS 61
#define READERS 3
#define KEY_SIZE 12
#define CAPACITY ((uint64_t)512 << 10)

typedef struct shared {
    fe_memtable *memtable;
    _Atomic(uint64_t) published;
    _Atomic(bool) is_done;
    _Atomic(uint64_t) gets;
    _Atomic(uint64_t) walks;
    _Atomic(uint64_t) mistakes; // cmocka's asserts are for the main thread alone.
} shared;

static ferric_slice key_of(uint64_t number, uint8_t room[KEY_SIZE])
{
    memcpy(room, "\x00\x00\x00\x01user", 8);
    fe_put_u32_ordered(room + 8, (uint32_t)number);
    return fe_slice(room, KEY_SIZE);
}

static void insert(fe_memtable *memtable, uint64_t number, uint64_t sequence)
{
    uint8_t key[KEY_SIZE];
    uint8_t value[8];
    fe_entry entry = {key_of(number, key), fe_slice(value, sizeof value), sequence, FE_ENTRY_PUT};

    fe_put_u64(value, sequence);
    fe_memtable_insert(memtable, &entry, fe_hash64(key, KEY_SIZE));
}

static bool commit_writes(uint64_t sequence, uint64_t number)
{
    return sequence % KEYS == number || sequence * 7 % KEYS == number;
}

static void check(shared *all, bool holds)
{
    if (!holds) atomic_fetch_add(&all->mistakes, 1);
}

static void check_get(shared *all, uint64_t number, uint64_t sequence)
{
    uint8_t room[KEY_SIZE];
    ferric_slice key = key_of(number, room);
    uint64_t expected = sequence;
    fe_entry entry;
    bool found;

    while (expected > 0 && !commit_writes(expected, number))
        expected--;
    found = fe_memtable_get(all->memtable, key, fe_hash64(room, KEY_SIZE), sequence, &entry);
    check(all, found == (expected > 0));
    if (!found || expected == 0) return;
    check(all, entry.sequence == expected && entry.value.size == 8 &&
                   fe_get_u64(entry.value.data) == expected);
    atomic_fetch_add_explicit(&all->gets, 1, memory_order_relaxed);
}

// Counts the entries up to `sequence` and checks the order of all.
static void check_walk(shared *all, fe_iterator *iterator, uint64_t sequence)
{
    uint64_t expected = 0;
    uint64_t found = 0;
    fe_entry before = {0};

    for (uint64_t s = 1; s <= sequence; s++)
        expected += s % KEYS == s * 7 % KEYS ? 1 : 2;
    for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator)) {
        const fe_entry *entry = &iterator->entry;
        check(all,
              fe_internal_compare(before.key, before.sequence, entry->key, entry->sequence) < 0);
        check(all, fe_get_u64(entry->value.data) == entry->sequence);
        before = *entry;
        found += entry->sequence <= sequence;
    }
    check(all, found == expected);
    atomic_fetch_add_explicit(&all->walks, 1, memory_order_relaxed);
}

// A seek to (key, sequence) must not end on a newer version that comes while it searches.
static void check_seek(shared *all, fe_iterator *iterator, uint64_t number, uint64_t sequence)
{
    uint8_t room[KEY_SIZE];
    ferric_slice key = key_of(number, room);
    const fe_entry *entry = &iterator->entry;

    fe_iterator_seek(iterator, key, sequence);
    check(all, !iterator->is_valid ||
                   fe_internal_compare(entry->key, entry->sequence, key, sequence) >= 0);
    fe_iterator_seek_before(iterator, key, sequence);
    check(all, !iterator->is_valid ||
                   fe_internal_compare(entry->key, entry->sequence, key, sequence) < 0);
}

static void read_until_done(void *argument)
{
    shared *all = argument;
    fe_random random = {fe_thread_index()};
    fe_iterator *iterator;
    bool is_done;

    if (fe_memtable_iterator(all->memtable, &iterator) != FERRIC_OK) {
        check(all, false);
        return;
    }
    do {
        uint64_t sequence = atomic_load_explicit(&all->published, memory_order_acquire);
        is_done = atomic_load_explicit(&all->is_done, memory_order_acquire);
        for (int i = 0; i < 200; i++)
            check_get(all, fe_random_below(&random, KEYS + 2), sequence);
        for (int i = 0; i < 20; i++)
            check_get(all, fe_random_below(&random, KEYS), fe_random_below(&random, sequence + 1));
        for (int i = 0; i < 2000; i++)
            check_seek(all, iterator, (sequence + 1 + (uint64_t)i % 8) % KEYS, sequence);
        check_walk(all, iterator, sequence);
    } while (!is_done);
    fe_iterator_destroy(iterator);
}

static void test_memtable_readers_see_whole_commits_beside_a_writer(void **state)
{
    size_t cost = 2 * fe_memtable_entry_cost(KEY_SIZE, 8);
    shared all = {0};
    fe_thread readers[READERS];
    uint64_t sequence = 0;
    fe_memtable_stats stats;
    fe_key_code code;

    (void)state;
    fe_key_code_init(&code, fe_slice("\0\0\0\1user\0", 9), FE_KEY_CODE_BITS_MAX);
    assert_int_equal(fe_memtable_create(CAPACITY, &code, NULL, &all.memtable), FERRIC_OK);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(fe_thread_start(&readers[i], "reader", read_until_done, &all), FERRIC_OK);
    while (fe_memtable_has_room(all.memtable, 2, cost)) {
        sequence++;
        insert(all.memtable, sequence * 7 % KEYS, sequence);
        insert(all.memtable, sequence % KEYS, sequence);
        atomic_store_explicit(&all.published, sequence, memory_order_release);
        if (sequence % 64 == 0) fe_thread_yield();
    }
    atomic_store_explicit(&all.is_done, true, memory_order_release);
    for (int i = 0; i < READERS; i++)
        fe_thread_join(&readers[i]);
    fe_memtable_stats_get(all.memtable, &stats);
    print_message("%d commits, %d gets, %d walks\n", (int)sequence, (int)all.gets, (int)all.walks);
    assert_int_equal(all.mistakes, 0);
    assert_true(all.gets >= READERS * 200 && all.walks >= READERS);
    assert_true(sequence > 3000 && stats.largest_sequence == sequence);
    fe_memtable_destroy(all.memtable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memtable_readers_see_whole_commits_beside_a_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
