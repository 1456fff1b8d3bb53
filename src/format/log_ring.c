// SPDX-License-Identifier: Apache-2.0
// A ring in front of a log. docs/format/log_ring.md.
#include "format/log_ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "os/thread.h"

// What a drain takes at a time, and a span more. Larger pieces gain nothing, and who waits for room
// waits for one of them.
#define PIECE_SIZE_MAX ((uint64_t)256 << 10)
// Ends of spans, a piece apart, at which drains may stop. Twice as many as a full ring has.
#define MARK_COUNT 32

struct fe_log_ring {
    fe_log_file base;
    fe_log_file *log;
    fe_ring_file *file; // NULL once it was removed.
    fe_vfs *vfs;
    ferric_buffer path;
    uint64_t size;
    uint64_t piece_size;
    _Atomic(uint64_t) head; // Stored by the committing thread alone.
    _Atomic(uint64_t) tail; // Stored with drain_mutex.
    _Atomic(bool) has_failed;
    // A queue of marks; the committing thread adds, drains take.
    uint64_t marks[MARK_COUNT];
    _Atomic(uint32_t) marks_added;
    uint32_t marks_taken; // With drain_mutex.
    uint64_t last_mark;   // Of the committing thread.
    fe_mutex drain_mutex; // One drain at a time.
};

static fe_log_ring *ring_of(fe_log_file *base)
{
    return (fe_log_ring *)base;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static ferric_status refuse(const fe_log_ring *ring)
{
    return fe_fail(FERRIC_IO, "%s: its content could not be written to the log",
                   (const char *)ring->path.data);
}

// ---- Draining -------------------------------------------------------------------------------

// How far a drain goes that begins at `tail`: to the next mark, or to `end`.
static uint64_t next_stop_locked(fe_log_ring *ring, uint64_t tail, uint64_t end)
{
    // Pairs with the release store in add_mark.
    uint32_t added = atomic_load_explicit(&ring->marks_added, memory_order_acquire);

    for (; ring->marks_taken != added; ring->marks_taken++) {
        uint64_t mark = ring->marks[ring->marks_taken % MARK_COUNT];
        if (mark > tail) return smaller(mark, end);
    }
    return end;
}

// Writes [begin, end) to the log, in two writes where it goes over the ring's end.
static ferric_status write_to_log(fe_log_ring *ring, uint64_t begin, uint64_t end)
{
    ferric_status status = FERRIC_OK;

    while (begin < end && status == FERRIC_OK) {
        uint64_t place = begin & (ring->size - 1);
        size_t size = (size_t)smaller(end - begin, ring->size - place);
        status = fe_log_file_commit(ring->log, begin,
                                    ring->file->bytes + FE_LOG_RING_BYTES_AT + place, size);
        if (FE_SEEDED_BUG(FE_BUG_DRAIN_ERROR_SWALLOWED)) status = FERRIC_OK;
        if (status == FERRIC_OK) {
            status = fe_ring_file_prepare(ring->file, FE_LOG_RING_BYTES_AT + place, size);
        }
        begin += size;
    }
    return status;
}

// Writes one piece of what waits below `end`, which is the end of a span, to the log. I/O under a
// lock, on purpose: pieces must reach the log in order, and a second drain beside one that fails
// must not go on. Whoever commits meets the lock only when the ring is full.
static ferric_status drain_piece_locked(fe_log_ring *ring, uint64_t end)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t stop = next_stop_locked(ring, tail, end);
    ferric_status status = write_to_log(ring, tail, stop);

    if (FE_SEEDED_BUG(FE_BUG_RING_REUSED_EARLY)) stop = end;
    if (status != FERRIC_OK) {
        atomic_store_explicit(&ring->has_failed, true, memory_order_release);
        return status;
    }
    // Pairs with the acquire load in await_room: the place is read no more when it is free (R2).
    atomic_store_explicit(&ring->tail, stop, memory_order_release);
    return FERRIC_OK;
}

