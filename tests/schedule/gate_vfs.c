// SPDX-License-Identifier: Apache-2.0
// The wrapping vfs and its gates. Calls that have no gate go straight to the inner vfs.
#include "gate_vfs.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "lsm/file_names.h"
#include "os/thread.h"
#include "support/harness.h"

#define NO_POINT GATE_POINT_COUNT
#define FREED_BYTE 0xa5

typedef struct gate {
    bool is_closed; // For the next thread.
    bool is_held;   // A thread waits.
    bool is_failing;
    uint64_t count;
} gate;

struct gate_vfs {
    fe_vfs base;
    fe_vfs *inner;
    fe_mutex mutex;
    fe_cond changed;
    // Guarded by mutex.
    gate gates[GATE_POINT_COUNT];
    uint64_t log_syncs[GATE_LOG_SYNCS_MAX];
    size_t log_sync_count;
    atomic_ullong free_bytes_max; // Of what the file system says is free.
};

// A file of either kind; the one that it is not stays NULL.
typedef struct gate_file {
    fe_file file;
    fe_log_file log;
    fe_file *inner_file;
    fe_log_file *inner_log;
    gate_vfs *owner;
    fe_file_kind kind;
    uint64_t number;
} gate_file;

// ---- Gates ----------------------------------------------------------------------------------

static ferric_status come_to(gate_vfs *gates, gate_point point)
{
    ferric_status status = FERRIC_OK;
    gate *here;

    if (point == NO_POINT) return FERRIC_OK;
    here = &gates->gates[point];
    fe_mutex_lock(&gates->mutex);
    here->count++;
    if (here->is_failing) status = fe_fail(FERRIC_IO, "refused at gate %d", (int)point);
    here->is_failing = false;
    if (here->is_closed) {
        here->is_closed = false;
        here->is_held = true;
        fe_cond_broadcast(&gates->changed);
        while (here->is_held)
            fe_cond_wait(&gates->changed, &gates->mutex);
    }
    fe_mutex_unlock(&gates->mutex);
    return status;
}

void gate_close(gate_vfs *gates, gate_point point)
{
    fe_mutex_lock(&gates->mutex);
    gates->gates[point].is_closed = true;
    fe_mutex_unlock(&gates->mutex);
}

void gate_await(gate_vfs *gates, gate_point point)
{
    fe_mutex_lock(&gates->mutex);
    while (!gates->gates[point].is_held)
        fe_cond_wait(&gates->changed, &gates->mutex);
    fe_mutex_unlock(&gates->mutex);
}

void gate_pass(gate_vfs *gates, gate_point point)
{
    fe_mutex_lock(&gates->mutex);
    gates->gates[point].is_held = false;
    fe_cond_broadcast(&gates->changed);
    fe_mutex_unlock(&gates->mutex);
}

void gate_await_number(gate_vfs *gates, gate_point point, uint64_t number)
{
    gate_await(gates, point);
    while (--number > 0) {
        gate_close(gates, point);
        gate_pass(gates, point);
        gate_await(gates, point);
    }
}

void gate_fail_next(gate_vfs *gates, gate_point point)
{
    fe_mutex_lock(&gates->mutex);
    gates->gates[point].is_failing = true;
    fe_mutex_unlock(&gates->mutex);
}

uint64_t gate_count(gate_vfs *gates, gate_point point)
{
    uint64_t count;
    fe_mutex_lock(&gates->mutex);
    count = gates->gates[point].count;
    fe_mutex_unlock(&gates->mutex);
    return count;
}

static void note_log_sync(gate_vfs *gates, uint64_t number)
{
    fe_mutex_lock(&gates->mutex);
    if (gates->log_sync_count < GATE_LOG_SYNCS_MAX) {
        gates->log_syncs[gates->log_sync_count++] = number;
    }
    fe_mutex_unlock(&gates->mutex);
}

size_t gate_log_syncs(gate_vfs *gates, uint64_t numbers[GATE_LOG_SYNCS_MAX])
{
    size_t count;
    fe_mutex_lock(&gates->mutex);
    count = gates->log_sync_count;
    memcpy(numbers, gates->log_syncs, count * sizeof *numbers);
    fe_mutex_unlock(&gates->mutex);
    return count;
}

