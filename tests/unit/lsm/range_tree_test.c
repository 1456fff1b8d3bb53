// SPDX-License-Identifier: Apache-2.0
// Range deletes of a memtable, and what is collected of them for a table, against an array that
// knows for every key and every commit what is deleted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "entry_model.h"
#include "lsm/range_collector.h"
#include "lsm/range_tree.h"

#define KEYS 40u
#define COMMITS 60u

// The key of a number: longer ones have the shorter ones as their beginnings.
typedef struct key_bytes {
    uint8_t bytes[16];
} key_bytes;

static ferric_slice key_of(uint32_t number, key_bytes *key)
{
    static const uint8_t id[] = {0, 0, 0, 7};

    memcpy(key->bytes, id, sizeof id);
    key->bytes[4] = (uint8_t)(number / 4);
    memset(key->bytes + 5, 0xff, number % 4);
    return fe_slice(key->bytes, 5 + number % 4);
}

// deleted_by[c][k]: the newest commit up to c that deleted key k.
typedef struct range_model {
    uint64_t deleted_by[COMMITS + 1][KEYS];
} range_model;

static void draw_range(fe_random *random, uint32_t *first, uint32_t *end)
{
    do {
        *first = (uint32_t)fe_random_below(random, KEYS);
        *end = (uint32_t)fe_random_below(random, KEYS);
    } while (*first >= *end);
}

static void stage(fe_range_tree *tree, uint32_t first, uint32_t end, uint64_t sequence)
{
    key_bytes lower;
    key_bytes upper;

    assert_int_equal(
        fe_range_tree_stage(tree, key_of(first, &lower), key_of(end, &upper), sequence), FERRIC_OK);
}

static void fill(fe_range_tree *tree, range_model *model, fe_random *random)
{
    memset(model, 0, sizeof *model);
    for (uint64_t commit = 1; commit <= COMMITS; commit++) {
        uint32_t first;
        uint32_t end;
        memcpy(model->deleted_by[commit], model->deleted_by[commit - 1],
               sizeof model->deleted_by[0]);
        if (fe_random_below(random, 3) == 0) { // A commit that fails leaves nothing.
            draw_range(random, &first, &end);
            stage(tree, first, end, commit);
            fe_range_tree_unstage(tree);
        }
        for (uint64_t i = fe_random_below(random, 3); i > 0; i--) {
            draw_range(random, &first, &end);
            stage(tree, first, end, commit);
            for (uint32_t key = first; key < end; key++)
                model->deleted_by[commit][key] = commit;
        }
        fe_range_tree_publish(tree);
    }
}

// Every key between the bounds has the same answer, and the key is between them.
static void check_bounds(const range_model *model, uint64_t commit, uint32_t number,
                         const fe_range_cover *cover)
{
    for (uint32_t other = 0; other < KEYS; other++) {
        key_bytes bytes;
        ferric_slice key = key_of(other, &bytes);
        bool is_inside = (cover->lower.data == NULL || fe_slice_compare(cover->lower, key) <= 0) &&
                         (cover->upper.data == NULL || fe_slice_compare(key, cover->upper) < 0);
        if (other == number) assert_true(is_inside);
        if (is_inside) assert_int_equal(model->deleted_by[commit][other], cover->sequence);
    }
}

static void check_tree(const fe_range_tree *tree, const range_model *model)
{
    for (uint64_t commit = 0; commit <= COMMITS; commit++) {
        for (uint32_t key = 0; key < KEYS; key++) {
            key_bytes bytes;
            fe_range_cover cover = {0};
            fe_range_tree_narrow(tree, key_of(key, &bytes), commit, &cover);
            assert_int_equal(cover.sequence, model->deleted_by[commit][key]);
            check_bounds(model, commit, key, &cover);
        }
    }
}

static void test_every_state_is_the_models(void **state)
{
    fe_random random = {test_seed(11)};
    range_model *model = malloc(sizeof *model);

    (void)state;
    assert_non_null(model);
    for (int i = 0; i < 30; i++) {
        fe_range_tree tree = {0};
        assert_true(fe_range_tree_is_empty(&tree));
        fill(&tree, model, &random);
        check_tree(&tree, model);
        assert_false(fe_range_tree_is_empty(&tree));
        fe_range_tree_deinit(&tree);
    }
    free(model);
}

