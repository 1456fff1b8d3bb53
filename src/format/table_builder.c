// SPDX-License-Identifier: Apache-2.0
// Writes a table front to back: blocks as entries come, then index, filter, KeyDir, properties,
// directory and footer. docs/format/table.md.
//
// A full block is finished only when the next entry is there, because the key that divides two
// blocks in the index depends on both.
#include "format/table_builder.h"

#include <assert.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/block_builder.h"
#include "format/compression.h"
#include "format/keydir.h"
#include "format/table_layout.h"
#include "format/value_record.h"

#define WRITE_SIZE ((size_t)256 << 10)
#define BLOCK_SIZE_MAX ((uint32_t)256 << 10)
#define SECTIONS_WRITTEN 6

static_assert(FE_FOOTER_FIELDS_SIZE + FE_SEAL_SIZE_MAX <= FE_TABLE_FOOTER_SIZE,
              "the footer holds its fields and any suite's trailer");

// What the index says of a finished block.
typedef struct finished_block {
    uint64_t stored_size;
    uint64_t content_size;
    uint32_t entries;
} finished_block;

struct fe_table_builder {
    fe_vfs *vfs;
    char *path;
    fe_file *file;
    fe_table_builder_options options;
    fe_file_header header;
    fe_sealer sealer;
    fe_block_builder *block;
    fe_block_builder *index;
    fe_compressor compressor;
    ferric_buffer compressed; // One block.
    ferric_buffer output;     // Written next, at written_size.
    uint64_t written_size;
    // For filter and KeyDir.
    ferric_buffer hashes;        // Of each distinct key, as uint64_t.
    ferric_buffer block_entries; // Of each finished block, as uint32_t.
    ferric_buffer repeats;       // Entries that are further versions, as uint32_t.
    finished_block finished;     // The last one.
    ferric_buffer first_key;
    ferric_buffer last_key; // Of the last finished block.
    uint64_t first_key_sequence;
    uint64_t last_key_sequence; // Of the last entry.
    ferric_buffer ranges;       // The section's content.
    ferric_buffer first_range;  // The lower bound of the first piece,
    ferric_buffer last_range;   // and the upper bound of the last.
    uint64_t content_size;      // Of all blocks.
    fe_table_properties properties;
    fe_expiry_tally expiries;
    fe_section sections[SECTIONS_WRITTEN];
    uint32_t section_count;
    bool is_finished;
};

// ---- Output ----------------------------------------------------------------------------------

static uint64_t next_offset(const fe_table_builder *builder)
{
    return builder->written_size + builder->output.size;
}

static ferric_status write_bytes(fe_table_builder *builder, const void *data, size_t size)
{
    ferric_status status = fe_file_write_at(builder->file, builder->written_size, data, size);

    if (status == FERRIC_OK) builder->written_size += size;
    return status;
}

static ferric_status flush_output(fe_table_builder *builder)
{
    ferric_status status;

    if (builder->output.size == 0) return FERRIC_OK;
    status = write_bytes(builder, builder->output.data, builder->output.size);
    fe_buffer_clear(&builder->output);
    return status;
}

static ferric_status write_output(fe_table_builder *builder, const void *data, size_t size)
{
    ferric_status status = FERRIC_OK;

    if (builder->output.size + size > WRITE_SIZE) status = flush_output(builder);
    if (status != FERRIC_OK) return status;
    // A large unit is not copied once more.
    if (size >= WRITE_SIZE) return write_bytes(builder, data, size);
    return fe_buffer_append(&builder->output, data, size);
}

// Seals what the buffer holds as one unit and writes it. *stored_size is its size on disk.
static ferric_status write_unit(fe_table_builder *builder, fe_unit_kind kind, ferric_buffer *unit,
                                uint64_t *stored_size)
{
    size_t trailer_size = fe_seal_size(&builder->sealer);
    ferric_status status = fe_buffer_reserve(unit, trailer_size);

    if (status != FERRIC_OK) return status;
    status = fe_seal_unit(&builder->sealer, kind, next_offset(builder), unit->data, unit->size);
    if (status != FERRIC_OK) return status;
    unit->size += trailer_size;
    *stored_size = unit->size;
    return write_output(builder, unit->data, unit->size);
}

