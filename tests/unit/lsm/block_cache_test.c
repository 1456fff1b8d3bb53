// SPDX-License-Identifier: Apache-2.0
// The block cache: bounded, scan-resistant, and right under eviction by many threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "lsm/block_cache.h"
#include "unit/format/table_file.h"

static const char *const path = "/000001.table";

// The smallest with slots.
#define LARGE_CAPACITY ((uint64_t)32 << 20)

// One table with its homes.
typedef struct cached_table {
    fe_vfs *vfs;
    fe_epoch *epoch;
    fe_block_cache *cache;
    fe_table *table;
    fe_block_home *homes;
    uint32_t count;
    entry_list list;
    uint32_t *firsts; // Each block's first entry in the list.
} cached_table;

static void place_blocks(cached_table *self)
{
    uint32_t first = 0;

    self->count = fe_table_block_count(self->table);
    self->homes = calloc(self->count, sizeof *self->homes);
    self->firsts = calloc(self->count, sizeof *self->firsts);
    for (uint32_t i = 0; i < self->count; i++) {
        self->firsts[i] = first;
        first += fe_table_block_entries(self->table, i);
    }
}

static void create_of(cached_table *self, const entry_shape *shape,
                      const fe_table_builder_options *options, uint64_t capacity, uint64_t seed)
{
    fe_random random = {seed};
    fe_table_summary summary;

    entry_list_init(&self->list, &random, shape);
    assert_int_equal(fe_vfs_memory_create(&self->vfs), FERRIC_OK);
    table_file_write(self->vfs, path, 1, options, &self->list, 0, self->list.count, &summary);
    assert_int_equal(fe_table_open(self->vfs, path, NULL, &summary.identity, 0, &self->table),
                     FERRIC_OK);
    assert_int_equal(fe_epoch_create(&self->epoch), FERRIC_OK);
    assert_int_equal(fe_block_cache_create(self->epoch, capacity, &self->cache), FERRIC_OK);
    place_blocks(self);
}

static void create(cached_table *self, uint64_t capacity, uint64_t seed)
{
    entry_shape shape = {4000, "user:", 8, 16, 1, 1000, 150};
    fe_table_builder_options options = {1024, 10, FERRIC_COMPRESSION_LZ4, 0};

    create_of(self, &shape, &options, capacity, seed);
}

// Blocks of 4 to 9 KiB, 46 MiB of them: most stand in slots.
static void create_large(cached_table *self, uint64_t seed)
{
    entry_shape shape = {16000, "user:", 8, 16, 1, 16000, 6000};
    fe_table_builder_options options = {4096, 10, FERRIC_COMPRESSION_NONE, 0};

    create_of(self, &shape, &options, LARGE_CAPACITY, seed);
}

static fe_block_cache_stats stats_of(const cached_table *self)
{
    fe_block_cache_stats stats;

    fe_block_cache_stats_get(self->cache, &stats);
    return stats;
}

static void destroy(cached_table *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        fe_block_cache_remove(self->cache, self->table, i, &self->homes[i]);
    fe_block_cache_set_capacity(self->cache, 0); // Free slots go too.
    assert_int_equal(stats_of(self).used_bytes, 0);
    assert_int_equal(stats_of(self).pinned_bytes, 0);
    fe_block_cache_destroy(self->cache);
    fe_epoch_destroy(self->epoch);
    fe_table_close(self->table);
    fe_vfs_memory_destroy(self->vfs);
    entry_list_deinit(&self->list);
    free(self->homes);
    free(self->firsts);
}

// REQUIRES: inside a section.
static fe_cached_block *get_block(cached_table *self, uint32_t block, bool *was_cached)
{
    fe_cached_block *cached = fe_block_cache_find(&self->homes[block]);

    *was_cached = cached != NULL;
    if (cached == NULL) {
        assert_int_equal(fe_block_cache_load(self->cache, self->table, block, NULL, true,
                                             &self->homes[block], &cached),
                         FERRIC_OK);
    }
    return cached;
}

static bool is_block_right(const cached_table *self, uint32_t block, const fe_cached_block *cached)
{
    const fe_block *view = fe_cached_block_view(cached);
    const fe_entry *expected = &self->list.entries[self->firsts[block]];

    if (view->count != fe_table_block_entries(self->table, block)) return false;
    for (uint32_t i = 0; i < view->count; i++) {
        fe_block_entry entry;
        fe_block_entry_at(view, i, &entry);
        if (!fe_slice_equal(entry.value, expected[i].value)) return false;
    }
    return true;
}

