// SPDX-License-Identifier: Apache-2.0
// The recording vfs: names, locks, clock and randomness; files and logs are in vfs_record_file.c.
#include "support/vfs_record.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "support/harness.h"
#include "support/vfs_record_inside.h"

// 2026-01-01, so that recorded times look like times.
// Each reading moves the monotonic clock, so that a loop which waits for a deadline ends.
#define CLOCK_STEP_NS 1000u

void record_enter(vfs_record *record)
{
    pthread_mutex_lock(&record->mutex);
}

void record_leave(vfs_record *record)
{
    pthread_mutex_unlock(&record->mutex);
}

void record_violate(vfs_record *record, const char *name, const char *what)
{
    if (record->violation == NULL) record->violation = harness_format("%s: %s", name, what);
}

// ---- Faults and events ----------------------------------------------------------------------

fault_kind record_strike(vfs_record *record, fault_call call)
{
    const fault_plan *plan = &record->plan;
    uint64_t number = 0;

    for (int kind = 1; kind < FAULT_KIND_COUNT; kind++) {
        if (!fault_befalls((fault_kind)kind, call)) continue;
        record->calls[kind]++;
        if (kind == (int)plan->kind) number = record->calls[kind];
    }
    if (number == 0 || number < plan->call) return FAULT_NONE;
    if (number > plan->call && !plan->is_persistent) return FAULT_NONE;
    record->hits++;
    record->hit_call = call;
    return plan->kind;
}

ferric_status record_fault(fault_kind kind, const char *what)
{
    if (kind == FAULT_NO_SPACE || kind == FAULT_SHORT_SPACE) {
        return fe_fail(FERRIC_NO_SPACE, "%s: no space (injected)", what);
    }
    if (kind == FAULT_MANY_FILES) {
        return fe_fail(FERRIC_TOO_MANY_FILES, "%s: too many open files (injected)", what);
    }
    return fe_fail(FERRIC_IO, "%s: input/output error (injected)", what);
}

void record_event(vfs_record *record, disk_event *event)
{
    if (record->trace_size == record->trace_capacity) {
        record->trace_capacity = record->trace_capacity * 2 + 64;
        record->trace =
            harness_realloc(record->trace, record->trace_capacity * sizeof(*record->trace));
    }
    record->trace[record->trace_size++] = event;
    disk_apply(record->disk, event);
}

bool record_has_room(vfs_record *record, uint64_t more)
{
    if (record->capacity == UINT64_MAX) return true;
    uint64_t used = disk_used_bytes(record->disk);
    return used <= record->capacity && more <= record->capacity - used;
}

// ---- Paths ----------------------------------------------------------------------------------

bool record_resolve(const vfs_record *record, const char *path, record_path *found)
{
    *found = (record_path){.directory = DISK_ROOT, .node = DISK_ROOT, .name = ""};
    while (*path != 0) {
        while (*path == '/')
            path++;
        size_t size = strcspn(path, "/");
        if (size == 0) break;
        if (size == 1 && *path == '.') {
            path++;
            continue;
        }
        if (size >= DISK_NAME_SIZE) harness_panic("a name longer than the model holds: %s", path);
        if (found->node == DISK_NONE || !disk_is_directory(record->disk, found->node)) return false;
        found->directory = found->node;
        memcpy(found->name, path, size);
        found->name[size] = 0;
        found->node = disk_lookup(record->disk, found->directory, found->name);
        path += size;
    }
    return true;
}

uint32_t record_make(vfs_record *record, const record_path *path, bool is_directory)
{
    disk_event *event = disk_event_create(DISK_MAKE, path->directory, NULL, 0);

    event->target = disk_node_count(record->disk);
    event->is_directory = is_directory;
    memcpy(event->name, path->name, sizeof(event->name));
    record_event(record, event);
    return event->target;
}

// ---- Names ----------------------------------------------------------------------------------

static vfs_record *record_of(fe_vfs *vfs)
{
    return (vfs_record *)(void *)vfs;
}

static ferric_status record_stat(fe_vfs *vfs, const char *path, fe_path_kind *kind, uint64_t *size)
{
    vfs_record *record = record_of(vfs);
    record_path found;
    ferric_status status = FERRIC_OK;

    record_enter(record);
    *kind = FE_PATH_NONE;
    if (size != NULL) *size = 0;
    fault_kind fault = record_strike(record, FAULT_CALL_STAT);
    if (fault != FAULT_NONE) {
        status = record_fault(fault, path);
    } else if (record_resolve(record, path, &found) && found.node != DISK_NONE) {
        bool is_directory = disk_is_directory(record->disk, found.node);
        *kind = is_directory ? FE_PATH_DIRECTORY : FE_PATH_FILE;
        if (size != NULL && !is_directory) *size = disk_size(record->disk, found.node);
    }
    record_leave(record);
    return status;
}

