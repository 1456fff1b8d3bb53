// SPDX-License-Identifier: Apache-2.0
// Inspection of record logs: each frame, each operation of a commit, and what stands where no frame
// is. Behind damage it goes on with the next frame that verifies.
#include <inttypes.h>

#include "base/coding.h"
#include "base/status.h"
#include "format/record_log.h"
#include "lsm/inspect.h"
#include "lsm/write_batch.h"

typedef struct frame_run {
    fe_inspection *inspection;
    fe_record_log_reader *reader;
    bool is_manifest;
    uint64_t frames;
    uint64_t operations;
    uint64_t damaged;
} frame_run;

// ---- Frames ---------------------------------------------------------------------------------

static const char *frame_name(fe_frame_kind kind)
{
    static const char *const names[] = {
        [FE_FRAME_COMMITS] = "commits", [FE_FRAME_LINK] = "link", [FE_FRAME_WITNESS] = "witness",
        [FE_FRAME_EDIT] = "edit",       [FE_FRAME_END] = "end",
    };
    return names[kind]; // A frame of another kind is not valid.
}

static ferric_status tell_operation(frame_run *run, uint64_t offset, uint64_t sequence,
                                    const fe_entry *entry)
{
    fe_part part;

    fe_part_begin(&part, 2, fe_operation_name(entry->kind), offset, 0);
    fe_part_number(&part, "sequence", sequence);
    fe_part_key(&part, "keyspace", "key", entry->key);
    fe_part_value(&part, entry);
    run->operations++;
    return fe_inspection_tell(run->inspection, &part);
}

// Tells one batch from the front of *bytes and moves *bytes behind it. Errors: FERRIC_CORRUPT,
// FERRIC_UNSUPPORTED: not told yet.
static ferric_status tell_batch(frame_run *run, uint64_t offset, uint64_t sequence,
                                ferric_slice *bytes)
{
    fe_decoder decoder = fe_decoder_of(*bytes);
    uint64_t count = fe_decode_varint_max(&decoder, UINT32_MAX);
    fe_batch_reader reader =
        fe_batch_reader_of(fe_slice(decoder.at, fe_decoder_remaining(&decoder)));
    ferric_status status = FERRIC_OK;

    if (decoder.failed) return fe_fail(FERRIC_CORRUPT, "a commit has no count");
    for (uint64_t i = 0; i < count && status == FERRIC_OK; i++) {
        fe_entry entry;
        status = fe_batch_reader_next(&reader, &entry);
        if (status == FERRIC_OK) status = tell_operation(run, offset, sequence, &entry);
    }
    *bytes = fe_slice(reader.decoder.at, fe_decoder_remaining(&reader.decoder));
    return status;
}

static ferric_status tell_batches(frame_run *run, uint64_t offset, const fe_frame *frame)
{
    ferric_slice bytes = frame->payload;
    ferric_status status = FERRIC_OK;

    for (uint16_t i = 0; i < frame->batch_count && status == FERRIC_OK; i++) {
        status = tell_batch(run, offset, frame->sequence + i, &bytes);
    }
    return status;
}

static void add_link(fe_part *part, ferric_slice payload)
{
    fe_decoder decoder = fe_decoder_of(payload);
    uint64_t number = fe_decode_u64(&decoder);
    ferric_slice salt = fe_decode_bytes(&decoder, FE_SALT_SIZE);

    if (decoder.failed) return; // Its size shows that it is too short.
    fe_part_number(part, "next", number);
    fe_part_hex(part, "salt", salt.data, salt.size);
}

static ferric_status tell_content(frame_run *run, uint64_t offset, const fe_frame *frame)
{
    ferric_status status = FERRIC_OK;

    if (frame->kind == FE_FRAME_COMMITS) status = tell_batches(run, offset, frame);
    if (frame->kind == FE_FRAME_EDIT) {
        status = fe_inspect_edit(run->inspection, offset, frame->payload);
    }
    if (!fe_inspection_is_damage(status)) return status;
    run->damaged++;
    return fe_inspection_tell_damage(run->inspection, 2, offset, 0);
}

