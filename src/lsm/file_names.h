// SPDX-License-Identifier: Apache-2.0
// What the files of a database directory are called: a number of at least six digits and a kind,
// "000007.table"; and CURRENT, KEYRING, LOCK, RESERVE, README.txt.
#ifndef FERRIC_LSM_FILE_NAMES_H
#define FERRIC_LSM_FILE_NAMES_H

#include <stdatomic.h>

#include "format/file_header.h"

#define FE_FILE_CURRENT_NAME "CURRENT"
#define FE_FILE_CURRENT_NEW_NAME "CURRENT.new" // Becomes CURRENT by a rename.
#define FE_FILE_LOCK_NAME "LOCK"
#define FE_FILE_RESERVE_NAME "RESERVE"
#define FE_FILE_README_NAME "README.txt"
#define FE_FILE_KEYRING_NAME "KEYRING" // Of an encrypted database.
#define FE_FILE_KEYRING_NEW_NAME "KEYRING.new"

// The largest number that a file is given. Numbers grow by one, so only a database whose files were
// made up gets near it.
#define FE_FILE_NUMBER_MAX ((uint64_t)1 << 62)

// Draws the next number. Errors: FERRIC_READ_ONLY: none is left.
ferric_status fe_file_number_draw(_Atomic(uint64_t) *next, uint64_t *number);

// Replaces `path` by "DIRECTORY/NNNNNN.kind" for a log, its ring, a table or manifest, ended by a
// zero byte that size does not count, so that data is a C string. Errors: FERRIC_NO_MEMORY.
ferric_status fe_file_path(ferric_buffer *path, const char *directory, fe_file_kind kind,
                           uint64_t number);

// The same for one of the names above.
ferric_status fe_file_path_named(ferric_buffer *path, const char *directory, const char *name);

// The same for the directory that `directory` stands in: where its name is made durable.
ferric_status fe_file_path_parent(ferric_buffer *path, const char *directory);

// Reads a numbered name. Returns false when it is none of ours.
bool fe_file_name_parse(const char *name, fe_file_kind *kind, uint64_t *number);

// Whether Ferric makes files of this name, numbered or not.
bool fe_file_name_is_ours(const char *name);

static inline const char *fe_path_text(const ferric_buffer *path)
{
    return (const char *)path->data;
}

#endif
