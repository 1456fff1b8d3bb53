// SPDX-License-Identifier: Apache-2.0
// Steps of the benchmark; see bench_step.h.
#include "cli/bench_step.h"

#include <string.h>

#include "base/memory.h"
#include "base/slice.h"
#include "base/status.h"

#define BATCH_COUNT 100
#define MULTI_COUNT 16
#define SCAN_COUNT 100

ferric_status bench_worker_init(bench_worker *worker, ferric_db *db, const bench_data *data,
                                bench_step step, uint64_t seed)
{
    memset(worker, 0, sizeof *worker);
    worker->db = db;
    worker->data = data;
    worker->step = step;
    worker->random.state = seed * 1000003;
    worker->stride = 1;
    worker->value = fe_alloc(data->value_size);
    if (worker->value == NULL) return fe_no_memory("a value", data->value_size);
    return ferric_batch_create(&worker->batch);
}

void bench_worker_deinit(bench_worker *worker)
{
    fe_free(worker->value);
    ferric_buffer_free(&worker->buffer);
    ferric_batch_destroy(worker->batch);
}

static ferric_status fail_wrong(uint64_t number, const char *what)
{
    return fe_fail(FERRIC_CORRUPT, "the benchmark read %s for key %llu", what,
                   (unsigned long long)number);
}

static void count_one(bench_worker *worker)
{
    worker->operations++;
    worker->bytes += BENCH_KEY_SIZE + worker->data->value_size;
}

// ---- Writing --------------------------------------------------------------------------------

static ferric_status put(bench_worker *worker, uint64_t number)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    uint8_t key[BENCH_KEY_SIZE];
    ferric_slice value =
        bench_value(worker->data, number, fe_random_next(&worker->random), worker->value);
    options.sync = worker->is_synced;
    count_one(worker);
    return ferric_put(worker->db, NULL, bench_key(number, key), value, &options);
}

static uint64_t next_position(bench_worker *worker)
{
    uint64_t position = worker->position;
    worker->position += worker->stride;
    return position % worker->data->entries;
}

static ferric_status put_batch(bench_worker *worker)
{
    ferric_status status = FERRIC_OK;
    ferric_batch_clear(worker->batch);
    for (int i = 0; status == FERRIC_OK && i < BATCH_COUNT; i++) {
        uint8_t key[BENCH_KEY_SIZE];
        uint64_t number = next_position(worker);
        ferric_slice value =
            bench_value(worker->data, number, fe_random_next(&worker->random), worker->value);
        status = ferric_batch_put(worker->batch, NULL, bench_key(number, key), value);
        count_one(worker);
    }
    if (status != FERRIC_OK) return status;
    return ferric_write(worker->db, worker->batch, NULL, NULL);
}

static ferric_status delete_next(bench_worker *worker)
{
    uint8_t key[BENCH_KEY_SIZE];
    uint64_t number = bench_shuffled(worker->data, next_position(worker));
    worker->operations++;
    worker->bytes += BENCH_KEY_SIZE;
    return ferric_delete(worker->db, NULL, bench_key(number, key), NULL);
}

static ferric_status insert(bench_worker *worker)
{
    return put(worker, worker->data->entries + worker->inserted++);
}

// ---- Reading --------------------------------------------------------------------------------

static ferric_status get(bench_worker *worker, uint64_t number)
{
    uint8_t key[BENCH_KEY_SIZE];
    ferric_status status =
        ferric_get(worker->db, NULL, bench_key(number, key), NULL, &worker->buffer, NULL);
    ferric_slice value = fe_slice(worker->buffer.data, worker->buffer.size);
    count_one(worker);
    if (status == FERRIC_NOT_FOUND) return fail_wrong(number, "nothing");
    if (status == FERRIC_OK && !bench_value_is(worker->data, number, value)) {
        return fail_wrong(number, "a wrong value");
    }
    return status;
}

// A key between two that exist, so that no range of keys gives it away.
static ferric_status get_missing(bench_worker *worker)
{
    uint8_t key[BENCH_KEY_SIZE + 1];
    uint64_t number = bench_pick_uniform(worker->data, &worker->random);
    ferric_status status;
    bench_key(number, key);
    key[BENCH_KEY_SIZE] = '!';
    status = ferric_get(worker->db, NULL, fe_slice(key, sizeof key), NULL, &worker->buffer, NULL);
    worker->operations++;
    worker->bytes += sizeof key;
    if (status == FERRIC_OK) return fail_wrong(number, "a value that nobody wrote");
    return status == FERRIC_NOT_FOUND ? FERRIC_OK : status;
}

