// SPDX-License-Identifier: Apache-2.0
// The table writer against a plain oracle: every key looks the same to every snapshot before and
// after, nothing that could go stays, and a failure leaves nothing behind.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "array_iterator.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "entry_model.h"
#include "lsm/file_names.h"
#include "lsm/snapshot.h"
#include "lsm/table_writer.h"
#include "table_kit.h"

static const uint8_t database_id[FE_DATABASE_ID_SIZE] = {1, 2, 3};

typedef struct job {
    table_kit kit;
    entry_model input;
    entry_model below; // Older entries that stand in deeper levels.
    fe_version *version;
    uint64_t snapshots[8];
    size_t snapshot_count;
    _Atomic(uint64_t) next_file_number;
    _Atomic(bool) is_stopping;
    fe_table_writer_options options;
    fe_version_edit edit;
    fe_table_writer_result result;
} job;

static void job_init(job *work)
{
    memset(work, 0, sizeof *work);
    table_kit_init(&work->kit);
    entry_model_init(&work->input);
    entry_model_init(&work->below);
    assert_int_equal(fe_version_create(work->kit.tables, &work->version), FERRIC_OK);
    atomic_store(&work->next_file_number, 1000);
    work->options = (fe_table_writer_options){
        .vfs = work->kit.vfs,
        .directory = "/db",
        .builder = {.block_size = 512,
                    .filter_bits = 10,
                    .compression = FERRIC_COMPRESSION_NONE,
                    .keydir_bytes_max = 1 << 20},
        .table_size = 2048,
        .database_id = database_id,
        .next_file_number = &work->next_file_number,
        .is_stopping = &work->is_stopping,
        .snapshots = work->snapshots,
        .below_level = 2,
        .output_level = 1,
    };
}

static ferric_status job_run(job *work, fe_iterator *input)
{
    ferric_status status;

    work->options.snapshot_count = work->snapshot_count;
    work->options.version = work->version;
    status = fe_table_writer_run(&work->options, input, &work->edit, &work->result);
    fe_iterator_destroy(input);
    return status;
}

static fe_iterator *job_input(job *work)
{
    return array_iterator_create(work->input.entries, work->input.count, NULL);
}

static size_t count_files(fe_vfs *vfs)
{
    ferric_buffer names = {0};
    size_t count = 0;

    assert_int_equal(fe_vfs_list(vfs, "/db", &names), FERRIC_OK);
    for (size_t i = 0; i < names.size; i++)
        count += ((const char *)names.data)[i] == '\0';
    fe_buffer_deinit(&names);
    return count;
}

// Gives the output tables up: their files go with them.
static void drop_output(job *work)
{
    for (size_t i = 0; i < work->edit.addition_count; i++)
        atomic_store(&work->edit.additions[i].file->is_obsolete, true);
    fe_version_edit_deinit(&work->edit, work->kit.tables);
}

static void job_deinit(job *work)
{
    drop_output(work);
    assert_int_equal(count_files(work->kit.vfs), 0);
    fe_version_unref(work->version);
    entry_model_deinit(&work->input);
    entry_model_deinit(&work->below);
    table_kit_deinit(&work->kit);
}

// ---- Making input -----------------------------------------------------------------------------

static void insert(entry_model *model, uint32_t key, uint64_t sequence, bool is_delete)
{
    fe_entry entry = {.key = kit_key(key), .sequence = sequence};
    char value[32];

    entry.kind = is_delete ? FE_ENTRY_DELETE : FE_ENTRY_PUT;
    snprintf(value, sizeof value, "%u@%llu", key, (unsigned long long)sequence);
    if (!is_delete) entry.value = fe_slice_text(value);
    (void)entry_model_insert(model, &entry);
}

// Tables of level `level` whose ranges cover the entries below, some of them wider than needed.
static void cover_below(job *work, fe_random *random, uint32_t level)
{
    fe_version_edit edit = {0};
    table_shape shape = {.smallest_sequence = 1, .largest_sequence = 1, .size_bytes = 1};
    bool is_open = false;

    shape.entries = 1;
    for (size_t i = 0; i < work->below.count; i++) {
        uint32_t key = fe_get_u32_ordered(fe_slice_bytes(work->below.entries[i].key) + 4);
        if (is_open && key > shape.largest_key && fe_random_below(random, 3) == 0) {
            kit_add(&work->kit, &edit, level, &shape);
            is_open = false;
        }
        if (!is_open) shape.smallest_key = key;
        shape.largest_key = key;
        is_open = true;
    }
    if (is_open) kit_add(&work->kit, &edit, level, &shape);
    work->version = kit_apply(&work->kit, work->version, &edit);
}

