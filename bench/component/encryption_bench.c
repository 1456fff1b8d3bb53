// SPDX-License-Identifier: Apache-2.0
// What encryption costs: the same operations on a plain and on an encrypted database, one pair
// after another, so that a slow minute of the machine falls on both.
//
// A block that is not in Ferric's cache comes from the page cache, or, where the file system lets
// its pages go on demand (posix_fadvise), from the device: there each get is timed by itself, and
// the pages of all tables go before it.
#include <dirent.h>
#include <fcntl.h>
#include <ferric/ferric.h>
#include <string.h>
#include <unistd.h>

#include "component/component.h"
#include "support/failure.h"
#include "support/median.h"

#define PREFIX "encryption/"
#define KEY_SIZE 16
#define VALUE_SIZE 100
#define KEYS 200000
#define KEYS_SHORT 2000
#define BATCH 100
#define SCAN 100
#define DEVICE_GETS 300
#define DEVICE_GETS_SHORT 5
#define TABLES_MAX 256

typedef struct sealed_case {
    component_bench *bench;
    bool is_encrypted;
    bool is_cached; // Else the block cache holds next to nothing.
    char path[512];
    ferric_db *db;
    ferric_batch *batch;
    uint64_t keys;
    uint64_t next; // Of the walk through keys.
    int tables[TABLES_MAX];
    size_t table_count;
} sealed_case;

static void check(ferric_status status, const char *what)
{
    if (status != FERRIC_OK) bench_die("%s: %s", what, ferric_error_message());
}

// A key far from the one before, and each once in a walk: a prime step through a power of ten.
static ferric_slice next_key(sealed_case *c, char key[KEY_SIZE])
{
    uint64_t rest = c->next = (c->next + 7919) % c->keys;

    for (int i = KEY_SIZE; i-- > 0; rest /= 10)
        key[i] = (char)('0' + rest % 10);
    return (ferric_slice){key, KEY_SIZE};
}

static ferric_slice value_of(const char *key, uint8_t value[VALUE_SIZE])
{
    memset(value, 'v', VALUE_SIZE);
    memcpy(value, key, KEY_SIZE);
    return (ferric_slice){value, VALUE_SIZE};
}

// ---- Databases ------------------------------------------------------------------------------

static void open_database(sealed_case *c)
{
    static const char secret[32] = "a key that only this bench knows";
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.fsync = FERRIC_FSYNC_NEVER;
    options.memory_limit = (uint64_t)(c->is_cached ? 256 : 8) << 20;
    options.compression = FERRIC_COMPRESSION_NONE;
    options.bottom_compression = FERRIC_COMPRESSION_NONE;
    if (c->is_encrypted) options.key = (ferric_key){FERRIC_KEY_RAW, {secret, sizeof secret}};
    check(ferric_open(c->path, &options, &c->db), "open");
}

// All keys in tables, and the cache as the case wants it.
static void fill(sealed_case *c)
{
    ferric_slice all = {NULL, 0};

    for (uint64_t i = 0; i < c->keys; i++) {
        char key[KEY_SIZE];
        uint8_t value[VALUE_SIZE];
        ferric_slice name = next_key(c, key);
        check(ferric_put(c->db, NULL, name, value_of(key, value), NULL), "put");
    }
    check(ferric_compact(c->db, NULL, all, all), "compact");
}

static void begin(sealed_case *c, component_bench *bench, bool is_encrypted, bool is_cached)
{
    *c = (sealed_case){.bench = bench, .is_encrypted = is_encrypted, .is_cached = is_cached};
    c->keys = bench->is_short ? KEYS_SHORT : KEYS;
    bench_format(c->path, sizeof c->path, "%s/%s.db", bench->directory,
                 is_encrypted ? "encrypted" : "plain");
    open_database(c);
    check(ferric_batch_create(&c->batch), "make a batch");
    fill(c);
    // The memtable's memory, too, is the cache's after a new open.
    check(ferric_close(c->db), "close");
    open_database(c);
}

static void end(sealed_case *c)
{
    ferric_batch_destroy(c->batch);
    check(ferric_close(c->db), "close");
    check(ferric_destroy(c->path, NULL), "destroy");
}

// ---- Operations -----------------------------------------------------------------------------

static void get_once(sealed_case *c)
{
    char key[KEY_SIZE];
    ferric_pinned value;
    ferric_slice name = next_key(c, key);

    check(ferric_get_pinned(c->db, NULL, name, NULL, &value), "get");
    if (memcmp(value.value.data, key, KEY_SIZE) != 0) bench_die("a wrong value");
    ferric_pinned_release(&value);
}

static void get(void *context, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        get_once(context);
}

