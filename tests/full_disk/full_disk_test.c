// SPDX-License-Identifier: Apache-2.0
// Fills a small file system, deletes while it is full, makes room, goes on, and again
// (docs/TESTING.md): NO_SPACE commits nothing, reads go on, deletes are taken from the reserve, and
// writing resumes by itself.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <ferric/ferric.h>

#include "base/coding.h"
#include "base/slice.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/model_table.h"

#define SECONDS_FLOOR 45u
#define FILL_FLOOR 2u
#define KEY_COUNT_MAX 24000u
#define VALUE_SIZE 4000u
#define BATCH_COUNT 100u
#define BALLAST_SIZE ((off_t)8 << 20)
// What is left of a larger file system; XFS and Btrfs are made no smaller than so.
#define FREE_MAX ((uint64_t)64 << 20)
// How long writing may take to resume once there is room. Btrfs gives freed space back when it
// commits by itself, each 30 seconds.
#define RESUME_SECONDS_MAX 75

typedef struct full_disk {
    harness *h;
    char *path;
    char *ballast;
    char *hog;
    char *weight; // Takes up what a larger file system has beyond FREE_MAX.
    ferric_db *db;
    uint64_t numbers[KEY_COUNT_MAX]; // What each key holds; 0: absent.
    uint64_t number;
    uint64_t opens;
    uint64_t fills;
    uint64_t refused;
    uint64_t hoggings;
    uint64_t puts_into_ring; // Beside a hog.
    bool is_ring_expected;   // The file system is one that a mapped file can be trusted on.
    uint64_t delete_batches;
    uint64_t deletes_while_full;
    uint64_t reopened_full;
} full_disk;

static ferric_slice make_key(uint32_t index, uint8_t bytes[8])
{
    // Spread over the key range, so that every table overlaps every other.
    fe_put_u32_ordered(bytes, index * 2654435761u);
    fe_put_u32_ordered(bytes + 4, index);
    return fe_slice(bytes, 8);
}

// Values that do not compress.
static void make_value(uint64_t number, uint32_t index, uint8_t bytes[VALUE_SIZE])
{
    for (uint32_t at = 0; at < VALUE_SIZE; at += 8) {
        model_value(number + ((uint64_t)at << 32), index, bytes + at, 8);
        fe_put_u64(bytes + at, fe_get_u64(bytes + at) * 0x9e3779b97f4a7c15u ^ index);
    }
}

static void expect(full_disk *f, const char *what, ferric_status expected, ferric_status status)
{
    if (status == expected) return;
    harness_fail(f->h, "%s: %s (%s), expected %s", what, ferric_status_name(status),
                 ferric_error_message(), ferric_status_name(expected));
}

static ferric_status put(full_disk *f, uint32_t index)
{
    uint8_t key[8];
    uint8_t value[VALUE_SIZE];

    make_value(f->number + 1, index, value);
    ferric_status status =
        ferric_put(f->db, NULL, make_key(index, key), fe_slice(value, VALUE_SIZE), NULL);
    if (status == FERRIC_OK) f->numbers[index] = ++f->number;
    return status;
}

static void check_all(full_disk *f)
{
    ferric_buffer value = {0};
    uint8_t expected[VALUE_SIZE];
    uint8_t key[8];

    for (uint32_t i = 0; i < KEY_COUNT_MAX && f->h->failed == 0; i++) {
        ferric_status status = ferric_get(f->db, NULL, make_key(i, key), NULL, &value, NULL);
        expect(f, "a read", f->numbers[i] == 0 ? FERRIC_NOT_FOUND : FERRIC_OK, status);
        if (status != FERRIC_OK) continue;
        make_value(f->numbers[i], i, expected);
        if (!fe_slice_equal(fe_slice(value.data, value.size), fe_slice(expected, VALUE_SIZE))) {
            harness_fail(f->h, "key %u holds another value", i);
        }
    }
    ferric_buffer_free(&value);
    if (f->h->failed == 0) harness_pass(f->h);
}

// ---- The file system ------------------------------------------------------------------------

static void take_space(const char *path, off_t size)
{
    int descriptor = open(path, O_CREAT | O_WRONLY, 0600);

    if (descriptor < 0) harness_panic("%s: %s", path, strerror(errno));
    int failure = posix_fallocate(descriptor, 0, size);
    if (failure != 0) harness_panic("%s: %s", path, strerror(failure));
    close(descriptor);
}

