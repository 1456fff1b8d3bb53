// SPDX-License-Identifier: Apache-2.0
// Who may open an encrypted database: data keys, sealed under a master key, which stands wrapped in
// one slot for each raw key or passphrase. So a passphrase is changed without a data key being
// touched, and two people may have one each. docs/format/keyring.md.
//
//   raw key ----HKDF----+
//                       +--> wrapping key --opens--> slot: master key --opens--> list of data keys
//   passphrase -Argon2id+
//
// A keyring has secrets in it once it is unlocked: keep it in memory that is locked and not dumped,
// and wipe it. Thread rule: one thread at a time.
#ifndef FERRIC_CRYPTO_KEYRING_H
#define FERRIC_CRYPTO_KEYRING_H

#include "crypto/key_derivation.h"

#define FE_KEYRING_SLOTS_MAX 8
#define FE_KEYRING_KEYS_MAX 64
#define FE_KEYRING_ID_SIZE 16
#define FE_KEYRING_SEALED_SIZE_MAX (12 + 4 + FE_KEYRING_KEYS_MAX * 44 + 16)

typedef enum fe_key_kind {
    FE_KEY_RAW = 1,        // 32 bytes of full strength.
    FE_KEY_PASSPHRASE = 2, // At least one byte.
} fe_key_kind;

// What a user gives. Borrowed.
typedef struct fe_user_key {
    fe_key_kind kind;
    ferric_slice secret;
} fe_user_key;

typedef struct fe_key_slot {
    fe_key_kind kind;
    fe_passphrase_cost cost; // All 0 for a raw key.
    uint8_t salt[16];
    uint8_t check[8]; // Of the wrapping key: tells a wrong key from a damaged slot.
    uint8_t nonce[12];
    uint8_t wrapped[FE_KEY_SIZE];
    uint8_t tag[16];
} fe_key_slot;

typedef struct fe_data_key {
    uint32_t id; // From 1 on; in the header of each file that is sealed with it.
    uint64_t created_ms;
    uint8_t bytes[FE_KEY_SIZE];
} fe_data_key;

typedef struct fe_keyring {
    uint8_t database_id[FE_KEYRING_ID_SIZE];
    uint32_t slot_count;
    fe_key_slot slots[FE_KEYRING_SLOTS_MAX];
    uint32_t sealed_size;
    uint8_t sealed[FE_KEYRING_SEALED_SIZE_MAX];
    // While it is unlocked:
    bool is_unlocked;
    uint32_t key_count;
    fe_data_key keys[FE_KEYRING_KEYS_MAX]; // Ascending by id; the last is for new files.
    uint8_t master[FE_KEY_SIZE];
} fe_keyring;

// A new keyring with one data key and no slot yet. Errors: FERRIC_IO (no randomness).
ferric_status fe_keyring_init(fe_keyring *keyring, const uint8_t database_id[FE_KEYRING_ID_SIZE],
                              uint64_t now_ms);
// Overwrites all of it.
void fe_keyring_wipe(fe_keyring *keyring);

// Reads what fe_keyring_encode wrote; the keyring is locked. Any bytes may be given.
// Errors: FERRIC_CORRUPT (naming `path`), FERRIC_UNSUPPORTED (a slot of a newer kind).
ferric_status fe_keyring_decode(fe_keyring *keyring, ferric_slice content, const char *path,
                                const uint8_t database_id[FE_KEYRING_ID_SIZE]);
// Replaces `content`. REQUIRES: it is unlocked and has a slot. Errors: FERRIC_NO_MEMORY, FERRIC_IO.
ferric_status fe_keyring_encode(fe_keyring *keyring, ferric_buffer *content);

// Errors: FERRIC_WRONG_KEY (no slot is of this key), FERRIC_CORRUPT, FERRIC_NO_MEMORY.
ferric_status fe_keyring_unlock(fe_keyring *keyring, const fe_user_key *key, const char *path);

// Each REQUIRES: it is unlocked.
// Errors: FERRIC_INVALID_ARGUMENT (all slots taken; a key of another size; the key has a slot),
// FERRIC_NO_MEMORY, FERRIC_IO.
ferric_status fe_keyring_add_slot(fe_keyring *keyring, const fe_user_key *key,
                                  const fe_passphrase_cost *cost);
// Takes away the slot that `key` opens. Errors: FERRIC_WRONG_KEY (none is of this key);
// FERRIC_INVALID_ARGUMENT (it is the only one).
ferric_status fe_keyring_remove_slot(fe_keyring *keyring, const fe_user_key *key);
// Draws another master key and takes all slots away, so that one is to be added: what a slot of
// before opens is no master key of this keyring any more. Errors: FERRIC_IO: nothing has changed.
ferric_status fe_keyring_renew_master(fe_keyring *keyring);
// Adds a data key, for new files. Errors: FERRIC_INVALID_ARGUMENT (too many are in use), FERRIC_IO.
ferric_status fe_keyring_add_data_key(fe_keyring *keyring, uint64_t now_ms);
// Takes away a data key that no file needs any more. The newest one stays.
void fe_keyring_remove_data_key(fe_keyring *keyring, uint32_t id);
// NULL when there is none. Lent until the keyring next changes.
const fe_data_key *fe_keyring_data_key(const fe_keyring *keyring, uint32_t id);
const fe_data_key *fe_keyring_newest(const fe_keyring *keyring);

#endif
