// SPDX-License-Identifier: Apache-2.0
// An encrypted database: opened by a passphrase, then by a key that is added, and refused
// otherwise.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

// Opens the database and reads what the first run has put there.
static ferric_status visit(const char *path, const ferric_options *options)
{
    ferric_buffer value = {0};
    ferric_db *db;
    ferric_status status = ferric_open(path, options, &db);

    if (status == FERRIC_OK) status = ferric_get(db, NULL, text("secret"), NULL, &value, NULL);
    if (status == FERRIC_OK) printf("read: %.*s\n", (int)value.size, (const char *)value.data);
    ferric_buffer_free(&value);
    (void)ferric_close(db);
    return status;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "encryption.db";
    ferric_options options = FERRIC_OPTIONS_INIT;
    unsigned char bytes[32] = {1, 2, 3}; // A program draws them at random and keeps them safe.
    ferric_key raw = {FERRIC_KEY_RAW, {bytes, sizeof bytes}};
    ferric_db *db;
    ferric_status status;

    // The database does not exist, so it is made encrypted.
    options.key.kind = FERRIC_KEY_PASSPHRASE;
    options.key.secret = text("correct horse battery staple");
    status = ferric_open(path, &options, &db);
    if (status == FERRIC_OK)
        status = ferric_put(db, NULL, text("secret"), text("the cake is a lie"), NULL);
    // A second key, for a machine that has nobody to type.
    if (status == FERRIC_OK) status = ferric_key_add(db, &raw);
    if (ferric_close(db) != FERRIC_OK || status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
        return 1;
    }

    if (visit(path, &options) != FERRIC_OK) return 1;
    options.key = raw;
    if (visit(path, &options) != FERRIC_OK) return 1;
    options.key.kind = FERRIC_KEY_NONE;
    status = visit(path, &options);
    printf("without a key: %s\n", ferric_error_message());
    return status == FERRIC_WRONG_KEY ? 0 : 1;
}
