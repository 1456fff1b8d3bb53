// SPDX-License-Identifier: Apache-2.0
// Proves that the harness notices wrong answers: an engine that tells the truth passes, and each
// kind of lie ends its process.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peers/engines.h"
#include "peers/worker.h"
#include "support/failure.h"

#define KEYS 1000
#define VICTIM 500 // A number that is filled: even.

typedef enum lie {
    TELL_THE_TRUTH,
    LOSE_A_KEY,
    FIND_A_MISSING_KEY,
    GIVE_A_STALE_VALUE,
    GIVE_ANOTHER_VALUE,
    CHANGE_A_BIT,
    CUT_A_VALUE,
    KEEP_A_DELETED_KEY,
    SKIP_IN_A_SCAN,
    REPEAT_IN_A_SCAN,
    END_A_SCAN_EARLY,
    LIE_COUNT,
} lie;

static const char *const lie_names[LIE_COUNT] = {
    "the truth",
    "a lost key",
    "a key that is not there",
    "a stale value",
    "another's value",
    "a changed bit",
    "a cut value",
    "a deleted key kept",
    "a key left out",
    "a key told twice",
    "a scan that ends early",
};

static lie told;
static uint8_t changed[256];

static bool is_victim(engine_bytes key)
{
    uint64_t number;

    return bench_dataset_parse(key.data, key.size, &number) && number == VICTIM;
}

static void put(engine_session *session, engine_bytes key, engine_bytes value)
{
    // The second generation of the victim is acknowledged and forgotten.
    if (told == GIVE_A_STALE_VALUE && is_victim(key) && value.data[0] == 2) return;
    engine_none.put(session, key, value);
}

static void remove_key(engine_session *session, engine_bytes key)
{
    if (told == KEEP_A_DELETED_KEY && is_victim(key)) return;
    engine_none.remove(session, key);
}

static bool get(engine_session *session, engine_bytes key, engine_bytes *value)
{
    bench_key other;
    bench_dataset any = {.form = BENCH_KEY_DECIMAL};
    bool is_found = engine_none.get(session, key, value);

    if (told == LOSE_A_KEY && is_victim(key)) return false;
    if (told == FIND_A_MISSING_KEY && !is_found) {
        bench_dataset_key(&any, VICTIM, &other);
        return engine_none.get(session, (engine_bytes){other.bytes, other.size}, value);
    }
    if (told == GIVE_ANOTHER_VALUE && is_victim(key)) {
        bench_dataset_key(&any, VICTIM + 2, &other);
        return engine_none.get(session, (engine_bytes){other.bytes, other.size}, value);
    }
    if (told == CHANGE_A_BIT && is_victim(key)) {
        memcpy(changed, value->data, value->size);
        changed[value->size - 1] ^= 1;
        value->data = changed;
    }
    if (told == CUT_A_VALUE && is_victim(key)) value->size--;
    return is_found;
}

typedef struct scan_lie {
    engine_visit visit;
    void *context;
} scan_lie;

static void visit_with_lie(void *context, engine_bytes key, engine_bytes value)
{
    scan_lie *self = context;

    if (told == SKIP_IN_A_SCAN && is_victim(key)) return;
    if (told == REPEAT_IN_A_SCAN && is_victim(key)) self->visit(self->context, key, value);
    self->visit(self->context, key, value);
}

static size_t scan(engine_session *session, engine_bytes from, size_t count, engine_visit visit,
                   void *context)
{
    scan_lie self = {visit, context};

    if (told == END_A_SCAN_EARLY) count /= 2;
    return engine_none.scan(session, from, count, visit_with_lie, &self);
}

// Writes, reads, overwrites, deletes and scans on an engine that tells one lie.
static void work(lie lie_to_tell)
{
    engine liar = engine_none;
    bench_run run = {.engine = &liar};
    worker *self;
    uint64_t number;

    told = lie_to_tell;
    liar.put = put;
    liar.remove = remove_key;
    liar.get = get;
    liar.scan = scan;
    run.settings = (engine_settings){.value_size = 100, .data_bytes_max = 2 * KEYS * 116};
    bench_dataset_init(&run.dataset, KEYS, 100, BENCH_KEY_DECIMAL);
    run.generations = bench_allocate(2 * KEYS, 1);
    run.db = liar.open(&run.settings);
    self = workers_create(&run, 1);
    for (number = 0; number < 2 * KEYS; number += 2)
        worker_put(self, number);
    for (number = 0; number < 2 * KEYS; number++)
        worker_read(self, number);
    worker_scan(self, VICTIM - 100, 100);
    worker_put(self, VICTIM);
    worker_read(self, VICTIM);
    worker_remove(self, VICTIM);
    worker_read(self, VICTIM);
    // Not tidied up: the process ends here.
    _exit(0);
}

static bool ends_as_it_should(lie lie_to_tell)
{
    int status;
    pid_t child;

    fflush(stdout); // Or the child would print it again.
    child = fork();

    if (child < 0) bench_die("no process");
    if (child == 0) {
        // What it complains about is expected.
        if (lie_to_tell != TELL_THE_TRUTH && freopen("/dev/null", "w", stderr) == NULL) _exit(9);
        work(lie_to_tell);
    }
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return false;
    return WEXITSTATUS(status) == (lie_to_tell == TELL_THE_TRUTH ? 0 : 1);
}

int main(void)
{
    int passed = 0, failed = 0, i;

    for (i = 0; i < LIE_COUNT; i++) {
        if (ends_as_it_should((lie)i)) {
            passed++;
        } else {
            failed++;
            printf("not told apart: %s\n", lie_names[i]);
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
