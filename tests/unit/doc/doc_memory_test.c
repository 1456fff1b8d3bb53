// SPDX-License-Identifier: Apache-2.0
// Every allocation of filters, updates, patches and sort keys fails in turn: NO_MEMORY, everything
// is freed, and with enough memory the answer is the right one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "doc/matcher.h"
#include "doc/patch.h"
#include "doc/sort_key.h"
#include "doc/update.h"

static const char document[] =
    "{\"n\":5,\"s\":\"a\\u0041b\",\"l\":[3,{\"k\":1},{\"k\":2}],\"o\":{\"p\":{\"q\":[1,2,3]}}}";

static long allocations_left;
static long held; // Allocations that are not freed yet.

static void *limited_reallocate(void *context, void *memory, size_t size)
{
    void *given;
    (void)context;
    if (allocations_left-- <= 0) return NULL;
    given = realloc(memory, size);
    if (given != NULL && memory == NULL) held++;
    return given;
}

static void counted_release(void *context, void *memory)
{
    (void)context;
    if (memory != NULL) held--;
    free(memory);
}

static fe_doc doc_of(void)
{
    return (fe_doc){fe_slice_text("\"key\""), fe_slice_text(document)};
}

// ---- What is tried --------------------------------------------------------------------------

static ferric_status try_filter(ferric_buffer *out)
{
    fe_matcher *matcher = NULL;
    fe_doc doc = doc_of();
    bool matches = false;
    ferric_status status = fe_matcher_create(
        fe_slice_text("{\"$and\":[{\"n\":{\"$in\":[9,5,7]}},{\"$or\":[{\"x\":1},{\"l.k\":2}]}],"
                      "\"s\":{\"$regex\":\"^aA(b|c)$\",\"$startsWith\":\"aA\"},"
                      "\"l\":{\"$elemMatch\":{\"k\":{\"$gt\":1}}},\"o.p.q\":{\"$all\":[1,3]}}"),
        &matcher);

    if (status == FERRIC_OK) status = fe_matcher_test(matcher, &doc, &matches);
    if (status == FERRIC_OK) status = fe_buffer_append(out, matches ? "yes" : "no", 3);
    fe_matcher_destroy(matcher);
    return status;
}

static ferric_status try_update(ferric_buffer *out)
{
    fe_update *update = NULL;
    fe_doc doc = doc_of();
    bool is_changed;
    ferric_status status = fe_update_create(
        fe_slice_text("{\"$inc\":{\"n\":2},\"$set\":{\"o.new.x\":1},\"$rename\":{\"s\":\"t\"},"
                      "\"$push\":{\"o.p.q\":{\"$each\":[8,9],\"$position\":0,\"$slice\":4}},"
                      "\"$pull\":{\"l\":{\"k\":{\"$lt\":2}}}}"),
        &update);

    if (status == FERRIC_OK) status = fe_update_apply(update, &doc, out, &is_changed);
    fe_update_destroy(update);
    return status;
}

static ferric_status try_merge_patch(ferric_buffer *out)
{
    return fe_merge_patch(fe_slice_text(document),
                          fe_slice_text("{\"n\":null,\"o\":{\"p\":{\"r\":[1]},\"z\":2}}"), out);
}

static ferric_status try_json_patch(ferric_buffer *out)
{
    return fe_json_patch(fe_slice_text(document),
                         fe_slice_text("[{\"op\":\"test\",\"path\":\"/n\",\"value\":5.0},"
                                       "{\"op\":\"move\",\"from\":\"/o/p/q/0\",\"path\":\"/l/-\"},"
                                       "{\"op\":\"copy\",\"from\":\"/o\",\"path\":\"/c\"},"
                                       "{\"op\":\"remove\",\"path\":\"/s\"}]"),
                         out);
}

static ferric_status try_sort_key(ferric_buffer *out)
{
    fe_doc doc = doc_of();
    fe_arena arena;
    fe_sort sort;
    ferric_status status;

    fe_arena_init(&arena);
    status = fe_sort_parse(fe_slice_text("{\"l.k\":-1,\"s\":1,\"o\":1}"), &arena, &sort);
    if (status == FERRIC_OK) status = fe_sort_key_append(&sort, &doc, out);
    fe_arena_deinit(&arena);
    return status;
}

// ---- The test -------------------------------------------------------------------------------

// Without `expected` what is made is appended, and a failure takes back its part.
static void fail_each_allocation(ferric_status (*attempt)(ferric_buffer *out), const char *expected)
{
    static const ferric_allocator allocator = {limited_reallocate, counted_release, NULL};
    ferric_status status = FERRIC_NO_MEMORY;
    int failures = 0;

    fe_allocator_set(&allocator);
    for (long allowed = 0; status != FERRIC_OK; allowed++) {
        ferric_buffer out = {0};
        long held_before = held;
        allocations_left = allowed;
        status = attempt(&out);
        allocations_left = 1000000;
        assert_true(status == FERRIC_OK || status == FERRIC_NO_MEMORY);
        failures += status != FERRIC_OK;
        if (status != FERRIC_OK && expected == NULL) assert_int_equal(out.size, 0);
        if (status == FERRIC_OK && expected != NULL) {
            assert_int_equal(out.size, strlen(expected));
            assert_memory_equal(out.data, expected, out.size);
        }
        fe_buffer_deinit(&out);
        assert_int_equal(held, held_before);
    }
    fe_allocator_set(NULL);
    assert_true(failures >= 2);
}

static void test_filters_fail_cleanly(void **state)
{
    (void)state;
    fail_each_allocation(try_filter, "yes");
}

static void test_updates_fail_cleanly(void **state)
{
    (void)state;
    fail_each_allocation(try_update, "{\"n\":7,\"l\":[3,{\"k\":2}],\"o\":{\"p\":{\"q\":[8,9,1,2]},"
                                     "\"new\":{\"x\":1}},\"t\":\"a\\u0041b\"}");
}

static void test_merge_patches_fail_cleanly(void **state)
{
    (void)state;
    fail_each_allocation(try_merge_patch, "{\"s\":\"a\\u0041b\",\"l\":[3,{\"k\":1},{\"k\":2}],"
                                          "\"o\":{\"p\":{\"q\":[1,2,3],\"r\":[1]},\"z\":2}}");
}

static void test_json_patches_fail_cleanly(void **state)
{
    (void)state;
    fail_each_allocation(try_json_patch,
                         "{\"n\":5,\"l\":[3,{\"k\":1},{\"k\":2},1],\"o\":{\"p\":{\"q\":[2,3]}},"
                         "\"c\":{\"p\":{\"q\":[2,3]}}}");
}

static void test_sort_keys_fail_cleanly(void **state)
{
    (void)state;
    fail_each_allocation(try_sort_key, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters_fail_cleanly),
        cmocka_unit_test(test_updates_fail_cleanly),
        cmocka_unit_test(test_merge_patches_fail_cleanly),
        cmocka_unit_test(test_json_patches_fail_cleanly),
        cmocka_unit_test(test_sort_keys_fail_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
