// SPDX-License-Identifier: Apache-2.0
// What is typed in the REPL, cut into words; where a statement ends.
#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "cli/output.h"
#include "cli/repl.h"

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

char *repl_trim(char *text)
{
    char *end;
    while (is_space(*text))
        text++;
    end = text + strlen(text);
    while (end > text && is_space(end[-1]))
        *--end = 0;
    return text;
}

// Replaces the string literal at `begin` by its meaning, which is never longer.
static char *unquote_word(char *begin, char **rest, int *code)
{
    ferric_buffer text = {0};
    size_t left = strlen(begin);
    const uint8_t *end = fe_json_value_end((uint8_t *)begin, (uint8_t *)begin + left);
    size_t size = (size_t)(end - (const uint8_t *)begin);
    ferric_status status = ferric_json_minify(fe_slice(begin, size), &text, NULL);

    if (status == FERRIC_OK) {
        fe_buffer_clear(&text);
        status = fe_json_unquote(fe_slice(begin, size), &text);
    }
    if (status == FERRIC_OK && text.size > 0 && memchr(text.data, 0, text.size) != NULL) {
        *code = cli_fail(CLI_USAGE, "a word cannot hold a zero byte");
    } else if (status != FERRIC_OK) {
        *code = cli_fail_status(status, "");
    } else {
        memcpy(begin, text.data, text.size);
        begin[text.size] = 0;
        *rest = begin + size;
    }
    fe_buffer_deinit(&text);
    return *code == CLI_DONE ? begin : NULL;
}

char *repl_word(char **rest, int *code)
{
    char *begin = *rest;
    char *end;
    while (is_space(*begin))
        begin++;
    if (*begin == 0) return NULL;
    if (*begin == '"') return unquote_word(begin, rest, code);
    end = begin;
    while (*end != 0 && !is_space(*end))
        end++;
    *rest = *end == 0 ? end : end + 1;
    *end = 0;
    return begin;
}

// Behind the string whose opening quote is at `at`; NULL when it is not closed.
static const char *string_end(const char *at)
{
    for (at++; *at != 0 && *at != '"'; at++) {
        if (*at == '\\' && at[1] != 0) at++;
    }
    return *at == 0 ? NULL : at + 1;
}

// Behind the JSON value that begins at `at`; NULL when a bracket or quote of it is not closed.
static const char *value_end(const char *at)
{
    int depth = 0;
    do {
        if (*at == 0) return NULL;
        if (*at == '"') {
            at = string_end(at);
            if (at == NULL) return NULL;
            continue;
        }
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') depth--;
        at++;
    } while (depth > 0);
    return at;
}

bool repl_is_complete(const char *text)
{
    const char *at = text;
    while (at != NULL && *at != 0) {
        bool begins_word = at > text && is_space(at[-1]);
        at = begins_word && strchr("{[\"", *at) != NULL ? value_end(at) : at + 1;
    }
    return at != NULL;
}

// ---- Arguments ------------------------------------------------------------------------------

// Behind the argument that begins at `at`. What has no end goes to the end of the text.
static const char *argument_end(const char *at)
{
    const char *end;

    if (*at == '{' || *at == '[') {
        end = value_end(at);
        return end == NULL ? at + strlen(at) : end;
    }
    while (*at != 0 && !is_space(*at)) {
        end = *at == '"' ? string_end(at) : at + 1;
        if (end == NULL) return at + strlen(at);
        at = end;
    }
    return at;
}

char *repl_argument(char **rest)
{
    char *begin = *rest;
    char *end;

    while (is_space(*begin))
        begin++;
    if (*begin == 0) return NULL;
    end = begin[0] == '\'' ? strchr(begin + 1, '\'') : NULL;
    if (end != NULL) {
        begin++;
    } else {
        end = begin + (argument_end(begin) - begin);
    }
    *rest = *end == 0 ? end : end + 1;
    *end = 0;
    return begin;
}