// Takes every block that is left.
static void take_the_rest(full_disk *f)
{
    int descriptor = open(f->hog, O_CREAT | O_WRONLY, 0600);
    off_t end = 0;

    if (descriptor < 0) harness_panic("%s: %s", f->hog, strerror(errno));
    for (off_t step = (off_t)64 << 20; step >= 4096;) {
        if (posix_fallocate(descriptor, end, step) == 0) {
            end += step;
        } else {
            step /= 2;
        }
    }
    close(descriptor);
}

static bool has_ring(const full_disk *f)
{
    DIR *directory = opendir(f->path);
    const struct dirent *entry;
    bool is_there = false;

    if (directory == NULL) return false;
    while ((entry = readdir(directory)) != NULL)
        is_there = is_there || strstr(entry->d_name, ".ring") != NULL;
    closedir(directory);
    return is_there;
}

static void take_weight(full_disk *f, const char *directory)
{
    struct statfs space;

    if (statfs(directory, &space) != 0) harness_panic("%s: %s", directory, strerror(errno));
    f->is_ring_expected =
        space.f_type == EXT4_SUPER_MAGIC || (unsigned long)space.f_type == TMPFS_MAGIC;
    uint64_t available = (uint64_t)space.f_bavail * (uint64_t)space.f_bsize;
    if (available > FREE_MAX) take_space(f->weight, (off_t)(available - FREE_MAX));
}

static void open_database(full_disk *f)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    // A sync for each of thousands of commits would be most of the time; each second open has them.
    options.fsync = f->opens++ % 2 == 0 ? FERRIC_FSYNC_NEVER : FERRIC_FSYNC_ALWAYS;
    options.memory_limit = (uint64_t)16 << 20;
    options.memtable_size = 1 << 20;
    options.log_size = 2 << 20;
    options.table_size = 1 << 20;
    harness_encrypt(&options);
    expect(f, "ferric_open", FERRIC_OK, ferric_open(f->path, &options, &f->db));
}

// ---- One cycle ------------------------------------------------------------------------------

static void fill(full_disk *f)
{
    ferric_status status = FERRIC_OK;
    uint32_t index = 0;

    for (; index < KEY_COUNT_MAX && status == FERRIC_OK; index++)
        status = put(f, index);
    expect(f, "filling the disk", FERRIC_NO_SPACE, status);
    f->fills++;
    f->refused += status == FERRIC_NO_SPACE;
}

// Deletes every `step`-th key in batches. Returns whether all went through.
static bool delete_keys(full_disk *f, uint32_t first, uint32_t end, uint32_t step, const char *what)
{
    ferric_batch *batch = NULL;
    ferric_status status = ferric_batch_create(&batch);
    uint8_t key[8];

    while (first < end && status == FERRIC_OK) {
        uint32_t last = first + step * BATCH_COUNT < end ? first + step * BATCH_COUNT : end;
        ferric_batch_clear(batch);
        for (uint32_t i = first; i < last && status == FERRIC_OK; i += step) {
            status = ferric_batch_delete(batch, NULL, make_key(i, key));
        }
        if (status == FERRIC_OK) status = ferric_write(f->db, batch, NULL, NULL);
        if (status != FERRIC_OK) break;
        for (; first < last; first += step)
            f->numbers[first] = 0;
        f->delete_batches++;
    }
    ferric_batch_destroy(batch);
    expect(f, what, FERRIC_OK, status);
    return status == FERRIC_OK;
}

static void delete_while_full(full_disk *f)
{
    uint64_t before = f->delete_batches;

    if (!delete_keys(f, 0, 4000, 2, "deleting while the disk is full")) return;
    f->deletes_while_full += f->delete_batches - before;
}

// The same handle must go on by itself once `file` is gone.
static void make_room(full_disk *f, const char *file)
{
    const struct timespec pause = {0, 10000000};
    ferric_status status;

    if (unlink(file) != 0) harness_panic("%s: %s", file, strerror(errno));
    double deadline = harness_seconds(f->h) + RESUME_SECONDS_MAX;
    do {
        status = put(f, 1);
        if (status == FERRIC_OK) break;
        nanosleep(&pause, NULL);
    } while (harness_seconds(f->h) < deadline);
    expect(f, "writing when there is room again", FERRIC_OK, status);
}

