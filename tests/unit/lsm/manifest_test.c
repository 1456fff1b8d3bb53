// SPDX-License-Identifier: Apache-2.0
// Manifests: what was written is loaded; what a crash tore is told from what was damaged.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "entry_model.h"
#include "lsm/file_names.h"
#include "lsm/manifest.h"
#include "table_kit.h"

#define MANIFEST_PATH "/db/000007.manifest"
#define CURRENT_PATH "/db/" FE_FILE_CURRENT_NAME

static fe_file_header header_of(uint64_t number)
{
    fe_file_header header = {.version = FE_FORMAT_VERSION, .kind = FE_FILE_MANIFEST};

    header.file_number = number;
    header.created_ms = 1750000000000;
    memset(header.salt, (int)(0x10 + number), sizeof header.salt);
    memset(header.database_id, 0xdb, sizeof header.database_id);
    return header;
}

static fe_manifest *create(table_kit *kit, uint64_t number, const fe_version *version,
                           const fe_version_edit *edit)
{
    fe_file_header header = header_of(number);
    fe_manifest *manifest = NULL;

    assert_int_equal(fe_manifest_create(kit->vfs, "/db", &header, version, edit, &manifest),
                     FERRIC_OK);
    return manifest;
}

static ferric_status load(table_kit *kit, fe_manifest_state *state)
{
    ferric_status status = fe_manifest_load(kit->vfs, "/db", NULL, kit->tables, state);

    if (status == FERRIC_OK) assert_null(kit_version_problem(state->version));
    if (status != FERRIC_OK) assert_null(state->version);
    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) assert_true(fe_message()[0] != '\0');
    return status;
}

// ---- Files ----------------------------------------------------------------------------------

static ferric_buffer read_file(fe_vfs *vfs, const char *path)
{
    ferric_buffer bytes = {0};
    fe_file *file = NULL;
    uint64_t size = 0;
    size_t got = 0;

    assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_READ, &file), FERRIC_OK);
    assert_int_equal(fe_file_size(file, &size), FERRIC_OK);
    assert_int_equal(fe_buffer_reserve(&bytes, (size_t)size + 1), FERRIC_OK);
    assert_int_equal(fe_file_read_at(file, 0, bytes.data, (size_t)size, &got), FERRIC_OK);
    bytes.size = got;
    fe_file_close(file);
    return bytes;
}

static void write_file(fe_vfs *vfs, const char *path, ferric_slice bytes)
{
    fe_file *file = NULL;

    (void)fe_vfs_remove(vfs, path);
    assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_CREATE, &file), FERRIC_OK);
    assert_int_equal(fe_file_write_at(file, 0, bytes.data, bytes.size), FERRIC_OK);
    fe_file_close(file);
}

// ---- Fixture: a manifest with a snapshot and a few edits --------------------------------------

#define EDITS 4 // The snapshot and three more.

typedef struct fixture {
    table_kit kit;
    fe_version *versions[EDITS]; // After each edit.
    uint64_t ends[EDITS];        // Where each frame ends.
} fixture;

static void add_one(fixture *all, fe_manifest *manifest, uint32_t index)
{
    fe_version_edit edit = {0};
    fe_version *next = NULL;
    table_shape shape = {index * 100, index * 100 + 50, index * 10, index * 10 + 5, 500, 5, 1};
    fe_live_log log = {.number = 90 + index};

    kit_add(&all->kit, &edit, 1, &shape);
    edit.last_sequence = shape.largest_sequence;
    edit.next_file_number = 100 + index;
    assert_int_equal(fe_version_edit_add_log(&edit, &log), FERRIC_OK);
    assert_int_equal(fe_version_apply(all->versions[index - 1], &edit, &next), FERRIC_OK);
    assert_int_equal(fe_manifest_append(manifest, &edit), FERRIC_OK);
    fe_version_edit_deinit(&edit, all->kit.tables);
    all->versions[index] = next;
    all->ends[index] = fe_manifest_size(manifest);
}

static void fixture_init(fixture *all)
{
    fe_version_edit edit = {.next_file_number = 100, .last_sequence = 9};
    table_shape shape = {1, 40, 1, 9, 700, 9, 0};
    fe_manifest *manifest;

    table_kit_init(&all->kit);
    assert_int_equal(fe_version_create(all->kit.tables, &all->versions[0]), FERRIC_OK);
    {
        fe_version_edit tables = {0};
        kit_add(&all->kit, &tables, 1, &shape);
        all->versions[0] = kit_apply(&all->kit, all->versions[0], &tables);
    }
    manifest = create(&all->kit, 7, all->versions[0], &edit);
    all->ends[0] = fe_manifest_size(manifest);
    for (uint32_t i = 1; i < EDITS; i++)
        add_one(all, manifest, i);
    fe_manifest_close(manifest);
}

