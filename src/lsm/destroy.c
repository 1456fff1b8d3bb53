// SPDX-License-Identifier: Apache-2.0
// Removing a database: the files that Ferric makes and no others, and the directory when it is empty
// then. CURRENT goes first, so that what an interruption leaves is never taken for a database; a
// second call removes the rest.
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "lsm/file_names.h"
#include "lsm/store.h"

typedef struct destruction {
    fe_vfs *vfs;
    const char *directory;
    ferric_buffer names;
    ferric_buffer path;
    bool has_ours;
    bool has_others;
} destruction;

static ferric_status look(destruction *run)
{
    fe_path_kind kind = FE_PATH_NONE;
    ferric_status status = fe_vfs_stat(run->vfs, run->directory, &kind, NULL);

    if (status != FERRIC_OK) return status;
    if (kind == FE_PATH_NONE) return fe_fail(FERRIC_NOT_FOUND, "no database at %s", run->directory);
    if (kind != FE_PATH_DIRECTORY) {
        return fe_fail(FERRIC_NOT_A_DATABASE, "%s is no directory, so it is not a Ferric database",
                       run->directory);
    }
    status = fe_vfs_list(run->vfs, run->directory, &run->names);
    for (size_t at = 0; status == FERRIC_OK && at < run->names.size;) {
        const char *name = (const char *)run->names.data + at;
        at += strlen(name) + 1;
        if (fe_file_name_is_ours(name)) {
            run->has_ours = true;
        } else {
            run->has_others = true;
        }
    }
    if (status == FERRIC_OK && !run->has_ours) {
        status = fe_fail(FERRIC_NOT_A_DATABASE, "%s has no file of a Ferric database in it",
                         run->directory);
    }
    return status;
}

static ferric_status remove_named(destruction *run, const char *name)
{
    ferric_status status = fe_file_path_named(&run->path, run->directory, name);

    if (status == FERRIC_OK) status = fe_vfs_remove(run->vfs, fe_path_text(&run->path));
    return status == FERRIC_NOT_FOUND ? FERRIC_OK : status;
}

static ferric_status remove_files(destruction *run)
{
    ferric_status status = remove_named(run, FE_FILE_CURRENT_NAME);

    if (status == FERRIC_OK) status = fe_vfs_sync_directory(run->vfs, run->directory);
    for (size_t at = 0; status == FERRIC_OK && at < run->names.size;) {
        const char *name = (const char *)run->names.data + at;
        at += strlen(name) + 1;
        // The lock is held until nothing is left to protect.
        if (fe_file_name_is_ours(name) && strcmp(name, FE_FILE_LOCK_NAME) != 0) {
            status = remove_named(run, name);
        }
    }
    if (status == FERRIC_OK) status = remove_named(run, FE_FILE_LOCK_NAME);
    return status;
}

static ferric_status take_lock(destruction *run, fe_lock **lock)
{
    uint64_t holder = 0;
    ferric_status status = fe_file_path_named(&run->path, run->directory, FE_FILE_LOCK_NAME);

    if (status == FERRIC_OK) {
        status = fe_vfs_lock(run->vfs, fe_path_text(&run->path), FE_LOCK_EXCLUSIVE, lock, &holder);
    }
    if (status != FERRIC_LOCKED) return status;
    return fe_fail(FERRIC_LOCKED, "%s is open in process %llu: close it first", run->directory,
                   (unsigned long long)holder);
}

ferric_status fe_store_destroy(const char *path, const ferric_options *options)
{
    destruction run = {.vfs = options->vfs != NULL ? options->vfs : fe_vfs_posix(),
                       .directory = path};
    fe_lock *lock = NULL;
    ferric_status status = look(&run);

    if (status == FERRIC_OK) status = take_lock(&run, &lock);
    if (status == FERRIC_OK) status = remove_files(&run);
    fe_vfs_unlock(run.vfs, lock);
    if (status == FERRIC_OK && !run.has_others) {
        status = fe_vfs_remove_directory(run.vfs, run.directory);
    }
    fe_buffer_deinit(&run.names);
    fe_buffer_deinit(&run.path);
    return status;
}