// From outside the disk is filled to its last block while there is little in the database. What
// goes into the log's reserved space, and into a ring before it, must not need one more.
static void go_on_beside_a_hog(full_disk *f)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < 20 && status == FERRIC_OK; i++)
        status = put(f, i);
    expect(f, "writing a little", FERRIC_OK, status);
    take_the_rest(f);
    f->hoggings++;
    bool is_ringed = has_ring(f);
    for (uint32_t i = 0; i < KEY_COUNT_MAX && status == FERRIC_OK; i++) {
        status = put(f, i);
        f->puts_into_ring += is_ringed && status == FERRIC_OK;
    }
    expect(f, "writing beside a hog", FERRIC_NO_SPACE, status);
    if (f->h->failed == 0) check_all(f);
    if (f->h->failed == 0) make_room(f, f->hog);
}

static void resume(full_disk *f)
{
    make_room(f, f->ballast);
    for (uint32_t i = 0; i < 100 && f->h->failed == 0; i++) {
        expect(f, "writing on", FERRIC_OK, put(f, i));
    }
}

static void reopen_full(full_disk *f)
{
    ferric_status status = ferric_close(f->db);

    f->db = NULL;
    expect(f, "closing on a full disk", FERRIC_OK, status);
    if (f->h->failed == 0) open_database(f);
    if (f->h->failed == 0) check_all(f);
    f->reopened_full++;
}

static void empty(full_disk *f)
{
    ferric_slice open_end = {NULL, 0};

    if (!delete_keys(f, 0, KEY_COUNT_MAX, 1, "deleting all")) return;
    expect(f, "ferric_compact", FERRIC_OK, ferric_compact(f->db, NULL, open_end, open_end));
}

static void run_cycle(full_disk *f)
{
    take_space(f->ballast, BALLAST_SIZE);
    go_on_beside_a_hog(f);
    if (f->h->failed == 0) fill(f);
    if (f->h->failed == 0) check_all(f);
    if (f->h->failed == 0) delete_while_full(f);
    if (f->h->failed == 0) check_all(f);
    if (f->h->failed == 0 && f->fills % 2 == 1) reopen_full(f);
    if (f->h->failed == 0) resume(f);
    if (f->h->failed == 0) check_all(f);
    if (f->h->failed == 0) empty(f);
    if (f->h->failed == 0) check_all(f);
}

int main(int count, char **arguments)
{
    harness h;
    full_disk *f = harness_alloc(sizeof(*f));

    if (count != 2) harness_panic("usage: full_disk_test DIRECTORY-ON-A-SMALL-FILE-SYSTEM");
    harness_begin(&h, "full_disk", 1);
    f->h = &h;
    f->path = harness_format("%s/db", arguments[1]);
    f->ballast = harness_format("%s/ballast", arguments[1]);
    f->hog = harness_format("%s/hog", arguments[1]);
    f->weight = harness_format("%s/weight", arguments[1]);
    take_weight(f, arguments[1]);
    double seconds = (double)SECONDS_FLOOR * (double)h.scale_percent / 100;
    open_database(f);
    while (h.failed == 0 && (harness_seconds(&h) < seconds || f->fills < FILL_FLOOR))
        run_cycle(f);
    if (f->db != NULL) expect(f, "ferric_close", FERRIC_OK, ferric_close(f->db));
    unlink(f->ballast);
    unlink(f->hog);
    unlink(f->weight);
    harness_count(&h, "times filled", f->fills, FILL_FLOOR);
    harness_count(&h, "writes refused", f->refused, 1);
    harness_count(&h, "times filled from outside", f->hoggings, FILL_FLOOR);
    harness_count(&h, "writes into a ring then", f->puts_into_ring, f->is_ring_expected);
    harness_count(&h, "delete-only batches while full", f->deletes_while_full, 1);
    harness_count(&h, "opened on a full disk", f->reopened_full, 1);
    harness_free(f->path);
    harness_free(f->ballast);
    harness_free(f->hog);
    harness_free(f->weight);
    harness_free(f);
    return harness_end(&h);
}
