// SPDX-License-Identifier: Apache-2.0
// The picker: every plan keeps the invariants of a version and is worth its work, and picking and
// merging again and again comes to an end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "entry_model.h"
#include "lsm/compaction_picker.h"
#include "table_kit.h"

static const fe_picker_options usual = {
    .base_bytes = 2000, .level0_count = 4, .level0_count_max = 8, .free_bytes = UINT64_MAX};

static uint64_t target_of(const fe_picker_options *options, uint32_t level)
{
    uint64_t target = options->base_bytes;
    for (uint32_t i = 1; i < level; i++)
        target *= FE_LEVEL_RATIO;
    return target;
}

static uint32_t deepest_of(const fe_version *version)
{
    uint32_t deepest = 0;
    for (uint32_t i = 1; i < FE_LEVEL_COUNT; i++) {
        if (version->levels[i].count > 0) deepest = i;
    }
    return deepest;
}

static bool is_mostly_deletes(const fe_table_file *file)
{
    return file->deletes * 2 > file->entries;
}

// ---- What holds for every plan ----------------------------------------------------------------

static bool meets_a_chosen_table(const fe_level *level, const fe_compaction_plan *plan,
                                 const fe_table_file *below)
{
    ferric_slice smallest = level->files[plan->first]->smallest_key;
    ferric_slice largest = level->files[plan->first]->largest_key;

    for (uint32_t i = plan->first; i < plan->end; i++) {
        const fe_table_file *file = level->files[i];
        if (fe_slice_compare(file->smallest_key, smallest) < 0) smallest = file->smallest_key;
        if (fe_slice_compare(file->largest_key, largest) > 0) largest = file->largest_key;
    }
    return fe_table_file_overlaps(below, smallest, largest);
}

static void check_plan(const fe_version *version, const fe_compaction_plan *plan)
{
    const fe_level *level = &version->levels[plan->level];
    const fe_level *below;
    uint64_t bytes = 0;

    assert_true(plan->output_level == plan->level + 1 && plan->output_level < FE_LEVEL_COUNT);
    below = &version->levels[plan->output_level];
    assert_true(plan->first < plan->end && plan->end <= level->count);
    assert_true(plan->below_first <= plan->below_end && plan->below_end <= below->count);
    // A table of level 0 left behind could be older than one that goes down.
    if (plan->level == 0) assert_true(plan->first == 0 && plan->end == level->count);
    for (uint32_t i = plan->first; i < plan->end; i++)
        bytes += level->files[i]->identity.size_bytes;
    for (uint32_t i = 0; i < below->count; i++) {
        bool is_chosen = i >= plan->below_first && i < plan->below_end;
        assert_int_equal(meets_a_chosen_table(level, plan, below->files[i]), is_chosen);
        if (is_chosen) bytes += below->files[i]->identity.size_bytes;
    }
    assert_int_equal(plan->bytes, bytes);
    assert_int_equal(plan->is_bottom, deepest_of(version) <= plan->output_level);
    if (plan->is_move) {
        assert_int_equal(plan->end - plan->first, 1);
        assert_int_equal(plan->below_first, plan->below_end);
        // Deletes that could be dropped are not carried on.
        assert_true(!plan->is_bottom || level->files[plan->first]->deletes == 0);
    }
}

// Whether anything at all asks for work.
static bool is_due(const fe_version *version, const fe_picker_options *options)
{
    const fe_level *top = &version->levels[0];

    if (top->count >= options->level0_count_max) return true;
    if (top->count >= options->level0_count && top->bytes >= version->levels[1].bytes) return true;
    for (uint32_t i = 1; i + 1 < FE_LEVEL_COUNT; i++) {
        const fe_level *level = &version->levels[i];
        if (level->count > 0 && level->bytes >= target_of(options, i)) return true;
        for (uint32_t j = 0; j < level->count && i < deepest_of(version); j++) {
            if (is_mostly_deletes(level->files[j])) return true;
        }
    }
    return false;
}

static void test_picker_makes_sound_plans_exactly_when_one_is_due(void **state)
{
    fe_random random = {test_seed(11)};
    table_kit kit;
    int picked = 0;
    int moved = 0;
    int idle = 0;

    (void)state;
    table_kit_init(&kit);
    for (int i = 0; i < 4000; i++) {
        fe_version *version =
            kit_random_version(&kit, &random, 1 + (uint32_t)fe_random_below(&random, 10), 400);
        fe_picker_options options = usual;
        fe_compaction_plan plan;
        bool has_plan;
        options.base_bytes = 500 + fe_random_below(&random, 20000);
        has_plan = fe_compaction_pick(version, &options, &plan);
        assert_int_equal(has_plan, is_due(version, &options));
        assert_int_equal(fe_version_deepest(version), deepest_of(version));
        picked += has_plan;
        idle += !has_plan;
        if (has_plan) check_plan(version, &plan);
        if (has_plan) moved += plan.is_move;
        fe_version_unref(version);
    }
    assert_true(picked > 500 && idle > 100 && moved > 20);
    table_kit_deinit(&kit);
}

