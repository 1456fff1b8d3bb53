// SPDX-License-Identifier: Apache-2.0
// Comma-separated values; see csv.h.
#include "cli/csv.h"

#include "base/buffer.h"
#include "base/status.h"

struct csv_cell {
    size_t begin; // In the text.
    size_t end;
    bool is_quoted;
};

void cli_csv_clear(cli_csv *csv)
{
    fe_buffer_clear(&csv->text);
    fe_buffer_clear(&csv->cells);
    csv->in_quotes = false;
}

void cli_csv_deinit(cli_csv *csv)
{
    fe_buffer_deinit(&csv->text);
    fe_buffer_deinit(&csv->cells);
}

size_t cli_csv_count(const cli_csv *csv)
{
    return csv->cells.size / sizeof(struct csv_cell);
}

static struct csv_cell *cell_at(const cli_csv *csv, size_t index)
{
    return (struct csv_cell *)csv->cells.data + index;
}

cli_csv_cell cli_csv_cell_at(const cli_csv *csv, size_t index)
{
    const struct csv_cell *cell = cell_at(csv, index);
    ferric_slice rest = fe_slice_from(fe_buffer_slice(&csv->text), cell->begin);
    cli_csv_cell result = {fe_slice(rest.data, cell->end - cell->begin), cell->is_quoted};
    return result;
}

static ferric_status begin_cell(cli_csv *csv, bool is_quoted)
{
    struct csv_cell cell = {csv->text.size, csv->text.size, is_quoted};
    return fe_buffer_append(&csv->cells, &cell, sizeof cell);
}

static ferric_status append(cli_csv *csv, const uint8_t *begin, const uint8_t *end)
{
    ferric_status status = fe_buffer_append(&csv->text, begin, (size_t)(end - begin));
    cell_at(csv, cli_csv_count(csv) - 1)->end = csv->text.size;
    return status;
}

// Reads on inside quotes, up to the closing one or the end of the line. *at ends behind the quote,
// or at the end.
static ferric_status feed_quoted(cli_csv *csv, const uint8_t **at, const uint8_t *end)
{
    ferric_status status = FERRIC_OK;
    while (status == FERRIC_OK) {
        const uint8_t *quote = *at == end ? NULL : memchr(*at, '"', (size_t)(end - *at));
        if (quote == NULL) {
            status = append(csv, *at, end);
            *at = end;
            return status;
        }
        if (quote + 1 == end || quote[1] != '"') {
            status = append(csv, *at, quote);
            *at = quote + 1;
            csv->in_quotes = false;
            return status;
        }
        status = append(csv, *at, quote + 1); // Two quotes mean one.
        *at = quote + 2;
    }
    return status;
}

static ferric_status feed_plain(cli_csv *csv, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *begin = *at;
    while (*at < end && **at != ',' && **at != '"')
        ++*at;
    if (*at < end && **at == '"') {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "cell %zu has a quote but does not begin with one",
                       cli_csv_count(csv));
    }
    return append(csv, begin, *at);
}

// Reads one cell, or the rest of one that began in an earlier line.
static ferric_status feed_cell(cli_csv *csv, const uint8_t **at, const uint8_t *end, bool goes_on)
{
    ferric_status status = FERRIC_OK;
    if (!goes_on) {
        csv->in_quotes = *at < end && **at == '"';
        status = begin_cell(csv, csv->in_quotes);
        if (status != FERRIC_OK) return status;
        if (!csv->in_quotes) return feed_plain(csv, at, end);
        ++*at;
    }
    status = feed_quoted(csv, at, end);
    if (status == FERRIC_OK && *at < end && **at != ',') {
        status = fe_fail(FERRIC_INVALID_ARGUMENT, "something follows the closing quote of cell %zu",
                         cli_csv_count(csv));
    }
    return status;
}

ferric_status cli_csv_feed(cli_csv *csv, ferric_slice line)
{
    const uint8_t *at = fe_slice_bytes(line);
    const uint8_t *end = line.size == 0 ? at : at + line.size;
    bool has_return = at < end && end[-1] == '\r'; // Lines may end with CR LF.
    bool goes_on = csv->in_quotes;
    ferric_status status = FERRIC_OK;

    if (has_return) end--;
    if (goes_on) status = fe_buffer_append(&csv->text, "\n", 1);
    while (status == FERRIC_OK) {
        status = feed_cell(csv, &at, end, goes_on);
        goes_on = false;
        if (status != FERRIC_OK || at == end) break;
        at++; // Over the comma.
    }
    if (status == FERRIC_OK && csv->in_quotes && has_return) {
        status = append(csv, end, end + 1); // Inside quotes it is part of the cell.
    }
    return status;
}
