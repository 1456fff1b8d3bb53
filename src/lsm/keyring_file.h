// SPDX-License-Identifier: Apache-2.0
// The file KEYRING of an encrypted database, and the key that its user gives.
// docs/format/keyring.md.
//
// Invariant K1. The keyring on disk is the old one or the new one, whole: it is replaced by a
// rename, after its content is durable. No file is sealed with a data key that a durable keyring
// does not hold.
// K2. A file draws its number before it takes the newest data key. So when a number is drawn after
//     a
// data key came, every file with a number above has that key.
#ifndef FERRIC_LSM_KEYRING_FILE_H
#define FERRIC_LSM_KEYRING_FILE_H

#include "format/file_keys.h"
#include "os/vfs.h"

// Reads it, locked. `database_id` may be NULL: then the file is taken for what it says.
// Errors: FERRIC_NOT_FOUND (without a message), FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_IO,
// FERRIC_NO_MEMORY.
ferric_status fe_keyring_file_read(fe_vfs *vfs, const char *directory, const uint8_t *database_id,
                                   fe_keyring *keyring);

// Puts `keyring`, which is unlocked, in the place of the one on disk, durably (K1).
// Errors: FERRIC_IO, FERRIC_NO_SPACE, FERRIC_NO_MEMORY: the old one stands. FERRIC_OUTCOME_UNKNOWN:
// nobody knows which.
ferric_status fe_keyring_file_write(fe_vfs *vfs, const char *directory, fe_keyring *keyring);

// Whether the options have a new database encrypted, and a plain one refused.
bool fe_wants_encryption(const ferric_options *options);

// The keys of a new database, with one slot: that of the key of `options`, or of the one that their
// callback gives. Nothing is written. Errors: as fe_keys_open; FERRIC_INVALID_ARGUMENT: a key
// that none can be; FERRIC_IO.
ferric_status fe_keys_begin(fe_vfs *vfs, const ferric_options *options, const char *directory,
                            const uint8_t *database_id, fe_file_keys **keys);

// Writes the keyring as it is now: fe_keyring_file_write.
ferric_status fe_keys_write(fe_vfs *vfs, const char *directory, fe_file_keys *keys);

// Reads the keyring of a database and unlocks it with the key of `options`, or with the one that
// their callback gives. Errors: as fe_keyring_file_read; FERRIC_WRONG_KEY: no key, or another one;
// as the callback; as fe_keyring_unlock.
ferric_status fe_keys_open(fe_vfs *vfs, const char *directory, const ferric_options *options,
                           const uint8_t *database_id, fe_file_keys **keys);

// The keys of the database at `directory`, of which nothing is known: *keys is NULL when it is not
// encrypted. For looking at damaged ones, whose CURRENT may be lost. Errors: the same.
ferric_status fe_keys_find(fe_vfs *vfs, const char *directory, const ferric_options *options,
                           fe_file_keys **keys);

// A key of the user's as the keyring takes it. Errors: FERRIC_INVALID_ARGUMENT.
ferric_status fe_user_key_of(const ferric_key *key, fe_user_key *user);

#endif
