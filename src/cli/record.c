// SPDX-License-Identifier: Apache-2.0
// Records of JSON lines and raw lines, and what all formats share; see record.h.
#include "cli/record.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/uuid.h"
#include "cli/entry.h"
#include "cli/value_text.h"
#include "os/vfs.h"

// Ends with `ending`, whatever its case, and something before it.
static bool has_ending(ferric_slice text, const char *ending)
{
    size_t size = strlen(ending);
    const uint8_t *at = fe_slice_bytes(text);
    if (text.size <= size) return false;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = at[text.size - size + i];
        if ((byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != ending[i]) return false;
    }
    return true;
}

static const char *const format_names[] = {"jsonl", "json", "csv", "deb822", "raw"};

const char *cli_format_name(cli_format format)
{
    return format_names[format];
}

cli_format cli_format_of(const char *name, const char *path)
{
    ferric_slice text = fe_slice_text(path == NULL ? "" : path);

    for (int i = 0; name != NULL && i < 5; i++) {
        if (strcmp(name, format_names[i]) == 0) return (cli_format)i;
    }
    if (has_ending(text, ".gz")) text.size -= 3;
    if (has_ending(text, ".json")) return CLI_FORMAT_JSON;
    if (has_ending(text, ".csv")) return CLI_FORMAT_CSV;
    if (has_ending(text, ".deb822")) return CLI_FORMAT_DEB822;
    if (has_ending(text, ".tsv") || has_ending(text, ".raw")) return CLI_FORMAT_RAW;
    return CLI_FORMAT_JSONL;
}

ferric_status cli_records_open(cli_records *records, const char *path, size_t line_size_max)
{
    ferric_status status = cli_lines_open(&records->lines, path, line_size_max);
    records->json_state = 0;
    if (status == FERRIC_OK && records->format == CLI_FORMAT_CSV) {
        status = cli_record_read_csv_header(records);
    }
    if (status != FERRIC_OK) cli_records_close(records);
    return status;
}

cli_place cli_records_place(const cli_records *records)
{
    const cli_lines *lines = &records->lines;
    return (cli_place){lines->offset, lines->checksum, lines->number, records->json_state};
}

ferric_status cli_records_resume(cli_records *records, const cli_place *place)
{
    cli_lines *lines = &records->lines;
    ferric_slice bytes;

    while (lines->offset < place->offset) {
        uint64_t left = place->offset - lines->offset;
        ferric_status status = cli_lines_peek(lines, 1, &bytes);
        if (status != FERRIC_OK) return status;
        if (bytes.size == 0) break;
        cli_lines_take(lines, bytes.size < left ? bytes.size : (size_t)left);
    }
    if (lines->offset != place->offset || lines->checksum != place->checksum) {
        return fe_fail(FERRIC_CONFLICT, "%s is not what it was: its first %llu bytes differ",
                       lines->name, (unsigned long long)place->offset);
    }
    lines->number = place->line;
    records->json_state = place->json_state;
    return FERRIC_OK;
}

void cli_records_close(cli_records *records)
{
    cli_lines_close(&records->lines);
    cli_csv_deinit(&records->csv);
    fe_buffer_deinit(&records->key);
    fe_buffer_deinit(&records->value);
    cli_record_free_columns(records);
    fe_buffer_deinit(&records->text);
}

cli_record_result cli_record_result_of(ferric_status status)
{
    if (status == FERRIC_OK) return CLI_RECORD_READ;
    return status == FERRIC_NO_MEMORY ? CLI_RECORD_FAILED : CLI_RECORD_BAD;
}

cli_record_result cli_record_no_line(cli_records *records, cli_line_result result)
{
    records->line = records->lines.number;
    if (result == CLI_LINE_END) return CLI_RECORD_END;
    if (result == CLI_LINE_FAILED) return CLI_RECORD_FAILED;
    fe_fail(FERRIC_TOO_LARGE, "longer than %zu bytes", records->lines.line_size_max);
    return CLI_RECORD_BAD;
}

ferric_status cli_record_add_name(cli_records *records, ferric_slice name_literal)
{
    const char *text = records->value.data;
    ferric_status status = FERRIC_OK;
    if (text[records->value.size - 1] != '{') status = fe_buffer_append(&records->value, ",", 1);
    if (status == FERRIC_OK) {
        status = fe_buffer_append(&records->value, name_literal.data, name_literal.size);
    }
    if (status == FERRIC_OK) status = fe_buffer_append(&records->value, ":", 1);
    return status;
}

// ---- The key --------------------------------------------------------------------------------