void gate_log_syncs_clear(gate_vfs *gates)
{
    fe_mutex_lock(&gates->mutex);
    gates->log_sync_count = 0;
    fe_mutex_unlock(&gates->mutex);
}

// ---- Files ----------------------------------------------------------------------------------

static gate_vfs *gates_of(fe_vfs *vfs)
{
    return (gate_vfs *)(void *)vfs;
}

static gate_file *of_file(fe_file *file)
{
    return (gate_file *)(void *)file;
}

static gate_file *of_log(fe_log_file *log)
{
    return (gate_file *)(void *)((char *)log - offsetof(gate_file, log));
}

static gate_file *create_file(gate_vfs *gates, const char *path)
{
    const char *slash = strrchr(path, '/');
    gate_file *created = harness_alloc(sizeof *created);

    created->owner = gates;
    if (!fe_file_name_parse(slash == NULL ? path : slash + 1, &created->kind, &created->number)) {
        created->kind = FE_FILE_CURRENT; // Of no interest here.
    }
    return created;
}

static ferric_status gate_read_at(fe_file *file, uint64_t offset, void *data, size_t size,
                                  size_t *got)
{
    gate_file *self = of_file(file);
    gate_point point = NO_POINT;
    ferric_status status;

    if (self->kind == FE_FILE_TABLE) point = GATE_TABLE_READ;
    if (self->kind == FE_FILE_LOG) point = GATE_LOG_READ;
    status = come_to(self->owner, point);
    return status != FERRIC_OK ? status
                               : fe_file_read_at(self->inner_file, offset, data, size, got);
}

static ferric_status gate_read_many(fe_file *file, fe_read_request *requests, size_t count)
{
    return fe_file_read_many(of_file(file)->inner_file, requests, count);
}

static ferric_status gate_write_at(fe_file *file, uint64_t offset, const void *data, size_t size)
{
    return fe_file_write_at(of_file(file)->inner_file, offset, data, size);
}

static ferric_status gate_truncate(fe_file *file, uint64_t size)
{
    return fe_file_truncate(of_file(file)->inner_file, size);
}

static ferric_status gate_sync(fe_file *file)
{
    gate_file *self = of_file(file);
    ferric_status status =
        come_to(self->owner, self->kind == FE_FILE_TABLE ? GATE_TABLE_SYNC : NO_POINT);

    return status != FERRIC_OK ? status : fe_file_sync(self->inner_file);
}

static ferric_status gate_size(fe_file *file, uint64_t *size)
{
    return fe_file_size(of_file(file)->inner_file, size);
}

static void gate_close_file(fe_file *file)
{
    fe_file_close(of_file(file)->inner_file);
    harness_free(of_file(file));
}

static const fe_file_ops file_ops = {
    .read_at = gate_read_at,
    .read_many = gate_read_many,
    .write_at = gate_write_at,
    .truncate = gate_truncate,
    .sync = gate_sync,
    .size = gate_size,
    .close = gate_close_file,
};

static gate_point point_of_open(fe_file_kind kind, fe_open_mode mode)
{
    if (mode == FE_OPEN_CREATE) return kind == FE_FILE_TABLE ? GATE_TABLE_CREATE : NO_POINT;
    if (mode != FE_OPEN_READ) return NO_POINT;
    switch (kind) {
    case FE_FILE_TABLE:
        return GATE_TABLE_OPEN;
    case FE_FILE_MANIFEST:
        return GATE_MANIFEST_OPEN;
    case FE_FILE_LOG:
        return GATE_LOG_OPEN;
    default:
        return NO_POINT;
    }
}

static ferric_status gate_open(fe_vfs *vfs, const char *path, fe_open_mode mode, fe_file **file)
{
    gate_file *created = create_file(gates_of(vfs), path);
    ferric_status status = come_to(gates_of(vfs), point_of_open(created->kind, mode));

    *file = NULL;
    if (status == FERRIC_OK) {
        status = fe_vfs_open(created->owner->inner, path, mode, &created->inner_file);
    }
    if (status != FERRIC_OK) {
        harness_free(created);
        return status;
    }
    created->file.ops = &file_ops;
    *file = &created->file;
    return FERRIC_OK;
}

