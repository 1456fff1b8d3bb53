// SPDX-License-Identifier: Apache-2.0
// The writing half of a life: options, writes, snapshots, maintenance, reopening.
#include "model_life.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/model_table.h"

#define BATCH_MAX 12u

static uint64_t below(life *l, uint64_t bound)
{
    return fe_random_below(&l->random, bound);
}

// ---- Verdicts -------------------------------------------------------------------------------

void life_fail(life *l, const char *what, uint32_t key)
{
    if (l->failure != NULL) return;
    l->failure = harness_format("life %" PRIu64 ", operation %" PRIu64 " (%s), key %u: %s", l->seed,
                                l->operation_count, l->operation, key, what);
}

bool life_expect(life *l, const char *what, ferric_status expected, ferric_status status)
{
    if (status == expected) return true;
    char *text =
        harness_format("%s answered %s, expected %s (%s)", what, ferric_status_name(status),
                       ferric_status_name(expected), ferric_error_message());
    life_fail(l, text, UINT32_MAX);
    harness_free(text);
    return false;
}

bool life_is_value(life *l, const life_entry *entry, uint32_t key, ferric_slice value)
{
    if (value.size != entry->size) return false;
    model_value(entry->number, key, l->scratch, entry->size);
    return fe_slice_equal(value, fe_slice(l->scratch, entry->size));
}

uint32_t life_key(life *l)
{
    return (uint32_t)below(l, l->key_count);
}

uint32_t life_keyspace(life *l)
{
    return (uint32_t)below(l, LIFE_KEYSPACE_COUNT);
}

const life_state *life_pick_state(life *l, const ferric_snapshot **handle)
{
    uint64_t dice = below(l, 2 + l->snapshot_count);

    *handle = NULL;
    if (dice < 2) return l->now;
    *handle = l->snapshots[dice - 2].handle;
    return l->snapshots[dice - 2].state;
}

// ---- Keys -----------------------------------------------------------------------------------

static int compare_slices(const void *left, const void *right)
{
    return fe_slice_compare(*(const ferric_slice *)left, *(const ferric_slice *)right);
}

// Short keys over a small alphabet are prefixes of one another; a few are very long.
static ferric_slice draw_key(life *l)
{
    size_t size = 1 + (size_t)below(l, 8);
    uint64_t alphabet = 2 + below(l, 4);

    if (below(l, 30) == 0) size = 1 + (size_t)below(l, 3000);
    uint8_t *bytes = harness_alloc(size);
    for (size_t i = 0; i < size; i++) {
        uint64_t letter = below(l, alphabet);
        bytes[i] = letter == 0 ? 0x00 : letter == 1 ? 0xff : (uint8_t)('a' + letter);
    }
    return fe_slice(bytes, size);
}

static void make_keys(life *l)
{
    uint32_t wanted = 1 + (uint32_t)below(l, LIFE_KEY_MAX);

    l->keys = harness_alloc(wanted * sizeof(*l->keys));
    for (uint32_t i = 0; i < wanted; i++)
        l->keys[i] = draw_key(l);
    qsort(l->keys, wanted, sizeof(*l->keys), compare_slices);
    for (uint32_t i = 0; i < wanted; i++) {
        bool is_new = l->key_count == 0 || !fe_slice_equal(l->keys[l->key_count - 1], l->keys[i]);
        if (is_new)
            l->keys[l->key_count++] = l->keys[i];
        else
            free((void *)(uintptr_t)l->keys[i].data);
    }
}

// ---- Options, open, close -------------------------------------------------------------------

static void draw_options(life *l, ferric_options *options)
{
    static const uint64_t memtables[] = {4096, 16384, 65536, 1 << 20};
    static const uint32_t blocks[] = {512, 1024, 4096, 16384};
    static const uint32_t filters[] = {0, 1, 10, 20};

    *options = (ferric_options)FERRIC_OPTIONS_INIT;
    options->vfs = l->vfs;
    options->fsync = (ferric_fsync)below(l, 3);
    options->memory_limit = ((uint64_t)8 << 20) << below(l, 3);
    options->memtable_size = memtables[below(l, 4)];
    options->log_size = (uint64_t)65536 << below(l, 4);
    options->table_size = (uint64_t)65536 << below(l, 3);
    options->block_size = blocks[below(l, 4)];
    options->compression = (ferric_compression)below(l, 3);
    options->bottom_compression = (ferric_compression)below(l, 3);
    options->filter_bits = filters[below(l, 4)];
    options->open_files_max = 16 + (uint32_t)below(l, 32);
    options->background_threads = 0;
    harness_encrypt(options);
}

