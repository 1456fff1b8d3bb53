// SPDX-License-Identifier: Apache-2.0
// Flush, compaction, verification, estimates: checks and bounds; the store does the work.
#include <string.h>

#include "api/arguments.h"
#include "api/handles.h"
#include "base/status.h"

ferric_status ferric_flush(ferric_db *db)
{
    fe_statistics *statistics;
    fe_call counted;
    ferric_status status = fe_db_check("ferric_flush", db);

    if (status != FERRIC_OK) return status;
    statistics = fe_store_statistics(db->store);
    counted = fe_statistics_begin(statistics, FERRIC_OPERATION_FLUSH);
    status = fe_store_flush(db->store);
    fe_statistics_end(statistics, FERRIC_OPERATION_FLUSH, counted, status);
    return status;
}

// ---- Compaction -----------------------------------------------------------------------------

static ferric_status compact_keyspace(ferric_db *db, uint32_t id, ferric_slice lower,
                                      ferric_slice upper)
{
    fe_full_key from;
    fe_full_key to;
    ferric_status status = fe_full_key_init(&from, id, lower);

    if (status != FERRIC_OK) return status;
    // Without an upper bound the keyspace ends where the next one's id begins. Ids are never used
    // up: the last one has no successor, but is never given out.
    status = fe_full_key_init(&to, upper.size == 0 ? id + 1 : id, upper);
    if (status == FERRIC_OK) {
        if (fe_slice_compare(from.slice, to.slice) < 0) {
            status = fe_store_compact(db->store, from.slice, to.slice);
        }
        fe_full_key_deinit(&to);
    }
    fe_full_key_deinit(&from);
    return status;
}

// Errors: FERRIC_NOT_FOUND: the keyspace does not exist.
static ferric_status compact(ferric_db *db, ferric_keyspace *keyspace, ferric_slice lower,
                             ferric_slice upper)
{
    ferric_keyspace *meant;
    uint32_t id;
    ferric_status status;

    if (keyspace == NULL && lower.size == 0 && upper.size == 0) {
        return fe_store_compact(db->store, fe_slice(NULL, 0), fe_slice(NULL, 0));
    }
    status = fe_handles_check("ferric_compact", db, keyspace, FE_KIND_ANY, &meant);
    if (status == FERRIC_OK) status = fe_keyspace_id_for_read(meant, &id);
    return status == FERRIC_OK ? compact_keyspace(db, id, lower, upper) : status;
}

ferric_status ferric_compact(ferric_db *db, ferric_keyspace *keyspace, ferric_slice lower,
                             ferric_slice upper)
{
    const char *call = "ferric_compact";
    fe_statistics *statistics;
    fe_call counted;
    ferric_status status = fe_db_check(call, db);

    if (status == FERRIC_OK) status = fe_slice_check(call, "lower", lower);
    if (status == FERRIC_OK) status = fe_slice_check(call, "upper", upper);
    if (status != FERRIC_OK) return status;
    statistics = fe_store_statistics(db->store);
    counted = fe_statistics_begin(statistics, FERRIC_OPERATION_COMPACT);
    status = compact(db, keyspace, lower, upper);
    if (status == FERRIC_NOT_FOUND) status = FERRIC_OK; // Nothing there is nothing to do.
    fe_statistics_end(statistics, FERRIC_OPERATION_COMPACT, counted, status);
    return status;
}

// ---- Verification ---------------------------------------------------------------------------

ferric_status ferric_verify(ferric_db *db, ferric_finding_callback finding, void *context,
                            ferric_verify_report *report)
{
    ferric_verify_report unused;
    ferric_status status = fe_db_check("ferric_verify", db);

    if (report == NULL) report = &unused;
    memset(report, 0, sizeof *report);
    if (status != FERRIC_OK) return status;
    return fe_store_verify(db->store, finding, context, report);
}
