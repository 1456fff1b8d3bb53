// SPDX-License-Identifier: Apache-2.0
// The options of a database: one table has their names, kinds, ranges and help texts.
#ifndef FERRIC_API_OPTIONS_H
#define FERRIC_API_OPTIONS_H

#include <ferric/ferric.h>

// Replaces *checked by `options` (NULL: the defaults), completed as fe_struct_take does, with each
// value in its range. Errors: FERRIC_INVALID_ARGUMENT, naming the option and its range.
ferric_status fe_options_check(const ferric_options *options, ferric_options *checked);

#endif
