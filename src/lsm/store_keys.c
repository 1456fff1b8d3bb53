// SPDX-License-Identifier: Apache-2.0
// The keys of an open store: found at open, written at birth, changed on the user's word.
//
//   open    an encrypted database: KEYRING is read and unlocked, before the lock is taken, which
//           writes: so who has not the key changes no byte. Under the lock it is looked at again,
//           since a writer may have changed it meanwhile. A new one: a keyring is drawn, and
//           written before any other file (birth.c).
//   change  a copy of the keyring is changed and written; then it takes the old one's place.
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
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

// Whether the keys that were found before the lock are still those of the database.
static ferric_status check_keys(fe_store *store, const uint8_t *database_id, bool *hold)
{
    fe_keyring *written = fe_keyring_alloc();
    ferric_status status;

    *hold = false;
    if (written == NULL) return fe_no_memory("a keyring", sizeof *written);
    status = fe_keyring_file_read(store->vfs, store->directory, database_id, written);
    if (status == FERRIC_OK) {
        *hold = fe_file_keys_are_of(store->keys, written) ||
                FE_SEEDED_BUG(FE_BUG_KEYS_OF_BEFORE_THE_LOCK);
    }
    fe_keyring_free(written);
    return status;
}

static void forget_keys(fe_store *store)
{
    fe_file_keys_destroy(store->keys);
    store->keys = NULL;
}

static ferric_status open_keys(fe_store *store, const uint8_t *database_id)
{
    ferric_status status = FERRIC_OK;
    bool hold = false;

    if (store->keys != NULL) status = check_keys(store, database_id, &hold);
    if (hold) return FERRIC_OK;
    forget_keys(store);
    if (status == FERRIC_OK) {
        status =
            fe_keys_open(store->vfs, store->directory, &store->options, database_id, &store->keys);
    }
    if (status != FERRIC_NOT_FOUND) return status;
    return fe_fail(FERRIC_CORRUPT,
                   "%s: KEYRING is missing, without which nothing of the database can be read",
                   store->directory);
}

static ferric_status find_keys(fe_store *store, bool *has_current)
{
    fe_file_header current;
    ferric_status status = fe_current_read(store->vfs, store->directory, &current);

    *has_current = status != FERRIC_NOT_FOUND;
    if (status == FERRIC_OK && current.cipher_suite != FE_CIPHER_NONE)
        return open_keys(store, current.database_id);
    forget_keys(store);
    // A lost CURRENT is told by recovery.
    if (status == FERRIC_NOT_FOUND) return FERRIC_OK;
    if (status != FERRIC_OK || !fe_wants_encryption(&store->options)) return status;
    return fe_fail(FERRIC_WRONG_KEY,
                   "%s is not encrypted: open it without a key, or make an encrypted copy with "
                   "`ferric encrypt`",
                   store->directory);
}

ferric_status fe_store_try_keys(fe_store *store)
{
    bool has_current;

    return find_keys(store, &has_current);
}

ferric_status fe_store_open_keys(fe_store *store, bool *has_current)
{
    ferric_status status = find_keys(store, has_current);

    // Who may not write draws no keys.
    if (status == FERRIC_OK && !*has_current && !store->options.read_only &&
        fe_wants_encryption(&store->options))
        status = begin_keys(store);
    // Lent for the time of the open alone.
    store->options.key = (ferric_key){0};
    store->options.key_callback = NULL;
    return status;
}

ferric_status fe_store_write_keys(fe_store *store)
{
    return fe_keys_write(store->vfs, store->directory, store->keys);
}

// ---- Changes --------------------------------------------------------------------------------

bool fe_store_is_encrypted(const fe_store *store)
{
    return store->keys != NULL;
}

typedef struct key_change {
    const ferric_key *added; // NULL: none.
    const ferric_key *removed;
    bool has_data_key; // A new data key, for new files.
} key_change;

