// SPDX-License-Identifier: Apache-2.0
// The keys of an encrypted database, and copies with another key or none.
#include "api/arguments.h"
#include "api/handles.h"
#include "api/options.h"
#include "base/status.h"
#include "lsm/store.h"

static ferric_status check(const char *call, ferric_db *db, const ferric_key *key)
{
    ferric_status status = fe_db_check(call, db);

    if (status != FERRIC_OK) return status;
    if (key == NULL) return fe_argument_is_null(call, "key");
    return fe_slice_check(call, "secret", key->secret);
}

bool ferric_is_encrypted(const ferric_db *db)
{
    return db != NULL && fe_store_is_encrypted(db->store);
}

ferric_status ferric_key_add(ferric_db *db, const ferric_key *key)
{
    ferric_status status = check("ferric_key_add", db, key);
    return status == FERRIC_OK ? fe_store_change_keys(db->store, key, NULL) : status;
}

ferric_status ferric_key_remove(ferric_db *db, const ferric_key *key)
{
    ferric_status status = check("ferric_key_remove", db, key);
    return status == FERRIC_OK ? fe_store_change_keys(db->store, NULL, key) : status;
}

ferric_status ferric_key_replace(ferric_db *db, const ferric_key *removed, const ferric_key *added)
{
    ferric_status status = check("ferric_key_replace", db, removed);

    if (status == FERRIC_OK) status = check("ferric_key_replace", db, added);
    return status == FERRIC_OK ? fe_store_change_keys(db->store, added, removed) : status;
}

ferric_status ferric_key_rotate(ferric_db *db, bool rewrite, ferric_progress_callback progress,
                                void *context)
{
    ferric_status status = fe_db_check("ferric_key_rotate", db);
    return status == FERRIC_OK ? fe_store_rotate(db->store, rewrite, progress, context) : status;
}

ferric_status ferric_copy(const char *source, const ferric_options *source_options,
                          const char *target, const ferric_options *target_options)
{
    ferric_options from;
    ferric_options to;
    ferric_status status = fe_path_check("ferric_copy", source);

    if (status == FERRIC_OK) status = fe_path_check("ferric_copy", target);
    if (status == FERRIC_OK) status = fe_options_check(source_options, &from);
    if (status == FERRIC_OK) status = fe_options_check(target_options, &to);
    return status == FERRIC_OK ? fe_store_copy(source, &from, target, &to) : status;
}
