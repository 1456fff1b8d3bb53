// SPDX-License-Identifier: Apache-2.0
// File headers: what is taken as valid is what the encoder writes.
#include <string.h>

#include "base/slice.h"
#include "format/file_header.h"
#include "fuzz.h"

const size_t fuzz_fixed_memory = 0;

bool fuzz_run(const uint8_t *data, size_t size)
{
    bool is_valid = false;

    for (int kind = FE_FILE_LOG; kind <= FE_FILE_KEYRING; kind++) {
        uint8_t bytes[FE_FILE_HEADER_SIZE];
        fe_file_header header;
        if (fe_file_header_decode(fe_slice(data, size), (fe_file_kind)kind, "file", &header) !=
            FERRIC_OK) {
            continue;
        }
        is_valid = true;
        FUZZ_CHECK(fe_file_header_has_magic(fe_slice(data, size)));
        fe_file_header_encode(&header, bytes);
        FUZZ_CHECK(memcmp(bytes, data, sizeof bytes) == 0);
    }
    return is_valid;
}
