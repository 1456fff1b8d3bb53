// SPDX-License-Identifier: Apache-2.0
// Calls that are about many keys, or about time, and meet others half-way: range deletes beside a
// flush and a reader, drops beside a writer with an old handle and a compaction, a lifetime that is
// set beside a put, and a close beside the timer that takes expired keys away.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/handles.h"
#include "base/slice.h"
#include "gate_vfs.h"
#include "lsm/store_state.h"

#define KEYS 60
#define PATH "/db"

typedef struct meeting {
    gate_vfs *gates;
    ferric_options options;
    ferric_db *db;
    ferric_keyspace *zebra;
} meeting;

static void open_db(meeting *m)
{
    assert_int_equal(ferric_open(PATH, &m->options, &m->db), FERRIC_OK);
    assert_int_equal(ferric_keyspace_open(m->db, "zebra", FERRIC_KEYSPACE_RAW, &m->zebra),
                     FERRIC_OK);
}

static void close_db(meeting *m)
{
    ferric_keyspace_close(m->zebra);
    m->zebra = NULL;
    assert_int_equal(ferric_close(m->db), FERRIC_OK);
    m->db = NULL;
}

static void reopen_db(meeting *m)
{
    close_db(m);
    open_db(m);
}

static meeting begin(ferric_fsync fsync)
{
    meeting m = {.gates = gate_vfs_create(), .options = FERRIC_OPTIONS_INIT};

    m.options.vfs = gate_vfs_of(m.gates);
    m.options.fsync = fsync;
    m.options.background_threads = 0;
    open_db(&m);
    return m;
}

static void end(meeting *m)
{
    if (m->db != NULL) close_db(m);
    gate_vfs_destroy(m->gates);
}

// ---- Keys -----------------------------------------------------------------------------------

static ferric_slice key_of(int number, char key[8])
{
    snprintf(key, 8, "k%03d", number);
    return fe_slice(key, 4);
}

static void put(meeting *m, ferric_keyspace *keyspace, int number, const char *text,
                uint64_t expires_ms)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    char key[8];

    options.lifetime.expires_ms = expires_ms;
    assert_int_equal(
        ferric_put(m->db, keyspace, key_of(number, key), fe_slice_text(text), &options), FERRIC_OK);
}

static void fill(meeting *m, ferric_keyspace *keyspace, const char *text)
{
    for (int i = 0; i < KEYS; i++)
        put(m, keyspace, i, text, 0);
}

// Keys [first, end) have this text and the others of the keyspace are not asked for.
static void expect_keys(meeting *m, ferric_keyspace *keyspace, int first, int behind,
                        const char *text)
{
    ferric_buffer value = {0};
    char key[8];

    for (int i = first; i < behind; i++) {
        ferric_status status = ferric_get(m->db, keyspace, key_of(i, key), NULL, &value, NULL);
        assert_int_equal(status, text == NULL ? FERRIC_NOT_FOUND : FERRIC_OK);
        if (text == NULL) continue;
        assert_int_equal(value.size, strlen(text));
        assert_memory_equal(value.data, text, value.size);
    }
    ferric_buffer_free(&value);
}

static uint64_t count_of(ferric_iterator *iterator)
{
    uint64_t count = 0;

    for (bool is_there = ferric_iterator_first(iterator); is_there;
         is_there = ferric_iterator_next(iterator))
        count++;
    assert_int_equal(ferric_iterator_status(iterator), FERRIC_OK);
    return count;
}

static void delete_range(meeting *m, int first, int behind)
{
    char lower[8];
    char upper[8];

    assert_int_equal(
        ferric_delete_range(m->db, NULL, key_of(first, lower), key_of(behind, upper), NULL),
        FERRIC_OK);
}

static void compact(meeting *m)
{
    ferric_slice open_end = {NULL, 0};
    assert_int_equal(ferric_compact(m->db, NULL, open_end, open_end), FERRIC_OK);
}

static void expect_no_keyspace(meeting *m)
{
    ferric_keyspace_info *list;
    size_t count;

    assert_int_equal(ferric_keyspace_list(m->db, &list, &count), FERRIC_OK);
    for (size_t i = 0; i < count; i++)
        assert_string_not_equal(list[i].name, "zebra");
    ferric_free(list);
}

