// SPDX-License-Identifier: Apache-2.0
// Deleting a range of keys by one write, and dropping a keyspace with all that is in it.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

static ferric_status fill(ferric_db *db, ferric_keyspace *log)
{
    ferric_status status = FERRIC_OK;

    for (int day = 1; day <= 30 && status == FERRIC_OK; day++) {
        char key[32];
        snprintf(key, sizeof key, "2026-11-%02d", day);
        status = ferric_put(db, log, text(key), text("what happened"), NULL);
    }
    return status;
}

static ferric_status print_count(ferric_db *db, ferric_keyspace *log, const char *when)
{
    ferric_slice all = {NULL, 0};
    uint64_t count;
    ferric_status status = ferric_count(db, log, all, all, NULL, &count);

    if (status == FERRIC_OK) printf("%s: %llu days\n", when, (unsigned long long)count);
    return status;
}

static ferric_status run(ferric_db *db)
{
    ferric_keyspace *log = NULL;
    ferric_status status = ferric_keyspace_open(db, "log", FERRIC_KEYSPACE_RAW, &log);

    if (status == FERRIC_OK) status = fill(db, log);
    if (status == FERRIC_OK) status = print_count(db, log, "filled");
    // Everything before the 25th. However much that is, it is one write.
    if (status == FERRIC_OK) {
        status = ferric_delete_range(db, log, text(""), text("2026-11-25"), NULL);
    }
    if (status == FERRIC_OK) status = print_count(db, log, "trimmed");
    if (status == FERRIC_OK) status = ferric_keyspace_drop(db, "log");
    if (status == FERRIC_OK) {
        printf("after the drop: %s\n",
               ferric_status_name(ferric_has(db, log, text("2026-11-25"), NULL)));
    }
    ferric_keyspace_close(log);
    return status;
}

int main(int argc, char **argv)
{
    ferric_db *db;
    ferric_status status = ferric_open(argc > 1 ? argv[1] : "example.db", NULL, &db);

    if (status == FERRIC_OK) status = run(db);
    if (status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
    }
    if (ferric_close(db) != FERRIC_OK) return 1;
    return status == FERRIC_OK ? 0 : 1;
}