// ---- Create and destroy ----------------------------------------------------------------------

static ferric_status write_header(fe_table_builder *builder)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];

    fe_file_header_encode(&builder->header, bytes);
    return write_output(builder, bytes, sizeof bytes);
}

static ferric_status init_parts(fe_table_builder *builder, const char *path)
{
    ferric_status status;

    builder->path = fe_string_duplicate(path);
    if (builder->path == NULL) return fe_no_memory("table path", strlen(path) + 1);
    status = fe_block_builder_create(&builder->block);
    if (status == FERRIC_OK) status = fe_block_builder_create(&builder->index);
    if (status == FERRIC_OK) status = fe_buffer_reserve(&builder->output, WRITE_SIZE);
    if (status == FERRIC_OK)
        status = fe_vfs_open(builder->vfs, path, FE_OPEN_CREATE, &builder->file);
    return status;
}

ferric_status fe_table_builder_create(fe_vfs *vfs, const char *path, const fe_file_header *header,
                                      const fe_table_builder_options *options,
                                      fe_table_builder **builder)
{
    fe_table_builder *created = fe_alloc_zero(1, sizeof *created);
    ferric_status status;

    assert(options->block_size <= BLOCK_SIZE_MAX && header->kind == FE_FILE_TABLE);
    *builder = NULL;
    if (created == NULL) return fe_no_memory("table builder", sizeof *created);
    created->vfs = vfs;
    created->options = *options;
    created->header = *header;
    created->properties.smallest_sequence = UINT64_MAX;
    created->properties.created_ms = header->created_ms;
    fe_expiry_tally_init(&created->expiries, header->created_ms);
    status = fe_sealer_init(&created->sealer, header, path);
    if (status == FERRIC_OK) status = init_parts(created, path);
    if (status == FERRIC_OK) status = write_header(created);
    if (status != FERRIC_OK) {
        fe_table_builder_destroy(created);
        return status;
    }
    *builder = created;
    return FERRIC_OK;
}

void fe_table_builder_destroy(fe_table_builder *builder)
{
    if (builder == NULL) return;
    fe_file_close(builder->file);
    fe_sealer_deinit(&builder->sealer);
    // An unfinished table means nothing to anybody; what cannot be removed is swept at the next
    // open.
    if (builder->file != NULL && !builder->is_finished)
        (void)fe_vfs_remove(builder->vfs, builder->path);
    fe_block_builder_destroy(builder->block);
    fe_block_builder_destroy(builder->index);
    fe_compressor_deinit(&builder->compressor);
    fe_buffer_deinit(&builder->compressed);
    fe_buffer_deinit(&builder->output);
    fe_buffer_deinit(&builder->hashes);
    fe_buffer_deinit(&builder->block_entries);
    fe_buffer_deinit(&builder->repeats);
    fe_buffer_deinit(&builder->first_key);
    fe_buffer_deinit(&builder->last_key);
    fe_buffer_deinit(&builder->ranges);
    fe_buffer_deinit(&builder->first_range);
    fe_buffer_deinit(&builder->last_range);
    fe_free(builder->path);
    fe_free(builder);
}

// ---- Blocks ----------------------------------------------------------------------------------

// Ends the block with its compression byte, in whichever buffer is smaller.
static ferric_status close_unit(fe_table_builder *builder, ferric_buffer *block,
                                ferric_buffer **unit)
{
    ferric_compression used;
    uint8_t kind;
    ferric_status status = fe_compress(&builder->compressor, builder->options.compression,
                                       fe_buffer_slice(block), &builder->compressed, &used);

    if (status != FERRIC_OK) return status;
    kind = (uint8_t)used;
    *unit = used == FERRIC_COMPRESSION_NONE ? block : &builder->compressed;
    return fe_buffer_append(*unit, &kind, FE_BLOCK_KIND_SIZE);
}

// Keys are counted so that none is noted in vain for a KeyDir that will be too large.
static bool wants_keydir(const fe_table_builder *builder)
{
    size_t key_count = builder->hashes.size / sizeof(uint64_t);

    return fe_keydir_size(key_count) <= builder->options.keydir_bytes_max;
}

