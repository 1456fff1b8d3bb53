// SPDX-License-Identifier: Apache-2.0
// AES-256-GCM (NIST SP 800-38D) under one key, by OpenSSL. A context for a key costs about as much
// as sealing 4 KiB, so contexts are kept with the key: as many as threads have used it at once, but
// not more than a few.
//
// Thread rule: all calls but destroy may come from any thread at once.
#ifndef FERRIC_CRYPTO_AEAD_H
#define FERRIC_CRYPTO_AEAD_H

#include "base/slice.h"

#define FE_AEAD_KEY_SIZE 32
#define FE_AEAD_NONCE_SIZE 12
#define FE_AEAD_TAG_SIZE 16

typedef struct fe_aead fe_aead;

// Copies `key`, which the caller may wipe afterwards.
// Errors: FERRIC_NO_MEMORY; FERRIC_UNSUPPORTED (OpenSSL has no such cipher here).
ferric_status fe_aead_create(const uint8_t key[FE_AEAD_KEY_SIZE], fe_aead **aead);
// Wipes the key and every context. Accepts NULL.
void fe_aead_destroy(fe_aead *aead);

// Encrypts `size` bytes in place and writes their tag, which covers `associated` too. A nonce must
// never come twice under one key: the second one gives both plain texts away, and the power to
// forge. At most 2^31 - 1 bytes. Errors: FERRIC_NO_MEMORY, and then the bytes are undefined.
ferric_status fe_aead_seal(fe_aead *aead, const uint8_t nonce[FE_AEAD_NONCE_SIZE],
                           ferric_slice associated, uint8_t *bytes, size_t size,
                           uint8_t tag[FE_AEAD_TAG_SIZE]);

// Decrypts in place. *is_authentic is false when nonce, associated bytes, content, tag or key are
// not those of the seal; the bytes are then wiped. Errors: FERRIC_NO_MEMORY.
ferric_status fe_aead_open(fe_aead *aead, const uint8_t nonce[FE_AEAD_NONCE_SIZE],
                           ferric_slice associated, uint8_t *bytes, size_t size,
                           const uint8_t tag[FE_AEAD_TAG_SIZE], bool *is_authentic);

#endif
