// SPDX-License-Identifier: Apache-2.0
// The machine's own file system: files and names. Logs and locks stand in vfs_posix_log.c and
// vfs_posix_lock.c, the calls themselves in posix.c.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "os/names.h"
#include "os/posix.h"

#define DIRECTORY_PERMISSIONS 0755

typedef struct posix_file {
    fe_file base;
    int descriptor;
    char path[]; // For messages.
} posix_file;

// ---- Files ----------------------------------------------------------------------------------

static ferric_status file_read_at(fe_file *base, uint64_t offset, void *data, size_t size,
                                  size_t *got)
{
    posix_file *file = (posix_file *)base;
    uint8_t *at = data;

    *got = 0;
    while (*got < size) {
        ssize_t count = pread(file->descriptor, at + *got, size - *got, (off_t)(offset + *got));
        if (count > 0) {
            *got += (size_t)count;
        } else if (count == 0) {
            break;
        } else if (errno != EINTR) {
            return fe_posix_fail_at("pread", file->path, offset + *got);
        }
    }
    return FERRIC_OK;
}

static ferric_status file_read_many(fe_file *file, fe_read_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fe_read_request *request = &requests[i];
        ferric_status status =
            file_read_at(file, request->offset, request->data, request->size, &request->got);
        if (status != FERRIC_OK) return status;
    }
    return FERRIC_OK;
}

static ferric_status file_write_at(fe_file *base, uint64_t offset, const void *data, size_t size)
{
    posix_file *file = (posix_file *)base;
    return fe_posix_write(file->descriptor, file->path, offset, data, size);
}

static ferric_status file_truncate(fe_file *base, uint64_t size)
{
    posix_file *file = (posix_file *)base;
    return fe_posix_truncate(file->descriptor, file->path, size);
}

static ferric_status file_sync(fe_file *base)
{
    posix_file *file = (posix_file *)base;
    return fe_posix_sync(file->descriptor, file->path);
}

static ferric_status file_size(fe_file *base, uint64_t *size)
{
    posix_file *file = (posix_file *)base;
    struct stat facts;

    *size = 0;
    if (fstat(file->descriptor, &facts) != 0) return fe_posix_fail("fstat", file->path);
    *size = (uint64_t)facts.st_size;
    return FERRIC_OK;
}

