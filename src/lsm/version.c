// SPDX-License-Identifier: Apache-2.0
// Versions: built aside from a base and an edit, checked, then used by all without change.
#include "lsm/version.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"

// Makes room for one more in an array that doubles. Returns NULL when there is no memory.
static void *grown(void *array, size_t count, size_t item_size)
{
    bool is_full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    size_t capacity = count < 4 ? 4 : count * 2;
    return is_full ? fe_realloc(array, capacity * item_size) : array;
}

ferric_status fe_version_edit_remove(fe_version_edit *edit, uint32_t level, uint64_t number)
{
    void *room = grown(edit->removals, edit->removal_count, sizeof *edit->removals);
    fe_edit_removal removal = {level, number};

    if (room == NULL) return fe_no_memory("a version edit", sizeof removal);
    edit->removals = room;
    edit->removals[edit->removal_count++] = removal;
    return FERRIC_OK;
}

static void release_file(fe_table_cache *tables, fe_table_file *file)
{
    if (fe_table_file_unref(file)) fe_table_cache_discard(tables, file);
}

ferric_status fe_version_edit_add(fe_version_edit *edit, uint32_t level, fe_table_file *file)
{
    void *room = grown(edit->additions, edit->addition_count, sizeof *edit->additions);
    fe_edit_addition addition = {level, file};

    if (room == NULL) return fe_no_memory("a version edit", sizeof addition);
    edit->additions = room;
    edit->additions[edit->addition_count++] = addition;
    return FERRIC_OK;
}

ferric_status fe_version_edit_add_log(fe_version_edit *edit, const fe_live_log *log)
{
    void *room = grown(edit->logs, edit->log_count, sizeof *edit->logs);

    if (room == NULL) return fe_no_memory("a version edit", sizeof *log);
    edit->logs = room;
    edit->logs[edit->log_count++] = *log;
    edit->has_logs = true;
    return FERRIC_OK;
}

ferric_status fe_version_edit_check(const fe_version_edit *edit, uint64_t last_sequence)
{
    uint64_t newest = edit->last_sequence == 0 ? last_sequence : edit->last_sequence;

    if (newest < last_sequence) {
        return fe_fail(FERRIC_CORRUPT,
                       "the newest commit is %" PRIu64 ", and was %" PRIu64 " before", newest,
                       last_sequence);
    }
    for (size_t i = 0; i < edit->addition_count; i++) {
        const fe_table_file *file = edit->additions[i].file;
        if (file->largest_sequence <= newest) continue;
        return fe_fail(FERRIC_CORRUPT,
                       "table %" PRIu64 " has version %" PRIu64
                       ", and the newest commit is %" PRIu64,
                       file->identity.number, file->largest_sequence, newest);
    }
    return FERRIC_OK;
}

void fe_version_edit_abandon(fe_version_edit *edit)
{
    for (size_t i = 0; i < edit->addition_count; i++)
        atomic_store(&edit->additions[i].file->is_obsolete, true);
}

void fe_version_edit_deinit(fe_version_edit *edit, fe_table_cache *tables)
{
    for (size_t i = 0; i < edit->addition_count; i++)
        release_file(tables, edit->additions[i].file);
    fe_free(edit->additions);
    fe_free(edit->removals);
    fe_free(edit->logs);
    memset(edit, 0, sizeof *edit);
}

ferric_status fe_version_create(fe_table_cache *tables, fe_version **version)
{
    *version = fe_alloc_zero(1, sizeof **version);
    if (*version == NULL) return fe_no_memory("a version", sizeof **version);
    atomic_init(&(*version)->refs, 1);
    (*version)->tables = tables;
    return FERRIC_OK;
}

void fe_version_ref(fe_version *version)
{
    atomic_fetch_add_explicit(&version->refs, 1, memory_order_relaxed);
}

void fe_version_unref(fe_version *version)
{
    if (version == NULL) return;
    // The last reference must see what every other holder did before it let go.
    if (atomic_fetch_sub_explicit(&version->refs, 1, memory_order_acq_rel) != 1) return;
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        fe_level *level = &version->levels[i];
        for (uint32_t j = 0; j < level->count; j++)
            release_file(version->tables, level->files[j]);
        fe_free(level->files);
        fe_free(level->ranged);
    }
    fe_free(version);
}