// One piece; *is_done when nothing below `end` waits any more.
static ferric_status drain_piece(fe_log_ring *ring, uint64_t end, bool *is_done)
{
    ferric_status status = FERRIC_OK;
    uint64_t head;

    fe_mutex_lock(&ring->drain_mutex);
    // Pairs with the release store in ring_commit: the bytes below it are there.
    head = atomic_load_explicit(&ring->head, memory_order_acquire);
    end = smaller(end, head); // A voided span may have taken it back.
    *is_done = atomic_load_explicit(&ring->tail, memory_order_relaxed) >= end;
    if (atomic_load_explicit(&ring->has_failed, memory_order_relaxed)) {
        status = refuse(ring);
    } else if (!*is_done) {
        status = drain_piece_locked(ring, end);
    }
    fe_mutex_unlock(&ring->drain_mutex);
    return status;
}

ferric_status fe_log_ring_drain(fe_log_ring *ring)
{
    uint64_t end = atomic_load_explicit(&ring->head, memory_order_acquire);
    bool is_done = false;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && !is_done)
        status = drain_piece(ring, end, &is_done);
    return status;
}

uint64_t fe_log_ring_waiting(const fe_log_ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    return head > tail ? head - tail : 0;
}

bool fe_log_ring_is_drain_due(const fe_log_ring *ring)
{
    return fe_log_ring_waiting(ring) >= ring->piece_size;
}

// ---- Committing -----------------------------------------------------------------------------

// Room for bytes up to `end`. Waits for at most one piece of another thread's drain at a time.
static ferric_status await_room(fe_log_ring *ring, uint64_t end)
{
    ferric_status status = FERRIC_OK;
    bool is_done;

    while (status == FERRIC_OK &&
           end - atomic_load_explicit(&ring->tail, memory_order_acquire) > ring->size) {
        status =
            drain_piece(ring, atomic_load_explicit(&ring->head, memory_order_relaxed), &is_done);
    }
    return status;
}

// Both ends of an empty ring go to `offset`.
static void move_to(fe_log_ring *ring, uint64_t offset)
{
    fe_mutex_lock(&ring->drain_mutex);
    ring->marks_taken = atomic_load_explicit(&ring->marks_added, memory_order_relaxed);
    ring->last_mark = offset;
    atomic_store_explicit(&ring->tail, offset, memory_order_relaxed);
    atomic_store_explicit(&ring->head, offset, memory_order_release);
    fe_mutex_unlock(&ring->drain_mutex);
}

// A span that would fill much of the ring goes into the log by itself, behind all before it.
static ferric_status commit_directly(fe_log_ring *ring, uint64_t offset, const void *data,
                                     size_t size)
{
    ferric_status status = fe_log_ring_drain(ring);

    if (status == FERRIC_OK) status = fe_log_file_commit(ring->log, offset, data, size);
    if (status == FERRIC_OK) move_to(ring, offset + size);
    return status;
}

static void store(fe_log_ring *ring, uint64_t offset, const uint8_t *data, size_t size)
{
    uint64_t place = offset & (ring->size - 1);
    size_t first = (size_t)smaller(size, ring->size - place);

    fe_ring_file_store(ring->file, FE_LOG_RING_BYTES_AT + place, data, first);
    if (first < size) {
        fe_ring_file_store(ring->file, FE_LOG_RING_BYTES_AT, data + first, size - first);
    }
}

// Notes the end of a span as a place where a drain may stop, if the last one is a piece behind.
static void add_mark(fe_log_ring *ring, uint64_t end)
{
    uint32_t added = atomic_load_explicit(&ring->marks_added, memory_order_relaxed);

    if (end - ring->last_mark < ring->piece_size) return;
    ring->marks[added % MARK_COUNT] = end;
    atomic_store_explicit(&ring->marks_added, added + 1, memory_order_release);
    ring->last_mark = end;
}

static ferric_status ring_commit(fe_log_file *base, uint64_t offset, const void *data, size_t size)
{
    fe_log_ring *ring = ring_of(base);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    ferric_status status;

    assert(ring->file != NULL);
    if (atomic_load_explicit(&ring->has_failed, memory_order_acquire)) return refuse(ring);
    if (offset != head) {
        // The place of a span that was voided is taken again. It went into the log by itself, or
        // not at all, so nothing waits.
        assert(offset < head && fe_log_ring_waiting(ring) == 0);
        move_to(ring, offset);
    }
    if (size > ring->size / 4) return commit_directly(ring, offset, data, size);
    status = await_room(ring, offset + size);
    if (status != FERRIC_OK) return status;
    store(ring, offset, data, size);
    add_mark(ring, offset + size);
    // Pairs with the acquire load in drain_piece.
    atomic_store_explicit(&ring->head, offset + size, memory_order_release);
    return FERRIC_OK;
}

