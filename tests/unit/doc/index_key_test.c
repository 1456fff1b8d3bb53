// SPDX-License-Identifier: Apache-2.0
// Index keys: the order of their bytes is the order of values, in both directions and in compounds;
// what is decoded equals what went in; the bytes are those of docs/format/index_key.md.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "doc/index_key.h"
#include "doc/json.h"
#include "json_maker.h"

#define ROUNDS 60000

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void check_bytes(const char *json, const char *expected_hex, bool is_descending)
{
    ferric_buffer key = {0};
    ferric_buffer hex = {0};
    bool is_inexact;

    assert_int_equal(fe_index_value_append(fe_slice_text(json), is_descending, &key, &is_inexact),
                     FERRIC_OK);
    assert_false(is_inexact);
    for (size_t i = 0; i < key.size; i++)
        assert_int_equal(fe_buffer_format(&hex, "%02x", ((uint8_t *)key.data)[i]), FERRIC_OK);
    assert_string_equal(hex.data, expected_hex);
    fe_buffer_deinit(&hex);
    fe_buffer_deinit(&key);
}

static void test_bytes_are_those_of_the_format_page(void **state)
{
    (void)state;
    check_bytes("", "10", false);
    check_bytes("null", "20", false);
    check_bytes("0", "31", false);
    check_bytes("-0.0e7", "31", false);
    check_bytes("1", "328102", false);
    check_bytes("18", "328124", false);
    check_bytes("1.0", "328102", false);
    check_bytes("100", "328202", false);
    check_bytes("1234.5", "3282194564", false);
    check_bytes("-18", "307edb", false);
    check_bytes("0.001", "327f14", false);
    check_bytes("1e400", "32c0800000c902", false);
    check_bytes("\"ab\"", "4061620000", false);
    check_bytes("\"a\\u0000b\"", "406100ff620000", false);
    check_bytes("{\"b\":1,\"a\":null}", "5001610000200162000032810200", false);
    check_bytes("[1,\"x\"]", "603281024078000000", false);
    check_bytes("false", "70", false);
    check_bytes("true", "71", false);
    check_bytes("18", "cd7edb", true);
}

static void make_minified(fe_random *random, int depth, ferric_buffer *json)
{
    ferric_buffer made = {0};
    json_make(random, depth, &made);
    fe_buffer_clear(json);
    assert_int_equal(fe_json_minify(fe_buffer_slice(&made), json, NULL), FERRIC_OK);
    fe_buffer_deinit(&made);
}

static void check_pair(ferric_slice a, ferric_slice b, bool is_descending)
{
    ferric_buffer left = {0};
    ferric_buffer right = {0};
    bool left_cut;
    bool right_cut;
    int order = fe_value_compare(a, b) * (is_descending ? -1 : 1);
    int of_keys;

    assert_int_equal(sign(fe_value_compare(b, a)), -sign(fe_value_compare(a, b)));
    assert_int_equal(fe_index_value_append(a, is_descending, &left, &left_cut), FERRIC_OK);
    assert_int_equal(fe_index_value_append(b, is_descending, &right, &right_cut), FERRIC_OK);
    of_keys = fe_slice_compare(fe_buffer_slice(&left), fe_buffer_slice(&right));
    if (of_keys == 0 && left_cut && right_cut) order = 0; // Cut to the same bytes.
    assert_int_equal(sign(of_keys), sign(order));
    // Neither is the beginning of the other, or they are equal.
    if (order != 0) {
        assert_false(fe_slice_has_prefix(fe_buffer_slice(&left), fe_buffer_slice(&right)));
        assert_false(fe_slice_has_prefix(fe_buffer_slice(&right), fe_buffer_slice(&left)));
    }
    fe_buffer_deinit(&left);
    fe_buffer_deinit(&right);
}

static void test_order_of_bytes_is_order_of_values(void **state)
{
    fe_random random = {20261};
    ferric_buffer a = {0};
    ferric_buffer b = {0};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        make_minified(&random, 3, &a);
        make_minified(&random, 3, &b);
        check_pair(fe_buffer_slice(&a), fe_buffer_slice(&b), false);
        check_pair(fe_buffer_slice(&a), fe_buffer_slice(&b), true);
        check_pair(fe_buffer_slice(&a), fe_slice(NULL, 0), i % 2 == 0);
    }
    fe_buffer_deinit(&a);
    fe_buffer_deinit(&b);
}