static void open_life(life *l)
{
    ferric_options options;

    draw_options(l, &options);
    ferric_status status = ferric_open("life", &options, &l->db);
    if (!life_expect(l, "ferric_open", FERRIC_OK, status)) return;
    for (uint32_t i = 1; i < LIFE_KEYSPACE_COUNT; i++)
        life_open_keyspace(l, i);
}

static void release_snapshot(life *l, uint32_t index)
{
    ferric_snapshot_release(l->snapshots[index].handle);
    harness_free(l->snapshots[index].state);
    l->snapshots[index] = l->snapshots[--l->snapshot_count];
}

static void release_pin(life *l, uint32_t index)
{
    life_pin *pin = &l->pins[index];

    if (!life_is_value(l, &pin->entry, pin->key, pin->pinned.value)) {
        life_fail(l, "a pinned value has changed", pin->key);
    }
    ferric_pinned_release(&pin->pinned);
    *pin = l->pins[--l->pin_count];
}

// Children outlive the close: they answer CLOSED, and a pinned value stays readable.
static void close_life(life *l)
{
    ferric_keyspace *keyspace = l->keyspaces[1];
    ferric_iterator *iterator = NULL;

    if (l->db == NULL) return;
    ferric_status status = ferric_iterator_create(l->db, keyspace, NULL, &iterator);
    life_expect(l, "ferric_iterator_create", FERRIC_OK, status);
    life_expect(l, "ferric_close", FERRIC_OK, ferric_close(l->db));
    l->db = NULL;
    if (iterator != NULL && ferric_iterator_first(iterator)) {
        life_fail(l, "an iterator moved after close", UINT32_MAX);
    }
    if (iterator != NULL) {
        life_expect(l, "an iterator after close", FERRIC_CLOSED, ferric_iterator_status(iterator));
    }
    ferric_iterator_destroy(iterator);
    while (l->snapshot_count > 0)
        release_snapshot(l, 0);
    for (uint32_t i = 1; i < LIFE_KEYSPACE_COUNT; i++) {
        ferric_keyspace_close(l->keyspaces[i]);
        l->keyspaces[i] = NULL;
    }
}

// ---- Writes ---------------------------------------------------------------------------------

static uint32_t draw_size(life *l)
{
    uint64_t dice = below(l, 40);

    if (dice == 0) return 0;
    if (dice == 1) return (uint32_t)below(l, LIFE_VALUE_MAX);
    // Around the size from which values stand in value files.
    if (dice == 2) return 4094 + (uint32_t)below(l, 4);
    if (dice < 8) return (uint32_t)below(l, 1500);
    return (uint32_t)below(l, 120);
}

life_entry life_draw_entry(life *l)
{
    life_entry entry = {.is_present = true, .size = draw_size(l), .number = ++l->number};
    return entry;
}

ferric_slice life_value_of(life *l, const life_entry *entry, uint32_t key)
{
    model_value(entry->number, key, l->scratch, entry->size);
    return fe_slice(l->scratch, entry->size);
}

// Versions rise with every commit.
void life_take_version(life *l, uint64_t version)
{
    if (version <= l->newest_version) life_fail(l, "a version that does not rise", UINT32_MAX);
    l->newest_version = version;
}

void life_put(life *l, uint32_t keyspace, uint32_t key)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    life_entry entry = life_draw_entry(l);

    options.sync = below(l, 20) == 0;
    ferric_slice value = life_value_of(l, &entry, key);
    options.lifetime = life_draw_lifetime(l, &entry);
    options.version = &entry.version;
    ferric_status status = ferric_put(l->db, l->keyspaces[keyspace], l->keys[key], value, &options);
    if (!life_expect(l, "ferric_put", FERRIC_OK, status)) return;
    life_take_version(l, entry.version);
    l->now->entries[keyspace][key] = entry.is_present ? entry : (life_entry){0};
}

