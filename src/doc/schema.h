// SPDX-License-Identifier: Apache-2.0
// A collection's schema: the indexes it has, as the catalogue keeps them
// (docs/format/index_catalogue.md).
//
// One catalogue entry holds all indexes of one collection, so that its version tells whether any of
// them came, went or became ready. Every write of a document is conditioned on that version.
//
//   absent ── create ──> BUILDING ── back-fill ends ──> READY
//                           │                             │
//                           └────────── drop ─────────────┴──> absent
//
// BUILDING: every writer keeps its entries, but documents from before may lack theirs: no reader.
// READY:    complete in every state from `ready_sequence` on.
#ifndef FERRIC_DOC_SCHEMA_H
#define FERRIC_DOC_SCHEMA_H

#include <ferric/ferric.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "doc/index_key.h"
#include "doc/matcher.h"
#include "os/thread.h"

// Of one collection: what every write has to look at is bounded.
#define FE_SCHEMA_INDEXES_MAX 64
#define FE_INDEX_NAME_SIZE_MAX 255

typedef enum fe_index_state {
    FE_INDEX_BUILDING = 1,
    FE_INDEX_READY = 2,
} fe_index_state;

// What it points to is in the schema's arena.
typedef struct fe_index {
    uint32_t id; // Of the keyspace of its entries.
    fe_index_state state;
    uint64_t ready_sequence;
    bool is_unique;
    bool is_sparse;    // Documents that have none of the paths have no entry.
    bool is_multi_key; // A document may have several entries. Once true, it stays.
    bool has_cut;      // A value may be cut, so that order is not strict. The same.
    const char *name;  // Ended by a zero byte.
    ferric_slice keys; // JSON: {"path":1,"other":-1}.
    ferric_slice only; // JSON: the filter of a partial index, or empty.
    fe_index_shape shape;
    fe_matcher *matcher; // Of `only`; NULL when that is empty. One thread at a time: see
                         // fe_index_has.
} fe_index;

// What changes beside a schema that does not.
typedef struct fe_schema_moving {
    fe_mutex mutex; // Of the matchers of partial indexes.
    // Of each index, how many threads are committing its drop: its entries are gone from the moment
    // when the commit is seen, and the schema without it comes only after.
    _Atomic(uint32_t) drops[FE_SCHEMA_INDEXES_MAX];
} fe_schema_moving;

// Immutable once it is made.
typedef struct fe_schema {
    struct fe_schema *older; // Of the same collection, for the owner.
    fe_arena arena;
    fe_schema_moving *moving;
    uint64_t version; // The catalogue entry's sequence number; 0: there is none.
    size_t index_count;
    fe_index indexes[FE_SCHEMA_INDEXES_MAX];
} fe_schema;

// The user key of a collection's schema in the catalogue, without keyspace id.
#define FE_SCHEMA_KEY_SIZE 5
ferric_slice fe_schema_key(uint32_t collection, uint8_t key[FE_SCHEMA_KEY_SIZE]);

// Appends the catalogue's value for `count` indexes, of which the stored fields are looked at.
// Errors: FERRIC_NO_MEMORY.
ferric_status fe_schema_encode(const fe_index *indexes, size_t count, ferric_buffer *value);

// Makes a schema of a catalogue entry; an empty value has no index. Errors: FERRIC_CORRUPT,
// FERRIC_UNSUPPORTED (written by a newer version), FERRIC_NO_MEMORY.
ferric_status fe_schema_create(ferric_slice value, uint64_t version, fe_schema **schema);
// Accepts NULL.
void fe_schema_destroy(fe_schema *schema);

// Whether the index is complete in the state at `sequence`. REQUIRES: the schema was asked for
// after that state was taken (collections.h, C1).
static inline bool fe_schema_serves(const fe_schema *schema, const fe_index *index,
                                    uint64_t sequence)
{
    const _Atomic(uint32_t) *drops = &schema->moving->drops[index - schema->indexes];

    // Relaxed: whoever sees the commit of a drop in his state sees what came before it.
    return index->state == FE_INDEX_READY && index->ready_sequence <= sequence &&
           atomic_load_explicit(drops, memory_order_relaxed) == 0;
}

// The index of this name; NULL when there is none.
const fe_index *fe_schema_find(const fe_schema *schema, ferric_slice name);

// Compiles keys and filter of an index whose texts are set. Errors: FERRIC_INVALID_ARGUMENT, naming
// what is wrong; FERRIC_NO_MEMORY. fe_index_deinit follows either way.
ferric_status fe_index_compile(fe_index *index, fe_arena *arena);
void fe_index_deinit(fe_index *index);

// Whether a partial index takes the document; true for any other. Errors: as fe_matcher_test.
ferric_status fe_index_has(const fe_schema *schema, const fe_index *index, const fe_doc *doc,
                           bool *has);

#endif
