// SPDX-License-Identifier: Apache-2.0
// The seam to the machine: every disk access, clock reading and random byte of the engine passes
// one fe_vfs. Three kinds exist: POSIX (vfs_posix.c), memory (vfs_memory.c, the database
// ":memory:"), and the tests' one that records and injects faults (tests/support).
//
// Rules for all of them
// V1. A name is durable only after fe_vfs_sync_directory on its directory; content only after
//     fe_file_sync or fe_log_file_sync. Neither implies the other.
// V2. Once fe_file_sync or fe_log_file_sync has failed, nobody knows what is on disk: the caller
//     does not sync that file again and trusts no byte written since the last good sync.
// V3. write_at and fe_log_file_commit have handed their bytes to the kernel when they return: the
//     death of the process loses nothing.
// V4. Short reads and writes and EINTR are handled below this line; a read returns fewer bytes
//     than asked only at the end of the file.
//
// Errors of every call: FERRIC_IO, FERRIC_NO_SPACE (disk or quota full), FERRIC_NOT_FOUND (a path
// that does not exist, without a message), FERRIC_NO_MEMORY, FERRIC_TOO_MANY_FILES. Messages name
// call, path and the system's reason.
// Threads: a vfs may be used by all threads at once. A file may be read by all threads at once;
// writing, syncing and closing it is the business of one thread at a time. Paths are borrowed
// during the call.
#ifndef FERRIC_OS_VFS_H
#define FERRIC_OS_VFS_H

#include <ferric/ferric.h>

typedef struct fe_vfs fe_vfs;
typedef struct fe_file fe_file;
typedef struct fe_log_file fe_log_file;
typedef struct fe_ring_file fe_ring_file;
typedef struct fe_lock fe_lock;

typedef enum fe_open_mode {
    FE_OPEN_READ = 0,   // The file exists and is never written through this handle.
    FE_OPEN_WRITE = 1,  // The file exists; reading and writing.
    FE_OPEN_CREATE = 2, // The file must not exist (FERRIC_ALREADY_EXISTS); reading and writing.
} fe_open_mode;

typedef enum fe_lock_mode {
    FE_LOCK_SHARED = 0,    // Readers. Needs an existing file, writes no byte.
    FE_LOCK_EXCLUSIVE = 1, // The writer. Makes the file and writes the process id into it as text.
    FE_LOCK_PROBE = 2,     // Takes nothing, and refuses nobody: is there an exclusive one?
} fe_lock_mode;

// How a log is written; see fe_log_file.
typedef enum fe_log_mode {
    FE_LOG_SYNCED = 0, // Most commits are synced: pwrite into space whose zeros are written ahead.
    FE_LOG_BUFFERED = 1, // Syncs are rare: pwrite into allocated space.
} fe_log_mode;

typedef enum fe_path_kind {
    FE_PATH_NONE = 0, // Does not exist.
    FE_PATH_FILE = 1,
    FE_PATH_DIRECTORY = 2,
    FE_PATH_OTHER = 3, // A device, a socket and the like.
} fe_path_kind;

// One read of fe_file_read_many. `got` is set by the call, as fe_file_read_at would.
typedef struct fe_read_request {
    uint64_t offset;
    void *data;
    size_t size;
    size_t got;
} fe_read_request;

typedef struct fe_file_ops {
    ferric_status (*read_at)(fe_file *file, uint64_t offset, void *data, size_t size, size_t *got);
    ferric_status (*read_many)(fe_file *file, fe_read_request *requests, size_t count);
    ferric_status (*write_at)(fe_file *file, uint64_t offset, const void *data, size_t size);
    ferric_status (*truncate)(fe_file *file, uint64_t size);
    ferric_status (*sync)(fe_file *file);
    ferric_status (*size)(fe_file *file, uint64_t *size);
    void (*close)(fe_file *file);
} fe_file_ops;

struct fe_file {
    const fe_file_ops *ops;
};

typedef struct fe_log_file_ops {
    ferric_status (*reserve)(fe_log_file *log, uint64_t end);
    ferric_status (*commit)(fe_log_file *log, uint64_t offset, const void *data, size_t size);
    ferric_status (*sync)(fe_log_file *log);
    ferric_status (*trim)(fe_log_file *log, uint64_t size);
    void (*close)(fe_log_file *log);
} fe_log_file_ops;

