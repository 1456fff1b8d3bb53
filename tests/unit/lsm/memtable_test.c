// SPDX-License-Identifier: Apache-2.0
// The memtable against a sorted array: point reads at every snapshot, iterators, the batch rule,
// and the bounds that has_room promises.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/memory.h"
#include "entry_model.h"
#include "lsm/memtable.h"

#define VALUE_SIZE_MAX 40

static uint64_t hash_of(ferric_slice key)
{
    return fe_hash64(key.data, key.size);
}

static fe_memtable *create(uint64_t capacity, ferric_slice anchor)
{
    fe_memtable *memtable;
    fe_key_code code;

    fe_key_code_init(&code, anchor, FE_KEY_CODE_BITS_MAX);
    assert_int_equal(fe_memtable_create(capacity, &code, NULL, &memtable), FERRIC_OK);
    return memtable;
}

static void insert(fe_memtable *memtable, const char *key, uint64_t sequence, fe_entry_kind kind,
                   const char *value)
{
    fe_entry entry = {fe_slice_text(key), fe_slice_text(value), sequence, kind};
    fe_memtable_insert(memtable, &entry, hash_of(entry.key));
}

// The value found, "<delete>" or "<none>".
static const char *get(const fe_memtable *memtable, const char *key, uint64_t sequence)
{
    static char text[VALUE_SIZE_MAX + 1];
    ferric_slice wanted = fe_slice_text(key);
    fe_entry entry;

    if (!fe_memtable_get(memtable, wanted, hash_of(wanted), sequence, &entry)) return "<none>";
    assert_true(fe_slice_equal(entry.key, wanted));
    assert_true(entry.sequence <= sequence);
    if (entry.kind == FE_ENTRY_DELETE) return "<delete>";
    memcpy(text, entry.value.data, entry.value.size);
    text[entry.value.size] = 0;
    return text;
}

static void test_memtable_get_answers_at_each_sequence(void **state)
{
    fe_memtable *memtable = create(4096, fe_slice(NULL, 0));

    (void)state;
    insert(memtable, "key", 3, FE_ENTRY_PUT, "three");
    insert(memtable, "kez", 4, FE_ENTRY_PUT, "other");
    insert(memtable, "key", 5, FE_ENTRY_DELETE, "");
    insert(memtable, "key", 8, FE_ENTRY_PUT, "eight");
    assert_string_equal(get(memtable, "key", 2), "<none>");
    assert_string_equal(get(memtable, "key", 3), "three");
    assert_string_equal(get(memtable, "key", 4), "three");
    assert_string_equal(get(memtable, "key", 5), "<delete>");
    assert_string_equal(get(memtable, "key", 7), "<delete>");
    assert_string_equal(get(memtable, "key", FE_SEQUENCE_MAX), "eight");
    assert_string_equal(get(memtable, "kez", 3), "<none>");
    assert_string_equal(get(memtable, "ke", FE_SEQUENCE_MAX), "<none>");
    fe_memtable_destroy(memtable);
}

static void test_memtable_first_of_equal_key_and_sequence_wins(void **state)
{
    fe_memtable *memtable = create(4096, fe_slice(NULL, 0));
    fe_memtable_stats stats;

    (void)state;
    insert(memtable, "key", 3, FE_ENTRY_PUT, "last of the batch");
    insert(memtable, "key", 3, FE_ENTRY_DELETE, "");
    insert(memtable, "key", 4, FE_ENTRY_PUT, "four");
    insert(memtable, "key", 3, FE_ENTRY_PUT, "again");
    assert_string_equal(get(memtable, "key", 3), "last of the batch");
    assert_string_equal(get(memtable, "key", 9), "four");
    fe_memtable_stats_get(memtable, &stats);
    assert_int_equal(stats.entries, 2);
    assert_int_equal(stats.deletes, 0);
    fe_memtable_destroy(memtable);
}

