// SPDX-License-Identifier: Apache-2.0
// The stored form of a document: its bytes, its "_id", and what is no document.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "doc/document.h"

static void check_stored(const char *key, const char *json, const char *expected)
{
    ferric_buffer stored = {0};
    ferric_slice text;
    assert_int_equal(fe_document_encode(fe_slice_text(key), fe_slice_text(json), &stored),
                     FERRIC_OK);
    assert_int_equal(*(uint8_t *)stored.data, FE_DOCUMENT_FORMAT_JSON);
    assert_int_equal(fe_document_text(fe_buffer_slice(&stored), &text), FERRIC_OK);
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
    fe_buffer_deinit(&stored);
}

static void check_refused(ferric_slice key, const char *json)
{
    ferric_buffer stored = {0};
    assert_int_equal(fe_document_encode(key, fe_slice_text(json), &stored),
                     FERRIC_INVALID_ARGUMENT);
    assert_true(fe_message()[0] != 0);
    fe_buffer_deinit(&stored);
}

// The worked example of docs/format/document.md.
static void test_document_is_a_format_byte_and_minified_text(void **state)
{
    static const uint8_t expected[] = {0x01, 0x7b, 0x22, 0x6e, 0x61, 0x6d, 0x65, 0x22, 0x3a,
                                       0x22, 0x5a, 0x6f, 0xc3, 0xab, 0x22, 0x2c, 0x22, 0x6e,
                                       0x22, 0x3a, 0x31, 0x2e, 0x35, 0x30, 0x7d};
    ferric_buffer stored = {0};
    (void)state;
    assert_int_equal(fe_document_encode(fe_slice_text("any"),
                                        fe_slice_text("{ \"name\": \"Zo\xc3\xab\", \"n\": 1.50 }"),
                                        &stored),
                     FERRIC_OK);
    assert_int_equal(stored.size, sizeof expected);
    assert_memory_equal(stored.data, expected, sizeof expected);
    fe_buffer_deinit(&stored);
}

static void test_document_leaves_an_equal_id_out(void **state)
{
    (void)state;
    check_stored("k", "{\"_id\":\"k\"}", "{}");
    check_stored("k", "{\"_id\":\"k\",\"a\":1}", "{\"a\":1}");
    check_stored("k", "{\"a\":1,\"_id\":\"k\"}", "{\"a\":1}");
    check_stored("k", "{\"a\":1,\"_id\":\"k\",\"b\":2}", "{\"a\":1,\"b\":2}");
    check_stored("k", "{\"a\":1,\"\\u005fid\":\"\\u006b\",\"b\":2}", "{\"a\":1,\"b\":2}");
    check_stored("k", "{\"_id\":7,\"_id\":\"k\"}", "{}"); // The last of equal names counts.
    check_stored("k", "{\"a\":{\"_id\":\"x\"}}", "{\"a\":{\"_id\":\"x\"}}");
    check_stored("k", "[\"_id\"]", "[\"_id\"]");
    check_stored("k", "\"_id\"", "\"_id\"");
}

static void test_document_refuses_another_id(void **state)
{
    (void)state;
    check_refused(fe_slice_text("k"), "{\"_id\":\"j\"}");
    check_refused(fe_slice_text("1"), "{\"_id\":1}");
    check_refused(fe_slice_text("k"), "{\"a\":1,\"_id\":null}");
}

static void test_document_refuses_a_key_that_is_not_utf8(void **state)
{
    (void)state;
    check_refused(fe_slice("\xff", 1), "{}");
    check_stored("\xc3\xa9", "{}", "{}");
}

static void test_document_refuses_what_is_not_json(void **state)
{
    (void)state;
    check_refused(fe_slice_text("k"), "{\"a\":}");
    check_refused(fe_slice_text("k"), "");
}

static void test_document_text_refuses_unknown_forms(void **state)
{
    ferric_slice json;
    (void)state;
    assert_int_equal(fe_document_text(fe_slice("\x02{}", 3), &json), FERRIC_UNSUPPORTED);
    assert_int_equal(fe_document_text(fe_slice("\x01", 1), &json), FERRIC_CORRUPT);
    assert_int_equal(fe_document_text(fe_slice("\x00{}", 3), &json), FERRIC_CORRUPT);
    assert_int_equal(fe_document_text(fe_slice(NULL, 0), &json), FERRIC_CORRUPT);
    assert_null(json.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document_is_a_format_byte_and_minified_text),
        cmocka_unit_test(test_document_leaves_an_equal_id_out),
        cmocka_unit_test(test_document_refuses_another_id),
        cmocka_unit_test(test_document_refuses_a_key_that_is_not_utf8),
        cmocka_unit_test(test_document_refuses_what_is_not_json),
        cmocka_unit_test(test_document_text_refuses_unknown_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