static ferric_status finish_block(fe_table_builder *builder)
{
    ferric_buffer *block;
    ferric_buffer *unit;
    ferric_status status =
        fe_buffer_assign(&builder->last_key, fe_block_builder_last_key(builder->block));

    if (status != FERRIC_OK) return status;
    builder->finished.entries = fe_block_builder_count(builder->block);
    if (wants_keydir(builder)) {
        status = fe_buffer_append(&builder->block_entries, &builder->finished.entries,
                                  sizeof builder->finished.entries);
    }
    if (status == FERRIC_OK) status = fe_block_builder_finish(builder->block, &block);
    if (status != FERRIC_OK) return status;
    assert(block->size <= FE_BLOCK_CONTENT_SIZE_MAX);
    builder->finished.content_size = block->size;
    builder->content_size += block->size;
    builder->properties.block_count++;
    status = close_unit(builder, block, &unit);
    if (status != FERRIC_OK) return status;
    status = write_unit(builder, FE_UNIT_DATA_BLOCK, unit, &builder->finished.stored_size);
    fe_block_builder_clear(builder->block);
    return status;
}

// The key that divides the finished block from one that begins with `next`: the shortest beginning
// of `next` that is behind all keys of the block, unless that is `next` itself. With sequence 0 it
// comes behind every version of its key. Where one key goes on in the next block, only the last
// entry itself divides them.
static ferric_slice divide(const fe_table_builder *builder, ferric_slice next, uint64_t *sequence)
{
    ferric_slice last = fe_buffer_slice(&builder->last_key);
    size_t common = fe_slice_common_prefix(last, next);

    if (common == next.size) {
        *sequence = builder->last_key_sequence;
        return last;
    }
    *sequence = 0;
    if (common == last.size || common + 1 == next.size) return last;
    return fe_slice(next.data, common + 1);
}

static ferric_status index_block(fe_table_builder *builder, ferric_slice key, uint64_t sequence)
{
    uint8_t value[3 * FE_VARINT64_SIZE_MAX];
    uint8_t *end = fe_put_varint(value, builder->finished.stored_size);
    fe_entry line = {.key = key, .sequence = sequence, .kind = FE_ENTRY_PUT};

    end = fe_put_varint(end, builder->finished.content_size);
    end = fe_put_varint(end, builder->finished.entries);
    line.value = fe_slice(value, (size_t)(end - value));
    return fe_block_builder_add(builder->index, &line);
}

// ---- Entries ---------------------------------------------------------------------------------

static ferric_slice key_before(const fe_table_builder *builder)
{
    if (fe_block_builder_count(builder->block) > 0)
        return fe_block_builder_last_key(builder->block);
    return fe_buffer_slice(&builder->last_key);
}

// Takes the key for filter and KeyDir, once for all its versions.
static ferric_status note_key(fe_table_builder *builder, ferric_slice key)
{
    uint32_t number = (uint32_t)builder->properties.entries;
    uint64_t hash;

    if (builder->options.filter_bits == 0 && builder->options.keydir_bytes_max == 0)
        return FERRIC_OK;
    if (builder->properties.entries > 0 && fe_slice_equal(key, key_before(builder))) {
        if (!wants_keydir(builder)) return FERRIC_OK;
        return fe_buffer_append(&builder->repeats, &number, sizeof number);
    }
    hash = fe_hash64(key.data, key.size);
    return fe_buffer_append(&builder->hashes, &hash, sizeof hash);
}

// The size of the large value that an entry points to.
static uint64_t value_file_bytes(const fe_entry *entry)
{
    fe_value_pointer pointer;

    if (!fe_entry_kind_points(entry->kind)) return 0;
    return fe_value_pointer_decode(fe_entry_content(entry), &pointer) == FERRIC_OK ? pointer.size
                                                                                   : 0;
}

static void count_sequence(fe_table_properties *properties, uint64_t sequence)
{
    if (sequence < properties->smallest_sequence) properties->smallest_sequence = sequence;
    if (sequence > properties->largest_sequence) properties->largest_sequence = sequence;
}

