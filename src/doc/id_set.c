// SPDX-License-Identifier: Apache-2.0
// Open addressing with linear probes, at most half full.
#include "doc/id_set.h"

#include "base/checksum.h"
#include "base/memory.h"
#include "base/status.h"

#define SLOTS_FIRST 64

void fe_id_set_init(fe_id_set *set, size_t memory_max)
{
    *set = (fe_id_set){.memory_max = memory_max};
    fe_arena_init(&set->arena);
}

void fe_id_set_deinit(fe_id_set *set)
{
    fe_arena_deinit(&set->arena);
    fe_free(set->slots);
    set->slots = NULL;
    set->slot_count = 0;
}

// The slot that has the id, or the free one where it belongs.
static ferric_slice *find(ferric_slice *slots, size_t slot_count, ferric_slice id)
{
    size_t at = (size_t)fe_hash64(id.data, id.size) & (slot_count - 1);

    while (slots[at].data != NULL && !fe_slice_equal(slots[at], id))
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static ferric_status grow(fe_id_set *set)
{
    size_t slot_count = set->slot_count == 0 ? SLOTS_FIRST : set->slot_count * 2;
    ferric_slice *slots = fe_alloc_zero(slot_count, sizeof *slots);

    if (slots == NULL) return fe_no_memory("a set of ids", slot_count * sizeof *slots);
    for (size_t i = 0; i < set->slot_count; i++) {
        if (set->slots[i].data != NULL) {
            *find(slots, slot_count, set->slots[i]) = set->slots[i];
        }
    }
    fe_free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
    return FERRIC_OK;
}

ferric_status fe_id_set_add(fe_id_set *set, ferric_slice id, bool *is_new)
{
    ferric_slice *slot;
    ferric_status status = FERRIC_OK;

    *is_new = false;
    if (set->count * 2 >= set->slot_count) status = grow(set);
    if (status != FERRIC_OK) return status;
    slot = find(set->slots, set->slot_count, id);
    if (slot->data != NULL) return FERRIC_OK;
    if (set->arena.size_bytes + set->slot_count * sizeof *slot > set->memory_max) {
        return fe_fail(FERRIC_MEMORY_LIMIT,
                       "the query would have to remember more than %zu documents in %zu bytes, so "
                       "as to show none twice: raise memory_max or narrow the filter",
                       set->count, set->memory_max);
    }
    status = fe_arena_copy(&set->arena, id, slot);
    if (status != FERRIC_OK) {
        *slot = fe_slice(NULL, 0);
        return status;
    }
    set->count++;
    *is_new = true;
    return FERRIC_OK;
}

bool fe_id_set_has(const fe_id_set *set, ferric_slice id)
{
    return set->slot_count > 0 && find(set->slots, set->slot_count, id)->data != NULL;
}
