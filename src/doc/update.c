// SPDX-License-Identifier: Apache-2.0
// Applying updates; see update.h.
#include "doc/update.h"

#include <assert.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/condition.h"
#include "doc/index_key.h"
#include "doc/json.h"
#include "doc/json_tree.h"
#include "doc/number.h"
#include "doc/update_inside.h"
#include "doc/value_table.h"

// An array is filled with null up to a position, so the position has a limit.
#define POSITION_MAX 1000000

// Where a change happens: the place's parent, and its node if it is there.
typedef struct place {
    fe_node *parent;
    fe_node *node; // NULL: missing.
    const fe_path_step *step;
} place;

static ferric_status fail_on(const fe_change *change, const char *reason)
{
    int size = change->path.text.size > 300 ? 300 : (int)change->path.text.size;
    return fe_fail(FERRIC_INVALID_ARGUMENT, "%s of \"%.*s\": %s", change->name, size,
                   (const char *)change->path.text.data, reason);
}

// ---- Finding the place ----------------------------------------------------------------------

// The child that a step means. NULL when it is missing; `fits` is false when there can be none.
static ferric_status step_into(fe_arena *arena, fe_node *node, const fe_path_step *step,
                               fe_node **child, bool *fits)
{
    *child = NULL;
    *fits = true;
    if (node->kind == '{') return fe_node_member(arena, node, step->name, child);
    if (node->kind == '[' && step->position != SIZE_MAX) {
        return fe_node_element(arena, node, step->position, child);
    }
    *fits = false;
    return FERRIC_OK;
}

// Makes the child that is missing. `text` is its value.
static ferric_status make_child(const fe_change *change, fe_arena *arena, fe_node *parent,
                                const fe_path_step *step, ferric_slice text, fe_node **child)
{
    ferric_status status = FERRIC_OK;

    if (parent->kind == '{') return fe_node_add_member(arena, parent, step->name, text, child);
    if (step->position > POSITION_MAX) {
        return fe_fail(FERRIC_TOO_LARGE, "%s: position %zu of an array, at most %d", change->name,
                       step->position, POSITION_MAX);
    }
    while (status == FERRIC_OK && parent->count <= step->position) {
        bool is_last = parent->count == step->position;
        status = fe_node_create(arena, is_last ? text : fe_slice("null", 4), child);
        if (status == FERRIC_OK) fe_node_insert(parent, NULL, *child);
    }
    return status;
}

// Goes to the place of `path`, making objects on the way.
static ferric_status find_or_make(const fe_change *change, const fe_path *path, fe_arena *arena,
                                  fe_node *root, place *found)
{
    fe_node *node = root;

    for (size_t i = 0;; i++) {
        bool fits;
        ferric_status status;
        found->parent = node;
        found->step = &path->steps[i];
        status = step_into(arena, node, found->step, &found->node, &fits);
        if (status != FERRIC_OK) return status;
        if (!fits) {
            return fail_on(change, node->kind == '['
                                       ? "in an array the path needs a position"
                                       : "the path goes through a value that is no object");
        }
        if (i + 1 == path->step_count) return FERRIC_OK;
        if (found->node == NULL) {
            status = make_child(change, arena, node, found->step, fe_slice("{}", 2), &found->node);
            if (status != FERRIC_OK) return status;
        }
        assert(found->node != NULL);
        node = found->node;
    }
}

// The same without making anything: node stays NULL when the path ends before.
static ferric_status find(const fe_path *path, fe_arena *arena, fe_node *root, place *found)
{
    fe_node *node = root;

    found->node = NULL;
    for (size_t i = 0; i < path->step_count && node != NULL; i++) {
        bool fits;
        ferric_status status;
        found->parent = node;
        found->step = &path->steps[i];
        status = step_into(arena, node, found->step, &found->node, &fits);
        if (status != FERRIC_OK) return status;
        node = found->node;
    }
    return FERRIC_OK;
}

