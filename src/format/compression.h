// SPDX-License-Identifier: Apache-2.0
// Makes stored bytes smaller: LZ4 for speed, zstd where it pays. docs/format/table.md, "Units".
//
// The libraries' contexts are large, so they are made once and kept by whoever compresses. All
// their memory comes from base/memory.
#ifndef FERRIC_FORMAT_COMPRESSION_H
#define FERRIC_FORMAT_COMPRESSION_H

#include <ferric/ferric.h>

// What stands in a unit's kind byte is a ferric_compression.
#define FE_COMPRESSION_LAST_KNOWN FERRIC_COMPRESSION_ZSTD

// {0} is ready for use. One thread at a time.
typedef struct fe_compressor {
    void *lz4_state;
    struct ZSTD_CCtx_s *zstd;
} fe_compressor;

// Replaces `output` by `content` compressed. *used is FERRIC_COMPRESSION_NONE, and the output is
// undefined, when that does not save an eighth. Errors: FERRIC_NO_MEMORY.
ferric_status fe_compress(fe_compressor *compressor, ferric_compression compression,
                          ferric_slice content, ferric_buffer *output, ferric_compression *used);
void fe_compressor_deinit(fe_compressor *compressor);

// {0} is ready for use. One thread at a time.
typedef struct fe_decompressor {
    struct ZSTD_DCtx_s *zstd;
} fe_decompressor;

// Fills exactly `size` bytes at `content`. *is_intact is false when the stored bytes, which need
// not be trusted, do not give that many. Errors: FERRIC_NO_MEMORY.
ferric_status fe_decompress(fe_decompressor *decompressor, ferric_compression compression,
                            ferric_slice stored, uint8_t *content, size_t size, bool *is_intact);
void fe_decompressor_deinit(fe_decompressor *decompressor);

#endif
