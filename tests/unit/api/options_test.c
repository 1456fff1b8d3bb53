// SPDX-License-Identifier: Apache-2.0
// Options: set by name, by environment and by struct, each refused outside of its range with words
// that help.
#include "api_kit.h"

#include "api/options.h"

static ferric_options fresh(void)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    return options;
}

static void set(ferric_options *options, const char *name, const char *value)
{
    assert_ok(ferric_options_set(options, name, value));
}

static void refuse(const char *name, const char *value, const char *word)
{
    ferric_options options = fresh();
    ferric_options before;

    memcpy(&before, &options, sizeof before); // Padding included.
    assert_failed(ferric_options_set(&options, name, value), FERRIC_INVALID_ARGUMENT, word);
    assert_memory_equal(&options, &before, sizeof options);
}

static void test_options_are_set_by_name(void **state)
{
    ferric_options options = fresh();

    (void)state;
    set(&options, "create_if_missing", "false");
    assert_false(options.create_if_missing);
    set(&options, "error_if_exists", "true");
    assert_true(options.error_if_exists);
    set(&options, "read_only", "true");
    assert_true(options.read_only);
    set(&options, "fsync_period_ms", "3600000");
    assert_int_equal(options.fsync_period_ms, 3600000);
    set(&options, "compression", "none");
    assert_int_equal(options.compression, FERRIC_COMPRESSION_NONE);
    set(&options, "bottom_compression", "lz4");
    assert_int_equal(options.bottom_compression, FERRIC_COMPRESSION_LZ4);
    set(&options, "filter_bits", "0");
    assert_int_equal(options.filter_bits, 0);
    set(&options, "open_files_max", "16");
    assert_int_equal(options.open_files_max, 16);
    set(&options, "background_threads", "1");
    assert_int_equal(options.background_threads, 1);
    set(&options, "lock_wait_ms", "2500");
    assert_int_equal(options.lock_wait_ms, 2500);
    set(&options, "slow_query_ms", "25");
    assert_int_equal(options.slow_query_ms, 25);
    set(&options, "block_size", "512");
    assert_int_equal(options.block_size, 512);
    set(&options, "table_size", "1GiB");
    assert_int_equal(options.table_size, 1 << 30);
    set(&options, "log_size", "65536");
    assert_int_equal(options.log_size, 65536);
    set(&options, "memtable_size", "0");
    assert_int_equal(options.memtable_size, 0);
}