static void do_put(life *l)
{
    uint32_t keyspace = life_keyspace(l);
    life_put(l, keyspace, life_key(l));
}

static void do_delete(life *l)
{
    uint32_t keyspace = life_keyspace(l);
    uint32_t key = life_key(l);
    ferric_status status = ferric_delete(l->db, l->keyspaces[keyspace], l->keys[key], NULL);

    if (!life_expect(l, "ferric_delete", FERRIC_OK, status)) return;
    l->now->entries[keyspace][key] = (life_entry){0};
}

life_range life_draw_range(life *l)
{
    life_range range = {.keyspace = life_keyspace(l)};
    uint32_t a = life_key(l);
    uint32_t b = life_key(l);

    // Mostly short ones, or little would be left to look at.
    if (below(l, 4) != 0) b = a + (uint32_t)below(l, 8);
    range.first = a < b ? a : b;
    range.end = (a < b ? b : a) + 1;
    if (range.end > l->key_count) range.end = l->key_count;
    if (range.first > 0 || below(l, 2) == 0) range.lower = l->keys[range.first];
    if (range.end < l->key_count) range.upper = l->keys[range.end];
    return range;
}

void life_clear(life_state *state, const life_range *range)
{
    for (uint32_t key = range->first; key < range->end; key++)
        state->entries[range->keyspace][key] = (life_entry){0};
}

void life_delete_range(life *l, const life_range *range)
{
    ferric_status status =
        ferric_delete_range(l->db, l->keyspaces[range->keyspace], range->lower, range->upper, NULL);

    if (!life_expect(l, "ferric_delete_range", FERRIC_OK, status)) return;
    life_clear(l->now, range);
}

static void do_delete_range(life *l)
{
    life_range range = life_draw_range(l);
    life_delete_range(l, &range);
}

static void do_conditional(life *l)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    uint32_t keyspace = life_keyspace(l);
    uint32_t key = life_key(l);
    life_entry *old = &l->now->entries[keyspace][key];
    life_entry entry = life_draw_entry(l);
    bool is_delete = old->is_present && below(l, 4) == 0;
    bool holds = below(l, 2) == 0;
    ferric_slice value = life_value_of(l, &entry, key);

    if (below(l, 2) == 0 && !is_delete) {
        options.condition = FERRIC_IF_ABSENT;
        holds = !old->is_present;
    } else {
        options.condition = FERRIC_IF_VERSION;
        options.if_version = holds ? old->version : old->version + 1 + below(l, 5);
    }
    if (!is_delete) options.lifetime = life_draw_lifetime(l, &entry);
    options.version = &entry.version;
    ferric_status status =
        is_delete ? ferric_delete(l->db, l->keyspaces[keyspace], l->keys[key], &options)
                  : ferric_put(l->db, l->keyspaces[keyspace], l->keys[key], value, &options);
    if (!life_expect(l, "a conditional write", holds ? FERRIC_OK : FERRIC_CONFLICT, status)) return;
    if (!holds) return;
    life_take_version(l, entry.version);
    *old = is_delete || !entry.is_present ? (life_entry){0} : entry;
}

typedef struct batch_change {
    uint32_t keyspace;
    uint32_t key;
    life_entry entry;
    life_range range; // It is a range delete when its end is not 0.
} batch_change;

