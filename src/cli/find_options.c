// SPDX-License-Identifier: Apache-2.0
// From the command line to a query; see find_options.h.
#include "cli/find_options.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "cli/output.h"
#include "cli/short_filter.h"

ferric_status cli_find_list(const char *text, ferric_buffer *json)
{
    ferric_status status;
    const char *end;

    fe_buffer_clear(json);
    if (*text == '{' || *text == '[' || *text == '"') {
        return fe_buffer_append(json, text, strlen(text));
    }
    status = fe_buffer_append(json, "[", 1);
    for (; status == FERRIC_OK; text = end + 1) {
        end = strchr(text, ',');
        if (end == NULL) end = text + strlen(text);
        status = fe_json_quote(fe_slice(text, (size_t)(end - text)), json);
        if (*end == 0) break;
        if (status == FERRIC_OK) status = fe_buffer_append(json, ",", 1);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "]", 1) : status;
}

int cli_find_check(const char *text, const char *what)
{
    ferric_buffer json = {0};
    ferric_status status = ferric_json_minify(fe_slice_text(text), &json, NULL);

    ferric_buffer_free(&json);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, what);
}

int cli_find_filter(char *const *words, int count, ferric_buffer *json)
{
    ferric_status status;

    fe_buffer_clear(json);
    if (count == 0) return CLI_DONE;
    if (words[0][0] == '{') {
        if (count > 1) {
            return cli_fail(CLI_USAGE, "a filter in JSON is one word: put it in single quotes");
        }
        int code = cli_find_check(words[0], "filter");
        if (code != CLI_DONE) return code;
        status = fe_buffer_append(json, words[0], strlen(words[0]));
    } else {
        status = cli_short_filter(words, count, json);
    }
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

cli_rows_form cli_find_form(const cli_arguments *arguments, cli_rows_form otherwise)
{
    cli_rows_form form = CLI_ROWS_AUTO;

    if (cli_has(arguments, OPTION_JSON)) return CLI_ROWS_JSONL;
    if (cli_has(arguments, OPTION_AS)) {
        (void)cli_rows_form_read(arguments->values[OPTION_AS], &form);
    }
    if (form != CLI_ROWS_AUTO) return form;
    return cli_output_is_terminal() ? otherwise : CLI_ROWS_JSONL;
}

static int read_find(const cli_arguments *arguments, int first, cli_find *find)
{
    static const ferric_find_options defaults = FERRIC_FIND_OPTIONS_INIT;
    const char *const *values = arguments->values;
    ferric_status status = FERRIC_OK;
    int code;

    *find = (cli_find){.options = defaults};
    find->form = cli_find_form(arguments, CLI_ROWS_AUTO);
    code = cli_number(arguments, OPTION_LIMIT, UINT64_MAX, UINT64_MAX, &find->options.limit);
    if (code == CLI_DONE) {
        code = cli_number(arguments, OPTION_SKIP, UINT64_MAX, 0, &find->options.skip);
    }
    if (code == CLI_DONE) {
        code =
            cli_number(arguments, OPTION_MAX_SCAN, UINT64_MAX, UINT64_MAX, &find->options.max_scan);
    }
    if (code == CLI_DONE) {
        code =
            cli_find_filter(arguments->words + first, arguments->word_count - first, &find->filter);
    }
    if (code != CLI_DONE) return code;
    find->options.hint = values[OPTION_HINT];
    if (values[OPTION_SORT] != NULL) status = cli_find_list(values[OPTION_SORT], &find->sort);
    if (status == FERRIC_OK && values[OPTION_FIELDS] != NULL) {
        status = cli_find_list(values[OPTION_FIELDS], &find->fields);
    }
    find->options.sort = fe_buffer_slice(&find->sort);
    find->options.projection = fe_buffer_slice(&find->fields);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

void cli_find_deinit(cli_find *find)
{
    fe_buffer_deinit(&find->filter);
    fe_buffer_deinit(&find->sort);
    fe_buffer_deinit(&find->fields);
}

int cli_find_read(const cli_arguments *arguments, int first, cli_find *find)
{
    int code = read_find(arguments, first, find);
    if (code != CLI_DONE) cli_find_deinit(find);
    return code;
}