static void fixture_deinit(fixture *all)
{
    for (int i = 0; i < EDITS; i++)
        fe_version_unref(all->versions[i]);
    table_kit_deinit(&all->kit);
}

// The loaded state is what it was after edit `index`.
static void assert_state_after(const fixture *all, const fe_manifest_state *state, uint32_t index)
{
    const fe_version *expected = all->versions[index];

    assert_int_equal(state->edits, index + 1);
    assert_int_equal(state->next_file_number, 100 + index);
    assert_int_equal(state->last_sequence, index == 0 ? 9 : index * 10 + 5);
    assert_int_equal(state->log_count, index == 0 ? 0 : 1);
    if (index > 0) assert_int_equal(state->logs[0].number, 90 + index);
    assert_int_equal(state->manifest_number, 7);
    assert_int_equal(state->database_id[3], 0xdb);
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        assert_int_equal(state->version->levels[i].count, expected->levels[i].count);
        for (uint32_t j = 0; j < expected->levels[i].count; j++) {
            assert_int_equal(state->version->levels[i].files[j]->identity.number,
                             expected->levels[i].files[j]->identity.number);
        }
    }
}

// ---- Tests ----------------------------------------------------------------------------------

static void test_manifest_loads_what_was_appended(void **state)
{
    fixture all;
    fe_manifest_state found;

    (void)state;
    fixture_init(&all);
    assert_int_equal(load(&all.kit, &found), FERRIC_OK);
    assert_state_after(&all, &found, EDITS - 1);
    assert_false(found.has_torn_tail);
    assert_int_equal(found.bytes, all.ends[EDITS - 1]);
    fe_manifest_state_deinit(&found);
    fixture_deinit(&all);
}

static void test_manifest_of_a_random_version_describes_all_of_it(void **state)
{
    fe_random random = {test_seed(10)};

    (void)state;
    for (int i = 0; i < 100; i++) {
        table_kit kit;
        fe_manifest_state found;
        fe_version_edit edit = {.next_file_number = 1000000, .last_sequence = 1000000};
        fe_version *version;
        table_kit_init(&kit);
        version = kit_random_version(&kit, &random, 20, 1000);
        fe_manifest_close(create(&kit, 7, version, &edit));
        assert_int_equal(load(&kit, &found), FERRIC_OK);
        for (uint32_t level = 0; level < FE_LEVEL_COUNT; level++) {
            assert_int_equal(found.version->levels[level].count, version->levels[level].count);
            assert_int_equal(found.version->levels[level].bytes, version->levels[level].bytes);
        }
        fe_manifest_state_deinit(&found);
        fe_version_unref(version);
        table_kit_deinit(&kit);
    }
}

static void test_manifest_with_a_table_of_commits_to_come_is_corrupt(void **state)
{
    fixture all;
    fe_manifest_state found;
    fe_version_edit edit = {.next_file_number = 500, .last_sequence = 14};

    (void)state;
    fixture_init(&all);
    fe_manifest_close(create(&all.kit, 8, all.versions[1], &edit));
    assert_int_equal(load(&all.kit, &found), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "version 15"));
    fixture_deinit(&all);
}

static void test_manifest_whose_commits_go_back_is_corrupt(void **state)
{
    fixture all;
    fe_manifest_state found;
    fe_version_edit first = {.next_file_number = 500, .last_sequence = 15};
    fe_version_edit back = {.last_sequence = 14};
    fe_manifest *manifest;

    (void)state;
    fixture_init(&all);
    manifest = create(&all.kit, 8, all.versions[1], &first);
    assert_int_equal(fe_manifest_append(manifest, &back), FERRIC_OK);
    fe_manifest_close(manifest);
    assert_int_equal(load(&all.kit, &found), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "was 15"));
    fixture_deinit(&all);
}

static void test_manifest_without_current_is_not_found(void **state)
{
    table_kit kit;
    fe_manifest_state found;

    (void)state;
    table_kit_init(&kit);
    assert_int_equal(load(&kit, &found), FERRIC_NOT_FOUND);
    table_kit_deinit(&kit);
}

