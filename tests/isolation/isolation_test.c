// SPDX-License-Identifier: Apache-2.0
// Transactions against what their isolation promises (docs/DURABILITY.md, "Isolation").
//
// Two ways to mix them. Interleaved: one thread drives many open transactions and picks the next
// step at random, so that a seed repeats it. Threads: four of them, each with its own client,
// beside background threads. Each history is judged by itself.
//
// Under snapshot isolation write skew and phantoms are allowed, and must be found, or the harness
// sees nothing. With every read for update write skew on keys is forbidden too, and in serializable
// transactions everything is.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "os/vfs.h"
#include "support/encrypted.h"
#include "support/harness.h"

#define TRANSACTIONS_FLOOR 200000u
// Of what is allowed and must be found.
#define FOUND_FLOOR 400u
#define OF_A_HISTORY 250u
#define CLIENTS 6u
#define THREADS 4u
#define HISTORIES_OF_A_DATABASE 12u
// One history in so many is made by threads.
#define THREADED_ONE_IN 4u

static const char *const mode_names[MODE_COUNT] = {"snapshot", "for update", "serializable"};

typedef struct totals {
    verdict verdicts[MODE_COUNT];
    uint64_t transactions;
    uint64_t conflicts;
    uint64_t threaded;
} totals;

// ---- Histories ------------------------------------------------------------------------------

static void play_interleaved(world *w, fe_random *random)
{
    client clients[CLIENTS];

    memset(clients, 0, sizeof clients);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        clients[i].w = w;
        clients[i].random.state = fe_random_next(random);
    }
    while (w->done.count < OF_A_HISTORY && w->failure == NULL)
        client_step(&clients[fe_random_below(random, CLIENTS)]);
    for (uint32_t i = 0; i < CLIENTS; i++)
        client_finish(&clients[i]);
}

typedef struct runner {
    fe_thread thread;
    client client;
} runner;

static bool goes_on(world *w)
{
    bool more;

    fe_mutex_lock(&w->mutex);
    more = w->done.count < OF_A_HISTORY && w->failure == NULL;
    fe_mutex_unlock(&w->mutex);
    return more;
}

static void run_client(void *argument)
{
    runner *self = argument;

    while (goes_on(self->client.w)) {
        client_step(&self->client);
        fe_thread_yield(); // So that transactions overlap on a machine with one processor too.
    }
    client_finish(&self->client);
}

static void play_threads(world *w, fe_random *random)
{
    runner runners[THREADS];

    memset(runners, 0, sizeof runners);
    for (uint32_t i = 0; i < THREADS; i++) {
        runners[i].client.w = w;
        runners[i].client.random.state = fe_random_next(random);
        if (fe_thread_start(&runners[i].thread, "client", run_client, &runners[i]) != FERRIC_OK) {
            harness_panic("no thread");
        }
    }
    for (uint32_t i = 0; i < THREADS; i++)
        fe_thread_join(&runners[i].thread);
}

// ---- Judging --------------------------------------------------------------------------------

static uint64_t forbidden(const verdict *v, isolation_mode mode)
{
    uint64_t sum = v->lost + v->dirty_reads + v->intermediate_reads + v->out_of_order +
                   v->dirty_writes + v->circular_flows + v->lost_updates + v->skewed_reads;

    if (mode != MODE_SNAPSHOT) sum += v->write_skews;
    if (mode == MODE_SERIALIZABLE) sum += v->phantoms;
    return sum;
}

static void add_up(verdict *sum, const verdict *v)
{
    sum->write_skews += v->write_skews;
    sum->phantoms += v->phantoms;
}

static void judge(harness *h, world *w, totals *all)
{
    verdict v = {0};

    if (w->failure != NULL) {
        harness_fail(h, "%s: %s", mode_names[w->mode], w->failure);
        return;
    }
    world_end(w);
    history_judge(&w->done, &v);
    all->transactions += w->done.count;
    all->conflicts += w->conflicts;
    add_up(&all->verdicts[w->mode], &v);
    if (forbidden(&v, w->mode) == 0) {
        harness_pass(h);
        return;
    }
    harness_fail(h,
                 "%s, history %u: lost %" PRIu64 ", dirty reads (G1a) %" PRIu64
                 ", intermediate reads (G1b) %" PRIu64 ", out of order %" PRIu64
                 ", dirty writes (G0) %" PRIu64 ", circular flows (G1c) %" PRIu64
                 ", lost updates %" PRIu64 ", G-single %" PRIu64 ", G2-item %" PRIu64
                 ", G2 %" PRIu64,
                 mode_names[w->mode], w->number, v.lost, v.dirty_reads, v.intermediate_reads,
                 v.out_of_order, v.dirty_writes, v.circular_flows, v.lost_updates, v.skewed_reads,
                 v.write_skews, v.phantoms);
}

