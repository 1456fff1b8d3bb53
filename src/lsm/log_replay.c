// SPDX-License-Identifier: Apache-2.0
// Replaying logs, and telling a torn tail from corruption.
//
// Reading a log ends at the first place that holds no valid frame. What that means:
//
//   in a sealed log, before its end            corrupt: all of it was durable when it was sealed
//   after a link                               the log is whole; the next one is read
//   at the end of the last log                 a torn tail, unless a witness in a valid frame
//                                              behind it, or in a log that was begun later, says
//                                              that it had been durable: then corrupt (judge_tail)
//
// A torn tail is dropped and counted. Its file stays until its commits are in tables.
#include "lsm/log_replay.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/record_log.h"
#include "lsm/file_names.h"

typedef struct log_replayer {
    const fe_replay_options *options;
    fe_replay *replay;
    fe_operations operations;
    ferric_buffer path;
    // Of the log that is being read:
    fe_record_log_reader *reader;
    fe_replayed_log log;
    uint64_t log_last_sequence; // Newest commit of this log so far.
    uint64_t log_last_end;      // Where its frame ends; 0: at the next frame.
    bool has_link;
    fe_live_log link;
    bool is_torn;          // A frame was met whose values are not there:
    uint64_t torn_witness; // what it and the valid frames behind it say
    uint64_t torn_highest; // and the numbers that they used.
    ferric_buffer record;  // Scratch of reading values.
} log_replayer;

static ferric_status corrupt_log(const log_replayer *replayer, uint64_t offset, const char *what)
{
    return fe_fail(FERRIC_CORRUPT, "%s: damaged at offset %" PRIu64 ": %s: run `ferric repair`",
                   fe_path_text(&replayer->path), offset, what);
}

// ---- Values ---------------------------------------------------------------------------------

static ferric_status keep_value(fe_replay *replay, const fe_value_pointer *pointer)
{
    if (replay->value_count == replay->value_capacity) {
        size_t capacity = replay->value_capacity == 0 ? 16 : replay->value_capacity * 2;
        fe_value_pointer *values = fe_realloc(replay->values, capacity * sizeof *values);
        if (values == NULL) return fe_no_memory("recovery", capacity * sizeof *values);
        replay->values = values;
        replay->value_capacity = capacity;
    }
    replay->values[replay->value_count++] = *pointer;
    return FERRIC_OK;
}

// Whether one value is where its pointer says. A file has its name and its header before anything
// points into it, so that one without them is no torn write.
static ferric_status verify_value(log_replayer *replayer, ferric_slice bytes, bool *is_there)
{
    fe_value_files *files = replayer->options->value_files;
    fe_value_file *file = NULL;
    fe_value_pointer pointer;
    ferric_status status = fe_value_pointer_decode(bytes, &pointer);

    if (status == FERRIC_OK) status = fe_value_files_adopt(files, pointer.number, &file);
    if (status != FERRIC_OK) return status;
    status = fe_value_files_read_record(files, bytes, &replayer->record);
    fe_value_file_unref(file);
    *is_there = status == FERRIC_OK;
    return status == FERRIC_CORRUPT ? FERRIC_OK : status;
}

static ferric_status verify_batch(log_replayer *replayer, bool *are_there)
{
    const fe_operations *operations = &replayer->operations;
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < operations->count && status == FERRIC_OK && *are_there; i++) {
        if (!fe_entry_kind_points(operations->entries[i].kind)) continue;
        status = verify_value(replayer, fe_entry_content(&operations->entries[i]), are_there);
    }
    return status;
}

