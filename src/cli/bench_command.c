// SPDX-License-Identifier: Apache-2.0
// ferric bench: runs workloads on a database of its own and prints what they took.
#include <string.h>

#include "base/memory.h"
#include "base/slice.h"
#include "cli/bench_workload.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/session.h"

// Of unsynced operations so many are done for each synced one, which is that much slower.
#define SYNC_DIVISOR 100

typedef struct bench {
    const cli_arguments *arguments;
    ferric_options options;
    ferric_db *db;
    bench_data data;
    uint64_t operations;
    uint64_t seed;
    bool is_loaded;
    bool is_ours; // The database at the path was made here.
} bench;

static bool is_listed(const char *list, const char *name)
{
    size_t size = strlen(name);
    while (list != NULL && *list != 0) {
        size_t word = strcspn(list, ",");
        if (word == size && memcmp(list, name, size) == 0) return true;
        list += word + (list[word] == ',');
    }
    return false;
}

static int check_list(const char *list)
{
    size_t count;
    const bench_workload *workloads = bench_workloads(&count);
    while (list != NULL && *list != 0) {
        size_t word = strcspn(list, ",");
        bool is_known = false;
        for (size_t i = 0; i < count; i++) {
            is_known = is_known || (strlen(workloads[i].name) == word &&
                                    memcmp(workloads[i].name, list, word) == 0);
        }
        if (!is_known) {
            return cli_fail(CLI_USAGE, "there is no workload %.*s; see ferric help bench",
                            (int)word, list);
        }
        list += word + (list[word] == ',');
    }
    return CLI_DONE;
}

static int read_options(bench *job)
{
    const cli_arguments *arguments = job->arguments;
    ferric_options defaults = FERRIC_OPTIONS_INIT;
    uint64_t entries = 0;
    uint64_t value_size = 0;
    int code = check_list(arguments->values[OPTION_WORKLOAD]);

    job->options = defaults;
    job->options.fsync = FERRIC_FSYNC_NEVER;
    if (code == CLI_DONE)
        code = cli_number(arguments, OPTION_ENTRIES, 1000000000, 100000, &entries);
    if (code == CLI_DONE) {
        code = cli_number(arguments, OPTION_OPERATIONS, UINT32_MAX, entries, &job->operations);
    }
    if (code == CLI_DONE) {
        code = cli_number(arguments, OPTION_VALUE_SIZE, 1 << 20, 100, &value_size);
    }
    if (code == CLI_DONE) code = cli_number(arguments, OPTION_SEED, UINT32_MAX, 1, &job->seed);
    if (code == CLI_DONE && (entries < 2 || value_size < BENCH_VALUE_SIZE_MIN)) {
        code = cli_fail(CLI_USAGE, "a benchmark needs 2 entries with values of %d bytes or more",
                        BENCH_VALUE_SIZE_MIN);
    }
    if (code == CLI_DONE) code = cli_database_options(arguments, &job->options);
    if (code == CLI_DONE &&
        bench_data_init(&job->data, entries, (size_t)value_size, job->seed) != FERRIC_OK) {
        code = cli_fail_status(FERRIC_NO_MEMORY, "");
    }
    return code;
}

static ferric_status remove_database(bench *job)
{
    ferric_status status = ferric_close(job->db);
    job->db = NULL;
    job->is_loaded = false;
    if (status == FERRIC_OK && job->is_ours) status = ferric_destroy(job->arguments->path, NULL);
    return status;
}

static ferric_status make_database(bench *job)
{
    ferric_status status = FERRIC_OK;
    if (job->db != NULL) status = remove_database(job);
    job->options.create_if_missing = true;
    job->options.error_if_exists = true;
    if (status == FERRIC_OK) {
        status = ferric_open(job->arguments->path, &job->options, &job->db);
    }
    job->is_ours = job->is_ours || status == FERRIC_OK;
    return status;
}

