// SPDX-License-Identifier: Apache-2.0
// Makes the example's keys by hand, without a keyring's file.
#include "sealed_kit.h"

#define CREATED_MS 1750000000000

const uint8_t sealed_kit_secret[SEALED_KIT_SECRET_SIZE] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
};
const uint8_t sealed_kit_database_id[FE_DATABASE_ID_SIZE] = {
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
};

static fe_file_keys *make_keys(void)
{
    fe_keyring *keyring = fe_keyring_alloc();
    fe_file_keys *keys = NULL;

    if (keyring == NULL) return NULL;
    keyring->is_unlocked = true;
    keyring->key_count = 1;
    keyring->keys[0] = (fe_data_key){.id = 1, .created_ms = CREATED_MS};
    for (size_t i = 0; i < FE_KEY_SIZE; i++)
        keyring->keys[0].bytes[i] = (uint8_t)(0x80 + i);
    if (fe_file_keys_create(keyring, &keys) != FERRIC_OK) keys = NULL;
    fe_keyring_free(keyring);
    return keys;
}

const fe_sealer *sealed_kit_sealer(void)
{
    static fe_sealer sealer;
    static fe_file_keys *keys; // Kept to the end of the program.
    fe_file_header header = {
        .version = FE_FORMAT_VERSION,
        .kind = FE_FILE_LOG,
        .file_number = 7,
        .created_ms = CREATED_MS,
    };

    if (sealer.cipher != NULL) return &sealer;
    if (keys == NULL) keys = make_keys();
    if (keys == NULL) return NULL;
    memcpy(header.database_id, sealed_kit_database_id, FE_DATABASE_ID_SIZE);
    for (size_t i = 0; i < FE_SALT_SIZE; i++)
        header.salt[i] = (uint8_t)(0xa0 + i);
    fe_file_keys_stamp(keys, &header);
    return fe_sealer_init(&sealer, &header, "example") == FERRIC_OK ? &sealer : NULL;
}
