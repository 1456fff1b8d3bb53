// SPDX-License-Identifier: Apache-2.0
// Locks, unlocks, changes and damages keyrings.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/status.h"
#include "crypto/keyring.h"

#define CHEAP                                                                                      \
    {                                                                                              \
        64, 1, 1                                                                                   \
    }

static const uint8_t database_id[FE_KEYRING_ID_SIZE] = "sixteen bytes id";
static const uint8_t other_id[FE_KEYRING_ID_SIZE] = "another database";
static const char raw_a[FE_KEY_SIZE + 1] = "0123456789abcdef0123456789abcdef";
static const char raw_b[FE_KEY_SIZE + 1] = "fedcba9876543210fedcba9876543210";

static fe_user_key raw(const char *bytes)
{
    return (fe_user_key){FE_KEY_RAW, fe_slice(bytes, FE_KEY_SIZE)};
}

static fe_user_key passphrase(const char *text)
{
    return (fe_user_key){FE_KEY_PASSPHRASE, fe_slice(text, strlen(text))};
}

static void add(fe_keyring *keyring, fe_user_key key)
{
    fe_passphrase_cost cost = CHEAP;
    assert_int_equal(fe_keyring_add_slot(keyring, &key, &cost), FERRIC_OK);
}

static void make(fe_keyring *keyring, fe_user_key key)
{
    assert_int_equal(fe_keyring_init(keyring, database_id, 1000), FERRIC_OK);
    add(keyring, key);
}

static ferric_status unlock(ferric_slice content, const uint8_t *id, fe_user_key key,
                            fe_keyring *keyring)
{
    ferric_status status = fe_keyring_decode(keyring, content, "KEYRING", id);

    return status == FERRIC_OK ? fe_keyring_unlock(keyring, &key, "KEYRING") : status;
}

static void assert_unlocks(const ferric_buffer *content, fe_user_key key, const fe_keyring *as)
{
    fe_keyring found;

    assert_int_equal(unlock(fe_buffer_slice(content), database_id, key, &found), FERRIC_OK);
    assert_int_equal(found.key_count, as->key_count);
    for (uint32_t i = 0; i < as->key_count; i++) {
        assert_int_equal(found.keys[i].id, as->keys[i].id);
        assert_int_equal(found.keys[i].created_ms, as->keys[i].created_ms);
        assert_memory_equal(found.keys[i].bytes, as->keys[i].bytes, FE_KEY_SIZE);
    }
    fe_keyring_wipe(&found);
}

static void assert_refuses(const ferric_buffer *content, fe_user_key key)
{
    fe_keyring found;

    assert_int_equal(unlock(fe_buffer_slice(content), database_id, key, &found), FERRIC_WRONG_KEY);
    assert_false(found.is_unlocked);
    assert_int_equal(found.key_count, 0);
}

static void test_each_of_several_keys_opens_it(void **state)
{
    fe_keyring keyring;
    ferric_buffer content = {0};

    (void)state;
    make(&keyring, raw(raw_a));
    add(&keyring, passphrase("first"));
    add(&keyring, passphrase("second"));
    assert_int_equal(fe_keyring_add_data_key(&keyring, 2000), FERRIC_OK);
    assert_int_equal(fe_keyring_encode(&keyring, &content), FERRIC_OK);
    assert_unlocks(&content, raw(raw_a), &keyring);
    assert_unlocks(&content, passphrase("first"), &keyring);
    assert_unlocks(&content, passphrase("second"), &keyring);
    assert_refuses(&content, raw(raw_b));
    assert_refuses(&content, passphrase("third"));
    assert_refuses(&content, passphrase(raw_a)); // The same bytes, but not as a raw key.
    fe_keyring_wipe(&keyring);
    fe_buffer_deinit(&content);
}

static void test_a_removed_key_opens_it_no_more(void **state)
{
    fe_keyring keyring;
    ferric_buffer content = {0};
    fe_user_key old = passphrase("old");
    fe_user_key new = passphrase("new");

    (void)state;
    make(&keyring, old);
    assert_int_equal(fe_keyring_remove_slot(&keyring, &old), FERRIC_INVALID_ARGUMENT);
    add(&keyring, new);
    assert_int_equal(fe_keyring_remove_slot(&keyring, &old), FERRIC_OK);
    assert_int_equal(fe_keyring_remove_slot(&keyring, &old), FERRIC_WRONG_KEY);
    assert_int_equal(fe_keyring_encode(&keyring, &content), FERRIC_OK);
    assert_unlocks(&content, new, &keyring);
    assert_refuses(&content, old);
    fe_keyring_wipe(&keyring);
    fe_buffer_deinit(&content);
}

