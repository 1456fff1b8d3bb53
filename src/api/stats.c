// SPDX-License-Identifier: Apache-2.0
// Statistics as a struct, as JSON and for Prometheus. One table has the name, kind and help of each
// number, so that the three never differ.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/arguments.h"
#include "api/handles.h"
#include "base/buffer.h"
#include "base/status.h"

typedef enum field_kind {
    FIELD_COUNTER,    // uint64_t that only grows.
    FIELD_COUNTER_NS, // The same in nanoseconds; Prometheus wants seconds.
    FIELD_GAUGE,      // uint64_t.
    FIELD_GAUGE_NS,
    FIELD_GAUGE_32, // uint32_t.
    FIELD_RATIO,    // double.
} field_kind;

typedef struct field {
    const char *name;   // Of the struct's member, and in JSON.
    const char *metric; // In Prometheus, without "ferric_".
    field_kind kind;
    size_t offset;
    const char *help;
} field;

#define AT(member) offsetof(ferric_stats, member)

static const field fields[] = {
    {"uptime_ns", "uptime_seconds", FIELD_GAUGE_NS, AT(uptime_ns), "Time since open."},
    {"last_version", "last_version", FIELD_GAUGE, AT(last_version),
     "Version of the newest commit."},
    {"durable_version", "durable_version", FIELD_GAUGE, AT(durable_version),
     "Newest version known to be on disk."},
    {"oldest_unsynced_ns", "oldest_unsynced_seconds", FIELD_GAUGE_NS, AT(oldest_unsynced_ns),
     "Age of the oldest commit that is not synced yet."},
    {"user_bytes_written", "user_written_bytes_total", FIELD_COUNTER, AT(user_bytes_written),
     "Bytes of keys and values that users wrote."},
    {"user_bytes_read", "user_read_bytes_total", FIELD_COUNTER, AT(user_bytes_read),
     "Bytes of keys and values that users read by key."},
    {"log_bytes_written", "log_written_bytes_total", FIELD_COUNTER, AT(log_bytes_written),
     "Bytes written to logs."},
    {"table_bytes_written", "table_written_bytes_total", FIELD_COUNTER, AT(table_bytes_written),
     "Bytes written to tables by flush and compaction."},
    {"table_bytes_read", "table_read_bytes_total", FIELD_COUNTER, AT(table_bytes_read),
     "Bytes read from tables by compaction."},
    {"manifest_bytes_written", "manifest_written_bytes_total", FIELD_COUNTER,
     AT(manifest_bytes_written), "Bytes written to manifests."},
    {"value_bytes_written", "value_written_bytes_total", FIELD_COUNTER, AT(value_bytes_written),
     "Bytes that commits wrote to value files."},
    {"value_bytes_collected", "value_collected_bytes_total", FIELD_COUNTER,
     AT(value_bytes_collected), "Bytes written to value files again to give space back."},
    {"value_files", "value_files", FIELD_GAUGE, AT(value_files), "Files of large values."},
    {"value_file_bytes", "value_file_bytes", FIELD_GAUGE, AT(value_file_bytes),
     "Size of all value files."},
    {"value_live_bytes", "value_live_bytes", FIELD_GAUGE, AT(value_live_bytes),
     "Bytes of value files that tables refer to."},
    {"expiring_entries", "expiring_entries", FIELD_GAUGE, AT(expiring_entries),
     "Entries of tables that have an expiry."},
    {"expired_entries", "expired_entries_total", FIELD_COUNTER, AT(expired_entries),
     "Expired entries that were taken out of tables and memtables."},
    {"clock_ahead_ms", "clock_ahead_milliseconds", FIELD_GAUGE, AT(clock_ahead_ms),
     "How far the time of expiry is ahead of the system clock."},
    {"clock_jumps", "clock_jumps_total", FIELD_COUNTER, AT(clock_jumps),
     "Jumps of the system clock by more than a day."},
    {"log_syncs", "log_syncs_total", FIELD_COUNTER, AT(log_syncs), "Syncs of logs."},
    {"commit_groups", "commit_groups_total", FIELD_COUNTER, AT(commit_groups),
     "Groups of commits, each one frame of the log."},
    {"disk_bytes", "disk_bytes", FIELD_GAUGE, AT(disk_bytes), "Size of all files."},
    {"write_amplification", "write_amplification_ratio", FIELD_RATIO, AT(write_amplification),
     "Bytes written to files for each byte of the users'."},
    {"read_amplification", "read_amplification_ratio", FIELD_RATIO, AT(read_amplification),
     "Tables examined for each read by key."},
    {"memory_limit", "memory_limit_bytes", FIELD_GAUGE, AT(memory_limit),
     "The option memory_limit."},
    {"memory_used", "memory_used_bytes", FIELD_GAUGE, AT(memory_used),
     "Memory that memory_limit counts."},
    {"memory_memtables", "memory_memtables_bytes", FIELD_GAUGE, AT(memory_memtables),
     "Memory of memtables."},
    {"memory_cache", "memory_cache_bytes", FIELD_GAUGE, AT(memory_cache),
     "Memory of cached blocks."},
    {"memory_tables", "memory_tables_bytes", FIELD_GAUGE, AT(memory_tables),
     "Memory of indexes and filters of open tables."},
    {"memory_pinned", "memory_pinned_bytes", FIELD_GAUGE, AT(memory_pinned),
     "Memory of values that users hold."},
    {"cache_hits", "cache_hits_total", FIELD_COUNTER, AT(cache_hits), "Blocks found in the cache."},
    {"cache_misses", "cache_misses_total", FIELD_COUNTER, AT(cache_misses),
     "Blocks read because the cache did not have them."},
    {"filter_probes", "filter_probes_total", FIELD_COUNTER, AT(filter_probes),
     "Questions to filters of tables."},
    {"filter_rejections", "filter_rejections_total", FIELD_COUNTER, AT(filter_rejections),
     "Tables not read thanks to their filter."},
    {"tables_open", "tables_open", FIELD_GAUGE, AT(tables_open), "Open tables."},
    {"memtables", "memtables", FIELD_GAUGE, AT(memtables),
     "Memtables, active or waiting for flush."},
    {"snapshots", "snapshots", FIELD_GAUGE, AT(snapshots), "Snapshots that are held."},
    {"compaction_debt_bytes", "compaction_debt_bytes", FIELD_GAUGE, AT(compaction_debt_bytes),
     "Bytes to rewrite until every level has its size."},
    {"stall_count", "stalls_total", FIELD_COUNTER, AT(stall_count),
     "Writes that were slowed or had to wait."},
    {"stall_ns", "stall_seconds_total", FIELD_COUNTER_NS, AT(stall_ns),
     "Time that writes were slowed or had to wait."},
    {"stall_memtables", "stalls_memtables_total", FIELD_COUNTER, AT(stall_memtables),
     "Stalls because memtables waited for flush."},
    {"stall_level0", "stalls_level0_total", FIELD_COUNTER, AT(stall_level0),
     "Stalls because level 0 had too many tables."},
    {"stall_debt", "stalls_debt_total", FIELD_COUNTER, AT(stall_debt),
     "Stalls because of compaction debt."},
    {"recovery_frames", "recovery_frames", FIELD_GAUGE, AT(recovery_frames),
     "Frames of logs that this open replayed."},
    {"recovery_commits", "recovery_commits", FIELD_GAUGE, AT(recovery_commits),
     "Commits that this open replayed."},
    {"recovery_bytes_dropped", "recovery_dropped_bytes", FIELD_GAUGE, AT(recovery_bytes_dropped),
     "Bytes of a torn tail that this open dropped."},
    {"recovery_ns", "recovery_seconds", FIELD_GAUGE_NS, AT(recovery_ns),
     "Time that this open spent on recovery."},
    {"background_errors", "background_errors_total", FIELD_COUNTER, AT(background_errors),
     "Flushes, compactions and timed syncs that failed."},
};

