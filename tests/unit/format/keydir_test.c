// SPDX-License-Identifier: Apache-2.0
// KeyDirs: each key leads to its newest entry, few absent ones lead anywhere, damage is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/random.h"
#include "base/slice.h"
#include "format/keydir.h"

static uint64_t hash_of(uint64_t number)
{
    return fe_hash64(&number, sizeof number);
}

// Keys of a table that does not exist, in blocks of random sizes; every `repeat_share`-th entry is
// a further version of the key before.
typedef struct made_keys {
    fe_keydir_keys keys;
    uint64_t *hashes;
    fe_entry_place *places; // Of each key.
    uint32_t *block_entries;
    uint32_t *repeats;
} made_keys;

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);

    assert_non_null(memory);
    return memory;
}

static void make_keys(made_keys *made, fe_random *random, size_t entries, uint32_t block_max,
                      uint32_t repeat_share)
{
    uint32_t block = 0;
    uint32_t index = 0;

    made->hashes = zeroed(entries, sizeof *made->hashes);
    made->places = zeroed(entries, sizeof *made->places);
    made->block_entries = zeroed(entries, sizeof *made->block_entries);
    made->repeats = zeroed(entries, sizeof *made->repeats);
    made->keys = (fe_keydir_keys){0};
    for (size_t i = 0; i < entries; i++) {
        size_t key = made->keys.count;
        if (i > 0 && repeat_share > 0 && fe_random_below(random, repeat_share) == 0) {
            made->repeats[made->keys.repeat_count++] = (uint32_t)i;
        } else {
            made->hashes[key] = fe_random_next(random);
            made->places[key] = (fe_entry_place){block, index};
            made->keys.count++;
        }
        made->block_entries[block]++;
        if (++index < block_max && fe_random_below(random, block_max) != 0) continue;
        block++;
        index = 0;
    }
    made->keys.block_count = block + (index > 0);
    made->keys.hashes = made->hashes;
    made->keys.block_entries = made->block_entries;
    made->keys.repeats = made->repeats;
}

static void free_keys(made_keys *made)
{
    free(made->hashes);
    free(made->places);
    free(made->block_entries);
    free(made->repeats);
}

// How many places a search for the hash gives; *is_there tells whether `expected` is one.
static size_t search(const fe_keydir *keydir, uint64_t hash, fe_entry_place expected,
                     bool *is_there)
{
    fe_keydir_search each;
    fe_entry_place place;
    size_t places = 0;

    *is_there = false;
    fe_keydir_search_init(keydir, hash, &each);
    while (fe_keydir_next(keydir, &each, &place)) {
        places++;
        if (place.block == expected.block && place.index == expected.index) *is_there = true;
    }
    return places;
}

static void assert_leads_to_all(const fe_keydir *keydir, const made_keys *made)
{
    for (size_t i = 0; i < made->keys.count; i++) {
        bool is_there;
        (void)search(keydir, made->hashes[i], made->places[i], &is_there);
        assert_true(is_there);
    }
}

static double false_positive_rate(const fe_keydir *keydir, fe_random *random, size_t probes)
{
    size_t positives = 0;

    for (size_t i = 0; i < probes; i++) {
        bool is_there;
        positives += search(keydir, fe_random_next(random), (fe_entry_place){0}, &is_there) > 0;
    }
    return (double)positives / (double)probes;
}

static void build(const made_keys *made, ferric_buffer *bytes, fe_keydir *keydir)
{
    assert_int_equal(fe_keydir_build(&made->keys, bytes), FERRIC_OK);
    assert_int_equal(fe_keydir_init(keydir, fe_buffer_slice(bytes), "test"), FERRIC_OK);
}

static void test_keydir_leads_to_every_key(void **state)
{
    static const struct {
        size_t entries;
        uint32_t block_max;
        uint32_t repeat_share;
    } cases[] = {{0, 1, 0},     {1, 1, 0},      {2, 1, 0},       {15, 5, 0},      {16, 5, 0},
                 {17, 5, 0},    {33, 40, 3},    {1000, 1, 0},    {1000, 7, 2},    {1000, 2000, 9},
                 {3000, 70, 1}, {99999, 40, 0}, {140000, 40, 5}, {2000000, 50, 0}};
    fe_random random = {1};
    size_t keys = 0;

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ferric_buffer bytes = {0};
        fe_keydir keydir;
        made_keys made;
        make_keys(&made, &random, cases[c].entries, cases[c].block_max, cases[c].repeat_share);
        build(&made, &bytes, &keydir);
        assert_false(keydir.is_wide);
        assert_leads_to_all(&keydir, &made);
        assert_in_range(bytes.size, fe_keydir_size(made.keys.count),
                        fe_keydir_size(made.keys.count) * 3 / 2 + 64);
        keys += made.keys.count;
        fe_buffer_deinit(&bytes);
        free_keys(&made);
    }
    printf("keydir: %zu keys, each found\n", keys);
}