// ---- Changes of one value -------------------------------------------------------------------

static ferric_status put(const fe_change *change, fe_arena *arena, place *at, ferric_slice text)
{
    if (at->node == NULL) return make_child(change, arena, at->parent, at->step, text, &at->node);
    fe_node_set(at->node, text);
    return FERRIC_OK;
}

static ferric_status compute(const fe_change *change, fe_arena *arena, place *at)
{
    bool is_sum = change->kind == FE_CHANGE_INCREMENT;
    ferric_slice before = at->node == NULL ? fe_slice("0", 1) : at->node->text;
    ferric_buffer result = {0};
    ferric_slice kept;
    ferric_status status;

    if (at->node != NULL && at->node->kind != '0') {
        return fail_on(change, "the document has no number there");
    }
    if (at->node == NULL && is_sum) return put(change, arena, at, change->value);
    status = is_sum ? fe_number_add(before, change->value, &result)
                    : fe_number_multiply(before, change->value, &result);
    if (status == FERRIC_OK) status = fe_arena_copy(arena, fe_buffer_slice(&result), &kept);
    if (status == FERRIC_OK) status = put(change, arena, at, kept);
    fe_buffer_deinit(&result);
    return status;
}

static ferric_status choose(const fe_change *change, fe_arena *arena, place *at)
{
    ferric_slice before;
    ferric_status status;
    int order;

    if (at->node == NULL) return put(change, arena, at, change->value);
    status = fe_node_text(arena, at->node, &before);
    if (status != FERRIC_OK) return status;
    order = fe_value_compare(change->value, before);
    if (change->kind == FE_CHANGE_MINIMUM ? order >= 0 : order <= 0) return FERRIC_OK;
    return put(change, arena, at, change->value);
}

static void unset(place *at)
{
    if (at->node == NULL) return;
    if (at->parent->kind == '[') {
        fe_node_set(at->node, fe_slice("null", 4));
    } else {
        fe_node_remove(at->parent, at->node);
    }
}

static ferric_status rename_to(const fe_change *change, fe_arena *arena, fe_node *root, place *from)
{
    fe_node *moved = from->node;
    place to;
    ferric_slice text;
    ferric_status status;

    if (moved == NULL) return FERRIC_OK;
    if (from->parent->kind == '[') return fail_on(change, "elements of arrays have no names");
    status = fe_node_text(arena, moved, &text);
    if (status != FERRIC_OK) return status;
    fe_node_remove(from->parent, moved);
    status = find_or_make(change, &change->target, arena, root, &to);
    if (status != FERRIC_OK) return status;
    if (to.parent->kind == '[') return fail_on(change, "elements of arrays have no names");
    return put(change, arena, &to, text);
}

// ---- Changes of arrays ----------------------------------------------------------------------

// Opens the array at the place, makes it if it is missing.
static ferric_status open_array(const fe_change *change, fe_arena *arena, place *at)
{
    ferric_status status = FERRIC_OK;
    if (at->node == NULL) status = put(change, arena, at, fe_slice("[]", 2));
    if (status != FERRIC_OK) return status;
    if (at->node->kind != '[') return fail_on(change, "the document has no array there");
    return fe_node_open(arena, at->node);
}

// The element that stands at a position counted from either end; NULL behind the last.
static fe_node *element_at(const fe_node *array, int64_t position)
{
    uint64_t index = (uint64_t)position;
    fe_node *element = array->first;

    if (position < 0) {
        uint64_t back = 0 - (uint64_t)position;
        index = back > array->count ? 0 : array->count - back;
    }
    if (index >= array->count) return NULL;
    for (; index > 0; index--)
        element = element->next;
    return element;
}

// Keeps the first `slice` elements, or the last ones when it is negative.
static void cut(fe_node *array, int64_t slice)
{
    uint64_t kept = slice < 0 ? 0 - (uint64_t)slice : (uint64_t)slice;
    while (array->count > kept)
        fe_node_remove(array, slice < 0 ? array->first : array->last);
}

