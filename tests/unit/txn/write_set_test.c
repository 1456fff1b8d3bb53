// SPDX-License-Identifier: Apache-2.0
// Write sets against arrays: what a mark sees stays as it was, whatever is written and rolled back
// behind it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "entry_model.h"
#include "txn/write_set.h"

#define KEYS 60
#define MARKS_MAX 6
#define STEPS 4000

typedef struct key_text {
    char text[16];
} key_text;

static ferric_slice key_of(unsigned number, key_text *room)
{
    snprintf(room->text, sizeof room->text, "key%03u", number);
    return fe_slice_text(room->text);
}

// What each key's newest write is: 0 none, 1 a delete, else a put of the number.
typedef struct state {
    unsigned values[KEYS];
} state;

typedef struct marked {
    uint64_t mark;
    state then;
} marked;

static void add(fe_write_set *set, state *now, unsigned key, unsigned value)
{
    key_text room;
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    assert_int_equal(
        fe_write_set_add(set, value == 1 ? FE_ENTRY_DELETE : FE_ENTRY_PUT, key_of(key, &room),
                         value == 1 ? fe_slice(NULL, 0) : fe_slice_text(text), FE_EXPIRY_NEVER),
        FERRIC_OK);
    now->values[key] = value;
}

static void fill_model(entry_model *model, const state *s)
{
    entry_model_init(model);
    for (unsigned i = 0; i < KEYS; i++) {
        key_text room;
        char text[16];
        fe_entry entry = {.key = key_of(i, &room), .sequence = FE_SEQUENCE_UNCOMMITTED};
        if (s->values[i] == 0) continue;
        snprintf(text, sizeof text, "%u", s->values[i]);
        entry.kind = s->values[i] == 1 ? FE_ENTRY_DELETE : FE_ENTRY_PUT;
        entry.value = s->values[i] == 1 ? fe_slice("", 0) : fe_slice_text(text);
        assert_true(entry_model_insert(model, &entry));
    }
}

static void check_finds(const fe_write_set *set, const state *now)
{
    size_t count = 0;

    for (unsigned i = 0; i < KEYS; i++) {
        key_text room;
        const fe_write *write = fe_write_set_find(set, key_of(i, &room));
        assert_int_equal(write != NULL, now->values[i] != 0);
        if (write == NULL) continue;
        count++;
        assert_int_equal(write->kind == FE_ENTRY_DELETE, now->values[i] == 1);
    }
    assert_int_equal(set->key_count, count);
}

static void check_walk(const fe_write_set *set, const marked *at, fe_random *random)
{
    entry_model model;
    fe_iterator *iterator;

    fill_model(&model, &at->then);
    assert_int_equal(fe_write_set_iterator(set, at->mark, &iterator), FERRIC_OK);
    assert_iterator_holds(&model, iterator);
    assert_random_walk(&model, iterator, 60, fe_slice_text("key0"), random);
    fe_iterator_destroy(iterator);
    entry_model_deinit(&model);
}

// A rollback makes the marks behind it none; one with the same number is the same mark.
static void roll_back(fe_write_set *set, state *now, marked *marks, unsigned *count, unsigned to)
{
    uint64_t mark = marks[to].mark;
    unsigned kept = 0;

    assert_true(fe_write_set_roll_back(set, mark));
    *now = marks[to].then;
    for (unsigned i = 0; i < *count; i++) {
        if (marks[i].mark <= mark) {
            marks[kept++] = marks[i];
        } else {
            assert_false(fe_write_set_roll_back(set, marks[i].mark));
        }
    }
    *count = kept;
}

static void test_marks_see_what_was_there(void **unused)
{
    fe_random random = {test_seed(20261121)};
    fe_write_set set = {0};
    state now = {{0}};
    marked marks[MARKS_MAX];
    unsigned count = 0;

    (void)unused;
    for (unsigned i = 0; i < STEPS; i++) {
        uint64_t dice = fe_random_below(&random, 100);
        if (dice < 80) {
            add(&set, &now, (unsigned)fe_random_below(&random, KEYS),
                fe_random_below(&random, 4) == 0 ? 1 : 2 + i);
        } else if (dice < 86) {
            if (count == MARKS_MAX) memmove(marks, marks + 1, --count * sizeof *marks);
            marks[count++] = (marked){fe_write_set_mark(&set), now};
        } else if (dice < 90 && count > 0) {
            roll_back(&set, &now, marks, &count, (unsigned)fe_random_below(&random, count));
        } else if (count > 0) {
            check_walk(&set, &marks[fe_random_below(&random, count)], &random);
        }
        if (i % 20 == 0) check_finds(&set, &now);
    }
    fe_write_set_clear(&set);
    assert_int_equal(set.bytes, 0);
    assert_null(set.first[0]);
}

// An iterator stands on a key while others come and go around it.
static void test_walk_goes_on_beside_writes(void **unused)
{
    fe_write_set set = {0};
    state now = {{0}};
    fe_iterator *iterator;
    uint64_t mark;
    unsigned seen = 0;
    key_text room;

    (void)unused;
    for (unsigned i = 0; i < KEYS; i += 2)
        add(&set, &now, i, 100 + i);
    mark = fe_write_set_mark(&set);
    assert_int_equal(fe_write_set_iterator(&set, mark, &iterator), FERRIC_OK);
    for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator)) {
        assert_true(fe_slice_equal(iterator->entry.key, key_of(seen * 2, &room)));
        add(&set, &now, seen * 2, 1);
        add(&set, &now, seen * 2 + 1, 7);
        if (seen % 5 == 0) assert_true(fe_write_set_roll_back(&set, mark));
        seen++;
    }
    assert_int_equal(seen, KEYS / 2);
    fe_iterator_destroy(iterator);
    fe_write_set_clear(&set);
}

// A counter that is written a million times is one write, as long as nobody can come back.
static void test_memory_does_not_grow_with_writes_over_writes(void **unused)
{
    fe_write_set set = {0};
    state now = {{0}};
    size_t bytes;

    (void)unused;
    add(&set, &now, 1, 10);
    bytes = set.bytes;
    for (unsigned i = 0; i < 10000; i++)
        add(&set, &now, 1, 10 + i % 10);
    assert_int_equal(set.bytes, bytes);
    assert_null(set.newest->before);
    fe_write_set_mark(&set);
    add(&set, &now, 1, 10);
    assert_int_equal(set.bytes, bytes + 2);
    fe_write_set_clear(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_see_what_was_there),
        cmocka_unit_test(test_walk_goes_on_beside_writes),
        cmocka_unit_test(test_memory_does_not_grow_with_writes_over_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
