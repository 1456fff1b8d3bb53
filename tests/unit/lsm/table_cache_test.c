// SPDX-License-Identifier: Apache-2.0
// The table cache: gets, bounds on open tables, lifetimes, verification, and all of it by many
// threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/status.h"
#include "format/table_layout.h"
#include "lsm/warming.h"
#include "unit/lsm/table_set.h"

static const entry_shape shape = {6000, "user:", 8, 16, 3, 100000, 100};

static const table_set_options plain_options = {
    .files = 12,
    .cache_bytes = 1 << 18,
    .open_files_max = 100,
    .memory_max = 1 << 24,
    .keydir_bytes_max = 1 << 20,
    .builder = {1024, 10, FERRIC_COMPRESSION_LZ4, 1 << 20},
};

typedef struct fixture {
    fe_random random;
    entry_list list;
    table_set set;
} fixture;

static void create(fixture *self, const table_set_options *options, uint64_t seed)
{
    self->random.state = test_seed("table cache", seed);
    entry_list_init(&self->list, &self->random, &shape);
    table_set_init(&self->set, options, &self->list);
}

static void destroy(fixture *self)
{
    table_set_deinit(&self->set);
    entry_list_deinit(&self->list);
}

static fe_table_cache_stats stats_of(const fixture *self)
{
    fe_table_cache_stats stats;

    fe_table_cache_stats_get(self->set.cache, &stats);
    return stats;
}

static void get_randomly(fixture *self, int gets)
{
    for (int i = 0; i < gets; i++) {
        const fe_entry *entry =
            &self->list.entries[fe_random_below(&self->random, self->list.count)];
        table_set_check_get(&self->set, &self->list, entry->key, FE_SEQUENCE_MAX);
        table_set_check_get(&self->set, &self->list, entry->key, entry->sequence);
        table_set_check_get(&self->set, &self->list, entry->key, entry->sequence - 1);
        table_set_check_get(&self->set, &self->list,
                            entry_list_random_key(&self->list, &self->random, &shape),
                            FE_SEQUENCE_MAX);
    }
}

static void test_cache_answers_gets_and_counts_them(void **state)
{
    fe_table_cache_stats stats;
    fixture self;

    (void)state;
    create(&self, &plain_options, 1);
    get_randomly(&self, 3000);
    stats = stats_of(&self);
    assert_int_equal(stats.tables_open, self.set.count);
    assert_int_equal(stats.filter_probes, stats.tables_examined);
    assert_in_range(stats.tables_examined, 11000, 12000);
    assert_true(stats.filter_rejections > 500);
    assert_in_range(stats.filter_rejections + stats.block_hits + stats.block_misses,
                    stats.tables_examined - 100, stats.tables_examined);
    assert_true(stats.block_misses > 0 && stats.block_hits > stats.block_misses / 4);
    destroy(&self);
}

static void test_cache_works_without_filters(void **state)
{
    table_set_options options = plain_options;
    fixture self;

    (void)state;
    options.builder.filter_bits = 0;
    options.builder.keydir_bytes_max = 0;
    create(&self, &options, 2);
    get_randomly(&self, 1000);
    assert_int_equal(stats_of(&self).filter_probes, 0);
    assert_int_equal(stats_of(&self).filter_rejections, 0);
    destroy(&self);
}

static void test_cache_works_without_keydirs(void **state)
{
    table_set_options options = plain_options;
    fixture self;

    (void)state;
    options.keydir_bytes_max = 0;
    create(&self, &options, 2);
    get_randomly(&self, 1000);
    assert_int_equal(stats_of(&self).keydir_bytes, 0);
    assert_true(stats_of(&self).filter_rejections > 100);
    destroy(&self);
}

static uint64_t capacity_left(fixture *self)
{
    fe_block_cache_stats stats;

    fe_block_cache_stats_get(self->set.blocks, &stats);
    return stats.capacity_bytes - stats.lent_bytes;
}

