// SPDX-License-Identifier: Apache-2.0
// Opens a table and finds its blocks. docs/format/table.md.
//
// Nothing is believed before its seal was checked, and no length, even a sealed one, leads to an
// allocation that is larger than the file or than the largest block.
#include "format/table.h"

#include <assert.h>
#include <inttypes.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/file_keys.h"
#include "format/table_inside.h"

// ---- Reading units ---------------------------------------------------------------------------

ferric_status fe_table_read_exactly(const fe_table *table, uint64_t offset, void *data, size_t size)
{
    size_t got;
    ferric_status status = fe_file_read_at(table->file, offset, data, size, &got);

    if (status != FERRIC_OK) return status;
    if (got == size) return FERRIC_OK;
    return fe_fail(FERRIC_CORRUPT,
                   "%s: offset %" PRIu64 ": expected %zu bytes, the file ends after %zu",
                   table->path, offset, size, got);
}

// Loads a section into memory of its own, aligned to cache lines. What the sizes say has been
// checked against the size of the file.
static ferric_status load_section(const fe_table *table, fe_unit_kind kind,
                                  const fe_section *section, loaded_section *loaded)
{
    size_t size = (size_t)section->stored_size;
    ferric_status status;

    loaded->unit = fe_alloc_aligned(FE_CACHE_LINE, size > 0 ? size : 1);
    if (loaded->unit == NULL) return fe_no_memory("table section", size);
    loaded->unit_size = size;
    status = fe_table_read_exactly(table, section->offset, loaded->unit, size);
    if (status != FERRIC_OK) return status;
    status = fe_seal_open(&table->sealer, kind, section->offset, loaded->unit, size, table->path,
                          &loaded->content_size);
    if (status != FERRIC_OK || loaded->content_size == section->content_size) return status;
    return fe_fail(FERRIC_CORRUPT,
                   "%s: section %u at offset %" PRIu64 ": %zu bytes, the directory says %" PRIu64,
                   table->path, section->id, section->offset, loaded->content_size,
                   section->content_size);
}

static void release_section(loaded_section *loaded)
{
    fe_free_aligned(loaded->unit);
    *loaded = (loaded_section){0};
}

static ferric_slice section_content(const loaded_section *loaded)
{
    return fe_slice(loaded->unit, loaded->content_size);
}

// ---- Damage that leaves the blocks within reach ----------------------------------------------

// Who is told of it; NULL: opening fails.
typedef struct damage_teller {
    ferric_finding_callback finding;
    void *context;
} damage_teller;

// Whether opening goes on in spite of `status`, whose message is then told.
static bool damage_passes(const damage_teller *damage, ferric_status status, const char *path,
                          uint64_t offset)
{
    if (status != FERRIC_CORRUPT || damage == NULL) return false;
    damage->finding(damage->context, path, offset, fe_message());
    return true;
}

// ---- Header and footer -----------------------------------------------------------------------

static ferric_status check_size(const fe_table *table, const fe_table_identity *expected)
{
    uint64_t size = table->identity.size_bytes;

    if (expected != NULL && expected->size_bytes != size) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: the file has %" PRIu64 " bytes, the manifest says %" PRIu64,
                       table->path, size, expected->size_bytes);
    }
    if (size >= FE_FILE_HEADER_SIZE + FE_TABLE_FOOTER_SIZE && size <= INT64_MAX) return FERRIC_OK;
    return fe_fail(FERRIC_CORRUPT, "%s: a table of %" PRIu64 " bytes, which is too short",
                   table->path, size);
}

static ferric_status read_header(fe_table *table, const fe_table_identity *expected,
                                 const damage_teller *damage)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];
    fe_file_header header;
    ferric_status status = fe_table_read_exactly(table, 0, bytes, sizeof bytes);

    if (status != FERRIC_OK) return status;
    status =
        fe_file_header_decode(fe_slice(bytes, sizeof bytes), FE_FILE_TABLE, table->path, &header);
    if (damage_passes(damage, status, table->path, 0)) {
        (void)fe_file_header_guess(fe_slice(bytes, sizeof bytes), &header);
        // Of a sealed table nothing opens then, for its key comes from the whole header.
        header.cipher_suite = table->keys == NULL ? FE_CIPHER_NONE : FE_CIPHER_AES_256_GCM;
        status = FERRIC_OK;
    }
    if (status != FERRIC_OK) return status;
    if (FE_SEEDED_BUG(FE_BUG_FOREIGN_TABLE_ACCEPTED)) expected = NULL;
    if (expected != NULL && (expected->number != header.file_number ||
                             memcmp(expected->salt, header.salt, FE_SALT_SIZE) != 0)) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: this is another table, of number %" PRIu64 ", than number %" PRIu64
                       " of the manifest",
                       table->path, header.file_number, expected->number);
    }
    table->identity.number = header.file_number;
    memcpy(table->identity.salt, header.salt, FE_SALT_SIZE);
    header.keys = table->keys;
    return fe_sealer_init(&table->sealer, &header, table->path);
}

