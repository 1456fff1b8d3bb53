// SPDX-License-Identifier: Apache-2.0
// Versions: an edit is applied exactly, or refused when it would break an invariant.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/status.h"
#include "entry_model.h"
#include "table_kit.h"

static table_shape shape(uint32_t smallest, uint32_t largest, uint64_t sequence)
{
    table_shape made = {smallest, largest, sequence, sequence, 100, 1, 0};
    return made;
}

static fe_version *empty(table_kit *kit)
{
    fe_version *version = NULL;
    assert_int_equal(fe_version_create(kit->tables, &version), FERRIC_OK);
    return version;
}

// Applies an edit that must be refused with a message that has `word` in it.
static void assert_refused(table_kit *kit, const fe_version *base, fe_version_edit *edit,
                           const char *word)
{
    fe_version *next = (fe_version *)(uintptr_t)1;

    assert_int_equal(fe_version_apply(base, edit, &next), FERRIC_CORRUPT);
    assert_null(next);
    assert_non_null(strstr(fe_message(), word));
    fe_version_edit_deinit(edit, kit->tables);
}

static void test_version_keeps_levels_in_order(void **state)
{
    table_kit kit;
    fe_version_edit edit = {0};
    fe_version *version;
    table_shape shapes[] = {shape(50, 60, 5), shape(10, 20, 9), shape(30, 40, 7)};

    (void)state;
    table_kit_init(&kit);
    for (size_t i = 0; i < 3; i++) {
        kit_add(&kit, &edit, 0, &shapes[i]);
        kit_add(&kit, &edit, 1, &shapes[i]);
    }
    version = kit_apply(&kit, empty(&kit), &edit);
    assert_int_equal(version->levels[0].count, 3);
    assert_int_equal(version->levels[0].bytes, 300);
    assert_int_equal(version->levels[0].files[0]->largest_sequence, 9);
    assert_int_equal(version->levels[0].files[2]->largest_sequence, 5);
    for (uint32_t i = 0; i < 3; i++) {
        ferric_slice key = version->levels[1].files[i]->smallest_key;
        assert_true(fe_slice_equal(key, kit_key(10 + 20 * i)));
    }
    fe_version_unref(version);
    table_kit_deinit(&kit);
}

static void test_version_refuses_overlap_in_a_level(void **state)
{
    table_kit kit;
    fe_version_edit edit = {0};
    fe_version *base;
    table_shape first = shape(10, 20, 5);
    table_shape touching = shape(20, 30, 6);
    table_shape around = shape(5, 25, 6);

    (void)state;
    table_kit_init(&kit);
    kit_add(&kit, &edit, 2, &first);
    base = kit_apply(&kit, empty(&kit), &edit);
    kit_add(&kit, &edit, 2, &touching);
    assert_refused(&kit, base, &edit, "keys");
    kit_add(&kit, &edit, 2, &around);
    assert_refused(&kit, base, &edit, "keys");
    kit_add(&kit, &edit, 1, &around); // Other levels may have the same keys.
    base = kit_apply(&kit, base, &edit);
    fe_version_unref(base);
    table_kit_deinit(&kit);
}

static void test_version_refuses_overlapping_sequences_in_level_0(void **state)
{
    table_kit kit;
    fe_version_edit edit = {0};
    fe_version *base;
    table_shape first = {10, 20, 5, 8, 100, 4, 0};
    table_shape inside = {100, 200, 8, 9, 100, 4, 0};

    (void)state;
    table_kit_init(&kit);
    kit_add(&kit, &edit, 0, &first);
    base = kit_apply(&kit, empty(&kit), &edit);
    kit_add(&kit, &edit, 0, &inside);
    assert_refused(&kit, base, &edit, "sequence numbers");
    fe_version_unref(base);
    table_kit_deinit(&kit);
}

