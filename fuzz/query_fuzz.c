// SPDX-License-Identifier: Apache-2.0
// The document language: the input is a letter, a text, a zero byte and a document. The text is
// taken as a filter, an update, a merge patch, a patch, a path or a sort; whatever it is, no answer
// but the documented ones, what comes out is a document, and what matches has a key in the filter's
// ranges.
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json_text.h"
#include "doc/index_key.h"
#include "doc/json.h"
#include "doc/matcher.h"
#include "doc/matcher_ranges.h"
#include "doc/patch.h"
#include "doc/sort_key.h"
#include "doc/update.h"
#include "fuzz.h"

const size_t fuzz_fixed_memory = 4 << 20;

static bool is_refusal(ferric_status status)
{
    return status == FERRIC_INVALID_ARGUMENT || status == FERRIC_TOO_LARGE ||
           status == FERRIC_OVERFLOW || status == FERRIC_CONFLICT;
}

// What was changed is valid and minified.
static void check_text(ferric_status status, const ferric_buffer *text)
{
    ferric_buffer again = {0};

    FUZZ_CHECK(status == FERRIC_OK || is_refusal(status));
    if (status != FERRIC_OK) return;
    FUZZ_CHECK(fe_json_minify(fe_buffer_slice(text), &again, NULL) == FERRIC_OK);
    FUZZ_CHECK(fe_slice_equal(fe_buffer_slice(text), fe_buffer_slice(&again)));
    fe_buffer_deinit(&again);
}

static bool has_key_inside(const fe_index_keys *keys, const fe_index_ranges *ranges)
{
    for (size_t i = 0; i < keys->count; i++) {
        for (size_t j = 0; j < ranges->count; j++) {
            const fe_range *range = &ranges->ranges[j];
            if (fe_slice_compare(keys->keys[i].bytes, range->lower) >= 0 &&
                (range->upper.size == 0 ||
                 fe_slice_compare(keys->keys[i].bytes, range->upper) < 0)) {
                return true;
            }
        }
    }
    return false;
}

static void check_ranges(fe_matcher *matcher, const fe_doc *doc, bool matches)
{
    fe_arena arena;
    fe_index_shape shape;
    fe_index_keys keys;
    fe_index_ranges ranges;

    fe_arena_init(&arena);
    FUZZ_CHECK(fe_index_shape_parse(fe_slice_text("[\"a\",\"-b\"]"), &arena, &shape) == FERRIC_OK);
    if (fe_index_keys_make(&shape, doc, &arena, &keys) == FERRIC_OK) {
        FUZZ_CHECK(fe_condition_ranges(fe_matcher_condition(matcher), &shape, keys.is_multi_key,
                                       &arena, &ranges) == FERRIC_OK);
        if (matches) FUZZ_CHECK(has_key_inside(&keys, &ranges));
        if (ranges.is_exact && !matches) FUZZ_CHECK(!has_key_inside(&keys, &ranges));
    }
    fe_arena_deinit(&arena);
}

static bool run_filter(ferric_slice text, const fe_doc *doc)
{
    fe_matcher *matcher;
    bool matches;
    ferric_status status = fe_matcher_create(text, &matcher);

    FUZZ_CHECK(status == FERRIC_OK || is_refusal(status));
    if (status != FERRIC_OK) return false;
    status = fe_matcher_test(matcher, doc, &matches);
    FUZZ_CHECK(status == FERRIC_OK || status == FERRIC_TOO_LARGE);
    if (status == FERRIC_OK) check_ranges(matcher, doc, matches);
    fe_matcher_destroy(matcher);
    return true;
}

static bool run_update(ferric_slice text, const fe_doc *doc)
{
    fe_update *update;
    ferric_buffer result = {0};
    bool is_changed;
    ferric_status status = fe_update_create(text, &update);

    FUZZ_CHECK(status == FERRIC_OK || is_refusal(status));
    if (status != FERRIC_OK) return false;
    check_text(fe_update_apply(update, doc, &result, &is_changed), &result);
    fe_buffer_deinit(&result);
    fe_update_destroy(update);
    return true;
}

static bool run_patch(ferric_slice text, const fe_doc *doc, bool is_merge)
{
    ferric_buffer result = {0};
    ferric_status status = is_merge ? fe_merge_patch(doc->text, text, &result)
                                    : fe_json_patch(doc->text, text, &result);
    check_text(status, &result);
    fe_buffer_deinit(&result);
    return status == FERRIC_OK;
}

static bool run_sort(ferric_slice text, const fe_doc *doc)
{
    fe_arena arena;
    fe_sort sort;
    ferric_buffer key = {0};
    ferric_status status;

    fe_arena_init(&arena);
    status = fe_sort_parse(text, &arena, &sort);
    FUZZ_CHECK(status == FERRIC_OK || status == FERRIC_INVALID_ARGUMENT);
    if (status == FERRIC_OK) FUZZ_CHECK(fe_sort_key_append(&sort, doc, &key) == FERRIC_OK);
    fe_buffer_deinit(&key);
    fe_arena_deinit(&arena);
    return status == FERRIC_OK;
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    fe_doc doc = {fe_slice_text("\"k\""), {NULL, 0}};
    ferric_buffer minified = {0};
    ferric_slice text;
    bool is_taken = false;

    if (end == NULL || end == data) return false;
    text = fe_slice(data + 1, (size_t)(end - data) - 1);
    if (fe_json_minify(fe_slice(end + 1, (size_t)(data + size - end) - 1), &minified, NULL) ==
        FERRIC_OK) {
        doc.text = fe_buffer_slice(&minified);
        if (*data == 'f') is_taken = run_filter(text, &doc);
        if (*data == 'u') is_taken = run_update(text, &doc);
        if (*data == 'm') is_taken = run_patch(text, &doc, true);
        if (*data == 'p') is_taken = run_patch(text, &doc, false);
        if (*data == 's') is_taken = run_sort(text, &doc);
    }
    fe_buffer_deinit(&minified);
    return is_taken;
}
