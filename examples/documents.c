// SPDX-License-Identifier: Apache-2.0
// Documents: JSON under keys. It is checked on the way in and kept as text, numbers included.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

static ferric_status put_and_print(ferric_db *db, ferric_keyspace *users)
{
    ferric_buffer json = {0};
    uint64_t version;
    ferric_status status = ferric_document_put(
        db, users, text("alice"), text("{ \"name\": \"Alice\", \"credit\": 1.50 }"), NULL);

    if (status == FERRIC_OK) {
        status = ferric_document_get(db, users, text("alice"), NULL, &json, &version);
    }
    if (status == FERRIC_OK) {
        printf("version %llu: %.*s\n", (unsigned long long)version, (int)json.size,
               (const char *)json.data);
    }
    ferric_buffer_free(&json);
    return status;
}

// What is no JSON is refused, and the message says where it stops being it.
static ferric_status put_broken(ferric_db *db, ferric_keyspace *users)
{
    ferric_status status =
        ferric_document_put(db, users, text("bob"), text("{\"name\": \"Bob\",}"), NULL);
    if (status != FERRIC_INVALID_ARGUMENT) return status == FERRIC_OK ? FERRIC_CORRUPT : status;
    printf("refused: %s\n", ferric_error_message());
    return FERRIC_OK;
}

int main(int argc, char **argv)
{
    ferric_keyspace *users = NULL;
    ferric_db *db;
    ferric_status status = ferric_open(argc > 1 ? argv[1] : "example.db", NULL, &db);

    if (status == FERRIC_OK) {
        status = ferric_keyspace_open(db, "users", FERRIC_KEYSPACE_COLLECTION, &users);
    }
    if (status == FERRIC_OK) status = put_and_print(db, users);
    if (status == FERRIC_OK) status = put_broken(db, users);
    if (status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
    }
    ferric_keyspace_close(users);
    if (ferric_close(db) != FERRIC_OK) return 1;
    return status == FERRIC_OK ? 0 : 1;
}