#undef AT
#define AT(member) offsetof(ferric_operation_stats, member)

// Of one operation. The outcomes come first: they are one metric with a label.
static const field outcome_fields[] = {
    {"successes", "success", FIELD_COUNTER, AT(successes), NULL},
    {"not_found", "not_found", FIELD_COUNTER, AT(not_found), NULL},
    {"conflicts", "conflict", FIELD_COUNTER, AT(conflicts), NULL},
    {"failures", "failure", FIELD_COUNTER, AT(failures), NULL},
};
static const field attempt_fields[] = {
    {"attempts", "operation_attempts_total", FIELD_COUNTER, AT(attempts), "Calls that began."},
    {"samples", "operation_latency_samples_total", FIELD_COUNTER, AT(samples),
     "Calls that were timed."},
};
static const field quantile_fields[] = {
    {"p50_ns", "0.5", FIELD_GAUGE_NS, AT(p50_ns), NULL},
    {"p90_ns", "0.9", FIELD_GAUGE_NS, AT(p90_ns), NULL},
    {"p99_ns", "0.99", FIELD_GAUGE_NS, AT(p99_ns), NULL},
    {"p999_ns", "0.999", FIELD_GAUGE_NS, AT(p999_ns), NULL},
    {"p9999_ns", "0.9999", FIELD_GAUGE_NS, AT(p9999_ns), NULL},
    {"max_ns", "1", FIELD_GAUGE_NS, AT(max_ns), NULL},
};

