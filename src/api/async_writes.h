// SPDX-License-Identifier: Apache-2.0
// What all calls that begin an asynchronous commit check, and how they send it on its way.
#ifndef FERRIC_API_ASYNC_WRITES_H
#define FERRIC_API_ASYNC_WRITES_H

#include "api/handles.h"

// FERRIC_INVALID_ARGUMENT: there is no callback, or a version is to be left where nobody waits for
// it. `taken` are the completed options; NULL: there are none.
ferric_status fe_async_check(const char *call, ferric_commit_callback callback,
                             const ferric_write_options *taken);

// Takes over what was begun: sends it to its commit, or gives it up when filling it had the status
// `filled`, which is returned.
ferric_status fe_async_go(ferric_db *db, fe_async_write *write, ferric_status filled);

#endif
