// SPDX-License-Identifier: Apache-2.0
// ferric-component: what each part of the engine costs by itself. See bench/README.md.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "component/component.h"
#include "support/failure.h"

static const char help[] =
    "ferric-component: nanoseconds an operation of each component, median over repeats.\n\n"
    "  --filter TEXT     only cases whose name has TEXT, such as memtable/ or \"find\"\n"
    "  --repeats N       9\n"
    "  --repeat-ms N     how long one repeat takes, 50\n"
    "  --directory DIR   where files are made, $TMPDIR or /tmp\n"
    "  --short           small sets and 3 short repeats: to see that everything works\n"
    "  --list            names only\n";

static uint32_t parse_number(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || number == 0 || number > 1000000)
        bench_die("%s: a number from 1 to 1000000 is wanted", text);
    return (uint32_t)number;
}

static void parse(int argc, char **argv, component_bench *bench)
{
    static const struct option known[] = {
        {"filter", required_argument, NULL, 'f'},
        {"repeats", required_argument, NULL, 'r'},
        {"repeat-ms", required_argument, NULL, 'm'},
        {"directory", required_argument, NULL, 'd'},
        {"short", no_argument, NULL, 's'},
        {"list", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *temporary = getenv("TMPDIR");
    int option;

    *bench = (component_bench){
        .plan = {.repeats = 9, .warmups = 1, .repeat_ns = 50000000},
        .directory = temporary != NULL ? temporary : "/tmp",
    };
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'f':
            bench->filter = optarg;
            break;
        case 'r':
            bench->plan.repeats = parse_number(optarg);
            break;
        case 'm':
            bench->plan.repeat_ns = (uint64_t)parse_number(optarg) * 1000000;
            break;
        case 'd':
            bench->directory = optarg;
            break;
        case 'l':
            bench->lists = true;
            break;
        case 's':
            bench->is_short = true;
            bench->plan = (bench_timing_plan){.repeats = 3, .repeat_ns = 1000000};
            break;
        case 'h':
            fputs(help, stdout);
            exit(0);
        default:
            bench_die("see --help");
        }
    }
    if (optind < argc) bench_die("%s: not an option; see --help", argv[optind]);
}

int main(int argc, char **argv)
{
    component_bench bench;

    parse(argc, argv, &bench);
    bench_checksum(&bench);
    bench_log(&bench);
    bench_filter(&bench);
    bench_keydir(&bench);
    bench_block(&bench);
    bench_table(&bench);
    bench_cache(&bench);
    bench_memtable(&bench);
    bench_merge(&bench);
    bench_manifest(&bench);
    bench_write_queue(&bench);
    bench_statistics(&bench);
    bench_query(&bench);
    bench_encryption(&bench);
    if (bench.ran == 0) bench_die("no case has \"%s\" in its name", bench.filter);
    return 0;
}
