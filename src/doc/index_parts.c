// SPDX-License-Identifier: Apache-2.0
// Parsing paths with directions; see index_parts.h.
#include "doc/index_parts.h"

#include "base/json_text.h"
#include "base/status.h"
#include "doc/json.h"
#include "doc/number.h"

typedef struct parser {
    const char *what;
    fe_arena *arena;
    fe_index_part *parts;
    size_t count;
} parser;

static ferric_status add_part(parser *self, ferric_slice path, bool is_descending)
{
    fe_index_part *part = &self->parts[self->count];
    ferric_status status;

    if (self->count == FE_INDEX_PART_MAX) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "%s has at most %d paths", self->what,
                       FE_INDEX_PART_MAX);
    }
    status = fe_path_parse(path, self->arena, &part->path);
    if (status != FERRIC_OK) return status;
    part->is_descending = is_descending;
    for (size_t i = 0; i < self->count; i++) {
        if (fe_path_equal(&self->parts[i].path, &part->path)) {
            return fe_fail(FERRIC_INVALID_ARGUMENT, "%s has the path \"%.*s\" twice", self->what,
                           (int)path.size, (const char *)path.data);
        }
    }
    self->count++;
    return FERRIC_OK;
}

// A path in a string, descending behind a '-'.
static ferric_status add_text(parser *self, ferric_slice literal)
{
    ferric_slice text;
    bool is_descending;
    ferric_status status;

    if (fe_json_kind(literal) != '"') {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s is an object of paths, a path or a list of them", self->what);
    }
    status = fe_json_unquote_kept(literal, self->arena, &text);
    if (status != FERRIC_OK) return status;
    is_descending = text.size > 0 && *fe_slice_bytes(text) == '-';
    return add_part(self, fe_slice_from(text, is_descending), is_descending);
}

static ferric_status add_member(parser *self, ferric_slice name, ferric_slice value)
{
    int64_t direction = 0;
    bool is_whole = fe_json_kind(value) == '0' && fe_number_to_int64(value, &direction);
    ferric_slice path;
    ferric_status status = fe_json_unquote_kept(name, self->arena, &path);

    if (status != FERRIC_OK) return status;
    if (!is_whole || (direction != 1 && direction != -1)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "%s: the direction of \"%.*s\" is 1 or -1",
                       self->what, path.size > 200 ? 200 : (int)path.size, (const char *)path.data);
    }
    return add_part(self, path, direction < 0);
}

static ferric_status add_all(parser *self, ferric_slice json)
{
    fe_json_walk walk = fe_json_walk_into(json);
    ferric_status status = FERRIC_OK;
    ferric_slice name;
    ferric_slice value;

    switch (fe_json_kind(json)) {
    case '{':
        while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &value))
            status = add_member(self, name, value);
        break;
    case '[':
        while (status == FERRIC_OK && fe_json_next_element(&walk, &value))
            status = add_text(self, value);
        break;
    default:
        return add_text(self, json);
    }
    if (status == FERRIC_OK && self->count == 0) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "%s has no path", self->what);
    }
    return status;
}

ferric_status fe_index_parts_parse(const char *what, ferric_slice json, fe_arena *arena,
                                   fe_index_part *parts, size_t *count)
{
    parser self = {.what = what, .arena = arena, .parts = parts};
    ferric_slice minified;
    ferric_status status = fe_json_minify_kept(json, arena, &minified);

    if (status == FERRIC_OK) status = add_all(&self, minified);
    *count = status == FERRIC_OK ? self.count : 0;
    return status;
}
