// SPDX-License-Identifier: Apache-2.0
// Steps that do one kind of operation only.
#include "peers/workload.h"

#define SCAN_LENGTH 100

static uint64_t random_index(worker *self)
{
    return fe_random_below(&self->random, self->run->dataset.key_count);
}

static uint64_t number_of(const worker *self, uint64_t index)
{
    return bench_dataset_number(&self->run->dataset, index);
}

uint64_t step_fill_seq(worker *self)
{
    worker_put(self, 2 * self->position);
    return 1;
}

uint64_t step_fill_random(worker *self)
{
    worker_put(self, number_of(self, self->position));
    return 1;
}

uint64_t step_fill_batch(worker *self)
{
    uint64_t numbers[WORKER_BATCH_MAX];
    uint64_t first = self->position * WORKER_BATCH_MAX;
    uint64_t left = self->run->dataset.key_count - first;
    size_t count = left < WORKER_BATCH_MAX ? (size_t)left : WORKER_BATCH_MAX;
    size_t i;

    for (i = 0; i < count; i++)
        numbers[i] = number_of(self, first + i);
    worker_put_batch(self, numbers, count);
    return count;
}

uint64_t step_overwrite(worker *self)
{
    worker_put(self, number_of(self, random_index(self)));
    return 1;
}

uint64_t step_read_random(worker *self)
{
    worker_read(self, number_of(self, random_index(self)));
    return 1;
}

uint64_t step_read_zipfian(worker *self)
{
    uint64_t rank = bench_zipfian_rank(&self->run->zipfian, fe_random_next(&self->random));

    worker_read(self, number_of(self, rank));
    return 1;
}

// Keys that lie between those that exist.
uint64_t step_read_missing(worker *self)
{
    worker_read(self, 2 * random_index(self) + 1);
    return 1;
}

uint64_t step_scan(worker *self)
{
    worker_scan(self, number_of(self, random_index(self)), SCAN_LENGTH);
    return 1;
}

uint64_t step_delete(worker *self)
{
    worker_remove(self, number_of(self, self->position));
    return 1;
}

#define TXN_KEYS 4
#define HOT_KEYS 100

// Four keys side by side among those that are the thread's own.
uint64_t step_txn(worker *self)
{
    uint64_t each = self->run->dataset.key_count / self->count;
    uint64_t first = fe_random_below(&self->random, each);
    uint64_t numbers[TXN_KEYS];

    for (uint64_t i = 0; i < TXN_KEYS; i++)
        numbers[i] = number_of(self, (first + i) % each * self->count + self->number);
    return worker_transact(self, numbers, TXN_KEYS) ? 1 : 0;
}

// Four keys that all threads want. What others were faster with does not count.
uint64_t step_txn_hot(worker *self)
{
    uint64_t first = fe_random_below(&self->random, HOT_KEYS);
    uint64_t numbers[TXN_KEYS];

    for (uint64_t i = 0; i < TXN_KEYS; i++)
        numbers[i] = number_of(self, (first + i * (HOT_KEYS / TXN_KEYS)) % HOT_KEYS);
    return worker_transact(self, numbers, TXN_KEYS) ? 1 : 0;
}

void verify_hot(worker *self)
{
    for (uint64_t i = 0; i < HOT_KEYS; i++)
        worker_read(self, number_of(self, i));
}

// Each thread has keys of its own, and comes around to the first one after the last.
uint64_t step_commit(worker *self)
{
    uint64_t each = self->run->dataset.key_count / self->count;

    worker_put(self, number_of(self, self->position % each * self->count + self->number));
    return 1;
}