static void random_input(job *work, fe_random *random, uint32_t keys)
{
    uint64_t versions_max = 1 + fe_random_below(random, 8);
    uint64_t sequence_max = 20 + fe_random_below(random, 100);

    for (uint32_t key = 0; key < keys; key++) {
        if (fe_random_below(random, 4) == 0) {
            insert(&work->below, key, 1 + fe_random_below(random, 9), false);
        }
        for (uint64_t i = fe_random_below(random, versions_max + 1); i > 0; i--) {
            insert(&work->input, key, 10 + fe_random_below(random, sequence_max),
                   fe_random_below(random, 3) == 0);
        }
    }
    cover_below(work, random, 2 + (uint32_t)fe_random_below(random, FE_LEVEL_COUNT - 2));
    work->snapshot_count = fe_random_below(random, 6);
    for (size_t i = 0; i < work->snapshot_count; i++) {
        uint64_t step = 1 + fe_random_below(random, 40);
        work->snapshots[i] = (i == 0 ? 5 : work->snapshots[i - 1]) + step;
    }
}

// ---- Checking output --------------------------------------------------------------------------

// Reads all output tables, which must be disjoint in keys and in order.
static void read_output(job *work, entry_model *output)
{
    ferric_slice last = {NULL, 0};

    for (size_t i = 0; i < work->edit.addition_count; i++) {
        fe_table_file *file = work->edit.additions[i].file;
        fe_iterator *iterator = NULL;
        uint64_t entries = 0;
        uint64_t deletes = 0;
        assert_int_equal(work->edit.additions[i].level, work->options.output_level);
        if (last.data != NULL) assert_true(fe_slice_compare(last, file->smallest_key) < 0);
        last = file->largest_key;
        assert_int_equal(fe_table_iterator_create(work->kit.tables, file, false, &iterator),
                         FERRIC_OK);
        for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator)) {
            const fe_entry *entry = &iterator->entry;
            assert_true(entry_model_insert(output, entry));
            assert_true(entry->sequence >= file->smallest_sequence &&
                        entry->sequence <= file->largest_sequence);
            if (entries == 0) assert_true(fe_slice_equal(entry->key, file->smallest_key));
            entries++;
            deletes += entry->kind == FE_ENTRY_DELETE;
        }
        assert_int_equal(iterator->status, FERRIC_OK);
        assert_int_equal(entries, file->entries);
        assert_int_equal(deletes, file->deletes);
        fe_iterator_destroy(iterator);
    }
}

// What a reader at `sequence` sees: NULL when the key is not there or deleted.
static const fe_entry *visible(const entry_model *upper, const entry_model *below, ferric_slice key,
                               uint64_t sequence)
{
    const fe_entry *found = entry_model_get(upper, key, sequence);

    if (found == NULL) found = entry_model_get(below, key, sequence);
    return found == NULL || found->kind == FE_ENTRY_DELETE ? NULL : found;
}

static void check_visibility(const job *work, const entry_model *output, uint32_t keys)
{
    for (size_t i = 0; i <= work->snapshot_count; i++) {
        uint64_t at = i == work->snapshot_count ? FE_SEQUENCE_MAX : work->snapshots[i];
        for (uint32_t key = 0; key < keys; key++) {
            const fe_entry *before = visible(&work->input, &work->below, kit_key(key), at);
            const fe_entry *after = visible(output, &work->below, kit_key(key), at);
            assert_int_equal(before == NULL, after == NULL);
            if (before != NULL) assert_entry_equal(after, before);
        }
    }
}

static bool is_covered(const fe_version *version, ferric_slice key)
{
    for (uint32_t i = 2; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count; j++) {
            if (fe_table_file_overlaps(version->levels[i].files[j], key, key)) return true;
        }
    }
    return false;
}

