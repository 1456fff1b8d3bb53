// SPDX-License-Identifier: Apache-2.0
// Mutations that know a format: they change one part of a file and write the others so that they
// fit again. Only in the build with libFuzzer.
#ifndef FERRIC_FUZZ_MUTATE_H
#define FERRIC_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

// libFuzzer's own: changes `size` bytes, of which there may be `size_max` after.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

// Each changes the file in `data` and returns its new size. Checks are mended mostly.
size_t mutate_header(uint8_t *data, size_t size, size_t size_max, fe_random *random);
size_t mutate_log(uint8_t *data, size_t size, size_t size_max, fe_random *random);
size_t mutate_table(uint8_t *data, size_t size, size_t size_max, fe_random *random);

#endif