static ferric_status rename_locked(vfs_record *record, const char *from, const char *to)
{
    record_path source;
    record_path target;

    fault_kind fault = record_strike(record, FAULT_CALL_RENAME);
    if (fault != FAULT_NONE) return record_fault(fault, from);
    if (!record_resolve(record, from, &source) || source.node == DISK_NONE) return FERRIC_NOT_FOUND;
    if (!record_resolve(record, to, &target)) return FERRIC_NOT_FOUND;
    if (source.directory != target.directory) {
        harness_panic("the model has no rename between directories: %s to %s", from, to);
    }
    disk_event *event = disk_event_create(DISK_RENAME, source.directory, NULL, 0);
    event->target = source.node;
    memcpy(event->name, source.name, sizeof(event->name));
    memcpy(event->name_to, target.name, sizeof(event->name_to));
    record_event(record, event);
    return FERRIC_OK;
}

static ferric_status record_rename(fe_vfs *vfs, const char *from, const char *to)
{
    record_enter(record_of(vfs));
    ferric_status status = rename_locked(record_of(vfs), from, to);
    record_leave(record_of(vfs));
    return status;
}

static ferric_status link_locked(vfs_record *record, const char *from, const char *to)
{
    record_path source;
    record_path target;

    fault_kind fault = record_strike(record, FAULT_CALL_LINK);
    if (fault != FAULT_NONE) return record_fault(fault, from);
    if (!record_resolve(record, from, &source) || source.node == DISK_NONE) return FERRIC_NOT_FOUND;
    if (!record_resolve(record, to, &target)) return FERRIC_NOT_FOUND;
    if (target.node != DISK_NONE) return fe_fail(FERRIC_ALREADY_EXISTS, "%s already exists", to);
    disk_event *event = disk_event_create(DISK_LINK, target.directory, NULL, 0);
    event->target = source.node;
    memcpy(event->name, target.name, sizeof(event->name));
    record_event(record, event);
    return FERRIC_OK;
}

static ferric_status record_link(fe_vfs *vfs, const char *from, const char *to)
{
    record_enter(record_of(vfs));
    ferric_status status = link_locked(record_of(vfs), from, to);
    record_leave(record_of(vfs));
    return status;
}

static ferric_status unlink_locked(vfs_record *record, const char *path, bool is_directory)
{
    record_path found;

    fault_kind fault =
        record_strike(record, is_directory ? FAULT_CALL_REMOVE_DIRECTORY : FAULT_CALL_REMOVE);
    if (fault != FAULT_NONE) return record_fault(fault, path);
    if (!record_resolve(record, path, &found) || found.node == DISK_NONE) return FERRIC_NOT_FOUND;
    if (disk_is_directory(record->disk, found.node) != is_directory ||
        (is_directory && disk_entry_count(record->disk, found.node) != 0)) {
        return fe_fail(FERRIC_IO, "%s: wrong kind, or not empty", path);
    }
    disk_event *event = disk_event_create(DISK_UNLINK, found.directory, NULL, 0);
    memcpy(event->name, found.name, sizeof(event->name));
    record_event(record, event);
    return FERRIC_OK;
}

static ferric_status record_remove(fe_vfs *vfs, const char *path)
{
    record_enter(record_of(vfs));
    ferric_status status = unlink_locked(record_of(vfs), path, false);
    record_leave(record_of(vfs));
    return status;
}

static ferric_status record_remove_directory(fe_vfs *vfs, const char *path)
{
    record_enter(record_of(vfs));
    ferric_status status = unlink_locked(record_of(vfs), path, true);
    record_leave(record_of(vfs));
    return status;
}

static ferric_status make_directory_locked(vfs_record *record, const char *path)
{
    record_path found;

    fault_kind fault = record_strike(record, FAULT_CALL_MAKE_DIRECTORY);
    if (fault != FAULT_NONE) return record_fault(fault, path);
    if (!record_resolve(record, path, &found)) return FERRIC_NOT_FOUND;
    if (found.node != DISK_NONE) return fe_fail(FERRIC_ALREADY_EXISTS, "%s already exists", path);
    if (!record_has_room(record, 1)) return record_fault(FAULT_NO_SPACE, path);
    record_make(record, &found, true);
    return FERRIC_OK;
}

static ferric_status record_make_directory(fe_vfs *vfs, const char *path)
{
    record_enter(record_of(vfs));
    ferric_status status = make_directory_locked(record_of(vfs), path);
    record_leave(record_of(vfs));
    return status;
}