// Nothing is kept that no reader could see, and no entry was invented.
static void check_minimal(const job *work, const entry_model *output)
{
    for (size_t i = 0; i < output->count; i++) {
        const fe_entry *entry = &output->entries[i];
        const fe_entry *source = entry_model_get(&work->input, entry->key, entry->sequence);
        const fe_entry *newer = i > 0 ? &output->entries[i - 1] : NULL;
        uint64_t stripe =
            fe_snapshot_stripe(work->snapshots, work->snapshot_count, entry->sequence);
        assert_non_null(source);
        assert_entry_equal(entry, source);
        if (newer != NULL && fe_slice_equal(newer->key, entry->key)) {
            assert_true(fe_snapshot_stripe(work->snapshots, work->snapshot_count,
                                           newer->sequence) != stripe);
        }
        if (entry->kind == FE_ENTRY_DELETE) {
            bool is_seen_below = work->snapshot_count > 0 && entry->sequence > work->snapshots[0];
            assert_true(is_seen_below || is_covered(work->version, entry->key));
        }
    }
}

static void test_table_writer_changes_nothing_for_any_reader(void **state)
{
    fe_random random = {test_seed(16)};
    uint64_t in = 0;
    uint64_t out = 0;
    uint64_t tables = 0;

    (void)state;
    for (int i = 0; i < 600; i++) {
        job work;
        entry_model output;
        uint32_t keys = 1 + (uint32_t)fe_random_below(&random, 120);
        job_init(&work);
        entry_model_init(&output);
        work.options.table_size = 200 + fe_random_below(&random, 2000);
        work.options.builder.block_size = 128;
        random_input(&work, &random, keys);
        assert_int_equal(job_run(&work, job_input(&work)), FERRIC_OK);
        read_output(&work, &output);
        check_visibility(&work, &output, keys);
        check_minimal(&work, &output);
        assert_int_equal(work.result.entries_in, work.input.count);
        assert_int_equal(work.result.entries_out, output.count);
        in += work.input.count;
        out += output.count;
        tables += work.edit.addition_count;
        entry_model_deinit(&output);
        job_deinit(&work);
    }
    printf("%llu in, %llu out, %llu tables\n", (unsigned long long)in, (unsigned long long)out,
           (unsigned long long)tables);
    assert_true(in > 50000 && out > 20000 && out < in && tables > 1000);
}

// For a flush, tables of level 0 may be older and overlap.
static void test_table_writer_asks_level_0_when_flushing(void **state)
{
    job work;
    fe_version_edit edit = {0};
    table_shape older = {10, 20, 1, 2, 100, 2, 0};

    (void)state;
    job_init(&work);
    work.options.below_level = 0;
    work.options.output_level = 0;
    kit_add(&work.kit, &edit, 0, &older);
    work.version = kit_apply(&work.kit, work.version, &edit);
    insert(&work.input, 9, 50, true);
    insert(&work.input, 10, 50, true);
    insert(&work.input, 20, 50, true);
    insert(&work.input, 21, 50, true);
    assert_int_equal(job_run(&work, job_input(&work)), FERRIC_OK);
    assert_int_equal(work.result.entries_out, 2); // 10 and 20 hide what may be in the older table.
    job_deinit(&work);
}

static void test_table_writer_makes_no_table_of_nothing(void **state)
{
    job work;

    (void)state;
    job_init(&work);
    assert_int_equal(job_run(&work, job_input(&work)), FERRIC_OK);
    assert_int_equal(work.edit.addition_count, 0);
    insert(&work.input, 1, 50, true);
    assert_int_equal(job_run(&work, job_input(&work)), FERRIC_OK);
    assert_int_equal(work.edit.addition_count, 0);
    assert_int_equal(work.result.entries_in, 1);
    assert_int_equal(atomic_load(&work.next_file_number), 1000);
    job_deinit(&work);
}

// Keyspaces of four, four and one large entries.
static void job_init_keyspaces(job *work, uint64_t table_size)
{
    static uint8_t value[300 << 10];

    job_init(work);
    work->options.table_size = table_size;
    for (uint32_t i = 0; i < 9; i++) {
        uint8_t key[5];
        fe_entry entry = {.kind = FE_ENTRY_PUT, .sequence = i + 1};
        fe_put_u32_ordered(key, 1 + i / 4);
        key[4] = (uint8_t)i;
        entry.key = fe_slice(key, sizeof key);
        entry.value = fe_slice(value, sizeof value);
        assert_true(entry_model_insert(&work->input, &entry));
    }
}

