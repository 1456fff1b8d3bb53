// SPDX-License-Identifier: Apache-2.0
// What the command line of ferric-peers says.
#ifndef FERRIC_PEERS_PEERS_OPTIONS_H
#define FERRIC_PEERS_PEERS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEERS_LOADS_MAX 16

typedef enum peers_output {
    PEERS_OUTPUT_TABLE,
    PEERS_OUTPUT_JSON,
    PEERS_OUTPUT_MARKDOWN,
} peers_output;

// Set by the parent when it starts a child, never by a person.
typedef struct peers_child_options {
    const char *engine; // NULL in the parent.
    const char *group;
    uint32_t stage;
    uint32_t round;
    int output;
} peers_child_options;

typedef struct peers_options {
    const char *engines;   // Names with commas; NULL for all of the build but none.
    const char *workloads; // Names of workloads or groups with commas; NULL for all.
    uint64_t keys;
    uint64_t reads; // Operations of a reading workload; 0 for as many as keys.
    uint64_t value_size;
    uint64_t memory_bytes; // 0: 512 MiB, and 4 GiB from 5 million keys.
    uint32_t rounds;
    uint32_t seconds;      // A workload that does not fill ends after so many.
    uint32_t sync_seconds; // A synced workload runs so long.
    uint32_t child_timeout_s;
    bool is_compressed;
    bool is_quiet;
    bool lists;
    const char *directory; // Where databases are made.
    peers_output output;
    const char *save;                   // A file for all JSON lines; NULL for none.
    const char *loads[PEERS_LOADS_MAX]; // Saved runs to report on instead of measuring.
    size_t load_count;
    peers_child_options child;
} peers_options;

// Prints help and ends the process on --help; bench_die on a mistake.
void peers_options_parse(int argc, char **argv, peers_options *options);

// Whether `name` is one of the names in `list`, which are divided by commas.
bool peers_list_has(const char *list, const char *name);

// Calls bench_die unless every name in `list` is known.
void peers_list_check(const char *list, bool (*is_known)(const char *name), const char *what);

#endif
