// SPDX-License-Identifier: Apache-2.0
// A database in a file system in memory, and short words for what tests of the public calls do all
// the time.
#ifndef FERRIC_API_API_KIT_H
#define FERRIC_API_API_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ferric/ferric.h>

#include "os/vfs.h"

#define KIT_PATH "/app.db"

typedef struct api_kit {
    fe_vfs *vfs;
    ferric_options options; // Small tables, no threads; of the next open.
    ferric_db *db;
} api_kit;

// Opens a new database.
void kit_init(api_kit *kit);
// Closes it, where it is open, and forgets its files.
void kit_deinit(api_kit *kit);
void kit_close(api_kit *kit);
void kit_open(api_kit *kit);
void kit_reopen(api_kit *kit);
ferric_keyspace *kit_keyspace(api_kit *kit, const char *name, ferric_keyspace_kind kind);

ferric_slice text(const char *characters);

// The call failed with `expected`, and its message has `word` in it.
void assert_failed(ferric_status status, ferric_status expected, const char *word);
void assert_ok(ferric_status status);

void put(ferric_db *db, ferric_keyspace *keyspace, const char *key, const char *value);
// `value` NULL: the key is not there.
void assert_value(ferric_db *db, ferric_keyspace *keyspace, const char *key, const char *value);
// The same at a snapshot.
void assert_value_at(ferric_db *db, ferric_keyspace *keyspace, const ferric_snapshot *snapshot,
                     const char *key, const char *value);
// All keys in order, each followed by a space.
void assert_keys(ferric_db *db, ferric_keyspace *keyspace, const ferric_iterator_options *options,
                 const char *expected);

// Names and bytes of all files in the directory. Freed by ferric_buffer_free.
ferric_buffer kit_files(api_kit *kit);

#endif