// Reads the values that a frame of an unsealed log points to: nobody knows whether they arrived
// before the power failed. A frame that lacks one is no valid frame. Commits that are in tables are
// passed over: their values may have been collected since.
static ferric_status verify_values(log_replayer *replayer, const fe_frame *frame, bool *are_there)
{
    ferric_slice bytes = frame->payload;

    *are_there = true;
    if (replayer->log.live.is_sealed || FE_SEEDED_BUG(FE_BUG_POINTER_NOT_VERIFIED)) {
        return FERRIC_OK;
    }
    for (uint16_t i = 0; i < frame->batch_count && *are_there; i++) {
        fe_decoder decoder = fe_decoder_of(bytes);
        uint64_t count = fe_decode_varint_max(&decoder, UINT32_MAX);
        ferric_status status;

        if (decoder.failed) return FERRIC_OK; // take_commits will say so.
        bytes = fe_slice(decoder.at, fe_decoder_remaining(&decoder));
        status = fe_operations_read(&replayer->operations, &bytes, count);
        if (status == FERRIC_CORRUPT) return FERRIC_OK; // The same.
        if (status != FERRIC_OK) return status;
        if (frame->sequence + i <= replayer->options->flushed_sequence) continue;
        status = verify_batch(replayer, are_there);
        if (status != FERRIC_OK) return status;
    }
    return FERRIC_OK;
}

// A commit's entries go into `live`, which then refers to the files they point into.
static ferric_status take_values(log_replayer *replayer, uint64_t sequence, fe_live_memtable *live)
{
    const fe_operations *operations = &replayer->operations;
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < operations->count && status == FERRIC_OK; i++) {
        fe_value_file *file = NULL;
        fe_value_pointer pointer;
        if (!fe_entry_kind_points(operations->entries[i].kind)) continue;
        status = fe_value_pointer_decode(fe_entry_content(&operations->entries[i]), &pointer);
        if (status == FERRIC_OK) {
            status = fe_value_files_adopt(replayer->options->value_files, pointer.number, &file);
        }
        if (status == FERRIC_OK) status = fe_live_memtable_reserve_value_file(live);
        if (status == FERRIC_OK && !replayer->log.live.is_sealed) {
            status = keep_value(replayer->replay, &pointer);
        }
        if (status == FERRIC_OK) {
            fe_live_memtable_note_values(live, file, pointer.size);
            if (sequence > atomic_load(&file->last_sequence)) {
                atomic_store(&file->last_sequence, sequence);
            }
        }
        fe_value_file_unref(file);
    }
    return status;
}

// ---- Commits --------------------------------------------------------------------------------

static ferric_status add_memtable(log_replayer *replayer, uint64_t cost, uint32_t entries)
{
    fe_replay *replay = replayer->replay;
    size_t size = (replay->memtable_count + 1) * sizeof *replay->memtables;
    fe_live_memtable **memtables = fe_realloc(replay->memtables, size);
    const fe_live_memtable *before = NULL;
    ferric_status status;

    if (memtables == NULL) return fe_no_memory("recovery", size);
    replay->memtables = memtables;
    if (replay->memtable_count > 0) before = memtables[replay->memtable_count - 1];
    status = fe_live_memtable_create_behind(before, replayer->options->memtable_bytes, NULL,
                                            replayer->log.live.number, entries, cost,
                                            &memtables[replay->memtable_count]);
    if (status == FERRIC_OK) replay->memtable_count++;
    return status;
}

static ferric_status apply_commit(log_replayer *replayer, uint64_t sequence)
{
    fe_replay *replay = replayer->replay;
    fe_operations *operations = &replayer->operations;
    uint32_t entries = (uint32_t)operations->count;
    uint32_t count = replay->memtable_count;
    fe_live_memtable *live;
    ferric_status status;

    if (FE_SEEDED_BUG(FE_BUG_BATCH_HALF_APPLIED) && operations->count > 1) operations->count--;
    if (count == 0 || !fe_memtable_has_room(replay->memtables[count - 1]->memtable, entries,
                                            operations->cost_bytes)) {
        status = add_memtable(replayer, operations->cost_bytes, entries);
        if (status != FERRIC_OK) return status;
    }
    live = replay->memtables[replay->memtable_count - 1];
    status = take_values(replayer, sequence, live);
    if (status == FERRIC_OK) status = fe_operations_stage(operations, sequence, live->memtable);
    if (status == FERRIC_OK) fe_operations_apply(operations, sequence, live->memtable);
    return status;
}

