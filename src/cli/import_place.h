// SPDX-License-Identifier: Apache-2.0
// How far an import with --resume has come, kept in the database itself: a document in the
// collection ferric.imports, written by the same commit as the records before the place. So a
// killed import goes on exactly behind what it has stored. At the end of the file the document
// goes, and with the last one the collection.
#ifndef FERRIC_CLI_IMPORT_PLACE_H
#define FERRIC_CLI_IMPORT_PLACE_H

#include <ferric/ferric.h>

#include "cli/record.h"
#include "cli/session.h"

#define CLI_PLACES_NAME "ferric.imports"

typedef struct cli_place_store {
    ferric_keyspace *keyspace; // NULL: places are not kept.
    ferric_buffer key;         // Of this import: its collection and the file's whole path.
    const char *format;
    const char *id;
} cli_place_store;

// Begins to keep places of an import of the file `path` (NULL: standard input) and, when an earlier
// one was ended, moves `records` to where it was and sets *is_resumed.
// Errors: FERRIC_CONFLICT, with a message: the file is another now, or was read in another way.
ferric_status cli_place_begin(cli_place_store *store, const cli_session *session, const char *path,
                              cli_records *records, bool *is_resumed);
// Adds the place to the records in `batch`, or with NULL takes it away: the file is done.
ferric_status cli_place_add(cli_place_store *store, ferric_batch *batch, const cli_place *place);
// Frees what it has; with `is_done` an empty collection of places is dropped. REQUIRES: batches
// that it added to are cleared.
ferric_status cli_place_end(cli_place_store *store, const cli_session *session, bool is_done);

#endif
