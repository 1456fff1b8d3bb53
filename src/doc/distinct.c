// SPDX-License-Identifier: Apache-2.0
// Distinct values; see group.h.
#include "base/buffer.h"
#include "base/memory.h"
#include "doc/group.h"
#include "doc/index_key.h"
#include "doc/value_table.h"

typedef struct met {
    fe_value_entry entry;
    ferric_slice text; // As it came first.
} met;

struct fe_distinct {
    fe_value_table table;
    fe_path path;
    ferric_buffer key; // Of the value at hand.
    ferric_status status;
};

ferric_status fe_distinct_create(ferric_slice path, size_t memory_max, fe_distinct **distinct)
{
    fe_distinct *made = fe_alloc_zero(1, sizeof *made);
    ferric_status status;

    *distinct = NULL;
    if (made == NULL) return fe_no_memory("distinct values", sizeof *made);
    fe_value_table_init(&made->table, sizeof(met), memory_max);
    status = fe_path_parse(path, &made->table.arena, &made->path);
    if (status != FERRIC_OK) {
        fe_distinct_destroy(made);
        return status;
    }
    *distinct = made;
    return FERRIC_OK;
}

void fe_distinct_destroy(fe_distinct *distinct)
{
    if (distinct == NULL) return;
    fe_buffer_deinit(&distinct->key);
    fe_value_table_deinit(&distinct->table);
    fe_free(distinct);
}

static ferric_status add(fe_distinct *self, ferric_slice value)
{
    fe_value_entry *entry;
    bool is_new;
    ferric_status status;

    fe_buffer_clear(&self->key);
    status = fe_index_value_append_whole(value, false, &self->key);
    if (status == FERRIC_OK) {
        status = fe_value_table_find(&self->table, fe_buffer_slice(&self->key), &entry, &is_new);
    }
    if (status != FERRIC_OK || !is_new) return status;
    return fe_arena_copy(&self->table.arena, value, &((met *)(void *)entry)->text);
}

static bool visit(void *context, ferric_slice value, fe_reached how)
{
    fe_distinct *self = context;
    if (how == FE_REACHED_ARRAY || value.size == 0) return false;
    self->status = add(self, value);
    return self->status != FERRIC_OK;
}

ferric_status fe_distinct_add(fe_distinct *distinct, const fe_doc *doc)
{
    distinct->status = FERRIC_OK;
    fe_path_each(&distinct->path, doc, visit, distinct);
    return distinct->status;
}

ferric_status fe_distinct_append(fe_distinct *distinct, ferric_buffer *json)
{
    ferric_status status = fe_buffer_append(json, "[", 1);

    fe_value_table_sort(&distinct->table);
    for (size_t i = 0; i < distinct->table.count && status == FERRIC_OK; i++) {
        const met *each = (const met *)(const void *)distinct->table.entries[i];
        if (i > 0) status = fe_buffer_append(json, ",", 1);
        if (status == FERRIC_OK) status = fe_buffer_append(json, each->text.data, each->text.size);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "]", 1) : status;
}
