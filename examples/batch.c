// SPDX-License-Identifier: Apache-2.0
// A batch: several writes, also in different keyspaces, that happen together or not at all.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

// Moves an order from one keyspace to another: nobody ever sees it in both or in neither.
static ferric_status move_order(ferric_db *db, ferric_keyspace *open, ferric_keyspace *done)
{
    ferric_batch *batch;
    uint64_t version;
    ferric_status status = ferric_batch_create(&batch);

    if (status != FERRIC_OK) return status;
    status = ferric_batch_delete(batch, open, text("order:17"));
    if (status == FERRIC_OK) {
        status = ferric_batch_put(batch, done, text("order:17"), text("three lamps"));
    }
    if (status == FERRIC_OK) status = ferric_write(db, batch, NULL, &version);
    if (status == FERRIC_OK) {
        printf("%zu writes committed as version %llu\n", ferric_batch_count(batch),
               (unsigned long long)version);
    }
    ferric_batch_destroy(batch);
    return status;
}

static ferric_status run(ferric_db *db)
{
    ferric_keyspace *open = NULL;
    ferric_keyspace *done = NULL;
    ferric_status status = ferric_keyspace_open(db, "open", FERRIC_KEYSPACE_RAW, &open);

    if (status == FERRIC_OK) {
        status = ferric_keyspace_open(db, "done", FERRIC_KEYSPACE_RAW, &done);
    }
    if (status == FERRIC_OK) {
        status = ferric_put(db, open, text("order:17"), text("three lamps"), NULL);
    }
    if (status == FERRIC_OK) status = move_order(db, open, done);
    if (status == FERRIC_OK) {
        printf("still open: %s, done: %s\n",
               ferric_status_name(ferric_has(db, open, text("order:17"), NULL)),
               ferric_status_name(ferric_has(db, done, text("order:17"), NULL)));
    }
    ferric_keyspace_close(open);
    ferric_keyspace_close(done);
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
