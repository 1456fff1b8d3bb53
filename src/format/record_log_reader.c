// SPDX-License-Identifier: Apache-2.0
// Reads a record log through a window that slides over the file.
//
//   file:    | header | frame | frame | frame | frame ...                   | size
//   window:                  [ ......................... ]
//
// The window holds a chunk, or one frame where that is larger, and never more than the file has
// left, whatever a frame claims.
//
// Of a log, a frame that does not stand in the file may stand in the log's ring (log_ring.h). It
// was sealed for its place in the log, so it does not matter where it is found, and a frame of an
// earlier lap of the ring passes no more than one of another file.
#include <assert.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/log_ring.h"
#include "format/record_log.h"

#define CHUNK_SIZE ((uint64_t)256 << 10)

struct fe_record_log_reader {
    fe_vfs *vfs;
    fe_file *file;
    char *path;
    uint64_t size; // The file's when it was opened.
    fe_file_header header;
    fe_sealer sealer;
    ferric_buffer window;
    uint64_t window_offset; // Where in the file the window begins.
    uint64_t offset;        // Of the next frame.
    uint64_t next_sequence; // That it should have (L3).
    bool has_read_frame;    // Else any sequence fits.
    bool has_ended;
    fe_frame_result end; // Why reading ended.
    uint64_t end_size;   // Of the forged frame that it ended at; else 0.
    ferric_slice stored; // The last frame, as the window or the ring holds it.
    ferric_buffer plain; // Its payload, where the file is sealed.
    fe_log_ring_image ring;
    bool has_ring_image;  // It was looked for; only a log's, and only once it is needed.
    uint64_t ring_offset; // Of the first frame that was taken from it; UINT64_MAX: none.
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// ---- Window ---------------------------------------------------------------------------------

// What the window holds from `offset` on, which lies in it or at its end.
static ferric_slice window_from(const fe_record_log_reader *reader, uint64_t offset)
{
    size_t skipped = (size_t)(offset - reader->window_offset);
    ferric_slice window = fe_buffer_slice(&reader->window);
    assert(offset >= reader->window_offset && skipped <= window.size);
    return fe_slice_from(window, skipped);
}

// Moves the window so that it begins at `offset`, keeping what it already has from there on.
static void window_slide(fe_record_log_reader *reader, uint64_t offset)
{
    uint64_t end = reader->window_offset + reader->window.size;

    if (offset >= reader->window_offset && offset < end) {
        ferric_slice kept = window_from(reader, offset);
        memmove(reader->window.data, kept.data, kept.size);
        reader->window.size = kept.size;
    } else {
        reader->window.size = 0;
    }
    reader->window_offset = offset;
}

// Makes the window hold `size` bytes from `offset` (below the file's size) on, or as many as the
// file has. Lent slices end.
static ferric_status window_need(fe_record_log_reader *reader, uint64_t offset, uint64_t size)
{
    uint64_t left = reader->size - offset;
    uint64_t wanted = smaller(size < CHUNK_SIZE ? CHUNK_SIZE : size, left);
    uint64_t end = reader->window_offset + reader->window.size;
    size_t more;
    size_t got;
    ferric_status status;

    assert(offset <= reader->size);
    if (offset >= reader->window_offset && offset + smaller(size, left) <= end) return FERRIC_OK;
    window_slide(reader, offset);
    more = (size_t)wanted - reader->window.size;
    if (more == 0) return FERRIC_OK; // The file has no more.
    status = fe_buffer_reserve(&reader->window, more);
    if (status != FERRIC_OK) return status;
    status = fe_file_read_at(reader->file, offset + reader->window.size,
                             (uint8_t *)reader->window.data + reader->window.size, more, &got);
    if (status != FERRIC_OK) return status;
    reader->window.size += got;
    if (got < more) reader->size = offset + reader->window.size; // Cut by somebody meanwhile.
    return FERRIC_OK;
}

// Decodes what stands at `offset`, with the whole frame in the window where the file has it.
static ferric_status decode_at(fe_record_log_reader *reader, uint64_t offset, fe_frame *frame,
                               fe_frame_result *result, size_t *size)
{
    uint64_t needed = FE_FRAME_HEADER_SIZE_MAX;

    for (;;) {
        ferric_status status = window_need(reader, offset, needed);
        if (status != FERRIC_OK) return status;
        *result = fe_frame_decode(window_from(reader, offset), &reader->sealer,
                                  reader->header.created_ms, offset, frame, size);
        if (*result != FE_FRAME_INCOMPLETE || *size > reader->size - offset) return FERRIC_OK;
        assert(*size > needed);
        needed = *size;
    }
}

// ---- Life -----------------------------------------------------------------------------------

void fe_record_log_reader_close(fe_record_log_reader *reader)
{
    if (reader == NULL) return;
    fe_file_close(reader->file);
    fe_log_ring_image_deinit(&reader->ring);
    fe_buffer_deinit(&reader->window);
    if (reader->plain.data != NULL) fe_wipe(reader->plain.data, reader->plain.capacity);
    fe_buffer_deinit(&reader->plain);
    fe_sealer_deinit(&reader->sealer);
    fe_free(reader->path);
    fe_free(reader);
}

// Opens the file without a look at what is in it.
static ferric_status reader_create(fe_vfs *vfs, const char *path, fe_record_log_reader **reader)
{
    fe_record_log_reader *created = fe_alloc_zero(1, sizeof *created);
    ferric_status status;

    *reader = NULL;
    if (created == NULL) return fe_no_memory("a log reader", sizeof *created);
    created->vfs = vfs;
    created->ring_offset = UINT64_MAX;
    created->path = fe_string_duplicate(path);
    if (created->path == NULL) {
        status = fe_no_memory("a log reader", strlen(path) + 1);
        goto out;
    }
    status = fe_vfs_open(vfs, path, FE_OPEN_READ, &created->file);
    if (status != FERRIC_OK) goto out;
    status = fe_file_size(created->file, &created->size);
    if (status != FERRIC_OK) goto out;
    *reader = created; // Ownership moves to the caller.
    created = NULL;
out:
    fe_record_log_reader_close(created);
    return status;
}

static ferric_status reader_start(fe_record_log_reader *reader)
{
    reader->offset = FE_FILE_HEADER_SIZE;
    return fe_sealer_init(&reader->sealer, &reader->header, reader->path);
}

ferric_status fe_record_log_open(fe_vfs *vfs, const char *path, fe_file_kind kind,
                                 struct fe_file_keys *keys, fe_record_log_reader **reader)
{
    fe_record_log_reader *opened;
    ferric_status status = reader_create(vfs, path, &opened);

