// SPDX-License-Identifier: Apache-2.0
// Answers questions about documents, one a line, so that other programs can compare their answers.
//
// A line is a JSON array whose first element names the question; the answer is a line too:
//   ["match",FILTER,DOCUMENT]          true or false
//   ["update",UPDATE,DOCUMENT]         the document
//   ["patch",PATCH,DOCUMENT]           the document, or "conflict"
//   ["merge",PATCH,DOCUMENT]           the document
//   ["sort",SORT,[DOCUMENT,...]]       the positions in their order, [2,0,1]
//   ["json","HEX"]                     true when the bytes are JSON, else false
// Any other outcome is the line !STATUS MESSAGE.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "doc/json.h"
#include "doc/matcher.h"
#include "doc/patch.h"
#include "doc/sort_key.h"
#include "doc/update.h"

#define DOCUMENTS_MAX 64

typedef struct question {
    ferric_slice parts[3];
    size_t count;
} question;

static const ferric_slice no_id = {"\"id\"", 4};

static ferric_status match(const question *asked, ferric_buffer *answer)
{
    fe_doc doc = {no_id, asked->parts[2]};
    fe_matcher *matcher;
    bool matches = false;
    ferric_status status = fe_matcher_create(asked->parts[1], &matcher);

    if (status == FERRIC_OK) status = fe_matcher_test(matcher, &doc, &matches);
    fe_matcher_destroy(matcher);
    return status == FERRIC_OK ? fe_buffer_format(answer, matches ? "true" : "false") : status;
}

static ferric_status update(const question *asked, ferric_buffer *answer)
{
    fe_doc doc = {no_id, asked->parts[2]};
    fe_update *made;
    bool is_changed;
    ferric_status status = fe_update_create(asked->parts[1], &made);

    if (status == FERRIC_OK) status = fe_update_apply(made, &doc, answer, &is_changed);
    fe_update_destroy(made);
    return status;
}

static ferric_status patch(const question *asked, ferric_buffer *answer)
{
    ferric_status status = fe_json_patch(asked->parts[2], asked->parts[1], answer);
    return status == FERRIC_CONFLICT ? fe_buffer_format(answer, "\"conflict\"") : status;
}

static ferric_status merge(const question *asked, ferric_buffer *answer)
{
    return fe_merge_patch(asked->parts[2], asked->parts[1], answer);
}

typedef struct sorted {
    ferric_buffer key;
    size_t position;
} sorted;

static int compare_sorted(const void *a, const void *b)
{
    const sorted *left = a;
    const sorted *right = b;
    return fe_slice_compare(fe_buffer_slice(&left->key), fe_buffer_slice(&right->key));
}

static ferric_status make_keys(const question *asked, const fe_sort *sort, sorted *list,
                               size_t *count)
{
    fe_json_walk walk = fe_json_walk_into(asked->parts[2]);
    ferric_status status = FERRIC_OK;
    fe_doc doc;

    while (status == FERRIC_OK && *count < DOCUMENTS_MAX &&
           fe_json_next_element(&walk, &doc.text)) {
        char id[16];
        doc.id = fe_slice(id, (size_t)snprintf(id, sizeof id, "\"%03zu\"", *count));
        list[*count].position = *count;
        status = fe_sort_key_append(sort, &doc, &list[(*count)++].key);
    }
    return status;
}

static ferric_status sort_documents(const question *asked, ferric_buffer *answer)
{
    sorted list[DOCUMENTS_MAX] = {0};
    size_t count = 0;
    fe_arena arena;
    fe_sort sort;
    ferric_status status;

    fe_arena_init(&arena);
    status = fe_sort_parse(asked->parts[1], &arena, &sort);
    if (status == FERRIC_OK) status = make_keys(asked, &sort, list, &count);
    if (status == FERRIC_OK) {
        qsort(list, count, sizeof *list, compare_sorted);
        status = fe_buffer_append(answer, "[", 1);
    }
    for (size_t i = 0; i < count; i++) {
        if (status == FERRIC_OK) {
            status = fe_buffer_format(answer, i == 0 ? "%zu" : ",%zu", list[i].position);
        }
        fe_buffer_deinit(&list[i].key);
    }
    fe_arena_deinit(&arena);
    return status == FERRIC_OK ? fe_buffer_append(answer, "]", 1) : status;
}

static ferric_status check_json(const question *asked, ferric_buffer *answer)
{
    ferric_buffer bytes = {0};
    ferric_buffer minified = {0};
    const char *at = (const char *)asked->parts[1].data + 1;
    ferric_status status = FERRIC_OK;

    for (size_t left = asked->parts[1].size - 2; left >= 2 && status == FERRIC_OK; left -= 2) {
        char digits[3] = {at[0], at[1], 0};
        uint8_t byte = (uint8_t)strtoul(digits, NULL, 16);
        status = fe_buffer_append(&bytes, &byte, 1);
        at += 2;
    }
    if (status == FERRIC_OK) status = fe_json_minify(fe_buffer_slice(&bytes), &minified, NULL);
    fe_buffer_deinit(&bytes);
    fe_buffer_deinit(&minified);
    if (status != FERRIC_OK && status != FERRIC_INVALID_ARGUMENT) return status;
    return fe_buffer_format(answer, status == FERRIC_OK ? "true" : "false");
}

static const struct {
    const char *name;
    size_t count;
    ferric_status (*answer)(const question *asked, ferric_buffer *answer);
} kinds[] = {{"match", 3, match}, {"update", 3, update},       {"patch", 3, patch},
             {"merge", 3, merge}, {"sort", 3, sort_documents}, {"json", 2, check_json}};

static ferric_status answer_line(ferric_slice line, ferric_buffer *answer)
{
    question asked = {.count = 0};
    fe_json_walk walk = fe_json_walk_into(line);

    while (asked.count < 3 && fe_json_next_element(&walk, &asked.parts[asked.count]))
        asked.count++;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (asked.count == kinds[i].count &&
            fe_json_string_is(asked.parts[0], fe_slice_text(kinds[i].name))) {
            return kinds[i].answer(&asked, answer);
        }
    }
    return fe_fail(FERRIC_UNSUPPORTED, "no such question");
}

int main(void)
{
    ferric_buffer minified = {0};
    ferric_buffer answer = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t size;

    while ((size = getline(&line, &room, stdin)) > 0) {
        ferric_status status;
        fe_buffer_clear(&minified);
        fe_buffer_clear(&answer);
        status = fe_json_minify(fe_slice(line, (size_t)size), &minified, NULL);
        if (status == FERRIC_OK) status = answer_line(fe_buffer_slice(&minified), &answer);
        if (status == FERRIC_OK) {
            fwrite(answer.data, 1, answer.size, stdout);
            putchar('\n');
        } else {
            printf("!%s %s\n", fe_status_name(status), fe_message());
        }
    }
    free(line);
    fe_buffer_deinit(&minified);
    fe_buffer_deinit(&answer);
    return ferror(stdin) != 0 || fflush(stdout) != 0;
}
