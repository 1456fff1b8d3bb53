// SPDX-License-Identifier: Apache-2.0
// Walks a file as its reader does, only that it writes the checks instead of comparing them.
#include "mend.h"

#include <stdlib.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "format/block.h"
#include "format/table_layout.h"

#define HEADER_CHECK_AT (FE_FILE_HEADER_SIZE - 4)
// Of a frame, from its start.
#define PAYLOAD_CHECK_AT 4
#define CHECKED_AT 8
#define HEADER_SIZE_AT 13
#define FILE_NUMBER_AT 16
#define SALT_AT 48
// Where the cipher suite's trailer of four bytes stands in a table's footer.
#define FOOTER_CONTENT_SIZE (FE_TABLE_FOOTER_SIZE - 4)

// ---- Header ---------------------------------------------------------------------------------

void mend_header(uint8_t *data, size_t size)
{
    if (size < FE_FILE_HEADER_SIZE) return;
    memcpy(data, "FeDB", 4);
    fe_put_u32(data + HEADER_CHECK_AT, fe_crc32c(0, data, HEADER_CHECK_AT));
}

bool mend_sealer(const uint8_t *data, size_t size, fe_sealer *sealer)
{
    fe_file_header header = {.cipher_suite = FE_CIPHER_NONE};

    if (size < FE_FILE_HEADER_SIZE) return false;
    header.file_number = fe_get_u64(data + FILE_NUMBER_AT);
    memcpy(header.salt, data + SALT_AT, FE_SALT_SIZE);
    fe_sealer_init(sealer, &header, "file");
    return true;
}

// ---- Frames ---------------------------------------------------------------------------------

static size_t aligned(size_t size)
{
    return (size + FE_FRAME_ALIGNMENT - 1) / FE_FRAME_ALIGNMENT * FE_FRAME_ALIGNMENT;
}

// Seals the frame at `offset` and returns its size on disk; 0 when it is none.
static size_t mend_frame(const fe_sealer *sealer, uint8_t *data, size_t size, size_t offset)
{
    uint8_t *at = data + offset;
    size_t header_size;
    size_t end;
    uint32_t check;

    if (!fe_frame_is_plausible(at, size - offset)) return 0;
    header_size = at[HEADER_SIZE_AT];
    end = header_size + fe_get_u32(at + CHECKED_AT);
    check = fe_seal_check(sealer, FE_UNIT_FRAME_HEADER, offset, at + CHECKED_AT,
                          header_size - CHECKED_AT);
    fe_put_u32(at, check);
    fe_put_u32(at + PAYLOAD_CHECK_AT, fe_crc32c(check, at + header_size, end - header_size));
    memset(at + end, 0, aligned(end) - end);
    return aligned(end);
}

void mend_frames(uint8_t *data, size_t size)
{
    fe_sealer sealer;
    size_t offset = FE_FILE_HEADER_SIZE;

    mend_header(data, size);
    if (!mend_sealer(data, size, &sealer)) return;
    while (offset + FE_FRAME_HEADER_SIZE_MIN <= size) {
        size_t frame = mend_frame(&sealer, data, size, offset);
        offset += frame > 0 ? frame : FE_FRAME_ALIGNMENT;
    }
}

// ---- Tables ---------------------------------------------------------------------------------

static void mend_unit(fe_sealer *sealer, fe_unit_kind kind, uint8_t *data, size_t size,
                      const fe_section *section)
{
    uint64_t added = fe_seal_size(sealer);

    if (section->offset > size || section->stored_size > size - section->offset) return;
    if (section->stored_size < added) return;
    (void)fe_seal_unit(sealer, kind, section->offset, data + section->offset,
                       (size_t)(section->stored_size - added));
}

