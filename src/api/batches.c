// SPDX-License-Identifier: Apache-2.0
// Batches, whose entries may be of keyspaces that do not exist yet.
//
// An entry of a keyspace without an id gets the id 0 for now and is noted as unresolved. When the
// batch is written, its keyspaces come into being and the ids are put in place. From then on the
// batch needs its keyspaces no more and may be written again.
#include <string.h>

#include "api/arguments.h"
#include "api/async_writes.h"
#include "api/lifetimes.h"
#include "api/puts.h"
#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/document_write.h"
#include "lsm/batch_expiry.h"

typedef struct unresolved {
    ferric_keyspace *keyspace;
    size_t offset;     // Of the id,
    bool is_condition; // in the conditions' keys, or else in the operations.
} unresolved;

// What a const batch may still change: ids and times that become known.
typedef struct batch_content {
    fe_write_batch writes;
    fe_store *store;       // Of the keyspaces, with a reference; NULL: only NULL ones so far.
    ferric_buffer pending; // Array of unresolved.
    ferric_buffer ttls;    // Array of fe_batch_ttl.
    bool has_documents;    // Entries of collections.
    bool uses_main;        // A NULL keyspace: raw "main" of whatever database it is written to.
    bool uses_main_ttl;    // And its default time to live, which is not known before.
} batch_content;

struct ferric_batch {
    batch_content *content;
};

static void forget_store(batch_content *content)
{
    if (content->store != NULL) fe_store_unref(content->store);
    content->store = NULL;
}

ferric_status ferric_batch_create(ferric_batch **batch)
{
    ferric_batch *created;

    if (batch == NULL) return fe_argument_is_null("ferric_batch_create", "batch");
    *batch = NULL;
    created = fe_alloc_zero(1, sizeof *created + sizeof *created->content);
    if (created == NULL) {
        return fe_no_memory("a batch", sizeof *created + sizeof *created->content);
    }
    created->content = (batch_content *)(void *)(created + 1);
    *batch = created;
    return FERRIC_OK;
}

void ferric_batch_destroy(ferric_batch *batch)
{
    if (batch == NULL) return;
    forget_store(batch->content);
    fe_write_batch_deinit(&batch->content->writes);
    fe_buffer_deinit(&batch->content->pending);
    fe_buffer_deinit(&batch->content->ttls);
    fe_free(batch);
}

void ferric_batch_clear(ferric_batch *batch)
{
    if (batch == NULL) return;
    forget_store(batch->content);
    fe_write_batch_clear(&batch->content->writes);
    fe_buffer_clear(&batch->content->pending);
    fe_buffer_clear(&batch->content->ttls);
    batch->content->uses_main = false;
    batch->content->uses_main_ttl = false;
    batch->content->has_documents = false;
}

size_t ferric_batch_count(const ferric_batch *batch)
{
    return batch == NULL ? 0 : batch->content->writes.count;
}

size_t ferric_batch_size(const ferric_batch *batch)
{
    return batch == NULL ? 0 : (size_t)batch->content->writes.user_bytes;
}

// ---- Adding ---------------------------------------------------------------------------------

// Finds the id to write now: 0 when it is not known, and then there is room to note it.
static ferric_status begin_entry(const char *call, ferric_batch *batch, ferric_keyspace *keyspace,
                                 ferric_keyspace_kind kind, uint32_t *id)
{
    batch_content *content;
    ferric_status status;

    if (batch == NULL) return fe_argument_is_null(call, "batch");
    *id = FE_KEYSPACE_MAIN;
    if (keyspace == NULL) return FERRIC_OK;
    content = batch->content;
    status = fe_store_check(keyspace->store);
    if (status != FERRIC_OK) return status;
    if (kind != FE_KIND_ANY && keyspace->kind != kind) {
        return fe_wrong_kind(keyspace->name, keyspace->kind);
    }
    if (content->store != NULL && content->store != keyspace->store) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: keyspace \"%s\" is of another database than the batch's entries before",
                       call, keyspace->name);
    }
    *id = atomic_load_explicit(&keyspace->id, memory_order_acquire);
    return *id != 0 ? FERRIC_OK : fe_buffer_reserve(&content->pending, sizeof(unresolved));
}

// After the entry was added: cannot fail.
static void end_entry(ferric_batch *batch, ferric_keyspace *keyspace, uint32_t id, size_t offset,
                      bool is_condition)
{
    batch_content *content = batch->content;
    unresolved entry = {keyspace, offset, is_condition};

    if (keyspace == NULL) {
        content->uses_main = true;
        return;
    }
    content->has_documents |= keyspace->kind == FERRIC_KEYSPACE_COLLECTION;
    if (content->store == NULL) {
        fe_store_ref(keyspace->store);
        content->store = keyspace->store;
    }
    if (id != 0 || offset == SIZE_MAX) return; // Nothing was added.
    memcpy((uint8_t *)content->pending.data + content->pending.size, &entry, sizeof entry);
    content->pending.size += sizeof entry;
}

