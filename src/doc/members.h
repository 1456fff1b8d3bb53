// SPDX-License-Identifier: Apache-2.0
// The members of an object in the order of their names, whatever order they are written in.
#ifndef FERRIC_DOC_MEMBERS_H
#define FERRIC_DOC_MEMBERS_H

#include <ferric/ferric.h>

// Up to so many are sorted without memory of the heap.
#define FE_MEMBERS_FEW 8

typedef struct fe_member {
    ferric_slice name; // A literal.
    ferric_slice value;
} fe_member;

typedef struct fe_members {
    ferric_slice object;
    size_t count;
    size_t given;
    fe_member few[FE_MEMBERS_FEW];
    fe_member *many; // NULL when there are few, or when there was no memory for more:
    fe_member last;  // then each next one is looked for behind this one, in all of the object.
} fe_members;

// Begins a walk over `object`, whose text outlives it. Cannot fail: without memory it is slow.
void fe_members_init(fe_members *members, ferric_slice object);
void fe_members_deinit(fe_members *members);

// The next member, false at the end.
bool fe_members_next(fe_members *members, fe_member *member);

#endif