// A key that takes the place of the only one gets a master key that nobody knew before. Where
// others open the database too it cannot be so: their slots hold the old one, and only they can
// make them anew.
static ferric_status renew_master(fe_keyring *keyring, const ferric_key *only)
{
    fe_passphrase_cost cost = FE_PASSPHRASE_COST_INIT;
    fe_user_key user;
    ferric_status status = fe_user_key_of(only, &user);

    if (status == FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_MASTER_KEY_STAYS))
        status = fe_keyring_renew_master(keyring);
    if (status == FERRIC_OK && keyring->slot_count == 0)
        status = fe_keyring_add_slot(keyring, &user, &cost);
    return status;
}

static ferric_status change_keyring(fe_store *store, fe_keyring *keyring, const key_change *change)
{
    fe_passphrase_cost cost = FE_PASSPHRASE_COST_INIT;
    fe_user_key user;
    ferric_status status = FERRIC_OK;

    if (change->added != NULL) {
        status = fe_user_key_of(change->added, &user);
        if (status == FERRIC_OK) status = fe_keyring_add_slot(keyring, &user, &cost);
    }
    if (status == FERRIC_OK && change->removed != NULL) {
        status = fe_user_key_of(change->removed, &user);
        if (status == FERRIC_OK) status = fe_keyring_remove_slot(keyring, &user);
    }
    if (status == FERRIC_OK && change->added != NULL && keyring->slot_count == 1)
        status = renew_master(keyring, change->added);
    if (status == FERRIC_OK && change->has_data_key)
        status = fe_keyring_add_data_key(keyring, fe_vfs_now_ms(store->vfs));
    return status;
}

// REQUIRES: the turn, so that nobody else writes a keyring.
static ferric_status change_keys(fe_store *store, const key_change *change)
{
    fe_keyring *keyring = fe_keyring_alloc();
    ferric_status status;

    if (keyring == NULL) return fe_no_memory("a keyring", sizeof *keyring);
    fe_file_keys_copy(store->keys, keyring);
    status = change_keyring(store, keyring, change);
    // A new database writes its keyring with its first commit.
    if (status == FERRIC_OK && store->has_identity)
        status = fe_keyring_file_write(store->vfs, store->directory, keyring);
    if (status == FERRIC_OK) fe_file_keys_replace(store->keys, keyring);
    // Nobody knows which keyring is on disk, so no file may depend on it.
    if (status == FERRIC_OUTCOME_UNKNOWN) fe_store_fail(store, status);
    fe_keyring_free(keyring);
    return status;
}

static ferric_status check_changeable(const fe_store *store)
{
    ferric_status status = fe_store_check(store);

    if (status == FERRIC_OK && store->options.read_only)
        status = fe_fail(FERRIC_READ_ONLY, "%s was opened to be read", store->directory);
    if (status == FERRIC_OK && store->keys == NULL) {
        status =
            fe_fail(FERRIC_WRONG_KEY, "%s is not encrypted, so it has no keys", store->directory);
    }
    return status;
}

ferric_status fe_store_change_keys(fe_store *store, const ferric_key *added,
                                   const ferric_key *removed)
{
    key_change change = {.added = added, .removed = removed};
    fe_write_turn turn;
    ferric_status status = check_changeable(store);

    if (status != FERRIC_OK) return status;
    fe_write_turn_take(&store->queue, &turn);
    status = fe_store_writable(store);
    if (status == FERRIC_OK) status = change_keys(store, &change);
    fe_write_turn_end(&store->queue, &turn);
    return status;
}

// ---- A new data key -------------------------------------------------------------------------

// What is being written goes on in new files. The manifest does so at the next open.
static ferric_status begin_new_files(fe_store *store)
{
    ferric_status status;

    if (!store->is_born) return FERRIC_OK;
    status = fe_value_log_leave(store);
    fe_log_chain_forget_prepared(store);
    return status == FERRIC_OK ? fe_log_chain_extend(store) : status;
}

// *before is the number below which files may have older keys.
static ferric_status add_data_key(fe_store *store, uint64_t *before)
{
    key_change change = {.has_data_key = true};
    fe_write_turn turn;
    ferric_status status;

    fe_write_turn_take(&store->queue, &turn);
    status = fe_store_writable(store);
    if (status == FERRIC_OK) status = change_keys(store, &change);
    if (status == FERRIC_OK) status = fe_file_number_draw(&store->next_file_number, before);
    if (status == FERRIC_OK) status = begin_new_files(store);
    fe_write_turn_end(&store->queue, &turn);
    return status;
}

