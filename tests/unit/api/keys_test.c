// SPDX-License-Identifier: Apache-2.0
// Keys of encrypted databases, from outside.
#include "api_kit.h"
#include "base/buffer.h"
#include "base/slice.h"

static const char first_secret[32] = "the first of the two secret keys";
static const char second_secret[32] = "the second one: it is not alike.";
static const ferric_key first_key = {FERRIC_KEY_RAW, {first_secret, 32}};
static const ferric_key second_key = {FERRIC_KEY_RAW, {second_secret, 32}};
static const ferric_key passphrase = {FERRIC_KEY_PASSPHRASE, {"open sesame", 11}};
static const ferric_key no_key = {FERRIC_KEY_NONE, {NULL, 0}};
static const char canary[] = "CANARY-in-a-value-of-the-database";

// A closed database with a table, a log and a large value.
static void begin(api_kit *kit, ferric_key key)
{
    char *large = malloc(8000);
    ferric_slice end = {NULL, 0};

    kit_init(kit);
    kit_close(kit);
    assert_ok(ferric_destroy(KIT_PATH, &kit->options));
    kit->options.key = key;
    kit->options.compression = FERRIC_COMPRESSION_NONE;
    kit->options.bottom_compression = FERRIC_COMPRESSION_NONE;
    kit_open(kit);
    assert_non_null(large);
    memset(large, 'L', 8000);
    memcpy(large + 100, canary, sizeof canary);
    put(kit->db, NULL, "in a table", canary);
    assert_ok(ferric_put(kit->db, NULL, text("large"), fe_slice(large, 8000), NULL));
    assert_ok(ferric_compact(kit->db, NULL, end, end));
    put(kit->db, NULL, "in a log", canary);
    kit_close(kit);
    free(large);
}

static void expect_content(api_kit *kit)
{
    ferric_buffer value = {0};

    assert_value(kit->db, NULL, "in a table", canary);
    assert_value(kit->db, NULL, "in a log", canary);
    assert_ok(ferric_get(kit->db, NULL, text("large"), NULL, &value, NULL));
    assert_int_equal(value.size, 8000);
    ferric_buffer_free(&value);
}

static void expect_opens(api_kit *kit, ferric_key key)
{
    kit->options.key = key;
    kit_open(kit);
    expect_content(kit);
    kit_close(kit);
}

// Neither opens it nor changes a byte.
static void expect_refused(api_kit *kit, ferric_key key, const char *word)
{
    ferric_buffer before;
    ferric_buffer after;

    // Whoever takes the lock makes it and leaves his process id.
    (void)fe_vfs_remove(kit->vfs, KIT_PATH "/LOCK");
    before = kit_files(kit);
    kit->options.key = key;
    assert_failed(ferric_open(KIT_PATH, &kit->options, &kit->db), FERRIC_WRONG_KEY, word);
    assert_null(kit->db);
    kit->options.read_only = true;
    assert_failed(ferric_open(KIT_PATH, &kit->options, &kit->db), FERRIC_WRONG_KEY, word);
    kit->options.read_only = false;
    after = kit_files(kit);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    ferric_buffer_free(&before);
    ferric_buffer_free(&after);
}

static bool files_show(api_kit *kit, const char *words)
{
    ferric_buffer files = kit_files(kit);
    bool is_there = memmem(files.data, files.size, words, strlen(words)) != NULL;

    ferric_buffer_free(&files);
    return is_there;
}

static void end(api_kit *kit)
{
    fe_vfs_memory_destroy(kit->vfs);
}

static void test_key_opens_what_it_closed_and_nothing_shows(void **state)
{
    api_kit kit;

    (void)state;
    begin(&kit, no_key);
    assert_true(files_show(&kit, canary) && files_show(&kit, "in a table"));
    end(&kit);
    begin(&kit, first_key);
    assert_false(files_show(&kit, canary) || files_show(&kit, "in a table"));
    expect_opens(&kit, first_key);
    expect_refused(&kit, second_key, "does not open");
    expect_refused(&kit, passphrase, "does not open");
    expect_refused(&kit, no_key, "is encrypted");
    expect_opens(&kit, first_key);
    end(&kit);
}

