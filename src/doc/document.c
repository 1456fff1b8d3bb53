// SPDX-License-Identifier: Apache-2.0
// From JSON to the stored form and back; see document.h.
#include "doc/document.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/utf8.h"
#include "doc/json.h"

ferric_status fe_document_check_key(ferric_slice key)
{
    if (fe_utf8_valid(key)) return FERRIC_OK;
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "the key of a document is UTF-8, this one of %zu bytes is not; bytes go into a "
                   "raw keyspace",
                   key.size);
}

// Cuts the `member_size` bytes at `begin`, a member of the object that ends the buffer, and the
// comma that parts it from its neighbour.
static void cut_member(ferric_buffer *stored, uint8_t *begin, size_t member_size)
{
    uint8_t *end = (uint8_t *)stored->data + stored->size;
    uint8_t *behind = begin + member_size;

    if (*behind == ',') {
        behind++;
    } else if (begin[-1] == ',') {
        begin--;
    }
    memmove(begin, behind, (size_t)(end - behind));
    stored->size -= (size_t)(behind - begin);
}

// The top-level "_id" of the text behind the format byte. False when it has none.
static bool find_id(const ferric_buffer *stored, ferric_slice *name, ferric_slice *value)
{
    ferric_slice text = fe_slice((uint8_t *)stored->data + 1, stored->size - 1);
    fe_json_walk walk = fe_json_walk_into(text);

    if (fe_json_kind(text) != '{') return false;
    while (fe_json_next_member(&walk, name, value)) {
        if (fe_json_string_is(*name, fe_slice("_id", 3))) return true;
    }
    return false;
}

// Cuts the "_id" that was found.
static void cut_id(ferric_buffer *stored, ferric_slice name, ferric_slice value)
{
    size_t offset = (size_t)(fe_slice_bytes(name) - (const uint8_t *)stored->data);
    cut_member(stored, (uint8_t *)stored->data + offset, name.size + 1 + value.size);
}

// Takes a top-level "_id" out of the text, which has to be the key.
static ferric_status take_id(ferric_slice key, ferric_buffer *stored)
{
    ferric_slice name;
    ferric_slice value;

    if (!find_id(stored, &name, &value)) return FERRIC_OK;
    if (fe_json_kind(value) != '"' || !fe_json_string_is(value, key)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "the document has the \"_id\" %.*s, which is not the key it is put under",
                       value.size > 80 ? 80 : (int)value.size, (const char *)value.data);
    }
    cut_id(stored, name, value);
    return FERRIC_OK;
}

// Replaces `stored` by format byte and minified text, "_id" included.
static ferric_status minify(ferric_slice json, ferric_buffer *stored)
{
    static const uint8_t format = FE_DOCUMENT_FORMAT_JSON;
    ferric_status status;

    fe_buffer_clear(stored);
    status = fe_buffer_append(stored, &format, 1);
    return status == FERRIC_OK ? fe_json_minify(json, stored, NULL) : status;
}

ferric_status fe_document_encode(ferric_slice key, ferric_slice json, ferric_buffer *stored)
{
    ferric_status status = fe_document_check_key(key);

    if (status == FERRIC_OK) status = minify(json, stored);
    return status == FERRIC_OK ? take_id(key, stored) : status;
}

ferric_status fe_document_encode_new(ferric_slice json, const char *fresh, ferric_buffer *key,
                                     ferric_buffer *stored)
{
    ferric_slice name;
    ferric_slice value;
    ferric_status status = minify(json, stored);

    fe_buffer_clear(key);
    if (status != FERRIC_OK) return status;
    if (fe_json_kind(fe_slice((uint8_t *)stored->data + 1, stored->size - 1)) != '{') {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "only an object can be inserted: put another value under a key");
    }
    if (!find_id(stored, &name, &value)) return fe_buffer_append(key, fresh, strlen(fresh));
    if (fe_json_kind(value) != '"') {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "the document has the \"_id\" %.*s: it is a string",
                       value.size > 80 ? 80 : (int)value.size, (const char *)value.data);
    }
    status = fe_json_unquote(value, key);
    if (status == FERRIC_OK) cut_id(stored, name, value);
    return status;
}

ferric_status fe_document_text(ferric_slice stored, ferric_slice *json)
{
    uint8_t format = stored.size == 0 ? 0 : *fe_slice_bytes(stored);
    *json = fe_slice(NULL, 0);
    if (format == 0 || stored.size < 2) {
        return fe_fail(FERRIC_CORRUPT, "a stored document of %zu bytes with format byte %u",
                       stored.size, format);
    }
    if (format != FE_DOCUMENT_FORMAT_JSON) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "a document is stored in format %u, this version knows format %u: it was "
                       "written by a newer version",
                       format, FE_DOCUMENT_FORMAT_JSON);
    }
    *json = fe_slice(fe_slice_bytes(stored) + 1, stored.size - 1);
    return FERRIC_OK;
}