static ferric_status ring_reserve(fe_log_file *base, uint64_t end)
{
    return fe_log_file_reserve(ring_of(base)->log, end);
}

static ferric_status ring_sync(fe_log_file *base)
{
    ferric_status status = fe_log_ring_drain(ring_of(base));
    return status == FERRIC_OK ? fe_log_file_sync(ring_of(base)->log) : status;
}

// ---- Life -----------------------------------------------------------------------------------

// REQUIRES: nothing waits, and nobody commits or drains any more.
static void remove_file(fe_log_ring *ring)
{
    if (ring->file == NULL) return;
    fe_ring_file_close(ring->file);
    ring->file = NULL;
    // One that stays is swept by a later open.
    (void)fe_vfs_remove(ring->vfs, (const char *)ring->path.data);
}

ferric_status fe_log_ring_finish(fe_log_ring *ring)
{
    ferric_status status = fe_log_ring_drain(ring);

    if (status == FERRIC_OK) remove_file(ring);
    return status;
}

static ferric_status ring_trim(fe_log_file *base, uint64_t size)
{
    ferric_status status = fe_log_ring_finish(ring_of(base));
    return status == FERRIC_OK ? fe_log_file_trim(ring_of(base)->log, size) : status;
}

static void ring_close(fe_log_file *base)
{
    fe_log_ring *ring = ring_of(base);

    fe_ring_file_close(ring->file);
    fe_log_file_close(ring->log);
    fe_mutex_deinit(&ring->drain_mutex);
    fe_buffer_deinit(&ring->path);
    fe_free(ring);
}

static const fe_log_file_ops ring_ops = {
    .reserve = ring_reserve,
    .commit = ring_commit,
    .sync = ring_sync,
    .trim = ring_trim,
    .close = ring_close,
};

fe_log_file *fe_log_ring_file(fe_log_ring *ring)
{
    return &ring->base;
}

ferric_status fe_log_ring_path(ferric_buffer *path, const char *log_path)
{
    const char *dot = strrchr(log_path, '.');
    size_t stem = dot == NULL ? strlen(log_path) : (size_t)(dot - log_path);

    fe_buffer_clear(path);
    return fe_buffer_format(path, "%.*s.ring", (int)stem, log_path);
}

static void write_header(fe_log_ring *ring, const fe_file_header *log_header)
{
    fe_file_header header = *log_header;
    uint8_t bytes[FE_FILE_HEADER_SIZE];

    header.kind = FE_FILE_RING;
    fe_file_header_encode(&header, bytes);
    fe_ring_file_store(ring->file, 0, bytes, sizeof bytes);
}

ferric_status fe_log_ring_create(fe_vfs *vfs, const fe_log_ring_place *place, fe_log_file *log,
                                 fe_log_ring **ring)
{
    fe_log_ring *created = fe_alloc_zero(1, sizeof *created);
    ferric_status status;

    assert(place->size >= FE_LOG_RING_SIZE_MIN && place->size <= FE_LOG_RING_SIZE_MAX);
    assert((place->size & (place->size - 1)) == 0);
    *ring = NULL;
    if (created == NULL) return fe_no_memory("a ring", sizeof *created);
    created->base.ops = &ring_ops;
    created->vfs = vfs;
    created->size = place->size;
    created->piece_size = smaller(place->size / 4, PIECE_SIZE_MAX);
    atomic_init(&created->head, place->log_offset);
    atomic_init(&created->tail, place->log_offset);
    created->last_mark = place->log_offset;
    status = fe_log_ring_path(&created->path, place->log_path);
    if (status == FERRIC_OK) {
        status = fe_vfs_create_ring(vfs, (const char *)created->path.data,
                                    FE_LOG_RING_BYTES_AT + place->size, &created->file);
    }
    if (status != FERRIC_OK) {
        fe_buffer_deinit(&created->path);
        fe_free(created);
        return status;
    }
    fe_mutex_init(&created->drain_mutex);
    created->log = log;
    write_header(created, place->log_header);
    *ring = created;
    return FERRIC_OK;
}
