// SPDX-License-Identifier: Apache-2.0
// Asynchronous writes: one thread keeps many durable commits in flight, and waits for all at once.
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

#define ORDERS 100

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

// What callbacks leave for the thread that writes. They come one at a time.
typedef struct progress {
    atomic_int done;
    atomic_int failed;
    atomic_ullong version; // Of the newest commit that is durable.
} progress;

static void on_durable(void *context, ferric_status status, uint64_t version)
{
    progress *all = context;

    if (status == FERRIC_OK) {
        atomic_store(&all->version, version);
    } else {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
        atomic_fetch_add(&all->failed, 1);
    }
    atomic_fetch_add(&all->done, 1);
}

// Returns before the orders are durable. Key and value are copied.
static ferric_status take_orders(ferric_db *db, progress *all)
{
    ferric_status status = FERRIC_OK;

    for (int i = 0; i < ORDERS && status == FERRIC_OK; i++) {
        char key[32];
        snprintf(key, sizeof key, "order:%03d", i);
        status = ferric_put_async(db, NULL, text(key), text("three lamps"), NULL, on_durable, all);
    }
    return status;
}

// A transaction's commit, too: its outcome may be FERRIC_CONFLICT.
static ferric_status count_orders(ferric_db *db, progress *all)
{
    ferric_txn *txn;
    ferric_status status = ferric_txn_begin(db, NULL, &txn);

    if (status != FERRIC_OK) return status;
    status = ferric_txn_put(txn, NULL, text("orders"), text("100"));
    if (status == FERRIC_OK) status = ferric_txn_commit_async(txn, on_durable, all);
    ferric_txn_destroy(txn);
    return status;
}

int main(int argc, char **argv)
{
    ferric_db *db;
    progress all = {0};
    ferric_status status = ferric_open(argc > 1 ? argv[1] : "example.db", NULL, &db);

    if (status == FERRIC_OK) status = take_orders(db, &all);
    if (status == FERRIC_OK) status = count_orders(db, &all);
    if (status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
    }
    if (ferric_close(db) != FERRIC_OK) return 1; // It waits for all of them.
    printf("%d commits durable, the newest is version %llu\n", atomic_load(&all.done),
           (unsigned long long)atomic_load(&all.version));
    if (atomic_load(&all.done) != ORDERS + 1 || atomic_load(&all.failed) > 0) return 1;
    return status == FERRIC_OK ? 0 : 1;
}