// Where the directory is, checked to lie between header and footer.
static ferric_status read_footer(fe_table *table, const fe_table_identity *expected,
                                 fe_section *directory)
{
    uint64_t offset = table->identity.size_bytes - FE_TABLE_FOOTER_SIZE;
    uint8_t bytes[FE_TABLE_FOOTER_SIZE];
    uint32_t section_count;
    size_t content_size;
    ferric_status status = fe_table_read_exactly(table, offset, bytes, sizeof bytes);

    if (status != FERRIC_OK) return status;
    table->identity.footer_check = fe_get_u32(bytes + FE_TABLE_FOOTER_SIZE - sizeof(uint32_t));
    status = fe_seal_open(&table->sealer, FE_UNIT_TABLE_FOOTER, offset, bytes, sizeof bytes,
                          table->path, &content_size);
    if (status != FERRIC_OK) return status;
    if (FE_SEEDED_BUG(FE_BUG_FOREIGN_TABLE_ACCEPTED)) expected = NULL;
    if (expected != NULL && expected->footer_check != table->identity.footer_check) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: the check of the footer is %08" PRIx32 ", the manifest says %08" PRIx32,
                       table->path, table->identity.footer_check, expected->footer_check);
    }
    section_count = fe_get_u32(bytes + FE_FOOTER_SECTION_COUNT_AT);
    directory->offset = fe_get_u64(bytes + FE_FOOTER_DIRECTORY_OFFSET_AT);
    directory->stored_size = fe_get_u64(bytes + FE_FOOTER_DIRECTORY_SIZE_AT);
    directory->content_size = (uint64_t)section_count * FE_SECTION_SIZE;
    if (fe_get_u32(bytes + FE_FOOTER_MAGIC_AT) != FE_TABLE_MAGIC ||
        section_count > FE_SECTION_COUNT_MAX || directory->offset < FE_FILE_HEADER_SIZE ||
        directory->offset > offset || directory->stored_size != offset - directory->offset) {
        return fe_fail(FERRIC_CORRUPT, "%s: the footer at offset %" PRIu64 " makes no sense",
                       table->path, offset);
    }
    return FERRIC_OK;
}

// ---- Directory -------------------------------------------------------------------------------

typedef struct section_list {
    fe_section data;
    fe_section index;
    fe_section filter; // id 0: there is none.
    fe_section keydir; // The same.
    fe_section ranges; // The same.
    fe_section properties;
} section_list;

static fe_section *section_place(section_list *list, uint16_t id)
{
    switch (id) {
    case FE_SECTION_DATA:
        return &list->data;
    case FE_SECTION_INDEX:
        return &list->index;
    case FE_SECTION_FILTER:
        return &list->filter;
    case FE_SECTION_KEYDIR:
        return &list->keydir;
    case FE_SECTION_RANGE_DELETES:
        return &list->ranges;
    case FE_SECTION_PROPERTIES:
        return &list->properties;
    default:
        return NULL;
    }
}

static ferric_status take_section(const fe_table *table, const fe_section *section,
                                  uint64_t directory_offset, section_list *list)
{
    fe_section *place = section_place(list, section->id);

    if (section->offset < FE_FILE_HEADER_SIZE || section->offset > directory_offset ||
        section->stored_size > directory_offset - section->offset) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: section %u: offset %" PRIu64 " and size %" PRIu64
                       " do not lie inside the table",
                       table->path, section->id, section->offset, section->stored_size);
    }
    if (place == NULL && (section->flags & FE_SECTION_REQUIRED) != 0) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "%s: section %u is required and this library does not know it", table->path,
                       section->id);
    }
    if (place == NULL) return FERRIC_OK;
    if (place->id != 0)
        return fe_fail(FERRIC_CORRUPT, "%s: two sections %u", table->path, section->id);
    *place = *section;
    return FERRIC_OK;
}

