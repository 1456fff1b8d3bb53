// SPDX-License-Identifier: Apache-2.0
// RFC 6902; see patch.h.
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/json.h"
#include "doc/json_tree.h"
#include "doc/patch.h"
#include "doc/path.h"
#include "doc/value.h"

// "copy" can double a document with each operation; beyond this much memory it is refused.
#define MEMORY_MAX (4 * FERRIC_VALUE_SIZE_MAX)

typedef struct patcher {
    fe_arena arena;
    fe_node *root;
    size_t number; // Of the operation, from 0.
    ferric_slice operation;
    char name[16];
} patcher;

// Where a pointer points to. The root has no parent.
typedef struct place {
    fe_node *parent;
    fe_node *node;     // NULL: nothing there yet.
    ferric_slice name; // The last step.
    size_t position;   // In an array.
    fe_path path;
} place;

static ferric_status fail_at(const patcher *self, const char *reason)
{
    return fe_fail(FERRIC_INVALID_ARGUMENT, "operation %zu of the patch (%s): %s", self->number,
                   self->name, reason);
}

// ---- Places ---------------------------------------------------------------------------------

// Parses the pointer in the operation's member `name`; the empty one has no steps.
static ferric_status take_pointer(patcher *self, const char *name, fe_path *path)
{
    ferric_slice literal = fe_value_member(self->operation, fe_slice_text(name));
    ferric_buffer text = {0};
    ferric_status status;

    memset(path, 0, sizeof *path);
    if (fe_json_kind(literal) != '"') return fail_at(self, "\"path\" or \"from\" is missing");
    status = fe_json_unquote(literal, &text);
    if (status == FERRIC_OK && text.size > 0) {
        if (*(char *)text.data != '/') {
            status = fail_at(self, "a pointer is empty or begins with '/'");
        } else {
            status = fe_path_parse(fe_buffer_slice(&text), &self->arena, path);
        }
    }
    fe_buffer_deinit(&text);
    return status;
}

static ferric_status enter(patcher *self, place *at, const fe_path_step *step)
{
    at->parent = at->node;
    at->name = step->name;
    at->position = step->position;
    if (at->parent->kind == '{')
        return fe_node_member(&self->arena, at->parent, step->name, &at->node);
    if (at->parent->kind != '[')
        return fail_at(self, "the path goes through a value that is no "
                             "object");
    if (fe_slice_equal(step->name, fe_slice_text("-"))) {
        ferric_status status = fe_node_open(&self->arena, at->parent);
        at->position = at->parent->count;
        at->node = NULL;
        return status;
    }
    if (step->position == SIZE_MAX) return fail_at(self, "in an array a step is a position or '-'");
    return fe_node_element(&self->arena, at->parent, step->position, &at->node);
}

static ferric_status find(patcher *self, const char *member, place *at)
{
    ferric_status status = take_pointer(self, member, &at->path);

    at->parent = NULL;
    at->node = self->root;
    for (size_t i = 0; status == FERRIC_OK && i < at->path.step_count; i++) {
        if (at->node == NULL) return fail_at(self, "the path leads nowhere");
        status = enter(self, at, &at->path.steps[i]);
    }
    return status;
}

static ferric_status find_existing(patcher *self, const char *member, place *at)
{
    ferric_status status = find(self, member, at);
    if (status == FERRIC_OK && at->node == NULL) return fail_at(self, "nothing is there");
    return status;
}

// ---- Operations -----------------------------------------------------------------------------

static ferric_status take_value(patcher *self, ferric_slice *value)
{
    *value = fe_value_member(self->operation, fe_slice_text("value"));
    return value->size == 0 ? fail_at(self, "\"value\" is missing") : FERRIC_OK;
}

static ferric_status put(patcher *self, place *at, ferric_slice value)
{
    fe_node *added;
    ferric_status status;

    if (at->parent == NULL || (at->parent->kind == '{' && at->node != NULL)) {
        fe_node_set(at->node, value);
        return FERRIC_OK;
    }
    if (at->parent->kind == '{') {
        return fe_node_add_member(&self->arena, at->parent, at->name, value, &added);
    }
    if (at->position > at->parent->count) return fail_at(self, "the position is behind the array");
    status = fe_node_create(&self->arena, value, &added);
    if (status == FERRIC_OK) fe_node_insert(at->parent, at->node, added);
    return status;
}

static ferric_status take_out(patcher *self, place *at, ferric_slice *value)
{
    ferric_status status = fe_node_text(&self->arena, at->node, value);
    if (status != FERRIC_OK) return status;
    if (at->parent == NULL) return fail_at(self, "the whole document cannot be taken away");
    fe_node_remove(at->parent, at->node);
    return FERRIC_OK;
}