static void test_decoded_value_equals_the_encoded(void **state)
{
    fe_random random = {20262};
    ferric_buffer value = {0};
    ferric_buffer key = {0};
    ferric_buffer json = {0};
    ferric_buffer again = {0};
    int cut = 0;
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        bool is_descending = i % 2 != 0;
        fe_value_type type;
        bool was_cut;
        bool is_inexact;
        fe_decoder decoder;
        make_minified(&random, 3, &value);
        fe_buffer_clear(&key);
        fe_buffer_clear(&json);
        fe_buffer_clear(&again);
        assert_int_equal(
            fe_index_value_append(fe_buffer_slice(&value), is_descending, &key, &was_cut),
            FERRIC_OK);
        assert_int_equal(fe_buffer_append(&key, "behind", 6), FERRIC_OK);
        decoder = fe_decoder_of(fe_buffer_slice(&key));
        assert_int_equal(fe_index_value_decode(&decoder, is_descending, &json, &type, &is_inexact),
                         FERRIC_OK);
        assert_int_equal(is_inexact, was_cut);
        assert_int_equal(fe_decoder_remaining(&decoder), 6);
        assert_int_equal(type, fe_value_type_of(fe_buffer_slice(&value)));
        cut += was_cut;
        if (was_cut) {
            assert_int_equal(json.size, 0);
            assert_int_equal(key.size, FE_INDEX_VALUE_SIZE_MAX + 6);
            continue;
        }
        assert_int_equal(fe_json_minify(fe_buffer_slice(&json), &again, NULL), FERRIC_OK);
        assert_true(fe_value_equal(fe_buffer_slice(&json), fe_buffer_slice(&value)));
    }
    assert_true(cut > 10);
    fe_buffer_deinit(&value);
    fe_buffer_deinit(&key);
    fe_buffer_deinit(&json);
    fe_buffer_deinit(&again);
}

static void test_damaged_keys_are_corrupt_or_a_value(void **state)
{
    fe_random random = {20263};
    ferric_buffer value = {0};
    ferric_buffer key = {0};
    ferric_buffer json = {0};
    int corrupt = 0;
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        fe_value_type type;
        bool is_inexact;
        fe_decoder decoder;
        ferric_status status;
        make_minified(&random, 2, &value);
        fe_buffer_clear(&key);
        assert_int_equal(fe_index_value_append(fe_buffer_slice(&value), false, &key, NULL),
                         FERRIC_OK);
        ((uint8_t *)key.data)[fe_random_below(&random, key.size)] =
            (uint8_t)fe_random_next(&random);
        if (i % 4 == 0) key.size = fe_random_below(&random, key.size);
        decoder = fe_decoder_of(fe_buffer_slice(&key));
        fe_buffer_clear(&json);
        status = fe_index_value_decode(&decoder, false, &json, &type, &is_inexact);
        assert_true(status == FERRIC_OK || status == FERRIC_CORRUPT);
        corrupt += status == FERRIC_CORRUPT;
    }
    assert_true(corrupt > ROUNDS / 10);
    fe_buffer_deinit(&value);
    fe_buffer_deinit(&key);
    fe_buffer_deinit(&json);
}

// ---- Keys of documents ----------------------------------------------------------------------

static void make_keys(fe_arena *arena, const char *shape_json, bool is_unique, const char *text,
                      fe_index_keys *keys)
{
    fe_index_shape shape;
    fe_doc doc = {fe_slice_text("\"id\""), fe_slice_text(text)};
    assert_int_equal(fe_index_shape_parse(fe_slice_text(shape_json), arena, &shape), FERRIC_OK);
    shape.is_unique = is_unique;
    assert_int_equal(fe_index_keys_make(&shape, &doc, arena, keys), FERRIC_OK);
}

// The keys' components as JSON, one key a line: "." for missing.
static void check_keys(const char *shape_json, const char *text, const char *expected)
{
    fe_arena arena;
    fe_index_keys keys;
    ferric_buffer list = {0};

    fe_arena_init(&arena);
    make_keys(&arena, shape_json, false, text, &keys);
    for (size_t i = 0; i < keys.count; i++) {
        fe_decoder decoder = fe_decoder_of(keys.keys[i].bytes);
        while (fe_decoder_remaining(&decoder) > 0) {
            fe_value_type type;
            bool is_inexact;
            assert_int_equal(fe_index_value_decode(&decoder, false, &list, &type, &is_inexact),
                             FERRIC_OK);
            if (type == FE_VALUE_MISSING) assert_int_equal(fe_buffer_format(&list, "."), FERRIC_OK);
            assert_int_equal(fe_buffer_format(&list, " "), FERRIC_OK);
        }
        assert_int_equal(fe_buffer_format(&list, keys.keys[i].is_free ? "free;" : ";"), FERRIC_OK);
    }
    assert_string_equal(list.data, expected);
    fe_buffer_deinit(&list);
    fe_arena_deinit(&arena);
}