static bool read_once(cached_table *self, uint32_t block)
{
    fe_cached_block *cached;
    bool was_cached;

    fe_epoch_enter(self->epoch);
    cached = get_block(self, block, &was_cached);
    assert_true(is_block_right(self, block, cached));
    fe_epoch_leave(self->epoch);
    return was_cached;
}

static void test_cache_stays_within_its_capacity(void **state)
{
    uint64_t capacity = 100000;
    cached_table self;
    size_t hits = 0;

    (void)state;
    create(&self, capacity, 1);
    assert_true(self.count > 200);
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < self.count; i++) {
            hits += read_once(&self, i);
            assert_true(stats_of(&self).used_bytes <= capacity);
        }
    }
    assert_true(stats_of(&self).used_bytes > capacity / 2);
    assert_true(stats_of(&self).evictions > self.count);
    assert_int_equal(stats_of(&self).misses + hits, 3 * self.count);
    fe_block_cache_set_capacity(self.cache, 10000);
    assert_true(stats_of(&self).used_bytes <= 10000);
    fe_block_cache_set_capacity(self.cache, 0);
    assert_int_equal(stats_of(&self).used_bytes, 0);
    assert_false(read_once(&self, 5)); // Nothing fits, and still it is read.
    assert_false(read_once(&self, 5));
    destroy(&self);
}

static void test_cache_keeps_what_is_used_while_a_scan_passes(void **state)
{
    enum { USED = 24 };
    cached_table self;
    size_t hits = 0;

    (void)state;
    create(&self, 120000, 2);
    for (uint32_t i = 0; i < self.count; i++) {
        read_once(&self, USED + i % (self.count - USED));
        if (i >= 50) hits += read_once(&self, i % USED);
        if (i < 50) read_once(&self, i % USED);
    }
    printf("block cache: %zu of %u reads of used blocks hit beside a scan\n", hits,
           self.count - 50);
    assert_true(hits > (self.count - 50) * 9 / 10);
    destroy(&self);
}

static void test_cache_references_outlive_eviction_and_are_counted(void **state)
{
    cached_table self;
    fe_cached_block *pinned[4];
    bool was_cached;

    (void)state;
    create(&self, 60000, 3);
    for (uint32_t i = 0; i < 4; i++) {
        fe_epoch_enter(self.epoch);
        pinned[i] = get_block(&self, i, &was_cached);
        fe_cached_block_ref(pinned[i]);
        fe_epoch_leave(self.epoch);
    }
    assert_int_equal(stats_of(&self).pinned_bytes, pinned[0]->size_bytes + pinned[1]->size_bytes +
                                                       pinned[2]->size_bytes +
                                                       pinned[3]->size_bytes);
    fe_cached_block_ref(pinned[0]); // A second reference does not count twice.
    assert_true(fe_block_cache_pinned_bytes(self.cache) < 4 * 3000);
    fe_cached_block_unref(pinned[0]);
    for (uint32_t i = 10; i < self.count; i++)
        read_once(&self, i);
    assert_true(read_once(&self, 2)); // Pinned blocks are not evicted.
    fe_block_cache_remove(self.cache, self.table, 1, &self.homes[1]);
    for (uint32_t i = 0; i < 4; i++)
        assert_true(is_block_right(&self, i, pinned[i]));
    for (uint32_t i = 0; i < 4; i++)
        fe_cached_block_unref(pinned[i]);
    assert_int_equal(fe_block_cache_pinned_bytes(self.cache), 0);
    destroy(&self);
}

static void test_pins_are_refused_at_the_limit(void **state)
{
    const uint64_t limit = 8 << 20;
    const uint64_t piece = 1000;
    cached_table self;
    uint64_t pinned = 0;

    (void)state;
    create(&self, 60000, 3);
    while (fe_block_cache_may_pin(self.cache, limit)) {
        fe_block_cache_pin(self.cache, piece);
        pinned += piece;
    }
    // This thread's share of what is left is less than a piece at the end.
    assert_true(pinned >= limit && pinned < limit + piece);
    assert_int_equal(fe_block_cache_pinned_bytes(self.cache), pinned);
    fe_block_cache_unpin(self.cache, 2 * piece);
    assert_true(fe_block_cache_may_pin(self.cache, limit));
    fe_block_cache_unpin(self.cache, pinned - 2 * piece);
    assert_int_equal(fe_block_cache_pinned_bytes(self.cache), 0);
    destroy(&self);
}

