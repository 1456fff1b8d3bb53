// SPDX-License-Identifier: Apache-2.0
// Keys, values and their distributions; see bench_data.h. The Zipf numbers follow Gray and others,
// "Quickly Generating Billion-Record Synthetic Databases", 1994.
#include "cli/bench_data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/coding.h"
#include "base/memory.h"

#define THETA 0.99
// A prime above any number of entries that fits memory; see bench_shuffled.
#define STEP 4294967291u

static uint64_t mix(uint64_t value)
{
    fe_random random = {value};
    return fe_random_next(&random);
}

ferric_status bench_data_init(bench_data *data, uint64_t entries, size_t value_size, uint64_t seed)
{
    fe_random random = {seed};
    memset(data, 0, sizeof *data);
    data->entries = entries;
    data->value_size = value_size;
    data->pool_size = value_size + ((size_t)1 << 20);
    data->pool = fe_alloc(data->pool_size);
    if (data->pool == NULL) return fe_no_memory("values", data->pool_size);
    for (size_t i = 0; i < data->pool_size; i++) {
        // Runs of 16 random bytes, each followed by 16 equal ones.
        data->pool[i] = i % 32 < 16 ? (uint8_t)fe_random_next(&random) : (uint8_t)(i / 512);
    }
    for (uint64_t i = 1; i <= entries; i++)
        data->zeta += 1 / pow((double)i, THETA);
    return FERRIC_OK;
}

void bench_data_deinit(bench_data *data)
{
    fe_free(data->pool);
    data->pool = NULL;
}

ferric_slice bench_key(uint64_t number, uint8_t at[BENCH_KEY_SIZE])
{
    static const uint8_t prefix[] = {'u', 's', 'e', 'r'};
    for (size_t i = BENCH_KEY_SIZE; i-- > sizeof prefix; number /= 10)
        at[i] = (uint8_t)('0' + number % 10);
    memcpy(at, prefix, sizeof prefix);
    return fe_slice(at, BENCH_KEY_SIZE);
}

static const uint8_t *body_of(const bench_data *data, uint64_t number, uint64_t generation)
{
    return data->pool + mix(number ^ mix(generation)) % (data->pool_size - data->value_size + 1);
}

ferric_slice bench_value(const bench_data *data, uint64_t number, uint64_t generation, uint8_t *at)
{
    fe_put_u64(at, number);
    fe_put_u64(at + 8, generation);
    memcpy(at + BENCH_VALUE_SIZE_MIN, body_of(data, number, generation),
           data->value_size - BENCH_VALUE_SIZE_MIN);
    return fe_slice(at, data->value_size);
}

bool bench_value_is(const bench_data *data, uint64_t number, ferric_slice value)
{
    const uint8_t *at = fe_slice_bytes(value);
    if (value.size != data->value_size || fe_get_u64(at) != number) return false;
    return memcmp(at + BENCH_VALUE_SIZE_MIN, body_of(data, number, fe_get_u64(at + 8)),
                  value.size - BENCH_VALUE_SIZE_MIN) == 0;
}

static double unit(fe_random *random)
{
    return (double)(fe_random_next(random) >> 11) / 9007199254740992.0; // 2 to the 53rd.
}

// A rank from 0, the most frequent, on.
static uint64_t pick_rank(const bench_data *data, fe_random *random)
{
    double count = (double)data->entries;
    double zeta_2 = 1 + 1 / pow(2, THETA);
    double eta = (1 - pow(2 / count, 1 - THETA)) / (1 - zeta_2 / data->zeta);
    double u = unit(random);
    double uz = u * data->zeta;
    uint64_t rank;

    if (uz < 1) return 0;
    if (uz < zeta_2) return 1 % data->entries;
    rank = (uint64_t)(count * pow(eta * u - eta + 1, 1 / (1 - THETA)));
    return rank < data->entries ? rank : data->entries - 1;
}

uint64_t bench_pick_uniform(const bench_data *data, fe_random *random)
{
    return fe_random_below(random, data->entries);
}

uint64_t bench_pick_zipfian(const bench_data *data, fe_random *random)
{
    return mix(pick_rank(data, random)) % data->entries;
}

uint64_t bench_pick_latest(const bench_data *data, fe_random *random, uint64_t count)
{
    uint64_t rank = pick_rank(data, random);
    return rank < count ? count - 1 - rank : 0;
}

uint64_t bench_shuffled(const bench_data *data, uint64_t position)
{
    // A prime above the count shares no factor with it, so the steps visit each number once.
    return position % data->entries * STEP % data->entries;
}