static ferric_status take_commits(log_replayer *replayer, const fe_frame *frame)
{
    fe_replay *replay = replayer->replay;
    ferric_slice bytes = frame->payload;

    for (uint16_t i = 0; i < frame->batch_count; i++) {
        fe_decoder decoder = fe_decoder_of(bytes);
        uint64_t count = fe_decode_varint_max(&decoder, UINT32_MAX);
        uint64_t sequence = frame->sequence + i;
        ferric_status status;

        if (decoder.failed) return fe_fail(FERRIC_CORRUPT, "a commit has no count");
        bytes = fe_slice(decoder.at, fe_decoder_remaining(&decoder));
        status = fe_operations_read(&replayer->operations, &bytes, count);
        if (status != FERRIC_OK) return status;
        if (sequence <= replayer->options->flushed_sequence) continue;
        status = apply_commit(replayer, sequence);
        if (status != FERRIC_OK) return status;
        replay->commits++;
    }
    return bytes.size == 0 ? FERRIC_OK
                           : fe_fail(FERRIC_CORRUPT, "a frame has bytes behind its commits");
}

static ferric_status take_link(log_replayer *replayer, const fe_frame *frame)
{
    fe_decoder decoder = fe_decoder_of(frame->payload);
    uint64_t number = fe_decode_u64(&decoder);
    ferric_slice salt = fe_decode_bytes(&decoder, FE_SALT_SIZE);

    if (decoder.failed || number > FE_FILE_NUMBER_MAX)
        return fe_fail(FERRIC_CORRUPT, "a link to the next log is damaged");
    replayer->link = (fe_live_log){.number = number};
    memcpy(replayer->link.salt, salt.data, FE_SALT_SIZE);
    replayer->has_link = !FE_SEEDED_BUG(FE_BUG_LINK_NOT_FOLLOWED);
    return FERRIC_OK;
}

// ---- Frames ---------------------------------------------------------------------------------

// Keeps the offset from which on the log may not be durable. A witness speaks for commits; that
// they are durable says something about this log only when no table holds them, and then about the
// log up to the end of the newest of them.
static void note_witness(log_replayer *replayer, const fe_frame *frame, uint64_t offset)
{
    fe_replay *replay = replayer->replay;

    if (replayer->log_last_end == 0) replayer->log_last_end = offset;
    if (replayer->log_last_sequence > replayer->options->flushed_sequence &&
        frame->durable_sequence >= replayer->log_last_sequence) {
        replayer->log.harden_from = replayer->log_last_end;
    }
    if (frame->durable_sequence > replay->durable_sequence) {
        replay->durable_sequence = frame->durable_sequence;
    }
    if (frame->batch_count > 0) {
        replayer->log_last_sequence = frame->sequence + frame->batch_count - 1;
        replayer->log_last_end = 0;
    }
}

