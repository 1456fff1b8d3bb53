// SPDX-License-Identifier: Apache-2.0
// The tables of workloads and groups, and what the options make of them.
#include "peers/workload.h"

#include <string.h>

#include "support/failure.h"

#define LARGE_VALUE_SIZE 4096

const workload_group workload_groups[] = {
    {"seq", "sequential fill", .stages = 1},
    {"random", "random fill, then reads and changes", .stages = 1},
    {"batch", "fill in batches", .stages = 1},
    {"ycsb", "YCSB", .stages = 1},
    {"strings", "keys of 10 to 100 bytes with long common prefixes", .form = BENCH_KEY_MIXED,
     .stages = 1},
    {"large", "values of 4 KiB, a tenth of the keys", .value_size = LARGE_VALUE_SIZE,
     .key_share = 10, .stages = 1},
    {"sync", "each commit durable", .is_synced = true, .stages = 1},
    {"txn", "transactions of 4 reads and 4 writes", .stages = 1, .has_transactions = true},
    {"reopen", "reopen after a clean close", .stages = 2},
    {"kill", "reopen after kill -9", .stages = 2, .is_killed = true},
    {"kill-log", "reopen after kill -9, all puts in the log", .keeps_log = true, .stages = 2,
     .is_killed = true},
    {.name = NULL},
};

const workload workloads[] = {
    {"fill-seq", "seq", "fill sequential", "puts/s", AMOUNT_KEYS, step_fill_seq, 1, NULL},
    {"fill-random", "random", "fill random", "puts/s", AMOUNT_KEYS, step_fill_random, 1, NULL},
    {"read-random", "random", "read random", "gets/s", AMOUNT_READS, step_read_random, 1, NULL},
    {"read-random-2", "random", "read random, 2 threads", "gets/s", AMOUNT_READS, step_read_random,
     2, NULL},
    {"read-zipfian", "random", "read zipfian", "gets/s", AMOUNT_READS, step_read_zipfian, 1, NULL},
    {"read-missing", "random", "read missing", "gets/s", AMOUNT_READS, step_read_missing, 1, NULL},
    {"scan-100", "random", "scan of 100", "scans/s", AMOUNT_SCANS, step_scan, 1, NULL},
    {"overwrite", "random", "overwrite", "puts/s", AMOUNT_READS, step_overwrite, 1, NULL},
    {"read-beside-write", "random", "reader beside a writer", "gets/s", AMOUNT_READS,
     step_read_random, 1, step_overwrite},
    {"delete-random", "random", "delete random", "deletes/s", AMOUNT_HALF, step_delete, 1, NULL},
    {"fill-batch", "batch", "fill random, batches of 100", "puts/s", AMOUNT_BATCHES,
     step_fill_batch, 1, NULL},
    {"ycsb-load", "ycsb", "YCSB load", "puts/s", AMOUNT_KEYS, step_fill_random, 1, NULL},
    {"ycsb-a", "ycsb", "YCSB A", "operations/s", AMOUNT_READS, step_ycsb_a, 1, NULL},
    {"ycsb-b", "ycsb", "YCSB B", "operations/s", AMOUNT_READS, step_ycsb_b, 1, NULL},
    {"ycsb-c", "ycsb", "YCSB C", "operations/s", AMOUNT_READS, step_ycsb_c, 1, NULL},
    {"ycsb-f", "ycsb", "YCSB F", "operations/s", AMOUNT_READS, step_ycsb_f, 1, NULL},
    {"ycsb-d", "ycsb", "YCSB D", "operations/s", AMOUNT_READS, step_ycsb_d, 1, NULL},
    {"ycsb-e", "ycsb", "YCSB E", "operations/s", AMOUNT_SCANS, step_ycsb_e, 1, NULL},
    {"fill-strings", "strings", "fill random, mixed string keys", "puts/s", AMOUNT_KEYS,
     step_fill_random, 1, NULL},
    {"read-strings", "strings", "read random, mixed string keys", "gets/s", AMOUNT_READS,
     step_read_random, 1, NULL},
    {"scan-strings", "strings", "scan of 100, mixed string keys", "scans/s", AMOUNT_SCANS,
     step_scan, 1, NULL},
    {"fill-4k", "large", "fill random, 4 KiB values", "puts/s", AMOUNT_KEYS, step_fill_random, 1,
     NULL},
    {"read-4k", "large", "read random, 4 KiB values", "gets/s", AMOUNT_READS, step_read_random, 1,
     NULL},
    {"commit-1", "sync", "commits, 1 thread", "commits/s", AMOUNT_TIME, step_commit, 1, NULL},
    {"commit-4", "sync", "commits, 4 threads", "commits/s", AMOUNT_TIME, step_commit, 4, NULL},
    {"commit-16", "sync", "commits, 16 threads", "commits/s", AMOUNT_TIME, step_commit, 16, NULL},
    {"txn-load", "txn", "transactions: load", "puts/s", AMOUNT_KEYS, step_fill_random, 1, NULL},
    {"txn-1", "txn", "transactions of 4 reads and 4 writes, 1 thread", "commits/s", AMOUNT_READS,
     step_txn, 1, NULL},
    {"txn-4", "txn", "the same, 4 threads, keys of their own", "commits/s", AMOUNT_READS, step_txn,
     4, NULL},
    {"txn-16", "txn", "the same, 16 threads, keys of their own", "commits/s", AMOUNT_READS,
     step_txn, 16, NULL},
    {"txn-hot-1", "txn", "transactions on 100 hot keys, 1 thread", "commits/s", AMOUNT_READS,
     step_txn_hot, 1, NULL},
    {"txn-hot-16", "txn", "transactions on 100 hot keys, 16 threads", "commits/s", AMOUNT_READS,
     step_txn_hot, 16, NULL},
    {"reopen-clean", "reopen", "reopen after a clean close", "ms", AMOUNT_OPENS, NULL, 1, NULL},
    {"reopen-kill", "kill", "reopen after kill -9", "ms", AMOUNT_OPENS, NULL, 1, NULL},
    {"reopen-kill-log", "kill-log", "reopen after kill -9, all in the log", "ms", AMOUNT_OPENS,
     NULL, 1, NULL},
    {.name = NULL},
};