static void test_version_refuses_tables_that_are_not_there(void **state)
{
    table_kit kit;
    fe_version_edit edit = {0};
    fe_version *base;
    table_shape one = shape(10, 20, 5);
    uint64_t number;

    (void)state;
    table_kit_init(&kit);
    kit_add(&kit, &edit, 2, &one);
    base = kit_apply(&kit, empty(&kit), &edit);
    number = base->levels[2].files[0]->identity.number;
    assert_int_equal(fe_version_edit_remove(&edit, 2, number + 1), FERRIC_OK);
    assert_refused(&kit, base, &edit, "removes");
    assert_int_equal(fe_version_edit_remove(&edit, 3, number), FERRIC_OK); // The wrong level.
    assert_refused(&kit, base, &edit, "removes");
    for (int i = 0; i < 2; i++)
        assert_int_equal(fe_version_edit_remove(&edit, 2, number), FERRIC_OK);
    assert_refused(&kit, base, &edit, "removes");
    fe_version_unref(base);
    table_kit_deinit(&kit);
}

static void test_version_refuses_a_table_twice(void **state)
{
    table_kit kit;
    fe_version_edit edit = {0};
    fe_version *base;
    table_shape one = shape(10, 20, 5);
    table_shape backwards = shape(20, 10, 5);

    (void)state;
    table_kit_init(&kit);
    kit_add(&kit, &edit, 2, &one);
    base = kit_apply(&kit, empty(&kit), &edit);
    kit.next_number = base->levels[2].files[0]->identity.number;
    kit_add(&kit, &edit, 5, &one);
    assert_refused(&kit, base, &edit, "twice");
    kit_add(&kit, &edit, 1, &backwards);
    assert_refused(&kit, base, &edit, "ends before it begins");
    fe_version_unref(base);
    table_kit_deinit(&kit);
}

static void test_version_moves_a_table_between_levels(void **state)
{
    table_kit kit;
    fe_version_edit edit = {0};
    fe_version *version;
    fe_table_file *file;
    table_shape one = shape(10, 20, 5);

    (void)state;
    table_kit_init(&kit);
    kit_add(&kit, &edit, 2, &one);
    version = kit_apply(&kit, empty(&kit), &edit);
    file = version->levels[2].files[0];
    assert_int_equal(fe_version_edit_remove(&edit, 2, file->identity.number), FERRIC_OK);
    fe_table_file_ref(file);
    assert_int_equal(fe_version_edit_add(&edit, 3, file), FERRIC_OK);
    version = kit_apply(&kit, version, &edit);
    assert_int_equal(version->levels[2].count, 0);
    assert_int_equal(version->levels[2].bytes, 0);
    assert_ptr_equal(version->levels[3].files[0], file);
    fe_version_unref(version);
    table_kit_deinit(&kit);
}

// ---- Lifetime -------------------------------------------------------------------------------

static void make_file(fe_vfs *vfs, const char *path)
{
    fe_file *file = NULL;
    assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_CREATE, &file), FERRIC_OK);
    fe_file_close(file);
}

static bool file_exists(fe_vfs *vfs, const char *path)
{
    fe_path_kind kind;
    assert_int_equal(fe_vfs_stat(vfs, path, &kind, NULL), FERRIC_OK);
    return kind != FE_PATH_NONE;
}

static void test_version_holds_its_files_until_the_last_reader_is_gone(void **state)
{
    table_kit kit;
    fe_version_edit edit = {0};
    fe_version *old;
    fe_version *next = NULL;
    table_shape one = shape(10, 20, 5);

    (void)state;
    table_kit_init(&kit);
    make_file(kit.vfs, "/db/000001.table");
    kit_add(&kit, &edit, 1, &one);
    old = kit_apply(&kit, empty(&kit), &edit);
    fe_version_ref(old); // A reader's.
    assert_int_equal(fe_version_edit_remove(&edit, 1, 1), FERRIC_OK);
    assert_int_equal(fe_version_apply(old, &edit, &next), FERRIC_OK);
    fe_version_edit_deinit(&edit, kit.tables);
    atomic_store(&old->levels[1].files[0]->is_obsolete, true);
    fe_version_unref(old); // The store's.
    assert_true(file_exists(kit.vfs, "/db/000001.table"));
    fe_version_unref(old);
    assert_false(file_exists(kit.vfs, "/db/000001.table"));
    fe_version_unref(next);
    fe_version_unref(NULL);
    table_kit_deinit(&kit);
}

