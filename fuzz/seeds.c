// SPDX-License-Identifier: Apache-2.0
// Writes valid inputs for the targets whose formats no hand writes: small databases as they are on
// disk, their logs and tables, and parts of these. The tests run it, so that seeds follow a change
// of a format by themselves:
//
//   fuzz_seeds CORPUS     writes CORPUS/TARGET/NN; the same bytes each time
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ferric/ferric.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "folder.h"
#include "format/frame.h"
#include "format/table_layout.h"
#include "loose_log.h"
#include "still_vfs.h"

// The frames of one file are much alike, but for those of make_kinds.
#define FRAME_SEEDS_MAX 4
#define KIND_FRAME_SEEDS_MAX 40
// Of a value that stands in a value file.
#define LARGE_SIZE 4200

static const char *corpus;
static unsigned seed_number;
static size_t frame_seeds_max = FRAME_SEEDS_MAX;

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) stop(__LINE__, #condition);                                              \
    } while (0)

static _Noreturn void stop(int line, const char *what)
{
    fprintf(stderr, "seeds.c:%d: %s: %s\n", line, what, ferric_error_message());
    exit(1);
}

_Noreturn void fuzz_fail(const char *file, int line, const char *what);
_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
    (void)file;
    stop(line, what);
}

static void write_seed(const char *target, ferric_slice bytes)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", corpus, target);
    REQUIRE(mkdir(path, 0755) == 0 || errno == EEXIST);
    snprintf(path, sizeof path, "%s/%s/%03u", corpus, target, seed_number++);
    file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    REQUIRE(bytes.size == 0 || fwrite(bytes.data, 1, bytes.size, file) == bytes.size);
    REQUIRE(fclose(file) == 0);
}

// ---- Parts of files -------------------------------------------------------------------------

static void write_frames(ferric_slice file, bool is_manifest)
{
    loose_log *log = loose_log_read(file.data, file.size);

    for (size_t i = 0; i < log->count && i < frame_seeds_max; i++) {
        ferric_slice payload = fe_slice(log->frames[i].payload, log->frames[i].payload_size);
        if (payload.size > 0) write_seed(is_manifest ? "edit" : "batch", payload);
    }
    loose_log_destroy(log);
}

// The first frame, at its offset.
static void write_frame(ferric_slice file)
{
    const uint8_t *at = fe_slice_bytes(file) + FE_FILE_HEADER_SIZE;
    ferric_buffer seed = {0};
    fe_sealer sealer = {.suite = FE_CIPHER_NONE};
    uint8_t bytes[FE_FRAME_HEADER_SIZE_MAX + 64];
    fe_frame frame = {
        .kind = FE_FRAME_COMMITS,
        .batch_count = 2,
        .sequence = 300,
        .durable_sequence = 298,
        .time_ms = 1000,
        .payload = fe_slice(at, 20),
    };

    REQUIRE(file.size > FE_FILE_HEADER_SIZE + 20);
    fe_frame_encode(&frame, &sealer, 0, FE_FILE_HEADER_SIZE, bytes);
    REQUIRE(fe_buffer_put_u32(&seed, FE_FILE_HEADER_SIZE / FE_FRAME_ALIGNMENT) == FERRIC_OK);
    REQUIRE(fe_buffer_append(&seed, bytes, fe_frame_size(&frame, &sealer, 0)) == FERRIC_OK);
    write_seed("frame", fe_buffer_slice(&seed));
    fe_buffer_deinit(&seed);
}

// The content of the sections of a table: its index is a block.
static void write_sections(ferric_slice file)
{
    const uint8_t *data = fe_slice_bytes(file);
    const uint8_t *footer = data + file.size - FE_TABLE_FOOTER_SIZE;
    const uint8_t *line = data + fe_get_u64(footer + FE_FOOTER_DIRECTORY_OFFSET_AT);

    for (uint32_t i = fe_get_u32(footer + FE_FOOTER_SECTION_COUNT_AT); i-- > 0;
         line += FE_SECTION_SIZE) {
        ferric_slice content = fe_slice(data + fe_get_u64(line + FE_SECTION_OFFSET_AT),
                                        fe_get_u64(line + FE_SECTION_CONTENT_SIZE_AT));
        if (fe_get_u16(line + FE_SECTION_ID_AT) == FE_SECTION_INDEX) write_seed("block", content);
        if (fe_get_u16(line + FE_SECTION_ID_AT) == FE_SECTION_FILTER) write_seed("filter", content);
        if (fe_get_u16(line + FE_SECTION_ID_AT) == FE_SECTION_KEYDIR) write_seed("keydir", content);
    }
}

