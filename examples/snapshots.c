// SPDX-License-Identifier: Apache-2.0
// Snapshots: reading one state of the whole database while it changes.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

static ferric_status print_price(ferric_db *db, const char *when, const ferric_snapshot *snapshot)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    ferric_buffer value = {0};
    ferric_status status;

    options.snapshot = snapshot;
    status = ferric_get(db, NULL, text("price"), &options, &value, NULL);
    if (status == FERRIC_OK) {
        printf("%s: %.*s\n", when, (int)value.size, (const char *)value.data);
    }
    ferric_buffer_free(&value);
    return status;
}

static ferric_status run(ferric_db *db)
{
    ferric_snapshot *before = NULL;
    ferric_status status = ferric_put(db, NULL, text("price"), text("10"), NULL);

    if (status == FERRIC_OK) status = ferric_snapshot_create(db, &before);
    if (status == FERRIC_OK) status = ferric_put(db, NULL, text("price"), text("12"), NULL);
    if (status == FERRIC_OK) status = print_price(db, "the newest state", NULL);
    if (status == FERRIC_OK) status = print_price(db, "the state before", before);
    // What only the snapshot could see may go now.
    ferric_snapshot_release(before);
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