static void file_close(fe_file *base)
{
    posix_file *file = (posix_file *)base;
    close(file->descriptor);
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

// A directory opens for reading too, but is no file.
static ferric_status refuse_directory(int descriptor, const char *path)
{
    struct stat facts;

    if (fstat(descriptor, &facts) != 0) return fe_posix_fail("fstat", path);
    if (!S_ISDIR(facts.st_mode)) return FERRIC_OK;
    errno = EISDIR;
    return fe_posix_fail("open", path);
}

static ferric_status posix_open(fe_vfs *vfs, const char *path, fe_open_mode mode, fe_file **file)
{
    static const int flags[] = {
        [FE_OPEN_READ] = O_RDONLY,
        [FE_OPEN_WRITE] = O_RDWR,
        [FE_OPEN_CREATE] = O_RDWR | O_CREAT | O_EXCL,
    };
    size_t path_size = strlen(path) + 1;
    posix_file *opened = fe_alloc(sizeof *opened + path_size);
    ferric_status status;

    (void)vfs;
    *file = NULL;
    if (opened == NULL) return fe_no_memory("an open file", sizeof *opened + path_size);
    opened->base.ops = &file_ops;
    memcpy(opened->path, path, path_size);
    status = fe_posix_open(path, flags[mode], &opened->descriptor);
    if (status != FERRIC_OK) goto out;
    status = refuse_directory(opened->descriptor, path);
    if (status != FERRIC_OK) {
        close(opened->descriptor);
        goto out;
    }
    *file = &opened->base; // Ownership moves to the caller.
    opened = NULL;
out:
    fe_free(opened);
    return status;
}

// ---- Names ----------------------------------------------------------------------------------

static ferric_status posix_stat(fe_vfs *vfs, const char *path, fe_path_kind *kind, uint64_t *size)
{
    struct stat facts;

    (void)vfs;
    *kind = FE_PATH_NONE;
    if (size != NULL) *size = 0;
    if (stat(path, &facts) != 0) {
        // Nothing exists below a file either.
        if (errno == ENOENT || errno == ENOTDIR) return FERRIC_OK;
        return fe_posix_fail("stat", path);
    }
    *kind = S_ISREG(facts.st_mode)   ? FE_PATH_FILE
            : S_ISDIR(facts.st_mode) ? FE_PATH_DIRECTORY
                                     : FE_PATH_OTHER;
    if (size != NULL && *kind == FE_PATH_FILE) *size = (uint64_t)facts.st_size;
    return FERRIC_OK;
}

static ferric_status posix_rename(fe_vfs *vfs, const char *from, const char *to)
{
    (void)vfs;
    return rename(from, to) != 0 ? fe_posix_fail_between("rename", from, to) : FERRIC_OK;
}

static ferric_status posix_link(fe_vfs *vfs, const char *from, const char *to)
{
    (void)vfs;
    if (link(from, to) == 0) return FERRIC_OK;
    // So do file systems without links answer.
    if (errno == EPERM || errno == EOPNOTSUPP) errno = EXDEV;
    return fe_posix_fail_between("link", from, to);
}

static ferric_status posix_remove(fe_vfs *vfs, const char *path)
{
    (void)vfs;
    return unlink(path) != 0 ? fe_posix_fail("unlink", path) : FERRIC_OK;
}

static ferric_status posix_make_directory(fe_vfs *vfs, const char *path)
{
    (void)vfs;
    return mkdir(path, DIRECTORY_PERMISSIONS) != 0 ? fe_posix_fail("mkdir", path) : FERRIC_OK;
}

static ferric_status posix_remove_directory(fe_vfs *vfs, const char *path)
{
    (void)vfs;
    if (rmdir(path) == 0) return FERRIC_OK;
    if (errno == EEXIST) errno = ENOTEMPTY; // POSIX allows both.
    return fe_posix_fail("rmdir", path);
}

static ferric_status read_names(DIR *directory, const char *path, ferric_buffer *names)
{
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK) {
        const struct dirent *entry;
        errno = 0; // The end and a failure both return NULL.
        entry = readdir(directory);
        if (entry == NULL) return errno == 0 ? FERRIC_OK : fe_posix_fail("readdir", path);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        status = fe_buffer_append(names, entry->d_name, strlen(entry->d_name) + 1);
    }
    return status;
}

static ferric_status posix_list(fe_vfs *vfs, const char *path, ferric_buffer *names)
{
    DIR *directory = opendir(path);
    ferric_status status;

    (void)vfs;
    fe_buffer_clear(names);
    if (directory == NULL) return fe_posix_fail("opendir", path);
    status = read_names(directory, path, names);
    closedir(directory);
    return status == FERRIC_OK ? fe_names_sort(names) : status;
}

static ferric_status posix_sync_directory(fe_vfs *vfs, const char *path)
{
    int descriptor;
    int result;
    ferric_status status = fe_posix_open(path, O_RDONLY | O_DIRECTORY, &descriptor);

    (void)vfs;
    if (status != FERRIC_OK) return status;
    do {
        result = fsync(descriptor);
    } while (result != 0 && errno == EINTR);
    if (result != 0) status = fe_posix_fail("fsync", path);
    close(descriptor);
    return status;
}

static ferric_status posix_free_space(fe_vfs *vfs, const char *path, uint64_t *free_bytes)
{
    struct statvfs facts;

    (void)vfs;
    *free_bytes = 0;
    if (statvfs(path, &facts) != 0) return fe_posix_fail("statvfs", path);
    *free_bytes = (uint64_t)facts.f_bavail * facts.f_frsize;
    return FERRIC_OK;
}

static const fe_vfs_ops posix_ops = {
    .open = posix_open,
    .create_log = fe_posix_create_log,
    .create_ring = fe_posix_create_ring,
    .stat = posix_stat,
    .rename = posix_rename,
    .link = posix_link,
    .remove = posix_remove,
    .make_directory = posix_make_directory,
    .remove_directory = posix_remove_directory,
    .list = posix_list,
    .sync_directory = posix_sync_directory,
    .lock = fe_posix_lock,
    .unlock = fe_posix_unlock,
    .free_space = posix_free_space,
    .random = fe_posix_random,
    .now_ms = fe_posix_now_ms,
    .monotonic_ns = fe_posix_monotonic_ns,
};

fe_vfs *fe_vfs_posix(void)
{
    static fe_vfs vfs = {&posix_ops};
    return &vfs;
}