static ferric_status read_directory(const fe_table *table, const fe_section *directory,
                                    section_list *list)
{
    loaded_section loaded = {0};
    ferric_status status = load_section(table, FE_UNIT_DIRECTORY, directory, &loaded);

    for (size_t at = 0; status == FERRIC_OK && at < loaded.content_size; at += FE_SECTION_SIZE) {
        const uint8_t *line = loaded.unit + at;
        fe_section section = {
            .id = fe_get_u16(line + FE_SECTION_ID_AT),
            .flags = fe_get_u16(line + FE_SECTION_FLAGS_AT),
            .offset = fe_get_u64(line + FE_SECTION_OFFSET_AT),
            .stored_size = fe_get_u64(line + FE_SECTION_STORED_SIZE_AT),
            .content_size = fe_get_u64(line + FE_SECTION_CONTENT_SIZE_AT),
        };
        status = take_section(table, &section, directory->offset, list);
    }
    release_section(&loaded);
    if (status != FERRIC_OK) return status;
    if (list->data.id != 0 && list->index.id != 0 && list->properties.id != 0) return FERRIC_OK;
    return fe_fail(FERRIC_CORRUPT, "%s: the directory at offset %" PRIu64 " lacks a section",
                   table->path, directory->offset);
}

// ---- Sections --------------------------------------------------------------------------------

#define ALWAYS_THERE (((uint32_t)1 << (FE_PROPERTY_ALWAYS_COUNT + 1)) - 2) // A bit for each.

static ferric_status load_properties(fe_table *table, const fe_section *section)
{
    loaded_section loaded = {0};
    uint64_t *fields[FE_PROPERTY_COUNT];
    uint32_t found = 0;
    fe_decoder decoder;
    ferric_status status = load_section(table, FE_UNIT_PROPERTIES, section, &loaded);

    if (status != FERRIC_OK) goto out;
    fe_table_properties_list(&table->properties, fields);
    decoder = fe_decoder_of(section_content(&loaded));
    while (fe_decoder_remaining(&decoder) > 0 && !decoder.failed) {
        uint64_t id = fe_decode_varint(&decoder);
        uint64_t value = fe_decode_varint(&decoder);
        if (id == 0 || id > FE_PROPERTY_COUNT) continue; // Of a newer writer, and only informing.
        *fields[id - 1] = value;
        found |= (uint32_t)1 << id;
    }
    if (decoder.failed || (found & ALWAYS_THERE) != ALWAYS_THERE) {
        status = fe_fail(FERRIC_CORRUPT, "%s: the properties at offset %" PRIu64 " are not whole",
                         table->path, section->offset);
    }
out:
    release_section(&loaded);
    return status;
}

ferric_status fe_table_load_filter(fe_table *table)
{
    const fe_section *section = &table->filter_place;
    ferric_status status;

    if (section->id == 0 || table->filter_section.unit != NULL) return FERRIC_OK;
    status = load_section(table, FE_UNIT_FILTER, section, &table->filter_section);
    if (status != FERRIC_OK) return status;
    return fe_filter_init(&table->filter, section_content(&table->filter_section), table->path);
}

static ferric_status load_keydir(fe_table *table, const fe_section *section)
{
    ferric_status status = load_section(table, FE_UNIT_KEYDIR, section, &table->keydir_section);

    if (status != FERRIC_OK) return status;
    return fe_keydir_init(&table->keydir, section_content(&table->keydir_section), table->path);
}

static ferric_status load_ranges(fe_table *table, const fe_section *section)
{
    ferric_status status =
        load_section(table, FE_UNIT_RANGE_DELETES, section, &table->ranges_section);

    if (status != FERRIC_OK) return status;
    return fe_range_deletes_decode(section_content(&table->ranges_section), table->path,
                                   &table->ranges);
}

static ferric_status load_index(fe_table *table, const fe_section *section, uint64_t block_count)
{
    fe_data_extent data = {
        .offset = table->data.offset,
        .stored_size = table->data.stored_size,
        .content_size = table->data.content_size,
        .block_count = block_count,
        .added_size = FE_BLOCK_KIND_SIZE + fe_seal_size(&table->sealer),
    };
    ferric_status status = load_section(table, FE_UNIT_INDEX, section, &table->index_section);

    if (status != FERRIC_OK) return status;
    return fe_table_index_init(&table->index, section_content(&table->index_section), &data,
                               table->path, section->offset);
}

