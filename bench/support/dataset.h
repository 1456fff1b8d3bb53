// SPDX-License-Identifier: Apache-2.0
// Keys and values as pure functions of a number, so that nothing has to be stored to be verified.
//
// Key i of a random fill is the key with the number 2 * permute(i): every even number below
// 2 * key_count comes once, in a scattered order. The odd numbers between them are keys that are
// missing, or that a workload inserts later. Order of numbers is order of keys (decimal form).
//
// A value tells which key and which generation of it it belongs to:
//
//   generation, 8 bytes | hash of key and generation, 8 bytes | random bytes | one letter repeated
//   ----------------------------- first half -------------------------------- | -- second half --
//
// so that it compresses to about a half, and a value of another key or a wrong byte is noticed.
#ifndef FERRIC_SUPPORT_DATASET_H
#define FERRIC_SUPPORT_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_KEY_SIZE_MAX 100
#define BENCH_VALUE_SIZE_MIN 32

typedef enum bench_key_form {
    BENCH_KEY_DECIMAL, // 16 decimal digits, as LevelDB's db_bench makes them.
    BENCH_KEY_MIXED,   // 10 to 100 bytes: few long prefixes in common, then 10 digits.
} bench_key_form;

typedef struct bench_dataset {
    uint64_t key_count;
    size_t value_size;
    bench_key_form form;
    uint64_t mask; // One less than the power of two at or above key_count.
    uint32_t shift;
    uint8_t *noise;  // Random bytes that values are cut from.
    uint8_t *filler; // What their second half is compared with.
} bench_dataset;

// One key in the caller's memory.
typedef struct bench_key {
    size_t size;
    uint8_t bytes[BENCH_KEY_SIZE_MAX];
} bench_key;

// REQUIRES: key_count > 1, value_size >= BENCH_VALUE_SIZE_MIN.
void bench_dataset_init(bench_dataset *dataset, uint64_t key_count, size_t value_size,
                        bench_key_form form);
void bench_dataset_deinit(bench_dataset *dataset);

// A permutation of [0, key_count). REQUIRES: index < key_count.
uint64_t bench_dataset_permute(const bench_dataset *dataset, uint64_t index);

// The number of key `index`: below key_count one that the fill writes, from there to
// 2 * key_count one that lies between them.
uint64_t bench_dataset_number(const bench_dataset *dataset, uint64_t index);

// The key with this number.
void bench_dataset_key(const bench_dataset *dataset, uint64_t number, bench_key *key);

// The number in a key of decimal form; false for other bytes.
bool bench_dataset_parse(const uint8_t *key, size_t key_size, uint64_t *number);

// Writes value_size bytes.
void bench_dataset_value(const bench_dataset *dataset, const uint8_t *key, size_t key_size,
                         uint64_t generation, uint8_t *value);

// Whether the bytes are the value of this key in some generation, which is handed out.
bool bench_dataset_verify(const bench_dataset *dataset, const uint8_t *key, size_t key_size,
                          const uint8_t *value, size_t value_size, uint64_t *generation);

#endif
