// SPDX-License-Identifier: Apache-2.0
// The keyring on disk.
#include "lsm/keyring_file.h"

#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/seal.h"
#include "lsm/file_names.h"
#include "lsm/manifest.h"

// More than any keyring has.
#define FILE_SIZE_MAX 8192

static_assert(FE_KEY_RAW == (int)FERRIC_KEY_RAW && FE_KEY_PASSPHRASE == (int)FERRIC_KEY_PASSPHRASE,
              "the keyring's kinds of keys are the public ones");

// ---- Reading --------------------------------------------------------------------------------

static ferric_status decode(fe_keyring *keyring, ferric_slice bytes, const char *path,
                            const uint8_t *database_id)
{
    fe_file_header header;
    ferric_status status = fe_file_header_decode(bytes, FE_FILE_KEYRING, path, &header);

    if (status != FERRIC_OK) return status;
    if (database_id != NULL && memcmp(header.database_id, database_id, FE_DATABASE_ID_SIZE) != 0)
        return fe_fail(FERRIC_CORRUPT, "%s: the keyring of another database", path);
    return fe_keyring_decode(keyring, fe_slice_from(bytes, FE_FILE_HEADER_SIZE), path,
                             header.database_id);
}

ferric_status fe_keyring_file_read(fe_vfs *vfs, const char *directory, const uint8_t *database_id,
                                   fe_keyring *keyring)
{
    uint8_t bytes[FILE_SIZE_MAX];
    ferric_buffer path = {0};
    fe_file *file = NULL;
    size_t got = 0;
    ferric_status status = fe_file_path_named(&path, directory, FE_FILE_KEYRING_NAME);

    if (status == FERRIC_OK) status = fe_vfs_open(vfs, fe_path_text(&path), FE_OPEN_READ, &file);
    if (status == FERRIC_OK) status = fe_file_read_at(file, 0, bytes, sizeof bytes, &got);
    fe_file_close(file);
    if (status == FERRIC_OK)
        status = decode(keyring, fe_slice(bytes, got), fe_path_text(&path), database_id);
    fe_buffer_deinit(&path);
    return status;
}

// ---- Writing --------------------------------------------------------------------------------

static ferric_status encode(fe_vfs *vfs, fe_keyring *keyring, ferric_buffer *bytes)
{
    fe_file_header header = {
        .version = FE_FORMAT_VERSION,
        .kind = FE_FILE_KEYRING,
        .cipher_suite = FE_CIPHER_AES_256_GCM,
        .created_ms = fe_vfs_now_ms(vfs),
    };
    uint8_t encoded[FE_FILE_HEADER_SIZE];
    ferric_buffer content = {0};
    ferric_status status = fe_vfs_random(vfs, header.salt, sizeof header.salt);

    memcpy(header.database_id, keyring->database_id, FE_DATABASE_ID_SIZE);
    fe_file_header_encode(&header, encoded);
    if (status == FERRIC_OK) status = fe_keyring_encode(keyring, &content);
    if (status == FERRIC_OK) status = fe_buffer_append(bytes, encoded, sizeof encoded);
    if (status == FERRIC_OK) status = fe_buffer_append(bytes, content.data, content.size);
    fe_buffer_deinit(&content);
    return status;
}

static ferric_status write_new(fe_vfs *vfs, const char *path, ferric_slice bytes)
{
    fe_file *file = NULL;
    ferric_status status = fe_vfs_remove(vfs, path); // Left by a crash.

    if (status == FERRIC_OK || status == FERRIC_NOT_FOUND)
        status = fe_vfs_open(vfs, path, FE_OPEN_CREATE, &file);
    if (status == FERRIC_OK) status = fe_file_write_at(file, 0, bytes.data, bytes.size);
    if (status == FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_KEYRING_NOT_SYNCED))
        status = fe_file_sync(file);
    fe_file_close(file);
    return status;
}

ferric_status fe_keyring_file_write(fe_vfs *vfs, const char *directory, fe_keyring *keyring)
{
    ferric_buffer bytes = {0};
    ferric_buffer from = {0};
    ferric_buffer to = {0};
    ferric_status status = encode(vfs, keyring, &bytes);

    if (status == FERRIC_OK)
        status = fe_file_path_named(&from, directory, FE_FILE_KEYRING_NEW_NAME);
    if (status == FERRIC_OK) status = fe_file_path_named(&to, directory, FE_FILE_KEYRING_NAME);
    if (status == FERRIC_OK) status = write_new(vfs, fe_path_text(&from), fe_buffer_slice(&bytes));
    if (status == FERRIC_OK) status = fe_vfs_rename(vfs, fe_path_text(&from), fe_path_text(&to));
    if (status != FERRIC_OK) goto out;
    status = fe_vfs_sync_directory(vfs, directory);
    if (status != FERRIC_OK) {
        status = fe_fail(FERRIC_OUTCOME_UNKNOWN, "%s: the change of keys may not last: %s",
                         fe_path_text(&to), fe_message());
    }
out:
    fe_buffer_deinit(&bytes);
    fe_buffer_deinit(&from);
    fe_buffer_deinit(&to);
    return status;
}