struct fe_log_file {
    const fe_log_file_ops *ops;
};

typedef struct fe_ring_file_ops {
    void (*store)(fe_ring_file *ring, uint64_t offset, const void *data, size_t size);
    ferric_status (*prepare)(fe_ring_file *ring, uint64_t offset, size_t size);
    void (*close)(fe_ring_file *ring);
} fe_ring_file_ops;

struct fe_ring_file {
    const fe_ring_file_ops *ops;
    const uint8_t *bytes; // What the file holds, for reading. Valid until the ring is closed.
};

typedef struct fe_vfs_ops {
    ferric_status (*open)(fe_vfs *vfs, const char *path, fe_open_mode mode, fe_file **file);
    ferric_status (*create_log)(fe_vfs *vfs, const char *path, fe_log_mode mode, fe_log_file **log);
    ferric_status (*create_ring)(fe_vfs *vfs, const char *path, uint64_t size, fe_ring_file **ring);
    ferric_status (*stat)(fe_vfs *vfs, const char *path, fe_path_kind *kind, uint64_t *size);
    ferric_status (*rename)(fe_vfs *vfs, const char *from, const char *to);
    ferric_status (*link)(fe_vfs *vfs, const char *from, const char *to);
    ferric_status (*remove)(fe_vfs *vfs, const char *path);
    ferric_status (*make_directory)(fe_vfs *vfs, const char *path);
    ferric_status (*remove_directory)(fe_vfs *vfs, const char *path);
    ferric_status (*list)(fe_vfs *vfs, const char *path, ferric_buffer *names);
    ferric_status (*sync_directory)(fe_vfs *vfs, const char *path);
    ferric_status (*lock)(fe_vfs *vfs, const char *path, fe_lock_mode mode, fe_lock **lock,
                          uint64_t *holder);
    void (*unlock)(fe_vfs *vfs, fe_lock *lock);
    ferric_status (*free_space)(fe_vfs *vfs, const char *path, uint64_t *free_bytes);
    ferric_status (*random)(fe_vfs *vfs, void *data, size_t size);
    uint64_t (*now_ms)(fe_vfs *vfs);
    uint64_t (*monotonic_ns)(fe_vfs *vfs);
} fe_vfs_ops;

struct fe_vfs {
    const fe_vfs_ops *ops;
};

// The machine's own. One per process, never freed.
fe_vfs *fe_vfs_posix(void);

// A new, empty file system in memory, which forgets everything at destroy. Syncs do nothing.
// Directories exist as soon as they are made. Thread-safe. Errors: FERRIC_NO_MEMORY.
ferric_status fe_vfs_memory_create(fe_vfs **vfs);
// No file of it is open any more. Accepts NULL.
void fe_vfs_memory_destroy(fe_vfs *vfs);

// ---- Files ----------------------------------------------------------------------------------

// Opens `path`. On failure *file is NULL. Errors: FERRIC_ALREADY_EXISTS with FE_OPEN_CREATE.
static inline ferric_status fe_vfs_open(fe_vfs *vfs, const char *path, fe_open_mode mode,
                                        fe_file **file)
{
    return vfs->ops->open(vfs, path, mode, file);
}

// Reads up to `size` bytes at `offset`. *got is smaller than `size` only at the end of the file.
static inline ferric_status fe_file_read_at(fe_file *file, uint64_t offset, void *data, size_t size,
                                            size_t *got)
{
    return file->ops->read_at(file, offset, data, size, got);
}

// Several reads that the system may do at once and in any order. The first failure is returned;
// then no request's content counts.
static inline ferric_status fe_file_read_many(fe_file *file, fe_read_request *requests,
                                              size_t count)
{
    return file->ops->read_many(file, requests, count);
}

// Writes all of it, growing the file as needed. After a failure any part may have been written.
static inline ferric_status fe_file_write_at(fe_file *file, uint64_t offset, const void *data,
                                             size_t size)
{
    return file->ops->write_at(file, offset, data, size);
}

// Cuts the file, or grows it with zeros.
static inline ferric_status fe_file_truncate(fe_file *file, uint64_t size)
{
    return file->ops->truncate(file, size);
}

