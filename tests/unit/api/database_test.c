// SPDX-License-Identifier: Apache-2.0
// Opening, closing and destroying: what is refused, what stays, and what handles answer afterwards
// and in a forked child.
#include "api_kit.h"

#include <sys/wait.h>
#include <unistd.h>

static ferric_status open_with(api_kit *kit, const char *path, ferric_db **db)
{
    return ferric_open(path, &kit->options, db);
}

static void test_open_refuses_nonsense(void **state)
{
    ferric_db *db = (ferric_db *)(uintptr_t)1;

    (void)state;
    assert_failed(ferric_open(NULL, NULL, &db), FERRIC_INVALID_ARGUMENT, "path is NULL");
    assert_null(db);
    assert_failed(ferric_open("", NULL, &db), FERRIC_INVALID_ARGUMENT, "path is empty");
    assert_failed(ferric_open(":memory:", NULL, NULL), FERRIC_INVALID_ARGUMENT, "db is NULL");
    assert_failed(ferric_destroy(NULL, NULL), FERRIC_INVALID_ARGUMENT, "path is NULL");
    assert_failed(ferric_destroy("", NULL), FERRIC_INVALID_ARGUMENT, "path is empty");
    assert_ok(ferric_close(NULL));
    ferric_interrupt(NULL);
}

static void test_open_makes_a_database_unless_it_may_not(void **state)
{
    api_kit kit;
    ferric_db *db = NULL;

    (void)state;
    kit_init(&kit);
    kit.options.create_if_missing = false;
    assert_failed(open_with(&kit, "/other.db", &db), FERRIC_NOT_FOUND, "/other.db");
    assert_null(db);
    kit.options.create_if_missing = true;
    kit.options.read_only = true;
    assert_failed(open_with(&kit, "/other.db", &db), FERRIC_NOT_FOUND, "/other.db");
    kit.options.read_only = false;
    assert_failed(open_with(&kit, "/no/such/parent.db", &db), FERRIC_NOT_FOUND, "parent");
    assert_ok(open_with(&kit, "/other.db", &db));
    assert_ok(ferric_close(db));
    kit_deinit(&kit);
}

static void test_open_refuses_an_existing_database_when_asked(void **state)
{
    api_kit kit;
    ferric_db *db = NULL;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    kit_close(&kit);
    kit.options.error_if_exists = true;
    assert_failed(open_with(&kit, KIT_PATH, &db), FERRIC_ALREADY_EXISTS, KIT_PATH);
    assert_null(db);
    assert_ok(open_with(&kit, "/fresh.db", &db));
    assert_ok(ferric_close(db));
    kit_deinit(&kit);
}

static void write_file(fe_vfs *vfs, const char *path, const char *content)
{
    fe_file *file = NULL;
    assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_CREATE, &file), FERRIC_OK);
    assert_int_equal(fe_file_write_at(file, 0, content, strlen(content)), FERRIC_OK);
    fe_file_close(file);
}

static void test_open_refuses_what_is_no_database(void **state)
{
    api_kit kit;
    ferric_db *db = NULL;

    (void)state;
    kit_init(&kit);
    write_file(kit.vfs, "/file", "text");
    assert_failed(open_with(&kit, "/file", &db), FERRIC_NOT_A_DATABASE, "/file");
    assert_int_equal(fe_vfs_make_directory(kit.vfs, "/photos"), FERRIC_OK);
    write_file(kit.vfs, "/photos/cat.jpg", "meow");
    assert_failed(open_with(&kit, "/photos", &db), FERRIC_NOT_A_DATABASE, "/photos");
    assert_null(db);
    kit_deinit(&kit);
}

static void test_open_is_refused_while_another_handle_has_it(void **state)
{
    api_kit kit;
    ferric_db *db = NULL;
    char pid[32];

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_failed(open_with(&kit, KIT_PATH, &db), FERRIC_LOCKED, pid);
    assert_null(db);
    kit.options.lock_wait_ms = 20;
    assert_failed(open_with(&kit, KIT_PATH, &db), FERRIC_LOCKED, pid);
    assert_failed(ferric_destroy(KIT_PATH, &kit.options), FERRIC_LOCKED, pid);
    assert_value(kit.db, NULL, "a", "1"); // The first one noticed nothing.
    kit_deinit(&kit);
}

