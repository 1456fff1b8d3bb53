// SPDX-License-Identifier: Apache-2.0
// Conditions: a write that happens only if nobody else was faster.
//
// Every value has a version. Who read version 7 may ask that the write happens only while the key
// still is at version 7; else the answer is FERRIC_CONFLICT, and one reads again.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

static ferric_status take_seat(ferric_db *db, const char *name)
{
    ferric_write_options only_first = FERRIC_WRITE_OPTIONS_INIT;
    ferric_status status;

    only_first.condition = FERRIC_IF_ABSENT;
    status = ferric_put(db, NULL, text("seat:12a"), text(name), &only_first);
    if (status == FERRIC_CONFLICT) {
        printf("%s: somebody sits there\n", name);
        return FERRIC_OK;
    }
    if (status == FERRIC_OK) printf("%s: has the seat\n", name);
    return status;
}

// Adds to a number that others may change too.
static ferric_status deposit(ferric_db *db, unsigned amount)
{
    ferric_buffer value = {0};
    ferric_status status;

    do {
        ferric_write_options unchanged = FERRIC_WRITE_OPTIONS_INIT;
        unsigned balance = 0;
        ferric_slice bytes = {&balance, sizeof balance};
        // Version 0 stands for a key that does not exist, both here and in the condition.
        status = ferric_get(db, NULL, text("balance"), NULL, &value, &unchanged.if_version);
        if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) break;
        if (status == FERRIC_OK && value.size == sizeof balance) {
            memcpy(&balance, value.data, sizeof balance);
        }
        balance += amount;
        unchanged.condition = FERRIC_IF_VERSION;
        status = ferric_put(db, NULL, text("balance"), bytes, &unchanged);
        if (status == FERRIC_OK) printf("balance %u\n", balance);
    } while (status == FERRIC_CONFLICT);
    ferric_buffer_free(&value);
    return status;
}

int main(int argc, char **argv)
{
    ferric_db *db;
    ferric_status status = ferric_open(argc > 1 ? argv[1] : "example.db", NULL, &db);

    if (status == FERRIC_OK) status = take_seat(db, "Ada");
    if (status == FERRIC_OK) status = take_seat(db, "Ben");
    if (status == FERRIC_OK) status = deposit(db, 40);
    if (status == FERRIC_OK) status = deposit(db, 2);
    if (status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
    }
    if (ferric_close(db) != FERRIC_OK) return 1;
    return status == FERRIC_OK ? 0 : 1;
}
