// SPDX-License-Identifier: Apache-2.0
// Carrying out plans; see query.h.
#include "doc/query.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/document.h"
#include "doc/query_inside.h"
#include "doc/stored_key.h"

// ---- Making ---------------------------------------------------------------------------------

static ferric_status compile(fe_query *query, const fe_query_request *request)
{
    ferric_slice filter = request->filter.size > 0 ? request->filter : fe_slice_text("{}");
    ferric_status status = fe_matcher_create_in(filter, &query->arena, &query->matcher);

    if (status == FERRIC_OK && request->sort.size > 0) {
        status = fe_sort_parse(request->sort, &query->arena, &query->sort);
    }
    if (status == FERRIC_OK && request->projection.size > 0) {
        status = fe_projection_create(request->projection, &query->arena, &query->projection);
    }
    if (status == FERRIC_OK) query->needs_id = fe_matcher_uses_id(query->matcher);
    return status;
}

// The first so many that match are looked at.
static uint64_t matches_max(const fe_query_request *request)
{
    return request->limit > UINT64_MAX - request->skip ? UINT64_MAX
                                                       : request->limit + request->skip;
}

static ferric_status plan(fe_query *query, ferric_slice hint)
{
    fe_plan_request request = {.state = &query->state,
                               .schema = NULL,
                               .matcher = query->matcher,
                               .sort = &query->sort,
                               .hint = hint};

    if (query->collection == NULL) return FERRIC_OK; // The plan is EMPTY.
    request.limit = matches_max(&query->request);
    request.schema = fe_collection_schema(query->collection);
    return fe_plan_make(&request, &query->arena, &query->plan);
}

// Whether the entries of the plan's index can answer. Members come from an entry when it says that
// they read as in the document.
static void look_for_cover(fe_query *query)
{
    const fe_projection *shown = query->projection;
    fe_plan *plan = &query->plan;
    bool is_within;

    if (plan->kind != FE_PLAN_INDEX || query->is_sorting) return;
    if (query->request.need == FE_QUERY_DOCUMENTS) return;
    if (!plan->is_exact && !FE_SEEDED_BUG(FE_BUG_COVERED_INEXACT)) return;
    if (query->request.need == FE_QUERY_IDS || (shown != NULL && fe_projection_is_empty(shown))) {
        plan->is_covered = true;
        return;
    }
    is_within = shown != NULL && fe_projection_is_within(shown, &plan->index->shape);
    query->shows_members = plan->is_covered = is_within && !plan->index->is_multi_key;
}

ferric_status fe_query_create(fe_collection *collection, const fe_state *state,
                              const fe_query_request *request, fe_query **query)
{
    fe_query *created = fe_alloc_zero(1, sizeof *created);
    ferric_status status;

    *query = NULL;
    if (created == NULL) return fe_no_memory("a query", sizeof *created);
    created->collection = collection;
    created->state = *state;
    created->request = *request;
    fe_arena_init(&created->arena);
    fe_id_set_init(&created->seen, request->memory_max);
    fe_id_set_init(&created->wanted, request->memory_max);
    status = compile(created, request);
    if (status == FERRIC_OK) status = plan(created, request->hint);
    created->is_sorting = created->sort.part_count > 0 && !created->plan.is_sorted;
    created->gives_id = created->is_sorting || request->need == FE_QUERY_DOCUMENTS;
    if (status == FERRIC_OK) look_for_cover(created);
    fe_document_reader_init(&created->reader, &created->state,
                            collection == NULL ? 0 : collection->id, &created->arena);
    fe_sorter_init(&created->sorter, &created->sort, matches_max(request), request->memory_max);
    if (status != FERRIC_OK) {
        fe_query_destroy(created);
        return status;
    }
    *query = created;
    return FERRIC_OK;
}

void fe_query_destroy(fe_query *query)
{
    if (query == NULL) return;
    fe_query_end_source(query);
    fe_sorter_deinit(&query->sorter);
    fe_id_set_deinit(&query->seen);
    fe_id_set_deinit(&query->wanted);
    fe_matcher_destroy(query->matcher);
    fe_document_reader_deinit(&query->reader);
    fe_buffer_deinit(&query->id_literal);
    fe_buffer_deinit(&query->key);
    fe_buffer_deinit(&query->text);
    fe_arena_deinit(&query->arena);
    fe_free(query);
}

const fe_plan *fe_query_plan(const fe_query *query)
{
    return &query->plan;
}

const fe_query_counts *fe_query_done(const fe_query *query)
{
    return &query->counts;
}

bool fe_query_sorts(const fe_query *query)
{
    return query->is_sorting;
}

// ---- Reading documents ----------------------------------------------------------------------