static ferric_status make_uuid(cli_records *records)
{
    uint8_t random[FE_UUID_RANDOM_SIZE];
    char text[FE_UUID_TEXT_SIZE + 1];
    fe_vfs *vfs = fe_vfs_posix();
    ferric_status status = fe_vfs_random(vfs, random, sizeof random);

    if (status != FERRIC_OK) return status;
    fe_uuid7(fe_vfs_now_ms(vfs), random, text);
    return fe_buffer_append(&records->key, text, FE_UUID_TEXT_SIZE);
}

static ferric_status key_of_value(cli_records *records, const char *id, ferric_slice value)
{
    switch (fe_json_kind(value)) {
    case '"':
        return fe_json_unquote(value, &records->key);
    case '0':
        return fe_buffer_append(&records->key, value.data, value.size);
    default:
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "the field %s is %.*s%s; a key is a string or a number", id,
                       value.size > 40 ? 40 : (int)value.size, (const char *)value.data,
                       value.size > 40 ? "..." : "");
    }
}

// Whether a member of an object is about the entry, and no part of the document.
static bool is_about_entry(const cli_records *records, ferric_slice name, bool has_id)
{
    return (has_id && fe_json_string_is(name, fe_slice_text("_id"))) ||
           (records->expires_ms != FERRIC_EXPIRES_NEVER &&
            fe_json_string_is(name, fe_slice_text(CLI_EXPIRES_FIELD)));
}

// Writes the object in records->value anew without its key, when that is "_id", and expiry;
// {"_id":..., "_value":...} becomes the value alone.
static ferric_status drop_about(cli_records *records, bool has_id)
{
    fe_json_walk walk = fe_json_walk_into(fe_buffer_slice(&records->value));
    ferric_buffer old = records->value;
    ferric_slice name;
    ferric_slice value;
    ferric_slice last = {NULL, 0};
    size_t count = 0;
    ferric_status status;

    records->value = records->text;
    fe_buffer_clear(&records->value);
    status = fe_buffer_append(&records->value, "{", 1);
    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &value)) {
        if (is_about_entry(records, name, has_id)) continue;
        last = fe_json_string_is(name, fe_slice_text("_value")) ? value : fe_slice(NULL, 0);
        count++;
        status = cli_record_add_name(records, name);
        if (status == FERRIC_OK) {
            status = fe_buffer_append(&records->value, value.data, value.size);
        }
    }
    if (status == FERRIC_OK) status = fe_buffer_append(&records->value, "}", 1);
    if (status == FERRIC_OK && count == 1 && last.size > 0) {
        status = fe_buffer_assign(&records->value, last);
    }
    records->text = old;
    return status;
}

// A number that can be an expiry.
static bool read_expiry(ferric_slice value, uint64_t *expires_ms)
{
    const uint8_t *bytes = fe_slice_bytes(value);

    *expires_ms = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (bytes[i] < '0' || bytes[i] > '9' || *expires_ms > FERRIC_EXPIRES_MAX / 10) return false;
        *expires_ms = *expires_ms * 10 + (uint64_t)(bytes[i] - '0');
    }
    return *expires_ms != FERRIC_EXPIRES_NEVER && *expires_ms <= FERRIC_EXPIRES_MAX;
}

ferric_status cli_record_take_key(cli_records *records)
{
    const char *id = records->id == NULL ? "_id" : records->id;
    ferric_slice json = fe_buffer_slice(&records->value);
    fe_json_walk walk = fe_json_walk_into(json);
    ferric_slice name;
    ferric_slice value;
    ferric_slice found = {NULL, 0};
    bool has_id;
    ferric_status status;

    fe_buffer_clear(&records->key);
    while (fe_json_kind(json) == '{' && fe_json_next_member(&walk, &name, &value)) {
        if (fe_json_string_is(name, fe_slice_text(id))) found = value;
        if (fe_json_string_is(name, fe_slice_text(CLI_EXPIRES_FIELD)) &&
            !read_expiry(value, &records->expires_ms)) {
            return fe_fail(FERRIC_INVALID_ARGUMENT, "the field " CLI_EXPIRES_FIELD
                                                    " is no time: it is milliseconds since 1970");
        }
    }
    has_id = found.size > 0 && strcmp(id, "_id") == 0;
    if (found.size == 0 && records->id == NULL) {
        status = make_uuid(records);
        return status == FERRIC_OK && records->expires_ms != FERRIC_EXPIRES_NEVER
                   ? drop_about(records, false)
                   : status;
    }
    if (found.size == 0) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "has no field %s, which is to be the key", id);
    }
    status = key_of_value(records, id, found);
    if (status == FERRIC_OK && records->key.size == 0) {
        status = fe_fail(FERRIC_INVALID_ARGUMENT, "the field %s is empty, which no key may be", id);
    }
    if (status == FERRIC_OK && (has_id || records->expires_ms != FERRIC_EXPIRES_NEVER)) {
        status = drop_about(records, has_id);
    }
    return status;
}

