// SPDX-License-Identifier: Apache-2.0
// Calls for documents that meet another thread half-way: the one that makes a call is held before
// each of its allocations in turn, or where it frees, and meanwhile the document that it is about,
// or one with the same unique value, is written, or its index is used.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "api/handles.h"
#include "base/slice.h"
#include "gate_vfs.h"
#include "lsm/store_state.h"

typedef struct meeting {
    gate_vfs *gates;
    ferric_options options;
    ferric_db *db;
    ferric_keyspace *docs;
} meeting;

typedef ferric_status (*call)(const meeting *m);

// A call in a thread of its own, whose allocations can be held.
typedef struct caller {
    fe_thread thread;
    const meeting *meeting;
    call call;
    ferric_status status;
} caller;

static meeting begin(void)
{
    meeting m = {.gates = gate_vfs_create(), .options = FERRIC_OPTIONS_INIT};

    gate_allocator_install(m.gates);
    m.options.vfs = gate_vfs_of(m.gates);
    m.options.fsync = FERRIC_FSYNC_NEVER;
    m.options.background_threads = 0;
    assert_int_equal(ferric_open("/db", &m.options, &m.db), FERRIC_OK);
    assert_int_equal(ferric_keyspace_open(m.db, "docs", FERRIC_KEYSPACE_COLLECTION, &m.docs),
                     FERRIC_OK);
    return m;
}

static void end(meeting *m)
{
    ferric_keyspace_close(m->docs);
    assert_int_equal(ferric_close(m->db), FERRIC_OK);
    gate_allocator_remove();
    gate_vfs_destroy(m->gates);
}

static ferric_status put(const meeting *m, const char *id, const char *text)
{
    return ferric_document_put(m->db, m->docs, fe_slice_text(id), fe_slice_text(text), NULL);
}

static ferric_status index_values(const meeting *m, bool is_unique)
{
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;

    options.unique = is_unique;
    return ferric_index_create(m->db, m->docs, fe_slice_text("{\"v\":1}"), &options);
}

// The index has the entries of the documents that are there, of which there are so many.
static void expect_entries(const meeting *m, uint64_t expected)
{
    uint64_t entries = 0;
    ferric_status status = ferric_index_verify(m->db, m->docs, NULL, &entries);

    if (status != FERRIC_OK) print_error("%s\n", ferric_error_message());
    assert_int_equal(status, FERRIC_OK);
    assert_int_equal(entries, expected);
}

// ---- Calls ----------------------------------------------------------------------------------

static ferric_status put_first(const meeting *m)
{
    return put(m, "first", "{\"v\":7}");
}

static ferric_status put_second(const meeting *m)
{
    return put(m, "second", "{\"v\":7}");
}

static ferric_status change_first(const meeting *m)
{
    return put(m, "first", "{\"v\":8}");
}

static ferric_status delete_first(const meeting *m)
{
    return ferric_delete(m->db, m->docs, fe_slice_text("first"), NULL);
}

static ferric_status create_index(const meeting *m)
{
    return index_values(m, false);
}

static ferric_status create_unique(const meeting *m)
{
    return index_values(m, true);
}

// ---- Meetings -------------------------------------------------------------------------------

static void run_caller(void *argument)
{
    caller *c = argument;

    gate_hold_my_allocations(true);
    c->status = c->call(c->meeting);
    gate_hold_my_allocations(false);
}

// Whether the held call leads a commit: who writes now would wait for it.
static bool is_led(const meeting *m)
{
    fe_write_queue *queue = &m->db->store->queue;
    bool led;

    fe_mutex_lock(&queue->mutex);
    led = queue->is_led;
    fe_mutex_unlock(&queue->mutex);
    return led;
}

// How often the call comes to the gate.
static uint64_t count_stops(gate_point point, void (*prepare)(const meeting *), call held)
{
    meeting m = begin();
    caller c = {.meeting = &m, .call = held};
    uint64_t before;
    uint64_t count;

    prepare(&m);
    before = gate_count(m.gates, point);
    assert_int_equal(fe_thread_start(&c.thread, "caller", run_caller, &c), FERRIC_OK);
    fe_thread_join(&c.thread);
    count = gate_count(m.gates, point) - before;
    end(&m);
    assert_int_equal(c.status, FERRIC_OK);
    assert_true(count > 0);
    return count;
}

// Holds `held` each time that it comes to the gate, makes the call `meanwhile`, and lets `expect`
// look at the result. In at least one place the two must really have met.
static void meet_at(gate_point point, void (*prepare)(const meeting *), call held, call meanwhile,
                    void (*expect)(const meeting *, ferric_status, ferric_status))
{
    uint64_t count = count_stops(point, prepare, held);
    uint64_t met = 0;

    for (uint64_t number = 1; number <= count; number++) {
        meeting m = begin();
        caller c = {.meeting = &m, .call = held};
        prepare(&m);
        gate_close(m.gates, point);
        assert_int_equal(fe_thread_start(&c.thread, "caller", run_caller, &c), FERRIC_OK);
        gate_await_number(m.gates, point, number);
        if (is_led(&m)) {
            gate_pass(m.gates, point);
            fe_thread_join(&c.thread);
        } else {
            ferric_status status = meanwhile(&m);
            gate_pass(m.gates, point);
            fe_thread_join(&c.thread);
            expect(&m, c.status, status);
            met++;
        }
        end(&m);
    }
    assert_true(met > 0);
}

