// SPDX-License-Identifier: Apache-2.0
// Keys to sort by; see sort_key.h.
#include "doc/sort_key.h"

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "doc/index_parts.h"

typedef struct chooser {
    bool wants_greatest;
    ferric_slice chosen;
    bool has_any;
} chooser;

static bool choose(void *context, ferric_slice value, fe_reached how)
{
    chooser *self = context;
    int order;

    if (how == FE_REACHED_ARRAY) return false; // Its elements have been looked at.
    if (FE_SEEDED_BUG(FE_BUG_SORT_BY_FIRST_ELEMENT) && self->has_any) return false;
    order = self->has_any ? fe_value_compare(value, self->chosen) : 0;
    if (!self->has_any || (self->wants_greatest ? order > 0 : order < 0)) self->chosen = value;
    self->has_any = true;
    return false;
}

ferric_status fe_sort_parse(ferric_slice json, fe_arena *arena, fe_sort *sort)
{
    fe_index_part *parts = fe_arena_alloc(arena, FE_INDEX_PART_MAX * sizeof *parts);

    *sort = (fe_sort){.parts = parts};
    if (parts == NULL) return fe_no_memory("a sort", FE_INDEX_PART_MAX * sizeof *parts);
    return fe_index_parts_parse("a sort", json, arena, parts, &sort->part_count);
}

ferric_status fe_sort_key_append(const fe_sort *sort, const fe_doc *doc, ferric_buffer *key)
{
    size_t begin = key->size;
    ferric_status status = FERRIC_OK;
    bool is_descending = false;

    for (size_t i = 0; i < sort->part_count && status == FERRIC_OK; i++) {
        chooser chosen = {.wants_greatest = sort->parts[i].is_descending};
        is_descending = sort->parts[i].is_descending;
        fe_path_each(&sort->parts[i].path, doc, choose, &chosen);
        status = fe_index_value_append_whole(chosen.chosen, is_descending, key);
    }
    if (FE_SEEDED_BUG(FE_BUG_TIES_ALWAYS_ASCENDING)) is_descending = false;
    if (status == FERRIC_OK) status = fe_index_value_append_whole(doc->id, is_descending, key);
    if (status != FERRIC_OK) key->size = begin;
    return status;
}
