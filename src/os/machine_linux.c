// SPDX-License-Identifier: Apache-2.0
// Linux's own calls, from 3.15 on, which brought open-file-description locks.
#include "os/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/seeded_bug.h"

// Since Linux 5.14; older kernels refuse it, and then there are no rings.
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#define EXT4_MAGIC 0xef53 // ext2 and ext3 share it; they have no fallocate.
#define TMPFS_MAGIC 0x01021994

const char *fe_machine_reason(int error, char *text, size_t size)
{
    return strerror_r(error, text, size);
}

int fe_machine_sync(int descriptor)
{
    int result;
    // An interrupted sync reported nothing yet, so this is no second try after a failure.
    do {
        result = fdatasync(descriptor);
    } while (result != 0 && errno == EINTR);
    return result;
}

int fe_machine_allocate(int descriptor, off_t offset, off_t size)
{
    int result;

    do {
        result = fallocate(descriptor, 0, offset, size);
    } while (result != 0 && errno == EINTR);
    if (result != 0 && errno == ENOSYS) errno = EOPNOTSUPP;
    return result;
}

void fe_machine_overwrite_in_place(int descriptor)
{
    int flags = 0;

    if (ioctl(descriptor, FS_IOC_GETFLAGS, &flags) != 0) return;
    flags |= FS_NOCOW_FL;
    (void)ioctl(descriptor, FS_IOC_SETFLAGS, &flags);
}

static struct flock lock_of_byte_0(short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    return lock;
}

// Open-file-description locks, since a process's ordinary ones are lost when it closes any other
// descriptor of the file, and never refuse the process itself.
int fe_machine_lock(int descriptor, bool is_exclusive)
{
    struct flock lock = lock_of_byte_0(is_exclusive ? F_WRLCK : F_RDLCK);
    int kind = FE_SEEDED_BUG(FE_BUG_LOCK_LOST_BY_CLOSE) ? F_SETLK : F_OFD_SETLK;
    int result = fcntl(descriptor, kind, &lock);
    if (result != 0 && errno == EACCES) errno = EAGAIN;
    return result;
}

int fe_machine_unlock(int descriptor)
{
    struct flock lock = lock_of_byte_0(F_UNLCK);
    return fcntl(descriptor, F_OFD_SETLK, &lock);
}

bool fe_machine_is_locked_exclusively(int descriptor)
{
    struct flock lock = lock_of_byte_0(F_WRLCK);
    return fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}

ssize_t fe_machine_random(void *data, size_t size)
{
    return getrandom(data, size, 0);
}

void fe_machine_name_thread(const char *name)
{
    pthread_setname_np(pthread_self(), name);
}

// Linux keeps a nice value for each thread. Relative to the process's own, so that a niced process
// stays below others in all its threads.
void fe_machine_lower_priority(void)
{
    id_t thread = (id_t)syscall(SYS_gettid);
    int now;

    errno = 0;
    now = getpriority(PRIO_PROCESS, thread);
    if (errno != 0) return;
    (void)setpriority(PRIO_PROCESS, thread, now + 10 > 19 ? 19 : now + 10);
}

bool fe_machine_writes_in_place(int descriptor)
{
    struct statfs facts;

    if (fstatfs(descriptor, &facts) != 0) return false;
    return facts.f_type == EXT4_MAGIC || facts.f_type == TMPFS_MAGIC;
}

void *fe_machine_map(int descriptor, size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);

    if (pages == MAP_FAILED) return NULL;
    if (madvise(pages, size, MADV_DONTFORK) != 0) {
        int error = errno;
        munmap(pages, size);
        errno = error;
        return NULL;
    }
    return pages;
}

void fe_machine_unmap(void *pages, size_t size)
{
    munmap(pages, size);
}

int fe_machine_prepare_stores(void *pages, size_t size)
{
    int result;

    do {
        result = madvise(pages, size, MADV_POPULATE_WRITE);
    } while (result != 0 && (errno == EINTR || errno == EAGAIN));
    return result;
}

void fe_machine_keep_secret(void *pages, size_t size)
{
    // Each may be refused, the first by a limit on locked memory; the others help all the same.
    (void)mlock(pages, size);
    (void)madvise(pages, size, MADV_DONTDUMP);
    (void)madvise(pages, size, MADV_WIPEONFORK);
}

void fe_machine_advise_large_pages(void *pages, size_t size)
{
    madvise(pages, size, MADV_HUGEPAGE);
}
