// SPDX-License-Identifier: Apache-2.0
// A persistent treap of disjoint ranges; drawing and invariants stand in the header.
#include "lsm/range_tree.h"

#include "base/memory.h"

// One run of keys. Nodes with a higher priority stand nearer to the root.
struct fe_range_node {
    const fe_range_node *left;
    const fe_range_node *right;
    ferric_slice lower;
    ferric_slice upper;
    uint64_t sequence;
    uint32_t priority;
};

// `jump` leads over many older states, so that the state of an old snapshot is found in a
// logarithmic number of steps (E. Myers, "An applicative random-access stack", 1983).
struct fe_range_state {
    const fe_range_state *older;
    const fe_range_state *jump;
    const fe_range_node *root;
    uint64_t sequence;
    uint64_t number;     // Of the states up to it.
    size_t memory_bytes; // Of the tree, with it.
};

void fe_range_tree_deinit(fe_range_tree *tree)
{
    fe_arena_deinit(&tree->arena);
    tree->staged = NULL;
    atomic_store_explicit(&tree->newest, NULL, memory_order_relaxed);
}

// ---- Writing --------------------------------------------------------------------------------

static fe_range_node *copy_node(fe_range_tree *tree, const fe_range_node *node)
{
    fe_range_node *copy = fe_arena_alloc(&tree->arena, sizeof *copy);

    if (copy != NULL) *copy = *node;
    return copy;
}

// Divides the tree at `key` into what is below it and the rest. Returns false without memory.
static bool split(fe_range_tree *tree, const fe_range_node *node, ferric_slice key,
                  const fe_range_node **below, const fe_range_node **rest)
{
    fe_range_node *copy;
    fe_range_node *second;

    *below = NULL;
    *rest = NULL;
    if (node == NULL) return true;
    copy = copy_node(tree, node);
    if (copy == NULL) return false;
    if (fe_slice_compare(node->upper, key) <= 0) {
        *below = copy;
        return split(tree, node->right, key, &copy->right, rest);
    }
    if (fe_slice_compare(node->lower, key) >= 0) {
        *rest = copy;
        return split(tree, node->left, key, below, &copy->left);
    }
    second = copy_node(tree, node);
    if (second == NULL) return false;
    copy->upper = key;
    copy->right = NULL;
    second->lower = key;
    second->left = NULL;
    *below = copy;
    *rest = second;
    return true;
}

// Joins two trees, all of `left` before all of `right`.
static bool join(fe_range_tree *tree, const fe_range_node *left, const fe_range_node *right,
                 const fe_range_node **joined)
{
    fe_range_node *copy;

    *joined = left == NULL ? right : left;
    if (left == NULL || right == NULL) return true;
    copy = copy_node(tree, left->priority > right->priority ? left : right);
    *joined = copy;
    if (copy == NULL) return false;
    if (left->priority > right->priority) return join(tree, left->right, right, &copy->right);
    return join(tree, left, right->left, &copy->left);
}

// The tree with `added`, whose keys lose what was said of them.
static bool overwrite(fe_range_tree *tree, const fe_range_node *root, const fe_range_node *added,
                      const fe_range_node **result)
{
    const fe_range_node *below;
    const fe_range_node *covered;
    const fe_range_node *above;
    const fe_range_node *rest;

    return split(tree, root, added->lower, &below, &rest) &&
           split(tree, rest, added->upper, &covered, &above) && join(tree, below, added, &rest) &&
           join(tree, rest, above, result);
}

static bool make_node(fe_range_tree *tree, ferric_slice lower, ferric_slice upper,
                      uint64_t sequence, fe_range_node **node)
{
    fe_range_node *made = fe_arena_alloc(&tree->arena, sizeof *made);

    *node = made;
    if (made == NULL) return false;
    *made =
        (fe_range_node){.sequence = sequence, .priority = (uint32_t)fe_random_next(&tree->random)};
    return fe_arena_copy(&tree->arena, lower, &made->lower) == FERRIC_OK &&
           fe_arena_copy(&tree->arena, upper, &made->upper) == FERRIC_OK;
}