static void test_memory_databases_are_apart_and_forget(void **state)
{
    ferric_db *first = NULL;
    ferric_db *second = NULL;

    (void)state;
    assert_ok(ferric_open(":memory:", NULL, &first));
    assert_ok(ferric_open(":memory:", NULL, &second));
    put(first, NULL, "a", "1");
    assert_value(second, NULL, "a", NULL);
    assert_value(first, NULL, "a", "1");
    assert_ok(ferric_close(first));
    assert_ok(ferric_close(second));
    assert_ok(ferric_open(":memory:", NULL, &first));
    assert_value(first, NULL, "a", NULL);
    assert_ok(ferric_close(first));
}

static void test_open_finds_what_was_written(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    for (int i = 0; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%03d", i);
        put(kit.db, NULL, key, key);
        if (i % 40 == 0) kit_reopen(&kit);
        if (i % 70 == 0) assert_ok(ferric_flush(kit.db));
    }
    kit_reopen(&kit);
    for (int i = 0; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%03d", i);
        assert_value(kit.db, NULL, key, key);
    }
    kit_deinit(&kit);
}

// ---- Read-only --------------------------------------------------------------------------------

static void use_everything(ferric_db *db)
{
    ferric_snapshot *snapshot = NULL;
    uint64_t count;

    assert_value(db, NULL, "a", "1");
    assert_keys(db, NULL, NULL, "a b ");
    assert_ok(ferric_count(db, NULL, text(""), text(""), NULL, &count));
    assert_int_equal(count, 2);
    assert_ok(ferric_snapshot_create(db, &snapshot));
    ferric_snapshot_release(snapshot);
    assert_ok(ferric_verify(db, NULL, NULL, NULL));
}

static void test_read_only_changes_no_byte(void **state)
{
    api_kit kit;
    ferric_buffer before;
    ferric_buffer after;
    ferric_keyspace *other = NULL;
    ferric_batch *batch = NULL;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    assert_ok(ferric_flush(kit.db));
    put(kit.db, NULL, "b", "2"); // One in a table, one in the log.
    kit_close(&kit);
    before = kit_files(&kit);
    kit.options.read_only = true;
    kit_open(&kit);
    use_everything(kit.db);
    assert_failed(ferric_put(kit.db, NULL, text("c"), text("3"), NULL), FERRIC_READ_ONLY, KIT_PATH);
    assert_failed(ferric_delete(kit.db, NULL, text("a"), NULL), FERRIC_READ_ONLY, KIT_PATH);
    assert_ok(ferric_keyspace_open(kit.db, "other", FERRIC_KEYSPACE_RAW, &other));
    assert_failed(ferric_put(kit.db, other, text("c"), text("3"), NULL), FERRIC_READ_ONLY, "read");
    ferric_keyspace_close(other);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, NULL, text("c"), text("3")));
    assert_failed(ferric_write(kit.db, batch, NULL, NULL), FERRIC_READ_ONLY, KIT_PATH);
    ferric_batch_destroy(batch);
    assert_int_equal(ferric_flush(kit.db), FERRIC_READ_ONLY);
    assert_int_equal(ferric_compact(kit.db, NULL, text(""), text("")), FERRIC_READ_ONLY);
    kit_close(&kit);
    after = kit_files(&kit);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    ferric_buffer_free(&before);
    ferric_buffer_free(&after);
    kit.options.read_only = false;
    kit_open(&kit);
    kit_deinit(&kit);
}

static ferric_db *open_reader(api_kit *kit)
{
    ferric_options options = kit->options;
    ferric_db *reader = NULL;

    options.read_only = true;
    assert_ok(ferric_open(KIT_PATH, &options, &reader));
    return reader;
}

static void test_readers_share_a_database_and_keep_no_writer_out(void **state)
{
    api_kit kit;
    ferric_db *first;
    ferric_db *second;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    put(kit.db, NULL, "b", "2");
    kit_close(&kit);
    first = open_reader(&kit);
    second = open_reader(&kit);
    assert_int_equal(ferric_writer_process(first), 0);
    kit_open(&kit);
    put(kit.db, NULL, "c", "3");
    assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    use_everything(first);
    assert_ok(ferric_close(first));
    use_everything(second);
    assert_ok(ferric_close(second));
    assert_keys(kit.db, NULL, NULL, "a b c ");
    kit_deinit(&kit);
}

