// SPDX-License-Identifier: Apache-2.0
// What a repair lets through of a catalogue and of indexes.
#include "lsm/index_reset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "array_iterator.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"

#define ENTRY(key, value, kind)                                                                    \
    {                                                                                              \
        {key, sizeof(key) - 1}, {value, sizeof(value) - 1}, 9, kind                                \
    }
#define ENTRY_COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define SHOWN_MAX 16

// A collection with the id 16 whose indexes have the ids 17 and 19, one with the id 18 without.
static const fe_entry catalogue[] = {
    ENTRY("\0\0\0\0i", "\24\0\0\0", FE_ENTRY_PUT),
    ENTRY("\0\0\0\0nothers", "\22\0\0\0\2", FE_ENTRY_PUT),
    ENTRY("\0\0\0\0nusers", "\20\0\0\0\2", FE_ENTRY_PUT),
    ENTRY("\0\0\0\0p\0\0\0\21", "\5some id", FE_ENTRY_PUT),
    ENTRY("\0\0\0\0x\0\0\0\20", "\1\2\21\0\0\0\23\0\0\0ready", FE_ENTRY_PUT),
    ENTRY("\0\0\0\0x\0\0\0\22", "\1\0ready", FE_ENTRY_PUT),
    ENTRY("\0\0\0\1main", "1", FE_ENTRY_PUT),
    ENTRY("\0\0\0\20document", "{}", FE_ENTRY_PUT),
    ENTRY("\0\0\0\21entry", "", FE_ENTRY_PUT),
    ENTRY("\0\0\0\21old entry", "", FE_ENTRY_DELETE),
    ENTRY("\0\0\0\22document", "{}", FE_ENTRY_PUT),
    ENTRY("\0\0\0\23entry", "", FE_ENTRY_PUT_EXPIRING),
    ENTRY("\0\0\0\24raw", "2", FE_ENTRY_PUT),
};

// What the layer above makes of a schema, in small: "ready" becomes "build".
static ferric_status reset_ready(ferric_slice schema, ferric_buffer *reset)
{
    if (schema.size < 7) return fe_fail(FERRIC_CORRUPT, "no schema");
    ferric_status status = fe_buffer_append(reset, schema.data, schema.size - 5);
    return status == FERRIC_OK ? fe_buffer_append(reset, "build", 5) : status;
}

static ferric_status reset_without_memory(ferric_slice schema, ferric_buffer *reset)
{
    (void)schema;
    (void)reset;
    return fe_no_memory("a schema", 1);
}

typedef struct shown {
    char keys[SHOWN_MAX][32];
    char values[SHOWN_MAX][32];
    size_t key_sizes[SHOWN_MAX];
    size_t value_sizes[SHOWN_MAX];
    size_t count;
    ferric_status status;
} shown;

static void show(fe_schema_reset_function function, const fe_entry *entries, size_t count,
                 shown *all)
{
    fe_index_reset reset = {.function = function};
    fe_iterator *iterator;

    memset(all, 0, sizeof *all);
    assert_int_equal(
        fe_index_reset_iterator(array_iterator_create(entries, count, NULL), &reset, &iterator),
        FERRIC_OK);
    for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator)) {
        const fe_entry *entry = &iterator->entry;
        memcpy(all->keys[all->count], entry->key.data, entry->key.size);
        if (entry->value.size != 0)
            memcpy(all->values[all->count], entry->value.data, entry->value.size);
        all->key_sizes[all->count] = entry->key.size;
        all->value_sizes[all->count++] = entry->value.size;
    }
    all->status = iterator->status;
    fe_iterator_destroy(iterator);
    fe_index_reset_deinit(&reset);
}

// Number `at` of what was shown is `expected`, with another value if that is not NULL.
static void assert_shown(const shown *all, size_t at, const fe_entry *expected, const char *value)
{
    ferric_slice meant = value == NULL ? expected->value : fe_slice(value, expected->value.size);

    assert_true(at < all->count);
    assert_int_equal(all->key_sizes[at], expected->key.size);
    assert_memory_equal(all->keys[at], expected->key.data, expected->key.size);
    assert_int_equal(all->value_sizes[at], meant.size);
    if (meant.size != 0) assert_memory_equal(all->values[at], meant.data, meant.size);
}

static void assert_all_shown(const shown *all, const fe_entry *entries, size_t count)
{
    assert_int_equal(all->status, FERRIC_OK);
    assert_int_equal(all->count, count);
    for (size_t i = 0; i < count; i++)
        assert_shown(all, i, &entries[i], NULL);
}

