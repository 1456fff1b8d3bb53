// SPDX-License-Identifier: Apache-2.0
// Views: what readers see, and how they walk through it.
#include "lsm/view.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/merge_iterator.h"

// A view has seldom more memtables and tables to be walked through.
#define FEW_CHILDREN 16
// How most keys begin, as ids of keyspaces are small numbers.
#define FIRST_ANCHOR fe_slice("\0\0\0", 3)

ferric_status fe_live_memtable_create(uint64_t capacity_bytes, const fe_key_code *code,
                                      fe_page_pool *pool, uint64_t first_log,
                                      fe_live_memtable **live)
{
    ferric_status status;

    *live = fe_alloc_zero(1, sizeof **live);
    if (*live == NULL) return fe_no_memory("a memtable", sizeof **live);
    atomic_init(&(*live)->refs, 1);
    (*live)->first_log = first_log;
    status = fe_memtable_create(capacity_bytes, code, pool, &(*live)->memtable);
    if (status != FERRIC_OK) {
        fe_free(*live);
        *live = NULL;
        return status;
    }
    (*live)->ranges = fe_memtable_ranges((*live)->memtable);
    return FERRIC_OK;
}

ferric_status fe_live_memtable_create_behind(const fe_live_memtable *before,
                                             uint64_t capacity_bytes, fe_page_pool *pool,
                                             uint64_t first_log, size_t entries,
                                             uint64_t cost_bytes, fe_live_memtable **live)
{
    uint64_t capacity = capacity_bytes;
    fe_key_code code;

    assert(cost_bytes <= FE_COMMIT_COST_MAX);
    if (before != NULL) {
        fe_memtable_learn(before->memtable, &code);
    } else {
        fe_key_code_init(&code, FIRST_ANCHOR, FE_KEY_CODE_BITS_MAX);
    }
    for (;;) {
        ferric_status status = fe_live_memtable_create(capacity, &code, pool, first_log, live);
        if (status != FERRIC_OK) return status;
        if (fe_memtable_has_room((*live)->memtable, entries, cost_bytes)) return FERRIC_OK;
        fe_live_memtable_unref(*live);
        *live = NULL;
        capacity = capacity > cost_bytes ? capacity * 2 : cost_bytes * 2;
    }
}

void fe_live_memtable_unref(fe_live_memtable *live)
{
    if (live == NULL) return;
    if (atomic_fetch_sub_explicit(&live->refs, 1, memory_order_acq_rel) != 1) return;
    fe_memtable_destroy(live->memtable);
    for (size_t i = 0; i < live->value_file_count; i++)
        fe_value_file_unref(live->value_files[i]);
    fe_free(live->value_files);
    fe_free(live);
}

ferric_status fe_live_memtable_reserve_value_file(fe_live_memtable *live)
{
    size_t size = (live->value_file_capacity + 4) * sizeof *live->value_files;
    fe_value_file **files;

    if (live->value_file_count < live->value_file_capacity) return FERRIC_OK;
    files = fe_realloc(live->value_files, size);
    if (files == NULL) return fe_no_memory("a memtable's value files", size);
    live->value_files = files;
    live->value_file_capacity += 4;
    return FERRIC_OK;
}

void fe_live_memtable_note_values(fe_live_memtable *live, fe_value_file *file, uint64_t bytes)
{
    live->value_bytes += bytes;
    // Files come one after the other, but for those of recovered logs.
    for (size_t i = live->value_file_count; i-- > 0;) {
        if (live->value_files[i] == file) return;
    }
    assert(live->value_file_count < live->value_file_capacity);
    fe_value_file_ref(file);
    live->value_files[live->value_file_count++] = file;
}

ferric_status fe_view_create(fe_version *version, uint32_t capacity, fe_view **view)
{
    size_t size = sizeof **view + capacity * sizeof(fe_live_memtable *);

    *view = fe_alloc_zero(1, size);
    if (*view == NULL) return fe_no_memory("a view", size);
    atomic_init(&(*view)->refs, 1);
    fe_version_ref(version);
    (*view)->version = version;
    (*view)->memtable_capacity = capacity;
    return FERRIC_OK;
}

