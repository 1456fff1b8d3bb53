// SPDX-License-Identifier: Apache-2.0
// Keys as the store has them; see stored_key.h.
#include "doc/stored_key.h"

#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "format/internal_key.h"

ferric_status fe_stored_key(uint32_t keyspace, ferric_slice key, ferric_buffer *stored)
{
    fe_buffer_clear(stored);
    return fe_stored_key_append(keyspace, key, stored);
}

ferric_status fe_stored_key_append(uint32_t keyspace, ferric_slice key, ferric_buffer *stored)
{
    ferric_status status = fe_buffer_reserve(stored, FE_KEYSPACE_ID_SIZE + key.size);
    uint8_t *at;

    if (status != FERRIC_OK) return status;
    at = (uint8_t *)stored->data + stored->size;
    fe_put_u32_ordered(at, keyspace);
    if (key.size > 0) memcpy(at + FE_KEYSPACE_ID_SIZE, key.data, key.size);
    stored->size += FE_KEYSPACE_ID_SIZE + key.size;
    return FERRIC_OK;
}
