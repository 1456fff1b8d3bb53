// SPDX-License-Identifier: Apache-2.0
// The loop around a transaction: after a conflict its work is done anew.
#include "api/arguments.h"
#include "api/txns.h"
#include "base/random.h"
#include "base/status.h"
#include "os/thread.h"

// The wait before try n is drawn from 0 to a limit, which begins here, doubles, and ends here. Two
// that met once then rarely meet again, and nobody waits longer than a slow sync takes.
#define WAIT_FIRST_NS 20000
#define WAIT_MAX_NS 5000000

static void wait_a_moment(fe_random *random, uint32_t try)
{
    uint64_t limit = WAIT_FIRST_NS;

    while (--try > 0 && limit < WAIT_MAX_NS)
        limit *= 2;
    fe_thread_sleep_ns(fe_random_below(random, limit < WAIT_MAX_NS ? limit : WAIT_MAX_NS));
}

static ferric_status try_once(ferric_db *db, const ferric_txn_options *options,
                              ferric_txn_callback callback, void *context, uint64_t *version)
{
    ferric_txn *txn;
    ferric_status status = ferric_txn_begin(db, options, &txn);

    if (status != FERRIC_OK) return status;
    status = callback(context, txn);
    if (status == FERRIC_OK) status = ferric_txn_commit(txn, version);
    ferric_txn_destroy(txn);
    return status;
}

ferric_status ferric_txn_run(ferric_db *db, const ferric_txn_options *options,
                             ferric_txn_callback callback, void *context, uint64_t *version)
{
    const char *call = "ferric_txn_run";
    ferric_txn_options taken;
    fe_random random;
    ferric_status status = fe_db_check(call, db);

    if (version != NULL) *version = 0;
    if (status == FERRIC_OK) status = fe_txn_options_take(options, &taken);
    if (status != FERRIC_OK) return status;
    if (callback == NULL) return fe_argument_is_null(call, "callback");
    // Threads that run at once draw differently, and so does a thread from call to call.
    random.state = (fe_store_last_sequence(db->store) << 16) + fe_thread_index();
    for (uint32_t try = 1;; try++) {
        status = try_once(db, &taken, callback, context, version);
        if (status != FERRIC_CONFLICT || try >= taken.tries_max) return status;
        wait_a_moment(&random, try);
    }
}
