// SPDX-License-Identifier: Apache-2.0
// What the component benchmarks share: entries to work on, and running the cases that are wanted.
#ifndef FERRIC_COMPONENT_COMPONENT_H
#define FERRIC_COMPONENT_COMPONENT_H

#include "format/internal_key.h"
#include "lsm/memtable.h"
#include "support/dataset.h"
#include "support/timing.h"

typedef struct component_bench {
    const char *filter; // Only cases whose name has it; NULL for all.
    bench_timing_plan plan;
    const char *directory; // For files.
    bool is_short;         // Smaller sets: to see that everything works.
    bool lists;            // Names only.
    uint32_t ran;
} component_bench;

// Measures and prints the case if it is wanted.
void component_run(component_bench *bench, const bench_timing_case *timed);

// Whether any case whose name begins with `prefix` may be wanted: what it needs is worth making.
bool component_wants(const component_bench *bench, const char *prefix);

// Entries as a keyspace has them: 4 bytes of id, 16 digits, 100 bytes of value.
#define COMPONENT_KEY_SIZE (FE_KEYSPACE_ID_SIZE + 16)
#define COMPONENT_VALUE_SIZE 100

typedef struct component_entries {
    size_t count;
    fe_entry *entries; // Sequence number = place + 1.
    uint64_t *hashes;  // Of the keys.
    uint8_t *memory;
    // For probing: keys in a random order, close together, so that a probe does not wait for a key
    // that it made itself. Then as many keys that lie between those that are there.
    uint32_t *order; // The places of the probe keys.
    uint8_t *probes; // COMPONENT_KEY_SIZE each.
    uint64_t *probe_hashes;
    uint8_t *missing;
    uint64_t *missing_hashes;
} component_entries;

// In ascending order of keys, or scattered.
void component_entries_init(component_entries *set, size_t count, bool is_sorted);
void component_entries_deinit(component_entries *set);

// An empty memtable that has learned from one before with some of the entries.
fe_memtable *component_memtable_create(const component_entries *set, uint64_t capacity_bytes);

static inline ferric_slice component_probe(const component_entries *set, size_t at)
{
    ferric_slice key = {set->probes + at * COMPONENT_KEY_SIZE, COMPONENT_KEY_SIZE};
    return key;
}

static inline ferric_slice component_missing(const component_entries *set, size_t place)
{
    ferric_slice key = {set->missing + place * COMPONENT_KEY_SIZE, COMPONENT_KEY_SIZE};
    return key;
}

// Ends the process unless the call succeeded: a figure of a failing call is none.
void component_check(ferric_status status, const char *what);

// The components, each in a file of its name.
void bench_block(component_bench *bench);
void bench_cache(component_bench *bench);
void bench_checksum(component_bench *bench);
void bench_encryption(component_bench *bench);
void bench_filter(component_bench *bench);
void bench_keydir(component_bench *bench);
void bench_log(component_bench *bench);
void bench_manifest(component_bench *bench);
void bench_memtable(component_bench *bench);
void bench_merge(component_bench *bench);
void bench_query(component_bench *bench);
void bench_statistics(component_bench *bench);
void bench_table(component_bench *bench);
void bench_write_queue(component_bench *bench);

#endif
