// SPDX-License-Identifier: Apache-2.0
// Statistics: plausible, growing, and well formed as JSON and for Prometheus.
#include "api_kit.h"

#include <ctype.h>
#include <locale.h>
#include <unistd.h>

static ferric_stats stats_of(ferric_db *db)
{
    ferric_stats stats = FERRIC_STATS_INIT;
    assert_ok(ferric_stats_get(db, &stats));
    assert_int_equal(stats.struct_size, sizeof stats);
    return stats;
}

static void use(ferric_db *db)
{
    ferric_write_options absent = FERRIC_WRITE_OPTIONS_INIT;
    ferric_iterator *iterator = NULL;
    ferric_batch *batch = NULL;
    ferric_buffer value = {0};
    ferric_slice key = text("a");
    ferric_pinned pinned;
    ferric_status status;

    absent.condition = FERRIC_IF_ABSENT;
    put(db, NULL, "a", "1");
    put(db, NULL, "b", "22");
    assert_int_equal(ferric_put(db, NULL, text("a"), text("2"), &absent), FERRIC_CONFLICT);
    assert_ok(ferric_delete(db, NULL, text("b"), NULL));
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, NULL, text("c"), text("333")));
    assert_ok(ferric_write(db, batch, NULL, NULL));
    ferric_batch_destroy(batch);
    assert_ok(ferric_get(db, NULL, text("c"), NULL, &value, NULL));
    assert_int_equal(ferric_get(db, NULL, text("b"), NULL, &value, NULL), FERRIC_NOT_FOUND);
    assert_ok(ferric_multi_get(db, NULL, 1, &key, NULL, &pinned, &status));
    ferric_pinned_release(&pinned);
    assert_ok(ferric_iterator_create(db, NULL, NULL, &iterator));
    while (ferric_iterator_next(iterator)) {
    }
    ferric_iterator_destroy(iterator);
    assert_ok(ferric_sync(db));
    assert_ok(ferric_flush(db));
    assert_ok(ferric_compact(db, NULL, text(""), text("")));
    ferric_buffer_free(&value);
}

static void assert_operation(const ferric_operation_stats *stats, uint64_t successes,
                             uint64_t not_found, uint64_t conflicts)
{
    assert_int_equal(stats->attempts, successes + not_found + conflicts);
    assert_int_equal(stats->successes, successes);
    assert_int_equal(stats->not_found, not_found);
    assert_int_equal(stats->conflicts, conflicts);
    assert_int_equal(stats->failures, 0);
    assert_true(stats->samples >= 1); // The first call of each thread is timed.
    assert_true(stats->p50_ns <= stats->p90_ns && stats->p9999_ns <= stats->max_ns);
}

static void test_stats_count_what_was_called(void **state)
{
    api_kit kit;
    ferric_stats stats;

    (void)state;
    kit_init(&kit);
    use(kit.db);
    stats = stats_of(kit.db);
    assert_operation(&stats.operations[FERRIC_OPERATION_PUT], 2, 0, 1);
    assert_operation(&stats.operations[FERRIC_OPERATION_DELETE], 1, 0, 0);
    assert_operation(&stats.operations[FERRIC_OPERATION_WRITE], 1, 0, 0);
    assert_operation(&stats.operations[FERRIC_OPERATION_GET], 1, 1, 0);
    assert_operation(&stats.operations[FERRIC_OPERATION_MULTI_GET], 1, 0, 0);
    assert_operation(&stats.operations[FERRIC_OPERATION_SEEK], 1, 0, 0); // The first step.
    assert_int_equal(stats.operations[FERRIC_OPERATION_NEXT].successes, 1);
    assert_int_equal(stats.operations[FERRIC_OPERATION_NEXT].not_found, 1);
    assert_operation(&stats.operations[FERRIC_OPERATION_SYNC], 1, 0, 0);
    assert_operation(&stats.operations[FERRIC_OPERATION_FLUSH], 1, 0, 0);
    assert_operation(&stats.operations[FERRIC_OPERATION_COMPACT], 1, 0, 0);
    // "c" and "333" by get, "a" and "1" by multi-get.
    assert_int_equal(stats.user_bytes_read, 4 + 2);
    kit_deinit(&kit);
}

