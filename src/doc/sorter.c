// SPDX-License-Identifier: Apache-2.0
// The heap of what is kept; see sorter.h.
#include "doc/sorter.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"

void fe_sorter_init(fe_sorter *sorter, const fe_sort *sort, uint64_t keep_max, size_t memory_max)
{
    *sorter = (fe_sorter){.sort = sort, .keep_max = keep_max, .memory_max = memory_max};
}

void fe_sorter_deinit(fe_sorter *sorter)
{
    for (size_t i = 0; i < sorter->count; i++)
        fe_free(sorter->items[i]);
    fe_free(sorter->items);
    fe_buffer_deinit(&sorter->key);
    sorter->items = NULL;
    sorter->count = 0;
}

// ---- The heap -------------------------------------------------------------------------------

static bool is_before(const fe_sorted *a, const fe_sorted *b)
{
    return fe_slice_compare(a->key, b->key) < 0;
}

static void swap(fe_sorter *sorter, size_t a, size_t b)
{
    fe_sorted *item = sorter->items[a];
    sorter->items[a] = sorter->items[b];
    sorter->items[b] = item;
}

static void sift_up(fe_sorter *sorter, size_t at)
{
    while (at > 0 && is_before(sorter->items[(at - 1) / 2], sorter->items[at])) {
        swap(sorter, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sift_down(fe_sorter *sorter, size_t at)
{
    for (;;) {
        size_t last = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < sorter->count; child++) {
            if (is_before(sorter->items[last], sorter->items[child])) last = child;
        }
        if (last == at) return;
        swap(sorter, at, last);
        at = last;
    }
}

// ---- Items ----------------------------------------------------------------------------------

static size_t item_size(const fe_sorted *item)
{
    return sizeof *item + item->key.size + item->id.size + item->id_literal.size + item->text.size;
}

static ferric_slice put(uint8_t **at, ferric_slice bytes)
{
    ferric_slice copy = fe_slice(*at, bytes.size);
    if (bytes.size > 0) memcpy(*at, bytes.data, bytes.size);
    *at += bytes.size;
    return copy;
}

static ferric_status copy_item(const fe_sorted *item, fe_sorted **copy)
{
    uint8_t *at;

    *copy = fe_alloc(item_size(item));
    if (*copy == NULL) return fe_no_memory("a sorted document", item_size(item));
    at = (uint8_t *)(*copy + 1);
    (*copy)->meta = item->meta;
    (*copy)->key = put(&at, item->key);
    (*copy)->id = put(&at, item->id);
    (*copy)->id_literal = put(&at, item->id_literal);
    (*copy)->text = put(&at, item->text);
    return FERRIC_OK;
}

static ferric_status make_room(fe_sorter *sorter)
{
    size_t capacity = sorter->capacity == 0 ? 64 : sorter->capacity * 2;
    fe_sorted **grown;

    if (sorter->count < sorter->capacity) return FERRIC_OK;
    grown = fe_realloc(sorter->items, capacity * sizeof *grown);
    if (grown == NULL) return fe_no_memory("sorted documents", capacity * sizeof *grown);
    sorter->items = grown;
    sorter->capacity = capacity;
    return FERRIC_OK;
}

static ferric_status too_much(const fe_sorter *sorter)
{
    return fe_fail(FERRIC_MEMORY_LIMIT,
                   "sorting takes more than %zu bytes after %zu documents: create an index in the "
                   "order asked for, give a limit, or raise memory_max",
                   sorter->memory_max, sorter->count);
}

ferric_status fe_sorter_add(fe_sorter *sorter, ferric_slice id, const fe_doc *doc, fe_meta meta)
{
    fe_sorted item = {.id = id, .id_literal = doc->id, .text = doc->text, .meta = meta};
    fe_sorted *copy;
    bool replaces = sorter->count == sorter->keep_max;
    ferric_status status;

    if (sorter->keep_max == 0) return FERRIC_OK;
    fe_buffer_clear(&sorter->key);
    status = fe_sort_key_append(sorter->sort, doc, &sorter->key);
    if (status != FERRIC_OK) return status;
    item.key = fe_buffer_slice(&sorter->key);
    if (replaces && !is_before(&item, sorter->items[0])) return FERRIC_OK;
    status = make_room(sorter);
    if (status == FERRIC_OK) status = copy_item(&item, &copy);
    if (status != FERRIC_OK) return status;
    sorter->memory += item_size(&item) + sizeof copy;
    if (replaces) {
        sorter->memory -= item_size(sorter->items[0]) + sizeof copy;
        fe_free(sorter->items[0]);
        sorter->items[0] = copy;
        sift_down(sorter, 0);
    } else {
        sorter->items[sorter->count++] = copy;
        if (sorter->keep_max != UINT64_MAX) sift_up(sorter, sorter->count - 1);
    }
    return sorter->memory > sorter->memory_max ? too_much(sorter) : FERRIC_OK;
}

static int compare_items(const void *a, const void *b)
{
    return fe_slice_compare((*(fe_sorted *const *)a)->key, (*(fe_sorted *const *)b)->key);
}

void fe_sorter_finish(fe_sorter *sorter)
{
    if (sorter->count < 2) return;
    qsort(sorter->items, sorter->count, sizeof *sorter->items, compare_items);
}
