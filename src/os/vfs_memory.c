// SPDX-License-Identifier: Apache-2.0
// A file system in memory: handles and locks over memory_tree.h.
//
// One mutex guards the tree of names; content has a lock for each file, so that reads of different
// files do not meet.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "os/memory_tree.h"
#include "os/posix.h"
#include "os/thread.h"

typedef struct memory_vfs {
    fe_vfs base;
    fe_mutex mutex;
    fe_memory_node *root;
} memory_vfs;

typedef struct memory_file {
    fe_file base;
    fe_memory_node *node;
    bool is_writable;
} memory_file;

typedef struct memory_log {
    fe_log_file base;
    fe_memory_node *node;
} memory_log;

struct fe_lock {
    fe_memory_node *node;
    fe_lock_mode mode;
    uint32_t generation; // Of forks, when it was taken.
};

// ---- Files ----------------------------------------------------------------------------------

static ferric_status file_read_at(fe_file *file, uint64_t offset, void *data, size_t size,
                                  size_t *got)
{
    *got = fe_memory_node_read(((memory_file *)file)->node, offset, data, size);
    return FERRIC_OK;
}

static ferric_status file_read_many(fe_file *file, fe_read_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fe_read_request *request = &requests[i];
        request->got = fe_memory_node_read(((memory_file *)file)->node, request->offset,
                                           request->data, request->size);
    }
    return FERRIC_OK;
}

static ferric_status check_writable(const memory_file *file)
{
    return file->is_writable ? FERRIC_OK : fe_fail(FERRIC_IO, "a file in memory is read-only");
}

static ferric_status file_write_at(fe_file *base, uint64_t offset, const void *data, size_t size)
{
    memory_file *file = (memory_file *)base;
    ferric_status status = check_writable(file);
    return status == FERRIC_OK ? fe_memory_node_write(file->node, offset, data, size) : status;
}

static ferric_status file_truncate(fe_file *base, uint64_t size)
{
    memory_file *file = (memory_file *)base;
    ferric_status status = check_writable(file);
    return status == FERRIC_OK ? fe_memory_node_resize(file->node, size) : status;
}

static ferric_status file_sync(fe_file *file)
{
    (void)file;
    return FERRIC_OK;
}

static ferric_status file_size(fe_file *file, uint64_t *size)
{
    *size = fe_memory_node_size(((memory_file *)file)->node);
    return FERRIC_OK;
}

static void file_close(fe_file *file)
{
    fe_memory_node_unref(((memory_file *)file)->node);
    fe_free(file);
}

static const fe_file_ops file_ops = {
    .read_at = file_read_at,
    .read_many = file_read_many,
    .write_at = file_write_at,
    .truncate = file_truncate,
    .sync = file_sync,
    .size = file_size,
    .close = file_close,
};

static ferric_status open_node_locked(memory_vfs *vfs, const char *path, fe_open_mode mode,
                                      fe_memory_node **node)
{
    if (mode == FE_OPEN_CREATE) return fe_memory_tree_add(vfs->root, "open", path, false, node);
    return fe_memory_tree_find_file(vfs->root, "open", path, node);
}

static ferric_status memory_open(fe_vfs *base, const char *path, fe_open_mode mode, fe_file **file)
{
    memory_vfs *vfs = (memory_vfs *)base;
    memory_file *opened = fe_alloc(sizeof *opened);
    fe_memory_node *node;
    ferric_status status;

    *file = NULL;
    if (opened == NULL) return fe_no_memory("an open file", sizeof *opened);
    opened->base.ops = &file_ops;
    opened->is_writable = mode != FE_OPEN_READ;
    fe_mutex_lock(&vfs->mutex);
    status = open_node_locked(vfs, path, mode, &node);
    if (status == FERRIC_OK) opened->node = fe_memory_node_ref(node);
    fe_mutex_unlock(&vfs->mutex);
    if (status != FERRIC_OK) {
        fe_free(opened);
        return status;
    }
    *file = &opened->base;
    return FERRIC_OK;
}

// ---- Logs -----------------------------------------------------------------------------------

static ferric_status log_reserve(fe_log_file *log, uint64_t end)
{
    return fe_memory_node_reserve(((memory_log *)log)->node, end);
}

static ferric_status log_commit(fe_log_file *log, uint64_t offset, const void *data, size_t size)
{
    return fe_memory_node_write(((memory_log *)log)->node, offset, data, size);
}

static ferric_status log_sync(fe_log_file *log)
{
    (void)log;
    return FERRIC_OK;
}

static ferric_status log_trim(fe_log_file *log, uint64_t size)
{
    fe_memory_node *node = ((memory_log *)log)->node;
    ferric_status status = fe_memory_node_resize(node, size);
    if (status == FERRIC_OK) fe_memory_node_shrink(node);
    return status;
}

static void log_close(fe_log_file *log)
{
    fe_memory_node_unref(((memory_log *)log)->node);
    fe_free(log);
}

