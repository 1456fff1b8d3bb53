// SPDX-License-Identifier: Apache-2.0
// Writing and reading a table while each allocation and each call of the file system fails in turn:
// every answer is right or a status, nothing leaks, and an unfinished table leaves no file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/table_cache.h"
#include "support/vfs_record.h"
#include "unit/format/table_file.h"

typedef struct run {
    fe_vfs *vfs;
    const entry_list *list;
    fe_table_builder_options options;
    fe_table_file *file;
    fe_epoch *epoch;
    fe_block_cache *blocks;
    fe_table_cache *cache;
    uint64_t right; // Answers that agreed with the list.
} run;

static ferric_status write_table(run *self)
{
    fe_file_header header = table_file_header(1);
    fe_table_builder *builder;
    fe_table_summary summary;
    ferric_status status =
        fe_table_builder_create(self->vfs, "/000001.table", &header, &self->options, &builder);

    for (size_t i = 0; status == FERRIC_OK && i < self->list->count; i++)
        status = fe_table_builder_add(builder, &self->list->entries[i]);
    if (status == FERRIC_OK) status = fe_table_builder_finish(builder, &summary);
    if (status == FERRIC_OK) status = fe_table_file_create(&summary, &self->file);
    fe_table_builder_destroy(builder);
    return status;
}

static ferric_status open_caches(run *self)
{
    fe_table_cache_options options = {.vfs = self->vfs,
                                      .directory = "",
                                      .open_files_max = 4,
                                      .memory_max = 1 << 20,
                                      .keydir_bytes_max = 1 << 20};
    ferric_status status = fe_epoch_create(&self->epoch);

    if (status == FERRIC_OK) status = fe_block_cache_create(self->epoch, 8000, &self->blocks);
    if (status == FERRIC_OK)
        status = fe_table_cache_create(&options, self->epoch, self->blocks, &self->cache);
    return status;
}

static ferric_status get(run *self, const fe_entry *expected)
{
    fe_cached_block *block;
    fe_entry entry;
    bool found;
    ferric_status status;

    fe_epoch_enter(self->epoch);
    status = fe_table_cache_get(self->cache, self->file, expected->key,
                                fe_hash64(expected->key.data, expected->key.size),
                                expected->sequence, &found, &entry, &block);
    if (status == FERRIC_OK) {
        assert_true(found);
        assert_true(fe_slice_equal(entry.value, expected->value));
        self->right++;
    }
    fe_epoch_leave(self->epoch);
    return status;
}

static ferric_status walk(run *self, bool fill)
{
    fe_iterator *iterator;
    size_t at = 0;
    ferric_status status = fe_table_iterator_create(self->cache, self->file, fill, &iterator);

    if (status != FERRIC_OK) return status;
    for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator), at++) {
        assert_true(fe_slice_equal(iterator->entry.key, self->list->entries[at].key));
        assert_true(fe_slice_equal(iterator->entry.value, self->list->entries[at].value));
        self->right++;
    }
    status = iterator->status;
    if (status == FERRIC_OK) assert_int_equal(at, self->list->count);
    fe_iterator_destroy(iterator);
    return status;
}

// What failed once works the next time, so each step is tried whatever became of the one before.
static ferric_status read_table(run *self)
{
    ferric_status first = FERRIC_OK;
    uint64_t blocks;
    uint64_t entries;
    uint64_t offset;

    for (size_t i = 0; i < self->list->count; i += 7) {
        ferric_status status = get(self, &self->list->entries[i]);
        if (first == FERRIC_OK) first = status;
    }
    for (int fill = 0; fill < 2; fill++) {
        ferric_status status = walk(self, fill == 1);
        if (first == FERRIC_OK) first = status;
    }
    if (first != FERRIC_OK) return first;
    return fe_table_cache_verify(self->cache, self->file, &blocks, &entries, &offset);
}

static void clean_up(run *self)
{
    if (self->file != NULL && self->cache != NULL) {
        assert_true(fe_table_file_unref(self->file));
        fe_table_cache_discard(self->cache, self->file);
    } else {
        fe_free(self->file);
    }
    fe_table_cache_destroy(self->cache);
    fe_block_cache_destroy(self->blocks);
    fe_epoch_destroy(self->epoch);
}