static void test_table_writer_cuts_between_large_keyspaces(void **state)
{
    job work;

    (void)state;
    job_init_keyspaces(&work, 1 << 30);
    assert_int_equal(job_run(&work, job_input(&work)), FERRIC_OK);
    assert_int_equal(work.edit.addition_count, 3);
    assert_int_equal(work.edit.additions[0].file->entries, 4);
    assert_int_equal(work.edit.additions[1].file->entries, 4);
    job_deinit(&work);
}

// Pieces of one flush would overlap in sequence numbers, and no version would take them.
static void test_table_writer_never_cuts_for_level_0(void **state)
{
    job work;

    (void)state;
    job_init_keyspaces(&work, UINT64_MAX);
    work.options.output_level = 0;
    assert_int_equal(job_run(&work, job_input(&work)), FERRIC_OK);
    assert_int_equal(work.edit.addition_count, 1);
    assert_int_equal(work.edit.additions[0].file->entries, 9);
    job_deinit(&work);
}

// ---- Failures ---------------------------------------------------------------------------------

// Fails with CORRUPT at move number `moves_left`.
typedef struct failing_iterator {
    fe_iterator base;
    fe_iterator *inner;
    size_t moves_left;
} failing_iterator;

static void take_over(failing_iterator *iterator)
{
    if (iterator->moves_left-- == 0) {
        iterator->base.is_valid = false;
        iterator->base.status = fe_fail(FERRIC_CORRUPT, "a damaged block");
        return;
    }
    iterator->base.is_valid = iterator->inner->is_valid;
    iterator->base.entry = iterator->inner->entry;
}

static void failing_first(fe_iterator *base)
{
    failing_iterator *iterator = (failing_iterator *)base;
    fe_iterator_first(iterator->inner);
    take_over(iterator);
}

static void failing_next(fe_iterator *base)
{
    failing_iterator *iterator = (failing_iterator *)base;
    fe_iterator_next(iterator->inner);
    take_over(iterator);
}

static void failing_destroy(fe_iterator *base)
{
    failing_iterator *iterator = (failing_iterator *)base;
    fe_iterator_destroy(iterator->inner);
    free(iterator);
}

static const fe_iterator_ops failing_ops = {
    .first = failing_first, .next = failing_next, .destroy = failing_destroy};

static fe_iterator *failing_input(job *work, size_t moves)
{
    failing_iterator *iterator = calloc(1, sizeof *iterator);

    assert_non_null(iterator);
    iterator->base.ops = &failing_ops;
    iterator->inner = job_input(work);
    iterator->moves_left = moves;
    return &iterator->base;
}

static void many_entries(job *work, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        insert(&work->input, i, 10 + i, false);
}

static void test_table_writer_takes_no_failure_for_the_end(void **state)
{
    job work;

    (void)state;
    job_init(&work);
    work.options.table_size = 1000;
    many_entries(&work, 400);
    for (size_t moves = 0; moves <= 400; moves++) {
        assert_int_equal(job_run(&work, failing_input(&work, moves)), FERRIC_CORRUPT);
        assert_int_equal(work.edit.addition_count, 0);
        assert_int_equal(count_files(work.kit.vfs), 0);
    }
    // One move more than there are: the failure is never met.
    assert_int_equal(job_run(&work, failing_input(&work, 401)), FERRIC_OK);
    assert_true(work.edit.addition_count > 3);
    job_deinit(&work);
}

static void test_table_writer_leaves_other_additions_alone(void **state)
{
    job work;
    table_shape shape = {5000, 6000, 1, 1, 100, 1, 0};

    (void)state;
    job_init(&work);
    many_entries(&work, 400);
    kit_add(&work.kit, &work.edit, 1, &shape);
    assert_int_equal(job_run(&work, failing_input(&work, 399)), FERRIC_CORRUPT);
    assert_int_equal(work.edit.addition_count, 1);
    assert_int_equal(work.edit.additions[0].file->identity.number, 1);
    job_deinit(&work);
}

