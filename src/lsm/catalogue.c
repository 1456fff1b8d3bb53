// SPDX-License-Identifier: Apache-2.0
// The catalogue's entries: encoded, and decoded with every check that makes an entry believable.
#include "lsm/catalogue.h"

#include <string.h>

#include "base/coding.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/store.h"

ferric_slice fe_catalogue_name_key(const char *name, uint8_t *bytes)
{
    size_t size = strlen(name);

    bytes[0] = FE_CATALOGUE_NAME_LETTER;
    memcpy(bytes + 1, name, size);
    return fe_slice(bytes, size + 1);
}

bool fe_catalogue_is_name_key(ferric_slice user_key, ferric_slice *name)
{
    const uint8_t *bytes = fe_slice_bytes(user_key);

    if (user_key.size == 0 || bytes[0] != FE_CATALOGUE_NAME_LETTER) return false;
    *name = fe_slice(bytes + 1, user_key.size - 1);
    return true;
}

void fe_catalogue_encode(uint32_t id, ferric_keyspace_kind kind,
                         uint8_t bytes[FE_CATALOGUE_ENTRY_SIZE])
{
    fe_put_u32(bytes, id);
    bytes[4] = (uint8_t)kind;
}

static ferric_status damaged_entry(void)
{
    return fe_fail(FERRIC_CORRUPT,
                   "the catalogue entry of a keyspace is damaged: run `ferric verify`");
}

// A keyspace that had the catalogue's own id would be written into it.
static bool is_id_of(ferric_slice name, uint32_t id)
{
    if (fe_slice_equal(name, fe_slice_text(FE_KEYSPACE_MAIN_NAME))) return id == FE_KEYSPACE_MAIN;
    return id >= FE_KEYSPACE_FIRST_FREE && id < UINT32_MAX;
}

static bool is_name(ferric_slice name)
{
    return name.size > 0 && name.size <= FERRIC_KEYSPACE_NAME_SIZE_MAX &&
           memchr(name.data, 0, name.size) == NULL;
}

ferric_status fe_catalogue_decode(ferric_slice name, ferric_slice value, ferric_keyspace_info *info)
{
    const uint8_t *bytes = fe_slice_bytes(value);

    memset(info, 0, sizeof *info);
    if (value.size < FE_CATALOGUE_ENTRY_SIZE || !is_name(name)) return damaged_entry();
    memcpy(info->name, name.data, name.size);
    info->id = fe_get_u32(bytes);
    if (!is_id_of(name, info->id)) return damaged_entry();
    if (bytes[4] != FERRIC_KEYSPACE_RAW && bytes[4] != FERRIC_KEYSPACE_COLLECTION) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "keyspace \"%s\" is of kind %u, which this version of Ferric does not know",
                       info->name, bytes[4]);
    }
    info->kind = (ferric_keyspace_kind)bytes[4];
    if (value.size >= FE_CATALOGUE_TTL_AT + FE_CATALOGUE_TTL_SIZE) {
        info->ttl_ms = fe_get_u64(bytes + FE_CATALOGUE_TTL_AT);
    }
    if (FE_SEEDED_BUG(FE_BUG_DEFAULT_TTL_FORGOTTEN)) info->ttl_ms = 0;
    if (info->ttl_ms > FE_EXPIRY_MAX) return damaged_entry();
    return FERRIC_OK;
}

ferric_status fe_catalogue_decode_next_id(ferric_slice value, uint32_t *id)
{
    *id = value.size < sizeof *id ? 0 : fe_get_u32(fe_slice_bytes(value));
    if (*id < FE_KEYSPACE_FIRST_FREE || *id == UINT32_MAX) return damaged_entry();
    return FERRIC_OK;
}
