// SPDX-License-Identifier: Apache-2.0
// Writes of one kind of keyspace: what the calls for raw values and those for documents share.
#ifndef FERRIC_API_PUTS_H
#define FERRIC_API_PUTS_H

#include "api/handles.h"

// What a put or a delete was given, checked and completed.
typedef struct fe_checked_write {
    ferric_write_options options;
    ferric_keyspace *keyspace;
    uint32_t id;
    uint64_t expires_ms; // Of a put.
} fe_checked_write;

// `call` is the public function, for messages. Errors: as ferric_put.
ferric_status fe_check_put(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                           ferric_keyspace_kind kind, ferric_slice key, ferric_slice value,
                           const ferric_write_options *options, fe_checked_write *checked);
ferric_status fe_check_delete(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                              ferric_slice key, const ferric_write_options *options,
                              fe_checked_write *checked);
// Adds the operation and its condition to a batch. Errors: FERRIC_NO_MEMORY.
ferric_status fe_add_put(fe_write_batch *batch, const fe_checked_write *checked, ferric_slice key,
                         ferric_slice value);
ferric_status fe_add_delete(fe_write_batch *batch, const fe_checked_write *checked,
                            ferric_slice key);

// Commits a put of `key` in a keyspace of `kind`. `call` is the public function, for messages.
// Errors: as ferric_put.
ferric_status fe_put(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                     ferric_keyspace_kind kind, ferric_slice key, ferric_slice value,
                     const ferric_write_options *options);

// A put that replaces what was read: when `key` still is at `version` (0: absent).
typedef struct fe_replacement {
    ferric_keyspace_kind kind; // Of the keyspace,
    uint32_t keyspace;         // with this id.
    ferric_slice key;
    ferric_slice value;
    uint64_t expires_ms;
    uint64_t version;
} fe_replacement;

// Commits it. Of `options`, which were taken, sync and version count. Errors: FERRIC_CONFLICT (an
// outcome), as ferric_put.
ferric_status fe_put_replacement(ferric_db *db, const fe_replacement *replacement,
                                 const ferric_write_options *options);

// Adds a put to a batch. Errors: as ferric_batch_put.
ferric_status fe_batch_put(const char *call, ferric_batch *batch, ferric_keyspace *keyspace,
                           ferric_keyspace_kind kind, ferric_slice key, ferric_slice value,
                           ferric_lifetime lifetime);

#endif