// ---- Callers --------------------------------------------------------------------------------

// One call in a thread of its own.
typedef struct caller {
    fe_thread thread;
    meeting *meeting;
    ferric_status (*call)(meeting *m);
    ferric_status status;
} caller;

static void make_call(void *argument)
{
    caller *c = argument;
    c->status = c->call(c->meeting);
}

static void start(caller *c, meeting *m, ferric_status (*call)(meeting *m))
{
    *c = (caller){.meeting = m, .call = call};
    assert_int_equal(fe_thread_start(&c->thread, "caller", make_call, c), FERRIC_OK);
}

static ferric_status join(caller *c)
{
    fe_thread_join(&c->thread);
    return c->status;
}

// The call is one that commits: returns when it waits behind the leader.
static void queue_up(caller *c, meeting *m, ferric_status (*call)(meeting *m))
{
    fe_write_queue *queue = &m->db->store->queue;
    size_t waiting = fe_write_queue_waiting(queue);

    start(c, m, call);
    while (fe_write_queue_waiting(queue) == waiting)
        fe_thread_yield();
}

static ferric_status call_flush(meeting *m)
{
    return ferric_flush(m->db);
}

static ferric_status call_compact(meeting *m)
{
    ferric_slice open_end = {NULL, 0};
    return ferric_compact(m->db, NULL, open_end, open_end);
}

static ferric_status call_put_main(meeting *m)
{
    return ferric_put(m->db, NULL, fe_slice_text("leader"), fe_slice_text("1"), NULL);
}

static ferric_status call_put_zebra(meeting *m)
{
    return ferric_put(m->db, m->zebra, fe_slice_text("late"), fe_slice_text("1"), NULL);
}

static ferric_status call_drop(meeting *m)
{
    return ferric_keyspace_drop(m->db, "zebra");
}

static ferric_status call_expire(meeting *m)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    char key[8];

    options.lifetime.expires_ms = FERRIC_EXPIRES_MAX;
    return ferric_expire(m->db, NULL, key_of(7, key), &options);
}

static ferric_status call_close(meeting *m)
{
    return ferric_close(m->db);
}

// ---- Ranges ---------------------------------------------------------------------------------

static const gate_point flush_steps[] = {GATE_TABLE_CREATE, GATE_TABLE_SYNC, GATE_DIRECTORY_SYNC,
                                         GATE_MANIFEST_SYNC};
#define STEP_COUNT (sizeof flush_steps / sizeof *flush_steps)

static void expect_range_gone(meeting *m)
{
    expect_keys(m, NULL, 0, 10, "old");
    expect_keys(m, NULL, 10, 19, NULL);
    expect_keys(m, NULL, 19, 20, "new");
    expect_keys(m, NULL, 20, 40, NULL);
    expect_keys(m, NULL, 40, KEYS, "old");
}

// The range is deleted while `call` stands at the gate with the keys in hand.
static void delete_beside(gate_point step, ferric_status (*call)(meeting *m), bool is_in_tables)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    meeting m = begin(FERRIC_FSYNC_NEVER);
    ferric_iterator *iterator;
    caller worker;

    fill(&m, NULL, "older");
    if (is_in_tables) assert_int_equal(ferric_flush(m.db), FERRIC_OK);
    fill(&m, NULL, "old");
    if (is_in_tables) assert_int_equal(ferric_flush(m.db), FERRIC_OK);
    assert_int_equal(ferric_iterator_create(m.db, NULL, &options, &iterator), FERRIC_OK);
    gate_close(m.gates, step);
    start(&worker, &m, call);
    gate_await(m.gates, step);
    delete_range(&m, 10, 40);
    put(&m, NULL, 19, "new", 0);
    expect_range_gone(&m);
    assert_int_equal(count_of(iterator), KEYS);
    gate_pass(m.gates, step);
    assert_int_equal(join(&worker), FERRIC_OK);
    expect_range_gone(&m);
    assert_int_equal(count_of(iterator), KEYS);
    compact(&m);
    expect_range_gone(&m);
    assert_int_equal(count_of(iterator), KEYS);
    ferric_iterator_destroy(iterator);
    compact(&m);
    reopen_db(&m);
    expect_range_gone(&m);
    end(&m);
}

