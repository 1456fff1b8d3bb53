// SPDX-License-Identifier: Apache-2.0
// Which keys a document has in an index; see index_key.h.
#include <stdlib.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/index_key.h"
#include "doc/index_parts.h"

// What the path of one part reaches: slices in a buffer.
typedef struct reached {
    ferric_buffer values; // Of reached_value.
    ferric_status status;
} reached;

typedef struct reached_value {
    ferric_slice value;
    fe_reached how;
} reached_value;

static bool keep(void *context, ferric_slice value, fe_reached how)
{
    reached *self = context;
    reached_value one = {value, how};
    self->status = fe_buffer_append(&self->values, &one, sizeof one);
    return self->status != FERRIC_OK;
}

static size_t count_of(const reached *self)
{
    return self->values.size / sizeof(reached_value);
}

static const reached_value *value_at(const reached *self, size_t at)
{
    return (const reached_value *)self->values.data + at;
}

// Fills what each part reaches; what reaches nothing reaches "missing".
static ferric_status reach_all(const fe_index_shape *shape, const fe_doc *doc, reached *parts)
{
    for (size_t i = 0; i < shape->part_count; i++) {
        fe_path_each(&shape->parts[i].path, doc, keep, &parts[i]);
        if (parts[i].status == FERRIC_OK && count_of(&parts[i]) == 0) {
            keep(&parts[i], fe_slice(NULL, 0), FE_REACHED_VALUE);
        }
        if (parts[i].status != FERRIC_OK) return parts[i].status;
    }
    return FERRIC_OK;
}

// Finds the one part that reaches several values; part_count when none does.
static ferric_status find_multi(const fe_index_shape *shape, const reached *parts, size_t *multi)
{
    *multi = shape->part_count;
    for (size_t i = 0; i < shape->part_count; i++) {
        if (count_of(&parts[i]) <= 1) continue;
        if (*multi != shape->part_count) {
            ferric_slice first = shape->parts[*multi].path.text;
            ferric_slice second = shape->parts[i].path.text;
            return fe_fail(FERRIC_INVALID_ARGUMENT,
                           "an index takes one array of a document, here \"%.*s\" and \"%.*s\" "
                           "both reach several values",
                           (int)first.size, (const char *)first.data, (int)second.size,
                           (const char *)second.data);
        }
        *multi = i;
    }
    return FERRIC_OK;
}

static ferric_status append_hash(const fe_index_shape *shape, const reached *parts, size_t multi,
                                 size_t row, ferric_buffer *key)
{
    uint8_t hash[FE_INDEX_HASH_SIZE];
    ferric_buffer whole = {0};
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < shape->part_count && status == FERRIC_OK; i++) {
        const reached_value *one = value_at(&parts[i], i == multi ? row : 0);
        status = fe_index_value_append_whole(one->value, false, &whole);
    }
    if (status == FERRIC_OK) {
        fe_hash128(whole.data, whole.size, hash);
        status = fe_buffer_append(key, hash, sizeof hash);
    }
    fe_buffer_deinit(&whole);
    return status;
}

// Makes the key of value number `row` of the part `multi`, in `bytes`.
static ferric_status make_key(const fe_index_shape *shape, const reached *parts, size_t multi,
                              size_t row, ferric_buffer *bytes, fe_index_key *key)
{
    fe_buffer_clear(bytes);
    key->is_inexact = false;
    key->is_free = false;
    key->is_verbatim = false;
    for (size_t i = 0; i < shape->part_count; i++) {
        const reached_value *one = value_at(&parts[i], i == multi ? row : 0);
        bool is_inexact;
        ferric_status status =
            fe_index_value_append(one->value, shape->parts[i].is_descending, bytes, &is_inexact);
        if (status != FERRIC_OK) return status;
        key->is_inexact |= is_inexact;
        key->is_free |= one->value.size == 0 || one->how == FE_REACHED_ARRAY;
    }
    if (!shape->is_unique || !key->is_inexact) return FERRIC_OK;
    return append_hash(shape, parts, multi, row, bytes);
}

// Whether a number's text surely is the one that its component decodes to: an integer, or a decimal
// that has no more digits than it needs.
static bool is_plain_number(ferric_slice text)
{
    const char *at = text.data;
    const char *point = memchr(at, '.', text.size);

    if (text.size > 17 || memchr(at, 'e', text.size) != NULL || memchr(at, 'E', text.size) != NULL)
        return false;
    if (point == NULL) return text.size != 2 || memcmp(at, "-0", 2) != 0;
    // Very small ones are written with an exponent.
    return at[text.size - 1] != '0' && (point[-1] != '0' || point[1] != '0');
}