static ferric_status take_frame(log_replayer *replayer, const fe_frame *frame, uint64_t offset)
{
    fe_replay *replay = replayer->replay;
    uint64_t newest = frame->sequence + frame->batch_count - 1;
    uint64_t flushed = replayer->options->flushed_sequence;
    uint64_t first_unflushed = frame->sequence > flushed ? frame->sequence : flushed + 1;
    bool are_values_there = true;
    ferric_status status = FERRIC_OK;

    if (replayer->has_link) return corrupt_log(replayer, offset, "a frame behind the link");
    if (frame->kind == FE_FRAME_COMMITS) status = verify_values(replayer, frame, &are_values_there);
    if (status != FERRIC_OK) return status;
    if (!are_values_there) {
        replayer->is_torn = true;
        return FERRIC_OK;
    }
    note_witness(replayer, frame, offset);
    switch (frame->kind) {
    case FE_FRAME_COMMITS:
        // Numbers only grow from log to log; within one the reader has seen to it.
        if (newest > flushed && first_unflushed <= replay->last_sequence) {
            return corrupt_log(replayer, offset, "a sequence number for the second time");
        }
        status = take_commits(replayer, frame);
        break;
    case FE_FRAME_LINK:
        status = take_link(replayer, frame);
        break;
    case FE_FRAME_WITNESS:
    case FE_FRAME_END:
        break;
    default:
        return corrupt_log(replayer, offset, "a frame that does not belong into a log");
    }
    if (status == FERRIC_CORRUPT) {
        char message[256];
        (void)strncpy(message, fe_message(), sizeof message - 1);
        message[sizeof message - 1] = 0;
        return corrupt_log(replayer, offset, message);
    }
    if (frame->batch_count > 0 && newest > replay->last_sequence) replay->last_sequence = newest;
    if (frame->time_ms > replay->newest_time_ms) replay->newest_time_ms = frame->time_ms;
    replay->frames++;
    return status;
}

static void note_torn(log_replayer *replayer, const fe_frame *frame)
{
    uint64_t newest = frame->sequence + frame->batch_count - 1;

    if (frame->durable_sequence > replayer->torn_witness) {
        replayer->torn_witness = frame->durable_sequence;
    }
    if (frame->batch_count > 0 && newest > replayer->torn_highest) replayer->torn_highest = newest;
}

// Reads on behind a frame whose values are missing, for what judge_tail has to know.
static ferric_status pass_torn(log_replayer *replayer, const fe_frame *first)
{
    fe_frame_result result = FE_FRAME_VALID;
    fe_frame frame;
    uint64_t offset;

    note_torn(replayer, first);
    for (;;) {
        ferric_status status = fe_record_log_next(replayer->reader, &frame, &result, &offset);
        if (status != FERRIC_OK || result != FE_FRAME_VALID) return status;
        note_torn(replayer, &frame);
    }
}

// Reads frames up to the log's end, or to where no valid one stands; *offset is where.
static ferric_status read_frames(log_replayer *replayer, uint64_t *offset)
{
    const fe_live_log *live = &replayer->log.live;
    fe_frame_result result;
    fe_frame frame;

    for (;;) {
        ferric_status status = fe_record_log_next(replayer->reader, &frame, &result, offset);
        if (status != FERRIC_OK) return status;
        if (live->is_sealed && *offset >= live->end) return FERRIC_OK;
        if (result == FE_FRAME_FORGED)
            return corrupt_log(replayer, *offset, "the tag of a frame does not hold");
        if (result != FE_FRAME_VALID) return FERRIC_OK;
        status = take_frame(replayer, &frame, *offset);
        if (status != FERRIC_OK) return status;
        if (replayer->is_torn) return pass_torn(replayer, &frame);
    }
}

// ---- The tail -------------------------------------------------------------------------------

// The highest witness in the frames of a log that nothing led to.
static ferric_status witness_of_stray(log_replayer *replayer, uint64_t number, uint64_t *witness)
{
    fe_record_log_reader *reader = NULL;
    ferric_buffer path = {0};
    fe_frame_result result = FE_FRAME_EMPTY;
    fe_frame frame;
    uint64_t offset;
    ferric_status status = fe_file_path(&path, replayer->options->directory, FE_FILE_LOG, number);

    *witness = 0;
    if (status == FERRIC_OK) {
        status = fe_record_log_open(replayer->options->vfs, fe_path_text(&path), FE_FILE_LOG,
                                    fe_value_files_keys(replayer->options->value_files), &reader);
    }
    // A log whose header never became durable was never used.
    if (status == FERRIC_CORRUPT || status == FERRIC_NOT_FOUND) status = FERRIC_OK;
    while (status == FERRIC_OK && reader != NULL) {
        status = fe_record_log_next(reader, &frame, &result, &offset);
        if (status != FERRIC_OK || result != FE_FRAME_VALID) break;
        if (frame.durable_sequence > *witness) *witness = frame.durable_sequence;
    }
    fe_record_log_reader_close(reader);
    fe_buffer_deinit(&path);
    return status;
}

