// SPDX-License-Identifier: Apache-2.0
// A collection of people: inserted, indexed, found, changed, counted, grouped.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

static ferric_status insert_people(ferric_db *db, ferric_keyspace *users)
{
    static const char *const people[] = {
        "{\"_id\":\"ann\",\"age\":31,\"role\":\"admin\",\"tags\":[\"a\",\"b\"]}",
        "{\"_id\":\"bob\",\"age\":17,\"role\":\"user\"}",
        "{\"_id\":\"cyd\",\"age\":54,\"role\":\"user\",\"tags\":[\"b\"]}",
        "{\"name\":\"nobody\"}",
    };
    ferric_buffer key = {0};
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < sizeof people / sizeof people[0] && status == FERRIC_OK; i++) {
        status = ferric_document_insert(db, users, text(people[i]), NULL, &key);
        if (status == FERRIC_CONFLICT) status = FERRIC_OK; // Somebody has this _id already.
    }
    if (status == FERRIC_OK) printf("the last key has %zu characters\n", key.size);
    ferric_buffer_free(&key);
    return status;
}

static ferric_status create_indexes(ferric_db *db, ferric_keyspace *users)
{
    ferric_index_options unique = FERRIC_INDEX_OPTIONS_INIT;
    ferric_status status;

    unique.unique = true;
    status = ferric_index_create(db, users, text("{\"role\":1,\"age\":-1}"), NULL);
    if (status == FERRIC_OK) {
        status = ferric_index_create(db, users, text("{\"email\":1}"), &unique);
    }
    return status;
}

static ferric_status print_users(ferric_db *db, ferric_keyspace *users)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_cursor *cursor;
    ferric_status status;

    options.sort = text("{\"age\":-1}");
    options.limit = 10;
    status = ferric_find(db, users, text("{\"role\":\"user\"}"), &options, &cursor);
    if (status != FERRIC_OK) return status;
    while (ferric_cursor_next(cursor)) {
        ferric_slice document = ferric_cursor_document(cursor);
        printf("%.*s\n", (int)document.size, (const char *)document.data);
    }
    status = ferric_cursor_status(cursor); // The end, or a failure?
    ferric_cursor_destroy(cursor);
    return status;
}

static ferric_status promote(ferric_db *db, ferric_keyspace *users)
{
    ferric_update_options all = FERRIC_UPDATE_OPTIONS_INIT;
    ferric_update_result result;
    ferric_status status;

    all.many = true;
    status = ferric_update(db, users, text("{\"age\":{\"$gte\":50}}"),
                           text("{\"$set\":{\"role\":\"admin\"},\"$push\":{\"tags\":\"c\"}}"), &all,
                           &result, NULL);
    if (status == FERRIC_OK) printf("%llu promoted\n", (unsigned long long)result.modified);
    return status;
}

static ferric_status print_groups(ferric_db *db, ferric_keyspace *users)
{
    ferric_buffer json = {0};
    ferric_status status = ferric_find_group(
        db, users, text("{\"_id\":\"$role\",\"n\":{\"$count\":{}},\"oldest\":{\"$max\":\"$age\"}}"),
        text("{\"role\":{\"$exists\":true}}"), NULL, &json);

    if (status == FERRIC_OK) printf("%.*s\n", (int)json.size, (const char *)json.data);
    ferric_buffer_free(&json);
    return status;
}

// A filter that cannot be understood says where.
static ferric_status ask_wrongly(ferric_db *db, ferric_keyspace *users)
{
    uint64_t count;
    ferric_status status =
        ferric_find_count(db, users, text("{\"age\":{\"$gt\":1,\"$les\":9}}"), NULL, &count);

    printf("%s: %s\n", ferric_status_name(status), ferric_error_message());
    return status == FERRIC_INVALID_ARGUMENT ? FERRIC_OK : FERRIC_CORRUPT;
}

int main(int argc, char **argv)
{
    ferric_keyspace *users = NULL;
    ferric_db *db;
    ferric_status status = ferric_open(argc > 1 ? argv[1] : "example.db", NULL, &db);

    if (status == FERRIC_OK) {
        status = ferric_keyspace_open(db, "users", FERRIC_KEYSPACE_COLLECTION, &users);
    }
    if (status == FERRIC_OK) status = insert_people(db, users);
    if (status == FERRIC_OK) status = create_indexes(db, users);
    if (status == FERRIC_OK) status = print_users(db, users);
    if (status == FERRIC_OK) status = promote(db, users);
    if (status == FERRIC_OK) status = print_groups(db, users);
    if (status == FERRIC_OK) status = ask_wrongly(db, users);
    if (status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
    }
    ferric_keyspace_close(users);
    if (ferric_close(db) != FERRIC_OK) return 1;
    return status == FERRIC_OK ? 0 : 1;
}