ferric_status fe_batch_put(const char *call, ferric_batch *batch, ferric_keyspace *keyspace,
                           ferric_keyspace_kind kind, ferric_slice key, ferric_slice value,
                           ferric_lifetime given)
{
    batch_content *content;
    fe_lifetime lifetime;
    fe_batch_ttl ttl;
    bool is_said = (given.ttl_ms | given.expires_ms) != 0;
    size_t offset;
    uint32_t id;
    ferric_status status = begin_entry(call, batch, keyspace, kind, &id);

    if (status == FERRIC_OK) status = fe_lifetime_take(call, keyspace, given, &lifetime);
    if (status != FERRIC_OK) return status;
    content = batch->content;
    ttl = (fe_batch_ttl){content->writes.count, lifetime.ttl_ms};
    is_said |= lifetime.ttl_ms != 0;
    if (is_said) status = fe_buffer_reserve(&content->ttls, sizeof ttl);
    if (status != FERRIC_OK) return status;
    // A time that is not known yet has its place already.
    status = fe_write_batch_put_expiring(
        &content->writes, id, key, value,
        lifetime.ttl_ms != 0 ? FE_BATCH_EXPIRY_LATER : lifetime.expires_ms, &offset, NULL);
    if (status != FERRIC_OK) return status;
    end_entry(batch, keyspace, id, offset, false);
    if (keyspace == NULL) content->uses_main_ttl |= !is_said;
    if (!is_said || lifetime.expires_ms != FE_EXPIRY_NEVER) return FERRIC_OK;
    return fe_buffer_append(&content->ttls, &ttl, sizeof ttl); // Room was made above.
}

ferric_status ferric_batch_put(ferric_batch *batch, ferric_keyspace *keyspace, ferric_slice key,
                               ferric_slice value)
{
    return fe_batch_put("ferric_batch_put", batch, keyspace, FERRIC_KEYSPACE_RAW, key, value,
                        (ferric_lifetime){0, 0});
}

ferric_status ferric_batch_put_expiring(ferric_batch *batch, ferric_keyspace *keyspace,
                                        ferric_slice key, ferric_slice value,
                                        ferric_lifetime lifetime)
{
    return fe_batch_put("ferric_batch_put_expiring", batch, keyspace, FERRIC_KEYSPACE_RAW, key,
                        value, lifetime);
}

ferric_status ferric_batch_delete(ferric_batch *batch, ferric_keyspace *keyspace, ferric_slice key)
{
    uint32_t id;
    size_t offset;
    ferric_status status = begin_entry("ferric_batch_delete", batch, keyspace, FE_KIND_ANY, &id);

    if (status != FERRIC_OK) return status;
    status = fe_write_batch_delete(&batch->content->writes, id, key, &offset);
    if (status == FERRIC_OK) end_entry(batch, keyspace, id, offset, false);
    return status;
}

ferric_status ferric_batch_delete_range(ferric_batch *batch, ferric_keyspace *keyspace,
                                        ferric_slice lower, ferric_slice upper)
{
    const char *call = "ferric_batch_delete_range";
    uint32_t id;
    size_t offset;
    ferric_status status = begin_entry(call, batch, keyspace, FE_KIND_ANY, &id);

    if (status == FERRIC_OK) status = fe_slice_check(call, "lower", lower);
    if (status == FERRIC_OK) status = fe_slice_check(call, "upper", upper);
    if (status != FERRIC_OK) return status;
    status = fe_write_batch_delete_range(&batch->content->writes, id, lower, upper, &offset);
    if (status == FERRIC_OK) end_entry(batch, keyspace, id, offset, false);
    return status;
}

ferric_status ferric_batch_require(ferric_batch *batch, ferric_keyspace *keyspace, ferric_slice key,
                                   uint64_t version)
{
    uint32_t id;
    size_t offset;
    ferric_status status = begin_entry("ferric_batch_require", batch, keyspace, FE_KIND_ANY, &id);

    if (status != FERRIC_OK) return status;
    status = fe_write_batch_require(&batch->content->writes, id, key, version, &offset);
    if (status == FERRIC_OK) end_entry(batch, keyspace, id, offset, true);
    return status;
}

// ---- Writing --------------------------------------------------------------------------------

// Makes the keyspaces of all entries and puts their ids in place.
static ferric_status resolve(ferric_db *db, batch_content *content)
{
    size_t count = content->pending.size / sizeof(unresolved);
    uint32_t id;
    ferric_status status = FERRIC_OK;

    if (content->uses_main) status = fe_keyspace_id_for_write(&db->main_raw, &id);
    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        fe_write_batch *writes = &content->writes;
        unresolved entry;
        memcpy(&entry, (const uint8_t *)content->pending.data + i * sizeof entry, sizeof entry);
        status = fe_keyspace_id_for_write(entry.keyspace, &id);
        if (status != FERRIC_OK) return status;
        fe_put_u32_ordered((uint8_t *)(entry.is_condition ? writes->condition_keys.data
                                                          : writes->operations.data) +
                               entry.offset,
                           id);
    }
    if (status == FERRIC_OK) fe_buffer_clear(&content->pending);
    return status;
}

