// SPDX-License-Identifier: Apache-2.0
// Keys of files from data keys. docs/format/file_header.md, "Seals".
#include "format/file_keys.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "format/seal.h"
#include "os/secret_memory.h"
#include "os/thread.h"

static const char purpose[] = "ferric file";
#define PURPOSE_SIZE (sizeof purpose - 1)

struct fe_file_keys {
    fe_mutex mutex;
    fe_keyring *keyring; // Guarded by mutex.
};

fe_keyring *fe_keyring_alloc(void)
{
    return fe_secret_alloc(sizeof(fe_keyring));
}

void fe_keyring_free(fe_keyring *keyring)
{
    fe_secret_free(keyring, sizeof *keyring);
}

ferric_status fe_file_keys_create(const fe_keyring *keyring, fe_file_keys **keys)
{
    fe_file_keys *created = fe_alloc_zero(1, sizeof *created);

    *keys = NULL;
    if (created == NULL) return fe_no_memory("keys", sizeof *created);
    created->keyring = fe_keyring_alloc();
    if (created->keyring == NULL) {
        fe_free(created);
        return fe_no_memory("keys", sizeof *keyring);
    }
    assert(keyring->is_unlocked);
    fe_memory_wipe_freed(); // What is decrypted from now on shall not outlive its use.
    fe_mutex_init(&created->mutex);
    *created->keyring = *keyring;
    *keys = created;
    return FERRIC_OK;
}

void fe_file_keys_destroy(fe_file_keys *keys)
{
    if (keys == NULL) return;
    fe_keyring_free(keys->keyring);
    fe_mutex_deinit(&keys->mutex);
    fe_free(keys);
}

void fe_file_keys_copy(fe_file_keys *keys, fe_keyring *keyring)
{
    fe_mutex_lock(&keys->mutex);
    *keyring = *keys->keyring;
    fe_mutex_unlock(&keys->mutex);
}

void fe_file_keys_replace(fe_file_keys *keys, const fe_keyring *keyring)
{
    assert(keyring->is_unlocked);
    fe_mutex_lock(&keys->mutex);
    *keys->keyring = *keyring;
    fe_mutex_unlock(&keys->mutex);
}

bool fe_file_keys_are_of(fe_file_keys *keys, const fe_keyring *written)
{
    const fe_keyring *known = keys->keyring;
    bool is_same;

    fe_mutex_lock(&keys->mutex);
    is_same = memcmp(known->database_id, written->database_id, FE_KEYRING_ID_SIZE) == 0 &&
              known->sealed_size == written->sealed_size &&
              memcmp(known->sealed, written->sealed, written->sealed_size) == 0;
    fe_mutex_unlock(&keys->mutex);
    return is_same;
}

void fe_file_keys_stamp(fe_file_keys *keys, fe_file_header *header)
{
    header->keys = keys;
    header->cipher_suite = keys == NULL ? FE_CIPHER_NONE : FE_CIPHER_AES_256_GCM;
    header->key_id = 0;
    if (keys == NULL) return;
    fe_mutex_lock(&keys->mutex);
    header->key_id = fe_keyring_newest(keys->keyring)->id;
    fe_mutex_unlock(&keys->mutex);
}

static bool copy_data_key(fe_file_keys *keys, uint32_t id, uint8_t bytes[FE_KEY_SIZE])
{
    const fe_data_key *key;

    fe_mutex_lock(&keys->mutex);
    key = fe_keyring_data_key(keys->keyring, id);
    if (key != NULL) memcpy(bytes, key->bytes, FE_KEY_SIZE);
    fe_mutex_unlock(&keys->mutex);
    return key != NULL;
}

ferric_status fe_file_keys_cipher(fe_file_keys *keys, const fe_file_header *header,
                                  const char *path, fe_aead **cipher)
{
    uint8_t data_key[FE_KEY_SIZE];
    uint8_t file_key[FE_AEAD_KEY_SIZE];
    uint8_t info[PURPOSE_SIZE + FE_FILE_HEADER_SIZE];
    ferric_status status;

    *cipher = NULL;
    if (!copy_data_key(keys, header->key_id, data_key)) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: sealed with data key %" PRIu32 ", which the keyring does not have",
                       path, header->key_id);
    }
    memcpy(info, purpose, PURPOSE_SIZE);
    fe_file_header_encode(header, info + PURPOSE_SIZE);
    status = fe_hkdf_sha256(fe_slice(data_key, sizeof data_key),
                            fe_slice(header->salt, sizeof header->salt),
                            fe_slice(info, sizeof info), file_key, sizeof file_key);
    if (status == FERRIC_OK) status = fe_aead_create(file_key, cipher);
    fe_wipe(data_key, sizeof data_key);
    fe_wipe(file_key, sizeof file_key);
    return status;
}