static void test_a_reader_opens_beside_a_writer_and_names_it(void **state)
{
    api_kit kit;
    ferric_db *reader;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    assert_ok(ferric_flush(kit.db));
    put(kit.db, NULL, "b", "2");
    reader = open_reader(&kit);
    assert_int_equal(ferric_writer_process(reader), getpid());
    assert_int_equal(ferric_writer_process(kit.db), 0);
    assert_int_equal(ferric_writer_process(NULL), 0);
    put(kit.db, NULL, "c", "3");
    assert_ok(ferric_delete(kit.db, NULL, text("a"), NULL));
    assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    use_everything(reader); // As it was.
    assert_failed(ferric_put(reader, NULL, text("d"), text("4"), NULL), FERRIC_READ_ONLY, KIT_PATH);
    assert_ok(ferric_close(reader));
    reader = open_reader(&kit);
    assert_keys(reader, NULL, NULL, "b c ");
    assert_ok(ferric_close(reader));
    kit_deinit(&kit);
}

static void damage_middle_of(api_kit *kit, const char *suffix)
{
    ferric_buffer names = {0};
    bool is_found = false;

    assert_ok(fe_vfs_list(kit->vfs, KIT_PATH, &names));
    for (const char *name = names.data; name < (char *)names.data + names.size;
         name += strlen(name) + 1) {
        char path[64];
        fe_file *file = NULL;
        uint64_t size;
        uint8_t bytes[16]; // Wider than the padding between two frames.
        size_t got;
        if (strstr(name, suffix) == NULL) continue;
        is_found = true;
        (void)snprintf(path, sizeof path, "%s/%s", KIT_PATH, name);
        assert_ok(fe_vfs_open(kit->vfs, path, FE_OPEN_WRITE, &file));
        assert_ok(fe_file_size(file, &size));
        assert_ok(fe_file_read_at(file, size / 2, bytes, sizeof bytes, &got));
        for (size_t i = 0; i < got; i++)
            bytes[i] ^= 1;
        assert_ok(fe_file_write_at(file, size / 2, bytes, got));
        fe_file_close(file);
    }
    assert_true(is_found);
    ferric_buffer_free(&names);
}

// What a reader finds twice in the same way is no trace of a writer.
static void test_a_reader_tells_of_damage_and_of_missing_files(void **state)
{
    static const char *const suffixes[] = {".table", ".manifest", ".log"};

    (void)state;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        api_kit kit;
        ferric_db *reader = NULL;
        ferric_status status;

        kit_init(&kit);
        put(kit.db, NULL, "a", "1");
        assert_ok(ferric_flush(kit.db));
        put(kit.db, NULL, "b", "2");
        kit_close(&kit); // Trims log and manifest, so that they are frames to their ends.
        damage_middle_of(&kit, suffixes[i]);
        kit.options.read_only = true;
        status = open_with(&kit, KIT_PATH, &reader);
        if (status == FERRIC_OK) status = ferric_verify(reader, NULL, NULL, NULL);
        assert_failed(status, FERRIC_CORRUPT, KIT_PATH);
        assert_ok(ferric_close(reader));
        kit.options.read_only = false;
        kit_deinit(&kit);
    }
}

// ---- Destroy ----------------------------------------------------------------------------------

static bool exists(fe_vfs *vfs, const char *path)
{
    fe_path_kind kind;
    assert_int_equal(fe_vfs_stat(vfs, path, &kind, NULL), FERRIC_OK);
    return kind != FE_PATH_NONE;
}

static void test_destroy_removes_a_database(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    assert_ok(ferric_flush(kit.db));
    put(kit.db, NULL, "b", "2");
    kit_close(&kit);
    assert_ok(ferric_destroy(KIT_PATH, &kit.options));
    assert_false(exists(kit.vfs, KIT_PATH));
    assert_failed(ferric_destroy(KIT_PATH, &kit.options), FERRIC_NOT_FOUND, KIT_PATH);
    kit_open(&kit);
    assert_value(kit.db, NULL, "a", NULL);
    kit_close(&kit); // Never written to, so there is but a lock.
    assert_ok(ferric_destroy(KIT_PATH, &kit.options));
    assert_false(exists(kit.vfs, KIT_PATH));
    fe_vfs_memory_destroy(kit.vfs);
}