const workload *workload_find(const char *name)
{
    const workload *work;

    for (work = workloads; work->name != NULL; work++)
        if (strcmp(work->name, name) == 0) return work;
    return NULL;
}

const workload_group *workload_group_find(const char *name)
{
    const workload_group *group;

    for (group = workload_groups; group->name != NULL; group++)
        if (strcmp(group->name, name) == 0) return group;
    return NULL;
}

bool workload_is_selected(const peers_options *options, const workload *work)
{
    return options->workloads == NULL || peers_list_has(options->workloads, work->name) ||
           peers_list_has(options->workloads, work->group);
}

uint64_t workload_keys(const peers_options *options, const workload_group *group)
{
    return group->key_share == 0 ? options->keys : options->keys / group->key_share;
}

// The most threads at once of all selected workloads of the group.
static uint32_t sessions_of(const peers_options *options, const workload_group *group)
{
    uint32_t most = 1;
    const workload *work;

    for (work = workloads; work->name != NULL; work++) {
        uint32_t threads = work->threads + (work->beside != NULL);
        if (strcmp(work->group, group->name) == 0 && workload_is_selected(options, work) &&
            threads > most)
            most = threads;
    }
    return most;
}

void workload_settings(const peers_options *options, const engine *peer,
                       const workload_group *group, engine_settings *settings)
{
    size_t key_size = group->form == BENCH_KEY_DECIMAL ? 16 : BENCH_KEY_SIZE_MAX;

    *settings = (engine_settings){
        .directory = options->directory,
        .memory_bytes = options->memory_bytes,
        .value_size = group->value_size == 0 ? (size_t)options->value_size : group->value_size,
        .sessions_max = sessions_of(options, group),
        .is_synced = group->is_synced,
        .is_compressed = options->is_compressed,
        .is_encrypted = peer->is_encrypted,
        .keeps_log = group->keeps_log,
        .has_transactions = group->has_transactions,
    };
    // Twice the filled keys: some workloads insert between them.
    settings->data_bytes_max =
        2 * workload_keys(options, group) * (key_size + settings->value_size);
}