static void test_index_reset_keeps_documents_and_begins_indexes_anew(void **state)
{
    static const size_t kept[] = {0, 1, 2, 4, 5, 6, 7, 10, 12};
    shown all;

    (void)state;
    show(reset_ready, catalogue, ENTRY_COUNT(catalogue), &all);
    assert_int_equal(all.status, FERRIC_OK);
    assert_int_equal(all.count, ENTRY_COUNT(kept));
    for (size_t i = 0; i < ENTRY_COUNT(kept); i++) {
        const char *value = NULL;
        if (kept[i] == 4) value = "\1\2\21\0\0\0\23\0\0\0build";
        if (kept[i] == 5) value = "\1\0build";
        assert_shown(&all, i, &catalogue[kept[i]], value);
    }
}

static void test_index_reset_without_a_function_changes_nothing(void **state)
{
    shown all;

    (void)state;
    show(NULL, catalogue, ENTRY_COUNT(catalogue), &all);
    assert_all_shown(&all, catalogue, ENTRY_COUNT(catalogue));
}

// Its collection cannot be used then, and what its indexes were nobody knows.
static void test_index_reset_leaves_a_schema_that_is_none(void **state)
{
    static const fe_entry entries[] = {
        ENTRY("\0\0\0\0x\0\0\0\20", "\1\1\21", FE_ENTRY_PUT),
        ENTRY("\0\0\0\20document", "{}", FE_ENTRY_PUT),
        ENTRY("\0\0\0\21entry", "", FE_ENTRY_PUT),
    };
    shown all;

    (void)state;
    show(reset_ready, entries, ENTRY_COUNT(entries), &all);
    assert_all_shown(&all, entries, ENTRY_COUNT(entries));
}

static void test_index_reset_leaves_what_is_no_schema(void **state)
{
    static const fe_entry entries[] = {
        ENTRY("\0\0\0", "short", FE_ENTRY_PUT),
        ENTRY("\0\0\0\0", "no letter", FE_ENTRY_PUT),
        ENTRY("\0\0\0\0p\0\0\0\21", "", FE_ENTRY_DELETE),
        ENTRY("\0\0\0\0x\0\0\0\20", "", FE_ENTRY_DELETE),
        ENTRY("\0\0\0\0xa name", "", FE_ENTRY_RANGE_DELETE),
        ENTRY("\0\0\0\21entry", "", FE_ENTRY_PUT),
    };
    shown all;

    (void)state;
    show(reset_ready, entries, ENTRY_COUNT(entries), &all);
    assert_all_shown(&all, entries, ENTRY_COUNT(entries));
}

// It says that "main" and the catalogue are its indexes, and that it has more than there are.
static void test_index_reset_takes_nothing_for_a_made_up_schema(void **state)
{
    static const fe_entry entries[] = {
        ENTRY("\0\0\0\0x\0\0\0\20", "\1\3\0\0\0\0\1\0\0\0\17\0\0\0ready", FE_ENTRY_PUT),
        ENTRY("\0\0\0\0x\0\0\0\22", "\1\7\25\0\0\0ready", FE_ENTRY_PUT),
        ENTRY("\0\0\0\0x\0\0\0\23", "\1\377\377\377\377\177ready", FE_ENTRY_PUT),
        ENTRY("\0\0\0\0y", "of the catalogue", FE_ENTRY_PUT),
        ENTRY("\0\0\0\1main", "1", FE_ENTRY_PUT),
        ENTRY("\0\0\0\17reserved", "2", FE_ENTRY_PUT),
        ENTRY("\0\0\0\20document", "{}", FE_ENTRY_PUT),
        ENTRY("\0\0\0\24raw", "3", FE_ENTRY_PUT),
        ENTRY("\0\0\0\25entry", "", FE_ENTRY_PUT),
    };
    shown all;

    (void)state;
    show(reset_ready, entries, ENTRY_COUNT(entries), &all);
    assert_int_equal(all.status, FERRIC_OK);
    assert_int_equal(all.count, 8); // All but the entry of the one index that may be one.
    for (size_t i = 3; i < 8; i++)
        assert_shown(&all, i, &entries[i], NULL);
}

static void test_index_reset_tells_of_missing_memory(void **state)
{
    shown all;

    (void)state;
    show(reset_without_memory, catalogue, ENTRY_COUNT(catalogue), &all);
    assert_int_equal(all.status, FERRIC_NO_MEMORY);
    assert_int_equal(all.count, 3); // Up to the first schema; progress is passed over.
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index_reset_keeps_documents_and_begins_indexes_anew),
        cmocka_unit_test(test_index_reset_without_a_function_changes_nothing),
        cmocka_unit_test(test_index_reset_leaves_a_schema_that_is_none),
        cmocka_unit_test(test_index_reset_leaves_what_is_no_schema),
        cmocka_unit_test(test_index_reset_takes_nothing_for_a_made_up_schema),
        cmocka_unit_test(test_index_reset_tells_of_missing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