// The first data block, compressed or not, as the targets take them.
static void write_block(ferric_slice file)
{
    const uint8_t *data = fe_slice_bytes(file) + FE_FILE_HEADER_SIZE;
    fe_vfs *vfs;
    fe_table *table;
    fe_file *written;
    fe_block_reader reader = {0};
    ferric_buffer seed = {0};
    fe_block block;
    size_t content_size;
    size_t stored_size;
    void *memory;

    REQUIRE(fe_vfs_memory_create(&vfs) == FERRIC_OK);
    REQUIRE(fe_vfs_open(vfs, "/table", FE_OPEN_CREATE, &written) == FERRIC_OK);
    REQUIRE(fe_file_write_at(written, 0, file.data, file.size) == FERRIC_OK);
    fe_file_close(written);
    REQUIRE(fe_table_open(vfs, "/table", NULL, NULL, UINT64_MAX, &table) == FERRIC_OK);
    memory = loose_memory(fe_table_block_memory(table, 0));
    REQUIRE(fe_table_read_block(table, 0, &reader, memory, &block) == FERRIC_OK);
    content_size = fe_table_block_memory(table, 0) - block.count * sizeof(fe_block_slot);
    write_seed("block", fe_slice(block.data, content_size));
    stored_size = fe_table_block_stored_size(table, 0) - sizeof(uint32_t) - FE_BLOCK_KIND_SIZE;
    REQUIRE(fe_buffer_put_u32(&seed, (uint32_t)content_size << 8 | data[stored_size]) == FERRIC_OK);
    REQUIRE(fe_buffer_append(&seed, data, stored_size) == FERRIC_OK);
    write_seed("decompress", fe_buffer_slice(&seed));
    fe_buffer_deinit(&seed);
    fe_block_reader_deinit(&reader);
    fe_table_close(table);
    fe_vfs_memory_destroy(vfs);
    free(memory);
}

static void write_parts(uint8_t code, ferric_slice file)
{
    fe_file_kind kind;
    uint64_t number;

    if (!folder_number_of(code, &kind, &number)) return;
    write_seed("file_header", fe_slice(file.data, FE_FILE_HEADER_SIZE));
    switch (kind) {
    case FE_FILE_LOG:
        write_seed("record_log", file);
        write_frame(file);
        write_frames(file, false);
        break;
    case FE_FILE_MANIFEST:
        write_seed("record_log", file);
        write_frames(file, true);
        break;
    case FE_FILE_TABLE:
        write_seed("table", file);
        write_sections(file);
        write_block(file);
        break;
    default:
        break;
    }
}

// ---- The catalogue --------------------------------------------------------------------------

static void put_entry(ferric_buffer *seed, const char *key, const char *value, size_t value_size)
{
    const uint8_t sizes[] = {(uint8_t)strlen(key), (uint8_t)value_size};

    REQUIRE(fe_buffer_append(seed, sizes, sizeof sizes) == FERRIC_OK);
    REQUIRE(fe_buffer_append(seed, key, strlen(key)) == FERRIC_OK);
    REQUIRE(fe_buffer_append(seed, value, value_size) == FERRIC_OK);
}

// Two keyspaces as they are, then with a next id that is the catalogue's own and with none left.
static void write_catalogues(void)
{
    ferric_buffer seed = {0};

    put_entry(&seed, "nmain", "\1\0\0\0\2", 5);
    put_entry(&seed, "nusers", "\20\0\0\0\1", 5);
    put_entry(&seed, "i", "\21\0\0\0", 4);
    write_seed("catalogue", fe_buffer_slice(&seed));
    put_entry(&seed, "i", "\0\0\0\0", 4);
    write_seed("catalogue", fe_buffer_slice(&seed));
    put_entry(&seed, "i", "\377\377\377\377", 4);
    write_seed("catalogue", fe_buffer_slice(&seed));
    fe_buffer_clear(&seed);
    put_entry(&seed, "nitself", "\0\0\0\0\1", 5);
    write_seed("catalogue", fe_buffer_slice(&seed));
    fe_buffer_deinit(&seed);
}

// ---- Databases ------------------------------------------------------------------------------

static void read_file(fe_vfs *vfs, const char *name, ferric_buffer *bytes)
{
    char path[256];
    uint64_t size;
    size_t got;
    fe_file *file;

    snprintf(path, sizeof path, FOLDER_PATH "/%s", name);
    fe_buffer_clear(bytes);
    REQUIRE(fe_vfs_open(vfs, path, FE_OPEN_READ, &file) == FERRIC_OK);
    REQUIRE(fe_file_size(file, &size) == FERRIC_OK);
    REQUIRE(fe_buffer_reserve(bytes, (size_t)size + 1) == FERRIC_OK);
    REQUIRE(fe_file_read_at(file, 0, bytes->data, (size_t)size, &got) == FERRIC_OK);
    bytes->size = got;
    fe_file_close(file);
}

