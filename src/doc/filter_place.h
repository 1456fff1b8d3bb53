// SPDX-License-Identifier: Apache-2.0
// Where in a filter its compiler is, for messages: "$or[1].age.$gte". Steps stand on the compiler's
// stack, each knows the one around it, and nothing is spelled before something is wrong.
#ifndef FERRIC_DOC_FILTER_PLACE_H
#define FERRIC_DOC_FILTER_PLACE_H

#include <ferric/ferric.h>

// One step: a name, or one of a list.
typedef struct fe_filter_place {
    const struct fe_filter_place *outer; // NULL: at the top.
    ferric_slice name;                   // NULL: of a list,
    size_t number;                       // this one.
} fe_filter_place;

// FERRIC_INVALID_ARGUMENT with a message that begins with the place, NULL at the top; or
// FERRIC_NO_MEMORY.
ferric_status fe_filter_place_fail(const fe_filter_place *place, const char *reason);

#endif
