// SPDX-License-Identifier: Apache-2.0
// Iterators: directions, bounds and prefixes in all combinations against a plain list of keys, and
// the places they can stand at.
#include "api_kit.h"

#include <inttypes.h>

#include "base/random.h"
#include "base/slice.h"

// ---- Places -------------------------------------------------------------------------------------

static void assert_at(const ferric_iterator *iterator, const char *key, const char *value)
{
    ferric_slice found = ferric_iterator_key(iterator);

    assert_true(ferric_iterator_valid(iterator));
    assert_ok(ferric_iterator_status(iterator));
    assert_int_equal(found.size, strlen(key));
    assert_memory_equal(found.data, key, found.size);
    found = ferric_iterator_value(iterator);
    assert_int_equal(found.size, strlen(value));
    if (found.size > 0) assert_memory_equal(found.data, value, found.size);
    assert_true(ferric_iterator_version(iterator) > 0);
}

static void assert_nowhere(const ferric_iterator *iterator)
{
    assert_false(ferric_iterator_valid(iterator));
    assert_ok(ferric_iterator_status(iterator));
    assert_int_equal(ferric_iterator_key(iterator).size, 0);
    assert_int_equal(ferric_iterator_value(iterator).size, 0);
    assert_int_equal(ferric_iterator_version(iterator), 0);
}

static ferric_iterator *over(api_kit *kit, const ferric_iterator_options *options)
{
    ferric_iterator *iterator = NULL;
    assert_ok(ferric_iterator_create(kit->db, NULL, options, &iterator));
    return iterator;
}

static void three_keys(api_kit *kit)
{
    kit_init(kit);
    put(kit->db, NULL, "a", "1");
    put(kit->db, NULL, "b", "2");
    put(kit->db, NULL, "c", "3");
}

static void test_iterator_walks_both_ways(void **state)
{
    api_kit kit;
    ferric_iterator *iterator;

    (void)state;
    three_keys(&kit);
    iterator = over(&kit, NULL);
    assert_nowhere(iterator);
    assert_true(ferric_iterator_next(iterator)); // A new one begins at the first.
    assert_at(iterator, "a", "1");
    assert_true(ferric_iterator_next(iterator));
    assert_true(ferric_iterator_next(iterator));
    assert_at(iterator, "c", "3");
    assert_true(ferric_iterator_prev(iterator));
    assert_at(iterator, "b", "2");
    assert_true(ferric_iterator_next(iterator));
    assert_at(iterator, "c", "3");
    assert_false(ferric_iterator_next(iterator));
    assert_nowhere(iterator);
    assert_false(ferric_iterator_next(iterator)); // Behind an end it stays.
    assert_false(ferric_iterator_prev(iterator));
    assert_nowhere(iterator);
    assert_true(ferric_iterator_last(iterator));
    assert_at(iterator, "c", "3");
    assert_true(ferric_iterator_first(iterator));
    assert_at(iterator, "a", "1");
    assert_false(ferric_iterator_prev(iterator));
    assert_nowhere(iterator);
    assert_true(ferric_iterator_seek(iterator, text("b")));
    assert_at(iterator, "b", "2");
    assert_true(ferric_iterator_seek(iterator, text("bb")));
    assert_at(iterator, "c", "3");
    assert_false(ferric_iterator_seek(iterator, text("d")));
    assert_nowhere(iterator);
    assert_true(ferric_iterator_seek(iterator, text("")));
    assert_at(iterator, "a", "1");
    ferric_iterator_destroy(iterator);
    iterator = over(&kit, NULL);
    assert_true(ferric_iterator_prev(iterator)); // A new one's first step back is to the last.
    assert_at(iterator, "c", "3");
    ferric_iterator_destroy(iterator);
    kit_deinit(&kit);
}