// ---- The user's key -------------------------------------------------------------------------

bool fe_wants_encryption(const ferric_options *options)
{
    return options->encrypted || options->key.kind != FERRIC_KEY_NONE;
}

ferric_status fe_user_key_of(const ferric_key *key, fe_user_key *user)
{
    if (key->kind != FERRIC_KEY_RAW && key->kind != FERRIC_KEY_PASSPHRASE)
        return fe_fail(FERRIC_INVALID_ARGUMENT, "a key of kind %d: no such kind", (int)key->kind);
    user->kind = (fe_key_kind)key->kind;
    user->secret = key->secret;
    return FERRIC_OK;
}

static ferric_status find_key(const ferric_options *options, const char *directory,
                              fe_user_key *user)
{
    ferric_key key = options->key;
    ferric_status status = FERRIC_OK;

    if (key.kind == FERRIC_KEY_NONE && options->key_callback != NULL)
        status = options->key_callback(options->key_context, directory, &key);
    if (status != FERRIC_OK) return status;
    if (key.kind == FERRIC_KEY_NONE)
        return fe_fail(FERRIC_WRONG_KEY, "%s is encrypted: its key or passphrase is needed",
                       directory);
    return fe_user_key_of(&key, user);
}

static ferric_status unlock(fe_keyring *keyring, const ferric_options *options,
                            const char *directory)
{
    fe_user_key user;
    ferric_status status = find_key(options, directory, &user);

    return status == FERRIC_OK ? fe_keyring_unlock(keyring, &user, directory) : status;
}

ferric_status fe_keys_begin(fe_vfs *vfs, const ferric_options *options, const char *directory,
                            const uint8_t *database_id, fe_file_keys **keys)
{
    fe_passphrase_cost cost = FE_PASSPHRASE_COST_INIT;
    fe_keyring *keyring = fe_keyring_alloc();
    fe_user_key user;
    ferric_status status;

    *keys = NULL;
    if (keyring == NULL) return fe_no_memory("a keyring", sizeof *keyring);
    status = find_key(options, directory, &user);
    if (status == FERRIC_OK) status = fe_keyring_init(keyring, database_id, fe_vfs_now_ms(vfs));
    if (status == FERRIC_OK) status = fe_keyring_add_slot(keyring, &user, &cost);
    if (status == FERRIC_OK) status = fe_file_keys_create(keyring, keys);
    fe_keyring_free(keyring);
    return status;
}

ferric_status fe_keys_write(fe_vfs *vfs, const char *directory, fe_file_keys *keys)
{
    fe_keyring *keyring = fe_keyring_alloc();
    ferric_status status;

    if (keyring == NULL) return fe_no_memory("a keyring", sizeof *keyring);
    fe_file_keys_copy(keys, keyring);
    status = fe_keyring_file_write(vfs, directory, keyring);
    fe_keyring_free(keyring);
    return status;
}

ferric_status fe_keys_open(fe_vfs *vfs, const char *directory, const ferric_options *options,
                           const uint8_t *database_id, fe_file_keys **keys)
{
    fe_keyring *keyring = fe_keyring_alloc();
    ferric_status status;

    *keys = NULL;
    if (keyring == NULL) return fe_no_memory("a keyring", sizeof *keyring);
    status = fe_keyring_file_read(vfs, directory, database_id, keyring);
    if (status == FERRIC_OK) status = unlock(keyring, options, directory);
    if (status == FERRIC_OK) status = fe_file_keys_create(keyring, keys);
    fe_keyring_free(keyring);
    return status;
}

ferric_status fe_keys_find(fe_vfs *vfs, const char *directory, const ferric_options *options,
                           fe_file_keys **keys)
{
    fe_file_header current;
    ferric_status status = fe_current_read(vfs, directory, &current);
    bool is_plain = status == FERRIC_OK && current.cipher_suite == FE_CIPHER_NONE;

    *keys = NULL;
    if (status == FERRIC_IO || status == FERRIC_NO_MEMORY) return status;
    if (!is_plain) status = fe_keys_open(vfs, directory, options, NULL, keys);
    if (is_plain || status == FERRIC_NOT_FOUND) {
        if (!fe_wants_encryption(options)) return FERRIC_OK;
        return fe_fail(FERRIC_WRONG_KEY, "%s is not encrypted: open it without a key", directory);
    }
    return status;
}
