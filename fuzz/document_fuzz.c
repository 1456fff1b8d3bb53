// SPDX-License-Identifier: Apache-2.0
// Documents: a key of the size that the first byte gives, then JSON; and the same bytes taken for a
// stored form.
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/slice.h"
#include "doc/document.h"
#include "doc/json.h"
#include "fuzz.h"

const size_t fuzz_fixed_memory = 16 << 10;

// What is stored is minified JSON without "_id", and encodes to itself.
static void check_stored(ferric_slice key, ferric_slice stored)
{
    ferric_buffer again = {0};
    ferric_slice json;

    FUZZ_CHECK(fe_document_text(stored, &json) == FERRIC_OK);
    FUZZ_CHECK(fe_document_encode(key, json, &again) == FERRIC_OK);
    FUZZ_CHECK(fe_slice_equal(stored, fe_buffer_slice(&again)));
    if (fe_json_kind(json) == '{') {
        fe_json_walk walk = fe_json_walk_into(json);
        ferric_slice name;
        ferric_slice value;
        while (fe_json_next_member(&walk, &name, &value))
            FUZZ_CHECK(!fe_json_string_is(name, fe_slice_text("_id")));
    }
    fe_buffer_deinit(&again);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    ferric_buffer stored = {0};
    ferric_slice key;
    ferric_slice json;
    bool is_valid;

    if (size == 0) return false;
    (void)fe_document_text(fe_slice(data, size), &json);
    key = fe_slice(data + 1, data[0] < size - 1 ? data[0] : size - 1);
    json = fe_slice(data + 1 + key.size, size - 1 - key.size);
    is_valid = fe_document_encode(key, json, &stored) == FERRIC_OK;
    if (is_valid) check_stored(key, fe_buffer_slice(&stored));
    fe_buffer_deinit(&stored);
    return is_valid;
}