static bool is_plain(ferric_slice value)
{
    switch (fe_json_kind(value)) {
    case '"':
        return memchr(value.data, '\\', value.size) == NULL;
    case '0':
        return is_plain_number(value);
    case '{':
    case '[':
        return false;
    default:
        return true;
    }
}

// Whether a member's name stands before its value without an escape.
static bool has_plain_name(ferric_slice text, ferric_slice name, ferric_slice value)
{
    const char *at = value.data;
    const char *begin = text.data;

    if ((size_t)(at - begin) < name.size + 4) return false; // {"name":
    at -= name.size + 3;
    return at[0] == '"' && memcmp(at + 1, name.data, name.size) == 0 &&
           memcmp(at + 1 + name.size, "\":", 2) == 0;
}

// Of a document that has one key.
static bool is_verbatim(const fe_index_shape *shape, const reached *parts, ferric_slice text)
{
    const uint8_t *last = NULL;

    if (fe_json_kind(text) != '{') return false;
    for (size_t i = 0; i < shape->part_count; i++) {
        const fe_path *path = &shape->parts[i].path;
        ferric_slice value = value_at(&parts[i], 0)->value;
        if (path->step_count > 1 || path->is_id || value.size == 0) continue;
        if (!is_plain(value) || fe_slice_bytes(value) < last ||
            !has_plain_name(text, path->steps[0].name, value)) {
            return false;
        }
        last = fe_slice_bytes(value);
    }
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    const fe_index_key *left = a;
    const fe_index_key *right = b;
    return fe_slice_compare(left->bytes, right->bytes);
}

static void drop_equal(fe_index_keys *keys)
{
    size_t kept = 1;
    qsort(keys->keys, keys->count, sizeof *keys->keys, compare_keys);
    for (size_t i = 1; i < keys->count; i++) {
        // An array inside the array is an element, which binds, and has the bytes of no whole array
        // above it; what is equal is equally free but for that.
        if (fe_slice_equal(keys->keys[i].bytes, keys->keys[kept - 1].bytes)) {
            keys->keys[kept - 1].is_free &= keys->keys[i].is_free;
        } else {
            keys->keys[kept++] = keys->keys[i];
        }
    }
    keys->count = kept;
}

static ferric_status make_keys(const fe_index_shape *shape, const reached *parts, fe_arena *arena,
                               fe_index_keys *keys)
{
    ferric_buffer bytes = {0};
    size_t multi;
    ferric_status status = find_multi(shape, parts, &multi);

    if (status != FERRIC_OK) return status;
    keys->is_multi_key = multi < shape->part_count;
    keys->count = keys->is_multi_key ? count_of(&parts[multi]) : 1;
    keys->keys = fe_arena_alloc(arena, keys->count * sizeof *keys->keys);
    if (keys->keys == NULL) return fe_no_memory("keys of an index", keys->count);
    for (size_t row = 0; row < keys->count && status == FERRIC_OK; row++) {
        fe_index_key *key = &keys->keys[row];
        status = make_key(shape, parts, multi, row, &bytes, key);
        if (status == FERRIC_OK)
            status = fe_arena_copy(arena, fe_buffer_slice(&bytes), &key->bytes);
    }
    fe_buffer_deinit(&bytes);
    if (status == FERRIC_OK) drop_equal(keys);
    return status;
}

ferric_status fe_index_keys_make(const fe_index_shape *shape, const fe_doc *doc, fe_arena *arena,
                                 fe_index_keys *keys)
{
    reached parts[FE_INDEX_PART_MAX] = {0};
    ferric_status status = reach_all(shape, doc, parts);

    memset(keys, 0, sizeof *keys);
    if (status == FERRIC_OK) status = make_keys(shape, parts, arena, keys);
    if (status == FERRIC_OK && !keys->is_multi_key) {
        keys->keys[0].is_verbatim =
            !keys->keys[0].is_inexact && is_verbatim(shape, parts, doc->text);
    }
    for (size_t i = 0; i < shape->part_count; i++)
        fe_buffer_deinit(&parts[i].values);
    return status;
}

ferric_status fe_index_shape_parse(ferric_slice json, fe_arena *arena, fe_index_shape *shape)
{
    memset(shape, 0, sizeof *shape);
    return fe_index_parts_parse("an index", json, arena, shape->parts, &shape->part_count);
}
