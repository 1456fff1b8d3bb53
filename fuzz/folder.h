// SPDX-License-Identifier: Apache-2.0
// Several files in one input: for each a byte that names it, its size in three bytes, and its
// content. A size that is too large is cut, so that any bytes are a folder.
#ifndef FERRIC_FUZZ_FOLDER_H
#define FERRIC_FUZZ_FOLDER_H

#include "format/file_header.h"
#include "os/vfs.h"

#define FOLDER_PATH "/db"
#define FOLDER_FILES_MAX 16
#define FOLDER_FILE_HEAD_SIZE 4
#define FOLDER_NAME_SIZE 32

// The byte of a file: CURRENT and the like have 0, 1, ..., numbered ones a kind and a number.
#define FOLDER_CURRENT 0
#define FOLDER_NUMBER_MAX 63

typedef struct folder_file {
    uint8_t code;
    const uint8_t *data; // Lent by the input.
    size_t size;
} folder_file;

typedef struct folder {
    folder_file files[FOLDER_FILES_MAX];
    size_t count;
} folder;

void folder_read(const uint8_t *data, size_t size, folder *read);

// The code of a name in a database; false when there is none for it.
bool folder_code_of(const char *name, uint8_t *code);
// The kind and number of a numbered file; false for another.
bool folder_number_of(uint8_t code, fe_file_kind *kind, uint64_t *number);

// A file system in memory with the files in FOLDER_PATH; of files with one name the first. NULL
// when there is no memory.
fe_vfs *folder_mount(const folder *files);

// That the files are there, unchanged, but for LOCK, which an opening process writes.
void folder_check(fe_vfs *vfs, const folder *files);

#endif