#undef AT
#define AT(member) offsetof(ferric_level_stats, member)

static const field level_fields[] = {
    {"tables", "level_tables", FIELD_GAUGE_32, AT(tables), "Tables of a level."},
    {"bytes", "level_bytes", FIELD_GAUGE, AT(bytes), "Size of a level's tables."},
    {"entries", "level_entries", FIELD_GAUGE, AT(entries), "Entries of a level, deletes included."},
    {"deletes", "level_deletes", FIELD_GAUGE, AT(deletes), "Deletes of a level."},
    {"compactions", "level_compactions_total", FIELD_COUNTER, AT(compactions),
     "Compactions into a level."},
    {"bytes_read", "level_read_bytes_total", FIELD_COUNTER, AT(bytes_read),
     "Bytes read by compactions into a level."},
    {"bytes_written", "level_written_bytes_total", FIELD_COUNTER, AT(bytes_written),
     "Bytes written by flushes and compactions into a level."},
};
#undef AT

static const char *const operation_names[FERRIC_OPERATION_COUNT] = {
    [FERRIC_OPERATION_PUT] = "put",
    [FERRIC_OPERATION_DELETE] = "delete",
    [FERRIC_OPERATION_WRITE] = "write",
    [FERRIC_OPERATION_GET] = "get",
    [FERRIC_OPERATION_MULTI_GET] = "multi_get",
    [FERRIC_OPERATION_SEEK] = "seek",
    [FERRIC_OPERATION_NEXT] = "next",
    [FERRIC_OPERATION_SYNC] = "sync",
    [FERRIC_OPERATION_FLUSH] = "flush",
    [FERRIC_OPERATION_COMPACT] = "compact",
};

#define COUNT_OF(table) (sizeof(table) / sizeof(table)[0])

// ---- Values ---------------------------------------------------------------------------------

// Numbers are written with integer formats alone: printf writes a double with the decimal point of
// the application's locale, which neither format allows.

static ferric_status put_thousandths(ferric_buffer *text, double value)
{
    uint64_t thousandths = value > 0 && value < 1e15 ? (uint64_t)(value * 1000 + 0.5) : 0;
    return fe_buffer_format(text, "%" PRIu64 ".%03u", thousandths / 1000,
                            (unsigned)(thousandths % 1000));
}

static uint64_t number_of(const void *stats, const field *each)
{
    const uint8_t *at = (const uint8_t *)stats + each->offset;
    uint64_t number;
    uint32_t narrow;

    if (each->kind == FIELD_GAUGE_32) {
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    }
    memcpy(&number, at, sizeof number);
    return number;
}

static ferric_status put_value(ferric_buffer *text, const void *stats, const field *each,
                               bool in_seconds)
{
    bool is_time = each->kind == FIELD_COUNTER_NS || each->kind == FIELD_GAUGE_NS;
    double ratio;
    uint64_t number;

    if (each->kind == FIELD_RATIO) {
        memcpy(&ratio, (const uint8_t *)stats + each->offset, sizeof ratio);
        return put_thousandths(text, ratio);
    }
    number = number_of(stats, each);
    if (is_time && in_seconds) {
        return fe_buffer_format(text, "%" PRIu64 ".%09u", number / 1000000000,
                                (unsigned)(number % 1000000000));
    }
    return fe_buffer_format(text, "%" PRIu64, number);
}

// ---- JSON -----------------------------------------------------------------------------------

