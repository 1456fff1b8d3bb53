// SPDX-License-Identifier: Apache-2.0
// Random JSON; see json_maker.h.
#include "json_maker.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"

static void add(ferric_buffer *json, const char *text)
{
    ferric_status status = fe_buffer_append(json, text, strlen(text));
    assert(status == FERRIC_OK);
    (void)status;
}

static void make_number(fe_random *random, ferric_buffer *json)
{
    static const char *const known[] = {
        "0",     "-0",   "0.0",   "0e5",  "1",     "1.0",   "1e0",   "10e-1",  "-1",    "1.5",
        "15e-1", "-1.5", "2",     "10",   "1e1",   "99",    "100",   "101",    "1e2",   "0.1",
        "0.01",  "1e-3", "0.001", "1e60", "1e-60", "1e120", "1e121", "1e-120", "1e400", "-1e400"};
    static const char *const large[] = {
        "9007199254740992",    "9007199254740993",     "9007199254740992.5",
        "9223372036854775807", "9223372036854775808",  "-9223372036854775808",
        "1e999999999",         "1e-999999999",         "-1e999999998",
        "1e-1000000",          "12345678901234567890", "12345678901234567891"};
    ferric_status status = FERRIC_OK;

    switch (fe_random_below(random, 4)) {
    case 0:
        add(json, known[fe_random_below(random, sizeof known / sizeof *known)]);
        break;
    case 1:
        add(json, large[fe_random_below(random, sizeof large / sizeof *large)]);
        break;
    case 2:
        status = fe_buffer_format(json, "%d", (int)fe_random_below(random, 300) - 150);
        break;
    default:
        status = fe_buffer_format(json, "%" PRId64 "e%d", (int64_t)fe_random_next(random) >> 20,
                                  (int)fe_random_below(random, 40) - 20);
        break;
    }
    assert(status == FERRIC_OK);
    (void)status;
}

static void make_string(fe_random *random, ferric_buffer *json)
{
    static const char *const pieces[] = {"a",
                                         "b",
                                         "\\u0061",
                                         "\\u0000",
                                         "\\u0001",
                                         "\xc3\xa9",
                                         "\\u00e9",
                                         "\xf0\x9f\x98\x80",
                                         "\\\\",
                                         "\\\"",
                                         "\\n",
                                         "\\ud83d\\ude00",
                                         "z",
                                         "\xef\xbf\xbf",
                                         "abcdefghijklmnop",
                                         " "};
    size_t count = fe_random_below(random, 50) == 0 ? 600 : fe_random_below(random, 4);

    add(json, "\"");
    for (; count > 0; count--)
        add(json, pieces[fe_random_below(random, sizeof pieces / sizeof *pieces)]);
    add(json, "\"");
}

static void make_object(fe_random *random, int depth, ferric_buffer *json)
{
    static const char *const names[] = {"a", "b", "c", "\\u0064", "", "e", "f", "g", "h", "i", "j"};
    size_t many = fe_random_below(random, 10) == 0 ? 11 : 3;
    size_t start = fe_random_below(random, 11);
    size_t count = fe_random_below(random, many + 1);

    add(json, "{");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) add(json, ",");
        add(json, "\"");
        add(json, names[(start + i * 4) % 11]);
        add(json, "\":");
        json_make(random, depth - 1, json);
    }
    add(json, "}");
}

static void make_array(fe_random *random, int depth, ferric_buffer *json)
{
    size_t count = fe_random_below(random, 4);

    add(json, "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) add(json, ",");
        json_make(random, depth - 1, json);
    }
    add(json, "]");
}

void json_make(fe_random *random, int depth, ferric_buffer *json)
{
    switch (fe_random_below(random, depth > 0 ? 8 : 6)) {
    case 0:
        add(json, "null");
        break;
    case 1:
        add(json, fe_random_below(random, 2) == 0 ? "true" : "false");
        break;
    case 2:
    case 3:
        make_number(random, json);
        break;
    case 4:
    case 5:
        make_string(random, json);
        break;
    case 6:
        make_object(random, depth, json);
        break;
    default:
        make_array(random, depth, json);
        break;
    }
}

// ---- Documents and filters that meet --------------------------------------------------------

static void make_small(fe_random *random, ferric_buffer *json)
{
    static const char *const values[] = {
        "null", "0",         "1",     "1.0",   "2",       "2.5",   "3",     "-1",
        "true", "false",     "\"\"",  "\"a\"", "\"ab\"",  "\"b\"", "[]",    "{}",
        "[1]",  "{\"a\":1}", "[1,2]", "1e0",   "\"abc\"", "[[1]]", "[null]"};
    add(json, values[fe_random_below(random, sizeof values / sizeof *values)]);
}

