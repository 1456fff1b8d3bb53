// SPDX-License-Identifier: Apache-2.0
// The smallest program that uses an installed Ferric: opens the database named by its argument and
// closes it.
#include <ferric/ferric.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_db *db = NULL;

    if (argc != 2) return 2;
    if (ferric_open(argv[1], &options, &db) != FERRIC_OK) {
        fprintf(stderr, "%s\n", ferric_error_message());
        return 1;
    }
    return ferric_close(db) == FERRIC_OK ? 0 : 1;
}
