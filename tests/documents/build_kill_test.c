// SPDX-License-Identifier: Apache-2.0
// Two indexes are built over a large collection, in the background and beside a writer, by
// processes that are killed with SIGKILL on the way. Each build goes on where it was, and in the
// end both indexes have what the documents have.
//
// A process dies soon after an event of its build, one put or some later, or at the next event: by
// its own hand, so that the build cannot be over before somebody looks. What it saw of the build
// stands in memory that it shares with its parent.
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ferric/ferric.h>

#include "base/random.h"
#include "os/vfs.h"
#include "support/harness.h"

#define DOCUMENT_FLOOR 1000000u
// A process comes no further than to its third event, two tenths of the documents on.
#define KILL_FLOOR 8u
#define WRITE_FLOOR 2000u
#define GROUP_COUNT 1000u
#define INDEX_COUNT 2
#define PUTS_BEFORE_DEATH 64u
// So many documents after it began a build tells of itself; there must be more of them.
#define DOCUMENTS_TOLD 10000u
#define DOCUMENTS_MIN 50000u

static const char *const names[INDEX_COUNT] = {"group_1", "number_1"};
static const char *const keys[INDEX_COUNT] = {"{\"group\":1}", "{\"number\":1}"};

// Shared with the processes that are killed.
typedef struct shared {
    _Atomic(uint64_t) told[INDEX_COUNT]; // Documents that a build has passed, as far as was seen.
    _Atomic(uint64_t) writes;
    _Atomic(uint64_t) longest_ns; // Of a put.
    _Atomic(bool) is_built;
    _Atomic(bool) is_wrong;
    char message[256]; // What is wrong.
} shared;

// One process.
typedef struct life {
    shared *seen;
    ferric_db *db;
    ferric_keyspace *docs;
    fe_random random;
    uint64_t count; // Documents at the beginning.
    uint32_t events_to_live;
    _Atomic(uint32_t) puts_to_live; // 0: as many as come.
} life;

static ferric_slice slice(const char *text)
{
    return (ferric_slice){text, strlen(text)};
}

static void raise_to(_Atomic(uint64_t) *most, uint64_t value)
{
    if (atomic_load(most) < value) atomic_store(most, value);
}

// ---- A process's own ------------------------------------------------------------------------

static FE_PRINTF(2, 3) void go_wrong(life *self, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(self->seen->message, sizeof self->seen->message, format, arguments);
    va_end(arguments);
    atomic_store(&self->seen->is_wrong, true);
    _exit(1);
}

static void must(life *self, ferric_status status, const char *what)
{
    if (status != FERRIC_OK)
        go_wrong(self, "%s: %s, %s", what, ferric_status_name(status), ferric_error_message());
}

static void die(void)
{
    kill(getpid(), SIGKILL);
}

// Runs in the thread that builds.
static void hear(void *context, const ferric_event *event)
{
    life *self = context;
    char name[32];
    uint64_t documents;

    if (event->kind != FERRIC_EVENT_INDEX) return;
    if (sscanf(event->message, "index \"%31[^\"]\": %" SCNu64 " documents, of", name, &documents) !=
        2)
        return;
    raise_to(&self->seen->told[strcmp(name, names[1]) == 0], documents);
    if (self->events_to_live == 0) return;
    if (atomic_load(&self->puts_to_live) != 0) die(); // The writer did not come to it.
    if (--self->events_to_live > 0) return;
    self->events_to_live = 1;
    atomic_store(&self->puts_to_live,
                 1 + (uint32_t)fe_random_below(&self->random, PUTS_BEFORE_DEATH));
}

static void open_database(life *self, const char *path)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.fsync = FERRIC_FSYNC_NEVER;
    options.event_callback = hear;
    options.event_context = self;
    must(self, ferric_open(path, &options, &self->db), "open");
    must(self, ferric_keyspace_open(self->db, "docs", FERRIC_KEYSPACE_COLLECTION, &self->docs),
         "keyspace");
}

static void close_database(life *self)
{
    ferric_keyspace_close(self->docs);
    must(self, ferric_close(self->db), "close");
}

