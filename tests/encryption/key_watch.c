// SPDX-License-Identifier: Apache-2.0
// Stands before the library's functions that take or make keys, linked with --wrap, and adds each
// one to the secrets: of the user, wrapping keys, master and data keys, keys of files.
#include "crypto/aead.h"
#include "crypto/key_derivation.h"
#include "secrets.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
ferric_status __real_fe_aead_create(const uint8_t key[FE_AEAD_KEY_SIZE], fe_aead **aead);
ferric_status __wrap_fe_aead_create(const uint8_t key[FE_AEAD_KEY_SIZE], fe_aead **aead);
ferric_status __real_fe_hkdf_sha256(ferric_slice key, ferric_slice salt, ferric_slice info,
                                    uint8_t *out, size_t size);
ferric_status __wrap_fe_hkdf_sha256(ferric_slice key, ferric_slice salt, ferric_slice info,
                                    uint8_t *out, size_t size);
ferric_status __real_fe_argon2id(ferric_slice passphrase, ferric_slice salt,
                                 const fe_passphrase_cost *cost, uint8_t key[FE_KEY_SIZE]);
ferric_status __wrap_fe_argon2id(ferric_slice passphrase, ferric_slice salt,
                                 const fe_passphrase_cost *cost, uint8_t key[FE_KEY_SIZE]);

ferric_status __wrap_fe_aead_create(const uint8_t key[FE_AEAD_KEY_SIZE], fe_aead **aead)
{
    secrets_add(SECRET_KEY, key);
    return __real_fe_aead_create(key, aead);
}

ferric_status __wrap_fe_hkdf_sha256(ferric_slice key, ferric_slice salt, ferric_slice info,
                                    uint8_t *out, size_t size)
{
    if (key.size == SECRET_SIZE) secrets_add(SECRET_KEY, key.data);
    return __real_fe_hkdf_sha256(key, salt, info, out, size);
}

ferric_status __wrap_fe_argon2id(ferric_slice passphrase, ferric_slice salt,
                                 const fe_passphrase_cost *cost, uint8_t key[FE_KEY_SIZE])
{
    ferric_status status = __real_fe_argon2id(passphrase, salt, cost, key);

    if (status == FERRIC_OK) secrets_add(SECRET_KEY, key);
    return status;
}
// NOLINTEND(bugprone-reserved-identifier)
