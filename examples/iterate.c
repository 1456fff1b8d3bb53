// SPDX-License-Identifier: Apache-2.0
// Iterators: ranges of keys in their order, forwards and backwards.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

static ferric_status fill(ferric_db *db)
{
    ferric_status status = FERRIC_OK;
    for (int day = 1; day <= 30 && status == FERRIC_OK; day++) {
        char key[32];
        char value[32];
        snprintf(key, sizeof key, "2024-06-%02d", day);
        snprintf(value, sizeof value, "%d degrees", 10 + day % 7);
        status = ferric_put(db, NULL, text(key), text(value), NULL);
    }
    return status;
}

static ferric_status print_range(ferric_db *db, const ferric_iterator_options *options)
{
    ferric_iterator *iterator;
    ferric_status status = ferric_iterator_create(db, NULL, options, &iterator);

    if (status != FERRIC_OK) return status;
    // A new iterator's first step goes to the first key.
    while (ferric_iterator_next(iterator)) {
        ferric_slice key = ferric_iterator_key(iterator);
        ferric_slice value = ferric_iterator_value(iterator);
        printf("  %.*s: %.*s\n", (int)key.size, (const char *)key.data, (int)value.size,
               (const char *)value.data);
    }
    // The end and a failure both stop the loop; this tells them apart.
    status = ferric_iterator_status(iterator);
    ferric_iterator_destroy(iterator);
    return status;
}

int main(int argc, char **argv)
{
    ferric_iterator_options week = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator_options newest = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_db *db;
    ferric_status status = ferric_open(argc > 1 ? argv[1] : "example.db", NULL, &db);

    week.lower = text("2024-06-03"); // This one is in the range,
    week.upper = text("2024-06-10"); // this one is not.
    newest.prefix = text("2024-06-2");
    newest.reverse = true;
    if (status == FERRIC_OK) status = fill(db);
    puts("one week:");
    if (status == FERRIC_OK) status = print_range(db, &week);
    puts("the twenties, newest first:");
    if (status == FERRIC_OK) status = print_range(db, &newest);
    if (status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
    }
    if (ferric_close(db) != FERRIC_OK) return 1;
    return status == FERRIC_OK ? 0 : 1;
}