// KeyDirs for as many tables as the bound holds; they take their bytes from the block cache.
static void test_cache_keeps_its_bound_on_keydirs(void **state)
{
    table_set_options options = plain_options;
    uint64_t all;
    fixture self;

    (void)state;
    create(&self, &options, 3);
    get_randomly(&self, 500);
    all = stats_of(&self).keydir_bytes;
    assert_true(all > self.list.count / 3 * 5); // At most three versions of a key.
    assert_int_equal(capacity_left(&self), options.cache_bytes - all);
    destroy(&self);
    options.keydir_bytes_max = all / 2;
    options.open_files_max = 8; // Tables are closed and give their room to others.
    create(&self, &options, 3);
    for (int i = 0; i < 10; i++) {
        fe_table_cache_stats stats;
        get_randomly(&self, 100);
        stats = stats_of(&self);
        assert_in_range(stats.keydir_bytes, all / 4, all / 2);
        assert_true(stats.memory_bytes > stats.keydir_bytes);
        assert_int_equal(capacity_left(&self), options.cache_bytes - stats.keydir_bytes);
    }
    destroy(&self);
}

// Every version of keys that have many, in this block and the next ones, at every sequence number.
static void test_cache_finds_each_version_behind_a_keydir(void **state)
{
    enum { VERSIONS = 300, KEYS = 3 };
    static const char *const names[KEYS] = {"key", "key0", "key00"};
    table_set_options options = plain_options;
    fe_entry entries[VERSIONS * KEYS];
    entry_list list = {.entries = entries, .count = VERSIONS * KEYS};
    table_set set;

    (void)state;
    for (size_t i = 0; i < list.count; i++) {
        uint64_t sequence = 2 * (VERSIONS - i % VERSIONS);
        entries[i] = (fe_entry){fe_slice_text(names[i / VERSIONS]), fe_slice_text("value"),
                                sequence, FE_ENTRY_PUT};
    }
    options.files = 1;
    table_set_init(&set, &options, &list);
    for (uint64_t sequence = 0; sequence <= 2 * VERSIONS + 1; sequence++) {
        for (int i = 0; i < KEYS; i++)
            table_set_check_get(&set, &list, fe_slice_text(names[i]), sequence);
        table_set_check_get(&set, &list, fe_slice_text("key000"), sequence);
    }
    table_set_deinit(&set);
}

static void test_cache_keeps_its_bounds_on_open_tables(void **state)
{
    table_set_options options = plain_options;
    uint64_t all;
    fixture self;

    (void)state;
    options.keydir_bytes_max = 0;
    create(&self, &options, 3);
    get_randomly(&self, 500);
    all = stats_of(&self).memory_bytes;
    destroy(&self);
    options.open_files_max = 3;
    create(&self, &options, 3);
    get_randomly(&self, 1000);
    assert_int_equal(stats_of(&self).tables_open, 3);
    destroy(&self);
    options.open_files_max = 100;
    options.memory_max = all / 2;
    create(&self, &options, 3);
    get_randomly(&self, 1000);
    assert_true(stats_of(&self).memory_bytes <= all / 2);
    assert_in_range(stats_of(&self).tables_open, 4, 8);
    destroy(&self);
    options.memory_max = 0; // The one in use stays.
    create(&self, &options, 3);
    get_randomly(&self, 300);
    assert_int_equal(stats_of(&self).tables_open, 1);
    destroy(&self);
}

static ferric_status get_first(fixture *self, size_t file)
{
    ferric_slice key = self->list.entries[self->set.firsts[file]].key;
    fe_cached_block *block;
    fe_entry entry;
    bool found = true;
    ferric_status status;

    fe_epoch_enter(self->set.epoch);
    status =
        fe_table_cache_get(self->set.cache, self->set.files[file], key,
                           fe_hash64(key.data, key.size), FE_SEQUENCE_MAX, &found, &entry, &block);
    fe_epoch_leave(self->set.epoch);
    if (status != FERRIC_OK) {
        assert_false(found);
        assert_null(block);
    }
    return status;
}

static void damage(fixture *self, const char *path, size_t at)
{
    ferric_buffer bytes = table_file_read(self->set.vfs, path);

    ((uint8_t *)bytes.data)[at < bytes.size ? at : bytes.size - 1] ^= 1;
    table_file_replace(self->set.vfs, path, fe_buffer_slice(&bytes));
    fe_buffer_deinit(&bytes);
}

