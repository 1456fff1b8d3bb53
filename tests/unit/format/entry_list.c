// SPDX-License-Identifier: Apache-2.0
// Makes random entries. Order is written down here once more, byte by byte, so that the model does
// not lean on what it is to judge.
#include "unit/format/entry_list.h"

#include <stdio.h>
#include <stdlib.h>

static int order_of(ferric_slice a, uint64_t a_sequence, ferric_slice b, uint64_t b_sequence)
{
    const uint8_t *left = a.data;
    const uint8_t *right = b.data;

    for (size_t i = 0; i < a.size && i < b.size; i++) {
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    }
    if (a.size != b.size) return a.size < b.size ? -1 : 1;
    if (a_sequence != b_sequence) return a_sequence > b_sequence ? -1 : 1;
    return 0;
}

static int compare_entries(const void *left, const void *right)
{
    const fe_entry *a = left;
    const fe_entry *b = right;

    return order_of(a->key, a->sequence, b->key, b->sequence);
}

static void *take(entry_list *list, size_t size)
{
    void *memory = fe_arena_alloc(&list->arena, size > 0 ? size : 1);

    if (memory == NULL) abort();
    return memory;
}

ferric_slice entry_list_random_key(entry_list *list, fe_random *random, const entry_shape *shape)
{
    size_t prefix_size = strlen(shape->prefix);
    size_t rest_size = (size_t)fe_random_below(random, shape->rest_size_max + 1);
    uint8_t *key = take(list, prefix_size + rest_size);

    memcpy(key, shape->prefix, prefix_size);
    for (size_t i = 0; i < rest_size; i++) {
        uint64_t letter = fe_random_below(random, shape->letters);
        key[prefix_size + i] =
            (uint8_t)(letter * 255 / (shape->letters > 1 ? shape->letters - 1 : 1));
    }
    return fe_slice(key, prefix_size + rest_size);
}

// Half of a value is text that compresses.
static ferric_slice random_value(entry_list *list, fe_random *random, size_t size_max)
{
    size_t size = (size_t)fe_random_below(random, size_max + 1);
    uint8_t *value = take(list, size);

    for (size_t i = 0; i < size; i++)
        value[i] = i < size / 2 ? (uint8_t)fe_random_next(random) : 'v';
    return fe_slice(value, size);
}

static void drop_duplicates(entry_list *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && compare_entries(&list->entries[kept - 1], &list->entries[i]) == 0) continue;
        list->entries[kept++] = list->entries[i];
    }
    list->count = kept;
}

void entry_list_init(entry_list *list, fe_random *random, const entry_shape *shape)
{
    size_t i = 0;

    fe_arena_init(&list->arena);
    list->count = shape->count;
    list->entries = malloc((shape->count > 0 ? shape->count : 1) * sizeof *list->entries);
    if (list->entries == NULL) abort();
    while (i < shape->count) {
        ferric_slice key = entry_list_random_key(list, random, shape);
        uint64_t versions = 1 + fe_random_below(random, shape->versions_max);
        for (; versions > 0 && i < shape->count; versions--, i++) {
            bool is_delete = fe_random_below(random, 8) == 0;
            list->entries[i] = (fe_entry){
                .key = key,
                .value = random_value(list, random, is_delete ? 0 : shape->value_size_max),
                .sequence = 1 + fe_random_below(random, shape->sequence_max),
                .kind = is_delete ? FE_ENTRY_DELETE : FE_ENTRY_PUT,
            };
        }
    }
    qsort(list->entries, list->count, sizeof *list->entries, compare_entries);
    drop_duplicates(list);
}

void entry_list_deinit(entry_list *list)
{
    free(list->entries);
    fe_arena_deinit(&list->arena);
}

size_t entry_list_lower_bound(const entry_list *list, ferric_slice key, uint64_t sequence)
{
    size_t low = 0;
    size_t high = list->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const fe_entry *entry = &list->entries[middle];
        if (order_of(entry->key, entry->sequence, key, sequence) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const fe_entry *entry_list_get(const entry_list *list, ferric_slice key, uint64_t sequence)
{
    size_t index = entry_list_lower_bound(list, key, sequence);

    if (index == list->count) return NULL;
    return fe_slice_equal(list->entries[index].key, key) ? &list->entries[index] : NULL;
}

uint64_t test_seed(const char *test, uint64_t usual)
{
    const char *text = getenv("FERRIC_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : usual;

    printf("%s: FERRIC_TEST_SEED=%llu\n", test, (unsigned long long)seed);
    return seed;
}
