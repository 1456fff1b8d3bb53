// SPDX-License-Identifier: Apache-2.0
// Keyrings: any bytes are decoded or refused, with the check as it is and mended, since it is no
// secret. One that is decoded is tried with a raw key; one that this opens is written and read
// again. No passphrase: it would take the time that a slot asks for.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "crypto/keyring.h"
#include "fuzz.h"
#include "sealed_kit.h"

#define CHECK_SIZE 4

// Ciphers, and what is written again.
const size_t fuzz_fixed_memory = (size_t)64 << 10;

static const fe_user_key user = {FE_KEY_RAW, {sealed_kit_secret, SEALED_KIT_SECRET_SIZE}};

static void write_again(fe_keyring *keyring)
{
    ferric_buffer content = {0};
    fe_keyring again;

    FUZZ_CHECK(keyring->key_count >= 1 && keyring->key_count <= FE_KEYRING_KEYS_MAX);
    FUZZ_CHECK(fe_keyring_encode(keyring, &content) == FERRIC_OK);
    FUZZ_CHECK(fe_keyring_decode(&again, fe_buffer_slice(&content), "keyring",
                                 sealed_kit_database_id) == FERRIC_OK);
    FUZZ_CHECK(fe_keyring_unlock(&again, &user, "keyring") == FERRIC_OK);
    FUZZ_CHECK(again.key_count == keyring->key_count);
    FUZZ_CHECK(memcmp(again.keys, keyring->keys, again.key_count * sizeof *again.keys) == 0);
    fe_buffer_deinit(&content);
}

static bool decode(const uint8_t *data, size_t size)
{
    fe_keyring keyring;
    ferric_status status =
        fe_keyring_decode(&keyring, fe_slice(data, size), "keyring", sealed_kit_database_id);

    FUZZ_CHECK(status == FERRIC_OK || status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED);
    if (status != FERRIC_OK) return false;
    FUZZ_CHECK(keyring.slot_count >= 1 && keyring.slot_count <= FE_KEYRING_SLOTS_MAX);
    FUZZ_CHECK(keyring.sealed_size <= FE_KEYRING_SEALED_SIZE_MAX && !keyring.is_unlocked);
    status = fe_keyring_unlock(&keyring, &user, "keyring");
    FUZZ_CHECK(status == FERRIC_OK || status == FERRIC_WRONG_KEY || status == FERRIC_CORRUPT);
    FUZZ_CHECK(keyring.is_unlocked == (status == FERRIC_OK));
    if (status == FERRIC_OK) write_again(&keyring);
    return true;
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    bool is_valid = decode(data, size);
    uint8_t *mended;
    uint32_t check;

    if (size < CHECK_SIZE) return is_valid;
    mended = malloc(size);
    if (mended == NULL) abort();
    memcpy(mended, data, size);
    check = fe_crc32c(0, sealed_kit_database_id, FE_DATABASE_ID_SIZE);
    fe_put_u32(mended + size - CHECK_SIZE, fe_crc32c(check, data, size - CHECK_SIZE));
    (void)decode(mended, size);
    free(mended);
    return is_valid;
}
