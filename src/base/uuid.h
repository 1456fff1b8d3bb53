// SPDX-License-Identifier: Apache-2.0
// UUID version 7 (RFC 9562): keys of documents that came without one. Their text sorts by time.
#ifndef FERRIC_BASE_UUID_H
#define FERRIC_BASE_UUID_H

#include <stdint.h>

#define FE_UUID_TEXT_SIZE 36
#define FE_UUID_RANDOM_SIZE 10

// Writes the 36 characters and a zero byte. `now_ms` counts from 1970; `random` is fresh.
void fe_uuid7(uint64_t now_ms, const uint8_t random[FE_UUID_RANDOM_SIZE],
              char text[FE_UUID_TEXT_SIZE + 1]);

#endif
