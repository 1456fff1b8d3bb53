// SPDX-License-Identifier: Apache-2.0
// Collecting and ordering the changes of a commit in indexes; see index_change.h.
#include "doc/index_change.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/internal_key.h"

void fe_index_changes_init(fe_index_changes *changes)
{
    *changes = (fe_index_changes){0};
    fe_arena_init(&changes->arena);
}

void fe_index_changes_clear(fe_index_changes *changes)
{
    fe_arena_clear(&changes->arena);
    fe_buffer_clear(&changes->list);
    changes->count = 0;
    changes->unmarked = NULL;
}

void fe_index_changes_deinit(fe_index_changes *changes)
{
    fe_arena_deinit(&changes->arena);
    fe_buffer_deinit(&changes->list);
    changes->count = 0;
}

// ---- Collecting -----------------------------------------------------------------------------

static ferric_status add_change(fe_index_changes *changes, const fe_index *index,
                                const fe_index_entry *entry, ferric_slice id, bool is_removal,
                                uint64_t expires_ms)
{
    fe_index_change change = {.index = index,
                              .entry = *entry,
                              .id = id,
                              .is_removal = is_removal,
                              .expires_ms = expires_ms};
    ferric_status status = fe_buffer_append(&changes->list, &change, sizeof change);

    if (status == FERRIC_OK) changes->count++;
    return status;
}

// One document, before and after.
typedef struct transition {
    fe_indexed_document before;
    fe_indexed_document after;
    uint64_t expired_ms;
    uint64_t expires_ms;
} transition;

// Both are ordered by key: what only one of them has goes or comes. What both have is written again
// when it expires at another time, or says something else.
static ferric_status add_difference(fe_index_changes *changes, const fe_index *index,
                                    const transition *of, const fe_index_entries *before,
                                    const fe_index_entries *after)
{
    bool expires_anew = of->expired_ms != of->expires_ms;
    ferric_slice id = of->before.id;
    ferric_status status = FERRIC_OK;
    size_t old = 0;
    size_t new = 0;

    while (status == FERRIC_OK && (old < before->count || new < after->count)) {
        int order = old == before->count ? 1
                    : new == after->count
                        ? -1
                        : fe_slice_compare(before->list[old].key, after->list[new].key);
        if (order < 0 && !FE_SEEDED_BUG(FE_BUG_INDEX_ENTRY_LEFT)) {
            status = add_change(changes, index, &before->list[old], id, true, FE_EXPIRY_NEVER);
        } else if (order > 0 ||
                   (order == 0 && (expires_anew || !fe_slice_equal(before->list[old].value,
                                                                   after->list[new].value)))) {
            status = add_change(changes, index, &after->list[new], id, false, of->expires_ms);
        }
        if (order <= 0) old++;
        if (order >= 0) new ++;
    }
    return status;
}

// The id as a literal, for indexes over "_id".
static ferric_status quote_id(ferric_slice id, fe_arena *arena, ferric_slice *literal)
{
    ferric_buffer text = {0};
    ferric_status status = fe_json_quote(id, &text);

    if (status == FERRIC_OK) status = fe_arena_copy(arena, fe_buffer_slice(&text), literal);
    fe_buffer_deinit(&text);
    return status;
}

static ferric_status add_index(fe_index_changes *changes, const fe_schema *schema,
                               const fe_index *index, const transition *of)
{
    fe_index_entries before;
    fe_index_entries after = {0};
    ferric_status status =
        fe_index_entries_make(schema, index, &of->before, &changes->arena, &before);

    if (status == FERRIC_OK) {
        status = fe_index_entries_make(schema, index, &of->after, &changes->arena, &after);
    }
    if (status == FERRIC_OK) status = add_difference(changes, index, of, &before, &after);
    if (after.is_multi_key > index->is_multi_key || after.has_cut > index->has_cut) {
        changes->unmarked = index;
        changes->is_multi_key = after.is_multi_key || index->is_multi_key;
        changes->has_cut = after.has_cut || index->has_cut;
    }
    return status;
}

