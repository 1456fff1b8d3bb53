// SPDX-License-Identifier: Apache-2.0
// The pieces of docs/guide/getting-started.md, in one program.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

static ferric_status use_keys(ferric_db *db, ferric_keyspace *notes)
{
    uint64_t version;
    ferric_status status;

    ferric_buffer value = {0};
    status = ferric_put(db, notes, text("today"), text("rain"), NULL);
    if (status == FERRIC_OK) {
        status = ferric_get(db, notes, text("today"), NULL, &value, &version);
    }
    if (status == FERRIC_OK) printf("%.*s\n", (int)value.size, (const char *)value.data);
    status = ferric_get(db, notes, text("tomorrow"), NULL, &value, &version);
    if (status == FERRIC_NOT_FOUND) printf("nobody knows\n");
    status = ferric_delete(db, notes, text("today"), NULL);
    ferric_buffer_free(&value);
    return status;
}

static ferric_status use_documents(ferric_db *db)
{
    uint64_t version;
    ferric_buffer json = {0};
    ferric_slice key = text("ann");
    ferric_status status;

    ferric_keyspace *users;
    status = ferric_keyspace_open(db, "users", FERRIC_KEYSPACE_COLLECTION, &users);
    if (status != FERRIC_OK) return status;
    status = ferric_document_put(db, users, key, text("{\"name\": \"Ann\", \"n\": 1.50}"), NULL);
    if (status == FERRIC_OK) status = ferric_document_get(db, users, key, NULL, &json, &version);
    if (status == FERRIC_OK) printf("%.*s\n", (int)json.size, (const char *)json.data);
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    return status;
}

static ferric_status move_money(ferric_db *db, ferric_keyspace *accounts)
{
    ferric_slice from = text("ann");
    ferric_slice to = text("bob");
    ferric_buffer balance = {0};
    uint64_t version_that_was_read = 0;
    ferric_status status = ferric_put(db, accounts, from, text("100"), NULL);

    if (status == FERRIC_OK) {
        status = ferric_get(db, accounts, from, NULL, &balance, &version_that_was_read);
    }
    ferric_buffer_free(&balance);
    if (status != FERRIC_OK) return status;

    ferric_batch *batch;
    status = ferric_batch_create(&batch);
    if (status != FERRIC_OK) return status;
    ferric_batch_put(batch, accounts, from, text("60"));
    ferric_batch_put(batch, accounts, to, text("40"));
    ferric_batch_require(batch, accounts, from, version_that_was_read);
    status = ferric_write(db, batch, NULL, NULL);
    ferric_batch_destroy(batch);
    return status;
}

static ferric_status walk(ferric_db *db, ferric_keyspace *accounts)
{
    ferric_iterator *iterator;
    ferric_status status;

    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    options.prefix = text("b");
    status = ferric_iterator_create(db, accounts, &options, &iterator);
    if (status != FERRIC_OK) return status;
    while (ferric_iterator_next(iterator)) {
        ferric_slice value = ferric_iterator_value(iterator);
        printf("bob has %.*s\n", (int)value.size, (const char *)value.data);
    }
    status = ferric_iterator_status(iterator); // The end, or a failure?
    ferric_iterator_destroy(iterator);
    if (status != FERRIC_OK) return status;
    status = ferric_delete_range(db, accounts, text("a"), text("c"), NULL);
    return status;
}

static ferric_status run(ferric_db *db)
{
    ferric_keyspace *accounts = NULL;
    ferric_keyspace *notes = NULL;
    ferric_status status = ferric_keyspace_open(db, "accounts", FERRIC_KEYSPACE_RAW, &accounts);

    if (status == FERRIC_OK) {
        status = ferric_keyspace_open(db, "notes", FERRIC_KEYSPACE_RAW, &notes);
    }
    if (status == FERRIC_OK) status = use_keys(db, notes);
    if (status == FERRIC_OK) status = use_documents(db);
    if (status == FERRIC_OK) status = move_money(db, accounts);
    if (status == FERRIC_OK) status = walk(db, accounts);
    ferric_keyspace_close(accounts);
    ferric_keyspace_close(notes);
    return status;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "example.db";
    ferric_db *db;
    ferric_options options = FERRIC_OPTIONS_INIT;
    options.memory_limit = (uint64_t)32 << 20;
    ferric_status status = ferric_open(path, &options, &db);
    if (status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
        return 1;
    }
    status = run(db);
    if (status != FERRIC_OK) fprintf(stderr, "%s\n", ferric_error_message());
    if (ferric_close(db) != FERRIC_OK) return 1;
    return status == FERRIC_OK ? 0 : 1;
}