// Whoever puts the old slot into the new keyring, with the check that holds, opens nothing.
static void test_an_old_slot_does_not_open_a_renewed_keyring(void **state)
{
    static fe_keyring keyring;
    static fe_keyring read;
    ferric_buffer content = {0};
    fe_user_key a = raw(raw_a);
    fe_user_key b = raw(raw_b);

    (void)state;
    assert_int_equal(fe_keyring_init(&keyring, database_id, 5), FERRIC_OK);
    add(&keyring, a);
    fe_key_slot old = keyring.slots[0];
    fe_data_key data_key = keyring.keys[0];
    assert_int_equal(fe_keyring_renew_master(&keyring), FERRIC_OK);
    assert_int_equal(keyring.slot_count, 0);
    add(&keyring, b);
    assert_int_equal(fe_keyring_encode(&keyring, &content), FERRIC_OK);
    assert_int_equal(fe_keyring_decode(&read, fe_buffer_slice(&content), "KEYRING", database_id),
                     FERRIC_OK);
    assert_int_equal(fe_keyring_unlock(&read, &a, "KEYRING"), FERRIC_WRONG_KEY);
    assert_int_equal(fe_keyring_unlock(&read, &b, "KEYRING"), FERRIC_OK);
    assert_memory_equal(&read.keys[0], &data_key, sizeof data_key);
    read.slots[0] = old;
    assert_int_equal(fe_keyring_unlock(&read, &a, "KEYRING"), FERRIC_CORRUPT);
    fe_keyring_wipe(&keyring);
    fe_keyring_wipe(&read);
    ferric_buffer_free(&content);
}

static void test_bad_user_keys_are_refused(void **state)
{
    fe_keyring keyring;
    fe_passphrase_cost cost = CHEAP;
    fe_user_key empty = {FE_KEY_PASSPHRASE, fe_slice("", 0)};
    fe_user_key short_raw = {FE_KEY_RAW, fe_slice(raw_a, FE_KEY_SIZE - 1)};
    fe_user_key first = raw(raw_a);

    (void)state;
    make(&keyring, first);
    assert_int_equal(fe_keyring_add_slot(&keyring, &empty, &cost), FERRIC_INVALID_ARGUMENT);
    assert_int_equal(fe_keyring_add_slot(&keyring, &short_raw, &cost), FERRIC_INVALID_ARGUMENT);
    assert_non_null(strstr(fe_message(), "31 bytes: expected 32"));
    assert_int_equal(fe_keyring_add_slot(&keyring, &first, &cost), FERRIC_INVALID_ARGUMENT);
    assert_int_equal(keyring.slot_count, 1);
    for (int i = 1; i < FE_KEYRING_SLOTS_MAX; i++) {
        char text[] = {(char)('a' + i), '\0'};
        add(&keyring, passphrase(text));
    }
    first = passphrase("one too many");
    assert_int_equal(fe_keyring_add_slot(&keyring, &first, &cost), FERRIC_INVALID_ARGUMENT);
    fe_keyring_wipe(&keyring);
}

static void test_data_keys_come_and_go(void **state)
{
    fe_keyring keyring;

    (void)state;
    make(&keyring, raw(raw_a));
    assert_int_equal(fe_keyring_newest(&keyring)->id, 1);
    for (uint32_t id = 2; id <= FE_KEYRING_KEYS_MAX; id++) {
        assert_int_equal(fe_keyring_add_data_key(&keyring, id), FERRIC_OK);
        assert_int_equal(fe_keyring_newest(&keyring)->id, id);
        assert_memory_not_equal(fe_keyring_data_key(&keyring, id)->bytes,
                                fe_keyring_data_key(&keyring, id - 1)->bytes, FE_KEY_SIZE);
    }
    assert_int_equal(fe_keyring_add_data_key(&keyring, 0), FERRIC_INVALID_ARGUMENT);
    fe_keyring_remove_data_key(&keyring, 5);
    fe_keyring_remove_data_key(&keyring, 5);
    fe_keyring_remove_data_key(&keyring, FE_KEYRING_KEYS_MAX); // The newest stays.
    assert_null(fe_keyring_data_key(&keyring, 5));
    assert_int_equal(keyring.key_count, FE_KEYRING_KEYS_MAX - 1);
    assert_int_equal(fe_keyring_add_data_key(&keyring, 0), FERRIC_OK);
    assert_int_equal(fe_keyring_newest(&keyring)->id, FE_KEYRING_KEYS_MAX + 1);
    fe_keyring_wipe(&keyring);
}

