// SPDX-License-Identifier: Apache-2.0
// The catalogue of keyspaces when its entries are not what the code writes: each is refused, and
// none gives a keyspace the catalogue's own id.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/slice.h"
#include "lsm/store.h"

#define CATALOGUE 0

typedef struct catalogue_kit {
    fe_vfs *vfs;
    fe_store *store;
} catalogue_kit;

static void kit_init(catalogue_kit *kit)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    assert_int_equal(fe_vfs_memory_create(&kit->vfs), FERRIC_OK);
    options.vfs = kit->vfs;
    options.background_threads = 0;
    assert_int_equal(fe_store_open("/db", &options, &kit->store), FERRIC_OK);
}

static void kit_deinit(catalogue_kit *kit)
{
    assert_int_equal(fe_store_close(kit->store), FERRIC_OK);
    fe_vfs_memory_destroy(kit->vfs);
}

static void put(catalogue_kit *kit, ferric_slice key, const char *value, size_t value_size)
{
    fe_write_batch batch = {0};

    assert_int_equal(fe_write_batch_put(&batch, CATALOGUE, key, fe_slice(value, value_size), NULL),
                     FERRIC_OK);
    assert_int_equal(fe_store_write(kit->store, &batch, false, NULL), FERRIC_OK);
    fe_write_batch_deinit(&batch);
}

static ferric_status list_status(catalogue_kit *kit)
{
    ferric_keyspace_info *list;
    size_t count;
    ferric_status status = fe_keyspace_list(kit->store, &list, &count);

    fe_free(list);
    return status;
}

static void test_an_entry_of_the_catalogue_that_cannot_be_is_corrupt(void **state)
{
    static const struct {
        const char *key;
        size_t key_size;
        const char *value;
        size_t value_size;
    } entries[] = {
        {"nusers", 6, "\20\0\0\0", 4},     // No kind.
        {"nusers", 6, "", 0},              //
        {"nusers", 6, "\0\0\0\0\2", 5},    // The catalogue's own id.
        {"nusers", 6, "\1\0\0\0\2", 5},    // That of main.
        {"nusers", 6, "\17\0\0\0\2", 5},   // A reserved one.
        {"nmain", 5, "\20\0\0\0\2", 5},    // Main has 1.
        {"nus\0ers", 7, "\20\0\0\0\2", 5}, // A name that no call could say.
        {"n", 1, "\20\0\0\0\2", 5},        // No name.
    };

    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        catalogue_kit kit;
        kit_init(&kit);
        put(&kit, fe_slice(entries[i].key, entries[i].key_size), entries[i].value,
            entries[i].value_size);
        if (list_status(&kit) != FERRIC_CORRUPT) fail_msg("entry %zu was taken", i);
        kit_deinit(&kit);
    }
}

static void test_an_entry_of_the_catalogue_may_have_more_bytes(void **state)
{
    catalogue_kit kit;
    ferric_keyspace_info info;

    (void)state;
    kit_init(&kit);
    put(&kit, fe_slice_text("nusers"), "\20\0\0\0\2\140\352\0\0\0\0\0\0and more", 21);
    assert_int_equal(fe_keyspace_find(kit.store, "users", &info), FERRIC_OK);
    assert_int_equal(info.id, 16);
    assert_int_equal(info.kind, FERRIC_KEYSPACE_COLLECTION);
    assert_int_equal(info.ttl_ms, 60000);
    assert_int_equal(fe_keyspace_set_ttl(kit.store, 16, 5), FERRIC_OK);
    assert_int_equal(fe_keyspace_find(kit.store, "users", &info), FERRIC_OK);
    assert_int_equal(info.ttl_ms, 5);
    put(&kit, fe_slice_text("nusers"), "\20\0\0\0\2and", 8); // Too short to be one.
    assert_int_equal(fe_keyspace_find(kit.store, "users", &info), FERRIC_OK);
    assert_int_equal(info.ttl_ms, 0);
    put(&kit, fe_slice_text("nusers"), "\20\0\0\0\2and more", 13); // And too long a time.
    assert_int_equal(fe_keyspace_find(kit.store, "users", &info), FERRIC_CORRUPT);
    put(&kit, fe_slice_text("nothers"), "\21\0\0\0\3", 5);
    assert_int_equal(fe_keyspace_find(kit.store, "others", &info), FERRIC_UNSUPPORTED);
    kit_deinit(&kit);
}

static void test_a_next_id_that_cannot_be_makes_no_keyspace(void **state)
{
    static const struct {
        const char *value;
        size_t size;
    } next[] = {
        {"\0\0\0\0", 4},         // The catalogue would be written to as a keyspace.
        {"\17\0\0\0", 4},        // Reserved.
        {"\377\377\377\377", 4}, // The one behind it would be 0.
        {"\20\0\0", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof next / sizeof next[0]; i++) {
        catalogue_kit kit;
        ferric_keyspace_info info;
        kit_init(&kit);
        put(&kit, fe_slice_text("i"), next[i].value, next[i].size);
        if (fe_keyspace_ensure(kit.store, "users", FERRIC_KEYSPACE_RAW, &info) != FERRIC_CORRUPT)
            fail_msg("next id %zu was taken", i);
        assert_int_equal(fe_keyspace_find(kit.store, "users", &info), FERRIC_NOT_FOUND);
        kit_deinit(&kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_entry_of_the_catalogue_that_cannot_be_is_corrupt),
        cmocka_unit_test(test_an_entry_of_the_catalogue_may_have_more_bytes),
        cmocka_unit_test(test_a_next_id_that_cannot_be_makes_no_keyspace),
    };
    return cmocka_run_group_tests_name("keyspace", tests, NULL, NULL);
}