// Returns the first failure.
static ferric_status run_all(run *self)
{
    ferric_status status = write_table(self);

    if (status == FERRIC_OK) status = open_caches(self);
    if (status == FERRIC_OK) status = read_table(self);
    clean_up(self);
    return status;
}

// ---- Allocations ------------------------------------------------------------------------------

typedef struct failing_allocator {
    uint64_t calls;
    uint64_t fail_at; // 0: never.
    bool is_persistent;
    int64_t live;
} failing_allocator;

static void *reallocate(void *context, void *memory, size_t size)
{
    failing_allocator *self = context;
    void *moved;

    self->calls++;
    if (self->fail_at != 0 &&
        (self->calls == self->fail_at || (self->is_persistent && self->calls > self->fail_at))) {
        return NULL;
    }
    moved = realloc(memory, size);
    if (memory == NULL && moved != NULL) self->live++;
    return moved;
}

static void release(void *context, void *memory)
{
    failing_allocator *self = context;

    if (memory != NULL) self->live--;
    free(memory);
}

// One run in a file system of its own, which has room for its own needs.
static ferric_status run_with_allocator(const entry_list *list, ferric_compression compression,
                                        failing_allocator *allocator)
{
    vfs_record *record = vfs_record_create(disk_create(), 1);
    run self = {
        .vfs = vfs_record_vfs(record), .list = list, .options = {512, 10, compression, 1 << 20}};
    ferric_allocator hooks = {reallocate, release, allocator};
    ferric_status status;

    fe_allocator_set(&hooks);
    status = run_all(&self);
    fe_allocator_set(NULL);
    assert_int_equal(allocator->live, 0);
    assert_int_equal(vfs_record_open_handles(record), 0);
    assert_null(vfs_record_violation(record));
    if (status == FERRIC_OK) assert_true(self.right > 2 * list->count);
    vfs_record_destroy(record);
    return status;
}

static const entry_shape shape = {800, "user:", 8, 16, 2, 1000, 60};

static void test_tables_survive_each_failing_allocation(void **state)
{
    fe_random random = {test_seed("table memory", 1)};
    uint64_t runs = 0;
    entry_list list;

    (void)state;
    entry_list_init(&list, &random, &shape);
    for (int compression = 0; compression < 3; compression++) {
        failing_allocator counting = {0};
        assert_int_equal(run_with_allocator(&list, (ferric_compression)compression, &counting),
                         FERRIC_OK);
        assert_true(counting.calls > 50);
        for (uint64_t at = 1; at <= counting.calls; at++) {
            for (int persistent = 0; persistent < 2; persistent++, runs++) {
                failing_allocator failing = {.fail_at = at, .is_persistent = persistent == 1};
                assert_int_equal(
                    run_with_allocator(&list, (ferric_compression)compression, &failing),
                    FERRIC_NO_MEMORY);
            }
        }
    }
    printf("table memory: %llu runs\n", (unsigned long long)runs);
    entry_list_deinit(&list);
}

// ---- Calls of the file system -------------------------------------------------------------------

static bool is_answer_to(fault_kind kind, ferric_status status)
{
    switch (kind) {
    case FAULT_FLIP:
        return status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED;
    case FAULT_NO_SPACE:
    case FAULT_SHORT_SPACE:
        return status == FERRIC_NO_SPACE;
    case FAULT_MANY_FILES:
        return status == FERRIC_TOO_MANY_FILES;
    default:
        return status == FERRIC_IO;
    }
}

// Returns false when the plan did not strike: there are no more calls of its kind.
static bool run_with_fault(const entry_list *list, fault_plan plan)
{
    vfs_record *record = vfs_record_create(disk_create(), 1);
    run self = {.vfs = vfs_record_vfs(record),
                .list = list,
                .options = {512, 10, FERRIC_COMPRESSION_LZ4, 1 << 20}};
    fe_path_kind kind;
    bool has_struck;
    ferric_status status;

    vfs_record_set_plan(record, plan);
    status = run_all(&self);
    has_struck = vfs_record_hits(record) > 0;
    if (status == FERRIC_OK) {
        // A wrong bit may be in bytes that were read ahead and that nobody needed.
        assert_true(!has_struck || plan.kind == FAULT_FLIP);
    } else {
        assert_true(has_struck);
        assert_true(is_answer_to(plan.kind, status));
    }
    vfs_record_set_plan(record, (fault_plan){0});
    assert_int_equal(fe_vfs_stat(self.vfs, "/000001.table", &kind, NULL), FERRIC_OK);
    assert_int_equal(vfs_record_open_handles(record), 0);
    assert_null(vfs_record_violation(record));
    // A table that was not finished is not there, unless its removal failed too.
    if (self.file == NULL && !plan.is_persistent) assert_int_equal(kind, FE_PATH_NONE);
    vfs_record_destroy(record);
    return has_struck;
}

