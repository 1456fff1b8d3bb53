// SPDX-License-Identifier: Apache-2.0
// JSON: the fast reader and the one that finds errors agree, minified text minifies to itself, and
// what is refused names a place inside the text.
#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "doc/json.h"
#include "doc/json_error.h"
#include "fuzz.h"

const size_t fuzz_fixed_memory = 16 << 10;

static void check_again(ferric_slice minified)
{
    ferric_buffer again = {0};
    size_t offset;

    FUZZ_CHECK(fe_json_minify(minified, &again, &offset) == FERRIC_OK);
    FUZZ_CHECK(fe_slice_equal(minified, fe_buffer_slice(&again)));
    fe_buffer_deinit(&again);
}

// Every value inside, without belief in the depth of the stack: levels are limited.
static size_t walk(ferric_slice value)
{
    fe_json_walk inside = fe_json_walk_into(value);
    size_t count = 1;
    ferric_slice name;
    ferric_slice each;

    FUZZ_CHECK(value.size > 0);
    if (fe_json_kind(value) == '{') {
        while (fe_json_next_member(&inside, &name, &each)) {
            FUZZ_CHECK(fe_json_string_is(name, fe_slice("", 0)) == (name.size == 2));
            count += walk(each);
        }
    } else if (fe_json_kind(value) == '[') {
        while (fe_json_next_element(&inside, &each))
            count += walk(each);
    } else if (fe_json_kind(value) == '"') {
        ferric_buffer plain = {0};
        FUZZ_CHECK(fe_json_unquote(value, &plain) == FERRIC_OK);
        FUZZ_CHECK(plain.size <= value.size);
        fe_buffer_deinit(&plain);
    }
    return count;
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    ferric_slice text = fe_slice(data, size);
    ferric_buffer minified = {0};
    size_t offset = 0;
    size_t slow_offset = 0;
    ferric_status status = fe_json_minify(text, &minified, &offset);
    const char *reason = fe_json_find_error(text, &slow_offset);

    FUZZ_CHECK(status == FERRIC_OK || status == FERRIC_INVALID_ARGUMENT);
    FUZZ_CHECK((reason == NULL) == (status == FERRIC_OK));
    FUZZ_CHECK(offset <= size);
    if (status == FERRIC_OK) {
        FUZZ_CHECK(minified.size <= size && minified.size > 0);
        check_again(fe_buffer_slice(&minified));
        FUZZ_CHECK(walk(fe_buffer_slice(&minified)) > 0);
    } else {
        FUZZ_CHECK(minified.size == 0);
    }
    fe_buffer_deinit(&minified);
    return status == FERRIC_OK;
}