static ferric_status add(patcher *self)
{
    place at;
    ferric_slice value;
    ferric_status status = take_value(self, &value);
    if (status == FERRIC_OK) status = find(self, "path", &at);
    return status == FERRIC_OK ? put(self, &at, value) : status;
}

static ferric_status remove_value(patcher *self)
{
    place at;
    ferric_slice removed;
    ferric_status status = find_existing(self, "path", &at);
    return status == FERRIC_OK ? take_out(self, &at, &removed) : status;
}

static ferric_status replace(patcher *self)
{
    place at;
    ferric_slice value;
    ferric_status status = take_value(self, &value);
    if (status == FERRIC_OK) status = find_existing(self, "path", &at);
    if (status == FERRIC_OK) fe_node_set(at.node, value);
    return status;
}

static ferric_status move(patcher *self)
{
    place from;
    place to;
    ferric_slice value;
    ferric_status status = find_existing(self, "from", &from);

    if (status == FERRIC_OK) status = take_pointer(self, "path", &to.path);
    if (status != FERRIC_OK) return status;
    if (fe_path_equal(&from.path, &to.path)) return FERRIC_OK;
    if (to.path.step_count > from.path.step_count) {
        fe_path before = to.path;
        before.step_count = from.path.step_count;
        if (fe_path_equal(&before, &from.path)) {
            return fail_at(self, "a value cannot move into itself");
        }
    }
    status = take_out(self, &from, &value);
    if (status == FERRIC_OK) status = find(self, "path", &to);
    return status == FERRIC_OK ? put(self, &to, value) : status;
}

static ferric_status copy(patcher *self)
{
    place from;
    place to;
    ferric_slice value;
    ferric_status status = find_existing(self, "from", &from);

    if (status == FERRIC_OK) status = fe_node_text(&self->arena, from.node, &value);
    if (status == FERRIC_OK) status = find(self, "path", &to);
    return status == FERRIC_OK ? put(self, &to, value) : status;
}

static ferric_status test(patcher *self)
{
    place at;
    ferric_slice expected;
    ferric_slice found;
    ferric_status status = take_value(self, &expected);

    if (status == FERRIC_OK) status = find(self, "path", &at);
    if (status != FERRIC_OK) return status;
    if (at.node == NULL) return FERRIC_CONFLICT;
    status = fe_node_text(&self->arena, at.node, &found);
    if (status != FERRIC_OK) return status;
    if (FE_SEEDED_BUG(FE_BUG_PATCH_TEST_PASSES)) return FERRIC_OK;
    return fe_value_equal(expected, found) ? FERRIC_OK : FERRIC_CONFLICT;
}

static const struct {
    const char *name;
    ferric_status (*apply)(patcher *self);
} operations[] = {{"add", add},   {"remove", remove_value}, {"replace", replace},
                  {"move", move}, {"copy", copy},           {"test", test}};

static ferric_status apply_one(patcher *self)
{
    ferric_slice name;

    memcpy(self->name, "?", 2);
    if (fe_json_kind(self->operation) != '{') return fail_at(self, "expected an object");
    name = fe_value_member(self->operation, fe_slice_text("op"));
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        size_t size = strlen(operations[i].name);
        if (fe_json_kind(name) != '"') break;
        if (!fe_json_string_is(name, fe_slice_text(operations[i].name))) continue;
        memcpy(self->name, operations[i].name, size + 1);
        return operations[i].apply(self);
    }
    return fail_at(self, "\"op\" is add, remove, replace, move, copy or test");
}

static ferric_status apply_all(patcher *self, ferric_slice patch)
{
    fe_json_walk walk = fe_json_walk_into(patch);
    ferric_status status = FERRIC_OK;

    if (fe_json_kind(patch) != '[') {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "a patch is an array of operations (RFC 6902)");
    }
    for (; status == FERRIC_OK && fe_json_next_element(&walk, &self->operation); self->number++) {
        status = apply_one(self);
        if (status == FERRIC_OK && self->arena.size_bytes > MEMORY_MAX) {
            return fe_fail(FERRIC_TOO_LARGE, "the patch makes more than %zu bytes of values",
                           MEMORY_MAX);
        }
    }
    return status;
}

ferric_status fe_json_patch(ferric_slice target, ferric_slice patch, ferric_buffer *text)
{
    patcher self = {.number = 0};
    ferric_buffer minified = {0};
    ferric_status status;

    fe_arena_init(&self.arena);
    status = fe_json_minify(patch, &minified, NULL);
    if (status == FERRIC_OK) status = fe_node_create(&self.arena, target, &self.root);
    if (status == FERRIC_OK) status = apply_all(&self, fe_buffer_slice(&minified));
    if (status == FERRIC_OK) status = fe_node_finish(self.root, text);
    fe_buffer_deinit(&minified);
    fe_arena_deinit(&self.arena);
    return status;
}