static bool is_removed(const fe_version_edit *edit, uint32_t level, uint64_t number)
{
    for (size_t i = 0; i < edit->removal_count; i++) {
        if (edit->removals[i].level == level && edit->removals[i].number == number) return true;
    }
    return false;
}

static size_t count_additions(const fe_version_edit *edit, uint32_t level)
{
    size_t count = 0;
    for (size_t i = 0; i < edit->addition_count; i++)
        count += edit->additions[i].level == level;
    return count;
}

static int compare_newest_first(const void *left, const void *right)
{
    const fe_table_file *a = *(fe_table_file *const *)left;
    const fe_table_file *b = *(fe_table_file *const *)right;
    return a->largest_sequence > b->largest_sequence ? -1
                                                     : a->largest_sequence < b->largest_sequence;
}

static int compare_by_key(const void *left, const void *right)
{
    const fe_table_file *a = *(fe_table_file *const *)left;
    const fe_table_file *b = *(fe_table_file *const *)right;
    return fe_slice_compare(a->smallest_key, b->smallest_key);
}

static void append_file(fe_level *level, fe_table_file *file)
{
    fe_table_file_ref(file);
    level->files[level->count++] = file;
    level->bytes += file->identity.size_bytes;
    level->value_bytes += file->values.bytes;
}

// Fills one level of the next version; *kept counts the base's tables that stay.
static ferric_status fill_level(const fe_level *base, const fe_version_edit *edit, uint32_t number,
                                fe_level *level, size_t *kept)
{
    size_t capacity = base->count + count_additions(edit, number);

    *kept = 0;
    if (capacity == 0) return FERRIC_OK;
    level->files = fe_alloc_zero(capacity, sizeof *level->files);
    if (level->files == NULL) return fe_no_memory("a level", capacity * sizeof *level->files);
    for (uint32_t i = 0; i < base->count; i++) {
        if (is_removed(edit, number, base->files[i]->identity.number)) continue;
        append_file(level, base->files[i]);
        (*kept)++;
    }
    for (size_t i = 0; i < edit->addition_count; i++) {
        if (edit->additions[i].level == number) append_file(level, edit->additions[i].file);
    }
    qsort(level->files, level->count, sizeof *level->files,
          number == 0 ? compare_newest_first : compare_by_key);
    return FERRIC_OK;
}

// Notes which tables of a level have range deletes.
static ferric_status find_ranged(fe_level *level)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < level->count; i++)
        count += level->files[i]->range_deletes > 0;
    if (count == 0) return FERRIC_OK;
    level->ranged = fe_alloc_zero(count, sizeof *level->ranged);
    if (level->ranged == NULL) return fe_no_memory("a level", count * sizeof *level->ranged);
    for (uint32_t i = 0; i < level->count; i++) {
        if (level->files[i]->range_deletes > 0)
            level->ranged[level->ranged_count++] = level->files[i];
    }
    return FERRIC_OK;
}

// V1 and V2 for one level.
static ferric_status check_level(const fe_level *level, uint32_t number)
{
    for (uint32_t i = 0; i < level->count; i++) {
        const fe_table_file *file = level->files[i];
        const fe_table_file *next;
        if (fe_slice_compare(file->smallest_key, file->largest_key) > 0) {
            return fe_fail(FERRIC_CORRUPT, "table %" PRIu64 " of level %u ends before it begins",
                           file->identity.number, number);
        }
        if (i + 1 == level->count || FE_SEEDED_BUG(FE_BUG_VERSION_OVERLAP_ACCEPTED)) continue;
        next = level->files[i + 1];
        if (number == 0 ? next->largest_sequence >= file->smallest_sequence
                        : !fe_table_file_ends_before(file, next->smallest_key)) {
            return fe_fail(FERRIC_CORRUPT,
                           "tables %" PRIu64 " and %" PRIu64 " of level %u overlap in %s",
                           file->identity.number, next->identity.number, number,
                           number == 0 ? "sequence numbers" : "keys");
        }
    }
    return FERRIC_OK;
}

