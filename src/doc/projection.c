// SPDX-License-Identifier: Apache-2.0
// Showing parts of documents; see projection.h.
//
// The paths become a tree of names. A document's text is walked beside it and copied piece by
// piece;
// only a member whose name has a node below it is looked into.
#include "doc/projection.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/json.h"
#include "doc/number.h"
#include "doc/path.h"

// Each name is compared with each member.
#define PATHS_MAX 1000

typedef struct branch {
    ferric_slice name;    // Plain.
    struct branch *first; // None: the path ends here.
    struct branch *next;
} branch;

struct fe_projection {
    fe_arena *arena;
    branch root;
    size_t count;
    bool is_inclusive;
    bool is_decided; // Whether it shows or hides is known.
    bool shows_id;
};

// ---- Compiling ------------------------------------------------------------------------------

static ferric_status fail_path(ferric_slice path, const char *reason)
{
    return fe_fail(FERRIC_INVALID_ARGUMENT, "projection, at \"%.*s\": %s",
                   path.size > 200 ? 200 : (int)path.size, (const char *)path.data, reason);
}

static branch *find_branch(const branch *parent, ferric_slice name)
{
    branch *each = parent->first;
    while (each != NULL && !fe_slice_equal(each->name, name))
        each = each->next;
    return each;
}

static ferric_status add_path(fe_projection *self, const fe_path *path)
{
    branch *at = &self->root;

    if (++self->count > PATHS_MAX) return fail_path(path->text, "at most 1,000 paths");
    for (size_t i = 0; i < path->step_count; i++) {
        branch *child = find_branch(at, path->steps[i].name);
        if (child != NULL && (child->first == NULL || i + 1 == path->step_count)) {
            return fail_path(path->text, "the path stands there twice, or inside another");
        }
        if (child == NULL) {
            child = fe_arena_alloc(self->arena, sizeof *child);
            if (child == NULL) return fe_no_memory("a projection", sizeof *child);
            memset(child, 0, sizeof *child);
            child->name = path->steps[i].name;
            child->next = at->first;
            at->first = child;
        }
        at = child;
    }
    return FERRIC_OK;
}

static ferric_status add(fe_projection *self, ferric_slice literal, bool is_shown)
{
    ferric_slice text;
    fe_path path;
    ferric_status status;

    if (fe_json_kind(literal) != '"') return fail_path(literal, "expected a path");
    status = fe_json_unquote_kept(literal, self->arena, &text);
    if (status == FERRIC_OK) status = fe_path_parse(text, self->arena, &path);
    if (status != FERRIC_OK) return status;
    if (path.is_id) {
        if (path.step_count > 1) return fail_path(path.text, "\"_id\" has no members");
        self->shows_id = is_shown;
        return FERRIC_OK;
    }
    if (self->is_decided && self->is_inclusive != is_shown) {
        return fail_path(path.text, "a projection shows or hides, only \"_id\" may differ");
    }
    self->is_inclusive = is_shown;
    self->is_decided = true;
    return add_path(self, &path);
}

// 1, true, 0 or false.
static bool is_switch(ferric_slice value, bool *is_on)
{
    int64_t number = 0;
    char kind = fe_json_kind(value);
    bool is_number = kind == '0' && fe_number_to_int64(value, &number);

    *is_on = kind == 't' || number == 1;
    return kind == 't' || kind == 'f' || (is_number && (number == 0 || number == 1));
}

static ferric_status compile(fe_projection *self, ferric_slice json)
{
    fe_json_walk walk = fe_json_walk_into(json);
    ferric_status status = FERRIC_OK;
    ferric_slice name;
    ferric_slice value;

    self->shows_id = true;
    if (fe_json_kind(json) == '[') {
        self->is_inclusive = self->is_decided = true;
        while (status == FERRIC_OK && fe_json_next_element(&walk, &name))
            status = add(self, name, true);
        return status;
    }
    if (fe_json_kind(json) != '{') {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "a projection is an object such as {\"name\":1} or "
                                                "an array of paths");
    }
    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &value)) {
        bool is_on;
        if (!is_switch(value, &is_on)) return fail_path(name, "expected 1 or 0");
        status = add(self, name, is_on);
    }
    // {"_id":1} alone shows nothing else.
    if (!self->is_decided) self->is_inclusive = json.size > 2 && self->shows_id;
    return status;
}

ferric_status fe_projection_create(ferric_slice json, fe_arena *arena, fe_projection **projection)
{
    fe_projection *made = fe_arena_alloc(arena, sizeof *made);
    ferric_slice minified;
    ferric_status status;

    *projection = NULL;
    if (made == NULL) return fe_no_memory("a projection", sizeof *made);
    *made = (fe_projection){.arena = arena};
    status = fe_json_minify_kept(json, arena, &minified);
    if (status == FERRIC_OK) status = compile(made, minified);
    if (status == FERRIC_OK) *projection = made;
    return status;
}

bool fe_projection_is_inclusive(const fe_projection *projection)
{
    return projection->is_inclusive;
}

bool fe_projection_shows_id(const fe_projection *projection)
{
    return projection->shows_id;
}

bool fe_projection_is_empty(const fe_projection *projection)
{
    return projection->is_inclusive && projection->root.first == NULL;
}

static bool has_part(const fe_index_shape *shape, ferric_slice name)
{
    for (size_t i = 0; i < shape->part_count; i++) {
        const fe_path *path = &shape->parts[i].path;
        if (path->step_count == 1 && !path->is_id && fe_slice_equal(path->steps[0].name, name)) {
            return true;
        }
    }
    return false;
}

