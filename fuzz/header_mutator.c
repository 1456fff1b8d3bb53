// SPDX-License-Identifier: Apache-2.0
// For inputs that are one file each: libFuzzer's door to mutate_header.
#include "mutate.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    fe_random random = {seed};

    return mutate_header(data, size, size_max, &random);
}