static ferric_status collect(void *context, ferric_slice lower, ferric_slice upper,
                             uint64_t sequence)
{
    return fe_range_collector_add(context, lower, upper, sequence);
}

static void check_pieces(const fe_range_deletes *ranges, const range_model *model,
                         const uint64_t *snapshots, size_t count)
{
    for (size_t i = 0; i <= count; i++) {
        uint64_t at = i < count ? snapshots[i] : COMMITS;
        for (uint32_t key = 0; key < KEYS && ranges->count > 0; key++) {
            key_bytes bytes;
            fe_range_cover cover = {0};
            fe_range_deletes_narrow(ranges, key_of(key, &bytes), at, &cover);
            assert_int_equal(cover.sequence, model->deleted_by[at][key]);
        }
    }
    for (size_t i = 0; i < ranges->count; i++) {
        const fe_range_piece *piece = &ranges->pieces[i];
        assert_true(fe_slice_compare(piece->lower, piece->upper) < 0);
        assert_true(piece->count >= 1 && piece->count <= count + 1); // One for each snapshot.
        if (i > 0) assert_true(fe_slice_compare(piece[-1].upper, piece->lower) <= 0);
    }
}

// What each snapshot sees is kept, and nothing that none of them could tell apart.
static void test_collected_pieces_are_what_snapshots_see(void **state)
{
    fe_random random = {test_seed(12)};
    range_model *model = malloc(sizeof *model);

    (void)state;
    assert_non_null(model);
    for (int i = 0; i < 200; i++) {
        fe_range_tree tree = {0};
        fe_range_collector collector = {0};
        uint64_t snapshots[4];
        size_t count = (size_t)fe_random_below(&random, 5);
        fill(&tree, model, &random);
        for (size_t j = 0; j < count; j++) {
            snapshots[j] = (j == 0 ? 0 : snapshots[j - 1]) + 1 + fe_random_below(&random, 12);
            assert_int_equal(fe_range_tree_visit(&tree, snapshots[j], collect, &collector),
                             FERRIC_OK);
        }
        assert_int_equal(fe_range_tree_visit(&tree, COMMITS, collect, &collector), FERRIC_OK);
        assert_int_equal(fe_range_collector_finish(&collector, snapshots, count), FERRIC_OK);
        check_pieces(&collector.ranges, model, snapshots, count);
        // What was collected once, from a table say, comes out the same.
        fe_range_collector again = {0};
        assert_int_equal(fe_range_collector_add_all(&again, &collector.ranges), FERRIC_OK);
        assert_int_equal(fe_range_collector_finish(&again, snapshots, count), FERRIC_OK);
        assert_int_equal(again.ranges.count, collector.ranges.count);
        check_pieces(&again.ranges, model, snapshots, count);
        fe_range_collector_deinit(&again);
        fe_range_collector_deinit(&collector);
        fe_range_tree_deinit(&tree);
    }
    free(model);
}

// A queue deletes its beginning again and again: each delete hides the ones before, so that memory
// grows with their number and no faster.
static void test_growing_prefix_stays_small(void **state)
{
    fe_range_tree tree = {0};
    fe_range_collector collector = {0};
    uint8_t lower[5] = {0, 0, 0, 7, 0};

    (void)state;
    for (uint32_t i = 1; i <= 20000; i++) {
        uint8_t upper[8] = {0, 0, 0, 7, 1, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        assert_int_equal(fe_range_tree_stage(&tree, fe_slice(lower, sizeof lower),
                                             fe_slice(upper, sizeof upper), i),
                         FERRIC_OK);
        fe_range_tree_publish(&tree);
    }
    assert_true(fe_range_tree_memory(&tree) < 20000 * 512u);
    assert_int_equal(fe_range_tree_visit(&tree, 20000, collect, &collector), FERRIC_OK);
    assert_int_equal(fe_range_collector_finish(&collector, NULL, 0), FERRIC_OK);
    assert_int_equal(collector.ranges.count, 1);
    assert_int_equal(collector.ranges.pieces[0].sequences[0], 20000);
    fe_range_collector_deinit(&collector);
    fe_range_tree_deinit(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_is_the_models),
        cmocka_unit_test(test_collected_pieces_are_what_snapshots_see),
        cmocka_unit_test(test_growing_prefix_stays_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
