// SPDX-License-Identifier: Apache-2.0
// Canaries, 32 random letters each, in keys, values, documents and names of keyspaces: they stand
// in no file of an encrypted database, neither after a crash nor after compaction and close, and
// after close neither they nor any key stand in the process's memory. A plain database shows all of
// them in its files, and both kinds in memory while they are open, which proves that the search can
// find.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ferric/documents.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/slice.h"
#include "secrets.h"
#include "support/harness.h"

#define CANARIES 71
#define FIRST_IN_DOCUMENTS                                                                         \
    59 // Pairs of a field's name and its value; before: of a key and a value.
#define LARGE_SIZE 9000
#define PASSPHRASE_SIZE SECRET_SIZE

typedef struct canary_run {
    harness *h;
    const char *path;
    bool is_encrypted;
    bool is_compressed; // Not the plain one, in whose files they could not be found then.
    ferric_key_kind kind;
    uint8_t secret[SECRET_SIZE]; // The user's key or passphrase, masked.
    const char *name;
} canary_run;

static void draw(fe_random *random)
{
    for (int i = 0; i < CANARIES; i++) {
        uint8_t canary[SECRET_SIZE];
        for (int j = 0; j < SECRET_SIZE; j++)
            canary[j] = (uint8_t)('A' + fe_random_below(random, 26));
        secrets_add(SECRET_CANARY, canary);
        fe_wipe(canary, sizeof canary);
    }
}

// ---- The database ---------------------------------------------------------------------------

static ferric_db *open_database(const canary_run *run)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    uint8_t secret[SECRET_SIZE];
    ferric_db *db;

    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = run->secret[i] ^ 0x80;
    options.fsync = FERRIC_FSYNC_PERIODIC; // With a ring.
    options.memory_limit = (uint64_t)8 << 20;
    if (!run->is_compressed) {
        options.compression = FERRIC_COMPRESSION_NONE;
        options.bottom_compression = FERRIC_COMPRESSION_NONE;
    }
    if (run->is_encrypted) options.key = (ferric_key){run->kind, {secret, sizeof secret}};
    if (ferric_open(run->path, &options, &db) != FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    fe_wipe(secret, sizeof secret);
    return db;
}