static void test_manifest_switches_current_to_the_new_one(void **state)
{
    fixture all;
    fe_manifest_state found;
    fe_version_edit edit = {.next_file_number = 500, .last_sequence = 15};
    fe_path_kind kind;

    (void)state;
    fixture_init(&all);
    write_file(all.kit.vfs, "/db/" FE_FILE_CURRENT_NEW_NAME, fe_slice_text("left by a crash"));
    fe_manifest_close(create(&all.kit, 8, all.versions[1], &edit));
    assert_int_equal(load(&all.kit, &found), FERRIC_OK);
    assert_int_equal(found.manifest_number, 8);
    assert_int_equal(found.next_file_number, 500);
    assert_int_equal(found.version->levels[1].count, 2);
    assert_int_equal(fe_vfs_stat(all.kit.vfs, "/db/" FE_FILE_CURRENT_NEW_NAME, &kind, NULL),
                     FERRIC_OK);
    assert_int_equal(kind, FE_PATH_NONE);
    fe_manifest_state_deinit(&found);
    fixture_deinit(&all);
}

static void test_manifest_that_current_names_must_be_there(void **state)
{
    fixture all;
    fe_manifest_state found;
    ferric_buffer bytes;

    (void)state;
    fixture_init(&all);
    bytes = read_file(all.kit.vfs, MANIFEST_PATH);
    assert_int_equal(fe_vfs_remove(all.kit.vfs, MANIFEST_PATH), FERRIC_OK);
    assert_int_equal(load(&all.kit, &found), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), MANIFEST_PATH));
    assert_non_null(strstr(fe_message(), "repair"));
    fe_buffer_deinit(&bytes);
    fixture_deinit(&all);
}

// A manifest that was put back from somewhere: the right name and number, another salt.
static void test_manifest_of_another_salt_is_refused(void **state)
{
    fixture all;
    fe_manifest_state found;
    ferric_buffer bytes;
    fe_file_header header = header_of(7);

    (void)state;
    fixture_init(&all);
    bytes = read_file(all.kit.vfs, MANIFEST_PATH);
    header.salt[0] ^= 1;
    fe_file_header_encode(&header, bytes.data);
    write_file(all.kit.vfs, MANIFEST_PATH, fe_buffer_slice(&bytes));
    assert_int_equal(load(&all.kit, &found), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "headers differ"));
    fe_buffer_deinit(&bytes);
    fixture_deinit(&all);
}

static uint32_t edit_at(const fixture *all, size_t offset)
{
    uint32_t index = 0;
    while (index < EDITS && offset >= all->ends[index])
        index++;
    return index;
}

// What loading answers with the byte at `offset` changed.
static void check_damage(fixture *all, size_t offset)
{
    fe_manifest_state found;
    uint32_t edit = edit_at(all, offset);
    ferric_status status = load(&all->kit, &found);

    if (offset < FE_FILE_HEADER_SIZE) {
        assert_true(status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED);
    } else if (edit + 1 < EDITS) {
        assert_int_equal(status, FERRIC_CORRUPT); // A later edit shows that it was durable.
    } else if (edit + 1 == EDITS) {
        // Nothing tells the last edit's damage from an append that was cut off. What it removed is
        // gone then, which whoever looks for the files finds out.
        assert_int_equal(status, FERRIC_OK);
        assert_state_after(all, &found, EDITS - 2);
        assert_true(found.has_torn_tail);
    } else {
        assert_int_equal(status, FERRIC_OK);
        assert_state_after(all, &found, EDITS - 1);
    }
    fe_manifest_state_deinit(&found);
}

static void test_manifest_with_any_byte_changed_is_told_from_a_torn_one(void **state)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    fixture all;
    ferric_buffer bytes;

    (void)state;
    fixture_init(&all);
    bytes = read_file(all.kit.vfs, MANIFEST_PATH);
    for (size_t i = 0; i < bytes.size && i < all.ends[EDITS - 1] + 100; i++) {
        for (size_t j = 0; j < sizeof masks; j++) {
            ((uint8_t *)bytes.data)[i] ^= masks[j];
            write_file(all.kit.vfs, MANIFEST_PATH, fe_buffer_slice(&bytes));
            ((uint8_t *)bytes.data)[i] ^= masks[j];
            check_damage(&all, i);
        }
    }
    fe_buffer_deinit(&bytes);
    fixture_deinit(&all);
}