static void put(void *context, uint64_t count)
{
    sealed_case *c = context;

    for (uint64_t i = 0; i < count; i++) {
        char key[KEY_SIZE];
        uint8_t value[VALUE_SIZE];
        ferric_slice name = next_key(c, key);
        check(ferric_put(c->db, NULL, name, value_of(key, value), NULL), "put");
    }
}

static void write_batch(void *context, uint64_t count)
{
    sealed_case *c = context;

    for (uint64_t i = 0; i < count; i++) {
        ferric_batch_clear(c->batch);
        for (int j = 0; j < BATCH; j++) {
            char key[KEY_SIZE];
            uint8_t value[VALUE_SIZE];
            ferric_slice name = next_key(c, key);
            check(ferric_batch_put(c->batch, NULL, name, value_of(key, value)), "fill a batch");
        }
        check(ferric_write(c->db, c->batch, NULL, NULL), "write a batch");
    }
}

static void scan(void *context, uint64_t count)
{
    sealed_case *c = context;

    for (uint64_t i = 0; i < count; i++) {
        char key[KEY_SIZE];
        ferric_iterator *iterator;
        check(ferric_iterator_create(c->db, NULL, NULL, &iterator), "make an iterator");
        bool is_valid = ferric_iterator_seek(iterator, next_key(c, key));
        for (int j = 0; j < SCAN && is_valid; j++) {
            bench_keep_memory(ferric_iterator_value(iterator).data);
            is_valid = ferric_iterator_next(iterator);
        }
        check(ferric_iterator_status(iterator), "scan");
        ferric_iterator_destroy(iterator);
    }
}

// ---- From the device ------------------------------------------------------------------------

static void open_tables(sealed_case *c)
{
    DIR *folder = opendir(c->path);
    const struct dirent *entry;

    if (folder == NULL) bench_die("no %s", c->path);
    while ((entry = readdir(folder)) != NULL) {
        int file;
        if (strstr(entry->d_name, ".table") == NULL) continue;
        file = openat(dirfd(folder), entry->d_name, O_RDONLY);
        if (file < 0 || c->table_count == TABLES_MAX) bench_die("cannot open %s", entry->d_name);
        (void)fdatasync(file); // What is not written yet does not go.
        c->tables[c->table_count++] = file;
    }
    closedir(folder);
}

static void close_tables(sealed_case *c)
{
    while (c->table_count > 0)
        close(c->tables[--c->table_count]);
}

static void measure_device(sealed_case *c, const char *name)
{
    uint64_t gets = c->bench->is_short ? DEVICE_GETS_SHORT : DEVICE_GETS;
    double times[DEVICE_GETS];
    bench_timing_case timed = {.name = name};
    bench_timing timing = {.count = gets};

    open_tables(c);
    for (uint64_t i = 0; i < gets; i++) {
        for (size_t j = 0; j < c->table_count; j++)
            (void)posix_fadvise(c->tables[j], 0, 0, POSIX_FADV_DONTNEED);
        uint64_t begun_ns = bench_now_ns();
        get_once(c);
        times[i] = (double)(bench_now_ns() - begun_ns);
    }
    close_tables(c);
    timing.median_ns = bench_median(times, gets);
    timing.least_ns = times[0]; // They are sorted now.
    timing.most_ns = times[gets - 1];
    bench_timing_print(&timed, &timing);
}

// ---- The cases ------------------------------------------------------------------------------

typedef struct sealed_operation {
    const char *name;
    void (*run)(void *context, uint64_t count); // NULL: gets from the device.
    bool is_cached;
} sealed_operation;

static void measure(component_bench *bench, const sealed_operation *operation, bool is_encrypted)
{
    char name[128];
    sealed_case c;
    bench_timing_case timed = {.name = name, .run = operation->run, .context = &c};

    bench_format(name, sizeof name, PREFIX "%s, %s", operation->name,
                 is_encrypted ? "encrypted" : "plain");
    if (bench->filter != NULL && strstr(name, bench->filter) == NULL) return;
    if (bench->lists) {
        component_run(bench, &timed);
        return;
    }
    begin(&c, bench, is_encrypted, operation->is_cached);
    if (operation->run != NULL) {
        component_run(bench, &timed);
    } else {
        measure_device(&c, name);
        bench->ran++;
    }
    end(&c);
}

void bench_encryption(component_bench *bench)
{
    static const sealed_operation operations[] = {
        {"get, cached", get, true},
        {"get, block from the page cache", get, false},
        {"get, block from the device", NULL, false},
        {"put of 100 bytes, not synced", put, true},
        {"batch of 100 puts, not synced", write_batch, true},
        {"scan of 100, cached", scan, true},
        {"scan of 100, blocks from the page cache", scan, false},
    };

    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        measure(bench, &operations[i], false);
        measure(bench, &operations[i], true);
    }
}
