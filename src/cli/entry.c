// SPDX-License-Identifier: Apache-2.0
// One entry, read and printed; see entry.h.
#include "cli/entry.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/utf8.h"
#include "cli/output.h"
#include "cli/value_text.h"

static ferric_status get_in_txn(const cli_session *session, ferric_slice key, ferric_buffer *value,
                                uint64_t *version)
{
    if (session->kind == FERRIC_KEYSPACE_COLLECTION) {
        return ferric_txn_document_get(session->txn, session->keyspace, key, value, version);
    }
    return ferric_txn_get(session->txn, session->keyspace, key, value, version);
}

ferric_status cli_entry_get(const cli_session *session, ferric_slice key, ferric_buffer *value,
                            uint64_t *version)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;

    if (session->txn != NULL) return get_in_txn(session, key, value, version);
    options.snapshot = session->snapshot;
    if (session->kind == FERRIC_KEYSPACE_COLLECTION) {
        return ferric_document_get(session->db, session->keyspace, key, &options, value, version);
    }
    return ferric_get(session->db, session->keyspace, key, &options, value, version);
}

ferric_status cli_entry_has(const cli_session *session, ferric_slice key)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    ferric_buffer value = {0};
    ferric_status status;

    options.snapshot = session->snapshot;
    if (session->txn == NULL) {
        return ferric_has(session->db, session->keyspace, key, &options);
    }
    status = get_in_txn(session, key, &value, NULL);
    ferric_buffer_free(&value);
    return status;
}

static ferric_lifetime lifetime_of(const ferric_write_options *options)
{
    return options == NULL ? (ferric_lifetime){0, 0} : options->lifetime;
}

static ferric_status put_bytes(const cli_session *session, ferric_slice key, ferric_slice bytes,
                               const ferric_write_options *options)
{
    if (session->txn != NULL) {
        return ferric_txn_put_expiring(session->txn, session->keyspace, key, bytes,
                                       lifetime_of(options));
    }
    return ferric_put(session->db, session->keyspace, key, bytes, options);
}

static ferric_status put_json(const cli_session *session, ferric_slice key, ferric_slice json,
                              const ferric_write_options *options)
{
    if (session->txn != NULL) {
        return ferric_txn_document_put_expiring(session->txn, session->keyspace, key, json,
                                                lifetime_of(options));
    }
    return ferric_document_put(session->db, session->keyspace, key, json, options);
}

ferric_status cli_entry_set(const cli_session *session, ferric_slice key, ferric_slice text,
                            const ferric_write_options *options)
{
    ferric_buffer json = {0};
    bool is_string;
    ferric_status status;

    if (session->kind == FERRIC_KEYSPACE_RAW) return put_bytes(session, key, text, options);
    status = cli_value_read(text, &json, &is_string);
    if (status == FERRIC_OK) status = put_json(session, key, fe_buffer_slice(&json), options);
    if (status == FERRIC_OK && is_string) {
        cli_note("stored as the string %.*s%s", json.size > 60 ? 60 : (int)json.size,
                 (const char *)json.data, json.size > 60 ? "..." : "");
    }
    fe_buffer_deinit(&json);
    return status;
}

ferric_status cli_entry_delete(const cli_session *session, ferric_slice key)
{
    if (session->txn != NULL) return ferric_txn_delete(session->txn, session->keyspace, key);
    return ferric_delete(session->db, session->keyspace, key, NULL);
}

// Replaces `behind` by the first key behind all that begin with `prefix`; empty when there is none.
static ferric_status find_end(ferric_slice prefix, ferric_buffer *behind)
{
    const uint8_t *bytes = prefix.data;
    ferric_status status;

    while (prefix.size > 0 && bytes[prefix.size - 1] == 0xff)
        prefix.size--;
    status = fe_buffer_assign(behind, prefix);
    if (status == FERRIC_OK && prefix.size > 0) ((uint8_t *)behind->data)[prefix.size - 1]++;
    return status;
}

ferric_status cli_entry_delete_range(const cli_session *session, ferric_slice prefix,
                                     ferric_slice lower, ferric_slice upper)
{
    ferric_buffer behind = {0};
    ferric_status status = find_end(prefix, &behind);

    if (fe_slice_compare(prefix, lower) > 0) lower = prefix;
    if (behind.size > 0 &&
        (upper.size == 0 || fe_slice_compare(fe_buffer_slice(&behind), upper) < 0)) {
        upper = fe_buffer_slice(&behind);
    }
    if (status == FERRIC_OK && session->txn != NULL) {
        status = ferric_txn_delete_range(session->txn, session->keyspace, lower, upper);
    } else if (status == FERRIC_OK) {
        status = ferric_delete_range(session->db, session->keyspace, lower, upper, NULL);
    }
    fe_buffer_deinit(&behind);
    return status;
}

