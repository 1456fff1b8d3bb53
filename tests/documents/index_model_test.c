// SPDX-License-Identifier: Apache-2.0
// Random lives of one collection: documents come, change and go, alone, in batches and in
// transactions; indexes are created and dropped; snapshots are held; the database is flushed,
// compacted and opened anew. At every state that is looked at, indexes have the entries that
// documents must have and no others, and a query finds by any plan what a scan finds.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ferric/ferric.h>

#include "document_maker.h"
#include "os/vfs.h"
#include "support/harness.h"

#define LIFE_OPERATIONS 1500u
#define OPERATION_FLOOR 60000u
#define QUERY_FLOOR 20000u
#define ID_COUNT 400
#define SNAPSHOT_MAX 4
#define PATH "/documents.db"

typedef struct life {
    fe_random random;
    uint64_t seed;
    fe_vfs *vfs;
    ferric_db *db;
    ferric_keyspace *docs;
    ferric_snapshot *snapshots[SNAPSHOT_MAX];
    uint64_t operations;
    uint64_t queries;
    uint64_t entries;
    char failure[2048]; // "" while nothing failed.
    char text[MAKER_TEXT_MAX];
} life;

static size_t below(life *l, size_t limit)
{
    return (size_t)fe_random_below(&l->random, limit);
}

static ferric_slice slice(const char *text)
{
    return (ferric_slice){text, strlen(text)};
}

static void FE_PRINTF(2, 3) fail(life *l, const char *format, ...)
{
    va_list arguments;

    if (l->failure[0] != 0) return;
    va_start(arguments, format);
    vsnprintf(l->failure, sizeof l->failure, format, arguments);
    va_end(arguments);
}

// The status is one of those the operation may have.
static void expect(life *l, const char *what, ferric_status status, ferric_status also)
{
    if (status == FERRIC_OK || status == also) return;
    fail(l, "%s: %s, %s", what, ferric_status_name(status), ferric_error_message());
}

// ---- The database ---------------------------------------------------------------------------

static void open_life(life *l)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.vfs = l->vfs;
    options.background_threads = 0;
    options.fsync = FERRIC_FSYNC_NEVER;
    options.memtable_size = (size_t)32 << 10;
    options.log_size = (size_t)256 << 10;
    expect(l, "open", ferric_open(PATH, &options, &l->db), FERRIC_OK);
    if (l->failure[0] != 0) return;
    expect(l, "keyspace", ferric_keyspace_open(l->db, "docs", FERRIC_KEYSPACE_COLLECTION, &l->docs),
           FERRIC_OK);
}

static void close_life(life *l)
{
    for (size_t i = 0; i < SNAPSHOT_MAX; i++) {
        ferric_snapshot_release(l->snapshots[i]);
        l->snapshots[i] = NULL;
    }
    ferric_keyspace_close(l->docs);
    l->docs = NULL;
    expect(l, "close", ferric_close(l->db), FERRIC_OK);
    l->db = NULL;
}

// ---- Writing --------------------------------------------------------------------------------

static ferric_slice random_id(life *l, char id[16])
{
    snprintf(id, 16, "id%03zu", below(l, ID_COUNT));
    return slice(id);
}

static void write_one(life *l)
{
    char id[16];
    ferric_slice key = random_id(l, id);

    if (below(l, 5) == 0) {
        expect(l, "delete", ferric_delete(l->db, l->docs, key, NULL), FERRIC_OK);
        return;
    }
    make_document(&l->random, l->text);
    expect(l, "put", ferric_document_put(l->db, l->docs, key, slice(l->text), NULL),
           FERRIC_ALREADY_EXISTS);
}

static void insert_one(life *l)
{
    make_document(&l->random, l->text);
    expect(l, "insert", ferric_document_insert(l->db, l->docs, slice(l->text), NULL, NULL),
           FERRIC_ALREADY_EXISTS);
}

// Two ids, or none where there is no bound.
typedef struct id_range {
    char from[16];
    char to[16];
    ferric_slice lower;
    ferric_slice upper;
} id_range;