// A damaged or missing table is CORRUPT and never "not found"; other keys stay readable.
// Warms tables with the room that is left; returns how many blocks were tried.
static uint64_t warm_all(fixture *self, fe_block_cache_stats *stats)
{
    uint64_t blocks = 0;

    for (size_t i = 0; i < self->set.count; i++) {
        uint32_t block = 0;
        while (fe_warm_spare_room(self->set.cache, self->set.files[i], &block, 7)) {
        }
        blocks += block;
    }
    fe_block_cache_stats_get(self->set.blocks, stats);
    return blocks;
}

static void test_warming_fills_spare_room_and_no_more(void **state)
{
    table_set_options options = plain_options;
    fe_block_cache_stats stats;
    uint64_t warmed;
    fixture self;

    (void)state;
    options.keydir_bytes_max = 0; // They would take room from blocks when a table is opened.
    create(&self, &options, 14);
    warmed = warm_all(&self, &stats);
    assert_true(warmed > 100); // Of 256 KiB; a block has 1 KiB.
    assert_int_equal(stats.misses, warmed);
    assert_int_equal(stats.evictions, 0);
    assert_true(stats.used_bytes + stats.lent_bytes <= stats.capacity_bytes);
    (void)warm_all(&self, &stats); // Finds all there, and no room for another.
    assert_int_equal(stats.misses, warmed);
    assert_int_equal(stats.evictions, 0);
    get_randomly(&self, 300);
    destroy(&self);
}

static void test_cache_tells_damage_from_absence(void **state)
{
    fixture self;

    (void)state;
    create(&self, &plain_options, 4);
    damage(&self, "/db/000001.table", 100);
    damage(&self, "/db/000002.table", SIZE_MAX);
    assert_int_equal(fe_vfs_remove(self.set.vfs, "/db/000003.table"), FERRIC_OK);
    assert_int_equal(get_first(&self, 0), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "000001.table"));
    assert_int_equal(get_first(&self, 1), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "000002.table"));
    assert_int_equal(get_first(&self, 2), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "000003.table"));
    assert_non_null(strstr(fe_message(), "missing"));
    assert_int_equal(get_first(&self, 3), FERRIC_OK);
    destroy(&self);
}

static void test_cache_removes_obsolete_files_only(void **state)
{
    fe_path_kind kind;
    fixture self;

    (void)state;
    create(&self, &plain_options, 5);
    get_randomly(&self, 300);
    atomic_store(&self.set.files[11]->is_obsolete, true);
    fe_table_file_ref(self.set.files[11]);
    assert_false(fe_table_file_unref(self.set.files[11]));
    for (size_t i = 10; i < 12; i++) {
        assert_true(fe_table_file_unref(self.set.files[i]));
        fe_table_cache_discard(self.set.cache, self.set.files[i]);
    }
    self.set.count = 10;
    assert_int_equal(stats_of(&self).tables_open, 10);
    assert_int_equal(fe_vfs_stat(self.set.vfs, "/db/000011.table", &kind, NULL), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_FILE);
    assert_int_equal(fe_vfs_stat(self.set.vfs, "/db/000012.table", &kind, NULL), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_NONE);
    destroy(&self);
}

// ---- Verification -----------------------------------------------------------------------------

static ferric_status verify(fixture *self, size_t file, uint64_t *blocks, uint64_t *entries,
                            uint64_t *offset)
{
    return fe_table_cache_verify(self->set.cache, self->set.files[file], blocks, entries, offset);
}

static void test_verify_reads_every_entry(void **state)
{
    uint64_t blocks;
    uint64_t entries;
    uint64_t offset;
    uint64_t sum = 0;
    fixture self;

    (void)state;
    create(&self, &plain_options, 6);
    for (size_t i = 0; i < self.set.count; i++) {
        assert_int_equal(verify(&self, i, &blocks, &entries, &offset), FERRIC_OK);
        assert_true(blocks > 10);
        sum += entries;
    }
    assert_int_equal(sum, self.list.count);
    destroy(&self);
}

