// SPDX-License-Identifier: Apache-2.0
// Picking a compaction: scores, then tables.
#include "lsm/compaction_picker.h"

#include <string.h>

#include "base/seeded_bug.h"

// A table of which more than half are deletes is pushed down even when its level has room, and so
// is one with range deletes: what they hide may be whole tables of the levels below, which go
// unread.
static bool is_mostly_deletes(const fe_table_file *file)
{
    return file->deletes > file->entries / 2 || file->range_deletes > 0;
}

static uint64_t target_bytes(const fe_picker_options *options, uint32_t level)
{
    uint64_t target = options->base_bytes;
    for (uint32_t i = 1; i < level; i++)
        target *= FE_LEVEL_RATIO;
    return target;
}

uint32_t fe_version_deepest(const fe_version *version)
{
    uint32_t deepest = 0;
    for (uint32_t i = 1; i < FE_LEVEL_COUNT; i++) {
        if (version->levels[i].count > 0) deepest = i;
    }
    return deepest;
}

// Of large values only pointers are merged, so level 0 stays small beside level 1 while what it
// hides there grows. It is merged when it points to an eighth of all value bytes, and merging costs
// little beside that: the values that it makes dead can then be counted, and collected.
#define VALUES_HIDDEN_PART 8
#define VALUES_WORTH 8

static bool hides_values(const fe_version *version)
{
    const fe_level *level = &version->levels[0];
    uint64_t all = 0;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++)
        all += version->levels[i].value_bytes;
    return version->levels[1].value_bytes > 0 && level->value_bytes > all / VALUES_HIDDEN_PART &&
           level->value_bytes > (level->bytes + version->levels[1].bytes) * VALUES_WORTH;
}

// Merging for scans rewrites at most so many bytes of level 1 for each of level 0: whatever they
// pay, the bytes written for each byte put stay bounded.
#define OVERLAP_BELOW_MAX 4

uint64_t fe_compaction_overlap_price(const fe_version *version)
{
    const fe_level *level = &version->levels[0];
    const fe_level *below = &version->levels[1];
    uint32_t runs = level->count + (below->count > 0 ? 1 : 0);

    if (level->count == 0 || runs < 2) return UINT64_MAX;
    if (below->bytes / OVERLAP_BELOW_MAX > level->bytes) return UINT64_MAX;
    return level->bytes + below->bytes;
}

static double level0_score_of_writes(const fe_version *version, const fe_picker_options *options)
{
    const fe_level *level = &version->levels[0];
    uint64_t below = version->levels[1].bytes;
    double by_count = (double)level->count / options->level0_count_max;
    double by_size;

    if (hides_values(version)) return 1;
    if (level->count < options->level0_count) return by_count;
    by_size = below == 0 ? 1.0 : (double)level->bytes / (double)below;
    return by_size > by_count ? by_size : by_count;
}

// How urgent level 0 is; 1 and more asks for a compaction.
static double level0_score(const fe_version *version, const fe_picker_options *options)
{
    double score = level0_score_of_writes(version, options);
    bool is_paid = options->overlap_bytes >= fe_compaction_overlap_price(version);

    return is_paid && score < 1 ? 1 : score;
}

static double level_score(const fe_version *version, const fe_picker_options *options,
                          uint32_t level)
{
    if (level == 0) return level0_score(version, options);
    return (double)version->levels[level].bytes / (double)target_bytes(options, level);
}

static bool has_deletes(const fe_table_file *file)
{
    return file->deletes > 0 || file->range_deletes > 0;
}

static ferric_slice smaller(ferric_slice a, ferric_slice b)
{
    return a.data == NULL || fe_slice_compare(b, a) < 0 ? b : a;
}

static ferric_slice larger(ferric_slice a, ferric_slice b)
{
    return a.data == NULL || fe_slice_compare(b, a) > 0 ? b : a;
}

// Completes a plan whose tables of the upper level are chosen.
static void fill_plan(const fe_version *version, fe_compaction_plan *plan)
{
    const fe_level *level = &version->levels[plan->level];
    const fe_level *below = &version->levels[plan->output_level];
    ferric_slice smallest = {NULL, 0};
    ferric_slice largest = {NULL, 0};

    plan->bytes = 0;
    for (uint32_t i = plan->first; i < plan->end; i++) {
        smallest = smaller(smallest, level->files[i]->smallest_key);
        largest = larger(largest, level->files[i]->largest_key);
        plan->bytes += level->files[i]->identity.size_bytes;
    }
    fe_version_overlap(below, smallest, largest, &plan->below_first, &plan->below_end);
    if (FE_SEEDED_BUG(FE_BUG_OVERLAP_LEFT_OUT)) plan->below_end = plan->below_first;
    for (uint32_t i = plan->below_first; i < plan->below_end; i++) {
        plan->bytes += below->files[i]->identity.size_bytes;
    }
    plan->is_bottom = fe_version_deepest(version) <= plan->output_level;
    // A table with deletes is rewritten at the bottom, where they can be dropped.
    plan->is_move = plan->end - plan->first == 1 && plan->below_first == plan->below_end &&
                    (!has_deletes(level->files[plan->first]) || !plan->is_bottom);
}