static void test_iterator_turned_round(void **state)
{
    api_kit kit;
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;

    (void)state;
    three_keys(&kit);
    options.reverse = true;
    options.keys_only = true;
    iterator = over(&kit, &options);
    assert_true(ferric_iterator_first(iterator));
    assert_at(iterator, "c", "");
    assert_true(ferric_iterator_next(iterator));
    assert_at(iterator, "b", "");
    assert_true(ferric_iterator_prev(iterator));
    assert_at(iterator, "c", "");
    assert_true(ferric_iterator_last(iterator));
    assert_at(iterator, "a", "");
    assert_false(ferric_iterator_next(iterator));
    assert_true(ferric_iterator_seek(iterator, text("bb"))); // The next one in its direction.
    assert_at(iterator, "b", "");
    assert_true(ferric_iterator_seek(iterator, text("b")));
    assert_at(iterator, "b", "");
    assert_true(ferric_iterator_seek(iterator, text("zzz")));
    assert_at(iterator, "c", "");
    assert_false(ferric_iterator_seek(iterator, text("")));
    assert_nowhere(iterator);
    ferric_iterator_destroy(iterator);
    kit_deinit(&kit);
}

static void test_iterator_refuses_nonsense(void **state)
{
    api_kit kit;
    ferric_iterator *iterator = (ferric_iterator *)(uintptr_t)1;
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_slice no_data = {NULL, 2};

    (void)state;
    three_keys(&kit);
    assert_failed(ferric_iterator_create(NULL, NULL, NULL, &iterator), FERRIC_INVALID_ARGUMENT,
                  "db is NULL");
    assert_null(iterator);
    assert_failed(ferric_iterator_create(kit.db, NULL, NULL, NULL), FERRIC_INVALID_ARGUMENT,
                  "iterator is NULL");
    options.lower = no_data;
    assert_failed(ferric_iterator_create(kit.db, NULL, &options, &iterator),
                  FERRIC_INVALID_ARGUMENT, "lower");
    options.lower = text("");
    options.upper = no_data;
    assert_failed(ferric_iterator_create(kit.db, NULL, &options, &iterator),
                  FERRIC_INVALID_ARGUMENT, "upper");
    options.upper = text("");
    options.prefix = no_data;
    assert_failed(ferric_iterator_create(kit.db, NULL, &options, &iterator),
                  FERRIC_INVALID_ARGUMENT, "prefix");
    options.prefix = text("");
    options.struct_size = 3;
    assert_failed(ferric_iterator_create(kit.db, NULL, &options, &iterator),
                  FERRIC_INVALID_ARGUMENT, "struct_size");
    assert_false(ferric_iterator_first(NULL) || ferric_iterator_last(NULL) ||
                 ferric_iterator_next(NULL) || ferric_iterator_prev(NULL) ||
                 ferric_iterator_seek(NULL, text("a")) || ferric_iterator_valid(NULL));
    assert_int_equal(ferric_iterator_status(NULL), FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_iterator_key(NULL).size + ferric_iterator_value(NULL).size, 0);
    assert_int_equal(ferric_iterator_version(NULL), 0);
    ferric_iterator_destroy(NULL);
    iterator = over(&kit, NULL);
    assert_false(ferric_iterator_seek(iterator, no_data));
    assert_int_equal(ferric_iterator_status(iterator), FERRIC_INVALID_ARGUMENT);
    assert_true(ferric_iterator_first(iterator)); // A failure is over with the next seek.
    assert_at(iterator, "a", "1");
    ferric_iterator_destroy(iterator);
    kit_deinit(&kit);
}

static void test_iterator_copies_its_bounds(void **state)
{
    api_kit kit;
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    char lower[] = "b";
    char upper[] = "c";
    ferric_iterator *iterator;

    (void)state;
    three_keys(&kit);
    options.lower = text(lower);
    options.upper = text(upper);
    iterator = over(&kit, &options);
    lower[0] = upper[0] = 'z';
    assert_true(ferric_iterator_next(iterator));
    assert_at(iterator, "b", "2");
    assert_false(ferric_iterator_next(iterator));
    ferric_iterator_destroy(iterator);
    kit_deinit(&kit);
}

// ---- Neighbours ---------------------------------------------------------------------------------

