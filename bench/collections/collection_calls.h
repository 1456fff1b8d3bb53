// SPDX-License-Identifier: Apache-2.0
// What the parts of ferric-collections share.
#ifndef FERRIC_COLLECTIONS_COLLECTION_CALLS_H
#define FERRIC_COLLECTIONS_COLLECTION_CALLS_H

#include <ferric/ferric.h>

#define DOCUMENT_SIZE 512

// Ends the program unless the status is FERRIC_OK.
void documents_check(ferric_status status, const char *what);

// The key of document `number`: 16 digits in a scattered order.
ferric_slice documents_key(uint64_t number, char text[DOCUMENT_SIZE]);
// Its text, of about 300 bytes: "unique" is the number, "group" has DOCUMENTS_GROUP documents of
// one value.
#define DOCUMENTS_GROUP 101
ferric_slice documents_text(uint64_t number, char text[DOCUMENT_SIZE]);

// Fills a database at `path`, builds an index beside a writer, stops half-way and goes on; prints
// what that meant for the writer.
void documents_build_beside(const char *path, uint64_t count);

#endif