static ferric_status take_stored(fe_query *query, ferric_slice id, ferric_slice stored,
                                 fe_meta meta)
{
    query->match.id = id;
    query->match.meta = meta;
    query->match.doc.id = fe_slice(NULL, 0);
    return fe_document_text(stored, &query->match.doc.text);
}

// The next document of a scan needs no second read.
static ferric_status next_of_scan(fe_query *query, bool *found)
{
    const fe_entry *entry;
    fe_meta meta;
    ferric_status status;

    if (query->source.plan == NULL) fe_query_begin_source(query, &query->plan);
    entry = fe_range_walk_next(&query->source.walk, &status);
    *found = entry != NULL;
    if (entry == NULL) return status;
    meta.version = entry->sequence;
    meta.expires_ms = fe_state_walk_expiry(&query->source.walk.walk);
    return take_stored(query, fe_user_key(entry), entry->value, meta);
}

static ferric_status refuse_scan(const fe_query *query)
{
    return fe_fail(FERRIC_TOO_LARGE,
                   "the query has examined %llu documents, as many as max_scan allows: create an "
                   "index for the filter, or raise max_scan",
                   (unsigned long long)query->request.max_scan);
}

// An entry without its document, in one state, is damage that checksums do not show.
static ferric_status lost_document(ferric_slice id)
{
    return fe_fail(FERRIC_CORRUPT,
                   "an index names the document \"%.*s\", which is not there: drop the index and "
                   "create it again",
                   id.size > 200 ? 200 : (int)id.size, (const char *)id.data);
}

// Documents that have to be examined at least, should there be so many.
static uint64_t documents_wanted(const fe_query *query)
{
    const fe_query_request *request = &query->request;
    uint64_t left = request->limit - query->counts.returned;
    uint64_t skips = query->skipped < request->skip ? request->skip - query->skipped : 0;

    // Of a covered plan only those are read whose entries say too little.
    if (query->plan.is_covered) return 1;
    if (query->is_sorting) return UINT64_MAX;
    return left > UINT64_MAX - skips ? UINT64_MAX : left + skips;
}

// Reads the documents that the plan finds next. *found is false when it finds none.
static ferric_status read_ahead(fe_query *query, bool *found)
{
    size_t room;
    ferric_status status = fe_document_reader_begin(&query->reader, documents_wanted(query), &room);

    *found = false;
    while (status == FERRIC_OK && room-- > 0) {
        bool found_one;
        status = fe_query_next_id(query, &found_one);
        if (FE_SEEDED_BUG(FE_BUG_LAST_BATCH_LOST) && !found_one) *found = false;
        if (status != FERRIC_OK || !found_one) break;
        *found = true;
        if (query->is_answered) return FERRIC_OK;
        status = fe_document_reader_ask(&query->reader, query->id);
    }
    if (status == FERRIC_OK) fe_document_reader_read(&query->reader);
    return status;
}

// The next document whose id the plan finds.
static ferric_status next_of_ids(fe_query *query, bool *found)
{
    query->is_answered = false;
    for (;;) {
        const fe_read *document = fe_document_reader_take(&query->reader);
        ferric_slice id;
        if (document == NULL) {
            ferric_status status = read_ahead(query, found);
            if (status != FERRIC_OK || !*found || query->is_answered) return status;
            continue;
        }
        *found = true;
        id = fe_slice_from(fe_buffer_slice(&document->key), FE_KEYSPACE_ID_SIZE);
        if (document->status == FERRIC_OK) {
            return take_stored(query, id, fe_buffer_slice(&document->value), document->meta);
        }
        if (document->status != FERRIC_NOT_FOUND) return document->status;
        // Else it was asked for by its id.
        if (query->plan.kind != FE_PLAN_ID && query->plan.kind != FE_PLAN_UNION) {
            return lost_document(id);
        }
    }
}

// The next document that the plan finds, matching or not.
static ferric_status next_candidate(fe_query *query, bool *found)
{
    ferric_status status =
        query->plan.kind == FE_PLAN_SCAN ? next_of_scan(query, found) : next_of_ids(query, found);

    if (status != FERRIC_OK || !*found) return status;
    if (query->is_answered) {
        query->match.id = query->id;
        query->match.doc.id = fe_slice(NULL, 0);
        query->match.doc.text = fe_buffer_slice(&query->text);
        return FERRIC_OK;
    }
    if (query->counts.documents == query->request.max_scan) return refuse_scan(query);
    query->counts.documents++;
    return FERRIC_OK;
}

static ferric_status quote_id(fe_query *query)
{
    ferric_status status;

    fe_buffer_clear(&query->id_literal);
    status = fe_json_quote(query->match.id, &query->id_literal);
    query->match.doc.id = fe_buffer_slice(&query->id_literal);
    return status;
}