// ---- Random edits against a plain model -------------------------------------------------------

typedef struct model_table {
    uint32_t level;
    fe_table_file *file;
} model_table;

typedef struct model {
    model_table tables[256];
    size_t count;
} model;

static void model_of(const fe_version *version, model *all)
{
    all->count = 0;
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count; j++)
            all->tables[all->count++] = (model_table){i, version->levels[i].files[j]};
    }
}

// Applies an edit to the model. Returns false when it removes what is not there.
static bool model_apply(model *all, const fe_version_edit *edit)
{
    for (size_t i = 0; i < edit->removal_count; i++) {
        size_t at = 0;
        while (at < all->count &&
               (all->tables[at].level != edit->removals[i].level ||
                all->tables[at].file->identity.number != edit->removals[i].number)) {
            at++;
        }
        if (at == all->count) return false;
        all->tables[at] = all->tables[--all->count];
    }
    for (size_t i = 0; i < edit->addition_count; i++) {
        all->tables[all->count++] =
            (model_table){edit->additions[i].level, edit->additions[i].file};
    }
    return true;
}

static bool tables_meet(const model_table *a, const model_table *b)
{
    if (a->file->identity.number == b->file->identity.number) return true;
    if (a->level != b->level) return false;
    if (a->level == 0) {
        return a->file->smallest_sequence <= b->file->largest_sequence &&
               b->file->smallest_sequence <= a->file->largest_sequence;
    }
    return fe_slice_compare(a->file->smallest_key, b->file->largest_key) <= 0 &&
           fe_slice_compare(b->file->smallest_key, a->file->largest_key) <= 0;
}

static bool model_is_valid(const model *all)
{
    for (size_t i = 0; i < all->count; i++) {
        for (size_t j = i + 1; j < all->count; j++) {
            if (tables_meet(&all->tables[i], &all->tables[j])) return false;
        }
    }
    return true;
}

static void random_edit(table_kit *kit, fe_random *random, const fe_version *base,
                        fe_version_edit *edit)
{
    model all;

    model_of(base, &all);
    for (uint64_t i = fe_random_below(random, 8); i > 0 && all.count > 0; i--) {
        const model_table *victim = &all.tables[fe_random_below(random, all.count)];
        uint32_t level = fe_random_below(random, 40) == 0 ? 3 : victim->level;
        assert_int_equal(fe_version_edit_remove(edit, level, victim->file->identity.number),
                         FERRIC_OK);
    }
    for (uint64_t i = fe_random_below(random, 8); i > 0; i--) {
        uint32_t key = (uint32_t)fe_random_below(random, 1000);
        uint64_t sequence = fe_random_below(random, 1000);
        table_shape made = {key,      key + (uint32_t)fe_random_below(random, 5),
                            sequence, sequence + fe_random_below(random, 5),
                            i,        1,
                            0};
        if (fe_random_below(random, 60) == 0) kit->next_number = 1; // A number in use, perhaps.
        kit_add(kit, edit, (uint32_t)fe_random_below(random, FE_LEVEL_COUNT), &made);
        kit->next_number += 1000;
    }
}

