// SPDX-License-Identifier: Apache-2.0
// Keys from keys and from passphrases, by OpenSSL and libargon2.
#include "crypto/key_derivation.h"

#include <argon2.h>
#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/memory.h"
#include "base/status.h"

// Parameters are not const in OpenSSL's interface, but are only read.
static OSSL_PARAM octets(const char *name, ferric_slice bytes)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes.data, bytes.size);
}

ferric_status fe_hkdf_sha256(ferric_slice key, ferric_slice salt, ferric_slice info, uint8_t *out,
                             size_t size)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    char digest[] = "SHA256";
    OSSL_PARAM parameters[5] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        octets(OSSL_KDF_PARAM_KEY, key),
    };
    size_t count = 2;
    bool derived;

    if (salt.size > 0) parameters[count++] = octets(OSSL_KDF_PARAM_SALT, salt);
    if (info.size > 0) parameters[count++] = octets(OSSL_KDF_PARAM_INFO, info);
    parameters[count] = OSSL_PARAM_construct_end();
    derived = context != NULL && EVP_KDF_derive(context, out, size, parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    if (derived) return FERRIC_OK;
    fe_wipe(out, size);
    return fe_fail(FERRIC_UNSUPPORTED, "OpenSSL gives no HKDF-SHA256 on this machine: look at the "
                                       "providers that its configuration loads");
}

bool fe_passphrase_cost_is_valid(const fe_passphrase_cost *cost)
{
    return cost->passes >= 1 && cost->passes <= FE_PASSPHRASE_PASSES_MAX && cost->lanes >= 1 &&
           cost->lanes <= FE_PASSPHRASE_LANES_MAX && cost->memory_kib >= 8 * cost->lanes &&
           cost->memory_kib <= FE_PASSPHRASE_MEMORY_KIB_MAX;
}

ferric_status fe_argon2id(ferric_slice passphrase, ferric_slice salt,
                          const fe_passphrase_cost *cost, uint8_t key[FE_KEY_SIZE])
{
    int result;

    assert(fe_passphrase_cost_is_valid(cost) && salt.size >= FE_PASSPHRASE_SALT_SIZE_MIN);
    result = argon2id_hash_raw(cost->passes, cost->memory_kib, cost->lanes, passphrase.data,
                               passphrase.size, salt.data, salt.size, key, FE_KEY_SIZE);
    if (result == ARGON2_OK) return FERRIC_OK;
    fe_wipe(key, FE_KEY_SIZE);
    if (result == ARGON2_MEMORY_ALLOCATION_ERROR)
        return fe_no_memory("a passphrase's key", (size_t)cost->memory_kib << 10);
    return fe_fail(FERRIC_INVALID_ARGUMENT, "a key from a passphrase: %s",
                   argon2_error_message(result));
}