static void test_key_for_a_plain_database_is_refused(void **state)
{
    api_kit kit;

    (void)state;
    begin(&kit, no_key);
    expect_refused(&kit, first_key, "is not encrypted");
    kit.options.encrypted = true;
    expect_refused(&kit, no_key, "is not encrypted");
    kit.options.encrypted = false;
    expect_opens(&kit, no_key);
    end(&kit);
}

static void test_key_that_none_can_be_is_an_invalid_argument(void **state)
{
    api_kit kit;
    ferric_key bad = first_key;

    (void)state;
    begin(&kit, first_key);
    bad.secret.size = 31;
    kit.options.key = bad;
    assert_failed(ferric_open(KIT_PATH, &kit.options, &kit.db), FERRIC_INVALID_ARGUMENT, "31");
    bad = (ferric_key){(ferric_key_kind)7, {first_secret, 32}};
    kit.options.key = bad;
    assert_failed(ferric_open(KIT_PATH, &kit.options, &kit.db), FERRIC_INVALID_ARGUMENT, "7");
    end(&kit);
}

static void test_keys_of_two_users_open_one_database(void **state)
{
    api_kit kit;

    (void)state;
    begin(&kit, first_key);
    kit_open(&kit);
    assert_true(ferric_is_encrypted(kit.db));
    assert_ok(ferric_key_add(kit.db, &passphrase));
    assert_failed(ferric_key_add(kit.db, &passphrase), FERRIC_INVALID_ARGUMENT, "already");
    kit_close(&kit);
    expect_opens(&kit, passphrase);
    expect_opens(&kit, first_key);
    kit_open(&kit);
    assert_ok(ferric_key_remove(kit.db, &first_key));
    assert_failed(ferric_key_remove(kit.db, &first_key), FERRIC_WRONG_KEY, "no key slot");
    assert_failed(ferric_key_remove(kit.db, &passphrase), FERRIC_INVALID_ARGUMENT, "only key");
    kit_close(&kit);
    expect_refused(&kit, first_key, "does not open");
    expect_opens(&kit, passphrase);
    end(&kit);
}

static void test_key_is_replaced_whatever_the_database_holds(void **state)
{
    api_kit kit;
    ferric_buffer before;
    ferric_buffer after;

    (void)state;
    begin(&kit, first_key);
    kit_open(&kit);
    before = kit_files(&kit);
    assert_failed(ferric_key_replace(kit.db, &second_key, &passphrase), FERRIC_WRONG_KEY, "slot");
    after = kit_files(&kit);
    assert_memory_equal(before.data, after.data, before.size);
    assert_ok(ferric_key_replace(kit.db, &first_key, &second_key));
    kit_close(&kit);
    expect_refused(&kit, first_key, "does not open");
    expect_opens(&kit, second_key);
    ferric_buffer_free(&before);
    ferric_buffer_free(&after);
    end(&kit);
}

static void test_keys_of_a_plain_database_cannot_be_changed(void **state)
{
    api_kit kit;

    (void)state;
    begin(&kit, no_key);
    kit_open(&kit);
    assert_false(ferric_is_encrypted(kit.db));
    assert_failed(ferric_key_add(kit.db, &first_key), FERRIC_WRONG_KEY, "not encrypted");
    assert_failed(ferric_key_rotate(kit.db, true, NULL, NULL), FERRIC_WRONG_KEY, "not encrypted");
    assert_failed(ferric_key_add(kit.db, NULL), FERRIC_INVALID_ARGUMENT, "key");
    kit_close(&kit);
    end(&kit);
}

// ---- Callbacks -------------------------------------------------------------------------------

typedef struct asked {
    ferric_key key;
    ferric_status status;
    int count;
} asked;

static ferric_status answer(void *context, const char *path, ferric_key *key)
{
    asked *a = context;

    assert_string_equal(path, KIT_PATH);
    a->count++;
    *key = a->key;
    return a->status;
}

