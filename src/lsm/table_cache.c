// SPDX-License-Identifier: Apache-2.0
// Opens tables and keeps their readers within bounds.
//
// A table is opened without the cache's mutex: of two threads that open the same one the first to
// finish wins and the other closes its own again. Lock order: the cache's mutex, then epoch.
#include "lsm/table_cache.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/file_names.h"
#include "lsm/open_table.h"

// The bit of `holds` for the cache and, after closing, for the sections that may still look.
#define HELD_BY_CACHE ((uint32_t)1 << 31)

// A shortage does not lower the bound below this, which is the least that may be asked for.
#define OPEN_FILES_LEAST 16

struct fe_table_cache {
    fe_vfs *vfs;
    const char *directory;
    fe_epoch *epoch;
    fe_block_cache *blocks;
    uint64_t memory_max;
    uint64_t keydir_bytes_max;
    fe_value_files *value_files;
    struct fe_file_keys *keys;
    fe_tally tally;
    _Atomic(uint64_t) keydir_bytes; // Changed under mutex, looked at without.

    fe_mutex mutex;
    // Guarded by mutex.
    uint32_t open_files_max; // Lowered when the system gives fewer descriptors.
    fe_sieve queue;          // Open tables.
    uint64_t memory_bytes;   // Without KeyDirs.
};

ferric_status fe_table_cache_create(const fe_table_cache_options *options, fe_epoch *epoch,
                                    fe_block_cache *blocks, fe_table_cache **cache)
{
    fe_table_cache *created = fe_alloc_zero(1, sizeof *created);
    ferric_status status;

    *cache = NULL;
    if (created == NULL) return fe_no_memory("table cache", sizeof *created);
    status = fe_tally_init(&created->tally);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    created->vfs = options->vfs;
    created->directory = options->directory;
    created->open_files_max = options->open_files_max;
    created->memory_max = options->memory_max;
    created->keydir_bytes_max = options->keydir_bytes_max;
    created->value_files = options->value_files;
    created->keys = options->keys;
    created->epoch = epoch;
    created->blocks = blocks;
    fe_mutex_init(&created->mutex);
    *cache = created;
    return FERRIC_OK;
}

void fe_table_cache_destroy(fe_table_cache *cache)
{
    if (cache == NULL) return;
    assert(cache->queue.count == 0); // Every file was discarded.
    fe_epoch_collect(cache->epoch);  // Retired readers still point here.
    fe_mutex_deinit(&cache->mutex);
    fe_tally_deinit(&cache->tally);
    fe_free(cache);
}

fe_value_files *fe_table_cache_value_files(const fe_table_cache *cache)
{
    return cache->value_files;
}

struct fe_file_keys *fe_table_cache_keys(const fe_table_cache *cache)
{
    return cache->keys;
}

fe_epoch *fe_table_cache_epoch(const fe_table_cache *cache)
{
    return cache->epoch;
}

static ferric_status table_path(const fe_table_cache *cache, const fe_table_file *file,
                                ferric_buffer *path)
{
    return fe_file_path(path, cache->directory, FE_FILE_TABLE, file->identity.number);
}

ferric_status fe_table_cache_open_table(const fe_table_cache *cache, const fe_table_file *file,
                                        uint64_t keydir_bytes_max, fe_table **table)
{
    ferric_buffer path = {0};
    ferric_status status = table_path(cache, file, &path);

    *table = NULL;
    if (status == FERRIC_OK && file->pinned != NULL) {
        status = fe_table_open_file(file->pinned, fe_path_text(&path), cache->keys, &file->identity,
                                    keydir_bytes_max, table);
    } else if (status == FERRIC_OK) {
        status = fe_table_open(cache->vfs, fe_path_text(&path), cache->keys, &file->identity,
                               keydir_bytes_max, table);
    }
    if (status == FERRIC_NOT_FOUND) {
        status = fe_fail(FERRIC_CORRUPT, "%s: the manifest names this table, but it is missing",
                         fe_path_text(&path));
    }
    fe_buffer_deinit(&path);
    return status;
}

// ---- Files -----------------------------------------------------------------------------------