// Mostly a few documents, sometimes all that are behind or before one, seldom all.
static void random_range(life *l, id_range *range)
{
    size_t from = below(l, ID_COUNT);
    size_t dice = below(l, 40);

    snprintf(range->from, sizeof range->from, "id%03zu", from);
    snprintf(range->to, sizeof range->to, "id%03zu", from + below(l, 20));
    range->lower = slice(dice < 2 ? "" : range->from);
    range->upper = slice(dice > 0 && dice < 3 ? "" : range->to);
}

static void delete_range(life *l)
{
    id_range range;

    random_range(l, &range);
    expect(l, "delete a range", ferric_delete_range(l->db, l->docs, range.lower, range.upper, NULL),
           FERRIC_OK);
}

static void add_to_batch(life *l, ferric_batch *batch)
{
    char id[16];
    ferric_slice key = random_id(l, id);
    size_t dice = below(l, 20);
    id_range range;

    if (dice == 0) {
        random_range(l, &range);
        expect(l, "batch", ferric_batch_delete_range(batch, l->docs, range.lower, range.upper),
               FERRIC_OK);
        return;
    }
    make_document(&l->random, l->text);
    expect(l, "batch",
           dice < 5 ? ferric_batch_delete(batch, l->docs, key)
                    : ferric_batch_document_put(batch, l->docs, key, slice(l->text)),
           FERRIC_OK);
}

static void write_batch(life *l)
{
    ferric_batch *batch;
    size_t count = 1 + below(l, 8);

    expect(l, "batch", ferric_batch_create(&batch), FERRIC_OK);
    for (size_t i = 0; i < count; i++)
        add_to_batch(l, batch);
    expect(l, "write", ferric_write(l->db, batch, NULL, NULL), FERRIC_ALREADY_EXISTS);
    ferric_batch_destroy(batch);
}

static void write_in_txn(life *l, ferric_txn *txn)
{
    char id[16];
    ferric_slice key = random_id(l, id);
    size_t dice = below(l, 24);
    id_range range;
    ferric_status status;

    make_document(&l->random, l->text);
    random_range(l, &range);
    status = dice == 0  ? ferric_txn_delete_range(txn, l->docs, range.lower, range.upper)
             : dice < 6 ? ferric_txn_delete(txn, l->docs, key)
                        : ferric_txn_document_put(txn, l->docs, key, slice(l->text));
    // An index that had to be marked makes the transaction too old: its commit would conflict.
    if (status == FERRIC_CONFLICT) status = FERRIC_OK;
    expect(l, "write in a transaction", status, FERRIC_ALREADY_EXISTS);
}

static void run_txn(life *l)
{
    ferric_txn *txn;
    uint64_t savepoint = 0;
    size_t count = 1 + below(l, 6);
    size_t saved_at = below(l, 10);

    expect(l, "begin", ferric_txn_begin(l->db, NULL, &txn), FERRIC_OK);
    for (size_t i = 0; i < count; i++) {
        if (i == saved_at) expect(l, "savepoint", ferric_txn_savepoint(txn, &savepoint), FERRIC_OK);
        write_in_txn(l, txn);
        if (below(l, 12) == 0) write_one(l); // Somebody else, in between.
    }
    if (saved_at < count && below(l, 2) == 0) {
        expect(l, "roll back", ferric_txn_rollback_to(txn, savepoint), FERRIC_OK);
    }
    if (below(l, 5) == 0) {
        expect(l, "abort", ferric_txn_abort(txn), FERRIC_OK);
    } else {
        expect(l, "commit", ferric_txn_commit(txn, NULL), FERRIC_CONFLICT);
    }
    ferric_txn_destroy(txn);
}

// ---- Indexes --------------------------------------------------------------------------------

static void create_index(life *l)
{
    const made_index *made = &made_indexes[below(l, MADE_INDEX_COUNT)];
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;

    options.name = made->name;
    options.unique = made->unique;
    options.sparse = made->sparse;
    if (made->filter != NULL) options.filter = slice(made->filter);
    expect(l, "create an index", ferric_index_create(l->db, l->docs, slice(made->keys), &options),
           FERRIC_ALREADY_EXISTS);
}

