// SPDX-License-Identifier: Apache-2.0
// The groups as one JSON array: in the order of "_id", or sorted by what they show, and cut.
#ifndef FERRIC_DOC_GROUP_ORDER_H
#define FERRIC_DOC_GROUP_ORDER_H

#include "doc/group.h"
#include "doc/sorter.h"

typedef struct fe_group_order {
    fe_arena arena;
    fe_sort sort; // No part: the order of "_id".
    uint64_t skip;
    uint64_t limit; // UINT64_MAX: all.
    size_t memory_max;
} fe_group_order;

// `sort` is JSON, as fe_sort_parse takes it, or empty. Errors: as there; then there is nothing to
// deinit.
ferric_status fe_group_order_init(fe_group_order *order, ferric_slice sort, uint64_t skip,
                                  uint64_t limit, size_t memory_max);
void fe_group_order_deinit(fe_group_order *order);

// Appends the array. No document is added to `group` afterwards. Errors: FERRIC_MEMORY_LIMIT:
// sorting needs more than memory_max. FERRIC_NO_MEMORY.
ferric_status fe_group_order_append(const fe_group_order *order, fe_group *group,
                                    ferric_buffer *json);

#endif