ferric_status fe_table_file_create(const fe_table_summary *summary, fe_table_file **file)
{
    size_t size = sizeof **file + summary->smallest_key.size + summary->largest_key.size;
    fe_table_file *created = fe_alloc_zero(1, size);
    uint8_t *bytes = (uint8_t *)(created + 1);

    *file = created;
    if (created == NULL) return fe_no_memory("table file", size);
    created->identity = summary->identity;
    created->entries = summary->properties.entries;
    created->deletes = summary->properties.deletes;
    created->range_deletes = summary->properties.range_deletes;
    created->smallest_sequence = summary->properties.smallest_sequence;
    created->largest_sequence = summary->properties.largest_sequence;
    created->expiry = summary->properties.expiry;
    created->smallest_key_sequence = summary->smallest_key_sequence;
    created->largest_key_sequence = summary->largest_key_sequence;
    if (summary->smallest_key.size > 0)
        memcpy(bytes, summary->smallest_key.data, summary->smallest_key.size);
    created->smallest_key = fe_slice(bytes, summary->smallest_key.size);
    bytes += summary->smallest_key.size;
    if (summary->largest_key.size > 0)
        memcpy(bytes, summary->largest_key.data, summary->largest_key.size);
    created->largest_key = fe_slice(bytes, summary->largest_key.size);
    atomic_init(&created->refs, 1);
    return FERRIC_OK;
}

void fe_table_file_ref(fe_table_file *file)
{
    atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
}

bool fe_table_file_unref(fe_table_file *file)
{
    // Acquire and release: the last one sees everything that the others did with the file.
    uint32_t before = atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel);

    assert(before > 0);
    return before == 1;
}

// ---- Lifetime of a reader --------------------------------------------------------------------

static void free_open_table(fe_open_table *open)
{
    if (open->table != NULL && open->seats != NULL) {
        for (uint32_t i = 0; i < fe_table_block_count(open->table); i++)
            fe_block_cache_remove(open->blocks, open->table, i, &open->seats[i].home);
    }
    fe_free(open->seats);
    fe_table_close(open->table);
    fe_free_aligned(open);
}

void fe_open_table_ref(fe_open_table *open)
{
    // Relaxed: the section keeps the reader alive meanwhile.
    atomic_fetch_add_explicit(&open->holds, 1, memory_order_relaxed);
}

// Release: this holder's reads are done. Acquire: so are those of all others, for the one that
// frees.
static void drop_hold(fe_open_table *open, uint32_t hold)
{
    uint32_t before = atomic_fetch_sub_explicit(&open->holds, hold, memory_order_acq_rel);

    assert(before >= hold);
    if (before == hold) free_open_table(open);
}

void fe_open_table_unref(fe_open_table *open)
{
    if (open != NULL) drop_hold(open, 1);
}

// No section can find the reader any more: what is left are iterators.
static void reclaim_open_table(fe_retired *retired)
{
    drop_hold((fe_open_table *)(void *)((char *)retired - offsetof(fe_open_table, retired)),
              HELD_BY_CACHE);
}

static fe_open_table *open_of(fe_sieve_node *node)
{
    return (fe_open_table *)(void *)((char *)node - offsetof(fe_open_table, node));
}

static bool spare_open_table(fe_sieve_node *node)
{
    fe_open_table *open = open_of(node);

    if (!atomic_load_explicit(&open->is_marked, memory_order_relaxed)) return false;
    atomic_store_explicit(&open->is_marked, false, memory_order_relaxed);
    return true;
}

// For a reader that has left the queue.
static void retire_locked(fe_table_cache *cache, fe_open_table *open)
{
    fe_mutex_assert_held(&cache->mutex);
    atomic_store_explicit(&open->file->open, NULL, memory_order_release);
    cache->memory_bytes -= open->memory_bytes - open->keydir_bytes;
    atomic_fetch_sub_explicit(&cache->keydir_bytes, open->keydir_bytes, memory_order_relaxed);
    fe_block_cache_give_back(cache->blocks, open->keydir_bytes);
    fe_epoch_retire(cache->epoch, &open->retired, reclaim_open_table);
}

// ---- Opening ---------------------------------------------------------------------------------

// What the KeyDir of one more table may take. Two threads that open two tables may both find room
// that is there for one: the bound is exceeded by one KeyDir then, and no other is loaded.
static uint64_t keydir_room(const fe_table_cache *cache)
{
    uint64_t used = atomic_load_explicit(&cache->keydir_bytes, memory_order_relaxed);

    return used < cache->keydir_bytes_max ? cache->keydir_bytes_max - used : 0;
}

// An entry's share of the bytes that all entries of its block take, in 64ths; any number for an
// index that lies. The index has seen to it that there is an entry.
static uint32_t stride_of(const fe_table *table, uint32_t block)
{
    uint64_t entries = fe_table_block_entries(table, block);
    uint64_t others = FE_BLOCK_TRAILER_SIZE + entries * sizeof(uint16_t);
    uint64_t size = fe_table_block_memory(table, block) - entries * sizeof(fe_block_slot);

    return size <= others ? 0 : (uint32_t)((size - others) * 64 / entries);
}

