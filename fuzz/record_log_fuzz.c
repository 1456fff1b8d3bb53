// SPDX-License-Identifier: Apache-2.0
// Whole logs and manifests as files of frames: reading from end to end, the search for evidence
// behind the end, and reading when the header is known from elsewhere.
#include "base/checksum.h"
#include "base/coding.h"
#include "folder.h"
#include "format/internal_key.h"
#include "format/record_log.h"
#include "fuzz.h"

#define PATH FOLDER_PATH "/000001.log"
#define LOG_CODE (1 << 6 | 1)

const size_t fuzz_fixed_memory = 32 << 10;

// Of all payloads, so that the compiler cannot spare a byte.
static volatile uint32_t read_sum;

// Reads all frames. Returns how many there were.
static uint64_t read_frames(fe_record_log_reader *reader, uint64_t size)
{
    fe_frame_result result = FE_FRAME_VALID;
    uint64_t count = 0;
    uint64_t offset;
    uint64_t offset_before = 0;
    uint64_t next_sequence = 0;
    fe_frame frame;

    for (;;) {
        FUZZ_CHECK(fe_record_log_next(reader, &frame, &result, &offset) == FERRIC_OK);
        if (result != FE_FRAME_VALID) break;
        FUZZ_CHECK(offset > offset_before && offset < size);
        FUZZ_CHECK(count == 0 || frame.sequence == next_sequence);
        FUZZ_CHECK(frame.payload.size < size);
        read_sum += fe_crc32c(0, frame.payload.data, frame.payload.size);
        next_sequence = frame.sequence + frame.batch_count;
        offset_before = offset;
        count++;
    }
    FUZZ_CHECK(fe_record_log_next(reader, &frame, &result, &offset_before) == FERRIC_OK);
    FUZZ_CHECK(result != FE_FRAME_VALID && offset_before == offset);
    return count;
}

static void find_evidence(fe_record_log_reader *reader, uint64_t size)
{
    uint64_t witness;
    uint64_t highest;
    uint64_t last_nonzero;

    FUZZ_CHECK(fe_record_log_find_evidence(reader, &witness, &highest, &last_nonzero) == FERRIC_OK);
    FUZZ_CHECK(witness <= FE_SEQUENCE_MAX && highest <= FE_SEQUENCE_MAX);
    FUZZ_CHECK(last_nonzero <= size);
}

static bool read_log(fe_vfs *vfs, fe_file_kind kind, uint64_t size)
{
    fe_record_log_reader *reader;
    uint64_t count;

    if (fe_record_log_open(vfs, PATH, kind, NULL, &reader) != FERRIC_OK) return false;
    count = read_frames(reader, size);
    find_evidence(reader, size);
    fe_record_log_reader_close(reader);
    return count > 0;
}

static void read_damaged(fe_vfs *vfs, const uint8_t *data, uint64_t size)
{
    fe_file_header header = {.version = FE_FORMAT_VERSION, .kind = FE_FILE_LOG};
    fe_record_log_reader *reader;

    if (size >= FE_FILE_HEADER_SIZE) {
        header.file_number = fe_get_u64(data + 16);
        memcpy(header.salt, data + FE_FILE_HEADER_SIZE - 4 - FE_SALT_SIZE, FE_SALT_SIZE);
    }
    FUZZ_CHECK(fe_record_log_open_damaged(vfs, PATH, &header, &reader) == FERRIC_OK);
    (void)read_frames(reader, size);
    find_evidence(reader, size);
    fe_record_log_reader_close(reader);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    folder files = {.files = {{LOG_CODE, data, size}}, .count = 1};
    fe_vfs *vfs = folder_mount(&files);
    bool is_log;
    bool is_manifest;

    if (vfs == NULL) return false;
    is_log = read_log(vfs, FE_FILE_LOG, size);
    is_manifest = read_log(vfs, FE_FILE_MANIFEST, size);
    read_damaged(vfs, data, size);
    fe_vfs_memory_destroy(vfs);
    return is_log || is_manifest;
}