// ---- Open and close --------------------------------------------------------------------------

static ferric_status load_properties_or_tell(fe_table *table, const fe_section *section,
                                             const damage_teller *damage, uint64_t *block_count)
{
    ferric_status status = load_properties(table, section);

    *block_count = table->properties.block_count;
    if (!damage_passes(damage, status, table->path, section->offset)) return status;
    table->properties = (fe_table_properties){0};
    *block_count = FE_BLOCK_COUNT_UNKNOWN;
    return FERRIC_OK;
}

static ferric_status load_filter_or_tell(fe_table *table, const damage_teller *damage)
{
    ferric_status status = fe_table_load_filter(table);

    if (!damage_passes(damage, status, table->path, table->filter_place.offset)) return status;
    table->filter = (fe_filter){0};
    release_section(&table->filter_section);
    return FERRIC_OK;
}

static ferric_status load_keydir_or_tell(fe_table *table, const fe_section *section,
                                         const damage_teller *damage)
{
    ferric_status status = load_keydir(table, section);

    if (!damage_passes(damage, status, table->path, section->offset)) return status;
    table->keydir = (fe_keydir){0};
    release_section(&table->keydir_section);
    return FERRIC_OK;
}

static ferric_status load_ranges_or_tell(fe_table *table, const fe_section *section,
                                         const damage_teller *damage)
{
    ferric_status status = section->id == 0 ? FERRIC_OK : load_ranges(table, section);

    if (!damage_passes(damage, status, table->path, section->offset)) return status;
    release_section(&table->ranges_section);
    return FERRIC_OK;
}

static ferric_status load_sections(fe_table *table, const section_list *list,
                                   uint64_t keydir_bytes_max, const damage_teller *damage)
{
    bool has_keydir = list->keydir.id != 0 && list->keydir.stored_size <= keydir_bytes_max;
    uint64_t block_count;
    ferric_status status = load_properties_or_tell(table, &list->properties, damage, &block_count);

    table->filter_place = list->filter;
    if (status == FERRIC_OK && has_keydir)
        status = load_keydir_or_tell(table, &list->keydir, damage);
    // Who looks for damage looks at both.
    if (status == FERRIC_OK && (!has_keydir || damage != NULL))
        status = load_filter_or_tell(table, damage);
    if (status == FERRIC_OK) status = load_ranges_or_tell(table, &list->ranges, damage);
    return status == FERRIC_OK ? load_index(table, &list->index, block_count) : status;
}

static ferric_status load(fe_table *table, const fe_table_identity *expected,
                          uint64_t keydir_bytes_max, const damage_teller *damage)
{
    fe_section directory = {0};
    section_list list = {0};
    ferric_status status = fe_file_size(table->file, &table->identity.size_bytes);

    if (status == FERRIC_OK) status = check_size(table, expected);
    if (status == FERRIC_OK) status = read_header(table, expected, damage);
    if (status == FERRIC_OK) status = read_footer(table, expected, &directory);
    if (status == FERRIC_OK) status = read_directory(table, &directory, &list);
    if (status != FERRIC_OK) return status;
    table->data = list.data;
    return load_sections(table, &list, keydir_bytes_max, damage);
}

// `file` is lent by the caller, or NULL: then `vfs` opens `path`.
static ferric_status open_table(fe_vfs *vfs, fe_file *file, const char *path, fe_file_keys *keys,
                                const fe_table_identity *identity, uint64_t keydir_bytes_max,
                                const damage_teller *damage, fe_table **table)
{
    fe_table *opened = fe_alloc_zero(1, sizeof *opened);
    ferric_status status = FERRIC_OK;

    *table = NULL;
    if (opened == NULL) return fe_no_memory("table", sizeof *opened);
    assert((vfs == NULL) != (file == NULL));
    opened->file = file;
    opened->is_file_borrowed = file != NULL;
    opened->keys = keys;
    opened->path = fe_string_duplicate(path);
    if (opened->path == NULL) {
        status = fe_no_memory("table path", strlen(path) + 1);
        goto out;
    }
    if (vfs != NULL) status = fe_vfs_open(vfs, path, FE_OPEN_READ, &opened->file);
    if (status == FERRIC_OK) status = load(opened, identity, keydir_bytes_max, damage);
    if (status != FERRIC_OK) goto out;
    *table = opened; // Ownership moves to the caller.
    opened = NULL;
out:
    fe_table_close(opened);
    return status;
}

