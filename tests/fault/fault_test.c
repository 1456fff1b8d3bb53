// SPDX-License-Identifier: Apache-2.0
// Every call k of every scenario fails, in each way it can, once and from then on
// (docs/TESTING.md).
//
// After the fault: every call was answered, reads show the commits and nothing else; once the cause
// is gone, a full disk resumes by itself; a clean reopen shows every acknowledged commit and none
// that was refused; the database takes writes again; and a power loss in the faulty state keeps the
// contract.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "base/random.h"
#include "support/crash_plan.h"
#include "support/harness.h"
#include "support/oracle.h"

#define RUN_FLOOR 20000u
#define SCENARIO_FLOOR 14u
#define ROUND_MAX 40u
// Disks looked at after a power loss in the faulty state.
#define LOSS_RANDOM_COUNT 2u
// Of the events pending right behind a refused commit, so many are looked at on their own.
#define REFUSAL_SINGLE_MAX 4u

typedef struct fault_tally {
    uint64_t runs;
    uint64_t refusals;
    uint64_t scenarios;
    uint64_t resumed;
    uint64_t unknown; // Runs in which an outcome became unknown.
    uint64_t losses;
    uint64_t refusal_losses; // Refused commits behind which the power failed at once.
    uint64_t by_kind[FAULT_KIND_COUNT];
} fault_tally;

typedef struct fault_run {
    harness *h;
    const scenario *plan;
    uint64_t seed;
    fault_plan fault;
    vfs_record *record;
    oracle o;
    fault_tally *tally;
} fault_run;

#define BIT(status) (UINT32_C(1) << FERRIC_##status)

// How calls may be refused under a kind of fault.
static uint32_t allowed_statuses(fault_kind kind)
{
    uint32_t common = BIT(IO) | BIT(OUTCOME_UNKNOWN) | BIT(READ_ONLY);

    switch (kind) {
    case FAULT_NONE:
        return 0;
    case FAULT_NO_SPACE:
        return BIT(NO_SPACE);
    case FAULT_SHORT_SPACE:
        return BIT(NO_SPACE) | BIT(OUTCOME_UNKNOWN) | BIT(READ_ONLY);
    case FAULT_MANY_FILES:
        return common | BIT(TOO_MANY_FILES);
    case FAULT_FLIP:
        return common | BIT(CORRUPT) | BIT(UNSUPPORTED) | BIT(NOT_A_DATABASE);
    default:
        return common;
    }
}

static void report(fault_run *run, const char *when)
{
    harness_fail(run->h, "%s, %s, call %" PRIu64 "%s, %s: %s", run->plan->name,
                 fault_kind_name(run->fault.kind), run->fault.call,
                 run->fault.is_persistent ? " and on" : "", when, run->o.failure);
}

// ---- After the fault ------------------------------------------------------------------------

// A full disk that has space again takes writes, through the handle that was refused.
static void check_resumed(fault_run *run)
{
    static const scenario_step put = {.verb = STEP_PUT, .key = 45, .size = 20};
    bool is_space = run->fault.kind == FAULT_NO_SPACE || run->fault.kind == FAULT_SHORT_SPACE;

    if (!is_space || run->o.db == NULL || run->o.is_poisoned) return;
    run->o.allowed = 0;
    oracle_step(&run->o, &put);
    run->tally->resumed++;
}

// What a power loss leaves of the disk as the fault left it.
static void check_loss(fault_run *run, const disk *left_by_fault, size_t point, size_t single_max)
{
    crash_plan plan;
    disk *left;

    crash_plan_init(&plan, left_by_fault, single_max, LOSS_RANDOM_COUNT,
                    run->seed + run->fault.call);
    while (run->o.failure == NULL && (left = crash_plan_next(&plan)) != NULL) {
        vfs_record *record = vfs_record_create(left, run->seed + 77);
        oracle child;
        run->tally->losses++;
        oracle_init(&child, &run->o.plan, record, 1);
        if (oracle_adopt(&child, &run->o, point, ORACLE_LOSS_POWER, NULL)) oracle_close(&child);
        if (child.failure != NULL) {
            run->o.failure = harness_format("power loss: %s", child.failure);
        }
        oracle_deinit(&child);
        vfs_record_destroy(record);
    }
    crash_plan_deinit(&plan);
}

static const oracle_commit *first_refused(const oracle *o)
{
    for (size_t i = 0; i < o->commit_count; i++) {
        if (o->commits[i].outcome == ORACLE_NOT_COMMITTED) return &o->commits[i];
    }
    return NULL;
}

// A commit whose write failed with a part or all of it on its way is "not committed", also when the
// power fails before anything else is written.
static void check_loss_behind_refusal(fault_run *run)
{
    const oracle_commit *refused = first_refused(&run->o);
    disk *here;

    if (refused == NULL) return;
    if (run->fault.kind != FAULT_SHORT && run->fault.kind != FAULT_LATE) return;
    here = disk_create();
    for (size_t i = 0; i < refused->end; i++)
        disk_apply(here, vfs_record_trace_at(run->record, i));
    check_loss(run, here, refused->end, REFUSAL_SINGLE_MAX);
    run->tally->refusal_losses++;
    disk_destroy(here);
}