static void drop_index(life *l)
{
    const made_index *made = &made_indexes[below(l, MADE_INDEX_COUNT)];
    expect(l, "drop an index", ferric_index_drop(l->db, l->docs, made->name), FERRIC_NOT_FOUND);
}

// ---- Looking --------------------------------------------------------------------------------

static const ferric_snapshot *random_snapshot(life *l)
{
    return below(l, 2) == 0 ? NULL : l->snapshots[below(l, SNAPSHOT_MAX)];
}

static void verify_indexes(life *l)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    uint64_t entries;

    options.snapshot = random_snapshot(l);
    expect(l, "verify", ferric_index_verify(l->db, l->docs, &options, &entries), FERRIC_OK);
    l->entries += entries;
}

typedef struct found {
    char *ids; // And what is shown of each; each ended by a newline.
    size_t size;
    size_t count;
} found;

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The lines in the order of bytes, for results without an order.
static void sort_lines(found *f)
{
    char **lines = harness_alloc((f->count + 1) * sizeof *lines);
    char *sorted = harness_alloc(f->size + 1);
    char *at = f->ids;
    size_t used = 0;

    for (size_t i = 0; i < f->count; i++) {
        lines[i] = at;
        at = strchr(at, '\n');
        *at++ = 0;
    }
    qsort(lines, f->count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < f->count; i++)
        used += (size_t)sprintf(sorted + used, "%s\n", lines[i]);
    harness_free(lines);
    harness_free(f->ids);
    f->ids = sorted;
}

static ferric_status run_query(life *l, const char *filter, const ferric_find_options *options,
                               found *f)
{
    ferric_cursor *cursor;
    ferric_status status = ferric_find(l->db, l->docs, slice(filter), options, &cursor);

    *f = (found){.ids = harness_alloc(1)};
    if (status != FERRIC_OK) return status;
    while (ferric_cursor_next(cursor)) {
        ferric_slice shown = ferric_cursor_document(cursor);
        f->ids = harness_realloc(f->ids, f->size + shown.size + 2);
        memcpy(f->ids + f->size, shown.data, shown.size);
        f->size += shown.size;
        f->ids[f->size++] = '\n';
        f->ids[f->size] = 0;
        f->count++;
    }
    status = ferric_cursor_status(cursor);
    ferric_cursor_destroy(cursor);
    return status;
}

// Some that an index may answer alone.
static const char *const projections[] = {
    "",          "{\"_id\":1}", "{\"a\":1}", "{\"b\":1,\"a\":1}", "{\"e\":1,\"_id\":0}",
    "{\"c\":1}", "{\"a\":0}",
};
#define PROJECTION_COUNT (sizeof projections / sizeof projections[0])

// A count looks at fewer documents than a find, and has to find as many.
static void compare_count(life *l, const char *filter, const ferric_find_options *options,
                          size_t expected)
{
    uint64_t count = 0;

    expect(l, filter, ferric_find_count(l->db, l->docs, slice(filter), options, &count), FERRIC_OK);
    if (count != expected) {
        fail(l, "filter %s: %zu documents found, %d counted", filter, expected, (int)count);
    }
}

static void compare_query(life *l)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    char filter[MAKER_TEXT_MAX];
    char sort[MAKER_TEXT_MAX];
    found by_plan;
    found by_scan;
    ferric_status status;

    make_filter(&l->random, filter);
    make_sort(&l->random, sort);
    options.snapshot = random_snapshot(l);
    options.sort = slice(sort);
    if (sort[0] != 0 && below(l, 2) == 0) {
        options.skip = below(l, 5);
        options.limit = below(l, 30);
    }
    options.projection = slice(projections[below(l, PROJECTION_COUNT)]);
    if (below(l, 3) == 0) options.hint = made_indexes[below(l, MADE_INDEX_COUNT)].name;
    status = run_query(l, filter, &options, &by_plan);
    if (status == FERRIC_INVALID_ARGUMENT && options.hint != NULL) {
        harness_free(by_plan.ids); // The index is not there, or cannot serve.
        return;
    }
    expect(l, filter, status, FERRIC_OK);
    if (status == FERRIC_OK) compare_count(l, filter, &options, by_plan.count);
    options.hint = "$scan";
    expect(l, filter, run_query(l, filter, &options, &by_scan), FERRIC_OK);
    if (sort[0] == 0) {
        sort_lines(&by_plan);
        sort_lines(&by_scan);
    }
    if (by_plan.size != by_scan.size || memcmp(by_plan.ids, by_scan.ids, by_plan.size) != 0) {
        fail(l, "filter %s sort %s skip %d limit %d: %zu documents by the plan, %zu by a scan",
             filter, sort, (int)options.skip, (int)options.limit, by_plan.count, by_scan.count);
    }
    l->queries++;
    harness_free(by_plan.ids);
    harness_free(by_scan.ids);
}

