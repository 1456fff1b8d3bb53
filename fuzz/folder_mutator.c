// SPDX-License-Identifier: Apache-2.0
// Mutates folders of database files (folder.h): one file by the rules of its kind, or the folder
// itself. Afterwards, mostly, the files are made to agree again: CURRENT with its manifest, the
// manifest with salts, sizes and footers of tables and with salts and ends of logs. What a reader
// refuses at its first comparison would otherwise hide all that stands behind it.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "cache_kit.h"
#include "folder.h"
#include "loose_log.h"
#include "lsm/manifest.h"
#include "mend.h"
#include "mutate.h"

#define FILE_NUMBER_AT 16
#define SALT_AT 48
#define FRAME_EDIT 4

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);

// The files of an input, each in memory of its own with room to grow.
typedef struct open_folder {
    uint8_t codes[FOLDER_FILES_MAX];
    uint8_t *files[FOLDER_FILES_MAX];
    size_t sizes[FOLDER_FILES_MAX];
    size_t count;
    size_t size_max; // Of each file.
} open_folder;

static fe_file_kind kind_of(uint8_t code)
{
    fe_file_kind kind;
    uint64_t number;

    return folder_number_of(code, &kind, &number) ? kind : 0;
}

// ---- Apart and together ---------------------------------------------------------------------

static void open_all(open_folder *opened, const uint8_t *data, size_t size, size_t size_max)
{
    folder files;

    folder_read(data, size, &files);
    opened->count = files.count;
    opened->size_max = size_max;
    for (size_t i = 0; i < files.count; i++) {
        opened->codes[i] = files.files[i].code;
        opened->sizes[i] = files.files[i].size;
        opened->files[i] = loose_memory(size_max);
        memcpy(opened->files[i], files.files[i].data, files.files[i].size);
    }
}

// Returns the size of the input; files that do not fit are cut.
static size_t close_all(open_folder *opened, uint8_t *data, size_t size_max)
{
    size_t size = 0;

    for (size_t i = 0; i < opened->count; i++) {
        size_t room = size_max - size;
        size_t kept = opened->sizes[i];
        if (room > FOLDER_FILE_HEAD_SIZE) {
            if (kept > room - FOLDER_FILE_HEAD_SIZE) kept = room - FOLDER_FILE_HEAD_SIZE;
            fe_put_u32(data + size, (uint32_t)kept << 8 | opened->codes[i]);
            memcpy(data + size + FOLDER_FILE_HEAD_SIZE, opened->files[i], kept);
            size += FOLDER_FILE_HEAD_SIZE + kept;
        }
        free(opened->files[i]);
    }
    return size;
}

static bool find_file(const open_folder *opened, fe_file_kind kind, uint64_t number, size_t *index)
{
    for (*index = 0; *index < opened->count; (*index)++) {
        fe_file_kind found;
        uint64_t found_number;
        if (!folder_number_of(opened->codes[*index], &found, &found_number)) continue;
        if (found == kind && found_number == number) return true;
    }
    return false;
}

// ---- Agreement ------------------------------------------------------------------------------

static void agree_with_table(const open_folder *opened, fe_table_identity *identity)
{
    size_t at;
    const uint8_t *file;

    if (!find_file(opened, FE_FILE_TABLE, identity->number, &at)) return;
    if (opened->sizes[at] < FE_FILE_HEADER_SIZE) return;
    file = opened->files[at];
    identity->size_bytes = opened->sizes[at];
    identity->footer_check = fe_get_u32(file + opened->sizes[at] - 4);
    memcpy(identity->salt, file + SALT_AT, FE_SALT_SIZE);
}

// Where the last frame of a log ends.
static uint64_t end_of(uint8_t *file, size_t size)
{
    loose_log *log = loose_log_read(file, size);
    uint8_t *copy = loose_memory(size + 4096);
    uint64_t end = loose_log_write(log, copy, size + 4096);

    free(copy);
    loose_log_destroy(log);
    return end;
}

static void agree_with_log(const open_folder *opened, fe_live_log *log)
{
    size_t at;

    if (!find_file(opened, FE_FILE_LOG, log->number, &at)) return;
    if (opened->sizes[at] < FE_FILE_HEADER_SIZE) return;
    memcpy(log->salt, opened->files[at] + SALT_AT, FE_SALT_SIZE);
    if (log->is_sealed) log->end = end_of(opened->files[at], opened->sizes[at]);
}

