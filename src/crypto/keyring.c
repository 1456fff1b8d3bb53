// SPDX-License-Identifier: Apache-2.0
// Wraps and unwraps keys. docs/format/keyring.md has the bytes.
#include "crypto/keyring.h"

#include <assert.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/secret_random.h"

#define SLOT_SIZE 100
#define DATA_KEY_SIZE (4 + 8 + FE_KEY_SIZE)
#define CHECK_SIZE 4
#define LIST_SIZE_MIN (FE_AEAD_NONCE_SIZE + 4 + DATA_KEY_SIZE + FE_AEAD_TAG_SIZE)
#define SLOT_NONCE_AT 40
// What the wrapped key is bound to: the database, and the slot's own fields before the nonce.
#define SLOT_BOUND_SIZE (FE_KEYRING_ID_SIZE + SLOT_NONCE_AT)

static_assert(SLOT_SIZE == 4 + 12 + 16 + 8 + 12 + FE_KEY_SIZE + 16, "the fields of a slot");

static void put_slot(uint8_t at[SLOT_SIZE], const fe_key_slot *slot)
{
    memset(at + 1, 0, 3);
    at[0] = (uint8_t)slot->kind;
    fe_put_u32(at + 4, slot->cost.memory_kib);
    fe_put_u32(at + 8, slot->cost.passes);
    fe_put_u32(at + 12, slot->cost.lanes);
    memcpy(at + 16, slot->salt, 16);
    memcpy(at + 32, slot->check, 8);
    memcpy(at + SLOT_NONCE_AT, slot->nonce, 12);
    memcpy(at + 52, slot->wrapped, FE_KEY_SIZE);
    memcpy(at + 84, slot->tag, 16);
}

static ferric_slice bytes_of(const uint8_t *bytes, size_t size)
{
    return fe_slice(bytes, size);
}

// ---- Life ------------------------------------------------------------------------------------

void fe_keyring_wipe(fe_keyring *keyring)
{
    fe_wipe(keyring, sizeof *keyring);
}

ferric_status fe_keyring_init(fe_keyring *keyring, const uint8_t database_id[FE_KEYRING_ID_SIZE],
                              uint64_t now_ms)
{
    ferric_status status;

    memset(keyring, 0, sizeof *keyring);
    memcpy(keyring->database_id, database_id, FE_KEYRING_ID_SIZE);
    status = fe_secret_random(keyring->master, FE_KEY_SIZE);
    if (status == FERRIC_OK) {
        keyring->is_unlocked = true;
        status = fe_keyring_add_data_key(keyring, now_ms);
    }
    if (status != FERRIC_OK) fe_keyring_wipe(keyring);
    return status;
}

// ---- Wrapping keys ---------------------------------------------------------------------------

typedef struct wrapping {
    uint8_t key[FE_AEAD_KEY_SIZE];
    uint8_t check[8];
} wrapping;

// A passphrase is stretched first; then both kinds give a key and a check that tells nothing of it.
static ferric_status derive_wrapping(const fe_key_slot *slot, const fe_user_key *user,
                                     wrapping *derived)
{
    static const char key_info[] = "ferric keyring: wrapping key";
    static const char check_info[] = "ferric keyring: check";
    ferric_slice salt = bytes_of(slot->salt, sizeof slot->salt);
    ferric_slice secret = user->secret;
    uint8_t stretched[FE_KEY_SIZE];
    ferric_status status = FERRIC_OK;

    if (slot->kind == FE_KEY_PASSPHRASE) {
        status = fe_argon2id(user->secret, salt, &slot->cost, stretched);
        secret = bytes_of(stretched, sizeof stretched);
    }
    if (status == FERRIC_OK) {
        status = fe_hkdf_sha256(secret, salt, fe_slice(key_info, sizeof key_info - 1), derived->key,
                                sizeof derived->key);
    }
    if (status == FERRIC_OK) {
        status = fe_hkdf_sha256(secret, salt, fe_slice(check_info, sizeof check_info - 1),
                                derived->check, sizeof derived->check);
    }
    fe_wipe(stretched, sizeof stretched);
    return status;
}

