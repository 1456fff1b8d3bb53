// SPDX-License-Identifier: Apache-2.0
// The log: appending a commit of one small put, syncing it, and reading frames back.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "component/component.h"
#include "format/log_ring.h"
#include "format/record_log.h"
#include "support/failure.h"

// What one put of 16 + 100 bytes is in the log.
#define PAYLOAD_SIZE 124
#define FIRST_RESERVE ((uint64_t)256 << 10)

typedef struct context {
    fe_vfs *vfs;
    char path[4096];
    fe_log_mode mode;
    bool has_ring;
    uint64_t created_ms;
    uint64_t sequence;
    uint8_t payload[PAYLOAD_SIZE];
    fe_record_log_writer *writer;
} context;

static void create(void *argument)
{
    context *self = argument;
    fe_file_header header = {.version = FE_FORMAT_VERSION,
                             .kind = FE_FILE_LOG,
                             .file_number = 5,
                             .created_ms = self->created_ms,
                             .salt = {1, 2, 3}};

    self->sequence = 1;
    if (self->has_ring) {
        component_check(fe_record_log_create_with_ring(self->vfs, self->path, &header,
                                                       FIRST_RESERVE, FE_LOG_RING_SIZE_MAX,
                                                       &self->writer),
                        "create a log with a ring");
        return;
    }
    component_check(fe_record_log_create(self->vfs, self->path, &header, self->mode, FIRST_RESERVE,
                                         &self->writer),
                    "create a log");
}

static void close_log(context *self)
{
    fe_record_log_close(self->writer);
    self->writer = NULL;
}

static void destroy(void *argument)
{
    context *self = argument;

    if (self->has_ring) component_check(fe_record_log_finish(self->writer), "remove a ring");
    close_log(self);
    component_check(fe_vfs_remove(self->vfs, self->path), "remove a log");
}

static void append_one(context *self)
{
    fe_frame frame = {.kind = FE_FRAME_COMMITS,
                      .batch_count = 1,
                      .sequence = self->sequence,
                      .durable_sequence = self->sequence - 1,
                      .time_ms = self->created_ms};
    ferric_slice part = {self->payload, sizeof(self->payload)};

    component_check(fe_record_log_append(self->writer, &frame, &part, 1), "append");
    self->sequence++;
}

static void append(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++)
        append_one(self);
}

// The drains are part of the cost here; in an engine with threads another one pays for them.
static void append_to_ring(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        append_one(self);
        if (fe_record_log_is_drain_due(self->writer)) {
            component_check(fe_record_log_drain(self->writer), "drain");
        }
    }
}

static void append_and_sync(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        append_one(self);
        component_check(fe_record_log_sync(self->writer), "sync");
    }
}

static void replay(void *argument, uint64_t count)
{
    context *self = argument;
    fe_record_log_reader *reader;
    uint64_t i;

    component_check(fe_record_log_open(self->vfs, self->path, FE_FILE_LOG, NULL, &reader),
                    "open a log");
    for (i = 0; i < count; i++) {
        fe_frame_result result;
        fe_frame frame;
        uint64_t offset;

        component_check(fe_record_log_next(reader, &frame, &result, &offset), "read a frame");
        if (result != FE_FRAME_VALID) bench_die("log: a frame is lost");
        bench_keep(frame.sequence);
    }
    fe_record_log_reader_close(reader);
}

static void run_append(component_bench *bench, context *self, const char *name, uint64_t count,
                       void (*run)(void *, uint64_t))
{
    bench_timing_case timed = {.name = name,
                               .setup = create,
                               .run = run,
                               .teardown = destroy,
                               .context = self,
                               .count = count};

    component_run(bench, &timed);
}

static void run_replay(component_bench *bench, context *self, const char *name, uint64_t count)
{
    bench_timing_case timed = {.name = name, .run = replay, .context = self, .count = count};

    create(self);
    append(self, count);
    close_log(self);
    component_run(bench, &timed);
    component_check(fe_vfs_remove(self->vfs, self->path), "remove a log");
}

static void run_all(component_bench *bench, context *self)
{
    uint64_t many = bench->is_short ? 1000 : 200000;
    fe_vfs *memory;

    self->vfs = fe_vfs_posix();
    self->mode = FE_LOG_BUFFERED;
    run_append(bench, self, "log/append a small commit", many, append);
    self->has_ring = true;
    run_append(bench, self, "log/append a small commit to a ring, drains not counted",
               bench->is_short ? 1000 : 20000, append);
    run_append(bench, self, "log/append a small commit to a ring, and drain", many, append_to_ring);
    self->has_ring = false;
    run_replay(bench, self, "log/read a small commit back", many);
    self->mode = FE_LOG_SYNCED;
    run_append(bench, self, "log/append a small commit and sync", bench->is_short ? 20 : 2000,
               append_and_sync);
    component_check(fe_vfs_memory_create(&memory), "make a file system in memory");
    self->vfs = memory;
    self->mode = FE_LOG_BUFFERED;
    bench_format(self->path, sizeof(self->path), "/bench.log");
    run_append(bench, self, "log/append a small commit, file in memory", many, append);
    fe_vfs_memory_destroy(memory);
}

void bench_log(component_bench *bench)
{
    context *self;

    if (!component_wants(bench, "log/")) return;
    self = bench_allocate(1, sizeof(*self));
    self->created_ms = fe_vfs_now_ms(fe_vfs_posix());
    memset(self->payload, 'p', sizeof(self->payload));
    bench_format(self->path, sizeof(self->path), "%s/ferric-component-%llu.log", bench->directory,
                 (unsigned long long)bench_now_ns());
    run_all(bench, self);
    free(self);
}
