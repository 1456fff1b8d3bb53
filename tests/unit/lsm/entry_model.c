// SPDX-License-Identifier: Apache-2.0
// A sorted array of entries, and the walk that compares iterators with it.
#include "entry_model.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

void entry_model_init(entry_model *model)
{
    memset(model, 0, sizeof *model);
    fe_arena_init(&model->arena);
}

void entry_model_deinit(entry_model *model)
{
    free(model->entries);
    fe_arena_deinit(&model->arena);
}

size_t entry_model_lower_bound(const entry_model *model, ferric_slice key, uint64_t sequence)
{
    size_t low = 0;
    size_t high = model->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const fe_entry *entry = &model->entries[middle];
        if (fe_internal_compare(entry->key, entry->sequence, key, sequence) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool entry_model_insert(entry_model *model, const fe_entry *entry)
{
    size_t at = entry_model_lower_bound(model, entry->key, entry->sequence);
    fe_entry copy = *entry;

    if (at < model->count && model->entries[at].sequence == entry->sequence &&
        fe_slice_equal(model->entries[at].key, entry->key)) {
        return false;
    }
    if (model->count == model->capacity) {
        model->capacity = model->capacity * 2 + 64;
        model->entries = realloc(model->entries, model->capacity * sizeof *model->entries);
        assert_non_null(model->entries);
    }
    assert_int_equal(fe_arena_copy(&model->arena, entry->key, &copy.key), FERRIC_OK);
    assert_int_equal(fe_arena_copy(&model->arena, entry->value, &copy.value), FERRIC_OK);
    memmove(model->entries + at + 1, model->entries + at,
            (model->count - at) * sizeof *model->entries);
    model->entries[at] = copy;
    model->count++;
    return true;
}

const fe_entry *entry_model_get(const entry_model *model, ferric_slice key, uint64_t sequence)
{
    size_t at = entry_model_lower_bound(model, key, sequence);
    if (at == model->count || !fe_slice_equal(model->entries[at].key, key)) return NULL;
    return &model->entries[at];
}

void assert_entry_equal(const fe_entry *found, const fe_entry *expected)
{
    assert_true(fe_slice_equal(found->key, expected->key));
    assert_true(fe_slice_equal(found->value, expected->value));
    assert_int_equal(found->sequence, expected->sequence);
    assert_int_equal(found->kind, expected->kind);
}

// `at` may be anything from count on, for nowhere.
static void assert_stands_at(const entry_model *model, const fe_iterator *iterator, size_t at)
{
    assert_int_equal(iterator->status, FERRIC_OK);
    assert_int_equal(iterator->is_valid, at < model->count);
    if (iterator->is_valid) assert_entry_equal(&iterator->entry, &model->entries[at]);
}

void assert_iterator_holds(const entry_model *model, fe_iterator *iterator)
{
    fe_iterator_first(iterator);
    for (size_t at = 0; at < model->count; at++) {
        assert_stands_at(model, iterator, at);
        fe_iterator_next(iterator);
    }
    assert_stands_at(model, iterator, model->count);
    fe_iterator_last(iterator);
    for (size_t at = model->count; at-- > 0;) {
        assert_stands_at(model, iterator, at);
        fe_iterator_prev(iterator);
    }
    assert_stands_at(model, iterator, model->count);
}

// Moves the iterator to somewhere, and returns the index where it should be.
static size_t jump(const entry_model *model, fe_iterator *iterator, ferric_slice anchor,
                   fe_random *random)
{
    uint8_t room[RANDOM_KEY_SIZE_MAX];
    ferric_slice key = random_key(random, anchor, room);
    uint64_t sequence = fe_random_below(random, 4) == 0 ? FE_SEQUENCE_MAX
                                                        : fe_random_below(random, model->count + 2);
    uint64_t way = fe_random_below(random, 10);

    if (way == 0) {
        fe_iterator_first(iterator);
        return 0;
    }
    if (way == 1) {
        fe_iterator_last(iterator);
        return model->count - 1;
    }
    if (model->count > 0 && fe_random_below(random, 2) == 0) {
        const fe_entry *entry = &model->entries[fe_random_below(random, model->count)];
        key = entry->key;
        if (fe_random_below(random, 2) == 0) sequence = entry->sequence;
    }
    if (way < 6) {
        fe_iterator_seek(iterator, key, sequence);
        return entry_model_lower_bound(model, key, sequence);
    }
    fe_iterator_seek_before(iterator, key, sequence);
    return entry_model_lower_bound(model, key, sequence) - 1;
}

void assert_random_walk(const entry_model *model, fe_iterator *iterator, size_t steps,
                        ferric_slice anchor, fe_random *random)
{
    size_t at = SIZE_MAX;
    bool is_forward = true;

    for (size_t step = 0; step < steps; step++) {
        if (fe_random_below(random, 8) == 0) is_forward = !is_forward;
        if (at >= model->count || fe_random_below(random, 16) == 0) {
            at = jump(model, iterator, anchor, random);
        } else if (is_forward) {
            fe_iterator_next(iterator);
            at++;
        } else {
            fe_iterator_prev(iterator);
            at--;
        }
        assert_stands_at(model, iterator, at);
    }
}

ferric_slice random_key(fe_random *random, ferric_slice anchor, uint8_t room[RANDOM_KEY_SIZE_MAX])
{
    static const uint8_t alphabet[] = {0x00, 0x01, 'a', 'b', 0xfe, 0xff};
    size_t kept = anchor.size < 100 ? anchor.size : 100;
    size_t more = fe_random_below(random, 7);
    uint64_t way = fe_random_below(random, 10);

    if (way == 0)
        kept = fe_random_below(random, kept + 1); // Shorter than the anchor, or beside it.
    if (way == 1) kept = 0;
    if (kept > 0) memcpy(room, anchor.data, kept);
    for (size_t i = 0; i < more; i++)
        room[kept + i] = alphabet[fe_random_below(random, sizeof alphabet)];
    if (way == 2 && kept > 0) room[kept - 1]++; // Greater than the anchor in its last byte.
    if (way == 3 && kept > 0) room[kept - 1]--;
    return fe_slice(room, kept + more);
}

uint64_t test_seed(uint64_t seed)
{
    const char *text = getenv("FERRIC_TEST_SEED");
    uint64_t used = text == NULL ? seed : strtoull(text, NULL, 0);
    print_message("seed %" PRIu64 " (FERRIC_TEST_SEED)\n", used);
    return used;
}
