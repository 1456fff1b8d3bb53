// SPDX-License-Identifier: Apache-2.0
// UUID version 7; see uuid.h.
#include "base/uuid.h"

#include <string.h>

void fe_uuid7(uint64_t now_ms, const uint8_t random[FE_UUID_RANDOM_SIZE],
              char text[FE_UUID_TEXT_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[16];
    char *at = text;

    for (int i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(now_ms >> (40 - 8 * i));
    memcpy(bytes + 6, random, FE_UUID_RANDOM_SIZE);
    bytes[6] = (uint8_t)(0x70 | (bytes[6] & 0x0f)); // Version 7.
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f)); // The variant of RFC 9562.
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
}
