// SPDX-License-Identifier: Apache-2.0
// The keys of an open store: found at open, written at birth, changed on the user's word.
//
//   open    an encrypted database: KEYRING is read and unlocked. A new one: a keyring is drawn, and
//           written before any other file (birth.c).
//   change  a copy of the keyring is changed and written; then it takes the old one's place.
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "format/seal.h"
#include "lsm/keyring_file.h"
#include "lsm/store_state.h"

static ferric_status begin_keys(fe_store *store)
{
    ferric_status status = fe_vfs_random(store->vfs, store->database_id, FE_DATABASE_ID_SIZE);

    if (status != FERRIC_OK) return status;
    return fe_keys_begin(store->vfs, &store->options, store->directory, store->database_id,
                         &store->keys);
}

static ferric_status find_keys(fe_store *store, bool *has_current)
{
    fe_file_header current;
    ferric_status status = fe_current_read(store->vfs, store->directory, &current);

    if (status == FERRIC_NOT_FOUND) {
        // A lost CURRENT is told by recovery. Who may not write draws no keys.
        *has_current = false;
        if (store->options.read_only || !fe_wants_encryption(&store->options)) return FERRIC_OK;
        return begin_keys(store);
    }
    if (status != FERRIC_OK) return status;
    if (current.cipher_suite == FE_CIPHER_NONE) {
        if (!fe_wants_encryption(&store->options)) return FERRIC_OK;
        return fe_fail(FERRIC_WRONG_KEY,
                       "%s is not encrypted: open it without a key, or make an encrypted copy with "
                       "`ferric encrypt`",
                       store->directory);
    }
    status = fe_keys_open(store->vfs, store->directory, &store->options, current.database_id,
                          &store->keys);
    if (status != FERRIC_NOT_FOUND) return status;
    return fe_fail(FERRIC_CORRUPT,
                   "%s: KEYRING is missing, without which nothing of the database can be read",
                   store->directory);
}

ferric_status fe_store_open_keys(fe_store *store, bool *has_current)
{
    ferric_status status;

    *has_current = true;
    status = find_keys(store, has_current);

    // Lent for the time of the open alone.
    store->options.key = (ferric_key){0};
    store->options.key_callback = NULL;
    return status;
}

ferric_status fe_store_write_keys(fe_store *store)
{
    return fe_keys_write(store->vfs, store->directory, store->keys);
}