// A table cache for edits, whose files it only counts.
static fe_table_cache *shared_tables(void)
{
    static cache_kit kit;
    fe_vfs *vfs;

    if (kit.tables != NULL) return kit.tables;
    if (fe_vfs_memory_create(&vfs) != FERRIC_OK) abort();
    cache_kit_init(&kit, vfs, FOLDER_PATH);
    return kit.tables;
}

static void agree_in_edit(const open_folder *opened, loose_frame *frame)
{
    fe_table_cache *tables = shared_tables();
    ferric_buffer bytes = {0};
    fe_version_edit edit;
    ferric_slice payload = fe_slice(frame->payload, frame->payload_size);

    if (frame->kind != FRAME_EDIT || fe_edit_decode(payload, tables, &edit) != FERRIC_OK) return;
    for (size_t i = 0; i < edit.addition_count; i++)
        agree_with_table(opened, &edit.additions[i].file->identity);
    for (size_t i = 0; i < edit.log_count; i++)
        agree_with_log(opened, &edit.logs[i]);
    if (fe_edit_encode(&edit, &bytes) != FERRIC_OK) abort();
    loose_frame_set_payload(frame, bytes.data, bytes.size);
    fe_buffer_deinit(&bytes);
    fe_version_edit_deinit(&edit, tables);
}

static void agree_in_manifest(open_folder *opened, size_t at)
{
    loose_log *log = loose_log_read(opened->files[at], opened->sizes[at]);

    for (size_t i = 0; i < log->count; i++)
        agree_in_edit(opened, &log->frames[i]);
    if (log->count > 0) {
        opened->sizes[at] = loose_log_write(log, opened->files[at], opened->size_max);
        mend_frames(opened->files[at], opened->sizes[at]);
    }
    loose_log_destroy(log);
}

// CURRENT means the manifest of its number, with its salt.
static void agree_in_current(open_folder *opened, size_t at)
{
    uint8_t *current = opened->files[at];
    size_t manifest;

    if (opened->sizes[at] < FE_FILE_HEADER_SIZE) return;
    if (!find_file(opened, FE_FILE_MANIFEST, fe_get_u64(current + FILE_NUMBER_AT), &manifest))
        return;
    if (opened->sizes[manifest] < FE_FILE_HEADER_SIZE) return;
    memcpy(current + SALT_AT, opened->files[manifest] + SALT_AT, FE_SALT_SIZE);
    mend_header(current, opened->sizes[at]);
}

static void agree(open_folder *opened)
{
    for (size_t i = 0; i < opened->count; i++) {
        if (kind_of(opened->codes[i]) == FE_FILE_MANIFEST) agree_in_manifest(opened, i);
    }
    for (size_t i = 0; i < opened->count; i++) {
        if (opened->codes[i] == FOLDER_CURRENT) agree_in_current(opened, i);
    }
}

// ---- Changes --------------------------------------------------------------------------------

static void mutate_file(open_folder *opened, size_t at, fe_random *random)
{
    uint8_t *file = opened->files[at];
    size_t size = opened->sizes[at];

    switch (kind_of(opened->codes[at])) {
    case FE_FILE_LOG:
    case FE_FILE_MANIFEST:
        opened->sizes[at] = mutate_log(file, size, opened->size_max, random);
        break;
    case FE_FILE_TABLE:
        opened->sizes[at] = mutate_table(file, size, opened->size_max, random);
        break;
    default:
        opened->sizes[at] = mutate_header(file, size, opened->size_max, random);
        break;
    }
}

static void mutate_folder(open_folder *opened, fe_random *random)
{
    size_t at = (size_t)fe_random_below(random, opened->count);
    uint8_t *file = opened->files[at];

    switch (fe_random_below(random, 3)) {
    case 0: // A file is lost.
        opened->count--;
        opened->codes[at] = opened->codes[opened->count];
        opened->files[at] = opened->files[opened->count];
        opened->sizes[at] = opened->sizes[opened->count];
        free(file);
        break;
    case 1: // It has another name.
        opened->codes[at] = (uint8_t)fe_random_next(random);
        break;
    default: // It is cut.
        opened->sizes[at] = (size_t)fe_random_below(random, opened->sizes[at] + 1);
        break;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    fe_random random = {seed};
    open_folder opened;

    open_all(&opened, data, size, size_max);
    if (opened.count == 0) return LLVMFuzzerMutate(data, size, size_max);
    if (fe_random_below(&random, 8) != 0) {
        mutate_file(&opened, (size_t)fe_random_below(&random, opened.count), &random);
    } else {
        mutate_folder(&opened, &random);
    }
    if (fe_random_below(&random, 8) != 0) agree(&opened);
    return close_all(&opened, data, size_max);
}
