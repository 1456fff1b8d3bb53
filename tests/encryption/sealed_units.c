// SPDX-License-Identifier: Apache-2.0
// Finds the units by the readers of the library.
#include "sealed_units.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/slice.h"
#include "format/internal_key.h"
#include "format/record_log.h"
#include "format/table_inside.h"
#include "format/value_record.h"
#include "lsm/file_names.h"
#include "lsm/keyring_file.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/vfs_record.h"

// What is known while a database is walked through.
typedef struct finding {
    sealed_units *units;
    const disk *source;
    uint32_t folder;
    const char *directory;
    fe_vfs *vfs;
    fe_file_keys *keys;
} finding;

const char *unit_form_name(unit_form form)
{
    static const char *const names[UNIT_FORMS] = {
        "headers", "frames",        "blocks",      "indexes", "filters", "properties",
        "KeyDirs", "range deletes", "directories", "footers", "values",  "keyrings",
    };
    return names[form];
}

static void add(finding *f, const sealed_unit *file, unit_form form, uint64_t offset, uint64_t size)
{
    sealed_units *units = f->units;
    sealed_unit *unit;

    units->items = harness_realloc(units->items, (units->count + 1) * sizeof *units->items);
    unit = &units->items[units->count++];
    *unit = *file;
    unit->form = form;
    unit->offset = offset;
    unit->size = size;
}

// ---- Logs and manifests ---------------------------------------------------------------------

static void add_frames(finding *f, const char *path, fe_file_kind kind, const sealed_unit *file)
{
    fe_record_log_reader *reader;
    fe_frame_result result = FE_FRAME_VALID;
    fe_frame frame;
    uint64_t offset;

    if (fe_record_log_open(f->vfs, path, kind, f->keys, &reader) != FERRIC_OK) return;
    for (;;) {
        if (fe_record_log_next(reader, &frame, &result, &offset) != FERRIC_OK) break;
        if (result != FE_FRAME_VALID) break;
        add(f, file, UNIT_FRAME, offset, fe_record_log_stored(reader).size);
    }
    fe_record_log_reader_close(reader);
}

// ---- Values ---------------------------------------------------------------------------------

static bool is_known(const sealed_units *units, uint32_t node, uint64_t offset)
{
    for (size_t i = 0; i < units->count; i++) {
        if (units->items[i].node == node && units->items[i].offset == offset) return true;
    }
    return false;
}

// The value that an entry points to; several tables may have the pointer.
static void add_value(finding *f, ferric_slice content)
{
    fe_value_pointer pointer;
    ferric_buffer name = {0};
    sealed_unit file = {.form = UNIT_VALUE};

    if (fe_value_pointer_decode(content, &pointer) != FERRIC_OK) harness_panic("a pointer");
    if (fe_file_path(&name, f->directory, FE_FILE_VALUES, pointer.number) != FERRIC_OK)
        harness_panic("no memory");
    for (size_t i = 0; i < disk_entry_count(f->source, f->folder); i++) {
        uint32_t node;
        const char *entry = disk_entry(f->source, f->folder, i, &node);
        if (strcmp(entry, strrchr(fe_path_text(&name), '/') + 1) != 0) continue;
        file.name = entry;
        file.node = node;
        if (!is_known(f->units, node, pointer.offset))
            add(f, &file, UNIT_VALUE, pointer.offset, pointer.size);
    }
    fe_buffer_deinit(&name);
}