static ferric_status create_seats(fe_open_table *open)
{
    open->block_count = fe_table_block_count(open->table);
    open->seats = fe_alloc_zero(open->block_count, sizeof *open->seats);
    if (open->seats == NULL)
        return fe_no_memory("block seats", open->block_count * sizeof *open->seats);
    for (uint32_t i = 0; i < open->block_count; i++) {
        size_t slots_size = fe_table_block_entries(open->table, i) * sizeof(fe_block_slot);
        open->seats[i].content_at = (uint32_t)(sizeof(fe_cached_block) + slots_size);
        open->seats[i].stride = stride_of(open->table, i);
    }
    return FERRIC_OK;
}

// Errors: as fe_table_open.
static ferric_status create_open_table(fe_table_cache *cache, fe_table_file *file,
                                       fe_open_table **open)
{
    fe_open_table *created = fe_alloc_aligned(FE_CACHE_LINE, sizeof *created);
    ferric_status status;

    *open = NULL;
    if (created == NULL) return fe_no_memory("open table", sizeof *created);
    memset(created, 0, sizeof *created);
    created->cache = cache;
    created->file = file;
    created->blocks = cache->blocks;
    created->tally = &cache->tally;
    atomic_init(&created->holds, HELD_BY_CACHE);
    status = fe_table_cache_open_table(cache, file, keydir_room(cache), &created->table);
    if (status == FERRIC_OK) status = create_seats(created);
    if (status != FERRIC_OK) goto out;
    created->keydir = *fe_table_keydir(created->table);
    created->keydir_bytes = fe_table_keydir_memory(created->table);
    created->memory_bytes = sizeof *created + fe_table_memory(created->table) +
                            created->block_count * sizeof *created->seats;
    *open = created; // Ownership moves to the caller.
    created = NULL;
out:
    if (created != NULL) free_open_table(created);
    return status;
}

static bool is_over_bounds(const fe_table_cache *cache)
{
    return cache->queue.count > cache->open_files_max || cache->memory_bytes > cache->memory_max;
}

// Closes others until the bounds are kept; the newest stays in any case.
static void keep_bounds_locked(fe_table_cache *cache, fe_open_table *newest)
{
    atomic_store_explicit(&newest->is_marked, true, memory_order_relaxed);
    while (is_over_bounds(cache) && cache->queue.count > 1) {
        fe_sieve_node *node = fe_sieve_evict(&cache->queue, spare_open_table);
        if (node == NULL) return;
        if (node == &newest->node) {
            fe_sieve_insert(&cache->queue, node);
            continue;
        }
        retire_locked(cache, open_of(node));
    }
}

// Returns the reader that the file has afterwards: another thread's if that was faster.
static fe_open_table *publish(fe_table_cache *cache, fe_table_file *file, fe_open_table *open)
{
    fe_open_table *present;

    fe_mutex_lock(&cache->mutex);
    present = atomic_load_explicit(&file->open, memory_order_relaxed);
    if (present == NULL) {
        fe_sieve_insert(&cache->queue, &open->node);
        cache->memory_bytes += open->memory_bytes - open->keydir_bytes;
        atomic_fetch_add_explicit(&cache->keydir_bytes, open->keydir_bytes, memory_order_relaxed);
        // Pairs with the acquire in fe_open_table_find: the whole reader is seen.
        atomic_store_explicit(&file->open, open, memory_order_release);
        keep_bounds_locked(cache, open);
    }
    fe_mutex_unlock(&cache->mutex);
    return present != NULL ? present : open;
}

// The system gave no descriptor: closes a quarter of the tables and keeps fewer from now on. They
// go with the sections that may use them, so it is the next call that succeeds.
static void lower_bounds(fe_table_cache *cache)
{
    size_t kept;

    fe_mutex_lock(&cache->mutex);
    kept = cache->queue.count * 3 / 4;
    cache->open_files_max = kept > OPEN_FILES_LEAST ? (uint32_t)kept : OPEN_FILES_LEAST;
    while (cache->queue.count > kept) {
        fe_sieve_node *node = fe_sieve_evict(&cache->queue, spare_open_table);
        if (node == NULL) break;
        retire_locked(cache, open_of(node));
    }
    fe_mutex_unlock(&cache->mutex);
}

static FE_NOINLINE ferric_status open_file(fe_table_cache *cache, fe_table_file *file,
                                           fe_open_table **open)
{
    fe_open_table *created;
    ferric_status status = create_open_table(cache, file, &created);

    *open = NULL;
    if (status == FERRIC_TOO_MANY_FILES) lower_bounds(cache);
    if (status != FERRIC_OK) return status;
    // Before it can be found: whoever closes it gives back what was lent.
    fe_block_cache_lend(cache->blocks, created->keydir_bytes);
    *open = publish(cache, file, created);
    if (*open != created) {
        fe_block_cache_give_back(cache->blocks, created->keydir_bytes);
        free_open_table(created);
    }
    return FERRIC_OK;
}

