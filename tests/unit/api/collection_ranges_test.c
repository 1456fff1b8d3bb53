// SPDX-License-Identifier: Apache-2.0
// Many documents at once: ranges that go with their index entries, collections that get another
// name or go as a whole.
#include <stdatomic.h>

#include "os/thread.h"
#include "users_kit.h"

static void test_ranges_of_documents_take_their_index_entries(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_batch *batch;
    ferric_txn *txn;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    fill_users(&kit, users, 100);
    create_index(&kit, users, "\"age\"", false);
    create_index(&kit, users, "\"n\"", true);
    assert_ok(ferric_delete_range(kit.db, users, text("u0000"), text("u0010"), NULL));
    assert_indexes_sound(&kit, users, 180);
    // In a batch what stands before the range goes with it, and what stands behind comes.
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_document_put(batch, users, text("u0020"), text("{\"n\":1000}")));
    assert_ok(ferric_batch_document_put(batch, users, text("u0021"), text("{\"n\":1001}")));
    assert_ok(ferric_batch_delete_range(batch, users, text("u0020"), text("u0024")));
    assert_ok(ferric_batch_document_put(batch, users, text("u0021"), text("{\"n\":22}")));
    assert_ok(ferric_batch_delete_range(batch, users, text("u0022"), text("u0030")));
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    ferric_batch_destroy(batch);
    assert_count(&kit, users, "{\"n\":{\"$gte\":20,\"$lt\":30}}", 1); // Taken over from u0022.
    assert_count(&kit, users, "{\"n\":1000}", 0);
    assert_indexes_sound(&kit, users, 162);
    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_ok(ferric_txn_document_put(txn, users, text("u0091x"), text("{\"n\":5}")));
    assert_ok(ferric_txn_delete_range(txn, users, text("u0090"), text("")));
    assert_ok(ferric_txn_document_put(txn, users, text("u0095"), text("{\"n\":91}")));
    assert_ok(ferric_txn_commit(txn, NULL));
    ferric_txn_destroy(txn);
    assert_count(&kit, users, "{\"n\":{\"$gte\":90}}", 1);
    assert_indexes_sound(&kit, users, 144);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_all_documents_go_without_a_look_at_them(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_batch *batch;
    ferric_txn *txn;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    create_index(&kit, users, "\"n\"", true);
    fill_users(&kit, users, 100);
    assert_ok(ferric_delete_range(kit.db, users, text(""), text(""), NULL));
    assert_indexes_sound(&kit, users, 0);
    fill_users(&kit, users, 100);
    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_ok(ferric_txn_delete_range(txn, users, text(""), text("")));
    assert_ok(ferric_txn_document_put(txn, users, text("x"), text("{\"n\":7}")));
    assert_ok(ferric_txn_commit(txn, NULL));
    ferric_txn_destroy(txn);
    assert_indexes_sound(&kit, users, 1);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_delete_range(batch, users, text(""), text("")));
    assert_ok(ferric_batch_document_put(batch, users, text("y"), text("{\"n\":7}")));
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    ferric_batch_destroy(batch);
    assert_found(kit.db, users, "{\"n\":7}", NULL, "y ");
    assert_indexes_sound(&kit, users, 1);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// Two threads make it so; here the other writer comes in between for sure.
