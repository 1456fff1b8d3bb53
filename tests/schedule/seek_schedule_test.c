// SPDX-License-Identifier: Apache-2.0
// A search in a skip list that is held where it looks at a node, while a writer puts another one
// right before it.
//
// The search calls nothing that could be held. So the memory of that node is taken away: the search
// faults at its first look, and the handler of the fault gives the memory back and is the writer.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "lsm/skiplist.h"

// Every fourth node stands on more than one level; the search comes to it from above, and looks at
// the links again further down. The other ones are what this is about.
#define KEYS 40u
#define KEY_SIZE 16
#define OLD_SEQUENCE 10u
#define NEW_SEQUENCE 20u

typedef struct field {
    fe_skiplist list;
    uint8_t *arena;
    size_t arena_size;
    size_t page_size;
    uint8_t *value; // So long that no page has two nodes' beginnings.
    size_t value_size;
    fe_skiplist_ref nodes[KEYS];
} field;

// What the handler does; a handler has no argument of its own.
static struct {
    field *field;
    uint8_t *page; // NULL: no fault is expected.
    fe_entry entry;
    uint32_t faults;
} trap;

static ferric_slice key_of(uint32_t number, const char *end, char bytes[KEY_SIZE])
{
    int size = snprintf(bytes, KEY_SIZE, "key/%04u%s", number, end);
    return fe_slice(bytes, (size_t)size);
}

static fe_skiplist_ref put(field *f, ferric_slice key, uint64_t sequence)
{
    fe_entry entry = {key, fe_slice(f->value, f->value_size), sequence, FE_ENTRY_PUT};
    return fe_skiplist_insert(&f->list, &entry);
}

static void setup(field *f)
{
    fe_key_code code;

    f->page_size = (size_t)sysconf(_SC_PAGESIZE);
    f->value_size = 2 * f->page_size;
    f->value = calloc(1, f->value_size);
    assert_non_null(f->value);
    f->arena_size = (KEYS + 2) * 2 * (f->value_size + f->page_size);
    f->arena =
        mmap(NULL, f->arena_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(f->arena, MAP_FAILED);
    fe_key_code_init(&code, fe_slice_text("key/"), FE_KEY_CODE_BITS_MAX);
    fe_skiplist_init(&f->list, f->arena, FE_SKIPLIST_UNIT, f->arena_size, &code);
    for (uint32_t i = 0; i < KEYS; i++) {
        char bytes[KEY_SIZE];
        f->nodes[i] = put(f, key_of(i, "", bytes), OLD_SEQUENCE);
    }
}

static void teardown(field *f)
{
    munmap(f->arena, f->arena_size);
    free(f->value);
}

static void be_the_writer(int number)
{
    (void)number;
    if (trap.page == NULL) abort(); // Somebody else's fault.
    mprotect(trap.page, trap.field->page_size, PROT_READ | PROT_WRITE);
    trap.page = NULL;
    trap.faults++;
    fe_skiplist_insert(&trap.field->list, &trap.entry);
}

// Takes the node's memory away; who looks at it first makes `entry` come before it.
static void set_trap(field *f, fe_skiplist_ref node, ferric_slice key, uint64_t sequence)
{
    size_t at = (size_t)node * FE_SKIPLIST_UNIT;

    trap.field = f;
    trap.page = f->arena + at / f->page_size * f->page_size;
    trap.entry = (fe_entry){key, fe_slice(f->value, f->value_size), sequence, FE_ENTRY_PUT};
    trap.faults = 0;
    assert_int_equal(mprotect(trap.page, f->page_size, PROT_NONE), 0);
}

static void with_handler(void (*run)(field *f))
{
    struct sigaction action = {.sa_handler = be_the_writer};
    struct sigaction before;
    field f = {0};

    setup(&f);
    assert_int_equal(sigaction(SIGSEGV, &action, &before), 0);
    run(&f);
    assert_int_equal(sigaction(SIGSEGV, &before, NULL), 0);
    teardown(&f);
}

// The version that is looked for, and the one that comes before it meanwhile.
static void seek_each_version(field *f)
{
    for (uint32_t i = 0; i < KEYS; i++) {
        char bytes[KEY_SIZE];
        ferric_slice key = key_of(i, "", bytes);
        fe_skiplist_ref found;

        set_trap(f, f->nodes[i], key, NEW_SEQUENCE);
        found = fe_skiplist_seek(&f->list, key, OLD_SEQUENCE + i % 2);
        assert_int_equal(trap.faults, 1);
        assert_int_equal(found, f->nodes[i]);
        found = fe_skiplist_seek(&f->list, key, NEW_SEQUENCE); // It did come.
        assert_int_equal(fe_skiplist_next(&f->list, found), f->nodes[i]);
    }
}

static void test_a_seek_does_not_end_on_a_newer_version_that_comes_meanwhile(void **state)
{
    (void)state;
    with_handler(seek_each_version);
}

// The same with another key: from the end on, so that each comes between two that are there.
static void seek_each_key(field *f)
{
    for (uint32_t i = KEYS; i-- > 0;) {
        char bytes[KEY_SIZE];
        char between[KEY_SIZE];
        ferric_slice key = key_of(i, "", bytes);

        set_trap(f, f->nodes[i], i == 0 ? fe_slice_text("key/") : key_of(i - 1, "+", between),
                 NEW_SEQUENCE);
        assert_int_equal(fe_skiplist_seek(&f->list, key, OLD_SEQUENCE), f->nodes[i]);
        assert_int_equal(trap.faults, 1);
    }
}

static void test_a_seek_does_not_end_on_a_smaller_key_that_comes_meanwhile(void **state)
{
    (void)state;
    with_handler(seek_each_key);
}

// Whether the newer one is seen or not: what is found is before the target.
static void seek_before_each(field *f)
{
    for (uint32_t i = 0; i < KEYS; i++) {
        char bytes[KEY_SIZE];
        ferric_slice key = key_of(i, "", bytes);
        fe_skiplist_ref found;

        set_trap(f, f->nodes[i], key, NEW_SEQUENCE);
        found = fe_skiplist_seek_before(&f->list, key, OLD_SEQUENCE);
        assert_int_equal(trap.faults, 1);
        if (found == 0) {
            assert_int_equal(i, 0);
            continue;
        }
        assert_true(fe_skiplist_next(&f->list, found) == f->nodes[i] ||
                    fe_skiplist_next(&f->list, fe_skiplist_next(&f->list, found)) == f->nodes[i]);
    }
}

static void test_a_seek_before_ends_before_its_target(void **state)
{
    (void)state;
    with_handler(seek_before_each);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seek_does_not_end_on_a_newer_version_that_comes_meanwhile),
        cmocka_unit_test(test_a_seek_does_not_end_on_a_smaller_key_that_comes_meanwhile),
        cmocka_unit_test(test_a_seek_before_ends_before_its_target),
    };
    return cmocka_run_group_tests_name("seek_schedule", tests, NULL, NULL);
}