static void link_state(fe_range_state *state, const fe_range_state *older)
{
    state->older = older;
    state->number = older == NULL ? 1 : older->number + 1;
    state->jump = older;
    if (older == NULL || older->jump == NULL || older->jump->jump == NULL) return;
    // Two jumps of the same length make one of twice that.
    if (older->number - older->jump->number == older->jump->number - older->jump->jump->number)
        state->jump = older->jump->jump;
}

ferric_status fe_range_tree_stage(fe_range_tree *tree, ferric_slice lower, ferric_slice upper,
                                  uint64_t sequence)
{
    const fe_range_node *root = tree->staged == NULL ? NULL : tree->staged->root;
    fe_range_state *state = fe_arena_alloc(&tree->arena, sizeof *state);
    fe_range_node *added;

    if (state == NULL || !make_node(tree, lower, upper, sequence, &added) ||
        !overwrite(tree, root, added, &state->root)) {
        return fe_no_memory("a range delete", sizeof *state);
    }
    link_state(state, tree->staged);
    state->sequence = sequence;
    state->memory_bytes = tree->arena.size_bytes;
    tree->staged = state;
    return FERRIC_OK;
}

void fe_range_tree_publish(fe_range_tree *tree)
{
    // Who finds the state finds it whole.
    atomic_store_explicit(&tree->newest, tree->staged, memory_order_release);
}

void fe_range_tree_unstage(fe_range_tree *tree)
{
    tree->staged = atomic_load_explicit(&tree->newest, memory_order_relaxed);
}

uint64_t fe_range_tree_count(const fe_range_tree *tree)
{
    const fe_range_state *newest = atomic_load_explicit(&tree->newest, memory_order_acquire);

    return newest == NULL ? 0 : newest->number;
}

size_t fe_range_tree_memory(const fe_range_tree *tree)
{
    const fe_range_state *newest = atomic_load_explicit(&tree->newest, memory_order_acquire);

    return newest == NULL ? 0 : newest->memory_bytes;
}

size_t fe_range_tree_arena_bytes(const fe_range_tree *tree)
{
    return tree->arena.size_bytes;
}

// ---- Reading --------------------------------------------------------------------------------

// The newest state that a reader at `sequence` sees; NULL when it sees none.
static const fe_range_state *state_at(const fe_range_tree *tree, uint64_t sequence)
{
    const fe_range_state *state = atomic_load_explicit(&tree->newest, memory_order_acquire);

    while (state != NULL && state->sequence > sequence) {
        bool is_jump = state->jump != NULL && state->jump->sequence > sequence;
        state = is_jump ? state->jump : state->older;
    }
    return state;
}

void fe_range_tree_narrow(const fe_range_tree *tree, ferric_slice key, uint64_t sequence,
                          fe_range_cover *cover)
{
    const fe_range_state *state = state_at(tree, sequence);
    const fe_range_node *node = state == NULL ? NULL : state->root;

    while (node != NULL) {
        if (fe_slice_compare(key, node->lower) < 0) {
            fe_range_cover_end_at(cover, node->lower);
            node = node->left;
        } else if (fe_slice_compare(key, node->upper) >= 0) {
            fe_range_cover_begin_at(cover, node->upper);
            node = node->right;
        } else {
            fe_range_cover_begin_at(cover, node->lower);
            fe_range_cover_end_at(cover, node->upper);
            if (node->sequence > cover->sequence) cover->sequence = node->sequence;
            return;
        }
    }
}

static ferric_status visit(const fe_range_node *node, fe_range_visitor visitor, void *context)
{
    ferric_status status = FERRIC_OK;

    if (node == NULL) return FERRIC_OK;
    status = visit(node->left, visitor, context);
    if (status == FERRIC_OK) status = visitor(context, node->lower, node->upper, node->sequence);
    return status == FERRIC_OK ? visit(node->right, visitor, context) : status;
}

bool fe_range_tree_is_same(const fe_range_tree *tree, uint64_t a, uint64_t b)
{
    return state_at(tree, a) == state_at(tree, b);
}

ferric_status fe_range_tree_visit(const fe_range_tree *tree, uint64_t sequence,
                                  fe_range_visitor visitor, void *context)
{
    const fe_range_state *state = state_at(tree, sequence);

    return state == NULL ? FERRIC_OK : visit(state->root, visitor, context);
}
