// SPDX-License-Identifier: Apache-2.0
// A ring file as recovery finds it. docs/format/log_ring.md.
#include <string.h>

#include "base/status.h"
#include "format/log_ring.h"

// Whether the bytes at the file's beginning say that it is the ring of this log.
static bool is_ring_of(ferric_slice bytes, const char *path, const fe_file_header *log_header)
{
    fe_file_header header;

    return fe_file_header_decode(bytes, FE_FILE_RING, path, &header) == FERRIC_OK &&
           header.file_number == log_header->file_number &&
           memcmp(header.salt, log_header->salt, FE_SALT_SIZE) == 0;
}

static bool is_ring_size(uint64_t size)
{
    return size >= FE_LOG_RING_SIZE_MIN && size <= FE_LOG_RING_SIZE_MAX && (size & (size - 1)) == 0;
}

// Reads the ring behind a header that holds; *is_whole when the file has all of it.
static ferric_status read_twice(fe_file *file, uint64_t size, ferric_buffer *bytes, bool *is_whole)
{
    size_t got = 0;
    ferric_status status = fe_buffer_reserve(bytes, (size_t)size * 2);

    if (status != FERRIC_OK) return status;
    status = fe_file_read_at(file, FE_LOG_RING_BYTES_AT, bytes->data, (size_t)size, &got);
    *is_whole = got == size;
    if (status != FERRIC_OK || !*is_whole) return status;
    memcpy((uint8_t *)bytes->data + size, bytes->data, (size_t)size);
    bytes->size = (size_t)size * 2;
    return FERRIC_OK;
}

static ferric_status load(fe_file *file, const char *path, const fe_file_header *log_header,
                          fe_log_ring_image *image)
{
    uint8_t header[FE_FILE_HEADER_SIZE];
    uint64_t file_size = 0;
    size_t got = 0;
    bool is_whole = false;
    ferric_status status = fe_file_size(file, &file_size);

    if (status == FERRIC_OK) status = fe_file_read_at(file, 0, header, sizeof header, &got);
    if (status != FERRIC_OK || file_size < FE_LOG_RING_BYTES_AT) return status;
    if (!is_ring_size(file_size - FE_LOG_RING_BYTES_AT) ||
        !is_ring_of(fe_slice(header, got), path, log_header)) {
        return FERRIC_OK;
    }
    status = read_twice(file, file_size - FE_LOG_RING_BYTES_AT, &image->bytes, &is_whole);
    if (status == FERRIC_OK && is_whole) image->size = file_size - FE_LOG_RING_BYTES_AT;
    return status;
}

ferric_status fe_log_ring_image_load(fe_vfs *vfs, const char *log_path,
                                     const fe_file_header *log_header, fe_log_ring_image *image)
{
    ferric_buffer path = {0};
    fe_file *file = NULL;
    ferric_status status = fe_log_ring_path(&path, log_path);

    memset(image, 0, sizeof *image);
    if (status == FERRIC_OK) {
        status = fe_vfs_open(vfs, (const char *)path.data, FE_OPEN_READ, &file);
    }
    if (status == FERRIC_OK) status = load(file, (const char *)path.data, log_header, image);
    if (status == FERRIC_NOT_FOUND) status = FERRIC_OK;
    fe_file_close(file);
    fe_buffer_deinit(&path);
    if (status != FERRIC_OK) fe_log_ring_image_deinit(image);
    return status;
}

void fe_log_ring_image_deinit(fe_log_ring_image *image)
{
    fe_buffer_deinit(&image->bytes);
    image->size = 0;
}

ferric_slice fe_log_ring_image_at(const fe_log_ring_image *image, uint64_t offset)
{
    if (image->size == 0) return fe_slice(NULL, 0);
    return fe_slice((const uint8_t *)image->bytes.data + (offset & (image->size - 1)),
                    (size_t)image->size);
}
