// SPDX-License-Identifier: Apache-2.0
// The report as docs/BENCHMARKS.md: what was run where, then what Ferric loses, then the rest.
#include "peers/peers_report.h"

#include <stdlib.h>
#include <string.h>

#include "support/failure.h"

// A row with the worst ratio against any engine that stores something.
typedef struct ranked_row {
    const report_row *row;
    double worst; // 0 when there is nothing to compare.
} ranked_row;

static bool is_peer(const report_engine *engine)
{
    return strcmp(engine->name, "ferric") != 0 && strcmp(engine->name, "none") != 0;
}

static double worst_ratio(const report_run *run, const report_row *row)
{
    double worst = 0;
    size_t i;

    for (i = 0; i < run->engine_count; i++) {
        double ratio = report_ratio(run, row, run->engines[i].name);
        if (is_peer(&run->engines[i]) && ratio > 0 && (worst == 0 || ratio < worst)) worst = ratio;
    }
    return worst;
}

static int compare_ranks(const void *left, const void *right)
{
    const ranked_row *a = left;
    const ranked_row *b = right;

    if (a->worst != b->worst) return a->worst < b->worst ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static void print_cell(const report_run *run, const report_row *row, const report_engine *engine,
                       FILE *to)
{
    report_figure figure = report_find(run, engine->name, row->workload, row->which);
    double ratio = report_ratio(run, row, engine->name);
    char value[32], better[32];

    if (!figure.is_there) {
        fprintf(to, " |");
        return;
    }
    report_format(row->unit, figure.median, value, sizeof(value));
    fprintf(to, " %s", value);
    if (is_peer(engine) && ratio > 0) {
        report_format_ratio(ratio, better, sizeof(better));
        fprintf(to, " (%s)", better);
    }
    fprintf(to, " |");
}

// The spread of our own figure over the rounds.
static void print_spread(const report_run *run, const report_row *row, FILE *to)
{
    report_figure figure = report_find(run, "ferric", row->workload, row->which);
    char least[32], most[32];

    if (!figure.is_there) {
        fprintf(to, " |\n");
        return;
    }
    report_format(row->unit, figure.least, least, sizeof(least));
    report_format(row->unit, figure.most, most, sizeof(most));
    fprintf(to, " %s to %s |\n", least, most);
}

static void print_head(const report_run *run, FILE *to)
{
    size_t i;

    fprintf(to, "| | policy |");
    for (i = 0; i < run->engine_count; i++)
        fprintf(to, " %s |", run->engines[i].name);
    fprintf(to, " ferric, least to most |\n|---|---|");
    for (i = 0; i <= run->engine_count; i++)
        fprintf(to, "---|");
    fprintf(to, "\n");
}

static void print_table(const report_run *run, const ranked_row *rows, size_t count, FILE *to)
{
    char label[128];
    size_t i, j;

    print_head(run, to);
    for (i = 0; i < count; i++) {
        report_label(rows[i].row, label, sizeof(label));
        fprintf(to, "| %s | %s |", label, report_policy(rows[i].row));
        for (j = 0; j < run->engine_count; j++)
            print_cell(run, rows[i].row, &run->engines[j], to);
        print_spread(run, rows[i].row, to);
    }
    fprintf(to, "\n");
}

// Splits the rows that are there: first those that Ferric loses to somebody, worst first, then the
// others in their own order. Returns how many it loses.
static size_t rank_rows(const report_run *run, ranked_row *lost, ranked_row *others,
                        size_t *other_count)
{
    const report_row *row;
    size_t lost_count = 0;

    *other_count = 0;
    for (row = report_rows; row->workload != NULL; row++) {
        ranked_row ranked = {row, worst_ratio(run, row)};
        if (!report_row_is_there(run, row)) continue;
        if (ranked.worst > 0 && ranked.worst < 1)
            lost[lost_count++] = ranked;
        else
            others[(*other_count)++] = ranked;
    }
    qsort(lost, lost_count, sizeof(*lost), compare_ranks);
    return lost_count;
}

static void print_tables(const report_run *run, FILE *to)
{
    const report_row *row = report_rows;
    ranked_row *lost, *others;
    size_t count = 0, lost_count, other_count;

    while ((row++)->workload != NULL)
        count++;
    lost = bench_allocate(count, sizeof(*lost));
    others = bench_allocate(count, sizeof(*others));
    lost_count = rank_rows(run, lost, others, &other_count);
    if (lost_count > 0) {
        fprintf(to, "### Where Ferric is behind at least one other\n\n");
        print_table(run, lost, lost_count, to);
    }
    if (other_count > 0) {
        fprintf(to, "### %s\n\n", lost_count > 0 ? "The rest" : "All figures");
        print_table(run, others, other_count, to);
    }
    free(lost);
    free(others);
}

static void print_fact(const report_run *run, const char *name, const char *title, FILE *to)
{
    char text[2048];
    double number;

    if (bench_json_find_text(run->first_line, name, text, sizeof(text)))
        fprintf(to, "| %s | %s |\n", title, text);
    else if (bench_json_find_number(run->first_line, name, &number))
        fprintf(to, "| %s | %.0f |\n", title, number);
}

static void print_memory(const report_run *run, const char *name, const char *title, FILE *to)
{
    double bytes;

    if (bench_json_find_number(run->first_line, name, &bytes))
        fprintf(to, "| %s | %.0f MiB |\n", title, bytes / 1048576);
}

static void print_facts(const report_run *run, FILE *to)
{
    char command[2048];

    if (!bench_json_find_text(run->first_line, "command", command, sizeof(command)))
        bench_die("a run without its command");
    fprintf(to, "```sh\n%s\n```\n\n| | |\n|---|---|\n", command);
    print_fact(run, "date", "date", to);
    print_fact(run, "processor", "processor", to);
    print_fact(run, "processors", "processors", to);
    print_memory(run, "machine_memory", "memory of the machine", to);
    print_fact(run, "system", "system", to);
    print_fact(run, "file_system", "file system", to);
    print_fact(run, "compiler", "compiler", to);
    print_fact(run, "build", "build of Ferric", to);
    print_fact(run, "keys", "keys", to);
    print_fact(run, "value_size", "bytes of a value, half compressible", to);
    print_memory(run, "memory_bytes", "memory allowed for caches and memtables", to);
    print_fact(run, "compression", "compression", to);
    print_fact(run, "rounds", "rounds", to);
    fprintf(to, "\n");
}

static void print_engines(const report_run *run, FILE *to)
{
    size_t i;

    fprintf(to, "| engine | version | without fsync | with fsync | where all stays in the log "
                "|\n|---|---|---|---|---|\n");
    for (i = 0; i < run->engine_count; i++) {
        const report_engine *engine = &run->engines[i];
        fprintf(to, "| %s | %s | %s | %s | %s |\n", engine->name, engine->version, engine->settings,
                engine->synced_settings, engine->kill_settings);
    }
    fprintf(to, "\n");
    for (i = 0; i < run->engine_count; i++) {
        const report_engine *engine = &run->engines[i];
        if (engine->caution[0] != '\0') fprintf(to, "- %s: %s.\n", engine->name, engine->caution);
        if (engine->is_mapped)
            fprintf(to,
                    "- %s: its file is mapped. Stores are no write calls, so see the dirtied "
                    "pages instead of the bytes\n  written; its cache is the page cache, which "
                    "is not in the anonymous memory.\n",
                    engine->name);
    }
    fprintf(to, "\n");
}

static void print_introduction(FILE *to)
{
    fprintf(to,
            "<!-- Generated by ferric-peers --markdown; see bench/README.md. -->\n"
            "# Ferric beside other engines\n\n"
            "One program drives all engines through the same few functions. Each engine has a "
            "process of its own; engines take\nturns within a round, and a figure is the median "
            "over the rounds. Every value read is compared with what was written.\n"
            "Reads begin when the background work of the writes before has ended. In brackets "
            "stands how much better Ferric's\nfigure is than this engine's: above 1 it is better, "
            "below it is worse. Figures of one machine on one day: the\nratios carry further than "
            "the rates, and differences under 15%% mean nothing.\n\n"
            "Policy `no fsync`: an acknowledged write is with the kernel and survives kill -9, "
            "not the loss of power.\n`fsync`: it is on the disk before the call returns.\n\n");
}

void report_print_markdown(const report *all, FILE *to)
{
    size_t i;

    print_introduction(to);
    for (i = 0; i < all->run_count; i++) {
        const report_run *run = &all->runs[i];
        double keys;

        if (!bench_json_find_number(run->first_line, "keys", &keys)) bench_die("no keys");
        fprintf(to, "## %.0f keys\n\n", keys);
        print_tables(run, to);
        if (run->failure_count > 0)
            fprintf(to, "%zu processes failed: %s.\n\n", run->failure_count, run->failures);
        fprintf(to, "### How it was measured\n\n");
        print_facts(run, to);
        print_engines(run, to);
    }
}