void fe_view_append(fe_view *view, fe_live_memtable *live)
{
    assert(view->memtable_count < view->memtable_capacity);
    atomic_fetch_add_explicit(&live->refs, 1, memory_order_relaxed);
    view->memtables[view->memtable_count++] = live;
}

void fe_view_ref(fe_view *view)
{
    atomic_fetch_add_explicit(&view->refs, 1, memory_order_relaxed);
}

void fe_view_unref(fe_view *view)
{
    if (view == NULL) return;
    if (atomic_fetch_sub_explicit(&view->refs, 1, memory_order_acq_rel) != 1) return;
    for (uint32_t i = 0; i < view->memtable_count; i++)
        fe_live_memtable_unref(view->memtables[i]);
    fe_version_unref(view->version);
    fe_free(view);
}

fe_view *fe_view_of_retired(fe_retired *retired)
{
    return (fe_view *)(void *)((char *)retired - offsetof(fe_view, retired));
}

// Whether a table has no key in [lower, upper).
static bool is_outside(const fe_table_file *file, ferric_slice lower, ferric_slice upper)
{
    ferric_slice none = {NULL, 0};

    if (FE_SEEDED_BUG(FE_BUG_SCAN_SKIPS_BORDER) && fe_slice_equal(file->largest_key, lower)) {
        return true;
    }
    return !fe_table_file_overlaps(file, lower.size == 0 ? none : lower,
                                   upper.size == 0 ? none : upper);
}

static ferric_status table_iterators(const fe_version *version, const fe_view_walk *walk,
                                     fe_iterator **children, size_t *count)
{
    const fe_level *level0 = &version->levels[0];
    size_t before = *count;
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < level0->count && status == FERRIC_OK; i++) {
        if (is_outside(level0->files[i], walk->lower, walk->upper)) continue;
        status = fe_table_iterator_create(version->tables, level0->files[i], walk->fill_cache,
                                          &children[*count]);
        if (status == FERRIC_OK) (*count)++;
    }
    for (uint32_t i = 1; i < FE_LEVEL_COUNT && status == FERRIC_OK; i++) {
        const fe_level *level = &version->levels[i];
        if (level->count == 0) continue;
        status = fe_level_iterator_create(version->tables, level->files, level->count,
                                          walk->fill_cache, &children[*count]);
        if (status == FERRIC_OK) (*count)++;
    }
    for (size_t i = before; i < *count && walk->is_lazy; i++)
        fe_table_iterator_make_lazy(children[i]);
    return status;
}

// A child fewer is a seek fewer, and a single one needs no merge.
ferric_status fe_view_iterator(const fe_view *view, const fe_view_walk *walk,
                               fe_iterator **iterator)
{
    size_t capacity = view->memtable_count + view->version->levels[0].count + FE_LEVEL_COUNT;
    fe_iterator *few[FEW_CHILDREN];
    fe_iterator **children =
        capacity <= FEW_CHILDREN ? few : fe_alloc_zero(capacity, sizeof *children);
    size_t count = 0;
    ferric_status status = FERRIC_OK;

    *iterator = NULL;
    if (children == NULL) return fe_no_memory("an iterator", capacity * sizeof *children);
    for (uint32_t i = 0; i < view->memtable_count && status == FERRIC_OK; i++) {
        const fe_memtable *memtable = view->memtables[i]->memtable;
        if (fe_memtable_largest_sequence(memtable) == 0) continue;
        status = fe_memtable_iterator(memtable, &children[count]);
        if (status == FERRIC_OK) count++;
    }
    if (status == FERRIC_OK) {
        status = table_iterators(view->version, walk, children, &count);
    }
    if (status == FERRIC_OK) {
        status = fe_merge_iterator_create(children, count, iterator);
    } else {
        for (size_t i = 0; i < count; i++)
            fe_iterator_destroy(children[i]);
    }
    if (children != few) fe_free(children);
    return status;
}
