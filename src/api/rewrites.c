// SPDX-License-Identifier: Apache-2.0
// Calls that read a key and write it again: its lifetime changed, or its number. Each is one commit
// under the condition that the key did not change meanwhile; who loses that race reads again.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/arguments.h"
#include "api/gets.h"
#include "api/lifetimes.h"
#include "api/puts.h"
#include "base/buffer.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/document.h"
#include "doc/number.h"

// What such a call works on.
typedef struct rewrite {
    const char *call;
    ferric_db *db;
    ferric_keyspace *keyspace; // The one meant, never NULL.
    ferric_slice key;
    ferric_write_options options; // Taken.
    fe_lifetime lifetime;         // Of the options, or the keyspace's default.
    int64_t delta;                // Of an increment.
    int64_t initial;
    int64_t sum;
    // What was read; `change` leaves here what is written.
    ferric_buffer value;
    fe_meta meta; // Version 0: the key is missing.
} rewrite;

// Changes value and expiry of what was read. *is_done: there is nothing to write.
typedef ferric_status (*rewrite_change)(rewrite *work, bool *is_done);

static ferric_status begin(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                           ferric_slice key, const ferric_write_options *options, rewrite *work)
{
    ferric_status status;

    memset(work, 0, sizeof *work);
    work->call = call;
    work->db = db;
    work->key = key;
    status = fe_handles_check(call, db, keyspace, FE_KIND_ANY, &work->keyspace);
    if (status == FERRIC_OK) status = fe_write_options_take(options, &work->options);
    if (status == FERRIC_OK) {
        status = fe_lifetime_take(call, work->keyspace, work->options.lifetime, &work->lifetime);
    }
    return status;
}

static ferric_status read_current(rewrite *work)
{
    ferric_status status = fe_get(work->call, work->db, work->keyspace, FE_KIND_ANY, work->key,
                                  NULL, &work->value, &work->meta);

    if (status != FERRIC_NOT_FOUND) return status;
    fe_buffer_clear(&work->value);
    return FERRIC_OK;
}

static bool is_condition_met(const rewrite *work)
{
    switch (work->options.condition) {
    case FERRIC_IF_ABSENT:
        return work->meta.version == 0;
    case FERRIC_IF_VERSION:
        return work->meta.version == work->options.if_version;
    default:
        return true;
    }
}

static ferric_status write_back(rewrite *work)
{
    fe_replacement replacement = {
        .kind = work->keyspace->kind,
        .key = work->key,
        .value = fe_buffer_slice(&work->value),
        .expires_ms = work->meta.expires_ms,
        .version = work->meta.version,
    };
    ferric_status status = fe_keyspace_id_for_write(work->keyspace, &replacement.keyspace);

    return status == FERRIC_OK ? fe_put_replacement(work->db, &replacement, &work->options)
                               : status;
}

static ferric_status try_once(rewrite *work, rewrite_change change, bool *is_done)
{
    ferric_status status = read_current(work);

    if (status == FERRIC_OK && !is_condition_met(work)) {
        *is_done = true;
        return FERRIC_CONFLICT;
    }
    if (status == FERRIC_OK) status = change(work, is_done);
    if (status != FERRIC_OK || *is_done) return status;
    return write_back(work);
}

// A conflict means that somebody else has committed, so that all together always get on.
static ferric_status run(rewrite *work, rewrite_change change)
{
    bool is_done = false;
    ferric_status status;

    do {
        status = try_once(work, change, &is_done);
    } while (status == FERRIC_CONFLICT && !is_done);
    if (status == FERRIC_OK && is_done && work->options.version != NULL) {
        *work->options.version = work->meta.version;
    }
    fe_buffer_deinit(&work->value);
    return status;
}

// ---- Lifetimes ------------------------------------------------------------------------------

static ferric_status change_expiry(rewrite *work, bool *is_done)
{
    (void)is_done;
    if (work->meta.version == 0) return FERRIC_NOT_FOUND;
    work->meta.expires_ms = fe_lifetime_expires_ms(work->db->store, &work->lifetime);
    return FERRIC_OK;
}

