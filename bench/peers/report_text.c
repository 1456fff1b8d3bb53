// SPDX-License-Identifier: Apache-2.0
// The report as tables for a terminal.
#include "peers/peers_report.h"

#include <string.h>

#include "support/failure.h"

#define LABEL_COLUMNS 46
#define CELL_COLUMNS 17

// "883k (0.45x)": the figure, and how much better Ferric's is.
static void format_cell(const report_run *run, const report_row *row, const char *engine,
                        char *text, size_t size)
{
    report_figure figure = report_find(run, engine, row->workload, row->which);
    double ratio = report_ratio(run, row, engine);
    char value[32], better[32];

    if (!figure.is_there) {
        bench_format(text, size, "-");
        return;
    }
    report_format(row->unit, figure.median, value, sizeof(value));
    if (ratio == 0 || strcmp(engine, "ferric") == 0) {
        bench_format(text, size, "%s", value);
        return;
    }
    report_format_ratio(ratio, better, sizeof(better));
    bench_format(text, size, "%s (%sx)", value, better);
}

static void print_row(const report_run *run, const report_row *row, FILE *to)
{
    char text[128];
    size_t i;

    report_label(row, text, sizeof(text));
    fprintf(to, "%-*s %-8s", LABEL_COLUMNS, text, report_policy(row));
    for (i = 0; i < run->engine_count; i++) {
        format_cell(run, row, run->engines[i].name, text, sizeof(text));
        fprintf(to, " %*s", CELL_COLUMNS, text);
    }
    fprintf(to, "\n");
}

static void print_first_line(const report_run *run, FILE *to)
{
    static const char *const texts[] = {"command",     "date",     "processor", "system",
                                        "file_system", "compiler", "build"};
    char text[2048];
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (bench_json_find_text(run->first_line, texts[i], text, sizeof(text)))
            fprintf(to, "%-12s %s\n", texts[i], text);
}

static void print_run(const report_run *run, FILE *to)
{
    const report_row *row;
    size_t i;

    print_first_line(run, to);
    for (i = 0; i < run->engine_count; i++) {
        const report_engine *engine = &run->engines[i];
        fprintf(to, "%-12s %s: %s%s%s\n", engine->name, engine->version, engine->settings,
                engine->caution[0] != '\0' ? "\n             beware: " : "", engine->caution);
    }
    fprintf(to,
            "\nMedians over the rounds; in brackets how much better Ferric is, above 1 it is.\n");
    fprintf(to, "no fsync: an acknowledged write survives kill -9. fsync: also the power.\n\n");
    fprintf(to, "%-*s %-8s", LABEL_COLUMNS, "", "policy");
    for (i = 0; i < run->engine_count; i++)
        fprintf(to, " %*s", CELL_COLUMNS, run->engines[i].name);
    fprintf(to, "\n");
    for (row = report_rows; row->workload != NULL; row++)
        if (report_row_is_there(run, row)) print_row(run, row, to);
    if (run->failure_count > 0)
        fprintf(to, "\n%zu processes failed: %s\n", run->failure_count, run->failures);
}

void report_print_text(const report *all, FILE *to)
{
    size_t i;

    for (i = 0; i < all->run_count; i++) {
        if (i > 0) fprintf(to, "\n\n");
        print_run(&all->runs[i], to);
    }
}
