// SPDX-License-Identifier: Apache-2.0
// Transactions: read, decide, write, as if alone. The parts are those of
// docs/guide/transactions.md.
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

// ---- Begin, write, commit -------------------------------------------------------------------

static ferric_status rename_user(ferric_db *db)
{
    ferric_txn *txn;
    ferric_status status = ferric_txn_begin(db, NULL, &txn);

    if (status != FERRIC_OK) return status;
    status = ferric_txn_put(txn, NULL, text("user:ada"), text("Ada Lovelace"));
    if (status == FERRIC_OK) status = ferric_txn_delete(txn, NULL, text("user:a"));
    if (status == FERRIC_OK) status = ferric_txn_commit(txn, NULL);
    ferric_txn_destroy(txn); // Without a commit nothing has happened.
    return status;
}

// ---- Run, and try again ---------------------------------------------------------------------

typedef struct transfer {
    const char *from;
    const char *to;
    long amount;
} transfer;

static ferric_status read_balance(ferric_txn *txn, const char *account, long *balance)
{
    ferric_buffer value = {0};
    ferric_status status = ferric_txn_get(txn, NULL, text(account), &value, NULL);

    *balance = 0;
    if (status == FERRIC_OK && value.size == sizeof *balance) {
        memcpy(balance, value.data, sizeof *balance);
    }
    ferric_buffer_free(&value);
    return status == FERRIC_NOT_FOUND ? FERRIC_OK : status;
}

static ferric_status write_balance(ferric_txn *txn, const char *account, long balance)
{
    ferric_slice bytes = {&balance, sizeof balance};
    return ferric_txn_put(txn, NULL, text(account), bytes);
}

static ferric_status move_money(void *context, ferric_txn *txn)
{
    const transfer *wanted = context;
    long from;
    long to;
    ferric_status status = read_balance(txn, wanted->from, &from);

    if (status == FERRIC_OK) status = read_balance(txn, wanted->to, &to);
    if (status == FERRIC_OK) status = write_balance(txn, wanted->from, from - wanted->amount);
    if (status == FERRIC_OK) status = write_balance(txn, wanted->to, to + wanted->amount);
    return status; // FERRIC_OK asks for the commit, anything else ends without a trace.
}

static ferric_status pay(ferric_db *db)
{
    transfer wanted = {"account:ada", "account:ben", 40};
    return ferric_txn_run(db, NULL, move_money, &wanted, NULL);
}

// ---- A rule over several keys ---------------------------------------------------------------

// Somebody must stay on call. Two who leave at the same time each read the other's key and write
// their own: only a serializable commit looks at what was read.
static ferric_status leave(void *context, ferric_txn *txn)
{
    const char *name = context;
    ferric_iterator_options doctors = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    unsigned on_call = 0;
    ferric_status status;

    doctors.prefix = text("on call:");
    status = ferric_txn_iterator_create(txn, NULL, &doctors, &iterator);
    if (status != FERRIC_OK) return status;
    while (ferric_iterator_next(iterator))
        on_call++;
    status = ferric_iterator_status(iterator);
    ferric_iterator_destroy(iterator);
    if (status == FERRIC_OK && on_call > 1) status = ferric_txn_delete(txn, NULL, text(name));
    return status;
}

static ferric_status go_home(ferric_db *db, char *name)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;

    options.isolation = FERRIC_ISOLATION_SERIALIZABLE;
    return ferric_txn_run(db, &options, leave, name, NULL);
}

// ---- Savepoints -----------------------------------------------------------------------------

// Stores what it can of an order: a part that is not there is left out, the rest stays.
static ferric_status order(void *context, ferric_txn *txn)
{
    const char *const parts[] = {"part:bolt", "part:left-handed hammer"};
    ferric_buffer value = {0};
    ferric_status status = ferric_txn_put(txn, NULL, text("order:1"), text("open"));

    (void)context;
    for (unsigned i = 0; i < 2 && status == FERRIC_OK; i++) {
        uint64_t savepoint;
        status = ferric_txn_savepoint(txn, &savepoint);
        if (status == FERRIC_OK)
            status = ferric_txn_put(txn, NULL, text("order:1"), text(parts[i]));
        if (status == FERRIC_OK) status = ferric_txn_get(txn, NULL, text(parts[i]), &value, NULL);
        if (status == FERRIC_NOT_FOUND) status = ferric_txn_rollback_to(txn, savepoint);
    }
    ferric_buffer_free(&value);
    return status;
}

// ---- All of it ------------------------------------------------------------------------------

static ferric_status show(ferric_db *db, const char *key)
{
    ferric_buffer value = {0};
    ferric_status status = ferric_get(db, NULL, text(key), NULL, &value, NULL);

    if (status == FERRIC_OK) printf("%s: %.*s\n", key, (int)value.size, (const char *)value.data);
    ferric_buffer_free(&value);
    return status;
}

int main(int argc, char **argv)
{
    char ada[] = "on call:ada";
    char ben[] = "on call:ben";
    ferric_db *db;
    ferric_status status = ferric_open(argc > 1 ? argv[1] : "example.db", NULL, &db);

    if (status == FERRIC_OK) status = rename_user(db);
    if (status == FERRIC_OK) status = show(db, "user:ada");
    if (status == FERRIC_OK) status = pay(db);
    if (status == FERRIC_OK) status = ferric_put(db, NULL, text(ada), text("since Monday"), NULL);
    if (status == FERRIC_OK) status = ferric_put(db, NULL, text(ben), text("since today"), NULL);
    if (status == FERRIC_OK) status = go_home(db, ada);
    if (status == FERRIC_OK) status = go_home(db, ben); // The last one stays.
    if (status == FERRIC_OK) status = show(db, ben);
    if (status == FERRIC_OK) status = ferric_put(db, NULL, text("part:bolt"), text("M8"), NULL);
    if (status == FERRIC_OK) status = ferric_txn_run(db, NULL, order, NULL, NULL);
    if (status == FERRIC_OK) status = show(db, "order:1"); // part:bolt
    if (status != FERRIC_OK) {
        fprintf(stderr, "%s: %s\n", ferric_status_name(status), ferric_error_message());
    }
    if (ferric_close(db) != FERRIC_OK) return 1;
    return status == FERRIC_OK ? 0 : 1;
}