static void count_entry(fe_table_builder *builder, const fe_entry *entry)
{
    fe_table_properties *properties = &builder->properties;

    properties->entries++;
    if (entry->kind == FE_ENTRY_DELETE) properties->deletes++;
    count_sequence(properties, entry->sequence);
    properties->key_bytes += entry->key.size;
    properties->value_bytes += entry->value.size;
    builder->last_key_sequence = entry->sequence;
    fe_expiry_tally_add(&builder->expiries, entry, value_file_bytes(entry));
}

static bool is_of_catalogue(ferric_slice key)
{
    return key.size >= FE_KEYSPACE_ID_SIZE && fe_get_u32_ordered(key.data) == FE_KEYSPACE_CATALOGUE;
}

// A block ends when it is large enough, and before an entry that would make it far too large: small
// entries are not read from disk with a large neighbour. The catalogue's last block ends with it,
// so that damage to the first keys of a keyspace does not take the names of all.
static bool is_block_full(const fe_table_builder *builder, const fe_entry *entry)
{
    size_t size = fe_block_builder_size(builder->block);
    size_t more = entry->key.size + entry->value.size;

    if (size == 0) return false;
    if (size >= builder->options.block_size || size + more > 2 * builder->options.block_size) {
        return true;
    }
    return !is_of_catalogue(entry->key) && is_of_catalogue(key_before(builder));
}

ferric_status fe_table_builder_add(fe_table_builder *builder, const fe_entry *entry)
{
    ferric_status status;

    if (builder->properties.entries == 0) {
        status = fe_buffer_assign(&builder->first_key, entry->key);
        if (status != FERRIC_OK) return status;
        builder->first_key_sequence = entry->sequence;
    }
    status = note_key(builder, entry->key);
    if (status != FERRIC_OK) return status;
    if (is_block_full(builder, entry)) {
        uint64_t sequence;
        ferric_slice key;
        status = finish_block(builder);
        if (status != FERRIC_OK) return status;
        key = divide(builder, entry->key, &sequence);
        status = index_block(builder, key, sequence);
        if (status != FERRIC_OK) return status;
    }
    status = fe_block_builder_add(builder->block, entry);
    if (status == FERRIC_OK) count_entry(builder, entry);
    return status;
}

ferric_status fe_table_builder_add_range(fe_table_builder *builder, const fe_range_piece *piece)
{
    fe_table_properties *properties = &builder->properties;
    ferric_status status = FERRIC_OK;

    assert(piece->count > 0 && fe_slice_compare(piece->lower, piece->upper) < 0);
    if (properties->range_deletes == 0) {
        status = fe_buffer_assign(&builder->first_range, piece->lower);
    } else {
        assert(fe_slice_compare(fe_buffer_slice(&builder->last_range), piece->lower) <= 0);
    }
    if (status == FERRIC_OK) status = fe_buffer_assign(&builder->last_range, piece->upper);
    if (status == FERRIC_OK) status = fe_range_piece_encode(piece, &builder->ranges);
    if (status != FERRIC_OK) return status;
    properties->range_deletes++;
    count_sequence(properties, piece->sequences[0]);
    count_sequence(properties, piece->sequences[piece->count - 1]);
    return FERRIC_OK;
}

uint64_t fe_table_builder_entries(const fe_table_builder *builder)
{
    return builder->properties.entries;
}

uint64_t fe_table_builder_size(const fe_table_builder *builder)
{
    return next_offset(builder) + fe_block_builder_size(builder->block);
}

// ---- Sections --------------------------------------------------------------------------------

static void name_section(fe_table_builder *builder, fe_section_id id, uint16_t flags,
                         uint64_t offset, uint64_t content_size)
{
    assert(builder->section_count < SECTIONS_WRITTEN);
    builder->sections[builder->section_count++] = (fe_section){
        .id = (uint16_t)id,
        .flags = flags,
        .offset = offset,
        .stored_size = next_offset(builder) - offset,
        .content_size = content_size,
    };
}

static ferric_status write_section(fe_table_builder *builder, fe_section_id id, uint16_t flags,
                                   fe_unit_kind kind, ferric_buffer *content)
{
    uint64_t offset = next_offset(builder);
    uint64_t content_size = content->size;
    uint64_t stored_size;
    ferric_status status = write_unit(builder, kind, content, &stored_size);

    if (status == FERRIC_OK) name_section(builder, id, flags, offset, content_size);
    return status;
}

