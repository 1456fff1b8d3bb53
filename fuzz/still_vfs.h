// SPDX-License-Identifier: Apache-2.0
// A file system in memory whose clock stands still and whose random bytes come from a seed, so that
// one input always makes the same files.
#ifndef FERRIC_FUZZ_STILL_VFS_H
#define FERRIC_FUZZ_STILL_VFS_H

#include "os/vfs.h"

// One at a time: all draw from the seed of the newest. NULL when there is no memory. Given back by
// fe_vfs_memory_destroy.
fe_vfs *still_vfs_create(uint64_t seed);

#endif