static ferric_status tell_frame(frame_run *run, uint64_t offset, const fe_frame *frame)
{
    fe_part part;
    ferric_status status;

    run->frames++;
    fe_part_begin(&part, 1, frame_name(frame->kind), offset,
                  fe_record_log_stored(run->reader).size);
    fe_part_number(&part, "sequence", frame->sequence);
    if (frame->batch_count > 0) fe_part_number(&part, "batches", frame->batch_count);
    fe_part_number(&part, "durable", frame->durable_sequence);
    fe_part_time(&part, "time", frame->time_ms);
    if (frame->kind == FE_FRAME_LINK) add_link(&part, frame->payload);
    status = fe_inspection_tell(run->inspection, &part);
    return status == FERRIC_OK ? tell_content(run, offset, frame) : status;
}

// ---- Where no frame is ----------------------------------------------------------------------

static const char *reason(fe_frame_result result)
{
    switch (result) {
    case FE_FRAME_EMPTY:
        return "zeros where a frame should be";
    case FE_FRAME_BAD_PAYLOAD:
        return "the frame's payload does not match its check";
    case FE_FRAME_INCOMPLETE:
        return "the frame is longer than the file";
    case FE_FRAME_FORGED:
        return "the frame's tag does not hold: it was changed on purpose";
    default:
        return "no frame of this file and place, or its sequence does not follow";
    }
}

// Bytes behind the last frame: nothing more was written, or not wholly.
static ferric_status tell_tail(frame_run *run, uint64_t offset, uint64_t end,
                               fe_frame_result result)
{
    uint64_t size = fe_record_log_file_size(run->reader);
    fe_part part;
    ferric_status status = FERRIC_OK;

    if (end > offset) {
        fe_part_begin(&part, 1, "tail", offset, end - offset);
        fe_part_text(&part, "found", reason(result));
        fe_part_text(&part, "meaning",
                     "a write that was cut off or is under way, or damage at the end");
        status = fe_inspection_tell(run->inspection, &part);
    }
    if (status != FERRIC_OK || size <= end) return status;
    fe_part_begin(&part, 1, "reserved", end, size - end);
    fe_part_text(&part, "meaning", "zeros for frames to come");
    return fe_inspection_tell(run->inspection, &part);
}

// Reading has ended at `offset`. *goes_on: at the next frame that verifies.
static ferric_status pass_gap(frame_run *run, uint64_t offset, fe_frame_result result,
                              bool *goes_on)
{
    uint64_t next;
    ferric_status status = fe_record_log_resume(run->reader, goes_on, &next);

    if (status != FERRIC_OK) return status;
    if (!*goes_on) return tell_tail(run, offset, next, result);
    run->damaged++;
    (void)fe_fail(FERRIC_CORRUPT, "%s; frames go on at offset %" PRIu64, reason(result), next);
    return fe_inspection_tell_damage(run->inspection, 1, offset, next - offset);
}

static ferric_status tell_summary(frame_run *run)
{
    fe_part part;

    fe_part_begin(&part, 1, "total", 0, 0);
    fe_part_number(&part, run->is_manifest ? "edits" : "frames", run->frames);
    if (!run->is_manifest) fe_part_number(&part, "operations", run->operations);
    fe_part_number(&part, "damaged", run->damaged);
    return fe_inspection_tell(run->inspection, &part);
}

ferric_status fe_inspect_frames(fe_inspection *inspection, const fe_file_header *header)
{
    frame_run run = {.inspection = inspection, .is_manifest = header->kind == FE_FILE_MANIFEST};
    fe_file_header known = *header;
    bool goes_on = true;
    ferric_status status;

    // A damaged header may say anything.
    known.keys = inspection->keys;
    known.cipher_suite = known.keys == NULL ? FE_CIPHER_NONE : FE_CIPHER_AES_256_GCM;
    status = fe_record_log_open_damaged(inspection->vfs, inspection->path, &known, &run.reader);
    while (status == FERRIC_OK && goes_on) {
        fe_frame frame;
        fe_frame_result result;
        uint64_t offset;
        status = fe_record_log_next(run.reader, &frame, &result, &offset);
        if (status != FERRIC_OK) break;
        if (result == FE_FRAME_VALID) {
            status = tell_frame(&run, offset, &frame);
        } else {
            status = pass_gap(&run, offset, result, &goes_on);
        }
    }
    if (status == FERRIC_OK) status = tell_summary(&run);
    fe_record_log_reader_close(run.reader);
    return status;
}
