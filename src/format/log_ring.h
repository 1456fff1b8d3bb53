// SPDX-License-Identifier: Apache-2.0
// A ring in front of a log: spans are copied into mapped memory and written to the log later, many
// at a time. docs/format/log_ring.md.
//
//   ring file:  header | ......... size bytes, a power of two .........
//   log:        [ in the log already     tail [ in the ring alone ] head
//                                             '--- at most size ---'
//
// Invariants
// R1. The byte of log offset x stands at x modulo size in the ring, from when its span was
//     committed until that place is needed again.
// R2. A place is needed again only for offsets at or above tail + size, and tail moves only over
//     bytes that the log file has, from the end of a span to the end of a span. So every committed
//     span is whole in the log or whole in the ring.
// R3. Nothing of the ring is needed for what was synced: a sync drains first.
// R4. After a drain that failed the ring takes nothing and drains nothing any more, and its file
//     stays: what was acknowledged comes back at the next open.
//
// Threads: one commit at a time, beside a sync and drains of other threads.
#ifndef FERRIC_FORMAT_LOG_RING_H
#define FERRIC_FORMAT_LOG_RING_H

#include "base/buffer.h"
#include "format/file_header.h"
#include "os/vfs.h"

#define FE_LOG_RING_SIZE_MIN ((uint64_t)16 << 10)
#define FE_LOG_RING_SIZE_MAX ((uint64_t)4 << 20)
// Where in the file the ring begins: the header has a page of its own.
#define FE_LOG_RING_BYTES_AT 4096

typedef struct fe_log_ring fe_log_ring;

// Replaces `path` by that of the ring of the log `log_path`: its suffix is "ring". Ends in a zero
// byte that size does not count. Errors: FERRIC_NO_MEMORY.
ferric_status fe_log_ring_path(ferric_buffer *path, const char *log_path);

typedef struct fe_log_ring_place {
    const char *log_path;
    const fe_file_header *log_header;
    uint64_t log_offset; // Where the log's next span goes; all before it is in the log.
    uint64_t size;       // A power of two between the limits.
} fe_log_ring_place;

// Creates the ring of `log`, which belongs to the ring from then on. On failure *ring is NULL, and
// `log` the caller's.
// Errors: FERRIC_UNSUPPORTED: the vfs has no rings here. FERRIC_NO_SPACE and others of the vfs.
ferric_status fe_log_ring_create(fe_vfs *vfs, const fe_log_ring_place *place, fe_log_file *log,
                                 fe_log_ring **ring);

// The log with its ring, as one log file. Closing it closes both and leaves both files; trimming it
// removes the ring.
fe_log_file *fe_log_ring_file(fe_log_ring *ring);

// Bytes that the ring alone has.
uint64_t fe_log_ring_waiting(const fe_log_ring *ring);
// Whether so much waits that a drain pays.
bool fe_log_ring_is_drain_due(const fe_log_ring *ring);

// Writes to the log what waited when it was called; the kernel has it then in the log too, durable
// after a sync. Errors: FERRIC_IO: R4.
ferric_status fe_log_ring_drain(fe_log_ring *ring);

// Drains, then removes the ring: nothing is committed any more. Errors: FERRIC_IO: R4.
ferric_status fe_log_ring_finish(fe_log_ring *ring);

// ---- Recovery -------------------------------------------------------------------------------

// What a ring file holds, read whole.
typedef struct fe_log_ring_image {
    ferric_buffer bytes; // The ring twice over, so that every span is in one piece. Empty: no ring.
    uint64_t size;
} fe_log_ring_image;

// Reads the ring of the log `log_path` with that header. A ring that is missing, of another log, or
// damaged in its header or size leaves an empty image: nothing durable depends on it (R3).
// Errors: FERRIC_IO, FERRIC_NO_MEMORY.
ferric_status fe_log_ring_image_load(fe_vfs *vfs, const char *log_path,
                                     const fe_file_header *log_header, fe_log_ring_image *image);
void fe_log_ring_image_deinit(fe_log_ring_image *image);

// The `size` bytes that would be those of the log from `offset` on. Lent by the image.
ferric_slice fe_log_ring_image_at(const fe_log_ring_image *image, uint64_t offset);

#endif
