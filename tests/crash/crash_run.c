// SPDX-License-Identifier: Apache-2.0
// From a trace to disks, from disks to opened databases, and once more from those.
#include "crash_run.h"

#include <inttypes.h>
#include <string.h>

#include "support/crash_plan.h"

// Disks looked at from each point of a second power loss.
#define DOUBLE_RANDOM_COUNT 2u
#define DOUBLE_SINGLE_MAX 2u
// Points of a recovered database's trace at which the power fails again.
#define DOUBLE_POINT_MAX 6u
// How far ahead a clock may be after a loss: beyond every expiry of a scenario.
#define CLOCK_JUMP_MS (UINT64_C(2000) * 1000 * 1000)

// What the power is cut of: a play, its trace, and the disk it began on.
typedef struct crash_source {
    harness *h;
    const crash_effort *effort;
    crash_tally *tally;
    const scenario *plan;
    fe_random random;
    const oracle *play;
    disk *here; // The disk at `point`.
    size_t point;
    bool is_double;
} crash_source;

static uint64_t mix(uint64_t a, uint64_t b)
{
    return (a ^ b) * 0x9e3779b97f4a7c15u ^ (a >> 31);
}

static bool chance(crash_source *source, uint64_t of_100)
{
    return fe_random_below(&source->random, 100) < of_100;
}

static void report(crash_source *source, const oracle *child, const char *what)
{
    harness_fail(source->h, "%s, point %zu of %zu%s, %s: %s", source->plan->name, source->point,
                 vfs_record_trace_size(source->play->record),
                 source->is_double ? ", second loss" : "", what, child->failure);
}

static void init_child(oracle *child, const crash_source *source, vfs_record *record)
{
    scenario after = *scenario_after_crash();

    after.fsync = source->plan->fsync;
    after.compression = source->plan->compression;
    oracle_init(child, &after, record, 1);
}

static void lose_power_along(crash_source *source, disk *start, const oracle *play,
                             uint64_t points_of_100);

// ---- One disk -------------------------------------------------------------------------------

// Looks at points of the recovered database's own trace: inside recovery, in the first write,
// later.
static void lose_power_again(crash_source *source, const disk *start, const oracle *child)
{
    crash_source again = *source;
    size_t points = vfs_record_trace_size(child->record) + 1;

    again.is_double = true;
    lose_power_along(&again, disk_clone(start), child, 100 * DOUBLE_POINT_MAX / points + 1);
    source->random = again.random;
}

// The clock that the next process finds: the one before it, or any other. A second loss keeps what
// the first one found.
static void set_clock(crash_source *source, vfs_record *record)
{
    uint64_t now_ms = fe_vfs_now_ms(vfs_record_vfs(source->play->record));
    uint64_t dice = source->is_double ? 0 : fe_random_below(&source->random, 4);

    if (dice == 1) now_ms = VFS_RECORD_START_MS;
    if (dice == 2) now_ms = source->play->latest_ms + CLOCK_JUMP_MS;
    vfs_record_set_now_ms(record, now_ms);
}

// Opens what remains after `loss` and judges it; a share then goes on writing, and a share of those
// loses power again. Takes over `left`.
static void look_at(crash_source *source, disk *left, oracle_loss loss)
{
    bool is_again = !source->is_double &&
                    (loss == ORACLE_LOSS_PROCESS || chance(source, source->effort->doubles_of_100));
    disk *start = is_again ? disk_clone(left) : NULL;
    vfs_record *record = vfs_record_create(left, fe_random_next(&source->random));
    oracle child;
    size_t count = 0;

    source->tally->openings++;
    set_clock(source, record);
    init_child(&child, source, record);
    bool is_right = oracle_adopt(&child, source->play, source->point, loss, &count);
    if (is_right && count < oracle_begun(source->play, source->point)) source->tally->partial++;
    if (is_right && (is_again || chance(source, source->effort->writes_of_100))) {
        source->tally->written_to++;
        oracle_run(&child);
    }
    if (child.failure == NULL) oracle_close(&child);
    if (child.failure != NULL)
        report(source, &child, "after the loss");
    else
        harness_pass(source->h);
    if (is_again && child.failure == NULL) lose_power_again(source, start, &child);
    disk_destroy(start);
    oracle_deinit(&child);
    vfs_record_destroy(record);
}

// ---- One point ------------------------------------------------------------------------------

static void lose_power_here(crash_source *source, size_t single_max, size_t random_count)
{
    crash_tally *tally = source->tally;
    uint64_t demand = mix(oracle_required(source->play, source->point, ORACLE_LOSS_POWER),
                          oracle_begun(source->play, source->point));
    crash_plan plan;
    disk *left;

    crash_plan_init(&plan, source->here, single_max, random_count, fe_random_next(&source->random));
    while ((left = crash_plan_next(&plan)) != NULL) {
        uint64_t hash = disk_hash(left);
        hash_set_add(source->is_double ? &tally->double_disks : &tally->disks, hash);
        if (hash_set_add(&tally->judged, mix(hash, demand))) {
            look_at(source, left, ORACLE_LOSS_POWER);
        } else {
            disk_destroy(left);
        }
    }
    crash_plan_deinit(&plan);
}

static void kill_process_here(crash_source *source)
{
    source->tally->process_deaths++;
    look_at(source, disk_clone(source->here), ORACLE_LOSS_PROCESS);
}

// ---- One trace ------------------------------------------------------------------------------

// Goes along the trace of `play`, which began on `start`. Takes over `start`.
static void lose_power_along(crash_source *source, disk *start, const oracle *play,
                             uint64_t points_of_100)
{
    const crash_effort *effort = source->effort;
    size_t size = vfs_record_trace_size(play->record);

    source->here = start;
    source->play = play;
    for (source->point = 0;; source->point++) {
        if (chance(source, points_of_100)) {
            lose_power_here(source, source->is_double ? DOUBLE_SINGLE_MAX : effort->single_max,
                            source->is_double ? DOUBLE_RANDOM_COUNT : effort->random_count);
            if (!source->is_double && chance(source, effort->processes_of_100)) {
                kill_process_here(source);
            }
        }
        if (source->point == size) break;
        disk_apply(source->here, vfs_record_trace_at(play->record, source->point));
    }
    disk_destroy(start);
}

void crash_run(harness *h, const scenario *plan, uint64_t seed, const crash_effort *effort,
               crash_tally *tally)
{
    crash_source source = {.h = h, .effort = effort, .tally = tally, .plan = plan};
    vfs_record *record = vfs_record_create(disk_create(), seed);
    oracle play;

    source.random.state = seed;
    oracle_init(&play, plan, record, seed);
    oracle_run(&play);
    oracle_close(&play);
    if (play.failure != NULL) {
        harness_fail(h, "%s without a fault: %s", plan->name, play.failure);
    } else {
        lose_power_along(&source, disk_create(), &play, effort->points_of_100);
    }
    oracle_deinit(&play);
    vfs_record_destroy(record);
}
