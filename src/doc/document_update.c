// SPDX-License-Identifier: Apache-2.0
// Finding and changing; see document_update.h.
#include "doc/document_update.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/document.h"
#include "doc/document_write.h"
#include "doc/patch.h"
#include "doc/update.h"

typedef struct update_run {
    fe_txn *txn;
    fe_collection *collection;
    const fe_update_request *request;
    fe_update *update; // NULL: documents are removed.
    ferric_update_result *result;
    const fe_schema *schema; // NULL: nothing was changed so far.
    uint64_t touched;        // The indexes that the update may touch.
    ferric_buffer text;
    ferric_buffer stored;
} update_run;

// A partial index looks at more than its own paths. One that is being built is kept by all writers
// in one way.
static bool is_touched(const fe_index *index, const fe_update *update)
{
    if (index->matcher != NULL || index->state != FE_INDEX_READY) return true;
    for (size_t i = 0; i < index->shape.part_count; i++) {
        if (fe_update_touches(update, &index->shape.parts[i].path)) return true;
    }
    return false;
}

// Finds the schema before the first change.
static ferric_status find_schema(update_run *run)
{
    ferric_status status;

    if (run->schema != NULL) return FERRIC_OK;
    status = fe_documents_txn_schema(run->txn, run->collection, &run->schema);
    for (size_t i = 0; status == FERRIC_OK && i < run->schema->index_count; i++)
        run->touched |= (uint64_t)is_touched(&run->schema->indexes[i], run->update) << i;
    return status;
}

// What is stored of the text.
static ferric_status make_stored(update_run *run)
{
    uint8_t format = FE_DOCUMENT_FORMAT_JSON;
    ferric_status status;

    fe_buffer_clear(&run->stored);
    status = fe_buffer_append(&run->stored, &format, 1);
    if (status != FERRIC_OK) return status;
    return fe_buffer_append(&run->stored, run->text.data, run->text.size);
}

static ferric_status write_change(update_run *run, const fe_match *match)
{
    fe_document_change change = {.id = match->id,
                                 .before = {match->doc.text, match->meta.expires_ms}};
    ferric_status status = find_schema(run);

    if (status == FERRIC_OK) status = make_stored(run);
    if (status != FERRIC_OK) return status;
    change.stored = fe_buffer_slice(&run->stored);
    change.touched = run->touched;
    return fe_documents_txn_change(run->txn, run->collection, run->schema, &change);
}

static ferric_status change_one(update_run *run, const fe_match *match)
{
    bool is_changed = true;
    ferric_status status;

    run->result->matched++;
    if (run->update == NULL) {
        status = fe_documents_txn_write(run->txn, run->collection, match->id, fe_slice(NULL, 0),
                                        FE_EXPIRY_NEVER);
    } else {
        status = fe_update_apply(run->update, &match->doc, &run->text, &is_changed);
        if (status == FERRIC_OK && is_changed) status = write_change(run, match);
    }
    if (status == FERRIC_OK && is_changed) run->result->modified++;
    return status;
}

// Walks what the transaction saw before the first change: a document that moves in an index is not
// met again.
static ferric_status change_all(update_run *run)
{
    const fe_state state = {
        .store = fe_txn_store(run->txn), .at = {fe_txn_sequence(run->txn), 0}, .txn = run->txn};
    fe_query_request find = run->request->find;
    const fe_match *match;
    fe_query *query;
    ferric_status status;

    if (run->update == NULL) find.need = FE_QUERY_IDS; // What goes is not looked at here.
    status = fe_query_create(run->collection, &state, &find, &query);

    if (status != FERRIC_OK) return status;
    while ((match = fe_query_next(query, &status)) != NULL) {
        status = change_one(run, match);
        if (status != FERRIC_OK) break;
    }
    fe_query_destroy(query);
    return status;
}

// ---- Upserts --------------------------------------------------------------------------------

// The document that the filter's equalities describe, without an "_id", and its id.
static ferric_status make_base(update_run *run, ferric_buffer *base, ferric_buffer *id)
{
    ferric_slice filter = run->request->find.filter;
    fe_matcher *matcher = NULL;
    ferric_slice literal = {NULL, 0};
    ferric_status status =
        fe_matcher_create(filter.size > 0 ? filter : fe_slice_text("{}"), &matcher);

    if (status == FERRIC_OK) status = fe_matcher_base_document(matcher, base, &literal);
    if (status == FERRIC_OK) {
        status = literal.size > 0
                     ? fe_json_unquote(literal, id)
                     : fe_buffer_append(id, run->request->fresh_id, strlen(run->request->fresh_id));
    }
    fe_matcher_destroy(matcher);
    return status;
}

static ferric_status upsert(update_run *run, ferric_buffer *key)
{
    ferric_buffer base = {0};
    ferric_buffer id = {0};
    ferric_buffer literal = {0};
    bool is_changed;
    fe_doc doc;
    ferric_status status = make_base(run, &base, &id);

    if (status == FERRIC_OK) status = fe_document_check_key(fe_buffer_slice(&id));
    if (status == FERRIC_OK) status = fe_json_quote(fe_buffer_slice(&id), &literal);
    doc.id = fe_buffer_slice(&literal);
    doc.text = fe_buffer_slice(&base);
    if (status == FERRIC_OK) {
        status = fe_update_apply(run->update, &doc, &run->text, &is_changed);
    }
    if (status == FERRIC_OK) status = make_stored(run);
    if (status == FERRIC_OK) {
        status = fe_documents_txn_write(run->txn, run->collection, fe_buffer_slice(&id),
                                        fe_buffer_slice(&run->stored), FE_EXPIRY_NEVER);
    }
    if (status == FERRIC_OK) run->result->is_upserted = true;
    if (status == FERRIC_OK && key != NULL) status = fe_buffer_assign(key, fe_buffer_slice(&id));
    fe_buffer_deinit(&base);
    fe_buffer_deinit(&id);
    fe_buffer_deinit(&literal);
    return status;
}

ferric_status fe_documents_update(fe_txn *txn, fe_collection *collection,
                                  const fe_update_request *request, ferric_update_result *result,
                                  ferric_buffer *key)
{
    update_run run = {.txn = txn, .collection = collection, .request = request, .result = result};
    ferric_status status = FERRIC_OK;

    *result = (ferric_update_result){0};
    if (request->update.size > 0) status = fe_update_create(request->update, &run.update);
    if (status == FERRIC_OK) status = change_all(&run);
    if (status == FERRIC_OK && request->is_upsert && result->matched == 0) {
        status = upsert(&run, key);
    }
    fe_update_destroy(run.update);
    fe_buffer_deinit(&run.text);
    fe_buffer_deinit(&run.stored);
    return status;
}

// ---- Patches --------------------------------------------------------------------------------

ferric_status fe_document_patch(ferric_slice id, ferric_slice text, ferric_slice patch,
                                ferric_buffer *stored)
{
    const uint8_t *at = fe_slice_bytes(patch);
    ferric_buffer patched = {0};
    ferric_status status;
    size_t i = 0;

    while (i < patch.size && (at[i] == ' ' || at[i] == '\t' || at[i] == '\n' || at[i] == '\r'))
        i++;
    status = i < patch.size && at[i] == '[' ? fe_json_patch(text, patch, &patched)
                                            : fe_merge_patch(text, patch, &patched);
    if (status == FERRIC_OK) status = fe_document_encode(id, fe_buffer_slice(&patched), stored);
    fe_buffer_deinit(&patched);
    return status;
}