static void put_canary(ferric_db *db, ferric_keyspace *keyspace, int canary, size_t size)
{
    uint8_t *value = harness_alloc(size);
    uint8_t key[SECRET_SIZE];

    memset(value, '.', size);
    secrets_show(SECRET_CANARY, (size_t)canary, key);
    secrets_show(SECRET_CANARY, (size_t)canary + 1, value + size - SECRET_SIZE);
    if (ferric_put(db, keyspace, fe_slice(key, sizeof key), fe_slice(value, size), NULL) !=
        FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    fe_wipe(key, sizeof key);
    fe_wipe(value, size);
    harness_free(value);
}

static void get_canary(ferric_db *db, ferric_keyspace *keyspace, int canary)
{
    uint8_t key[SECRET_SIZE];
    ferric_buffer value = {0};

    secrets_show(SECRET_CANARY, (size_t)canary, key);
    if (ferric_get(db, keyspace, fe_slice(key, sizeof key), NULL, &value, NULL) != FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    fe_wipe(key, sizeof key);
    fe_wipe(value.data, value.size);
    ferric_buffer_free(&value);
}

// Writes `before`, the canary in quotes, and `after` to `to`; the size.
static size_t quote_canary(char *to, const char *before, int canary, const char *after)
{
    size_t at = strlen(before);

    memcpy(to, before, at);
    to[at++] = '"';
    secrets_show(SECRET_CANARY, (size_t)canary, (uint8_t *)to + at);
    at += SECRET_SIZE;
    to[at++] = '"';
    memcpy(to + at, after, strlen(after));
    return at + strlen(after);
}

// {"NAME":"VALUE"} as a document, and found by an index over that name.
static void put_and_find_document(ferric_db *db, int canary)
{
    char text[200];
    char key[16];
    ferric_slice document;
    ferric_cursor *cursor = NULL;
    ferric_status status;
    size_t size = quote_canary(text, "{", canary, ":1}");

    (void)snprintf(key, sizeof key, "%d", canary);
    status = ferric_index_create(db, NULL, fe_slice(text, size), NULL);
    size = quote_canary(text, "{", canary, ":");
    size += quote_canary(text + size, "", canary + 1, "}");
    document = fe_slice(text, size);
    if (status == FERRIC_OK)
        status = ferric_document_put(db, NULL, fe_slice_text(key), document, NULL);
    if (status == FERRIC_OK) status = ferric_find(db, NULL, document, NULL, &cursor);
    if (status != FERRIC_OK) harness_panic("%s", ferric_error_message());
    if (!ferric_cursor_next(cursor)) harness_panic("a document is not found");
    ferric_cursor_destroy(cursor);
    fe_wipe(text, sizeof text);
}

// The same key in a transaction, which also reads it.
static void put_in_transaction(ferric_db *db, ferric_keyspace *keyspace, int canary)
{
    uint8_t key[SECRET_SIZE];
    ferric_buffer value = {0};
    ferric_txn *txn;
    ferric_status status = ferric_txn_begin(db, NULL, &txn);

    secrets_show(SECRET_CANARY, (size_t)canary, key);
    if (status == FERRIC_OK)
        status = ferric_txn_get(txn, keyspace, fe_slice(key, sizeof key), &value, NULL);
    if (status == FERRIC_OK)
        status = ferric_txn_put(txn, keyspace, fe_slice(key, sizeof key),
                                fe_slice(value.data, value.size));
    if (status == FERRIC_OK) status = ferric_txn_commit(txn, NULL);
    ferric_txn_destroy(txn);
    if (status != FERRIC_OK) harness_panic("%s", ferric_error_message());
    fe_wipe(key, sizeof key);
    ferric_buffer_free(&value);
}

// Tables, large values, the log and its ring, each with canaries; read by key and by iterator.
static void fill(ferric_db *db)
{
    ferric_slice all = {NULL, 0};
    ferric_keyspace *keyspace;
    ferric_iterator *iterator;
    char name[SECRET_SIZE + 1] = "";

    secrets_show(SECRET_CANARY, 0, (uint8_t *)name);
    if (ferric_keyspace_open(db, name, FERRIC_KEYSPACE_RAW, &keyspace) != FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    fe_wipe(name, sizeof name);
    for (int i = 1; i < FIRST_IN_DOCUMENTS; i += 2) {
        put_canary(db, keyspace, i, i % 3 == 0 ? LARGE_SIZE : 200);
        if (i == 15 && ferric_flush(db) != FERRIC_OK) harness_panic("flush");
        if (i == 21 && ferric_compact(db, NULL, all, all) != FERRIC_OK) harness_panic("compact");
    }
    for (int i = 1; i < FIRST_IN_DOCUMENTS; i += 2)
        get_canary(db, keyspace, i);
    if (ferric_iterator_create(db, keyspace, NULL, &iterator) != FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    for (bool is_valid = ferric_iterator_first(iterator); is_valid;)
        is_valid = ferric_iterator_next(iterator);
    ferric_iterator_destroy(iterator);
    put_in_transaction(db, keyspace, 1);
    ferric_keyspace_close(keyspace);
    for (int i = FIRST_IN_DOCUMENTS; i + 1 < CANARIES; i += 2)
        put_and_find_document(db, i);
}

// ---- The test -------------------------------------------------------------------------------

static void expect(const canary_run *run, bool is_right, const char *where,
                   const secrets_found *found)
{
    if (is_right) {
        harness_pass(run->h);
    } else {
        harness_fail(run->h, "%s, %s: %" PRIu64 " canaries, %" PRIu64 " keys:%s", run->name, where,
                     found->count[SECRET_CANARY], found->count[SECRET_KEY], found->places);
    }
}

static void look_at_files(const canary_run *run, const char *when)
{
    secrets_found found = {.bytes = 0};

    secrets_search_files(run->path, &found);
    if (run->is_encrypted) {
        expect(run, found.count[SECRET_CANARY] == 0 && found.count[SECRET_KEY] == 0, when, &found);
    } else {
        expect(run, found.count[SECRET_CANARY] == CANARIES, when, &found);
    }
    harness_count(run->h, "bytes of files searched", found.bytes, 1);
}

// The files of a process that died while it had the database open.
static void look_after_a_crash(const canary_run *run)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        fill(open_database(run));
        _exit(7);
    }
    (void)waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 7) harness_panic("the child");
    look_at_files(run, "files after a crash");
}

// Recovery, more writes, compaction, reads; then nothing may be left of it in memory.
static void look_after_close(const canary_run *run)
{
    ferric_slice all = {NULL, 0};
    secrets_found found = {.bytes = 0};
    ferric_db *db = open_database(run);

    fill(db);
    if (ferric_compact(db, NULL, all, all) != FERRIC_OK) harness_panic("compact");
    if (run->is_encrypted && ferric_key_rotate(db, true, NULL, NULL) != FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    fill(db);
    secrets_search_memory(&found);
    harness_count(run->h, "canaries in memory while it is open", found.count[SECRET_CANARY], 1);
    harness_count(run->h, "keys in memory while it is open", found.count[SECRET_KEY],
                  run->is_encrypted);
    if (ferric_close(db) != FERRIC_OK) harness_panic("%s", ferric_error_message());
    look_at_files(run, "files after close");
    found = (secrets_found){.bytes = 0};
    secrets_search_memory(&found);
    if (run->is_encrypted) {
        expect(run, found.count[SECRET_CANARY] == 0, "canaries in memory after close", &found);
        expect(run, found.count[SECRET_KEY] == 0, "keys in memory after close", &found);
    }
    harness_count(run->h, "bytes of memory searched after close", found.bytes, 1);
    harness_count(run->h, "keys searched for", secrets_count(SECRET_KEY), run->is_encrypted);
}

int main(void)
{
    char folder[] = "/tmp/ferric-canary-XXXXXX";
    char path[64];
    harness h;
    fe_random random;
    canary_run runs[] = {
        {.name = "raw key", .is_encrypted = true, .kind = FERRIC_KEY_RAW},
        {.name = "compressed", .is_encrypted = true, .is_compressed = true, .kind = FERRIC_KEY_RAW},
        {.name = "passphrase", .is_encrypted = true, .kind = FERRIC_KEY_PASSPHRASE},
        {.name = "plain"},
    };

    harness_begin(&h, "canary", 20261121);
    random.state = h.seed;
    if (mkdtemp(folder) == NULL) harness_panic("no folder in /tmp");
    (void)snprintf(path, sizeof path, "%s/db", folder);
    draw(&random);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        runs[i].h = &h;
        runs[i].path = path;
        for (size_t j = 0; j < SECRET_SIZE; j++)
            runs[i].secret[j] = (uint8_t)fe_random_next(&random);
        look_after_a_crash(&runs[i]);
        look_after_close(&runs[i]);
        (void)ferric_destroy(path, NULL);
        secrets_clear(SECRET_KEY);
    }
    (void)rmdir(folder);
    return harness_end(&h);
}
