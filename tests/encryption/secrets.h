// SPDX-License-Identifier: Apache-2.0
// A collection of secrets of 32 bytes and the search for them, in files and in the memory of this
// process: all that it can write to, which is more than a core image has.
//
// They are kept in another form than that in which the library sees them, so that the search does
// not find the searcher. Thread rule: adding is for all threads.
#ifndef FERRIC_ENCRYPTION_SECRETS_H
#define FERRIC_ENCRYPTION_SECRETS_H

#include <stddef.h>
#include <stdint.h>

#define SECRET_SIZE 32

typedef enum secret_kind {
    SECRET_CANARY = 0, // In keys, values and names of the database.
    SECRET_KEY = 1,    // Of the user, of the database, of a file.
    SECRET_KINDS = 2,
} secret_kind;

// How many of the secrets of each kind were found, and where some of them stand.
typedef struct secrets_found {
    uint64_t count[SECRET_KINDS];
    uint64_t bytes; // That were searched.
    char places[600];
} secrets_found;

// A secret that is there already is not added again.
void secrets_add(secret_kind kind, const uint8_t secret[SECRET_SIZE]);
uint64_t secrets_count(secret_kind kind);
// Writes the secret number `index` of its kind to `to`, as it was added.
void secrets_show(secret_kind kind, size_t index, uint8_t to[SECRET_SIZE]);
void secrets_clear(secret_kind kind);

// Add to *found.
void secrets_search_files(const char *directory, secrets_found *found);
void secrets_search_memory(secrets_found *found);

#endif
