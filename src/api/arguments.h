// SPDX-License-Identifier: Apache-2.0
// What callers hand in, checked once and in one way: NULLs, and option structs that may come from a
// program built with an older or a newer header.
#ifndef FERRIC_API_ARGUMENTS_H
#define FERRIC_API_ARGUMENTS_H

#include <ferric/ferric.h>

// FERRIC_INVALID_ARGUMENT: `argument` of the public function `call` is NULL.
ferric_status fe_argument_is_null(const char *call, const char *argument);

// Completes an option struct of `size` bytes that begins with struct_size. What is missing at its
// end, because the caller's header is older, and a NULL `given`, take `defaults`. A longer struct
// of a newer header is accepted when all that this library does not know is zero.
// Errors: FERRIC_INVALID_ARGUMENT, naming `type`.
ferric_status fe_struct_take(const char *type, const void *given, const void *defaults, size_t size,
                             void *taken);

// The same for each struct of calls that read or write, with its values checked.
ferric_status fe_write_options_take(const ferric_write_options *given, ferric_write_options *taken);
ferric_status fe_read_options_take(const ferric_read_options *given, ferric_read_options *taken);
ferric_status fe_iterator_options_take(const ferric_iterator_options *given,
                                       ferric_iterator_options *taken);
ferric_status fe_txn_options_take(const ferric_txn_options *given, ferric_txn_options *taken);

// The path of a database. Errors: FERRIC_INVALID_ARGUMENT: it is NULL or empty.
ferric_status fe_path_check(const char *call, const char *path);

// A slice that may be empty: FERRIC_INVALID_ARGUMENT when it has a size and no data.
ferric_status fe_slice_check(const char *call, const char *argument, ferric_slice slice);

#endif
