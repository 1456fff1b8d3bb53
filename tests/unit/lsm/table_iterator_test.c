// SPDX-License-Identifier: Apache-2.0
// Iterators over tables and levels: random walks both ways against a sorted array, and failures.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "unit/lsm/table_set.h"

static const entry_shape shapes[] = {
    {2000, "", 16, 256, 2, FE_SEQUENCE_MAX, 200},
    {2000, "user:", 4, 10, 4, 1000, 100},
    {2000, "versions", 1, 3, 700, 1000000, 30},
    {1, "one", 4, 4, 1, 10, 10},
    {300, "a rest that is longer than the bytes of one fixed copy", 60, 2, 2, 1000, 20},
    {80, "large", 10, 10, 1, 1000, 60000},
};

// Where the iterator should stand: an entry of the list, or `none`.
typedef struct walk {
    fe_iterator *iterator;
    const entry_list *list;
    size_t begin; // The iterator's part of the list.
    size_t end;
    size_t at;
    bool is_valid;
    size_t unread; // Places that were met unread.
} walk;

// Reads what a lazy iterator has put off: it is not met before the place that stood for it.
static void arrive(walk *self, bool is_forward)
{
    fe_iterator *iterator = self->iterator;

    while (iterator->is_valid && fe_iterator_is_unread(iterator)) {
        ferric_buffer key = {0};
        uint64_t sequence = iterator->entry.sequence;
        assert_int_equal(fe_buffer_assign(&key, iterator->entry.key), FERRIC_OK);
        fe_iterator_arrive(iterator);
        if (iterator->is_valid) {
            int order = fe_internal_compare(fe_buffer_slice(&key), sequence, iterator->entry.key,
                                            iterator->entry.sequence);
            assert_true(is_forward ? order <= 0 : order >= 0);
        }
        fe_buffer_deinit(&key);
        self->unread++;
    }
}

static void assert_stands(const walk *self)
{
    const fe_entry *expected = &self->list->entries[self->at];
    const fe_entry *entry = &self->iterator->entry;

    assert_int_equal(self->iterator->status, FERRIC_OK);
    assert_int_equal(self->iterator->is_valid, self->is_valid);
    if (!self->is_valid) return;
    assert_int_equal(entry->key.size, expected->key.size);
    assert_memory_equal(entry->key.data, expected->key.data, expected->key.size);
    assert_true(fe_slice_equal(entry->value, expected->value));
    assert_int_equal(entry->sequence, expected->sequence);
    assert_int_equal(entry->kind, expected->kind);
}

static void stand_at(walk *self, size_t at, bool is_valid)
{
    self->is_valid = is_valid && at >= self->begin && at < self->end;
    self->at = self->is_valid ? at : self->begin;
    assert_stands(self);
}

static void seek(walk *self, fe_random *random, ferric_slice key, uint64_t sequence)
{
    size_t bound = entry_list_lower_bound(self->list, key, sequence);

    if (fe_random_below(random, 2) == 0) {
        if (bound < self->begin) bound = self->begin;
        fe_iterator_seek(self->iterator, key, sequence);
        arrive(self, true);
        stand_at(self, bound, true);
    } else {
        if (bound > self->end) bound = self->end;
        fe_iterator_seek_before(self->iterator, key, sequence);
        arrive(self, false);
        stand_at(self, bound - 1, bound > self->begin);
    }
}

static void seek_somewhere(walk *self, fe_random *random, entry_list *list,
                           const entry_shape *shape)
{
    const fe_entry *entry = &list->entries[fe_random_below(random, list->count)];

    switch (fe_random_below(random, 5)) {
    case 0:
        seek(self, random, entry->key, entry->sequence);
        break;
    case 1:
        seek(self, random, entry->key, entry->sequence - 1);
        break;
    case 2:
        seek(self, random, entry->key, FE_SEQUENCE_MAX);
        break;
    case 3:
        seek(self, random, entry->key, 0);
        break;
    default:
        seek(self, random, entry_list_random_key(list, random, shape),
             fe_random_below(random, shape->sequence_max + 2));
    }
}

