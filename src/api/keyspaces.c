// SPDX-License-Identifier: Apache-2.0
// Keyspace handles and the list of keyspaces.
#include <string.h>

#include "api/arguments.h"
#include "api/handles.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "doc/collection_drop.h"

static ferric_status check_name(const char *name)
{
    size_t size = strlen(name);

    if (size == 0 || size > FERRIC_KEYSPACE_NAME_SIZE_MAX) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "a keyspace's name has %zu bytes: 1 to %d are allowed", size,
                       FERRIC_KEYSPACE_NAME_SIZE_MAX);
    }
    if (name[0] == '_') {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "keyspace \"%s\": names that begin with '_' are Ferric's own", name);
    }
    if (!fe_utf8_valid(fe_slice(name, size))) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "a keyspace's name is not UTF-8");
    }
    return FERRIC_OK;
}

static ferric_status check_kind(const char *name, ferric_keyspace_kind kind)
{
    if (kind == FERRIC_KEYSPACE_RAW || kind == FERRIC_KEYSPACE_COLLECTION) return FERRIC_OK;
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "keyspace \"%s\": its kind is %d: it is FERRIC_KEYSPACE_RAW or _COLLECTION",
                   name, (int)kind);
}

ferric_status ferric_keyspace_open(ferric_db *db, const char *name, ferric_keyspace_kind kind,
                                   ferric_keyspace **keyspace)
{
    const char *call = "ferric_keyspace_open";
    ferric_keyspace *opened;
    size_t name_size;
    uint32_t id;
    ferric_status status;

    if (keyspace == NULL) return fe_argument_is_null(call, "keyspace");
    *keyspace = NULL;
    if (name == NULL) return fe_argument_is_null(call, "name");
    status = fe_db_check(call, db);
    if (status == FERRIC_OK) status = check_name(name);
    if (status == FERRIC_OK) status = check_kind(name, kind);
    if (status != FERRIC_OK) return status;
    name_size = strlen(name) + 1;
    opened = fe_alloc_zero(1, sizeof *opened + name_size); // The name stands behind the handle.
    if (opened == NULL) return fe_no_memory("a keyspace", sizeof *opened + name_size);
    memcpy(opened + 1, name, name_size);
    opened->name = (const char *)(opened + 1);
    opened->kind = kind;
    opened->store = db->store;
    atomic_init(&opened->id, 0);
    status = fe_keyspace_id_for_read(opened, &id);
    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) {
        fe_free(opened);
        return status;
    }
    fe_store_ref(db->store);
    *keyspace = opened;
    return FERRIC_OK;
}

void ferric_keyspace_close(ferric_keyspace *keyspace)
{
    if (keyspace == NULL) return;
    fe_store_unref(keyspace->store);
    fe_free(keyspace);
}

ferric_status ferric_keyspace_list(ferric_db *db, ferric_keyspace_info **list, size_t *count)
{
    const char *call = "ferric_keyspace_list";
    ferric_status status;

    if (list != NULL) *list = NULL;
    if (count != NULL) *count = 0;
    if (list == NULL) return fe_argument_is_null(call, "list");
    if (count == NULL) return fe_argument_is_null(call, "count");
    status = fe_db_check(call, db);
    if (status != FERRIC_OK) return status;
    status = fe_keyspace_list(db->store, list, count);
    if (status != FERRIC_OK || *count != 0) return status;
    fe_free(*list); // "NULL when there are none."
    *list = NULL;
    return FERRIC_OK;
}

// Names that may be changed: "main" is what NULL means, by an id that never changes.
static ferric_status check_names(const char *call, ferric_db *db, const char *name)
{
    ferric_status status;

    if (name == NULL) return fe_argument_is_null(call, "a name");
    status = fe_db_check(call, db);
    if (status == FERRIC_OK) status = check_name(name);
    if (status != FERRIC_OK || strcmp(name, "main") != 0) return status;
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "%s: \"main\" is what a NULL keyspace means: it keeps its name, and "
                   "ferric_delete_range empties it",
                   call);
}

ferric_status ferric_keyspace_rename(ferric_db *db, const char *from, const char *to)
{
    const char *call = "ferric_keyspace_rename";
    ferric_status status = check_names(call, db, from);

    if (status == FERRIC_OK) status = check_names(call, db, to);
    return status == FERRIC_OK ? fe_keyspace_rename(db->store, from, to) : status;
}

ferric_status ferric_keyspace_drop(ferric_db *db, const char *name)
{
    ferric_status status = check_names("ferric_keyspace_drop", db, name);

    return status == FERRIC_OK ? fe_collection_drop(db->collections, db->store, name) : status;
}
