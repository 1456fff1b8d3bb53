// SPDX-License-Identifier: Apache-2.0
// Short filters; see short_filter.h.
#include "cli/short_filter.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/utf8.h"
#include "cli/value_text.h"

// The longer of two that begin alike comes first.
static const struct {
    const char *sign;
    const char *name;
    bool takes_string;
} operators[] = {
    {"!=", "$ne", false},        {">=", "$gte", false}, {"<=", "$lte", false},
    {"^=", "$startsWith", true}, {"==", "$eq", false},  {"=", "$eq", false},
    {">", "$gt", false},         {"<", "$lt", false},   {"~", "$regex", true},
};
#define OPERATOR_COUNT (sizeof operators / sizeof operators[0])

// The operator that stands at `at`, OPERATOR_COUNT for none. In a pointer ~ is an escape.
static size_t operator_at(const char *at, bool in_pointer)
{
    size_t i = 0;
    if (in_pointer && *at == '~') return OPERATOR_COUNT;
    while (i < OPERATOR_COUNT && strncmp(at, operators[i].sign, strlen(operators[i].sign)) != 0)
        i++;
    return i;
}

static ferric_status append_value(ferric_slice text, bool is_string, ferric_buffer *json)
{
    ferric_buffer value = {0};
    ferric_status status;

    if (is_string) return fe_json_quote(text, json);
    status = cli_value_read(text, &value, &is_string);
    if (status == FERRIC_OK) status = fe_buffer_append(json, value.data, value.size);
    fe_buffer_deinit(&value);
    return status;
}

// Appends {"path":{"$operator":value}}.
static ferric_status append_word(const char *word, ferric_buffer *json)
{
    const char *at = word;
    size_t found = OPERATOR_COUNT;
    ferric_status status;

    if (!fe_utf8_valid(fe_slice_text(word))) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "the filter is not UTF-8");
    }
    while (*at != 0 && (found = operator_at(at, *word == '/')) == OPERATOR_COUNT)
        at++;
    if (*at == 0 || at == word) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "\"%.200s\" is no filter: expected PATH=VALUE, with = != > >= < <= "
                       "~ (matches) or ^= (starts with), or JSON such as '{\"age\":{\"$gte\":18}}'",
                       word);
    }
    status = fe_buffer_append(json, "{", 1);
    if (status == FERRIC_OK) status = fe_json_quote(fe_slice(word, (size_t)(at - word)), json);
    if (status == FERRIC_OK) status = fe_buffer_format(json, ":{\"%s\":", operators[found].name);
    if (status == FERRIC_OK) {
        status = append_value(fe_slice_text(at + strlen(operators[found].sign)),
                              operators[found].takes_string, json);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "}}", 2) : status;
}

ferric_status cli_short_filter(char *const *words, int count, ferric_buffer *json)
{
    ferric_status status;

    fe_buffer_clear(json);
    if (count == 0) return fe_buffer_append(json, "{}", 2);
    if (count == 1) return append_word(words[0], json);
    status = fe_buffer_append(json, "{\"$and\":[", 9);
    for (int i = 0; i < count && status == FERRIC_OK; i++) {
        if (i > 0) status = fe_buffer_append(json, ",", 1);
        if (status == FERRIC_OK) status = append_word(words[i], json);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "]}", 2) : status;
}
