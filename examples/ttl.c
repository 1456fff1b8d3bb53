// SPDX-License-Identifier: Apache-2.0
// Lifetimes: a session that ends by itself, a cache with a default, and a counter.
//
// An expired key is absent everywhere, also for conditions: so "if absent" together with a lifetime
// is a lock that nobody can leave behind.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

static ferric_status take_lock(ferric_db *db, const char *name)
{
    ferric_write_options for_a_minute = FERRIC_WRITE_OPTIONS_INIT;
    ferric_status status;

    for_a_minute.condition = FERRIC_IF_ABSENT;
    for_a_minute.lifetime.ttl_ms = 60 * 1000;
    status = ferric_put(db, NULL, text("lock"), text(name), &for_a_minute);
    printf("%s: %s\n", name, status == FERRIC_OK ? "has the lock" : "has to wait");
    return status == FERRIC_CONFLICT ? FERRIC_OK : status;
}

static ferric_status show_life(ferric_db *db, ferric_keyspace *keyspace, const char *key)
{
    uint64_t ttl_ms;
    ferric_status status = ferric_ttl(db, keyspace, text(key), NULL, &ttl_ms);

    if (status != FERRIC_OK) return status;
    if (ttl_ms == FERRIC_TTL_NONE) {
        printf("%s stays\n", key);
    } else {
        printf("%s lives %llu s more\n", key, (unsigned long long)((ttl_ms + 999) / 1000));
    }
    return FERRIC_OK;
}

// Everything put into the keyspace lives an hour, unless it says otherwise.
static ferric_status use_cache(ferric_db *db)
{
    ferric_write_options forever = FERRIC_WRITE_OPTIONS_INIT;
    ferric_keyspace *cache = NULL;
    ferric_status status = ferric_keyspace_open(db, "cache", FERRIC_KEYSPACE_RAW, &cache);

    forever.lifetime.ttl_ms = FERRIC_TTL_NONE;
    if (status == FERRIC_OK) status = ferric_keyspace_set_ttl(db, cache, 3600 * 1000);
    if (status == FERRIC_OK) status = ferric_put(db, cache, text("page"), text("<p>"), NULL);
    if (status == FERRIC_OK) status = ferric_put(db, cache, text("logo"), text("svg"), &forever);
    if (status == FERRIC_OK) status = ferric_touch(db, cache, text("page"), NULL);
    if (status == FERRIC_OK) status = show_life(db, cache, "page");
    if (status == FERRIC_OK) status = show_life(db, cache, "logo");
    ferric_keyspace_close(cache);
    return status;
}

// Many may add at once, from all threads: no addition is lost.
static ferric_status count_visits(ferric_db *db)
{
    int64_t visits = 0;
    ferric_status status = FERRIC_OK;

    for (int i = 0; i < 3 && status == FERRIC_OK; i++)
        status = ferric_increment(db, NULL, text("visits"), 1, 0, NULL, &visits);
    if (status == FERRIC_OK) printf("visits %lld\n", (long long)visits);
    return status;
}

int main(int argc, char **argv)
{
    ferric_db *db;
    ferric_status status = ferric_open(argc > 1 ? argv[1] : "example.db", NULL, &db);

    if (status == FERRIC_OK) status = take_lock(db, "Ada");
    if (status == FERRIC_OK) status = take_lock(db, "Ben");
    if (status == FERRIC_OK) status = show_life(db, NULL, "lock");
    if (status == FERRIC_OK) status = ferric_persist(db, NULL, text("lock"), NULL);
    if (status == FERRIC_OK) status = show_life(db, NULL, "lock");
    if (status == FERRIC_OK) status = use_cache(db);
    if (status == FERRIC_OK) status = count_visits(db);
    if (status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
    }
    if (ferric_close(db) != FERRIC_OK) return 1;
    return status == FERRIC_OK ? 0 : 1;
}