ferric_status ferric_expire(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                            const ferric_write_options *options)
{
    const char *call = "ferric_expire";
    rewrite work;
    ferric_status status = begin(call, db, keyspace, key, options, &work);

    if (status != FERRIC_OK) return status;
    if ((work.options.lifetime.ttl_ms | work.options.lifetime.expires_ms) == 0) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: options->lifetime is not set: say how long the key is to live", call);
    }
    return run(&work, change_expiry);
}

static ferric_status change_to_stay(rewrite *work, bool *is_done)
{
    if (work->meta.version == 0) return FERRIC_NOT_FOUND;
    *is_done = work->meta.expires_ms == FE_EXPIRY_NEVER;
    work->meta.expires_ms = FE_EXPIRY_NEVER;
    if (FE_SEEDED_BUG(FE_BUG_PERSIST_LOSES_VALUE)) fe_buffer_clear(&work->value);
    return FERRIC_OK;
}

ferric_status ferric_persist(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                             const ferric_write_options *options)
{
    rewrite work;
    ferric_status status = begin("ferric_persist", db, keyspace, key, options, &work);

    return status == FERRIC_OK ? run(&work, change_to_stay) : status;
}

static ferric_status change_to_last(rewrite *work, bool *is_done)
{
    uint64_t expires_ms = fe_lifetime_expires_ms(work->db->store, &work->lifetime);

    if (work->meta.version == 0) return FERRIC_NOT_FOUND;
    *is_done = work->meta.expires_ms == FE_EXPIRY_NEVER ||
               (expires_ms != FE_EXPIRY_NEVER && expires_ms <= work->meta.expires_ms);
    if (FE_SEEDED_BUG(FE_BUG_TOUCH_SHORTENS)) *is_done = false;
    if (!*is_done) work->meta.expires_ms = expires_ms;
    return FERRIC_OK;
}

ferric_status ferric_touch(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                           const ferric_write_options *options)
{
    const char *call = "ferric_touch";
    rewrite work;
    ferric_status status = begin(call, db, keyspace, key, options, &work);

    if (status != FERRIC_OK) return status;
    if ((work.options.lifetime.ttl_ms | work.options.lifetime.expires_ms) == 0 &&
        work.lifetime.ttl_ms == 0) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: keyspace \"%s\" has no default time to live: set options->lifetime",
                       call, work.keyspace->name);
    }
    return run(&work, change_to_last);
}

// ---- Asking ---------------------------------------------------------------------------------

ferric_status ferric_expiry(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                            const ferric_read_options *options, uint64_t *expires_ms,
                            uint64_t *version)
{
    fe_meta meta;
    ferric_status status =
        fe_get("ferric_expiry", db, keyspace, FE_KIND_ANY, key, options, NULL, &meta);

    if (expires_ms != NULL) *expires_ms = meta.expires_ms;
    if (version != NULL) *version = meta.version;
    return status;
}

ferric_status ferric_ttl(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                         const ferric_read_options *options, uint64_t *ttl_ms)
{
    const char *call = "ferric_ttl";
    fe_moment at;
    fe_meta meta;
    ferric_status status;

    if (ttl_ms == NULL) return fe_argument_is_null(call, "ttl_ms");
    *ttl_ms = 0;
    status = fe_get(call, db, keyspace, FE_KIND_ANY, key, options, NULL, &meta);
    if (status == FERRIC_OK) status = fe_read_moment(call, db, options, &at);
    if (status != FERRIC_OK) return status;
    *ttl_ms = FERRIC_TTL_NONE;
    if (meta.expires_ms == FE_EXPIRY_NEVER) return FERRIC_OK;
    if (at.time_ms == 0) at.time_ms = fe_store_now_ms(db->store);
    // It was there just now: what is left is not nothing.
    *ttl_ms = meta.expires_ms > at.time_ms ? meta.expires_ms - at.time_ms : 1;
    return FERRIC_OK;
}