// ---- JSON lines and raw lines ---------------------------------------------------------------

static bool is_blank(ferric_slice line)
{
    const uint8_t *at = fe_slice_bytes(line);
    for (size_t i = 0; i < line.size; i++) {
        if (at[i] != ' ' && at[i] != '\t' && at[i] != '\r') return false;
    }
    return true;
}

// A byte order mark, which some programs put in front of the first line, is no part of it.
static ferric_slice without_mark(const cli_records *records, ferric_slice line)
{
    if (records->lines.number == 1 && fe_slice_has_prefix(line, fe_slice_text("\xef\xbb\xbf"))) {
        return fe_slice(fe_slice_bytes(line) + 3, line.size - 3);
    }
    return line;
}

static cli_record_result read_jsonl(cli_records *records)
{
    ferric_slice line;
    ferric_status status;
    cli_line_result result;

    do {
        result = cli_lines_next(&records->lines, &line);
        if (result != CLI_LINE_READ) return cli_record_no_line(records, result);
        line = without_mark(records, line);
    } while (is_blank(line));
    records->line = records->lines.number;
    status = ferric_json_minify(line, &records->value, NULL);
    if (status == FERRIC_OK) status = cli_record_take_key(records);
    return cli_record_result_of(status);
}

// An expiry stands behind the last tab, under its name; any other tab is one of the value's.
static ferric_status split_expiry(cli_records *records, ferric_slice *field)
{
    static const char mark[] = "\t" CLI_EXPIRES_FIELD "=";
    const size_t mark_size = sizeof mark - 1;
    const char *begin = field->data;
    size_t at = field->size;

    while (at > 0 && begin[at - 1] != '\t')
        at--;
    if (at == 0 || field->size - (at - 1) < mark_size) return FERRIC_OK;
    at--;
    if (memcmp(begin + at, mark, mark_size) != 0) return FERRIC_OK;
    if (!read_expiry(fe_slice(begin + at + mark_size, field->size - at - mark_size),
                     &records->expires_ms)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "what stands behind " CLI_EXPIRES_FIELD
                                                "= is no time: it is milliseconds since 1970");
    }
    field->size = at;
    return FERRIC_OK;
}

static ferric_status split_raw(cli_records *records, ferric_slice line)
{
    const char *begin = line.data;
    const char *tab = line.size == 0 ? NULL : memchr(begin, '\t', line.size);
    ferric_slice field;
    ferric_status status;
    bool is_string;

    if (tab == NULL) return fe_fail(FERRIC_INVALID_ARGUMENT, "no tab between key and value");
    fe_buffer_clear(&records->key);
    fe_buffer_clear(&records->text);
    status = cli_line_unescape(fe_slice(begin, (size_t)(tab - begin)), &records->key);
    if (status != FERRIC_OK) return status;
    if (records->key.size == 0) return fe_fail(FERRIC_INVALID_ARGUMENT, "the key is empty");
    field = fe_slice(tab + 1, line.size - (size_t)(tab - begin) - 1);
    status = split_expiry(records, &field);
    if (status != FERRIC_OK) return status;
    status = cli_line_unescape(field, &records->text);
    if (status != FERRIC_OK) return status;
    if (!records->takes_bytes) {
        return cli_value_read(fe_buffer_slice(&records->text), &records->value, &is_string);
    }
    return fe_buffer_assign(&records->value, fe_buffer_slice(&records->text));
}

static cli_record_result read_raw(cli_records *records)
{
    ferric_slice line;
    cli_line_result result;
    do {
        result = cli_lines_next(&records->lines, &line);
        if (result != CLI_LINE_READ) return cli_record_no_line(records, result);
    } while (line.size == 0);
    records->line = records->lines.number;
    return cli_record_result_of(split_raw(records, line));
}

cli_record_result cli_records_next(cli_records *records)
{
    records->expires_ms = FERRIC_EXPIRES_NEVER;
    switch (records->format) {
    case CLI_FORMAT_JSON:
        return cli_record_read_json(records);
    case CLI_FORMAT_CSV:
        return cli_record_read_csv(records);
    case CLI_FORMAT_DEB822:
        return cli_record_read_deb822(records);
    case CLI_FORMAT_RAW:
        return read_raw(records);
    default:
        return read_jsonl(records);
    }
}
