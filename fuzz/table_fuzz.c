// SPDX-License-Identifier: Apache-2.0
// Tables: opening, reading each block by number, and then all that the engine does with a table:
// gets, walks both ways, verification.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "cache_kit.h"
#include "folder.h"
#include "fuzz.h"
#include "lsm/file_names.h"

#define PATH FOLDER_PATH "/000001.table"
#define TABLE_CODE (2 << 6 | 1)
// A small file may hold much that compresses well; more than this is not read.
#define CONTENT_MAX ((size_t)1 << 20)
#define READ_AHEAD ((size_t)16 << 10)

// The caches, and a decompressor of zstd.
const size_t fuzz_fixed_memory = CACHE_KIT_MEMORY + ((size_t)512 << 10);

// ---- Blocks ---------------------------------------------------------------------------------

static size_t content_size(const fe_table *table)
{
    size_t size = 0;

    for (uint32_t i = 0; i < fe_table_block_count(table) && size <= CONTENT_MAX; i++)
        size += fe_table_block_memory(table, i);
    return size;
}

static void check_block(const fe_table *table, uint32_t index, const fe_block *block)
{
    fe_block_entry entry;

    FUZZ_CHECK(block->count == fe_table_block_entries(table, index));
    for (uint32_t i = 0; i < block->count; i++) {
        fe_block_entry_at(block, i, &entry);
        FUZZ_CHECK(fe_entry_kind_is_known(entry.kind));
        (void)fe_table_may_contain(table, fe_hash64(entry.rest.data, entry.rest.size));
        FUZZ_CHECK(fe_table_find_block(table, entry.rest, entry.sequence) <=
                   fe_table_block_count(table));
    }
}

// Returns how many blocks could be read.
static uint32_t read_blocks(const fe_table *table, size_t read_ahead)
{
    fe_block_reader reader = {.read_ahead = read_ahead};
    ferric_buffer bound = {0};
    uint64_t sequence;
    uint32_t readable = 0;

    for (uint32_t i = 0; i < fe_table_block_count(table); i++) {
        void *memory = malloc(fe_table_block_memory(table, i));
        fe_block block;
        if (memory == NULL) abort();
        FUZZ_CHECK(fe_table_block_bound(table, i, &bound, &sequence) == FERRIC_OK);
        if (fe_table_read_block(table, i, &reader, memory, &block) == FERRIC_OK) {
            check_block(table, i, &block);
            readable++;
        }
        free(memory);
    }
    fe_buffer_deinit(&bound);
    fe_block_reader_deinit(&reader);
    return readable;
}

// ---- As the engine uses it ------------------------------------------------------------------

static void walk(fe_table_cache *tables, fe_table_file *file, bool fill)
{
    fe_iterator *iterator;
    fe_iterator *seeker;
    uint64_t forward = 0;
    uint64_t backward = 0;

    if (fe_table_iterator_create(tables, file, fill, &iterator) != FERRIC_OK) return;
    if (fe_table_iterator_create(tables, file, fill, &seeker) != FERRIC_OK) abort();
    for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator)) {
        forward++;
        fe_iterator_seek(seeker, iterator->entry.key, iterator->entry.sequence);
        fe_iterator_seek_before(seeker, iterator->entry.key, iterator->entry.sequence);
    }
    for (fe_iterator_last(iterator); iterator->is_valid; fe_iterator_prev(iterator))
        backward++;
    if (iterator->status == FERRIC_OK) FUZZ_CHECK(forward == backward);
    fe_iterator_destroy(seeker);
    fe_iterator_destroy(iterator);
}

static void get_all(cache_kit *kit, fe_table_file *file)
{
    fe_iterator *iterator;

    if (fe_table_iterator_create(kit->tables, file, true, &iterator) != FERRIC_OK) return;
    for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator)) {
        ferric_slice key = iterator->entry.key;
        fe_cached_block *block;
        fe_entry entry;
        bool found;
        fe_epoch_enter(kit->epoch);
        (void)fe_table_cache_get(kit->tables, file, key, fe_hash64(key.data, key.size),
                                 iterator->entry.sequence, &found, &entry, &block);
        fe_epoch_leave(kit->epoch);
    }
    fe_iterator_destroy(iterator);
}

// The table under the name of its number, with the edges that its properties claim.
static void use(fe_vfs *vfs, const fe_table *table)
{
    static const char low[] = {0, 0, 0, 0, 0};
    fe_table_summary summary = {
        .identity = *fe_table_identity_of(table),
        .properties = *fe_table_properties_of(table),
        .smallest_key = fe_slice(low, sizeof low),
        .largest_key = fe_slice("\xff\xff\xff\xff\xff", 5),
        .smallest_key_sequence = FE_SEQUENCE_MAX,
    };
    ferric_buffer path = {0};
    fe_table_file *file;
    cache_kit kit;
    uint64_t blocks;
    uint64_t entries;
    uint64_t offset;

    cache_kit_init(&kit, vfs, FOLDER_PATH);
    FUZZ_CHECK(fe_file_path(&path, FOLDER_PATH, FE_FILE_TABLE, summary.identity.number) ==
               FERRIC_OK);
    (void)fe_vfs_link(vfs, PATH, fe_path_text(&path)); // Is there already for number 1.
    FUZZ_CHECK(fe_table_file_create(&summary, &file) == FERRIC_OK);
    fuzz_expansion_begin();
    (void)fe_table_cache_verify(kit.tables, file, &blocks, &entries, &offset);
    walk(kit.tables, file, true);
    walk(kit.tables, file, false);
    get_all(&kit, file);
    fuzz_expansion_end();
    if (fe_table_file_unref(file)) fe_table_cache_discard(kit.tables, file);
    fe_buffer_deinit(&path);
    cache_kit_deinit(&kit);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    folder files = {.files = {{TABLE_CODE, data, size}}, .count = 1};
    fe_vfs *vfs = folder_mount(&files);
    fe_table *table = NULL;
    bool is_valid = false;

    if (vfs == NULL) return false;
    if (fe_table_open(vfs, PATH, NULL, NULL, UINT64_MAX, &table) == FERRIC_OK &&
        content_size(table) <= CONTENT_MAX) {
        FUZZ_CHECK(fe_table_memory(table) > 0);
        is_valid = read_blocks(table, 0) == fe_table_block_count(table);
        FUZZ_CHECK((read_blocks(table, READ_AHEAD) == fe_table_block_count(table)) == is_valid);
        use(vfs, table);
    }
    fe_table_close(table);
    fe_vfs_memory_destroy(vfs);
    return is_valid;
}
