// SPDX-License-Identifier: Apache-2.0
// A file of frames, written front to back and read once: logs and manifests are record logs.
// docs/format/record_log.md.
//
//   file header 64 | frame | frame | ... | zeros, as far as space was reserved
//
// Invariants
// L1. A file is written by one open only and never appended to by a later one.
// L2. Frames stand without gaps from offset 64 on; each begins where the one before it ends.
// L3. frame.sequence = the sequence + batch_count of the frame before it.
// L4. An append that failed left nothing that a reader will ever take for a frame, also after a
//     loss of power, or the writer is broken and says FERRIC_OUTCOME_UNKNOWN.
// L5. A broken writer writes nothing and syncs nothing: it answers FERRIC_READ_ONLY, and a sync
//     FERRIC_OUTCOME_UNKNOWN.
#ifndef FERRIC_FORMAT_RECORD_LOG_H
#define FERRIC_FORMAT_RECORD_LOG_H

#include "format/frame.h"
#include "os/vfs.h"

typedef struct fe_record_log_writer fe_record_log_writer;

// Creates the file, writes its header and syncs it (the directory's sync is the caller's).
// `path` and `header` are copied. Space is reserved in doubling steps from `first_reserve` bytes up
// to 4 MiB.
// Errors: FERRIC_ALREADY_EXISTS, FERRIC_NO_SPACE, FERRIC_IO, FERRIC_NO_MEMORY: *writer is NULL and
// the half-made file was removed where possible.
ferric_status fe_record_log_create(fe_vfs *vfs, const char *path, const fe_file_header *header,
                                   fe_log_mode mode, uint64_t first_reserve,
                                   fe_record_log_writer **writer);

// The same under FE_LOG_BUFFERED with a ring of `ring_size` bytes before it (log_ring.h). Where the
// vfs has no rings, or no space for this one, each frame is a write as without. What the ring holds
// is drained by a sync, by fe_record_log_drain, and by an append that finds it full.
ferric_status fe_record_log_create_with_ring(fe_vfs *vfs, const char *path,
                                             const fe_file_header *header, uint64_t first_reserve,
                                             uint64_t ring_size, fe_record_log_writer **writer);

// Makes sure that a frame with `payload_size` bytes fits without asking for space.
// Errors: FERRIC_NO_SPACE, FERRIC_IO, FERRIC_TOO_LARGE: nothing changed, the writer stays usable.
// FERRIC_READ_ONLY.
ferric_status fe_record_log_reserve(fe_record_log_writer *writer, size_t payload_size);
// Whether such a frame fits already.
bool fe_record_log_has_room(const fe_record_log_writer *writer, size_t payload_size);

// Appends one frame. frame->payload is ignored: the payload is the `count` parts one after another.
// Reserves as needed. The kernel has the bytes when it returns; durable after fe_record_log_sync.
//
// Errors:    FERRIC_NO_SPACE, FERRIC_IO, FERRIC_NO_MEMORY, FERRIC_TOO_LARGE: not written, or voided
//            where it began (and that synced), so that the next append takes its place.
//            FERRIC_OUTCOME_UNKNOWN: the voiding failed too; the writer is broken.
//            FERRIC_READ_ONLY: it was broken before; nothing was written.
// Ownership: borrows the parts during the call.
// Threads:   one append at a time, beside one sync.
ferric_status fe_record_log_append(fe_record_log_writer *writer, const fe_frame *frame,
                                   const ferric_slice *parts, size_t count);

// Makes all frames durable whose append had returned. Errors: FERRIC_OUTCOME_UNKNOWN: the writer is
// broken from now on, and answers a later sync in the same way without trying.
// Threads: any; beside an append, whose frame it may or may not cover.
ferric_status fe_record_log_sync(fe_record_log_writer *writer);

// Whether so many frames are in the ring alone that a drain pays. Of the appending thread.
bool fe_record_log_is_drain_due(const fe_record_log_writer *writer);
// Writes the frames in the ring to the file. Errors: FERRIC_OUTCOME_UNKNOWN: the writer is broken,
// the ring stays, and a later open finds the frames there. Threads: any; beside an append.
ferric_status fe_record_log_drain(fe_record_log_writer *writer);
// The same, then removes the ring: nothing is appended after. Threads: any, beside a sync.
ferric_status fe_record_log_finish(fe_record_log_writer *writer);