static void meet_everywhere(void (*prepare)(const meeting *), call held, call meanwhile,
                            void (*expect)(const meeting *, ferric_status, ferric_status))
{
    meet_at(GATE_ALLOCATION, prepare, held, meanwhile, expect);
}

// ---- Unique values --------------------------------------------------------------------------

static void prepare_unique(const meeting *m)
{
    assert_int_equal(create_unique(m), FERRIC_OK);
}

static void expect_one_of_two(const meeting *m, ferric_status held, ferric_status meanwhile)
{
    assert_true((held == FERRIC_OK && meanwhile == FERRIC_ALREADY_EXISTS) ||
                (held == FERRIC_ALREADY_EXISTS && meanwhile == FERRIC_OK));
    expect_entries(m, 1);
}

static void test_of_two_puts_of_a_unique_value_one_is_refused(void **state)
{
    (void)state;
    meet_everywhere(prepare_unique, put_first, put_second, expect_one_of_two);
}

static void prepare_unique_and_first(const meeting *m)
{
    prepare_unique(m);
    assert_int_equal(put_first(m), FERRIC_OK);
}

// Of a document that gives its value up and one that takes it, either comes first.
static void expect_value_given_up(const meeting *m, ferric_status held, ferric_status meanwhile)
{
    assert_int_equal(held, FERRIC_OK);
    if (meanwhile != FERRIC_ALREADY_EXISTS) assert_int_equal(meanwhile, FERRIC_OK);
    expect_entries(m, meanwhile == FERRIC_OK ? 2 : 1);
}

static void test_a_value_is_free_when_its_document_has_changed(void **state)
{
    (void)state;
    meet_everywhere(prepare_unique_and_first, change_first, put_second, expect_value_given_up);
}

// ---- Builds ---------------------------------------------------------------------------------

static void prepare_documents(const meeting *m)
{
    assert_int_equal(put_first(m), FERRIC_OK);
    assert_int_equal(put(m, "third", "{\"v\":9}"), FERRIC_OK);
}

static void expect_built_of_one(const meeting *m, ferric_status held, ferric_status meanwhile)
{
    assert_int_equal(held, FERRIC_OK);
    assert_int_equal(meanwhile, FERRIC_OK);
    expect_entries(m, 1);
}

static void expect_built_of_two(const meeting *m, ferric_status held, ferric_status meanwhile)
{
    assert_int_equal(held, FERRIC_OK);
    assert_int_equal(meanwhile, FERRIC_OK);
    expect_entries(m, 2);
}

static void test_a_build_sees_a_document_that_goes(void **state)
{
    (void)state;
    meet_everywhere(prepare_documents, create_index, delete_first, expect_built_of_one);
}

static void test_a_build_sees_a_document_that_changes(void **state)
{
    (void)state;
    meet_everywhere(prepare_documents, create_index, change_first, expect_built_of_two);
    meet_everywhere(prepare_documents, create_unique, change_first, expect_built_of_two);
}

// The build that finds two documents with one value is refused, or the put that would make them.
static void expect_unique_or_no_index(const meeting *m, ferric_status held, ferric_status meanwhile)
{
    if (held == FERRIC_OK) {
        assert_int_equal(meanwhile, FERRIC_ALREADY_EXISTS);
        expect_entries(m, 2);
    } else {
        assert_int_equal(held, FERRIC_ALREADY_EXISTS);
        assert_int_equal(meanwhile, FERRIC_OK);
        expect_entries(m, 0);
    }
}

static void test_a_unique_build_sees_a_document_that_collides(void **state)
{
    (void)state;
    meet_everywhere(prepare_documents, create_unique, put_second, expect_unique_or_no_index);
}

// ---- Drops ----------------------------------------------------------------------------------

static void prepare_index(const meeting *m)
{
    prepare_documents(m);
    assert_int_equal(create_index(m), FERRIC_OK);
}

static ferric_status drop_index(const meeting *m)
{
    return ferric_index_drop(m->db, m->docs, "v_1");
}

// FERRIC_NOT_FOUND when a query finds nothing by an index whose entries are gone.
static ferric_status find_first(const meeting *m)
{
    uint64_t count = 0;
    ferric_status status =
        ferric_find_count(m->db, m->docs, fe_slice_text("{\"v\":7}"), NULL, &count);

    if (status == FERRIC_OK) status = ferric_index_verify(m->db, m->docs, NULL, NULL);
    return status == FERRIC_OK && count != 1 ? FERRIC_NOT_FOUND : status;
}

static void expect_found(const meeting *m, ferric_status held, ferric_status meanwhile)
{
    assert_int_equal(held, FERRIC_OK);
    assert_int_equal(meanwhile, FERRIC_OK);
    assert_int_equal(find_first(m), FERRIC_OK);
}

// What is behind the commit frees memory and takes none.
static void test_a_query_does_without_an_index_whose_drop_is_committed(void **state)
{
    (void)state;
    meet_at(GATE_ALLOCATION, prepare_index, drop_index, find_first, expect_found);
    meet_at(GATE_RELEASE, prepare_index, drop_index, find_first, expect_found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_two_puts_of_a_unique_value_one_is_refused),
        cmocka_unit_test(test_a_value_is_free_when_its_document_has_changed),
        cmocka_unit_test(test_a_build_sees_a_document_that_goes),
        cmocka_unit_test(test_a_build_sees_a_document_that_changes),
        cmocka_unit_test(test_a_unique_build_sees_a_document_that_collides),
        cmocka_unit_test(test_a_query_does_without_an_index_whose_drop_is_committed),
    };
    return cmocka_run_group_tests_name("document_schedule", tests, NULL, NULL);
}