static ferric_status write_index(fe_table_builder *builder)
{
    ferric_buffer *index;
    ferric_status status = index_block(builder, fe_buffer_slice(&builder->last_key), 0);

    if (status == FERRIC_OK) status = fe_block_builder_finish(builder->index, &index);
    if (status != FERRIC_OK) return status;
    return write_section(builder, FE_SECTION_INDEX, FE_SECTION_REQUIRED, FE_UNIT_INDEX, index);
}

static ferric_status write_filter(fe_table_builder *builder)
{
    ferric_buffer filter = {0};
    ferric_status status;

    if (builder->options.filter_bits == 0) return FERRIC_OK;
    status = fe_filter_build(builder->hashes.data, builder->hashes.size / sizeof(uint64_t),
                             builder->options.filter_bits, &filter);
    if (status == FERRIC_OK)
        status = write_section(builder, FE_SECTION_FILTER, 0, FE_UNIT_FILTER, &filter);
    fe_buffer_deinit(&filter);
    return status;
}

// A table of one block has none: its index leads nowhere else.
static ferric_status write_keydir(fe_table_builder *builder)
{
    fe_keydir_keys keys = {
        .hashes = builder->hashes.data,
        .count = builder->hashes.size / sizeof(uint64_t),
        .block_entries = builder->block_entries.data,
        .block_count = (uint32_t)builder->properties.block_count,
        .repeats = builder->repeats.data,
        .repeat_count = builder->repeats.size / sizeof(uint32_t),
    };
    ferric_buffer keydir = {0};
    ferric_status status;

    if (!wants_keydir(builder) || builder->properties.block_count < 2 ||
        builder->properties.entries > UINT32_MAX) {
        return FERRIC_OK;
    }
    status = fe_keydir_build(&keys, &keydir);
    if (status == FERRIC_OK && keydir.size > 0)
        status = write_section(builder, FE_SECTION_KEYDIR, 0, FE_UNIT_KEYDIR, &keydir);
    fe_buffer_deinit(&keydir);
    return status;
}

static ferric_status write_ranges(fe_table_builder *builder)
{
    if (builder->ranges.size == 0) return FERRIC_OK;
    return write_section(builder, FE_SECTION_RANGE_DELETES, FE_SECTION_REQUIRED,
                         FE_UNIT_RANGE_DELETES, &builder->ranges);
}

static ferric_status write_properties(fe_table_builder *builder)
{
    ferric_buffer bytes = {0};
    uint64_t *fields[FE_PROPERTY_COUNT];
    unsigned count = FE_PROPERTY_COUNT;
    ferric_status status = FERRIC_OK;

    builder->properties.expiry = fe_expiry_tally_finish(&builder->expiries);
    if (builder->properties.expiry.entries == 0) count = FE_PROPERTY_ALWAYS_COUNT;
    fe_table_properties_list(&builder->properties, fields);
    for (unsigned i = 0; i < count && status == FERRIC_OK; i++) {
        status = fe_buffer_put_varint(&bytes, i + 1);
        if (status == FERRIC_OK) status = fe_buffer_put_varint(&bytes, *fields[i]);
    }
    if (status == FERRIC_OK) {
        status = write_section(builder, FE_SECTION_PROPERTIES, FE_SECTION_REQUIRED,
                               FE_UNIT_PROPERTIES, &bytes);
    }
    fe_buffer_deinit(&bytes);
    return status;
}

// ---- Finish ----------------------------------------------------------------------------------

static ferric_status write_directory(fe_table_builder *builder, uint64_t *stored_size)
{
    ferric_buffer bytes = {0};
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < builder->section_count && status == FERRIC_OK; i++) {
        const fe_section *section = &builder->sections[i];
        uint8_t line[FE_SECTION_SIZE];
        fe_put_u16(line + FE_SECTION_ID_AT, section->id);
        fe_put_u16(line + FE_SECTION_FLAGS_AT, section->flags);
        fe_put_u64(line + FE_SECTION_OFFSET_AT, section->offset);
        fe_put_u64(line + FE_SECTION_STORED_SIZE_AT, section->stored_size);
        fe_put_u64(line + FE_SECTION_CONTENT_SIZE_AT, section->content_size);
        status = fe_buffer_append(&bytes, line, sizeof line);
    }
    if (status == FERRIC_OK) status = write_unit(builder, FE_UNIT_DIRECTORY, &bytes, stored_size);
    fe_buffer_deinit(&bytes);
    return status;
}