bool fe_projection_is_within(const fe_projection *projection, const fe_index_shape *shape)
{
    const branch *each = projection->root.first;

    while (each != NULL && each->first == NULL && has_part(shape, each->name))
        each = each->next;
    return projection->is_inclusive && each == NULL;
}

// ---- Applying -------------------------------------------------------------------------------

static ferric_status append(ferric_buffer *json, ferric_slice text)
{
    return fe_buffer_append(json, text.data, text.size);
}

static ferric_status show_value(const fe_projection *self, const branch *at, ferric_slice value,
                                ferric_buffer *json, bool *is_shown);

static const branch *branch_of(const branch *parent, ferric_slice literal)
{
    const branch *each = parent->first;
    while (each != NULL && !fe_json_string_is(literal, each->name))
        each = each->next;
    return each;
}

// Appends one member, with a comma before it unless it is the first.
static ferric_status show_member(const fe_projection *self, const branch *at, ferric_slice name,
                                 ferric_slice value, ferric_buffer *json, bool *is_first)
{
    const branch *below = branch_of(at, name);
    size_t before = json->size;
    bool is_shown = !self->is_inclusive;
    ferric_status status = FERRIC_OK;

    if (below == NULL && self->is_inclusive) return FERRIC_OK;
    if (below != NULL && below->first == NULL && !self->is_inclusive) return FERRIC_OK;
    if (!*is_first) status = fe_buffer_append(json, ",", 1);
    if (status == FERRIC_OK) status = append(json, name);
    if (status == FERRIC_OK) status = fe_buffer_append(json, ":", 1);
    if (status != FERRIC_OK) return status;
    if (below == NULL || below->first == NULL) {
        is_shown = true;
        status = append(json, value);
    } else {
        status = show_value(self, below, value, json, &is_shown);
    }
    if (is_shown) {
        *is_first = false;
    } else {
        json->size = before;
    }
    return status;
}

static ferric_status show_members(const fe_projection *self, const branch *at, ferric_slice object,
                                  ferric_buffer *json, bool is_first)
{
    fe_json_walk walk = fe_json_walk_into(object);
    ferric_status status = FERRIC_OK;
    ferric_slice name;
    ferric_slice value;

    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &value))
        status = show_member(self, at, name, value, json, &is_first);
    return status;
}

static ferric_status show_elements(const fe_projection *self, const branch *at, ferric_slice array,
                                   ferric_buffer *json)
{
    fe_json_walk walk = fe_json_walk_into(array);
    ferric_slice element;
    bool is_first = true;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && fe_json_next_element(&walk, &element)) {
        size_t before = json->size;
        bool is_shown = !self->is_inclusive;
        if (!is_first) status = fe_buffer_append(json, ",", 1);
        if (status == FERRIC_OK) status = show_value(self, at, element, json, &is_shown);
        if (is_shown) {
            is_first = false;
        } else {
            json->size = before;
        }
    }
    return status;
}

// Appends what the paths below `at` leave of a value. A value that has no members is not shown
// where members are asked for, and is shown where members are hidden. Recurs as deep as the paths
// and the arrays between them.
static ferric_status show_value(const fe_projection *self, const branch *at, ferric_slice value,
                                ferric_buffer *json, bool *is_shown)
{
    char kind = fe_json_kind(value);
    ferric_status status;

    *is_shown = kind == '{' || kind == '[' || !self->is_inclusive;
    if (kind != '{' && kind != '[') return *is_shown ? append(json, value) : FERRIC_OK;
    status = fe_buffer_append(json, &kind, 1);
    if (status != FERRIC_OK) return status;
    status = kind == '{' ? show_members(self, at, value, json, true)
                         : show_elements(self, at, value, json);
    if (status == FERRIC_OK) status = fe_buffer_append(json, kind == '{' ? "}" : "]", 1);
    return status;
}

static ferric_status show_object(const fe_projection *self, ferric_slice text, ferric_buffer *json,
                                 bool is_first)
{
    ferric_slice members = fe_slice(fe_slice_bytes(text) + 1, text.size - 2);
    ferric_status status;

    if (self != NULL) return show_members(self, &self->root, text, json, is_first);
    if (members.size == 0) return FERRIC_OK;
    status = is_first ? FERRIC_OK : fe_buffer_append(json, ",", 1);
    return status == FERRIC_OK ? append(json, members) : status;
}

static ferric_status show_other(const fe_projection *self, ferric_slice text, ferric_buffer *json,
                                bool is_first)
{
    static const char name[] = "_value";
    ferric_status status = FERRIC_OK;

    if (self != NULL) {
        bool is_named = find_branch(&self->root, fe_slice_text(name)) != NULL;
        if (is_named != self->is_inclusive) return FERRIC_OK;
    }
    if (!is_first) status = fe_buffer_append(json, ",", 1);
    if (status == FERRIC_OK) status = fe_buffer_append(json, "\"_value\":", 9);
    return status == FERRIC_OK ? append(json, text) : status;
}

ferric_status fe_projection_apply(const fe_projection *projection, const fe_doc *doc,
                                  ferric_buffer *json)
{
    size_t before = json->size;
    bool has_id = projection == NULL || projection->shows_id;
    bool is_object = fe_json_kind(doc->text) == '{';
    ferric_status status = fe_buffer_append(json, "{", 1);

    if (status == FERRIC_OK && has_id) status = fe_buffer_append(json, "\"_id\":", 6);
    if (status == FERRIC_OK && has_id) status = append(json, doc->id);
    if (status == FERRIC_OK) {
        status = is_object ? show_object(projection, doc->text, json, !has_id)
                           : show_other(projection, doc->text, json, !has_id);
    }
    if (status == FERRIC_OK) status = fe_buffer_append(json, "}", 1);
    if (status != FERRIC_OK) json->size = before;
    return status;
}