// Its number is a document's alone, its group changes whenever it is written.
static ferric_slice make_text(uint64_t number, uint64_t group, char text[96])
{
    int size =
        snprintf(text, 96, "{\"group\":%" PRIu64 ",\"number\":%" PRIu64 ",\"note\":\"some\"}",
                 group, number);
    return (ferric_slice){text, (size_t)size};
}

static ferric_slice make_id(uint64_t number, char id[24])
{
    int size = snprintf(id, 24, "d%08" PRIu64, number);
    return (ferric_slice){id, (size_t)size};
}

static void fill(life *self)
{
    ferric_batch *batch;

    must(self, ferric_batch_create(&batch), "batch");
    for (uint64_t i = 0; i < self->count; i++) {
        char text[96];
        char id[24];
        must(self,
             ferric_batch_document_put(batch, self->docs, make_id(i, id),
                                       make_text(i, i % GROUP_COUNT, text)),
             "put");
        if (i % 1000 != 999 && i + 1 < self->count) continue;
        must(self, ferric_write(self->db, batch, NULL, NULL), "write");
        ferric_batch_clear(batch);
    }
    ferric_batch_destroy(batch);
}

// ---- Building beside a writer ---------------------------------------------------------------

static void begin_indexes(life *self)
{
    for (int i = 0; i < INDEX_COUNT; i++) {
        ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
        ferric_build_progress found;
        ferric_status status = ferric_index_progress(self->db, self->docs, names[i], &found);

        if (status == FERRIC_NOT_FOUND) {
            options.background = true;
            options.unique = i == 1;
            must(self, ferric_index_create(self->db, self->docs, slice(keys[i]), &options),
                 "create");
            continue;
        }
        must(self, status, "progress");
        if (!found.is_ready && found.documents < atomic_load(&self->seen->told[i]))
            go_wrong(self, "%s goes on at %" PRIu64 " documents, and had passed %" PRIu64, names[i],
                     found.documents, atomic_load(&self->seen->told[i]));
    }
}

static bool is_built(life *self)
{
    bool is_ready = true;

    for (int i = 0; i < INDEX_COUNT; i++) {
        ferric_build_progress found;
        must(self, ferric_index_progress(self->db, self->docs, names[i], &found), "progress");
        raise_to(&self->seen->told[i], found.documents);
        is_ready = is_ready && found.is_ready;
    }
    return is_ready;
}

// A document that is there, or one more; in eight writes one goes.
static void write_one(life *self)
{
    uint64_t number = fe_random_below(&self->random, self->count + self->count / 8);
    uint64_t begun = fe_vfs_monotonic_ns(fe_vfs_posix());
    char text[96];
    char id[24];
    ferric_status status;

    if (fe_random_below(&self->random, 8) == 0) {
        status = ferric_delete(self->db, self->docs, make_id(number, id), NULL);
    } else {
        status = ferric_document_put(
            self->db, self->docs, make_id(number, id),
            make_text(number, fe_random_below(&self->random, GROUP_COUNT), text), NULL);
    }
    must(self, status, "write");
    raise_to(&self->seen->longest_ns, fe_vfs_monotonic_ns(fe_vfs_posix()) - begun);
    atomic_fetch_add(&self->seen->writes, 1);
    if (atomic_load(&self->puts_to_live) != 0 && atomic_fetch_sub(&self->puts_to_live, 1) == 1)
        die();
}

static void write_until_built(life *self)
{
    do {
        for (int i = 0; i < 16; i++)
            write_one(self);
    } while (!is_built(self));
    atomic_store(&self->seen->is_built, true);
}

// ---- The end --------------------------------------------------------------------------------

static uint64_t count_group(life *self, uint64_t group, const char *hint)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    char *filter = harness_format("{\"group\":%" PRIu64 "}", group);
    uint64_t count;

    options.hint = hint;
    must(self, ferric_find_count(self->db, self->docs, slice(filter), &options, &count), "count");
    harness_free(filter);
    return count;
}

