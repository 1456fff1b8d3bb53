// SPDX-License-Identifier: Apache-2.0
// Documents out of numbers.
#include "support/model_document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"

const model_index model_indexes[MODEL_INDEX_COUNT] = {
    {"plain", "{\"a\":1}", NULL, false},
    {"unique", "{\"u\":1}", NULL, true},
    {"elements", "{\"c\":1}", NULL, false},
    {"partial", "{\"b\":-1}", "{\"a\":{\"$gte\":2}}", false},
    {"several", "{\"a\":-1,\"c\":1}", NULL, false},
};

// How many different values the unique field has: few enough that documents collide.
#define UNIQUE_COUNT 11u
// What the text has beside its padding, at most.
#define TEXT_OVERHEAD 128u

static char document_keys[MODEL_KEY_COUNT][4];

ferric_slice model_document_key(uint32_t index)
{
    char *key = document_keys[index];

    if (key[0] == 0) snprintf(key, sizeof document_keys[0], "d%02u", index % 100);
    return fe_slice(key, 3);
}

uint32_t model_document_key_find(ferric_slice key)
{
    for (uint32_t i = 0; i < MODEL_KEY_COUNT; i++) {
        if (fe_slice_equal(model_document_key(i), key)) return i;
    }
    return MODEL_KEY_NONE;
}

uint32_t model_document_unique(uint64_t number)
{
    return number % 3 == 2 ? MODEL_UNIQUE_NONE : (uint32_t)(number * 7 % UNIQUE_COUNT);
}

uint32_t model_document_a(uint64_t number)
{
    return (uint32_t)(number % 5);
}

// An array of none to three elements, now and then with equal ones.
static int add_array(uint64_t number, char *text, size_t room)
{
    static const char *const arrays[] = {"[]", "[1]", "[1,2]", "[2,2]", "[0,1,3]", "[3,1]"};

    return snprintf(text, room, ",\"c\":%s", arrays[number % 6]);
}

size_t model_document(uint64_t number, uint32_t key, uint32_t size, char *text)
{
    uint32_t unique = model_document_unique(number);
    size_t used = (size_t)snprintf(text, TEXT_OVERHEAD, "{\"n\":%" PRIu64 ",\"k\":%u,\"a\":%u",
                                   number, key, model_document_a(number));

    if (number % 4 != 3) {
        used += (size_t)snprintf(text + used, TEXT_OVERHEAD - used, ",\"b\":\"w%u\"",
                                 (uint32_t)(number % 7));
    }
    if (number % 5 != 4) used += (size_t)add_array(number, text + used, TEXT_OVERHEAD - used);
    if (unique != MODEL_UNIQUE_NONE) {
        used += (size_t)snprintf(text + used, TEXT_OVERHEAD - used, ",\"u\":%u", unique);
    }
    if (size > MODEL_DOCUMENT_SIZE_MAX - TEXT_OVERHEAD) {
        size = MODEL_DOCUMENT_SIZE_MAX - TEXT_OVERHEAD;
    }
    memcpy(text + used, ",\"t\":\"", 6);
    used += 6;
    memset(text + used, (int)('a' + number % 26), size);
    used += size;
    memcpy(text + used, "\"}", 3);
    return used + 2;
}

ferric_status model_index_create(ferric_db *db, ferric_keyspace *collection, uint32_t index)
{
    const model_index *made = &model_indexes[index];
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;

    options.name = made->name;
    options.unique = made->is_unique;
    if (made->filter != NULL) options.filter = fe_slice_text(made->filter);
    return ferric_index_create(db, collection, fe_slice_text(made->keys), &options);
}
