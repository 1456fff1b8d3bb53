// SPDX-License-Identifier: Apache-2.0
// The reading process. It shares a page with the one that kills: what must be seen, what was.
#include "kill_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/db_reader.h"
#include "support/encrypted.h"
#include "support/harness.h"

// Commits are told through a pipe, whose far end may be this far ahead of what the near one knows.
#define AHEAD_MAX 5000u
// Opens that one reader stays open for, to be read again.
#define HELD_OPENS 5u

typedef struct shared_page {
    _Atomic(uint64_t) acknowledged[KILL_LANE_MAX];
    _Atomic(bool) is_over;
    _Atomic(uint64_t) opens_min; // So many it makes when it is over, too.
    kill_reader_report report;   // The reader's until it has ended.
} shared_page;

struct kill_reader {
    const kill_plan *plan;
    shared_page *shared;
    pid_t process;
    // The reader's own: the newest state that it saw, lane by lane.
    uint64_t numbers[KILL_LANE_MAX];
    model_table lanes[KILL_LANE_MAX];
};

static void tell_wrong(kill_reader *r, const char *what, const char *more)
{
    char *wrong = r->shared->report.wrong;
    if (wrong[0] == 0) {
        (void)snprintf(wrong, sizeof r->shared->report.wrong, "open %" PRIu64 ": %s: %s",
                       r->shared->report.opens, what, more);
    }
}

// ---- One open -------------------------------------------------------------------------------

static ferric_status open_reader(const kill_reader *r, db_reader *reader)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_status status;

    *reader = (db_reader){0};
    options.read_only = true;
    options.memory_limit = (uint64_t)8 << 20;
    harness_encrypt(&options);
    status = ferric_open(r->plan->path, &options, &reader->db);
    return status == FERRIC_OK ? db_reader_open_keyspaces(reader) : status;
}

static void close_reader(kill_reader *r, db_reader *reader)
{
    db_reader_close_keyspaces(reader);
    if (ferric_close(reader->db) != FERRIC_OK) tell_wrong(r, "close", ferric_error_message());
    *reader = (db_reader){0};
}

// Reads all of it; false when that told of something wrong.
static bool read_all(kill_reader *r, const db_reader *reader, model_table *found)
{
    db_reading reading;
    bool is_right = true;

    db_read(reader, &reading);
    if (reading.contradiction != NULL) {
        tell_wrong(r, "reading", reading.contradiction);
        is_right = false;
    } else if (reading.status != FERRIC_OK) {
        tell_wrong(r, ferric_status_name(reading.status), ferric_error_message());
        is_right = false;
    }
    *found = reading.found;
    db_reading_deinit(&reading);
    return is_right;
}

// Moves the lane on to the commit that was found: at least `least`, and none that was seen is gone.
static void find_commit(kill_reader *r, const model_table *found, uint32_t lane, uint64_t least)
{
    model_table *table = &r->lanes[lane];
    uint64_t *number = &r->numbers[lane];
    uint64_t before = *number;
    model_table part;
    char more[96];

    kill_model_lane(found, r->plan->lane_count, lane, &part);
    while (*number < least || !kill_model_equal(table, &part)) {
        if (*number > least + AHEAD_MAX) {
            (void)snprintf(more, sizeof more, "lane %u, seen %" PRIu64 ", acknowledged %" PRIu64,
                           lane, before, least);
            tell_wrong(r, "no commit from there on made what was found", more);
            return;
        }
        kill_model_apply(r->plan, lane, ++*number, table);
    }
    r->shared->report.commits += *number - before;
}

static void open_once(kill_reader *r, db_reader *reader, model_table *found)
{
    uint64_t least[KILL_LANE_MAX];
    ferric_status status;
    bool is_new = true;

    for (uint32_t i = 0; i < KILL_LANE_MAX; i++) {
        least[i] = atomic_load(&r->shared->acknowledged[i]);
        is_new = is_new && least[i] == 0 && r->numbers[i] == 0;
    }
    status = open_reader(r, reader);
    // Before the first commit there is no database.
    if (status == FERRIC_NOT_FOUND && is_new) return;
    if (status != FERRIC_OK) {
        tell_wrong(r, ferric_status_name(status), ferric_error_message());
        return;
    }
    r->shared->report.opens++;
    r->shared->report.opens_beside_writer += ferric_writer_process(reader->db) != 0;
    if (!read_all(r, reader, found)) return;
    for (uint32_t i = 0; i < r->plan->lane_count; i++)
        find_commit(r, found, i, least[i]);
}

// ---- The process ----------------------------------------------------------------------------

static bool goes_on(const kill_reader *r)
{
    uint64_t opens = r->shared->report.opens;

    if (r->shared->report.wrong[0] != 0) return false;
    // Where there never was a database, none is waited for.
    return !atomic_load(&r->shared->is_over) ||
           (opens > 0 && opens < atomic_load(&r->shared->opens_min));
}

// Beside the opens stays one that was made earlier, and shows what it showed then.
static void read_on(kill_reader *r)
{
    db_reader held;
    db_reader reader;
    model_table held_found;
    model_table found;

    while (goes_on(r)) {
        open_once(r, &held, &held_found);
        for (uint32_t i = 0; i < HELD_OPENS && goes_on(r); i++) {
            open_once(r, &reader, &found);
            close_reader(r, &reader);
        }
        if (held.db != NULL && read_all(r, &held, &found) && found.hash != held_found.hash) {
            tell_wrong(r, "an open database shows", "another state than before");
        }
        close_reader(r, &held);
    }
}

kill_reader *kill_reader_start(const kill_plan *plan)
{
    kill_reader *r = harness_alloc(sizeof *r);

    r->plan = plan;
    r->shared =
        mmap(NULL, sizeof *r->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r->shared == MAP_FAILED) harness_panic("no shared page: %s", strerror(errno));
    fflush(stdout);
    r->process = fork();
    if (r->process < 0) harness_panic("no process: %s", strerror(errno));
    if (r->process == 0) {
        read_on(r);
        _exit(0);
    }
    return r;
}

void kill_reader_expect(kill_reader *reader, uint32_t lane, uint64_t number)
{
    if (reader != NULL) atomic_store(&reader->shared->acknowledged[lane], number);
}

void kill_reader_stop(kill_reader *reader, uint64_t opens_min, kill_reader_report *report)
{
    int exit_status = 0;

    atomic_store(&reader->shared->opens_min, opens_min);
    atomic_store(&reader->shared->is_over, true);
    waitpid(reader->process, &exit_status, 0);
    if (exit_status != 0) tell_wrong(reader, "it ended", "by a signal");
    *report = reader->shared->report;
    munmap(reader->shared, sizeof *reader->shared);
    harness_free(reader);
}
