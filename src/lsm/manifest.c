// SPDX-License-Identifier: Apache-2.0
// The manifest on disk: read to its end, written anew, appended to.
#include "lsm/manifest.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/file_names.h"

#define FIRST_RESERVE 4096

struct fe_manifest {
    fe_vfs *vfs;
    fe_record_log_writer *writer;
    ferric_buffer bytes; // Reused for each edit.
    uint64_t next_edit;
};

// ---- Reading --------------------------------------------------------------------------------

static ferric_status read_current(fe_vfs *vfs, const char *path, fe_file_header *header)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE + 1]; // One more shows a file that is too long.
    fe_file *file = NULL;
    size_t got = 0;
    ferric_status status = fe_vfs_open(vfs, path, FE_OPEN_READ, &file);

    if (status != FERRIC_OK) return status;
    status = fe_file_read_at(file, 0, bytes, sizeof bytes, &got);
    fe_file_close(file);
    if (status != FERRIC_OK) return status;
    if (got > FE_FILE_HEADER_SIZE) {
        return fe_fail(FERRIC_CORRUPT, "%s: longer than the %d bytes it should have", path,
                       FE_FILE_HEADER_SIZE);
    }
    return fe_file_header_decode(fe_slice(bytes, got), FE_FILE_CURRENT, path, header);
}

static void take_logs(fe_manifest_state *state, fe_version_edit *edit)
{
    if (!edit->has_logs) return;
    fe_free(state->logs);
    state->logs = edit->logs;
    state->log_count = edit->log_count;
    edit->logs = NULL;
    edit->log_count = 0;
}

static ferric_status take_edit(fe_manifest_state *state, ferric_slice payload, const char *path)
{
    fe_table_cache *tables = state->version->tables;
    fe_version_edit edit;
    fe_version *next = NULL;
    ferric_status status = fe_edit_decode(payload, tables, &edit);

    if (status == FERRIC_OK) status = fe_version_edit_check(&edit, state->last_sequence);
    if (status == FERRIC_OK) status = fe_version_apply(state->version, &edit, &next);
    if (status == FERRIC_OK) {
        fe_version_unref(state->version);
        state->version = next;
        if (edit.next_file_number != 0) state->next_file_number = edit.next_file_number;
        if (edit.last_sequence != 0) state->last_sequence = edit.last_sequence;
        take_logs(state, &edit);
        state->edits++;
    }
    fe_version_edit_deinit(&edit, tables); // Decoding left it {0} when it failed.
    if (status == FERRIC_CORRUPT) {
        return fe_fail(FERRIC_CORRUPT, "%s: edit %" PRIu64 ": %s", path, state->edits + 1,
                       fe_message());
    }
    return status;
}

// Reading ended before the end of what was written. An edit whose append was cut off is no loss,
// for nothing depended on it yet; a damaged one that was durable is.
static ferric_status judge_end(fe_record_log_reader *reader, const char *path, uint64_t offset,
                               fe_manifest_state *state)
{
    uint64_t witness;
    uint64_t highest;
    uint64_t last_nonzero;
    ferric_status status = fe_record_log_find_evidence(reader, &witness, &highest, &last_nonzero);

    if (status != FERRIC_OK) return status;
    if (highest != 0 && !FE_SEEDED_BUG(FE_BUG_MANIFEST_CUT_SHORT)) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: damaged at offset %" PRIu64 ", before edit %" PRIu64
                       " that was written later: run `ferric repair`",
                       path, offset, highest);
    }
    state->has_torn_tail = last_nonzero > offset;
    return FERRIC_OK;
}

// Whether CURRENT says in all fields what the manifest's header says. Of an encrypted database the
// manifest's seals prove the latter.
static ferric_status check_current(const fe_file_header *current, const fe_file_header *manifest,
                                   const char *path)
{
    fe_file_header named = *current;
    uint8_t expected[FE_FILE_HEADER_SIZE];
    uint8_t found[FE_FILE_HEADER_SIZE];

    named.kind = FE_FILE_MANIFEST;
    fe_file_header_encode(&named, expected);
    fe_file_header_encode(manifest, found);
    if (memcmp(expected, found, sizeof found) == 0) return FERRIC_OK;
    return fe_fail(FERRIC_CORRUPT, "%s: not the manifest that CURRENT means: headers differ", path);
}

