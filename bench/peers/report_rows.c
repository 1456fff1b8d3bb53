// SPDX-License-Identifier: Apache-2.0
// Which figures the tables show, in which order, and how a figure is written.
#include "peers/peers_report.h"

#include <string.h>

#include "peers/workload.h"
#include "support/failure.h"

const report_row report_rows[] = {
    {"fill-seq", METRIC_RATE, "", REPORT_RATE, false},
    {"fill-random", METRIC_RATE, "", REPORT_RATE, false},
    {"fill-random", METRIC_P50_NS, "p50", REPORT_TIME_NS, true},
    {"fill-random", METRIC_P999_NS, "p99.9", REPORT_TIME_NS, true},
    {"fill-random", METRIC_MAX_NS, "longest put", REPORT_TIME_NS, true},
    {"fill-random", METRIC_SETTLE_SECONDS, "until at rest", REPORT_SECONDS, true},
    {"fill-random", METRIC_WRITE_AMPLIFICATION, "bytes written over user bytes", REPORT_FACTOR,
     true},
    {"fill-random", METRIC_DIRTY_AMPLIFICATION, "file pages dirtied over user bytes", REPORT_FACTOR,
     true},
    {"fill-random", METRIC_SPACE_AMPLIFICATION, "disk over user bytes", REPORT_FACTOR, true},
    {"fill-random", METRIC_MEMORY_BYTES, "anonymous memory, peak", REPORT_BYTES, true},
    {"fill-random", METRIC_MEMORY_SHARE, "the same over the memory allowed", REPORT_FACTOR, true},
    {"fill-batch", METRIC_RATE, "", REPORT_RATE, false},
    {"overwrite", METRIC_RATE, "", REPORT_RATE, false},
    {"delete-random", METRIC_RATE, "", REPORT_RATE, false},
    {"read-random", METRIC_RATE, "", REPORT_RATE, false},
    {"read-random", METRIC_P50_NS, "p50", REPORT_TIME_NS, true},
    {"read-random", METRIC_P99_NS, "p99", REPORT_TIME_NS, true},
    {"read-random", METRIC_MEMORY_BYTES, "anonymous memory, peak", REPORT_BYTES, true},
    {"read-random-2", METRIC_RATE, "", REPORT_RATE, false},
    {"read-zipfian", METRIC_RATE, "", REPORT_RATE, false},
    {"read-missing", METRIC_RATE, "", REPORT_RATE, false},
    {"scan-100", METRIC_RATE, "", REPORT_RATE, false},
    {"read-beside-write", METRIC_RATE, "the reader", REPORT_RATE, false},
    {"read-beside-write", METRIC_BESIDE_RATE, "the writer", REPORT_RATE, false},
    {"read-beside-write", METRIC_P99_NS, "the reader's p99", REPORT_TIME_NS, true},
    {"ycsb-a", METRIC_RATE, "", REPORT_RATE, false},
    {"ycsb-b", METRIC_RATE, "", REPORT_RATE, false},
    {"ycsb-c", METRIC_RATE, "", REPORT_RATE, false},
    {"ycsb-d", METRIC_RATE, "", REPORT_RATE, false},
    {"ycsb-e", METRIC_RATE, "", REPORT_RATE, false},
    {"ycsb-f", METRIC_RATE, "", REPORT_RATE, false},
    {"fill-strings", METRIC_RATE, "", REPORT_RATE, false},
    {"fill-strings", METRIC_SPACE_AMPLIFICATION, "disk over user bytes", REPORT_FACTOR, true},
    {"read-strings", METRIC_RATE, "", REPORT_RATE, false},
    {"scan-strings", METRIC_RATE, "", REPORT_RATE, false},
    {"fill-4k", METRIC_RATE, "", REPORT_RATE, false},
    {"fill-4k", METRIC_WRITE_AMPLIFICATION, "bytes written over user bytes", REPORT_FACTOR, true},
    {"read-4k", METRIC_RATE, "", REPORT_RATE, false},
    {"commit-1", METRIC_RATE, "", REPORT_RATE, false},
    {"commit-1", METRIC_P50_NS, "p50", REPORT_TIME_NS, true},
    {"commit-1", METRIC_P99_NS, "p99", REPORT_TIME_NS, true},
    {"commit-4", METRIC_RATE, "", REPORT_RATE, false},
    {"commit-16", METRIC_RATE, "", REPORT_RATE, false},
    {"txn-1", METRIC_RATE, "", REPORT_RATE, false},
    {"txn-1", METRIC_P50_NS, "p50", REPORT_TIME_NS, true},
    {"txn-4", METRIC_RATE, "", REPORT_RATE, false},
    {"txn-16", METRIC_RATE, "", REPORT_RATE, false},
    {"txn-hot-1", METRIC_RATE, "", REPORT_RATE, false},
    {"txn-hot-16", METRIC_RATE, "", REPORT_RATE, false},
    {"reopen-clean", METRIC_OPEN_MS, "", REPORT_TIME_MS, true},
    {"reopen-kill", METRIC_OPEN_MS, "", REPORT_TIME_MS, true},
    {"reopen-kill", METRIC_LOST, "acknowledged puts lost", REPORT_COUNT, true},
    {"reopen-kill-log", METRIC_OPEN_MS, "", REPORT_TIME_MS, true},
    {"reopen-kill-log", METRIC_LOST, "acknowledged puts lost", REPORT_COUNT, true},
    {.workload = NULL},
};

