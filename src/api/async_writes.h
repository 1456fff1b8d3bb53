// SPDX-License-Identifier: Apache-2.0
// What all calls that begin an asynchronous commit check.
#ifndef FERRIC_API_ASYNC_WRITES_H
#define FERRIC_API_ASYNC_WRITES_H

#include <ferric/ferric.h>

// FERRIC_INVALID_ARGUMENT: there is no callback, or a version is to be left where nobody waits for
// it. `taken` are the completed options; NULL: there are none.
ferric_status fe_async_check(const char *call, ferric_commit_callback callback,
                             const ferric_write_options *taken);

#endif
