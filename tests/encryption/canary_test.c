// SPDX-License-Identifier: Apache-2.0
// Canaries, 32 random letters each, in keys, values and names of keyspaces: they stand in no file
// of an encrypted database, neither after a crash nor after compaction and close, and the user's
// key in none of the process's memory after close. A plain database shows all of them, in its files
// and in memory while it is open, which proves that the search can find.
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "base/slice.h"
#include "support/harness.h"

#define CANARY_SIZE 32
#define CANARIES 40
#define LARGE_SIZE 9000

// Kept in another form than that in which the database sees it, so that the search of the process's
// memory does not find the searcher.
static uint8_t canaries[CANARIES][CANARY_SIZE];
static uint8_t raw_key[32];
#define MASK 0x80

static void draw(fe_random *random)
{
    for (int i = 0; i < CANARIES; i++) {
        for (int j = 0; j < CANARY_SIZE; j++)
            canaries[i][j] = (uint8_t)('A' + fe_random_below(random, 26)) ^ MASK;
    }
    for (size_t i = 0; i < sizeof raw_key; i++)
        raw_key[i] = (uint8_t)fe_random_next(random);
}

static void show(int canary, uint8_t *to)
{
    for (int j = 0; j < CANARY_SIZE; j++)
        to[j] = canaries[canary][j] ^ MASK;
}

// How many canaries `bytes` hold. A stretch of capitals is looked at letter by letter.
static uint64_t count_in(const uint8_t *bytes, size_t size)
{
    uint64_t found = 0;

    for (int i = 0; i < CANARIES; i++) {
        for (size_t at = 0; at + CANARY_SIZE <= size; at++) {
            const uint8_t *first =
                memchr(bytes + at, canaries[i][0] ^ MASK, size - CANARY_SIZE + 1 - at);
            int j = 1;
            if (first == NULL) break;
            at = (size_t)(first - bytes);
            while (j < CANARY_SIZE && first[j] == (canaries[i][j] ^ MASK))
                j++;
            if (j < CANARY_SIZE) continue;
            found++;
            break;
        }
    }
    return found;
}

// ---- The database ---------------------------------------------------------------------------

static ferric_options options_of(bool is_encrypted)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.fsync = FERRIC_FSYNC_PERIODIC; // With a ring.
    options.memory_limit = (uint64_t)8 << 20;
    options.compression = FERRIC_COMPRESSION_NONE;
    options.bottom_compression = FERRIC_COMPRESSION_NONE;
    if (is_encrypted) options.key = (ferric_key){FERRIC_KEY_RAW, {raw_key, sizeof raw_key}};
    return options;
}

static void put_canary(ferric_db *db, ferric_keyspace *keyspace, int canary, size_t size)
{
    uint8_t *value = harness_alloc(size);
    uint8_t key[CANARY_SIZE];

    memset(value, '.', size);
    show(canary, key);
    show(canary + 1, value + size - CANARY_SIZE);
    if (ferric_put(db, keyspace, fe_slice(key, sizeof key), fe_slice(value, size), NULL) !=
        FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    memset(key, 0, sizeof key);
    memset(value, 0, size);
    harness_free(value);
}

// Tables, large values, the log and its ring, each with canaries.
static ferric_db *fill(const char *path, bool is_encrypted)
{
    ferric_options options = options_of(is_encrypted);
    ferric_slice all = {NULL, 0};
    ferric_keyspace *keyspace;
    char name[CANARY_SIZE + 1] = "";
    ferric_db *db;

    if (ferric_open(path, &options, &db) != FERRIC_OK) harness_panic("%s", ferric_error_message());
    show(0, (uint8_t *)name);
    if (ferric_keyspace_open(db, name, FERRIC_KEYSPACE_RAW, &keyspace) != FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    memset(name, 0, sizeof name);
    for (int i = 1; i + 1 < CANARIES; i += 2) {
        put_canary(db, keyspace, i, i % 3 == 0 ? LARGE_SIZE : 200);
        if (i == 15 && ferric_flush(db) != FERRIC_OK) harness_panic("flush");
        if (i == 21 && ferric_compact(db, NULL, all, all) != FERRIC_OK) harness_panic("compact");
    }
    ferric_keyspace_close(keyspace);
    return db;
}

static uint64_t count_in_files(const char *path, uint64_t *bytes)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    uint64_t found = 0;

    if (directory == NULL) harness_panic("no %s", path);
    while ((entry = readdir(directory)) != NULL) {
        struct stat facts;
        int file = openat(dirfd(directory), entry->d_name, O_RDONLY);
        if (file >= 0 && fstat(file, &facts) == 0 && S_ISREG(facts.st_mode)) {
            uint8_t *content = harness_alloc((size_t)facts.st_size + 1);
            ssize_t got = read(file, content, (size_t)facts.st_size);
            if (got > 0) found += count_in(content, (size_t)got);
            *bytes += (uint64_t)facts.st_size;
            memset(content, 0, (size_t)facts.st_size);
            harness_free(content);
        }
        close(file);
    }
    closedir(directory);
    return found;
}

// ---- Memory ---------------------------------------------------------------------------------

// Whether a word of the key stands in the bytes, but for the searcher's own copy.
static uint64_t count_key_in(const uint8_t *bytes, size_t size, uintptr_t address)
{
    uint64_t found = 0;

    for (size_t at = 0; at + sizeof raw_key <= size; at += 8) {
        if (address + at >= (uintptr_t)raw_key && address + at < (uintptr_t)(raw_key + 32))
            continue;
        found += memcmp(bytes + at, raw_key, 16) == 0;
    }
    return found;
}

// All that the process can write to, copied piece by piece.
static void search_memory(uint64_t *found, uint64_t *keys, uint64_t *bytes)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    static uint8_t piece[1 << 16];
    char line[512];

    *found = *keys = *bytes = 0;
    if (maps == NULL || memory < 0) harness_panic("no /proc/self");
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from;
        uintptr_t to;
        char access[8];
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to, access) != 3) continue;
        if (strncmp(access, "rw", 2) != 0) continue;
        for (; from < to; from += sizeof piece - CANARY_SIZE) {
            size_t size = to - from < sizeof piece ? to - from : sizeof piece;
            ssize_t got;
            if (from <= (uintptr_t)piece + sizeof piece && from + size >= (uintptr_t)piece)
                continue;
            got = pread(memory, piece, size, (off_t)from);
            if (got <= CANARY_SIZE) break;
            *found += count_in(piece, (size_t)got);
            *keys += count_key_in(piece, (size_t)got, from);
            *bytes += (uint64_t)got;
        }
    }
    memset(piece, 0, sizeof piece);
    close(memory);
    fclose(maps);
}

