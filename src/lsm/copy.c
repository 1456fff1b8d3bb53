// SPDX-License-Identifier: Apache-2.0
// Repair and copy as the layers above know them. A copy is a repair that finds no damage.
#include <stdio.h>

#include "base/status.h"
#include "lsm/repair.h"
#include "lsm/store.h"

// Of a problem that is told with the failure of a copy.
#define PROBLEM_SIZE 256

ferric_status fe_store_repair(const char *damaged, const char *repaired,
                              const ferric_options *options, fe_schema_reset_function reset,
                              ferric_finding_callback finding, void *context,
                              ferric_repair_report *report)
{
    const fe_repair_request request = {
        .source = damaged,
        .source_options = options,
        .target = repaired,
        .options = options,
        .reset = reset,
        .finding = finding,
        .context = context,
    };
    return fe_repair_carry_out(&request, report);
}

// Keeps the first problem.
static void keep_problem(void *context, const char *path, uint64_t offset, const char *text)
{
    char *problem = context;

    (void)path;
    (void)offset;
    if (problem[0] == 0) (void)snprintf(problem, PROBLEM_SIZE, "%s", text);
}

ferric_status fe_store_copy(const char *source, const ferric_options *source_options,
                            const char *target, const ferric_options *target_options)
{
    char problem[PROBLEM_SIZE] = "";
    const fe_repair_request request = {
        .source = source,
        .source_options = source_options,
        .target = target,
        .options = target_options,
        .is_copy = true,
        .finding = keep_problem,
        .context = problem,
    };
    ferric_repair_report report;
    ferric_status status = fe_repair_carry_out(&request, &report);

    if (status != FERRIC_OK || report.findings == 0) return status;
    (void)fe_store_destroy(target, target_options);
    return fe_fail(FERRIC_CORRUPT,
                   "%s was not copied, since not all of it can be read: %s. After a crash `ferric "
                   "compact` gives up the torn end of its log; else run `ferric repair`",
                   source, problem);
}