static void print_result(const bench *job, const bench_result *result)
{
    const bench_histogram *latency = &result->latency;
    double seconds = (double)result->elapsed_ns / 1e9;
    double rate = seconds > 0 ? (double)result->operations / seconds : 0;

    if (cli_has(job->arguments, OPTION_JSON)) {
        cli_print("{\"workload\":\"%s\",\"operations\":%llu,\"seconds\":%.6f,\"per_second\":%.0f,"
                  "\"bytes\":%llu,\"p50_ns\":%llu,\"p90_ns\":%llu,\"p99_ns\":%llu,"
                  "\"p999_ns\":%llu,\"max_ns\":%llu}\n",
                  result->name, (unsigned long long)result->operations, seconds, rate,
                  (unsigned long long)result->bytes,
                  (unsigned long long)bench_histogram_at(latency, 0.5),
                  (unsigned long long)bench_histogram_at(latency, 0.9),
                  (unsigned long long)bench_histogram_at(latency, 0.99),
                  (unsigned long long)bench_histogram_at(latency, 0.999),
                  (unsigned long long)latency->max);
    } else {
        cli_print("%-16s %12s %12s/s %9.1f MB/s %9s %9s %9s %9s\n", result->name,
                  cli_count_text(result->operations).text, cli_count_text((uint64_t)rate).text,
                  seconds > 0 ? (double)result->bytes / seconds / 1e6 : 0,
                  cli_duration_text(bench_histogram_at(latency, 0.5)).text,
                  cli_duration_text(bench_histogram_at(latency, 0.99)).text,
                  cli_duration_text(bench_histogram_at(latency, 0.999)).text,
                  cli_duration_text(latency->max).text);
    }
    cli_flush();
}

static ferric_status run_workload(bench *job, const bench_workload *workload)
{
    bench_result *results = fe_alloc(2 * sizeof *results);
    uint64_t operations = job->operations;
    size_t count = 0;
    ferric_status status = FERRIC_OK;

    if (results == NULL) return fe_no_memory("results", 2 * sizeof *results);
    if (workload->is_synced && !cli_has(job->arguments, OPTION_OPERATIONS)) {
        operations = operations / SYNC_DIVISOR + workload->threads;
    }
    if (workload->need == BENCH_EMPTY || (workload->need == BENCH_LOADED && !job->is_loaded)) {
        status = make_database(job);
    }
    if (status == FERRIC_OK && workload->need == BENCH_LOADED && !job->is_loaded) {
        status = bench_load(job->db, &job->data);
    }
    if (status == FERRIC_OK) {
        status = bench_run(job->db, &job->data, workload, operations, job->seed, results, &count);
    }
    for (size_t i = 0; status == FERRIC_OK && i < count; i++)
        print_result(job, &results[i]);
    // Fewer operations than entries leave some out.
    job->is_loaded = workload->leaves_loaded &&
                     (workload->need != BENCH_EMPTY || operations >= job->data.entries);
    fe_free(results);
    return status;
}

static void print_heading(const bench *job)
{
    if (cli_has(job->arguments, OPTION_JSON)) return;
    cli_print("%s entries, keys of %d bytes, values of %zu bytes, seed %llu\n",
              cli_count_text(job->data.entries).text, BENCH_KEY_SIZE, job->data.value_size,
              (unsigned long long)job->seed);
    cli_print("%-16s %12s %14s %14s %9s %9s %9s %9s\n", "workload", "operations", "rate", "bytes",
              "p50", "p99", "p99.9", "max");
}

int cli_bench(const cli_arguments *arguments)
{
    const char *list = arguments->values[OPTION_WORKLOAD];
    bench job = {0};
    size_t count;
    const bench_workload *workloads = bench_workloads(&count);
    ferric_status status = FERRIC_OK;
    ferric_status closed;
    int code;

    job.arguments = arguments;
    code = read_options(&job);
    if (code != CLI_DONE) return code;
    cli_interrupt_catch();
    print_heading(&job);
    for (size_t i = 0; status == FERRIC_OK && i < count && cli_output_ok(); i++) {
        if (list == NULL || is_listed(list, workloads[i].name)) {
            status = run_workload(&job, &workloads[i]);
        }
    }
    if (status != FERRIC_OK) code = cli_fail_status(status, arguments->path);
    job.is_ours = job.is_ours && !cli_has(arguments, OPTION_KEEP);
    closed = job.db == NULL ? FERRIC_OK : remove_database(&job);
    if (closed != FERRIC_OK && code == CLI_DONE) code = cli_fail_status(closed, arguments->path);
    bench_data_deinit(&job.data);
    return code;
}