// ---- The test -------------------------------------------------------------------------------

static void expect(harness *h, bool is_right, const char *where, uint64_t found)
{
    if (is_right) {
        harness_pass(h);
    } else {
        harness_fail(h, "%s: %" PRIu64 " canaries", where, found);
    }
}

// The files of a process that died while it had the database open.
static void look_after_a_crash(harness *h, const char *path, bool is_encrypted, uint64_t *bytes)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        (void)fill(path, is_encrypted);
        _exit(7);
    }
    (void)waitpid(child, &status, 0);
    uint64_t found = count_in_files(path, bytes);
    expect(h, WIFEXITED(status) && WEXITSTATUS(status) == 7, "the child", 0);
    if (is_encrypted) {
        expect(h, found == 0, "encrypted, after a crash", found);
    } else {
        expect(h, found >= CANARIES, "plain, after a crash", found);
    }
    (void)ferric_destroy(path, NULL);
}

static void look_after_close(harness *h, const char *path, bool is_encrypted, uint64_t *bytes)
{
    ferric_slice all = {NULL, 0};
    ferric_db *db = fill(path, is_encrypted);
    uint64_t in_memory = 0;
    uint64_t keys = 0;
    uint64_t memory = 0;

    if (ferric_compact(db, NULL, all, all) != FERRIC_OK) harness_panic("compact");
    if (!is_encrypted) {
        search_memory(&in_memory, &keys, &memory); // While it is open they are all there.
        expect(h, in_memory > 0, "in memory while the database is open", in_memory);
    }
    if (ferric_close(db) != FERRIC_OK) harness_panic("%s", ferric_error_message());
    uint64_t found = count_in_files(path, bytes);
    if (is_encrypted) {
        expect(h, found == 0, "encrypted, closed", found);
        search_memory(&in_memory, &keys, &memory);
        expect(h, keys == 0, "the key in memory after close", keys);
        harness_count(h, "bytes of memory searched for the key", memory, 1);
    } else {
        expect(h, found >= CANARIES, "plain, closed", found);
    }
    (void)ferric_destroy(path, NULL);
}

int main(void)
{
    char folder[] = "/tmp/ferric-canary-XXXXXX";
    char path[64];
    fe_random random;
    uint64_t bytes = 0;
    harness h;

    harness_begin(&h, "canary", 20261121);
    random.state = h.seed;
    draw(&random);
    if (mkdtemp(folder) == NULL) harness_panic("no folder in /tmp");
    (void)snprintf(path, sizeof path, "%s/db", folder);
    look_after_close(&h, path, true, &bytes);
    look_after_a_crash(&h, path, true, &bytes);
    look_after_close(&h, path, false, &bytes);
    look_after_a_crash(&h, path, false, &bytes);
    (void)rmdir(folder);
    harness_count(&h, "bytes of files searched", bytes, 1);
    return harness_end(&h);
}
