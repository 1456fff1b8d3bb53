// SPDX-License-Identifier: Apache-2.0
// Names of fault kinds and the calls that each of them can befall.
#include "support/fault_plan.h"

#define CALL(name) (UINT32_C(1) << FAULT_CALL_##name)

static const struct {
    const char *name;
    uint32_t calls;
} kinds[FAULT_KIND_COUNT] = {
    [FAULT_NONE] = {"none", 0},
    [FAULT_IO] = {"io", (UINT32_C(1) << FAULT_CALL_COUNT) - 1},
    [FAULT_NO_SPACE] = {"no-space", CALL(CREATE) | CALL(CREATE_LOG) | CALL(CREATE_RING) |
                                        CALL(RENAME) | CALL(LINK) | CALL(MAKE_DIRECTORY) |
                                        CALL(WRITE) | CALL(LOG_RESERVE)},
    [FAULT_SHORT] = {"short", CALL(WRITE) | CALL(LOG_COMMIT) | CALL(LOG_RESERVE)},
    [FAULT_SHORT_SPACE] = {"short-no-space", CALL(WRITE) | CALL(LOG_RESERVE)},
    [FAULT_MANY_FILES] = {"many-files", CALL(OPEN) | CALL(CREATE) | CALL(CREATE_LOG) |
                                            CALL(CREATE_RING) | CALL(LIST) | CALL(SYNC_DIRECTORY) |
                                            CALL(LOCK)},
    [FAULT_SYNC_KEPT] = {"sync-kept", CALL(SYNC) | CALL(LOG_SYNC)},
    [FAULT_SYNC_LOST] = {"sync-lost", CALL(SYNC) | CALL(LOG_SYNC)},
    [FAULT_SYNC_DIRECTORY] = {"sync-directory", CALL(SYNC_DIRECTORY)},
    [FAULT_RENAME] = {"rename", CALL(RENAME)},
    [FAULT_REMOVE] = {"remove", CALL(REMOVE)},
    [FAULT_FLIP] = {"flip", CALL(READ)},
    [FAULT_LATE] = {"late", CALL(WRITE) | CALL(LOG_COMMIT)},
};

const char *fault_kind_name(fault_kind kind)
{
    return kinds[kind].name;
}

bool fault_befalls(fault_kind kind, fault_call call)
{
    return (kinds[kind].calls >> call & 1) != 0;
}