static void test_key_callback_is_asked_when_a_key_is_needed(void **state)
{
    api_kit kit;
    asked a = {.key = first_key};

    (void)state;
    begin(&kit, first_key);
    kit.options.key_callback = answer;
    kit.options.key_context = &a;
    expect_opens(&kit, first_key);
    assert_int_equal(a.count, 0);
    expect_opens(&kit, no_key);
    assert_int_equal(a.count, 1);
    a.key = no_key;
    expect_refused(&kit, no_key, "is encrypted");
    a.status = FERRIC_INTERRUPTED;
    assert_int_equal(ferric_open(KIT_PATH, &kit.options, &kit.db), FERRIC_INTERRUPTED);
    end(&kit);
}

static void test_key_callback_gives_the_key_of_a_new_database_on_demand(void **state)
{
    api_kit kit;
    asked a = {.key = second_key};

    (void)state;
    begin(&kit, no_key);
    kit.options.key_callback = answer;
    kit.options.key_context = &a;
    expect_opens(&kit, no_key); // A plain one needs none.
    assert_ok(ferric_destroy(KIT_PATH, &kit.options));
    kit.options.encrypted = true;
    kit_open(&kit);
    put(kit.db, NULL, "in a log", canary);
    kit_close(&kit);
    assert_int_equal(a.count, 1);
    assert_false(files_show(&kit, canary));
    kit.options.key_callback = NULL;
    kit.options.key = second_key;
    kit_open(&kit);
    assert_value(kit.db, NULL, "in a log", canary);
    kit_close(&kit);
    end(&kit);
}

// The writer that has the database open while somebody else is asked for its key.
typedef struct other_writer {
    ferric_db *db;
    bool rotates; // Else it puts the second key in the place of the first.
    int count;
} other_writer;

static ferric_status change_and_answer(void *context, const char *path, ferric_key *key)
{
    other_writer *writer = context;

    (void)path;
    *key = first_key;
    if (writer->count++ > 0) return FERRIC_OK;
    if (writer->rotates) {
        assert_ok(ferric_key_rotate(writer->db, true, NULL, NULL));
    } else {
        assert_ok(ferric_key_replace(writer->db, &first_key, &second_key));
    }
    assert_ok(ferric_close(writer->db));
    return FERRIC_OK;
}

// The keyring is read before the lock is had, and a writer may change it until then.
static void test_keys_that_change_while_an_open_waits_are_seen(void **state)
{
    api_kit kit;
    other_writer writer = {.rotates = true};

    (void)state;
    begin(&kit, first_key);
    kit_open(&kit);
    writer.db = kit.db;
    kit.options.key = no_key;
    kit.options.key_callback = change_and_answer;
    kit.options.key_context = &writer;
    kit_open(&kit); // With the new data key, which its files need.
    expect_content(&kit);
    assert_int_equal(writer.count, 2);
    writer = (other_writer){.db = kit.db};
    assert_failed(ferric_open(KIT_PATH, &kit.options, &kit.db), FERRIC_WRONG_KEY, "does not open");
    assert_int_equal(writer.count, 2);
    kit.options.key_callback = NULL;
    expect_opens(&kit, second_key);
    end(&kit);
}

// ---- Rotation --------------------------------------------------------------------------------

static bool is_lowest_key(void *context, const ferric_part *part)
{
    uint64_t *lowest = context;

    for (size_t i = 0; i < part->field_count && part->depth == 0; i++) {
        if (strcmp(part->fields[i].name, "key") == 0 && part->fields[i].number < *lowest)
            *lowest = part->fields[i].number;
    }
    return true;
}

// The oldest data key that a table, log or manifest of the database is sealed with.
static uint64_t oldest_data_key(api_kit *kit)
{
    uint64_t lowest = UINT64_MAX;

    for (int target = FERRIC_INSPECT_LOGS; target <= FERRIC_INSPECT_MANIFESTS; target++) {
        assert_ok(ferric_inspect(KIT_PATH, (ferric_inspect_target)target, &kit->options,
                                 is_lowest_key, &lowest));
    }
    return lowest;
}

static bool count_progress(void *context, uint64_t done, uint64_t total)
{
    assert_true(done <= total);
    ++*(int *)context;
    return true;
}

static bool end_at_once(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    (void)done;
    (void)total;
    return false;
}