static void test_a_range_goes_beside_each_step_of_a_flush_and_a_reader(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEP_COUNT; i++)
        delete_beside(flush_steps[i], call_flush, false);
}

static void test_a_range_goes_beside_each_step_of_a_compaction_and_a_reader(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEP_COUNT; i++)
        delete_beside(flush_steps[i], call_compact, true);
}

// ---- Drops ----------------------------------------------------------------------------------

// Two commits behind a leader that stands in its sync, in this order.
static void meet_in_the_queue(meeting *m, ferric_status (*first)(meeting *m), caller *one,
                              ferric_status (*second)(meeting *m), caller *other)
{
    caller leader;

    gate_close(m->gates, GATE_LOG_SYNC);
    start(&leader, m, call_put_main);
    gate_await(m->gates, GATE_LOG_SYNC);
    queue_up(one, m, first);
    queue_up(other, m, second);
    gate_pass(m->gates, GATE_LOG_SYNC);
    assert_int_equal(join(&leader), FERRIC_OK);
}

static void expect_nothing_left(meeting *m)
{
    expect_no_keyspace(m);
    reopen_db(m);
    expect_no_keyspace(m);
    assert_int_equal(ferric_has(m->db, m->zebra, fe_slice_text("late"), NULL), FERRIC_NOT_FOUND);
    expect_keys(m, m->zebra, 0, KEYS, NULL);
    // A keyspace that gets the name is another one.
    put(m, m->zebra, 3, "again", 0);
    expect_keys(m, m->zebra, 0, 3, NULL);
    expect_keys(m, m->zebra, 3, 4, "again");
    compact(m);
    expect_keys(m, m->zebra, 4, KEYS, NULL);
}

static void test_a_put_behind_the_drop_of_its_keyspace_is_refused(void **state)
{
    meeting m = begin(FERRIC_FSYNC_ALWAYS);
    caller dropper;
    caller writer;

    (void)state;
    fill(&m, m.zebra, "old");
    meet_in_the_queue(&m, call_drop, &dropper, call_put_zebra, &writer);
    assert_int_equal(join(&dropper), FERRIC_OK);
    assert_int_equal(join(&writer), FERRIC_DROPPED);
    assert_int_equal(call_put_zebra(&m), FERRIC_DROPPED);
    expect_nothing_left(&m);
    end(&m);
}

static void test_a_put_before_the_drop_of_its_keyspace_goes_with_it(void **state)
{
    meeting m = begin(FERRIC_FSYNC_ALWAYS);
    caller dropper;
    caller writer;

    (void)state;
    fill(&m, m.zebra, "old");
    meet_in_the_queue(&m, call_put_zebra, &writer, call_drop, &dropper);
    assert_int_equal(join(&writer), FERRIC_OK);
    assert_int_equal(join(&dropper), FERRIC_OK);
    expect_nothing_left(&m);
    end(&m);
}

static void test_a_keyspace_is_dropped_beside_each_step_of_a_compaction(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEP_COUNT; i++) {
        meeting m = begin(FERRIC_FSYNC_NEVER);
        caller worker;

        fill(&m, m.zebra, "older");
        fill(&m, NULL, "kept");
        assert_int_equal(ferric_flush(m.db), FERRIC_OK);
        fill(&m, m.zebra, "old");
        gate_close(m.gates, flush_steps[i]);
        start(&worker, &m, call_compact);
        gate_await(m.gates, flush_steps[i]);
        assert_int_equal(call_drop(&m), FERRIC_OK);
        gate_pass(m.gates, flush_steps[i]);
        assert_int_equal(join(&worker), FERRIC_OK);
        assert_int_equal(call_put_zebra(&m), FERRIC_DROPPED);
        expect_nothing_left(&m);
        expect_keys(&m, NULL, 0, KEYS, "kept");
        end(&m);
    }
}

// ---- Time -----------------------------------------------------------------------------------

