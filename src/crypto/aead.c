// SPDX-License-Identifier: Apache-2.0
// OpenSSL's EVP interface with contexts that are taken, used and put back.
#include "crypto/aead.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"

// Threads beyond these make a context for each call.
#define CONTEXTS_KEPT 4

struct fe_aead {
    EVP_CIPHER *cipher;
    uint8_t key[FE_AEAD_KEY_SIZE];
    _Atomic(EVP_CIPHER_CTX *) kept[CONTEXTS_KEPT];
};

ferric_status fe_aead_create(const uint8_t key[FE_AEAD_KEY_SIZE], fe_aead **aead)
{
    fe_aead *created = fe_alloc_zero(1, sizeof *created);

    *aead = NULL;
    if (created == NULL) return fe_no_memory("a cipher", sizeof *created);
    created->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (created->cipher == NULL) {
        fe_free(created);
        return fe_fail(FERRIC_UNSUPPORTED, "OpenSSL gives no AES-256-GCM on this machine: look at "
                                           "the providers that its configuration loads");
    }
    memcpy(created->key, key, FE_AEAD_KEY_SIZE);
    *aead = created;
    return FERRIC_OK;
}

void fe_aead_destroy(fe_aead *aead)
{
    if (aead == NULL) return;
    for (int i = 0; i < CONTEXTS_KEPT; i++)
        EVP_CIPHER_CTX_free(atomic_load(&aead->kept[i])); // Wipes it.
    EVP_CIPHER_free(aead->cipher);
    fe_wipe(aead->key, sizeof aead->key);
    fe_free(aead);
}

// A kept context, or a new one that has the key. NULL when there is no memory.
static EVP_CIPHER_CTX *take_context(fe_aead *aead)
{
    EVP_CIPHER_CTX *context;

    for (int i = 0; i < CONTEXTS_KEPT; i++) {
        if (atomic_load_explicit(&aead->kept[i], memory_order_relaxed) == NULL) continue;
        context = atomic_exchange_explicit(&aead->kept[i], NULL, memory_order_acquire);
        if (context != NULL) return context;
    }
    context = EVP_CIPHER_CTX_new();
    if (context != NULL && EVP_EncryptInit_ex2(context, aead->cipher, aead->key, NULL, NULL) != 1) {
        EVP_CIPHER_CTX_free(context);
        return NULL;
    }
    return context;
}

static void put_context(fe_aead *aead, EVP_CIPHER_CTX *context)
{
    for (int i = 0; i < CONTEXTS_KEPT; i++) {
        EVP_CIPHER_CTX *none = NULL;
        if (atomic_compare_exchange_strong_explicit(&aead->kept[i], &none, context,
                                                    memory_order_release, memory_order_relaxed))
            return;
    }
    EVP_CIPHER_CTX_free(context);
}

// Takes in the associated bytes, then the bytes themselves in place.
static bool update(EVP_CIPHER_CTX *context, ferric_slice associated, uint8_t *bytes, size_t size)
{
    int done;

    assert(associated.size <= INT_MAX && size <= INT_MAX);
    if (EVP_CipherUpdate(context, NULL, &done, associated.data, (int)associated.size) != 1)
        return false;
    return size == 0 || EVP_CipherUpdate(context, bytes, &done, bytes, (int)size) == 1;
}

ferric_status fe_aead_seal(fe_aead *aead, const uint8_t nonce[FE_AEAD_NONCE_SIZE],
                           ferric_slice associated, uint8_t *bytes, size_t size,
                           uint8_t tag[FE_AEAD_TAG_SIZE])
{
    EVP_CIPHER_CTX *context = take_context(aead);
    uint8_t none[1];
    int done;
    bool sealed;

    if (context == NULL) return fe_no_memory("a cipher's context", sizeof *aead);
    sealed = EVP_CipherInit_ex2(context, NULL, NULL, nonce, 1, NULL) == 1 &&
             update(context, associated, bytes, size) &&
             EVP_CipherFinal_ex(context, none, &done) == 1 &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, FE_AEAD_TAG_SIZE, tag) == 1;
    if (!sealed) {
        // A context that failed half way is not used again.
        EVP_CIPHER_CTX_free(context);
        return fe_no_memory("sealing bytes", size);
    }
    put_context(aead, context);
    return FERRIC_OK;
}

ferric_status fe_aead_open(fe_aead *aead, const uint8_t nonce[FE_AEAD_NONCE_SIZE],
                           ferric_slice associated, uint8_t *bytes, size_t size,
                           const uint8_t tag[FE_AEAD_TAG_SIZE], bool *is_authentic)
{
    EVP_CIPHER_CTX *context = take_context(aead);
    uint8_t expected[FE_AEAD_TAG_SIZE]; // OpenSSL's parameter is not const.
    uint8_t none[1];
    int done;

    *is_authentic = false;
    if (context == NULL) return fe_no_memory("a cipher's context", sizeof *aead);
    memcpy(expected, tag, sizeof expected);
    if (EVP_CipherInit_ex2(context, NULL, NULL, nonce, 0, NULL) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, FE_AEAD_TAG_SIZE, expected) != 1 ||
        !update(context, associated, bytes, size)) {
        EVP_CIPHER_CTX_free(context);
        fe_wipe(bytes, size);
        return fe_no_memory("opening sealed bytes", size);
    }
    *is_authentic =
        EVP_CipherFinal_ex(context, none, &done) == 1 || FE_SEEDED_BUG(FE_BUG_TAG_NOT_CHECKED);
    if (!*is_authentic) fe_wipe(bytes, size);
    put_context(aead, context);
    return FERRIC_OK;
}
