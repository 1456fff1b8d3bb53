// SPDX-License-Identifier: Apache-2.0
// The lock of a database: an open-file-description lock on byte 0 of its LOCK file, in which a
// writer leaves its process id as text.
//
// Such a lock lives as long as any descriptor of the same open file, those of forked children
// included: without care a child that lives on would keep the database of a parent that died. So
// the held locks stand in a list, and a child closes their descriptors before it runs.
//
// The process id is a help for people: after a writer died it stays in the file, and it is believed
// only while an exclusive lock is seen.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "os/machine.h"
#include "os/posix.h"
#include "os/thread.h"

struct fe_lock {
    int descriptor; // -1 in a forked child.
    struct fe_lock *next;
    struct fe_lock **link; // What points to this one.
};

static pthread_mutex_t held_mutex = PTHREAD_MUTEX_INITIALIZER;
// Guarded by held_mutex.
static struct fe_lock *held;

// ---- Forks ----------------------------------------------------------------------------------

static void before_fork(void)
{
    pthread_mutex_lock(&held_mutex);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&held_mutex);
}

static void after_fork_in_child(void)
{
    for (struct fe_lock *lock = held; lock != NULL; lock = lock->next) {
        close(lock->descriptor);
        lock->descriptor = -1;
    }
    pthread_mutex_unlock(&held_mutex);
}

static int watch_result;

static void watch_forks(void)
{
    watch_result = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

static ferric_status watch_forks_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    return watch_result == 0 ? FERRIC_OK : fe_no_memory("a fork handler", sizeof(struct fe_lock));
}

// ---- Locks ----------------------------------------------------------------------------------

// The id in the file, 0 when there is none.
static uint64_t read_process_id(int descriptor)
{
    char text[24];
    uint64_t id = 0;
    ssize_t size = pread(descriptor, text, sizeof text, 0);

    for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; i++) {
        id = id * 10 + (uint64_t)(text[i] - '0');
    }
    return id;
}

static ferric_status write_process_id(int descriptor, const char *path)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%" PRIu64 "\n", fe_process_id());
    // Over the old text and then cut, not cut first: the block that is there needs no new space.
    ferric_status status = fe_posix_write(descriptor, path, 0, text, (size_t)size);

    if (status == FERRIC_OK) return fe_posix_truncate(descriptor, path, (uint64_t)size);
    // A full disk stops no reader of the database, and none knows the holder then.
    if (status == FERRIC_NO_SPACE) return fe_posix_truncate(descriptor, path, 0);
    return status;
}

static ferric_status acquire(int descriptor, const char *path, fe_lock_mode mode, uint64_t *holder)
{
    if (mode == FE_LOCK_PROBE && !fe_machine_is_locked_exclusively(descriptor)) return FERRIC_OK;
    if (mode == FE_LOCK_PROBE) {
        *holder = read_process_id(descriptor);
        return FERRIC_LOCKED;
    }
    if (fe_machine_lock(descriptor, mode == FE_LOCK_EXCLUSIVE) == 0) {
        return mode == FE_LOCK_EXCLUSIVE ? write_process_id(descriptor, path) : FERRIC_OK;
    }
    if (errno != EAGAIN) return fe_posix_fail("lock", path);
    if (fe_machine_is_locked_exclusively(descriptor)) *holder = read_process_id(descriptor);
    return FERRIC_LOCKED;
}

static void add_to_held_locked(struct fe_lock *lock)
{
    lock->next = held;
    lock->link = &held;
    if (held != NULL) held->link = &lock->next;
    held = lock;
}

static void take_from_held_locked(struct fe_lock *lock)
{
    *lock->link = lock->next;
    if (lock->next != NULL) lock->next->link = lock->link;
}

// The mutex is held across the system calls, none of which waits, so that no fork finds a locked
// descriptor that is not in the list.
static ferric_status open_and_acquire(const char *path, fe_lock_mode mode, struct fe_lock *lock,
                                      uint64_t *holder)
{
    int flags = mode == FE_LOCK_EXCLUSIVE ? O_RDWR | O_CREAT : O_RDONLY;
    ferric_status status;

    pthread_mutex_lock(&held_mutex);
    status = fe_posix_open(path, flags, &lock->descriptor);
    if (status != FERRIC_OK) goto out;
    status = acquire(lock->descriptor, path, mode, holder);
    if (status == FERRIC_OK && mode != FE_LOCK_PROBE) {
        add_to_held_locked(lock);
    } else {
        close(lock->descriptor);
    }
out:
    pthread_mutex_unlock(&held_mutex);
    return status;
}

ferric_status fe_posix_lock(fe_vfs *vfs, const char *path, fe_lock_mode mode, fe_lock **lock,
                            uint64_t *holder)
{
    struct fe_lock *made;
    ferric_status status;

    (void)vfs;
    *lock = NULL;
    *holder = 0;
    status = watch_forks_once();
    if (status != FERRIC_OK) return status;
    made = fe_alloc(sizeof *made);
    if (made == NULL) return fe_no_memory("a lock", sizeof *made);
    status = open_and_acquire(path, mode, made, holder);
    if (status == FERRIC_OK && mode != FE_LOCK_PROBE) {
        *lock = made; // Ownership moves to the caller.
    } else {
        fe_free(made);
    }
    return status;
}

void fe_posix_unlock(fe_vfs *vfs, fe_lock *lock)
{
    (void)vfs;
    pthread_mutex_lock(&held_mutex);
    take_from_held_locked(lock);
    if (lock->descriptor >= 0) {
        // By its call, not by close alone: a child that is just being born shares the open file.
        fe_machine_unlock(lock->descriptor);
        close(lock->descriptor);
    }
    pthread_mutex_unlock(&held_mutex);
    fe_free(lock);
}
