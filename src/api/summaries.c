// SPDX-License-Identifier: Apache-2.0
// Calls that run a query to its end and tell something of all that it finds: distinct values,
// groups, and what the query did.
#include "api/arguments.h"
#include "api/queries.h"
#include "base/buffer.h"
#include "base/status.h"
#include "doc/explain.h"
#include "doc/group_order.h"

static size_t memory_max_of(const ferric_find_options *options)
{
    return options->memory_max > SIZE_MAX ? SIZE_MAX : (size_t)options->memory_max;
}

// ---- Distinct -------------------------------------------------------------------------------

static ferric_status add_distinct(fe_running_query *running, fe_distinct *distinct)
{
    const fe_match *match;
    ferric_status status;

    while ((match = fe_running_query_next(running, &status)) != NULL) {
        status = fe_distinct_add(distinct, &match->doc);
        if (status != FERRIC_OK) return status;
    }
    return status;
}

ferric_status ferric_find_distinct(ferric_db *db, ferric_keyspace *collection, ferric_slice path,
                                   ferric_slice filter, const ferric_find_options *options,
                                   ferric_buffer *json)
{
    const char *call = "ferric_find_distinct";
    fe_distinct *distinct = NULL;
    ferric_find_options taken;
    fe_running_query running;
    ferric_status status;

    if (json == NULL) return fe_argument_is_null(call, "json");
    status = fe_slice_check(call, "path", path);
    if (status == FERRIC_OK) status = fe_find_options_take(options, &taken);
    if (status != FERRIC_OK) return status;
    status =
        fe_running_query_init(&running, call, db, collection, filter, options, FE_QUERY_DOCUMENTS);
    if (status != FERRIC_OK) return status;
    status = fe_distinct_create(path, memory_max_of(&taken), &distinct);
    if (status == FERRIC_OK) status = add_distinct(&running, distinct);
    fe_buffer_clear(json);
    if (status == FERRIC_OK) status = fe_distinct_append(distinct, json);
    if (distinct != NULL) fe_distinct_destroy(distinct);
    fe_running_query_deinit(&running);
    return status;
}

// ---- Groups ---------------------------------------------------------------------------------

static ferric_status add_groups(fe_running_query *running, fe_group *group)
{
    const fe_match *match;
    ferric_status status;

    while ((match = fe_running_query_next(running, &status)) != NULL) {
        status = fe_group_add(group, &match->doc);
        if (status != FERRIC_OK) return status;
    }
    return status;
}

// Fills `groups` by the query, which has neither order nor bounds: those are the groups'.
static ferric_status run_groups(const char *call, ferric_db *db, ferric_keyspace *collection,
                                ferric_slice filter, ferric_find_options options, fe_group *groups)
{
    fe_running_query running;
    ferric_status status;

    options.sort = fe_slice(NULL, 0);
    options.skip = 0;
    options.limit = UINT64_MAX;
    status =
        fe_running_query_init(&running, call, db, collection, filter, &options, FE_QUERY_DOCUMENTS);
    if (status != FERRIC_OK) return status;
    status = add_groups(&running, groups);
    fe_running_query_deinit(&running);
    return status;
}

ferric_status ferric_find_group(ferric_db *db, ferric_keyspace *collection, ferric_slice group,
                                ferric_slice filter, const ferric_find_options *options,
                                ferric_buffer *json)
{
    const char *call = "ferric_find_group";
    fe_group *groups = NULL;
    fe_group_order order;
    ferric_find_options taken;
    ferric_status status;

    if (json == NULL) return fe_argument_is_null(call, "json");
    status = fe_db_check(call, db);
    if (status == FERRIC_OK) status = fe_slice_check(call, "group", group);
    if (status == FERRIC_OK) status = fe_find_options_take(options, &taken);
    if (status == FERRIC_OK) status = fe_slice_check(call, "sort", taken.sort);
    if (status != FERRIC_OK) return status;
    status =
        fe_group_order_init(&order, taken.sort, taken.skip, taken.limit, memory_max_of(&taken));
    if (status != FERRIC_OK) return status;
    status = fe_group_create(group, memory_max_of(&taken), &groups);
    if (status == FERRIC_OK) status = run_groups(call, db, collection, filter, taken, groups);
    fe_buffer_clear(json);
    if (status == FERRIC_OK) status = fe_group_order_append(&order, groups, json);
    if (groups != NULL) fe_group_destroy(groups);
    fe_group_order_deinit(&order);
    return status;
}

// ---- Explain --------------------------------------------------------------------------------

ferric_status ferric_explain(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                             const ferric_find_options *options, ferric_buffer *json)
{
    const char *call = "ferric_explain";
    fe_running_query running;
    uint64_t begun_ns;
    ferric_status status;

    if (json == NULL) return fe_argument_is_null(call, "json");
    status = fe_db_check(call, db);
    if (status != FERRIC_OK) return status;
    begun_ns = fe_vfs_monotonic_ns(fe_store_vfs(db->store));
    status = fe_running_query_init(&running, call, db, collection, filter, options, FE_QUERY_SHOWN);
    if (status != FERRIC_OK) return status;
    while (fe_running_query_next(&running, &status) != NULL)
        continue;
    fe_buffer_clear(json);
    if (status == FERRIC_OK) {
        status = fe_explain(running.query, filter,
                            fe_vfs_monotonic_ns(fe_store_vfs(db->store)) - begun_ns, json);
    }
    fe_running_query_deinit(&running);
    return status;
}
