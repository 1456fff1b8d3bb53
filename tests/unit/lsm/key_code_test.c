// SPDX-License-Identifier: Apache-2.0
// Codes of keys: never against the order of the keys, whatever was learned, and as telling as there
// is room for what programs use.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "entry_model.h"
#include "lsm/key_code.h"

#define BITS 44

static int compare_keys(const void *left, const void *right)
{
    return fe_slice_compare(*(const ferric_slice *)left, *(const ferric_slice *)right);
}

// ---- Order ----------------------------------------------------------------------------------

#define KEYS 300

typedef struct key_set {
    uint8_t rooms[KEYS][RANDOM_KEY_SIZE_MAX];
    ferric_slice keys[KEYS]; // In ascending order.
} key_set;

static void make_keys(key_set *set, fe_random *random, ferric_slice anchor, bool is_digits)
{
    for (size_t i = 0; i < KEYS; i++) {
        set->keys[i] = random_key(random, anchor, set->rooms[i]);
        for (size_t j = anchor.size; is_digits && j < set->keys[i].size; j++)
            set->rooms[i][j] = (uint8_t)('0' + set->rooms[i][j] % 10);
    }
    qsort(set->keys, KEYS, sizeof *set->keys, compare_keys);
}

static void assert_codes_in_order(const fe_key_code *code, const key_set *set)
{
    uint64_t last = 0;

    for (size_t i = 0; i < KEYS; i++) {
        uint64_t coded = fe_key_code_of(code, set->keys[i]);
        assert_true(coded >= last);
        assert_true(coded >> code->bits == 0);
        last = coded;
    }
}

// What is learned from some keys must hold for all others.
static void test_key_code_never_contradicts_the_order(void **state)
{
    const ferric_slice anchors[] = {fe_slice(NULL, 0), fe_slice_text("\x01\x02\x03\x04users/"),
                                    fe_slice("\xff\xff\xff", 3), fe_slice("\0\0\0\0", 4)};
    const uint32_t bits[] = {8, 9, 31, 32, 44, FE_KEY_CODE_BITS_MAX};
    fe_random random = {test_seed(20261122)};
    key_set learned;
    key_set others;

    (void)state;
    for (size_t round = 0; round < 4 * 6 * 8; round++) {
        ferric_slice anchor = anchors[round % 4];
        uint32_t room = bits[round / 4 % 6];
        size_t count = fe_random_below(&random, FE_KEY_CODE_SAMPLES_MAX + 1);
        fe_key_code code;
        make_keys(&learned, &random, anchor, round % 3 == 0);
        fe_key_code_learn(&code, learned.keys, count, room);
        assert_codes_in_order(&code, &learned);
        make_keys(&others, &random, anchors[fe_random_below(&random, 4)], round % 5 == 0);
        assert_codes_in_order(&code, &others);
        fe_key_code_init(&code, anchor, room);
        assert_codes_in_order(&code, &learned);
        fe_key_code_fit(&code, bits[fe_random_below(&random, 6)]);
        assert_codes_in_order(&code, &learned);
    }
}

// ---- What is told apart ---------------------------------------------------------------------

#define LEARNED 200

// Makes the key of a number. Greater numbers have greater keys.
typedef size_t (*key_maker)(uint64_t number, uint8_t key[64]);

static size_t make_decimal(uint64_t number, uint8_t key[64])
{
    return (size_t)snprintf((char *)key, 64, "user:%012" PRIu64, number);
}

static size_t make_hexadecimal(uint64_t number, uint8_t key[64])
{
    return (size_t)snprintf((char *)key, 64, "%08" PRIx32 "-4a", (uint32_t)number);
}

static size_t make_dated(uint64_t number, uint8_t key[64])
{
    return (size_t)snprintf((char *)key, 64, "log/2026-11-%02" PRIu64 "T%02" PRIu64 ":%04" PRIu64,
                            number / 240000, number / 10000 % 24, number % 10000);
}

static size_t make_binary(uint64_t number, uint8_t key[64])
{
    memcpy(key, "\0\0\0\1", 4);
    for (size_t i = 0; i < 8; i++)
        key[4 + i] = (uint8_t)(number >> (56 - 8 * i));
    return 12;
}

