// SPDX-License-Identifier: Apache-2.0
// Do the harnesses notice the mistakes that others made? This build holds them all; here they are
// switched on one after another, and the program that catchers.c names for each must fail. Without
// a mistake it must pass, else its failures say nothing.
//
// FERRIC_SEEDED_BUG_NAMES: "all", one name, "K/8" for an eighth of them, K from 0 on, or "rotation"
// (the default), which is the K/8 of the day. An eighth has the mistakes of few programs, since
// each of its programs has to pass without a mistake first, and the long ones take their time.
//
// usage: seeded_test PROGRAM...    every test program that catchers.c names
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catchers.h"
#include "program_run.h"
#include "support/harness.h"

#define ROTATION_COUNT 8u
// Programs that run at the same time; these are processes of one thread, mostly.
#define LANE_COUNT 2u
#define JOB_MAX (2 * FE_BUG_COUNT)

// A program with a mistake, or with none.
typedef struct job {
    fe_seeded_bug bug; // FE_BUG_NONE: it must pass.
    const char *program;
} job;

typedef struct plan {
    harness *h;
    char *const *programs;
    int program_count;
    job jobs[JOB_MAX];
    uint32_t job_count;
    uint32_t bug_count;
    uint32_t caught;
    uint32_t proved;
} plan;

// ---- Choosing -------------------------------------------------------------------------------

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static const char *find_program(const plan *p, const char *name)
{
    for (int i = 0; name != NULL && i < p->program_count; i++) {
        if (strcmp(last_part(p->programs[i]), name) == 0) return p->programs[i];
    }
    return NULL;
}

static bool has_proof(const plan *p, const char *program)
{
    for (uint32_t i = 0; i < p->job_count; i++) {
        if (p->jobs[i].bug == FE_BUG_NONE && p->jobs[i].program == program) return true;
    }
    return false;
}

static void add_bug(plan *p, fe_seeded_bug bug)
{
    const char *program = find_program(p, catcher_of(bug));

    p->bug_count++;
    if (program == NULL) {
        harness_fail(p->h, "%s has no program that must notice it", fe_seeded_bug_name(bug));
        return;
    }
    if (!has_proof(p, program)) p->jobs[p->job_count++] = (job){FE_BUG_NONE, program};
    p->jobs[p->job_count++] = (job){bug, program};
}

static bool is_before(fe_seeded_bug one, fe_seeded_bug other)
{
    const char *a = catcher_of(one);
    const char *b = catcher_of(other);
    int order = strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
    return order != 0 ? order < 0 : one < other;
}

// Part `part` of `of` of all mistakes, in the order of their programs.
static void add_part(plan *p, uint32_t part, uint32_t of)
{
    fe_seeded_bug sorted[FE_BUG_COUNT];
    uint32_t count = 0;

    for (uint32_t bug = FE_BUG_NONE + 1; bug < FE_BUG_COUNT; bug++) {
        uint32_t at = count++;
        for (; at > 0 && is_before((fe_seeded_bug)bug, sorted[at - 1]); at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = (fe_seeded_bug)bug;
    }
    for (uint32_t i = count * part / of; i < count * (part + 1) / of; i++)
        add_bug(p, sorted[i]);
}

static void add_named(plan *p, const char *name)
{
    for (uint32_t bug = FE_BUG_NONE + 1; bug < FE_BUG_COUNT; bug++) {
        if (strcmp(name, fe_seeded_bug_name((fe_seeded_bug)bug)) != 0) continue;
        add_bug(p, (fe_seeded_bug)bug);
        return;
    }
    harness_fail(p->h, "no mistake is called %s; src/base/seeded_bug.h has the list", name);
}

static void choose(plan *p)
{
    const char *names = getenv("FERRIC_SEEDED_BUG_NAMES");
    unsigned of_rotation;
    char end;

    if (names == NULL || *names == 0 || strcmp(names, "rotation") == 0) {
        of_rotation = (unsigned)(time(NULL) / 86400 % ROTATION_COUNT);
        printf("seeded: today's part is FERRIC_SEEDED_BUG_NAMES=%u/%u\n", of_rotation,
               ROTATION_COUNT);
        add_part(p, of_rotation, ROTATION_COUNT);
    } else if (strcmp(names, "all") == 0) {
        add_part(p, 0, 1);
    } else if (sscanf(names, "%u/8%c", &of_rotation, &end) == 1 && of_rotation < ROTATION_COUNT) {
        add_part(p, of_rotation, ROTATION_COUNT);
    } else {
        add_named(p, names);
    }
}

// ---- Running --------------------------------------------------------------------------------

static void judge(plan *p, const job *j, const program_run *run)
{
    const char *program = last_part(j->program);
    const char *name = j->bug == FE_BUG_NONE ? "no mistake" : fe_seeded_bug_name(j->bug);
    bool has_failed = run->verdict[0] != 0;

    if (j->bug == FE_BUG_NONE && !has_failed) {
        printf("seeded: passes  %-28s %-22s %6.1f s\n", name, program, run->seconds);
        p->proved++;
        harness_pass(p->h);
    } else if (j->bug != FE_BUG_NONE && has_failed) {
        printf("seeded: caught  %-28s %-22s %6.1f s  %s\n", name, program, run->seconds,
               run->evidence[0] == 0 ? run->verdict : run->evidence);
        p->caught++;
        harness_pass(p->h);
    } else if (has_failed) {
        harness_fail(p->h, "%s fails without a mistake (%s): %s", program, run->verdict,
                     run->evidence);
    } else {
        harness_fail(p->h, "%s did not notice %s, %.1f s", program, name, run->seconds);
    }
}

static void run_jobs(plan *p)
{
    program_run lanes[LANE_COUNT] = {0};
    const job *at_work[LANE_COUNT];
    uint32_t running = 0;

    for (uint32_t next = 0; next < p->job_count || running > 0;) {
        for (uint32_t i = 0; i < LANE_COUNT && next < p->job_count; i++) {
            if (lanes[i].process != 0) continue;
            at_work[i] = &p->jobs[next++];
            program_run_start(&lanes[i], at_work[i]->program,
                              at_work[i]->bug == FE_BUG_NONE ? NULL
                                                             : fe_seeded_bug_name(at_work[i]->bug));
            running++;
        }
        program_run *ended = program_run_wait_any(lanes, LANE_COUNT);
        running--;
        judge(p, at_work[ended - lanes], ended);
    }
}

int main(int count, char **arguments)
{
    harness h;
    plan p = {.h = &h, .programs = arguments + 1, .program_count = count - 1};

    harness_begin(&h, "seeded", 1);
    choose(&p);
    run_jobs(&p);
    printf("figure: seeded %u of %u mistakes caught, %d known, %u programs pass without one\n",
           p.caught, p.bug_count, FE_BUG_COUNT - 1, p.proved);
    return harness_end(&h);
}
