// SPDX-License-Identifier: Apache-2.0
// Numbers for people; see figures.h.
#include "cli/figures.h"

#include <stdio.h>

#include "os/vfs.h"

cli_figure cli_count_text(uint64_t count)
{
    cli_figure figure;
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    char *out = figure.text;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) *out++ = ',';
        *out++ = digits[i];
    }
    *out = 0;
    return figure;
}

cli_figure cli_size_text(uint64_t size_bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    cli_figure figure;
    double value = (double)size_bytes / 1024;
    int unit = 0;

    if (size_bytes < 1024) {
        snprintf(figure.text, sizeof figure.text, "%d B", (int)size_bytes);
        return figure;
    }
    while (value >= 1023.95) {
        value /= 1024;
        unit++;
    }
    snprintf(figure.text, sizeof figure.text, "%.1f %s", value, units[unit]);
    return figure;
}

cli_figure cli_duration_text(uint64_t duration_ns)
{
    cli_figure figure;
    double value = (double)duration_ns;
    if (duration_ns < 1000) {
        snprintf(figure.text, sizeof figure.text, "%d ns", (int)duration_ns);
    } else if (value < 999950) {
        snprintf(figure.text, sizeof figure.text, "%.1f us", value / 1e3);
    } else if (value < 999950000) {
        snprintf(figure.text, sizeof figure.text, "%.1f ms", value / 1e6);
    } else if (value < 60e9) {
        snprintf(figure.text, sizeof figure.text, "%.1f s", value / 1e9);
    } else {
        snprintf(figure.text, sizeof figure.text, "%llu:%02d min",
                 (unsigned long long)(duration_ns / 60000000000u),
                 (int)(duration_ns / 1000000000u % 60));
    }
    return figure;
}

cli_figure cli_rate_text(uint64_t count, uint64_t duration_ns)
{
    double seconds = (double)duration_ns / 1e9;
    return cli_count_text(seconds > 0 ? (uint64_t)((double)count / seconds) : 0);
}

uint64_t cli_now_ns(void)
{
    return fe_vfs_monotonic_ns(fe_vfs_posix());
}
