// SPDX-License-Identifier: Apache-2.0
// One entry of a keyspace, read and printed: what get, scan, keys, export and the REPL share. All
// go through the session's transaction, or look at its snapshot, where there is one.
#ifndef FERRIC_CLI_ENTRY_H
#define FERRIC_CLI_ENTRY_H

#include <ferric/ferric.h>

#include "cli/command_line.h"
#include "cli/session.h"

// The member that has the expiry of an exported entry.
#define CLI_EXPIRES_FIELD "_expires_ms"

// Replaces `value` by the JSON text or the bytes of `key`. Errors: as ferric_get.
ferric_status cli_entry_get(const cli_session *session, ferric_slice key, ferric_buffer *value,
                            uint64_t *version);

// Sets `key` to what `text` means: in a raw keyspace those bytes, else JSON or a string. Says so on
// standard error when it is a string. Errors: as ferric_document_put.
ferric_status cli_entry_set(const cli_session *session, ferric_slice key, ferric_slice text,
                            const ferric_write_options *options);

// The condition of --if-absent and --if-version. Prints what is wrong and returns CLI_USAGE.
int cli_condition_read(const cli_arguments *arguments, ferric_write_options *options);

// Says which condition did not hold for `key`. Returns CLI_CONFLICT.
int cli_condition_fail(const cli_arguments *arguments, const cli_session *session, const char *key);

// Whether the key is there, and its deletion. Errors: as ferric_has, ferric_delete.
ferric_status cli_entry_has(const cli_session *session, ferric_slice key);
ferric_status cli_entry_delete(const cli_session *session, ferric_slice key);

// An iterator over the session's keyspace, at its snapshot. Errors: as ferric_iterator_create.
ferric_status cli_entry_iterator(const cli_session *session, ferric_iterator_options *options,
                                 ferric_iterator **iterator);

// How many keys there are. Errors: as ferric_count.
ferric_status cli_entry_count(const cli_session *session, uint64_t *count);

// The value of the entry at which `iterator` stands, as cli_entry_get gives it.
ferric_status cli_entry_value(const cli_session *session, const ferric_iterator *iterator,
                              ferric_slice *value);

// Bounds and direction of an iterator from the command line.
void cli_entry_range(const cli_arguments *arguments, ferric_iterator_options *options);

// Prints a value for a person on a terminal, as it is in a pipe.
void cli_entry_print_value(const cli_session *session, ferric_slice value);

// Appends the entry as one JSON object: {"_id":KEY,...} for an object, {"_id":KEY,"_value":VALUE}
// for anything else, also for an object with the single member "_value" or a member "_expires_ms";
// bytes are a string.
// An expiry, in milliseconds since 1970, stands behind the key as "_expires_ms".
// Errors: FERRIC_INVALID_ARGUMENT: a raw key or value is not UTF-8. FERRIC_NO_MEMORY.
ferric_status cli_entry_json(const cli_session *session, ferric_slice key, ferric_slice value,
                             uint64_t expires_ms, ferric_buffer *line);

// Deletes the keys that begin with `prefix` and lie in [lower, upper); size 0: no bound.
ferric_status cli_entry_delete_range(const cli_session *session, ferric_slice prefix,
                                     ferric_slice lower, ferric_slice upper);

#endif