static void test_stats_are_plausible(void **state)
{
    api_kit kit;
    ferric_stats stats;
    ferric_snapshot *snapshot = NULL;
    ferric_pinned pinned;
    uint64_t table_bytes = 0;

    (void)state;
    kit_init(&kit);
    stats = stats_of(kit.db);
    assert_int_equal(stats.last_version, 0);
    assert_int_equal(stats.user_bytes_written, 0);
    for (int i = 0; i < 2000; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%05d", i * 7 % 1000);
        put(kit.db, NULL, key, "a value of some thirty bytes......");
    }
    assert_ok(ferric_flush(kit.db));
    assert_ok(ferric_snapshot_create(kit.db, &snapshot));
    assert_ok(ferric_get_pinned(kit.db, NULL, text("key00000"), NULL, &pinned));
    stats = stats_of(kit.db);
    assert_true(stats.uptime_ns > 0);
    assert_int_equal(stats.last_version, 2001); // And the keyspace's.
    assert_int_equal(stats.durable_version, stats.last_version);
    assert_int_equal(stats.oldest_unsynced_ns, 0);
    assert_true(stats.user_bytes_written >= 2000 * (8 + 34));
    assert_true(stats.user_bytes_written < 2000 * (8 + 34) + 200);
    assert_true(stats.log_bytes_written > stats.user_bytes_written);
    assert_true(stats.table_bytes_written > 0);
    assert_true(stats.manifest_bytes_written > 0);
    assert_true(stats.log_syncs >= 2000);
    assert_int_equal(stats.commit_groups, 2001);
    assert_true(stats.write_amplification > 1 && stats.write_amplification < 20);
    assert_true(stats.disk_bytes > 1000);
    assert_int_equal(stats.memory_limit, 128 << 20);
    assert_true(stats.memory_used > 0 && stats.memory_used < stats.memory_limit);
    assert_int_equal(stats.snapshots, 1);
    assert_true(stats.memory_pinned > 0);
    assert_int_equal(stats.background_status, FERRIC_OK);
    for (int i = 0; i < FERRIC_LEVEL_COUNT; i++) {
        const ferric_level_stats *level = &stats.levels[i];
        table_bytes += level->bytes;
        assert_true((level->tables == 0) == (level->bytes == 0));
        assert_true(level->deletes <= level->entries);
    }
    assert_true(table_bytes > 0 && table_bytes < stats.disk_bytes);
    ferric_pinned_release(&pinned);
    ferric_snapshot_release(snapshot);
    stats = stats_of(kit.db);
    assert_int_equal(stats.snapshots, 0);
    assert_int_equal(stats.memory_pinned, 0);
    kit_deinit(&kit);
}

static void test_stats_tell_about_recovery(void **state)
{
    api_kit kit;
    ferric_stats stats;

    (void)state;
    kit_init(&kit);
    for (int i = 0; i < 10; i++)
        put(kit.db, NULL, "a", "1");
    kit_reopen(&kit);
    stats = stats_of(kit.db);
    assert_int_equal(stats.recovery_commits, 11);
    assert_true(stats.recovery_frames >= 11);
    assert_int_equal(stats.recovery_bytes_dropped, 0);
    assert_int_equal(stats.last_version, 11);
    assert_int_equal(stats.operations[FERRIC_OPERATION_PUT].attempts, 0); // Since open.
    kit_deinit(&kit);
}

// Every counter of one reading against the next.
static void test_stats_only_grow(void **state)
{
    static const size_t counters[] = {
        offsetof(ferric_stats, uptime_ns),
        offsetof(ferric_stats, last_version),
        offsetof(ferric_stats, durable_version),
        offsetof(ferric_stats, user_bytes_written),
        offsetof(ferric_stats, user_bytes_read),
        offsetof(ferric_stats, log_bytes_written),
        offsetof(ferric_stats, table_bytes_written),
        offsetof(ferric_stats, table_bytes_read),
        offsetof(ferric_stats, manifest_bytes_written),
        offsetof(ferric_stats, log_syncs),
        offsetof(ferric_stats, commit_groups),
        offsetof(ferric_stats, cache_hits),
        offsetof(ferric_stats, cache_misses),
        offsetof(ferric_stats, filter_probes),
        offsetof(ferric_stats, filter_rejections),
        offsetof(ferric_stats, stall_count),
        offsetof(ferric_stats, stall_ns),
        offsetof(ferric_stats, background_errors),
    };
    api_kit kit;
    ferric_stats before;

    (void)state;
    kit_init(&kit);
    before = stats_of(kit.db);
    for (int round = 0; round < 20; round++) {
        ferric_stats after;
        use(kit.db);
        after = stats_of(kit.db);
        for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
            uint64_t then;
            uint64_t now;
            memcpy(&then, (const uint8_t *)&before + counters[i], sizeof then);
            memcpy(&now, (const uint8_t *)&after + counters[i], sizeof now);
            assert_true(now >= then);
        }
        for (int i = 0; i < FERRIC_OPERATION_COUNT; i++) {
            assert_true(after.operations[i].attempts > before.operations[i].attempts);
            assert_true(after.operations[i].samples >= before.operations[i].samples);
            assert_true(after.operations[i].max_ns >= before.operations[i].max_ns);
        }
        before = after;
    }
    kit_deinit(&kit);
}

