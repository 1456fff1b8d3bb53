// SPDX-License-Identifier: Apache-2.0
// Parsing paths and walking documents along them; see path.h.
#include "doc/path.h"

#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

// ---- Parsing --------------------------------------------------------------------------------

static ferric_status bad_path(ferric_slice text, const char *reason)
{
    if (!fe_utf8_valid(text)) return fe_fail(FERRIC_INVALID_ARGUMENT, "a path is not UTF-8");
    return fe_fail(FERRIC_INVALID_ARGUMENT, "the path \"%.*s\" %s",
                   text.size > 200 ? 200 : (int)text.size, (const char *)text.data, reason);
}

// The position that a name means in an array, SIZE_MAX for none. 0, or digits that begin with
// another; no array has positions of ten digits.
static size_t position_of(ferric_slice name)
{
    const uint8_t *at = fe_slice_bytes(name);
    size_t position = 0;

    if (name.size == 0 || name.size > 9 || (*at == '0' && name.size > 1)) return SIZE_MAX;
    for (size_t i = 0; i < name.size; i++) {
        if (at[i] < '0' || at[i] > '9') return SIZE_MAX;
        position = position * 10 + (size_t)(at[i] - '0');
    }
    return position;
}

// Replaces ~0 and ~1 in a step of a pointer; false when another character follows '~'.
static bool unescape(uint8_t *name, size_t *size)
{
    size_t kept = 0;
    for (size_t i = 0; i < *size; i++) {
        uint8_t byte = name[i];
        if (byte == '~') {
            if (++i == *size || (name[i] != '0' && name[i] != '1')) return false;
            byte = name[i] == '0' ? '~' : '/';
        }
        name[kept++] = byte;
    }
    *size = kept;
    return true;
}

static size_t count_steps(ferric_slice text, uint8_t separator)
{
    const uint8_t *at = fe_slice_bytes(text);
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++)
        count += at[i] == separator;
    return count;
}

// Splits `text`, a copy that may be written to, into steps. Returns why not, or NULL.
static const char *split(ferric_slice text, bool is_pointer, uint8_t *at, fe_path_step *steps)
{
    const uint8_t separator = is_pointer ? '/' : '.';
    uint8_t *end = at + text.size;

    for (;; steps++) {
        uint8_t *behind = memchr(at, separator, (size_t)(end - at));
        size_t size = (size_t)((behind == NULL ? end : behind) - at);
        if (!is_pointer && size == 0) return "has an empty step";
        if (!is_pointer && *at == '$') {
            return "has a step that begins with '$'; a name like that is written as \"/$name\"";
        }
        if (is_pointer && !unescape(at, &size)) return "has a '~' that is not ~0 or ~1";
        steps->name = fe_slice(at, size);
        steps->position = position_of(steps->name);
        if (behind == NULL) return NULL;
        at = behind + 1;
    }
}

ferric_status fe_path_parse(ferric_slice text, fe_arena *arena, fe_path *path)
{
    bool is_pointer = text.size > 0 && *fe_slice_bytes(text) == '/';
    ferric_slice body = fe_slice_from(text, is_pointer);
    ferric_slice copy;
    fe_path_step *steps;
    const char *reason;
    ferric_status status;

    memset(path, 0, sizeof *path);
    if (text.size == 0) return fe_fail(FERRIC_INVALID_ARGUMENT, "a path is empty");
    if (!fe_utf8_valid(text)) return bad_path(text, NULL);
    path->step_count = count_steps(body, is_pointer ? '/' : '.');
    if (path->step_count > FE_PATH_STEP_MAX) return bad_path(text, "has more than 128 steps");
    status = fe_arena_copy(arena, text, &path->text);
    copy = path->text;
    // The escapes of a pointer are taken out in place.
    if (status == FERRIC_OK && is_pointer) status = fe_arena_copy(arena, body, &copy);
    if (status != FERRIC_OK) return status;
    steps = fe_arena_alloc(arena, path->step_count * sizeof *steps);
    if (steps == NULL) return fe_no_memory("a path", path->step_count * sizeof *steps);
    if (body.size == 0) { // "/": one step, whose name is empty.
        steps[0].name = fe_slice("", 0);
        steps[0].position = SIZE_MAX;
    } else {
        reason = split(body, is_pointer, (uint8_t *)(uintptr_t)copy.data, steps);
        if (reason != NULL) return bad_path(text, reason);
    }
    path->steps = steps;
    path->is_id = fe_slice_equal(steps[0].name, fe_slice_text("_id"));
    return FERRIC_OK;
}

bool fe_path_equal(const fe_path *a, const fe_path *b)
{
    if (a->step_count != b->step_count) return false;
    for (size_t i = 0; i < a->step_count; i++) {
        if (!fe_slice_equal(a->steps[i].name, b->steps[i].name)) return false;
    }
    return true;
}

// ---- Walking --------------------------------------------------------------------------------

typedef struct walk {
    const fe_path *path;
    fe_path_visit *visit;
    void *context;
} walk;

static bool visit_missing(const walk *self)
{
    return self->visit(self->context, fe_slice(NULL, 0), FE_REACHED_VALUE);
}

static bool visit_end(const walk *self, ferric_slice value)
{
    fe_json_walk inside;
    ferric_slice element;

    if (fe_json_kind(value) != '[') return self->visit(self->context, value, FE_REACHED_VALUE);
    inside = fe_json_walk_into(value);
    while (fe_json_next_element(&inside, &element)) {
        if (self->visit(self->context, element, FE_REACHED_ELEMENT)) return true;
    }
    return self->visit(self->context, value, FE_REACHED_ARRAY);
}

// Goes on from `value` with step number `at`. Recurs once for each array in the middle of the path,
// of which there are at most as many as steps.
static bool visit_from(const walk *self, ferric_slice value, size_t at)
{
    fe_json_walk inside;
    ferric_slice element;

    for (; at < self->path->step_count; at++) {
        const fe_path_step *step = &self->path->steps[at];
        char kind = fe_json_kind(value);
        if (kind == '{') {
            value = fe_value_member(value, step->name);
        } else if (kind == '[' && step->position != SIZE_MAX) {
            value = fe_value_element(value, step->position);
        } else {
            break;
        }
        if (value.size == 0) return visit_missing(self);
    }
    if (at == self->path->step_count) return visit_end(self, value);
    if (fe_json_kind(value) != '[') return visit_missing(self);
    inside = fe_json_walk_into(value);
    while (fe_json_next_element(&inside, &element)) {
        if (fe_json_kind(element) == '{' && visit_from(self, element, at)) return true;
    }
    return false;
}

bool fe_path_each_below(const fe_path *path, ferric_slice text, fe_path_visit *visit, void *context)
{
    walk self = {path, visit, context};
    return visit_from(&self, text, 0);
}

bool fe_path_each(const fe_path *path, const fe_doc *doc, fe_path_visit *visit, void *context)
{
    walk self = {path, visit, context};
    if (!path->is_id && fe_json_kind(doc->text) != '{') return visit_missing(&self);
    if (!path->is_id) return visit_from(&self, doc->text, 0);
    if (path->step_count > 1) return visit_from(&self, doc->id, 1); // Of a group, that of several.
    return visit(context, doc->id, FE_REACHED_VALUE);
}