static void change_snapshot(life *l)
{
    size_t i = below(l, SNAPSHOT_MAX);

    ferric_snapshot_release(l->snapshots[i]);
    l->snapshots[i] = NULL;
    if (below(l, 3) == 0) return;
    expect(l, "snapshot", ferric_snapshot_create(l->db, &l->snapshots[i]), FERRIC_OK);
}

// ---- A life ---------------------------------------------------------------------------------

static void maintain(life *l)
{
    switch (below(l, 4)) {
    case 0:
        close_life(l);
        if (l->failure[0] == 0) open_life(l);
        break;
    case 1:
        expect(l, "compact", ferric_compact(l->db, NULL, slice(""), slice("")), FERRIC_OK);
        break;
    default:
        expect(l, "flush", ferric_flush(l->db), FERRIC_OK);
        break;
    }
}

static void operate(life *l)
{
    size_t dice = below(l, 200);

    l->operations++;
    if (dice < 68) {
        write_one(l);
    } else if (dice < 70) {
        delete_range(l);
    } else if (dice < 76) {
        insert_one(l);
    } else if (dice < 90) {
        write_batch(l);
    } else if (dice < 105) {
        run_txn(l);
    } else if (dice < 109) {
        create_index(l);
    } else if (dice < 111) {
        drop_index(l);
    } else if (dice < 118) {
        change_snapshot(l);
    } else if (dice < 120) {
        maintain(l);
    } else if (dice < 126) {
        verify_indexes(l);
    } else {
        compare_query(l);
    }
}

static char *live(life *l, uint64_t seed)
{
    l->seed = seed;
    l->random.state = seed;
    if (fe_vfs_memory_create(&l->vfs) != FERRIC_OK) harness_panic("no file system");
    open_life(l);
    for (uint32_t i = 0; i < LIFE_OPERATIONS && l->failure[0] == 0; i++)
        operate(l);
    if (l->failure[0] == 0) verify_indexes(l);
    if (l->db != NULL) close_life(l);
    fe_vfs_memory_destroy(l->vfs);
    return l->failure[0] == 0 ? NULL
                              : harness_format("life %" PRIu64 " operation %" PRIu64 ": %s", seed,
                                               l->operations, l->failure);
}

int main(void)
{
    harness h;
    uint64_t operations = 0;
    uint64_t queries = 0;
    uint64_t entries = 0;
    uint64_t lives = 0;

    harness_begin(&h, "index model", 20261122);
    while (h.failed == 0 && (operations < harness_floor(&h, OPERATION_FLOOR) ||
                             queries < harness_floor(&h, QUERY_FLOOR))) {
        life *l = harness_alloc(sizeof *l);
        char *failure = live(l, h.seed + lives++);
        if (failure == NULL)
            harness_pass(&h);
        else
            harness_fail(&h, "%s", failure);
        operations += l->operations;
        queries += l->queries;
        entries += l->entries;
        harness_free(failure);
        harness_free(l);
    }
    harness_count(&h, "lives", lives, 1);
    harness_count(&h, "operations", operations, OPERATION_FLOOR);
    harness_count(&h, "queries compared", queries, QUERY_FLOOR);
    harness_count(&h, "entries verified", entries, 1);
    return harness_end(&h);
}
