// SPDX-License-Identifier: Apache-2.0
// The process that is killed: it opens a database, says which commits it finds, and goes on
// committing, telling each acknowledgement through a pipe.
//
// The commits of a lane are numbered from 1 and follow from the seed, the lane and the number
// alone, so that both sides know the state after commit n without a word. A lane is one writing
// thread and owns every lane_count-th key; its commits are made in order.
#ifndef FERRIC_KILL_KILL_WRITER_H
#define FERRIC_KILL_KILL_WRITER_H

#include <ferric/ferric.h>

#include "support/model_table.h"

#define KILL_LANE_MAX 4u

typedef struct kill_plan {
    const char *path;
    uint64_t seed;
    ferric_fsync fsync;
    uint32_t lane_count; // 1 to KILL_LANE_MAX.
    bool is_ringless;    // As on a file system that is not fit for rings.
    uint64_t acknowledged[KILL_LANE_MAX];
} kill_plan;

typedef enum kill_message_kind {
    KILL_FOUND = 1,        // After open: the lane's newest commit.
    KILL_ACKNOWLEDGED = 2, // A write returned OK.
    KILL_WRONG = 3,        // The contract is broken; `text` says how.
} kill_message_kind;

// Small enough to pass a pipe whole.
typedef struct kill_message {
    uint32_t kind;
    uint32_t lane;
    uint64_t number;
    char text[256];
} kill_message;

// Opens, compares and, unless `is_check_only`, writes until it is killed. Returns false when it
// told of something wrong.
bool kill_writer_run(const kill_plan *plan, int pipe, bool is_check_only);

// What commit `number` of a lane makes of a table.
void kill_model_apply(const kill_plan *plan, uint32_t lane, uint64_t number, model_table *table);
// The part of what was found that belongs to a lane. A lane alone has the default lifetime too.
void kill_model_lane(const model_table *found, uint32_t lane_count, uint32_t lane,
                     model_table *part);
// Whether such a part is what the lane's commits made.
bool kill_model_equal(const model_table *table, const model_table *part);

#endif
