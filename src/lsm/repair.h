// SPDX-License-Identifier: Apache-2.0
// What repairing a database and copying it have in common.
#ifndef FERRIC_LSM_REPAIR_H
#define FERRIC_LSM_REPAIR_H

#include <ferric/ferric.h>

#include "lsm/index_reset.h"

typedef struct fe_repair_request {
    const char *source;
    const ferric_options *source_options; // Only its key counts.
    const char *target;                   // Must not exist.
    const ferric_options *options;        // How the new one is written; its vfs is for both.
    bool is_copy; // The new one is encrypted as `options` says; else as the source is.
    fe_schema_reset_function reset; // What becomes of indexes; NULL: they stay.
    ferric_finding_callback finding;
    void *context;
} fe_repair_request;

// Errors: as ferric_repair.
ferric_status fe_repair_carry_out(const fe_repair_request *request, ferric_repair_report *report);

#endif