static uint32_t fill_batch(life *l, ferric_batch *batch, batch_change changes[BATCH_MAX])
{
    uint32_t count = (uint32_t)below(l, BATCH_MAX + 1);

    for (uint32_t i = 0; i < count; i++) {
        batch_change *change = &changes[i];
        ferric_status status;
        *change = (batch_change){.keyspace = life_keyspace(l), .key = life_key(l)};
        ferric_keyspace *keyspace = l->keyspaces[change->keyspace];
        if (below(l, 16) == 0) {
            change->range = life_draw_range(l);
            status = ferric_batch_delete_range(batch, l->keyspaces[change->range.keyspace],
                                               change->range.lower, change->range.upper);
        } else if (below(l, 3) == 0) {
            status = ferric_batch_delete(batch, keyspace, l->keys[change->key]);
        } else {
            change->entry = life_draw_entry(l);
            ferric_slice value = life_value_of(l, &change->entry, change->key);
            ferric_lifetime lifetime = life_draw_lifetime(l, &change->entry);
            status =
                ferric_batch_put_expiring(batch, keyspace, l->keys[change->key], value, lifetime);
        }
        life_expect(l, "a batch", FERRIC_OK, status);
    }
    if (ferric_batch_count(batch) != count) life_fail(l, "the batch's count", UINT32_MAX);
    return count;
}

// Half of the batches carry a requirement, half of those one that does not hold.
static ferric_status require(life *l, ferric_batch *batch)
{
    uint32_t keyspace = life_keyspace(l);
    uint32_t key = life_key(l);
    uint64_t version = l->now->entries[keyspace][key].version;
    bool holds = below(l, 2) == 0;

    if (below(l, 2) == 0) return FERRIC_OK;
    if (!holds) version += 1 + below(l, 3);
    ferric_status status =
        ferric_batch_require(batch, l->keyspaces[keyspace], l->keys[key], version);
    life_expect(l, "ferric_batch_require", FERRIC_OK, status);
    return holds ? FERRIC_OK : FERRIC_CONFLICT;
}

static void do_batch(life *l)
{
    batch_change changes[BATCH_MAX];
    ferric_batch *batch = NULL;
    uint64_t version = 0;

    if (!life_expect(l, "ferric_batch_create", FERRIC_OK, ferric_batch_create(&batch))) return;
    uint32_t count = fill_batch(l, batch, changes);
    ferric_status expected = count == 0 ? FERRIC_OK : require(l, batch);
    ferric_status status = ferric_write(l->db, batch, NULL, &version);
    ferric_batch_destroy(batch);
    if (!life_expect(l, "ferric_write", expected, status) || expected != FERRIC_OK) return;
    if (count != 0) life_take_version(l, version);
    for (uint32_t i = 0; i < count; i++) {
        life_entry *place = &l->now->entries[changes[i].keyspace][changes[i].key];
        if (changes[i].range.end > 0) {
            life_clear(l->now, &changes[i].range);
            continue;
        }
        *place = changes[i].entry.is_present ? changes[i].entry : (life_entry){0};
        if (place->is_present) place->version = version;
    }
}

// ---- Snapshots, pins, maintenance -----------------------------------------------------------

static void do_snapshot(life *l)
{
    if (l->snapshot_count > 0 && below(l, 2) == 0) {
        release_snapshot(l, (uint32_t)below(l, l->snapshot_count));
        return;
    }
    if (l->snapshot_count == LIFE_SNAPSHOT_MAX) return;
    life_snapshot *snapshot = &l->snapshots[l->snapshot_count];
    ferric_status status = ferric_snapshot_create(l->db, &snapshot->handle);
    if (!life_expect(l, "ferric_snapshot_create", FERRIC_OK, status)) return;
    if (ferric_snapshot_version(snapshot->handle) < l->newest_version) {
        life_fail(l, "a snapshot older than the newest commit", UINT32_MAX);
    }
    snapshot->state = harness_alloc(sizeof(*snapshot->state));
    *snapshot->state = *l->now;
    l->snapshot_count++;
}

static void do_pin(life *l)
{
    uint32_t keyspace = life_keyspace(l);
    uint32_t key = life_key(l);
    const life_entry *entry = &l->now->entries[keyspace][key];

    if (l->pin_count == LIFE_PIN_MAX) {
        release_pin(l, (uint32_t)below(l, l->pin_count));
        return;
    }
    life_pin *pin = &l->pins[l->pin_count];
    ferric_status status =
        ferric_get_pinned(l->db, l->keyspaces[keyspace], l->keys[key], NULL, &pin->pinned);
    ferric_status expected = entry->is_present ? FERRIC_OK : FERRIC_NOT_FOUND;
    if (!life_expect(l, "ferric_get_pinned", expected, status) || status != FERRIC_OK) return;
    if (pin->pinned.expires_ms != entry->expires_ms) life_fail(l, "another expiry", key);
    pin->key = key;
    pin->entry = *entry;
    l->pin_count++;
}

