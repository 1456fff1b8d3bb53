// SPDX-License-Identifier: Apache-2.0
// Writes a record log: each frame is built in private memory and given to the log file in one span.
//
//              append, sync, reserve, trim
//                   |        ^
//                   v        |
//   create ------> usable ---'    a failed append: the place is voided and synced, still usable
//                   |
//                   |  voiding or a sync failed
//                   v
//                 broken          nothing is written or synced any more (L5)
#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/internal_key.h"
#include "format/log_ring.h"
#include "format/record_log.h"
#include "os/thread.h"

#define RESERVE_STEP_MAX ((uint64_t)4 << 20)
#define RESERVE_ALIGNMENT 4096
// A larger frame's memory is given back after it was written.
#define BUFFER_KEPT_MAX ((size_t)1 << 20)

struct fe_record_log_writer {
    fe_log_file *file; // With a ring, the ring's.
    fe_log_ring *ring; // NULL: none.
    char *path;
    fe_sealer sealer;
    uint64_t created_ms;
    ferric_buffer buffer;   // Frames are built here; its size is always 0.
    uint64_t offset;        // Where the next frame begins.
    uint64_t reserved;      // End of the space that the file is known to have.
    uint64_t next_sequence; // Of the next frame (L3); checked once there is a frame.
    _Atomic(bool) is_broken;
    fe_mutex sync_mutex; // One sync at a time, so that none is tried after one that failed.
};

// ---- Breaking -------------------------------------------------------------------------------

static bool is_broken(const fe_record_log_writer *writer)
{
    return atomic_load_explicit(&writer->is_broken, memory_order_acquire);
}

// The outcome of everything that is not synced is unknown from now on. The message of the failure
// that led here is kept.
static ferric_status break_writer(fe_record_log_writer *writer, const char *what)
{
    if (!FE_SEEDED_BUG(FE_BUG_GOES_ON_AFTER_FAILED_SYNC)) {
        atomic_store_explicit(&writer->is_broken, true, memory_order_release);
    }
    return fe_fail(FERRIC_OUTCOME_UNKNOWN, "%s: %s, so nobody knows what is on disk: %s",
                   writer->path, what, fe_message());
}

static ferric_status refuse(const fe_record_log_writer *writer)
{
    return fe_fail(FERRIC_READ_ONLY, "%s: not written: an earlier write or sync of it failed",
                   writer->path);
}

static ferric_status too_large(const fe_record_log_writer *writer)
{
    return fe_fail(FERRIC_TOO_LARGE, "%s: a frame of more than %" PRIu32 " bytes", writer->path,
                   FE_FRAME_PAYLOAD_SIZE_MAX);
}

// I/O under a lock, on purpose: a second sync beside one that fails could return success, though
// the system has dropped what the first one did not write.
static ferric_status sync_once(fe_record_log_writer *writer)
{
    ferric_status status;

    fe_mutex_lock(&writer->sync_mutex);
    if (is_broken(writer)) {
        status = fe_fail(FERRIC_OUTCOME_UNKNOWN, "%s: not synced: an earlier write or sync failed",
                         writer->path);
    } else {
        status = fe_log_file_sync(writer->file);
        if (status != FERRIC_OK && FE_SEEDED_BUG(FE_BUG_FSYNC_RETRIED)) {
            status = fe_log_file_sync(writer->file);
        }
        if (status != FERRIC_OK) status = break_writer(writer, "a sync failed");
    }
    fe_mutex_unlock(&writer->sync_mutex);
    return status;
}

// ---- Space ----------------------------------------------------------------------------------

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static ferric_status reserve_up_to(fe_record_log_writer *writer, uint64_t end)
{
    uint64_t generous = writer->reserved;
    ferric_status status;

    if (end <= writer->reserved) return FERRIC_OK;
    while (generous < end)
        generous += smaller(generous, RESERVE_STEP_MAX);
    status = fe_log_file_reserve(writer->file, generous);
    if (status == FERRIC_NO_SPACE) {
        // On a nearly full disk what is needed may still fit where a whole step does not.
        generous = (end + RESERVE_ALIGNMENT - 1) / RESERVE_ALIGNMENT * RESERVE_ALIGNMENT;
        status = fe_log_file_reserve(writer->file, generous);
    }
    if (status == FERRIC_OK) writer->reserved = generous;
    return status;
}

// Behind the longest frame with such a payload.
static uint64_t end_of_frame(const fe_record_log_writer *writer, size_t payload_size)
{
    return writer->offset + FE_FRAME_HEADER_SIZE_MAX + payload_size + FE_SEAL_SIZE_MAX +
           FE_FRAME_ALIGNMENT;
}

ferric_status fe_record_log_reserve(fe_record_log_writer *writer, size_t payload_size)
{
    if (is_broken(writer)) return refuse(writer);
    if (payload_size > FE_FRAME_PAYLOAD_SIZE_MAX) return too_large(writer);
    return reserve_up_to(writer, end_of_frame(writer, payload_size));
}

