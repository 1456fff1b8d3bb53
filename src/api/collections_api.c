// SPDX-License-Identifier: Apache-2.0
// Documents that come with their key inside, and indexes.
#include "api/arguments.h"
#include "api/handles.h"
#include "api/puts.h"
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/uuid.h"
#include "doc/document.h"
#include "doc/index_build.h"
#include "doc/schema_change.h"

// ---- Documents ------------------------------------------------------------------------------

static ferric_status make_id(const ferric_db *db, char text[FE_UUID_TEXT_SIZE + 1])
{
    uint8_t random[FE_UUID_RANDOM_SIZE];
    fe_vfs *vfs = fe_store_vfs(db->store);
    ferric_status status = fe_vfs_random(vfs, random, sizeof random);

    if (status == FERRIC_OK) fe_uuid7(fe_vfs_now_ms(vfs), random, text);
    return status;
}

// A new document excludes any other condition.
static ferric_status insert_options(const char *call, const ferric_write_options *given,
                                    ferric_write_options *taken)
{
    ferric_status status = fe_write_options_take(given, taken);

    if (status != FERRIC_OK) return status;
    if (taken->condition == FERRIC_IF_VERSION && taken->if_version != 0) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: a document that is inserted has no version yet", call);
    }
    taken->condition = FERRIC_IF_ABSENT;
    return FERRIC_OK;
}

ferric_status ferric_document_insert(ferric_db *db, ferric_keyspace *collection, ferric_slice json,
                                     const ferric_write_options *options, ferric_buffer *key)
{
    const char *call = "ferric_document_insert";
    char fresh[FE_UUID_TEXT_SIZE + 1];
    ferric_write_options taken;
    ferric_buffer own_key = {0};
    ferric_buffer stored = {0};
    ferric_status status = fe_db_check(call, db);

    if (key == NULL) key = &own_key;
    if (status == FERRIC_OK) status = fe_slice_check(call, "json", json);
    if (status == FERRIC_OK) status = insert_options(call, options, &taken);
    if (status == FERRIC_OK) status = make_id(db, fresh);
    if (status == FERRIC_OK) status = fe_document_encode_new(json, fresh, key, &stored);
    if (status == FERRIC_OK) {
        status = fe_put(call, db, collection, FERRIC_KEYSPACE_COLLECTION, fe_buffer_slice(key),
                        fe_buffer_slice(&stored), &taken);
    }
    fe_buffer_deinit(&stored);
    fe_buffer_deinit(&own_key);
    return status;
}

// ---- Indexes --------------------------------------------------------------------------------

static ferric_status index_options_take(const ferric_index_options *given,
                                        ferric_index_options *taken)
{
    static const ferric_index_options defaults = FERRIC_INDEX_OPTIONS_INIT;
    const char *type = "ferric_index_options";
    ferric_status status = fe_struct_take(type, given, &defaults, sizeof defaults, taken);

    return status == FERRIC_OK ? fe_slice_check(type, "filter", taken->filter) : status;
}

// FERRIC_NOT_FOUND: it does not exist yet.
static ferric_status collection_to_read(const char *call, ferric_db *db,
                                        ferric_keyspace *collection, fe_collection **found)
{
    ferric_keyspace *meant;
    uint32_t id;
    ferric_status status =
        fe_handles_check(call, db, collection, FERRIC_KEYSPACE_COLLECTION, &meant);

    if (status == FERRIC_OK) status = fe_keyspace_id_for_read(meant, &id);
    return status == FERRIC_OK ? fe_collection_of(db, id, found) : status;
}

// Finds the collection, which comes into being when it is not there.
static ferric_status collection_to_write(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                                         fe_collection **collection)
{
    ferric_keyspace *meant;
    uint32_t id;
    ferric_status status = fe_handles_check(call, db, keyspace, FERRIC_KEYSPACE_COLLECTION, &meant);

    if (status == FERRIC_OK) status = fe_keyspace_id_for_write(meant, &id);
    return status == FERRIC_OK ? fe_collection_of(db, id, collection) : status;
}

