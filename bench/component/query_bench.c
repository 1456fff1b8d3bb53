// SPDX-License-Identifier: Apache-2.0
// The document language on a document of about 300 bytes: checking its JSON, asking a filter,
// making index keys, applying an update.
#include "base/arena.h"
#include "base/buffer.h"
#include "component/component.h"
#include "doc/index_key.h"
#include "doc/json.h"
#include "doc/matcher.h"
#include "doc/sort_key.h"
#include "doc/update.h"
#include "support/failure.h"

static const char document[] =
    "{\"name\":\"Alice Liddell\",\"email\":\"alice@example.org\",\"role\":\"admin\",\"age\":31,"
    "\"address\":{\"street\":\"Storgata "
    "12\",\"city\":\"Oslo\",\"zip\":\"0155\",\"country\":\"NO\"},"
    "\"tags\":[\"red\",\"green\",\"blue\"],\"active\":true,\"balance\":1234.50,"
    "\"created\":\"2026-05-04T12:30:00Z\",\"visits\":17,\"note\":null,\"scores\":[3,1,4,1,5]}";

typedef struct context {
    fe_doc doc;
    fe_matcher *equal;
    fe_matcher *several;
    fe_update *update;
    fe_index_shape shape;
    fe_sort sort;
    fe_arena arena; // Of the shapes.
    fe_arena keys;
    ferric_buffer out;
} context;

static ferric_slice slice_of(const char *text)
{
    return fe_slice_text(text);
}

static void create(context *self)
{
    *self = (context){.doc = {slice_of("\"u1\""), slice_of(document)}};
    fe_arena_init(&self->arena);
    fe_arena_init(&self->keys);
    component_check(fe_matcher_create(slice_of("{\"role\":\"admin\"}"), &self->equal), "a filter");
    component_check(
        fe_matcher_create(slice_of("{\"age\":{\"$gte\":18,\"$lt\":65},\"address.city\":\"Oslo\","
                                   "\"tags\":{\"$in\":[\"blue\",\"white\"]}}"),
                          &self->several),
        "a filter");
    component_check(
        fe_update_create(slice_of("{\"$inc\":{\"visits\":1},\"$set\":{\"role\":\"user\"}}"),
                         &self->update),
        "an update");
    component_check(
        fe_index_shape_parse(slice_of("[\"address.city\",\"-age\"]"), &self->arena, &self->shape),
        "an index");
    component_check(fe_sort_parse(slice_of("\"-age\""), &self->arena, &self->sort), "a sort");
}

static void destroy(context *self)
{
    fe_matcher_destroy(self->equal);
    fe_matcher_destroy(self->several);
    fe_update_destroy(self->update);
    fe_arena_deinit(&self->arena);
    fe_arena_deinit(&self->keys);
    fe_buffer_deinit(&self->out);
}

static void minify(void *argument, uint64_t count)
{
    context *self = argument;
    for (uint64_t i = 0; i < count; i++) {
        fe_buffer_clear(&self->out);
        component_check(fe_json_minify(self->doc.text, &self->out, NULL), "minify");
    }
}

static void test_filter(fe_matcher *matcher, const fe_doc *doc, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        bool matches;
        component_check(fe_matcher_test(matcher, doc, &matches), "ask a filter");
        if (!matches) bench_die("query: the filter does not match");
    }
}

static void match_equal(void *argument, uint64_t count)
{
    context *self = argument;
    test_filter(self->equal, &self->doc, count);
}

static void match_several(void *argument, uint64_t count)
{
    context *self = argument;
    test_filter(self->several, &self->doc, count);
}

static void make_keys(void *argument, uint64_t count)
{
    context *self = argument;
    for (uint64_t i = 0; i < count; i++) {
        fe_index_keys keys;
        fe_arena_clear(&self->keys);
        component_check(fe_index_keys_make(&self->shape, &self->doc, &self->keys, &keys),
                        "make keys");
    }
}

static void make_sort_key(void *argument, uint64_t count)
{
    context *self = argument;
    for (uint64_t i = 0; i < count; i++) {
        fe_buffer_clear(&self->out);
        component_check(fe_sort_key_append(&self->sort, &self->doc, &self->out), "make a sort key");
    }
}

static void update(void *argument, uint64_t count)
{
    context *self = argument;
    for (uint64_t i = 0; i < count; i++) {
        bool is_changed;
        component_check(fe_update_apply(self->update, &self->doc, &self->out, &is_changed),
                        "update");
    }
}

void bench_query(component_bench *bench)
{
    static const struct {
        const char *name;
        void (*run)(void *argument, uint64_t count);
    } cases[] = {
        {"query/300 bytes: check and minify JSON", minify},
        {"query/300 bytes: a filter of one equality", match_equal},
        {"query/300 bytes: a filter of four predicates", match_several},
        {"query/300 bytes: keys of a compound index", make_keys},
        {"query/300 bytes: a sort key", make_sort_key},
        {"query/300 bytes: an update of two members", update},
    };
    context self;

    if (!component_wants(bench, "query/")) return;
    create(&self);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench_timing_case timed = {.context = &self, .name = cases[i].name, .run = cases[i].run};
        component_run(bench, &timed);
    }
    destroy(&self);
}
