// SPDX-License-Identifier: Apache-2.0
// Writing, reading and replacing logs whose content is known.
#include "log_frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/slice.h"

fe_file_header log_header(void)
{
    fe_file_header header = {.version = FE_FORMAT_VERSION,
                             .kind = FE_FILE_LOG,
                             .file_number = 7,
                             .created_ms = LOG_CREATED_MS};
    for (int i = 0; i < FE_DATABASE_ID_SIZE; i++)
        header.database_id[i] = (uint8_t)(0x10 + i);
    for (int i = 0; i < FE_SALT_SIZE; i++)
        header.salt[i] = (uint8_t)(0xa0 + i);
    return header;
}

fe_record_log_writer *log_create(fe_vfs *vfs)
{
    fe_file_header header = log_header();
    fe_record_log_writer *writer;

    assert_int_equal(fe_record_log_create(vfs, LOG_PATH, &header, FE_LOG_SYNCED, 4096, &writer),
                     FERRIC_OK);
    assert_int_equal(fe_record_log_offset(writer), FE_FILE_HEADER_SIZE);
    return writer;
}

fe_record_log_reader *log_open(fe_vfs *vfs)
{
    fe_record_log_reader *reader;

    assert_int_equal(fe_record_log_open(vfs, LOG_PATH, FE_FILE_LOG, NULL, &reader), FERRIC_OK);
    return reader;
}

void log_write_example(fe_record_log_writer *writer)
{
    const fe_frame commit = {FE_FRAME_COMMITS, 1, 1, 0, LOG_CREATED_MS + 1500, {0}};
    const fe_frame witness = {FE_FRAME_WITNESS, 0, 2, 1, LOG_CREATED_MS + 1520, {0}};
    const ferric_slice hello = fe_slice_text("hello");

    assert_int_equal(fe_record_log_append(writer, &commit, &hello, 1), FERRIC_OK);
    assert_int_equal(fe_record_log_append(writer, &witness, NULL, 0), FERRIC_OK);
    assert_int_equal(fe_record_log_trim(writer), FERRIC_OK);
    fe_record_log_close(writer);
}

// Bytes that a run of them from another sequence, or moved, does not equal.
static uint8_t *payload_of(uint64_t sequence, size_t size)
{
    fe_random random = {sequence};
    uint8_t *payload = malloc(size + 8);

    assert_non_null(payload);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = fe_random_next(&random);
        memcpy(payload + i, &word, 8);
    }
    return payload;
}

static fe_frame frame_of(uint64_t sequence, uint64_t durable)
{
    fe_frame frame = {FE_FRAME_COMMITS, 1, sequence, durable, LOG_CREATED_MS + sequence, {0}};
    return frame;
}

ferric_status log_append(fe_record_log_writer *writer, uint64_t sequence, uint64_t durable,
                         size_t payload_size, size_t count)
{
    fe_frame frame = frame_of(sequence, durable);
    uint8_t *payload = payload_of(sequence, payload_size);
    ferric_slice parts[4];
    size_t done = 0;
    ferric_status status;

    for (size_t i = 0; i < count; i++) {
        size_t size = i + 1 == count ? payload_size - done : payload_size / count;
        parts[i] = fe_slice(payload + done, size);
        done += size;
    }
    status = fe_record_log_append(writer, &frame, parts, count);
    free(payload);
    return status;
}

size_t log_encode(uint64_t sequence, uint64_t durable, size_t payload_size, uint64_t offset,
                  uint8_t *at)
{
    fe_frame frame = frame_of(sequence, durable);
    uint8_t *payload = payload_of(sequence, payload_size);
    fe_file_header header = log_header();
    fe_sealer sealer;

    fe_sealer_init(&sealer, &header, "file");
    frame.payload = fe_slice(payload, payload_size);
    fe_frame_encode(&frame, &sealer, LOG_CREATED_MS, offset, at);
    free(payload);
    return fe_frame_size(&frame, &sealer, LOG_CREATED_MS);
}

uint64_t log_read(fe_record_log_reader *reader, uint64_t first_sequence, fe_frame_result *result,
                  uint64_t *offset)
{
    uint64_t count = 0;

    for (;;) {
        uint64_t sequence = first_sequence + count;
        uint8_t *payload;
        fe_frame frame;
        assert_int_equal(fe_record_log_next(reader, &frame, result, offset), FERRIC_OK);
        if (*result != FE_FRAME_VALID) return count;
        assert_int_equal(frame.kind, FE_FRAME_COMMITS);
        assert_int_equal(frame.batch_count, 1);
        assert_int_equal(frame.sequence, sequence);
        assert_int_equal(frame.time_ms, LOG_CREATED_MS + sequence);
        payload = payload_of(sequence, frame.payload.size);
        assert_true(fe_slice_equal(frame.payload, fe_slice(payload, frame.payload.size)));
        free(payload);
        count++;
    }
}

uint64_t log_read_file(fe_vfs *vfs, fe_frame_result *result, uint64_t *offset)
{
    fe_record_log_reader *reader = log_open(vfs);
    uint64_t count = log_read(reader, 1, result, offset);

    fe_record_log_reader_close(reader);
    return count;
}

uint8_t *log_content(fe_vfs *vfs, size_t *size)
{
    uint64_t file_size;
    uint8_t *bytes;
    fe_file *file;

    assert_int_equal(fe_vfs_open(vfs, LOG_PATH, FE_OPEN_READ, &file), FERRIC_OK);
    assert_int_equal(fe_file_size(file, &file_size), FERRIC_OK);
    bytes = malloc(file_size + 1);
    assert_non_null(bytes);
    assert_int_equal(fe_file_read_at(file, 0, bytes, file_size, size), FERRIC_OK);
    assert_int_equal(*size, file_size);
    fe_file_close(file);
    return bytes;
}

void log_replace(fe_vfs *vfs, const uint8_t *bytes, size_t size)
{
    fe_path_kind kind;
    fe_file *file;

    assert_int_equal(fe_vfs_stat(vfs, LOG_PATH, &kind, NULL), FERRIC_OK);
    assert_int_equal(
        fe_vfs_open(vfs, LOG_PATH, kind == FE_PATH_NONE ? FE_OPEN_CREATE : FE_OPEN_WRITE, &file),
        FERRIC_OK);
    assert_int_equal(fe_file_truncate(file, 0), FERRIC_OK);
    assert_int_equal(fe_file_write_at(file, 0, bytes, size), FERRIC_OK);
    fe_file_close(file);
}