// A catalogue's, which stand before all others.
static size_t make_catalogue(uint64_t number, uint8_t key[64])
{
    return (size_t)snprintf((char *)key, 64, "!keyspace%" PRIu64, number);
}

// Learns from the keys of every `step`th number up to LEARNED, with `strangers` of another kind
// before them.
static void learn(fe_key_code *code, key_maker make, uint64_t step, size_t strangers)
{
    uint8_t rooms[LEARNED][64];
    ferric_slice keys[LEARNED];

    for (size_t i = 0; i < LEARNED; i++) {
        size_t size = i < strangers ? make_catalogue(i, rooms[i]) : make(i * step, rooms[i]);
        keys[i] = fe_slice(rooms[i], size);
    }
    fe_key_code_learn(code, keys, LEARNED, BITS);
}

// Of so many thousands of numbers, from `first` on, most must have greater codes than those before
// them. Not all: bytes that were not seen stand together.
static void assert_told_apart(const fe_key_code *code, key_maker make, uint64_t first,
                              uint64_t step)
{
    uint64_t last = 0;
    size_t told = 0;

    for (uint64_t i = 0; i < 10000; i++) {
        uint8_t room[64];
        uint64_t coded = fe_key_code_of(code, fe_slice(room, make(first + i * step, room)));
        told += coded > last;
        last = coded;
    }
    assert_true(told > 6000);
}

static void test_key_code_tells_keys_of_programs_apart(void **state)
{
    static const struct {
        key_maker make;
        uint64_t step;
        uint64_t first; // Of keys that were not there when it learned.
    } cases[] = {{make_decimal, 977, 100000},     {make_decimal, 10000019, 123456789},
                 {make_decimal, 31, 900},         {make_hexadecimal, 2147483, 0x12345678},
                 {make_dated, 1201, 100000},      {make_binary, 977, 100000},
                 {make_binary, 83886081, 1 << 30}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t strangers = 0; strangers <= LEARNED / 8; strangers += LEARNED / 8) {
            fe_key_code code;
            learn(&code, cases[i].make, cases[i].step, strangers);
            assert_told_apart(&code, cases[i].make, cases[i].first, cases[i].step / 32 + 1);
        }
    }
}

// A counter and a clock go on: what was learned from their last keys serves for the next ones.
static void test_key_code_leaves_room_for_keys_to_come(void **state)
{
    fe_key_code code;

    (void)state;
    learn(&code, make_decimal, 1, 0);
    assert_told_apart(&code, make_decimal, 1000, 1);
    assert_told_apart(&code, make_decimal, 1000000, 1);
    learn(&code, make_binary, 1, 0);
    assert_told_apart(&code, make_binary, 100000, 1);
}

static void test_key_code_of_nothing_learned_takes_bytes_as_they_are(void **state)
{
    fe_key_code code;

    (void)state;
    fe_key_code_learn(&code, NULL, 0, 32);
    assert_int_equal(fe_key_code_of(&code, fe_slice_text("abcdef")), 0x61626364);
    assert_int_equal(fe_key_code_of(&code, fe_slice_text("ab")), 0x61620000);
    assert_int_equal(fe_key_code_of(&code, fe_slice(NULL, 0)), 0);
    fe_key_code_fit(&code, 28);
    assert_int_equal(fe_key_code_of(&code, fe_slice_text("abcdef")), 0x616263);
    fe_key_code_init(&code, fe_slice_text("ab"), 32);
    assert_int_equal(fe_key_code_of(&code, fe_slice_text("abcdef")), 0x63646566);
    assert_int_equal(fe_key_code_of(&code, fe_slice_text("aac")), 0);
    assert_int_equal(fe_key_code_of(&code, fe_slice_text("a")), 0);
    assert_int_equal(fe_key_code_of(&code, fe_slice_text("b")), 0xffffffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_code_never_contradicts_the_order),
        cmocka_unit_test(test_key_code_tells_keys_of_programs_apart),
        cmocka_unit_test(test_key_code_leaves_room_for_keys_to_come),
        cmocka_unit_test(test_key_code_of_nothing_learned_takes_bytes_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