static ferric_status push(const fe_change *change, fe_arena *arena, place *at)
{
    fe_json_walk walk = fe_json_walk_into(change->value);
    fe_node *before = NULL;
    ferric_slice value;
    ferric_status status = open_array(change, arena, at);

    if (status != FERRIC_OK) return status;
    if (change->has_position) before = element_at(at->node, change->position);
    while (fe_json_next_element(&walk, &value)) {
        fe_node *added;
        status = fe_node_create(arena, value, &added);
        if (status != FERRIC_OK) return status;
        if (FE_SEEDED_BUG(FE_BUG_PUSH_IN_REVERSE)) before = at->node->first;
        fe_node_insert(at->node, before, added);
    }
    if (change->has_slice) cut(at->node, change->slice);
    return FERRIC_OK;
}

// The values that an array has, by their index keys, so that many are added in the time of one
// walk.
typedef struct value_set {
    fe_value_table table;
    ferric_buffer key;
} value_set;

static ferric_status add_value(value_set *set, ferric_slice value, bool *is_new)
{
    fe_value_entry *entry;
    ferric_status status;

    fe_buffer_clear(&set->key);
    status = fe_index_value_append_whole(value, false, &set->key);
    if (status != FERRIC_OK) return status;
    return fe_value_table_find(&set->table, fe_buffer_slice(&set->key), &entry, is_new);
}

static ferric_status add_elements(value_set *set, fe_arena *arena, const fe_node *array)
{
    ferric_status status = FERRIC_OK;

    for (const fe_node *each = array->first; each != NULL && status == FERRIC_OK;
         each = each->next) {
        ferric_slice text;
        bool is_new;
        status = fe_node_text(arena, each, &text);
        if (status == FERRIC_OK) status = add_value(set, text, &is_new);
    }
    return status;
}

static ferric_status add_to_set(const fe_change *change, fe_arena *arena, place *at)
{
    fe_json_walk walk = fe_json_walk_into(change->value);
    value_set set = {0};
    ferric_slice value;
    ferric_status status = open_array(change, arena, at);

    fe_value_table_init(&set.table, sizeof(fe_value_entry), SIZE_MAX);
    if (status == FERRIC_OK) status = add_elements(&set, arena, at->node);
    while (status == FERRIC_OK && fe_json_next_element(&walk, &value)) {
        fe_node *added;
        bool is_new;
        status = add_value(&set, value, &is_new);
        if (status != FERRIC_OK || !is_new) continue;
        status = fe_node_create(arena, value, &added);
        if (status == FERRIC_OK) fe_node_insert(at->node, NULL, added);
    }
    fe_buffer_deinit(&set.key);
    fe_value_table_deinit(&set.table);
    return status;
}

static ferric_status pull(const fe_change *change, fe_arena *arena, place *at)
{
    fe_node *next;
    ferric_status status;

    if (at->node == NULL) return FERRIC_OK;
    status = open_array(change, arena, at);
    for (fe_node *each = at->node->first; status == FERRIC_OK && each != NULL; each = next) {
        ferric_slice text;
        bool goes = false;
        next = each->next;
        status = fe_node_text(arena, each, &text);
        if (status != FERRIC_OK) break;
        if (change->pulled != NULL) {
            status = fe_matcher_test_element(change->pulled, text, &goes);
        } else {
            goes = fe_value_equal(text, change->value);
        }
        if (goes) fe_node_remove(at->node, each);
        if (FE_SEEDED_BUG(FE_BUG_PULL_SKIPS_NEIGHBOUR) && goes && next != NULL) next = next->next;
    }
    return status;
}

// ---- The whole ------------------------------------------------------------------------------

static bool makes_its_place(const fe_change *change)
{
    return change->kind != FE_CHANGE_UNSET && change->kind != FE_CHANGE_PULL &&
           change->kind != FE_CHANGE_RENAME;
}