static void test_stats_fill_structs_of_other_versions(void **state)
{
    struct {
        ferric_stats stats;
        uint64_t newer[2];
    } longer;
    api_kit kit;
    ferric_stats stats = FERRIC_STATS_INIT;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    memset(&longer, 0xee, sizeof longer);
    longer.stats.struct_size = sizeof longer;
    assert_ok(ferric_stats_get(kit.db, &longer.stats));
    assert_int_equal(longer.stats.struct_size, sizeof longer);
    assert_int_equal(longer.stats.last_version, 2);
    assert_int_equal(longer.newer[0] + longer.newer[1], 0);
    stats.struct_size = offsetof(ferric_stats, operations);
    stats.operations[0].attempts = 4321;
    assert_ok(ferric_stats_get(kit.db, &stats));
    assert_int_equal(stats.last_version, 2);
    assert_int_equal(stats.operations[0].attempts, 4321); // Behind its end nothing is touched.
    stats.struct_size = 0;
    assert_failed(ferric_stats_get(kit.db, &stats), FERRIC_INVALID_ARGUMENT, "FERRIC_STATS_INIT");
    assert_failed(ferric_stats_get(kit.db, NULL), FERRIC_INVALID_ARGUMENT, "stats is NULL");
    stats.struct_size = sizeof stats;
    assert_failed(ferric_stats_get(NULL, &stats), FERRIC_INVALID_ARGUMENT, "db is NULL");
    kit_deinit(&kit);
}

// ---- JSON ---------------------------------------------------------------------------------------

static void assert_python_reads(const ferric_buffer *json)
{
    char path[] = "/tmp/ferric-stats-XXXXXX";
    char command[200];
    int descriptor = mkstemp(path);

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, json->data, json->size), (ssize_t)json->size);
    close(descriptor);
    snprintf(command, sizeof command, "python3 -m json.tool '%s' >/dev/null", path);
    assert_int_equal(system(command), 0);
    unlink(path);
}

static uint64_t number_behind(const ferric_buffer *json, const char *name)
{
    const char *at = strstr((const char *)json->data, name);

    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

static void test_stats_are_json(void **state)
{
    api_kit kit;
    ferric_buffer json = {0};
    ferric_stats stats;

    (void)state;
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); // Where it is there, printf writes 1,5 for 1.5.
    kit_init(&kit);
    use(kit.db);
    stats = stats_of(kit.db);
    assert_ok(ferric_stats_json(kit.db, &json));
    assert_int_equal(((const char *)json.data)[json.size], '\0');
    assert_int_equal(strlen(json.data), json.size);
    assert_python_reads(&json);
    assert_int_equal(number_behind(&json, "\"last_version\":"), stats.last_version);
    assert_int_equal(number_behind(&json, "\"user_bytes_written\":"), stats.user_bytes_written);
    assert_int_equal(number_behind(&json, "\"get\":{\"attempts\":"), 2);
    assert_int_equal(number_behind(&json, "\"put\":{\"attempts\":"), 3);
    assert_non_null(strstr(json.data, "\"background_status\":\"OK\""));
    assert_null(strchr(strstr(json.data, "\"write_amplification\":") + 22, ';'));
    assert_failed(ferric_stats_json(kit.db, NULL), FERRIC_INVALID_ARGUMENT, "text is NULL");
    assert_failed(ferric_stats_json(NULL, &json), FERRIC_INVALID_ARGUMENT, "db is NULL");
    assert_int_equal(json.size, 0);
    ferric_buffer_free(&json);
    kit_deinit(&kit);
    (void)setlocale(LC_ALL, "C");
}

static const char member_names[] =
    "uptime_ns last_version durable_version oldest_unsynced_ns operations levels "
    "user_bytes_written user_bytes_read log_bytes_written table_bytes_written "
    "table_bytes_read manifest_bytes_written log_syncs commit_groups disk_bytes "
    "write_amplification read_amplification memory_limit memory_used memory_memtables "
    "memory_cache memory_tables memory_pinned cache_hits cache_misses filter_probes "
    "filter_rejections tables_open memtables snapshots compaction_debt_bytes stall_count "
    "stall_ns stall_memtables stall_level0 stall_debt recovery_frames recovery_commits "
    "recovery_bytes_dropped recovery_ns background_errors background_status "
    "value_bytes_written value_bytes_collected value_files value_file_bytes value_live_bytes "
    "expiring_entries expired_entries clock_ahead_ms clock_jumps "
    "attempts "
    "successes not_found conflicts failures samples p50_ns p90_ns p99_ns p999_ns p9999_ns "
    "max_ns tables bytes entries deletes compactions bytes_read bytes_written";

