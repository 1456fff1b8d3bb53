// SPDX-License-Identifier: Apache-2.0
// Calls LZ4 and zstd. docs/format/table.md, "Units".
#define ZSTD_STATIC_LINKING_ONLY // For contexts that use our allocator.
#include "format/compression.h"

#include <limits.h>
#include <string.h>

#include <lz4.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"

#define ZSTD_LEVEL 3

static void *zstd_alloc(void *context, size_t size)
{
    (void)context;
    return fe_alloc(size);
}

static void zstd_free(void *context, void *memory)
{
    (void)context;
    fe_free(memory);
}

static const ZSTD_customMem zstd_memory = {zstd_alloc, zstd_free, NULL};

// Both return 0 in *size when the result does not fit into `limit` bytes.
static ferric_status compress_lz4(fe_compressor *compressor, ferric_slice content, uint8_t *output,
                                  size_t limit, size_t *size)
{
    int got;

    *size = 0;
    if (content.size > LZ4_MAX_INPUT_SIZE) return FERRIC_OK;
    if (compressor->lz4_state == NULL) compressor->lz4_state = fe_alloc((size_t)LZ4_sizeofState());
    if (compressor->lz4_state == NULL) return fe_no_memory("LZ4 state", (size_t)LZ4_sizeofState());
    got = LZ4_compress_fast_extState(compressor->lz4_state, content.data, (char *)output,
                                     (int)content.size, (int)limit, 1);
    if (got > 0) *size = (size_t)got;
    return FERRIC_OK;
}

static ferric_status compress_zstd(fe_compressor *compressor, ferric_slice content, uint8_t *output,
                                   size_t limit, size_t *size)
{
    size_t got;

    *size = 0;
    if (compressor->zstd == NULL) compressor->zstd = ZSTD_createCCtx_advanced(zstd_memory);
    if (compressor->zstd == NULL) return fe_no_memory("zstd context", sizeof(void *));
    got =
        ZSTD_compressCCtx(compressor->zstd, output, limit, content.data, content.size, ZSTD_LEVEL);
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
        return fe_no_memory("zstd tables", content.size);
    if (!ZSTD_isError(got)) *size = got;
    return FERRIC_OK;
}

ferric_status fe_compress(fe_compressor *compressor, ferric_compression compression,
                          ferric_slice content, ferric_buffer *output, ferric_compression *used)
{
    size_t limit = content.size - content.size / 8;
    size_t size = 0;
    ferric_status status;

    *used = FERRIC_COMPRESSION_NONE;
    if (compression == FERRIC_COMPRESSION_NONE || limit == content.size) return FERRIC_OK;
    limit--;
    fe_buffer_clear(output);
    status = fe_buffer_reserve(output, limit);
    if (status != FERRIC_OK) return status;
    if (compression == FERRIC_COMPRESSION_LZ4) {
        status = compress_lz4(compressor, content, output->data, limit, &size);
    } else {
        status = compress_zstd(compressor, content, output->data, limit, &size);
    }
    if (status != FERRIC_OK || size == 0) return status;
    output->size = size;
    *used = compression;
    return FERRIC_OK;
}

void fe_compressor_deinit(fe_compressor *compressor)
{
    fe_free(compressor->lz4_state);
    ZSTD_freeCCtx(compressor->zstd);
    *compressor = (fe_compressor){0};
}

static bool decompress_lz4(ferric_slice stored, uint8_t *content, size_t size)
{
    if (stored.size > INT_MAX || size > INT_MAX) return false;
    return LZ4_decompress_safe(stored.data, (char *)content, (int)stored.size, (int)size) ==
           (int)size;
}

static ferric_status decompress_zstd(fe_decompressor *decompressor, ferric_slice stored,
                                     uint8_t *content, size_t size, bool *is_intact)
{
    size_t got;

    if (decompressor->zstd == NULL) decompressor->zstd = ZSTD_createDCtx_advanced(zstd_memory);
    if (decompressor->zstd == NULL) return fe_no_memory("zstd context", sizeof(void *));
    got = ZSTD_decompressDCtx(decompressor->zstd, content, size, stored.data, stored.size);
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
        return fe_no_memory("zstd tables", size);
    *is_intact = !ZSTD_isError(got) && got == size;
    return FERRIC_OK;
}

ferric_status fe_decompress(fe_decompressor *decompressor, ferric_compression compression,
                            ferric_slice stored, uint8_t *content, size_t size, bool *is_intact)
{
    *is_intact = false;
    switch (compression) {
    case FERRIC_COMPRESSION_NONE:
        *is_intact = stored.size == size;
        if (*is_intact && size > 0) memcpy(content, stored.data, size);
        break;
    case FERRIC_COMPRESSION_LZ4:
        *is_intact = decompress_lz4(stored, content, size);
        break;
    case FERRIC_COMPRESSION_ZSTD:
        return decompress_zstd(decompressor, stored, content, size, is_intact);
    }
    return FERRIC_OK;
}

void fe_decompressor_deinit(fe_decompressor *decompressor)
{
    ZSTD_freeDCtx(decompressor->zstd);
    *decompressor = (fe_decompressor){0};
}
