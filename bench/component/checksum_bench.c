// SPDX-License-Identifier: Apache-2.0
// CRC32C and the hash of a key, at the sizes that the engine gives them.
#include <string.h>

#include "base/checksum.h"
#include "component/component.h"

typedef struct context {
    uint8_t bytes[4096];
    size_t size;
} context;

static void run_crc(void *argument, uint64_t count)
{
    context *self = argument;
    uint32_t crc = 0;
    uint64_t i;

    // Each one's seed is the result before it: latency, as a log has it, not throughput.
    for (i = 0; i < count; i++)
        crc = fe_crc32c(crc, self->bytes, self->size);
    bench_keep(crc);
}

static void run_crc_portable(void *argument, uint64_t count)
{
    context *self = argument;
    uint32_t crc = 0;
    uint64_t i;

    for (i = 0; i < count; i++)
        crc = fe_crc32c_portable(crc, self->bytes, self->size);
    bench_keep(crc);
}

static void run_hash(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        uint64_t hash = fe_hash64(self->bytes, self->size);
        memcpy(self->bytes, &hash, sizeof(hash));
    }
    bench_keep_memory(self->bytes);
}

static void run_one(component_bench *bench, const char *name, void (*run)(void *, uint64_t),
                    size_t size)
{
    context self = {.size = size};
    bench_timing_case timed = {.name = name, .run = run, .context = &self, .bytes = size};

    component_run(bench, &timed);
}

void bench_checksum(component_bench *bench)
{
    run_one(bench, "checksum/crc32c of 132 bytes", run_crc, 132);
    run_one(bench, "checksum/crc32c of 4 KiB", run_crc, 4096);
    run_one(bench, "checksum/crc32c of 4 KiB by table", run_crc_portable, 4096);
    run_one(bench, "checksum/hash of 20 bytes", run_hash, 20);
    run_one(bench, "checksum/hash of 100 bytes", run_hash, 100);
}
