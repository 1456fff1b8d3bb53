// SPDX-License-Identifier: Apache-2.0
// A document being changed: a tree that is opened only where it is changed.
//
// A node is text until somebody asks for its members or elements; then it is a list of nodes, each
// text again. So what nobody touches is written back byte by byte. Nodes live in the caller's
// arena;
// texts are lent by the document, by the change or by the arena.
#ifndef FERRIC_DOC_JSON_TREE_H
#define FERRIC_DOC_JSON_TREE_H

#include <ferric/ferric.h>

#include "base/arena.h"

typedef struct fe_node {
    ferric_slice name; // A literal; of a member.
    ferric_slice text; // Unless it is open.
    bool is_open;
    bool is_found; // Name and text stand in the text of the parent, as it was opened.
    char kind;     // As fe_json_kind.
    size_t count;
    struct fe_node *first;
    struct fe_node *last;
    struct fe_node *next;
    struct fe_node *previous;
} fe_node;

// A node of this text. Errors: FERRIC_NO_MEMORY, as in all of these.
ferric_status fe_node_create(fe_arena *arena, ferric_slice text, fe_node **node);
// Replaces the value of a node.
void fe_node_set(fe_node *node, ferric_slice text);

// Makes the children of an object or array reachable from first to last.
ferric_status fe_node_open(fe_arena *arena, fe_node *node);
// The member whose name means `name`, NULL when there is none. `object` is opened.
ferric_status fe_node_member(fe_arena *arena, fe_node *object, ferric_slice name, fe_node **member);
// Element number `index`, NULL when there is none. `array` is opened.
ferric_status fe_node_element(fe_arena *arena, fe_node *array, size_t index, fe_node **element);
// Puts a child before `next`, at the end when that is NULL. `parent` is open.
void fe_node_insert(fe_node *parent, fe_node *next, fe_node *child);
void fe_node_remove(fe_node *parent, fe_node *child);
// Appends a member of that plain name.
ferric_status fe_node_add_member(fe_arena *arena, fe_node *object, ferric_slice name,
                                 ferric_slice text, fe_node **member);

// Appends the node's text.
ferric_status fe_node_write(const fe_node *node, ferric_buffer *text);
// The node's text, lent by the document or the arena.
ferric_status fe_node_text(fe_arena *arena, const fe_node *node, ferric_slice *text);
// Replaces `text` by the root's. Errors: FERRIC_TOO_LARGE: more than 128 levels, or no document of
// that size can be stored.
ferric_status fe_node_finish(const fe_node *root, ferric_buffer *text);

#endif
