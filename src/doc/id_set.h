// SPDX-License-Identifier: Apache-2.0
// A set of document ids in bounded memory, for plans that might find a document twice.
#ifndef FERRIC_DOC_ID_SET_H
#define FERRIC_DOC_ID_SET_H

#include "base/arena.h"
#include "base/slice.h"

typedef struct fe_id_set {
    fe_arena arena; // Of the ids.
    ferric_slice *slots;
    size_t slot_count; // A power of two, or 0.
    size_t count;
    size_t memory_max;
} fe_id_set;

void fe_id_set_init(fe_id_set *set, size_t memory_max);
void fe_id_set_deinit(fe_id_set *set);
// Adds the id; *is_new is false when it was there. Errors: FERRIC_MEMORY_LIMIT, FERRIC_NO_MEMORY.
ferric_status fe_id_set_add(fe_id_set *set, ferric_slice id, bool *is_new);
bool fe_id_set_has(const fe_id_set *set, ferric_slice id);

#endif
