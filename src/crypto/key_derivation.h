// SPDX-License-Identifier: Apache-2.0
// Keys from keys (HKDF-SHA256, RFC 5869) and keys from passphrases (Argon2id, RFC 9106).
//
// Thread rule: any thread.
#ifndef FERRIC_CRYPTO_KEY_DERIVATION_H
#define FERRIC_CRYPTO_KEY_DERIVATION_H

#include "base/slice.h"

#define FE_KEY_SIZE 32

// `salt` and `info` may be empty. Up to 255 * 32 bytes.
// Errors: FERRIC_NO_MEMORY; FERRIC_UNSUPPORTED (OpenSSL has no HKDF here).
ferric_status fe_hkdf_sha256(ferric_slice key, ferric_slice salt, ferric_slice info, uint8_t *out,
                             size_t size);

// What it costs to try one passphrase.
typedef struct fe_passphrase_cost {
    uint32_t memory_kib;
    uint32_t passes;
    uint32_t lanes;
} fe_passphrase_cost;

// 64 MiB, 3 passes, 4 lanes: RFC 9106's second recommended choice. About a tenth of a second.
#define FE_PASSPHRASE_COST_INIT                                                                    \
    {                                                                                              \
        65536, 3, 4                                                                                \
    }
// What a file may ask for, so that a forged one cannot take all memory or run for ever.
#define FE_PASSPHRASE_MEMORY_KIB_MAX 1048576
#define FE_PASSPHRASE_PASSES_MAX 64
#define FE_PASSPHRASE_LANES_MAX 64
#define FE_PASSPHRASE_SALT_SIZE_MIN 8

bool fe_passphrase_cost_is_valid(const fe_passphrase_cost *cost);

// Errors: FERRIC_NO_MEMORY (memory_kib is not to be had). REQUIRES: a valid cost.
ferric_status fe_argon2id(ferric_slice passphrase, ferric_slice salt,
                          const fe_passphrase_cost *cost, uint8_t key[FE_KEY_SIZE]);

#endif
