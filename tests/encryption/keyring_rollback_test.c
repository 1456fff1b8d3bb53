// SPDX-License-Identifier: Apache-2.0
// Somebody who can write to the files of an encrypted database puts the keyring of one moment
// beside the files of another, older or newer, or of a copy that went on apart, and single slots of
// one keyring into another.
//
// A keyring holds who may open it and data keys, and nothing else binds it to the other files. So
// what must come is known before: a key that the keyring has opens the database if the keyring has
// each data key that the files are sealed with, and then all is there that was at the files'
// moment. Where a data key lacks it is FERRIC_CORRUPT, and another key is FERRIC_WRONG_KEY. A slot
// opens a keyring that has the slot's master key, and makes any other FERRIC_CORRUPT. What an old
// key can do that way stands in docs/SECURITY.md.
#include <string.h>

#include "base/slice.h"
#include "crypto/keyring.h"
#include "format/file_header.h"
#include "sealed_units.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/vfs_record.h"

#define PATH "db"
#define FILE_NAME "KEYRING"
#define MOMENT_MAX 12u
#define REPLACED 3u // The moment from which on keys of before have nothing to open.
#define SLOTS_AT (FE_FILE_HEADER_SIZE + 4u)
#define SLOT_SIZE 100u
#define PUTS 8u // In each moment.

typedef enum user {
    USER_A = 0,
    USER_B = 1,
    USER_C = 2,
    USER_PASSPHRASE = 3,
    USER_COUNT = 4,
} user;

static const ferric_key users[USER_COUNT] = {
    {FERRIC_KEY_RAW, {"the key of the first of the user", 32}},
    {FERRIC_KEY_RAW, {"the second of the users has this", 32}},
    {FERRIC_KEY_RAW, {"a third one: it comes after both", 32}},
    {FERRIC_KEY_PASSPHRASE, {"open sesame", 11}},
};

typedef struct moment {
    const char *name;
    disk *left;
    uint32_t users; // Bits of those whose keys open it.
    user opener;    // One of them.
    uint64_t puts;  // Keys that are there.
    fe_keyring keyring;
} moment;

typedef struct rollback {
    harness *h;
    vfs_record *record;
    moment moments[MOMENT_MAX];
    size_t count;
    uint64_t whole;        // Opened with all that there was,
    uint64_t with_old_key; // of these by a key that the files' own keyring does not have.
    uint64_t wrong_key;
    uint64_t corrupt;
} rollback;

static void must(ferric_status status)
{
    if (status != FERRIC_OK) harness_panic("%s", ferric_error_message());
}

// ---- The database at each moment ------------------------------------------------------------

static void put_some(ferric_db *db, uint64_t *number)
{
    uint8_t value[5000] = {0}; // Some stand in value files.

    for (uint32_t i = 0; i < PUTS; i++, ++*number) {
        memcpy(value, number, sizeof *number);
        must(ferric_put(db, NULL, fe_slice(number, sizeof *number),
                        fe_slice(value, *number % 3 == 0 ? sizeof value : 60), NULL));
    }
    must(ferric_flush(db));
}

static uint32_t find_keyring(const disk *d)
{
    return disk_lookup(d, disk_lookup(d, DISK_ROOT, PATH), FILE_NAME);
}

// What the library itself reads in the keyring.
static void read_keyring(moment *m)
{
    const uint8_t *file = disk_data(m->left, find_keyring(m->left));
    size_t size = disk_size(m->left, find_keyring(m->left));
    fe_user_key key = {(fe_key_kind)users[m->opener].kind, users[m->opener].secret};
    fe_file_header header;

    must(fe_file_header_decode(fe_slice(file, size), FE_FILE_KEYRING, FILE_NAME, &header));
    must(fe_keyring_decode(&m->keyring,
                           fe_slice(file + FE_FILE_HEADER_SIZE, size - FE_FILE_HEADER_SIZE),
                           FILE_NAME, header.database_id));
    must(fe_keyring_unlock(&m->keyring, &key, FILE_NAME));
}

typedef void (*change)(ferric_db *db);

static void change_nothing(ferric_db *db)
{
    (void)db;
}

static void add_b(ferric_db *db)
{
    must(ferric_key_add(db, &users[USER_B]));
}

static void remove_a(ferric_db *db)
{
    must(ferric_key_remove(db, &users[USER_A]));
}

static void replace_b_by_c(ferric_db *db)
{
    must(ferric_key_replace(db, &users[USER_B], &users[USER_C]));
}

static void rotate(ferric_db *db)
{
    must(ferric_key_rotate(db, false, NULL, NULL));
}

static void rotate_all(ferric_db *db)
{
    must(ferric_key_rotate(db, true, NULL, NULL));
}