static void test_cache_load_without_fill_keeps_nothing(void **state)
{
    fe_block_reader reader = {.read_ahead = 10000};
    fe_cached_block *cached;
    cached_table self;

    (void)state;
    create(&self, 1 << 20, 4);
    for (uint32_t i = 0; i < self.count; i++) {
        fe_epoch_enter(self.epoch);
        assert_int_equal(
            fe_block_cache_load(self.cache, self.table, i, &reader, false, &self.homes[i], &cached),
            FERRIC_OK);
        assert_true(is_block_right(&self, i, cached));
        fe_epoch_leave(self.epoch);
        assert_null(fe_block_cache_peek(&self.homes[i]));
    }
    assert_int_equal(stats_of(&self).used_bytes, 0);
    fe_block_reader_deinit(&reader);
    destroy(&self);
}

static void test_cache_passes_a_damaged_block_on(void **state)
{
    fe_cached_block *cached;
    cached_table self;
    ferric_buffer bytes;
    fe_file *file;

    (void)state;
    create(&self, 1 << 20, 5);
    bytes = table_file_read(self.vfs, path);
    assert_int_equal(fe_vfs_open(self.vfs, path, FE_OPEN_WRITE, &file), FERRIC_OK);
    assert_int_equal(fe_file_write_at(file, fe_table_block_offset(self.table, 3), "?", 1),
                     FERRIC_OK);
    fe_epoch_enter(self.epoch);
    assert_int_equal(
        fe_block_cache_load(self.cache, self.table, 3, NULL, true, &self.homes[3], &cached),
        FERRIC_CORRUPT);
    assert_null(cached);
    assert_null(fe_block_cache_peek(&self.homes[3]));
    fe_epoch_leave(self.epoch);
    fe_file_close(file);
    fe_buffer_deinit(&bytes);
    destroy(&self);
}

// ---- Threads ----------------------------------------------------------------------------------

#define THREADS 4
#define READS 20000
#define PINS 6

typedef struct reading {
    cached_table *self;
    uint64_t seed;
    uint64_t hits;
    uint64_t wrong;
} reading;

// Random reads; now and then a block is pinned, kept for a while, and looked at again.
static void read_randomly(void *argument)
{
    reading *mine = argument;
    cached_table *self = mine->self;
    fe_random random = {mine->seed};
    fe_cached_block *pins[PINS] = {0};
    uint32_t pinned[PINS] = {0};

    for (int i = 0; i < READS; i++) {
        uint32_t block = (uint32_t)fe_random_below(&random, self->count);
        size_t pin = (size_t)fe_random_below(&random, PINS * 8);
        fe_cached_block *cached;
        bool was_cached;
        if (fe_random_below(&random, 2) == 0) block %= 40;
        fe_epoch_enter(self->epoch);
        cached = get_block(self, block, &was_cached);
        mine->hits += was_cached;
        mine->wrong += !is_block_right(self, block, cached);
        if (pin < PINS) fe_cached_block_ref(cached);
        fe_epoch_leave(self->epoch);
        if (pin >= PINS) continue;
        if (pins[pin] != NULL) mine->wrong += !is_block_right(self, pinned[pin], pins[pin]);
        fe_cached_block_unref(pins[pin]);
        pins[pin] = cached;
        pinned[pin] = block;
    }
    for (int i = 0; i < PINS; i++)
        fe_cached_block_unref(pins[i]);
}