static void test_keys_are_drawn_anew_and_sealed(void **state)
{
    fe_keyring a;
    fe_keyring b;
    ferric_buffer content = {0};

    (void)state;
    make(&a, raw(raw_a));
    make(&b, raw(raw_a));
    assert_memory_not_equal(a.master, b.master, FE_KEY_SIZE);
    assert_memory_not_equal(a.keys[0].bytes, b.keys[0].bytes, FE_KEY_SIZE);
    assert_int_equal(fe_keyring_encode(&a, &content), FERRIC_OK);
    for (size_t at = 0; at + FE_KEY_SIZE <= content.size; at++) {
        const uint8_t *bytes = (const uint8_t *)content.data + at;
        assert_memory_not_equal(bytes, a.master, FE_KEY_SIZE);
        assert_memory_not_equal(bytes, a.keys[0].bytes, FE_KEY_SIZE);
        assert_memory_not_equal(bytes, raw_a, FE_KEY_SIZE);
    }
    fe_keyring_wipe(&a);
    fe_keyring_wipe(&b);
    fe_buffer_deinit(&content);
}

// The check is no secret, so a forger mends it: whatever is changed must be refused all the same.
static void mend(uint8_t *bytes, size_t size)
{
    uint32_t check = fe_crc32c(0, database_id, sizeof database_id);
    fe_put_u32(bytes + size - 4, fe_crc32c(check, bytes, size - 4));
}

static void check_change(const ferric_buffer *content, size_t at, uint8_t mask, bool is_mended)
{
    uint8_t bytes[512];
    fe_keyring found;
    ferric_status status;

    memcpy(bytes, content->data, content->size);
    bytes[at] ^= mask;
    if (is_mended) mend(bytes, content->size);
    status = unlock(fe_slice(bytes, content->size), database_id, raw(raw_a), &found);
    if (status == FERRIC_OK) fail_msg("byte %zu, mask %d: accepted", at, mask);
    assert_false(found.is_unlocked);
    if (is_mended) return;
    assert_int_equal(status, FERRIC_CORRUPT);
}

static void test_every_change_of_a_byte_is_refused(void **state)
{
    fe_keyring keyring;
    ferric_buffer content = {0};

    (void)state;
    make(&keyring, raw(raw_a));
    assert_int_equal(fe_keyring_encode(&keyring, &content), FERRIC_OK);
    for (size_t at = 0; at < content.size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            check_change(&content, at, (uint8_t)(1 << bit), false);
            // The last four are what is mended.
            if (at < content.size - 4) check_change(&content, at, (uint8_t)(1 << bit), true);
        }
    }
    fe_keyring_wipe(&keyring);
    fe_buffer_deinit(&content);
}

static void test_every_truncation_and_another_database_are_refused(void **state)
{
    fe_keyring keyring;
    fe_keyring found;
    ferric_buffer content = {0};

    (void)state;
    make(&keyring, raw(raw_a));
    assert_int_equal(fe_keyring_encode(&keyring, &content), FERRIC_OK);
    for (size_t size = 0; size < content.size; size++) {
        uint8_t bytes[512];
        memcpy(bytes, content.data, size);
        if (size >= 8) mend(bytes, size);
        assert_int_equal(unlock(fe_slice(bytes, size), database_id, raw(raw_a), &found),
                         FERRIC_CORRUPT);
    }
    assert_int_equal(unlock(fe_buffer_slice(&content), other_id, raw(raw_a), &found),
                     FERRIC_CORRUPT);
    fe_keyring_wipe(&keyring);
    fe_buffer_deinit(&content);
}

// A file may not make its reader spend any amount of memory and time.
static void test_a_passphrase_cost_above_the_limits_is_refused(void **state)
{
    fe_keyring keyring;
    fe_keyring found;
    ferric_buffer content = {0};

    (void)state;
    make(&keyring, passphrase("x"));
    assert_int_equal(fe_keyring_encode(&keyring, &content), FERRIC_OK);
    fe_put_u32((uint8_t *)content.data + 8, FE_PASSPHRASE_MEMORY_KIB_MAX + 1);
    mend(content.data, content.size);
    assert_int_equal(unlock(fe_buffer_slice(&content), database_id, passphrase("x"), &found),
                     FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "above the limits"));
    ((uint8_t *)content.data)[4] = 9;
    mend(content.data, content.size);
    assert_int_equal(unlock(fe_buffer_slice(&content), database_id, passphrase("x"), &found),
                     FERRIC_UNSUPPORTED);
    fe_keyring_wipe(&keyring);
    fe_buffer_deinit(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_of_several_keys_opens_it),
        cmocka_unit_test(test_a_removed_key_opens_it_no_more),
        cmocka_unit_test(test_an_old_slot_does_not_open_a_renewed_keyring),
        cmocka_unit_test(test_bad_user_keys_are_refused),
        cmocka_unit_test(test_data_keys_come_and_go),
        cmocka_unit_test(test_keys_are_drawn_anew_and_sealed),
        cmocka_unit_test(test_every_change_of_a_byte_is_refused),
        cmocka_unit_test(test_every_truncation_and_another_database_are_refused),
        cmocka_unit_test(test_a_passphrase_cost_above_the_limits_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
