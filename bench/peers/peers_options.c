// SPDX-License-Identifier: Apache-2.0
// Reads the command line: one table of options, from which the help text comes too.
#include "peers/peers_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"

enum {
    OPTION_ENGINES = 256,
    OPTION_WORKLOADS,
    OPTION_KEYS,
    OPTION_READS,
    OPTION_VALUE_SIZE,
    OPTION_MEMORY,
    OPTION_ROUNDS,
    OPTION_SECONDS,
    OPTION_SYNC_SECONDS,
    OPTION_COMPRESSION,
    OPTION_DIRECTORY,
    OPTION_CHILD_TIMEOUT,
    OPTION_JSON,
    OPTION_MARKDOWN,
    OPTION_SAVE,
    OPTION_LOAD,
    OPTION_LIST,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_CHILD_ENGINE,
    OPTION_CHILD_GROUP,
    OPTION_CHILD_STAGE,
    OPTION_CHILD_ROUND,
    OPTION_CHILD_OUTPUT,
};

static const struct option known[] = {
    {"engines", required_argument, NULL, OPTION_ENGINES},
    {"workloads", required_argument, NULL, OPTION_WORKLOADS},
    {"keys", required_argument, NULL, OPTION_KEYS},
    {"reads", required_argument, NULL, OPTION_READS},
    {"value-size", required_argument, NULL, OPTION_VALUE_SIZE},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"rounds", required_argument, NULL, OPTION_ROUNDS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"sync-seconds", required_argument, NULL, OPTION_SYNC_SECONDS},
    {"compression", no_argument, NULL, OPTION_COMPRESSION},
    {"directory", required_argument, NULL, OPTION_DIRECTORY},
    {"child-timeout", required_argument, NULL, OPTION_CHILD_TIMEOUT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"markdown", no_argument, NULL, OPTION_MARKDOWN},
    {"save", required_argument, NULL, OPTION_SAVE},
    {"load", required_argument, NULL, OPTION_LOAD},
    {"list", no_argument, NULL, OPTION_LIST},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {"child-engine", required_argument, NULL, OPTION_CHILD_ENGINE},
    {"child-group", required_argument, NULL, OPTION_CHILD_GROUP},
    {"child-stage", required_argument, NULL, OPTION_CHILD_STAGE},
    {"child-round", required_argument, NULL, OPTION_CHILD_ROUND},
    {"child-output", required_argument, NULL, OPTION_CHILD_OUTPUT},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "ferric-peers: Ferric beside other engines, each in a process of its own, one after the other\n"
    "in turn, every value verified, medians over the rounds.\n\n"
    "  --engines A,B        which engines; all but `none` (the harness itself) when not given\n"
    "  --workloads A,B      which workloads or groups of them; all when not given\n"
    "  --list               print engines, groups and workloads\n"
    "  --keys N             keys of a fill, 1000000 (suffixes k, M; KiB, MiB, GiB)\n"
    "  --reads N            operations of a reading workload, as many as keys\n"
    "  --value-size N       100\n"
    "  --memory N           caches and memtables together; 512MiB, 4GiB from 5M keys\n"
    "  --rounds N           5\n"
    "  --seconds N          a workload that does not fill ends after so many, 10\n"
    "  --sync-seconds N     a synced workload runs so long, 5\n"
    "  --compression        with each engine's usual compression\n"
    "  --directory DIR      where databases are made and removed, $TMPDIR or /tmp\n"
    "  --child-timeout N    seconds until an engine's process is given up, 3600\n"
    "  --json               JSON lines on stdout instead of tables\n"
    "  --markdown           the section for docs/BENCHMARKS.md instead of tables\n"
    "  --save FILE          keep all JSON lines too\n"
    "  --load FILE          report on a saved run (may be repeated) and measure nothing\n"
    "  --quiet              no progress on stderr\n";

static uint64_t parse_number(const char *text, const char *name, uint64_t least, uint64_t most)
{
    static const struct {
        const char *suffix;
        uint64_t factor;
    } suffixes[] = {{"", 1},
                    {"k", 1000},
                    {"M", 1000000},
                    {"KiB", 1024},
                    {"MiB", (uint64_t)1 << 20},
                    {"GiB", (uint64_t)1 << 30}};
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    size_t i;

    if (end == text || text[0] == '-') bench_die("--%s %s: not a number", name, text);
    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (strcmp(end, suffixes[i].suffix) != 0) continue;
        number *= suffixes[i].factor;
        if (number < least || number > most)
            bench_die("--%s %s: from %llu to %llu is allowed", name, text,
                      (unsigned long long)least, (unsigned long long)most);
        return number;
    }
    bench_die("--%s %s: the suffix is none of k, M, KiB, MiB, GiB", name, text);
}

