// SPDX-License-Identifier: Apache-2.0
// The range deletes of a memtable: for every state that a reader may look at, which keys are
// deleted and by which commit.
//
//   commit 4 deletes [a, m)      state 4:  [a, m) 4
//   commit 9 deletes [f, p)      state 9:  [a, f) 4   [f, p) 9        newest
//                                            shares what it can with state 4
//
// A state has each key once, with the newest commit that deleted it. It is a search tree that is
// never changed: a new range delete copies the path to its bounds and shares all else (a treap: J.
// Driscoll et al., "Making data structures persistent", 1989; C. Aragon and R. Seidel, "Randomized
// search trees", 1989). So writing costs the logarithm of the number of ranges whatever they
// overlap, readers need no lock, and old states stay for old snapshots.
//
// Invariants
// R1. One writer; any number of readers beside it. What a published state leads to never changes
//     and lives as long as the tree.
// R2. States are staged before their commit goes into the log, where memory may run out, and are
//     published after it: a commit that fails is unstaged.
// R3. Commits come in the order of their numbers.
#ifndef FERRIC_LSM_RANGE_TREE_H
#define FERRIC_LSM_RANGE_TREE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/random.h"
#include "format/range_deletes.h"

typedef struct fe_range_node fe_range_node;
typedef struct fe_range_state fe_range_state;

typedef struct fe_range_tree {
    // Of the one writer:
    fe_arena arena;
    fe_random random;
    const fe_range_state *staged;
    // Of all:
    _Atomic(const fe_range_state *) newest; // NULL: there are no range deletes.
} fe_range_tree;

// {0} is an empty tree.
void fe_range_tree_deinit(fe_range_tree *tree);

// Adds a state in which the commit `sequence` has deleted [lower, upper) too; nobody sees it before
// it is published. Keys are copied. Errors: FERRIC_NO_MEMORY: what is staged stays as it was.
ferric_status fe_range_tree_stage(fe_range_tree *tree, ferric_slice lower, ferric_slice upper,
                                  uint64_t sequence);
void fe_range_tree_publish(fe_range_tree *tree);
// Forgets what is staged and not published.
void fe_range_tree_unstage(fe_range_tree *tree);

static inline bool fe_range_tree_is_empty(const fe_range_tree *tree)
{
    // Pairs with the release in publish.
    return atomic_load_explicit(&tree->newest, memory_order_acquire) == NULL;
}

// How many range deletes were published, and the heap bytes that they and those before them took.
uint64_t fe_range_tree_count(const fe_range_tree *tree);
size_t fe_range_tree_memory(const fe_range_tree *tree);
// What staged ones take too. For the writer.
size_t fe_range_tree_arena_bytes(const fe_range_tree *tree);

// As fe_range_deletes_narrow.
void fe_range_tree_narrow(const fe_range_tree *tree, ferric_slice key, uint64_t sequence,
                          fe_range_cover *cover);

// Told each run of keys of the state at `sequence`, in order. Another status than FERRIC_OK ends
// the walk and is returned.
typedef ferric_status (*fe_range_visitor)(void *context, ferric_slice lower, ferric_slice upper,
                                          uint64_t sequence);
ferric_status fe_range_tree_visit(const fe_range_tree *tree, uint64_t sequence,
                                  fe_range_visitor visitor, void *context);
// Whether readers at both numbers see the same state.
bool fe_range_tree_is_same(const fe_range_tree *tree, uint64_t a, uint64_t b);

#endif