static ferric_status read_edits(fe_vfs *vfs, const char *path, const fe_file_header *current,
                                fe_manifest_state *state)
{
    fe_record_log_reader *reader = NULL;
    fe_frame frame;
    fe_frame_result result = FE_FRAME_EMPTY;
    uint64_t offset = 0;
    ferric_status status = fe_record_log_open(vfs, path, FE_FILE_MANIFEST, current->keys, &reader);

    if (status == FERRIC_NOT_FOUND) {
        return fe_fail(FERRIC_CORRUPT, "%s: missing, though CURRENT names it: run `ferric repair`",
                       path);
    }
    if (status != FERRIC_OK) return status;
    status = check_current(current, fe_record_log_header(reader), path);
    if (status != FERRIC_OK) goto out;
    for (;;) {
        status = fe_record_log_next(reader, &frame, &result, &offset);
        if (status != FERRIC_OK) goto out;
        if (result == FE_FRAME_FORGED) {
            status = fe_fail(FERRIC_CORRUPT,
                             "%s: the tag of the edit at offset %" PRIu64 " does not hold", path,
                             offset);
            goto out;
        }
        if (result != FE_FRAME_VALID) break;
        if (frame.kind != FE_FRAME_EDIT) {
            status = fe_fail(FERRIC_CORRUPT, "%s: a frame of kind %d among the edits", path,
                             (int)frame.kind);
            goto out;
        }
        if (frame.time_ms > state->newest_time_ms) state->newest_time_ms = frame.time_ms;
        status = take_edit(state, frame.payload, path);
        if (status != FERRIC_OK) goto out;
    }
    state->bytes = offset;
    status = judge_end(reader, path, offset, state);
    if (status == FERRIC_OK && state->edits == 0) {
        status = fe_fail(FERRIC_CORRUPT, "%s: has no whole edit: run `ferric repair`", path);
    }
out:
    fe_record_log_reader_close(reader);
    return status;
}

ferric_status fe_current_read(fe_vfs *vfs, const char *directory, fe_file_header *header)
{
    ferric_buffer path = {0};
    ferric_status status = fe_file_path_named(&path, directory, FE_FILE_CURRENT_NAME);

    if (status == FERRIC_OK) status = read_current(vfs, fe_path_text(&path), header);
    fe_buffer_deinit(&path);
    return status;
}

ferric_status fe_manifest_load(fe_vfs *vfs, const char *directory, struct fe_file_keys *keys,
                               fe_table_cache *tables, fe_manifest_state *state)
{
    ferric_buffer path = {0};
    fe_file_header current = {0};
    ferric_status status;

    memset(state, 0, sizeof *state);
    status = fe_current_read(vfs, directory, &current);
    if (status == FERRIC_OK) {
        current.keys = keys;
        state->manifest_number = current.file_number;
        memcpy(state->database_id, current.database_id, FE_DATABASE_ID_SIZE);
        status = fe_version_create(tables, &state->version);
    }
    if (status == FERRIC_OK) {
        status = fe_file_path(&path, directory, FE_FILE_MANIFEST, current.file_number);
    }
    if (status == FERRIC_OK) status = read_edits(vfs, fe_path_text(&path), &current, state);
    fe_buffer_deinit(&path);
    if (status != FERRIC_OK) fe_manifest_state_deinit(state);
    return status;
}

void fe_manifest_state_deinit(fe_manifest_state *state)
{
    fe_version_unref(state->version);
    fe_free(state->logs);
    memset(state, 0, sizeof *state);
}

// ---- Writing --------------------------------------------------------------------------------

// Makes CURRENT name the manifest of `header`: a new file, synced, then renamed over the old one.
static ferric_status switch_current(fe_vfs *vfs, const char *directory,
                                    const fe_file_header *header)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];
    fe_file_header current = *header;
    ferric_buffer from = {0};
    ferric_buffer to = {0};
    fe_file *file = NULL;
    ferric_status status;

    current.kind = FE_FILE_CURRENT;
    fe_file_header_encode(&current, bytes);
    status = fe_file_path_named(&from, directory, FE_FILE_CURRENT_NEW_NAME);
    if (status == FERRIC_OK) status = fe_file_path_named(&to, directory, FE_FILE_CURRENT_NAME);
    if (status != FERRIC_OK) goto out;
    status = fe_vfs_remove(vfs, fe_path_text(&from)); // Left by a crash.
    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) goto out;
    status = fe_vfs_open(vfs, fe_path_text(&from), FE_OPEN_CREATE, &file);
    if (status == FERRIC_OK) status = fe_file_write_at(file, 0, bytes, sizeof bytes);
    if (status == FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_CURRENT_NOT_SYNCED)) {
        status = fe_file_sync(file);
    }
    fe_file_close(file);
    if (status != FERRIC_OK) goto out;
    status = fe_vfs_rename(vfs, fe_path_text(&from), fe_path_text(&to));
    if (status != FERRIC_OK || FE_SEEDED_BUG(FE_BUG_RENAME_NOT_SYNCED)) goto out;
    status = fe_vfs_sync_directory(vfs, directory);
    if (status != FERRIC_OK) {
        // Both manifests stay, and both describe the same state, so either name is right after a
        // crash. But what is written from here on stands in the new one alone.
        status =
            fe_fail(FERRIC_OUTCOME_UNKNOWN, "%s: the switch to a new manifest may not last: %s",
                    fe_path_text(&to), fe_message());
    }
