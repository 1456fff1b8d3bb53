// SPDX-License-Identifier: Apache-2.0
// Changes of a collection's schema: each is one commit of the catalogue's entry, under the
// condition that nobody changed it meanwhile, after which the new schema is installed.
#ifndef FERRIC_DOC_SCHEMA_CHANGE_H
#define FERRIC_DOC_SCHEMA_CHANGE_H

#include "doc/collections.h"

// What an index is to be. Texts are lent during the call.
typedef struct fe_index_request {
    ferric_slice name; // Empty: made of the keys, as in "age_1_name_-1".
    ferric_slice keys; // JSON.
    ferric_slice only; // JSON, or empty.
    bool is_unique;
    bool is_sparse;
} fe_index_request;

// Adds an index in the state BUILDING, or finds the one that already is what is asked for. *id is
// its keyspace's. Errors: FERRIC_ALREADY_EXISTS: another index has the name;
// FERRIC_INVALID_ARGUMENT, FERRIC_TOO_LARGE (too many indexes), those of a write.
ferric_status fe_schema_add_index(fe_collection *collection, const fe_index_request *request,
                                  uint32_t *id);

// Takes an index away, its entries in the same commit, in the time of one write. Errors:
// FERRIC_NOT_FOUND (an outcome), those of a write.
ferric_status fe_schema_drop_index(fe_collection *collection, ferric_slice name);
// The same by id; one that is gone already is FERRIC_OK.
ferric_status fe_schema_drop_index_id(fe_collection *collection, uint32_t id);

// Adds to a batch that the entries of an index go, and what is known of its build: all but its line
// in the schema. Errors: FERRIC_NO_MEMORY.
ferric_status fe_schema_add_drop(fe_write_batch *batch, uint32_t index);

// Says that the index is complete in every state from `ready_sequence` on. One that was dropped
// meanwhile is FERRIC_OK. Errors: those of a write.
ferric_status fe_schema_mark_ready(fe_collection *collection, uint32_t id, uint64_t ready_sequence);

// Says that a document may have several entries in the index, or that values in it may be cut: what
// is false stays as it is. Errors: those of a write.
ferric_status fe_schema_mark(fe_collection *collection, uint32_t id, bool is_multi_key,
                             bool has_cut);

// Appends what the catalogue's value of a schema is when none of its indexes has an entry: all are
// to be built. (schema_rebuild.c) Errors: as fe_schema_create.
ferric_status fe_schema_reset(ferric_slice value, ferric_buffer *reset);

// Told why an index could not be built.
typedef void (*fe_schema_refused)(void *context, const char *message);

// Builds every index that is not ready. (schema_rebuild.c) Errors: those of reads and writes.
ferric_status fe_schema_build_all(fe_collection *collection, fe_schema_refused refused,
                                  void *context);

// The user key of an index's progress in the catalogue: the id of the last document that its
// back-fill has passed.
#define FE_PROGRESS_KEY_SIZE 5
ferric_slice fe_progress_key(uint32_t index, uint8_t key[FE_PROGRESS_KEY_SIZE]);

// The index with this keyspace id; NULL when there is none.
const fe_index *fe_schema_index_of(const fe_schema *schema, uint32_t id);

#endif