// Members of an object, the first one without a comma before it when `is_first`.
static ferric_status put_members(ferric_buffer *json, const void *stats, const field *table,
                                 size_t count, bool is_first)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        status = fe_buffer_format(json, "%s\"%s\":", is_first && i == 0 ? "" : ",", table[i].name);
        if (status == FERRIC_OK) status = put_value(json, stats, &table[i], false);
    }
    return status;
}

static ferric_status put_operation(ferric_buffer *json, const ferric_operation_stats *stats)
{
    ferric_status status = put_members(json, stats, attempt_fields, COUNT_OF(attempt_fields), true);

    if (status == FERRIC_OK) {
        status = put_members(json, stats, outcome_fields, COUNT_OF(outcome_fields), false);
    }
    if (status == FERRIC_OK) {
        status = put_members(json, stats, quantile_fields, COUNT_OF(quantile_fields), false);
    }
    return status;
}

static ferric_status put_json(ferric_buffer *json, const ferric_stats *stats)
{
    ferric_status status = fe_buffer_format(json, "{");

    if (status == FERRIC_OK) status = put_members(json, stats, fields, COUNT_OF(fields), true);
    if (status == FERRIC_OK) {
        status = fe_buffer_format(json, ",\"background_status\":\"%s\",\"operations\":{",
                                  fe_status_name(stats->background_status));
    }
    for (size_t i = 0; i < FERRIC_OPERATION_COUNT && status == FERRIC_OK; i++) {
        status = fe_buffer_format(json, "%s\"%s\":{", i == 0 ? "" : ",", operation_names[i]);
        if (status == FERRIC_OK) status = put_operation(json, &stats->operations[i]);
        if (status == FERRIC_OK) status = fe_buffer_format(json, "}");
    }
    if (status == FERRIC_OK) status = fe_buffer_format(json, "},\"levels\":[");
    for (size_t i = 0; i < FERRIC_LEVEL_COUNT && status == FERRIC_OK; i++) {
        status = fe_buffer_format(json, "%s{", i == 0 ? "" : ",");
        if (status == FERRIC_OK) {
            status =
                put_members(json, &stats->levels[i], level_fields, COUNT_OF(level_fields), true);
        }
        if (status == FERRIC_OK) status = fe_buffer_format(json, "}");
    }
    return status == FERRIC_OK ? fe_buffer_format(json, "]}") : status;
}

// ---- Prometheus -----------------------------------------------------------------------------

static ferric_status put_head(ferric_buffer *text, const char *metric, bool is_counter,
                              const char *help)
{
    return fe_buffer_format(text, "# HELP ferric_%s %s\n# TYPE ferric_%s %s\n", metric, help,
                            metric, is_counter ? "counter" : "gauge");
}

static ferric_status put_field_head(ferric_buffer *text, const field *each)
{
    bool is_counter = each->kind == FIELD_COUNTER || each->kind == FIELD_COUNTER_NS;
    return put_head(text, each->metric, is_counter, each->help);
}

// One line; `labels` has its braces, or is empty.
static ferric_status put_sample(ferric_buffer *text, const char *metric, const char *labels,
                                const void *stats, const field *each)
{
    ferric_status status = fe_buffer_format(text, "ferric_%s%s ", metric, labels);

    if (status == FERRIC_OK) status = put_value(text, stats, each, true);
    return status == FERRIC_OK ? fe_buffer_append(text, "\n", 1) : status;
}

// All samples of a metric stand together, so the loop over operations is the inner one.
static ferric_status put_operation_metric(ferric_buffer *text, const ferric_stats *stats,
                                          const char *metric, const char *label, const field *table,
                                          size_t count)
{
    char labels[64];
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < FERRIC_OPERATION_COUNT; i++) {
        for (size_t j = 0; j < count && status == FERRIC_OK; j++) {
            if (label == NULL) {
                snprintf(labels, sizeof labels, "{operation=\"%s\"}", operation_names[i]);
            } else {
                snprintf(labels, sizeof labels, "{operation=\"%s\",%s=\"%s\"}", operation_names[i],
                         label, table[j].metric);
            }
            status = put_sample(text, metric, labels, &stats->operations[i], &table[j]);
        }
    }
    return status;
}

