// SPDX-License-Identifier: Apache-2.0
// Numbers for people: 63,666 and 41.2 MiB and 1.5 s.
#ifndef FERRIC_CLI_FIGURES_H
#define FERRIC_CLI_FIGURES_H

#include <stdint.h>

typedef struct cli_figure {
    char text[32];
} cli_figure;

// With commas between thousands.
cli_figure cli_count_text(uint64_t count);
// In bytes, KiB, MiB ... with one digit behind the point.
cli_figure cli_size_text(uint64_t size_bytes);
// In ns, us, ms, s, or minutes and seconds.
cli_figure cli_duration_text(uint64_t duration_ns);
// `count` in `duration_ns` as a whole number a second, with commas.
cli_figure cli_rate_text(uint64_t count, uint64_t duration_ns);

// The monotonic clock.
uint64_t cli_now_ns(void);

#endif
