// SPDX-License-Identifier: Apache-2.0
// No nonce comes twice under one key: not with failed writes that are tried again, not after power
// losses and recoveries, not in processes that are killed, not through fork (docs/SECURITY.md).
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "base/slice.h"
#include "nonce_ledger.h"
#include "support/crash_plan.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/vfs_record.h"

#define SEALS 10000000
#define PATH "db"
#define VALUE_SIZE_MAX 6000

typedef struct life {
    harness *h;
    fe_random random;
    uint64_t opens;
    uint64_t faults;
    uint64_t losses;
    uint64_t kills;
    uint64_t forks;
} life;

static ferric_options options_of(life *l, fe_vfs *vfs)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.vfs = vfs;
    options.key = harness_key();
    options.fsync = (ferric_fsync)fe_random_below(&l->random, 3);
    options.memory_limit = (uint64_t)8 << 20;
    options.memtable_size = 16384;
    options.log_size = 65536;
    options.table_size = 65536;
    options.block_size = 512;
    options.background_threads = 0;
    return options;
}

// Some commits, flushes and compactions. Whatever fails is tried again, and then given up.
static void write_some(life *l, ferric_db *db, unsigned commits)
{
    static uint8_t value[VALUE_SIZE_MAX];
    ferric_slice all = {NULL, 0};

    for (unsigned i = 0; i < commits; i++) {
        uint8_t key[8];
        size_t size = fe_random_below(&l->random, 20) == 0
                          ? 4096 + fe_random_below(&l->random, 1900)
                          : fe_random_below(&l->random, 100);
        uint64_t number = fe_random_below(&l->random, 3000);
        memcpy(key, &number, sizeof key);
        for (int tries = 0; tries < 3; tries++) {
            if (ferric_put(db, NULL, fe_slice(key, 8), fe_slice(value, size), NULL) == FERRIC_OK)
                break;
        }
    }
    if (fe_random_below(&l->random, 8) == 0) (void)ferric_compact(db, NULL, all, all);
    if (fe_random_below(&l->random, 16) == 0) (void)ferric_key_rotate(db, true, NULL, NULL);
}

static fault_plan draw_fault(life *l)
{
    static const fault_kind kinds[] = {FAULT_IO, FAULT_NO_SPACE, FAULT_SHORT};
    fault_plan plan = {.kind = kinds[fe_random_below(&l->random, 3)],
                       .call = 1 + fe_random_below(&l->random, 400)};
    return plan;
}

// A database under writes that fail, whose power fails, and that is opened again.
static void live_through_losses(life *l)
{
    disk *here = disk_create();

    for (int i = 0; i < 4; i++) {
        vfs_record *record = vfs_record_create(here, l->random.state);
        ferric_options options = options_of(l, vfs_record_vfs(record));
        ferric_db *db = NULL;
        crash_plan plan;

        if (fe_random_below(&l->random, 2) == 0) vfs_record_set_plan(record, draw_fault(l));
        if (ferric_open(PATH, &options, &db) == FERRIC_OK) {
            l->opens++;
            write_some(l, db, 200);
        }
        l->faults += vfs_record_hits(record);
        // The power fails before the close, which goes on with a disk that is lost.
        crash_plan_init(&plan, vfs_record_disk(record), 4, 4, l->random.state);
        here = NULL;
        for (uint64_t skip = fe_random_below(&l->random, 6); here == NULL || skip > 0; skip--) {
            disk *next = crash_plan_next(&plan);
            if (next == NULL) break;
            if (here != NULL) disk_destroy(here);
            here = next;
        }
        crash_plan_deinit(&plan);
        l->losses++;
        vfs_record_set_plan(record, (fault_plan){0});
        (void)ferric_close(db);
        vfs_record_destroy(record);
    }
    disk_destroy(here);
}

// ---- Processes -------------------------------------------------------------------------------

static void write_until_killed(life *l, const char *path)
{
    ferric_options options = options_of(l, NULL);
    ferric_db *db;

    options.background_threads = 2;
    if (ferric_open(path, &options, &db) != FERRIC_OK) _exit(1);
    for (;;)
        write_some(l, db, 100);
}

static void kill_writers(life *l)
{
    char folder[] = "/tmp/ferric-nonce-XXXXXX";
    char path[64];
    ferric_options options = options_of(l, NULL);

    if (mkdtemp(folder) == NULL) harness_panic("no folder in /tmp");
    (void)snprintf(path, sizeof path, "%s/db", folder);
    for (int i = 0; i < 5; i++) {
        uint64_t before = nonce_ledger_count();
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            l->random.state += (uint64_t)i;
            write_until_killed(l, path);
        }
        // After some work, wherever it is then.
        while (nonce_ledger_count() < before + 500 && waitpid(child, &status, WNOHANG) == 0)
            usleep(500);
        kill(child, SIGKILL);
        (void)waitpid(child, &status, 0);
        if (WIFSIGNALED(status)) {
            harness_pass(l->h);
        } else {
            harness_fail(l->h, "the writer ended by itself: it cannot open what one left");
        }
        l->kills++;
    }
    (void)ferric_destroy(path, &options);
    (void)rmdir(folder);
}

// A child that goes on with its parent's handle would seal with the parent's numbers.
static void fork_beside(life *l)
{
    fe_vfs *vfs;
    ferric_options options;
    ferric_db *db;
    int status = 0;

    if (fe_vfs_memory_create(&vfs) != FERRIC_OK) harness_panic("no memory");
    options = options_of(l, vfs);
    if (ferric_open("/db", &options, &db) != FERRIC_OK) harness_panic("cannot open");
    write_some(l, db, 50);
    pid_t child = fork();
    if (child == 0) {
        uint64_t before = nonce_ledger_count();
        write_some(l, db, 50);
        _exit(nonce_ledger_count() == before ? 0 : 1);
    }
    (void)waitpid(child, &status, 0);
    write_some(l, db, 50);
    (void)ferric_close(db);
    fe_vfs_memory_destroy(vfs);
    l->forks++;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        harness_pass(l->h);
    } else {
        harness_fail(l->h, "a forked child sealed something");
    }
}

int main(void)
{
    harness h;
    life l = {.h = &h};
    uint64_t wanted;

    harness_begin(&h, "nonce", 20261121);
    l.random.state = h.seed;
    wanted = harness_floor(&h, SEALS);
    nonce_ledger_init(wanted * 2 + 1000000);
    kill_writers(&l);
    for (int i = 0; i < 20; i++)
        fork_beside(&l);
    while (nonce_ledger_count() < wanted && nonce_ledger_repeats() == 0)
        live_through_losses(&l);
    if (nonce_ledger_repeats() == 0) {
        harness_pass(&h);
    } else {
        harness_fail(&h, "%" PRIu64 " nonces came twice under one key", nonce_ledger_repeats());
    }
    harness_count(&h, "seals", nonce_ledger_count(), SEALS);
    harness_count(&h, "keys", nonce_ledger_keys(), 1);
    harness_count(&h, "databases opened", l.opens, 1);
    harness_count(&h, "calls that failed", l.faults, 1);
    harness_count(&h, "power losses", l.losses, 1);
    harness_count(&h, "processes killed", l.kills, 1);
    harness_count(&h, "forks", l.forks, 1);
    return harness_end(&h);
}
