// SPDX-License-Identifier: Apache-2.0
// A small, fast generator for skip-list heights, sampling and tests (SplitMix64, Steele, Lea and
// Flood, 2014). Not for secrets: those come from the vfs.
#ifndef FERRIC_BASE_RANDOM_H
#define FERRIC_BASE_RANDOM_H

#include <stdint.h>

typedef struct fe_random {
    uint64_t state;
} fe_random;

static inline uint64_t fe_random_next(fe_random *random)
{
    uint64_t value = (random->state += 0x9e3779b97f4a7c15u);
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

// Uniform in [0, bound); bound is not 0.
static inline uint64_t fe_random_below(fe_random *random, uint64_t bound)
{
    return fe_random_next(random) % bound;
}

#endif