// The highest witness in logs that were begun after the one whose tail is judged.
static ferric_status witness_of_later_logs(log_replayer *replayer, uint64_t *witness)
{
    ferric_buffer names = {0};
    ferric_status status =
        fe_vfs_list(replayer->options->vfs, replayer->options->directory, &names);

    *witness = 0;
    for (size_t at = 0; status == FERRIC_OK && at < names.size;) {
        const char *name = (const char *)names.data + at;
        fe_file_kind kind;
        uint64_t number;
        uint64_t found = 0;

        at += strlen(name) + 1;
        if (!fe_file_name_parse(name, &kind, &number) || kind != FE_FILE_LOG) continue;
        if (number <= replayer->log.live.number) continue;
        status = witness_of_stray(replayer, number, &found);
        if (found > *witness) *witness = found;
    }
    fe_buffer_deinit(&names);
    return status;
}

// The last log ends at `offset`. A torn tail, or was something durable lost?
static ferric_status judge_tail(log_replayer *replayer, uint64_t offset)
{
    fe_replay *replay = replayer->replay;
    uint64_t next = replay->last_sequence + 1;
    uint64_t witness;
    uint64_t highest;
    uint64_t last_nonzero;
    uint64_t later = 0;
    ferric_status status =
        fe_record_log_find_evidence(replayer->reader, &witness, &highest, &last_nonzero);

    if (status == FERRIC_OK) status = witness_of_later_logs(replayer, &later);
    if (status != FERRIC_OK) return status;
    if (later > witness) witness = later;
    if (replayer->torn_witness > witness) witness = replayer->torn_witness;
    if (replayer->torn_highest > highest) highest = replayer->torn_highest;
    if (witness >= next && !FE_SEEDED_BUG(FE_BUG_TORN_TAIL_ALWAYS)) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: damaged at offset %" PRIu64 ": commit %" PRIu64
                       " was durable once, as a later frame proves: run `ferric repair`",
                       fe_path_text(&replayer->path), offset, next);
    }
    if (last_nonzero > offset) replay->bytes_dropped += last_nonzero - offset;
    if (highest > replay->highest_sequence && !FE_SEEDED_BUG(FE_BUG_SEQUENCE_REUSED)) {
        replay->highest_sequence = highest;
    }
    return FERRIC_OK;
}

// ---- Logs -----------------------------------------------------------------------------------

// Under another number or salt no frame would hold, and all of it would pass for a torn tail.
static ferric_status check_identity(const log_replayer *replayer, const fe_live_log *live)
{
    const fe_file_header *header = fe_record_log_header(replayer->reader);

    if (header->file_number == live->number && memcmp(header->salt, live->salt, FE_SALT_SIZE) == 0)
        return FERRIC_OK;
    return fe_fail(FERRIC_CORRUPT, "%s: another log under this name: numbers or salts differ",
                   fe_path_text(&replayer->path));
}

static ferric_status open_log(log_replayer *replayer, const fe_live_log *live)
{
    ferric_status status =
        fe_file_path(&replayer->path, replayer->options->directory, FE_FILE_LOG, live->number);

    replayer->log = (fe_replayed_log){.live = *live, .harden_from = FE_FILE_HEADER_SIZE};
    replayer->log_last_sequence = 0;
    replayer->log_last_end = 0;
    replayer->has_link = false;
    replayer->is_torn = false;
    replayer->torn_witness = 0;
    replayer->torn_highest = 0;
    if (status != FERRIC_OK) return status;
    status =
        fe_record_log_open(replayer->options->vfs, fe_path_text(&replayer->path), FE_FILE_LOG,
                           fe_value_files_keys(replayer->options->value_files), &replayer->reader);
    if (status == FERRIC_NOT_FOUND) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: missing, though the database needs it: run `ferric repair`",
                       fe_path_text(&replayer->path));
    }
    if (status != FERRIC_OK) return status;
    return check_identity(replayer, live);
}