static ferric_status get_multi(bench_worker *worker)
{
    uint8_t keys[MULTI_COUNT][BENCH_KEY_SIZE];
    uint64_t numbers[MULTI_COUNT];
    ferric_slice slices[MULTI_COUNT];
    ferric_pinned values[MULTI_COUNT];
    ferric_status statuses[MULTI_COUNT];
    ferric_status status;

    for (int i = 0; i < MULTI_COUNT; i++) {
        numbers[i] = bench_pick_uniform(worker->data, &worker->random);
        slices[i] = bench_key(numbers[i], keys[i]);
    }
    memset(values, 0, sizeof values);
    status = ferric_multi_get(worker->db, NULL, MULTI_COUNT, slices, NULL, values, statuses);
    for (int i = 0; i < MULTI_COUNT; i++) {
        if (status == FERRIC_OK && (statuses[i] != FERRIC_OK ||
                                    !bench_value_is(worker->data, numbers[i], values[i].value))) {
            status = fail_wrong(numbers[i], "a wrong value");
        }
        ferric_pinned_release(&values[i]);
        count_one(worker);
    }
    return status;
}

// Reads up to `count` entries from `number` on. Each follows the one before it, since every number
// has its key.
static ferric_status scan(bench_worker *worker, uint64_t number, uint64_t count)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    uint64_t end = worker->data->entries + worker->inserted;
    ferric_iterator *iterator;
    uint8_t key[BENCH_KEY_SIZE];
    ferric_status status;

    options.lower = bench_key(number, key);
    status = ferric_iterator_create(worker->db, NULL, &options, &iterator);
    if (status != FERRIC_OK) return status;
    for (; status == FERRIC_OK && count > 0 && number < end; count--, number++) {
        if (!ferric_iterator_next(iterator)) {
            status = ferric_iterator_status(iterator);
            if (status == FERRIC_OK) status = fail_wrong(number, "an early end");
        } else if (!fe_slice_equal(ferric_iterator_key(iterator), bench_key(number, key)) ||
                   !bench_value_is(worker->data, number, ferric_iterator_value(iterator))) {
            status = fail_wrong(number, "a wrong entry in a scan");
        }
        worker->bytes += BENCH_KEY_SIZE + worker->data->value_size;
    }
    ferric_iterator_destroy(iterator);
    worker->operations++;
    return status;
}

// ---- YCSB -----------------------------------------------------------------------------------

static ferric_status read_modify_write(bench_worker *worker)
{
    uint64_t number = bench_pick_zipfian(worker->data, &worker->random);
    ferric_status status = get(worker, number);
    if (status != FERRIC_OK) return status;
    worker->operations--; // The two count as one.
    return put(worker, number);
}

static ferric_status ycsb(bench_worker *worker, bench_step step)
{
    uint64_t percent = fe_random_below(&worker->random, 100);
    uint64_t count = worker->data->entries + worker->inserted;

    switch (step) {
    case BENCH_YCSB_D:
        if (percent >= 95) return insert(worker);
        return get(worker, bench_pick_latest(worker->data, &worker->random, count));
    case BENCH_YCSB_E:
        if (percent >= 95) return insert(worker);
        return scan(worker, bench_pick_zipfian(worker->data, &worker->random),
                    fe_random_below(&worker->random, 100) + 1);
    case BENCH_YCSB_F:
        if (percent >= 50) return read_modify_write(worker);
        break;
    case BENCH_YCSB_A:
        if (percent >= 50) return put(worker, bench_pick_zipfian(worker->data, &worker->random));
        break;
    case BENCH_YCSB_B:
        if (percent >= 95) return put(worker, bench_pick_zipfian(worker->data, &worker->random));
        break;
    default:
        break;
    }
    return get(worker, bench_pick_zipfian(worker->data, &worker->random));
}

ferric_status bench_step_run(bench_worker *worker)
{
    const bench_data *data = worker->data;
    switch (worker->step) {
    case BENCH_PUT_SEQUENTIAL:
        return put(worker, next_position(worker));
    case BENCH_PUT_SHUFFLED:
        return put(worker, bench_shuffled(data, next_position(worker)));
    case BENCH_PUT_UNIFORM:
        return put(worker, bench_pick_uniform(data, &worker->random));
    case BENCH_PUT_BATCH:
        return put_batch(worker);
    case BENCH_GET_UNIFORM:
        return get(worker, bench_pick_uniform(data, &worker->random));
    case BENCH_GET_ZIPFIAN:
        return get(worker, bench_pick_zipfian(data, &worker->random));
    case BENCH_GET_MISSING:
        return get_missing(worker);
    case BENCH_GET_MULTI:
        return get_multi(worker);
    case BENCH_SCAN:
        return scan(worker, bench_pick_uniform(data, &worker->random), SCAN_COUNT);
    case BENCH_DELETE:
        return delete_next(worker);
    default:
        return ycsb(worker, worker->step);
    }
}