static void make_member(fe_random *random, int depth, ferric_buffer *json)
{
    uint64_t kind = fe_random_below(random, depth > 0 ? 6 : 3);
    size_t count = fe_random_below(random, 4);

    if (kind < 3) {
        make_small(random, json);
    } else if (kind == 3) {
        json_make_document(random, depth - 1, json);
    } else {
        add(json, "[");
        for (size_t i = 0; i < count; i++) {
            if (i > 0) add(json, ",");
            make_member(random, kind == 4 ? 0 : depth - 1, json);
        }
        add(json, "]");
    }
}

void json_make_document(fe_random *random, int depth, ferric_buffer *json)
{
    bool has_a = fe_random_below(random, 4) != 0;
    bool has_b = fe_random_below(random, 4) != 0;

    add(json, "{");
    if (has_a) add(json, "\"a\":");
    if (has_a) make_member(random, depth, json);
    if (has_a && has_b) add(json, ",");
    if (has_b) add(json, "\"b\":");
    if (has_b) make_member(random, depth, json);
    add(json, "}");
}

const char *json_make_path(fe_random *random)
{
    static const char *const paths[] = {"a",   "a",   "b",     "a.b",  "a.a",
                                        "b.a", "a.0", "a.b.a", "a.1.b"};
    return paths[fe_random_below(random, sizeof paths / sizeof *paths)];
}

static void make_list(fe_random *random, ferric_buffer *json)
{
    size_t count = fe_random_below(random, 4);
    add(json, "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) add(json, ",");
        make_small(random, json);
    }
    add(json, "]");
}

static void make_operator(fe_random *random, int depth, ferric_buffer *json)
{
    static const char *const with_value[] = {"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"};
    static const char *const whole[] = {"\"$exists\":true",     "\"$exists\":false",
                                        "\"$type\":\"number\"", "\"$type\":[\"null\",\"array\"]",
                                        "\"$size\":1",          "\"$size\":0",
                                        "\"$mod\":[2,1]",       "\"$regex\":\"^a\"",
                                        "\"$regex\":\"b\"",     "\"$startsWith\":\"a\"",
                                        "\"$startsWith\":\"\"", "\"$regex\":\"^ab?\""};
    static const char *const with_list[] = {"$in", "$nin", "$all"};

    switch (fe_random_below(random, depth > 0 ? 6 : 4)) {
    case 0:
    case 1:
        add(json, "\"");
        add(json, with_value[fe_random_below(random, 6)]);
        add(json, "\":");
        make_small(random, json);
        break;
    case 2:
        add(json, whole[fe_random_below(random, sizeof whole / sizeof *whole)]);
        break;
    case 3:
        add(json, "\"");
        add(json, with_list[fe_random_below(random, 3)]);
        add(json, "\":");
        make_list(random, json);
        break;
    case 4:
        add(json, "\"$not\":{");
        make_operator(random, depth - 1, json);
        add(json, "}");
        break;
    default:
        add(json, "\"$elemMatch\":");
        if (fe_random_below(random, 2) == 0) {
            json_make_filter(random, depth - 1, json);
        } else {
            add(json, "{");
            make_operator(random, depth - 1, json);
            add(json, "}");
        }
        break;
    }
}

static void make_branches(fe_random *random, int depth, const char *name, ferric_buffer *json)
{
    size_t count = 1 + fe_random_below(random, 2);
    add(json, "\"");
    add(json, name);
    add(json, "\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) add(json, ",");
        json_make_filter(random, depth - 1, json);
    }
    add(json, "]");
}

// Members of equal names are fine: the last one stays.
void json_make_filter(fe_random *random, int depth, ferric_buffer *json)
{
    static const char *const names[] = {"$and", "$or", "$nor"};
    size_t count = 1 + fe_random_below(random, 3);

    add(json, "{");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) add(json, ",");
        if (depth > 0 && fe_random_below(random, 5) == 0) {
            make_branches(random, depth, names[fe_random_below(random, 3)], json);
            continue;
        }
        add(json, "\"");
        add(json, json_make_path(random));
        add(json, "\":");
        if (fe_random_below(random, 4) == 0) {
            make_small(random, json);
            continue;
        }
        add(json, "{");
        make_operator(random, depth, json);
        add(json, ",");
        make_operator(random, depth, json);
        add(json, "}");
    }
    add(json, "}");
}
