// SPDX-License-Identifier: Apache-2.0
// An input as files of a file system in memory.
#include "folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "lsm/file_names.h"
#include "still_vfs.h"

// The two highest bits of a code are its kind: 0 is a name without number.
static const struct {
    fe_file_kind kind;
    const char *suffix;
} kinds[] = {
    {0, ""},
    {FE_FILE_LOG, ".log"},
    {FE_FILE_TABLE, ".table"},
    {FE_FILE_MANIFEST, ".manifest"},
};

static const char *const fixed_names[] = {
    FE_FILE_CURRENT_NAME, FE_FILE_CURRENT_NEW_NAME, FE_FILE_LOCK_NAME,
    FE_FILE_RESERVE_NAME, FE_FILE_README_NAME,      "notes.txt",
};
#define FIXED_COUNT (sizeof fixed_names / sizeof fixed_names[0])

void folder_read(const uint8_t *data, size_t size, folder *read)
{
    read->count = 0;
    while (size >= FOLDER_FILE_HEAD_SIZE && read->count < FOLDER_FILES_MAX) {
        folder_file *file = &read->files[read->count++];
        file->code = data[0];
        file->size = (size_t)data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16;
        file->data = data + FOLDER_FILE_HEAD_SIZE;
        size -= FOLDER_FILE_HEAD_SIZE;
        if (file->size > size) file->size = size;
        size -= file->size;
        data = file->data + file->size;
    }
}

bool folder_number_of(uint8_t code, fe_file_kind *kind, uint64_t *number)
{
    *kind = kinds[code >> 6].kind;
    *number = code & FOLDER_NUMBER_MAX;
    return code >> 6 != 0;
}

bool folder_code_of(const char *name, uint8_t *code)
{
    fe_file_kind kind;
    uint64_t number;

    for (size_t i = 0; i < FIXED_COUNT; i++) {
        if (strcmp(name, fixed_names[i]) != 0) continue;
        *code = (uint8_t)i;
        return true;
    }
    if (!fe_file_name_parse(name, &kind, &number) || number > FOLDER_NUMBER_MAX) return false;
    for (unsigned i = 1; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) *code = (uint8_t)(i << 6 | number);
    }
    return true;
}

static void path_of(uint8_t code, char path[FOLDER_NAME_SIZE])
{
    unsigned number = code & FOLDER_NUMBER_MAX;

    if (code >> 6 == 0) {
        snprintf(path, FOLDER_NAME_SIZE, FOLDER_PATH "/%s", fixed_names[number % FIXED_COUNT]);
    } else {
        snprintf(path, FOLDER_NAME_SIZE, FOLDER_PATH "/%06u%s", number, kinds[code >> 6].suffix);
    }
}

static ferric_status write_file(fe_vfs *vfs, const folder_file *written)
{
    char path[FOLDER_NAME_SIZE];
    fe_file *file;
    ferric_status status;

    path_of(written->code, path);
    status = fe_vfs_open(vfs, path, FE_OPEN_CREATE, &file);
    if (status == FERRIC_ALREADY_EXISTS) return FERRIC_OK;
    if (status == FERRIC_OK) status = fe_file_write_at(file, 0, written->data, written->size);
    fe_file_close(file);
    return status;
}

fe_vfs *folder_mount(const folder *files)
{
    fe_vfs *vfs = still_vfs_create(2);

    if (vfs == NULL) return NULL;
    FUZZ_CHECK(fe_vfs_make_directory(vfs, FOLDER_PATH) == FERRIC_OK);
    for (size_t i = 0; i < files->count; i++)
        FUZZ_CHECK(write_file(vfs, &files->files[i]) == FERRIC_OK);
    return vfs;
}

// Whether a file before it has its name: it was not written then.
static bool is_hidden(const folder *files, size_t index)
{
    char path[FOLDER_NAME_SIZE];
    char other[FOLDER_NAME_SIZE];

    path_of(files->files[index].code, path);
    for (size_t i = 0; i < index; i++) {
        path_of(files->files[i].code, other);
        if (strcmp(path, other) == 0) return true;
    }
    return strcmp(path, FOLDER_PATH "/" FE_FILE_LOCK_NAME) == 0;
}

static void check_file(fe_vfs *vfs, const folder_file *expected)
{
    char path[FOLDER_NAME_SIZE];
    uint8_t *content = malloc(expected->size + 1);
    fe_file *file;
    size_t got;

    path_of(expected->code, path);
    FUZZ_CHECK(content != NULL);
    FUZZ_CHECK(fe_vfs_open(vfs, path, FE_OPEN_READ, &file) == FERRIC_OK);
    FUZZ_CHECK(fe_file_read_at(file, 0, content, expected->size + 1, &got) == FERRIC_OK);
    FUZZ_CHECK(got == expected->size && memcmp(content, expected->data, got) == 0);
    fe_file_close(file);
    free(content);
}

void folder_check(fe_vfs *vfs, const folder *files)
{
    for (size_t i = 0; i < files->count; i++) {
        if (!is_hidden(files, i)) check_file(vfs, &files->files[i]);
    }
}
