// SPDX-License-Identifier: Apache-2.0
// Records of tables and versions for tests.
#include "table_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/coding.h"

void table_kit_init(table_kit *kit)
{
    fe_table_cache_options options = {.directory = "/db",
                                      .open_files_max = 64,
                                      .memory_max = 1 << 20,
                                      .keydir_bytes_max = 1 << 20};

    assert_int_equal(fe_vfs_memory_create(&kit->vfs), FERRIC_OK);
    assert_int_equal(fe_vfs_make_directory(kit->vfs, "/db"), FERRIC_OK);
    assert_int_equal(fe_epoch_create(&kit->epoch), FERRIC_OK);
    assert_int_equal(fe_block_cache_create(kit->epoch, 1 << 20, &kit->blocks), FERRIC_OK);
    options.vfs = kit->vfs;
    assert_int_equal(fe_table_cache_create(&options, kit->epoch, kit->blocks, &kit->tables),
                     FERRIC_OK);
    kit->next_number = 1;
}

void table_kit_deinit(table_kit *kit)
{
    fe_table_cache_destroy(kit->tables);
    fe_block_cache_destroy(kit->blocks);
    fe_epoch_destroy(kit->epoch);
    fe_vfs_memory_destroy(kit->vfs);
}

ferric_slice kit_key(uint32_t number)
{
    static uint8_t rooms[16][8];
    static unsigned turn;
    uint8_t *room = rooms[turn++ % 16];

    fe_put_u32_ordered(room, 1);
    fe_put_u32_ordered(room + 4, number);
    return fe_slice(room, 8);
}

fe_table_file *kit_table(table_kit *kit, const table_shape *shape)
{
    fe_table_file *file = NULL;
    fe_table_summary summary = {
        .identity = {.number = kit->next_number++, .size_bytes = shape->size_bytes},
        .properties = {.entries = shape->entries,
                       .deletes = shape->deletes,
                       .smallest_sequence = shape->smallest_sequence,
                       .largest_sequence = shape->largest_sequence},
        .smallest_key = kit_key(shape->smallest_key),
        .largest_key = kit_key(shape->largest_key),
        .smallest_key_sequence = shape->smallest_sequence,
        .largest_key_sequence = shape->largest_sequence,
    };

    memset(summary.identity.salt, (int)(summary.identity.number & 0xff), FE_SALT_SIZE);
    summary.identity.footer_check = (uint32_t)(summary.identity.number * 2654435761u);
    assert_int_equal(fe_table_file_create(&summary, &file), FERRIC_OK);
    return file;
}

void kit_add(table_kit *kit, fe_version_edit *edit, uint32_t level, const table_shape *shape)
{
    assert_int_equal(fe_version_edit_add(edit, level, kit_table(kit, shape)), FERRIC_OK);
}

fe_version *kit_apply(table_kit *kit, fe_version *base, fe_version_edit *edit)
{
    fe_version *next = NULL;

    assert_int_equal(fe_version_apply(base, edit, &next), FERRIC_OK);
    fe_version_edit_deinit(edit, kit->tables);
    fe_version_unref(base);
    return next;
}

static table_shape random_shape(fe_random *random, uint32_t smallest, uint32_t largest,
                                uint64_t sequence)
{
    table_shape shape = {
        .smallest_key = smallest,
        .largest_key = largest,
        .smallest_sequence = sequence,
        .largest_sequence = sequence + fe_random_below(random, 10),
        .size_bytes = 1 + fe_random_below(random, 1000),
        .entries = 1 + fe_random_below(random, 100),
    };

    // One table in four is mostly deletes.
    shape.deletes = fe_random_below(random, 4) == 0
                        ? shape.entries
                        : fe_random_below(random, shape.entries / 2 + 1);
    return shape;
}

fe_version *kit_random_version(table_kit *kit, fe_random *random, uint32_t tables_max,
                               uint32_t keys)
{
    fe_version_edit edit = {0};
    fe_version *version = NULL;
    uint64_t sequence = 1;

    assert_int_equal(fe_version_create(kit->tables, &version), FERRIC_OK);
    for (uint32_t level = FE_LEVEL_COUNT; level-- > 0;) {
        uint64_t count =
            fe_random_below(random, 3) == 0 ? 0 : fe_random_below(random, tables_max + 1);
        uint32_t key = (uint32_t)fe_random_below(random, 10);
        for (uint64_t i = 0; i < count; i++) {
            uint32_t room = (uint32_t)(2 * keys / (tables_max + 1)) + 1;
            uint32_t smallest = level == 0 ? (uint32_t)fe_random_below(random, keys) : key;
            uint32_t largest = smallest + (uint32_t)fe_random_below(random, room);
            table_shape shape = random_shape(random, smallest, largest, sequence);
            kit_add(kit, &edit, level, &shape);
            sequence = shape.largest_sequence + 1;
            key = largest + 1 + (uint32_t)fe_random_below(random, room);
        }
    }
    return kit_apply(kit, version, &edit);
}

static bool ranges_meet(uint64_t a_first, uint64_t a_last, uint64_t b_first, uint64_t b_last)
{
    return a_first <= b_last && b_first <= a_last;
}

// Of two tables of one level; `a` stands before `b`.
static const char *pair_problem(uint32_t level, const fe_table_file *a, const fe_table_file *b)
{
    if (level == 0) {
        if (ranges_meet(a->smallest_sequence, a->largest_sequence, b->smallest_sequence,
                        b->largest_sequence)) {
            return "sequence numbers of level 0 overlap";
        }
        return a->smallest_sequence < b->smallest_sequence ? "level 0 is not newest first" : NULL;
    }
    if (fe_slice_compare(a->largest_key, b->smallest_key) >= 0) {
        return fe_slice_compare(b->largest_key, a->smallest_key) >= 0 ? "keys of a level overlap"
                                                                      : "a level is not in order";
    }
    return NULL;
}

static bool occurs_again(const fe_version *version, uint32_t level, uint32_t index)
{
    uint64_t number = version->levels[level].files[index]->identity.number;

    for (uint32_t i = level; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = i == level ? index + 1 : 0; j < version->levels[i].count; j++) {
            if (version->levels[i].files[j]->identity.number == number) return true;
        }
    }
    return false;
}

const char *kit_version_problem(const fe_version *version)
{
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        const fe_level *level = &version->levels[i];
        uint64_t bytes = 0;
        for (uint32_t j = 0; j < level->count; j++) {
            const fe_table_file *file = level->files[j];
            bytes += file->identity.size_bytes;
            if (fe_slice_compare(file->smallest_key, file->largest_key) > 0) {
                return "a table ends before it begins";
            }
            if (occurs_again(version, i, j)) return "a table occurs twice";
            for (uint32_t k = j + 1; k < level->count; k++) {
                const char *problem = pair_problem(i, file, level->files[k]);
                if (problem != NULL) return problem;
            }
        }
        if (bytes != level->bytes) return "a level's bytes are wrong";
    }
    return NULL;
}