static ferric_status keep_log(log_replayer *replayer, uint64_t offset)
{
    fe_replay *replay = replayer->replay;
    size_t size = (replay->log_count + 1) * sizeof *replay->logs;
    fe_replayed_log *logs = fe_realloc(replay->logs, size);

    if (logs == NULL) return fe_no_memory("recovery", size);
    replay->logs = logs;
    // Frames of the ring are in the log once they were written there.
    if (fe_record_log_ring_offset(replayer->reader) < replayer->log.harden_from) {
        replayer->log.harden_from = fe_record_log_ring_offset(replayer->reader);
    }
    replayer->log.needs_hardening = !replayer->log.live.is_sealed;
    if (!replayer->log.live.is_sealed) {
        replayer->log.live.end = offset;
        replayer->log.live.end_sequence = replay->last_sequence;
        replayer->log.live.is_sealed = true;
    }
    logs[replay->log_count++] = replayer->log;
    return FERRIC_OK;
}

static ferric_status check_sealed(const log_replayer *replayer, uint64_t offset)
{
    if (offset == replayer->log.live.end) return FERRIC_OK;
    return corrupt_log(replayer, offset, "it ends before the end that it had when it was sealed");
}

static ferric_status replay_log(log_replayer *replayer, const fe_live_log *live)
{
    const fe_replay *replay = replayer->replay;
    uint64_t offset = 0;
    ferric_status status = open_log(replayer, live);

    // Numbers grow along the chain; else it could lead back to itself.
    if (status == FERRIC_OK && replay->log_count > 0 &&
        live->number <= replay->logs[replay->log_count - 1].live.number) {
        status = corrupt_log(replayer, 0, "it comes before the log that leads to it");
    }
    if (status == FERRIC_OK) status = read_frames(replayer, &offset);
    if (status == FERRIC_OK && live->is_sealed) {
        status = check_sealed(replayer, offset);
        replayer->has_link = false; // The manifest names the next one itself.
    } else if (status == FERRIC_OK && !replayer->has_link) {
        status = judge_tail(replayer, offset);
    }
    if (status == FERRIC_OK) status = keep_log(replayer, offset);
    fe_record_log_reader_close(replayer->reader);
    replayer->reader = NULL;
    return status;
}

ferric_status fe_replay_run(const fe_replay_options *options, const fe_live_log *logs,
                            size_t log_count, fe_replay *replay)
{
    log_replayer replayer = {.options = options, .replay = replay};
    ferric_status status = FERRIC_OK;

    memset(replay, 0, sizeof *replay);
    replay->last_sequence = options->flushed_sequence;
    replay->durable_sequence = options->flushed_sequence;
    for (size_t i = 0; i < log_count && status == FERRIC_OK; i++) {
        status = replay_log(&replayer, &logs[i]);
        while (status == FERRIC_OK && replayer.has_link) {
            fe_live_log next = replayer.link;
            status = replay_log(&replayer, &next);
        }
    }
    if (replay->last_sequence > replay->highest_sequence) {
        replay->highest_sequence = replay->last_sequence;
    }
    fe_operations_deinit(&replayer.operations);
    fe_buffer_deinit(&replayer.path);
    fe_buffer_deinit(&replayer.record);
    if (status != FERRIC_OK) fe_replay_deinit(replay);
    return status;
}

void fe_replay_deinit(fe_replay *replay)
{
    for (uint32_t i = 0; i < replay->memtable_count; i++) {
        fe_live_memtable_unref(replay->memtables[i]);
    }
    fe_free(replay->memtables);
    fe_free(replay->logs);
    fe_free(replay->values);
    memset(replay, 0, sizeof *replay);
}
