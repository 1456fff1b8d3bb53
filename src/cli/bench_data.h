// SPDX-License-Identifier: Apache-2.0
// Keys and values of the benchmark: made from numbers, so that every value that is read can be
// checked without remembering what was written.
#ifndef FERRIC_CLI_BENCH_DATA_H
#define FERRIC_CLI_BENCH_DATA_H

#include <ferric/ferric.h>

#include "base/random.h"

#define BENCH_KEY_SIZE 16
// A value begins with its key's number and a generation, 8 bytes each.
#define BENCH_VALUE_SIZE_MIN 16

typedef struct bench_data {
    uint8_t *pool; // Half random, half compressible; a value is a cut of it.
    size_t pool_size;
    size_t value_size;
    uint64_t entries;
    double zeta; // Of the Zipf distribution over the entries.
} bench_data;

// Errors: FERRIC_NO_MEMORY.
ferric_status bench_data_init(bench_data *data, uint64_t entries, size_t value_size, uint64_t seed);
void bench_data_deinit(bench_data *data);

// Writes the key of `number`.
ferric_slice bench_key(uint64_t number, uint8_t at[BENCH_KEY_SIZE]);
// Writes the value of `number` in a generation; `at` has room for value_size bytes.
ferric_slice bench_value(const bench_data *data, uint64_t number, uint64_t generation, uint8_t *at);
// Whether `value` is one of `number`'s, of any generation.
bool bench_value_is(const bench_data *data, uint64_t number, ferric_slice value);

// A number below data->entries: each the same, or by Zipf's law (exponent 0.99, as YCSB), the
// frequent ones spread over the whole range.
uint64_t bench_pick_uniform(const bench_data *data, fe_random *random);
uint64_t bench_pick_zipfian(const bench_data *data, fe_random *random);
// By Zipf's law with the newest of `count` entries the most frequent.
uint64_t bench_pick_latest(const bench_data *data, fe_random *random, uint64_t count);
// The `position`th number of a fixed order that looks random and has each number once.
uint64_t bench_shuffled(const bench_data *data, uint64_t position);

#endif