    *reader = NULL;
    if (status != FERRIC_OK) return status;
    status = window_need(opened, 0, FE_FILE_HEADER_SIZE);
    if (status != FERRIC_OK) goto out;
    status = fe_file_header_decode(window_from(opened, 0), kind, path, &opened->header);
    if (status != FERRIC_OK) goto out;
    opened->header.keys = keys;
    status = reader_start(opened);
    if (status != FERRIC_OK) goto out;
    *reader = opened; // Ownership moves to the caller.
    opened = NULL;
out:
    fe_record_log_reader_close(opened);
    return status;
}

ferric_status fe_record_log_open_damaged(fe_vfs *vfs, const char *path,
                                         const fe_file_header *header,
                                         fe_record_log_reader **reader)
{
    ferric_status status = reader_create(vfs, path, reader);

    if (status != FERRIC_OK) return status;
    (*reader)->header = *header;
    status = reader_start(*reader);
    if (status != FERRIC_OK) {
        fe_record_log_reader_close(*reader);
        *reader = NULL;
        return status;
    }
    // A file that ends inside its header has nothing behind it.
    if ((*reader)->size < FE_FILE_HEADER_SIZE) (*reader)->size = FE_FILE_HEADER_SIZE;
    return FERRIC_OK;
}

const fe_file_header *fe_record_log_header(const fe_record_log_reader *reader)
{
    return &reader->header;
}

uint64_t fe_record_log_file_size(const fe_record_log_reader *reader)
{
    return reader->size;
}

// ---- The ring -------------------------------------------------------------------------------

static bool follows(const fe_record_log_reader *reader, const fe_frame *frame)
{
    return !reader->has_read_frame || frame->sequence == reader->next_sequence;
}

// What the file holds for the next frame.
static ferric_status decode_in_file(fe_record_log_reader *reader, fe_frame *frame,
                                    fe_frame_result *result, size_t *size)
{
    ferric_status status = FERRIC_OK;

    *result = FE_FRAME_EMPTY;
    *size = 0;
    // Frames of the ring may reach beyond the end of a file that lost its size.
    if (reader->offset <= reader->size) {
        status = decode_at(reader, reader->offset, frame, result, size);
    }
    if (status != FERRIC_OK) return status;
    if (*result == FE_FRAME_VALID && !follows(reader, frame)) *result = FE_FRAME_INVALID;
    if (*result == FE_FRAME_VALID)
        reader->stored = fe_slice(window_from(reader, reader->offset).data, *size);
    return FERRIC_OK;
}

// A writer beside this reader removes a ring after it was drained, or after its log: then frames
// are missed that nobody needs but who reads that log.
static ferric_status check_still_there(const fe_record_log_reader *reader)
{
    fe_path_kind kind;
    uint64_t size;
    ferric_status status = fe_vfs_stat(reader->vfs, reader->path, &kind, &size);

    if (status == FERRIC_OK && kind == FE_PATH_NONE) {
        status = fe_fail(FERRIC_CORRUPT, "%s: removed while it was read", reader->path);
    }
    return status;
}

// Reads the ring, and then the file once more: a writer beside this reader drains what it is about
// to overwrite, so what the ring had no more when it was read is in the file by then.
static ferric_status load_ring(fe_record_log_reader *reader, fe_frame *frame,
                               fe_frame_result *result, size_t *size)
{
    ferric_status status =
        fe_log_ring_image_load(reader->vfs, reader->path, &reader->header, &reader->ring);

    if (status == FERRIC_OK && reader->ring.size == 0) status = check_still_there(reader);
    if (status != FERRIC_OK) return status;
    reader->has_ring_image = true;
    if (!FE_SEEDED_BUG(FE_BUG_LOG_NOT_READ_AGAIN)) reader->window.size = 0;
    return decode_in_file(reader, frame, result, size);
}

// Decodes what the ring holds for `offset` of the log.
static fe_frame_result decode_in_ring(const fe_record_log_reader *reader, uint64_t offset,
                                      fe_frame *frame, size_t *size)
{
    ferric_slice bytes = fe_log_ring_image_at(&reader->ring, offset);

    *size = 0;
    if (bytes.size == 0) return FE_FRAME_EMPTY;
    return fe_frame_decode(bytes, &reader->sealer, reader->header.created_ms, offset, frame, size);
}

// The frame that the file does not have, from the ring; *result stays where that has it neither.
static ferric_status take_from_ring(fe_record_log_reader *reader, fe_frame *frame,
                                    fe_frame_result *result, size_t *size)
{
    fe_frame found;
    size_t found_size;
    fe_frame_result in_ring;

    if (!reader->has_ring_image && reader->header.kind == FE_FILE_LOG) {
        ferric_status status = load_ring(reader, frame, result, size);
        if (status != FERRIC_OK || *result == FE_FRAME_VALID) return status;
    }
    in_ring = decode_in_ring(reader, reader->offset, &found, &found_size);
    if (in_ring == FE_FRAME_VALID && !follows(reader, &found)) in_ring = FE_FRAME_INVALID;
    if (FE_SEEDED_BUG(FE_BUG_OLD_RING_FRAME) && in_ring != FE_FRAME_VALID &&
        reader->offset >= reader->ring.size) {
        in_ring = decode_in_ring(reader, reader->offset - reader->ring.size, &found, &found_size);
    }
    if (in_ring != FE_FRAME_VALID) return FERRIC_OK;
    *frame = found;
    *result = in_ring;
    *size = found_size;
    reader->stored = fe_slice(fe_log_ring_image_at(&reader->ring, reader->offset).data, found_size);
    if (reader->ring_offset == UINT64_MAX) reader->ring_offset = reader->offset;
    return FERRIC_OK;
}

uint64_t fe_record_log_ring_offset(const fe_record_log_reader *reader)
{
    return reader->ring_offset;
}

// ---- Frames ---------------------------------------------------------------------------------

// Opens the seal of a frame that was found to be valid so far.
static ferric_status unseal(fe_record_log_reader *reader, fe_frame *frame, fe_frame_result *result,
                            size_t size)
{
    ferric_status status = fe_frame_unseal(frame, &reader->sealer, fe_slice_bytes(reader->stored),
                                           reader->offset, reader->path, &reader->plain);

    if (status != FERRIC_CORRUPT) return status;
    *result = FE_FRAME_FORGED;
    reader->end_size = size;
    return FERRIC_OK;
}

ferric_slice fe_record_log_stored(const fe_record_log_reader *reader)
{
    return reader->stored;
}

ferric_status fe_record_log_next(fe_record_log_reader *reader, fe_frame *frame,
                                 fe_frame_result *result, uint64_t *offset)
{
    size_t size = 0;
    ferric_status status;

    *offset = reader->offset;
    if (reader->has_ended) {
        *result = reader->end;
        return FERRIC_OK;
    }
    status = decode_in_file(reader, frame, result, &size);
    if (status != FERRIC_OK) return status;
    if (*result != FE_FRAME_VALID) {
        status = take_from_ring(reader, frame, result, &size);
        if (status != FERRIC_OK) return status;
    }
    if (FE_SEEDED_BUG(FE_BUG_APPEND_AFTER_TORN_TAIL) && *result == FE_FRAME_BAD_PAYLOAD) {
        reader->has_read_frame = false; // Goes on behind it, whatever sequence comes.
        reader->offset += size;
        return fe_record_log_next(reader, frame, result, offset);
    }
    if (*result == FE_FRAME_VALID) status = unseal(reader, frame, result, size);
    if (status != FERRIC_OK) return status;
    if (*result != FE_FRAME_VALID) {
        reader->has_ended = true;
        reader->end = *result;
        return FERRIC_OK;
    }
    reader->has_read_frame = true;
    reader->next_sequence = frame->sequence + frame->batch_count;
    reader->offset += size;
    return FERRIC_OK;
}

// ---- Evidence -------------------------------------------------------------------------------

typedef struct evidence {
    uint64_t witness;
    uint64_t highest_sequence;
} evidence;

// The highest sequence number that the frame uses, or that was used before it.
static uint64_t last_sequence(const fe_frame *frame)
{
    uint64_t next = frame->sequence + frame->batch_count;
    return next == 0 ? 0 : next - 1;
}

static void take_evidence(evidence *found, const fe_frame *frame)
{
    if (frame->durable_sequence > found->witness) found->witness = frame->durable_sequence;
    if (last_sequence(frame) > found->highest_sequence) {
        found->highest_sequence = last_sequence(frame);
    }
}

// How many bytes stand before the first place that could be a frame's, of those places whose
// header is wholly in `bytes`; `room` is what the file has from there on.
static size_t skip_implausible(ferric_slice bytes, uint64_t room)
{
    const uint8_t *at = fe_slice_bytes(bytes);
    uint64_t header_size = smaller(FE_FRAME_HEADER_SIZE_MAX, room);
    size_t skipped = 0;

    if (room < FE_FRAME_FIXED_SIZE) return bytes.size;
    while (bytes.size - skipped >= header_size &&
           !fe_frame_is_plausible(at + skipped, room - skipped)) {
        skipped += FE_FRAME_ALIGNMENT;
        if (skipped >= bytes.size) return bytes.size;
        header_size = smaller(header_size, room - skipped);
        if (header_size < FE_FRAME_FIXED_SIZE) return bytes.size;
    }
    return skipped;
}

// Where a search stands: at a valid frame, or at the file's end.
typedef struct frame_search {
    uint64_t offset;
    uint64_t last_nonzero; // End of the last byte before it that is not zero; 0 for none.
    bool is_found;
    fe_frame frame;
    size_t size;
} frame_search;

static void note_nonzero(frame_search *search, const uint8_t *bytes, size_t size)
{
    while (size >= 8 && fe_get_u64(bytes + size - 8) == 0)
        size -= 8; // Reserved space is mostly zeros, and much of it.
    while (size > 0 && bytes[size - 1] == 0)
        size--;
    if (size > 0) search->last_nonzero = search->offset + size;
}

// Moves the search on to the next valid frame. A frame is searched for at every aligned place, also
// inside what looks like a damaged frame, for its length may be the damage. Where the check of its
// header holds it is not, and the search goes on behind the frame: else a file full of headers
// would be summed up once for each of them.
static ferric_status find_frame(fe_record_log_reader *reader, frame_search *search)
{
    search->is_found = false;
    while (search->offset < reader->size) {
        uint64_t advance;
        fe_frame_result result;
        ferric_status status = window_need(reader, search->offset, FE_FRAME_HEADER_SIZE_MAX);
        if (status != FERRIC_OK) return status;
        advance =
            skip_implausible(window_from(reader, search->offset), reader->size - search->offset);
        if (advance == 0) {
            status = decode_at(reader, search->offset, &search->frame, &result, &search->size);
            if (status != FERRIC_OK) return status;
            search->is_found = result == FE_FRAME_VALID;
            if (search->is_found) return FERRIC_OK;
            advance = smaller(FE_FRAME_ALIGNMENT, reader->size - search->offset);
            if (result == FE_FRAME_BAD_PAYLOAD) advance = search->size;
        }
        note_nonzero(search, window_from(reader, search->offset).data, (size_t)advance);
        search->offset += advance;
    }
    return FERRIC_OK;
}

static bool is_expected(const fe_record_log_reader *reader, const fe_frame *frame)
{
    return !reader->has_read_frame || frame->sequence >= reader->next_sequence;
}

// What stands at one place of the ring may belong to any lap from the end of reading on. Returns
// how far the next place is: as in a file, behind a frame whose header's check holds.
static uint64_t find_at_place(const fe_record_log_reader *reader, uint64_t first, evidence *found,
                              uint64_t *last_end)
{
    uint64_t advance = FE_FRAME_ALIGNMENT;
    uint64_t end = reader->size;

    if (end < reader->offset + reader->ring.size) end = reader->offset + reader->ring.size;
    for (uint64_t offset = first; offset < end; offset += reader->ring.size) {
        fe_frame frame;
        size_t size;
        fe_frame_result result = decode_in_ring(reader, offset, &frame, &size);
        if (result == FE_FRAME_BAD_PAYLOAD) advance = size;
        if (result != FE_FRAME_VALID || !is_expected(reader, &frame)) continue;
        advance = size;
        take_evidence(found, &frame);
        if (offset + size > *last_end) *last_end = offset + size;
    }
    return advance;
}

// Raises *last_end to the end of the last such frame.
static void find_in_ring(const fe_record_log_reader *reader, evidence *found, uint64_t *last_end)
{
    uint64_t size = reader->ring.size;
    uint64_t at = 0;

    while (at < size) {
        ferric_slice bytes = fe_log_ring_image_at(&reader->ring, reader->offset + at);
        bool is_plausible = fe_frame_is_plausible(fe_slice_bytes(bytes), size);
        at += is_plausible ? find_at_place(reader, reader->offset + at, found, last_end)
                           : FE_FRAME_ALIGNMENT;
    }
}

ferric_status fe_record_log_find_evidence(fe_record_log_reader *reader, uint64_t *witness,
                                          uint64_t *highest_sequence, uint64_t *last_nonzero)
{
    evidence found = {0};
    frame_search search = {.offset = reader->offset + reader->end_size};
    ferric_status status;

    assert(reader->has_ended);
    *witness = *highest_sequence = *last_nonzero = 0;
    for (;;) {
        status = find_frame(reader, &search);
        if (status != FERRIC_OK) return status;
        if (!search.is_found) break;
        if (is_expected(reader, &search.frame)) take_evidence(&found, &search.frame);
        note_nonzero(&search, window_from(reader, search.offset).data, search.size);
        search.offset += search.size;
    }
    find_in_ring(reader, &found, &search.last_nonzero);
    *witness = found.witness;
    *highest_sequence = found.highest_sequence;
    *last_nonzero = search.last_nonzero;
    return FERRIC_OK;
}

ferric_status fe_record_log_resume(fe_record_log_reader *reader, bool *is_found, uint64_t *offset)
{
    frame_search search = {.offset = reader->offset + reader->end_size};
    ferric_status status = find_frame(reader, &search);

    *is_found = false;
    *offset = reader->offset;
    assert(reader->has_ended);
    if (status != FERRIC_OK) return status;
    *is_found = search.is_found;
    if (search.is_found) {
        reader->offset = *offset = search.offset;
        reader->has_ended = false;
        reader->has_read_frame = false;
        reader->end_size = 0;
    } else if (search.last_nonzero > *offset) {
        *offset = search.last_nonzero;
    }
    return FERRIC_OK;
}