static void bind_slot(const fe_keyring *keyring, const fe_key_slot *slot,
                      uint8_t bound[SLOT_BOUND_SIZE])
{
    uint8_t bytes[SLOT_SIZE];

    put_slot(bytes, slot);
    memcpy(bound, keyring->database_id, FE_KEYRING_ID_SIZE);
    memcpy(bound + FE_KEYRING_ID_SIZE, bytes, SLOT_NONCE_AT);
}

static ferric_status wrap_master(const fe_keyring *keyring, fe_key_slot *slot, fe_aead *aead)
{
    uint8_t bound[SLOT_BOUND_SIZE];
    ferric_status status = fe_secret_random(slot->nonce, sizeof slot->nonce);

    if (status != FERRIC_OK) return status;
    bind_slot(keyring, slot, bound);
    memcpy(slot->wrapped, keyring->master, FE_KEY_SIZE);
    return fe_aead_seal(aead, slot->nonce, bytes_of(bound, sizeof bound), slot->wrapped,
                        FE_KEY_SIZE, slot->tag);
}

static ferric_status unwrap_master(const fe_keyring *keyring, const fe_key_slot *slot,
                                   fe_aead *aead, uint8_t master[FE_KEY_SIZE], bool *is_authentic)
{
    uint8_t bound[SLOT_BOUND_SIZE];

    bind_slot(keyring, slot, bound);
    memcpy(master, slot->wrapped, FE_KEY_SIZE);
    return fe_aead_open(aead, slot->nonce, bytes_of(bound, sizeof bound), master, FE_KEY_SIZE,
                        slot->tag, is_authentic);
}

static ferric_status check_user_key(const fe_user_key *user)
{
    if (user->kind == FE_KEY_RAW && user->secret.size != FE_KEY_SIZE) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "a raw key of %zu bytes: expected %d",
                       user->secret.size, FE_KEY_SIZE);
    }
    if (user->secret.size == 0) return fe_fail(FERRIC_INVALID_ARGUMENT, "an empty passphrase");
    return FERRIC_OK;
}

// Finds the slot that `user` opens. *found is slot_count when there is none; else *derived is its
// wrapping key, which the caller wipes.
static ferric_status find_slot(const fe_keyring *keyring, const fe_user_key *user, uint32_t *found,
                               wrapping *derived)
{
    for (*found = 0; *found < keyring->slot_count; ++*found) {
        const fe_key_slot *slot = &keyring->slots[*found];
        ferric_status status;
        if (slot->kind != user->kind) continue;
        status = derive_wrapping(slot, user, derived);
        if (status != FERRIC_OK) return status;
        if (memcmp(derived->check, slot->check, sizeof slot->check) == 0) return FERRIC_OK;
    }
    fe_wipe(derived, sizeof *derived);
    return FERRIC_OK;
}

// ---- The list of data keys -------------------------------------------------------------------

static ferric_slice list_bound(const fe_keyring *keyring)
{
    return bytes_of(keyring->database_id, FE_KEYRING_ID_SIZE);
}

static ferric_status seal_list(fe_keyring *keyring)
{
    uint8_t *content = keyring->sealed + FE_AEAD_NONCE_SIZE;
    size_t size = 4 + (size_t)keyring->key_count * DATA_KEY_SIZE;
    fe_aead *aead;
    ferric_status status = fe_secret_random(keyring->sealed, FE_AEAD_NONCE_SIZE);

    if (status == FERRIC_OK) status = fe_aead_create(keyring->master, &aead);
    if (status != FERRIC_OK) return status;
    fe_put_u32(content, keyring->key_count);
    for (uint32_t i = 0; i < keyring->key_count; i++) {
        uint8_t *at = content + 4 + i * DATA_KEY_SIZE;
        fe_put_u32(at, keyring->keys[i].id);
        fe_put_u64(at + 4, keyring->keys[i].created_ms);
        memcpy(at + 12, keyring->keys[i].bytes, FE_KEY_SIZE);
    }
    status =
        fe_aead_seal(aead, keyring->sealed, list_bound(keyring), content, size, content + size);
    fe_aead_destroy(aead);
    keyring->sealed_size = (uint32_t)(FE_AEAD_NONCE_SIZE + size + FE_AEAD_TAG_SIZE);
    return status;
}

