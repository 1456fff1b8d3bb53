// SPDX-License-Identifier: Apache-2.0
// Statistics for a person; see stats_report.h.
#include "cli/stats_report.h"

#include <stdio.h>

#include "cli/figures.h"
#include "cli/output.h"

#define BAR_WIDTH 24

// Draws `part` of `whole` with `width` places; what is not nothing shows at least one.
static void print_bar(uint64_t part, uint64_t whole, int width)
{
    int filled = whole == 0 ? 0 : (int)((double)part / (double)whole * width + 0.5);
    if (part > 0 && filled == 0) filled = 1;
    if (filled > width) filled = width;
    cli_color_set(CLI_NUMBER);
    for (int i = 0; i < width; i++)
        cli_print("%c", i < filled ? '#' : '.');
    cli_color_set(CLI_PLAIN);
}

static void print_levels(const ferric_stats *stats)
{
    uint64_t largest = 0;
    for (int i = 0; i < FERRIC_LEVEL_COUNT; i++) {
        if (stats->levels[i].bytes > largest) largest = stats->levels[i].bytes;
    }
    if (largest == 0) {
        cli_print("  levels       no tables yet: everything is in the log\n");
        return;
    }
    for (int i = 0; i < FERRIC_LEVEL_COUNT; i++) {
        const ferric_level_stats *level = &stats->levels[i];
        if (level->tables == 0) continue;
        cli_print("  level %d      ", i);
        print_bar(level->bytes, largest, BAR_WIDTH);
        cli_print(" %10s  %u table%s, %s entries\n", cli_size_text(level->bytes).text,
                  level->tables, level->tables == 1 ? "" : "s",
                  cli_count_text(level->entries).text);
    }
}

static void print_memory(const ferric_stats *stats)
{
    cli_print("  memory       ");
    print_bar(stats->memory_used, stats->memory_limit, BAR_WIDTH);
    cli_print(" %10s  of %s: memtables %s, cache %s, tables %s, pinned %s\n",
              cli_size_text(stats->memory_used).text, cli_size_text(stats->memory_limit).text,
              cli_size_text(stats->memory_memtables).text, cli_size_text(stats->memory_cache).text,
              cli_size_text(stats->memory_tables).text, cli_size_text(stats->memory_pinned).text);
}

// Since the database was opened: a process that only looks at it has nothing to say here.
static void print_amplification(const ferric_stats *stats)
{
    if (stats->write_amplification > 0 || stats->read_amplification > 0) {
        cli_print("  amplified    write %.1fx, read %.1f tables a get\n",
                  stats->write_amplification, stats->read_amplification);
    }
    if (stats->compaction_debt_bytes > 0) {
        cli_print("  debt         %s to compact\n",
                  cli_size_text(stats->compaction_debt_bytes).text);
    }
}

static void print_recovery(const ferric_stats *stats)
{
    cli_print("  recovery     ");
    if (stats->recovery_frames == 0 && stats->recovery_bytes_dropped == 0) {
        cli_print("nothing to replay\n");
        return;
    }
    cli_print("%s commits in %s frames replayed", cli_count_text(stats->recovery_commits).text,
              cli_count_text(stats->recovery_frames).text);
    if (stats->recovery_bytes_dropped > 0) {
        cli_print(", a torn tail of %s dropped", cli_size_text(stats->recovery_bytes_dropped).text);
    }
    cli_print(", in %s\n", cli_duration_text(stats->recovery_ns).text);
}

static void print_expiry(const ferric_stats *stats)
{
    if (stats->expiring_entries > 0 || stats->expired_entries > 0) {
        cli_print("  expiry       %s entries expire", cli_count_text(stats->expiring_entries).text);
        cli_print("; %s expired taken out\n", cli_count_text(stats->expired_entries).text);
    }
    if (stats->clock_ahead_ms < 60000) return;
    cli_color_set(CLI_BAD);
    cli_print("  clock        keys expire by a time %s ahead of the system's\n",
              cli_duration_text(stats->clock_ahead_ms * 1000000).text);
    cli_color_set(CLI_PLAIN);
}

void cli_report_print(const ferric_stats *stats)
{
    cli_print("  version      %s", cli_count_text(stats->last_version).text);
    if (stats->oldest_unsynced_ns > 0) {
        cli_print(", durable up to %s, the rest is %s old",
                  cli_count_text(stats->durable_version).text,
                  cli_duration_text(stats->oldest_unsynced_ns).text);
    }
    cli_print("\n");
    print_levels(stats);
    print_memory(stats);
    print_amplification(stats);
    print_recovery(stats);
    print_expiry(stats);
    if (stats->background_status != FERRIC_OK) {
        cli_color_set(CLI_BAD);
        cli_print("  failed       %s in the background: writing is not possible\n",
                  ferric_status_name(stats->background_status));
        cli_color_set(CLI_PLAIN);
    }
}

void cli_report_operations(const ferric_stats *stats)
{
    static const char *const names[FERRIC_OPERATION_COUNT] = {
        "put", "delete", "write", "get", "multi-get", "seek", "next", "sync", "flush", "compact"};

    cli_print("  %-10s %12s %10s %10s %10s %10s %10s\n", "operation", "calls", "failures", "p50",
              "p99", "p99.9", "max");
    for (int i = 0; i < FERRIC_OPERATION_COUNT; i++) {
        const ferric_operation_stats *one = &stats->operations[i];
        if (one->attempts == 0) continue;
        cli_print("  %-10s %12s %10s %10s %10s %10s %10s\n", names[i],
                  cli_count_text(one->attempts).text, cli_count_text(one->failures).text,
                  cli_duration_text(one->p50_ns).text, cli_duration_text(one->p99_ns).text,
                  cli_duration_text(one->p999_ns).text, cli_duration_text(one->max_ns).text);
    }
}
