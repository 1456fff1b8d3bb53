// SPDX-License-Identifier: Apache-2.0
// ferric-peers: measures Ferric beside other embedded key-value stores. See bench/README.md.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "peers/child.h"
#include "peers/peers_report.h"
#include "peers/rounds.h"
#include "peers/workload.h"
#include "support/failure.h"

typedef struct sink {
    report report;
    FILE *save;
    bool echoes;   // JSON lines go to stdout as they come.
    bool has_lost; // Ferric lost what it had acknowledged.
} sink;

// A loss of another engine is a result, one of ours is a failure of the run.
static bool tells_of_loss(const char *line)
{
    measurement measured;

    return measurement_from_json(line, &measured) && strcmp(measured.engine, "ferric") == 0 &&
           measured.has[METRIC_LOST] && measured.values[METRIC_LOST] > 0;
}

static void take_line(void *context, const char *line)
{
    sink *self = context;

    report_add_line(&self->report, line);
    if (tells_of_loss(line)) {
        self->has_lost = true;
        fprintf(stderr, "ferric-peers: ferric lost acknowledged puts: %s", line);
    }
    if (self->save != NULL) {
        fputs(line, self->save);
        fflush(self->save);
    }
    if (self->echoes) {
        fputs(line, stdout);
        fflush(stdout);
    }
}

static bool is_workload_or_group(const char *name)
{
    return workload_find(name) != NULL || workload_group_find(name) != NULL;
}

static bool is_engine(const char *name)
{
    return engine_find(name) != NULL;
}

static void print_list(void)
{
    const workload_group *group;
    const workload *work;
    char version[64];
    size_t i;

    for (i = 0; engines[i] != NULL; i++) {
        engines[i]->version(version, sizeof(version));
        printf("engine %-12s %s\n", engines[i]->name, version);
    }
    for (group = workload_groups; group->name != NULL; group++) {
        printf("\ngroup %s: %s\n", group->name, group->title);
        for (work = workloads; work->name != NULL; work++)
            if (strcmp(work->group, group->name) == 0)
                printf("  %-18s %s\n", work->name, work->title);
    }
}

static void print_report(const peers_options *options, const report *all)
{
    if (options->output == PEERS_OUTPUT_MARKDOWN)
        report_print_markdown(all, stdout);
    else if (options->output == PEERS_OUTPUT_TABLE)
        report_print_text(all, stdout);
}

static bool measure(const peers_options *options, int argc, char **argv, sink *self)
{
    if (options->engines != NULL) peers_list_check(options->engines, is_engine, "engine");
    if (options->workloads != NULL)
        peers_list_check(options->workloads, is_workload_or_group, "workload");
    if (options->save != NULL) {
        self->save = fopen(options->save, "w");
        if (self->save == NULL) bench_die("cannot write %s: %s", options->save, strerror(errno));
    }
    self->echoes = options->output == PEERS_OUTPUT_JSON;
    return rounds_run(options, argc, argv, take_line, self);
}

int main(int argc, char **argv)
{
    peers_options options;
    sink self = {0};
    bool is_sound = true;
    size_t i;

    peers_options_parse(argc, argv, &options);
    if (options.child.engine != NULL) {
        child_run(&options);
        return 0;
    }
    if (options.lists) {
        print_list();
        return 0;
    }
    for (i = 0; i < options.load_count; i++)
        report_add_file(&self.report, options.loads[i]);
    if (options.load_count == 0) is_sound = measure(&options, argc, argv, &self);
    print_report(&options, &self.report);
    if (self.save != NULL && fclose(self.save) != 0) bench_die("cannot save: %s", strerror(errno));
    report_deinit(&self.report);
    return is_sound && !self.has_lost ? 0 : 1;
}