static void step(walk *self, bool is_forward)
{
    if (is_forward) {
        fe_iterator_next(self->iterator);
        arrive(self, true);
        stand_at(self, self->at + 1, true);
    } else {
        bool has_before = self->at > self->begin;
        fe_iterator_prev(self->iterator);
        arrive(self, false);
        stand_at(self, self->at - 1, has_before);
    }
}

static size_t walk_randomly(walk *self, fe_random *random, entry_list *list,
                            const entry_shape *shape)
{
    size_t steps = 0;

    for (int round = 0; round < 150; round++) {
        switch (fe_random_below(random, 6)) {
        case 0:
            fe_iterator_first(self->iterator);
            arrive(self, true);
            stand_at(self, self->begin, true);
            break;
        case 1:
            fe_iterator_last(self->iterator);
            arrive(self, false);
            stand_at(self, self->end - 1, true);
            break;
        default:
            seek_somewhere(self, random, list, shape);
        }
        for (uint64_t left = fe_random_below(random, 200); left > 0 && self->is_valid; left--) {
            bool is_forward = fe_random_below(random, 10) < (round % 2 == 0 ? 9u : 2u);
            step(self, is_forward);
            steps++;
        }
    }
    return steps;
}

static size_t walk_whole(walk *self)
{
    fe_iterator_first(self->iterator);
    arrive(self, true);
    stand_at(self, self->begin, true);
    while (self->is_valid)
        step(self, true);
    fe_iterator_last(self->iterator);
    arrive(self, false);
    stand_at(self, self->end - 1, true);
    while (self->is_valid)
        step(self, false);
    return 2 * (self->end - self->begin);
}

static size_t check_set(table_set *set, entry_list *list, const entry_shape *shape, bool fill,
                        bool is_lazy, fe_random *random)
{
    size_t which = (size_t)fe_random_below(random, set->count);
    walk level = {.list = list, .begin = 0, .end = list->count};
    walk table = {.list = list, .begin = set->firsts[which], .end = set->firsts[which + 1]};
    size_t steps = 0;

    assert_int_equal(
        fe_level_iterator_create(set->cache, set->files, set->count, fill, &level.iterator),
        FERRIC_OK);
    assert_int_equal(fe_table_iterator_create(set->cache, set->files[which], fill, &table.iterator),
                     FERRIC_OK);
    assert_false(level.iterator->is_valid);
    if (is_lazy) {
        fe_table_iterator_make_lazy(level.iterator);
        fe_table_iterator_make_lazy(table.iterator);
    }
    steps += walk_whole(&level) + walk_whole(&table);
    steps += walk_randomly(&level, random, list, shape);
    steps += walk_randomly(&table, random, list, shape);
    fe_iterator_destroy(level.iterator);
    fe_iterator_destroy(table.iterator);
    assert_int_equal(level.unread + table.unread > 0, is_lazy);
    return steps;
}

static void test_iterators_walk_like_a_sorted_array(void **state)
{
    fe_random random = {test_seed("table iterator", 1)};
    size_t steps = 0;

    (void)state;
    for (int round = 0; round < 36; round++) {
        const entry_shape *shape = &shapes[(size_t)round % (sizeof shapes / sizeof *shapes)];
        table_set_options options = {
            .files = 1 + fe_random_below(&random, 12),
            .cache_bytes = round % 3 == 0 ? 1 << 14 : 1 << 24,
            .open_files_max = round % 4 == 0 ? 2 : 100,
            .memory_max = round % 5 == 0 ? 1000 : 1 << 24,
            .builder = {round % 2 == 0 ? 256 : 4096, 10, (ferric_compression)(round % 3), 1 << 20},
        };
        entry_list list;
        table_set set;
        entry_list_init(&list, &random, shape);
        table_set_init(&set, &options, &list);
        steps += check_set(&set, &list, shape, round % 6 < 4, round / 6 % 2 == 1, &random);
        table_set_deinit(&set);
        entry_list_deinit(&list);
    }
    printf("table iterator: %zu steps\n", steps);
    assert_true(steps > 100000);
}

