// SPDX-License-Identifier: Apache-2.0
// Keyspaces as part of a transaction: the catalogue is a keyspace like any other, so that one that
// a transaction makes comes into being with its commit, or not at all.
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "lsm/catalogue.h"
#include "txn/transaction.h"

typedef struct catalogue_key {
    uint8_t bytes[FE_KEYSPACE_ID_SIZE + FE_CATALOGUE_KEY_SIZE_MAX];
} catalogue_key;

static ferric_slice full_key(ferric_slice key, catalogue_key *full)
{
    fe_put_u32_ordered(full->bytes, FE_KEYSPACE_CATALOGUE);
    memcpy(full->bytes + FE_KEYSPACE_ID_SIZE, key.data, key.size);
    return fe_slice(full->bytes, FE_KEYSPACE_ID_SIZE + key.size);
}

static ferric_slice name_key(const char *name, catalogue_key *full)
{
    uint8_t bytes[FE_CATALOGUE_KEY_SIZE_MAX];
    return full_key(fe_catalogue_name_key(name, bytes), full);
}

ferric_status fe_txn_keyspace_find(fe_txn *txn, const char *name, bool for_update,
                                   ferric_keyspace_info *info)
{
    catalogue_key key;
    ferric_slice name_slice = name_key(name, &key);
    ferric_buffer value = {0};
    ferric_status status = for_update ? fe_txn_get_for_update(txn, name_slice, &value, NULL)
                                      : fe_txn_get(txn, name_slice, &value, NULL);

    if (status == FERRIC_OK) {
        status = fe_catalogue_decode(fe_slice_text(name), fe_buffer_slice(&value), info);
    }
    fe_buffer_deinit(&value);
    return status;
}

// Takes the next id. Two transactions that do so conflict, whatever the names.
static ferric_status take_id(fe_txn *txn, uint32_t *id)
{
    catalogue_key key;
    ferric_slice next_key = full_key(fe_slice_text(FE_CATALOGUE_NEXT_ID_KEY), &key);
    uint8_t next[4];
    ferric_buffer value = {0};
    ferric_status status = fe_txn_get(txn, next_key, &value, NULL);

    *id = FE_KEYSPACE_FIRST_FREE;
    if (status == FERRIC_OK) status = fe_catalogue_decode_next_id(fe_buffer_slice(&value), id);
    if (status == FERRIC_NOT_FOUND) status = FERRIC_OK;
    fe_buffer_deinit(&value);
    if (status != FERRIC_OK) return status;
    fe_put_u32(next, *id + 1);
    return fe_txn_put(txn, next_key, fe_slice(next, sizeof next));
}

ferric_status fe_txn_keyspace_create(fe_txn *txn, const char *name, ferric_keyspace_kind kind,
                                     ferric_keyspace_info *info)
{
    catalogue_key key;
    uint8_t entry[FE_CATALOGUE_ENTRY_SIZE];
    uint32_t id = FE_KEYSPACE_MAIN;
    ferric_status status = FERRIC_OK;

    if (strcmp(name, FE_KEYSPACE_MAIN_NAME) != 0) status = take_id(txn, &id);
    if (status != FERRIC_OK) return status;
    fe_catalogue_encode(id, kind, entry);
    status = fe_txn_put(txn, name_key(name, &key), fe_slice(entry, sizeof entry));
    memset(info, 0, sizeof *info);
    memcpy(info->name, name, strlen(name) + 1);
    info->kind = kind;
    info->id = id;
    return status;
}