static ferric_status write_footer(fe_table_builder *builder, uint64_t directory_offset,
                                  uint64_t directory_size)
{
    uint8_t bytes[FE_TABLE_FOOTER_SIZE] = {0};
    size_t content_size = sizeof bytes - fe_seal_size(&builder->sealer);
    ferric_status status;

    fe_put_u32(bytes + FE_FOOTER_MAGIC_AT, FE_TABLE_MAGIC);
    fe_put_u32(bytes + FE_FOOTER_SECTION_COUNT_AT, builder->section_count);
    fe_put_u64(bytes + FE_FOOTER_DIRECTORY_OFFSET_AT, directory_offset);
    fe_put_u64(bytes + FE_FOOTER_DIRECTORY_SIZE_AT, directory_size);
    status = fe_seal_unit(&builder->sealer, FE_UNIT_TABLE_FOOTER, next_offset(builder), bytes,
                          content_size);
    if (status == FERRIC_OK) status = write_output(builder, bytes, sizeof bytes);
    return status;
}

// Takes range deletes into the bounds of the table.
static void widen(const fe_table_builder *builder, fe_table_summary *summary)
{
    ferric_slice first = fe_buffer_slice(&builder->first_range);
    ferric_slice behind = fe_buffer_slice(&builder->last_range);

    if (fe_slice_compare(first, summary->smallest_key) < 0) {
        summary->smallest_key = first;
        summary->smallest_key_sequence = FE_SEQUENCE_MAX;
    }
    if (FE_SEEDED_BUG(FE_BUG_RANGE_BEYOND_ITS_TABLE)) return;
    if (fe_slice_compare(behind, summary->largest_key) > 0) {
        summary->largest_key = behind;
        summary->largest_key_sequence = FE_SEQUENCE_MAX;
    }
}

static void summarize(fe_table_builder *builder, fe_table_summary *summary)
{
    const uint8_t *end = (const uint8_t *)builder->output.data + builder->output.size;

    *summary = (fe_table_summary){
        .identity.number = builder->header.file_number,
        .identity.size_bytes = next_offset(builder),
        .identity.footer_check = fe_get_u32(end - sizeof(uint32_t)),
        .properties = builder->properties,
        .smallest_key = fe_buffer_slice(&builder->first_key),
        .largest_key = fe_buffer_slice(&builder->last_key),
        .smallest_key_sequence = builder->first_key_sequence,
        .largest_key_sequence = builder->last_key_sequence,
    };
    memcpy(summary->identity.salt, builder->header.salt, FE_SALT_SIZE);
    if (builder->properties.range_deletes > 0) widen(builder, summary);
}

ferric_status fe_table_builder_finish(fe_table_builder *builder, fe_table_summary *summary)
{
    uint64_t directory_offset;
    uint64_t directory_size = 0;
    ferric_status status;

    assert(builder->properties.entries > 0 && !builder->is_finished);
    status = finish_block(builder);
    if (status != FERRIC_OK) return status;
    name_section(builder, FE_SECTION_DATA, FE_SECTION_REQUIRED, FE_FILE_HEADER_SIZE,
                 builder->content_size);
    status = write_index(builder);
    if (status == FERRIC_OK) status = write_filter(builder);
    if (status == FERRIC_OK) status = write_keydir(builder);
    if (status == FERRIC_OK) status = write_ranges(builder);
    if (status == FERRIC_OK) status = write_properties(builder);
    directory_offset = next_offset(builder);
    if (status == FERRIC_OK) status = write_directory(builder, &directory_size);
    if (status == FERRIC_OK) status = write_footer(builder, directory_offset, directory_size);
    if (status != FERRIC_OK) return status;
    summarize(builder, summary); // While the footer stands in the output.
    status = flush_output(builder);
    if (status == FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_TABLE_NOT_SYNCED)) {
        status = fe_file_sync(builder->file);
    }
    builder->is_finished = status == FERRIC_OK;
    return status;
}
