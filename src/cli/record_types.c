// SPDX-License-Identifier: Apache-2.0
// What the cells of a column of CSV are: said by --types, or seen in the first records of the file.
// A column in which every cell without quotes is a number is one of numbers; so it does not depend
// on the record whether a postal code becomes a number or keeps its zero.
#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "cli/record.h"

// So much of the file is looked at.
#define SAMPLE_SIZE ((size_t)256 * 1024)

static const char *const type_names[] = {
    [CLI_COLUMN_STRING] = "string",
    [CLI_COLUMN_NUMBER] = "number",
    [CLI_COLUMN_BOOLEAN] = "boolean",
    [CLI_COLUMN_JSON] = "json",
};

const char *cli_column_type_name(cli_column_type type)
{
    return type_names[type];
}

size_t cli_records_column_count(const cli_records *records)
{
    return records->columns.size / sizeof(cli_column);
}

cli_column *cli_records_column(const cli_records *records, size_t index)
{
    return (cli_column *)records->columns.data + index;
}

void cli_record_free_columns(cli_records *records)
{
    for (size_t i = 0; i < cli_records_column_count(records); i++)
        fe_buffer_deinit(&cli_records_column(records, i)->name);
    fe_buffer_deinit(&records->columns);
}

bool cli_record_is_word(ferric_slice text, ferric_buffer *scratch)
{
    const char *at = text.data;
    if (text.size == 0) return false;
    if (at[0] != '-' && at[0] != 't' && at[0] != 'f' && (at[0] < '0' || at[0] > '9')) return false;
    return ferric_json_minify(text, scratch, NULL) == FERRIC_OK;
}

// ---- Looking --------------------------------------------------------------------------------

// What the cells of a column that were looked at are; empty ones and null can be anything.
typedef struct sight {
    bool has_number;
    bool has_boolean;
    bool has_string;
} sight;

static void look_at_cell(cli_records *records, sight *seen, cli_csv_cell cell)
{
    if (cell.text.size == 0 || fe_slice_equal(cell.text, fe_slice_text("null"))) {
        seen->has_string |= cell.is_quoted;
    } else if (cell.is_quoted || !cli_record_is_word(cell.text, &records->text)) {
        seen->has_string = true;
    } else if (fe_json_kind(cell.text) == '0') {
        seen->has_number = true;
    } else {
        seen->has_boolean = true;
    }
}

// Looks at the record in records->csv, unless its cells are not as many as the fields.
static void look_at_record(cli_records *records, sight *seen)
{
    size_t count = cli_csv_count(&records->csv);
    if (count != cli_records_column_count(records)) return;
    for (size_t i = 0; i < count; i++)
        look_at_cell(records, &seen[i], cli_csv_cell_at(&records->csv, i));
}

// Looks at the whole records in `sample`. What is malformed will be told when it is read.
static void look_at(cli_records *records, sight *seen, ferric_slice sample)
{
    const char *at = sample.data;
    const char *end = at + sample.size;

    cli_csv_clear(&records->csv);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *behind = newline == NULL ? end : newline;
        if (newline == NULL && !records->lines.is_ended) break;
        if (cli_csv_feed(&records->csv, fe_slice(at, (size_t)(behind - at))) != FERRIC_OK) {
            cli_csv_clear(&records->csv);
        } else if (!records->csv.in_quotes) {
            look_at_record(records, seen);
            cli_csv_clear(&records->csv);
        }
        at = behind + 1;
    }
    cli_csv_clear(&records->csv);
}

static cli_column_type type_of(const sight *seen)
{
    if (seen->has_string || seen->has_number == seen->has_boolean) return CLI_COLUMN_STRING;
    return seen->has_number ? CLI_COLUMN_NUMBER : CLI_COLUMN_BOOLEAN;
}

static ferric_status look(cli_records *records)
{
    size_t count = cli_records_column_count(records);
    ferric_buffer sights = {0};
    ferric_slice sample;
    ferric_status status = cli_lines_peek(&records->lines, SAMPLE_SIZE, &sample);

    if (status == FERRIC_OK) status = fe_buffer_reserve(&sights, count * sizeof(sight));
    if (status == FERRIC_OK) {
        sight *seen = sights.data;
        memset(seen, 0, count * sizeof *seen);
        if (sample.size > SAMPLE_SIZE && !records->lines.is_ended) sample.size = SAMPLE_SIZE;
        look_at(records, seen, sample);
        for (size_t i = 0; i < count; i++)
            cli_records_column(records, i)->type = type_of(&seen[i]);
    }
    fe_buffer_deinit(&sights);
    return status;
}

// ---- --types --------------------------------------------------------------------------------

static ferric_status read_type(ferric_slice word, cli_column_type *type)
{
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
        if (!fe_slice_equal(word, fe_slice_text(type_names[i]))) continue;
        *type = (cli_column_type)i;
        return FERRIC_OK;
    }
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "--types: %.*s is none of string, number, boolean, json", (int)word.size,
                   (const char *)word.data);
}

// FIELD=TYPE, or TYPE for all fields.
static ferric_status give_type(cli_records *records, ferric_slice item)
{
    const char *begin = item.data;
    size_t name_size = item.size;
    cli_column_type type = CLI_COLUMN_STRING;
    ferric_status status;
    bool is_found = false;

    while (name_size > 0 && begin[name_size - 1] != '=')
        name_size--;
    status = read_type(fe_slice_from(item, name_size), &type);
    if (status != FERRIC_OK) return status;
    for (size_t i = 0; i < cli_records_column_count(records); i++) {
        cli_column *column = cli_records_column(records, i);
        if (name_size > 0 &&
            !fe_json_string_is(fe_buffer_slice(&column->name), fe_slice(begin, name_size - 1))) {
            continue;
        }
        column->type = type;
        column->is_given = true;
        is_found = true;
    }
    if (is_found) return FERRIC_OK;
    return fe_fail(FERRIC_INVALID_ARGUMENT, "--types: %s has no field %.*s", records->lines.name,
                   (int)name_size - 1, begin);
}

ferric_status cli_record_find_types(cli_records *records)
{
    const char *at = records->types;
    ferric_status status = look(records);

    while (status == FERRIC_OK && at != NULL && *at != 0) {
        size_t size = strcspn(at, ",");
        status = give_type(records, fe_slice(at, size));
        at += size + (at[size] == ',');
    }
    return status;
}
