// SPDX-License-Identifier: Apache-2.0
// The time by which entries expire: the system's clock, which never goes back here.
//
//   engine time = max(system clock, monotonic clock + lead)
//
// `lead` is the most that engine time was ever ahead of the monotonic clock. So while the system
// clock is behind (it was set back, or the machine began with a wrong one), engine time goes on
// with the monotonic clock from the newest time that was seen, in this open or, by the times in
// frames, in an earlier one. What was found expired therefore stays so.
//
// Reading it costs two reads of clocks, so it is read when an entry with an expiry is met, and by
// commits, which record it.
//
// Threads: any.
#ifndef FERRIC_LSM_ENGINE_CLOCK_H
#define FERRIC_LSM_ENGINE_CLOCK_H

#include <stdatomic.h>

#include "os/vfs.h"

// A difference of the clocks above it is told as a jump.
#define FE_CLOCK_JUMP_MS ((int64_t)24 * 3600 * 1000)

typedef struct fe_engine_clock {
    fe_vfs *vfs;
    _Atomic(int64_t) lead_ms;   // INT64_MIN: the clock was not read yet.
    _Atomic(int64_t) behind_ms; // How far the system clock was behind when it was last read.
    _Atomic(uint64_t) jumps;    // How often the clocks went apart by FE_CLOCK_JUMP_MS.
    _Atomic(int64_t) jump_ms;   // By how much the last time; negative: the system clock went back.
    _Atomic(bool) is_jump_untold;
} fe_engine_clock;

void fe_engine_clock_init(fe_engine_clock *clock, fe_vfs *vfs);

// Engine time in milliseconds since 1970-01-01 UTC: at least every time that was returned or raised
// to before.
uint64_t fe_engine_clock_now(fe_engine_clock *clock);

// For records that are made often: at least every time that was returned or raised to before, at
// most what fe_engine_clock_now would return, and one look at a clock instead of two.
uint64_t fe_engine_clock_seen(fe_engine_clock *clock);

// Makes engine time at least `recorded_ms`, as an earlier open recorded it. 0 is none.
void fe_engine_clock_raise(fe_engine_clock *clock, uint64_t recorded_ms);

// The jump that was not told yet, once; false when there is none.
bool fe_engine_clock_take_jump(fe_engine_clock *clock, int64_t *jump_ms);

// How far engine time is ahead of the system clock, in milliseconds; 0 when it is not.
uint64_t fe_engine_clock_ahead_ms(fe_engine_clock *clock);

#endif
