// SPDX-License-Identifier: Apache-2.0
// Index keys: whatever bytes stand in one, decoding ends with a value or with FERRIC_CORRUPT, and
// what it gives is JSON that has those bytes as its key.
#include <string.h>

#include "base/buffer.h"
#include "doc/index_key.h"
#include "doc/json.h"
#include "fuzz.h"

const size_t fuzz_fixed_memory = 64 << 10;

static void check_value(ferric_slice component, bool is_descending, const ferric_buffer *json)
{
    ferric_buffer minified = {0};
    ferric_buffer key = {0};
    bool is_inexact;

    // A string of a damaged key need not be UTF-8, and an object's members need not be in order.
    if (fe_json_minify(fe_buffer_slice(json), &minified, NULL) == FERRIC_OK) {
        FUZZ_CHECK(fe_index_value_append(fe_buffer_slice(&minified), is_descending, &key,
                                         &is_inexact) == FERRIC_OK);
        if (memchr(json->data, '{', json->size) == NULL) {
            FUZZ_CHECK(fe_slice_equal(component, fe_buffer_slice(&key)));
        }
    }
    fe_buffer_deinit(&minified);
    fe_buffer_deinit(&key);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    bool is_descending = size > 0 && (data[0] & 1) != 0;
    fe_decoder key = fe_decoder_of(fe_slice(size > 0 ? data + 1 : data, size > 0 ? size - 1 : 0));
    bool is_taken = false;

    while (fe_decoder_remaining(&key) > 0) {
        const uint8_t *begin = key.at;
        ferric_buffer json = {0};
        fe_value_type type;
        bool is_inexact;
        ferric_status status =
            fe_index_value_decode(&key, is_descending, &json, &type, &is_inexact);

        FUZZ_CHECK(status == FERRIC_OK || status == FERRIC_CORRUPT);
        if (status == FERRIC_OK) {
            is_taken = true;
            FUZZ_CHECK(key.at > begin);
            if (!is_inexact && type != FE_VALUE_MISSING) {
                check_value(fe_slice(begin, (size_t)(key.at - begin)), is_descending, &json);
            }
        }
        fe_buffer_deinit(&json);
        if (status != FERRIC_OK) break;
    }
    return is_taken;
}