static void test_manifest_cut_anywhere_ends_at_its_last_whole_edit(void **state)
{
    fixture all;
    ferric_buffer bytes;

    (void)state;
    fixture_init(&all);
    bytes = read_file(all.kit.vfs, MANIFEST_PATH);
    for (size_t size = 0; size <= all.ends[EDITS - 1]; size++) {
        fe_manifest_state found;
        uint32_t whole = edit_at(&all, size); // So many edits end at or before it.
        ferric_status status;
        write_file(all.kit.vfs, MANIFEST_PATH, fe_slice(bytes.data, size));
        status = load(&all.kit, &found);
        assert_int_equal(status, whole == 0 ? FERRIC_CORRUPT : FERRIC_OK);
        if (status == FERRIC_OK) assert_state_after(&all, &found, whole - 1);
        fe_manifest_state_deinit(&found);
    }
    fe_buffer_deinit(&bytes);
    fixture_deinit(&all);
}

static void test_current_with_any_byte_changed_is_corrupt(void **state)
{
    fixture all;
    ferric_buffer bytes;
    fe_manifest_state found;

    (void)state;
    fixture_init(&all);
    bytes = read_file(all.kit.vfs, CURRENT_PATH);
    assert_int_equal(bytes.size, FE_FILE_HEADER_SIZE);
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        ((uint8_t *)bytes.data)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_file(all.kit.vfs, CURRENT_PATH, fe_buffer_slice(&bytes));
        ((uint8_t *)bytes.data)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(load(&all.kit, &found), FERRIC_CORRUPT);
        assert_non_null(strstr(fe_message(), CURRENT_PATH));
    }
    for (size_t size = 0; size < bytes.size; size++) {
        write_file(all.kit.vfs, CURRENT_PATH, fe_slice(bytes.data, size));
        assert_int_equal(load(&all.kit, &found), FERRIC_CORRUPT);
    }
    assert_int_equal(fe_buffer_append(&bytes, "x", 1), FERRIC_OK);
    write_file(all.kit.vfs, CURRENT_PATH, fe_buffer_slice(&bytes));
    assert_int_equal(load(&all.kit, &found), FERRIC_CORRUPT);
    fe_buffer_deinit(&bytes);
    fixture_deinit(&all);
}

// An edit that would break the version is sound as bytes and still refused, with its number.
static void test_manifest_refuses_an_edit_that_breaks_an_invariant(void **state)
{
    table_kit kit;
    fe_manifest_state found;
    fe_version_edit edit = {.next_file_number = 10};
    fe_version *version = NULL;
    fe_manifest *manifest;

    (void)state;
    table_kit_init(&kit);
    assert_int_equal(fe_version_create(kit.tables, &version), FERRIC_OK);
    manifest = create(&kit, 7, version, &edit);
    assert_int_equal(fe_version_edit_remove(&edit, 3, 77), FERRIC_OK);
    assert_int_equal(fe_manifest_append(manifest, &edit), FERRIC_OK);
    fe_version_edit_deinit(&edit, kit.tables);
    fe_manifest_close(manifest);
    assert_int_equal(load(&kit, &found), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "edit 2"));
    fe_version_unref(version);
    table_kit_deinit(&kit);
}

static void test_manifest_create_refuses_a_number_in_use(void **state)
{
    fixture all;
    fe_manifest *manifest = (fe_manifest *)(uintptr_t)1;
    fe_version_edit edit = {0};
    fe_file_header header = header_of(7);
    fe_manifest_state found;

    (void)state;
    fixture_init(&all);
    assert_int_equal(
        fe_manifest_create(all.kit.vfs, "/db", &header, all.versions[0], &edit, &manifest),
        FERRIC_ALREADY_EXISTS);
    assert_null(manifest);
    assert_int_equal(load(&all.kit, &found), FERRIC_OK);
    assert_state_after(&all, &found, EDITS - 1);
    fe_manifest_state_deinit(&found);
    fe_manifest_close(NULL);
    fixture_deinit(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest_loads_what_was_appended),
        cmocka_unit_test(test_manifest_of_a_random_version_describes_all_of_it),
        cmocka_unit_test(test_manifest_with_a_table_of_commits_to_come_is_corrupt),
        cmocka_unit_test(test_manifest_whose_commits_go_back_is_corrupt),
        cmocka_unit_test(test_manifest_without_current_is_not_found),
        cmocka_unit_test(test_manifest_switches_current_to_the_new_one),
        cmocka_unit_test(test_manifest_that_current_names_must_be_there),
        cmocka_unit_test(test_manifest_of_another_salt_is_refused),
        cmocka_unit_test(test_manifest_with_any_byte_changed_is_told_from_a_torn_one),
        cmocka_unit_test(test_manifest_cut_anywhere_ends_at_its_last_whole_edit),
        cmocka_unit_test(test_current_with_any_byte_changed_is_corrupt),
        cmocka_unit_test(test_manifest_refuses_an_edit_that_breaks_an_invariant),
        cmocka_unit_test(test_manifest_create_refuses_a_number_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