ferric_status ferric_index_create(ferric_db *db, ferric_keyspace *collection, ferric_slice keys,
                                  const ferric_index_options *options)
{
    const char *call = "ferric_index_create";
    ferric_index_options taken;
    fe_index_request request = {.keys = keys};
    fe_collection *found;
    uint32_t id;
    ferric_status status = fe_slice_check(call, "keys", keys);

    if (status == FERRIC_OK) status = index_options_take(options, &taken);
    if (status == FERRIC_OK) status = collection_to_write(call, db, collection, &found);
    if (status != FERRIC_OK) return status;
    request.is_unique = taken.unique;
    request.is_sparse = taken.sparse;
    request.only = taken.filter;
    if (taken.name != NULL) request.name = fe_slice_text(taken.name);
    status = fe_schema_add_index(found, &request, &id);
    if (status != FERRIC_OK) return status;
    if (taken.background && fe_store_options(db->store)->background_threads > 0) {
        return fe_index_builder_add(db->builder, found, id);
    }
    return fe_index_build(found, id, taken.progress, taken.progress_context);
}

ferric_status ferric_index_progress(ferric_db *db, ferric_keyspace *collection, const char *name,
                                    ferric_build_progress *progress)
{
    const char *call = "ferric_index_progress";
    fe_collection *found;
    ferric_status status;

    if (progress == NULL) return fe_argument_is_null(call, "progress");
    *progress = (ferric_build_progress){0};
    if (name == NULL) return fe_argument_is_null(call, "name");
    status = collection_to_read(call, db, collection, &found);
    return status == FERRIC_OK ? fe_index_build_state(found, fe_slice_text(name), progress)
                               : status;
}

ferric_status ferric_index_drop(ferric_db *db, ferric_keyspace *collection, const char *name)
{
    const char *call = "ferric_index_drop";
    fe_collection *found;
    ferric_status status;

    if (name == NULL) return fe_argument_is_null(call, "name");
    status = collection_to_read(call, db, collection, &found);
    return status == FERRIC_OK ? fe_schema_drop_index(found, fe_slice_text(name)) : status;
}

// ---- The list -------------------------------------------------------------------------------

static ferric_status append_text(ferric_buffer *json, const char *text)
{
    return fe_buffer_append(json, text, strlen(text));
}

static ferric_status describe_index(const fe_index *index, ferric_buffer *json)
{
    ferric_status status = append_text(json, "{\"name\":");

    if (status == FERRIC_OK) status = fe_json_quote(fe_slice_text(index->name), json);
    if (status == FERRIC_OK) status = append_text(json, ",\"keys\":");
    if (status == FERRIC_OK) status = fe_buffer_append(json, index->keys.data, index->keys.size);
    if (status == FERRIC_OK && index->is_unique) status = append_text(json, ",\"unique\":true");
    if (status == FERRIC_OK && index->is_sparse) status = append_text(json, ",\"sparse\":true");
    if (status == FERRIC_OK && index->only.size > 0) {
        status = append_text(json, ",\"filter\":");
        if (status == FERRIC_OK) {
            status = fe_buffer_append(json, index->only.data, index->only.size);
        }
    }
    if (status != FERRIC_OK) return status;
    return append_text(json, index->state == FE_INDEX_READY ? ",\"state\":\"ready\"}"
                                                            : ",\"state\":\"building\"}");
}

ferric_status ferric_index_list(ferric_db *db, ferric_keyspace *collection, ferric_buffer *json)
{
    const char *call = "ferric_index_list";
    fe_collection *found = NULL;
    const fe_schema *schema;
    ferric_status status;

    if (json == NULL) return fe_argument_is_null(call, "json");
    status = collection_to_read(call, db, collection, &found);
    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) return status;
    fe_buffer_clear(json);
    status = fe_buffer_append(json, "[", 1);
    schema = found == NULL ? NULL : fe_collection_schema(found);
    for (size_t i = 0; schema != NULL && i < schema->index_count && status == FERRIC_OK; i++) {
        if (i > 0) status = fe_buffer_append(json, ",", 1);
        if (status == FERRIC_OK) status = describe_index(&schema->indexes[i], json);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "]", 1) : status;
}
