// SPDX-License-Identifier: Apache-2.0
// How many items were done in each stretch of time, however long it lasts: when all stretches are
// used, two by two become one, and the next are twice as wide.
#ifndef FERRIC_SUPPORT_TIMELINE_H
#define FERRIC_SUPPORT_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_TIMELINE_MAX 400
#define BENCH_TIMELINE_WIDTH_NS 100000000u // Of a stretch, at first.

typedef struct bench_timeline {
    uint64_t width_ns;
    uint64_t begin_ns; // Of the last stretch, since the beginning.
    size_t count;      // Stretches; 0: nothing was added.
    uint64_t items[BENCH_TIMELINE_MAX];
} bench_timeline;

void bench_timeline_init(bench_timeline *timeline);

// `now_ns` since the beginning, not before that of the call before.
void bench_timeline_move(bench_timeline *timeline, uint64_t now_ns);

static inline void bench_timeline_add(bench_timeline *timeline, uint64_t now_ns, uint64_t items)
{
    if (now_ns - timeline->begin_ns >= timeline->width_ns) bench_timeline_move(timeline, now_ns);
    timeline->items[timeline->count - 1] += items;
}

#endif
