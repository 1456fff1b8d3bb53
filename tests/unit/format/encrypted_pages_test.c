// SPDX-License-Identifier: Apache-2.0
// The encrypted bytes of docs/format are opened by the key that the pages state, and are what the
// code writes.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "format/file_keys.h"
#include "log_frames.h"
#include "page_example.h"

// The keyring of keyring.md, unlocked by the bytes 00 01 ... 1f.
static fe_file_keys *unlock_page(void)
{
    uint8_t shown[PAGE_EXAMPLE_SIZE_MAX];
    size_t size = page_example(FERRIC_DOCS "/format/keyring.md", shown);
    fe_keyring *keyring = fe_keyring_alloc();
    fe_file_header header;
    fe_file_keys *keys;
    uint8_t secret[32];
    fe_user_key user = {FE_KEY_RAW, {secret, sizeof secret}};

    assert_non_null(keyring);
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)i;
    assert_int_equal(fe_file_header_decode(fe_slice(shown, size), FE_FILE_KEYRING, "page", &header),
                     FERRIC_OK);
    assert_int_equal(fe_keyring_decode(
                         keyring, fe_slice(shown + FE_FILE_HEADER_SIZE, size - FE_FILE_HEADER_SIZE),
                         "page", header.database_id),
                     FERRIC_OK);
    assert_int_equal(fe_keyring_unlock(keyring, &user, "page"), FERRIC_OK);
    for (size_t i = 0; i < FE_KEY_SIZE; i++)
        assert_int_equal(fe_keyring_newest(keyring)->bytes[i], 0x80 + i);
    secret[0] ^= 1;
    assert_int_equal(fe_keyring_unlock(keyring, &user, "page"), FERRIC_WRONG_KEY);
    secret[0] ^= 1;
    assert_int_equal(fe_keyring_unlock(keyring, &user, "page"), FERRIC_OK);
    assert_int_equal(fe_file_keys_create(keyring, &keys), FERRIC_OK);
    fe_keyring_free(keyring);
    return keys;
}

static void put_file(fe_vfs *vfs, const uint8_t *bytes, size_t size)
{
    fe_file *file;

    assert_int_equal(fe_vfs_open(vfs, LOG_PATH, FE_OPEN_CREATE, &file), FERRIC_OK);
    assert_int_equal(fe_file_write_at(file, 0, bytes, size), FERRIC_OK);
    fe_file_close(file);
}

static void test_encrypted_page_opens_with_the_key_that_it_states(void **state)
{
    fe_file_keys *keys = unlock_page();
    uint8_t shown[PAGE_EXAMPLE_SIZE_MAX];
    size_t size = page_example(FERRIC_DOCS "/format/encrypted_log.md", shown);
    fe_record_log_reader *reader;
    fe_frame_result result;
    fe_frame frame;
    uint64_t offset;
    fe_vfs *vfs;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    put_file(vfs, shown, size);
    assert_int_equal(fe_record_log_open(vfs, LOG_PATH, FE_FILE_LOG, keys, &reader), FERRIC_OK);
    assert_int_equal(fe_record_log_next(reader, &frame, &result, &offset), FERRIC_OK);
    assert_int_equal(result, FE_FRAME_VALID);
    assert_int_equal(frame.payload.size, 5);
    assert_memory_equal(frame.payload.data, "hello", 5);
    assert_int_equal(fe_record_log_next(reader, &frame, &result, &offset), FERRIC_OK);
    assert_int_equal(result, FE_FRAME_VALID);
    assert_int_equal(frame.kind, FE_FRAME_WITNESS);
    fe_record_log_reader_close(reader);
    fe_file_keys_destroy(keys);
    fe_vfs_memory_destroy(vfs);
}

static void test_encrypted_page_is_what_the_code_writes(void **state)
{
    fe_file_keys *keys = unlock_page();
    fe_file_header header = log_header();
    uint8_t shown[PAGE_EXAMPLE_SIZE_MAX];
    fe_record_log_writer *writer;
    uint8_t *written;
    fe_vfs *vfs;
    size_t size;

    (void)state;
    fe_file_keys_stamp(keys, &header);
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    assert_int_equal(fe_record_log_create(vfs, LOG_PATH, &header, FE_LOG_SYNCED, 4096, &writer),
                     FERRIC_OK);
    log_write_example(writer);
    written = log_content(vfs, &size);
    assert_int_equal(page_example(FERRIC_DOCS "/format/encrypted_log.md", shown), size);
    assert_memory_equal(shown, written, size);
    free(written);
    fe_file_keys_destroy(keys);
    fe_vfs_memory_destroy(vfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encrypted_page_opens_with_the_key_that_it_states),
        cmocka_unit_test(test_encrypted_page_is_what_the_code_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