// The table of a level whose merge reads least of the level below for each byte of its own; one
// that is mostly deletes comes first.
static uint32_t cheapest_table(const fe_version *version, uint32_t level)
{
    const fe_level *tables = &version->levels[level];
    uint32_t best = 0;
    double best_cost = -1;

    for (uint32_t i = 0; i < tables->count; i++) {
        fe_compaction_plan plan = {
            .level = level, .output_level = level + 1, .first = i, .end = i + 1};
        uint64_t own = tables->files[i]->identity.size_bytes;
        double cost;

        fill_plan(version, &plan);
        cost = is_mostly_deletes(tables->files[i])
                   ? 0
                   : (double)plan.bytes / (double)(own == 0 ? 1 : own);
        if (best_cost >= 0 && cost >= best_cost) continue;
        best = i;
        best_cost = cost;
    }
    return best;
}

static void plan_level(const fe_version *version, uint32_t level, fe_compaction_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->level = level;
    plan->output_level = level + 1;
    if (level == 0) {
        plan->end = version->levels[0].count;
        if (FE_SEEDED_BUG(FE_BUG_NEWEST_TABLE_MOVED_FIRST)) plan->end = 1;
    } else {
        plan->first = cheapest_table(version, level);
        plan->end = plan->first + 1;
    }
    fill_plan(version, plan);
}

// A level above the deepest one that has a table of mostly deletes. Level 0 is merged early only
// for range deletes, since that takes all of it.
static bool find_deletes(const fe_version *version, uint32_t *level)
{
    uint32_t deepest = fe_version_deepest(version);

    *level = 0;
    if (deepest > 0 && version->levels[0].ranged_count > 0) return true;
    for (uint32_t i = 1; i < deepest; i++) {
        for (uint32_t j = 0; j < version->levels[i].count; j++) {
            if (!is_mostly_deletes(version->levels[i].files[j])) continue;
            *level = i;
            return true;
        }
    }
    return false;
}

// ---- Expiry ---------------------------------------------------------------------------------

static bool is_due(const fe_table_file *file, const fe_picker_options *options)
{
    return file->expiry.due_ms != 0 && file->expiry.due_ms <= options->expired_up_to_ms;
}

static bool has_all_expired(const fe_table_file *file, const fe_picker_options *options)
{
    return file->expiry.entries + file->deletes == file->entries &&
           file->expiry.latest_ms <= options->expired_up_to_ms &&
           file->largest_sequence <= options->oldest_snapshot;
}

// Whether anything older than table number `index` of a level may have its keys.
static bool lies_over_older(const fe_version *version, uint32_t level, uint32_t index)
{
    const fe_table_file *file = version->levels[level].files[index];

    if (FE_SEEDED_BUG(FE_BUG_EXPIRED_TABLE_OVER_OLDER)) return false;
    for (uint32_t i = index + 1; level == 0 && i < version->levels[0].count; i++) {
        if (fe_table_file_overlaps(version->levels[0].files[i], file->smallest_key,
                                   file->largest_key)) {
            return true;
        }
    }
    for (uint32_t i = level + 1; i < FE_LEVEL_COUNT; i++) {
        uint32_t first;
        uint32_t end;
        fe_version_overlap(&version->levels[i], file->smallest_key, file->largest_key, &first,
                           &end);
        if (first < end) return true;
    }
    return false;
}

// One table that stays in its level, rewritten or dropped.
static void plan_in_place(const fe_version *version, uint32_t level, uint32_t index, bool is_drop,
                          fe_compaction_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->level = level;
    plan->output_level = level;
    plan->first = index;
    plan->end = index + 1;
    plan->bytes = version->levels[level].files[index]->identity.size_bytes;
    plan->is_bottom = fe_version_deepest(version) <= level;
    plan->is_drop = is_drop;
}

static void plan_due(const fe_version *version, const fe_picker_options *options, uint32_t level,
                     uint32_t index, fe_compaction_plan *plan)
{
    uint32_t deepest = fe_version_deepest(version);

    if (has_all_expired(version->levels[level].files[index], options) &&
        !lies_over_older(version, level, index)) {
        plan_in_place(version, level, index, true, plan);
        return;
    }
    if (level > 0 && level == deepest) {
        plan_in_place(version, level, index, false, plan);
        return;
    }
    memset(plan, 0, sizeof *plan);
    plan->level = level;
    plan->output_level = level + 1;
    plan->first = level == 0 ? 0 : index;
    plan->end = level == 0 ? version->levels[0].count : index + 1;
    fill_plan(version, plan);
}