// The lifetime's caller has asked for the value, which stands in a table, when another one comes.
// Puts a new value while the call stands before its read `number` of a table; 0: none is put.
static void put_before_read(uint64_t number, uint64_t *reads)
{
    meeting m = begin(FERRIC_FSYNC_NEVER);
    uint64_t expires_ms = 0;
    uint64_t before;
    caller expirer;
    char key[8];

    fill(&m, NULL, "old");
    assert_int_equal(ferric_flush(m.db), FERRIC_OK);
    reopen_db(&m); // No block is in memory.
    before = gate_count(m.gates, GATE_TABLE_READ);
    if (number > 0) gate_close(m.gates, GATE_TABLE_READ);
    start(&expirer, &m, call_expire);
    if (number > 0) {
        gate_await_number(m.gates, GATE_TABLE_READ, number);
        put(&m, NULL, 7, "new", 0);
        gate_pass(m.gates, GATE_TABLE_READ);
    }
    assert_int_equal(join(&expirer), FERRIC_OK);
    *reads = gate_count(m.gates, GATE_TABLE_READ) - before;
    expect_keys(&m, NULL, 7, 8, number > 0 ? "new" : "old");
    assert_int_equal(ferric_expiry(m.db, NULL, key_of(7, key), NULL, &expires_ms, NULL), FERRIC_OK);
    assert_int_equal(expires_ms, FERRIC_EXPIRES_MAX);
    end(&m);
}

// The last of the reads are those of the key, after which the value is the old one.
static void test_a_lifetime_is_not_set_over_a_value_that_came_meanwhile(void **state)
{
    uint64_t reads;

    (void)state;
    put_before_read(0, &reads);
    assert_true(reads > 0);
    for (uint64_t number = 1; number <= reads; number++) {
        uint64_t ignored;
        put_before_read(number, &ignored);
    }
}

// A store whose timer's thread will come to the gate, where it makes the table without the expired
// keys. A machine may be so slow that they expire before the gate is closed: then once more, with a
// longer life.
static meeting begin_with_timer(void)
{
    for (uint64_t ttl_ms = 500;; ttl_ms *= 2) {
        meeting m = begin(FERRIC_FSYNC_NEVER);
        uint64_t expires_ms = fe_vfs_now_ms(gate_vfs_of(m.gates)) + ttl_ms;

        close_db(&m);
        m.options.background_threads = 2;
        open_db(&m);
        fill(&m, NULL, "stays");
        for (int i = KEYS; i < 3 * KEYS; i++)
            put(&m, NULL, i, "goes soon", expires_ms);
        assert_int_equal(ferric_flush(m.db), FERRIC_OK);
        gate_close(m.gates, GATE_TABLE_CREATE);
        if (fe_vfs_now_ms(gate_vfs_of(m.gates)) < expires_ms) return m;
        gate_pass(m.gates, GATE_TABLE_CREATE);
        end(&m);
    }
}

static void test_a_close_ends_what_the_timer_of_expiry_began(void **state)
{
    meeting m = begin_with_timer();
    caller closer;

    (void)state;
    gate_await(m.gates, GATE_TABLE_CREATE);
    ferric_keyspace_close(m.zebra);
    m.zebra = NULL;
    // The handle is gone when the close returns; the store stays as long as it is held here.
    fe_store *store = m.db->store;
    fe_store_ref(store);
    start(&closer, &m, call_close);
    while (!atomic_load(&store->is_stopping))
        fe_thread_yield();
    gate_pass(m.gates, GATE_TABLE_CREATE);
    assert_int_equal(join(&closer), FERRIC_OK);
    fe_store_unref(store);
    m.options.background_threads = 0;
    open_db(&m);
    expect_keys(&m, NULL, 0, KEYS, "stays");
    expect_keys(&m, NULL, KEYS, 3 * KEYS, NULL);
    compact(&m);
    expect_keys(&m, NULL, 0, KEYS, "stays");
    end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_range_goes_beside_each_step_of_a_flush_and_a_reader),
        cmocka_unit_test(test_a_range_goes_beside_each_step_of_a_compaction_and_a_reader),
        cmocka_unit_test(test_a_put_behind_the_drop_of_its_keyspace_is_refused),
        cmocka_unit_test(test_a_put_before_the_drop_of_its_keyspace_goes_with_it),
        cmocka_unit_test(test_a_keyspace_is_dropped_beside_each_step_of_a_compaction),
        cmocka_unit_test(test_a_lifetime_is_not_set_over_a_value_that_came_meanwhile),
        cmocka_unit_test(test_a_close_ends_what_the_timer_of_expiry_began),
    };
    return cmocka_run_group_tests_name("schedule of calls about many keys", tests, NULL, NULL);
}
