// SPDX-License-Identifier: Apache-2.0
// Gathers the JSON lines of one or more runs, and answers with medians over their rounds.
#ifndef FERRIC_PEERS_PEERS_REPORT_H
#define FERRIC_PEERS_PEERS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "peers/measurement.h"

#define REPORT_ENGINES_MAX 16

typedef struct report_engine {
    char name[MEASUREMENT_NAME_MAX];
    char version[64];
    char caution[256];
    bool is_mapped;
    char settings[512];        // Where nothing is synced.
    char synced_settings[512]; // Where each commit is.
    char kill_settings[512];   // Where everything is to stay in the log.
} report_engine;

// One run of the program: its first line, its engines, its results.
typedef struct report_run {
    char first_line[BENCH_JSON_LINE_MAX];
    report_engine engines[REPORT_ENGINES_MAX];
    size_t engine_count;
    measurement *measurements;
    size_t measurement_count;
    size_t measurement_capacity;
    size_t failure_count;
    char failures[1024];
} report_run;

typedef struct report {
    report_run *runs;
    size_t run_count;
} report;

// Takes one line in.
void report_add_line(report *all, const char *line);

// Takes in the lines of a saved file.
void report_add_file(report *all, const char *path);

void report_deinit(report *all);

typedef struct report_figure {
    bool is_there;
    double median;
    double least;
    double most;
} report_figure;

// Over all rounds of an engine and workload.
report_figure report_find(const report_run *run, const char *engine, const char *workload,
                          metric which);

// ---- What is printed ------------------------------------------------------------------------

typedef enum report_unit {
    REPORT_RATE,
    REPORT_TIME_NS,
    REPORT_TIME_MS,
    REPORT_SECONDS,
    REPORT_BYTES,
    REPORT_FACTOR,
    REPORT_COUNT,
} report_unit;

// A line of the tables: one figure of one workload.
typedef struct report_row {
    const char *workload;
    metric which;
    const char *label; // Behind the workload's title; "" for the rate itself.
    report_unit unit;
    bool is_smaller_better;
} report_row;

// Ends with a row whose workload is NULL.
extern const report_row report_rows[];

// "1.23M", "153 us", "64 MiB": short, for a person.
void report_format(report_unit unit, double value, char *text, size_t size);

// The row's first cell: the workload's title, the label, the unit.
void report_label(const report_row *row, char *text, size_t size);

// "fsync" or "no fsync": what an acknowledgement meant in the row's workload.
const char *report_policy(const report_row *row);

// How much better Ferric is than this engine: above 1 it is. 0 when one of both has no figure,
// or figures that cannot be compared.
double report_ratio(const report_run *run, const report_row *row, const char *engine);

// "1.23", "0.0006", "140".
void report_format_ratio(double ratio, char *text, size_t size);

// Whether any engine has the figure.
bool report_row_is_there(const report_run *run, const report_row *row);

// Tables for a terminal.
void report_print_text(const report *all, FILE *to);

// The document docs/BENCHMARKS.md.
void report_print_markdown(const report *all, FILE *to);

#endif