out:
    fe_buffer_deinit(&from);
    fe_buffer_deinit(&to);
    return status;
}

static ferric_status append_frame(fe_manifest *manifest, uint64_t time_ms)
{
    ferric_slice part = fe_buffer_slice(&manifest->bytes);
    fe_frame frame = {
        .kind = FE_FRAME_EDIT,
        .batch_count = 1,
        .sequence = manifest->next_edit,
        .durable_sequence = manifest->next_edit - 1, // Each edit is synced before the next.
        .time_ms = time_ms == 0 ? fe_vfs_now_ms(manifest->vfs) : time_ms,
    };
    ferric_status status = fe_record_log_append(manifest->writer, &frame, &part, 1);

    if (status != FERRIC_OK) return status;
    manifest->next_edit++;
    if (FE_SEEDED_BUG(FE_BUG_MANIFEST_NOT_SYNCED)) return FERRIC_OK;
    return fe_record_log_sync(manifest->writer);
}

ferric_status fe_manifest_append(fe_manifest *manifest, const fe_version_edit *edit)
{
    ferric_status status;

    fe_buffer_clear(&manifest->bytes);
    status = fe_edit_encode(edit, &manifest->bytes);
    return status == FERRIC_OK ? append_frame(manifest, edit->time_ms) : status;
}

// The edit that makes `version` out of nothing, with numbers and logs of `state`.
static ferric_status encode_snapshot(const fe_version *version, const fe_version_edit *state,
                                     ferric_buffer *bytes)
{
    fe_version_edit whole = *state;
    ferric_status status = FERRIC_OK;

    whole.removals = NULL;
    whole.removal_count = 0;
    whole.additions = NULL;
    whole.addition_count = 0;
    whole.has_logs = true;
    for (uint32_t i = 0; i < FE_LEVEL_COUNT && status == FERRIC_OK; i++) {
        const fe_level *level = &version->levels[i];
        for (uint32_t j = 0; j < level->count && status == FERRIC_OK; j++) {
            status = fe_version_edit_add(&whole, i, level->files[j]); // Borrowed, see below.
        }
    }
    if (status == FERRIC_OK) status = fe_edit_encode(&whole, bytes);
    fe_free(whole.additions); // No references were taken, so there are none to release.
    return status;
}

ferric_status fe_manifest_create(fe_vfs *vfs, const char *directory, const fe_file_header *header,
                                 const fe_version *version, const fe_version_edit *state,
                                 fe_manifest **manifest)
{
    fe_manifest *created = fe_alloc_zero(1, sizeof *created);
    ferric_buffer path = {0};
    ferric_status status;

    *manifest = NULL;
    if (created == NULL) return fe_no_memory("a manifest", sizeof *created);
    created->vfs = vfs;
    created->next_edit = 1;
    status = encode_snapshot(version, state, &created->bytes);
    if (status != FERRIC_OK) goto out;
    status = fe_file_path(&path, directory, FE_FILE_MANIFEST, header->file_number);
    if (status != FERRIC_OK) goto out;
    status = fe_record_log_create(vfs, fe_path_text(&path), header, FE_LOG_SYNCED, FIRST_RESERVE,
                                  &created->writer);
    if (status != FERRIC_OK) goto out;
    status = append_frame(created, state->time_ms);
    if (status == FERRIC_OK) status = fe_vfs_sync_directory(vfs, directory);
    if (status == FERRIC_OK) status = switch_current(vfs, directory, header);
    if (status != FERRIC_OK) goto out;
    *manifest = created;
    created = NULL;
out:
    fe_manifest_close(created);
    fe_buffer_deinit(&path);
    return status;
}

uint64_t fe_manifest_size(const fe_manifest *manifest)
{
    return fe_record_log_offset(manifest->writer);
}

ferric_status fe_manifest_trim(fe_manifest *manifest)
{
    return fe_record_log_trim(manifest->writer);
}

void fe_manifest_close(fe_manifest *manifest)
{
    if (manifest == NULL) return;
    fe_record_log_close(manifest->writer);
    fe_buffer_deinit(&manifest->bytes);
    fe_free(manifest);
}