// The files as they are now: a seed for the targets that take folders. With parts also what is in
// them.
static void write_database(fe_vfs *vfs, bool with_parts)
{
    static const char *const targets[] = {"manifest", "log_replay", "database", "repair",
                                          "inspect"};
    ferric_buffer names = {0};
    ferric_buffer file = {0};
    ferric_buffer input = {0};

    REQUIRE(fe_vfs_list(vfs, FOLDER_PATH, &names) == FERRIC_OK);
    for (const char *name = names.data; name < (const char *)names.data + names.size;
         name += strlen(name) + 1) {
        uint8_t code;
        if (!folder_code_of(name, &code)) continue;
        if (strcmp(name, "README.txt") == 0 || strcmp(name, "RESERVE") == 0) continue;
        read_file(vfs, name, &file);
        REQUIRE(fe_buffer_put_u32(&input, (uint32_t)file.size << 8 | code) == FERRIC_OK);
        REQUIRE(fe_buffer_append(&input, file.data, file.size) == FERRIC_OK);
        if (with_parts) write_parts(code, fe_buffer_slice(&file));
    }
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        write_seed(targets[i], fe_buffer_slice(&input));
    fe_buffer_deinit(&input);
    fe_buffer_deinit(&file);
    fe_buffer_deinit(&names);
}

static void put(ferric_db *db, ferric_keyspace *keyspace, unsigned key, const char *value)
{
    char name[16];

    snprintf(name, sizeof name, "key%03u", key);
    REQUIRE(ferric_put(db, keyspace, fe_slice_text(name), fe_slice_text(value), NULL) == FERRIC_OK);
}

static void put_document(ferric_db *db, const char *json)
{
    ferric_keyspace *papers;

    REQUIRE(ferric_keyspace_open(db, "papers", FERRIC_KEYSPACE_COLLECTION, &papers) == FERRIC_OK);
    REQUIRE(ferric_document_put(db, papers, fe_slice_text("one"), fe_slice_text(json), NULL) ==
            FERRIC_OK);
    ferric_keyspace_close(papers);
}

static void put_batch(ferric_db *db)
{
    ferric_batch *batch;

    REQUIRE(ferric_batch_create(&batch) == FERRIC_OK);
    REQUIRE(ferric_batch_put(batch, NULL, fe_slice_text("a"), fe_slice_text("1")) == FERRIC_OK);
    REQUIRE(ferric_batch_put(batch, NULL, fe_slice_text("b"), fe_slice_text("")) == FERRIC_OK);
    REQUIRE(ferric_batch_delete(batch, NULL, fe_slice_text("a")) == FERRIC_OK);
    REQUIRE(ferric_write(db, batch, NULL, NULL) == FERRIC_OK);
    ferric_batch_destroy(batch);
}

// ---- Kinds ----------------------------------------------------------------------------------

static void put_expiring(ferric_db *db, const char *key, ferric_slice value, uint64_t expires_ms)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;

    options.lifetime.expires_ms = expires_ms;
    REQUIRE(ferric_put(db, NULL, fe_slice_text(key), value, &options) == FERRIC_OK);
}

// Expiries that have passed and that have not, small and in a value file.
static void put_lifetimes(ferric_db *db)
{
    static const char large[LARGE_SIZE] = "large";

    put_expiring(db, "expired", fe_slice_text("long ago"), 1000);
    put_expiring(db, "expiring", fe_slice_text("some day"), FERRIC_EXPIRES_MAX);
    put_expiring(db, "expiring large", fe_slice(large, sizeof large), FERRIC_EXPIRES_MAX);
}

static void delete_ranges(ferric_db *db)
{
    ferric_slice open_end = {NULL, 0};
    ferric_keyspace *other;

    REQUIRE(ferric_delete_range(db, NULL, fe_slice_text("key005"), fe_slice_text("key009"), NULL) ==
            FERRIC_OK);
    REQUIRE(ferric_keyspace_open(db, "other", FERRIC_KEYSPACE_RAW, &other) == FERRIC_OK);
    put(db, other, 1, "gone");
    REQUIRE(ferric_delete_range(db, other, open_end, open_end, NULL) == FERRIC_OK);
    put(db, other, 2, "there");
    REQUIRE(ferric_keyspace_set_ttl(db, other, 60000) == FERRIC_OK);
    ferric_keyspace_close(other);
}

static void change_keyspaces(ferric_db *db)
{
    ferric_keyspace *keyspace;

    REQUIRE(ferric_keyspace_open(db, "passing", FERRIC_KEYSPACE_RAW, &keyspace) == FERRIC_OK);
    put(db, keyspace, 1, "gone with its keyspace");
    ferric_keyspace_close(keyspace);
    REQUIRE(ferric_keyspace_drop(db, "passing") == FERRIC_OK);
    REQUIRE(ferric_keyspace_rename(db, "other", "another") == FERRIC_OK);
}

