// SPDX-License-Identifier: Apache-2.0
// Lifetimes: checked, and counted from now on.
#include "api/lifetimes.h"

#include "base/compiler.h"
#include "base/status.h"

static ferric_status check(const char *call, const ferric_lifetime *given)
{
    if (given->ttl_ms != 0 && given->expires_ms != 0) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: ttl_ms and expires_ms are both set: a life has one end", call);
    }
    if (given->expires_ms > FERRIC_EXPIRES_MAX ||
        (given->ttl_ms > FERRIC_TTL_MAX && given->ttl_ms != FERRIC_TTL_NONE)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: the lifetime is too long: at most %llu milliseconds are allowed, or "
                       "FERRIC_TTL_NONE",
                       call, (unsigned long long)FERRIC_TTL_MAX);
    }
    return FERRIC_OK;
}

ferric_status fe_lifetime_take(const char *call, ferric_keyspace *keyspace, ferric_lifetime given,
                               fe_lifetime *lifetime)
{
    ferric_status status;

    *lifetime = (fe_lifetime){0, FE_EXPIRY_NEVER};
    if (FE_LIKELY((given.ttl_ms | given.expires_ms) == 0)) {
        return keyspace == NULL ? FERRIC_OK : fe_keyspace_default_ttl(keyspace, &lifetime->ttl_ms);
    }
    status = check(call, &given);
    if (status != FERRIC_OK) return status;
    if (given.ttl_ms != FERRIC_TTL_NONE) lifetime->ttl_ms = given.ttl_ms;
    lifetime->expires_ms = given.expires_ms;
    return FERRIC_OK;
}

uint64_t fe_lifetime_expires_ms(fe_store *store, const fe_lifetime *lifetime)
{
    uint64_t expires_ms;

    if (FE_LIKELY(lifetime->ttl_ms == 0)) return lifetime->expires_ms;
    expires_ms = fe_store_now_ms(store) + lifetime->ttl_ms;
    return expires_ms < FE_EXPIRY_MAX ? expires_ms : FE_EXPIRY_MAX;
}