// Takes over the data keys of the opened list; false when they are not as they were written.
static bool read_list(fe_keyring *keyring, const uint8_t *content, size_t size)
{
    uint32_t count = fe_get_u32(content);

    if (count == 0 || count > FE_KEYRING_KEYS_MAX) return false;
    if (size != 4 + (size_t)count * DATA_KEY_SIZE) return false;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = content + 4 + i * DATA_KEY_SIZE;
        fe_data_key *key = &keyring->keys[i];
        key->id = fe_get_u32(at);
        key->created_ms = fe_get_u64(at + 4);
        memcpy(key->bytes, at + 12, FE_KEY_SIZE);
        if (key->id == 0 || (i > 0 && key->id <= keyring->keys[i - 1].id)) return false;
    }
    keyring->key_count = count;
    return true;
}

static ferric_status open_list(fe_keyring *keyring, const char *path)
{
    uint8_t content[FE_KEYRING_SEALED_SIZE_MAX];
    size_t size = keyring->sealed_size - FE_AEAD_NONCE_SIZE - FE_AEAD_TAG_SIZE;
    fe_aead *aead;
    bool is_authentic;
    ferric_status status = fe_aead_create(keyring->master, &aead);

    if (status != FERRIC_OK) return status;
    memcpy(content, keyring->sealed + FE_AEAD_NONCE_SIZE, size + FE_AEAD_TAG_SIZE);
    status = fe_aead_open(aead, keyring->sealed, list_bound(keyring), content, size, content + size,
                          &is_authentic);
    fe_aead_destroy(aead);
    if (status == FERRIC_OK && (!is_authentic || !read_list(keyring, content, size)))
        status = fe_fail(FERRIC_CORRUPT, "%s: its list of data keys was changed", path);
    fe_wipe(content, sizeof content);
    return status;
}

// ---- Slots -----------------------------------------------------------------------------------

ferric_status fe_keyring_unlock(fe_keyring *keyring, const fe_user_key *user, const char *path)
{
    wrapping derived;
    fe_aead *aead;
    uint32_t found;
    bool is_authentic;
    ferric_status status = check_user_key(user);

    if (status == FERRIC_OK) status = find_slot(keyring, user, &found, &derived);
    if (status != FERRIC_OK) return status;
    if (found == keyring->slot_count) {
        return fe_fail(FERRIC_WRONG_KEY, "%s: this %s does not open the database", path,
                       user->kind == FE_KEY_RAW ? "key" : "passphrase");
    }
    status = fe_aead_create(derived.key, &aead);
    fe_wipe(&derived, sizeof derived);
    if (status != FERRIC_OK) return status;
    status = unwrap_master(keyring, &keyring->slots[found], aead, keyring->master, &is_authentic);
    fe_aead_destroy(aead);
    if (status == FERRIC_OK && !is_authentic)
        status = fe_fail(FERRIC_CORRUPT, "%s: key slot %u was changed", path, (unsigned)found);
    if (status == FERRIC_OK) status = open_list(keyring, path);
    keyring->is_unlocked = status == FERRIC_OK;
    if (status != FERRIC_OK) fe_wipe(keyring->master, sizeof keyring->master);
    return status;
}

ferric_status fe_keyring_add_slot(fe_keyring *keyring, const fe_user_key *user,
                                  const fe_passphrase_cost *cost)
{
    fe_key_slot slot = {.kind = user->kind};
    wrapping derived;
    fe_aead *aead;
    uint32_t found;
    ferric_status status = check_user_key(user);

    assert(keyring->is_unlocked);
    if (status != FERRIC_OK) return status;
    if (keyring->slot_count == FE_KEYRING_SLOTS_MAX) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "all %d key slots are taken: remove one first",
                       FE_KEYRING_SLOTS_MAX);
    }
    status = find_slot(keyring, user, &found, &derived);
    if (status == FERRIC_OK && found < keyring->slot_count)
        status = fe_fail(FERRIC_INVALID_ARGUMENT, "this key opens the database already");
    if (user->kind == FE_KEY_PASSPHRASE) slot.cost = *cost;
    if (status == FERRIC_OK) status = fe_secret_random(slot.salt, sizeof slot.salt);
    if (status == FERRIC_OK) status = derive_wrapping(&slot, user, &derived);
    if (status == FERRIC_OK) status = fe_aead_create(derived.key, &aead);
    if (status == FERRIC_OK) {
        memcpy(slot.check, derived.check, sizeof slot.check);
        status = wrap_master(keyring, &slot, aead);
        fe_aead_destroy(aead);
    }
    fe_wipe(&derived, sizeof derived);
    if (status == FERRIC_OK) keyring->slots[keyring->slot_count++] = slot;
    return status;
}