ferric_status fe_table_open(fe_vfs *vfs, const char *path, struct fe_file_keys *keys,
                            const fe_table_identity *identity, uint64_t keydir_bytes_max,
                            fe_table **table)
{
    return open_table(vfs, NULL, path, keys, identity, keydir_bytes_max, NULL, table);
}

ferric_status fe_table_open_file(fe_file *file, const char *path, struct fe_file_keys *keys,
                                 const fe_table_identity *identity, uint64_t keydir_bytes_max,
                                 fe_table **table)
{
    return open_table(NULL, file, path, keys, identity, keydir_bytes_max, NULL, table);
}

ferric_status fe_table_open_damaged(fe_vfs *vfs, const char *path, struct fe_file_keys *keys,
                                    ferric_finding_callback finding, void *context,
                                    fe_table **table)
{
    damage_teller damage = {finding, context};
    return open_table(vfs, NULL, path, keys, NULL, UINT64_MAX, &damage, table);
}

void fe_table_close(fe_table *table)
{
    if (table == NULL) return;
    if (!table->is_file_borrowed) fe_file_close(table->file);
    fe_sealer_deinit(&table->sealer);
    release_section(&table->index_section);
    release_section(&table->filter_section);
    release_section(&table->keydir_section);
    release_section(&table->ranges_section);
    fe_range_deletes_deinit(&table->ranges);
    fe_table_index_deinit(&table->index);
    fe_free(table->path);
    fe_free(table);
}

// ---- Looking ---------------------------------------------------------------------------------

const fe_table_identity *fe_table_identity_of(const fe_table *table)
{
    return &table->identity;
}

const fe_table_properties *fe_table_properties_of(const fe_table *table)
{
    return &table->properties;
}

const char *fe_table_path(const fe_table *table)
{
    return table->path;
}

size_t fe_table_memory(const fe_table *table)
{
    return sizeof *table + strlen(table->path) + 1 + table->index_section.unit_size +
           table->filter_section.unit_size + table->keydir_section.unit_size +
           table->ranges_section.unit_size + fe_range_deletes_memory(&table->ranges) +
           fe_table_index_memory(&table->index);
}

const fe_range_deletes *fe_table_range_deletes(const fe_table *table)
{
    return table->ranges.count > 0 ? &table->ranges : NULL;
}

const fe_keydir *fe_table_keydir(const fe_table *table)
{
    return &table->keydir;
}

size_t fe_table_keydir_memory(const fe_table *table)
{
    return table->keydir_section.unit_size;
}

bool fe_table_has_filter(const fe_table *table)
{
    return table->filter.lines != NULL;
}

bool fe_table_may_contain(const fe_table *table, uint64_t key_hash)
{
    return table->filter.lines == NULL || fe_filter_may_contain(&table->filter, key_hash);
}

void fe_table_prefetch(const fe_table *table, uint64_t key_hash)
{
    if (table->filter.lines != NULL) fe_filter_prefetch(&table->filter, key_hash);
}

uint32_t fe_table_block_count(const fe_table *table)
{
    return table->index.lines.count;
}

uint32_t fe_table_find_block(const fe_table *table, ferric_slice key, uint64_t sequence)
{
    return fe_table_index_find(&table->index, key, sequence);
}

size_t fe_table_block_memory(const fe_table *table, uint32_t block)
{
    const fe_block_place *place = &table->index.places[block];

    return place->entries * sizeof(fe_block_slot) + place->content_size;
}

uint32_t fe_table_block_entries(const fe_table *table, uint32_t block)
{
    return table->index.places[block].entries;
}

uint64_t fe_table_block_offset(const fe_table *table, uint32_t block)
{
    return table->index.places[block].offset;
}

size_t fe_table_block_stored_size(const fe_table *table, uint32_t block)
{
    return table->index.places[block].stored_size;
}

ferric_status fe_table_block_bound(const fe_table *table, uint32_t block, ferric_buffer *key,
                                   uint64_t *sequence)
{
    fe_block_entry line;
    ferric_status status = fe_buffer_assign(key, fe_block_prefix(&table->index.lines));

    fe_block_entry_at(&table->index.lines, block, &line);
    *sequence = line.sequence;
    if (status != FERRIC_OK) return status;
    return fe_buffer_append(key, line.rest.data, line.rest.size);
}