static int compare_numbers(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

// V4, over all levels.
static ferric_status check_numbers(const fe_version *version)
{
    size_t count = 0;
    size_t filled = 0;
    uint64_t *numbers;
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++)
        count += version->levels[i].count;
    if (count == 0) return FERRIC_OK;
    numbers = fe_alloc(count * sizeof *numbers);
    if (numbers == NULL) return fe_no_memory("the table numbers", count * sizeof *numbers);
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        const fe_level *level = &version->levels[i];
        for (uint32_t j = 0; j < level->count; j++) {
            numbers[filled++] = level->files[j]->identity.number;
        }
    }
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    for (size_t i = 1; i < count && status == FERRIC_OK; i++) {
        if (numbers[i] != numbers[i - 1]) continue;
        status = fe_fail(FERRIC_CORRUPT, "table %" PRIu64 " would be live twice", numbers[i]);
    }
    fe_free(numbers);
    return status;
}

ferric_status fe_version_apply(const fe_version *base, const fe_version_edit *edit,
                               fe_version **next)
{
    fe_version *built = NULL;
    size_t removed = 0;
    ferric_status status;

    *next = NULL;
    status = fe_version_create(base->tables, &built);
    for (uint32_t i = 0; i < FE_LEVEL_COUNT && status == FERRIC_OK; i++) {
        size_t kept = 0;
        status = fill_level(&base->levels[i], edit, i, &built->levels[i], &kept);
        removed += base->levels[i].count - kept;
        if (status == FERRIC_OK) status = check_level(&built->levels[i], i);
        if (status == FERRIC_OK) status = find_ranged(&built->levels[i]);
        if (status == FERRIC_OK && built->levels[i].ranged_count > 0) built->has_ranges = true;
        if (status == FERRIC_OK && built->levels[i].count > 0) built->level_end = i + 1;
    }
    if (status == FERRIC_OK) status = check_numbers(built);
    if (status == FERRIC_OK && removed != edit->removal_count) {
        status = fe_fail(FERRIC_CORRUPT,
                         "an edit removes %zu tables of which only %zu are where it says",
                         edit->removal_count, removed);
    }
    if (status != FERRIC_OK) {
        fe_version_unref(built);
        return status;
    }
    *next = built;
    return FERRIC_OK;
}

// The first table whose largest key is not before `key`.
static uint32_t lower_bound(const fe_level *level, ferric_slice key)
{
    uint32_t low = 0;
    uint32_t high = level->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (fe_table_file_ends_before(level->files[middle], key)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

fe_table_file *fe_version_find(const fe_level *level, ferric_slice key)
{
    uint32_t index = lower_bound(level, key);

    if (index == level->count) return NULL;
    if (fe_slice_compare(level->files[index]->smallest_key, key) > 0) return NULL;
    return level->files[index];
}

void fe_version_overlap(const fe_level *level, ferric_slice smallest, ferric_slice largest,
                        uint32_t *first, uint32_t *end)
{
    *first = smallest.data == NULL ? 0 : lower_bound(level, smallest);
    *end = *first;
    while (*end < level->count &&
           (largest.data == NULL ||
            fe_slice_compare(level->files[*end]->smallest_key, largest) <= 0)) {
        (*end)++;
    }
}

bool fe_table_file_overlaps(const fe_table_file *file, ferric_slice smallest, ferric_slice largest)
{
    if (smallest.data != NULL && fe_table_file_ends_before(file, smallest)) return false;
    if (largest.data != NULL && fe_slice_compare(file->smallest_key, largest) > 0) return false;
    return true;
}

static bool level_has_keys(const fe_level *level, ferric_slice lower, ferric_slice upper)
{
    uint32_t index = lower_bound(level, lower);

    return index < level->count && fe_slice_compare(level->files[index]->smallest_key, upper) < 0;
}

bool fe_version_has_keys(const fe_version *version, uint32_t first, ferric_slice lower,
                         ferric_slice upper)
{
    const fe_level *level0 = &version->levels[0];

    for (uint32_t i = 0; first == 0 && i < level0->count; i++) {
        const fe_table_file *file = level0->files[i];
        if (!fe_table_file_ends_before(file, lower) &&
            fe_slice_compare(file->smallest_key, upper) < 0) {
            return true;
        }
    }
    for (uint32_t i = first == 0 ? 1 : first; i < FE_LEVEL_COUNT; i++) {
        if (level_has_keys(&version->levels[i], lower, upper)) return true;
    }
    return false;
}
