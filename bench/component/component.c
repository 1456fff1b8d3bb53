// SPDX-License-Identifier: Apache-2.0
// Entries for the component benchmarks, and the choice of cases.
#include "component/component.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/random.h"
#include "base/status.h"
#include "support/failure.h"

#define KEYSPACE_ID 17

void component_check(ferric_status status, const char *what)
{
    if (status != FERRIC_OK) bench_die("%s: %s: %s", what, fe_status_name(status), fe_message());
}

void component_run(component_bench *bench, const bench_timing_case *timed)
{
    bench_timing timing;

    if (bench->filter != NULL && strstr(timed->name, bench->filter) == NULL) return;
    bench->ran++;
    if (bench->lists) {
        printf("%s\n", timed->name);
        return;
    }
    timing = bench_timing_measure(timed, &bench->plan);
    bench_timing_print(timed, &timing);
}

bool component_wants(const component_bench *bench, const char *prefix)
{
    size_t shared;

    if (bench->filter == NULL) return true;
    shared = strlen(bench->filter) < strlen(prefix) ? strlen(bench->filter) : strlen(prefix);
    return strncmp(bench->filter, prefix, shared) == 0 || strchr(bench->filter, '/') == NULL;
}

static void make_key(const bench_dataset *dataset, uint64_t number, uint8_t *to)
{
    bench_key key;

    bench_dataset_key(dataset, number, &key);
    memcpy(to, "\0\0\0", FE_KEYSPACE_ID_SIZE - 1);
    to[FE_KEYSPACE_ID_SIZE - 1] = KEYSPACE_ID;
    memcpy(to + FE_KEYSPACE_ID_SIZE, key.bytes, key.size);
}

static void make_entry(component_entries *set, const bench_dataset *dataset, size_t place,
                       uint64_t number)
{
    uint8_t *key = set->memory + place * (COMPONENT_KEY_SIZE + COMPONENT_VALUE_SIZE);
    uint8_t *value = key + COMPONENT_KEY_SIZE;
    uint8_t *missing = set->missing + place * COMPONENT_KEY_SIZE;

    make_key(dataset, number, key);
    make_key(dataset, number + 1, missing);
    bench_dataset_value(dataset, key, COMPONENT_KEY_SIZE, 1, value);
    set->entries[place] = (fe_entry){.key = {key, COMPONENT_KEY_SIZE},
                                     .value = {value, COMPONENT_VALUE_SIZE},
                                     .sequence = place + 1,
                                     .kind = FE_ENTRY_PUT};
    set->hashes[place] = fe_hash64(key, COMPONENT_KEY_SIZE);
    set->missing_hashes[place] = fe_hash64(missing, COMPONENT_KEY_SIZE);
}

static void make_probes(component_entries *set)
{
    size_t i;

    for (i = 0; i < set->count; i++) {
        memcpy(set->probes + i * COMPONENT_KEY_SIZE, set->entries[set->order[i]].key.data,
               COMPONENT_KEY_SIZE);
        set->probe_hashes[i] = set->hashes[set->order[i]];
    }
}

static void shuffle(uint32_t *order, size_t count)
{
    fe_random random = {7};
    size_t i;

    for (i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (i = count; i > 1; i--) {
        size_t other = fe_random_below(&random, i);
        uint32_t kept = order[other];
        order[other] = order[i - 1];
        order[i - 1] = kept;
    }
}

void component_entries_init(component_entries *set, size_t count, bool is_sorted)
{
    bench_dataset dataset;
    size_t i;

    set->count = count;
    set->entries = bench_allocate(count, sizeof(*set->entries));
    set->hashes = bench_allocate(count, sizeof(*set->hashes));
    set->missing_hashes = bench_allocate(count, sizeof(*set->missing_hashes));
    set->order = bench_allocate(count, sizeof(*set->order));
    set->memory = bench_allocate(count, COMPONENT_KEY_SIZE + COMPONENT_VALUE_SIZE);
    set->missing = bench_allocate(count, COMPONENT_KEY_SIZE);
    set->probes = bench_allocate(count, COMPONENT_KEY_SIZE);
    set->probe_hashes = bench_allocate(count, sizeof(*set->probe_hashes));
    bench_dataset_init(&dataset, count, COMPONENT_VALUE_SIZE, BENCH_KEY_DECIMAL);
    for (i = 0; i < count; i++)
        make_entry(set, &dataset, i, is_sorted ? 2 * i : bench_dataset_number(&dataset, i));
    bench_dataset_deinit(&dataset);
    shuffle(set->order, count);
    make_probes(set);
}

void component_entries_deinit(component_entries *set)
{
    free(set->entries);
    free(set->hashes);
    free(set->missing_hashes);
    free(set->order);
    free(set->memory);
    free(set->missing);
    free(set->probes);
    free(set->probe_hashes);
    memset(set, 0, sizeof(*set));
}

fe_memtable *component_memtable_create(const component_entries *set, uint64_t capacity_bytes)
{
    fe_key_code code;
    fe_memtable *before;
    fe_memtable *created;
    size_t i;

    component_check(fe_memtable_create(64 << 10, NULL, NULL, &before), "create a memtable");
    for (i = 0; i < FE_KEY_CODE_SAMPLES_MAX && i < set->count; i++)
        fe_memtable_insert(before, &set->entries[i], set->hashes[i]);
    fe_memtable_learn(before, &code);
    fe_memtable_destroy(before);
    component_check(fe_memtable_create(capacity_bytes, &code, NULL, &created), "create a memtable");
    return created;
}