static void test_destroy_leaves_what_is_not_its_own(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    kit_close(&kit);
    write_file(kit.vfs, KIT_PATH "/notes.txt", "mine");
    write_file(kit.vfs, KIT_PATH "/000001.table.bak", "mine");
    assert_ok(ferric_destroy(KIT_PATH, &kit.options));
    assert_true(exists(kit.vfs, KIT_PATH "/notes.txt"));
    assert_true(exists(kit.vfs, KIT_PATH "/000001.table.bak"));
    assert_false(exists(kit.vfs, KIT_PATH "/CURRENT"));
    assert_false(exists(kit.vfs, KIT_PATH "/LOCK"));
    fe_vfs_memory_destroy(kit.vfs);
}

// A directory of LevelDB has files that are called as ours are.
static void test_destroy_spares_other_engines(void **state)
{
    static const char *const names[] = {"/level/CURRENT", "/level/LOCK", "/level/000003.log",
                                        "/level/MANIFEST-000002"};
    api_kit kit;

    (void)state;
    kit_init(&kit);
    assert_int_equal(fe_vfs_make_directory(kit.vfs, "/level"), FERRIC_OK);
    for (size_t i = 0; i < 4; i++)
        write_file(kit.vfs, names[i], "MANIFEST-000002\n");
    assert_failed(ferric_destroy("/level", &kit.options), FERRIC_NOT_A_DATABASE, "/level");
    for (size_t i = 0; i < 4; i++)
        assert_true(exists(kit.vfs, names[i]));
    assert_int_equal(fe_vfs_make_directory(kit.vfs, "/empty"), FERRIC_OK);
    assert_failed(ferric_destroy("/empty", &kit.options), FERRIC_NOT_A_DATABASE, "/empty");
    assert_true(exists(kit.vfs, "/empty"));
    assert_failed(ferric_destroy("/level/LOCK", &kit.options), FERRIC_NOT_A_DATABASE, "LOCK");
    kit_deinit(&kit);
}

// What an interrupted destroy leaves: no CURRENT any more, files still there.
static void test_destroy_can_be_done_again(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    kit_close(&kit);
    assert_int_equal(fe_vfs_remove(kit.vfs, KIT_PATH "/CURRENT"), FERRIC_OK);
    assert_ok(ferric_destroy(KIT_PATH, &kit.options));
    assert_false(exists(kit.vfs, KIT_PATH));
    fe_vfs_memory_destroy(kit.vfs);
}

// ---- Children ---------------------------------------------------------------------------------

typedef struct children {
    ferric_keyspace *keyspace;
    ferric_snapshot *snapshot;
    ferric_iterator *iterator;
    ferric_batch *batch;
    ferric_pinned pinned;
} children;

static void bear(api_kit *kit, children *all)
{
    memset(all, 0, sizeof *all);
    put(kit->db, NULL, "a", "1");
    put(kit->db, NULL, "b", "2");
    all->keyspace = kit_keyspace(kit, "other", FERRIC_KEYSPACE_RAW);
    assert_ok(ferric_snapshot_create(kit->db, &all->snapshot));
    assert_ok(ferric_iterator_create(kit->db, NULL, NULL, &all->iterator));
    assert_true(ferric_iterator_next(all->iterator));
    assert_ok(ferric_batch_create(&all->batch));
    assert_ok(ferric_batch_put(all->batch, all->keyspace, text("k"), text("v")));
    assert_ok(ferric_get_pinned(kit->db, NULL, text("b"), NULL, &all->pinned));
}

static void release(children *all)
{
    ferric_pinned_release(&all->pinned);
    ferric_batch_destroy(all->batch);
    ferric_iterator_destroy(all->iterator);
    ferric_snapshot_release(all->snapshot);
    ferric_keyspace_close(all->keyspace);
}