// Makes content and size durable (V1, V2).
static inline ferric_status fe_file_sync(fe_file *file)
{
    return file->ops->sync(file);
}

static inline ferric_status fe_file_size(fe_file *file, uint64_t *size)
{
    return file->ops->size(file, size);
}

// Syncs nothing. Accepts NULL.
static inline void fe_file_close(fe_file *file)
{
    if (file != NULL) file->ops->close(file);
}

// ---- Logs -----------------------------------------------------------------------------------
//
// A log is a file that is written front to back in spans, and read by recovery as an ordinary
// file. It is an object of its own so that the ways to make a small append cheap (space allocated
// and zeroed ahead, a mapped ring) stay behind it, and so that the tests' vfs sees each span.
//
// Space is met in reserve alone: a commit below the reserved end never fails with NO_SPACE. Bytes
// behind the last span read as zeros, or the file ends there.

// Creates the log `path`, which must not exist (FERRIC_ALREADY_EXISTS). On failure *log is NULL.
static inline ferric_status fe_vfs_create_log(fe_vfs *vfs, const char *path, fe_log_mode mode,
                                              fe_log_file **log)
{
    return vfs->ops->create_log(vfs, path, mode, log);
}

// Makes sure that spans up to offset `end` have their space. Already reserved space is a no-op.
// May take more, in steps of 64 KiB to 1 MiB. Under FE_LOG_SYNCED the new space is written, at the
// disk's speed: ask for what the next spans need, not for the whole log at once.
// Errors: FERRIC_NO_SPACE: nothing changed for spans below the old end.
static inline ferric_status fe_log_file_reserve(fe_log_file *log, uint64_t end)
{
    return log->ops->reserve(log, end);
}

// Writes a span inside the reserved space (V3). After a failure any part may have been written.
static inline ferric_status fe_log_file_commit(fe_log_file *log, uint64_t offset, const void *data,
                                               size_t size)
{
    return log->ops->commit(log, offset, data, size);
}

// Makes every span committed before the call durable (V1, V2). May run beside a commit of another
// thread, whose span it may or may not cover.
static inline ferric_status fe_log_file_sync(fe_log_file *log)
{
    return log->ops->sync(log);
}

// Cuts the file to `size` and gives reserved space back; the log is not written after.
static inline ferric_status fe_log_file_trim(fe_log_file *log, uint64_t size)
{
    return log->ops->trim(log, size);
}

// Syncs nothing. Accepts NULL.
static inline void fe_log_file_close(fe_log_file *log)
{
    if (log != NULL) log->ops->close(log);
}

// ---- Rings ----------------------------------------------------------------------------------
//
// A file of fixed size that is written by memory copies, for spans so small that a system call
// would be most of their cost. The kernel has a span when store returns (V3). Nothing of a ring is
// ever synced: after a loss of power any sector of it may be absent, present or torn, in any order.

// Creates the ring `path`, `size` bytes of zeros whose blocks are taken and written, so that no
// store can meet a full disk. On failure *ring is NULL and the file is gone again where possible.
// Errors: FERRIC_UNSUPPORTED, without a message: this vfs, or the file system of `path`, cannot
// promise that; FERRIC_ALREADY_EXISTS.
static inline ferric_status fe_vfs_create_ring(fe_vfs *vfs, const char *path, uint64_t size,
                                               fe_ring_file **ring)
{
    *ring = NULL;
    if (vfs->ops->create_ring == NULL) return FERRIC_UNSUPPORTED;
    return vfs->ops->create_ring(vfs, path, size, ring);
}

// Stores a span inside the ring's size. Cannot fail.
static inline void fe_ring_file_store(fe_ring_file *ring, uint64_t offset, const void *data,
                                      size_t size)
{
    ring->ops->store(ring, offset, data, size);
}

// Says that stores to [offset, offset + size) will follow: what the system has to do for them it
// does now, and a file that it could not write to any more is told here instead of by a signal.
// Threads: any; beside stores elsewhere. Errors: FERRIC_IO: nothing more may be stored.
static inline ferric_status fe_ring_file_prepare(fe_ring_file *ring, uint64_t offset, size_t size)
{
    return ring->ops->prepare(ring, offset, size);
}

