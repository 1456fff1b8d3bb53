// SPDX-License-Identifier: Apache-2.0
// Entries of the catalogue of keyspaces as bytes (docs/format/catalogue.md): what keyspace.c reads
// and makes, and what repair makes anew where it was lost.
#ifndef FERRIC_LSM_CATALOGUE_H
#define FERRIC_LSM_CATALOGUE_H

#include <ferric/ferric.h>

#include "format/internal_key.h"

#define FE_CATALOGUE_ENTRY_SIZE 5
// A default time to live stands behind that, in an entry that has one.
#define FE_CATALOGUE_TTL_AT FE_CATALOGUE_ENTRY_SIZE
#define FE_CATALOGUE_TTL_SIZE 8
// Ids below are fixed: the catalogue, and "main". The largest is given to none, so that there is
// always a next one.
#define FE_KEYSPACE_FIRST_FREE 16
#define FE_KEYSPACE_MAIN_NAME "main"
// Names' user keys begin with it.
#define FE_CATALOGUE_NAME_LETTER 'n'
// The user key of the entry that holds the next id to give out.
#define FE_CATALOGUE_NEXT_ID_KEY "i"
// User keys of collections' indexes begin with it, and of the progress of an index's build: the
// layer of documents writes and reads them (docs/format/index_catalogue.md).
#define FE_CATALOGUE_SCHEMA_LETTER 'x'
// What such a value begins with: a format byte, a varint count, and so many ids of keyspaces.
#define FE_CATALOGUE_SCHEMA_FORMAT 1
#define FE_CATALOGUE_PROGRESS_LETTER 'p'
// Of a user key.
#define FE_CATALOGUE_KEY_SIZE_MAX (1 + FERRIC_KEYSPACE_NAME_SIZE_MAX)

// The user key of a name, without keyspace id; `bytes` has FE_CATALOGUE_KEY_SIZE_MAX of them.
ferric_slice fe_catalogue_name_key(const char *name, uint8_t *bytes);
// The name in such a user key. False when it is another entry's.
bool fe_catalogue_is_name_key(ferric_slice user_key, ferric_slice *name);
void fe_catalogue_encode(uint32_t id, ferric_keyspace_kind kind,
                         uint8_t bytes[FE_CATALOGUE_ENTRY_SIZE]);
// Errors: FERRIC_CORRUPT, FERRIC_UNSUPPORTED (a kind that is not known).
ferric_status fe_catalogue_decode(ferric_slice name, ferric_slice value,
                                  ferric_keyspace_info *info);
// The id that the next keyspace gets. Errors: FERRIC_CORRUPT.
ferric_status fe_catalogue_decode_next_id(ferric_slice value, uint32_t *id);

#endif
