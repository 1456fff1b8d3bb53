// SPDX-License-Identifier: Apache-2.0
// Takes JSON lines in, and finds medians.
#include "peers/peers_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"
#include "support/median.h"

static report_run *last_run(report *all)
{
    if (all->run_count == 0) bench_die("the lines do not begin with a run");
    return &all->runs[all->run_count - 1];
}

static void *grow(void *memory, size_t count, size_t size)
{
    void *grown = realloc(memory, count * size);

    if (grown == NULL) bench_die("no memory");
    return grown;
}

static void add_run(report *all, const char *line)
{
    report_run *run;

    all->runs = grow(all->runs, all->run_count + 1, sizeof(*all->runs));
    run = &all->runs[all->run_count++];
    memset(run, 0, sizeof(*run));
    bench_format(run->first_line, sizeof(run->first_line), "%s", line);
}

static void need_text(const char *line, const char *name, char *text, size_t size)
{
    if (!bench_json_find_text(line, name, text, size)) bench_die("no %s in: %s", name, line);
}

static void add_engine(report_run *run, const char *line)
{
    report_engine *engine;
    char mapped[8];

    if (run->engine_count == REPORT_ENGINES_MAX) bench_die("too many engines");
    engine = &run->engines[run->engine_count++];
    need_text(line, "engine", engine->name, sizeof(engine->name));
    need_text(line, "version", engine->version, sizeof(engine->version));
    need_text(line, "caution", engine->caution, sizeof(engine->caution));
    need_text(line, "mapped", mapped, sizeof(mapped));
    engine->is_mapped = strcmp(mapped, "yes") == 0;
    need_text(line, "settings", engine->settings, sizeof(engine->settings));
    need_text(line, "synced_settings", engine->synced_settings, sizeof(engine->synced_settings));
    need_text(line, "kill_settings", engine->kill_settings, sizeof(engine->kill_settings));
}

static void add_failure(report_run *run, const char *line)
{
    char engine[MEASUREMENT_NAME_MAX], group[MEASUREMENT_NAME_MAX], reason[128];
    size_t used = strlen(run->failures);

    need_text(line, "engine", engine, sizeof(engine));
    need_text(line, "group", group, sizeof(group));
    need_text(line, "reason", reason, sizeof(reason));
    run->failure_count++;
    if (used + 160 < sizeof(run->failures))
        bench_format(run->failures + used, sizeof(run->failures) - used, "%s%s in %s: %s",
                     used == 0 ? "" : "; ", engine, group, reason);
}

static void add_measurement(report_run *run, const measurement *measured)
{
    if (run->measurement_count == run->measurement_capacity) {
        run->measurement_capacity = run->measurement_capacity * 2 + 64;
        run->measurements =
            grow(run->measurements, run->measurement_capacity, sizeof(*run->measurements));
    }
    run->measurements[run->measurement_count++] = *measured;
}

void report_add_line(report *all, const char *line)
{
    measurement measured;
    char kind[16];

    need_text(line, "kind", kind, sizeof(kind));
    if (strcmp(kind, "run") == 0)
        add_run(all, line);
    else if (strcmp(kind, "engine") == 0)
        add_engine(last_run(all), line);
    else if (strcmp(kind, "failure") == 0)
        add_failure(last_run(all), line);
    else if (measurement_from_json(line, &measured))
        add_measurement(last_run(all), &measured);
    else if (strcmp(kind, "series") != 0 && strcmp(kind, "note") != 0) // Those are for charts.
        bench_die("a line of unknown kind: %s", line);
}

void report_add_file(report *all, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[BENCH_JSON_LINE_MAX];

    if (file == NULL) bench_die("cannot read %s: %s", path, strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL)
        report_add_line(all, line);
    fclose(file);
}

void report_deinit(report *all)
{
    size_t i;

    for (i = 0; i < all->run_count; i++)
        free(all->runs[i].measurements);
    free(all->runs);
    *all = (report){0};
}

report_figure report_find(const report_run *run, const char *engine, const char *workload,
                          metric which)
{
    double *values = bench_allocate(run->measurement_count, sizeof(*values));
    report_figure figure = {0};
    size_t count = 0, i;

    for (i = 0; i < run->measurement_count; i++) {
        const measurement *measured = &run->measurements[i];
        if (strcmp(measured->engine, engine) == 0 && strcmp(measured->workload, workload) == 0 &&
            measured->has[which])
            values[count++] = measured->values[which];
    }
    if (count > 0) {
        figure.is_there = true;
        figure.median = bench_median(values, count);
        figure.least = values[0];
        figure.most = values[count - 1];
    }
    free(values);
    return figure;
}
