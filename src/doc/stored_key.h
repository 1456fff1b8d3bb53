// SPDX-License-Identifier: Apache-2.0
// Keys as the store has them: the keyspace's id, then the key.
#ifndef FERRIC_DOC_STORED_KEY_H
#define FERRIC_DOC_STORED_KEY_H

#include <ferric/ferric.h>

// Makes it in `stored`, whose content goes. Errors: FERRIC_NO_MEMORY.
ferric_status fe_stored_key(uint32_t keyspace, ferric_slice key, ferric_buffer *stored);
// The same behind what is in `stored`.
ferric_status fe_stored_key_append(uint32_t keyspace, ferric_slice key, ferric_buffer *stored);

#endif