static void read_by_threads(cached_table *self, uint64_t capacity)
{
    fe_thread threads[THREADS] = {{0}};
    reading readings[THREADS];
    uint64_t hits = 0;

    for (int i = 0; i < THREADS; i++) {
        readings[i] = (reading){.self = self, .seed = (uint64_t)i + 100};
        assert_int_equal(fe_thread_start(&threads[i], "reader", read_randomly, &readings[i]),
                         FERRIC_OK);
    }
    for (int i = 0; i < 200; i++) {
        fe_block_cache_set_capacity(self->cache, i % 2 == 0 ? capacity / 2 : capacity);
        uint32_t block = (uint32_t)i % self->count;
        fe_block_cache_remove(self->cache, self->table, block, &self->homes[block]);
        fe_thread_yield();
    }
    for (int i = 0; i < THREADS; i++) {
        fe_thread_join(&threads[i]);
        assert_int_equal(readings[i].wrong, 0);
        hits += readings[i].hits;
    }
    printf("block cache: %d reads by %d threads, %llu hits, %llu evictions\n", THREADS * READS,
           THREADS, (unsigned long long)hits, (unsigned long long)stats_of(self).evictions);
    assert_true(stats_of(self).evictions > 1000);
    assert_true(stats_of(self).used_bytes <= capacity);
    assert_int_equal(stats_of(self).pinned_bytes, 0);
    destroy(self);
}

static void test_cache_is_right_under_eviction_by_four_threads(void **state)
{
    cached_table self;

    (void)state;
    create(&self, 80000, 6);
    read_by_threads(&self, 80000);
}

static void test_large_cache_is_right_under_eviction_by_four_threads(void **state)
{
    cached_table self;

    (void)state;
    create_large(&self, 7);
    read_by_threads(&self, LARGE_CAPACITY);
}

static void test_large_cache_holds_whole_chunks_within_its_capacity(void **state)
{
    cached_table self;
    fe_random random = {8};

    (void)state;
    create_large(&self, 8);
    for (uint32_t i = 0; i < 3 * self.count; i++) {
        read_once(&self, (uint32_t)fe_random_below(&random, self.count));
        assert_true(stats_of(&self).used_bytes <= LARGE_CAPACITY);
    }
    assert_true(stats_of(&self).used_bytes > LARGE_CAPACITY / 8 * 7);
    fe_block_cache_lend(self.cache, LARGE_CAPACITY / 2);
    assert_true(stats_of(&self).used_bytes <= LARGE_CAPACITY / 2);
    for (uint32_t i = 0; i < self.count; i++)
        read_once(&self, i);
    assert_true(stats_of(&self).used_bytes <= LARGE_CAPACITY / 2);
    fe_block_cache_give_back(self.cache, LARGE_CAPACITY / 2);
    destroy(&self);
}

static void test_chunk_with_a_pinned_block_stays(void **state)
{
    enum { PINNED = 5 };
    fe_cached_block *pinned[PINNED];
    cached_table self;

    (void)state;
    create_large(&self, 9);
    for (uint32_t i = 0; i < self.count / 2; i++)
        read_once(&self, i);
    fe_epoch_enter(self.epoch);
    for (uint32_t i = 0; i < PINNED; i++) {
        bool was_cached;
        pinned[i] = get_block(&self, i * 100, &was_cached);
        fe_cached_block_ref(pinned[i]);
    }
    fe_epoch_leave(self.epoch);
    fe_block_cache_set_capacity(self.cache, 0);
    assert_in_range(stats_of(&self).used_bytes, 1, PINNED * (2 << 20));
    for (uint32_t i = 0; i < PINNED; i++) {
        assert_ptr_equal(fe_block_cache_peek(&self.homes[i * 100]), pinned[i]);
        assert_true(is_block_right(&self, i * 100, pinned[i]));
        fe_cached_block_unref(pinned[i]);
    }
    fe_block_cache_set_capacity(self.cache, 0);
    assert_int_equal(stats_of(&self).used_bytes, 0);
    destroy(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache_stays_within_its_capacity),
        cmocka_unit_test(test_cache_keeps_what_is_used_while_a_scan_passes),
        cmocka_unit_test(test_cache_references_outlive_eviction_and_are_counted),
        cmocka_unit_test(test_pins_are_refused_at_the_limit),
        cmocka_unit_test(test_cache_load_without_fill_keeps_nothing),
        cmocka_unit_test(test_cache_passes_a_damaged_block_on),
        cmocka_unit_test(test_cache_is_right_under_eviction_by_four_threads),
        cmocka_unit_test(test_large_cache_is_right_under_eviction_by_four_threads),
        cmocka_unit_test(test_large_cache_holds_whole_chunks_within_its_capacity),
        cmocka_unit_test(test_chunk_with_a_pinned_block_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