static ferric_status make_transition(fe_index_changes *changes, ferric_slice id,
                                     fe_document_state before, fe_document_state after,
                                     transition *of)
{
    ferric_slice literal;
    ferric_status status = quote_id(id, &changes->arena, &literal);

    if (status != FERRIC_OK) return status;
    of->before = (fe_indexed_document){id, {literal, before.text}};
    of->after = (fe_indexed_document){id, {literal, after.text}};
    of->expired_ms = before.expires_ms;
    of->expires_ms = after.expires_ms;
    return FERRIC_OK;
}

ferric_status fe_index_changes_add_to(fe_index_changes *changes, const fe_schema *schema,
                                      const fe_index *index, ferric_slice id,
                                      fe_document_state before, fe_document_state after)
{
    transition of;
    ferric_status status = make_transition(changes, id, before, after, &of);

    return status == FERRIC_OK ? add_index(changes, schema, index, &of) : status;
}

ferric_status fe_index_changes_add(fe_index_changes *changes, const fe_schema *schema,
                                   ferric_slice id, fe_document_state before,
                                   fe_document_state after)
{
    transition of;
    ferric_status status = make_transition(changes, id, before, after, &of);

    for (size_t i = 0; i < schema->index_count && status == FERRIC_OK; i++)
        status = add_index(changes, schema, &schema->indexes[i], &of);
    return status;
}

// ---- Ordering -------------------------------------------------------------------------------

static int compare_changes(const void *left, const void *right)
{
    const fe_index_change *a = left;
    const fe_index_change *b = right;
    int order;

    if (a->index->id != b->index->id) return a->index->id < b->index->id ? -1 : 1;
    order = fe_slice_compare(a->entry.key, b->entry.key);
    if (order != 0) return order;
    return (int)b->is_removal - (int)a->is_removal;
}

static bool have_same_key(const fe_index_change *a, const fe_index_change *b)
{
    return a->index->id == b->index->id && fe_slice_equal(a->entry.key, b->entry.key);
}

ferric_status fe_index_changes_order(fe_index_changes *changes)
{
    size_t kept = 0;

    if (changes->count < 2) return FERRIC_OK;
    qsort(changes->list.data, changes->count, sizeof(fe_index_change), compare_changes);
    for (size_t i = 0; i < changes->count; i++) {
        fe_index_change change = *fe_index_changes_at(changes, i);
        fe_index_change *last = kept == 0 ? NULL : fe_index_changes_at(changes, kept - 1);
        if (last != NULL && have_same_key(last, &change)) {
            if (!last->is_removal) return fe_index_taken(&change, last->id);
            change.is_taken_over = true;
            *last = change;
        } else {
            *fe_index_changes_at(changes, kept++) = change;
        }
    }
    changes->count = kept;
    changes->list.size = kept * sizeof(fe_index_change);
    return FERRIC_OK;
}

// ---- What is refused ------------------------------------------------------------------------

// The values in the change's key, as JSON parted by commas.
static void describe(const fe_index_change *change, ferric_buffer *text)
{
    fe_decoder decoder = fe_decoder_of(change->entry.key);
    const fe_index_shape *shape = &change->index->shape;

    for (size_t i = 0; i < shape->part_count; i++) {
        fe_value_type type;
        bool is_inexact;
        if (i > 0 && fe_buffer_append(text, ", ", 2) != FERRIC_OK) return;
        if (fe_index_value_decode(&decoder, shape->parts[i].is_descending, text, &type,
                                  &is_inexact) != FERRIC_OK) {
            return;
        }
        if (is_inexact && fe_buffer_append(text, "...", 3) != FERRIC_OK) return;
    }
}

ferric_status fe_index_taken(const fe_index_change *change, ferric_slice owner)
{
    ferric_buffer text = {0};
    ferric_status status;

    describe(change, &text);
    status = fe_fail(
        FERRIC_ALREADY_EXISTS, "unique index \"%s\": document \"%.*s\" has the key %.*s already",
        change->index->name, owner.size > 200 ? 200 : (int)owner.size, (const char *)owner.data,
        text.size > 400 ? 400 : (int)text.size, text.data == NULL ? "" : (const char *)text.data);
    fe_buffer_deinit(&text);
    return status;
}