// Damage on the disk is found although the table is open and its blocks are cached.
static void test_verify_finds_damage_that_caches_hide(void **state)
{
    uint64_t blocks;
    uint64_t entries;
    uint64_t offset;
    fe_file *file;
    fixture self;

    (void)state;
    create(&self, &plain_options, 7);
    get_randomly(&self, 500);
    assert_int_equal(fe_vfs_open(self.set.vfs, "/db/000004.table", FE_OPEN_WRITE, &file),
                     FERRIC_OK);
    assert_int_equal(fe_file_write_at(file, 5000, "\x01\x02\x03", 3), FERRIC_OK);
    fe_file_close(file);
    assert_int_equal(verify(&self, 3, &blocks, &entries, &offset), FERRIC_CORRUPT);
    assert_in_range(offset, 3000, 5002);
    assert_true(blocks > 1);
    assert_int_equal(verify(&self, 4, &blocks, &entries, &offset), FERRIC_OK);
    destroy(&self);
}

static void expect_disagreement(fixture *self, const char *reason)
{
    uint64_t blocks;
    uint64_t entries;
    uint64_t offset;

    assert_int_equal(verify(self, 2, &blocks, &entries, &offset), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), reason));
}

static void test_verify_compares_with_the_manifest(void **state)
{
    fe_table_file *file;
    fixture self;

    (void)state;
    create(&self, &plain_options, 8);
    file = self.set.files[2];
    file->entries++;
    expect_disagreement(&self, "manifest does not agree");
    file->entries--;
    file->deletes++;
    expect_disagreement(&self, "manifest does not agree");
    file->deletes--;
    file->largest_sequence++;
    expect_disagreement(&self, "manifest does not agree");
    file->largest_sequence--;
    file->smallest_key_sequence++;
    expect_disagreement(&self, "first entry");
    file->smallest_key_sequence--;
    file->largest_key.size--;
    expect_disagreement(&self, "last entry");
    file->largest_key.size++;
    file->identity.footer_check++;
    expect_disagreement(&self, "footer");
    file->identity.footer_check--;
    destroy(&self);
}

// A writer that is broken but seals well: what `change` makes of the only table's KeyDir.
static void lie_in_keydir(fixture *self, void (*change)(uint8_t *slot))
{
    fe_file_header header = table_file_header(1);
    ferric_buffer bytes = table_file_read(self->set.vfs, "/db/000001.table");
    uint8_t *data = bytes.data;
    const uint8_t *footer = data + bytes.size - FE_TABLE_FOOTER_SIZE;
    uint8_t *line = data + fe_get_u64(footer + FE_FOOTER_DIRECTORY_OFFSET_AT);
    uint64_t offset;
    size_t size;
    fe_sealer sealer;

    while (fe_get_u16(line + FE_SECTION_ID_AT) != FE_SECTION_KEYDIR)
        line += FE_SECTION_SIZE;
    offset = fe_get_u64(line + FE_SECTION_OFFSET_AT);
    size = (size_t)fe_get_u64(line + FE_SECTION_CONTENT_SIZE_AT);
    for (size_t at = 0; at < size - FE_KEYDIR_TRAILER_SIZE; at += sizeof(uint32_t))
        change(data + offset + at);
    fe_sealer_init(&sealer, &header, "file");
    assert_int_equal(fe_seal_unit(&sealer, FE_UNIT_KEYDIR, offset, data + offset, size), FERRIC_OK);
    table_file_replace(self->set.vfs, "/db/000001.table", fe_buffer_slice(&bytes));
    fe_buffer_deinit(&bytes);
}

static void lead_to_the_next_entry(uint8_t *slot)
{
    if (fe_get_u32(slot) != 0) fe_put_u32(slot, fe_get_u32(slot) + 1);
}

static void lead_out_of_the_table(uint8_t *slot)
{
    if (fe_get_u32(slot) != 0) fe_put_u32(slot, fe_get_u32(slot) | 0xfff);
}

static void lead_nowhere(uint8_t *slot)
{
    fe_put_u32(slot, 0);
}

static void test_verify_finds_a_keydir_that_misleads(void **state)
{
    static void (*const changes[])(uint8_t *) = {lead_to_the_next_entry, lead_out_of_the_table,
                                                 lead_nowhere};
    table_set_options options = plain_options;
    uint64_t blocks;
    uint64_t entries;
    uint64_t offset;

    (void)state;
    options.files = 1;
    for (int i = 0; i < 3; i++) {
        fixture self;
        create(&self, &options, 11);
        lie_in_keydir(&self, changes[i]);
        assert_int_equal(verify(&self, 0, &blocks, &entries, &offset), FERRIC_CORRUPT);
        assert_non_null(strstr(fe_message(), "KeyDir"));
        if (changes[i] == lead_out_of_the_table) {
            assert_int_equal(get_first(&self, 0), FERRIC_CORRUPT);
            assert_non_null(strstr(fe_message(), "which is not there"));
        }
        destroy(&self);
    }
}

