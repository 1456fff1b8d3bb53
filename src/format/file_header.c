// SPDX-License-Identifier: Apache-2.0
// The 64 bytes that begin every file. docs/format/file_header.md.
#include "format/file_header.h"

#include <assert.h>
#include <inttypes.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/status.h"
#include "format/seal.h"

// Field offsets. The check covers everything before it.
enum {
    MAGIC_AT = 0,
    VERSION_AT = 4,
    KIND_AT = 6,
    CIPHER_SUITE_AT = 7,
    REQUIRED_FEATURES_AT = 8,
    KEY_ID_AT = 12,
    FILE_NUMBER_AT = 16,
    CREATED_AT = 24,
    DATABASE_ID_AT = 32,
    SALT_AT = 48,
    CHECK_AT = 60,
};

static const uint8_t magic[4] = {'F', 'e', 'D', 'B'};

static_assert(SALT_AT == DATABASE_ID_AT + FE_DATABASE_ID_SIZE, "the id ends where the salt begins");
static_assert(CHECK_AT == SALT_AT + FE_SALT_SIZE, "the salt ends where the check begins");
static_assert(FE_FILE_HEADER_SIZE == CHECK_AT + 4, "the check ends the header");

void fe_file_header_encode(const fe_file_header *header, uint8_t bytes[FE_FILE_HEADER_SIZE])
{
    memcpy(bytes + MAGIC_AT, magic, sizeof magic);
    fe_put_u16(bytes + VERSION_AT, header->version);
    bytes[KIND_AT] = header->kind;
    bytes[CIPHER_SUITE_AT] = header->cipher_suite;
    fe_put_u32(bytes + REQUIRED_FEATURES_AT, header->required_features);
    fe_put_u32(bytes + KEY_ID_AT, header->key_id);
    fe_put_u64(bytes + FILE_NUMBER_AT, header->file_number);
    fe_put_u64(bytes + CREATED_AT, header->created_ms);
    memcpy(bytes + DATABASE_ID_AT, header->database_id, FE_DATABASE_ID_SIZE);
    memcpy(bytes + SALT_AT, header->salt, FE_SALT_SIZE);
    fe_put_u32(bytes + CHECK_AT, fe_crc32c(0, bytes, CHECK_AT));
}

bool fe_file_header_has_magic(ferric_slice bytes)
{
    return bytes.size >= sizeof magic && memcmp(bytes.data, magic, sizeof magic) == 0;
}

// Whether the bytes are a header at all, of whatever version.
static ferric_status check_integrity(ferric_slice bytes, const char *path)
{
    const uint8_t *at = fe_slice_bytes(bytes);
    uint32_t expected;
    uint32_t found;

    if (bytes.size < FE_FILE_HEADER_SIZE) {
        return fe_fail(FERRIC_CORRUPT, "%s: the file header has %zu bytes, expected %d", path,
                       bytes.size, FE_FILE_HEADER_SIZE);
    }
    if (!fe_file_header_has_magic(bytes)) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: offset 0: magic number %02x%02x%02x%02x, expected %02x%02x%02x%02x",
                       path, at[0], at[1], at[2], at[3], magic[0], magic[1], magic[2], magic[3]);
    }
    expected = fe_crc32c(0, at, CHECK_AT);
    found = fe_get_u32(at + CHECK_AT);
    if (expected != found) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: offset %d: check of the file header: expected %08" PRIx32
                       ", found %08" PRIx32,
                       path, CHECK_AT, expected, found);
    }
    return FERRIC_OK;
}

// Whether this reader understands what the header asks of it.
static ferric_status check_support(const fe_file_header *header, const char *path)
{
    if (header->version > FE_FORMAT_VERSION) {
        return fe_fail(FERRIC_UNSUPPORTED, "%s: format version %u, this library reads up to %d",
                       path, header->version, FE_FORMAT_VERSION);
    }
    if ((header->required_features & ~(uint32_t)FE_FEATURES_KNOWN) != 0) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "%s: needs features %08" PRIx32 ", this library knows %08" PRIx32, path,
                       header->required_features, (uint32_t)FE_FEATURES_KNOWN);
    }
    if (header->cipher_suite > FE_CIPHER_LAST_KNOWN) {
        return fe_fail(FERRIC_UNSUPPORTED, "%s: cipher suite %u is not known to this library", path,
                       header->cipher_suite);
    }
    return FERRIC_OK;
}

static void read_fields(const uint8_t *at, fe_file_header *header)
{
    header->version = fe_get_u16(at + VERSION_AT);
    header->kind = at[KIND_AT];
    header->cipher_suite = at[CIPHER_SUITE_AT];
    header->required_features = fe_get_u32(at + REQUIRED_FEATURES_AT);
    header->key_id = fe_get_u32(at + KEY_ID_AT);
    header->file_number = fe_get_u64(at + FILE_NUMBER_AT);
    header->created_ms = fe_get_u64(at + CREATED_AT);
    memcpy(header->database_id, at + DATABASE_ID_AT, FE_DATABASE_ID_SIZE);
    memcpy(header->salt, at + SALT_AT, FE_SALT_SIZE);
    header->keys = NULL;
}

bool fe_file_header_guess(ferric_slice bytes, fe_file_header *header)
{
    memset(header, 0, sizeof *header);
    if (bytes.size < FE_FILE_HEADER_SIZE) return false;
    read_fields(fe_slice_bytes(bytes), header);
    return true;
}

ferric_status fe_file_header_decode(ferric_slice bytes, fe_file_kind kind, const char *path,
                                    fe_file_header *header)
{
    const uint8_t *at = fe_slice_bytes(bytes);
    ferric_status status = check_integrity(bytes, path);

    if (status != FERRIC_OK) return status;
    read_fields(at, header);
    status = check_support(header, path);
    if (status != FERRIC_OK) return status;
    if (header->version == 0) {
        return fe_fail(FERRIC_CORRUPT, "%s: format version 0, which was never written", path);
    }
    if (header->kind != kind) {
        return fe_fail(FERRIC_CORRUPT, "%s: file kind %u, expected %d", path, header->kind,
                       (int)kind);
    }
    return FERRIC_OK;
}
