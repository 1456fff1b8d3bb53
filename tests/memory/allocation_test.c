// SPDX-License-Identifier: Apache-2.0
// Every allocation k of every scenario fails, once and from then on (docs/TESTING.md).
//
// While it lasts a call answers NO_MEMORY and has done nothing. Afterwards the same handle, without
// a reopen, shows every commit and takes writes; when all is closed no byte is still allocated.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "support/harness.h"
#include "support/oracle.h"

#define RUN_FLOOR 15000u
#define SCENARIO_FLOOR 12u
#define ROUND_MAX 40u

// ---- An allocator that can run out ----------------------------------------------------------

typedef struct failing_allocator {
    uint64_t calls;
    uint64_t fail_at; // 0: never.
    bool is_persistent;
    uint64_t hits;
    int64_t live; // Blocks not yet released.
} failing_allocator;

static bool must_fail(failing_allocator *allocator)
{
    allocator->calls++;
    if (allocator->fail_at == 0 || allocator->calls < allocator->fail_at) return false;
    if (allocator->calls > allocator->fail_at && !allocator->is_persistent) return false;
    allocator->hits++;
    return true;
}

static void *failing_reallocate(void *context, void *memory, size_t size)
{
    failing_allocator *allocator = context;

    if (must_fail(allocator)) return NULL;
    void *moved = realloc(memory, size);
    if (memory == NULL && moved != NULL) allocator->live++;
    return moved;
}

static void failing_release(void *context, void *memory)
{
    failing_allocator *allocator = context;

    if (memory != NULL) allocator->live--;
    free(memory);
}

// ---- One run --------------------------------------------------------------------------------

typedef struct memory_tally {
    uint64_t runs;
    uint64_t refusals;
    uint64_t scenarios;
    uint64_t allocations; // Of the runs without a failure.
} memory_tally;

#define BIT(status) (UINT32_C(1) << FERRIC_##status)

static void report(harness *h, const scenario *plan, const failing_allocator *allocator,
                   const char *what)
{
    harness_fail(h, "%s, allocation %" PRIu64 "%s: %s", plan->name, allocator->fail_at,
                 allocator->is_persistent ? " and on" : "", what);
}

// The handle that met the failure is used on; only a failed open is tried again.
static void check_afterwards(oracle *o, failing_allocator *allocator)
{
    static const scenario_step put = {.verb = STEP_PUT, .key = 45, .size = 20};

    allocator->fail_at = 0;
    o->allowed = 0;
    oracle_check_now(o);
    oracle_step(o, &put);
    oracle_check_usable(o);
    oracle_close(o);
}

// Plays with allocation `fail_at` failing; returns how many there were.
static uint64_t run_once(harness *h, const scenario *plan, uint64_t seed, uint64_t fail_at,
                         bool is_persistent, memory_tally *tally)
{
    failing_allocator allocator = {.fail_at = fail_at, .is_persistent = is_persistent};
    ferric_allocator hook = {failing_reallocate, failing_release, &allocator};
    vfs_record *record = vfs_record_create(disk_create(), seed);
    uint64_t failed_before = h->failed;
    oracle o;

    ferric_set_allocator(&hook);
    oracle_init(&o, plan, record, seed);
    o.allowed = fail_at == 0 ? 0 : BIT(NO_MEMORY);
    oracle_run(&o);
    // A life ends with its close, and so does what can fail; a failure before it leaves the handle
    // open, to be used on.
    if (allocator.hits == 0) oracle_close(&o);
    uint64_t calls = allocator.calls;
    if (fail_at != 0 && allocator.hits == 0) report(h, plan, &allocator, "it never came");
    if (o.failure == NULL) check_afterwards(&o, &allocator);
    allocator.fail_at = fail_at;
    if (o.failure != NULL) report(h, plan, &allocator, o.failure);
    tally->refusals += o.refusals;
    oracle_deinit(&o);
    ferric_set_allocator(NULL);
    if (allocator.live != 0) {
        char *text = harness_format("%" PRId64 " blocks are still allocated", allocator.live);
        report(h, plan, &allocator, text);
        harness_free(text);
    }
    vfs_record_destroy(record);
    if (h->failed == failed_before) harness_pass(h);
    return calls;
}

static void run_scenario(harness *h, const scenario *plan, uint64_t seed, memory_tally *tally)
{
    uint64_t stride = h->scale_percent >= 100 ? 1 : 100 / h->scale_percent;
    fe_random random = {seed};
    uint64_t calls = run_once(h, plan, seed, 0, false, tally);
    uint64_t first = 1 + fe_random_below(&random, stride);

    tally->allocations += calls;
    for (uint64_t call = first; call <= calls && h->failed < 20; call += stride) {
        run_once(h, plan, seed, call, false, tally);
        run_once(h, plan, seed, call, true, tally);
        tally->runs += 2;
    }
    tally->scenarios++;
}

int main(void)
{
    harness h;
    memory_tally tally = {0};

    harness_begin(&h, "memory", 20261121);
    for (uint64_t round = 0; round < ROUND_MAX && h.failed == 0; round++) {
        for (size_t i = 0; i < scenario_count(); i++) {
            const scenario *plan = scenario_at(i);
            // Later rounds are for newly drawn steps.
            if (round > 0 && plan->random_count == 0) continue;
            if (harness_wants(&h, plan->name)) run_scenario(&h, plan, h.seed + round, &tally);
        }
        if (h.only != NULL || tally.runs >= harness_floor(&h, RUN_FLOOR)) break;
    }
    harness_count(&h, "runs", tally.runs, RUN_FLOOR);
    if (h.only == NULL && tally.scenarios < SCENARIO_FLOOR) {
        harness_fail(&h, "only %" PRIu64 " scenarios", tally.scenarios);
    }
    harness_count(&h, "scenarios", tally.scenarios, 0);
    harness_count(&h, "allocations of the runs that all succeed", tally.allocations, 1);
    harness_count(&h, "calls refused", tally.refusals, 1);
    oracle_count_played(&h);
    return harness_end(&h);
}