static void set_child_option(peers_child_options *child, int option, const char *text)
{
    switch (option) {
    case OPTION_CHILD_ENGINE:
        child->engine = text;
        break;
    case OPTION_CHILD_GROUP:
        child->group = text;
        break;
    case OPTION_CHILD_STAGE:
        child->stage = (uint32_t)parse_number(text, "child-stage", 1, 9);
        break;
    case OPTION_CHILD_ROUND:
        child->round = (uint32_t)parse_number(text, "child-round", 1, 1000000);
        break;
    default:
        child->output = (int)parse_number(text, "child-output", 3, 1000);
        break;
    }
}

static void set_number(peers_options *options, int option, const char *text)
{
    const uint64_t many = (uint64_t)1 << 40;

    switch (option) {
    case OPTION_KEYS:
        options->keys = parse_number(text, "keys", 1000, 1000000000);
        break;
    case OPTION_READS:
        options->reads = parse_number(text, "reads", 1, many);
        break;
    case OPTION_VALUE_SIZE:
        options->value_size = parse_number(text, "value-size", 32, 65536);
        break;
    case OPTION_MEMORY:
        options->memory_bytes = parse_number(text, "memory", (uint64_t)8 << 20, many);
        break;
    case OPTION_ROUNDS:
        options->rounds = (uint32_t)parse_number(text, "rounds", 1, 1000);
        break;
    case OPTION_SECONDS:
        options->seconds = (uint32_t)parse_number(text, "seconds", 1, 86400);
        break;
    case OPTION_SYNC_SECONDS:
        options->sync_seconds = (uint32_t)parse_number(text, "sync-seconds", 1, 86400);
        break;
    default:
        options->child_timeout_s = (uint32_t)parse_number(text, "child-timeout", 1, 604800);
        break;
    }
}

static void set_option(peers_options *options, int option, const char *text)
{
    switch (option) {
    case OPTION_ENGINES:
        options->engines = text;
        break;
    case OPTION_WORKLOADS:
        options->workloads = text;
        break;
    case OPTION_COMPRESSION:
        options->is_compressed = true;
        break;
    case OPTION_DIRECTORY:
        options->directory = text;
        break;
    case OPTION_JSON:
        options->output = PEERS_OUTPUT_JSON;
        break;
    case OPTION_MARKDOWN:
        options->output = PEERS_OUTPUT_MARKDOWN;
        break;
    case OPTION_SAVE:
        options->save = text;
        break;
    case OPTION_LIST:
        options->lists = true;
        break;
    case OPTION_QUIET:
        options->is_quiet = true;
        break;
    case OPTION_LOAD:
        if (options->load_count == PEERS_LOADS_MAX) bench_die("too many --load");
        options->loads[options->load_count++] = text;
        break;
    case OPTION_HELP:
        fputs(help, stdout);
        exit(0);
    case '?':
        bench_die("see --help");
    default:
        if (option >= OPTION_CHILD_ENGINE)
            set_child_option(&options->child, option, text);
        else
            set_number(options, option, text);
    }
}

void peers_options_parse(int argc, char **argv, peers_options *options)
{
    const char *temporary = getenv("TMPDIR");
    int option;

    *options = (peers_options){
        .keys = 1000000,
        .value_size = 100,
        .rounds = 5,
        .seconds = 10,
        .sync_seconds = 5,
        .child_timeout_s = 3600,
        .directory = temporary != NULL ? temporary : "/tmp",
    };
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
        set_option(options, option, optarg);
    if (optind < argc) bench_die("%s: not an option; see --help", argv[optind]);
    if (options->reads == 0) options->reads = options->keys;
    if (options->memory_bytes == 0)
        options->memory_bytes = options->keys < 5000000 ? (uint64_t)512 << 20 : (uint64_t)4 << 30;
}

bool peers_list_has(const char *list, const char *name)
{
    size_t length = strlen(name);

    while (*list != '\0') {
        size_t item = strcspn(list, ",");
        if (item == length && strncmp(list, name, length) == 0) return true;
        list += item + (list[item] == ',');
    }
    return false;
}

void peers_list_check(const char *list, bool (*is_known)(const char *name), const char *what)
{
    while (*list != '\0') {
        size_t item = strcspn(list, ",");
        char name[64];

        bench_format(name, sizeof(name), "%.*s", (int)item, list);
        if (!is_known(name)) bench_die("%s: no such %s; see --list", name, what);
        list += item + (list[item] == ',');
    }
}