// Puts in place what only the write makes known about lifetimes: the default of "main" for puts
// that were added without a keyspace's handle, which keep it from then on, and the time.
static ferric_status resolve_lifetimes(ferric_db *db, batch_content *content)
{
    uint64_t ttl_ms = 0;
    ferric_status status = FERRIC_OK;

    if (content->uses_main_ttl) status = fe_keyspace_default_ttl(&db->main_raw, &ttl_ms);
    if (status == FERRIC_OK && ttl_ms != 0) {
        status = fe_batch_give_ttl(&content->writes, FE_KEYSPACE_MAIN, ttl_ms, &content->ttls);
        content->uses_main_ttl &= status != FERRIC_OK;
    }
    if (status == FERRIC_OK && content->ttls.size > 0) {
        fe_batch_stamp(&content->writes, content->ttls.data,
                       content->ttls.size / sizeof(fe_batch_ttl), fe_store_now_ms(db->store));
    }
    return status;
}

static ferric_status check_write(const char *call, ferric_db *db, const ferric_batch *batch,
                                 const ferric_write_options *options, ferric_write_options *taken)
{
    ferric_status status = fe_db_check(call, db);

    if (status != FERRIC_OK) return status;
    if (batch == NULL) return fe_argument_is_null(call, "batch");
    status = fe_write_options_take(options, taken);
    if (status != FERRIC_OK) return status;
    if (taken->condition != FERRIC_IF_ANY) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: a condition in the options is for single writes: use "
                       "ferric_batch_require",
                       call);
    }
    if ((taken->lifetime.ttl_ms | taken->lifetime.expires_ms) != 0) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: a lifetime in the options is for single puts: use "
                       "ferric_batch_put_expiring",
                       call);
    }
    if (batch->content->store != NULL && batch->content->store != db->store) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: the batch has keyspaces of another database, or of an earlier open",
                       call);
    }
    return FERRIC_OK;
}

// Makes known what the write has to know: the batch is complete then.
static ferric_status complete(ferric_db *db, batch_content *content)
{
    ferric_status status = resolve(db, content);

    return status == FERRIC_OK ? resolve_lifetimes(db, content) : status;
}

static ferric_status write_content(ferric_db *db, batch_content *content, bool sync,
                                   uint64_t *version)
{
    if (!content->has_documents) {
        return fe_store_write(db->store, &content->writes, sync, version);
    }
    return fe_documents_write_batch(db->collections, db->store, &content->writes, sync, version);
}

ferric_status ferric_write(ferric_db *db, const ferric_batch *batch,
                           const ferric_write_options *options, uint64_t *version)
{
    ferric_write_options taken;
    uint64_t committed = 0;
    fe_statistics *statistics;
    fe_call call;
    ferric_status status;

    if (version != NULL) *version = 0;
    status = check_write("ferric_write", db, batch, options, &taken);
    if (status != FERRIC_OK) return status;
    statistics = fe_store_statistics(db->store);
    call = fe_statistics_begin(statistics, FERRIC_OPERATION_WRITE);
    status = complete(db, batch->content);
    if (status == FERRIC_OK) status = write_content(db, batch->content, taken.sync, &committed);
    if (status == FERRIC_OK && version != NULL) *version = committed;
    if (status == FERRIC_OK && taken.version != NULL) *taken.version = committed;
    fe_statistics_end(statistics, FERRIC_OPERATION_WRITE, call, status);
    return status;
}

ferric_status ferric_write_async(ferric_db *db, const ferric_batch *batch,
                                 const ferric_write_options *options,
                                 ferric_commit_callback callback, void *context)
{
    const char *call = "ferric_write_async";
    fe_completion completion = {callback, context, FERRIC_OPERATION_WRITE};
    ferric_write_options taken;
    fe_async_write *write;
    ferric_status status = check_write(call, db, batch, options, &taken);

    if (status == FERRIC_OK) status = fe_async_check(call, callback, &taken);
    if (status == FERRIC_OK) status = complete(db, batch->content);
    if (status != FERRIC_OK) return status;
    status = fe_async_begin(db->store, &completion, batch->content->writes.user_bytes, &write);
    if (status != FERRIC_OK) return status;
    if (batch->content->has_documents) {
        uint64_t version = 0;
        status = write_content(db, batch->content, true, &version);
        fe_async_tell(db->store, write, status, version);
        return FERRIC_OK;
    }
    return fe_async_go(db, write,
                       fe_write_batch_copy(&batch->content->writes, fe_async_batch(write)));
}