static void test_options_take_sizes_with_units(void **state)
{
    static const struct {
        const char *value;
        uint64_t bytes;
    } sizes[] = {
        {"67108864", 67108864}, {"64MiB", 64 << 20},    {"64mib", 64 << 20}, {"64M", 64 << 20},
        {"65536k", 64 << 20},   {"65536KiB", 64 << 20}, {"1g", 1 << 30},     {"64MB", 64000000},
        {"9000000b", 9000000},  {"90000kb", 90000000},  {"2GB", 2000000000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ferric_options options = fresh();
        set(&options, "memory_limit", sizes[i].value);
        assert_int_equal(options.memory_limit, sizes[i].bytes);
    }
}

static void test_options_take_the_fsync_policy_with_its_period(void **state)
{
    ferric_options options = fresh();

    (void)state;
    set(&options, "fsync", "never");
    assert_int_equal(options.fsync, FERRIC_FSYNC_NEVER);
    set(&options, "fsync", "periodic");
    assert_int_equal(options.fsync, FERRIC_FSYNC_PERIODIC);
    assert_int_equal(options.fsync_period_ms, 100);
    set(&options, "fsync", "periodic:250");
    assert_int_equal(options.fsync_period_ms, 250);
    set(&options, "fsync", "always");
    assert_int_equal(options.fsync, FERRIC_FSYNC_ALWAYS);
    refuse("fsync", "periodic:0", "periodic:MS");
    refuse("fsync", "periodic:", "periodic:MS");
    refuse("fsync", "periodic:3600001", "periodic:MS");
    refuse("fsync", "Always", "always");
    refuse("fsync", "", "always");
}

static void test_options_refuse_values_outside_of_their_range(void **state)
{
    (void)state;
    refuse("memory_limit", "8388607", "at least 8MiB");
    refuse("memory_limit", "64XB", "at least 8MiB");
    refuse("memory_limit", "-1", "at least 8MiB");
    refuse("memory_limit", "", "at least 8MiB");
    refuse("memory_limit", "MiB", "at least 8MiB");
    refuse("memory_limit", "64 MiB", "at least 8MiB");
    refuse("memory_limit", "18446744073709551616", "at least 8MiB");
    refuse("memory_limit", "18446744073709551615g", "at least 8MiB");
    refuse("memtable_size", "4095", "4KiB to 1GiB");
    refuse("memtable_size", "1025m", "4KiB to 1GiB");
    refuse("log_size", "0", "64KiB");
    refuse("table_size", "65535", "64KiB");
    refuse("block_size", "511", "512");
    refuse("block_size", "65537", "512");
    refuse("block_size", "4294967808", "512"); // 512 when cut to 32 bits.
    refuse("filter_bits", "33", "32");
    refuse("filter_bits", "10k", "32"); // A number, not a size.
    refuse("open_files_max", "15", "16");
    refuse("open_files_max", "4294967296", "16");
    refuse("background_threads", "3", "0 to 2");
    refuse("create_if_missing", "yes", "default true");
    refuse("create_if_missing", "1", "default true");
    refuse("compression", "gzip", "none, lz4 or zstd");
    refuse("fsync_period_ms", "0", "1 to 3600000");
}

static void test_options_name_the_nearest_one(void **state)
{
    static const char *const wrong[][2] = {
        {"memory_limmit", "\"memory_limit\""},
        {"memory", "\"memory_limit\""},
        {"", "no option \"\""},
        {"memorylimit", "\"memory_limit\""},
        {"readonly", "\"read_only\""},
        {"sync", "\"fsync\""},
        {"FSYNC_PERIOD", "nearest"},
        {"blocksize", "\"block_size\""},
        {"compresion", "\"compression\""},
        {"", "nearest"},
        {"an option that is far longer than any option that there ever was", "nearest"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refuse(wrong[i][0], "1", wrong[i][1]);
}

static void test_options_lists_each_one_with_help(void **state)
{
    const char *help;
    size_t count = 0;

    (void)state;
    for (const char *name; (name = ferric_options_name(count, &help)) != NULL; count++) {
        assert_true(strlen(name) > 0 && strlen(name) <= 32);
        assert_non_null(strstr(help, "default"));
        assert_ptr_equal(ferric_options_name(count, NULL), name);
    }
    assert_int_equal(count, 19);
    assert_null(help);
    assert_null(ferric_options_name(SIZE_MAX, NULL));
}

static void test_options_come_from_the_environment(void **state)
{
    ferric_options options = fresh();
    ferric_options before;

    (void)state;
    assert_int_equal(setenv("FERRIC_FSYNC", "periodic:50", 1), 0);
    assert_int_equal(setenv("FERRIC_MEMORY_LIMIT", "32MiB", 1), 0);
    assert_ok(ferric_options_from_env(&options));
    assert_int_equal(options.fsync, FERRIC_FSYNC_PERIODIC);
    assert_int_equal(options.fsync_period_ms, 50);
    assert_int_equal(options.memory_limit, 32 << 20);
    memcpy(&before, &options, sizeof before); // Padding included.
    assert_int_equal(setenv("FERRIC_FSYNC", "never", 1), 0);
    assert_int_equal(setenv("FERRIC_TABLE_SIZE", "tiny", 1), 0);
    assert_failed(ferric_options_from_env(&options), FERRIC_INVALID_ARGUMENT, "FERRIC_TABLE_SIZE");
    assert_memory_equal(&options, &before, sizeof options); // All or none.
    unsetenv("FERRIC_FSYNC");
    unsetenv("FERRIC_MEMORY_LIMIT");
    unsetenv("FERRIC_TABLE_SIZE");
    assert_ok(ferric_options_from_env(&options));
    assert_memory_equal(&options, &before, sizeof options);
}

static void test_options_refuse_null(void **state)
{
    ferric_options options = fresh();

    (void)state;
    assert_failed(ferric_options_set(NULL, "fsync", "never"), FERRIC_INVALID_ARGUMENT, "options");
    assert_failed(ferric_options_set(&options, NULL, "never"), FERRIC_INVALID_ARGUMENT, "name");
    assert_failed(ferric_options_set(&options, "fsync", NULL), FERRIC_INVALID_ARGUMENT, "text");
    assert_failed(ferric_options_from_env(NULL), FERRIC_INVALID_ARGUMENT, "options");
}

// ---- At open ----------------------------------------------------------------------------------

static void refuse_at_open(const ferric_options *options, const char *word)
{
    ferric_db *db = (ferric_db *)(uintptr_t)1;

    assert_failed(ferric_open(":memory:", options, &db), FERRIC_INVALID_ARGUMENT, word);
    assert_null(db);
}

static void test_open_checks_every_option(void **state)
{
    ferric_options options;

    (void)state;
    options = fresh();
    options.memory_limit = 1 << 20;
    refuse_at_open(&options, "memory_limit is 1048576");
    options = fresh();
    options.fsync = (ferric_fsync)3;
    refuse_at_open(&options, "fsync is 3");
    options = fresh();
    options.compression = (ferric_compression)9;
    refuse_at_open(&options, "compression is 9");
    options = fresh();
    options.background_threads = 7;
    refuse_at_open(&options, "background_threads is 7");
    options = fresh();
    options.memtable_size = 1;
    refuse_at_open(&options, "memtable_size is 1");
    options = fresh();
    options.fsync_period_ms = 0;
    refuse_at_open(&options, "fsync_period_ms is 0");
}

static void test_open_takes_structs_of_other_versions(void **state)
{
    struct {
        ferric_options options;
        uint64_t newer;
    } longer = {fresh(), 0};
    ferric_options options = fresh();
    ferric_options checked;
    ferric_db *db = NULL;

    (void)state;
    options.struct_size = 0;
    refuse_at_open(&options, "struct_size is 0");
    options.struct_size = 7;
    refuse_at_open(&options, "struct_size is 7");
    // An older header that ended before memory_limit: what follows takes its default.
    options = fresh();
    options.struct_size = offsetof(ferric_options, memory_limit);
    options.memory_limit = 1;
    options.block_size = 1;
    options.fsync = FERRIC_FSYNC_NEVER;
    assert_ok(fe_options_check(&options, &checked));
    assert_int_equal(checked.struct_size, sizeof checked);
    assert_int_equal(checked.memory_limit, 128 << 20);
    assert_int_equal(checked.block_size, 4096);
    assert_int_equal(checked.fsync, FERRIC_FSYNC_NEVER);
    assert_failed(ferric_options_set(&options, "memory_limit", "16m"), FERRIC_INVALID_ARGUMENT,
                  "struct_size");
    assert_ok(ferric_options_set(&options, "fsync", "always"));
    // A newer header is fine as long as it asks for nothing unknown.
    longer.options.struct_size = sizeof longer;
    assert_ok(ferric_open(":memory:", &longer.options, &db));
    assert_ok(ferric_close(db));
    longer.newer = 1;
    refuse_at_open(&longer.options, "does not know");
    // NULL are the defaults.
    assert_ok(fe_options_check(NULL, &checked));
    assert_true(checked.create_if_missing && !checked.read_only);
    assert_int_equal(checked.log_size, 64 << 20);
    assert_int_equal(checked.open_files_max, 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_are_set_by_name),
        cmocka_unit_test(test_options_take_sizes_with_units),
        cmocka_unit_test(test_options_take_the_fsync_policy_with_its_period),
        cmocka_unit_test(test_options_refuse_values_outside_of_their_range),
        cmocka_unit_test(test_options_name_the_nearest_one),
        cmocka_unit_test(test_options_lists_each_one_with_help),
        cmocka_unit_test(test_options_come_from_the_environment),
        cmocka_unit_test(test_options_refuse_null),
        cmocka_unit_test(test_open_checks_every_option),
        cmocka_unit_test(test_open_takes_structs_of_other_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
