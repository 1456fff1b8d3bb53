// SPDX-License-Identifier: Apache-2.0
// RFC 7396; see patch.h.
#include <stdlib.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "doc/json.h"
#include "doc/json_tree.h"
#include "doc/patch.h"

// A patch of more members finds the target's by binary search.
#define FEW_MEMBERS 16

// The members that the target has before the patch, by name; NULL: few, looked for one by one.
typedef struct directory {
    fe_node **members;
    size_t count;
} directory;

static int compare_nodes(const void *a, const void *b)
{
    const fe_node *left = *(fe_node *const *)a;
    const fe_node *right = *(fe_node *const *)b;
    return fe_json_string_compare(left->name, right->name);
}

static int compare_to_node(const void *name, const void *node)
{
    return fe_json_string_compare(*(const ferric_slice *)name, (*(fe_node *const *)node)->name);
}

static bool has_many_members(ferric_slice object)
{
    fe_json_walk walk = fe_json_walk_into(object);
    ferric_slice name;
    ferric_slice value;
    size_t count = 0;
    while (count <= FEW_MEMBERS && fe_json_next_member(&walk, &name, &value))
        count++;
    return count > FEW_MEMBERS;
}

static ferric_status make_directory(fe_arena *arena, const fe_node *object, ferric_slice patch,
                                    directory *made)
{
    made->members = NULL;
    made->count = 0;
    if (!has_many_members(patch)) return FERRIC_OK;
    made->members = fe_arena_alloc(arena, (object->count + 1) * sizeof(fe_node *));
    if (made->members == NULL) return fe_no_memory("a patch", object->count);
    for (fe_node *each = object->first; each != NULL; each = each->next)
        made->members[made->count++] = each;
    qsort(made->members, made->count, sizeof(fe_node *), compare_nodes);
    return FERRIC_OK;
}

static fe_node *find_member(const directory *known, const fe_node *object, ferric_slice name)
{
    fe_node *each = object->first;
    if (known->members != NULL) {
        fe_node **found =
            bsearch(&name, known->members, known->count, sizeof(fe_node *), compare_to_node);
        return found == NULL ? NULL : *found;
    }
    while (each != NULL && fe_json_string_compare(each->name, name) != 0)
        each = each->next;
    return each;
}

static ferric_status merge(fe_arena *arena, fe_node *node, ferric_slice patch);

static ferric_status merge_member(fe_arena *arena, fe_node *object, const directory *known,
                                  ferric_slice name, ferric_slice value)
{
    fe_node *member = find_member(known, object, name);

    if (fe_json_kind(value) == 'n' && !FE_SEEDED_BUG(FE_BUG_MERGE_STORES_NULL)) {
        if (member != NULL) fe_node_remove(object, member);
        return FERRIC_OK;
    }
    if (member == NULL) {
        ferric_status status = fe_node_create(arena, fe_slice("null", 4), &member);
        if (status != FERRIC_OK) return status;
        member->name = name;
        fe_node_insert(object, NULL, member);
    }
    return merge(arena, member, value);
}

// Recurs as deep as the patch.
static ferric_status merge(fe_arena *arena, fe_node *node, ferric_slice patch)
{
    fe_json_walk walk = fe_json_walk_into(patch);
    directory known;
    ferric_slice name;
    ferric_slice value;
    ferric_status status;

    if (fe_json_kind(patch) != '{') {
        fe_node_set(node, patch);
        return FERRIC_OK;
    }
    if (node->kind != '{') fe_node_set(node, fe_slice("{}", 2));
    status = fe_node_open(arena, node);
    if (status == FERRIC_OK) status = make_directory(arena, node, patch, &known);
    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &value))
        status = merge_member(arena, node, &known, name, value);
    return status;
}

ferric_status fe_merge_patch(ferric_slice target, ferric_slice patch, ferric_buffer *text)
{
    ferric_buffer minified = {0};
    fe_arena arena;
    fe_node *root;
    ferric_status status;

    fe_arena_init(&arena);
    status = fe_json_minify(patch, &minified, NULL);
    if (status == FERRIC_OK) {
        status = fe_node_create(&arena, target.size > 0 ? target : fe_slice("{}", 2), &root);
    }
    if (status == FERRIC_OK) status = merge(&arena, root, fe_buffer_slice(&minified));
    if (status == FERRIC_OK) status = fe_node_finish(root, text);
    fe_buffer_deinit(&minified);
    fe_arena_deinit(&arena);
    return status;
}
