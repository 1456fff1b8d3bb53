// SPDX-License-Identifier: Apache-2.0
// Records of value files and pointers to them. docs/format/value_file.md.
#include "format/value_record.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/coding.h"
#include "base/seeded_bug.h"
#include "base/status.h"

#define OFFSET_MAX (((uint64_t)1 << 56) - 1)

void fe_value_pointer_encode(const fe_value_pointer *pointer, uint8_t bytes[FE_VALUE_POINTER_SIZE])
{
    fe_put_u64(bytes, pointer->number);
    fe_put_u64(bytes + 8, pointer->offset);
    fe_put_u32(bytes + 16, pointer->size);
    fe_put_u32(bytes + 20, pointer->check);
}

ferric_status fe_value_pointer_decode(ferric_slice bytes, fe_value_pointer *pointer)
{
    const uint8_t *at = bytes.data;

    if (bytes.size != FE_VALUE_POINTER_SIZE) {
        return fe_fail(FERRIC_CORRUPT, "a value pointer has %zu bytes, expected %d", bytes.size,
                       FE_VALUE_POINTER_SIZE);
    }
    pointer->number = fe_get_u64(at);
    pointer->offset = fe_get_u64(at + 8);
    pointer->size = fe_get_u32(at + 16);
    pointer->check = fe_get_u32(at + 20);
    if (pointer->number != 0 && pointer->offset >= FE_FILE_HEADER_SIZE &&
        pointer->offset <= OFFSET_MAX - pointer->size && pointer->size >= FE_VALUE_OVERHEAD &&
        pointer->size <= FERRIC_VALUE_SIZE_MAX + FE_VALUE_OVERHEAD_MAX) {
        return FERRIC_OK;
    }
    return fe_fail(FERRIC_CORRUPT,
                   "a value pointer names file %" PRIu64 ", offset %" PRIu64 ", %" PRIu32
                   " bytes, which no value has",
                   pointer->number, pointer->offset, pointer->size);
}

void fe_value_record_close(uint8_t *record, size_t stored_size, uint32_t value_size,
                           ferric_compression compression)
{
    fe_put_u32(record + stored_size, value_size);
    record[stored_size + 4] = (uint8_t)compression;
}

ferric_status fe_value_record_seal(fe_sealer *sealer, uint64_t number, uint64_t offset,
                                   uint8_t *record, size_t size, fe_value_pointer *pointer)
{
    size_t content = size - fe_seal_size(sealer);
    ferric_status status;

    status = fe_seal_unit(sealer, FE_UNIT_VALUE, offset, record, content);
    if (status != FERRIC_OK) return status;
    pointer->number = number;
    pointer->offset = offset;
    pointer->size = (uint32_t)size;
    pointer->check = fe_get_u32(record + size - 4);
    return FERRIC_OK;
}

static ferric_status damaged(const fe_value_pointer *pointer, const char *path, const char *what)
{
    return fe_fail(FERRIC_CORRUPT, "%s: value at offset %" PRIu64 ": %s", path, pointer->offset,
                   what);
}

ferric_status fe_value_record_open(const fe_sealer *sealer, const fe_value_pointer *pointer,
                                   uint8_t *bytes, size_t size, const char *path,
                                   fe_value_record *record)
{
    size_t content = 0;
    uint8_t compression;
    ferric_status status;

    if (size != pointer->size) return damaged(pointer, path, "the file ends inside it");
    if (fe_get_u32(bytes + size - 4) != pointer->check &&
        !FE_SEEDED_BUG(FE_BUG_VALUE_CHECK_SKIPPED)) {
        return damaged(pointer, path, "its check is not the one of its pointer");
    }
    status = fe_seal_open(sealer, FE_UNIT_VALUE, pointer->offset, bytes, size, path, &content);
    if (FE_SEEDED_BUG(FE_BUG_VALUE_CHECK_SKIPPED)) {
        content = size - fe_seal_size(sealer);
        status = FERRIC_OK;
    }
    if (status != FERRIC_OK) return status;
    if (content < FE_VALUE_TRAILER_SIZE) return damaged(pointer, path, "it has no trailer");
    content -= FE_VALUE_TRAILER_SIZE;
    record->stored = fe_slice(bytes, content);
    record->value_size = fe_get_u32(bytes + content);
    compression = bytes[content + 4];
    if (compression > FE_COMPRESSION_LAST_KNOWN) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "%s: value at offset %" PRIu64 " has compression %u, this library knows up "
                       "to %d",
                       path, pointer->offset, compression, (int)FE_COMPRESSION_LAST_KNOWN);
    }
    record->compression = (ferric_compression)compression;
    if (record->value_size > FERRIC_VALUE_SIZE_MAX ||
        (compression == FERRIC_COMPRESSION_NONE && record->value_size != content)) {
        return damaged(pointer, path, "its size contradicts its pointer");
    }
    return FERRIC_OK;
}
