// SPDX-License-Identifier: Apache-2.0
// The operations on an engine, each with the check that its answer is right.
#include "peers/worker.h"

#include <string.h>

#include "support/failure.h"

// Generations run from 1 to 255 and around.
#define GENERATIONS 255u

static uint8_t generation_of(const bench_run *run, uint64_t number)
{
    return atomic_load_explicit(&run->generations[number], memory_order_acquire);
}

// Release: who reads the generation may demand that the engine has it too.
static void set_generation(bench_run *run, uint64_t number, uint8_t generation)
{
    atomic_store_explicit(&run->generations[number], generation, memory_order_release);
}

static uint8_t next_generation(uint8_t generation)
{
    return (uint8_t)(generation % GENERATIONS + 1);
}

static engine_bytes make_key(const bench_run *run, uint64_t number, bench_key *key)
{
    bench_dataset_key(&run->dataset, number, key);
    return (engine_bytes){key->bytes, key->size};
}

void worker_put(worker *self, uint64_t number)
{
    bench_run *run = self->run;
    uint8_t generation = next_generation(generation_of(run, number));
    engine_bytes value = {self->memory, run->dataset.value_size};
    bench_key key;
    engine_bytes key_bytes = make_key(run, number, &key);

    bench_dataset_value(&run->dataset, key.bytes, key.size, generation, self->memory);
    run->engine->put(self->session, key_bytes, value);
    set_generation(run, number, generation);
    self->user_bytes += key.size + value.size;
}

void worker_put_batch(worker *self, const uint64_t *numbers, size_t count)
{
    bench_run *run = self->run;
    size_t value_size = run->dataset.value_size;
    bench_key keys[WORKER_BATCH_MAX];
    engine_bytes key_bytes[WORKER_BATCH_MAX] = {{NULL, 0}};
    engine_bytes values[WORKER_BATCH_MAX] = {{NULL, 0}};
    size_t i;

    for (i = 0; i < count; i++) {
        uint8_t generation = next_generation(generation_of(run, numbers[i]));
        uint8_t *value = self->memory + i * value_size;

        key_bytes[i] = make_key(run, numbers[i], &keys[i]);
        bench_dataset_value(&run->dataset, keys[i].bytes, keys[i].size, generation, value);
        values[i] = (engine_bytes){value, value_size};
        self->user_bytes += keys[i].size + value_size;
    }
    run->engine->write_batch(self->session, key_bytes, values, count);
    for (i = 0; i < count; i++)
        set_generation(run, numbers[i], next_generation(generation_of(run, numbers[i])));
}

void worker_remove(worker *self, uint64_t number)
{
    bench_key key;
    engine_bytes key_bytes = make_key(self->run, number, &key);

    self->run->engine->remove(self->session, key_bytes);
    set_generation(self->run, number, 0);
    self->user_bytes += key.size;
}

// A racing writer may be ahead by what it wrote since the reader looked, never behind.
static bool is_expected(const worker *self, uint64_t generation, uint8_t least)
{
    if (generation == 0 || generation > GENERATIONS) return false;
    if (!self->is_racing) return generation == least;
    return (generation + GENERATIONS - least) % GENERATIONS < GENERATIONS / 2;
}

void worker_read(worker *self, uint64_t number)
{
    bench_run *run = self->run;
    uint8_t least = generation_of(run, number);
    bench_key key;
    engine_bytes key_bytes = make_key(run, number, &key), value;
    uint64_t generation;

    if (!run->engine->get(self->session, key_bytes, &value)) {
        if (least != 0)
            bench_die("%s: key %.*s is lost", run->engine->name, (int)key.size, key.bytes);
        return;
    }
    if (least == 0)
        bench_die("%s: key %.*s was found and should not be", run->engine->name, (int)key.size,
                  key.bytes);
    if (!bench_dataset_verify(&run->dataset, key.bytes, key.size, value.data, value.size,
                              &generation))
        bench_die("%s: key %.*s has a wrong value", run->engine->name, (int)key.size, key.bytes);
    if (!is_expected(self, generation, least))
        bench_die("%s: key %.*s has generation %llu, not %u", run->engine->name, (int)key.size,
                  key.bytes, (unsigned long long)generation, least);
}

// ---- A transaction --------------------------------------------------------------------------

typedef struct update {
    worker *self;
    bench_key keys[WORKER_TXN_MAX];
    uint8_t least[WORKER_TXN_MAX]; // Generations before it began.
    size_t read;
} update;