static void test_version_accepts_exactly_the_edits_that_keep_the_invariants(void **state)
{
    fe_random random = {test_seed(1)};
    table_kit kit;
    fe_version *version;
    int accepted = 0;
    int refused = 0;

    (void)state;
    table_kit_init(&kit);
    version = empty(&kit);
    for (int i = 0; i < 4000; i++) {
        fe_version_edit edit = {0};
        fe_version *next = NULL;
        model all;
        bool is_valid;
        ferric_status status;

        random_edit(&kit, &random, version, &edit);
        model_of(version, &all);
        is_valid = model_apply(&all, &edit) && model_is_valid(&all);
        status = fe_version_apply(version, &edit, &next);
        assert_int_equal(status, is_valid ? FERRIC_OK : FERRIC_CORRUPT);
        assert_null(kit_version_problem(version)); // The base never changes.
        if (is_valid) {
            model found;
            assert_null(kit_version_problem(next));
            model_of(next, &found);
            assert_int_equal(found.count, all.count);
            fe_version_unref(version);
            version = next;
            accepted++;
        } else {
            refused++;
        }
        fe_version_edit_deinit(&edit, kit.tables);
        if (version->levels[3].count > 30) { // Do not fill up.
            fe_version_unref(version);
            version = empty(&kit);
        }
    }
    assert_true(accepted > 400 && refused > 400);
    fe_version_unref(version);
    table_kit_deinit(&kit);
}

// ---- Finding --------------------------------------------------------------------------------

static void check_find(const fe_level *level, uint32_t number)
{
    ferric_slice key = kit_key(number);
    const fe_table_file *expected = NULL;

    for (uint32_t i = 0; i < level->count; i++) {
        if (fe_table_file_overlaps(level->files[i], key, key)) expected = level->files[i];
    }
    assert_ptr_equal(fe_version_find(level, key), expected);
}

static void check_overlap(const fe_level *level, ferric_slice smallest, ferric_slice largest)
{
    uint32_t first;
    uint32_t end;

    fe_version_overlap(level, smallest, largest, &first, &end);
    assert_true(first <= end && end <= level->count);
    for (uint32_t i = 0; i < level->count; i++) {
        const fe_table_file *file = level->files[i];
        bool is_behind =
            smallest.data == NULL || fe_slice_compare(file->largest_key, smallest) >= 0;
        bool is_before = largest.data == NULL || fe_slice_compare(file->smallest_key, largest) <= 0;
        assert_int_equal(is_behind && is_before, i >= first && i < end);
        assert_int_equal(fe_table_file_overlaps(file, smallest, largest), is_behind && is_before);
    }
}

static void test_version_finds_tables_by_key_and_range(void **state)
{
    fe_random random = {test_seed(2)};
    table_kit kit;

    (void)state;
    table_kit_init(&kit);
    for (int i = 0; i < 60; i++) {
        fe_version *version = kit_random_version(&kit, &random, 12, 300);
        for (uint32_t level = 1; level < FE_LEVEL_COUNT; level++) {
            for (uint32_t key = 0; key < 700; key += 3)
                check_find(&version->levels[level], key);
            for (int j = 0; j < 100; j++) {
                uint32_t from = (uint32_t)fe_random_below(&random, 700);
                uint32_t to = from + (uint32_t)fe_random_below(&random, 200);
                bool has_from = fe_random_below(&random, 5) != 0;
                bool has_to = fe_random_below(&random, 5) != 0;
                check_overlap(&version->levels[level], has_from ? kit_key(from) : fe_slice(NULL, 0),
                              has_to ? kit_key(to) : fe_slice(NULL, 0));
            }
        }
        fe_version_unref(version);
    }
    table_kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_keeps_levels_in_order),
        cmocka_unit_test(test_version_refuses_overlap_in_a_level),
        cmocka_unit_test(test_version_refuses_overlapping_sequences_in_level_0),
        cmocka_unit_test(test_version_refuses_tables_that_are_not_there),
        cmocka_unit_test(test_version_refuses_a_table_twice),
        cmocka_unit_test(test_version_moves_a_table_between_levels),
        cmocka_unit_test(test_version_holds_its_files_until_the_last_reader_is_gone),
        cmocka_unit_test(test_version_accepts_exactly_the_edits_that_keep_the_invariants),
        cmocka_unit_test(test_version_finds_tables_by_key_and_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