static void judge_afterwards(fault_run *run, uint32_t allowed)
{
    oracle *o = &run->o;

    o->allowed = 0;
    oracle_check_now(o);
    check_resumed(run);
    o->allowed = allowed;
    oracle_close(o);
    o->allowed = 0;
    oracle_open(o);
    oracle_check_usable(o);
    oracle_close(o);
}

static void judge(fault_run *run)
{
    oracle *o = &run->o;
    disk *left_by_fault = disk_clone(vfs_record_disk(run->record));
    size_t point = vfs_record_trace_size(run->record);
    uint32_t allowed = o->allowed;
    const char *when = "while it lasts";

    oracle_check_now(o);
    if (o->failure == NULL && run->fault.kind != FAULT_FLIP) {
        check_loss(run, left_by_fault, point, 0);
    }
    if (o->failure == NULL) {
        when = "behind the refusal";
        check_loss_behind_refusal(run);
    }
    vfs_record_set_plan(run->record, (fault_plan){FAULT_NONE, 0, false});
    if (o->failure == NULL) {
        when = "afterwards";
        judge_afterwards(run, allowed);
    }
    if (o->failure != NULL) {
        report(run, when);
    } else {
        harness_pass(run->h);
    }
    disk_destroy(left_by_fault);
}

// ---- One run --------------------------------------------------------------------------------

// Plays the scenario with the fault; returns the calls that each kind can befall when there is
// none.
static void run_once(harness *h, const scenario *plan, uint64_t seed, fault_plan fault,
                     fault_tally *tally, uint64_t calls[FAULT_KIND_COUNT])
{
    fault_run run = {.h = h, .plan = plan, .seed = seed, .fault = fault, .tally = tally};

    run.record = vfs_record_create(disk_create(), seed);
    vfs_record_set_plan(run.record, fault);
    oracle_init(&run.o, plan, run.record, seed);
    run.o.allowed = allowed_statuses(fault.kind);
    if (fault.kind == FAULT_SYNC_LOST) run.o.excuse = ORACLE_LOSS_POWER;
    if (fault.kind == FAULT_FLIP) {
        run.o.excuse = fault.is_persistent ? ORACLE_LOSS_ANY : ORACLE_LOSS_TAIL;
    }
    oracle_run(&run.o);
    // A life ends with its close, and so does what can fail; a fault before it leaves the handle
    // open, to be used on.
    if (vfs_record_hits(run.record) == 0) oracle_close(&run.o);
    if (vfs_record_hits(run.record) == 0 && fault.kind != FAULT_NONE && run.o.failure == NULL) {
        run.o.failure = harness_format("the call never came");
    }
    for (int kind = 0; kind < FAULT_KIND_COUNT && calls != NULL; kind++) {
        calls[kind] = vfs_record_calls(run.record, (fault_kind)kind);
    }
    if (run.o.failure != NULL) {
        report(&run, "while playing");
    } else if (fault.kind != FAULT_NONE) {
        tally->runs++;
        tally->by_kind[fault.kind]++;
        tally->unknown += run.o.is_poisoned;
        judge(&run);
        tally->refusals += run.o.refusals;
    }
    oracle_deinit(&run.o);
    vfs_record_destroy(run.record);
}

// Every call of every kind; at a part of the scale, every n-th, beginning elsewhere for each kind.
static void run_scenario(harness *h, const scenario *plan, uint64_t seed, fault_tally *tally)
{
    uint64_t calls[FAULT_KIND_COUNT] = {0};
    uint64_t stride = h->scale_percent >= 100 ? 1 : 100 / h->scale_percent;
    // Else scenarios with few calls of a kind would all leave out the same ones.
    fe_random random = {seed ^ fe_hash64(plan->name, strlen(plan->name))};

    run_once(h, plan, seed, (fault_plan){FAULT_NONE, 0, false}, tally, calls);
    for (int kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        // Of a kind with few calls one is taken all the same.
        uint64_t few = calls[kind] < stride && calls[kind] > 0 ? calls[kind] : stride;
        uint64_t first = 1 + fe_random_below(&random, few);
        for (uint64_t call = first; call <= calls[kind] && h->failed < 20; call += stride) {
            run_once(h, plan, seed, (fault_plan){(fault_kind)kind, call, false}, tally, NULL);
            run_once(h, plan, seed, (fault_plan){(fault_kind)kind, call, true}, tally, NULL);
        }
    }
    tally->scenarios++;
}

int main(void)
{
    harness h;
    fault_tally tally = {0};

    harness_begin(&h, "fault", 20261121);
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
    for (int kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        char *name = harness_format("runs of %s", fault_kind_name((fault_kind)kind));
        harness_count(&h, name, tally.by_kind[kind], 1);
        harness_free(name);
    }
    if (h.only == NULL && tally.scenarios < SCENARIO_FLOOR) {
        harness_fail(&h, "only %" PRIu64 " scenarios", tally.scenarios);
    }
    harness_count(&h, "scenarios", tally.scenarios, 0);
    harness_count(&h, "calls refused", tally.refusals, 1);
    harness_count(&h, "runs with an unknown outcome", tally.unknown, 1);
    harness_count(&h, "full disks that resumed without a reopen", tally.resumed, 1);
    harness_count(&h, "power losses in the faulty state", tally.losses, 1);
    harness_count(&h, "refused commits with a power loss right behind", tally.refusal_losses, 1);
    oracle_count_played(&h);
    return harness_end(&h);
}
