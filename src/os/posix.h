// SPDX-License-Identifier: Apache-2.0
// What the files of the POSIX vfs share: one translation of errno, and calls that do all of their
// work or fail. For src/os alone.
#ifndef FERRIC_OS_POSIX_H
#define FERRIC_OS_POSIX_H

#include "os/vfs.h"

// The status of errno after `call` on `path` failed, with a message that names all three.
// FERRIC_NOT_FOUND has none.
ferric_status fe_posix_fail(const char *call, const char *path);
// The same for a call at a place in the file.
ferric_status fe_posix_fail_at(const char *call, const char *path, uint64_t offset);

// The same for a call on two paths.
ferric_status fe_posix_fail_between(const char *call, const char *from, const char *to);

// open(2) with O_CLOEXEC; *descriptor is -1 after a failure.
ferric_status fe_posix_open(const char *path, int flags, int *descriptor);
// Writes all of it.
ferric_status fe_posix_write(int descriptor, const char *path, uint64_t offset, const void *data,
                             size_t size);
// Writes zeros to [offset, offset + size).
ferric_status fe_posix_write_zeros(int descriptor, const char *path, uint64_t offset,
                                   uint64_t size);
ferric_status fe_posix_truncate(int descriptor, const char *path, uint64_t size);
ferric_status fe_posix_sync(int descriptor, const char *path);

// Parts of the vfs that stand in files of their own.
ferric_status fe_posix_create_log(fe_vfs *vfs, const char *path, fe_log_mode mode,
                                  fe_log_file **log);
ferric_status fe_posix_create_ring(fe_vfs *vfs, const char *path, uint64_t size,
                                   fe_ring_file **ring);
ferric_status fe_posix_lock(fe_vfs *vfs, const char *path, fe_lock_mode mode, fe_lock **lock,
                            uint64_t *holder);
void fe_posix_unlock(fe_vfs *vfs, fe_lock *lock);

// The clock and randomness, which the vfs in memory takes from the machine too.
ferric_status fe_posix_random(fe_vfs *vfs, void *data, size_t size);
uint64_t fe_posix_now_ms(fe_vfs *vfs);
uint64_t fe_posix_monotonic_ns(fe_vfs *vfs);

#endif
