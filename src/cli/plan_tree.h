// SPDX-License-Identifier: Apache-2.0
// What ferric_explain tells, laid out for reading: the plan as a tree, a line for each of its
// parts, then what was examined and returned, and the index that is missed.
#ifndef FERRIC_CLI_PLAN_TREE_H
#define FERRIC_CLI_PLAN_TREE_H

#include <ferric/ferric.h>

// Prints `explain`, what ferric_explain gave. Errors: FERRIC_NO_MEMORY.
ferric_status cli_plan_print(ferric_slice explain);
// Whether its plan examines every document.
bool cli_plan_is_scan(ferric_slice explain);
// The predicate that was probably meant when nothing was found; empty when there is none.
ferric_slice cli_plan_meant(ferric_slice explain);

#endif
