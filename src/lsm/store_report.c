// SPDX-License-Identifier: Apache-2.0
// What the store knows about itself, as numbers.
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "lsm/store_state.h"

static void report_levels(fe_store *store, const fe_version *version, ferric_stats *stats)
{
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        const fe_level *level = &version->levels[i];
        ferric_level_stats *out = &stats->levels[i];
        memset(out, 0, sizeof *out);
        out->tables = level->count;
        out->bytes = level->bytes;
        for (uint32_t j = 0; j < level->count; j++) {
            out->entries += level->files[j]->entries;
            out->deletes += level->files[j]->deletes;
        }
    }
    fe_mutex_lock(&store->mutex);
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        stats->levels[i].compactions = store->level_compactions[i];
        stats->levels[i].bytes_read = store->level_bytes_read[i];
        stats->levels[i].bytes_written = store->level_bytes_written[i];
    }
    stats->snapshots = store->snapshots.count;
    stats->memory_memtables = store->memtables_bytes + fe_page_pool_bytes(&store->pages);
    stats->background_status = store->background_status;
    fe_mutex_unlock(&store->mutex);
}

// What range deletes take beside the memtables that they are in.
static uint64_t range_delete_bytes(const fe_view *view)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < view->memtable_count; i++) {
        fe_memtable_stats stats;
        fe_memtable_stats_get(view->memtables[i]->memtable, &stats);
        bytes += stats.range_bytes;
    }
    return bytes;
}

static void report_counters(const fe_store *store, ferric_stats *stats)
{
    const fe_statistics *from = store->statistics;

    for (uint32_t i = 0; i < FERRIC_OPERATION_COUNT; i++) {
        fe_statistics_operation(from, (ferric_operation)i, &stats->operations[i]);
    }
    stats->user_bytes_written = fe_statistics_sum(from, FE_COUNTER_USER_BYTES_WRITTEN);
    stats->user_bytes_read = fe_statistics_sum(from, FE_COUNTER_USER_BYTES_READ);
    stats->log_bytes_written = fe_statistics_sum(from, FE_COUNTER_LOG_BYTES);
    stats->manifest_bytes_written = fe_statistics_sum(from, FE_COUNTER_MANIFEST_BYTES);
    stats->value_bytes_written = fe_statistics_sum(from, FE_COUNTER_VALUE_BYTES);
    stats->value_bytes_collected = fe_statistics_sum(from, FE_COUNTER_COLLECTED_BYTES);
    stats->log_syncs = fe_statistics_sum(from, FE_COUNTER_LOG_SYNCS);
    stats->commit_groups = fe_statistics_sum(from, FE_COUNTER_COMMIT_GROUPS);
    stats->stall_count = fe_statistics_sum(from, FE_COUNTER_STALLS);
    stats->stall_ns = fe_statistics_sum(from, FE_COUNTER_STALL_NS);
    stats->stall_memtables = fe_statistics_sum(from, FE_COUNTER_STALL_MEMTABLES);
    stats->stall_level0 = fe_statistics_sum(from, FE_COUNTER_STALL_LEVEL0);
    stats->stall_debt = fe_statistics_sum(from, FE_COUNTER_STALL_DEBT);
    stats->background_errors = fe_statistics_sum(from, FE_COUNTER_BACKGROUND_ERRORS);
}

static void report_caches(fe_store *store, ferric_stats *stats)
{
    fe_block_cache_stats blocks;
    fe_table_cache_stats tables;

    fe_block_cache_stats_get(store->blocks, &blocks);
    fe_table_cache_stats_get(store->tables, &tables);
    stats->memory_limit = store->options.memory_limit;
    stats->memory_cache = blocks.used_bytes;
    stats->memory_pinned = blocks.pinned_bytes;
    stats->memory_tables = tables.memory_bytes;
    stats->memory_used = stats->memory_memtables + stats->memory_cache + stats->memory_tables +
                         fe_async_bytes(&store->async) + atomic_load(&store->held_bytes);
    stats->cache_hits = tables.block_hits;
    stats->cache_misses = tables.block_misses;
    stats->filter_probes = tables.filter_probes;
    stats->filter_rejections = tables.filter_rejections;
    stats->tables_open = tables.tables_open;
    if (stats->operations[FERRIC_OPERATION_GET].attempts > 0) {
        stats->read_amplification = (double)tables.tables_examined /
                                    (double)stats->operations[FERRIC_OPERATION_GET].attempts;
    }
}

