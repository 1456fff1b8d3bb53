// SPDX-License-Identifier: Apache-2.0
// The ledger: a hash set without locks, in shared memory.
#include "nonce_ledger.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "base/checksum.h"
#include "crypto/aead.h"
#include "support/harness.h"

// Ciphers that are open at once.
#define CIPHERS_MAX 4096

typedef struct ledger {
    _Atomic(uint64_t) seals;
    _Atomic(uint64_t) keys;
    _Atomic(uint64_t) repeats;
    uint64_t mask;
    _Atomic(uint64_t) slots[]; // 0: free.
} ledger;

static ledger *all;

// Which key a cipher was made with, as a hash. Of this process.
static struct {
    _Atomic(fe_aead *) cipher;
    _Atomic(uint64_t) key;
} ciphers[CIPHERS_MAX];

void nonce_ledger_init(uint64_t seals)
{
    uint64_t slots = 1024;
    size_t size;

    while (slots < seals * 2)
        slots *= 2;
    size = sizeof(ledger) + slots * sizeof(uint64_t);
    all = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) harness_panic("no memory for a ledger of %zu bytes", size);
    all->mask = slots - 1;
}

uint64_t nonce_ledger_count(void)
{
    return atomic_load(&all->seals);
}

uint64_t nonce_ledger_keys(void)
{
    return atomic_load(&all->keys);
}

uint64_t nonce_ledger_repeats(void)
{
    return atomic_load(&all->repeats);
}

static void add(uint64_t hash)
{
    if (hash == 0) hash = 1;
    atomic_fetch_add(&all->seals, 1);
    if (atomic_load(&all->seals) > all->mask) harness_panic("the ledger is full");
    for (uint64_t at = hash;; at++) {
        uint64_t found = 0;
        if (atomic_compare_exchange_strong(&all->slots[at & all->mask], &found, hash)) return;
        if (found != hash) continue;
        atomic_fetch_add(&all->repeats, 1);
        return;
    }
}

// ---- What stands before the library's functions ---------------------------------------------

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names.
ferric_status __real_fe_aead_create(const uint8_t key[FE_AEAD_KEY_SIZE], fe_aead **cipher);
ferric_status __wrap_fe_aead_create(const uint8_t key[FE_AEAD_KEY_SIZE], fe_aead **cipher);
void __real_fe_aead_destroy(fe_aead *cipher);
void __wrap_fe_aead_destroy(fe_aead *cipher);
ferric_status __real_fe_aead_seal(fe_aead *cipher, const uint8_t nonce[FE_AEAD_NONCE_SIZE],
                                  ferric_slice associated, uint8_t *bytes, size_t size,
                                  uint8_t tag[FE_AEAD_TAG_SIZE]);
ferric_status __wrap_fe_aead_seal(fe_aead *cipher, const uint8_t nonce[FE_AEAD_NONCE_SIZE],
                                  ferric_slice associated, uint8_t *bytes, size_t size,
                                  uint8_t tag[FE_AEAD_TAG_SIZE]);

ferric_status __wrap_fe_aead_create(const uint8_t key[FE_AEAD_KEY_SIZE], fe_aead **cipher)
{
    ferric_status status = __real_fe_aead_create(key, cipher);

    if (status != FERRIC_OK) return status;
    atomic_fetch_add(&all->keys, 1);
    for (int i = 0; i < CIPHERS_MAX; i++) {
        fe_aead *none = NULL;
        if (!atomic_compare_exchange_strong(&ciphers[i].cipher, &none, *cipher)) continue;
        atomic_store(&ciphers[i].key, fe_hash64(key, FE_AEAD_KEY_SIZE));
        return status;
    }
    harness_panic("more than %d ciphers at once", CIPHERS_MAX);
    return status;
}

void __wrap_fe_aead_destroy(fe_aead *cipher)
{
    for (int i = 0; cipher != NULL && i < CIPHERS_MAX; i++) {
        if (atomic_load(&ciphers[i].cipher) == cipher) atomic_store(&ciphers[i].cipher, NULL);
    }
    __real_fe_aead_destroy(cipher);
}

ferric_status __wrap_fe_aead_seal(fe_aead *cipher, const uint8_t nonce[FE_AEAD_NONCE_SIZE],
                                  ferric_slice associated, uint8_t *bytes, size_t size,
                                  uint8_t tag[FE_AEAD_TAG_SIZE])
{
    uint8_t both[8 + FE_AEAD_NONCE_SIZE];
    uint64_t key = 0;

    for (int i = 0; i < CIPHERS_MAX; i++) {
        if (atomic_load(&ciphers[i].cipher) != cipher) continue;
        key = atomic_load(&ciphers[i].key);
        break;
    }
    if (key == 0) harness_panic("a seal with an unknown cipher");
    memcpy(both, &key, sizeof key);
    memcpy(both + sizeof key, nonce, FE_AEAD_NONCE_SIZE);
    add(fe_hash64(both, sizeof both));
    return __real_fe_aead_seal(cipher, nonce, associated, bytes, size, tag);
}
// NOLINTEND(bugprone-reserved-identifier)
