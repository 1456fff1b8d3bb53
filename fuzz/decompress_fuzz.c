// SPDX-License-Identifier: Apache-2.0
// Compressed bytes: what decompresses to the size that was said is the same when it is compressed
// and decompressed again.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "format/compression.h"
#include "fuzz.h"

#define HEAD_SIZE 4
#define CONTENT_SIZE_MAX ((size_t)1 << 20)

// A context of zstd for decompressing and one for compressing, and its tables.
const size_t fuzz_fixed_memory = (size_t)8 << 20;

static void check_again(ferric_compression compression, ferric_slice content)
{
    fe_compressor compressor = {0};
    fe_decompressor decompressor = {0};
    ferric_compression used;
    ferric_buffer packed = {0};
    uint8_t *again = malloc(content.size + 1);
    bool is_intact = true;

    if (again == NULL) abort();
    FUZZ_CHECK(fe_compress(&compressor, compression, content, &packed, &used) == FERRIC_OK);
    if (used != FERRIC_COMPRESSION_NONE) {
        FUZZ_CHECK(fe_decompress(&decompressor, used, fe_buffer_slice(&packed), again, content.size,
                                 &is_intact) == FERRIC_OK);
        FUZZ_CHECK(is_intact && memcmp(again, content.data, content.size) == 0);
    }
    free(again);
    fe_buffer_deinit(&packed);
    fe_compressor_deinit(&compressor);
    fe_decompressor_deinit(&decompressor);
}

// The input: the kind of compression, the size of the content in three bytes, the stored bytes.
bool fuzz_run(const uint8_t *data, size_t size)
{
    fe_decompressor decompressor = {0};
    ferric_compression compression;
    size_t content_size;
    uint8_t *content;
    bool is_intact;

    if (size < HEAD_SIZE) return false;
    compression = (ferric_compression)(data[0] % (FE_COMPRESSION_LAST_KNOWN + 1));
    content_size = (fe_get_u32(data) >> 8) % CONTENT_SIZE_MAX;
    content = malloc(content_size + 1);
    if (content == NULL) abort();
    FUZZ_CHECK(fe_decompress(&decompressor, compression,
                             fe_slice(data + HEAD_SIZE, size - HEAD_SIZE), content, content_size,
                             &is_intact) == FERRIC_OK);
    fe_decompressor_deinit(&decompressor);
    if (is_intact) check_again(compression, fe_slice(content, content_size));
    free(content);
    return is_intact;
}
