// SPDX-License-Identifier: Apache-2.0
// Losing power while keys are changed leaves the old keyring or the new one: after every write and
// sync of the change, on each disk that may remain, exactly the keys of the one or of the other
// open the database, and all that was in it is there.
#include <inttypes.h>
#include <string.h>

#include "base/slice.h"
#include "support/crash_plan.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/hash_set.h"
#include "support/vfs_record.h"

#define PATH "db"
#define DISKS 2000
#define KEYS 30

static const char other_secret[32] = "another key, that comes after it";
static const ferric_key other_key = {FERRIC_KEY_RAW, {other_secret, sizeof other_secret}};

typedef struct rekey_run {
    harness *h;
    uint64_t seed;
    size_t point;
    bool is_finished;
    bool is_rotation;
    hash_set disks;
    uint64_t with_old;
    uint64_t with_new;
} rekey_run;

static void put(ferric_db *db, uint64_t number)
{
    uint8_t value[100] = {0};

    memcpy(value, &number, sizeof number);
    if (ferric_put(db, NULL, fe_slice(&number, 8), fe_slice(value, sizeof value), NULL) !=
        FERRIC_OK)
        harness_panic("%s", ferric_error_message());
}

static void fail(rekey_run *run, const char *what)
{
    harness_fail(run->h, "%s, point %zu: %s: %s", run->is_rotation ? "rotation" : "rekey",
                 run->point, what, ferric_error_message());
}

// Whether `key` opens the disk, with all that was committed before the change.
static bool opens(rekey_run *run, const disk *left, ferric_key key)
{
    vfs_record *record = vfs_record_create(disk_clone(left), run->seed + run->point);
    ferric_options options = harness_small_options(vfs_record_vfs(record), key);
    ferric_db *db;
    ferric_status status = ferric_open(PATH, &options, &db);
    bool is_open = status == FERRIC_OK;

    for (uint64_t i = 0; is_open && i < KEYS; i++) {
        ferric_buffer value = {0};
        if (ferric_get(db, NULL, fe_slice(&i, 8), NULL, &value, NULL) != FERRIC_OK)
            fail(run, "a commit is gone");
        ferric_buffer_free(&value);
    }
    if (is_open) put(db, KEYS); // And it can be written to.
    if (!is_open && status != FERRIC_WRONG_KEY) fail(run, "neither opened nor a wrong key");
    (void)ferric_close(db);
    vfs_record_destroy(record);
    return is_open;
}

static void look_at(rekey_run *run, const disk *left)
{
    bool with_old = opens(run, left, harness_key());
    bool with_new = opens(run, left, other_key);

    run->with_old += with_old;
    run->with_new += with_new;
    if (run->is_rotation ? !with_old || with_new : with_old == with_new) {
        fail(run, with_old ? "both keys open it" : "no key opens it");
    } else if (run->is_finished && !run->is_rotation && with_old) {
        fail(run, "the old key opens it though the change returned");
    } else {
        harness_pass(run->h);
    }
}

static void lose_power_here(rekey_run *run, const disk *here)
{
    crash_plan plan;
    disk *left;

    crash_plan_init(&plan, here, 16, 12, run->seed + run->point);
    while ((left = crash_plan_next(&plan)) != NULL && run->h->failed == 0) {
        if (hash_set_add(&run->disks, disk_hash(left) + run->is_finished)) look_at(run, left);
        disk_destroy(left);
    }
    crash_plan_deinit(&plan);
}

static disk *make_database(rekey_run *run)
{
    vfs_record *record = vfs_record_create(disk_create(), run->seed);
    ferric_options options = harness_small_options(vfs_record_vfs(record), harness_key());
    ferric_db *db;

    if (ferric_open(PATH, &options, &db) != FERRIC_OK) harness_panic("%s", ferric_error_message());
    for (uint64_t i = 0; i < KEYS; i++)
        put(db, i);
    if (ferric_close(db) != FERRIC_OK) harness_panic("%s", ferric_error_message());
    disk *made = disk_clone(vfs_record_disk(record));
    vfs_record_destroy(record);
    return made;
}

// Changes the key, or rotates, and loses power at each point of it.
static void run_change(rekey_run *run)
{
    disk *here = make_database(run);
    vfs_record *record = vfs_record_create(disk_clone(here), run->seed + 1);
    ferric_options options = harness_small_options(vfs_record_vfs(record), harness_key());
    ferric_key old = harness_key();
    ferric_db *db;

    if (ferric_open(PATH, &options, &db) != FERRIC_OK) harness_panic("%s", ferric_error_message());
    ferric_status status = run->is_rotation ? ferric_key_rotate(db, true, NULL, NULL)
                                            : ferric_key_replace(db, &old, &other_key);
    if (status != FERRIC_OK) harness_panic("%s", ferric_error_message());
    size_t size = vfs_record_trace_size(record);
    for (run->point = 0; run->h->failed == 0; run->point++) {
        run->is_finished = run->point == size;
        lose_power_here(run, here);
        if (run->point == size) break;
        disk_apply(here, vfs_record_trace_at(record, run->point));
    }
    (void)ferric_close(db);
    disk_destroy(here);
    vfs_record_destroy(record);
}

int main(void)
{
    harness h;
    rekey_run run = {.h = &h};

    harness_begin(&h, "rekey_crash", 20261121);
    for (uint64_t round = 0; h.failed == 0; round++) {
        run.seed = h.seed + round * 1000;
        run.is_rotation = round % 2 == 1;
        run_change(&run);
        if (h.passed >= harness_floor(&h, DISKS) && run.is_rotation) break;
    }
    harness_count(&h, "distinct disks", h.passed, DISKS);
    harness_count(&h, "disks that the old key opened", run.with_old, 1);
    harness_count(&h, "disks that the new key opened", run.with_new, 1);
    hash_set_deinit(&run.disks);
    return harness_end(&h);
}