static void test_memtable_older_version_inserted_later_stays_behind(void **state)
{
    fe_memtable *memtable = create(4096, fe_slice(NULL, 0));

    (void)state;
    insert(memtable, "key", 7, FE_ENTRY_PUT, "seven");
    insert(memtable, "key", 5, FE_ENTRY_PUT, "five");
    insert(memtable, "key", 6, FE_ENTRY_PUT, "six");
    assert_string_equal(get(memtable, "key", 9), "seven");
    assert_string_equal(get(memtable, "key", 6), "six");
    assert_string_equal(get(memtable, "key", 5), "five");
    assert_string_equal(get(memtable, "key", 4), "<none>");
    fe_memtable_destroy(memtable);
}

static void test_memtable_counts_what_it_holds(void **state)
{
    fe_memtable *memtable = create(10000, fe_slice(NULL, 0));
    fe_memtable_stats stats;

    (void)state;
    fe_memtable_stats_get(memtable, &stats);
    assert_int_equal(stats.entries, 0);
    assert_true(stats.smallest_sequence == UINT64_MAX);
    assert_int_equal(stats.largest_sequence, 0);
    assert_true(stats.capacity_bytes >= 12288 && stats.capacity_bytes < 12288 + 4096);
    insert(memtable, "0000key", 9, FE_ENTRY_PUT, "12345");
    insert(memtable, "0000k", 7, FE_ENTRY_DELETE, "");
    insert(memtable, "0000key", 12, FE_ENTRY_PUT, "1");
    fe_memtable_stats_get(memtable, &stats);
    assert_int_equal(stats.entries, 3);
    assert_int_equal(stats.deletes, 1);
    assert_int_equal(stats.user_bytes, 3 + 5 + 1 + 3 + 1);
    assert_int_equal(stats.smallest_sequence, 7);
    assert_int_equal(stats.largest_sequence, 12);
    assert_true(stats.used_bytes <= stats.capacity_bytes);
    fe_memtable_destroy(memtable);
}

// ---- Against the model ----------------------------------------------------------------------

// Applies a random batch under one sequence, from its last entry to its first, to both.
static void apply_random_batch(fe_memtable *memtable, entry_model *model, uint64_t sequence,
                               ferric_slice anchor, fe_random *random)
{
    uint64_t count = 1 + fe_random_below(random, 20);

    for (uint64_t i = 0; i < count; i++) {
        uint8_t room[RANDOM_KEY_SIZE_MAX];
        uint8_t value[VALUE_SIZE_MAX];
        size_t value_size = fe_random_below(random, VALUE_SIZE_MAX + 1);
        fe_entry entry = {random_key(random, anchor, room), fe_slice(value, value_size), sequence,
                          FE_ENTRY_PUT};
        memset(value, (int)i, sizeof value);
        if (fe_random_below(random, 5) == 0) {
            entry.kind = FE_ENTRY_DELETE;
            entry.value.size = 0;
        }
        entry_model_insert(model, &entry);
        fe_memtable_insert(memtable, &entry, hash_of(entry.key));
    }
}

static void assert_gets_equal(const fe_memtable *memtable, const entry_model *model,
                              uint64_t sequence_max, ferric_slice anchor, fe_random *random)
{
    for (int probe = 0; probe < 4000; probe++) {
        uint8_t room[RANDOM_KEY_SIZE_MAX];
        ferric_slice key = random_key(random, anchor, room);
        uint64_t sequence = fe_random_below(random, sequence_max + 2);
        const fe_entry *expected;
        fe_entry found;

        if (model->count > 0 && probe % 2 == 0) {
            key = model->entries[fe_random_below(random, model->count)].key;
        }
        expected = entry_model_get(model, key, sequence);
        fe_memtable_prefetch(memtable, hash_of(key));
        assert_int_equal(fe_memtable_get(memtable, key, hash_of(key), sequence, &found),
                         expected != NULL);
        if (expected != NULL) assert_entry_equal(&found, expected);
    }
}

static void assert_stats_equal(const fe_memtable *memtable, const entry_model *model)
{
    fe_memtable_stats stats;
    uint64_t deletes = 0;

    for (size_t i = 0; i < model->count; i++)
        deletes += model->entries[i].kind == FE_ENTRY_DELETE;
    fe_memtable_stats_get(memtable, &stats);
    assert_int_equal(stats.entries, model->count);
    assert_int_equal(stats.deletes, deletes);
}