ferric_status fe_open_table_find(fe_table_cache *cache, fe_table_file *file, fe_open_table **open)
{
    // Pairs with the release in publish.
    fe_open_table *found = atomic_load_explicit(&file->open, memory_order_acquire);

    if (FE_UNLIKELY(found == NULL)) return open_file(cache, file, open);
    fe_open_table_mark(found);
    *open = found;
    return FERRIC_OK;
}

static void close_file(fe_table_cache *cache, fe_table_file *file)
{
    fe_open_table *open;

    fe_mutex_lock(&cache->mutex);
    open = atomic_load_explicit(&file->open, memory_order_relaxed);
    if (open != NULL) {
        fe_sieve_remove(&cache->queue, &open->node);
        retire_locked(cache, open);
    }
    fe_mutex_unlock(&cache->mutex);
}

ferric_status fe_table_file_pin(fe_table_cache *cache, fe_table_file *file)
{
    ferric_buffer path = {0};
    fe_file *opened = NULL;
    uint64_t size = 0;
    ferric_status status = table_path(cache, file, &path);

    if (status == FERRIC_OK) {
        status = fe_vfs_open(cache->vfs, fe_path_text(&path), FE_OPEN_READ, &opened);
    }
    if (status == FERRIC_NOT_FOUND) {
        status = fe_fail(FERRIC_CORRUPT, "%s: it is missing, though the manifest names it",
                         fe_path_text(&path));
    }
    if (status == FERRIC_TOO_MANY_FILES) {
        status = fe_fail(status, "%s: %s; a read-only open keeps all tables open (ulimit -n)",
                         fe_path_text(&path), fe_message());
    }
    assert(status != FERRIC_OK || opened != NULL);
    if (status == FERRIC_OK) status = fe_file_size(opened, &size);
    if (status == FERRIC_OK && size != file->identity.size_bytes) {
        status = fe_fail(FERRIC_CORRUPT,
                         "%s: the file has %" PRIu64 " bytes, the manifest says %" PRIu64,
                         fe_path_text(&path), size, file->identity.size_bytes);
    }
    if (status == FERRIC_OK) {
        file->pinned = opened;
        opened = NULL;
    }
    fe_file_close(opened);
    fe_buffer_deinit(&path);
    return status;
}

void fe_table_cache_discard(fe_table_cache *cache, fe_table_file *file)
{
    ferric_buffer path = {0};

    if (cache == NULL) {
        fe_value_refs_deinit(&file->values);
        fe_free(file);
        return;
    }
    close_file(cache, file);
    // A file that cannot be removed is known to no version and is swept at the next open.
    if (atomic_load_explicit(&file->is_obsolete, memory_order_acquire) &&
        table_path(cache, file, &path) == FERRIC_OK) {
        (void)fe_vfs_remove(cache->vfs, fe_path_text(&path));
    }
    fe_buffer_deinit(&path);
    fe_file_close(file->pinned); // Versions with pinned files live as long as their store.
    fe_value_refs_detach(&file->values);
    fe_value_refs_deinit(&file->values);
    fe_free(file);
    fe_epoch_collect(cache->epoch);
}

// ---- Statistics ------------------------------------------------------------------------------

void fe_table_cache_stats_get(fe_table_cache *cache, fe_table_cache_stats *stats)
{
    uint64_t rejected = fe_tally_sum(&cache->tally, FE_TABLE_REJECTED);
    uint64_t without_filter = fe_tally_sum(&cache->tally, FE_TABLE_WITHOUT_FILTER);

    fe_mutex_lock(&cache->mutex);
    stats->tables_open = cache->queue.count;
    stats->keydir_bytes = atomic_load_explicit(&cache->keydir_bytes, memory_order_relaxed);
    stats->memory_bytes = cache->memory_bytes + stats->keydir_bytes;
    fe_mutex_unlock(&cache->mutex);
    stats->block_hits = fe_tally_sum(&cache->tally, FE_TABLE_HIT);
    stats->block_misses = fe_tally_sum(&cache->tally, FE_TABLE_MISSED);
    stats->tables_examined = rejected + stats->block_hits + stats->block_misses +
                             fe_tally_sum(&cache->tally, FE_TABLE_BEHIND);
    stats->filter_rejections = rejected;
    stats->filter_probes =
        stats->tables_examined > without_filter ? stats->tables_examined - without_filter : 0;
}
