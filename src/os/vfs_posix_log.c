// SPDX-License-Identifier: Apache-2.0
// A log on disk: its space is met ahead of its content.
//
//     0 ........ spans ........ | zeros ............... | reserved
//
// Under FE_LOG_SYNCED the reserved space is written with zeros, so that a later span overwrites
// blocks that the disk already has: its sync then changes no metadata and needs no commit of the
// file system's journal. The first sync after a growth still makes one, and carries the zeros.
// Under FE_LOG_BUFFERED allocated blocks are enough.
//
// The space grows in steps that double, so that a small log stays small and a busy one meets the
// disk seldom. Btrfs is asked not to copy a log's blocks on write; where that is refused, or a file
// was reflinked, no reservation binds the file system, and a span may still be answered by
// FERRIC_NO_SPACE.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "os/machine.h"
#include "os/posix.h"

#define PAGE_SIZE_BYTES 4096
#define STEP_SIZE_MIN ((uint64_t)64 << 10)
#define STEP_SIZE_MAX ((uint64_t)1 << 20)

typedef struct posix_log {
    fe_log_file base;
    int descriptor;
    fe_log_mode mode;
    uint64_t reserved; // Also the file's size.
    uint64_t step;     // By which it grows next, at least.
    char path[];       // For messages.
} posix_log;

// Gives [reserved, end) its space.
static ferric_status extend(posix_log *log, uint64_t end)
{
    uint64_t size = end - log->reserved;
    bool is_allocated =
        fe_machine_allocate(log->descriptor, (off_t)log->reserved, (off_t)size) == 0;

    if (!is_allocated && errno != EOPNOTSUPP) {
        return fe_posix_fail_at("fallocate", log->path, log->reserved);
    }
    if (is_allocated && log->mode == FE_LOG_BUFFERED) return FERRIC_OK;
    return fe_posix_write_zeros(log->descriptor, log->path, log->reserved, size);
}

// Extends to `end`, or gives back what a half-made growth took: space is dearest when there is
// none.
static ferric_status try_extend(posix_log *log, uint64_t end)
{
    ferric_status status = extend(log, end);

    if (status == FERRIC_OK) {
        log->reserved = end;
        return FERRIC_OK;
    }
    // Should it fail too, only zeros stay behind the end, and the failure to tell is the first.
    (void)!ftruncate(log->descriptor, (off_t)log->reserved);
    return status;
}

static uint64_t round_up(uint64_t offset)
{
    return (offset + PAGE_SIZE_BYTES - 1) & ~(uint64_t)(PAGE_SIZE_BYTES - 1);
}

static ferric_status log_reserve(fe_log_file *base, uint64_t end)
{
    posix_log *log = (posix_log *)base;
    uint64_t generous;
    ferric_status status;

    if (end <= log->reserved) return FERRIC_OK;
    end = round_up(end);
    generous = log->reserved + log->step;
    if (generous < end) generous = end;
    status = try_extend(log, generous);
    // The last free blocks may hold what is asked, if not the step.
    if (status == FERRIC_NO_SPACE && generous > end) status = try_extend(log, end);
    if (status == FERRIC_OK && log->step < STEP_SIZE_MAX) log->step *= 2;
    return status;
}

static ferric_status log_commit(fe_log_file *base, uint64_t offset, const void *data, size_t size)
{
    posix_log *log = (posix_log *)base;
    return fe_posix_write(log->descriptor, log->path, offset, data, size);
}

static ferric_status log_sync(fe_log_file *base)
{
    posix_log *log = (posix_log *)base;
    return fe_posix_sync(log->descriptor, log->path);
}

static ferric_status log_trim(fe_log_file *base, uint64_t size)
{
    posix_log *log = (posix_log *)base;
    ferric_status status = fe_posix_truncate(log->descriptor, log->path, size);
    if (status == FERRIC_OK) log->reserved = size;
    return status;
}

static void log_close(fe_log_file *base)
{
    posix_log *log = (posix_log *)base;
    close(log->descriptor);
    fe_free(log);
}

static const fe_log_file_ops log_ops = {
    .reserve = log_reserve,
    .commit = log_commit,
    .sync = log_sync,
    .trim = log_trim,
    .close = log_close,
};

ferric_status fe_posix_create_log(fe_vfs *vfs, const char *path, fe_log_mode mode,
                                  fe_log_file **log)
{
    size_t path_size = strlen(path) + 1;
    posix_log *created = fe_alloc(sizeof *created + path_size);
    ferric_status status;

    (void)vfs;
    *log = NULL;
    if (created == NULL) return fe_no_memory("a log file", sizeof *created + path_size);
    created->base.ops = &log_ops;
    created->mode = mode;
    created->reserved = 0;
    created->step = STEP_SIZE_MIN;
    memcpy(created->path, path, path_size);
    status = fe_posix_open(path, O_RDWR | O_CREAT | O_EXCL, &created->descriptor);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    fe_machine_overwrite_in_place(created->descriptor);
    *log = &created->base;
    return FERRIC_OK;
}