static void test_memtable_equals_model(void **state)
{
    const ferric_slice anchors[] = {fe_slice(NULL, 0), fe_slice_text("\x01\x02\x03\x04users/"),
                                    fe_slice("\xff\xff\xff\xff", 4)};
    const uint64_t capacities[] = {4096, 5000, 64 << 10, 1 << 20};
    uint64_t seed = test_seed(20250602);
    size_t entries = 0;

    (void)state;
    for (size_t round = 0; round < 12; round++) {
        ferric_slice anchor = anchors[round % 3];
        fe_memtable *memtable = create(capacities[round / 3], anchor);
        fe_random random = {seed + round};
        fe_iterator *iterator;
        entry_model model;
        uint64_t sequence = 0;

        entry_model_init(&model);
        assert_int_equal(fe_memtable_iterator(memtable, &iterator), FERRIC_OK);
        assert_iterator_holds(&model, iterator);
        while (sequence < 300 &&
               fe_memtable_has_room(
                   memtable, 20, 20 * fe_memtable_entry_cost(RANDOM_KEY_SIZE_MAX, VALUE_SIZE_MAX)))
            apply_random_batch(memtable, &model, ++sequence, anchor, &random);
        // The iterator sees what came after it.
        assert_iterator_holds(&model, iterator);
        assert_random_walk(&model, iterator, 4000, anchor, &random);
        assert_gets_equal(memtable, &model, sequence, anchor, &random);
        assert_stats_equal(memtable, &model);
        entries += model.count;
        fe_iterator_destroy(iterator);
        entry_model_deinit(&model);
        fe_memtable_destroy(memtable);
    }
    assert_true(entries > 10000);
}

// ---- Bounds ---------------------------------------------------------------------------------

// Fills a memtable with entries of one size as long as it promises room; returns how many.
static uint64_t fill(fe_memtable *memtable, size_t key_size, size_t value_size)
{
    size_t cost = fe_memtable_entry_cost(key_size, value_size);
    uint8_t *bytes = calloc(1, key_size + value_size);
    uint64_t count = 0;

    assert_non_null(bytes);
    while (fe_memtable_has_room(memtable, 1, cost)) {
        fe_entry entry = {fe_slice(bytes, key_size), fe_slice(bytes + key_size, value_size), 1,
                          FE_ENTRY_PUT};
        fe_put_u32_ordered(bytes, (uint32_t)++count);
        fe_memtable_insert(memtable, &entry, hash_of(entry.key));
    }
    free(bytes);
    return count;
}

static void test_memtable_is_full_when_its_hash_is(void **state)
{
    fe_memtable *memtable = create(64 << 10, fe_slice(NULL, 0));
    fe_memtable_stats stats;
    uint64_t count;

    (void)state;
    assert_true(fe_memtable_has_room(memtable, 896, 0));
    assert_false(fe_memtable_has_room(memtable, 897, 0));
    count = fill(memtable, 4, 0);
    assert_int_equal(count, (64 << 10) / 64 * 7 / 8);
    fe_memtable_stats_get(memtable, &stats);
    assert_true(stats.used_bytes < stats.capacity_bytes * 3 / 4);
    // Every key is still found, and a missing one still ends.
    for (uint32_t i = 1; i <= count + 1; i++) {
        uint8_t key[4];
        fe_entry entry;
        fe_put_u32_ordered(key, i);
        assert_int_equal(
            fe_memtable_get(memtable, fe_slice(key, 4), hash_of(fe_slice(key, 4)), 1, &entry),
            i <= count);
    }
    fe_memtable_destroy(memtable);
}

static void test_memtable_is_full_when_its_arena_is(void **state)
{
    const uint64_t capacities[] = {4096, 64 << 10, 1 << 20};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fe_memtable *memtable = create(capacities[i], fe_slice(NULL, 0));
        size_t cost = fe_memtable_entry_cost(20, 100);
        fe_memtable_stats stats;
        uint64_t count = fill(memtable, 20, 100);

        fe_memtable_stats_get(memtable, &stats);
        assert_int_equal(stats.entries, count);
        assert_true(stats.used_bytes <= capacities[i]);
        assert_true(stats.used_bytes + cost > capacities[i]);
        assert_false(fe_memtable_has_room(memtable, 1, cost));
        fe_memtable_destroy(memtable);
    }
}

