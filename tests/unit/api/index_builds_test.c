// SPDX-License-Identifier: Apache-2.0
// Indexes that are built while nobody waits: how far they are, what becomes of them, and how a
// build that was cut short goes on.
#include <stdatomic.h>

#include "os/thread.h"
#include "users_kit.h"

// What events told. The callback runs in the thread that builds.
typedef struct heard {
    _Atomic(int) ready;
    _Atomic(int) refused;
    char message[512]; // Of the refusal; written before `refused`.
} heard;

static void hear(void *context, const ferric_event *event)
{
    heard *told = context;

    if (event->kind != FERRIC_EVENT_INDEX) return;
    if (event->status != FERRIC_OK) {
        snprintf(told->message, sizeof told->message, "%s", event->message);
        atomic_fetch_add(&told->refused, 1);
    } else if (strstr(event->message, "ready") != NULL) {
        atomic_fetch_add(&told->ready, 1);
    }
}

// A database with threads.
static ferric_keyspace *begin(api_kit *kit, heard *told, int count)
{
    ferric_keyspace *users;

    memset(told, 0, sizeof *told);
    kit_init(kit);
    kit->options.background_threads = 2;
    kit->options.event_callback = hear;
    kit->options.event_context = told;
    kit_reopen(kit);
    users = users_of(kit);
    fill_users(kit, users, count);
    return users;
}

static void create_in_background(api_kit *kit, ferric_keyspace *users, const char *keys,
                                 bool unique)
{
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;

    options.background = true;
    options.unique = unique;
    assert_ok(ferric_index_create(kit->db, users, text(keys), &options));
}

// Waits however long it takes: the test's own limit ends it.
static void await_ready(api_kit *kit, ferric_keyspace *users, const char *name)
{
    ferric_build_progress progress;

    for (;;) {
        assert_ok(ferric_index_progress(kit->db, users, name, &progress));
        if (progress.is_ready) return;
        fe_thread_sleep_ns(1000000);
    }
}

static void await(_Atomic(int) *number, int expected)
{
    while (atomic_load(number) < expected)
        fe_thread_sleep_ns(1000000);
}