static void do_compact(life *l)
{
    ferric_slice lower = {NULL, 0};
    ferric_slice upper = {NULL, 0};
    uint32_t keyspace = life_keyspace(l);
    uint32_t first = life_key(l);
    uint32_t second = life_key(l);

    if (below(l, 2) == 0 && first < second) {
        lower = l->keys[first];
        upper = l->keys[second];
    }
    ferric_status status = ferric_compact(l->db, l->keyspaces[keyspace], lower, upper);
    life_expect(l, "ferric_compact", FERRIC_OK, status);
}

static void do_verify(life *l)
{
    ferric_verify_report report;
    ferric_status status = ferric_verify(l->db, NULL, NULL, &report);

    life_expect(l, "ferric_verify", FERRIC_OK, status);
}

static void do_reopen(life *l)
{
    close_life(l);
    while (l->pin_count > 0 && below(l, 2) == 0)
        release_pin(l, 0);
    if (l->failure == NULL) open_life(l);
    if (l->failure == NULL) life_read_all(l);
}

static void do_flush(life *l)
{
    life_expect(l, "ferric_flush", FERRIC_OK, ferric_flush(l->db));
}

static void do_sync(life *l)
{
    life_expect(l, "ferric_sync", FERRIC_OK, ferric_sync(l->db));
}

// ---- The life -------------------------------------------------------------------------------

static const struct {
    const char *name;
    uint32_t weight; // Of 1,000.
    void (*act)(life *l);
} operations[] = {
    {"put", 262, do_put},          {"clock", 4, life_set_clock},
    {"lifetime", 8, life_rewrite}, {"expiry", 4, life_ask_expiry},
    {"drop", 1, life_drop},        {"rename", 1, life_rename},
    {"delete", 90, do_delete},     {"range", 20, do_delete_range},
    {"batch", 100, do_batch},      {"conditional", 60, do_conditional},
    {"read", 340, life_read},      {"snapshot", 20, do_snapshot},
    {"pin", 20, do_pin},           {"flush", 8, do_flush},
    {"compact", 6, do_compact},    {"sync", 8, do_sync},
    {"reopen", 4, do_reopen},      {"read all", 3, life_read_all},
    {"verify", 1, do_verify},      {"transaction", 40, life_txn},
};

static void do_operation(life *l)
{
    uint64_t dice = below(l, 1000);

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (dice < operations[i].weight) {
            l->operation = operations[i].name;
            operations[i].act(l);
            return;
        }
        dice -= operations[i].weight;
    }
    harness_panic("the weights of operations are not 1,000");
}

static void free_life(life *l)
{
    while (l->pin_count > 0)
        release_pin(l, 0);
    for (uint32_t i = 0; i < l->key_count; i++)
        free((void *)(uintptr_t)l->keys[i].data);
    harness_free(l->keys);
    harness_free(l->now);
    harness_free(l->scratch);
    fe_vfs_memory_destroy(l->vfs);
}

char *life_run(uint64_t seed, uint64_t operation_count, uint64_t *done)
{
    life l = {.seed = seed, .random = {seed}, .operation = "open"};

    if (fe_vfs_memory_create(&l.vfs) != FERRIC_OK) harness_panic("no memory vfs");
    l.now = harness_alloc(sizeof(*l.now));
    l.scratch = harness_alloc(LIFE_VALUE_MAX);
    for (uint32_t i = 0; i < LIFE_KEYSPACE_COUNT; i++)
        l.names[i] = i;
    life_own_clock(&l);
    make_keys(&l);
    open_life(&l);
    while (l.operation_count < operation_count && l.failure == NULL) {
        do_operation(&l);
        l.operation_count++;
    }
    l.operation = "the end";
    if (l.failure == NULL) do_reopen(&l);
    close_life(&l);
    *done = l.operation_count;
    free_life(&l);
    return l.failure;
}