// Where the next frame will begin, in bytes from the start of the file.
uint64_t fe_record_log_offset(const fe_record_log_writer *writer);

// Cuts reserved space behind the last frame; nothing is appended after. Durable with a later sync.
// Errors: FERRIC_IO: the space stays, the content is whole. FERRIC_READ_ONLY.
ferric_status fe_record_log_trim(fe_record_log_writer *writer);

// Syncs nothing. Accepts NULL.
void fe_record_log_close(fe_record_log_writer *writer);

typedef struct fe_record_log_reader fe_record_log_reader;

// Opens a file for reading and checks its header. What is written to the file later is not seen.
// On failure *reader is NULL. `keys` are the database's; NULL: it is not encrypted.
// Errors: FERRIC_NOT_FOUND, FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_IO, FERRIC_NO_MEMORY,
// FERRIC_WRONG_KEY (it is encrypted, and there are no keys).
ferric_status fe_record_log_open(fe_vfs *vfs, const char *path, fe_file_kind kind,
                                 struct fe_file_keys *keys, fe_record_log_reader **reader);

// Opens a file whose header is damaged: `header`, known from elsewhere (a link frame names number
// and salt), stands in for it and the file's own is not looked at. Whatever verifies then was
// written to this file. Errors: FERRIC_NOT_FOUND, FERRIC_IO, FERRIC_NO_MEMORY; as fe_sealer_init.
ferric_status fe_record_log_open_damaged(fe_vfs *vfs, const char *path,
                                         const fe_file_header *header,
                                         fe_record_log_reader **reader);

// Accepts NULL.
void fe_record_log_reader_close(fe_record_log_reader *reader);
const fe_file_header *fe_record_log_header(const fe_record_log_reader *reader);

// Reads the next frame. With FE_FRAME_VALID it stands in *frame, payload lent until the next call.
// With any other result reading ends, *offset is where, and later calls give the same. A sequence
// that does not fit L3 is FE_FRAME_INVALID; FE_FRAME_INCOMPLETE is a frame that is longer than the
// rest of the file; FE_FRAME_FORGED is one that was changed on purpose. A frame that the file of a
// log does not have is taken from its ring.
// Errors: FERRIC_IO, FERRIC_NO_MEMORY: the call may be tried again. FERRIC_CORRUPT: a log was
// removed while it was read.
ferric_status fe_record_log_next(fe_record_log_reader *reader, fe_frame *frame,
                                 fe_frame_result *result, uint64_t *offset);

// The last frame that fe_record_log_next gave as FE_FRAME_VALID, as it is stored: header, sealed
// payload, padding. Lent until the next call.
ferric_slice fe_record_log_stored(const fe_record_log_reader *reader);

// The first offset whose frame came from the ring, so that the file may not have it; UINT64_MAX:
// none so far.
uint64_t fe_record_log_ring_offset(const fe_record_log_reader *reader);

// After reading has ended at an offset: looks at every aligned place from there on for valid frames
// of this file, or of its ring, whose sequence is not below the one that was expected. *witness is
// the highest durable_sequence among them, *highest_sequence the highest number that one of them
// uses; both 0 when there is none. *last_nonzero is the end of the last byte of the file that is
// not zero (0 when none is behind the offset), or of the last such frame of the ring: the bound of
// a torn tail.
// Errors: FERRIC_IO, FERRIC_NO_MEMORY.
ferric_status fe_record_log_find_evidence(fe_record_log_reader *reader, uint64_t *witness,
                                          uint64_t *highest_sequence, uint64_t *last_nonzero);

// After reading has ended: goes on at the next aligned place that holds a valid frame of this file,
// of whatever sequence, which fe_record_log_next then gives. *is_found tells whether there is one;
// *offset is its place. Without one *offset is the end of the last byte that is not zero, at least
// the place where reading had ended. For looking at damaged files: recovery reads on past nothing.
// Errors: FERRIC_IO, FERRIC_NO_MEMORY.
ferric_status fe_record_log_resume(fe_record_log_reader *reader, bool *is_found, uint64_t *offset);

// The file's size when it was opened.
uint64_t fe_record_log_file_size(const fe_record_log_reader *reader);

#endif