static void test_rotation_seals_new_files_with_a_new_key(void **state)
{
    api_kit kit;

    (void)state;
    begin(&kit, first_key);
    kit_open(&kit);
    assert_ok(ferric_key_rotate(kit.db, false, NULL, NULL));
    put(kit.db, NULL, "after", "it");
    kit_close(&kit);
    assert_int_equal(oldest_data_key(&kit), 1);
    expect_opens(&kit, first_key);
    end(&kit);
}

static void test_rotation_rewrites_everything_on_demand(void **state)
{
    api_kit kit;
    int calls = 0;

    (void)state;
    begin(&kit, first_key);
    kit_open(&kit);
    put(kit.db, NULL, "written", "before the rotation");
    assert_failed(ferric_key_rotate(kit.db, true, end_at_once, NULL), FERRIC_INTERRUPTED, "ended");
    put(kit.db, NULL, "written", "before the next one");
    assert_ok(ferric_key_rotate(kit.db, true, count_progress, &calls));
    assert_true(calls > 0);
    expect_content(&kit);
    put(kit.db, NULL, "after", "it");
    kit_close(&kit);
    kit_open(&kit);
    put(kit.db, NULL, "another", "manifest");
    kit_close(&kit);
    assert_int_equal(oldest_data_key(&kit), 3);
    expect_opens(&kit, first_key);
    end(&kit);
}

// ---- Copies ----------------------------------------------------------------------------------

static void test_copy_encrypts_and_decrypts(void **state)
{
    api_kit kit;
    ferric_options plain;
    ferric_options sealed;
    ferric_db *db;

    (void)state;
    begin(&kit, no_key);
    plain = kit.options;
    sealed = kit.options;
    sealed.key = second_key;
    assert_ok(ferric_copy(KIT_PATH, &plain, "/sealed", &sealed));
    assert_failed(ferric_copy(KIT_PATH, &plain, "/sealed", &sealed), FERRIC_ALREADY_EXISTS,
                  "exists");
    assert_failed(ferric_open("/sealed", &plain, &db), FERRIC_WRONG_KEY, "encrypted");
    assert_failed(ferric_copy("/sealed", &plain, "/x", &plain), FERRIC_WRONG_KEY, "encrypted");
    assert_ok(ferric_copy("/sealed", &sealed, "/plain", &plain));
    assert_ok(ferric_open("/plain", &plain, &kit.db));
    expect_content(&kit);
    kit_close(&kit);
    assert_ok(ferric_open("/sealed", &sealed, &kit.db));
    expect_content(&kit);
    kit_close(&kit);
    end(&kit);
}

// ---- The keyring -----------------------------------------------------------------------------

static void test_database_without_its_keyring_is_corrupt(void **state)
{
    api_kit kit;

    (void)state;
    begin(&kit, first_key);
    assert_int_equal(fe_vfs_remove(kit.vfs, KIT_PATH "/KEYRING"), FERRIC_OK);
    assert_failed(ferric_open(KIT_PATH, &kit.options, &kit.db), FERRIC_CORRUPT, "KEYRING");
    end(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_opens_what_it_closed_and_nothing_shows),
        cmocka_unit_test(test_key_for_a_plain_database_is_refused),
        cmocka_unit_test(test_key_that_none_can_be_is_an_invalid_argument),
        cmocka_unit_test(test_keys_of_two_users_open_one_database),
        cmocka_unit_test(test_key_is_replaced_whatever_the_database_holds),
        cmocka_unit_test(test_keys_of_a_plain_database_cannot_be_changed),
        cmocka_unit_test(test_key_callback_is_asked_when_a_key_is_needed),
        cmocka_unit_test(test_key_callback_gives_the_key_of_a_new_database_on_demand),
        cmocka_unit_test(test_keys_that_change_while_an_open_waits_are_seen),
        cmocka_unit_test(test_rotation_seals_new_files_with_a_new_key),
        cmocka_unit_test(test_rotation_rewrites_everything_on_demand),
        cmocka_unit_test(test_copy_encrypts_and_decrypts),
        cmocka_unit_test(test_database_without_its_keyring_is_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
