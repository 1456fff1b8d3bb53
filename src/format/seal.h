// SPDX-License-Identifier: Apache-2.0
// How stored bytes are protected: the one mechanism under frames and blocks. A unit (a block, a
// section, a frame's payload) is bound to its file, its place and its kind, so that a unit that was
// damaged, moved or copied is refused.
//
// Cipher suite 0 leaves the bytes in clear and ends a unit with a CRC32C. Suite 1 encrypts them in
// place and ends it with the number of the attempt and a tag; callers do not see the difference.
//
// Invariant N1. A file's key is its own, one sealer alone seals with it, and each attempt to seal
// takes the next number, whether what came of it is written or not. So no nonce comes twice under
// one key.
//
// Thread rule: opening is for all threads; sealing belongs to the file's one writer.
#ifndef FERRIC_FORMAT_SEAL_H
#define FERRIC_FORMAT_SEAL_H

#include "crypto/aead.h"
#include "format/file_header.h"

typedef enum fe_cipher_suite {
    FE_CIPHER_NONE = 0,
    FE_CIPHER_AES_256_GCM = 1,
} fe_cipher_suite;
#define FE_CIPHER_LAST_KNOWN FE_CIPHER_AES_256_GCM

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
    FE_UNIT_RANGE_DELETES = 11,
} fe_unit_kind;

// Never copied where it seals: a copy would take the same numbers again.
typedef struct fe_sealer {
    fe_cipher_suite suite;
    uint32_t seed; // CRC32C of file number and salt.
    fe_aead *cipher;
    uint64_t attempts; // Numbers taken.
} fe_sealer;

// Most bytes that any suite adds to a unit: attempt 8, tag 16.
#define FE_SEAL_SIZE_MAX 24
// Most bytes that a unit is bound to beside its place: a frame's header.
#define FE_SEAL_BOUND_SIZE_MAX 64

// `header` came from fe_file_header_decode, with `keys` set if the database has some, or is one
// that this library makes. `path` is for messages. On failure the sealer is {0}.
// Errors: FERRIC_WRONG_KEY: the file is sealed and there are no keys. FERRIC_CORRUPT: it is not,
// though the database is, or with a key that is not there. FERRIC_NO_MEMORY, FERRIC_UNSUPPORTED;
// none under suite 0 without keys.
ferric_status fe_sealer_init(fe_sealer *sealer, const fe_file_header *header, const char *path);
// Accepts {0}.
void fe_sealer_deinit(fe_sealer *sealer);

// Bytes that sealing adds behind a unit's content.
size_t fe_seal_size(const fe_sealer *sealer);

// Seals `size` bytes of content in place and writes the trailer behind them, for which the caller
// has room. `offset` (below 2^56) is where the unit will stand in the file. Errors: none with suite
// 0; FERRIC_NO_MEMORY.
ferric_status fe_seal_unit(fe_sealer *sealer, fe_unit_kind kind, uint64_t offset, uint8_t *unit,
                           size_t size);

// Checks (and decrypts in place) a unit of `size` bytes, trailer included, and sets *content_size.
// Errors: FERRIC_CORRUPT, naming path, offset, expected and found; FERRIC_NO_MEMORY.
ferric_status fe_seal_open(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                           uint8_t *unit, size_t size, const char *path, size_t *content_size);

// The same under suite 1 for a unit that is bound to `bound` too, which stands in clear elsewhere.
// REQUIRES: suite 1; at most FE_SEAL_BOUND_SIZE_MAX bytes.
ferric_status fe_seal_bound_unit(fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                                 ferric_slice bound, uint8_t *unit, size_t size);
ferric_status fe_seal_open_bound(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                                 ferric_slice bound, uint8_t *unit, size_t size, const char *path,
                                 size_t *content_size);

// The check of bytes bound to file, place and kind that stands under all suites: what frame headers
// use, which are never encrypted. It is the CRC32C of (file number u64, salt, kind << 56 | offset
// u64, data), so that equal data has another check in another file or place.
uint32_t fe_seal_check(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                       const void *data, size_t size);

#endif
