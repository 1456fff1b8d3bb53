// SPDX-License-Identifier: Apache-2.0
// Mutates a table section by section: a section that grows or shrinks moves what stands behind it,
// and directory and footer say so.
#include <stdlib.h>

#include "base/coding.h"
#include "format/table_layout.h"
#include "mend.h"
#include "mutate.h"

// Of the data blocks so many bytes are changed at once, in place.
#define PIECE_SIZE_MAX 64
#define SEAL_SIZE 4

// What footer and directory say, checked to lie inside the file.
typedef struct layout {
    uint8_t *footer;
    uint8_t *directory;
    uint32_t count;
} layout;

static bool find_layout(uint8_t *data, size_t size, layout *found)
{
    uint64_t offset;
    uint64_t end;

    if (size < FE_FILE_HEADER_SIZE + FE_TABLE_FOOTER_SIZE) return false;
    end = size - FE_TABLE_FOOTER_SIZE;
    found->footer = data + end;
    found->count = fe_get_u32(found->footer + FE_FOOTER_SECTION_COUNT_AT);
    offset = fe_get_u64(found->footer + FE_FOOTER_DIRECTORY_OFFSET_AT);
    if (found->count == 0 || found->count > FE_SECTION_COUNT_MAX || offset > end) return false;
    found->directory = data + offset;
    return (uint64_t)found->count * FE_SECTION_SIZE <= end - offset;
}

static void add_u64(uint8_t *at, uint64_t change)
{
    fe_put_u64(at, fe_get_u64(at) + change);
}

// Tells directory and footer that what stands at `offset` became `change` bytes larger, modulo
// 2^64.
static void shift(const layout *table, uint32_t changed, uint64_t offset, uint64_t change)
{
    add_u64(table->directory + changed * FE_SECTION_SIZE + FE_SECTION_STORED_SIZE_AT, change);
    add_u64(table->directory + changed * FE_SECTION_SIZE + FE_SECTION_CONTENT_SIZE_AT, change);
    for (uint32_t i = 0; i < table->count; i++) {
        uint8_t *line = table->directory + i * FE_SECTION_SIZE;
        if (fe_get_u64(line + FE_SECTION_OFFSET_AT) > offset)
            add_u64(line + FE_SECTION_OFFSET_AT, change);
    }
    add_u64(table->footer + FE_FOOTER_DIRECTORY_OFFSET_AT, change);
}

// Changes the content of section number `index`. Returns the file's new size.
static size_t mutate_section(uint8_t *data, size_t size, size_t size_max, const layout *table,
                             uint32_t index)
{
    const uint8_t *line = table->directory + index * FE_SECTION_SIZE;
    uint64_t offset = fe_get_u64(line + FE_SECTION_OFFSET_AT);
    uint64_t stored = fe_get_u64(line + FE_SECTION_STORED_SIZE_AT);
    uint8_t *room;
    size_t before;
    size_t after;

    if (offset > size || stored > size - offset || stored < SEAL_SIZE) return size;
    if (data + offset >= table->directory) return size;
    before = (size_t)stored - SEAL_SIZE;
    if (before == 0 && size == size_max) return size; // Nothing to change, and no room.
    room = malloc(before + (size_max - size) + 1);
    if (room == NULL) abort();
    memcpy(room, data + offset, before);
    after = LLVMFuzzerMutate(room, before, before + (size_max - size));
    shift(table, index, offset, (uint64_t)after - before);
    memmove(data + offset + after, data + offset + before, size - (size_t)offset - before);
    memcpy(data + offset, room, after);
    free(room);
    return size + after - before;
}

// Changes some bytes of [begin, end) and moves none.
static void mutate_piece(uint8_t *begin, const uint8_t *end, fe_random *random)
{
    size_t room = (size_t)(end - begin);
    size_t size = 1 + (size_t)fe_random_below(random, PIECE_SIZE_MAX);

    if (size > room) size = room;
    if (size == 0) return;
    begin += fe_random_below(random, room - size + 1);
    (void)LLVMFuzzerMutate(begin, size, size);
}

static size_t mutate_part(uint8_t *data, size_t size, size_t size_max, const layout *table,
                          fe_random *random)
{
    uint32_t index = (uint32_t)fe_random_below(random, table->count);

    switch (fe_random_below(random, 8)) {
    case 0:
        mutate_piece(data, data + FE_FILE_HEADER_SIZE, random);
        return size;
    case 1:
        mutate_piece(table->directory, table->directory + table->count * FE_SECTION_SIZE, random);
        return size;
    case 2:
        mutate_piece(table->footer, data + size, random);
        return size;
    case 3:
    case 4:
        if (data + FE_FILE_HEADER_SIZE < table->directory)
            mutate_piece(data + FE_FILE_HEADER_SIZE, table->directory, random);
        return size;
    default:
        return mutate_section(data, size, size_max, table, index);
    }
}

size_t mutate_table(uint8_t *data, size_t size, size_t size_max, fe_random *random)
{
    layout table;

    if (find_layout(data, size, &table) && fe_random_below(random, 8) != 0) {
        size = mutate_part(data, size, size_max, &table, random);
    } else {
        size = LLVMFuzzerMutate(data, size, size_max);
    }
    if (fe_random_below(random, 8) != 0) mend_table(data, size);
    return size;
}