// Prefixes that end in the largest byte have no successor of their own length.
static void test_iterator_prefixes_of_the_largest_bytes(void **state)
{
    static const char *const keys[] = {"\xfe",     "\xfe\xff", "\xfe\xff\xff", "\xff",
                                       "\xff\x01", "\xff\xff", "\xff\xff\xff"};
    api_kit kit;
    ferric_keyspace *before;
    ferric_keyspace *after;
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;

    (void)state;
    kit_init(&kit);
    before = kit_keyspace(&kit, "before", FERRIC_KEYSPACE_RAW);
    put(kit.db, before, "\xff\xff\xff\xff", "1");
    for (size_t i = 0; i < 7; i++)
        put(kit.db, NULL, keys[i], "1");
    after = kit_keyspace(&kit, "after", FERRIC_KEYSPACE_RAW);
    put(kit.db, after, "a", "1");
    for (int reverse = 0; reverse < 2; reverse++) {
        options.reverse = reverse == 1;
        options.prefix = text("\xff");
        assert_keys(kit.db, NULL, &options,
                    reverse ? "\xff\xff\xff \xff\xff \xff\x01 \xff "
                            : "\xff \xff\x01 \xff\xff \xff\xff\xff ");
        options.prefix = text("\xfe\xff");
        assert_keys(kit.db, NULL, &options,
                    reverse ? "\xfe\xff\xff \xfe\xff " : "\xfe\xff \xfe\xff\xff ");
        options.prefix = text("\xff\xff\xff\xff");
        assert_keys(kit.db, NULL, &options, "");
        options.prefix = text("");
        assert_keys(kit.db, after, &options, "a ");
        assert_keys(kit.db, before, &options, "\xff\xff\xff\xff ");
    }
    ferric_keyspace_close(before);
    ferric_keyspace_close(after);
    kit_deinit(&kit);
}

// ---- Against a plain list -----------------------------------------------------------------------

#define KEYS_MAX 300

typedef struct world {
    api_kit kit;
    fe_random random;
    char keys[KEYS_MAX][8]; // Those that exist, sorted.
    size_t count;
} world;

static void random_name(fe_random *random, char name[8])
{
    size_t size = 1 + fe_random_below(random, 5);
    for (size_t i = 0; i < size; i++)
        name[i] = (char)('a' + fe_random_below(random, 4));
    name[size] = '\0';
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(left, right);
}

static void world_init(world *all, uint64_t seed)
{
    memset(all, 0, sizeof *all);
    all->random.state = seed;
    kit_init(&all->kit);
    for (int i = 0; i < KEYS_MAX; i++) {
        char name[8];
        random_name(&all->random, name);
        put(all->kit.db, NULL, name, name);
        if (bsearch(name, all->keys, all->count, sizeof name, compare_names) == NULL) {
            memcpy(all->keys[all->count++], name, sizeof name);
            qsort(all->keys, all->count, sizeof name, compare_names);
        }
        if (fe_random_below(&all->random, 5) == 0) {
            size_t victim = fe_random_below(&all->random, all->count);
            assert_ok(ferric_delete(all->kit.db, NULL, text(all->keys[victim]), NULL));
            memmove(all->keys[victim], all->keys[victim + 1],
                    (--all->count - victim) * sizeof name);
        }
        if (fe_random_below(&all->random, 60) == 0) assert_ok(ferric_flush(all->kit.db));
    }
}

// The keys that a walk over [lower, upper) with a prefix meets, in its direction.
static size_t expected_keys(const world *all, const ferric_iterator_options *options,
                            const char *list[KEYS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++) {
        const char *key = all->keys[options->reverse ? all->count - 1 - i : i];
        ferric_slice slice = text(key);
        if (fe_slice_compare(slice, options->lower) < 0) continue;
        if (options->upper.size > 0 && fe_slice_compare(slice, options->upper) >= 0) continue;
        if (!fe_slice_has_prefix(slice, options->prefix)) continue;
        list[count++] = key;
    }
    return count;
}

// The place of the first key that is not before `name` in the walk's direction.
static size_t place_of(const char *const *list, size_t count, const char *name, bool reverse)
{
    size_t at = 0;
    while (at < count && (reverse ? strcmp(list[at], name) > 0 : strcmp(list[at], name) < 0))
        at++;
    return at;
}

