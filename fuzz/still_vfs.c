// SPDX-License-Identifier: Apache-2.0
// The file system in memory of os/, but for two of its calls.
#include "still_vfs.h"

#include "base/random.h"

#define NOW_MS 1700000000000u

static fe_random drawn;

static ferric_status draw(fe_vfs *vfs, void *data, size_t size)
{
    uint8_t *bytes = data;

    (void)vfs;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)fe_random_next(&drawn);
    return FERRIC_OK;
}

static uint64_t now_ms(fe_vfs *vfs)
{
    (void)vfs;
    return NOW_MS;
}

fe_vfs *still_vfs_create(uint64_t seed)
{
    static fe_vfs_ops ops;
    fe_vfs *vfs;

    if (fe_vfs_memory_create(&vfs) != FERRIC_OK) return NULL;
    ops = *vfs->ops;
    ops.random = draw;
    ops.now_ms = now_ms;
    vfs->ops = &ops;
    drawn.state = seed;
    return vfs;
}
