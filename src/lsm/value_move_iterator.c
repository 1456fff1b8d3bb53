// SPDX-License-Identifier: Apache-2.0
// Entries whose values move.
#include "lsm/value_move_iterator.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/map_iterator.h"

// Moved values are written in pieces of this size.
#define PIECE_BYTES ((size_t)256 << 10)

void fe_value_mover_init(fe_value_mover *mover, fe_value_files *files,
                         fe_value_writer_options options, uint64_t file_size,
                         fe_value_choice is_chosen, const void *context)
{
    memset(mover, 0, sizeof *mover);
    mover->files = files;
    mover->options = options;
    mover->file_size = file_size;
    mover->is_chosen = is_chosen;
    mover->context = context;
}

static fe_value_writer *current_of(const fe_value_mover *mover)
{
    return mover->writer_count == 0 ? NULL : mover->writers[mover->writer_count - 1];
}

static ferric_status write_pending(fe_value_mover *mover)
{
    ferric_status status;

    if (mover->pending.size == 0) return FERRIC_OK;
    status = fe_value_writer_reserve(current_of(mover), mover->pending.size);
    if (status == FERRIC_OK) {
        status = fe_value_writer_write(current_of(mover), mover->pending.data, mover->pending.size);
    }
    fe_buffer_clear(&mover->pending);
    return status;
}

static ferric_status begin_file(fe_value_mover *mover)
{
    size_t size = (mover->writer_count + 1) * sizeof *mover->writers;
    fe_value_writer **writers = fe_realloc(mover->writers, size);
    ferric_status status;

    if (writers == NULL) return fe_no_memory("a collection", size);
    mover->writers = writers;
    status = fe_value_writer_create(&mover->options, &writers[mover->writer_count]);
    if (status != FERRIC_OK) return status;
    mover->pending_at = fe_value_writer_offset(writers[mover->writer_count++]);
    return FERRIC_OK;
}

// Makes sure that the next record has a file and a place in `pending`.
static ferric_status make_room(fe_value_mover *mover, size_t size)
{
    bool is_full = mover->writer_count > 0 && mover->pending_at > FE_FILE_HEADER_SIZE &&
                   mover->pending_at + size > mover->file_size;
    ferric_status status = FERRIC_OK;

    if (is_full || mover->pending.size + size > PIECE_BYTES) status = write_pending(mover);
    if (status == FERRIC_OK && (is_full || mover->writer_count == 0)) status = begin_file(mover);
    if (status == FERRIC_OK) status = fe_buffer_reserve(&mover->pending, size);
    return status;
}

// Copies the value that *bytes points to and writes the new pointer to `moved`.
static ferric_status move_value(fe_value_mover *mover, ferric_slice bytes,
                                uint8_t moved[FE_VALUE_POINTER_SIZE])
{
    fe_value_pointer pointer;
    uint8_t *record;
    size_t size;
    ferric_status status = fe_value_files_read_record(mover->files, bytes, &mover->record);

    size = mover->record.size + fe_value_files_seal_size(mover->files);
    if (status == FERRIC_OK) status = make_room(mover, size);
    if (status != FERRIC_OK) return status;
    record = (uint8_t *)mover->pending.data + mover->pending.size;
    memcpy(record, mover->record.data, mover->record.size);
    status = fe_value_writer_seal(current_of(mover), mover->pending_at, record, size, &pointer);
    if (status != FERRIC_OK) return status;
    mover->pending.size += size;
    mover->pending_at += size;
    mover->moved_bytes += size;
    fe_value_pointer_encode(&pointer, moved);
    return FERRIC_OK;
}

ferric_status fe_value_mover_sync(fe_value_mover *mover)
{
    ferric_status status = write_pending(mover);

    for (size_t i = 0; i < mover->writer_count && status == FERRIC_OK; i++)
        status = fe_value_writer_sync(mover->writers[i]);
    // Nothing depends on these files yet, so a failure is no unknown outcome.
    return status == FERRIC_OUTCOME_UNKNOWN ? fe_fail(FERRIC_IO, "%s", fe_message()) : status;
}

void fe_value_mover_keep(fe_value_mover *mover)
{
    mover->is_kept = true;
}

void fe_value_mover_deinit(fe_value_mover *mover)
{
    for (size_t i = 0; i < mover->writer_count; i++) {
        fe_value_file *file = fe_value_writer_file(mover->writers[i]);
        if (mover->is_kept) {
            fe_value_writer_complete(mover->writers[i]);
        } else {
            atomic_store(&file->is_obsolete, true);
        }
        fe_value_writer_close(mover->writers[i]);
    }
    fe_free(mover->writers);
    fe_buffer_deinit(&mover->pending);
    fe_buffer_deinit(&mover->record);
}

// ---- The iterator ---------------------------------------------------------------------------

// Puts the new pointer into the entry, which keeps its expiry.
static void show_moved(fe_value_mover *mover, fe_entry *entry)
{
    size_t skipped = FE_EXPIRY_SIZE;

    if (fe_entry_kind_expires(entry->kind)) {
        fe_put_u64(mover->moved, fe_entry_expiry(entry));
        skipped = 0;
    }
    entry->value = fe_slice(mover->moved + skipped, sizeof mover->moved - skipped);
}

static ferric_status pass(void *context, fe_entry *entry, bool *is_hidden)
{
    fe_value_mover *mover = context;
    fe_value_pointer pointer;
    ferric_status status;

    (void)is_hidden;
    if (!fe_entry_kind_points(entry->kind)) return FERRIC_OK;
    status = fe_value_pointer_decode(fe_entry_content(entry), &pointer);
    if (status != FERRIC_OK || !mover->is_chosen(mover->context, pointer.number)) return status;
    status = move_value(mover, fe_entry_content(entry), mover->moved + FE_EXPIRY_SIZE);
    show_moved(mover, entry);
    return status;
}

ferric_status fe_value_move_iterator_create(fe_value_mover *mover, fe_iterator *input,
                                            fe_iterator **iterator)
{
    return fe_map_iterator_create(input, pass, mover, iterator);
}