static void test_picker_takes_only_plans_that_fit_on_the_disk(void **state)
{
    fe_random random = {test_seed(12)};
    table_kit kit;
    int refused = 0;
    int others = 0;

    (void)state;
    table_kit_init(&kit);
    for (int i = 0; i < 3000; i++) {
        fe_version *version = kit_random_version(&kit, &random, 10, 400);
        fe_picker_options options = usual;
        fe_compaction_plan plan;
        fe_compaction_plan without_limit;
        bool has_plan;
        options.free_bytes = fe_random_below(&random, 3000);
        has_plan = fe_compaction_pick(version, &options, &plan);
        if (has_plan) {
            check_plan(version, &plan);
            assert_true(plan.is_move || plan.bytes <= options.free_bytes);
        }
        options.free_bytes = UINT64_MAX;
        if (fe_compaction_pick(version, &options, &without_limit)) {
            refused += !has_plan;
            others += has_plan && plan.level != without_limit.level;
        }
        fe_version_unref(version);
    }
    assert_true(refused > 50 && others > 20);
    table_kit_deinit(&kit);
}

static void test_picker_makes_sound_plans_for_a_range(void **state)
{
    fe_random random = {test_seed(13)};
    table_kit kit;

    (void)state;
    table_kit_init(&kit);
    for (int i = 0; i < 2000; i++) {
        fe_version *version = kit_random_version(&kit, &random, 8, 400);
        uint32_t from = (uint32_t)fe_random_below(&random, 800);
        ferric_slice smallest = kit_key(from);
        ferric_slice largest = kit_key(from + (uint32_t)fe_random_below(&random, 300));
        if (fe_random_below(&random, 4) == 0) smallest = fe_slice(NULL, 0);
        if (fe_random_below(&random, 4) == 0) largest = fe_slice(NULL, 0);
        for (uint32_t level = 0; level + 1 < FE_LEVEL_COUNT; level++) {
            const fe_level *files = &version->levels[level];
            fe_compaction_plan plan;
            bool has_plan = fe_compaction_pick_range(version, level, smallest, largest, &plan);
            uint32_t met = 0;
            for (uint32_t j = 0; j < files->count; j++) {
                bool overlaps = fe_table_file_overlaps(files->files[j], smallest, largest);
                met += overlaps;
                if (overlaps) assert_true(has_plan && j >= plan.first && j < plan.end);
            }
            assert_int_equal(has_plan, met > 0);
            if (!has_plan) continue;
            check_plan(version, &plan);
            assert_false(plan.is_move); // Asked for by hand: everything is rewritten.
            if (level > 0) assert_int_equal(plan.end - plan.first, met);
        }
        fe_version_unref(version);
    }
    table_kit_deinit(&kit);
}

// ---- Again and again --------------------------------------------------------------------------

static uint32_t number_of(ferric_slice key)
{
    const uint8_t *bytes = fe_slice_bytes(key);
    return (uint32_t)bytes[4] << 24 | (uint32_t)bytes[5] << 16 | (uint32_t)bytes[6] << 8 | bytes[7];
}

static void take_input(fe_version_edit *edit, uint32_t level, const fe_table_file *file,
                       table_shape *output)
{
    bool is_first = edit->removal_count == 0;

    assert_int_equal(fe_version_edit_remove(edit, level, file->identity.number), FERRIC_OK);
    if (is_first || number_of(file->smallest_key) < output->smallest_key) {
        output->smallest_key = number_of(file->smallest_key);
    }
    if (is_first || number_of(file->largest_key) > output->largest_key) {
        output->largest_key = number_of(file->largest_key);
    }
    if (is_first || file->smallest_sequence < output->smallest_sequence) {
        output->smallest_sequence = file->smallest_sequence;
    }
    if (is_first || file->largest_sequence > output->largest_sequence) {
        output->largest_sequence = file->largest_sequence;
    }
    output->size_bytes += file->identity.size_bytes;
    output->entries += file->entries;
    output->deletes += file->deletes;
}