static void test_a_transaction_loses_to_what_comes_into_its_range(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_txn *txn;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    create_index(&kit, users, "\"n\"", false);
    fill_users(&kit, users, 10);
    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_ok(ferric_txn_delete_range(txn, users, text("u0000"), text("u0005")));
    put_document(&kit, users, "u0001x", "{\"n\":1}");
    assert_int_equal(ferric_txn_commit(txn, NULL), FERRIC_CONFLICT);
    ferric_txn_destroy(txn);
    assert_indexes_sound(&kit, users, 11);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// So many that reading them takes longer than a thread runs at a stretch: somebody has mostly
// written meanwhile.
#define RANGE_DOCUMENTS 8000
#define RANGE_WRITERS 2

typedef struct range_writer {
    api_kit *kit;
    ferric_keyspace *users;
    fe_thread thread;
    const char *key;
    _Atomic(bool) is_ended;
    _Atomic(uint32_t) writes;
    _Atomic(ferric_status) status; // Of a write that failed.
} range_writer;

static void write_without_end(void *argument)
{
    range_writer *self = argument;

    while (!atomic_load(&self->is_ended)) {
        char json[32];
        uint32_t n = atomic_fetch_add(&self->writes, 1);
        snprintf(json, sizeof json, "{\"n\":%u}", n);
        ferric_slice value = {json, strlen(json)};
        ferric_status status =
            ferric_document_put(self->kit->db, self->users, text(self->key), value, NULL);
        if (status != FERRIC_OK) atomic_store(&self->status, status);
    }
}

// Who reads a whole range before the commit is not overtaken for ever by who writes one document.
static void test_a_range_goes_though_others_write_into_it(void **state)
{
    static const char *const keys[RANGE_WRITERS] = {"u0001x", "u7000x"};
    range_writer writers[RANGE_WRITERS] = {{0}};
    ferric_keyspace *users;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    create_index(&kit, users, "\"n\"", false);
    fill_users(&kit, users, RANGE_DOCUMENTS);
    for (int i = 0; i < RANGE_WRITERS; i++) {
        writers[i].kit = &kit;
        writers[i].users = users;
        writers[i].key = keys[i];
        assert_ok(fe_thread_start(&writers[i].thread, "writer", write_without_end, &writers[i]));
        while (atomic_load(&writers[i].writes) < 2)
            fe_thread_yield();
    }
    ferric_status deleted = ferric_delete_range(kit.db, users, text("u0000"), text("u9999"), NULL);
    for (int i = 0; i < RANGE_WRITERS; i++) {
        atomic_store(&writers[i].is_ended, true);
        fe_thread_join(&writers[i].thread);
        assert_ok(atomic_load(&writers[i].status));
    }
    assert_ok(deleted);
    assert_ok(ferric_delete_range(kit.db, users, text("u0000"), text("u9999"), NULL));
    assert_indexes_sound(&kit, users, 0);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_renamed_collection_keeps_its_indexes(void **state)
{
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    fill_users(&kit, users, 100);
    create_index(&kit, users, "\"n\"", true);
    assert_ok(ferric_keyspace_rename(kit.db, "users", "people"));
    ferric_keyspace_close(users);
    kit_reopen(&kit);
    users = kit_keyspace(&kit, "people", FERRIC_KEYSPACE_COLLECTION);
    assert_explained(&kit, users, "{\"n\":7}", NULL, "\"index\":\"n_1\"");
    put_document(&kit, users, "x", "{\"n\":500}");
    assert_indexes_sound(&kit, users, 101);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_dropped_collection_begins_anew_without_indexes(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_keyspace *again;
    ferric_snapshot *before;
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_buffer json = {0};

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    fill_users(&kit, users, 60);
    create_index(&kit, users, "\"age\"", false);
    assert_ok(ferric_snapshot_create(kit.db, &before));
    assert_ok(ferric_keyspace_drop(kit.db, "users"));
    again = users_of(&kit);
    put_document(&kit, again, "x", "{\"age\":7}");
    assert_ok(ferric_index_list(kit.db, again, &json));
    assert_text(&json, "[]");
    assert_indexes_sound(&kit, again, 0);
    options.snapshot = before; // The old handle still shows the old state.
    assert_found(kit.db, users, "{\"age\":7}", &options, "u0007 u0057 ");
    assert_int_equal(ferric_document_put(kit.db, users, text("y"), text("{}"), NULL),
                     FERRIC_DROPPED);
    assert_int_equal(ferric_index_create(kit.db, users, text("\"n\""), NULL), FERRIC_DROPPED);
    ferric_snapshot_release(before);
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    ferric_keyspace_close(again);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_of_documents_take_their_index_entries),
        cmocka_unit_test(test_all_documents_go_without_a_look_at_them),
        cmocka_unit_test(test_a_transaction_loses_to_what_comes_into_its_range),
        cmocka_unit_test(test_a_range_goes_though_others_write_into_it),
        cmocka_unit_test(test_renamed_collection_keeps_its_indexes),
        cmocka_unit_test(test_dropped_collection_begins_anew_without_indexes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