// ---- Logs -----------------------------------------------------------------------------------

static ferric_status gate_log_reserve(fe_log_file *log, uint64_t end)
{
    return fe_log_file_reserve(of_log(log)->inner_log, end);
}

static ferric_status gate_log_commit(fe_log_file *log, uint64_t offset, const void *data,
                                     size_t size)
{
    gate_file *self = of_log(log);
    ferric_status status =
        come_to(self->owner, self->kind == FE_FILE_LOG ? GATE_LOG_COMMIT : NO_POINT);

    return status != FERRIC_OK ? status : fe_log_file_commit(self->inner_log, offset, data, size);
}

static ferric_status gate_log_sync(fe_log_file *log)
{
    gate_file *self = of_log(log);
    ferric_status status;

    if (self->kind == FE_FILE_LOG) note_log_sync(self->owner, self->number);
    status = come_to(self->owner, self->kind == FE_FILE_LOG ? GATE_LOG_SYNC : GATE_MANIFEST_SYNC);
    return status != FERRIC_OK ? status : fe_log_file_sync(self->inner_log);
}

static ferric_status gate_log_trim(fe_log_file *log, uint64_t size)
{
    return fe_log_file_trim(of_log(log)->inner_log, size);
}

static void gate_log_close(fe_log_file *log)
{
    fe_log_file_close(of_log(log)->inner_log);
    harness_free(of_log(log));
}

static const fe_log_file_ops log_ops = {
    .reserve = gate_log_reserve,
    .commit = gate_log_commit,
    .sync = gate_log_sync,
    .trim = gate_log_trim,
    .close = gate_log_close,
};

static ferric_status gate_create_log(fe_vfs *vfs, const char *path, fe_log_mode mode,
                                     fe_log_file **log)
{
    gate_file *created = create_file(gates_of(vfs), path);
    ferric_status status =
        come_to(gates_of(vfs), created->kind == FE_FILE_LOG ? GATE_LOG_CREATE : NO_POINT);

    *log = NULL;
    if (status == FERRIC_OK) {
        status = fe_vfs_create_log(created->owner->inner, path, mode, &created->inner_log);
    }
    if (status != FERRIC_OK) {
        harness_free(created);
        return status;
    }
    created->log.ops = &log_ops;
    *log = &created->log;
    return FERRIC_OK;
}

// ---- Names ----------------------------------------------------------------------------------

static ferric_status gate_stat(fe_vfs *vfs, const char *path, fe_path_kind *kind, uint64_t *size)
{
    return fe_vfs_stat(gates_of(vfs)->inner, path, kind, size);
}

static ferric_status gate_rename(fe_vfs *vfs, const char *from, const char *to)
{
    return fe_vfs_rename(gates_of(vfs)->inner, from, to);
}

static ferric_status gate_link(fe_vfs *vfs, const char *from, const char *to)
{
    return fe_vfs_link(gates_of(vfs)->inner, from, to);
}

static ferric_status gate_remove(fe_vfs *vfs, const char *path)
{
    return fe_vfs_remove(gates_of(vfs)->inner, path);
}

static ferric_status gate_make_directory(fe_vfs *vfs, const char *path)
{
    return fe_vfs_make_directory(gates_of(vfs)->inner, path);
}

static ferric_status gate_remove_directory(fe_vfs *vfs, const char *path)
{
    return fe_vfs_remove_directory(gates_of(vfs)->inner, path);
}

static ferric_status gate_list(fe_vfs *vfs, const char *path, ferric_buffer *names)
{
    return fe_vfs_list(gates_of(vfs)->inner, path, names);
}

static ferric_status gate_sync_directory(fe_vfs *vfs, const char *path)
{
    ferric_status status = come_to(gates_of(vfs), GATE_DIRECTORY_SYNC);

    return status != FERRIC_OK ? status : fe_vfs_sync_directory(gates_of(vfs)->inner, path);
}