static void assert_place(ferric_iterator *iterator, bool moved, const char *const *list,
                         size_t count, size_t at, bool keys_only)
{
    assert_int_equal(moved, at < count);
    if (at < count) {
        assert_at(iterator, list[at], keys_only ? "" : list[at]);
    } else {
        assert_nowhere(iterator);
    }
}

static void walk(world *all, const ferric_iterator_options *options)
{
    const char *list[KEYS_MAX];
    size_t count = expected_keys(all, options, list);
    ferric_iterator *iterator = over(&all->kit, options);
    size_t at = count; // `count` is behind either end.
    bool is_new = true;

    for (int i = 0; i < 60; i++) {
        char name[8];
        bool moved;
        switch (fe_random_below(&all->random, 7)) {
        case 0:
            moved = ferric_iterator_first(iterator);
            at = 0;
            break;
        case 1:
            moved = ferric_iterator_last(iterator);
            at = count - 1; // SIZE_MAX when there are none, which is behind the end too.
            break;
        case 2:
            random_name(&all->random, name);
            moved = ferric_iterator_seek(iterator, text(name));
            at = place_of(list, count, name, options->reverse);
            break;
        case 3:
        case 4:
            moved = ferric_iterator_next(iterator);
            at = is_new ? 0 : at < count ? at + 1 : count;
            break;
        default:
            moved = ferric_iterator_prev(iterator);
            at = is_new ? count - 1 : at < count && at > 0 ? at - 1 : count;
            break;
        }
        is_new = false;
        assert_place(iterator, moved, list, count, at, options->keys_only);
        if (at >= count) at = count;
    }
    ferric_iterator_destroy(iterator);
}

static void random_walk(world *all)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    char lower[8] = "";
    char upper[8] = "";
    char prefix[8] = "";
    fe_random *random = &all->random;
    uint64_t count;

    if (fe_random_below(random, 2) == 0) random_name(random, lower);
    if (fe_random_below(random, 2) == 0) random_name(random, upper);
    if (fe_random_below(random, 3) == 0) random_name(random, prefix);
    if (fe_random_below(random, 2) == 0) prefix[fe_random_below(random, 2)] = '\0';
    options.lower = text(lower);
    options.upper = text(upper);
    options.prefix = text(prefix);
    options.reverse = fe_random_below(random, 2) == 0;
    options.keys_only = fe_random_below(random, 2) == 0;
    walk(all, &options);
    if (prefix[0] == '\0') {
        const char *list[KEYS_MAX];
        assert_ok(ferric_count(all->kit.db, NULL, options.lower, options.upper, NULL, &count));
        assert_int_equal(count, expected_keys(all, &options, list));
    }
}

static void test_iterator_agrees_with_a_list(void **state)
{
    const char *given = getenv("FERRIC_TEST_SEED");
    uint64_t seed = given == NULL ? 18 : strtoull(given, NULL, 0);

    (void)state;
    print_message("seed %" PRIu64 " (FERRIC_TEST_SEED)\n", seed);
    for (uint64_t i = 0; i < 12; i++) {
        world all;
        world_init(&all, seed * 1000 + i);
        for (int j = 0; j < 150; j++)
            random_walk(&all);
        assert_ok(ferric_compact(all.kit.db, NULL, text(""), text("")));
        for (int j = 0; j < 50; j++)
            random_walk(&all);
        kit_deinit(&all.kit);
    }
}

// ---- Stability ----------------------------------------------------------------------------------

static void test_iterator_sees_one_state_however_long_it_lives(void **state)
{
    api_kit kit;
    ferric_iterator *iterator;
    int count = 0;

    (void)state;
    kit_init(&kit);
    for (int i = 0; i < 300; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%03d", i);
        put(kit.db, NULL, key, "old");
    }
    iterator = over(&kit, NULL);
    while (ferric_iterator_next(iterator)) {
        char key[16];
        snprintf(key, sizeof key, "key%03d", count);
        assert_at(iterator, key, "old");
        count++;
        // Ahead of it and behind it things change, flushes and merges included.
        snprintf(key, sizeof key, "key%03d", (count * 7) % 300);
        put(kit.db, NULL, key, "new, and so long that memtables fill up and become tables");
        snprintf(key, sizeof key, "key%03dx", count);
        put(kit.db, NULL, key, "added");
        assert_ok(ferric_delete(kit.db, NULL, text("key299"), NULL));
        if (count % 100 == 50) assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    }
    assert_ok(ferric_iterator_status(iterator));
    assert_int_equal(count, 300);
    ferric_iterator_destroy(iterator);
    kit_deinit(&kit);
}