bool fe_record_log_has_room(const fe_record_log_writer *writer, size_t payload_size)
{
    return end_of_frame(writer, payload_size) <= writer->reserved;
}

// ---- Life -----------------------------------------------------------------------------------

void fe_record_log_close(fe_record_log_writer *writer)
{
    if (writer == NULL) return;
    fe_log_file_close(writer->file);
    fe_sealer_deinit(&writer->sealer);
    fe_mutex_deinit(&writer->sync_mutex);
    fe_buffer_deinit(&writer->buffer);
    fe_free(writer->path);
    fe_free(writer);
}

static ferric_status writer_create(const char *path, const fe_file_header *header,
                                   fe_record_log_writer **writer)
{
    fe_record_log_writer *created = fe_alloc_zero(1, sizeof *created);
    ferric_status status;

    *writer = NULL;
    if (created == NULL) return fe_no_memory("a log writer", sizeof *created);
    created->path = fe_string_duplicate(path);
    status = created->path == NULL ? fe_no_memory("a log writer", strlen(path) + 1)
                                   : fe_sealer_init(&created->sealer, header, path);
    if (status != FERRIC_OK) {
        fe_free(created->path);
        fe_free(created);
        return status;
    }
    fe_mutex_init(&created->sync_mutex);
    created->created_ms = header->created_ms;
    *writer = created;
    return FERRIC_OK;
}

static ferric_status write_header(fe_record_log_writer *writer, const fe_file_header *header,
                                  uint64_t first_reserve)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];
    ferric_status status;

    writer->reserved = first_reserve < FE_FILE_HEADER_SIZE ? FE_FILE_HEADER_SIZE : first_reserve;
    status = fe_log_file_reserve(writer->file, writer->reserved);
    if (status != FERRIC_OK) return status;
    fe_file_header_encode(header, bytes);
    status = fe_log_file_commit(writer->file, 0, bytes, sizeof bytes);
    if (status != FERRIC_OK) return status;
    writer->offset = FE_FILE_HEADER_SIZE;
    return fe_log_file_sync(writer->file);
}

// A vfs or a file system without rings, or without space for one, is no failure: the log works
// without.
static ferric_status add_ring(fe_record_log_writer *writer, fe_vfs *vfs,
                              const fe_file_header *header, uint64_t ring_size)
{
    fe_log_ring_place place = {writer->path, header, writer->offset, ring_size};
    ferric_status status = fe_log_ring_create(vfs, &place, writer->file, &writer->ring);

    if (status == FERRIC_OK) writer->file = fe_log_ring_file(writer->ring);
    return status == FERRIC_UNSUPPORTED || status == FERRIC_NO_SPACE ? FERRIC_OK : status;
}

// Takes the file of a writer that could not be made away again, keeping the message of that.
static void remove_file(const fe_record_log_writer *writer, fe_vfs *vfs)
{
    ferric_buffer message = {0};
    ferric_slice text = fe_slice(fe_message(), strlen(fe_message()) + 1);
    bool is_kept = fe_buffer_assign(&message, text) == FERRIC_OK;

    (void)!fe_vfs_remove(vfs, writer->path);
    if (is_kept) fe_message_set(message.data);
    fe_buffer_deinit(&message);
}

// `ring_size` 0: no ring.
static ferric_status create(fe_vfs *vfs, const char *path, const fe_file_header *header,
                            fe_log_mode mode, uint64_t first_reserve, uint64_t ring_size,
                            fe_record_log_writer **writer)
{
    fe_record_log_writer *created;
    ferric_status status = writer_create(path, header, &created);

    *writer = NULL;
    if (status != FERRIC_OK) return status;
    status = fe_vfs_create_log(vfs, path, mode, &created->file);
    if (status != FERRIC_OK) goto out; // Whatever stands at the path is not ours to remove.
    status = write_header(created, header, first_reserve);
    // Behind the header, so that a ring that was never used is all zeros.
    if (status == FERRIC_OK && ring_size != 0) status = add_ring(created, vfs, header, ring_size);
    if (status != FERRIC_OK) {
        remove_file(created, vfs); // The failure to tell is the first.
        goto out;
    }
    *writer = created; // Ownership moves to the caller.
    created = NULL;
out:
    fe_record_log_close(created);
    return status;
}

ferric_status fe_record_log_create(fe_vfs *vfs, const char *path, const fe_file_header *header,
                                   fe_log_mode mode, uint64_t first_reserve,
                                   fe_record_log_writer **writer)
{
    return create(vfs, path, header, mode, first_reserve, 0, writer);
}

ferric_status fe_record_log_create_with_ring(fe_vfs *vfs, const char *path,
                                             const fe_file_header *header, uint64_t first_reserve,
                                             uint64_t ring_size, fe_record_log_writer **writer)
{
    return create(vfs, path, header, FE_LOG_BUFFERED, first_reserve, ring_size, writer);
}

// ---- Appending ------------------------------------------------------------------------------

