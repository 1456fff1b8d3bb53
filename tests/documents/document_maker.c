// SPDX-License-Identifier: Apache-2.0
// Few fields and few values, so that documents, indexes and filters meet; see document_maker.h.
#include "document_maker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

const made_index made_indexes[MADE_INDEX_COUNT] = {
    {"a", "{\"a\":1}", NULL, false, false},
    {"b_a", "{\"b\":1,\"a\":-1}", NULL, false, false},
    {"a_b", "{\"a\":1,\"b\":1}", NULL, false, false},
    {"c", "{\"c\":1}", NULL, false, false},
    {"d.x", "{\"d.x\":-1}", NULL, true, false},
    {"c_a", "{\"c\":1,\"a\":1}", NULL, false, false},
    {"partial", "{\"b\":1}", "{\"a\":{\"$gte\":3}}", false, false},
    {"unique", "{\"u\":1}", NULL, false, true},
    {"e", "{\"e\":1}", NULL, true, false},
    {"a_down", "{\"a\":-1}", NULL, false, false},
    {"a_b_down", "{\"a\":1,\"b\":-1}", NULL, false, false},
};

static const char *const words[] = {"\"\"", "\"ab\"", "\"abc\"", "\"b\"", "\"\\u00e9\""};
#define WORD_COUNT (sizeof words / sizeof words[0])

// ---- Values ---------------------------------------------------------------------------------

static size_t below(fe_random *random, size_t limit)
{
    return (size_t)fe_random_below(random, limit);
}

static const char *word(fe_random *random)
{
    return words[below(random, WORD_COUNT)];
}

// Anything, with numbers of equal value in different texts.
static void make_value(fe_random *random, char *text, size_t size)
{
    static const char *const fixed[] = {
        "null", "true",  "false",     "1.0",    "1e0",
        "-0",   "0",     "[]",        "{}",     "[1]",
        "2.5",  "[[1]]", "{\"x\":1}", "[null]", "123456789012345678901"};
    if (below(random, 3) == 0) {
        snprintf(text, size, "%s", word(random));
    } else if (below(random, 2) == 0) {
        snprintf(text, size, "%d", (int)below(random, 6));
    } else {
        snprintf(text, size, "%s", fixed[below(random, sizeof fixed / sizeof fixed[0])]);
    }
}

typedef struct writer {
    char *text;
    size_t used;
} writer;

static void FE_PRINTF(2, 3) add(writer *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    to->used +=
        (size_t)vsnprintf(to->text + to->used, MAKER_TEXT_MAX - to->used, format, arguments);
    va_end(arguments);
}

static void add_name(writer *to, const char *name)
{
    add(to, "%s\"%s\":", to->used > 1 ? "," : "", name);
}

static void add_array(writer *to, fe_random *random)
{
    size_t count = below(random, 4);

    add_name(to, "c");
    add(to, "[");
    for (size_t i = 0; i < count; i++)
        add(to, "%s%d", i == 0 ? "" : ",", (int)below(random, 5));
    add(to, "]");
}

void make_document(fe_random *random, char text[MAKER_TEXT_MAX])
{
    writer to = {text, 0};
    char value[64];

    add(&to, "{");
    if (below(random, 8) != 0) {
        add_name(&to, "a");
        add(&to, "%d", (int)below(random, 6));
    }
    if (below(random, 8) != 0) {
        add_name(&to, "b");
        add(&to, "%s", word(random));
    }
    if (below(random, 3) == 0) add_array(&to, random);
    if (below(random, 3) == 0) {
        make_value(random, value, sizeof value);
        add_name(&to, "d");
        add(&to, "{\"x\":%s}", value);
    }
    if (below(random, 3) == 0) {
        make_value(random, value, sizeof value);
        add_name(&to, "e");
        add(&to, "%s", value);
    }
    if (below(random, 4) == 0) {
        add_name(&to, "u");
        add(&to, "%d", (int)below(random, 300));
    }
    add(&to, "}");
}

// ---- Filters --------------------------------------------------------------------------------

static void add_predicate(writer *to, fe_random *random)
{
    static const char *const paths[] = {"a", "b", "c", "d.x", "e", "u", "a", "b"};
    static const char *const operators[] = {"$eq", "$gt", "$gte", "$lt", "$lte", "$ne"};
    const char *path = paths[below(random, sizeof paths / sizeof paths[0])];
    char value[64];
    char other[64];

    make_value(random, value, sizeof value);
    make_value(random, other, sizeof other);
    switch (below(random, 6)) {
    case 0:
        add(to, "\"%s\":{\"$in\":[%s,%s,%d]}", path, value, other, (int)below(random, 6));
        break;
    case 1:
        add(to, "\"%s\":{\"$exists\":%s}", path, below(random, 2) == 0 ? "true" : "false");
        break;
    case 2:
        add(to, "\"%s\":{\"$gte\":%d,\"$lt\":%d}", path, (int)below(random, 4),
            2 + (int)below(random, 4));
        break;
    case 3:
        add(to, "\"%s\":{\"%s\":%s}", path,
            operators[below(random, sizeof operators / sizeof operators[0])], value);
        break;
    default:
        add(to, "\"%s\":%s", path, value);
        break;
    }
}

void make_filter(fe_random *random, char text[MAKER_TEXT_MAX])
{
    writer to = {text, 0};
    size_t count = below(random, 4);

    if (below(random, 5) == 0) {
        add(&to, "{\"$or\":[{");
        add_predicate(&to, random);
        add(&to, "},{");
        add_predicate(&to, random);
        add(&to, "}]}");
        return;
    }
    if (count < 2) {
        add(&to, "{");
        if (count == 1) add_predicate(&to, random);
        add(&to, "}");
        return;
    }
    add(&to, "{\"$and\":[");
    for (size_t i = 0; i < count; i++) {
        add(&to, "%s{", i == 0 ? "" : ",");
        add_predicate(&to, random);
        add(&to, "}");
    }
    add(&to, "]}");
}

void make_sort(fe_random *random, char text[MAKER_TEXT_MAX])
{
    static const char *const sorts[] = {
        "",
        "{\"a\":1}",
        "{\"a\":-1}",
        "{\"b\":1,\"a\":-1}",
        "{\"b\":-1,\"a\":1}",
        "{\"_id\":1}",
        "{\"_id\":-1}",
        "{\"c\":1}",
        "{\"d.x\":1}",
        "{\"d.x\":-1}",
        "{\"e\":-1}",
        "{\"a\":1,\"b\":1}",
        "{\"a\":1,\"b\":-1}",
        "{\"a\":-1,\"b\":1}",
        "{\"b\":-1}",
    };
    snprintf(text, MAKER_TEXT_MAX, "%s", sorts[below(random, sizeof sorts / sizeof sorts[0])]);
}
