// SPDX-License-Identifier: Apache-2.0
// What an update is compiled to. Between its compiler and its interpreter.
#ifndef FERRIC_DOC_UPDATE_INSIDE_H
#define FERRIC_DOC_UPDATE_INSIDE_H

#include <ferric/ferric.h>

#include "base/arena.h"
#include "doc/matcher.h"
#include "doc/path.h"
#include "doc/update.h"

typedef enum fe_change_kind {
    FE_CHANGE_SET,
    FE_CHANGE_UNSET,
    FE_CHANGE_INCREMENT,
    FE_CHANGE_MULTIPLY,
    FE_CHANGE_MINIMUM,
    FE_CHANGE_MAXIMUM,
    FE_CHANGE_PUSH,
    FE_CHANGE_PULL,
    FE_CHANGE_ADD_TO_SET,
    FE_CHANGE_RENAME,
} fe_change_kind;

typedef struct fe_change {
    fe_change_kind kind;
    const char *name; // Of the operator.
    fe_path path;
    ferric_slice value; // The operand; of PUSH and ADD_TO_SET an array of what is added.
    fe_path target;     // Of RENAME.
    fe_matcher *pulled; // Of PULL with an object; else NULL.
    bool has_position;  // Of PUSH.
    bool has_slice;
    int64_t position;
    int64_t slice;
    struct fe_change *next;
} fe_change;

struct fe_update {
    fe_arena arena;
    fe_change *first;
    fe_arena scratch; // Of the document at hand.
};

// Compiles the minified `json`, which stands in the update's arena.
ferric_status fe_update_compile(fe_update *update, ferric_slice json);

#endif