ferric_status ferric_keyspace_set_ttl(ferric_db *db, ferric_keyspace *keyspace, uint64_t ttl_ms)
{
    const char *call = "ferric_keyspace_set_ttl";
    ferric_keyspace_info named;
    ferric_keyspace *meant;
    uint32_t id;
    ferric_status status = fe_handles_check(call, db, keyspace, FE_KIND_ANY, &meant);

    if (status != FERRIC_OK) return status;
    if (ttl_ms > FERRIC_TTL_MAX) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: ttl_ms is too long: at most %llu milliseconds are allowed, 0 for none",
                       call, (unsigned long long)FERRIC_TTL_MAX);
    }
    status = fe_keyspace_id_for_write(meant, &id);
    if (FE_SEEDED_BUG(FE_BUG_DEFAULT_BY_OLD_NAME) &&
        fe_keyspace_find(db->store, meant->name, &named) == FERRIC_OK) {
        id = named.id;
    }
    return status == FERRIC_OK ? fe_keyspace_set_ttl(db->store, id, ttl_ms) : status;
}

// ---- Increments -----------------------------------------------------------------------------

static ferric_status overflow(const rewrite *work)
{
    return fe_fail(FERRIC_OVERFLOW, "%s: the number or the sum does not fit into 64 bits",
                   work->call);
}

static bool is_integer_text(ferric_slice text)
{
    const uint8_t *bytes = fe_slice_bytes(text);
    size_t first = text.size > 0 && bytes[0] == '-' ? 1 : 0;

    for (size_t i = first; i < text.size; i++) {
        if (bytes[i] < '0' || bytes[i] > '9') return false;
    }
    return text.size > first;
}

// The number of a key that is there.
static ferric_status parse_number(const rewrite *work, int64_t *number)
{
    ferric_slice text = fe_buffer_slice(&work->value);
    ferric_status status = FERRIC_OK;

    if (work->keyspace->kind == FERRIC_KEYSPACE_COLLECTION) {
        status = fe_document_text(text, &text);
    }
    if (status != FERRIC_OK) return status;
    if (!is_integer_text(text)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "%s: the value is no integer", work->call);
    }
    return fe_number_to_int64(text, number) ? FERRIC_OK : overflow(work);
}

// Replaces the value by the text of the sum, in the form of the keyspace's kind.
static ferric_status show_number(rewrite *work)
{
    static const uint8_t document = FE_DOCUMENT_FORMAT_JSON;
    ferric_status status = FERRIC_OK;

    fe_buffer_clear(&work->value);
    if (work->keyspace->kind == FERRIC_KEYSPACE_COLLECTION) {
        status = fe_buffer_append(&work->value, &document, sizeof document);
    }
    return status == FERRIC_OK ? fe_number_append_int64(work->sum, &work->value) : status;
}

static ferric_status change_number(rewrite *work, bool *is_done)
{
    int64_t number = work->initial;
    ferric_status status = FERRIC_OK;

    (void)is_done;
    if (work->meta.version != 0) {
        status = parse_number(work, &number);
    } else {
        work->meta.expires_ms = fe_lifetime_expires_ms(work->db->store, &work->lifetime);
    }
    if (status != FERRIC_OK) return status;
    if (__builtin_add_overflow(number, work->delta, &work->sum)) return overflow(work);
    if (FE_SEEDED_BUG(FE_BUG_TTL_OF_VALUE_LOST)) work->meta.expires_ms = FE_EXPIRY_NEVER;
    return show_number(work);
}

ferric_status ferric_increment(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                               int64_t delta, int64_t initial, const ferric_write_options *options,
                               int64_t *result)
{
    rewrite work;
    ferric_status status = begin("ferric_increment", db, keyspace, key, options, &work);

    if (result != NULL) *result = 0;
    if (status != FERRIC_OK) return status;
    work.delta = delta;
    work.initial = initial;
    status = run(&work, change_number);
    if (status == FERRIC_OK && result != NULL) *result = work.sum;
    return status;
}
