// SPDX-License-Identifier: Apache-2.0
// The catalogue of keyspaces: the entries of the input are written into keyspace 0. What the list
// shows can be found by its name, and no keyspace, also none that is made anew, has an id that is
// the catalogue's own or reserved.
#include <string.h>

#include "base/coding.h"
#include "base/memory.h"
#include "format/internal_key.h"
#include "fuzz.h"
#include "lsm/store.h"
#include "still_vfs.h"

#define ENTRIES_MAX 64
#define NEW_NAME "a new keyspace"

const size_t fuzz_fixed_memory = (size_t)8 << 20;

// Each entry: the size of the key, the size of the value, the key, the value; what is cut is cut.
static void write_entries(fe_store *store, const uint8_t *data, size_t size)
{
    for (int i = 0; i < ENTRIES_MAX && size >= 3; i++) {
        size_t key_size = data[0] < size - 2 ? data[0] : size - 2;
        size_t value_size = data[1] < size - 2 - key_size ? data[1] : size - 2 - key_size;
        fe_write_batch batch = {0};
        if (fe_write_batch_put(&batch, 0, fe_slice(data + 2, key_size),
                               fe_slice(data + 2 + key_size, value_size), NULL) == FERRIC_OK) {
            FUZZ_CHECK(fe_store_write(store, &batch, false, NULL) == FERRIC_OK);
        }
        fe_write_batch_deinit(&batch);
        data += 2 + key_size + value_size;
        size -= 2 + key_size + value_size;
    }
}

static void check_found(fe_store *store, const ferric_keyspace_info *listed)
{
    ferric_keyspace_info found;

    FUZZ_CHECK(fe_keyspace_find(store, listed->name, &found) == FERRIC_OK);
    FUZZ_CHECK(found.id == listed->id && found.kind == listed->kind);
    FUZZ_CHECK(strcmp(found.name, listed->name) == 0);
    FUZZ_CHECK(found.id == 1 || found.id >= 16);
}

// Returns how many keyspaces there are; 0 also when the list cannot be read.
static size_t check_list(fe_store *store)
{
    ferric_keyspace_info *list;
    size_t count;

    if (fe_keyspace_list(store, &list, &count) != FERRIC_OK) return 0;
    for (size_t i = 0; i < count; i++)
        check_found(store, &list[i]);
    fe_free(list);
    return count;
}

static void make_one(fe_store *store)
{
    ferric_keyspace_info made;
    ferric_keyspace_info again;

    if (fe_keyspace_ensure(store, NEW_NAME, FERRIC_KEYSPACE_RAW, &made) != FERRIC_OK) return;
    FUZZ_CHECK(made.id >= 16);
    FUZZ_CHECK(fe_keyspace_ensure(store, NEW_NAME, FERRIC_KEYSPACE_RAW, &again) == FERRIC_OK);
    FUZZ_CHECK(again.id == made.id);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    fe_store *store;
    size_t count;

    options.vfs = still_vfs_create(1);
    if (options.vfs == NULL) return false;
    options.background_threads = 0;
    options.memory_limit = (uint64_t)8 << 20;
    options.memtable_size = 4096;
    options.log_size = 64 << 10;
    FUZZ_CHECK(fe_store_open("/db", &options, &store) == FERRIC_OK);
    write_entries(store, data, size);
    count = check_list(store);
    make_one(store);
    count += check_list(store);
    FUZZ_CHECK(fe_store_close(store) == FERRIC_OK);
    fe_vfs_memory_destroy(options.vfs);
    return count > 1;
}