static ferric_status apply_change(const fe_change *change, fe_arena *arena, fe_node *root)
{
    place at;
    ferric_status status = makes_its_place(change)
                               ? find_or_make(change, &change->path, arena, root, &at)
                               : find(&change->path, arena, root, &at);

    if (status != FERRIC_OK) return status;
    switch (change->kind) {
    case FE_CHANGE_SET:
        return put(change, arena, &at, change->value);
    case FE_CHANGE_UNSET:
        unset(&at);
        return FERRIC_OK;
    case FE_CHANGE_INCREMENT:
    case FE_CHANGE_MULTIPLY:
        return compute(change, arena, &at);
    case FE_CHANGE_MINIMUM:
    case FE_CHANGE_MAXIMUM:
        return choose(change, arena, &at);
    case FE_CHANGE_PUSH:
        return push(change, arena, &at);
    case FE_CHANGE_PULL:
        return pull(change, arena, &at);
    case FE_CHANGE_ADD_TO_SET:
        return add_to_set(change, arena, &at);
    case FE_CHANGE_RENAME:
        return rename_to(change, arena, root, &at);
    }
    return FERRIC_OK;
}

static bool begin_alike(const fe_path *a, const fe_path *b)
{
    if (FE_SEEDED_BUG(FE_BUG_TOUCHES_EQUAL_PATHS_ONLY)) return fe_path_equal(a, b);
    return fe_slice_equal(a->steps[0].name, b->steps[0].name);
}

bool fe_update_touches(const fe_update *update, const fe_path *path)
{
    for (const fe_change *each = update->first; each != NULL; each = each->next) {
        if (begin_alike(&each->path, path)) return true;
        if (each->kind == FE_CHANGE_RENAME && begin_alike(&each->target, path)) return true;
    }
    return false;
}

ferric_status fe_update_apply(fe_update *update, const fe_doc *doc, ferric_buffer *text,
                              bool *is_changed)
{
    fe_node *root;
    ferric_status status = fe_node_create(&update->scratch, doc->text, &root);

    *is_changed = false;
    if (status == FERRIC_OK && root->kind != '{') {
        status = fe_fail(FERRIC_INVALID_ARGUMENT,
                         "the document is no object (its type is %s), so "
                         "operators do not apply",
                         fe_value_type_name(fe_value_type_of(doc->text)));
    }
    for (const fe_change *each = update->first; status == FERRIC_OK && each != NULL;
         each = each->next)
        status = apply_change(each, &update->scratch, root);
    if (status == FERRIC_OK) status = fe_node_finish(root, text);
    fe_arena_clear(&update->scratch);
    if (status != FERRIC_OK) return status;
    *is_changed = !fe_slice_equal(fe_buffer_slice(text), doc->text);
    return FERRIC_OK;
}

ferric_status fe_update_create(ferric_slice json, fe_update **update)
{
    fe_update *made = fe_alloc_zero(1, sizeof *made);
    ferric_buffer minified = {0};
    ferric_slice kept;
    ferric_status status;

    *update = NULL;
    if (made == NULL) return fe_no_memory("an update", sizeof *made);
    fe_arena_init(&made->arena);
    fe_arena_init(&made->scratch);
    status = fe_json_minify(json, &minified, NULL);
    if (status == FERRIC_OK)
        status = fe_arena_copy(&made->arena, fe_buffer_slice(&minified), &kept);
    if (status == FERRIC_OK) status = fe_update_compile(made, kept);
    fe_buffer_deinit(&minified);
    if (status != FERRIC_OK) {
        fe_update_destroy(made);
        return status;
    }
    *update = made;
    return FERRIC_OK;
}

void fe_update_destroy(fe_update *update)
{
    if (update == NULL) return;
    for (fe_change *each = update->first; each != NULL; each = each->next)
        fe_matcher_destroy(each->pulled);
    fe_arena_deinit(&update->arena);
    fe_arena_deinit(&update->scratch);
    fe_free(update);
}
