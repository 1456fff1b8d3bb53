// SPDX-License-Identifier: Apache-2.0
// One value file that is being written.
#include "lsm/value_writer.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "format/file_keys.h"
#include "lsm/file_names.h"

struct fe_value_writer {
    fe_value_file *file; // A reference; its sealer is used by this writer alone.
    fe_log_file *log;
    uint64_t offset;
    _Atomic(uint64_t) written; // What a sync may count on: everything before is with the kernel.
    uint64_t synced;           // Of the one who syncs.
    bool is_broken;            // A sync failed; of the one who syncs.
};

static ferric_status write_header(fe_value_writer *writer, const fe_file_header *header)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];
    ferric_status status;

    fe_file_header_encode(header, bytes);
    status = fe_log_file_reserve(writer->log, sizeof bytes);
    if (status == FERRIC_OK) status = fe_log_file_commit(writer->log, 0, bytes, sizeof bytes);
    if (status == FERRIC_OK) status = fe_log_file_sync(writer->log);
    return status;
}

static ferric_status draw_header(const fe_value_writer_options *options, fe_file_header *header)
{
    memset(header, 0, sizeof *header);
    header->version = FE_FORMAT_VERSION;
    header->kind = FE_FILE_VALUES;
    header->created_ms = fe_vfs_now_ms(options->vfs);
    header->file_number =
        atomic_fetch_add_explicit(options->next_file_number, 1, memory_order_relaxed);
    memcpy(header->database_id, options->database_id, FE_DATABASE_ID_SIZE);
    fe_file_keys_stamp(fe_value_files_keys(options->files), header);
    return fe_vfs_random(options->vfs, header->salt, sizeof header->salt);
}

static ferric_status create(const fe_value_writer_options *options, fe_value_writer *writer,
                            const char *path, const fe_file_header *header)
{
    ferric_status status = fe_vfs_create_log(options->vfs, path, FE_LOG_BUFFERED, &writer->log);

    if (status != FERRIC_OK) return status;
    status = write_header(writer, header);
    if (status == FERRIC_OK) status = fe_vfs_sync_directory(options->vfs, options->directory);
    if (status == FERRIC_OK) {
        status =
            fe_value_files_ref(options->files, header->file_number, header->salt, &writer->file);
    }
    if (status == FERRIC_OK) status = fe_value_file_begin(writer->file, header);
    if (status == FERRIC_OK) return FERRIC_OK;
    fe_value_file_unref(writer->file);
    fe_log_file_close(writer->log);
    (void)fe_vfs_remove(options->vfs, path); // Nothing names it.
    return status;
}

ferric_status fe_value_writer_create(const fe_value_writer_options *options,
                                     fe_value_writer **writer)
{
    fe_value_writer *created = fe_alloc_zero(1, sizeof *created);
    ferric_buffer path = {0};
    fe_file_header header;
    ferric_status status;

    *writer = NULL;
    if (created == NULL) return fe_no_memory("a value file", sizeof *created);
    status = draw_header(options, &header);
    if (status == FERRIC_OK) {
        status = fe_file_path(&path, options->directory, FE_FILE_VALUES, header.file_number);
    }
    if (status == FERRIC_OK) status = create(options, created, fe_path_text(&path), &header);
    fe_buffer_deinit(&path);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    created->offset = FE_FILE_HEADER_SIZE;
    created->synced = FE_FILE_HEADER_SIZE;
    atomic_store(&created->written, created->offset);
    atomic_store(&created->file->size_bytes, created->offset);
    *writer = created;
    return FERRIC_OK;
}

void fe_value_writer_close(fe_value_writer *writer)
{
    if (writer == NULL) return;
    fe_log_file_close(writer->log);
    fe_value_file_unref(writer->file);
    fe_free(writer);
}

fe_value_file *fe_value_writer_file(const fe_value_writer *writer)
{
    return writer->file;
}

uint64_t fe_value_writer_offset(const fe_value_writer *writer)
{
    return writer->offset;
}

ferric_status fe_value_writer_reserve(fe_value_writer *writer, size_t bytes)
{
    return fe_log_file_reserve(writer->log, writer->offset + bytes);
}

ferric_status fe_value_writer_seal(fe_value_writer *writer, uint64_t offset, uint8_t *record,
                                   size_t size, fe_value_pointer *pointer)
{
    return fe_value_record_seal(&writer->file->sealer, writer->file->number, offset, record, size,
                                pointer);
}

ferric_status fe_value_writer_write(fe_value_writer *writer, const void *data, size_t size)
{
    ferric_status status = fe_log_file_commit(writer->log, writer->offset, data, size);

    // After a failure any part may stand there, so the place is not used again.
    writer->offset += size;
    atomic_store_explicit(&writer->file->size_bytes, writer->offset, memory_order_relaxed);
    // Pairs with the acquire load in sync.
    atomic_store_explicit(&writer->written, writer->offset, memory_order_release);
    return status;
}

ferric_status fe_value_writer_sync(fe_value_writer *writer)
{
    uint64_t written = atomic_load_explicit(&writer->written, memory_order_acquire);
    ferric_status status;

    if (!writer->is_broken && written == writer->synced) return FERRIC_OK;
    if (writer->is_broken) {
        return fe_fail(FERRIC_OUTCOME_UNKNOWN, "%s: not synced: an earlier sync failed",
                       writer->file->path);
    }
    status = fe_log_file_sync(writer->log);
    if (status == FERRIC_OK) {
        writer->synced = written;
        return FERRIC_OK;
    }
    writer->is_broken = true;
    return fe_fail(FERRIC_OUTCOME_UNKNOWN, "%s: a sync failed, so nobody knows what is on disk: %s",
                   writer->file->path, fe_message());
}

void fe_value_writer_complete(fe_value_writer *writer)
{
    // What stays reserved costs space alone.
    (void)fe_log_file_trim(writer->log, writer->offset);
    // Pairs with the loads of those who choose what to collect.
    atomic_store_explicit(&writer->file->is_complete, true, memory_order_release);
}