// The next document that matches, in the plan's order.
static ferric_status next_match(fe_query *query, bool *found)
{
    bool matches = false;
    ferric_status status;

    do {
        status = next_candidate(query, found);
        if (status != FERRIC_OK || !*found) return status;
        if (query->needs_id) status = quote_id(query);
        matches = query->plan.is_exact;
        if (status == FERRIC_OK && !matches) {
            status = fe_matcher_test(query->matcher, &query->match.doc, &matches);
        }
    } while (status == FERRIC_OK && !matches);
    if (status == FERRIC_OK && query->gives_id && !query->needs_id) status = quote_id(query);
    return status;
}

// ---- Giving ---------------------------------------------------------------------------------

static ferric_status sort_all(fe_query *query)
{
    bool found = true;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK) {
        status = next_match(query, &found);
        if (status != FERRIC_OK || !found) break;
        status =
            fe_sorter_add(&query->sorter, query->match.id, &query->match.doc, query->match.meta);
    }
    if (status == FERRIC_OK) fe_sorter_finish(&query->sorter);
    query->is_sorted = status == FERRIC_OK;
    return status;
}

static ferric_status next_sorted(fe_query *query, bool *found)
{
    const fe_sorted *item;
    ferric_status status = query->is_sorted ? FERRIC_OK : sort_all(query);

    *found = status == FERRIC_OK && query->given < query->sorter.count;
    if (!*found) return status;
    item = query->sorter.items[query->given++];
    query->match.id = item->id;
    query->match.meta = item->meta;
    query->match.doc.id = item->id_literal;
    query->match.doc.text = item->text;
    return FERRIC_OK;
}

const fe_match *fe_query_next(fe_query *query, ferric_status *status)
{
    bool found = true;

    *status = FERRIC_OK;
    while (query->counts.returned < query->request.limit) {
        *status = query->is_sorting ? next_sorted(query, &found) : next_match(query, &found);
        if (*status != FERRIC_OK || !found) return NULL;
        if (query->skipped++ < query->request.skip) continue;
        query->counts.returned++;
        return &query->match;
    }
    return NULL;
}

// Whether what the plan walks over is all that is asked for, each document once: then nothing but
// entries has to be counted.
static bool counts_entries(const fe_query *query)
{
    const fe_plan *plan = &query->plan;

    if (!plan->is_exact || query->is_sorting)
        return false; // What is sorted has to fit into memory.
    if (plan->kind == FE_PLAN_INDEX) return !plan->index->is_multi_key;
    return plan->kind == FE_PLAN_SCAN && query->request.max_scan == UINT64_MAX;
}

static ferric_status count_entries(fe_query *query, uint64_t *count)
{
    const fe_plan *plan = &query->plan;
    bool is_scan = plan->kind == FE_PLAN_SCAN;
    uint32_t keyspace = is_scan ? query->collection->id : plan->index->id;
    uint64_t entries;
    bool is_complete;
    ferric_status status =
        fe_ranges_count(&query->state, keyspace, is_scan ? &fe_query_whole : &plan->ranges,
                        matches_max(&query->request), &entries, &is_complete);

    if (status != FERRIC_OK) return status;
    *count = entries > query->request.skip ? entries - query->request.skip : 0;
    query->counts.entries = entries;
    query->counts.returned = *count;
    return FERRIC_OK;
}

ferric_status fe_query_count(fe_query *query, uint64_t *count)
{
    ferric_status status = FERRIC_OK;

    *count = 0;
    if (counts_entries(query)) return count_entries(query, count);
    while (fe_query_next(query, &status) != NULL)
        ++*count;
    return status;
}

ferric_status fe_query_meta(fe_query *query, const fe_match *match, fe_meta *meta)
{
    ferric_status status;

    *meta = match->meta;
    if (!query->is_answered) return FERRIC_OK;
    status = fe_stored_key(query->collection->id, match->id, &query->key);
    return status == FERRIC_OK
               ? fe_state_get(&query->state, fe_buffer_slice(&query->key), NULL, meta)
               : status;
}

ferric_status fe_query_show(fe_query *query, const fe_match *match, ferric_buffer *json)
{
    fe_doc doc = match->doc;
    ferric_status status = FERRIC_OK;

    if (doc.id.size == 0) {
        fe_buffer_clear(&query->id_literal);
        status = fe_json_quote(match->id, &query->id_literal);
        doc.id = fe_buffer_slice(&query->id_literal);
    }
    fe_buffer_clear(json);
    return status == FERRIC_OK ? fe_projection_apply(query->projection, &doc, json) : status;
}