static void test_keys_are_what_paths_reach(void **state)
{
    (void)state;
    check_keys("\"a\"", "{\"a\":1}", "1 ;");
    check_keys("\"a\"", "{\"b\":1}", ". free;");
    check_keys("\"a\"", "{\"a\":null}", "null ;");
    check_keys("\"a\"", "{\"a\":[]}", "[] free;");
    check_keys("\"a\"", "{\"a\":[3,1,3,1.0]}", "1 ;3 ;[3,1,3,1] free;");
    check_keys("\"a.b\"", "{\"a\":[{\"b\":2},{},5,{\"b\":[7]}]}", ". free;2 ;7 ;[7] free;");
    check_keys("\"a.b\"", "{\"a\":[1,2]}", ". free;");
    check_keys("\"a.0\"", "{\"a\":[4,{\"0\":5}]}", "4 ;");
    check_keys("\"a.9\"", "{\"a\":[4]}", ". free;");
    check_keys("\"a.b\"", "{\"a\":[[{\"b\":1}]]}", ". free;");
    check_keys("\"a.0.b\"", "{\"a\":[[{\"b\":1}]]}", "1 ;");
    check_keys("\"_id\"", "{\"a\":1}", "\"id\" ;");
    check_keys("\"_id.x\"", "{}", ". free;");
    check_keys("\"/a~1b/c.d\"", "{\"a/b\":{\"c.d\":8}}", "8 ;");
    check_keys("\"a\"", "[1]", ". free;");
    check_keys("[\"a\",\"b\"]", "{\"a\":[1,2],\"b\":true}", "1 true ;2 true ;[1,2] true free;");
    check_keys("{\"a\":1,\"b\":1}", "{\"b\":5}", ". 5 free;");
}

static void test_two_arrays_in_one_compound_key_are_refused(void **state)
{
    fe_arena arena;
    fe_index_shape shape;
    fe_index_keys keys;
    fe_doc doc = {{NULL, 0}, fe_slice_text("{\"a\":[1,2],\"b\":[3,4]}")};
    (void)state;
    fe_arena_init(&arena);
    assert_int_equal(fe_index_shape_parse(fe_slice_text("[\"a\",\"b\"]"), &arena, &shape),
                     FERRIC_OK);
    assert_int_equal(fe_index_keys_make(&shape, &doc, &arena, &keys), FERRIC_INVALID_ARGUMENT);
    assert_non_null(strstr(fe_message(), "\"a\" and \"b\""));
    fe_arena_deinit(&arena);
}

static void test_unique_keys_tell_long_values_apart(void **state)
{
    fe_arena arena;
    fe_index_keys a;
    fe_index_keys b;
    char text[2100];
    (void)state;
    fe_arena_init(&arena);
    memset(text, 'x', sizeof text);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + sizeof text - 3, "\"}", 3);
    make_keys(&arena, "\"a\"", true, text, &a);
    text[2000] = 'y';
    make_keys(&arena, "\"a\"", true, text, &b);
    assert_true(a.keys[0].is_inexact && b.keys[0].is_inexact);
    assert_int_equal(a.keys[0].bytes.size, FE_INDEX_VALUE_SIZE_MAX + FE_INDEX_HASH_SIZE);
    assert_memory_equal(a.keys[0].bytes.data, b.keys[0].bytes.data, FE_INDEX_VALUE_SIZE_MAX);
    assert_false(fe_slice_equal(a.keys[0].bytes, b.keys[0].bytes));
    fe_arena_deinit(&arena);
}

static void check_shape_refused(const char *json, const char *reason)
{
    fe_arena arena;
    fe_index_shape shape;
    fe_arena_init(&arena);
    assert_int_equal(fe_index_shape_parse(fe_slice_text(json), &arena, &shape),
                     FERRIC_INVALID_ARGUMENT);
    if (strstr(fe_message(), reason) == NULL) fail_msg("%s: %s", json, fe_message());
    fe_arena_deinit(&arena);
}

static void test_wrong_shapes_are_refused(void **state)
{
    (void)state;
    check_shape_refused("{}", "no path");
    check_shape_refused("[]", "no path");
    check_shape_refused("\"\"", "empty");
    check_shape_refused("7", "a path or a list");
    check_shape_refused("[7]", "a path or a list");
    check_shape_refused("{\"a\":2}", "1 or -1");
    check_shape_refused("{\"a\":\"x\"}", "1 or -1");
    check_shape_refused("[\"a\",\"-a\"]", "twice");
    check_shape_refused("[\"a.b\",\"/a/b\"]", "twice");
    check_shape_refused("\"a..b\"", "empty step");
    check_shape_refused("\"a.$b\"", "'$'");
    check_shape_refused("\"/a~2\"", "~0 or ~1");
    check_shape_refused("[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", "at most 8");
    check_shape_refused("{\"a\":1", "byte 6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_those_of_the_format_page),
        cmocka_unit_test(test_order_of_bytes_is_order_of_values),
        cmocka_unit_test(test_decoded_value_equals_the_encoded),
        cmocka_unit_test(test_damaged_keys_are_corrupt_or_a_value),
        cmocka_unit_test(test_keys_are_what_paths_reach),
        cmocka_unit_test(test_two_arrays_in_one_compound_key_are_refused),
        cmocka_unit_test(test_unique_keys_tell_long_values_apart),
        cmocka_unit_test(test_wrong_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
