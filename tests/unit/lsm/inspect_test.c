// SPDX-License-Identifier: Apache-2.0
// Inspection: what it tells of each kind of file, how a caller ends it, and that a lack of memory
// or a failing file system is an answer and not a wrong story.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ferric/ferric.h>

#include "os/vfs.h"

#define PATH "/inspected"
#define KEYS 50

typedef struct telling {
    uint64_t parts;
    uint64_t puts;
    uint64_t deletes;
    uint64_t damaged;
    uint64_t parts_max; // The callback then ends it.
    char first[32];     // The name of the first part.
} telling;

static bool take(void *context, const ferric_part *part)
{
    telling *told = context;

    assert_non_null(part->path);
    assert_true(part->depth <= 2);
    for (size_t i = 0; i < part->field_count; i++)
        assert_non_null(part->fields[i].name);
    if (told->parts++ == 0) snprintf(told->first, sizeof told->first, "%s", part->name);
    told->puts += strcmp(part->name, "put") == 0;
    told->deletes += strcmp(part->name, "delete") == 0;
    told->damaged += part->is_damage;
    return told->parts < told->parts_max;
}

static ferric_options memory_options(fe_vfs *vfs)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.vfs = vfs;
    options.background_threads = 0;
    return options;
}

static ferric_slice text(const char *bytes)
{
    ferric_slice slice = {bytes, strlen(bytes)};
    return slice;
}

// KEYS keys in a table, a delete and the same number of keys in the log.
static void fill(fe_vfs *vfs)
{
    ferric_options options = memory_options(vfs);
    ferric_db *db = NULL;

    assert_int_equal(ferric_open(PATH, &options, &db), FERRIC_OK);
    for (int i = 0; i < 2 * KEYS; i++) {
        char key[32];
        snprintf(key, sizeof key, "key%06d", i);
        assert_int_equal(ferric_put(db, NULL, text(key), text("value"), NULL), FERRIC_OK);
        if (i != KEYS - 1) continue;
        assert_int_equal(ferric_flush(db), FERRIC_OK);
        assert_int_equal(ferric_delete(db, NULL, text("other"), NULL), FERRIC_OK);
    }
    assert_int_equal(ferric_close(db), FERRIC_OK);
}

static ferric_status inspect(fe_vfs *vfs, ferric_inspect_target target, uint64_t parts_max,
                             telling *told)
{
    ferric_options options = memory_options(vfs);

    *told = (telling){.parts_max = parts_max};
    return ferric_inspect(PATH, target, &options, take, told);
}

static void test_each_kind_of_file_is_told(void **state)
{
    fe_vfs *vfs = *state;
    telling told;

    assert_int_equal(inspect(vfs, FERRIC_INSPECT_TABLES, UINT64_MAX, &told), FERRIC_OK);
    assert_string_equal(told.first, "table");
    assert_int_equal(told.puts, KEYS + 1); // And the keyspace's name.
    assert_int_equal(inspect(vfs, FERRIC_INSPECT_LOGS, UINT64_MAX, &told), FERRIC_OK);
    assert_int_equal(told.deletes, 1);
    assert_string_equal(told.first, "log");
    assert_true(told.puts >= KEYS);
    assert_int_equal(inspect(vfs, FERRIC_INSPECT_MANIFESTS, UINT64_MAX, &told), FERRIC_OK);
    assert_string_equal(told.first, "current");
    assert_int_equal(told.damaged, 0);
}

static void test_the_callback_can_end_it_anywhere(void **state)
{
    fe_vfs *vfs = *state;

    for (int target = FERRIC_INSPECT_LOGS; target <= FERRIC_INSPECT_MANIFESTS; target++) {
        telling whole;
        telling told;
        assert_int_equal(inspect(vfs, target, UINT64_MAX, &whole), FERRIC_OK);
        for (uint64_t most = 1; most <= whole.parts; most++) {
            assert_int_equal(inspect(vfs, target, most, &told), FERRIC_INTERRUPTED);
            assert_int_equal(told.parts, most);
        }
    }
}

static void test_wrong_arguments_are_refused(void **state)
{
    fe_vfs *vfs = *state;
    ferric_options options = memory_options(vfs);
    telling told = {.parts_max = UINT64_MAX};

    assert_int_equal(ferric_inspect(NULL, FERRIC_INSPECT_LOGS, &options, take, &told),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_inspect(PATH, FERRIC_INSPECT_LOGS, &options, NULL, NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_inspect(PATH, (ferric_inspect_target)4, &options, take, &told),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_inspect("/none", FERRIC_INSPECT_LOGS, &options, take, &told),
                     FERRIC_NOT_FOUND);
    assert_int_equal(ferric_inspect(PATH "/CURRENT", FERRIC_INSPECT_LOGS, &options, take, &told),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(told.parts, 0);
}

// ---- Lack of memory -------------------------------------------------------------------------

typedef struct scarce {
    uint64_t left; // Allocations that still succeed.
} scarce;

static void *reallocate(void *context, void *memory, size_t size)
{
    scarce *self = context;

    if (self->left == 0) return NULL;
    self->left--;
    return realloc(memory, size);
}

static void release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static void test_each_allocation_may_fail(void **state)
{
    fe_vfs *vfs = *state;
    scarce self = {0};
    ferric_allocator allocator = {reallocate, release, &self};
    uint64_t failures = 0;

    for (int target = FERRIC_INSPECT_LOGS; target <= FERRIC_INSPECT_MANIFESTS; target++) {
        ferric_status status = FERRIC_NO_MEMORY;
        for (uint64_t n = 0; status != FERRIC_OK; n++) {
            telling told;
            self.left = n;
            ferric_set_allocator(&allocator);
            status = inspect(vfs, target, UINT64_MAX, &told);
            ferric_set_allocator(NULL);
            if (status != FERRIC_OK) assert_int_equal(status, FERRIC_NO_MEMORY);
            assert_int_equal(told.damaged, 0); // A lack of memory is no damage.
            failures += status != FERRIC_OK;
        }
    }
    assert_true(failures > 10);
}

static int make(void **state)
{
    fe_vfs *vfs;

    if (fe_vfs_memory_create(&vfs) != FERRIC_OK) return -1;
    fill(vfs);
    *state = vfs;
    return 0;
}

static int unmake(void **state)
{
    fe_vfs_memory_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_of_file_is_told),
        cmocka_unit_test(test_the_callback_can_end_it_anywhere),
        cmocka_unit_test(test_wrong_arguments_are_refused),
        cmocka_unit_test(test_each_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("inspect", tests, make, unmake);
}