// Blocks of one entry beside one of very many: their numbers need more bits than a narrow slot has.
static void test_keydir_has_wide_slots_where_numbers_are_large(void **state)
{
    enum { SINGLES = 70000, CROWD = 300 };
    fe_random random = {2};
    ferric_buffer bytes = {0};
    fe_keydir keydir;
    made_keys made;

    (void)state;
    make_keys(&made, &random, SINGLES + CROWD, 1, 0);
    made.keys.block_count = SINGLES + 1;
    made.block_entries[SINGLES] = CROWD;
    for (uint32_t i = 0; i < CROWD; i++)
        made.places[SINGLES + i] = (fe_entry_place){SINGLES, i};
    build(&made, &bytes, &keydir);
    assert_true(keydir.is_wide);
    assert_int_equal(keydir.position_bits, 17 + 9);
    assert_int_equal(keydir.index_bits, 9);
    assert_leads_to_all(&keydir, &made);
    assert_true(false_positive_rate(&keydir, &random, 1000000) < 0.00001);
    fe_buffer_deinit(&bytes);
    free_keys(&made);
}

static void test_keydir_rejects_most_absent_keys(void **state)
{
    static const struct {
        size_t entries;
        uint32_t block_max;
        double rate_max;
    } cases[] = {{1000, 30, 0.0001}, {140000, 40, 0.004}, {2000000, 50, 0.02}};
    fe_random random = {3};

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ferric_buffer bytes = {0};
        fe_keydir keydir;
        made_keys made;
        double rate;
        make_keys(&made, &random, cases[c].entries, cases[c].block_max, 0);
        build(&made, &bytes, &keydir);
        rate = false_positive_rate(&keydir, &random, 1000000);
        printf("keydir: %zu keys: %.2f bytes a key, reach %u, %.4f%% false positives\n",
               cases[c].entries, (double)bytes.size / (double)cases[c].entries, keydir.reach,
               rate * 100);
        assert_true(rate < cases[c].rate_max);
        fe_buffer_deinit(&bytes);
        free_keys(&made);
    }
}

// Keys whose hashes choose one bucket: they spread over the next ones, and around the end.
static void test_keydir_holds_crowded_hashes_within_reach(void **state)
{
    enum { KEYS = 2000, CROWD = 50 };
    fe_random random = {4};
    ferric_buffer bytes = {0};
    fe_keydir keydir;
    made_keys made;

    (void)state;
    make_keys(&made, &random, KEYS, 40, 0);
    for (size_t i = 0; i < CROWD; i++) // The last bucket, so that some go on with the first.
        made.hashes[i * 7] |= (uint64_t)UINT32_MAX << 32;
    build(&made, &bytes, &keydir);
    assert_in_range(keydir.reach, CROWD / FE_KEYDIR_NARROW_SLOTS, FE_KEYDIR_REACH_MAX);
    assert_leads_to_all(&keydir, &made);
    fe_buffer_deinit(&bytes);
    free_keys(&made);
}

static void test_keydir_is_not_built_when_too_many_hashes_are_alike(void **state)
{
    enum { KEYS = 20000, CROWD = 300 };
    fe_random random = {5};
    ferric_buffer bytes = {0};
    made_keys made;

    (void)state;
    make_keys(&made, &random, KEYS, 40, 0);
    for (size_t i = 0; i < CROWD; i++)
        made.hashes[i] = 42;
    assert_int_equal(fe_keydir_build(&made.keys, &bytes), FERRIC_OK);
    assert_int_equal(bytes.size, 0);
    fe_buffer_deinit(&bytes);
    free_keys(&made);
}