static void add_values(finding *f, const fe_table *table, uint32_t number)
{
    fe_block_reader reader = {0};
    void *memory = harness_alloc(fe_table_block_memory(table, number));
    fe_block block;

    if (fe_table_read_block(table, number, &reader, memory, &block) != FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    for (uint32_t i = 0; i < block.count; i++) {
        fe_block_entry entry;
        fe_block_entry_at(&block, i, &entry);
        if (entry.kind == FE_ENTRY_VALUE_FILE) add_value(f, entry.value);
    }
    fe_block_reader_deinit(&reader);
    harness_free(memory);
}

// ---- Tables ---------------------------------------------------------------------------------

static void add_section(finding *f, const sealed_unit *file, const uint8_t *line)
{
    static const unit_form forms[] = {
        [FE_SECTION_INDEX] = UNIT_INDEX,
        [FE_SECTION_FILTER] = UNIT_FILTER,
        [FE_SECTION_PROPERTIES] = UNIT_PROPERTIES,
        [FE_SECTION_KEYDIR] = UNIT_KEYDIR,
        [FE_SECTION_RANGE_DELETES] = UNIT_RANGE_DELETES,
    };
    unsigned id = fe_get_u16(line + FE_SECTION_ID_AT);

    if (id == FE_SECTION_DATA) return; // Block by block.
    if (id > FE_SECTION_RANGE_DELETES) harness_panic("section %u is unknown here", id);
    add(f, file, forms[id], fe_get_u64(line + FE_SECTION_OFFSET_AT),
        fe_get_u64(line + FE_SECTION_STORED_SIZE_AT));
}

// Footer and directory are sealed too, so the table's own sealer opens copies of them.
static void add_sections(finding *f, const fe_table *table, const sealed_unit *file)
{
    const uint8_t *bytes = disk_data(f->source, file->node);
    uint64_t footer_at = disk_size(f->source, file->node) - FE_TABLE_FOOTER_SIZE;
    uint8_t footer[FE_TABLE_FOOTER_SIZE];
    uint8_t *directory;
    uint64_t offset;
    uint64_t size;
    size_t content;

    memcpy(footer, bytes + footer_at, sizeof footer);
    if (fe_seal_open(&table->sealer, FE_UNIT_TABLE_FOOTER, footer_at, footer, sizeof footer,
                     file->name, &content) != FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    offset = fe_get_u64(footer + FE_FOOTER_DIRECTORY_OFFSET_AT);
    size = fe_get_u64(footer + FE_FOOTER_DIRECTORY_SIZE_AT);
    directory = harness_alloc(size);
    memcpy(directory, bytes + offset, size);
    if (fe_seal_open(&table->sealer, FE_UNIT_DIRECTORY, offset, directory, size, file->name,
                     &content) != FERRIC_OK)
        harness_panic("%s", ferric_error_message());
    for (size_t at = 0; at + FE_SECTION_SIZE <= content; at += FE_SECTION_SIZE)
        add_section(f, file, directory + at);
    add(f, file, UNIT_DIRECTORY, offset, size);
    add(f, file, UNIT_FOOTER, footer_at, FE_TABLE_FOOTER_SIZE);
    harness_free(directory);
}

static void add_table(finding *f, const char *path, const sealed_unit *file)
{
    fe_table *table;

    // One that no manifest names may be half made.
    if (fe_table_open(f->vfs, path, f->keys, NULL, UINT64_MAX, &table) != FERRIC_OK) return;
    for (uint32_t i = 0; i < fe_table_block_count(table); i++) {
        add(f, file, UNIT_BLOCK, fe_table_block_offset(table, i),
            fe_table_block_stored_size(table, i));
        add_values(f, table, i);
    }
    add_sections(f, table, file);
    fe_table_close(table);
}

// ---- All ------------------------------------------------------------------------------------

static void add_file(finding *f, const sealed_unit *file)
{
    fe_file_kind kind;
    uint64_t number;
    char path[128];
    bool is_named = fe_file_name_parse(file->name, &kind, &number);
    bool is_keyring = strcmp(file->name, FE_FILE_KEYRING_NAME) == 0;
    size_t size = disk_size(f->source, file->node);

    if (!is_named && !is_keyring && strcmp(file->name, FE_FILE_CURRENT_NAME) != 0) return;
    if (size < FE_FILE_HEADER_SIZE) return;
    add(f, file, UNIT_HEADER, 0, FE_FILE_HEADER_SIZE);
    if (is_keyring) add(f, file, UNIT_KEYRING, FE_FILE_HEADER_SIZE, size - FE_FILE_HEADER_SIZE);
    if (!is_named) return;
    (void)snprintf(path, sizeof path, "%s/%s", f->directory, file->name);
    if (kind == FE_FILE_LOG || kind == FE_FILE_MANIFEST) add_frames(f, path, kind, file);
    if (kind == FE_FILE_TABLE) add_table(f, path, file);
}

void sealed_units_find(sealed_units *units, const disk *source, const char *directory)
{
    vfs_record *record = vfs_record_create(disk_clone(source), 1);
    ferric_options options = FERRIC_OPTIONS_INIT;
    finding f = {
        .units = units,
        .source = source,
        .folder = disk_lookup(source, DISK_ROOT, directory),
        .directory = directory,
        .vfs = vfs_record_vfs(record),
    };

    *units = (sealed_units){0};
    options.key = harness_key();
    if (fe_keys_open(f.vfs, directory, &options, NULL, &f.keys) != FERRIC_OK)
        harness_panic("the keyring does not open: %s", ferric_error_message());
    for (size_t i = 0; i < disk_entry_count(source, f.folder); i++) {
        sealed_unit file = {.form = UNIT_HEADER};
        file.name = disk_entry(source, f.folder, i, &file.node);
        add_file(&f, &file);
    }
    fe_file_keys_destroy(f.keys);
    vfs_record_destroy(record);
}

void sealed_units_deinit(sealed_units *units)
{
    harness_free(units->items);
}