ferric_status cli_entry_iterator(const cli_session *session, ferric_iterator_options *options,
                                 ferric_iterator **iterator)
{
    if (session->txn != NULL) {
        return ferric_txn_iterator_create(session->txn, session->keyspace, options, iterator);
    }
    options->snapshot = session->snapshot;
    return ferric_iterator_create(session->db, session->keyspace, options, iterator);
}

ferric_status cli_entry_count(const cli_session *session, uint64_t *count)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_read_options read_options = FERRIC_READ_OPTIONS_INIT;
    ferric_slice all = {NULL, 0};
    ferric_iterator *iterator;
    ferric_status status;

    read_options.snapshot = session->snapshot;
    if (session->txn == NULL) {
        return ferric_count(session->db, session->keyspace, all, all, &read_options, count);
    }
    *count = 0;
    options.keys_only = true;
    status = cli_entry_iterator(session, &options, &iterator);
    while (status == FERRIC_OK && ferric_iterator_next(iterator))
        (*count)++;
    if (status == FERRIC_OK) status = ferric_iterator_status(iterator);
    ferric_iterator_destroy(iterator);
    return status;
}

ferric_status cli_entry_value(const cli_session *session, const ferric_iterator *iterator,
                              ferric_slice *value)
{
    ferric_slice stored = ferric_iterator_value(iterator);
    if (session->kind == FERRIC_KEYSPACE_COLLECTION) return ferric_document_text(stored, value);
    *value = stored;
    return FERRIC_OK;
}

static ferric_slice option_slice(const cli_arguments *arguments, cli_option option)
{
    const char *text = arguments->values[option];
    return text == NULL ? fe_slice(NULL, 0) : fe_slice_text(text);
}

void cli_entry_range(const cli_arguments *arguments, ferric_iterator_options *options)
{
    options->prefix = option_slice(arguments, OPTION_PREFIX);
    options->lower = option_slice(arguments, OPTION_FROM);
    options->upper = option_slice(arguments, OPTION_TO);
    options->reverse = cli_has(arguments, OPTION_REVERSE);
}

void cli_entry_print_value(const cli_session *session, ferric_slice value)
{
    if (session->kind == FERRIC_KEYSPACE_COLLECTION) {
        cli_write_json(value);
    } else {
        cli_write_data(value);
    }
}

// An object that would be taken for the wrapping of another value.
static bool looks_wrapped(ferric_slice object)
{
    fe_json_walk walk = fe_json_walk_into(object);
    ferric_slice name;
    ferric_slice value;
    size_t count = 0;
    bool has_value = false;

    for (; fe_json_next_member(&walk, &name, &value); count++) {
        if (fe_json_string_is(name, fe_slice_text(CLI_EXPIRES_FIELD))) return true;
        has_value |= fe_json_string_is(name, fe_slice_text("_value"));
    }
    return count == 1 && has_value;
}

// The value, a JSON text, behind a key that was appended.
static ferric_status append_document(ferric_slice value, ferric_buffer *line)
{
    ferric_status status;
    if (fe_json_kind(value) == '{' && !looks_wrapped(value)) {
        ferric_slice members = fe_slice(fe_slice_bytes(value) + 1, value.size - 1);
        status = members.size > 1 ? fe_buffer_append(line, ",", 1) : FERRIC_OK;
        return status != FERRIC_OK ? status : fe_buffer_append(line, members.data, members.size);
    }
    status = fe_buffer_append(line, ",\"_value\":", 10);
    if (status == FERRIC_OK) status = fe_buffer_append(line, value.data, value.size);
    if (status == FERRIC_OK) status = fe_buffer_append(line, "}", 1);
    return status;
}

ferric_status cli_entry_json(const cli_session *session, ferric_slice key, ferric_slice value,
                             uint64_t expires_ms, ferric_buffer *line)
{
    bool is_raw = session->kind == FERRIC_KEYSPACE_RAW;
    ferric_status status;

    if (is_raw && (!fe_utf8_valid(key) || !fe_utf8_valid(value))) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s holds bytes that are not UTF-8, so they are no "
                       "JSON; use the raw format",
                       session->name);
    }
    status = fe_buffer_append(line, "{\"_id\":", 7);
    if (status == FERRIC_OK) status = fe_json_quote(key, line);
    if (status == FERRIC_OK && expires_ms != FERRIC_EXPIRES_NEVER) {
        status = fe_buffer_format(line, ",\"" CLI_EXPIRES_FIELD "\":%llu",
                                  (unsigned long long)expires_ms);
    }
    if (status == FERRIC_OK && !is_raw) return append_document(value, line);
    if (status == FERRIC_OK) status = fe_buffer_append(line, ",\"_value\":", 10);
    if (status == FERRIC_OK) status = fe_json_quote(value, line);
    if (status == FERRIC_OK) status = fe_buffer_append(line, "}", 1);
    return status;
}