// The size of everything in the directory. A file that goes meanwhile counts nothing.
static uint64_t disk_bytes(fe_store *store)
{
    ferric_buffer names = {0};
    ferric_buffer path = {0};
    uint64_t total = 0;

    if (fe_vfs_list(store->vfs, store->directory, &names) == FERRIC_OK) {
        for (size_t at = 0; at < names.size;) {
            const char *name = (const char *)names.data + at;
            fe_path_kind kind = FE_PATH_NONE;
            uint64_t size = 0;
            at += strlen(name) + 1;
            if (fe_file_path_named(&path, store->directory, name) != FERRIC_OK) break;
            if (fe_vfs_stat(store->vfs, fe_path_text(&path), &kind, &size) != FERRIC_OK) continue;
            if (kind == FE_PATH_FILE) total += size;
        }
    }
    fe_buffer_deinit(&names);
    fe_buffer_deinit(&path);
    return total;
}

static void add_value_file(void *context, fe_value_file *file)
{
    ferric_stats *stats = context;

    stats->value_files++;
    stats->value_file_bytes += atomic_load(&file->size_bytes);
    stats->value_live_bytes += atomic_load(&file->live_bytes);
}

static void report_values(fe_store *store, ferric_stats *stats)
{
    fe_value_files_each(store->value_files, add_value_file, stats);
}

static void report_expiry(fe_store *store, const fe_version *version, ferric_stats *stats)
{
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count; j++)
            stats->expiring_entries += version->levels[i].files[j]->expiry.entries;
    }
    stats->expired_entries = fe_statistics_sum(store->statistics, FE_COUNTER_EXPIRED);
    stats->clock_ahead_ms = fe_engine_clock_ahead_ms(&store->clock);
    stats->clock_jumps = atomic_load(&store->clock.jumps);
}

static void report_bytes(fe_store *store, ferric_stats *stats)
{
    uint64_t written = stats->log_bytes_written + stats->manifest_bytes_written;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        stats->table_bytes_written += stats->levels[i].bytes_written;
        stats->table_bytes_read += stats->levels[i].bytes_read;
    }
    stats->table_bytes_written +=
        fe_statistics_sum(store->statistics, FE_COUNTER_COLLECTED_TABLE_BYTES);
    written += stats->table_bytes_written;
    written += stats->value_bytes_written + stats->value_bytes_collected;
    if (stats->user_bytes_written > 0) {
        stats->write_amplification = (double)written / (double)stats->user_bytes_written;
    }
    stats->disk_bytes = disk_bytes(store);
}

void fe_store_stats(fe_store *store, ferric_stats *stats)
{
    size_t struct_size = stats->struct_size;
    uint64_t now = fe_vfs_monotonic_ns(store->vfs);
    uint64_t oldest = atomic_load(&store->oldest_unsynced_ns);
    fe_view *view = fe_store_view(store);

    memset(stats, 0, sizeof *stats);
    stats->struct_size = struct_size;
    stats->uptime_ns = now - store->opened_ns;
    stats->last_version = fe_store_last_sequence(store);
    stats->durable_version = atomic_load(&store->durable);
    stats->oldest_unsynced_ns = oldest == 0 || oldest > now ? 0 : now - oldest;
    stats->memtables = view->memtable_count;
    stats->compaction_debt_bytes = fe_compaction_debt(view->version, &store->sizes.picker);
    report_levels(store, view->version, stats);
    stats->memory_memtables += range_delete_bytes(view);
    report_counters(store, stats);
    report_caches(store, stats);
    report_values(store, stats);
    report_expiry(store, view->version, stats);
    report_bytes(store, stats);
    stats->recovery_frames = store->recovery.frames;
    stats->recovery_commits = store->recovery.commits;
    stats->recovery_bytes_dropped = store->recovery.bytes_dropped;
    stats->recovery_ns = store->recovery.duration_ns;
    if (atomic_load(&store->write_error) != FERRIC_OK) {
        stats->background_status = (ferric_status)atomic_load(&store->write_error);
    }
    fe_view_unref(view);
}

uint64_t fe_store_count_estimate_in(fe_store *store, ferric_slice lower, ferric_slice upper)
{
    fe_view *view = fe_store_view(store);
    uint64_t entries = 0;
    uint64_t deletes = 0;

    for (uint32_t i = 0; i < view->memtable_count; i++) {
        fe_memtable_stats stats;
        fe_memtable_stats_get(view->memtables[i]->memtable, &stats);
        entries += stats.entries - stats.deletes;
        deletes += stats.deletes;
    }
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < view->version->levels[i].count; j++) {
            const fe_table_file *file = view->version->levels[i].files[j];
            if (!fe_table_file_overlaps(file, lower, upper)) continue;
            entries += file->entries - file->deletes;
            deletes += file->deletes;
        }
    }
    fe_view_unref(view);
    // A delete usually hides one entry below it.
    return entries > deletes ? entries - deletes : 0;
}

uint64_t fe_store_count_estimate(fe_store *store)
{
    return fe_store_count_estimate_in(store, fe_slice(NULL, 0), fe_slice(NULL, 0));
}
