// SPDX-License-Identifier: Apache-2.0
// The data keys of one open database, and the ciphers of its files made from them: each file has a
// key of its own, derived from the data key that its header names and from the whole header.
// docs/format/file_header.md, "Seals".
//
// Thread rule: any thread, but for create and destroy.
#ifndef FERRIC_FORMAT_FILE_KEYS_H
#define FERRIC_FORMAT_FILE_KEYS_H

#include "crypto/aead.h"
#include "crypto/keyring.h"
#include "format/file_header.h"

typedef struct fe_file_keys fe_file_keys;

// A keyring in memory for keys. NULL when there is none; freed by fe_keyring_free, which wipes it.
fe_keyring *fe_keyring_alloc(void);
// Accepts NULL.
void fe_keyring_free(fe_keyring *keyring);

// Copies `keyring`, which is unlocked. Errors: FERRIC_NO_MEMORY.
ferric_status fe_file_keys_create(const fe_keyring *keyring, fe_file_keys **keys);
// Wipes the keys. Every sealer made with them is gone. Accepts NULL.
void fe_file_keys_destroy(fe_file_keys *keys);

// The keyring as it is now, to be changed, written and then put in place of the old one.
void fe_file_keys_copy(fe_file_keys *keys, fe_keyring *keyring);
void fe_file_keys_replace(fe_file_keys *keys, const fe_keyring *keyring);

// Whether they were made of this keyring as it was written: each write seals its list of keys anew.
bool fe_file_keys_are_of(fe_file_keys *keys, const fe_keyring *written);

// Says in the header of a new file that it is sealed, and with which key: the newest. `keys` NULL:
// it is not.
void fe_file_keys_stamp(fe_file_keys *keys, fe_file_header *header);

// The cipher of the file with this header. `path` is for the message.
// Errors: FERRIC_CORRUPT: the keyring has no such key. FERRIC_NO_MEMORY, FERRIC_UNSUPPORTED.
ferric_status fe_file_keys_cipher(fe_file_keys *keys, const fe_file_header *header,
                                  const char *path, fe_aead **cipher);

#endif
