// SPDX-License-Identifier: Apache-2.0
// Building a collection's indexes anew, in a repair: documents may be gone, or older than their
// entries. The repaired database is published with indexes that have everything before them, so
// that after a loss of power they only have to be built further.
#include <string.h>

#include "base/status.h"
#include "doc/index_build.h"
#include "doc/schema_change.h"

ferric_status fe_schema_reset(ferric_slice value, ferric_buffer *reset)
{
    fe_index indexes[FE_SCHEMA_INDEXES_MAX];
    fe_schema *schema;
    ferric_status status = fe_schema_create(value, 0, &schema);

    if (status != FERRIC_OK) return status;
    memcpy(indexes, schema->indexes, sizeof indexes);
    for (size_t i = 0; i < schema->index_count; i++) {
        indexes[i].state = FE_INDEX_BUILDING;
        indexes[i].ready_sequence = 0;
        indexes[i].is_multi_key = false; // The build finds out.
        indexes[i].has_cut = false;
    }
    status = fe_schema_encode(indexes, schema->index_count, reset);
    fe_schema_destroy(schema);
    return status;
}

ferric_status fe_schema_build_all(fe_collection *collection, fe_schema_refused refused,
                                  void *context)
{
    // It stays in memory when it is replaced.
    const fe_schema *schema = fe_collection_schema(collection);
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < schema->index_count && status == FERRIC_OK; i++) {
        status = fe_index_build(collection, schema->indexes[i].id, NULL, NULL);
        if (status == FERRIC_ALREADY_EXISTS || status == FERRIC_INVALID_ARGUMENT ||
            status == FERRIC_TOO_LARGE) {
            refused(context, fe_message()); // It is dropped.
            status = FERRIC_OK;
        }
    }
    return status;
}
