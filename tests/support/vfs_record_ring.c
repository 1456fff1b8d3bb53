// SPDX-License-Identifier: Apache-2.0
// Rings of the recording vfs. A store is a write that is never synced, so that a power loss may
// leave any sector of it, whatever became of those before and after.
#include <string.h>

#include "base/status.h"
#include "support/harness.h"
#include "support/vfs_record_inside.h"

typedef struct record_ring {
    fe_ring_file ring; // First.
    vfs_record *record;
    uint32_t node;
    uint64_t size;
    uint8_t *bytes; // What the process sees of the mapping.
    bool is_prepare_failed;
    char name[DISK_NAME_SIZE];
} record_ring;

static record_ring *ring_of(fe_ring_file *ring)
{
    return (record_ring *)(void *)ring;
}

static void ring_store(fe_ring_file *ring, uint64_t offset, const void *data, size_t size)
{
    record_ring *self = ring_of(ring);

    record_enter(self->record);
    if (offset + size > self->size) {
        record_violate(self->record, self->name, "a store outside the ring");
    } else {
        memcpy(self->bytes + offset, data, size);
        record_write(self->record, self->node, offset, data, size);
    }
    if (self->is_prepare_failed) {
        record_violate(self->record, self->name, "stored to after a failed prepare");
    }
    record_leave(self->record);
}

static ferric_status ring_prepare(fe_ring_file *ring, uint64_t offset, size_t size)
{
    record_ring *self = ring_of(ring);
    ferric_status status = FERRIC_OK;

    record_enter(self->record);
    if (offset + size > self->size) {
        record_violate(self->record, self->name, "prepared outside the ring");
    }
    fault_kind fault = record_strike(self->record, FAULT_CALL_RING_PREPARE);
    if (fault != FAULT_NONE) {
        self->is_prepare_failed = true;
        status = record_fault(fault, self->name);
    }
    record_leave(self->record);
    return status;
}

static void ring_close(fe_ring_file *ring)
{
    record_ring *self = ring_of(ring);

    record_enter(self->record);
    self->record->open_handles--;
    record_leave(self->record);
    harness_free(self->bytes);
    harness_free(self);
}

static const fe_ring_file_ops ring_ops = {
    .store = ring_store,
    .prepare = ring_prepare,
    .close = ring_close,
};

static ferric_status create_locked(vfs_record *record, const char *path, uint64_t size,
                                   fe_ring_file **ring)
{
    record_path found;

    fault_kind fault = record_strike(record, FAULT_CALL_CREATE_RING);
    if (fault != FAULT_NONE) return record_fault(fault, path);
    if (record->is_ringless) return FERRIC_UNSUPPORTED;
    if (!record_resolve(record, path, &found)) return FERRIC_NOT_FOUND;
    if (found.node != DISK_NONE) return fe_fail(FERRIC_ALREADY_EXISTS, "%s already exists", path);
    if (!record_has_room(record, size)) return record_fault(FAULT_NO_SPACE, path);
    record_ring *created = harness_alloc(sizeof(*created));
    created->ring.ops = &ring_ops;
    created->record = record;
    created->node = record_make(record, &found, false);
    created->size = size;
    created->bytes = harness_alloc((size_t)size);
    created->ring.bytes = created->bytes;
    memcpy(created->name, found.name, sizeof(created->name));
    record_write(record, created->node, 0, NULL, (size_t)size);
    record->open_handles++;
    *ring = &created->ring;
    return FERRIC_OK;
}

ferric_status record_ring_create(fe_vfs *vfs, const char *path, uint64_t size, fe_ring_file **ring)
{
    vfs_record *record = (vfs_record *)(void *)vfs;

    *ring = NULL;
    record_enter(record);
    ferric_status status = create_locked(record, path, size, ring);
    record_leave(record);
    return status;
}