static ferric_status list_locked(vfs_record *record, const char *path, ferric_buffer *names)
{
    record_path found;

    fe_buffer_clear(names);
    fault_kind fault = record_strike(record, FAULT_CALL_LIST);
    if (fault != FAULT_NONE) return record_fault(fault, path);
    if (!record_resolve(record, path, &found) || found.node == DISK_NONE) return FERRIC_NOT_FOUND;
    if (!disk_is_directory(record->disk, found.node)) {
        return fe_fail(FERRIC_IO, "%s is not a directory", path);
    }
    for (size_t i = 0; i < disk_entry_count(record->disk, found.node); i++) {
        const char *name = disk_entry(record->disk, found.node, i, NULL);
        ferric_status status = fe_buffer_append(names, name, strlen(name) + 1);
        if (status != FERRIC_OK) return status;
    }
    return FERRIC_OK;
}

static ferric_status record_list(fe_vfs *vfs, const char *path, ferric_buffer *names)
{
    record_enter(record_of(vfs));
    ferric_status status = list_locked(record_of(vfs), path, names);
    record_leave(record_of(vfs));
    return status;
}

static ferric_status sync_directory_locked(vfs_record *record, const char *path)
{
    record_path found;

    if (!record_resolve(record, path, &found) || found.node == DISK_NONE) return FERRIC_NOT_FOUND;
    fault_kind fault = record_strike(record, FAULT_CALL_SYNC_DIRECTORY);
    if (fault != FAULT_NONE) return record_fault(fault, path);
    record_event(record, disk_event_create(DISK_SYNC_DIRECTORY, found.node, NULL, 0));
    return FERRIC_OK;
}

static ferric_status record_sync_directory(fe_vfs *vfs, const char *path)
{
    record_enter(record_of(vfs));
    ferric_status status = sync_directory_locked(record_of(vfs), path);
    record_leave(record_of(vfs));
    return status;
}

// ---- Locks ----------------------------------------------------------------------------------

struct fe_lock {
    uint32_t node;
    fe_lock_mode mode;
    fe_lock *next;
};

static bool is_refused(const vfs_record *record, uint32_t node, fe_lock_mode mode)
{
    for (const fe_lock *lock = record->locks; lock != NULL; lock = lock->next) {
        if (lock->node != node) continue;
        if (lock->mode == FE_LOCK_EXCLUSIVE || mode == FE_LOCK_EXCLUSIVE) return true;
    }
    return false;
}

// The holder's process id stands in the file as text.
static void write_holder(vfs_record *record, uint32_t node)
{
    static const char text[] = "4711\n";
    disk_event *event = disk_event_create(DISK_WRITE, node, text, sizeof(text) - 1);
    record_event(record, event);
}

static ferric_status lock_locked(vfs_record *record, const char *path, fe_lock_mode mode,
                                 fe_lock **lock, uint64_t *holder)
{
    record_path found;

    *lock = NULL;
    *holder = 0;
    fault_kind fault = record_strike(record, FAULT_CALL_LOCK);
    if (fault != FAULT_NONE) return record_fault(fault, path);
    if (!record_resolve(record, path, &found)) return FERRIC_NOT_FOUND;
    if (found.node == DISK_NONE && mode != FE_LOCK_EXCLUSIVE) return FERRIC_NOT_FOUND;
    if (found.node == DISK_NONE) found.node = record_make(record, &found, false);
    if (is_refused(record, found.node, mode)) {
        *holder = 4711;
        return FERRIC_LOCKED;
    }
    if (mode == FE_LOCK_PROBE) return FERRIC_OK;
    if (mode == FE_LOCK_EXCLUSIVE) write_holder(record, found.node);
    *lock = harness_alloc(sizeof(**lock));
    **lock = (fe_lock){found.node, mode, record->locks};
    record->locks = *lock;
    record->open_handles++;
    return FERRIC_OK;
}

static ferric_status record_lock(fe_vfs *vfs, const char *path, fe_lock_mode mode, fe_lock **lock,
                                 uint64_t *holder)
{
    record_enter(record_of(vfs));
    ferric_status status = lock_locked(record_of(vfs), path, mode, lock, holder);
    record_leave(record_of(vfs));
    return status;
}

static void record_unlock(fe_vfs *vfs, fe_lock *lock)
{
    vfs_record *record = record_of(vfs);

    record_enter(record);
    for (fe_lock **at = &record->locks; *at != NULL; at = &(*at)->next) {
        if (*at != lock) continue;
        *at = lock->next;
        record->open_handles--;
        harness_free(lock);
        break;
    }
    record_leave(record);
}

// ---- Space, randomness, clock ---------------------------------------------------------------