// ---- Keys with many versions --------------------------------------------------------------------

#define VERSIONS 60

// What key "b" had after its write number `round`; NULL when it was deleted by it.
static const char *value_after(int round, char memory[16])
{
    if (round % 7 == 6) return NULL;
    snprintf(memory, 16, "b%d", round);
    return memory;
}

static void assert_many_versions(api_kit *kit, const ferric_snapshot *snapshot, int round,
                                 bool is_reverse)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    char memory[16];
    const char *value = value_after(round, memory);
    ferric_iterator *iterator;

    options.snapshot = snapshot;
    options.reverse = is_reverse;
    iterator = over(kit, &options);
    assert_true(ferric_iterator_first(iterator));
    assert_at(iterator, is_reverse ? "c" : "a", is_reverse ? "3" : "1");
    if (value != NULL) {
        assert_true(ferric_iterator_next(iterator));
        assert_at(iterator, "b", value);
    }
    assert_true(ferric_iterator_next(iterator));
    assert_at(iterator, is_reverse ? "a" : "c", is_reverse ? "1" : "3");
    assert_false(ferric_iterator_next(iterator));
    assert_true(ferric_iterator_seek(iterator, text("b")));
    if (value != NULL) {
        assert_at(iterator, "b", value);
        assert_true(ferric_iterator_prev(iterator));
        assert_at(iterator, is_reverse ? "c" : "a", is_reverse ? "3" : "1");
    }
    ferric_iterator_destroy(iterator);
}

static void test_iterator_steps_over_many_versions(void **state)
{
    static ferric_snapshot *snapshots[VERSIONS];
    api_kit kit;
    char memory[16];

    (void)state;
    three_keys(&kit);
    for (int i = 0; i < VERSIONS; i++) {
        const char *value = value_after(i, memory);
        if (value != NULL) {
            put(kit.db, NULL, "b", value);
        } else {
            assert_ok(ferric_delete(kit.db, NULL, text("b"), NULL));
        }
        put(kit.db, NULL, i % 2 == 0 ? "a" : "c", i % 2 == 0 ? "1" : "3");
        assert_ok(ferric_snapshot_create(kit.db, &snapshots[i]));
        if (i == VERSIONS / 2) assert_ok(ferric_flush(kit.db));
    }
    for (int i = 0; i < VERSIONS; i++) {
        assert_many_versions(&kit, snapshots[i], i, false);
        assert_many_versions(&kit, snapshots[i], i, true);
        ferric_snapshot_release(snapshots[i]);
    }
    kit_deinit(&kit);
}

static void test_iterator_versions_are_those_of_get(void **state)
{
    api_kit kit;
    ferric_iterator *iterator;
    ferric_buffer value = {0};

    (void)state;
    three_keys(&kit);
    put(kit.db, NULL, "a", "again");
    iterator = over(&kit, NULL);
    while (ferric_iterator_next(iterator)) {
        uint64_t version = 0;
        assert_ok(ferric_get(kit.db, NULL, ferric_iterator_key(iterator), NULL, &value, &version));
        assert_int_equal(ferric_iterator_version(iterator), version);
    }
    ferric_iterator_destroy(iterator);
    ferric_buffer_free(&value);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iterator_walks_both_ways),
        cmocka_unit_test(test_iterator_turned_round),
        cmocka_unit_test(test_iterator_refuses_nonsense),
        cmocka_unit_test(test_iterator_copies_its_bounds),
        cmocka_unit_test(test_iterator_prefixes_of_the_largest_bytes),
        cmocka_unit_test(test_iterator_agrees_with_a_list),
        cmocka_unit_test(test_iterator_sees_one_state_however_long_it_lives),
        cmocka_unit_test(test_iterator_steps_over_many_versions),
        cmocka_unit_test(test_iterator_versions_are_those_of_get),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