// ---- Threads ----------------------------------------------------------------------------------

#define THREADS 4
#define ROUNDS 3000

typedef struct reading {
    fixture *self;
    uint64_t seed;
    uint64_t reads;
} reading;

static void read_by_get(reading *mine, fe_random *random)
{
    fixture *self = mine->self;
    const fe_entry *entry = &self->list.entries[fe_random_below(random, self->list.count)];

    table_set_check_get(&self->set, &self->list, entry->key, entry->sequence);
    mine->reads++;
}

static void read_by_iterator(reading *mine, fe_random *random, fe_iterator *iterator)
{
    fixture *self = mine->self;
    size_t at = (size_t)fe_random_below(random, self->list.count);
    const fe_entry *expected = &self->list.entries[at];

    fe_iterator_seek(iterator, expected->key, expected->sequence);
    for (uint64_t steps = fe_random_below(random, 60); steps > 0; steps--) {
        assert_true(iterator->is_valid);
        assert_true(fe_slice_equal(iterator->entry.key, expected->key));
        assert_true(fe_slice_equal(iterator->entry.value, expected->value));
        mine->reads++;
        if (++at == self->list.count) break;
        expected++;
        fe_iterator_next(iterator);
    }
}

static void read_randomly(void *argument)
{
    reading *mine = argument;
    table_set *set = &mine->self->set;
    fe_random random = {mine->seed};
    fe_iterator *iterator;

    assert_int_equal(fe_level_iterator_create(set->cache, set->files, set->count,
                                              mine->seed % 2 == 0, &iterator),
                     FERRIC_OK);
    for (int i = 0; i < ROUNDS; i++) {
        read_by_get(mine, &random);
        if (i % 10 == 0) read_by_iterator(mine, &random, iterator);
    }
    fe_iterator_destroy(iterator);
}

// Tables are closed and blocks evicted all the time, under four threads that read.
static void test_cache_is_right_while_tables_are_closed_under_readers(void **state)
{
    table_set_options options = plain_options;
    fe_thread threads[THREADS] = {{0}};
    reading readings[THREADS];
    uint64_t reads = 0;
    fixture self;

    (void)state;
    options.open_files_max = 3;
    options.cache_bytes = 40000;
    create(&self, &options, 9);
    for (int i = 0; i < THREADS; i++) {
        readings[i] = (reading){.self = &self, .seed = (uint64_t)i + 10};
        assert_int_equal(fe_thread_start(&threads[i], "reader", read_randomly, &readings[i]),
                         FERRIC_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        fe_thread_join(&threads[i]);
        reads += readings[i].reads;
    }
    printf("table cache: %llu reads by %d threads\n", (unsigned long long)reads, THREADS);
    assert_true(reads > THREADS * ROUNDS);
    assert_true(stats_of(&self).tables_open <= 3);
    destroy(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache_answers_gets_and_counts_them),
        cmocka_unit_test(test_cache_works_without_filters),
        cmocka_unit_test(test_cache_works_without_keydirs),
        cmocka_unit_test(test_cache_keeps_its_bound_on_keydirs),
        cmocka_unit_test(test_cache_finds_each_version_behind_a_keydir),
        cmocka_unit_test(test_cache_keeps_its_bounds_on_open_tables),
        cmocka_unit_test(test_warming_fills_spare_room_and_no_more),
        cmocka_unit_test(test_cache_tells_damage_from_absence),
        cmocka_unit_test(test_cache_removes_obsolete_files_only),
        cmocka_unit_test(test_verify_reads_every_entry),
        cmocka_unit_test(test_verify_finds_damage_that_caches_hide),
        cmocka_unit_test(test_verify_compares_with_the_manifest),
        cmocka_unit_test(test_verify_finds_a_keydir_that_misleads),
        cmocka_unit_test(test_cache_is_right_while_tables_are_closed_under_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