static void check_all(life *self)
{
    uint64_t entries;
    char text[96];

    must(self, ferric_index_verify(self->db, self->docs, NULL, &entries), "verify");
    if (entries < self->count) go_wrong(self, "%" PRIu64 " entries are too few", entries);
    for (uint64_t group = 0; group < 3; group++) {
        uint64_t found = count_group(self, group, names[0]);
        uint64_t scanned = count_group(self, group, "$scan");
        if (found != scanned || found == 0)
            go_wrong(self, "group %" PRIu64 ": the index finds %" PRIu64 " of %" PRIu64, group,
                     found, scanned);
    }
    must(self,
         ferric_document_put(self->db, self->docs, slice("one"),
                             make_text(2 * self->count, 0, text), NULL),
         "put");
    if (ferric_document_put(self->db, self->docs, slice("two"), make_text(2 * self->count, 0, text),
                            NULL) != FERRIC_ALREADY_EXISTS)
        go_wrong(self, "the unique index let a value in twice");
}

// ---- The parent -----------------------------------------------------------------------------

typedef void (*life_step)(life *self);

static void live(life *self, const char *path, const life_step *steps, size_t count)
{
    open_database(self, path);
    for (size_t i = 0; i < count; i++)
        steps[i](self);
    close_database(self);
    _exit(0);
}

// Runs a process; returns whether it was killed.
static bool run_life(harness *h, life *self, const char *path, const life_step *steps, size_t count)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child < 0) harness_panic("no process: %s", strerror(errno));
    if (child == 0) live(self, path, steps, count);
    if (waitpid(child, &status, 0) != child) harness_panic("waitpid: %s", strerror(errno));
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        harness_pass(h);
        return true;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || atomic_load(&self->seen->is_wrong)) {
        harness_fail(h, "a process ended with %x: %s", (unsigned)status, self->seen->message);
    } else {
        harness_pass(h);
    }
    return false;
}

// Lives until the indexes are built; returns how many were killed.
static uint64_t build(harness *h, life *self, const char *path)
{
    static const life_step steps[] = {begin_indexes, write_until_built};
    fe_random random = {h->seed};
    // Each comes at least as far as an event.
    uint64_t kills_max = INDEX_COUNT * (self->count + self->count / 8) / DOCUMENTS_TOLD + 1;
    uint64_t kills = 0;

    for (bool is_killed = true; is_killed;) {
        self->random.state = h->seed + kills;
        self->events_to_live = 1 + (uint32_t)fe_random_below(&random, 2);
        is_killed = run_life(h, self, path, steps, 2);
        kills += is_killed;
        if (kills > kills_max) {
            harness_fail(h, "the builds do not come on");
            break;
        }
    }
    return kills;
}

int main(void)
{
    static const life_step filling[] = {fill};
    static const life_step checking[] = {check_all};
    const char *temporary = getenv("TMPDIR");
    life self = {0};
    uint64_t kills = 0;
    harness h;

    harness_begin(&h, "build kill", 20261125);
    char *directory =
        harness_format("%s/ferric-build-kill-XXXXXX", temporary == NULL ? "/tmp" : temporary);
    if (mkdtemp(directory) == NULL) harness_panic("%s: %s", directory, strerror(errno));
    char *path = harness_format("%s/db", directory);
    self.seen =
        mmap(NULL, sizeof *self.seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (self.seen == MAP_FAILED) harness_panic("no shared memory: %s", strerror(errno));
    self.count = harness_floor(&h, DOCUMENT_FLOOR);
    if (self.count < DOCUMENTS_MIN) self.count = DOCUMENTS_MIN;
    (void)run_life(&h, &self, path, filling, 1);
    if (h.failed == 0) kills = build(&h, &self, path);
    self.events_to_live = 0;
    if (h.failed == 0) (void)run_life(&h, &self, path, checking, 1);
    if (h.failed == 0 && (ferric_destroy(path, NULL) != FERRIC_OK || rmdir(directory) != 0))
        harness_fail(&h, "%s: %s", directory, ferric_error_message());
    if (h.failed != 0) printf("build kill: the database is kept in %s\n", path);
    harness_count(&h, "documents", self.count, DOCUMENT_FLOOR);
    harness_count(&h, "kills amid a build", kills, KILL_FLOOR);
    harness_count(&h, "writes beside it", atomic_load(&self.seen->writes), WRITE_FLOOR);
    harness_count(&h, "microseconds of the longest", atomic_load(&self.seen->longest_ns) / 1000, 0);
    munmap(self.seen, sizeof *self.seen);
    harness_free(path);
    harness_free(directory);
    return harness_end(&h);
}