static const table_set_options plain_options = {
    .files = 4,
    .cache_bytes = 1 << 20,
    .open_files_max = 100,
    .memory_max = 1 << 24,
    .builder = {512, 10, FERRIC_COMPRESSION_NONE, 1 << 20},
};

// A compaction's reading leaves the cache as it was, and reads through what is there.
static void test_iterator_without_fill_leaves_the_cache_alone(void **state)
{
    fe_random random = {test_seed("iterator fill", 2)};
    fe_block_cache_stats before;
    fe_block_cache_stats after;
    fe_iterator *iterator;
    entry_list list;
    table_set set;
    size_t count = 0;

    (void)state;
    entry_list_init(&list, &random, &shapes[0]);
    table_set_init(&set, &plain_options, &list);
    table_set_check_get(&set, &list, list.entries[0].key, FE_SEQUENCE_MAX);
    fe_block_cache_stats_get(set.blocks, &before);
    assert_true(before.used_bytes > 0);
    assert_int_equal(fe_level_iterator_create(set.cache, set.files, set.count, false, &iterator),
                     FERRIC_OK);
    for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator))
        count++;
    assert_int_equal(count, list.count);
    fe_iterator_destroy(iterator);
    fe_block_cache_stats_get(set.blocks, &after);
    assert_int_equal(after.used_bytes, before.used_bytes);
    assert_int_equal(after.pinned_bytes, 0);
    table_set_deinit(&set);
    entry_list_deinit(&list);
}

// A lazy iterator leaps over tables that it never opens, both ways.
static void test_lazy_iterator_leaps_over_tables_unopened(void **state)
{
    fe_random random = {test_seed("lazy iterator", 6)};
    fe_table_cache_stats before;
    fe_table_cache_stats after;
    fe_iterator *iterator;
    entry_list list;
    table_set set;

    (void)state;
    entry_list_init(&list, &random, &shapes[0]);
    table_set_init(&set, &plain_options, &list);
    fe_table_cache_stats_get(set.cache, &before);
    assert_int_equal(fe_level_iterator_create(set.cache, set.files, set.count, true, &iterator),
                     FERRIC_OK);
    fe_table_iterator_make_lazy(iterator);
    fe_iterator_first(iterator);
    assert_true(iterator->is_valid && fe_iterator_is_unread(iterator));
    assert_true(fe_slice_equal(iterator->entry.key, set.files[0]->smallest_key));
    fe_iterator_leap(iterator, set.files[3]->smallest_key, FE_SEQUENCE_MAX);
    assert_true(iterator->is_valid && fe_iterator_is_unread(iterator));
    assert_true(fe_slice_equal(iterator->entry.key, set.files[3]->smallest_key));
    fe_iterator_last(iterator);
    fe_iterator_leap_back(iterator, set.files[1]->smallest_key, FE_SEQUENCE_MAX);
    assert_true(fe_slice_compare(iterator->entry.key, set.files[1]->smallest_key) <= 0);
    fe_iterator_leap_back(iterator, set.files[0]->smallest_key, FE_SEQUENCE_MAX);
    assert_false(iterator->is_valid);
    fe_table_cache_stats_get(set.cache, &after);
    assert_int_equal(after.tables_open, before.tables_open);
    // A table that may have something newer is read.
    fe_iterator_first(iterator);
    fe_iterator_leap(iterator, set.files[3]->smallest_key, 1);
    assert_true(iterator->is_valid && !fe_iterator_is_unread(iterator));
    assert_true(fe_slice_equal(iterator->entry.key, list.entries[0].key));
    fe_iterator_destroy(iterator);
    table_set_deinit(&set);
    entry_list_deinit(&list);
}

