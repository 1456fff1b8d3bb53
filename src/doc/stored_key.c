// SPDX-License-Identifier: Apache-2.0
// Keys as the store has them; see stored_key.h.
#include "doc/stored_key.h"

#include "base/buffer.h"
#include "base/coding.h"
#include "format/internal_key.h"

ferric_status fe_stored_key(uint32_t keyspace, ferric_slice key, ferric_buffer *stored)
{
    uint8_t id[FE_KEYSPACE_ID_SIZE];
    ferric_status status;

    fe_put_u32_ordered(id, keyspace);
    fe_buffer_clear(stored);
    status = fe_buffer_append(stored, id, sizeof id);
    return status == FERRIC_OK ? fe_buffer_append(stored, key.data, key.size) : status;
}