static void add_passphrase(ferric_db *db)
{
    must(ferric_key_add(db, &users[USER_PASSPHRASE]));
}

static void remove_passphrase(ferric_db *db)
{
    must(ferric_key_remove(db, &users[USER_PASSPHRASE]));
}

// Opens the record's database as `who`, writes, makes the change, writes, closes; the moment after
// it.
static void live_on(rollback *r, const char *name, user who, change make, uint32_t users_after,
                    user opener)
{
    moment *m = &r->moments[r->count];
    ferric_options options = harness_small_options(vfs_record_vfs(r->record), users[who]);
    ferric_db *db;

    m->name = name;
    m->users = users_after;
    m->opener = opener;
    if (r->count > 0) m->puts = r->moments[r->count - 1].puts;
    must(ferric_open(PATH, &options, &db));
    put_some(db, &m->puts);
    make(db);
    put_some(db, &m->puts);
    must(ferric_close(db));
    m->left = disk_clone(vfs_record_disk(r->record));
    read_keyring(m);
    r->count++;
}

// Goes on from an earlier moment, with other keys of the same numbers.
static void live_apart(rollback *r, size_t from)
{
    r->record = vfs_record_create(disk_clone(r->moments[from].left), r->h->seed + 7);
    r->moments[r->count].puts = 0;
    uint64_t puts = r->moments[r->count - 1].puts;
    r->moments[r->count - 1].puts = r->moments[from].puts;
    live_on(r, "a copy that rotated apart", USER_C, rotate, 1u << USER_C, USER_C);
    r->moments[r->count - 2].puts = puts;
    vfs_record_destroy(r->record);
}

static void make_moments(rollback *r)
{
    const uint32_t a = 1u << USER_A;
    const uint32_t b = 1u << USER_B;
    const uint32_t c = 1u << USER_C;
    const uint32_t passphrase = 1u << USER_PASSPHRASE;

    r->record = vfs_record_create(disk_create(), r->h->seed);
    live_on(r, "new", USER_A, change_nothing, a, USER_A);
    live_on(r, "a second key was added", USER_A, add_b, a | b, USER_A);
    live_on(r, "the first one was removed", USER_B, remove_a, b, USER_B);
    live_on(r, "the only one was replaced", USER_B, replace_b_by_c, c, USER_C);
    live_on(r, "a new data key", USER_C, rotate, c, USER_C);
    live_on(r, "all sealed anew", USER_C, rotate_all, c, USER_C);
    live_on(r, "all sealed anew, the manifest too", USER_C, rotate_all, c, USER_C);
    live_on(r, "a passphrase was added", USER_C, add_passphrase, c | passphrase, USER_C);
    live_on(r, "it was removed", USER_C, remove_passphrase, c, USER_C);
    vfs_record_destroy(r->record);
    live_apart(r, REPLACED);
}

// ---- What must come -------------------------------------------------------------------------

static bool has_data_key(const fe_keyring *keyring, const fe_data_key *wanted)
{
    const fe_data_key *key = wanted == NULL ? NULL : fe_keyring_data_key(keyring, wanted->id);

    return key != NULL && memcmp(key->bytes, wanted->bytes, sizeof key->bytes) == 0;
}

// Whether the keyring has each data key that the files of the moment name in their headers.
static bool opens_files(const moment *files, const fe_keyring *keyring)
{
    uint32_t folder = disk_lookup(files->left, DISK_ROOT, PATH);

    for (size_t i = 0; i < disk_entry_count(files->left, folder); i++) {
        uint32_t node;
        fe_file_header header;
        const char *name = disk_entry(files->left, folder, i, &node);
        ferric_slice bytes = fe_slice(disk_data(files->left, node), disk_size(files->left, node));
        if (strcmp(name, FILE_NAME) == 0 || !fe_file_header_has_magic(bytes)) continue;
        if (!fe_file_header_guess(bytes, &header) || header.key_id == 0) continue;
        if (!has_data_key(keyring, fe_keyring_data_key(&files->keyring, header.key_id)))
            return false;
    }
    return true;
}

static bool has_all(ferric_db *db, uint64_t puts)
{
    uint64_t count = 0;

    for (uint64_t i = 0; i < puts; i++) {
        ferric_buffer value = {0};
        bool is_there =
            ferric_get(db, NULL, fe_slice(&i, sizeof i), NULL, &value, NULL) == FERRIC_OK &&
            value.size >= sizeof i && memcmp(value.data, &i, sizeof i) == 0;
        ferric_buffer_free(&value);
        if (!is_there) return false;
    }
    return ferric_count(db, NULL, fe_slice(NULL, 0), fe_slice(NULL, 0), NULL, &count) ==
               FERRIC_OK &&
           count == puts && ferric_verify(db, NULL, NULL, NULL) == FERRIC_OK;
}