// One that is ready, and one whose build was stopped.
static bool stop_build(void *context, uint64_t documents)
{
    (void)context;
    (void)documents;
    return false;
}

static void create_indexes(ferric_db *db)
{
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
    ferric_keyspace *papers;
    ferric_status status;

    put_document(db, "{\"title\":\"On indexes\",\"pages\":[1,1,2]}");
    REQUIRE(ferric_keyspace_open(db, "papers", FERRIC_KEYSPACE_COLLECTION, &papers) == FERRIC_OK);
    REQUIRE(ferric_index_create(db, papers, fe_slice_text("{\"pages\":1}"), NULL) == FERRIC_OK);
    options.unique = true;
    options.filter = fe_slice_text("{\"pages\":{\"$gt\":1}}");
    options.progress = stop_build;
    status = ferric_index_create(db, papers, fe_slice_text("{\"title\":-1}"), &options);
    REQUIRE(status == FERRIC_OK || status == FERRIC_INTERRUPTED);
    ferric_keyspace_close(papers);
}

// What came to the format later: in a log alone, and in tables with a log behind them.
static void make_kinds(void)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    fe_vfs *vfs = still_vfs_create(2);
    ferric_db *db;

    frame_seeds_max = KIND_FRAME_SEEDS_MAX;
    REQUIRE(vfs != NULL);
    options.vfs = vfs;
    options.background_threads = 0;
    options.memory_limit = (uint64_t)8 << 20;
    options.block_size = 512;
    REQUIRE(ferric_open(FOLDER_PATH, &options, &db) == FERRIC_OK);
    for (unsigned i = 0; i < 12; i++)
        put(db, NULL, i, "value");
    put_lifetimes(db);
    delete_ranges(db);
    change_keyspaces(db);
    create_indexes(db);
    write_database(vfs, true);
    REQUIRE(ferric_flush(db) == FERRIC_OK);
    delete_ranges(db);
    put_lifetimes(db);
    write_database(vfs, true);
    REQUIRE(ferric_compact(db, NULL, fe_slice(NULL, 0), fe_slice(NULL, 0)) == FERRIC_OK);
    write_database(vfs, true);
    REQUIRE(ferric_close(db) == FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

// ---- All of it ------------------------------------------------------------------------------

// A database in stages: a log alone, as a crash leaves it; closed; opened again, so that there are
// two logs; with tables on two levels. All of them, or the last.
static void make_database(ferric_compression compression, uint32_t filter_bits, bool all_stages)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    fe_vfs *vfs;
    ferric_db *db;

    vfs = still_vfs_create(1);
    REQUIRE(vfs != NULL);
    options.vfs = vfs;
    options.background_threads = 0;
    options.memory_limit = (uint64_t)8 << 20;
    options.memtable_size = 4096;
    options.block_size = 512;
    options.compression = options.bottom_compression = compression;
    options.filter_bits = filter_bits;
    REQUIRE(ferric_open(FOLDER_PATH, &options, &db) == FERRIC_OK);
    put(db, NULL, 1, "the first value");
    put_batch(db);
    if (all_stages) write_database(vfs, true);
    put_document(db, "{\"title\":\"On logs\",\"pages\":[1,2.5e3,null]}");
    REQUIRE(ferric_close(db) == FERRIC_OK);
    if (all_stages) write_database(vfs, false);

    REQUIRE(ferric_open(FOLDER_PATH, &options, &db) == FERRIC_OK);
    put(db, NULL, 2, "the second value");
    if (all_stages) write_database(vfs, false);
    REQUIRE(ferric_flush(db) == FERRIC_OK);
    for (unsigned i = 0; i < 16; i++)
        put(db, NULL, i, "value value value value value value value value");
    REQUIRE(ferric_delete(db, NULL, fe_slice_text("key003"), NULL) == FERRIC_OK);
    REQUIRE(ferric_compact(db, NULL, fe_slice(NULL, 0), fe_slice(NULL, 0)) == FERRIC_OK);
    put(db, NULL, 4, "newer than level 1");
    REQUIRE(ferric_flush(db) == FERRIC_OK);
    put(db, NULL, 5, "newest");
    write_database(vfs, true);
    REQUIRE(ferric_close(db) == FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    corpus = argv[1];
    write_catalogues();
    make_database(FERRIC_COMPRESSION_NONE, 0, true);
    make_database(FERRIC_COMPRESSION_LZ4, 10, false);
    make_database(FERRIC_COMPRESSION_ZSTD, 16, false);
    make_kinds();
    printf("%u seeds\n1 passed, 0 failed\n", seed_number);
    return 0;
}