static void test_children_outlive_their_database(void **state)
{
    api_kit kit;
    children all;

    (void)state;
    kit_init(&kit);
    bear(&kit, &all);
    kit_close(&kit);
    // What is held stays readable.
    assert_memory_equal(all.pinned.value.data, "2", 1);
    assert_memory_equal(ferric_iterator_key(all.iterator).data, "a", 1);
    assert_int_equal(ferric_snapshot_version(all.snapshot), 3);
    // What would do something answers.
    assert_false(ferric_iterator_next(all.iterator));
    assert_int_equal(ferric_iterator_status(all.iterator), FERRIC_CLOSED);
    assert_false(ferric_iterator_first(all.iterator));
    assert_false(ferric_iterator_valid(all.iterator));
    assert_int_equal(ferric_iterator_key(all.iterator).size, 0);
    assert_failed(ferric_batch_put(all.batch, all.keyspace, text("k"), text("v")), FERRIC_CLOSED,
                  "closed");
    assert_failed(ferric_batch_delete(all.batch, all.keyspace, text("k")), FERRIC_CLOSED, "closed");
    kit_open(&kit); // The same database, and still another one.
    assert_failed(ferric_put(kit.db, all.keyspace, text("k"), text("v"), NULL),
                  FERRIC_INVALID_ARGUMENT, "another database");
    assert_failed(ferric_write(kit.db, all.batch, NULL, NULL), FERRIC_INVALID_ARGUMENT,
                  "another database");
    {
        ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
        ferric_buffer value = {0};
        options.snapshot = all.snapshot;
        assert_failed(ferric_get(kit.db, NULL, text("a"), &options, &value, NULL),
                      FERRIC_INVALID_ARGUMENT, "another database");
    }
    release(&all);
    kit_deinit(&kit);
}

// Runs in a forked child; the exit code says which check failed.
static int use_in_child(api_kit *kit, children *all)
{
    ferric_buffer value = {0};
    ferric_stats stats = FERRIC_STATS_INIT;
    ferric_snapshot *snapshot = NULL;

    if (ferric_put(kit->db, NULL, text("c"), text("3"), NULL) != FERRIC_FORKED) return 1;
    if (strstr(ferric_error_message(), "fork") == NULL) return 2;
    if (ferric_get(kit->db, NULL, text("a"), NULL, &value, NULL) != FERRIC_FORKED) return 3;
    if (ferric_delete(kit->db, NULL, text("a"), NULL) != FERRIC_FORKED) return 4;
    if (ferric_flush(kit->db) != FERRIC_FORKED) return 5;
    if (ferric_sync(kit->db) != FERRIC_FORKED) return 6;
    if (ferric_stats_get(kit->db, &stats) != FERRIC_FORKED) return 7;
    if (ferric_snapshot_create(kit->db, &snapshot) != FERRIC_FORKED) return 8;
    if (ferric_write(kit->db, all->batch, NULL, NULL) != FERRIC_FORKED) return 9;
    if (ferric_iterator_next(all->iterator)) return 10;
    if (ferric_iterator_status(all->iterator) != FERRIC_FORKED) return 11;
    if (ferric_verify(kit->db, NULL, NULL, NULL) != FERRIC_FORKED) return 12;
    if (ferric_compact(kit->db, NULL, text(""), text("")) != FERRIC_FORKED) return 13;
    release(all);
    return ferric_close(kit->db) == FERRIC_OK ? 0 : 14;
}

static void test_forked_children_are_told_so(void **state)
{
    api_kit kit;
    children all;
    int status = -1;
    pid_t child;

    (void)state;
    kit_init(&kit);
    bear(&kit, &all);
    child = fork();
    if (child == 0) _exit(use_in_child(&kit, &all));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    // The parent noticed nothing.
    put(kit.db, NULL, "c", "3");
    assert_value(kit.db, NULL, "c", "3");
    assert_true(ferric_iterator_next(all.iterator));
    release(&all);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_refuses_nonsense),
        cmocka_unit_test(test_open_makes_a_database_unless_it_may_not),
        cmocka_unit_test(test_open_refuses_an_existing_database_when_asked),
        cmocka_unit_test(test_open_refuses_what_is_no_database),
        cmocka_unit_test(test_open_is_refused_while_another_handle_has_it),
        cmocka_unit_test(test_memory_databases_are_apart_and_forget),
        cmocka_unit_test(test_open_finds_what_was_written),
        cmocka_unit_test(test_read_only_changes_no_byte),
        cmocka_unit_test(test_readers_share_a_database_and_keep_no_writer_out),
        cmocka_unit_test(test_a_reader_opens_beside_a_writer_and_names_it),
        cmocka_unit_test(test_a_reader_tells_of_damage_and_of_missing_files),
        cmocka_unit_test(test_destroy_removes_a_database),
        cmocka_unit_test(test_destroy_leaves_what_is_not_its_own),
        cmocka_unit_test(test_destroy_spares_other_engines),
        cmocka_unit_test(test_destroy_can_be_done_again),
        cmocka_unit_test(test_children_outlive_their_database),
        cmocka_unit_test(test_forked_children_are_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