static ferric_status rewrite(fe_store *store, uint64_t before, ferric_progress_callback progress,
                             void *context)
{
    uint64_t total = 0;
    uint64_t left = 0;
    ferric_status status = fe_store_flush(store);

    do {
        if (status == FERRIC_OK) status = fe_store_rewrite_once(store, before, &left);
        if (status != FERRIC_OK) return status;
        if (left > total) total = left;
        if (progress != NULL && !progress(context, total - left, total))
            return fe_fail(FERRIC_INTERRUPTED, "the rotation was ended; the new key stays in use");
    } while (left > 0);
    return FERRIC_OK;
}

// Adds the key id of each file in the directory to `used`. What cannot be read counts as using all.
static ferric_status find_used_keys(fe_store *store, const fe_keyring *keyring,
                                    bool used[FE_KEYRING_KEYS_MAX])
{
    ferric_buffer names = {0};
    ferric_buffer path = {0};
    ferric_status status = fe_vfs_list(store->vfs, store->directory, &names);

    for (size_t at = 0; status == FERRIC_OK && at < names.size;) {
        const char *name = (const char *)names.data + at;
        uint8_t bytes[FE_FILE_HEADER_SIZE];
        fe_file_header header;
        fe_file_kind kind;
        uint64_t number;
        fe_file *file = NULL;
        size_t got = 0;

        at += strlen(name) + 1;
        if (!fe_file_name_parse(name, &kind, &number)) continue;
        status = fe_file_path_named(&path, store->directory, name);
        if (status == FERRIC_OK)
            status = fe_vfs_open(store->vfs, fe_path_text(&path), FE_OPEN_READ, &file);
        if (status == FERRIC_OK) status = fe_file_read_at(file, 0, bytes, sizeof bytes, &got);
        fe_file_close(file);
        if (status == FERRIC_NOT_FOUND) {
            status = FERRIC_OK; // Removed meanwhile.
            continue;
        }
        if (status == FERRIC_OK)
            status =
                fe_file_header_decode(fe_slice(bytes, got), kind, fe_path_text(&path), &header);
        for (uint32_t i = 0; status == FERRIC_OK && i < keyring->key_count; i++)
            used[i] = used[i] || keyring->keys[i].id == header.key_id;
    }
    fe_buffer_deinit(&names);
    fe_buffer_deinit(&path);
    return status;
}

// Takes data keys away that no file needs any more. REQUIRES: the turn.
static ferric_status forget_data_keys(fe_store *store)
{
    fe_keyring *keyring = fe_keyring_alloc();
    bool used[FE_KEYRING_KEYS_MAX] = {false};
    uint32_t count;
    ferric_status status;

    if (keyring == NULL) return fe_no_memory("a keyring", sizeof *keyring);
    fe_file_keys_copy(store->keys, keyring);
    count = keyring->key_count;
    status = find_used_keys(store, keyring, used);
    for (uint32_t i = count; status == FERRIC_OK && i > 0; i--) {
        if (!used[i - 1]) fe_keyring_remove_data_key(keyring, keyring->keys[i - 1].id);
    }
    if (status == FERRIC_OK && keyring->key_count < count) {
        status = fe_keyring_file_write(store->vfs, store->directory, keyring);
        if (status == FERRIC_OK) fe_file_keys_replace(store->keys, keyring);
        if (status == FERRIC_OUTCOME_UNKNOWN) fe_store_fail(store, status);
    }
    fe_keyring_free(keyring);
    return status;
}

ferric_status fe_store_rotate(fe_store *store, bool is_rewritten, ferric_progress_callback progress,
                              void *context)
{
    fe_write_turn turn;
    uint64_t before = 0;
    ferric_status status = check_changeable(store);

    if (status == FERRIC_OK) status = add_data_key(store, &before);
    if (status != FERRIC_OK || !is_rewritten) return status;
    status = rewrite(store, before, progress, context);
    if (status != FERRIC_OK) return status;
    fe_epoch_collect(store->epoch); // The files that were rewritten go.
    fe_write_turn_take(&store->queue, &turn);
    status = forget_data_keys(store);
    fe_write_turn_end(&store->queue, &turn);
    return status;
}
