// SPDX-License-Identifier: Apache-2.0
// The 64 bytes that begin every file of a database: docs/format/file_header.md.
//
// They stay in clear text when the database is encrypted, but take part in the file's key, so that
// a change of them shows. The salt is drawn anew for each file and takes part in every check of it,
// so that bytes of one file never pass for another's.
//
// Magic, version and check stand where they are in every version to come, so that a newer file is
// told from a damaged one.
#ifndef FERRIC_FORMAT_FILE_HEADER_H
#define FERRIC_FORMAT_FILE_HEADER_H

#include <ferric/ferric.h>

#define FE_FILE_HEADER_SIZE 64
#define FE_FORMAT_VERSION 1
// Feature bits that this reader knows. None is defined yet.
#define FE_FEATURES_KNOWN 0
#define FE_SALT_SIZE 12
#define FE_DATABASE_ID_SIZE 16

typedef enum fe_file_kind {
    FE_FILE_LOG = 1,
    FE_FILE_TABLE = 2,
    FE_FILE_MANIFEST = 3,
    FE_FILE_CURRENT = 4, // A header alone: its file number and salt are those of the live manifest.
    FE_FILE_VALUES = 5,
    FE_FILE_KEYRING = 6, // Its content is the keyring: crypto/keyring.h.
    FE_FILE_RING = 7,    // Number, salt and time are those of the log that it belongs to.
} fe_file_kind;

typedef struct fe_file_header {
    uint16_t version;
    uint8_t kind;               // fe_file_kind
    uint8_t cipher_suite;       // fe_cipher_suite of seal.h
    uint32_t required_features; // A reader refuses bits it does not know.
    uint32_t key_id;
    uint64_t file_number;
    uint64_t created_ms; // Since 1970-01-01 UTC.
    uint8_t database_id[FE_DATABASE_ID_SIZE];
    uint8_t salt[FE_SALT_SIZE];
    // Where key_id is looked up; NULL: the database is not encrypted. Not stored.
    struct fe_file_keys *keys;
} fe_file_header;

// Writes `header` with magic and check. It is written as it is: the caller sets version too.
void fe_file_header_encode(const fe_file_header *header, uint8_t bytes[FE_FILE_HEADER_SIZE]);

// Whether a file that begins with these bytes is one of Ferric's, of whatever version, sound or
// not.
bool fe_file_header_has_magic(ferric_slice bytes);

// Errors: FERRIC_CORRUPT (short, magic, check, kind), FERRIC_UNSUPPORTED (newer version, unknown
// feature or cipher suite). `path` is for the message. header->keys is NULL.
ferric_status fe_file_header_decode(ferric_slice bytes, fe_file_kind kind, const char *path,
                                    fe_file_header *header);

// What the fields of a header say, whether its check holds or not; false when there are fewer than
// 64 bytes. For looking at a damaged file: nothing of it counts until a unit has verified under it,
// which proves number and salt.
bool fe_file_header_guess(ferric_slice bytes, fe_file_header *header);

#endif
