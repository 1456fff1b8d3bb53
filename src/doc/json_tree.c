// SPDX-License-Identifier: Apache-2.0
// Documents being changed; see json_tree.h.
#include "doc/json_tree.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"

ferric_status fe_node_create(fe_arena *arena, ferric_slice text, fe_node **node)
{
    *node = fe_arena_alloc(arena, sizeof **node);
    if (*node == NULL) return fe_no_memory("a value of a document", sizeof **node);
    memset(*node, 0, sizeof **node);
    fe_node_set(*node, text);
    return FERRIC_OK;
}

void fe_node_set(fe_node *node, ferric_slice text)
{
    node->text = text;
    node->kind = fe_json_kind(text);
    node->is_open = false;
    node->is_found = false;
    node->first = node->last = NULL;
    node->count = 0;
}

void fe_node_insert(fe_node *parent, fe_node *next, fe_node *child)
{
    fe_node *previous = next == NULL ? parent->last : next->previous;
    child->previous = previous;
    child->next = next;
    *(previous == NULL ? &parent->first : &previous->next) = child;
    *(next == NULL ? &parent->last : &next->previous) = child;
    parent->count++;
}

void fe_node_remove(fe_node *parent, fe_node *child)
{
    *(child->previous == NULL ? &parent->first : &child->previous->next) = child->next;
    *(child->next == NULL ? &parent->last : &child->next->previous) = child->previous;
    child->next = child->previous = NULL;
    parent->count--;
}

ferric_status fe_node_open(fe_arena *arena, fe_node *node)
{
    fe_json_walk walk = fe_json_walk_into(node->text);
    ferric_slice name = {NULL, 0};
    ferric_slice value;

    if (node->is_open) return FERRIC_OK;
    node->is_open = true;
    while (node->kind == '{' ? fe_json_next_member(&walk, &name, &value)
                             : fe_json_next_element(&walk, &value)) {
        fe_node *child;
        ferric_status status = fe_node_create(arena, value, &child);
        if (status != FERRIC_OK) return status;
        child->name = name;
        child->is_found = true;
        fe_node_insert(node, NULL, child);
    }
    return FERRIC_OK;
}

ferric_status fe_node_member(fe_arena *arena, fe_node *object, ferric_slice name, fe_node **member)
{
    ferric_status status = fe_node_open(arena, object);
    *member = object->first;
    while (status == FERRIC_OK && *member != NULL && !fe_json_string_is((*member)->name, name))
        *member = (*member)->next;
    return status;
}

ferric_status fe_node_element(fe_arena *arena, fe_node *array, size_t index, fe_node **element)
{
    ferric_status status = fe_node_open(arena, array);
    *element = index < array->count ? array->first : NULL;
    for (; *element != NULL && index > 0; index--)
        *element = (*element)->next;
    return status;
}

ferric_status fe_node_add_member(fe_arena *arena, fe_node *object, ferric_slice name,
                                 ferric_slice text, fe_node **member)
{
    ferric_buffer literal = {0};
    ferric_status status = fe_json_quote(name, &literal);

    *member = NULL;
    if (status == FERRIC_OK) status = fe_node_create(arena, text, member);
    if (status == FERRIC_OK)
        status = fe_arena_copy(arena, fe_buffer_slice(&literal), &(*member)->name);
    if (status == FERRIC_OK) fe_node_insert(object, NULL, *member);
    fe_buffer_deinit(&literal);
    return status;
}

// Where a child begins and ends that nobody touched.
static const char *begin_of(const fe_node *child)
{
    return child->name.data != NULL ? child->name.data : child->text.data;
}

static const char *end_of(const fe_node *child)
{
    return (const char *)child->text.data + child->text.size;
}

static bool is_untouched(const fe_node *child)
{
    return child->is_found && !child->is_open;
}

// The last of the untouched children from `child` on that stand one behind the other in one text,
// a comma between them.
static const fe_node *run_from(const fe_node *child)
{
    while (child->next != NULL && is_untouched(child->next) &&
           begin_of(child->next) == end_of(child) + 1)
        child = child->next;
    return child;
}

static ferric_status write_child(const fe_node *child, ferric_buffer *text)
{
    ferric_status status = FERRIC_OK;

    if (child->name.data != NULL) {
        status = fe_buffer_append(text, child->name.data, child->name.size);
        if (status == FERRIC_OK) status = fe_buffer_append(text, ":", 1);
    }
    return status == FERRIC_OK ? fe_node_write(child, text) : status;
}

// Recurs as deep as the tree is open: a change opens one level for each step of its path.
ferric_status fe_node_write(const fe_node *node, ferric_buffer *text)
{
    const fe_node *last;
    ferric_status status;

    if (!node->is_open) return fe_buffer_append(text, node->text.data, node->text.size);
    status = fe_buffer_append(text, &node->kind, 1);
    for (const fe_node *child = node->first; child != NULL; child = last->next) {
        if (status == FERRIC_OK && child != node->first) status = fe_buffer_append(text, ",", 1);
        if (status != FERRIC_OK) return status;
        last = is_untouched(child) ? run_from(child) : child;
        if (is_untouched(child)) {
            const char *begin = begin_of(child);
            status = fe_buffer_append(text, begin, (size_t)(end_of(last) - begin));
        } else {
            status = write_child(child, text);
        }
    }
    if (status == FERRIC_OK) status = fe_buffer_append(text, node->kind == '{' ? "}" : "]", 1);
    return status;
}

ferric_status fe_node_text(fe_arena *arena, const fe_node *node, ferric_slice *text)
{
    ferric_buffer written = {0};
    ferric_status status;

    *text = node->text;
    if (!node->is_open) return FERRIC_OK;
    status = fe_node_write(node, &written);
    if (status == FERRIC_OK) status = fe_arena_copy(arena, fe_buffer_slice(&written), text);
    fe_buffer_deinit(&written);
    return status;
}

// How deep objects and arrays stand in one another.
static size_t depth_of(ferric_slice text)
{
    const uint8_t *at = fe_slice_bytes(text);
    const uint8_t *end = at + text.size;
    size_t depth = 0;
    size_t deepest = 0;

    while (at < end) {
        if (*at == '"') {
            at = fe_json_value_end(at, end);
            continue;
        }
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') depth--;
        if (depth > deepest) deepest = depth;
        at++;
    }
    return deepest;
}

ferric_status fe_node_finish(const fe_node *root, ferric_buffer *text)
{
    ferric_status status;

    fe_buffer_clear(text);
    status = fe_node_write(root, text);
    if (status != FERRIC_OK) return status;
    if (text->size >= FERRIC_VALUE_SIZE_MAX) {
        return fe_fail(FERRIC_TOO_LARGE, "the changed document has %zu bytes, at most %zu fit",
                       text->size, FERRIC_VALUE_SIZE_MAX - 1);
    }
    if (depth_of(fe_buffer_slice(text)) > FE_JSON_DEPTH_MAX) {
        return fe_fail(FERRIC_TOO_LARGE,
                       "the changed document has more than %d levels of objects and arrays",
                       FE_JSON_DEPTH_MAX);
    }
    return FERRIC_OK;
}
