// SPDX-License-Identifier: Apache-2.0
// Repair: the store's entries first, then the indexes of its collections anew, since documents may
// be lost or older than what indexes say of them. A loss of power in between leaves indexes that
// are still to be built.
#include <string.h>

#include "api/arguments.h"
#include "api/handles.h"
#include "api/options.h"
#include "base/status.h"
#include "doc/schema_change.h"

typedef struct repair_findings {
    const char *path;
    ferric_finding_callback finding;
    void *context;
    ferric_repair_report *report;
} repair_findings;

static void note_refused(void *context, const char *message)
{
    const repair_findings *to = context;

    to->report->findings++;
    if (to->finding != NULL) to->finding(to->context, to->path, 0, message);
}

static ferric_status build_all(ferric_db *db, repair_findings *findings)
{
    ferric_keyspace_info *list;
    size_t count;
    ferric_status status = ferric_keyspace_list(db, &list, &count);

    for (size_t i = 0; status == FERRIC_OK && i < count; i++) {
        fe_collection *collection;
        if (list[i].kind != FERRIC_KEYSPACE_COLLECTION) continue;
        status = fe_collection_of(db, list[i].id, &collection);
        if (status == FERRIC_OK) status = fe_schema_build_all(collection, note_refused, findings);
    }
    if (count > 0) ferric_free(list);
    return status;
}

static ferric_status build_indexes(const ferric_options *options, repair_findings *findings)
{
    ferric_options reopened = *options;
    ferric_status closed;
    ferric_status status;
    ferric_db *db;

    reopened.create_if_missing = false;
    reopened.error_if_exists = false;
    reopened.read_only = false;
    reopened.background_threads = 0; // What is refused is told here, so it is built here.
    status = ferric_open(findings->path, &reopened, &db);
    if (status != FERRIC_OK) return status;
    status = build_all(db, findings);
    closed = ferric_close(db);
    return status == FERRIC_OK ? closed : status;
}

ferric_status ferric_repair(const char *damaged, const char *repaired,
                            const ferric_options *options, ferric_finding_callback finding,
                            void *context, ferric_repair_report *report)
{
    repair_findings findings = {repaired, finding, context, report};
    ferric_repair_report unused;
    ferric_options checked;
    ferric_status status = fe_path_check("ferric_repair", damaged);

    if (report == NULL) findings.report = &unused;
    memset(findings.report, 0, sizeof *findings.report);
    if (status == FERRIC_OK) status = fe_path_check("ferric_repair", repaired);
    if (status == FERRIC_OK) status = fe_options_check(options, &checked);
    if (status != FERRIC_OK) return status;
    status = fe_store_repair(damaged, repaired, &checked, fe_schema_reset, finding, context,
                             findings.report);
    return status == FERRIC_OK ? build_indexes(&checked, &findings) : status;
}