ferric_status fe_keyring_renew_master(fe_keyring *keyring)
{
    uint8_t master[FE_KEY_SIZE];
    ferric_status status = fe_secret_random(master, sizeof master);

    assert(keyring->is_unlocked);
    if (status != FERRIC_OK) return status;
    memcpy(keyring->master, master, sizeof master);
    fe_wipe(master, sizeof master);
    keyring->slot_count = 0;
    return FERRIC_OK;
}

ferric_status fe_keyring_remove_slot(fe_keyring *keyring, const fe_user_key *user)
{
    wrapping derived;
    uint32_t found;
    ferric_status status = check_user_key(user);

    assert(keyring->is_unlocked);
    if (status == FERRIC_OK) status = find_slot(keyring, user, &found, &derived);
    if (status != FERRIC_OK) return status;
    fe_wipe(&derived, sizeof derived);
    if (found == keyring->slot_count)
        return fe_fail(FERRIC_WRONG_KEY, "no key slot is of the key that is to be removed");
    if (keyring->slot_count == 1) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "this is the only key of the database: add another one first");
    }
    keyring->slot_count--;
    memmove(keyring->slots + found, keyring->slots + found + 1,
            (keyring->slot_count - found) * sizeof *keyring->slots);
    fe_wipe(keyring->slots + keyring->slot_count, sizeof *keyring->slots);
    return FERRIC_OK;
}

// ---- Data keys -------------------------------------------------------------------------------

ferric_status fe_keyring_add_data_key(fe_keyring *keyring, uint64_t now_ms)
{
    uint32_t count = keyring->key_count;
    fe_data_key *key = &keyring->keys[count];
    ferric_status status;

    assert(keyring->is_unlocked);
    if (count == FE_KEYRING_KEYS_MAX || (count > 0 && keyring->keys[count - 1].id == UINT32_MAX)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "the database uses %d data keys: compact it, so that old ones are no longer "
                       "needed",
                       FE_KEYRING_KEYS_MAX);
    }
    status = fe_secret_random(key->bytes, FE_KEY_SIZE);
    if (status != FERRIC_OK) return status;
    key->id = count == 0 ? 1 : keyring->keys[count - 1].id + 1;
    key->created_ms = now_ms;
    keyring->key_count++;
    return FERRIC_OK;
}

void fe_keyring_remove_data_key(fe_keyring *keyring, uint32_t id)
{
    uint32_t count = keyring->key_count;

    for (uint32_t i = 0; i + 1 < count; i++) {
        if (keyring->keys[i].id != id) continue;
        memmove(keyring->keys + i, keyring->keys + i + 1, (count - i - 1) * sizeof *keyring->keys);
        fe_wipe(keyring->keys + count - 1, sizeof *keyring->keys);
        keyring->key_count--;
        return;
    }
}

const fe_data_key *fe_keyring_data_key(const fe_keyring *keyring, uint32_t id)
{
    for (uint32_t i = 0; i < keyring->key_count; i++) {
        if (keyring->keys[i].id == id) return &keyring->keys[i];
    }
    return NULL;
}

const fe_data_key *fe_keyring_newest(const fe_keyring *keyring)
{
    return keyring->key_count == 0 ? NULL : &keyring->keys[keyring->key_count - 1];
}

// ---- Bytes -----------------------------------------------------------------------------------

static uint32_t check_of(const fe_keyring *keyring, const void *content, size_t size)
{
    return fe_crc32c(fe_crc32c(0, keyring->database_id, FE_KEYRING_ID_SIZE), content, size);
}