static void test_table_writer_stops_when_it_is_told(void **state)
{
    job work;

    (void)state;
    job_init(&work);
    many_entries(&work, 3000);
    atomic_store(&work.is_stopping, true);
    assert_int_equal(job_run(&work, job_input(&work)), FERRIC_INTERRUPTED);
    assert_non_null(strstr(fe_message(), "interrupted"));
    assert_true(work.result.entries_in < 3000);
    assert_int_equal(work.edit.addition_count, 0);
    assert_int_equal(count_files(work.kit.vfs), 0);
    job_deinit(&work);
}

static long allocations_left;

static void *limited_reallocate(void *context, void *memory, size_t size)
{
    (void)context;
    return allocations_left-- > 0 ? realloc(memory, size) : NULL;
}

static void plain_release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static void test_table_writer_leaves_nothing_behind_without_memory(void **state)
{
    static const ferric_allocator allocator = {limited_reallocate, plain_release, NULL};
    ferric_status status = FERRIC_NO_MEMORY;
    int failures = 0;

    (void)state;
    fe_allocator_set(&allocator);
    for (long allowed = 0; status != FERRIC_OK; allowed++) {
        job work;
        fe_iterator *input;
        allocations_left = 1000000;
        job_init(&work);
        many_entries(&work, 120);
        input = job_input(&work);
        allocations_left = allowed;
        status = job_run(&work, input);
        allocations_left = 1000000;
        assert_true(status == FERRIC_OK || status == FERRIC_NO_MEMORY);
        if (status != FERRIC_OK) {
            failures++;
            assert_int_equal(work.edit.addition_count, 0);
            assert_int_equal(count_files(work.kit.vfs), 0);
        }
        job_deinit(&work);
    }
    assert_true(failures > 20);
    fe_allocator_set(NULL);
}

// W5. Two tables that overlap where they may not, or blocks that do, give such a stream.
static void test_table_writer_refuses_what_is_out_of_order(void **state)
{
    const fe_entry entries[] = {
        {.key = kit_key(1), .sequence = 5, .kind = FE_ENTRY_DELETE},
        {.key = kit_key(2), .sequence = 4, .kind = FE_ENTRY_DELETE},
        {.key = kit_key(2), .sequence = 4, .kind = FE_ENTRY_DELETE},
        {.key = kit_key(2), .sequence = 6, .kind = FE_ENTRY_DELETE},
    };
    const fe_entry smaller[] = {
        {.key = kit_key(2), .sequence = 5, .kind = FE_ENTRY_DELETE},
        {.key = kit_key(1), .sequence = 4, .kind = FE_ENTRY_DELETE},
    };
    job work;

    (void)state;
    job_init(&work);
    work.options.below_level = 0;
    // The same entry twice is one of them, a newer one behind an older and a smaller key are wrong.
    assert_int_equal(job_run(&work, array_iterator_create(entries, 3, NULL)), FERRIC_OK);
    drop_output(&work);
    assert_int_equal(job_run(&work, array_iterator_create(entries, 4, NULL)), FERRIC_CORRUPT);
    assert_int_equal(work.edit.addition_count, 0);
    assert_int_equal(job_run(&work, array_iterator_create(smaller, 2, NULL)), FERRIC_CORRUPT);
    assert_int_equal(work.edit.addition_count, 0);
    job_deinit(&work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_writer_changes_nothing_for_any_reader),
        cmocka_unit_test(test_table_writer_asks_level_0_when_flushing),
        cmocka_unit_test(test_table_writer_makes_no_table_of_nothing),
        cmocka_unit_test(test_table_writer_cuts_between_large_keyspaces),
        cmocka_unit_test(test_table_writer_never_cuts_for_level_0),
        cmocka_unit_test(test_table_writer_takes_no_failure_for_the_end),
        cmocka_unit_test(test_table_writer_leaves_other_additions_alone),
        cmocka_unit_test(test_table_writer_stops_when_it_is_told),
        cmocka_unit_test(test_table_writer_leaves_nothing_behind_without_memory),
        cmocka_unit_test(test_table_writer_refuses_what_is_out_of_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