// Every member of the struct is in the JSON: the table cannot forget one.
static void test_stats_json_has_every_member(void **state)
{
    const char *at = member_names;
    api_kit kit;
    ferric_buffer json = {0};

    (void)state;
    kit_init(&kit);
    assert_ok(ferric_stats_json(kit.db, &json));
    while (*at != '\0') {
        char quoted[64];
        size_t size = strcspn(at, " ");
        snprintf(quoted, sizeof quoted, "\"%.*s\":", (int)size, at);
        assert_non_null(strstr(json.data, quoted));
        at += size + strspn(at + size, " ");
    }
    ferric_buffer_free(&json);
    kit_deinit(&kit);
}

// ---- Prometheus ---------------------------------------------------------------------------------

// Text format 0.0.4: HELP and TYPE once for each metric, then all its samples together.
typedef struct exposition {
    char metric[80]; // The one that TYPE announced last.
    char all[100][80];
    size_t count;
    bool is_counter;
    size_t samples;
} exposition;

static size_t name_size(const char *at)
{
    size_t size = 0;
    while (isalnum((unsigned char)at[size]) || at[size] == '_')
        size++;
    return size;
}

static void read_type(exposition *all, const char *line)
{
    size_t size = name_size(line);

    snprintf(all->metric, sizeof all->metric, "%.*s", (int)size, line);
    assert_int_equal(strncmp(all->metric, "ferric_", 7), 0);
    all->is_counter = strcmp(line + size, " counter") == 0;
    assert_true(all->is_counter || strcmp(line + size, " gauge") == 0);
    // By convention a counter, and nothing else, ends so.
    assert_int_equal(strcmp(all->metric + strlen(all->metric) - 6, "_total") == 0, all->is_counter);
    for (size_t i = 0; i < all->count; i++)
        assert_string_not_equal(all->all[i], all->metric);
    assert_true(all->count < 100);
    memcpy(all->all[all->count++], all->metric, sizeof all->metric);
}

static void read_sample(exposition *all, const char *line)
{
    const char *at = line + name_size(line);
    char *end;

    assert_int_equal((size_t)(at - line), strlen(all->metric));
    assert_memory_equal(line, all->metric, strlen(all->metric));
    if (*at == '{') {
        do {
            at += 1 + name_size(at + 1);
            assert_memory_equal(at, "=\"", 2);
            at = strchr(at + 2, '"') + 1;
        } while (*at == ',');
        assert_int_equal(*at++, '}');
    }
    assert_int_equal(*at++, ' ');
    assert_true(strtod(at, &end) >= 0);
    assert_int_equal(*end, '\0');
    all->samples++;
}

static void test_stats_are_what_prometheus_reads(void **state)
{
    api_kit kit;
    ferric_buffer metrics = {0};
    exposition *all = calloc(1, sizeof *all);
    char *rest;

    (void)state;
    kit_init(&kit);
    use(kit.db);
    assert_ok(ferric_stats_prometheus(kit.db, &metrics));
    assert_int_equal(((const char *)metrics.data)[metrics.size - 1], '\n');
    assert_non_null(strstr(metrics.data, "\nferric_operations_total{operation=\"put\",outcome="
                                         "\"conflict\"} 1\n"));
    assert_non_null(strstr(metrics.data, "\nferric_memory_limit_bytes 134217728\n"));
    assert_non_null(strstr(metrics.data, "\nferric_level_tables{level=\"6\"} "));
    for (char *line = strtok_r(metrics.data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            assert_true(strlen(line) > 7 + name_size(line + 7) + 1);
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            read_type(all, line + 7);
        } else {
            read_sample(all, line);
        }
    }
    assert_true(all->count > 45 && all->samples > 180);
    assert_failed(ferric_stats_prometheus(kit.db, NULL), FERRIC_INVALID_ARGUMENT, "text is NULL");
    free(all);
    ferric_buffer_free(&metrics);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stats_count_what_was_called),
        cmocka_unit_test(test_stats_are_plausible),
        cmocka_unit_test(test_stats_tell_about_recovery),
        cmocka_unit_test(test_stats_only_grow),
        cmocka_unit_test(test_stats_fill_structs_of_other_versions),
        cmocka_unit_test(test_stats_are_json),
        cmocka_unit_test(test_stats_json_has_every_member),
        cmocka_unit_test(test_stats_are_what_prometheus_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
