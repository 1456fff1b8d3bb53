// SPDX-License-Identifier: Apache-2.0
// What the writer and the reader of tables must agree on: docs/format/table.md.
#ifndef FERRIC_FORMAT_TABLE_LAYOUT_H
#define FERRIC_FORMAT_TABLE_LAYOUT_H

#include "format/file_header.h"
#include "format/seal.h"
#include "format/table.h"

// The parts of a table that its directory names. Numbers are never used again.
typedef enum fe_section_id {
    FE_SECTION_DATA = 1, // The run of data blocks, each a unit of its own.
    FE_SECTION_INDEX = 2,
    FE_SECTION_FILTER = 3,
    FE_SECTION_PROPERTIES = 4,
    FE_SECTION_KEYDIR = 5,
    FE_SECTION_RANGE_DELETES = 6,
    FE_SECTION_LEARNED = 7, // Reserved.
} fe_section_id;

// A reader that does not know the section must not read the table.
#define FE_SECTION_REQUIRED 1

// One line of the directory.
typedef struct fe_section {
    uint16_t id;
    uint16_t flags;
    uint64_t offset;
    uint64_t stored_size;  // On disk, trailers included.
    uint64_t content_size; // In memory.
} fe_section;

enum {
    FE_SECTION_ID_AT = 0,
    FE_SECTION_FLAGS_AT = 2,
    FE_SECTION_OFFSET_AT = 4,
    FE_SECTION_STORED_SIZE_AT = 12,
    FE_SECTION_CONTENT_SIZE_AT = 20,
    FE_SECTION_SIZE = 28,
};
#define FE_SECTION_COUNT_MAX 64

// The footer is a unit whose trailer ends the file; zeros fill it up to 64 bytes.
enum {
    FE_FOOTER_MAGIC_AT = 0,
    FE_FOOTER_SECTION_COUNT_AT = 4,
    FE_FOOTER_DIRECTORY_OFFSET_AT = 8,
    FE_FOOTER_DIRECTORY_SIZE_AT = 16,
    FE_FOOTER_FIELDS_SIZE = 24,
};
#define FE_TABLE_MAGIC 0x62546546u // "FeTb"

// Properties are pairs of varints, number and value.
typedef enum fe_property_id {
    FE_PROPERTY_ENTRIES = 1,
    FE_PROPERTY_DELETES = 2,
    FE_PROPERTY_RANGE_DELETES = 3,
    FE_PROPERTY_SMALLEST_SEQUENCE = 4,
    FE_PROPERTY_LARGEST_SEQUENCE = 5,
    FE_PROPERTY_KEY_BYTES = 6,
    FE_PROPERTY_VALUE_BYTES = 7,
    FE_PROPERTY_CREATED_MS = 8,
    FE_PROPERTY_BLOCK_COUNT = 9,
    FE_PROPERTY_EXPIRING = 10, // This and the next three where entries expire.
    FE_PROPERTY_EXPIRY_EARLIEST = 11,
    FE_PROPERTY_EXPIRY_LATEST = 12,
    FE_PROPERTY_EXPIRY_DUE = 13,
} fe_property_id;
#define FE_PROPERTY_COUNT 13
#define FE_PROPERTY_ALWAYS_COUNT 9 // The first of them stand in every table.

// A data block's unit: content, compressed or not, then a byte that says which
// (ferric_compression), then the trailer of format/seal.h.
#define FE_BLOCK_KIND_SIZE 1
// A block has one large value at most, beside entries that fill less than a block.
#define FE_BLOCK_CONTENT_SIZE_MAX (FERRIC_VALUE_SIZE_MAX + ((size_t)1 << 20))

// The properties of a table as its section has them, by fe_property_id - 1.
static inline void fe_table_properties_list(fe_table_properties *properties,
                                            uint64_t *fields[FE_PROPERTY_COUNT])
{
    uint64_t *list[FE_PROPERTY_COUNT] = {
        &properties->entries,
        &properties->deletes,
        &properties->range_deletes,
        &properties->smallest_sequence,
        &properties->largest_sequence,
        &properties->key_bytes,
        &properties->value_bytes,
        &properties->created_ms,
        &properties->block_count,
        &properties->expiry.entries,
        &properties->expiry.earliest_ms,
        &properties->expiry.latest_ms,
        &properties->expiry.due_ms,
    };

    for (int i = 0; i < FE_PROPERTY_COUNT; i++)
        fields[i] = list[i];
}

#endif