// The layout is part of the format: hash -> bucket and slot.
static void test_keydir_slots_are_those_of_the_format_page(void **state)
{
    const uint64_t hashes[] = {(uint64_t)0x80000000 << 32 | 0xabcdef01, 0x00000001};
    const uint32_t block_entries[] = {1, 3};
    const uint32_t repeats[] = {1 + 1, 1 + 2};
    const fe_keydir_keys keys = {hashes, 2, block_entries, 2, repeats, 2};
    ferric_buffer bytes = {0};
    const uint8_t *data;

    (void)state;
    assert_int_equal(fe_keydir_build(&keys, &bytes), FERRIC_OK);
    data = bytes.data;
    assert_int_equal(bytes.size, FE_KEYDIR_BUCKET_SIZE + FE_KEYDIR_TRAILER_SIZE);
    // Three bits of position: one of block number, two of entry number.
    assert_int_equal(fe_get_u32(data), 0xabcdef01 >> 3 << 3);
    assert_int_equal(fe_get_u32(data + 4), 1 << 3 | 1 << 2); // 1 >> 3 is 0, for which 1 stands.
    assert_int_equal(fe_get_u32(data + 8), 0);
    assert_memory_equal(data + FE_KEYDIR_BUCKET_SIZE, "\4\3\2\0\1\0\0\0", FE_KEYDIR_TRAILER_SIZE);
    fe_buffer_deinit(&bytes);
}

static void refuse(const ferric_buffer *bytes, size_t at, uint8_t value, ferric_status expected)
{
    uint8_t *trailer = (uint8_t *)bytes->data + bytes->size - FE_KEYDIR_TRAILER_SIZE;
    uint8_t before = trailer[at];
    fe_keydir keydir;

    trailer[at] = value;
    assert_int_equal(fe_keydir_init(&keydir, fe_buffer_slice(bytes), "test"), expected);
    trailer[at] = before;
}

static void test_keydir_refuses_wrong_sizes_and_trailers(void **state)
{
    fe_random random = {6};
    ferric_buffer bytes = {0};
    fe_keydir keydir;
    made_keys made;

    (void)state;
    make_keys(&made, &random, 500, 40, 0);
    build(&made, &bytes, &keydir);
    for (size_t size = 0; size < bytes.size; size++) {
        ferric_status status = fe_keydir_init(&keydir, fe_slice(bytes.data, size), "test");
        assert_true(status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED);
    }
    refuse(&bytes, 0, 2, FERRIC_CORRUPT);
    refuse(&bytes, 1, 23, FERRIC_CORRUPT);
    refuse(&bytes, 2, keydir.position_bits + 1, FERRIC_CORRUPT);
    refuse(&bytes, 3, FE_KEYDIR_REACH_MAX + 1, FERRIC_CORRUPT);
    refuse(&bytes, 4, 2, FERRIC_UNSUPPORTED);
    for (size_t at = 5; at < FE_KEYDIR_TRAILER_SIZE; at++)
        refuse(&bytes, at, 1, FERRIC_CORRUPT);
    assert_int_equal(fe_keydir_init(&keydir, fe_buffer_slice(&bytes), "test"), FERRIC_OK);
    fe_buffer_deinit(&bytes);
    free_keys(&made);
}

// Every bucket full, as nobody writes it: a search for what is not there goes no further than the
// reach, around the end.
static void test_keydir_search_ends_in_full_buckets(void **state)
{
    uint8_t bytes[2 * FE_KEYDIR_BUCKET_SIZE + FE_KEYDIR_TRAILER_SIZE];
    fe_keydir keydir;
    bool is_there;

    (void)state;
    memset(bytes, 0xff, sizeof bytes);
    memcpy(bytes + 2 * FE_KEYDIR_BUCKET_SIZE, "\4\3\2\1\1\0\0\0", FE_KEYDIR_TRAILER_SIZE);
    assert_int_equal(fe_keydir_init(&keydir, fe_slice(bytes, sizeof bytes), "test"), FERRIC_OK);
    assert_int_equal(
        search(&keydir, hash_of(1) & ~(uint64_t)0xff000000, (fe_entry_place){0}, &is_there), 0);
    assert_int_equal(search(&keydir, UINT64_MAX, (fe_entry_place){1, 3}, &is_there), 32);
    assert_true(is_there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keydir_leads_to_every_key),
        cmocka_unit_test(test_keydir_has_wide_slots_where_numbers_are_large),
        cmocka_unit_test(test_keydir_rejects_most_absent_keys),
        cmocka_unit_test(test_keydir_holds_crowded_hashes_within_reach),
        cmocka_unit_test(test_keydir_is_not_built_when_too_many_hashes_are_alike),
        cmocka_unit_test(test_keydir_slots_are_those_of_the_format_page),
        cmocka_unit_test(test_keydir_refuses_wrong_sizes_and_trailers),
        cmocka_unit_test(test_keydir_search_ends_in_full_buckets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