static void test_iterator_tells_that_a_block_is_damaged(void **state)
{
    fe_random random = {test_seed("iterator damage", 3)};
    fe_iterator *iterator;
    ferric_buffer bytes;
    entry_list list;
    table_set set;
    size_t count = 0;

    (void)state;
    entry_list_init(&list, &random, &shapes[0]);
    table_set_init(&set, &plain_options, &list);
    bytes = table_file_read(set.vfs, "/db/000003.table");
    ((uint8_t *)bytes.data)[3000] ^= 4;
    table_file_replace(set.vfs, "/db/000003.table", fe_buffer_slice(&bytes));
    assert_int_equal(fe_level_iterator_create(set.cache, set.files, set.count, true, &iterator),
                     FERRIC_OK);
    for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator))
        count++;
    assert_int_equal(iterator->status, FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "000003.table"));
    assert_in_range(count, set.firsts[2] + 1, set.firsts[3] - 1);
    count = 0;
    for (fe_iterator_last(iterator); iterator->is_valid; fe_iterator_prev(iterator))
        count++;
    assert_int_equal(iterator->status, FERRIC_CORRUPT);
    assert_in_range(count, list.count - set.firsts[3] + 1, list.count - set.firsts[2] - 1);
    // Other keys stay readable, and a seek forgets the failure.
    fe_iterator_seek(iterator, list.entries[0].key, FE_SEQUENCE_MAX);
    assert_int_equal(iterator->status, FERRIC_OK);
    assert_true(iterator->is_valid);
    fe_iterator_destroy(iterator);
    fe_buffer_deinit(&bytes);
    table_set_deinit(&set);
    entry_list_deinit(&list);
}

static void test_iterator_tells_that_a_table_is_missing(void **state)
{
    fe_random random = {test_seed("iterator missing", 4)};
    fe_iterator *iterator;
    entry_list list;
    table_set set;

    (void)state;
    entry_list_init(&list, &random, &shapes[0]);
    table_set_init(&set, &plain_options, &list);
    assert_int_equal(fe_vfs_remove(set.vfs, "/db/000001.table"), FERRIC_OK);
    assert_int_equal(fe_level_iterator_create(set.cache, set.files, set.count, true, &iterator),
                     FERRIC_OK);
    fe_iterator_first(iterator);
    assert_false(iterator->is_valid);
    assert_int_equal(iterator->status, FERRIC_CORRUPT);
    fe_iterator_last(iterator);
    assert_true(iterator->is_valid);
    fe_iterator_destroy(iterator);
    table_set_deinit(&set);
    entry_list_deinit(&list);
}

// The iterator's own reference keeps file and reader when everybody else has let go.
static void test_iterator_outlives_its_version(void **state)
{
    fe_random random = {test_seed("iterator lifetime", 5)};
    fe_iterator *iterator;
    fe_path_kind kind;
    entry_list list;
    table_set set;
    size_t count = 0;

    (void)state;
    entry_list_init(&list, &random, &shapes[0]);
    table_set_init(&set, &plain_options, &list);
    assert_int_equal(fe_table_iterator_create(set.cache, set.files[3], true, &iterator), FERRIC_OK);
    fe_iterator_first(iterator);
    atomic_store(&set.files[3]->is_obsolete, true);
    assert_false(fe_table_file_unref(set.files[3]));
    set.count = 3;
    for (; iterator->is_valid; fe_iterator_next(iterator))
        count++;
    assert_int_equal(count, list.count - set.firsts[3]);
    assert_int_equal(fe_vfs_stat(set.vfs, "/db/000004.table", &kind, NULL), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_FILE);
    fe_iterator_destroy(iterator);
    assert_int_equal(fe_vfs_stat(set.vfs, "/db/000004.table", &kind, NULL), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_NONE);
    table_set_deinit(&set);
    entry_list_deinit(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iterators_walk_like_a_sorted_array),
        cmocka_unit_test(test_iterator_without_fill_leaves_the_cache_alone),
        cmocka_unit_test(test_lazy_iterator_leaps_over_tables_unopened),
        cmocka_unit_test(test_iterator_tells_that_a_block_is_damaged),
        cmocka_unit_test(test_iterator_tells_that_a_table_is_missing),
        cmocka_unit_test(test_iterator_outlives_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
