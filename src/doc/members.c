// SPDX-License-Identifier: Apache-2.0
// Sorted members; see members.h.
#include "doc/members.h"

#include <stdlib.h>

#include "base/json_text.h"
#include "base/memory.h"

static int compare_names(const void *a, const void *b)
{
    const fe_member *left = a;
    const fe_member *right = b;
    return fe_json_string_compare(left->name, right->name);
}

static void fill(ferric_slice object, fe_member *members)
{
    fe_json_walk walk = fe_json_walk_into(object);
    while (fe_json_next_member(&walk, &members->name, &members->value))
        members++;
}

static void sort_few(fe_member *members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        fe_member moved = members[i];
        size_t at = i;
        for (; at > 0 && compare_names(&moved, &members[at - 1]) < 0; at--)
            members[at] = members[at - 1];
        members[at] = moved;
    }
}

void fe_members_init(fe_members *members, ferric_slice object)
{
    fe_json_walk walk = fe_json_walk_into(object);
    fe_member member;

    members->object = object;
    members->count = 0;
    members->given = 0;
    members->many = NULL;
    while (fe_json_next_member(&walk, &member.name, &member.value))
        members->count++;
    if (members->count <= FE_MEMBERS_FEW) {
        fill(object, members->few);
        sort_few(members->few, members->count);
        return;
    }
    members->many = fe_alloc_zero(members->count, sizeof *members->many);
    if (members->many == NULL) return;
    fill(object, members->many);
    qsort(members->many, members->count, sizeof *members->many, compare_names);
}

void fe_members_deinit(fe_members *members)
{
    fe_free(members->many);
    members->many = NULL;
}

// The least member behind the last one given.
static fe_member find_next(const fe_members *members)
{
    fe_json_walk walk = fe_json_walk_into(members->object);
    fe_member found = {{NULL, 0}, {NULL, 0}};
    fe_member each;

    while (fe_json_next_member(&walk, &each.name, &each.value)) {
        if (members->given > 0 && compare_names(&each, &members->last) <= 0) continue;
        if (found.name.size == 0 || compare_names(&each, &found) < 0) found = each;
    }
    return found;
}

bool fe_members_next(fe_members *members, fe_member *member)
{
    if (members->given == members->count) return false;
    if (members->many != NULL) {
        *member = members->many[members->given];
    } else if (members->count <= FE_MEMBERS_FEW) {
        *member = members->few[members->given];
    } else {
        *member = find_next(members);
        members->last = *member;
    }
    members->given++;
    return true;
}