// Carries a plan out as a compaction would: a moved table goes down, others become tables of the
// same keys and at most `table_size` bytes; the bottom drops deletes.
static fe_version *carry_out(table_kit *kit, fe_version *version, const fe_compaction_plan *plan,
                             uint64_t table_size)
{
    const fe_level *level = &version->levels[plan->level];
    const fe_level *below = &version->levels[plan->output_level];
    fe_version_edit edit = {0};
    table_shape all = {0};
    uint64_t pieces;
    uint32_t width;

    for (uint32_t i = plan->first; i < plan->end; i++)
        take_input(&edit, plan->level, level->files[i], &all);
    for (uint32_t i = plan->below_first; i < plan->below_end; i++)
        take_input(&edit, plan->output_level, below->files[i], &all);
    if (plan->is_move) {
        fe_table_file_ref(level->files[plan->first]);
        assert_int_equal(fe_version_edit_add(&edit, plan->output_level, level->files[plan->first]),
                         FERRIC_OK);
        return kit_apply(kit, version, &edit);
    }
    if (plan->is_bottom) {
        all.size_bytes -= all.size_bytes * all.deletes / (all.entries + 1);
        all.entries -= all.deletes;
        all.deletes = 0;
    }
    pieces = all.entries == 0 ? 0 : 1 + all.size_bytes / table_size;
    width = all.largest_key - all.smallest_key + 1;
    if (pieces > width) pieces = width;
    for (uint64_t i = 0; i < pieces; i++) {
        table_shape piece = all;
        piece.smallest_key = all.smallest_key + (uint32_t)(width * i / pieces);
        piece.largest_key = all.smallest_key + (uint32_t)(width * (i + 1) / pieces) - 1;
        piece.size_bytes = all.size_bytes / pieces;
        piece.entries = all.entries / pieces + 1;
        piece.deletes = all.deletes / pieces;
        kit_add(kit, &edit, plan->output_level, &piece);
    }
    return kit_apply(kit, version, &edit);
}

static void test_picker_comes_to_an_end(void **state)
{
    fe_random random = {test_seed(14)};
    table_kit kit;
    uint64_t steps = 0;

    (void)state;
    table_kit_init(&kit);
    for (int i = 0; i < 300; i++) {
        fe_version *version = kit_random_version(&kit, &random, 12, 400);
        fe_compaction_plan plan;
        int left = 2000;
        while (fe_compaction_pick(version, &usual, &plan)) {
            check_plan(version, &plan);
            version = carry_out(&kit, version, &plan, 1000);
            assert_null(kit_version_problem(version));
            assert_true(--left > 0);
            steps++;
        }
        // What is left is within its targets.
        assert_true(version->levels[0].count < usual.level0_count_max);
        for (uint32_t level = 1; level + 1 < FE_LEVEL_COUNT; level++)
            assert_true(version->levels[level].bytes < target_of(&usual, level));
        assert_int_equal(fe_compaction_debt(version, &usual), 0);
        fe_version_unref(version);
    }
    assert_true(steps > 1000);
    table_kit_deinit(&kit);
}

static void test_picker_debt_is_what_is_above_the_targets(void **state)
{
    fe_random random = {test_seed(15)};
    table_kit kit;
    int in_debt = 0;

    (void)state;
    table_kit_init(&kit);
    for (int i = 0; i < 1000; i++) {
        fe_version *version = kit_random_version(&kit, &random, 10, 400);
        const fe_level *top = &version->levels[0];
        bool is_top_due =
            top->count >= usual.level0_count_max ||
            (top->count >= usual.level0_count && top->bytes >= version->levels[1].bytes);
        uint64_t expected = is_top_due ? top->bytes + version->levels[1].bytes : 0;
        for (uint32_t level = 1; level + 1 < FE_LEVEL_COUNT; level++) {
            uint64_t target = target_of(&usual, level);
            uint64_t bytes = version->levels[level].bytes;
            if (bytes > target) expected += bytes - target;
        }
        assert_int_equal(fe_compaction_debt(version, &usual), expected);
        in_debt += expected > 0;
        fe_version_unref(version);
    }
    assert_true(in_debt > 100 && in_debt < 1000);
    table_kit_deinit(&kit);
}

// ---- Preferences ------------------------------------------------------------------------------

static void test_picker_prefers_the_table_with_least_below(void **state)
{
    table_kit kit;
    fe_version_edit edit = {0};
    fe_version *version = NULL;
    fe_compaction_plan plan;
    // The first table overlaps much, the second little, the third a middling amount.
    table_shape upper[] = {{0, 99, 10, 10, 900, 10, 0},
                           {100, 199, 11, 11, 900, 10, 0},
                           {200, 299, 12, 12, 900, 10, 0}};
    table_shape lower[] = {
        {0, 99, 1, 1, 5000, 10, 0}, {100, 199, 2, 2, 10, 10, 0}, {200, 299, 3, 3, 700, 10, 0}};

    (void)state;
    table_kit_init(&kit);
    assert_int_equal(fe_version_create(kit.tables, &version), FERRIC_OK);
    for (int i = 0; i < 3; i++) {
        kit_add(&kit, &edit, 1, &upper[i]);
        kit_add(&kit, &edit, 2, &lower[i]);
    }
    version = kit_apply(&kit, version, &edit);
    assert_true(fe_compaction_pick(version, &usual, &plan));
    assert_int_equal(plan.level, 1);
    assert_int_equal(plan.first, 1);
    assert_int_equal(plan.end, 2);
    fe_version_unref(version);
    table_kit_deinit(&kit);
}

