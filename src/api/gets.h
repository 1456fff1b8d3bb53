// SPDX-License-Identifier: Apache-2.0
// Reads of one kind of keyspace: what the calls for raw values and those for documents share.
#ifndef FERRIC_API_GETS_H
#define FERRIC_API_GETS_H

#include "api/handles.h"

// Replaces `value` (may be NULL) by the value of `key` in a keyspace of `kind`. `call` is the
// public function, for messages. *meta (may be NULL) is {0} unless it is found. Errors: as
// ferric_get.
ferric_status fe_get(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                     ferric_keyspace_kind kind, ferric_slice key,
                     const ferric_read_options *options, ferric_buffer *value, fe_meta *meta);

#endif
