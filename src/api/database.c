// SPDX-License-Identifier: Apache-2.0
// Opening, closing and destroying databases.
#include <string.h>

#include "api/arguments.h"
#include "api/handles.h"
#include "api/options.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/inspect.h"

static void set_main(ferric_keyspace *keyspace, fe_store *store, ferric_keyspace_kind kind)
{
    keyspace->store = store; // The database's own reference; the keyspace goes with it.
    keyspace->name = "main";
    keyspace->kind = kind;
    atomic_init(&keyspace->id, 0);
}

// Indexes that are not ready are built on, where there are threads for such. A schema that cannot
// be read is the trouble of those who ask for its collection; it keeps nobody from the others.
static void resume_builds(ferric_db *db)
{
    const ferric_options *options = fe_store_options(db->store);
    ferric_event event = {.kind = FERRIC_EVENT_INDEX};

    if (options->read_only || options->background_threads == 0) return;
    event.status = fe_index_builder_resume(db->builder, db->store, db->collections);
    event.message = fe_message();
    if (event.status != FERRIC_OK) fe_store_event(db->store, &event);
}

ferric_status ferric_open(const char *path, const ferric_options *options, ferric_db **db)
{
    ferric_options checked;
    ferric_db *opened;
    ferric_status status;

    if (db == NULL) return fe_argument_is_null("ferric_open", "db");
    *db = NULL;
    status = fe_path_check("ferric_open", path);
    if (status == FERRIC_OK) status = fe_options_check(options, &checked);
    if (status != FERRIC_OK) return status;
    opened = fe_alloc_zero(1, sizeof *opened);
    if (opened == NULL) return fe_no_memory("a database", sizeof *opened);
    status = fe_store_open(path, &checked, &opened->store);
    if (status == FERRIC_OK) status = fe_collections_create(opened->store, &opened->collections);
    if (status == FERRIC_OK) status = fe_index_builder_create(&opened->builder);
    if (status != FERRIC_OK) {
        fe_collections_destroy(opened->collections);
        (void)fe_store_close(opened->store); // Nothing was written.
        fe_free(opened);
        return status;
    }
    set_main(&opened->main_raw, opened->store, FERRIC_KEYSPACE_RAW);
    set_main(&opened->main_collection, opened->store, FERRIC_KEYSPACE_COLLECTION);
    resume_builds(opened);
    *db = opened;
    return FERRIC_OK;
}

ferric_status ferric_close(ferric_db *db)
{
    ferric_status status;

    if (db == NULL) return FERRIC_OK;
    status = fe_store_check_close(db->store);
    if (status != FERRIC_OK) return status; // It is open as before.
    fe_index_builder_destroy(db->builder, db->store);
    status = fe_store_close(db->store);
    fe_collections_destroy(db->collections);
    fe_free(db);
    fe_memory_wipe_stack();
    return status;
}

ferric_status ferric_destroy(const char *path, const ferric_options *options)
{
    ferric_options checked;
    ferric_status status = fe_path_check("ferric_destroy", path);

    if (status == FERRIC_OK) status = fe_options_check(options, &checked);
    if (status != FERRIC_OK) return status;
    return fe_store_destroy(path, &checked);
}

ferric_status ferric_inspect(const char *path, ferric_inspect_target target,
                             const ferric_options *options, ferric_part_callback callback,
                             void *context)
{
    ferric_options checked;
    ferric_status status = fe_path_check("ferric_inspect", path);

    if (status == FERRIC_OK) status = fe_options_check(options, &checked);
    if (status != FERRIC_OK) return status;
    if (callback == NULL) return fe_argument_is_null("ferric_inspect", "callback");
    if (target < FERRIC_INSPECT_LOGS || target > FERRIC_INSPECT_MANIFESTS) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "ferric_inspect: there is no target %d",
                       (int)target);
    }
    return fe_inspect(path, target, &checked, callback, context);
}

uint64_t ferric_writer_process(const ferric_db *db)
{
    return db == NULL ? 0 : fe_store_writer_process(db->store);
}

void ferric_interrupt(ferric_db *db)
{
    if (db != NULL) fe_store_interrupt(db->store);
}
