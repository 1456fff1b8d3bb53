// SPDX-License-Identifier: Apache-2.0
// The six mixes of the Yahoo Cloud Serving Benchmark, on one thread.
//
//   A  half reads, half updates, zipfian        D  95% reads of the latest keys, 5% inserts
//   B  95% reads, 5% updates, zipfian           E  95% scans of 1 to 100 entries, 5% inserts
//   C  reads, zipfian                           F  half reads, half read-modify-writes, zipfian
#include "peers/workload.h"

#include "support/failure.h"

// The rank of a key among the filled ones; which key has it is scattered over all.
static uint64_t popular_index(worker *self)
{
    return bench_zipfian_rank(&self->run->zipfian, fe_random_next(&self->random));
}

static uint64_t popular(worker *self)
{
    return bench_dataset_number(&self->run->dataset, popular_index(self));
}

static bool happens(worker *self, uint32_t percent)
{
    return fe_random_below(&self->random, 100) < percent;
}

static void insert(worker *self)
{
    bench_run *run = self->run;

    if (run->inserted == run->dataset.key_count) bench_die("no keys are left to insert");
    worker_put(self, bench_dataset_number(&run->dataset, run->dataset.key_count + run->inserted));
    run->inserted++;
}

static uint64_t read_or_update(worker *self, uint32_t read_percent)
{
    uint64_t number = popular(self);

    if (happens(self, read_percent))
        worker_read(self, number);
    else
        worker_put(self, number);
    return 1;
}

uint64_t step_ycsb_a(worker *self)
{
    return read_or_update(self, 50);
}

uint64_t step_ycsb_b(worker *self)
{
    return read_or_update(self, 95);
}

uint64_t step_ycsb_c(worker *self)
{
    return read_or_update(self, 100);
}

uint64_t step_ycsb_d(worker *self)
{
    bench_run *run = self->run;
    uint64_t newest = run->dataset.key_count + run->inserted - 1;

    if (happens(self, 95))
        worker_read(self, bench_dataset_number(&run->dataset, newest - popular_index(self)));
    else
        insert(self);
    return 1;
}

uint64_t step_ycsb_e(worker *self)
{
    if (happens(self, 95))
        worker_scan(self, popular(self), 1 + fe_random_below(&self->random, 100));
    else
        insert(self);
    return 1;
}

uint64_t step_ycsb_f(worker *self)
{
    uint64_t number = popular(self);

    worker_read(self, number);
    if (happens(self, 50)) worker_put(self, number);
    return 1;
}