// Builds the frame in the writer's buffer. *size is its size on disk.
static ferric_status build_frame(fe_record_log_writer *writer, fe_frame *frame,
                                 const ferric_slice *parts, size_t count, size_t *size)
{
    size_t header_size = fe_frame_header_size(frame, writer->created_ms);
    size_t payload_size = 0;
    uint8_t *at;
    ferric_status status;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].size > FE_FRAME_PAYLOAD_SIZE_MAX - payload_size) {
            return too_large(writer);
        }
        payload_size += parts[i].size;
    }
    status = fe_buffer_reserve(&writer->buffer,
                               header_size + payload_size + FE_SEAL_SIZE_MAX + FE_FRAME_ALIGNMENT);
    if (status != FERRIC_OK) return status;
    at = writer->buffer.data;
    frame->payload = fe_slice(at + header_size, payload_size);
    at += header_size;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size > 0) memcpy(at, parts[i].data, parts[i].size);
        at += parts[i].size;
    }
    *size = fe_frame_size(frame, &writer->sealer, writer->created_ms);
    return fe_frame_encode(frame, &writer->sealer, writer->created_ms, writer->offset,
                           writer->buffer.data);
}

// After a commit of `size` bytes failed, any part of which may be in the file: writes zeros over
// all of it, so that no reader finds the frame or takes its remains for a torn tail. Only the sync
// makes this true of a power loss, after which parts of both writes may be there.
static ferric_status void_frame(fe_record_log_writer *writer, size_t size, ferric_status failure)
{
    memset(writer->buffer.data, 0, size);
    if (fe_log_file_commit(writer->file, writer->offset, writer->buffer.data, size) != FERRIC_OK) {
        return break_writer(writer, "a frame could be neither written nor voided");
    }
    if (FE_SEEDED_BUG(FE_BUG_VOID_NOT_SYNCED)) return failure;
    if (sync_once(writer) != FERRIC_OK) return FERRIC_OUTCOME_UNKNOWN;
    return failure;
}

ferric_status fe_record_log_append(fe_record_log_writer *writer, const fe_frame *frame,
                                   const ferric_slice *parts, size_t count)
{
    fe_frame built = *frame;
    size_t size = 0;
    ferric_status status;

    if (is_broken(writer)) return refuse(writer);
    assert(writer->offset == FE_FILE_HEADER_SIZE || frame->sequence == writer->next_sequence);
    status = build_frame(writer, &built, parts, count, &size);
    if (status != FERRIC_OK) return status;
    status = reserve_up_to(writer, writer->offset + size);
    if (status == FERRIC_OK) {
        status = fe_log_file_commit(writer->file, writer->offset, writer->buffer.data, size);
        if (status != FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_FAILED_APPEND_LEFT)) {
            status = void_frame(writer, size, status);
        }
    }
    if (status != FERRIC_OK && FE_SEEDED_BUG(FE_BUG_NONCE_TAKEN_AGAIN)) writer->sealer.attempts--;
    if (status == FERRIC_OK) {
        writer->offset += size;
        writer->next_sequence = frame->sequence + frame->batch_count;
    }
    if (writer->buffer.capacity > BUFFER_KEPT_MAX) fe_buffer_deinit(&writer->buffer);
    return status;
}

ferric_status fe_record_log_sync(fe_record_log_writer *writer)
{
    return sync_once(writer);
}

bool fe_record_log_is_drain_due(const fe_record_log_writer *writer)
{
    return writer->ring != NULL && fe_log_ring_is_drain_due(writer->ring);
}

// One drain or sync at a time goes on to break the writer, as with syncs.
static ferric_status with_ring(fe_record_log_writer *writer, ferric_status (*work)(fe_log_ring *))
{
    ferric_status status;

    if (writer->ring == NULL) return FERRIC_OK;
    fe_mutex_lock(&writer->sync_mutex);
    if (is_broken(writer)) {
        status = fe_fail(FERRIC_OUTCOME_UNKNOWN, "%s: not written: an earlier write or sync failed",
                         writer->path);
    } else {
        status = work(writer->ring);
        if (status != FERRIC_OK) {
            status = break_writer(writer, "the ring could not be written to it");
        }
    }
    fe_mutex_unlock(&writer->sync_mutex);
    return status;
}

ferric_status fe_record_log_drain(fe_record_log_writer *writer)
{
    return with_ring(writer, fe_log_ring_drain);
}

ferric_status fe_record_log_finish(fe_record_log_writer *writer)
{
    return with_ring(writer, fe_log_ring_finish);
}

uint64_t fe_record_log_offset(const fe_record_log_writer *writer)
{
    return writer->offset;
}

ferric_status fe_record_log_trim(fe_record_log_writer *writer)
{
    ferric_status status;

    if (is_broken(writer)) return refuse(writer);
    status = fe_log_file_trim(writer->file, writer->offset);
    if (status == FERRIC_OK) writer->reserved = writer->offset;
    return status;
}
