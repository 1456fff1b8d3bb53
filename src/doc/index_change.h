// SPDX-License-Identifier: Apache-2.0
// What a write of documents changes in indexes: entries that go and entries that come, collected
// from all documents of a commit, then looked through in the order of their keys, so that what one
// document gives up another may take.
#ifndef FERRIC_DOC_INDEX_CHANGE_H
#define FERRIC_DOC_INDEX_CHANGE_H

#include "doc/index_entry.h"

typedef struct fe_index_change {
    const fe_index *index;
    fe_index_entry entry;
    ferric_slice id;     // Of the document,
    uint64_t expires_ms; // and when it expires.
    bool is_removal;
    bool is_taken_over; // It comes, and another document of the commit gives it up.
} fe_index_change;

// A document before or after a write. {0}: it is not there.
typedef struct fe_document_state {
    ferric_slice text;
    uint64_t expires_ms; // FE_EXPIRY_NEVER: it does not.
} fe_document_state;

// {0} is none. What it holds is in its arena.
typedef struct fe_index_changes {
    fe_arena arena;
    ferric_buffer list; // Array of fe_index_change.
    size_t count;
    // An index that a document of the commit makes multi-key, or whose first value it cuts: it has
    // to be marked so before. NULL: there is none.
    const fe_index *unmarked;
    bool is_multi_key; // What the mark is.
    bool has_cut;
} fe_index_changes;

void fe_index_changes_init(fe_index_changes *changes);
void fe_index_changes_clear(fe_index_changes *changes);
void fe_index_changes_deinit(fe_index_changes *changes);

// Adds what changes when the document `id` goes from `before` to `after`. `id` lives as long as the
// changes. Errors: as fe_index_entries_make.
ferric_status fe_index_changes_add(fe_index_changes *changes, const fe_schema *schema,
                                   ferric_slice id, fe_document_state before,
                                   fe_document_state after);

// The same for one index of the schema alone.
ferric_status fe_index_changes_add_to(fe_index_changes *changes, const fe_schema *schema,
                                      const fe_index *index, ferric_slice id,
                                      fe_document_state before, fe_document_state after);

// Orders the changes by index and key, removals first, and leaves one for each key. Errors:
// FERRIC_ALREADY_EXISTS: two documents of the commit want the same key.
ferric_status fe_index_changes_order(fe_index_changes *changes);

static inline fe_index_change *fe_index_changes_at(const fe_index_changes *changes, size_t i)
{
    return (fe_index_change *)changes->list.data + i;
}

// FERRIC_ALREADY_EXISTS: `owner` has the key that `change` wants.
ferric_status fe_index_taken(const fe_index_change *change, ferric_slice owner);

#endif