// Syncs nothing; the file stays. Accepts NULL.
static inline void fe_ring_file_close(fe_ring_file *ring)
{
    if (ring != NULL) ring->ops->close(ring);
}

// ---- Names ----------------------------------------------------------------------------------

// What is at `path`. A missing path is FERRIC_OK with FE_PATH_NONE. `size` is in bytes, for files;
// it may be NULL.
static inline ferric_status fe_vfs_stat(fe_vfs *vfs, const char *path, fe_path_kind *kind,
                                        uint64_t *size)
{
    return vfs->ops->stat(vfs, path, kind, size);
}

// Replaces `to` atomically. Durable after the directory's sync.
static inline ferric_status fe_vfs_rename(fe_vfs *vfs, const char *from, const char *to)
{
    return vfs->ops->rename(vfs, from, to);
}

// A second name for a file. Errors: FERRIC_ALREADY_EXISTS; FERRIC_UNSUPPORTED across file systems.
static inline ferric_status fe_vfs_link(fe_vfs *vfs, const char *from, const char *to)
{
    return vfs->ops->link(vfs, from, to);
}

// Removes a file's name. Open handles stay usable. Errors: FERRIC_NOT_FOUND.
static inline ferric_status fe_vfs_remove(fe_vfs *vfs, const char *path)
{
    return vfs->ops->remove(vfs, path);
}

// Errors: FERRIC_ALREADY_EXISTS, FERRIC_NOT_FOUND when the parent is missing.
static inline ferric_status fe_vfs_make_directory(fe_vfs *vfs, const char *path)
{
    return vfs->ops->make_directory(vfs, path);
}

// The directory is empty, else FERRIC_IO.
static inline ferric_status fe_vfs_remove_directory(fe_vfs *vfs, const char *path)
{
    return vfs->ops->remove_directory(vfs, path);
}

// Replaces `names` by the names in a directory, each ended by a zero byte, without "." and "..",
// sorted by bytes.
static inline ferric_status fe_vfs_list(fe_vfs *vfs, const char *path, ferric_buffer *names)
{
    return vfs->ops->list(vfs, path, names);
}

// Makes creations, renames and removals in the directory durable.
static inline ferric_status fe_vfs_sync_directory(fe_vfs *vfs, const char *path)
{
    return vfs->ops->sync_directory(vfs, path);
}

// Locks the file `path` for this handle, never waiting. Errors: FERRIC_LOCKED, without a message:
// *holder is then the writer's process id, 0 when unknown or a reader. FERRIC_NOT_FOUND with
// FE_LOCK_SHARED and FE_LOCK_PROBE when the file is missing. FE_LOCK_PROBE leaves *lock NULL. A
// lock is bound to this call, not to the process: a
// second one in the same process is refused too, and closing other descriptors does not lose it.
static inline ferric_status fe_vfs_lock(fe_vfs *vfs, const char *path, fe_lock_mode mode,
                                        fe_lock **lock, uint64_t *holder)
{
    return vfs->ops->lock(vfs, path, mode, lock, holder);
}

// Accepts NULL. In a forked child it closes the child's descriptor without freeing the parent's
// lock.
static inline void fe_vfs_unlock(fe_vfs *vfs, fe_lock *lock)
{
    if (lock != NULL) vfs->ops->unlock(vfs, lock);
}

// Bytes that this user can still write on the file system of `path`; UINT64_MAX when unknown.
static inline ferric_status fe_vfs_free_space(fe_vfs *vfs, const char *path, uint64_t *free_bytes)
{
    return vfs->ops->free_space(vfs, path, free_bytes);
}

// ---- Clock and randomness -------------------------------------------------------------------

// Bytes fit for keys and salts.
static inline ferric_status fe_vfs_random(fe_vfs *vfs, void *data, size_t size)
{
    return vfs->ops->random(vfs, data, size);
}

// System time in milliseconds since 1970-01-01 UTC. May jump both ways.
static inline uint64_t fe_vfs_now_ms(fe_vfs *vfs)
{
    return vfs->ops->now_ms(vfs);
}

// Nanoseconds since some fixed point; never runs backwards.
static inline uint64_t fe_vfs_monotonic_ns(fe_vfs *vfs)
{
    return vfs->ops->monotonic_ns(vfs);
}

#endif
