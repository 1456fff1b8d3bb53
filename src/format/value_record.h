// SPDX-License-Identifier: Apache-2.0
// Values that stand in a file of their own, and the pointers that entries hold in their place:
// docs/format/value_file.md.
//
//   value file = file header (kind 5), { record }
//   record     = stored value, trailer, seal
//
// A record is found by a pointer alone. Its seal binds it to the file's number and salt and to its
// offset, and the pointer repeats the seal's check, so that neither a value that stood elsewhere
// nor an older one at the same place ever passes.
#ifndef FERRIC_FORMAT_VALUE_RECORD_H
#define FERRIC_FORMAT_VALUE_RECORD_H

#include "base/slice.h"
#include "format/compression.h"
#include "format/seal.h"

// Values of this size and more are stored in value files: a pointer and the extra read cost less
// than writing so many bytes again in each compaction.
#define FE_VALUE_SEPARATE_SIZE ((size_t)4096)

#define FE_VALUE_POINTER_SIZE 24
// Size of the value u32, how it is compressed u8.
#define FE_VALUE_TRAILER_SIZE 5
// What a record adds to the stored value under suite 0, and at most under any.
#define FE_VALUE_OVERHEAD (FE_VALUE_TRAILER_SIZE + 4)
#define FE_VALUE_OVERHEAD_MAX (FE_VALUE_TRAILER_SIZE + FE_SEAL_SIZE_MAX)

typedef struct fe_value_pointer {
    uint64_t number; // Of the file.
    uint64_t offset;
    uint32_t size;  // Of the whole record.
    uint32_t check; // The last four bytes of the record.
} fe_value_pointer;

void fe_value_pointer_encode(const fe_value_pointer *pointer, uint8_t bytes[FE_VALUE_POINTER_SIZE]);
// Errors: FERRIC_CORRUPT: another size, or numbers that no pointer has.
ferric_status fe_value_pointer_decode(ferric_slice bytes, fe_value_pointer *pointer);

// Writes the trailer behind `stored_size` bytes at `record`, which has room for FE_VALUE_OVERHEAD
// more.
void fe_value_record_close(uint8_t *record, size_t stored_size, uint32_t value_size,
                           ferric_compression compression);
// Seals a record of `size` bytes, trailer and seal included, that will stand at `offset`, and fills
// *pointer. Errors: as fe_seal_unit.
ferric_status fe_value_record_seal(fe_sealer *sealer, uint64_t number, uint64_t offset,
                                   uint8_t *record, size_t size, fe_value_pointer *pointer);

// A record that was checked. `stored` lies in it.
typedef struct fe_value_record {
    ferric_slice stored;
    uint32_t value_size;
    ferric_compression compression;
} fe_value_record;

// Checks the bytes of a record against its pointer. Errors: FERRIC_CORRUPT, naming path and offset;
// FERRIC_UNSUPPORTED: a compression of a newer version.
ferric_status fe_value_record_open(const fe_sealer *sealer, const fe_value_pointer *pointer,
                                   uint8_t *bytes, size_t size, const char *path,
                                   fe_value_record *record);

#endif
