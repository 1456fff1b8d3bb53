// SPDX-License-Identifier: Apache-2.0
// From a lifetime as callers give it to the time at which a key expires.
#ifndef FERRIC_API_LIFETIMES_H
#define FERRIC_API_LIFETIMES_H

#include "api/handles.h"

// A lifetime that was checked.
typedef struct fe_lifetime {
    uint64_t ttl_ms;     // 0: `expires_ms` counts.
    uint64_t expires_ms; // FE_EXPIRY_NEVER: it stays.
} fe_lifetime;

// Checks `given` and takes in the default of `keyspace` (NULL: there is none) where it leaves that
// to it. Errors: FERRIC_INVALID_ARGUMENT, those of a read.
ferric_status fe_lifetime_take(const char *call, ferric_keyspace *keyspace, ferric_lifetime given,
                               fe_lifetime *lifetime);

// When a key expires whose life begins now.
uint64_t fe_lifetime_expires_ms(fe_store *store, const fe_lifetime *lifetime);

#endif