// The next generation is made of the one that was read, so that a lost update would be seen later.
static void update_value(void *context, engine_bytes key, engine_bytes value)
{
    update *change = context;
    worker *self = change->self;
    bench_run *run = self->run;
    size_t at = change->read++;
    uint64_t generation;

    if (!bench_dataset_verify(&run->dataset, key.data, key.size, value.data, value.size,
                              &generation))
        bench_die("%s: a transaction reads a wrong value for %.*s", run->engine->name,
                  (int)key.size, key.data);
    // Others may have gone round all generations since the key was looked up.
    if (!self->is_contended && !is_expected(self, generation, change->least[at]))
        bench_die("%s: a transaction reads generation %llu of %.*s, not %u", run->engine->name,
                  (unsigned long long)generation, (int)key.size, key.data, change->least[at]);
    bench_dataset_value(&run->dataset, key.data, key.size, next_generation((uint8_t)generation),
                        self->memory + at * run->dataset.value_size);
}

// Each commit makes the next generation of what it read, so that as many of them as there were lead
// to the last one, in whatever order they are noted, unless an update was lost.
static void advance_generation(bench_run *run, uint64_t number)
{
    uint8_t noted = generation_of(run, number);

    while (!atomic_compare_exchange_weak_explicit(&run->generations[number], &noted,
                                                  next_generation(noted), memory_order_release,
                                                  memory_order_acquire)) {
    }
}

bool worker_transact(worker *self, const uint64_t *numbers, size_t count)
{
    bench_run *run = self->run;
    size_t value_size = run->dataset.value_size;
    update change = {.self = self};
    engine_bytes keys[WORKER_TXN_MAX] = {{NULL, 0}};
    engine_bytes values[WORKER_TXN_MAX] = {{NULL, 0}};

    for (size_t i = 0; i < count; i++) {
        change.least[i] = generation_of(run, numbers[i]);
        keys[i] = make_key(run, numbers[i], &change.keys[i]);
        values[i] = (engine_bytes){self->memory + i * value_size, value_size};
    }
    if (!run->engine->transact(self->session, keys, values, count, update_value, &change))
        return false;
    if (change.read != count) bench_die("%s: a transaction left out a key", run->engine->name);
    for (size_t i = 0; i < count; i++) {
        advance_generation(run, numbers[i]);
        self->user_bytes += keys[i].size + value_size;
    }
    return true;
}

typedef struct scan_check {
    const bench_run *run;
    uint64_t visited;
    bench_key last;
    uint64_t last_number;
} scan_check;

// Whether `number` may follow: no even number between may be left out, all of them were filled.
static bool follows(const scan_check *check, uint64_t number)
{
    if (check->visited == 0) return number == check->last_number;
    return number > check->last_number && number - check->last_number <= 2 &&
           (number % 2 == 0 || number == check->last_number + 1);
}

static int compare_keys(const bench_key *left, engine_bytes right)
{
    size_t shared = left->size < right.size ? left->size : right.size;
    int order = memcmp(left->bytes, right.data, shared);

    if (order != 0) return order;
    return (left->size > right.size) - (left->size < right.size);
}

static void check_entry(void *context, engine_bytes key, engine_bytes value)
{
    scan_check *check = context;
    const bench_run *run = check->run;
    uint64_t number, generation;

    if (run->dataset.form == BENCH_KEY_DECIMAL) {
        if (!bench_dataset_parse(key.data, key.size, &number) || !follows(check, number))
            bench_die("%s: a scan shows key %.*s after %.*s", run->engine->name, (int)key.size,
                      key.data, (int)check->last.size, check->last.bytes);
        check->last_number = number;
    } else {
        int order = compare_keys(&check->last, key);
        if (check->visited == 0 ? order != 0 : order >= 0 || key.size > BENCH_KEY_SIZE_MAX)
            bench_die("%s: a scan is out of order", run->engine->name);
    }
    if (!bench_dataset_verify(&run->dataset, key.data, key.size, value.data, value.size,
                              &generation))
        bench_die("%s: a scan shows a wrong value for %.*s", run->engine->name, (int)key.size,
                  key.data);
    memcpy(check->last.bytes, key.data, key.size);
    check->last.size = key.size;
    check->visited++;
}

void worker_scan(worker *self, uint64_t number, size_t count)
{
    bench_run *run = self->run;
    scan_check check = {.run = run, .last_number = number};
    engine_bytes from;
    bench_key first;
    size_t visited;

    from = make_key(run, number, &first);
    check.last = first;
    visited = run->engine->scan(self->session, from, count, check_entry, &check);
    if (visited != check.visited || visited == 0 || visited > count)
        bench_die("%s: a scan counts %zu entries", run->engine->name, visited);
    // A short one must have come to the end of all keys.
    if (visited < count && run->dataset.form == BENCH_KEY_DECIMAL &&
        check.last_number < 2 * (run->dataset.key_count - 1))
        bench_die("%s: a scan ends after %zu entries", run->engine->name, visited);
}