static ferric_status put_operations(ferric_buffer *text, const ferric_stats *stats)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < COUNT_OF(attempt_fields) && status == FERRIC_OK; i++) {
        const field *each = &attempt_fields[i];
        status = put_field_head(text, each);
        if (status != FERRIC_OK) break;
        status = put_operation_metric(text, stats, each->metric, NULL, each, 1);
    }
    if (status == FERRIC_OK) {
        status = put_head(text, "operations_total", true, "Calls that ended, by outcome.");
    }
    if (status == FERRIC_OK) {
        status = put_operation_metric(text, stats, "operations_total", "outcome", outcome_fields,
                                      COUNT_OF(outcome_fields));
    }
    if (status == FERRIC_OK) {
        status = put_head(text, "operation_latency_seconds", false,
                          "Latency of one call in 64; quantile 1 is the longest.");
    }
    if (status == FERRIC_OK) {
        status = put_operation_metric(text, stats, "operation_latency_seconds", "quantile",
                                      quantile_fields, COUNT_OF(quantile_fields));
    }
    return status;
}

static ferric_status put_levels(ferric_buffer *text, const ferric_stats *stats)
{
    char labels[32];
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < COUNT_OF(level_fields) && status == FERRIC_OK; i++) {
        const field *each = &level_fields[i];
        status = put_field_head(text, each);
        for (size_t j = 0; j < FERRIC_LEVEL_COUNT && status == FERRIC_OK; j++) {
            snprintf(labels, sizeof labels, "{level=\"%zu\"}", j);
            status = put_sample(text, each->metric, labels, &stats->levels[j], each);
        }
    }
    return status;
}

static ferric_status put_prometheus(ferric_buffer *text, const ferric_stats *stats)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < COUNT_OF(fields) && status == FERRIC_OK; i++) {
        status = put_field_head(text, &fields[i]);
        if (status == FERRIC_OK) status = put_sample(text, fields[i].metric, "", stats, &fields[i]);
    }
    if (status == FERRIC_OK) {
        status = put_head(text, "background_status", false,
                          "Status code that keeps the database from writing; 0 is none.");
    }
    if (status == FERRIC_OK) {
        status =
            fe_buffer_format(text, "ferric_background_status %d\n", (int)stats->background_status);
    }
    if (status == FERRIC_OK) status = put_operations(text, stats);
    if (status == FERRIC_OK) status = put_levels(text, stats);
    return status;
}

// ---- Calls ----------------------------------------------------------------------------------

ferric_status ferric_stats_get(ferric_db *db, ferric_stats *stats)
{
    const char *call = "ferric_stats_get";
    ferric_stats all;
    size_t size;
    ferric_status status;

    if (stats == NULL) return fe_argument_is_null(call, "stats");
    size = stats->struct_size;
    if (size < sizeof size) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: struct_size is %zu: begin with FERRIC_STATS_INIT", call, size);
    }
    status = fe_db_check(call, db);
    if (status != FERRIC_OK) return status;
    memset(&all, 0, sizeof all);
    fe_store_stats(db->store, &all);
    all.struct_size = size;
    // A caller with an older header gets what it knows; what a newer one has more is zero.
    if (size > sizeof all) memset((uint8_t *)stats + sizeof all, 0, size - sizeof all);
    memcpy(stats, &all, size < sizeof all ? size : sizeof all);
    return FERRIC_OK;
}

// Replaces `text` by what `put` writes, ended by a zero byte that size does not count.
static ferric_status write_text(const char *call, ferric_db *db, ferric_buffer *text,
                                ferric_status (*put)(ferric_buffer *, const ferric_stats *))
{
    ferric_stats stats = FERRIC_STATS_INIT;
    ferric_status status;

    if (text == NULL) return fe_argument_is_null(call, "text");
    fe_buffer_clear(text);
    status = fe_db_check(call, db);
    if (status == FERRIC_OK) status = ferric_stats_get(db, &stats);
    if (status == FERRIC_OK) status = put(text, &stats);
    if (status == FERRIC_OK) status = fe_buffer_append(text, "", 1);
    if (status != FERRIC_OK) {
        fe_buffer_clear(text);
        return status;
    }
    text->size--;
    return FERRIC_OK;
}

ferric_status ferric_stats_json(ferric_db *db, ferric_buffer *text)
{
    return write_text("ferric_stats_json", db, text, put_json);
}

ferric_status ferric_stats_prometheus(ferric_db *db, ferric_buffer *text)
{
    return write_text("ferric_stats_prometheus", db, text, put_prometheus);
}
