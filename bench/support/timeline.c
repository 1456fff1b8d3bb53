// SPDX-License-Identifier: Apache-2.0
// Stretches of time; see timeline.h.
#include "support/timeline.h"

#include <string.h>

void bench_timeline_init(bench_timeline *timeline)
{
    memset(timeline, 0, sizeof(*timeline));
    timeline->width_ns = BENCH_TIMELINE_WIDTH_NS;
    timeline->count = 1;
}

// BENCH_TIMELINE_MAX is even: the last one that is begun next begins a pair.
static void merge_pairs(bench_timeline *timeline)
{
    for (size_t i = 0; i < BENCH_TIMELINE_MAX / 2; i++)
        timeline->items[i] = timeline->items[2 * i] + timeline->items[2 * i + 1];
    memset(&timeline->items[BENCH_TIMELINE_MAX / 2], 0, sizeof(timeline->items) / 2);
    timeline->count = BENCH_TIMELINE_MAX / 2;
    timeline->width_ns *= 2;
    timeline->begin_ns = (timeline->count - 1) * timeline->width_ns;
}

void bench_timeline_move(bench_timeline *timeline, uint64_t now_ns)
{
    while (now_ns - timeline->begin_ns >= timeline->width_ns) {
        if (timeline->count == BENCH_TIMELINE_MAX) {
            merge_pairs(timeline);
            continue;
        }
        timeline->begin_ns += timeline->width_ns;
        timeline->count++;
    }
}