// Deepest level first: what it gives back is not pushed into again.
static bool find_due(const fe_version *version, const fe_picker_options *options,
                     fe_compaction_plan *plan)
{
    for (uint32_t level = FE_LEVEL_COUNT; level-- > 0;) {
        for (uint32_t i = 0; i < version->levels[level].count; i++) {
            if (!is_due(version->levels[level].files[i], options)) continue;
            plan_due(version, options, level, i, plan);
            return true;
        }
    }
    return false;
}

bool fe_compaction_pick_expired(const fe_version *version, const fe_picker_options *options,
                                ferric_slice smallest, ferric_slice largest,
                                fe_compaction_plan *plan)
{
    for (uint32_t level = 1; level < FE_LEVEL_COUNT; level++) {
        uint32_t first;
        uint32_t end;
        fe_version_overlap(&version->levels[level], smallest, largest, &first, &end);
        for (uint32_t i = first; i < end; i++) {
            const fe_table_file *file = version->levels[level].files[i];
            if (file->expiry.entries == 0 || file->expiry.earliest_ms > options->expired_up_to_ms) {
                continue;
            }
            plan_in_place(version, level, i, false, plan);
            return true;
        }
    }
    return false;
}

uint64_t fe_compaction_next_due_ms(const fe_version *version)
{
    uint64_t due = UINT64_MAX;

    for (uint32_t level = 0; level < FE_LEVEL_COUNT; level++) {
        for (uint32_t i = 0; i < version->levels[level].count; i++) {
            uint64_t own = version->levels[level].files[i]->expiry.due_ms;
            if (own != 0 && own < due) due = own;
        }
    }
    return due;
}

// A table at the bottom that kept range deletes for a snapshot which is gone: written anew, it
// loses them and what they hide.
static bool find_spent_ranges(const fe_version *version, const fe_picker_options *options,
                              fe_compaction_plan *plan)
{
    uint32_t deepest = fe_version_deepest(version);
    const fe_level *level = &version->levels[deepest];

    for (uint32_t i = 0; deepest > 0 && level->ranged_count > 0 && i < level->count; i++) {
        const fe_table_file *file = level->files[i];
        if (file->range_deletes == 0) continue;
        if (file->largest_sequence > options->oldest_snapshot) continue;
        plan_in_place(version, deepest, i, false, plan);
        return true;
    }
    return false;
}

// ---- Picking --------------------------------------------------------------------------------

static bool has_space(const fe_compaction_plan *plan, const fe_picker_options *options)
{
    return plan->is_move || plan->is_drop || plan->bytes <= options->free_bytes;
}

bool fe_compaction_pick(const fe_version *version, const fe_picker_options *options,
                        fe_compaction_plan *plan)
{
    uint32_t level = 0;
    double best = 0;

    for (uint32_t i = 0; i + 1 < FE_LEVEL_COUNT; i++) {
        double score = version->levels[i].count == 0 ? 0 : level_score(version, options, i);
        if (score <= best) continue;
        best = score;
        level = i;
    }
    if (best < 1 && !find_deletes(version, &level)) {
        return (find_due(version, options, plan) || find_spent_ranges(version, options, plan)) &&
               has_space(plan, options);
    }
    plan_level(version, level, plan);
    if (has_space(plan, options)) return true;
    // What is most urgent does not fit; something smaller may, and may free space.
    for (uint32_t i = 1; i + 1 < FE_LEVEL_COUNT; i++) {
        if (i == level || version->levels[i].count == 0) continue;
        if (level_score(version, options, i) < 1) continue;
        plan_level(version, i, plan);
        if (has_space(plan, options)) return true;
    }
    return false;
}

bool fe_compaction_pick_range(const fe_version *version, uint32_t level, ferric_slice smallest,
                              ferric_slice largest, fe_compaction_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->level = level;
    plan->output_level = level + 1;
    if (level == 0) {
        // All or nothing: an older table left behind would come to stand above a newer one.
        bool overlaps = false;
        for (uint32_t i = 0; i < version->levels[0].count; i++) {
            overlaps |= fe_table_file_overlaps(version->levels[0].files[i], smallest, largest);
        }
        plan->end = overlaps ? version->levels[0].count : 0;
    } else {
        fe_version_overlap(&version->levels[level], smallest, largest, &plan->first, &plan->end);
    }
    if (plan->first == plan->end) return false;
    fill_plan(version, plan);
    plan->is_move = false;
    return true;
}

uint64_t fe_compaction_debt(const fe_version *version, const fe_picker_options *options)
{
    uint64_t debt = 0;

    if (level0_score(version, options) >= 1) {
        debt += version->levels[0].bytes + version->levels[1].bytes;
    }
    for (uint32_t i = 1; i + 1 < FE_LEVEL_COUNT; i++) {
        uint64_t target = target_bytes(options, i);
        if (version->levels[i].bytes > target) debt += version->levels[i].bytes - target;
    }
    return debt;
}
