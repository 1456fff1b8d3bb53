// SPDX-License-Identifier: Apache-2.0
// How a document is stored: one format byte, then its text (docs/format/document.md).
#ifndef FERRIC_DOC_DOCUMENT_H
#define FERRIC_DOC_DOCUMENT_H

#include <ferric/ferric.h>

// The format byte of validated, minified JSON in UTF-8.
#define FE_DOCUMENT_FORMAT_JSON 1

// A document's key is UTF-8. Errors: FERRIC_INVALID_ARGUMENT.
ferric_status fe_document_check_key(ferric_slice key);

// Replaces `stored` by the stored form of `json` under `key`. A top-level "_id" must be equal to
// the key and is left out. Errors: FERRIC_INVALID_ARGUMENT (also for the key), FERRIC_TOO_LARGE,
// FERRIC_NO_MEMORY.
ferric_status fe_document_encode(ferric_slice key, ferric_slice json, ferric_buffer *stored);

// The same for a new document, an object: its key is its "_id", a string, or `fresh` (a text of
// letters and digits) when it has none. Errors: FERRIC_INVALID_ARGUMENT, FERRIC_TOO_LARGE,
// FERRIC_NO_MEMORY.
ferric_status fe_document_encode_new(ferric_slice json, const char *fresh, ferric_buffer *key,
                                     ferric_buffer *stored);

// The text inside a stored form, lent by it. Errors: FERRIC_UNSUPPORTED for a format byte of a
// newer version, FERRIC_CORRUPT for a stored form that nothing ever wrote.
ferric_status fe_document_text(ferric_slice stored, ferric_slice *json);

#endif