static const fe_log_file_ops log_ops = {
    .reserve = log_reserve,
    .commit = log_commit,
    .sync = log_sync,
    .trim = log_trim,
    .close = log_close,
};

static ferric_status memory_create_log(fe_vfs *base, const char *path, fe_log_mode mode,
                                       fe_log_file **log)
{
    memory_vfs *vfs = (memory_vfs *)base;
    memory_log *created = fe_alloc(sizeof *created);
    fe_memory_node *node;
    ferric_status status;

    (void)mode;
    *log = NULL;
    if (created == NULL) return fe_no_memory("a log file", sizeof *created);
    created->base.ops = &log_ops;
    fe_mutex_lock(&vfs->mutex);
    status = fe_memory_tree_add(vfs->root, "open", path, false, &node);
    if (status == FERRIC_OK) created->node = fe_memory_node_ref(node);
    fe_mutex_unlock(&vfs->mutex);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    *log = &created->base;
    return FERRIC_OK;
}

// ---- Names ----------------------------------------------------------------------------------

static ferric_status memory_stat(fe_vfs *base, const char *path, fe_path_kind *kind, uint64_t *size)
{
    memory_vfs *vfs = (memory_vfs *)base;
    fe_memory_node *node;

    *kind = FE_PATH_NONE;
    if (size != NULL) *size = 0;
    fe_mutex_lock(&vfs->mutex);
    if (fe_memory_tree_walk(vfs->root, fe_slice_text(path), &node) == FERRIC_OK) {
        *kind = node->is_directory ? FE_PATH_DIRECTORY : FE_PATH_FILE;
        if (size != NULL && !node->is_directory) *size = fe_memory_node_size(node);
    }
    fe_mutex_unlock(&vfs->mutex);
    return FERRIC_OK;
}

static ferric_status memory_rename(fe_vfs *base, const char *from, const char *to)
{
    memory_vfs *vfs = (memory_vfs *)base;
    ferric_status status;

    fe_mutex_lock(&vfs->mutex);
    status = fe_memory_tree_rename(vfs->root, from, to);
    fe_mutex_unlock(&vfs->mutex);
    return status;
}

static ferric_status memory_link(fe_vfs *base, const char *from, const char *to)
{
    memory_vfs *vfs = (memory_vfs *)base;
    ferric_status status;

    fe_mutex_lock(&vfs->mutex);
    status = fe_memory_tree_link(vfs->root, from, to);
    fe_mutex_unlock(&vfs->mutex);
    return status;
}

static ferric_status memory_remove(fe_vfs *base, const char *path)
{
    memory_vfs *vfs = (memory_vfs *)base;
    ferric_status status;

    fe_mutex_lock(&vfs->mutex);
    status = fe_memory_tree_remove(vfs->root, "unlink", path, false);
    fe_mutex_unlock(&vfs->mutex);
    return status;
}

static ferric_status memory_remove_directory(fe_vfs *base, const char *path)
{
    memory_vfs *vfs = (memory_vfs *)base;
    ferric_status status;

    fe_mutex_lock(&vfs->mutex);
    status = fe_memory_tree_remove(vfs->root, "rmdir", path, true);
    fe_mutex_unlock(&vfs->mutex);
    return status;
}

static ferric_status memory_make_directory(fe_vfs *base, const char *path)
{
    memory_vfs *vfs = (memory_vfs *)base;
    fe_memory_node *node;
    ferric_status status;

    fe_mutex_lock(&vfs->mutex);
    status = fe_memory_tree_add(vfs->root, "mkdir", path, true, &node);
    fe_mutex_unlock(&vfs->mutex);
    return status;
}

static ferric_status memory_list(fe_vfs *base, const char *path, ferric_buffer *names)
{
    memory_vfs *vfs = (memory_vfs *)base;
    fe_memory_node *directory;
    ferric_status status;

    fe_buffer_clear(names);
    fe_mutex_lock(&vfs->mutex);
    status = fe_memory_tree_find_directory(vfs->root, "opendir", path, &directory);
    for (size_t i = 0; status == FERRIC_OK && i < directory->entry_count; i++) {
        const char *name = directory->entries[i].name;
        status = fe_buffer_append(names, name, strlen(name) + 1);
    }
    fe_mutex_unlock(&vfs->mutex);
    return status;
}

static ferric_status memory_sync_directory(fe_vfs *base, const char *path)
{
    memory_vfs *vfs = (memory_vfs *)base;
    fe_memory_node *directory;
    ferric_status status;

    fe_mutex_lock(&vfs->mutex);
    status = fe_memory_tree_find_directory(vfs->root, "open", path, &directory);
    fe_mutex_unlock(&vfs->mutex);
    return status;
}

static ferric_status memory_free_space(fe_vfs *base, const char *path, uint64_t *free_bytes)
{
    memory_vfs *vfs = (memory_vfs *)base;
    fe_memory_node *node;
    ferric_status status;

    fe_mutex_lock(&vfs->mutex);
    status = fe_memory_tree_find(vfs->root, "statvfs", path, &node);
    fe_mutex_unlock(&vfs->mutex);
    *free_bytes = status == FERRIC_OK ? UINT64_MAX : 0;
    return status;
}