static void note(rollback *r, ferric_status status)
{
    r->whole += status == FERRIC_OK;
    r->wrong_key += status == FERRIC_WRONG_KEY;
    r->corrupt += status == FERRIC_CORRUPT;
}

static void expect(rollback *r, const disk *mixed, const moment *files, user who,
                   ferric_status expected, const char *what)
{
    vfs_record *record = vfs_record_create(disk_clone(mixed), r->h->seed + 1);
    ferric_options options = harness_small_options(vfs_record_vfs(record), users[who]);
    ferric_db *db;
    ferric_status status = ferric_open(PATH, &options, &db);
    uint64_t puts = files->puts;

    if (status != expected) {
        harness_fail(r->h, "files of \"%s\", %s, user %d: %s where %s must come: %s", files->name,
                     what, (int)who, ferric_status_name(status), ferric_status_name(expected),
                     ferric_error_message());
    } else if (status == FERRIC_OK && !has_all(db, puts)) {
        harness_fail(r->h, "files of \"%s\", %s, user %d: something is gone", files->name, what,
                     (int)who);
    } else {
        if (status == FERRIC_OK) put_some(db, &puts);
        note(r, status);
        harness_pass(r->h);
    }
    (void)ferric_close(db);
    vfs_record_destroy(record);
}

// ---- Whole keyrings -------------------------------------------------------------------------

static void take_keyring(disk *d, const disk *source)
{
    uint32_t node = find_keyring(d);
    uint32_t from = find_keyring(source);

    disk_damage_cut(d, node, 0);
    disk_damage(d, node, 0, disk_data(source, from), disk_size(source, from));
}

static void mix(rollback *r, const moment *files, const moment *keyring)
{
    disk *mixed = disk_clone(files->left);
    ferric_status opened = opens_files(files, &keyring->keyring) ? FERRIC_OK : FERRIC_CORRUPT;
    char *what = harness_format("keyring of \"%s\"", keyring->name);

    take_keyring(mixed, keyring->left);
    for (int who = 0; who < USER_COUNT; who++) {
        bool is_user = (keyring->users >> who & 1) != 0;
        expect(r, mixed, files, (user)who, is_user ? opened : FERRIC_WRONG_KEY, what);
        r->with_old_key += is_user && opened == FERRIC_OK && (files->users >> who & 1) == 0;
    }
    harness_free(what);
    disk_destroy(mixed);
}

// ---- Slots ----------------------------------------------------------------------------------

// The first slot of another keyring in the place of this one's first, with the check that holds.
static void splice(rollback *r, const moment *files, const moment *other)
{
    disk *mixed = disk_clone(files->left);
    uint32_t node = find_keyring(mixed);
    uint32_t from = find_keyring(other->left);
    sealed_unit unit = {.form = UNIT_KEYRING, .node = node, .name = FILE_NAME};
    bool is_same = memcmp(files->keyring.master, other->keyring.master, FE_KEY_SIZE) == 0;
    char *what = harness_format("with a slot of \"%s\"", other->name);

    disk_damage(mixed, node, SLOTS_AT, disk_data(other->left, from) + SLOTS_AT, SLOT_SIZE);
    sealed_unit_mend(mixed, &unit);
    if (is_same && files >= &r->moments[REPLACED] && other < &r->moments[REPLACED])
        harness_fail(r->h, "\"%s\": a key that was replaced knows its master key", files->name);
    // The opener's slot is the first of its keyring.
    expect(r, mixed, files, other->opener, is_same ? FERRIC_OK : FERRIC_CORRUPT, what);
    harness_free(what);
    disk_destroy(mixed);
}

int main(void)
{
    harness h;
    rollback *r = harness_alloc(sizeof *r);

    harness_begin(&h, "keyring_rollback", 20261122);
    r->h = &h;
    make_moments(r);
    for (size_t i = 0; i < r->count; i++) {
        for (size_t j = 0; j < r->count; j++) {
            mix(r, &r->moments[i], &r->moments[j]);
            splice(r, &r->moments[i], &r->moments[j]);
        }
    }
    // Of 10 moments' files with 10 keyrings each, by 4 keys, and with 10 slots; at every scale.
    harness_count(&h, "mixtures", h.passed + h.failed, 0);
    harness_count(&h, "opened whole", r->whole, 1);
    harness_count(&h, "opened by a key of before", r->with_old_key, 1);
    harness_count(&h, "refused as a wrong key", r->wrong_key, 1);
    harness_count(&h, "refused as corrupt", r->corrupt, 1);
    for (size_t i = 0; i < r->count; i++) {
        fe_keyring_wipe(&r->moments[i].keyring);
        disk_destroy(r->moments[i].left);
    }
    harness_free(r);
    return harness_end(&h);
}
