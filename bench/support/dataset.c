// SPDX-License-Identifier: Apache-2.0
// Deterministic keys and values, and the check that a value read is the one written.
#include "support/dataset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"

// Where a value's random bytes may begin. Small enough for the nearest caches: comparing a value
// must not cost as much as reading it, and a block of a table has few values.
#define NOISE_STARTS 16384u
#define HEAD_SIZE 16
#define FILLER 'f'
#define MIXED_DIGITS 10

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

void bench_dataset_init(bench_dataset *dataset, uint64_t key_count, size_t value_size,
                        bench_key_form form)
{
    size_t noise_size = NOISE_STARTS + value_size / 8 * 8;
    uint8_t *noise = bench_allocate(noise_size, 1);
    uint32_t bits = 1;
    size_t i;

    assert(key_count > 1 && value_size >= BENCH_VALUE_SIZE_MIN);
    while (((uint64_t)1 << bits) < key_count)
        bits++;
    for (i = 0; i < noise_size; i += 8) {
        uint64_t word = mix(i + 1);
        memcpy(noise + i, &word, 8);
    }
    dataset->key_count = key_count;
    dataset->value_size = value_size;
    dataset->form = form;
    dataset->mask = ((uint64_t)1 << bits) - 1;
    dataset->shift = (bits + 1) / 2;
    dataset->noise = noise;
    dataset->filler = bench_allocate(value_size, 1);
    memset(dataset->filler, FILLER, value_size);
}

void bench_dataset_deinit(bench_dataset *dataset)
{
    free(dataset->noise);
    free(dataset->filler);
    dataset->noise = NULL;
    dataset->filler = NULL;
}

// Each step is a bijection on the numbers up to the mask; a result outside the keys is permuted
// again, which comes back into them since the walk is a cycle.
uint64_t bench_dataset_permute(const bench_dataset *dataset, uint64_t index)
{
    uint64_t value = index;

    assert(index < dataset->key_count);
    do {
        value = (value * 0x9e3779b97f4a7c15u + 0x7f4a7c15u) & dataset->mask;
        value ^= value >> dataset->shift;
        value = (value * 0xd1342543de82ef95u) & dataset->mask;
        value ^= value >> dataset->shift;
        value = (value * 0xaf251af3b0f025b5u + 1) & dataset->mask;
    } while (value >= dataset->key_count);
    return value;
}

uint64_t bench_dataset_number(const bench_dataset *dataset, uint64_t index)
{
    if (index < dataset->key_count) return 2 * bench_dataset_permute(dataset, index);
    return 2 * bench_dataset_permute(dataset, index - dataset->key_count) + 1;
}

// An even number of digits, two at a time.
static void write_digits(uint64_t number, uint8_t *to, size_t digits)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";

    for (; digits > 0; number /= 100) {
        digits -= 2;
        memcpy(to + digits, pairs + number % 100 * 2, 2);
    }
}

// What keys of real programs begin with: paths and names that many keys share.
static const char *const stems[4] = {
    "https://www.example.org/catalogue/europe/household/kitchen/small-appliances/reviews/page/n",
    "tenant/0000000000000017/project/production/region/eu-central-1/service/billing/invoice/id/",
    "user:profile:settings:notifications:email:weekly-digest:subscription:history:entry:number:",
    "/var/lib/application/storage/objects/by-date/2024/11/30/uploads/images/thumbnails/large/id",
};
static const uint8_t stem_sizes[8] = {0, 12, 24, 34, 48, 62, 76, 90};

static void mixed_key(uint64_t number, bench_key *key)
{
    uint64_t choice = mix(number / 2 + 1);
    size_t stem_size = stem_sizes[choice % 8];

    memcpy(key->bytes, stems[choice / 8 % 4], stem_size);
    write_digits(number, key->bytes + stem_size, MIXED_DIGITS);
    key->size = stem_size + MIXED_DIGITS;
}

void bench_dataset_key(const bench_dataset *dataset, uint64_t number, bench_key *key)
{
    if (dataset->form == BENCH_KEY_MIXED) {
        mixed_key(number, key);
        return;
    }
    write_digits(number / 100000000, key->bytes, 8);
    write_digits(number % 100000000, key->bytes + 8, 8);
    key->size = 16;
}

// Eight digits at once, the first one in the lowest byte: pairs, fours, then eights are joined.
// False when a byte is no digit.
static bool parse_eight(const uint8_t *digits, uint64_t *number)
{
    uint64_t word;

    memcpy(&word, digits, 8);
    if (((word & 0xf0f0f0f0f0f0f0f0u) |
         (((word + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) != 0x3333333333333333u)
        return false;
    word = (word & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
    word = (word & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
    *number = (word & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
    return true;
}

bool bench_dataset_parse(const uint8_t *key, size_t key_size, uint64_t *number)
{
    uint64_t upper, lower;

    *number = 0;
    if (key_size != 16 || !parse_eight(key, &upper) || !parse_eight(key + 8, &lower)) return false;
    *number = upper * 100000000 + lower;
    return true;
}

static uint64_t hash_key(const uint8_t *key, size_t size, uint64_t generation)
{
    uint64_t hash = (generation + 1) * 0x9e3779b97f4a7c15u ^ size;
    uint64_t word;

    for (; size >= 8; size -= 8, key += 8) {
        memcpy(&word, key, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    if (size > 0) {
        word = 0;
        memcpy(&word, key, size);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
    }
    return mix(hash);
}

static size_t noisy_size(const bench_dataset *dataset)
{
    return dataset->value_size / 2 - HEAD_SIZE;
}

static const uint8_t *noise_of(const bench_dataset *dataset, uint64_t hash)
{
    return dataset->noise + hash % NOISE_STARTS;
}

void bench_dataset_value(const bench_dataset *dataset, const uint8_t *key, size_t key_size,
                         uint64_t generation, uint8_t *value)
{
    uint64_t hash = hash_key(key, key_size, generation);
    size_t noisy = noisy_size(dataset);

    memcpy(value, &generation, 8);
    memcpy(value + 8, &hash, 8);
    memcpy(value + HEAD_SIZE, noise_of(dataset, hash), noisy);
    memset(value + HEAD_SIZE + noisy, FILLER, dataset->value_size - HEAD_SIZE - noisy);
}

bool bench_dataset_verify(const bench_dataset *dataset, const uint8_t *key, size_t key_size,
                          const uint8_t *value, size_t value_size, uint64_t *generation)
{
    size_t noisy = noisy_size(dataset);
    uint64_t hash, stored;

    *generation = 0;
    if (value_size != dataset->value_size) return false;
    memcpy(generation, value, 8);
    memcpy(&stored, value + 8, 8);
    hash = hash_key(key, key_size, *generation);
    return stored == hash && memcmp(value + HEAD_SIZE, noise_of(dataset, hash), noisy) == 0 &&
           memcmp(value + HEAD_SIZE + noisy, dataset->filler, value_size - HEAD_SIZE - noisy) == 0;
}