static void test_background_build_becomes_ready(void **state)
{
    api_kit kit;
    ferric_build_progress progress;
    heard told;

    (void)state;
    ferric_keyspace *users = begin(&kit, &told, 2000);
    assert_int_equal(ferric_index_progress(kit.db, users, "age_1", &progress), FERRIC_NOT_FOUND);
    create_in_background(&kit, users, "\"age\"", false);
    create_in_background(&kit, users, "\"n\"", true);
    await_ready(&kit, users, "age_1");
    await_ready(&kit, users, "n_1");
    await(&told.ready, 2);
    assert_indexes_sound(&kit, users, 4000);
    assert_explained(&kit, users, "{\"n\":7}", NULL, "\"index\":\"n_1\"");
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_refusal_in_the_background_is_told_and_leaves_nothing(void **state)
{
    api_kit kit;
    ferric_buffer json = {0};
    heard told;

    (void)state;
    ferric_keyspace *users = begin(&kit, &told, 60);
    create_in_background(&kit, users, "\"age\"", true);
    await(&told.refused, 1);
    assert_non_null(strstr(told.message, "unique index \"age_1\""));
    assert_non_null(strstr(told.message, "document \"u00"));
    assert_non_null(strstr(told.message, "has the key"));
    assert_ok(ferric_index_list(kit.db, users, &json));
    assert_text(&json, "[]");
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_without_threads_the_call_builds(void **state)
{
    api_kit kit;
    ferric_build_progress progress;

    (void)state;
    kit_init(&kit);
    ferric_keyspace *users = users_of(&kit);
    fill_users(&kit, users, 500);
    create_in_background(&kit, users, "\"age\"", false);
    assert_ok(ferric_index_progress(kit.db, users, "age_1", &progress));
    assert_true(progress.is_ready);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// Stops at the first look, and remembers what it was told.
static bool stop(void *context, uint64_t documents)
{
    *(uint64_t *)context = documents;
    return false;
}

static void stop_a_build(api_kit *kit, ferric_keyspace *users, uint64_t *documents)
{
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;

    options.progress = stop;
    options.progress_context = documents;
    assert_int_equal(ferric_index_create(kit->db, users, text("\"n\""), &options),
                     FERRIC_INTERRUPTED);
}

static void test_the_next_open_goes_on_with_a_build(void **state)
{
    api_kit kit;
    ferric_build_progress progress;
    uint64_t first;
    uint64_t second;
    heard told;

    (void)state;
    ferric_keyspace *users = begin(&kit, &told, 3000);
    stop_a_build(&kit, users, &first);
    assert_true(first > 0 && first < 3000);
    ferric_keyspace_close(users);
    // Without threads nobody does, and what was passed is known.
    kit.options.background_threads = 0;
    kit_reopen(&kit);
    users = users_of(&kit);
    assert_ok(ferric_index_progress(kit.db, users, "n_1", &progress));
    assert_false(progress.is_ready || progress.is_running);
    assert_int_equal(progress.documents, first);
    assert_explained(&kit, users, "{\"n\":7}", NULL, "\"kind\":\"scan\"");
    stop_a_build(&kit, users, &second);
    assert_true(second > first);
    put_document(&kit, users, "u0000", "{\"n\":5000}"); // Writers keep it meanwhile.
    ferric_keyspace_close(users);
    kit.options.background_threads = 2;
    kit_reopen(&kit);
    users = users_of(&kit);
    await_ready(&kit, users, "n_1");
    assert_indexes_sound(&kit, users, 3000);
    assert_explained(&kit, users, "{\"n\":5000}", NULL, "\"documents_examined\":1,");
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_close_and_drop_end_a_build(void **state)
{
    api_kit kit;
    ferric_buffer json = {0};
    heard told;

    (void)state;
    ferric_keyspace *users = begin(&kit, &told, 3000);
    create_in_background(&kit, users, "\"age\"", false);
    create_in_background(&kit, users, "\"n\"", false);
    assert_ok(ferric_index_drop(kit.db, users, "n_1"));
    ferric_keyspace_close(users);
    kit_reopen(&kit);
    users = users_of(&kit);
    await_ready(&kit, users, "age_1");
    assert_indexes_sound(&kit, users, 3000);
    create_in_background(&kit, users, "\"n\"", false);
    assert_ok(ferric_keyspace_drop(kit.db, "users"));
    ferric_keyspace_close(users);
    users = users_of(&kit);
    put_document(&kit, users, "x", "{}");
    assert_ok(ferric_index_list(kit.db, users, &json));
    assert_text(&json, "[]");
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// Asks, while the index is built, which plan a query has.
typedef struct asking {
    api_kit *kit;
    ferric_keyspace *users;
    int asked;
} asking;

static bool ask(void *context, uint64_t documents)
{
    asking *by = context;

    (void)documents;
    assert_explained(by->kit, by->users, "{\"n\":7}", NULL, "\"kind\":\"scan\"");
    by->asked++;
    return true;
}

static void test_an_index_that_is_built_serves_no_query(void **state)
{
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
    api_kit kit;
    asking by;

    (void)state;
    kit_init(&kit);
    ferric_keyspace *users = users_of(&kit);
    fill_users(&kit, users, 1000);
    by = (asking){&kit, users, 0};
    options.progress = ask;
    options.progress_context = &by;
    assert_ok(ferric_index_create(kit.db, users, text("\"n\""), &options));
    assert_true(by.asked > 1);
    assert_explained(&kit, users, "{\"n\":7}", NULL, "\"index\":\"n_1\"");
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// Whoever waits for the same index builds it himself, or finds it built.
static void test_a_caller_takes_a_build_over(void **state)
{
    api_kit kit;
    heard told;

    (void)state;
    ferric_keyspace *users = begin(&kit, &told, 3000);
    create_in_background(&kit, users, "\"n\"", false);
    create_index(&kit, users, "\"n\"", false);
    assert_explained(&kit, users, "{\"n\":7}", NULL, "\"index\":\"n_1\"");
    assert_indexes_sound(&kit, users, 3000);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_background_build_becomes_ready),
        cmocka_unit_test(test_refusal_in_the_background_is_told_and_leaves_nothing),
        cmocka_unit_test(test_without_threads_the_call_builds),
        cmocka_unit_test(test_the_next_open_goes_on_with_a_build),
        cmocka_unit_test(test_close_and_drop_end_a_build),
        cmocka_unit_test(test_an_index_that_is_built_serves_no_query),
        cmocka_unit_test(test_a_caller_takes_a_build_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