static void test_memtable_takes_one_value_that_fills_it(void **state)
{
    static uint8_t value[(1 << 20)];
    fe_memtable *memtable = create(sizeof value + (sizeof value >> 3), fe_slice(NULL, 0));
    fe_entry entry = {fe_slice_text("0000big"), fe_slice(value, sizeof value), 5, FE_ENTRY_PUT};
    fe_entry found;

    (void)state;
    memset(value, 0x3c, sizeof value);
    assert_true(fe_memtable_has_room(memtable, 1, fe_memtable_entry_cost(7, sizeof value)));
    fe_memtable_insert(memtable, &entry, hash_of(entry.key));
    assert_true(fe_memtable_get(memtable, entry.key, hash_of(entry.key), 5, &found));
    assert_entry_equal(&found, &entry);
    fe_memtable_destroy(memtable);
}

// ---- Memory ---------------------------------------------------------------------------------

static void *allocate_nothing(void *context, void *memory, size_t size)
{
    (void)context;
    (void)memory;
    (void)size;
    return NULL;
}

static void release_by_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static void test_memtable_is_empty_in_pages_used_before(void **state)
{
    fe_page_pool pool;
    fe_memtable *memtable;
    fe_iterator *iterator;
    char key[32];

    (void)state;
    fe_page_pool_init(&pool, 64 << 10);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(fe_memtable_create(64 << 10, NULL, &pool, &memtable), FERRIC_OK);
        assert_string_equal(get(memtable, "k0", 100), "<none>");
        assert_int_equal(fe_memtable_iterator(memtable, &iterator), FERRIC_OK);
        iterator->ops->first(iterator);
        assert_false(iterator->is_valid);
        iterator->ops->destroy(iterator);
        for (uint64_t i = 0; fe_memtable_has_room(memtable, 1, 200); i++) {
            snprintf(key, sizeof key, "k%" PRIu64, i * (uint64_t)(round + 1));
            insert(memtable, key, 1, FE_ENTRY_PUT, key);
        }
        assert_string_equal(get(memtable, "k0", 100), "k0");
        fe_memtable_destroy(memtable);
        assert_int_equal(fe_page_pool_bytes(&pool), 64 << 10);
    }
    fe_page_pool_deinit(&pool);
}

static void test_memtable_reports_no_memory(void **state)
{
    const ferric_allocator nothing = {allocate_nothing, release_by_free, NULL};
    fe_memtable *memtable = create(4096, fe_slice(NULL, 0));
    fe_memtable *other = memtable;
    fe_iterator *iterator;
    ferric_status made;
    ferric_status walked;

    (void)state;
    fe_allocator_set(&nothing);
    made = fe_memtable_create(4096, NULL, NULL, &other);
    walked = fe_memtable_iterator(memtable, &iterator);
    fe_allocator_set(NULL);
    assert_int_equal(made, FERRIC_NO_MEMORY);
    assert_null(other);
    assert_int_equal(walked, FERRIC_NO_MEMORY);
    assert_null(iterator);
    fe_memtable_destroy(memtable);
    fe_memtable_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memtable_get_answers_at_each_sequence),
        cmocka_unit_test(test_memtable_first_of_equal_key_and_sequence_wins),
        cmocka_unit_test(test_memtable_older_version_inserted_later_stays_behind),
        cmocka_unit_test(test_memtable_counts_what_it_holds),
        cmocka_unit_test(test_memtable_equals_model),
        cmocka_unit_test(test_memtable_is_full_when_its_hash_is),
        cmocka_unit_test(test_memtable_is_full_when_its_arena_is),
        cmocka_unit_test(test_memtable_takes_one_value_that_fills_it),
        cmocka_unit_test(test_memtable_is_empty_in_pages_used_before),
        cmocka_unit_test(test_memtable_reports_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
