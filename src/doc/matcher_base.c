// SPDX-License-Identifier: Apache-2.0
// The document that an upsert begins with: what a filter says that values are equal to.
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/condition.h"
#include "doc/json_tree.h"

static ferric_status contradiction(const fe_path *path)
{
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "the filter demands two things of \"%.*s\", so no document can be made from it",
                   path->text.size > 200 ? 200 : (int)path->text.size,
                   (const char *)path->text.data);
}

// Puts the value of one equality at its path. Objects that were made stay open, values do not.
static ferric_status put(fe_arena *arena, fe_node *root, const fe_condition *equality)
{
    const fe_path *path = equality->path;
    fe_node *node = root;

    for (size_t i = 0; i < path->step_count; i++) {
        bool is_last = i + 1 == path->step_count;
        fe_node *child;
        ferric_status status;
        if (!node->is_open) return contradiction(path);
        status = fe_node_member(arena, node, path->steps[i].name, &child);
        if (status != FERRIC_OK) return status;
        if (child != NULL && is_last) {
            bool is_same = !child->is_open && fe_value_equal(child->text, equality->operand);
            return is_same ? FERRIC_OK : contradiction(path);
        }
        if (child == NULL) {
            status = fe_node_add_member(arena, node, path->steps[i].name,
                                        is_last ? equality->operand : fe_slice("{}", 2), &child);
            if (status == FERRIC_OK && !is_last) status = fe_node_open(arena, child);
            if (status != FERRIC_OK) return status;
        }
        node = child;
    }
    return FERRIC_OK;
}

static ferric_status take_id(const fe_condition *equality, ferric_slice *id)
{
    if (fe_json_kind(equality->operand) != '"') {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "the filter's \"_id\" is no string");
    }
    if (id->size > 0 && !fe_value_equal(*id, equality->operand))
        return contradiction(equality->path);
    *id = equality->operand;
    return FERRIC_OK;
}

ferric_status fe_matcher_base_document(const fe_matcher *matcher, ferric_buffer *json,
                                       ferric_slice *id)
{
    fe_arena arena;
    fe_node *root;
    ferric_status status;

    *id = fe_slice(NULL, 0);
    fe_arena_init(&arena);
    status = fe_node_create(&arena, fe_slice("{}", 2), &root);
    if (status == FERRIC_OK) status = fe_node_open(&arena, root);
    for (const fe_condition *each = matcher->root->first; status == FERRIC_OK && each != NULL;
         each = each->next) {
        if (each->kind != FE_CONDITION_EQUAL) continue;
        status = each->path->is_id ? take_id(each, id) : put(&arena, root, each);
    }
    if (status == FERRIC_OK) status = fe_node_write(root, json);
    fe_arena_deinit(&arena);
    return status;
}
