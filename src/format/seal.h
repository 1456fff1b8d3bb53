// SPDX-License-Identifier: Apache-2.0
// How stored bytes are protected: the one mechanism under frames and blocks. A unit (a block, a
// section, a frame's payload) is bound to its file's salt, its place and its kind, so that a unit
// that was damaged, moved or copied is refused.
//
// Cipher suite 0 leaves the bytes in clear and ends a unit with a CRC32C. Other suites encrypt in
// place and end it with a tag; callers do not see the difference.
//
// Thread rule: opening is for all threads; sealing belongs to the file's one writer, for it draws a
// fresh number for every attempt.
#ifndef FERRIC_FORMAT_SEAL_H
#define FERRIC_FORMAT_SEAL_H

#include "format/file_header.h"

typedef enum fe_cipher_suite {
    FE_CIPHER_NONE = 0,
} fe_cipher_suite;

typedef enum fe_unit_kind {
    FE_UNIT_DATA_BLOCK = 1,
    FE_UNIT_INDEX = 2,
    FE_UNIT_FILTER = 3,
    FE_UNIT_PROPERTIES = 4,
    FE_UNIT_DIRECTORY = 5,
    FE_UNIT_FRAME_HEADER = 6,
    FE_UNIT_FRAME_PAYLOAD = 7,
    FE_UNIT_TABLE_FOOTER = 8,
    FE_UNIT_KEYDIR = 9,
    FE_UNIT_VALUE = 10,
} fe_unit_kind;

typedef struct fe_sealer {
    fe_cipher_suite suite;
    uint32_t seed; // CRC32C of file number and salt.
} fe_sealer;

// Most bytes that any suite adds to a unit.
#define FE_SEAL_SIZE_MAX 32

// `header` came from fe_file_header_decode or is one that this library makes: its suite is known.
void fe_sealer_init(fe_sealer *sealer, const fe_file_header *header);

// Bytes that sealing adds behind a unit's content.
size_t fe_seal_size(const fe_sealer *sealer);

// Seals `size` bytes of content in place and writes the trailer behind them, for which the caller
// has room. `offset` (below 2^56) is where the unit will stand in the file. Errors: none with suite
// 0; other suites run out of fresh numbers.
ferric_status fe_seal_unit(fe_sealer *sealer, fe_unit_kind kind, uint64_t offset, uint8_t *unit,
                           size_t size);

// Checks (and decrypts in place) a unit of `size` bytes, trailer included, and sets *content_size.
// Errors: FERRIC_CORRUPT, naming path, offset, expected and found.
ferric_status fe_seal_open(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                           uint8_t *unit, size_t size, const char *path, size_t *content_size);

// The check of bytes bound to file, place and kind that stands under all suites: what frame headers
// use, which are never encrypted. It is the CRC32C of (file number u64, salt, kind << 56 | offset
// u64, data), so that equal data has another check in another file or place.
uint32_t fe_seal_check(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                       const void *data, size_t size);

#endif
