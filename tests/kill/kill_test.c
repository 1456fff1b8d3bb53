// SPDX-License-Identifier: Apache-2.0
// kill -9 on a real process over the machine's own file system: under every fsync policy nothing
// that was acknowledged is lost, since the kernel goes on (docs/TESTING.md). Beside some of the
// databases another process opens them for reading all the while, and must see the same.
//
// The moment of the kill follows from acknowledgements counted and a short wait; whenever it lands,
// the outcome must be right, so that nothing here depends on timing.
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "kill_reader.h"
#include "kill_writer.h"
#include "os/vfs.h"
#include "support/harness.h"

#define KILL_FLOOR 300u
// Databases: each policy, with one writing thread alone, with several and a reader beside them, and
// with one and a reader; those that have a ring before their log once more without, and a reader.
#define DATABASE_COUNT 11u
#define RINGLESS_FROM 9u
#define READERS_FROM 3u
#define READER_OPENS_FLOOR 3000u
#define ACKNOWLEDGEMENTS_MAX 120u

typedef struct kill_tally {
    uint64_t kills;
    uint64_t acknowledged;
    uint64_t ahead; // Recoveries that showed the commit under way.
    uint64_t early; // Kills before the first acknowledgement.
    uint64_t by_policy[3];
    uint64_t reader_opens;
    uint64_t reader_opens_beside; // While a writer had the database.
    uint64_t reader_commits;      // That it saw new.
    uint64_t with_ring;           // Kills that left a ring behind.
} kill_tally;

static const char *const policy_names[] = {"always", "periodic", "never"};

static void sleep_us(uint64_t us)
{
    struct timespec duration = {0, (long)(us * 1000)};
    nanosleep(&duration, NULL);
}

// ---- The parent's side of the pipe ----------------------------------------------------------

// Takes in one message; false at the end of the pipe.
static bool receive(harness *h, kill_plan *plan, kill_reader *reader, int pipe, kill_tally *tally)
{
    kill_message message;
    size_t got = 0;

    while (got < sizeof(message)) {
        ssize_t size = read(pipe, (char *)&message + got, sizeof(message) - got);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return false;
        got += (size_t)size;
    }
    uint64_t *acknowledged = &plan->acknowledged[message.lane];
    if (message.kind != KILL_WRONG) kill_reader_expect(reader, message.lane, message.number);
    if (message.kind == KILL_WRONG) {
        harness_fail(h, "%s, %u lanes, lane %u: %s", policy_names[plan->fsync], plan->lane_count,
                     message.lane, message.text);
    } else if (message.kind == KILL_FOUND) {
        // What an open has shown may not be lost to a later kill either.
        if (message.number > *acknowledged) tally->ahead++;
        *acknowledged = message.number;
        harness_pass(h);
    } else {
        *acknowledged = message.number;
        tally->acknowledged++;
    }
    return true;
}

// ---- One kill -------------------------------------------------------------------------------

static pid_t start_writer(const kill_plan *plan, int *pipe_end, bool is_check_only)
{
    int ends[2];

    if (pipe(ends) != 0) harness_panic("no pipe: %s", strerror(errno));
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) harness_panic("no process: %s", strerror(errno));
    if (child == 0) {
        close(ends[0]);
        signal(SIGPIPE, SIG_IGN);
        _exit(kill_writer_run(plan, ends[1], is_check_only) ? 0 : 1);
    }
    close(ends[1]);
    *pipe_end = ends[0];
    return child;
}

// Whether there is a ring in the database that was killed.
static bool has_ring(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    bool is_there = false;

    if (directory == NULL) return false;
    while ((entry = readdir(directory)) != NULL)
        is_there = is_there || strstr(entry->d_name, ".ring") != NULL;
    closedir(directory);
    return is_there;
}

// Whether the file system under `directory` has rings.
static bool can_have_rings(const char *directory)
{
    char *path = harness_format("%s/ring", directory);
    fe_ring_file *ring;
    bool can = fe_vfs_create_ring(fe_vfs_posix(), path, 65536, &ring) == FERRIC_OK;

    fe_ring_file_close(ring);
    if (can) unlink(path);
    harness_free(path);
    return can;
}

static kill_plan plan_of(uint32_t index, const char *path, uint64_t seed)
{
    kill_plan plan = {.path = path, .seed = seed + index};

    plan.is_ringless = index >= RINGLESS_FROM;
    plan.fsync = plan.is_ringless ? (ferric_fsync)(1 + index % 2) : (ferric_fsync)(index % 3);
    plan.lane_count = index / 3 == 1 || index == DATABASE_COUNT - 1 ? KILL_LANE_MAX : 1;
    return plan;
}

