// SPDX-License-Identifier: Apache-2.0
// Open, put, get, delete, close. Run it twice: the counter goes on where it was.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

// Says what went wrong. The message has what, where and what to do.
static int fail(ferric_status status)
{
    fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
    return 1;
}

// Reads a number, adds one, writes it back. Values are bytes: what they mean is up to you.
static ferric_status count_up(ferric_db *db)
{
    ferric_buffer value = {0};
    unsigned count = 0;
    ferric_slice counter = {&count, sizeof count};
    ferric_status status = ferric_get(db, NULL, text("counter"), NULL, &value, NULL);

    // A key that is not there is an outcome, not a failure.
    if (status == FERRIC_OK && value.size == sizeof count) memcpy(&count, value.data, sizeof count);
    ferric_buffer_free(&value);
    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) return status;
    count++;
    printf("this is run %u\n", count);
    return ferric_put(db, NULL, text("counter"), counter, NULL);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "example.db";
    ferric_db *db;
    ferric_status status = ferric_open(path, NULL, &db);
    ferric_status closed;

    if (status != FERRIC_OK) return fail(status);
    status = count_up(db);
    if (status == FERRIC_OK) status = ferric_put(db, NULL, text("passing"), text("by"), NULL);
    if (status == FERRIC_OK) status = ferric_delete(db, NULL, text("passing"), NULL);
    if (status != FERRIC_OK) fail(status);
    closed = ferric_close(db);
    if (closed != FERRIC_OK) return fail(closed);
    return status == FERRIC_OK ? 0 : 1;
}