static void format_rate(double value, char *text, size_t size)
{
    if (value >= 1e6)
        bench_format(text, size, "%.2fM", value / 1e6);
    else if (value >= 1e5)
        bench_format(text, size, "%.0fk", value / 1e3);
    else if (value >= 1e3)
        bench_format(text, size, "%.1fk", value / 1e3);
    else
        bench_format(text, size, "%.0f", value);
}

static void format_time(double nanoseconds, char *text, size_t size)
{
    if (nanoseconds >= 1e9)
        bench_format(text, size, "%.2f s", nanoseconds / 1e9);
    else if (nanoseconds >= 1e7)
        bench_format(text, size, "%.0f ms", nanoseconds / 1e6);
    else if (nanoseconds >= 1e6)
        bench_format(text, size, "%.1f ms", nanoseconds / 1e6);
    else if (nanoseconds >= 1e5)
        bench_format(text, size, "%.0f us", nanoseconds / 1e3);
    else if (nanoseconds >= 1e3)
        bench_format(text, size, "%.2f us", nanoseconds / 1e3);
    else
        bench_format(text, size, "%.0f ns", nanoseconds);
}

void report_format(report_unit unit, double value, char *text, size_t size)
{
    switch (unit) {
    case REPORT_RATE:
        format_rate(value, text, size);
        break;
    case REPORT_TIME_NS:
        format_time(value, text, size);
        break;
    case REPORT_TIME_MS:
        format_time(value * 1e6, text, size);
        break;
    case REPORT_SECONDS:
        bench_format(text, size, "%.1f s", value);
        break;
    case REPORT_BYTES:
        bench_format(text, size, "%.0f MiB", value / 1048576);
        break;
    case REPORT_FACTOR:
        bench_format(text, size, "%.2f", value);
        break;
    case REPORT_COUNT:
        bench_format(text, size, "%.0f", value);
        break;
    }
}

void report_label(const report_row *row, char *text, size_t size)
{
    const workload *work = workload_find(row->workload);

    if (work == NULL) bench_die("the row %s is of no workload", row->workload);
    if (row->label[0] == '\0' && row->unit == REPORT_RATE)
        bench_format(text, size, "%s, %s", work->title, work->unit);
    else if (row->label[0] == '\0')
        bench_format(text, size, "%s", work->title);
    else
        bench_format(text, size, "%s: %s", work->title, row->label);
}

const char *report_policy(const report_row *row)
{
    const workload_group *group = workload_group_find(workload_find(row->workload)->group);

    return group->is_synced ? "fsync" : "no fsync";
}

// Whether the two engines' figures are of one kind. What a mapped file costs is neither written by
// calls nor anonymous memory, so that such an engine would show next to nothing.
static bool is_comparable(const report_run *run, const report_row *row, const char *peer)
{
    size_t i;

    if (row->which != METRIC_WRITE_AMPLIFICATION && row->which != METRIC_MEMORY_BYTES &&
        row->which != METRIC_MEMORY_SHARE)
        return true;
    for (i = 0; i < run->engine_count; i++)
        if (strcmp(run->engines[i].name, peer) == 0) return !run->engines[i].is_mapped;
    return false;
}

// Seconds below this are the grain of the measurement.
#define SECONDS_GRAIN 0.1

double report_ratio(const report_run *run, const report_row *row, const char *peer)
{
    report_figure ours = report_find(run, "ferric", row->workload, row->which);
    report_figure theirs = report_find(run, peer, row->workload, row->which);
    double our_value = ours.median, their_value = theirs.median;

    if (!ours.is_there || !theirs.is_there || !is_comparable(run, row, peer)) return 0;
    if (row->unit == REPORT_SECONDS) {
        if (our_value < SECONDS_GRAIN) our_value = SECONDS_GRAIN;
        if (their_value < SECONDS_GRAIN) their_value = SECONDS_GRAIN;
    }
    if (our_value <= 0 || their_value <= 0) return 0;
    return row->is_smaller_better ? their_value / our_value : our_value / their_value;
}

void report_format_ratio(double ratio, char *text, size_t size)
{
    if (ratio >= 100)
        bench_format(text, size, "%.0f", ratio);
    else if (ratio >= 10)
        bench_format(text, size, "%.1f", ratio);
    else if (ratio >= 0.1)
        bench_format(text, size, "%.2f", ratio);
    else
        bench_format(text, size, "%.1g", ratio);
}

bool report_row_is_there(const report_run *run, const report_row *row)
{
    size_t i;

    for (i = 0; i < run->engine_count; i++)
        if (report_find(run, run->engines[i].name, row->workload, row->which).is_there) return true;
    return false;
}