// The blocks follow one another; the lines of the index have their sizes. Blocks may overlap the
// index, which is therefore copied before checks are written.
static void mend_blocks(fe_sealer *sealer, uint8_t *data, size_t size, const fe_section *blocks,
                        ferric_slice stored_index)
{
    uint32_t count = fe_block_claimed_count(stored_index);
    fe_block_slot *slots = calloc((size_t)count + 1, sizeof *slots);
    uint8_t *copy = malloc(stored_index.size);
    ferric_slice index = fe_slice(copy, stored_index.size);
    fe_section unit = {.offset = blocks->offset};
    fe_block lines;

    if (slots == NULL || copy == NULL) abort();
    memcpy(copy, stored_index.data, stored_index.size);
    if (count == 0 || fe_block_init(&lines, index, slots, "index", 0) != FERRIC_OK) count = 0;
    for (uint32_t i = 0; i < count && unit.offset < size; i++) {
        fe_block_entry line;
        fe_decoder decoder;
        fe_block_entry_at(&lines, i, &line);
        decoder = fe_decoder_of(line.value);
        unit.stored_size = fe_decode_varint_max(&decoder, size);
        if (decoder.failed) break;
        mend_unit(sealer, FE_UNIT_DATA_BLOCK, data, size, &unit);
        unit.offset += unit.stored_size;
    }
    free(copy);
    free(slots);
}

static void mend_sections(fe_sealer *sealer, uint8_t *data, size_t size,
                          const fe_section *directory, uint32_t count)
{
    static const fe_unit_kind kinds[] = {
        [FE_SECTION_INDEX] = FE_UNIT_INDEX,
        [FE_SECTION_FILTER] = FE_UNIT_FILTER,
        [FE_SECTION_PROPERTIES] = FE_UNIT_PROPERTIES,
        [FE_SECTION_KEYDIR] = FE_UNIT_KEYDIR,
    };
    fe_section blocks = {0};
    ferric_slice index = {NULL, 0};

    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *line = data + directory->offset + i * FE_SECTION_SIZE;
        fe_section section = {
            .id = fe_get_u16(line + FE_SECTION_ID_AT),
            .offset = fe_get_u64(line + FE_SECTION_OFFSET_AT),
            .stored_size = fe_get_u64(line + FE_SECTION_STORED_SIZE_AT),
        };
        if (section.id == FE_SECTION_DATA) blocks = section;
        if (section.id < FE_SECTION_INDEX || section.id > FE_SECTION_KEYDIR) continue;
        if (section.offset > size || section.stored_size > size - section.offset) continue;
        mend_unit(sealer, kinds[section.id], data, size, &section);
        if (section.id == FE_SECTION_INDEX && section.stored_size > fe_seal_size(sealer)) {
            index =
                fe_slice(data + section.offset, (size_t)section.stored_size - fe_seal_size(sealer));
        }
    }
    if (blocks.id != 0 && index.size > 0) mend_blocks(sealer, data, size, &blocks, index);
}

void mend_table(uint8_t *data, size_t size)
{
    size_t footer_offset;
    uint8_t *footer;
    fe_section directory = {0};
    fe_sealer sealer;
    uint32_t count;

    mend_header(data, size);
    if (size < FE_FILE_HEADER_SIZE + FE_TABLE_FOOTER_SIZE) return;
    if (!mend_sealer(data, size, &sealer)) return;
    footer_offset = size - FE_TABLE_FOOTER_SIZE;
    footer = data + footer_offset;
    fe_put_u32(footer + FE_FOOTER_MAGIC_AT, FE_TABLE_MAGIC);
    count = fe_get_u32(footer + FE_FOOTER_SECTION_COUNT_AT);
    directory.offset = fe_get_u64(footer + FE_FOOTER_DIRECTORY_OFFSET_AT);
    directory.stored_size = fe_get_u64(footer + FE_FOOTER_DIRECTORY_SIZE_AT);
    if (count <= FE_SECTION_COUNT_MAX && directory.offset <= footer_offset &&
        (uint64_t)count * FE_SECTION_SIZE <= footer_offset - directory.offset) {
        mend_sections(&sealer, data, size, &directory, count);
        mend_unit(&sealer, FE_UNIT_DIRECTORY, data, size, &directory);
    }
    (void)fe_seal_unit(&sealer, FE_UNIT_TABLE_FOOTER, footer_offset, footer, FOOTER_CONTENT_SIZE);
}