// ---- Locks ----------------------------------------------------------------------------------

static ferric_status find_lock_file_locked(memory_vfs *vfs, const char *path, fe_lock_mode mode,
                                           fe_memory_node **node)
{
    ferric_status status = fe_memory_tree_find_file(vfs->root, "lock", path, node);

    if (status != FERRIC_NOT_FOUND || mode != FE_LOCK_EXCLUSIVE) return status;
    return fe_memory_tree_add(vfs->root, "lock", path, false, node);
}

static ferric_status write_process_id(fe_memory_node *node)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%" PRIu64 "\n", fe_process_id());
    ferric_status status = fe_memory_node_resize(node, 0);
    return status == FERRIC_OK ? fe_memory_node_write(node, 0, text, (size_t)size) : status;
}

static ferric_status acquire_locked(memory_vfs *vfs, const char *path, fe_lock *lock,
                                    uint64_t *holder)
{
    ferric_status status = find_lock_file_locked(vfs, path, lock->mode, &lock->node);
    fe_memory_node *node = lock->node;

    if (status != FERRIC_OK) return status;
    if (node->writer != 0 || (lock->mode == FE_LOCK_EXCLUSIVE && node->reader_count > 0)) {
        *holder = node->writer;
        return FERRIC_LOCKED;
    }
    if (lock->mode == FE_LOCK_PROBE) return FERRIC_OK;
    if (lock->mode == FE_LOCK_EXCLUSIVE) {
        status = write_process_id(node);
        if (status != FERRIC_OK) return status;
        node->writer = fe_process_id();
    } else {
        node->reader_count++;
    }
    fe_memory_node_ref(node);
    return FERRIC_OK;
}

static ferric_status memory_lock(fe_vfs *base, const char *path, fe_lock_mode mode, fe_lock **lock,
                                 uint64_t *holder)
{
    memory_vfs *vfs = (memory_vfs *)base;
    fe_lock *made = fe_alloc(sizeof *made);
    ferric_status status;

    *lock = NULL;
    *holder = 0;
    if (made == NULL) return fe_no_memory("a lock", sizeof *made);
    made->mode = mode;
    made->generation = fe_fork_generation();
    fe_mutex_lock(&vfs->mutex);
    status = acquire_locked(vfs, path, made, holder);
    fe_mutex_unlock(&vfs->mutex);
    if (status != FERRIC_OK || mode == FE_LOCK_PROBE) {
        fe_free(made);
        return status;
    }
    *lock = made;
    return FERRIC_OK;
}

static void memory_unlock(fe_vfs *base, fe_lock *lock)
{
    memory_vfs *vfs = (memory_vfs *)base;

    // A child's copy of the mutex may be held by a thread that does not exist there.
    if (lock->generation == fe_fork_generation()) {
        fe_mutex_lock(&vfs->mutex);
        if (lock->mode == FE_LOCK_EXCLUSIVE) {
            lock->node->writer = 0;
        } else {
            lock->node->reader_count--;
        }
        fe_mutex_unlock(&vfs->mutex);
    }
    fe_memory_node_unref(lock->node);
    fe_free(lock);
}

// ---- The vfs --------------------------------------------------------------------------------

static const fe_vfs_ops memory_ops = {
    .open = memory_open,
    .create_log = memory_create_log,
    .stat = memory_stat,
    .rename = memory_rename,
    .link = memory_link,
    .remove = memory_remove,
    .make_directory = memory_make_directory,
    .remove_directory = memory_remove_directory,
    .list = memory_list,
    .sync_directory = memory_sync_directory,
    .lock = memory_lock,
    .unlock = memory_unlock,
    .free_space = memory_free_space,
    .random = fe_posix_random,
    .now_ms = fe_posix_now_ms,
    .monotonic_ns = fe_posix_monotonic_ns,
};

ferric_status fe_vfs_memory_create(fe_vfs **vfs)
{
    memory_vfs *created = fe_alloc(sizeof *created);

    *vfs = NULL;
    if (created == NULL) return fe_no_memory("a file system in memory", sizeof *created);
    created->root = fe_memory_node_create(true);
    if (created->root == NULL) {
        fe_free(created);
        return fe_no_memory("a file system in memory", sizeof *created->root);
    }
    created->base.ops = &memory_ops;
    created->root->parent = created->root;
    fe_mutex_init(&created->mutex);
    *vfs = &created->base;
    return FERRIC_OK;
}

void fe_vfs_memory_destroy(fe_vfs *base)
{
    memory_vfs *vfs = (memory_vfs *)base;

    if (vfs == NULL) return;
    fe_memory_node_unref(vfs->root);
    fe_mutex_deinit(&vfs->mutex);
    fe_free(vfs);
}
