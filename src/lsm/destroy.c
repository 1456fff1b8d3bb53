// SPDX-License-Identifier: Apache-2.0
// Removing a database: its own files, by name, and the directory when nothing else is in it.
//
// Other engines use some of the same names (CURRENT, LOCK, a number and ".log"), so a directory
// counts as a database only when a file in it begins as ours do, or when it was opened but never
// written to. CURRENT goes first: what a crash then leaves is no database any more, and a second
// destroy removes the rest.
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "lsm/file_names.h"
#include "lsm/store.h"

typedef struct victim {
    fe_vfs *vfs;
    const char *directory;
    ferric_buffer names; // Of all files in the directory, each ended by a zero byte.
    ferric_buffer path;
} victim;

static const char *next_name(const victim *database, size_t *at)
{
    const char *name;

    if (*at >= database->names.size) return NULL;
    name = (const char *)database->names.data + *at;
    *at += strlen(name) + 1;
    return name;
}

static ferric_status begins_like_ours(victim *database, const char *name, bool *result)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];
    fe_file *file = NULL;
    size_t got = 0;
    ferric_status status = fe_file_path_named(&database->path, database->directory, name);

    *result = false;
    if (status != FERRIC_OK) return status;
    status = fe_vfs_open(database->vfs, fe_path_text(&database->path), FE_OPEN_READ, &file);
    if (status != FERRIC_OK) return status;
    status = fe_file_read_at(file, 0, bytes, sizeof bytes, &got);
    fe_file_close(file);
    if (status == FERRIC_OK) *result = fe_file_header_has_magic(fe_slice(bytes, got));
    return status;
}

static ferric_status check_is_database(victim *database)
{
    bool has_content = false; // Files that would have a header, if they were ours.
    bool is_ours = false;
    bool has_lock = false;
    size_t at = 0;
    const char *name;

    while ((name = next_name(database, &at)) != NULL && !is_ours) {
        fe_file_kind kind;
        uint64_t number;
        ferric_status status;
        has_lock = has_lock || strcmp(name, FE_FILE_LOCK_NAME) == 0;
        if (strcmp(name, FE_FILE_CURRENT_NAME) != 0 && !fe_file_name_parse(name, &kind, &number)) {
            continue;
        }
        has_content = true;
        status = begins_like_ours(database, name, &is_ours);
        if (status != FERRIC_OK) return status;
    }
    if (is_ours || (has_lock && !has_content)) return FERRIC_OK;
    return fe_fail(FERRIC_NOT_A_DATABASE, "%s has no files of Ferric in it: nothing was removed",
                   database->directory);
}

static ferric_status find(victim *database)
{
    fe_path_kind kind = FE_PATH_NONE;
    ferric_status status = fe_vfs_stat(database->vfs, database->directory, &kind, NULL);

    if (status != FERRIC_OK) return status;
    if (kind == FE_PATH_NONE) {
        return fe_fail(FERRIC_NOT_FOUND, "no database at %s", database->directory);
    }
    if (kind != FE_PATH_DIRECTORY) {
        return fe_fail(FERRIC_NOT_A_DATABASE, "%s is a file, and a database is a directory",
                       database->directory);
    }
    status = fe_vfs_list(database->vfs, database->directory, &database->names);
    return status == FERRIC_OK ? check_is_database(database) : status;
}

static ferric_status lock(victim *database, fe_lock **held)
{
    uint64_t holder = 0;
    ferric_status status =
        fe_file_path_named(&database->path, database->directory, FE_FILE_LOCK_NAME);

    if (status != FERRIC_OK) return status;
    status =
        fe_vfs_lock(database->vfs, fe_path_text(&database->path), FE_LOCK_EXCLUSIVE, held, &holder);
    if (status != FERRIC_LOCKED) return status;
    if (holder == 0) {
        return fe_fail(FERRIC_LOCKED, "%s is open in another process or handle: close it first",
                       database->directory);
    }
    return fe_fail(FERRIC_LOCKED, "%s is open in process %" PRIu64 ": close it first",
                   database->directory, holder);
}

static ferric_status remove_name(victim *database, const char *name)
{
    ferric_status status = fe_file_path_named(&database->path, database->directory, name);

    if (status == FERRIC_OK) {
        status = fe_vfs_remove(database->vfs, fe_path_text(&database->path));
    }
    return status == FERRIC_NOT_FOUND ? FERRIC_OK : status;
}

// Removes what is ours, the lock last. *has_others: something else is there and stays.
static ferric_status remove_files(victim *database, bool *has_others)
{
    size_t at = 0;
    const char *name;
    ferric_status status = remove_name(database, FE_FILE_CURRENT_NAME);

    *has_others = false;
    if (status == FERRIC_OK) status = fe_vfs_sync_directory(database->vfs, database->directory);
    while (status == FERRIC_OK && (name = next_name(database, &at)) != NULL) {
        if (!fe_file_name_is_ours(name)) {
            *has_others = true;
        } else if (strcmp(name, FE_FILE_LOCK_NAME) != 0) {
            status = remove_name(database, name);
        }
    }
    if (status == FERRIC_OK) status = remove_name(database, FE_FILE_LOCK_NAME);
    if (status == FERRIC_OK) status = fe_vfs_sync_directory(database->vfs, database->directory);
    return status;
}

ferric_status fe_store_destroy(const char *path, const ferric_options *options)
{
    victim database = {
        .vfs = options->vfs != NULL ? options->vfs : fe_vfs_posix(),
        .directory = path,
    };
    fe_lock *held = NULL;
    bool has_others = false;
    ferric_status status = find(&database);

    if (status == FERRIC_OK) status = lock(&database, &held);
    if (status == FERRIC_OK) status = remove_files(&database, &has_others);
    fe_vfs_unlock(database.vfs, held);
    if (status == FERRIC_OK && !has_others) {
        status = fe_vfs_remove_directory(database.vfs, database.directory);
    }
    fe_buffer_deinit(&database.names);
    fe_buffer_deinit(&database.path);
    return status;
}