static void test_tables_survive_each_failing_call(void **state)
{
    fe_random random = {test_seed("table calls", 2)};
    uint64_t runs = 0;
    entry_list list;

    (void)state;
    entry_list_init(&list, &random, &shape);
    for (int kind = FAULT_IO; kind < FAULT_KIND_COUNT; kind++) {
        for (int persistent = 0; persistent < 2; persistent++) {
            fault_plan plan = {.kind = (fault_kind)kind, .is_persistent = persistent == 1};
            for (plan.call = 1; run_with_fault(&list, plan); plan.call++)
                runs++;
        }
    }
    printf("table calls: %llu runs\n", (unsigned long long)runs);
    assert_true(runs > 300);
    entry_list_deinit(&list);
}

// ---- Descriptors --------------------------------------------------------------------------------

enum { TABLES = 25, KEPT = 18 };

static ferric_status touch(run *self, fe_table_file *file)
{
    self->file = file;
    return get(self, &self->list->entries[0]);
}

// The system's limit is under the option's: one call fails, and those after it find descriptors.
static void test_tables_are_closed_when_descriptors_run_out(void **state)
{
    fe_random random = {test_seed("table descriptors", 3)};
    vfs_record *record = vfs_record_create(disk_create(), 1);
    fe_vfs *vfs = vfs_record_vfs(record);
    run self = {.vfs = vfs, .options = {512, 10, FERRIC_COMPRESSION_LZ4, 1 << 20}};
    fe_table_cache_options options = {.vfs = vfs,
                                      .directory = "",
                                      .open_files_max = 100,
                                      .memory_max = 1 << 20,
                                      .keydir_bytes_max = 1 << 20};
    fe_table_file *files[TABLES];
    fe_table_cache_stats stats;
    entry_list list;

    (void)state;
    entry_list_init(&list, &random, &shape);
    self.list = &list;
    for (uint64_t i = 0; i < TABLES; i++) {
        fe_table_summary summary;
        char path[32];
        snprintf(path, sizeof path, "/%06d.table", (int)i + 1);
        table_file_write(vfs, path, i + 1, &self.options, &list, 0, list.count, &summary);
        assert_int_equal(fe_table_file_create(&summary, &files[i]), FERRIC_OK);
    }
    assert_int_equal(fe_epoch_create(&self.epoch), FERRIC_OK);
    assert_int_equal(fe_block_cache_create(self.epoch, 8000, &self.blocks), FERRIC_OK);
    assert_int_equal(fe_table_cache_create(&options, self.epoch, self.blocks, &self.cache),
                     FERRIC_OK);
    for (int i = 0; i < TABLES - 1; i++)
        assert_int_equal(touch(&self, files[i]), FERRIC_OK);
    vfs_record_set_plan(record, (fault_plan){.kind = FAULT_MANY_FILES, .call = 1});
    assert_int_equal(touch(&self, files[TABLES - 1]), FERRIC_TOO_MANY_FILES);
    fe_table_cache_stats_get(self.cache, &stats);
    assert_int_equal(stats.tables_open, KEPT);
    assert_int_equal(vfs_record_open_handles(record), KEPT); // Closed as soon as the section ended.
    for (int i = 0; i < 3 * TABLES; i++)
        assert_int_equal(touch(&self, files[i % TABLES]), FERRIC_OK);
    assert_int_equal(vfs_record_open_handles(record), KEPT);
    for (int i = 0; i < TABLES; i++) {
        assert_true(fe_table_file_unref(files[i]));
        fe_table_cache_discard(self.cache, files[i]);
    }
    self.file = NULL;
    clean_up(&self);
    vfs_record_destroy(record);
    entry_list_deinit(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_survive_each_failing_allocation),
        cmocka_unit_test(test_tables_survive_each_failing_call),
        cmocka_unit_test(test_tables_are_closed_when_descriptors_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