static ferric_status gate_lock(fe_vfs *vfs, const char *path, fe_lock_mode mode, fe_lock **lock,
                               uint64_t *holder)
{
    return fe_vfs_lock(gates_of(vfs)->inner, path, mode, lock, holder);
}

static void gate_unlock(fe_vfs *vfs, fe_lock *lock)
{
    fe_vfs_unlock(gates_of(vfs)->inner, lock);
}

static ferric_status gate_free_space(fe_vfs *vfs, const char *path, uint64_t *free_bytes)
{
    ferric_status status = fe_vfs_free_space(gates_of(vfs)->inner, path, free_bytes);
    uint64_t claimed = atomic_load(&gates_of(vfs)->free_bytes_max);

    if (status == FERRIC_OK && *free_bytes > claimed) *free_bytes = claimed;
    return status;
}

static ferric_status gate_random(fe_vfs *vfs, void *data, size_t size)
{
    return fe_vfs_random(gates_of(vfs)->inner, data, size);
}

static uint64_t gate_now_ms(fe_vfs *vfs)
{
    return fe_vfs_now_ms(gates_of(vfs)->inner);
}

static uint64_t gate_monotonic_ns(fe_vfs *vfs)
{
    return fe_vfs_monotonic_ns(gates_of(vfs)->inner);
}

static const fe_vfs_ops vfs_ops = {
    .open = gate_open,
    .create_log = gate_create_log,
    .stat = gate_stat,
    .rename = gate_rename,
    .link = gate_link,
    .remove = gate_remove,
    .make_directory = gate_make_directory,
    .remove_directory = gate_remove_directory,
    .list = gate_list,
    .sync_directory = gate_sync_directory,
    .lock = gate_lock,
    .unlock = gate_unlock,
    .free_space = gate_free_space,
    .random = gate_random,
    .now_ms = gate_now_ms,
    .monotonic_ns = gate_monotonic_ns,
};

void gate_claim_free_space(gate_vfs *gates, uint64_t bytes)
{
    atomic_store(&gates->free_bytes_max, bytes);
}

// ---- Life -----------------------------------------------------------------------------------

gate_vfs *gate_vfs_create(void)
{
    gate_vfs *created = harness_alloc(sizeof *created);

    created->base.ops = &vfs_ops;
    if (fe_vfs_memory_create(&created->inner) != FERRIC_OK) harness_panic("no memory for a vfs");
    atomic_init(&created->free_bytes_max, UINT64_MAX);
    fe_mutex_init(&created->mutex);
    fe_cond_init(&created->changed);
    return created;
}

void gate_vfs_destroy(gate_vfs *gates)
{
    fe_vfs_memory_destroy(gates->inner);
    fe_cond_deinit(&gates->changed);
    fe_mutex_deinit(&gates->mutex);
    harness_free(gates);
}

fe_vfs *gate_vfs_of(gate_vfs *gates)
{
    return &gates->base;
}

// ---- Allocations ----------------------------------------------------------------------------

static _Thread_local bool holds_allocations;

void gate_hold_my_allocations(bool is_held)
{
    holds_allocations = is_held;
}

static void *held_reallocate(void *context, void *memory, size_t size)
{
    if (holds_allocations && come_to(context, GATE_ALLOCATION) != FERRIC_OK) return NULL;
    return realloc(memory, size);
}

// Behind a pointer that may change, or the compiler would leave out what it writes before free.
static void *(*const volatile overwrite)(void *, int, size_t) = memset;

// Overwrites what is freed, so that its use shows. The C library's own way to do that leaves out
// what it keeps for the same thread.
static void held_release(void *context, void *memory)
{
    if (holds_allocations) (void)come_to(context, GATE_RELEASE);
    if (memory != NULL) overwrite(memory, FREED_BYTE, malloc_usable_size(memory));
    free(memory);
}

void gate_allocator_install(gate_vfs *gates)
{
    ferric_allocator allocator = {held_reallocate, held_release, gates};
    ferric_set_allocator(&allocator);
}

void gate_allocator_remove(void)
{
    ferric_set_allocator(NULL);
}