static void play_history(harness *h, ferric_db *db, uint32_t number, bool is_threaded,
                         fe_random *random, totals *all)
{
    world w = {.db = db, .mode = (isolation_mode)(number % MODE_COUNT), .number = number};

    fe_mutex_init(&w.mutex);
    if (is_threaded) {
        play_threads(&w, random);
        all->threaded += w.done.count;
    } else {
        play_interleaved(&w, random);
    }
    judge(h, &w, all);
    history_deinit(&w.done);
    fe_mutex_deinit(&w.mutex);
}

// ---- Databases ------------------------------------------------------------------------------

static void draw_options(ferric_options *options, fe_vfs *vfs, bool is_threaded, fe_random *random)
{
    *options = (ferric_options)FERRIC_OPTIONS_INIT;
    options->vfs = vfs;
    options->fsync = fe_random_below(random, 2) == 0 ? FERRIC_FSYNC_ALWAYS : FERRIC_FSYNC_NEVER;
    // Small, so that transactions live across flushes and compactions.
    options->memtable_size = (uint64_t)4096 << fe_random_below(random, 5);
    options->log_size = 65536;
    options->table_size = 65536;
    options->memory_limit = 8 << 20;
    options->background_threads = is_threaded ? 2 : 0;
    harness_encrypt(options);
}

static void play_database(harness *h, uint32_t first, fe_random *random, totals *all)
{
    ferric_options options;
    fe_vfs *vfs;
    ferric_db *db;
    bool is_threaded = first / HISTORIES_OF_A_DATABASE % THREADED_ONE_IN == THREADED_ONE_IN - 1;

    if (fe_vfs_memory_create(&vfs) != FERRIC_OK) harness_panic("no memory vfs");
    draw_options(&options, vfs, is_threaded, random);
    if (ferric_open("isolation", &options, &db) != FERRIC_OK) {
        harness_panic("%s", ferric_error_message());
    }
    for (uint32_t i = 0; i < HISTORIES_OF_A_DATABASE && h->failed == 0; i++)
        play_history(h, db, first + i, is_threaded, random, all);
    if (ferric_close(db) != FERRIC_OK) harness_fail(h, "close: %s", ferric_error_message());
    fe_vfs_memory_destroy(vfs);
}

// A small scale may be reached before the first database with threads has had its turn.
static bool is_enough(const harness *h, const totals *all)
{
    return all->transactions >= harness_floor(h, TRANSACTIONS_FLOOR) &&
           all->threaded >= harness_floor(h, TRANSACTIONS_FLOOR / 8);
}

int main(void)
{
    harness h;
    fe_random random;
    totals all = {0};

    harness_begin(&h, "isolation", 20261121);
    random.state = h.seed;
    for (uint32_t first = 0; h.failed == 0 && !is_enough(&h, &all);
         first += HISTORIES_OF_A_DATABASE)
        play_database(&h, first, &random, &all);
    harness_count(&h, "transactions", all.transactions, TRANSACTIONS_FLOOR);
    harness_count(&h, "transactions of four threads", all.threaded, TRANSACTIONS_FLOOR / 8);
    harness_count(&h, "conflicts", all.conflicts, TRANSACTIONS_FLOOR / 20);
    harness_count(&h, "write skews found under snapshot", all.verdicts[MODE_SNAPSHOT].write_skews,
                  FOUND_FLOOR);
    harness_count(&h, "phantoms found under snapshot", all.verdicts[MODE_SNAPSHOT].phantoms,
                  FOUND_FLOOR);
    harness_count(&h, "phantoms found with reads for update",
                  all.verdicts[MODE_FOR_UPDATE].phantoms, FOUND_FLOOR);
    return harness_end(&h);
}
