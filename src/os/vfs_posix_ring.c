// SPDX-License-Identifier: Apache-2.0
// A ring on disk: a mapped file whose blocks are taken, and written, before the first store.
//
// A store to a mapping has no status: where the file system cannot take it, the process gets a
// signal, and the process is not ours. So a ring is made only where nothing that can be told ahead
// makes a store fail:
//
//   a full disk     blocks are allocated and written here, and the file never grows
//   copy on write   only file systems that write in place (os/machine.h)
//   a broken disk   prepare, once for each lap, answers with a status where a store would raise
//                   SIGBUS
//   other programs  nobody may open the file to write, so that what copies files over those of an
//                   open database, or empties them, is refused
//
// What stays is a file system that the kernel shuts down, or a file that a privileged user cuts,
// between a prepare and the stores after it: that is a SIGBUS, as with every mapped file.
//
// A forked child does not have the mapping, so that it can neither store to it nor unmap it.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "os/machine.h"
#include "os/posix.h"
#include "os/thread.h"

#define PAGE_SIZE_BYTES 4096

typedef struct posix_ring {
    fe_ring_file base;
    uint8_t *pages;
    size_t size;
    uint32_t fork_generation;
    char path[]; // For messages.
} posix_ring;

static void ring_store(fe_ring_file *base, uint64_t offset, const void *data, size_t size)
{
    posix_ring *ring = (posix_ring *)base;
    memcpy(ring->pages + offset, data, size);
}

static ferric_status ring_prepare(fe_ring_file *base, uint64_t offset, size_t size)
{
    posix_ring *ring = (posix_ring *)base;
    uint64_t begin = offset & ~(uint64_t)(PAGE_SIZE_BYTES - 1);

    if (fe_machine_prepare_stores(ring->pages + begin, (size_t)(offset + size - begin)) != 0) {
        return fe_fail(FERRIC_IO, "madvise %s: the system cannot write to it any more", ring->path);
    }
    return FERRIC_OK;
}

static void ring_close(fe_ring_file *base)
{
    posix_ring *ring = (posix_ring *)base;

    // In a forked child something else may stand at the address by now.
    if (ring->fork_generation == fe_fork_generation()) fe_machine_unmap(ring->pages, ring->size);
    fe_free(ring);
}

static const fe_ring_file_ops ring_ops = {
    .store = ring_store,
    .prepare = ring_prepare,
    .close = ring_close,
};

// Blocks that are allocated and written, and that nobody else takes away again; FERRIC_UNSUPPORTED
// where that promises nothing.
static ferric_status take_blocks(int descriptor, const char *path, uint64_t size)
{
    if (!fe_machine_writes_in_place(descriptor)) return FERRIC_UNSUPPORTED;
    if (fchmod(descriptor, S_IRUSR) != 0) return fe_posix_fail("chmod", path);
    if (fe_machine_allocate(descriptor, 0, (off_t)size) != 0) {
        return errno == EOPNOTSUPP ? FERRIC_UNSUPPORTED : fe_posix_fail("fallocate", path);
    }
    return fe_posix_write_zeros(descriptor, path, 0, size);
}

// A process that cannot map the file, for its own limits or an older kernel's, does without.
static ferric_status map(posix_ring *ring, int descriptor)
{
    ring->pages = fe_machine_map(descriptor, ring->size);
    if (ring->pages == NULL) return FERRIC_UNSUPPORTED;
    if (fe_machine_prepare_stores(ring->pages, ring->size) != 0) {
        fe_machine_unmap(ring->pages, ring->size);
        return FERRIC_UNSUPPORTED;
    }
    ring->base.bytes = ring->pages;
    return FERRIC_OK;
}

ferric_status fe_posix_create_ring(fe_vfs *vfs, const char *path, uint64_t size,
                                   fe_ring_file **ring)
{
    size_t path_size = strlen(path) + 1;
    posix_ring *created = fe_alloc(sizeof *created + path_size);
    int descriptor;
    ferric_status status;

    (void)vfs;
    *ring = NULL;
    if (created == NULL) return fe_no_memory("a ring", sizeof *created + path_size);
    created->base.ops = &ring_ops;
    created->size = (size_t)size;
    created->fork_generation = fe_fork_generation();
    memcpy(created->path, path, path_size);
    status = fe_posix_open(path, O_RDWR | O_CREAT | O_EXCL, &descriptor);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    status = take_blocks(descriptor, path, size);
    if (status == FERRIC_OK) status = map(created, descriptor);
    close(descriptor);
    if (status != FERRIC_OK) {
        (void)unlink(path); // The failure to tell is the first; a leftover is swept by name.
        fe_free(created);
        return status;
    }
    *ring = &created->base;
    return FERRIC_OK;
}