static ferric_status get_slot(const uint8_t at[SLOT_SIZE], const char *path, fe_key_slot *slot)
{
    if (at[0] != FE_KEY_RAW && at[0] != FE_KEY_PASSPHRASE) {
        return fe_fail(FERRIC_UNSUPPORTED, "%s: a key slot of kind %d, this library knows up to %d",
                       path, at[0], FE_KEY_PASSPHRASE);
    }
    if ((at[1] | at[2] | at[3]) != 0)
        return fe_fail(FERRIC_UNSUPPORTED, "%s: a key slot has fields of a newer library", path);
    slot->kind = (fe_key_kind)at[0];
    slot->cost = (fe_passphrase_cost){fe_get_u32(at + 4), fe_get_u32(at + 8), fe_get_u32(at + 12)};
    memcpy(slot->salt, at + 16, 16);
    memcpy(slot->check, at + 32, 8);
    memcpy(slot->nonce, at + SLOT_NONCE_AT, 12);
    memcpy(slot->wrapped, at + 52, FE_KEY_SIZE);
    memcpy(slot->tag, at + 84, 16);
    if (slot->kind == FE_KEY_RAW || fe_passphrase_cost_is_valid(&slot->cost)) return FERRIC_OK;
    return fe_fail(FERRIC_CORRUPT,
                   "%s: a passphrase asks for %u KiB, %u passes and %u lanes, which is above the "
                   "limits",
                   path, (unsigned)slot->cost.memory_kib, (unsigned)slot->cost.passes,
                   (unsigned)slot->cost.lanes);
}

ferric_status fe_keyring_encode(fe_keyring *keyring, ferric_buffer *content)
{
    uint8_t number[4];
    ferric_status status;

    assert(keyring->is_unlocked && keyring->slot_count > 0);
    status = seal_list(keyring);
    fe_buffer_clear(content);
    fe_put_u32(number, keyring->slot_count);
    if (status == FERRIC_OK) status = fe_buffer_append(content, number, sizeof number);
    for (uint32_t i = 0; status == FERRIC_OK && i < keyring->slot_count; i++) {
        uint8_t slot[SLOT_SIZE];
        put_slot(slot, &keyring->slots[i]);
        status = fe_buffer_append(content, slot, sizeof slot);
    }
    fe_put_u32(number, keyring->sealed_size);
    if (status == FERRIC_OK) status = fe_buffer_append(content, number, sizeof number);
    if (status == FERRIC_OK)
        status = fe_buffer_append(content, keyring->sealed, keyring->sealed_size);
    if (status != FERRIC_OK) return status;
    fe_put_u32(number, check_of(keyring, content->data, content->size));
    return fe_buffer_append(content, number, sizeof number);
}

static ferric_status refuse(const char *path, const char *why)
{
    return fe_fail(FERRIC_CORRUPT, "%s: %s", path, why);
}

// Whether slots and list fill the content exactly.
static bool sizes_agree(const uint8_t *at, size_t size, uint32_t slots, uint32_t *sealed_size)
{
    size_t slots_end = 4 + (size_t)slots * SLOT_SIZE;

    if (slots == 0 || slots > FE_KEYRING_SLOTS_MAX || size < slots_end + 4) return false;
    *sealed_size = fe_get_u32(at + slots_end);
    return *sealed_size >= LIST_SIZE_MIN && *sealed_size <= FE_KEYRING_SEALED_SIZE_MAX &&
           *sealed_size == size - slots_end - 4;
}

ferric_status fe_keyring_decode(fe_keyring *keyring, ferric_slice content, const char *path,
                                const uint8_t database_id[FE_KEYRING_ID_SIZE])
{
    const uint8_t *at = fe_slice_bytes(content);
    uint32_t slots;
    size_t size;

    memset(keyring, 0, sizeof *keyring);
    memcpy(keyring->database_id, database_id, FE_KEYRING_ID_SIZE);
    if (content.size < 4 + CHECK_SIZE) return refuse(path, "it is too short for a keyring");
    size = content.size - CHECK_SIZE;
    if (check_of(keyring, at, size) != fe_get_u32(at + size))
        return refuse(path, "its check does not hold");
    slots = fe_get_u32(at);
    if (!sizes_agree(at, size, slots, &keyring->sealed_size))
        return refuse(path, "its parts do not fill it");
    for (uint32_t i = 0; i < slots; i++) {
        ferric_status status = get_slot(at + 4 + i * SLOT_SIZE, path, &keyring->slots[i]);
        if (status != FERRIC_OK) return status;
    }
    keyring->slot_count = slots;
    memcpy(keyring->sealed, at + size - keyring->sealed_size, keyring->sealed_size);
    return FERRIC_OK;
}
