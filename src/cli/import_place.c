// SPDX-License-Identifier: Apache-2.0
// Places of imports; see import_place.h.
#include "cli/import_place.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"

static ferric_status make_key(cli_place_store *store, const cli_session *session, const char *path)
{
    char whole[PATH_MAX];
    const char *name = path == NULL || strcmp(path, "-") == 0 ? "-" : realpath(path, whole);
    return fe_buffer_format(&store->key, "%s < %s", session->name, name == NULL ? path : name);
}

// ---- The document ---------------------------------------------------------------------------

static ferric_status write_text(const cli_place_store *store, const cli_place *place,
                                ferric_buffer *json)
{
    ferric_status status = fe_buffer_format(
        json,
        "{\"bytes\":%llu,\"checksum\":%lu,\"lines\":%llu,\"state\":%d,\"format\":\"%s\",\"id\":",
        (unsigned long long)place->offset, (unsigned long)place->checksum,
        (unsigned long long)place->line, place->json_state, store->format);
    if (status == FERRIC_OK) {
        status = fe_json_quote(fe_slice_text(store->id == NULL ? "" : store->id), json);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "}", 1) : status;
}

static uint64_t number_of(ferric_slice value)
{
    char digits[24] = "";
    memcpy(digits, value.data, value.size < sizeof digits ? value.size : sizeof digits - 1);
    return strtoull(digits, NULL, 10);
}

// False when it was made by an import of another form.
static bool read_text(const cli_place_store *store, ferric_slice json, cli_place *place)
{
    fe_json_walk walk = fe_json_walk_into(json);
    ferric_slice name;
    ferric_slice value;
    bool is_same = true;

    memset(place, 0, sizeof *place);
    while (fe_json_kind(json) == '{' && fe_json_next_member(&walk, &name, &value)) {
        if (fe_json_string_is(name, fe_slice_text("bytes"))) place->offset = number_of(value);
        if (fe_json_string_is(name, fe_slice_text("lines"))) place->line = number_of(value);
        if (fe_json_string_is(name, fe_slice_text("checksum"))) {
            place->checksum = (uint32_t)number_of(value);
        }
        if (fe_json_string_is(name, fe_slice_text("state"))) {
            place->json_state = (int)number_of(value);
        }
        if (fe_json_string_is(name, fe_slice_text("format"))) {
            is_same &= fe_json_string_is(value, fe_slice_text(store->format));
        }
        if (fe_json_string_is(name, fe_slice_text("id"))) {
            is_same &= fe_json_string_is(value, fe_slice_text(store->id == NULL ? "" : store->id));
        }
    }
    return is_same;
}

// ---- The import -----------------------------------------------------------------------------

static ferric_status resume(cli_place_store *store, const cli_session *session,
                            cli_records *records, bool *is_resumed)
{
    ferric_buffer json = {0};
    cli_place place;
    ferric_status status = ferric_document_get(session->db, store->keyspace,
                                               fe_buffer_slice(&store->key), NULL, &json, NULL);

    *is_resumed = status == FERRIC_OK;
    if (status == FERRIC_NOT_FOUND) status = FERRIC_OK;
    if (*is_resumed && !read_text(store, fe_buffer_slice(&json), &place)) {
        status = fe_fail(FERRIC_CONFLICT, "it was begun with another --format or --id");
    } else if (*is_resumed) {
        status = cli_records_resume(records, &place);
    }
    ferric_buffer_free(&json);
    return status;
}

ferric_status cli_place_begin(cli_place_store *store, const cli_session *session, const char *path,
                              cli_records *records, bool *is_resumed)
{
    ferric_status status = make_key(store, session, path);

    store->format = cli_format_name(records->format);
    store->id = records->id;
    if (status == FERRIC_OK) {
        status = ferric_keyspace_open(session->db, CLI_PLACES_NAME, FERRIC_KEYSPACE_COLLECTION,
                                      &store->keyspace);
    }
    return status == FERRIC_OK ? resume(store, session, records, is_resumed) : status;
}

ferric_status cli_place_add(cli_place_store *store, ferric_batch *batch, const cli_place *place)
{
    ferric_buffer json = {0};
    ferric_slice key = fe_buffer_slice(&store->key);
    ferric_status status = FERRIC_OK;

    if (store->keyspace == NULL) return FERRIC_OK;
    if (place == NULL) return ferric_batch_delete(batch, store->keyspace, key);
    status = write_text(store, place, &json);
    if (status == FERRIC_OK) {
        status = ferric_batch_document_put(batch, store->keyspace, key, fe_buffer_slice(&json));
    }
    fe_buffer_deinit(&json);
    return status;
}

ferric_status cli_place_end(cli_place_store *store, const cli_session *session, bool is_done)
{
    ferric_slice all = {NULL, 0};
    uint64_t left = 1;
    ferric_status status = FERRIC_OK;

    if (is_done && store->keyspace != NULL) {
        status = ferric_count(session->db, store->keyspace, all, all, NULL, &left);
    }
    if (store->keyspace != NULL) ferric_keyspace_close(store->keyspace);
    if (status == FERRIC_OK && left == 0) {
        status = ferric_keyspace_drop(session->db, CLI_PLACES_NAME);
        if (status == FERRIC_NOT_FOUND) status = FERRIC_OK;
    }
    fe_buffer_deinit(&store->key);
    return status;
}