// Tables of `sizes` bytes in level 0, and one of `below` in level 1.
static fe_version *overlapping_version(table_kit *kit, const uint64_t *sizes, uint64_t count,
                                       uint64_t below)
{
    fe_version_edit edit = {0};
    fe_version *version = NULL;
    table_shape bottom = {0, 99, 1, 1, below, 10, 0};

    assert_int_equal(fe_version_create(kit->tables, &version), FERRIC_OK);
    for (uint64_t i = 0; i < count; i++) {
        table_shape top = {0, 99, 10 + i, 10 + i, sizes[i], 10, 0};
        kit_add(kit, &edit, 0, &top);
    }
    if (below > 0) kit_add(kit, &edit, 1, &bottom);
    return kit_apply(kit, version, &edit);
}

static void test_picker_merges_level_0_when_scans_have_paid(void **state)
{
    const uint64_t sizes[] = {300, 200};
    // Level 1, and what must be paid.
    const uint64_t cases[][2] = {{0, 500}, {900, 1400}, {1999, 2499}, {2600, UINT64_MAX}};
    table_kit kit;

    (void)state;
    table_kit_init(&kit);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fe_version *version = overlapping_version(&kit, sizes, 2, cases[i][0]);
        fe_picker_options options = usual;
        fe_compaction_plan plan;

        options.base_bytes = 10000;
        assert_int_equal(fe_compaction_overlap_price(version), cases[i][1]);
        assert_false(fe_compaction_pick(version, &options, &plan));
        options.overlap_bytes = cases[i][1] - 1;
        assert_false(fe_compaction_pick(version, &options, &plan));
        options.overlap_bytes = cases[i][1];
        if (cases[i][1] != UINT64_MAX) {
            assert_true(fe_compaction_pick(version, &options, &plan));
            assert_int_equal(plan.level, 0);
            check_plan(version, &plan);
        }
        options.overlap_bytes = 0;
        assert_int_equal(fe_compaction_debt(version, &options), 0);
        fe_version_unref(version);
    }
    table_kit_deinit(&kit);
}

static void test_picker_never_merges_a_lone_table_for_scans(void **state)
{
    const uint64_t size = 300;
    table_kit kit;
    fe_version *version;

    (void)state;
    table_kit_init(&kit);
    version = overlapping_version(&kit, &size, 1, 0);
    assert_int_equal(fe_compaction_overlap_price(version), UINT64_MAX);
    fe_version_unref(version);
    version = overlapping_version(&kit, &size, 0, 300);
    assert_int_equal(fe_compaction_overlap_price(version), UINT64_MAX);
    fe_version_unref(version);
    version = overlapping_version(&kit, &size, 1, 300);
    assert_int_equal(fe_compaction_overlap_price(version), 600);
    fe_version_unref(version);
    table_kit_deinit(&kit);
}

static void test_picker_does_nothing_for_an_empty_version(void **state)
{
    table_kit kit;
    fe_version *version = NULL;
    fe_compaction_plan plan;

    (void)state;
    table_kit_init(&kit);
    assert_int_equal(fe_version_create(kit.tables, &version), FERRIC_OK);
    assert_false(fe_compaction_pick(version, &usual, &plan));
    assert_int_equal(fe_compaction_debt(version, &usual), 0);
    assert_int_equal(fe_version_deepest(version), 0);
    fe_version_unref(version);
    table_kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_picker_makes_sound_plans_exactly_when_one_is_due),
        cmocka_unit_test(test_picker_takes_only_plans_that_fit_on_the_disk),
        cmocka_unit_test(test_picker_makes_sound_plans_for_a_range),
        cmocka_unit_test(test_picker_comes_to_an_end),
        cmocka_unit_test(test_picker_debt_is_what_is_above_the_targets),
        cmocka_unit_test(test_picker_prefers_the_table_with_least_below),
        cmocka_unit_test(test_picker_merges_level_0_when_scans_have_paid),
        cmocka_unit_test(test_picker_never_merges_a_lone_table_for_scans),
        cmocka_unit_test(test_picker_does_nothing_for_an_empty_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