static void kill_once(harness *h, kill_plan *plan, kill_reader *reader, fe_random *random,
                      kill_tally *tally)
{
    int pipe_end;
    int exit_status;
    uint64_t before = tally->acknowledged;
    uint64_t wanted = fe_random_below(random, ACKNOWLEDGEMENTS_MAX);
    uint64_t wait_us = fe_random_below(random, 4) == 0 ? fe_random_below(random, 3000) : 0;
    bool is_early = fe_random_below(random, 8) == 0;
    pid_t child = start_writer(plan, &pipe_end, false);

    if (is_early) wait_us = fe_random_below(random, 15000);
    while (!is_early && tally->acknowledged - before < wanted) {
        if (!receive(h, plan, reader, pipe_end, tally)) break;
    }
    if (wait_us != 0) sleep_us(wait_us);
    kill(child, SIGKILL);
    // What it told before it died counts.
    while (receive(h, plan, reader, pipe_end, tally))
        continue;
    close(pipe_end);
    waitpid(child, &exit_status, 0);
    if (!WIFSIGNALED(exit_status) || WTERMSIG(exit_status) != SIGKILL) {
        harness_fail(h, "the writer ended by itself (%d)", exit_status);
        return;
    }
    tally->kills++;
    tally->with_ring += has_ring(plan->path);
    tally->by_policy[plan->fsync]++;
    if (tally->acknowledged == before) tally->early++;
}

// The last word on a database: a process that is not killed opens it and compares.
static void check_last(harness *h, kill_plan *plan, kill_reader *reader, kill_tally *tally)
{
    int pipe_end;
    int exit_status;
    pid_t child = start_writer(plan, &pipe_end, true);

    while (receive(h, plan, reader, pipe_end, tally))
        continue;
    close(pipe_end);
    waitpid(child, &exit_status, 0);
    if (!WIFEXITED(exit_status) || WEXITSTATUS(exit_status) != 0) {
        harness_fail(h, "%s: the last check ended with %d", plan->path, exit_status);
    }
    ferric_status status = ferric_destroy(plan->path, NULL);
    if (status != FERRIC_OK) harness_fail(h, "ferric_destroy: %s", ferric_error_message());
}

static void end_reader(harness *h, kill_reader *reader, kill_tally *tally)
{
    kill_reader_report report;

    if (reader == NULL) return;
    kill_reader_stop(reader,
                     harness_floor(h, READER_OPENS_FLOOR) / (DATABASE_COUNT - READERS_FROM) + 1,
                     &report);
    if (report.wrong[0] != 0) harness_fail(h, "the reader: %s", report.wrong);
    tally->reader_opens += report.opens;
    tally->reader_opens_beside += report.opens_beside_writer;
    tally->reader_commits += report.commits;
    h->passed += report.opens;
}

static void kill_often(harness *h, kill_plan *plan, bool has_reader, kill_tally *tally)
{
    uint64_t kills = harness_floor(h, KILL_FLOOR) / DATABASE_COUNT + 1;
    kill_reader *reader = has_reader ? kill_reader_start(plan) : NULL;
    fe_random random = {plan->seed};

    for (uint64_t i = 0; i < kills && h->failed == 0; i++) {
        kill_once(h, plan, reader, &random, tally);
    }
    end_reader(h, reader, tally);
    if (h->failed == 0)
        check_last(h, plan, NULL, tally);
    else
        printf("kill: the database is kept in %s\n", plan->path);
}

int main(void)
{
    harness h;
    kill_tally tally = {0};
    const char *temporary = getenv("TMPDIR");

    harness_begin(&h, "kill", 20261121);
    char *directory =
        harness_format("%s/ferric-kill-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    if (mkdtemp(directory) == NULL) harness_panic("%s: %s", directory, strerror(errno));
    bool has_rings = can_have_rings(directory);
    for (uint32_t i = 0; i < DATABASE_COUNT; i++) {
        char *path = harness_format("%s/db%u", directory, i);
        kill_plan plan = plan_of(i, path, h.seed);
        kill_often(&h, &plan, i >= READERS_FROM, &tally);
        harness_free(path);
    }
    if (h.failed == 0 && rmdir(directory) != 0) {
        harness_fail(&h, "%s is not empty after ferric_destroy", directory);
    }
    harness_count(&h, "kills", tally.kills, KILL_FLOOR);
    for (int i = 0; i < 3; i++)
        harness_count(&h, policy_names[i], tally.by_policy[i], 1);
    harness_count(&h, "kills that left a ring", tally.with_ring, has_rings ? 1 : 0);
    harness_count(&h, "acknowledged commits", tally.acknowledged, KILL_FLOOR * 10);
    harness_count(&h, "kills before the first acknowledgement", tally.early, 0);
    harness_count(&h, "recoveries that showed the commit under way", tally.ahead, 0);
    harness_count(&h, "opens by a reader", tally.reader_opens, READER_OPENS_FLOOR);
    harness_count(&h, "opens beside a writer", tally.reader_opens_beside, READER_OPENS_FLOOR / 4);
    harness_count(&h, "commits that a reader saw", tally.reader_commits, READER_OPENS_FLOOR / 4);
    harness_free(directory);
    return harness_end(&h);
}
