// SPDX-License-Identifier: Apache-2.0
// Finds the units by the readers of the library.
#include "sealed_units.h"

#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "format/record_log.h"
#include "format/table.h"
#include "lsm/file_names.h"
#include "lsm/keyring_file.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/vfs_record.h"

static void add(sealed_units *units, sealed_unit unit)
{
    units->items = harness_realloc(units->items, (units->count + 1) * sizeof *units->items);
    units->items[units->count++] = unit;
}

static void add_frames(sealed_units *units, fe_vfs *vfs, const char *path, fe_file_kind kind,
                       fe_file_keys *keys, sealed_unit file)
{
    fe_record_log_reader *reader;
    fe_frame_result result = FE_FRAME_VALID;
    fe_frame frame;

    if (fe_record_log_open(vfs, path, kind, keys, &reader) != FERRIC_OK) return;
    for (;;) {
        if (fe_record_log_next(reader, &frame, &result, &file.offset) != FERRIC_OK) break;
        if (result != FE_FRAME_VALID) break;
        file.size = fe_record_log_stored(reader).size;
        add(units, file);
    }
    fe_record_log_reader_close(reader);
}

// The blocks one after another, then the rest of the table as one unit: sections and footer.
static void add_blocks(sealed_units *units, fe_vfs *vfs, const char *path, fe_file_keys *keys,
                       sealed_unit file, uint64_t file_size)
{
    fe_table *table;

    if (fe_table_open(vfs, path, keys, NULL, UINT64_MAX, &table) != FERRIC_OK) return;
    file.offset = FE_FILE_HEADER_SIZE;
    for (uint32_t i = 0; i < fe_table_block_count(table); i++) {
        file.size = fe_table_block_stored_size(table, i);
        add(units, file);
        file.offset += file.size;
    }
    file.size = file_size - file.offset;
    add(units, file);
    fe_table_close(table);
}

void sealed_units_find(sealed_units *units, const disk *source, const char *directory)
{
    vfs_record *record = vfs_record_create(disk_clone(source), 1);
    fe_vfs *vfs = vfs_record_vfs(record);
    uint32_t folder = disk_lookup(source, DISK_ROOT, directory);
    ferric_options options = FERRIC_OPTIONS_INIT;
    fe_file_keys *keys = NULL;

    *units = (sealed_units){0};
    options.key = harness_key();
    if (fe_keys_open(vfs, directory, &options, NULL, &keys) != FERRIC_OK)
        harness_panic("the keyring does not open: %s", ferric_error_message());
    for (size_t i = 0; i < disk_entry_count(source, folder); i++) {
        sealed_unit file = {.node = 0};
        fe_file_kind kind;
        uint64_t number;
        char path[128];
        file.name = disk_entry(source, folder, i, &file.node);
        if (!fe_file_name_parse(file.name, &kind, &number)) continue;
        (void)snprintf(path, sizeof path, "%s/%s", directory, file.name);
        if (kind == FE_FILE_LOG || kind == FE_FILE_MANIFEST)
            add_frames(units, vfs, path, kind, keys, file);
        if (kind == FE_FILE_TABLE)
            add_blocks(units, vfs, path, keys, file, disk_size(source, file.node));
    }
    fe_file_keys_destroy(keys);
    vfs_record_destroy(record);
}

void sealed_units_deinit(sealed_units *units)
{
    harness_free(units->items);
}