static ferric_status record_free_space(fe_vfs *vfs, const char *path, uint64_t *free_bytes)
{
    vfs_record *record = record_of(vfs);
    ferric_status status = FERRIC_OK;

    record_enter(record);
    fault_kind fault = record_strike(record, FAULT_CALL_FREE_SPACE);
    *free_bytes = UINT64_MAX;
    if (fault != FAULT_NONE) {
        status = record_fault(fault, path);
    } else if (record->capacity != UINT64_MAX) {
        uint64_t used = disk_used_bytes(record->disk);
        *free_bytes = used < record->capacity ? record->capacity - used : 0;
    }
    record_leave(record);
    return status;
}

static ferric_status record_random(fe_vfs *vfs, void *data, size_t size)
{
    vfs_record *record = record_of(vfs);
    ferric_status status = FERRIC_OK;

    record_enter(record);
    fault_kind fault = record_strike(record, FAULT_CALL_RANDOM);
    if (fault != FAULT_NONE) status = record_fault(fault, "random");
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)data)[i] = (uint8_t)(fe_random_next(&record->random) >> 32);
    }
    record_leave(record);
    return status;
}

static uint64_t record_now_ms(fe_vfs *vfs)
{
    record_enter(record_of(vfs));
    uint64_t now = record_of(vfs)->now_ms;
    record_leave(record_of(vfs));
    return now;
}

static uint64_t record_monotonic_ns(fe_vfs *vfs)
{
    record_enter(record_of(vfs));
    uint64_t now = record_of(vfs)->monotonic_ns += CLOCK_STEP_NS;
    record_leave(record_of(vfs));
    return now;
}

// ---- The test's side ------------------------------------------------------------------------

static const fe_vfs_ops record_ops = {
    .open = record_file_open,
    .create_log = record_log_create,
    .create_ring = record_ring_create,
    .stat = record_stat,
    .rename = record_rename,
    .link = record_link,
    .remove = record_remove,
    .make_directory = record_make_directory,
    .remove_directory = record_remove_directory,
    .list = record_list,
    .sync_directory = record_sync_directory,
    .lock = record_lock,
    .unlock = record_unlock,
    .free_space = record_free_space,
    .random = record_random,
    .now_ms = record_now_ms,
    .monotonic_ns = record_monotonic_ns,
};

vfs_record *vfs_record_create(disk *start, uint64_t seed)
{
    vfs_record *record = harness_alloc(sizeof(*record));

    record->vfs.ops = &record_ops;
    pthread_mutex_init(&record->mutex, NULL);
    record->disk = start;
    record->random.state = seed;
    record->now_ms = VFS_RECORD_START_MS;
    record->capacity = UINT64_MAX;
    return record;
}

void vfs_record_destroy(vfs_record *record)
{
    if (record == NULL) return;
    if (record->open_handles != 0)
        harness_panic("%zu handles are still open", record->open_handles);
    for (size_t i = 0; i < record->trace_size; i++)
        disk_event_unref(record->trace[i]);
    harness_free(record->trace);
    disk_destroy(record->disk);
    harness_free(record->violation);
    pthread_mutex_destroy(&record->mutex);
    harness_free(record);
}

fe_vfs *vfs_record_vfs(vfs_record *record)
{
    return &record->vfs;
}

disk *vfs_record_disk(vfs_record *record)
{
    return record->disk;
}

size_t vfs_record_trace_size(const vfs_record *record)
{
    return record->trace_size;
}

disk_event *vfs_record_trace_at(const vfs_record *record, size_t index)
{
    return record->trace[index];
}

void vfs_record_set_plan(vfs_record *record, fault_plan plan)
{
    record->plan = plan;
    record->hits = 0;
    memset(record->calls, 0, sizeof(record->calls));
}

uint64_t vfs_record_calls(const vfs_record *record, fault_kind kind)
{
    return record->calls[kind];
}

uint64_t vfs_record_hits(const vfs_record *record)
{
    return record->hits;
}

fault_call vfs_record_hit_call(const vfs_record *record)
{
    return record->hit_call;
}

void vfs_record_set_capacity(vfs_record *record, uint64_t bytes)
{
    record->capacity = bytes;
}

void vfs_record_refuse_rings(vfs_record *record)
{
    record->is_ringless = true;
}

void vfs_record_advance_ms(vfs_record *record, uint64_t ms)
{
    record->now_ms += ms;
    record->monotonic_ns += ms * 1000000u;
}

void vfs_record_set_now_ms(vfs_record *record, uint64_t now_ms)
{
    record->now_ms = now_ms;
}

const char *vfs_record_violation(const vfs_record *record)
{
    return record->violation;
}

size_t vfs_record_open_handles(const vfs_record *record)
{
    return record->open_handles;
}
