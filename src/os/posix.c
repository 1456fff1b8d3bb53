// SPDX-License-Identifier: Apache-2.0
// System calls made whole: interrupted and short ones go on, failed ones become a status.
#include "os/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/seeded_bug.h"
#include "base/status.h"
#include "os/machine.h"

// Files are for the user's eyes and hands; others may read what the umask lets them.
#define FILE_PERMISSIONS 0644

static ferric_status status_of(int error)
{
    switch (error) {
    case ENOENT:
        return FERRIC_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return FERRIC_NO_SPACE;
    case EMFILE:
    case ENFILE:
        return FERRIC_TOO_MANY_FILES;
    case EEXIST:
        return FERRIC_ALREADY_EXISTS;
    case EXDEV:
        return FERRIC_UNSUPPORTED;
    case ENOMEM:
        return FERRIC_NO_MEMORY;
    default:
        return FERRIC_IO;
    }
}

ferric_status fe_posix_fail(const char *call, const char *path)
{
    int error = errno;
    ferric_status status = status_of(error);
    char text[128];

    if (status == FERRIC_NOT_FOUND) return status;
    return fe_fail(status, "%s %s: %s", call, path, fe_machine_reason(error, text, sizeof text));
}

ferric_status fe_posix_fail_at(const char *call, const char *path, uint64_t offset)
{
    int error = errno;
    char text[128];

    return fe_fail(status_of(error), "%s %s at offset %" PRIu64 ": %s", call, path, offset,
                   fe_machine_reason(error, text, sizeof text));
}

ferric_status fe_posix_fail_between(const char *call, const char *from, const char *to)
{
    int error = errno;
    ferric_status status = status_of(error);
    char text[128];

    if (status == FERRIC_NOT_FOUND) return status;
    return fe_fail(status, "%s %s to %s: %s", call, from, to,
                   fe_machine_reason(error, text, sizeof text));
}

ferric_status fe_posix_open(const char *path, int flags, int *descriptor)
{
    do {
        *descriptor = open(path, flags | O_CLOEXEC, FILE_PERMISSIONS);
    } while (*descriptor < 0 && errno == EINTR);
    return *descriptor < 0 ? fe_posix_fail("open", path) : FERRIC_OK;
}

// Calls that may write less than all of it are gone round until it is done.
ferric_status fe_posix_write(int descriptor, const char *path, uint64_t offset, const void *data,
                             size_t size)
{
    const uint8_t *at = data;

    while (size > 0) {
        ssize_t written = pwrite(descriptor, at, size, (off_t)offset);
        if (FE_SEEDED_BUG(FE_BUG_SHORT_WRITE_IS_WHOLE) && written > 0) return FERRIC_OK;
        if (written > 0) {
            at += written;
            offset += (uint64_t)written;
            size -= (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            if (written == 0) errno = EIO; // Would go round for ever.
            return fe_posix_fail_at("pwrite", path, offset);
        }
    }
    return FERRIC_OK;
}

// A page of zeros taken many times over by one call.
#define ZEROS_SIZE 4096
#define ZEROS_COUNT 256

ferric_status fe_posix_write_zeros(int descriptor, const char *path, uint64_t offset, uint64_t size)
{
    static uint8_t
        zeros[ZEROS_SIZE]; // Never written; not const, which would be bytes of the library.
    struct iovec parts[ZEROS_COUNT];

    while (size > 0) {
        int count = 0;
        ssize_t written;
        for (uint64_t left = size; left > 0 && count < ZEROS_COUNT; count++) {
            parts[count].iov_base = zeros;
            parts[count].iov_len = left < ZEROS_SIZE ? (size_t)left : ZEROS_SIZE;
            left -= parts[count].iov_len;
        }
        written = pwritev(descriptor, parts, count, (off_t)offset);
        if (written > 0) {
            offset += (uint64_t)written;
            size -= (uint64_t)written;
        } else if (written == 0 || errno != EINTR) {
            if (written == 0) errno = EIO;
            return fe_posix_fail_at("pwritev", path, offset);
        }
    }
    return FERRIC_OK;
}

ferric_status fe_posix_truncate(int descriptor, const char *path, uint64_t size)
{
    int result;

    do {
        result = ftruncate(descriptor, (off_t)size);
    } while (result != 0 && errno == EINTR);
    return result != 0 ? fe_posix_fail_at("ftruncate", path, size) : FERRIC_OK;
}

ferric_status fe_posix_sync(int descriptor, const char *path)
{
    return fe_machine_sync(descriptor) != 0 ? fe_posix_fail("sync", path) : FERRIC_OK;
}

ferric_status fe_posix_random(fe_vfs *vfs, void *data, size_t size)
{
    uint8_t *at = data;

    (void)vfs;
    while (size > 0) {
        ssize_t got = fe_machine_random(at, size);
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            if (got == 0) errno = EIO;
            return fe_posix_fail("getrandom", "the system's random source");
        }
    }
    return FERRIC_OK;
}

// The clocks cannot fail: they exist on every system that we build for, and the address is good.
uint64_t fe_posix_now_ms(fe_vfs *vfs)
{
    struct timespec now;

    (void)vfs;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t fe_posix_monotonic_ns(fe_vfs *vfs)
{
    struct timespec now;

    (void)vfs;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
