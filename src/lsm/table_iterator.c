// SPDX-License-Identifier: Apache-2.0
// Walks tables with disjoint key ranges in order: a level, or a single table, which is a level of
// one.
//
// A position is (file, block, entry). The iterator references the open table and the block it
// stands in, so it is inside an epoch section only while it changes one of them. The current key is
// put together in a buffer of the iterator's: the block's prefix once for each block, then each
// entry's rest behind it. A step forward inside a block follows the entries' own sizes and touches
// neither slots nor locks.
//
// Cached blocks lie anywhere in memory, and the CPU's own prefetching ends with each page. So a
// walk forward brings the next block in at the pace at which it reads the current one.
//
// A lazy iterator (lsm/iterator.h) opens no table before it has to: where a walk enters one, it
// stands at the first or the last key that the manifest tells, or at the key that it was sent to.
#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/open_table.h"

// How much is read at once, from the moment on when a walk forward has missed this often in a row.
#define READ_AHEAD_SIZE ((size_t)128 << 10)
#define READ_AHEAD_MISSES 2
#define COMPACTION_READ_AHEAD_SIZE ((size_t)256 << 10)

// What a lazy iterator has put off.
typedef enum unread_place {
    UNREAD_FIRST = 0,  // The first entry of a file.
    UNREAD_LAST = 1,   // Its last one.
    UNREAD_FROM = 2,   // The first entry that is not before a target.
    UNREAD_BEFORE = 3, // The last one that is.
} unread_place;

typedef struct table_iterator {
    fe_iterator base;
    const fe_block *view;   // Of cached.
    const uint8_t *next_at; // Behind the current entry.
    uintptr_t ahead;        // An address in the next block, to be fetched with the next step.
    uint32_t entry_index;
    uint32_t block_index;
    size_t file_index;
    fe_cached_block *cached; // Referenced; NULL: none.
    fe_open_table *open;     // Of files[file_index], referenced; NULL: none.
    ferric_buffer key;       // size is the prefix's.
    fe_table_cache *cache;
    fe_table_file *const *files;
    size_t count;
    fe_table_file *only; // The referenced file of an iterator over one table, else NULL.
    bool fill;
    bool has_aim; // aimed_block of the current file is where the next seek goes.
    uint32_t aimed_block;
    bool is_lazy;
    unread_place unread; // While it is unread, with the file where that is.
    size_t unread_file;
    ferric_buffer target; // The key of an unread place that has one.
    uint32_t misses;      // Blocks in a row that were not cached.
    fe_block_reader reader;
} table_iterator;

static table_iterator *self_of(fe_iterator *iterator)
{
    return (table_iterator *)(void *)iterator;
}

// ---- Position --------------------------------------------------------------------------------

static uint32_t block_count(const table_iterator *self)
{
    return fe_table_block_count(self->open->table);
}

static FE_NOINLINE void stop(table_iterator *self, ferric_status status)
{
    self->base.is_valid = false;
    self->base.status = status;
}

static void leave_block(table_iterator *self)
{
    fe_cached_block_unref(self->cached);
    self->cached = NULL;
    self->view = NULL;
}

static void leave_file(table_iterator *self)
{
    leave_block(self);
    fe_block_reader_reset(&self->reader);
    fe_open_table_unref(self->open);
    self->open = NULL;
    self->misses = 0;
}

// Each of these returns false after it has stopped the iterator.
static bool enter_file(table_iterator *self, size_t index)
{
    fe_epoch *epoch = fe_table_cache_epoch(self->cache);
    fe_open_table *open;
    ferric_status status;

    if (self->open != NULL && self->file_index == index) return true;
    leave_file(self);
    fe_epoch_enter(epoch);
    status = fe_open_table_find(self->cache, self->files[index], &open);
    if (status == FERRIC_OK) fe_open_table_ref(open);
    fe_epoch_leave(epoch);
    if (status != FERRIC_OK) {
        stop(self, status);
        return false;
    }
    self->open = open;
    self->file_index = index;
    return true;
}

static bool keep_prefix(table_iterator *self)
{
    ferric_status status;

    fe_buffer_clear(&self->key);
    status = fe_buffer_reserve(&self->key, self->view->prefix_size + FE_BLOCK_REST_OVERREAD);
    if (status == FERRIC_OK)
        status = fe_buffer_append(&self->key, self->view->data, self->view->prefix_size);
    if (status == FERRIC_OK) return true;
    leave_block(self);
    stop(self, status);
    return false;
}

static void choose_read_ahead(table_iterator *self, uint32_t block)
{
    if (!self->fill) {
        self->reader.read_ahead = COMPACTION_READ_AHEAD_SIZE;
        return;
    }
    if (self->cached == NULL || block != self->block_index + 1) self->misses = 0;
    self->reader.read_ahead = self->misses >= READ_AHEAD_MISSES ? READ_AHEAD_SIZE : 0;
}

// Begins to fetch the block behind `block`, if it is cached: its first line, and what follows its
// slots, of which it will have about as many as this one. REQUIRES: inside a section.
static void look_ahead(table_iterator *self, uint32_t block, const fe_block *view)
{
    const fe_cached_block *next = NULL;

    if (block + 1 < block_count(self))
        next = fe_block_cache_peek(&self->open->seats[block + 1].home);
    if (next == NULL) {
        self->ahead = (uintptr_t)view->data; // Already here, so fetching it costs nothing.
        return;
    }
    FE_PREFETCH(next);
    self->ahead = (uintptr_t)(next + 1) + view->count * sizeof(fe_block_slot);
}

static inline void fetch_ahead(table_iterator *self, size_t size)
{
    FE_PREFETCH((const void *)self->ahead);
    FE_PREFETCH((const void *)(self->ahead + FE_CACHE_LINE));
    self->ahead += size;
}

static ferric_status reference_block(table_iterator *self, uint32_t block, fe_cached_block **cached)
{
    fe_epoch *epoch = fe_table_cache_epoch(self->cache);
    bool was_cached;
    ferric_status status;

    choose_read_ahead(self, block);
    fe_epoch_enter(epoch);
    status = fe_open_table_block(self->open, block, &self->reader, self->fill, cached, &was_cached);
    if (status == FERRIC_OK) {
        fe_cached_block_ref(*cached);
        look_ahead(self, block, fe_cached_block_view(*cached));
    }
    fe_epoch_leave(epoch);
    self->misses = was_cached ? 0 : self->misses + 1;
    return status;
}

static bool enter_block(table_iterator *self, uint32_t block)
{
    fe_cached_block *cached;
    ferric_status status;

    if (self->cached != NULL && self->block_index == block) return true;
    status = reference_block(self, block, &cached);
    leave_block(self);
    if (status != FERRIC_OK) {
        stop(self, status);
        return false;
    }
    self->cached = cached;
    self->view = fe_cached_block_view(cached);
    self->block_index = block;
    return keep_prefix(self);
}

static FE_NOINLINE bool make_key_room(table_iterator *self, size_t rest_size)
{
    ferric_status status = fe_buffer_reserve(&self->key, rest_size + FE_BLOCK_REST_OVERREAD);

    if (status != FERRIC_OK) stop(self, status);
    return status == FERRIC_OK;
}

// Stands on the entry of the current block that begins at `at`.
static inline void show(table_iterator *self, const uint8_t *at)
{
    fe_block_entry entry;
    uint8_t *rest;

    self->next_at = fe_block_read(self->view, at, &entry);
    if (FE_UNLIKELY(self->key.capacity <
                    self->key.size + entry.rest.size + FE_BLOCK_REST_OVERREAD)) {
        if (!make_key_room(self, entry.rest.size)) return;
    }
    rest = (uint8_t *)self->key.data + self->key.size;
    // Most rests are short, and a copy of fixed size is a register move.
    memcpy(rest, entry.rest.data, FE_BLOCK_REST_OVERREAD);
    if (FE_UNLIKELY(entry.rest.size > FE_BLOCK_REST_OVERREAD))
        memcpy(rest, entry.rest.data, entry.rest.size);
    self->base.entry.key = fe_slice(self->key.data, self->key.size + entry.rest.size);
    self->base.entry.value = entry.value;
    self->base.entry.sequence = entry.sequence;
    self->base.entry.kind = entry.kind;
    self->base.is_valid = true;
}

static void show_entry(table_iterator *self, uint32_t index)
{
    self->entry_index = index;
    show(self, fe_block_entry_address(self->view, index));
}

// Without a look at the slots, which a walk forward does not need.
static void show_first_entry(table_iterator *self)
{
    self->entry_index = 0;
    show(self, self->view->data + self->view->prefix_size);
}

// ---- Moving between blocks and files ---------------------------------------------------------

static void read_first_of_file(table_iterator *self, size_t index)
{
    if (enter_file(self, index) && enter_block(self, 0)) show_first_entry(self);
}

static void read_last_of_file(table_iterator *self, size_t index)
{
    if (enter_file(self, index) && enter_block(self, block_count(self) - 1))
        show_entry(self, self->view->count - 1);
}

static void stand_unread(table_iterator *self, unread_place place, size_t file, ferric_slice key,
                         uint64_t sequence)
{
    self->unread = place;
    self->unread_file = file;
    self->base.entry = (fe_entry){.key = key, .sequence = sequence, .kind = FE_ENTRY_UNREAD};
    self->base.is_valid = true;
}

static void show_first_of_file(table_iterator *self, size_t index)
{
    if (index == self->count) {
        stop(self, FERRIC_OK);
    } else if (self->is_lazy) {
        const fe_table_file *file = self->files[index];
        stand_unread(self, UNREAD_FIRST, index, file->smallest_key, file->smallest_key_sequence);
    } else {
        read_first_of_file(self, index);
    }
}

static void show_last_of_file(table_iterator *self, size_t index)
{
    if (self->is_lazy) {
        const fe_table_file *file = self->files[index];
        stand_unread(self, UNREAD_LAST, index, file->largest_key, file->largest_key_sequence);
    } else {
        read_last_of_file(self, index);
    }
}

static FE_NOINLINE void show_first_of_next_block(table_iterator *self)
{
    if (self->block_index + 1 == block_count(self)) {
        show_first_of_file(self, self->file_index + 1);
    } else if (enter_block(self, self->block_index + 1)) {
        show_first_entry(self);
    }
}

// The last entry before the block `block` of the current file.
static void show_last_before_block(table_iterator *self, uint32_t block)
{
    if (block > 0) {
        if (enter_block(self, block - 1)) show_entry(self, self->view->count - 1);
    } else if (self->file_index > 0) {
        show_last_of_file(self, self->file_index - 1);
    } else {
        stop(self, FERRIC_OK);
    }
}

// The first file whose last entry is not before (key, sequence); count when there is none.
static size_t find_file(const table_iterator *self, ferric_slice key, uint64_t sequence)
{
    size_t low = 0;
    size_t high = self->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const fe_table_file *file = self->files[middle];
        if (fe_internal_compare(file->largest_key, file->largest_key_sequence, key, sequence) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// Enters the block where entries that are not before (key, sequence) begin. *entry may be the
// block's count: then they begin with what follows.
typedef enum place_found {
    PLACE_STOPPED = 0,  // The iterator has failed.
    PLACE_BEHIND = 1,   // Behind all entries of all files.
    PLACE_IN_BLOCK = 2, // At *entry of the current block.
} place_found;

static place_found find_block(table_iterator *self, ferric_slice key, uint64_t sequence,
                              uint32_t *block)
{
    size_t file = find_file(self, key, sequence);

    self->base.status = FERRIC_OK;
    if (file == self->count) return PLACE_BEHIND;
    if (!enter_file(self, file)) return PLACE_STOPPED;
    *block = fe_table_find_block(self->open->table, key, sequence);
    if (*block == block_count(self))
        *block -= 1; // Its last entry was found before the target after all.
    return PLACE_IN_BLOCK;
}

static place_found find_place(table_iterator *self, ferric_slice key, uint64_t sequence,
                              uint32_t *entry)
{
    uint32_t block = self->aimed_block;

    if (!self->has_aim) {
        place_found found = find_block(self, key, sequence, &block);
        if (found != PLACE_IN_BLOCK) return found;
    }
    self->has_aim = false;
    if (!enter_block(self, block)) return PLACE_STOPPED;
    *entry = fe_block_lower_bound(self->view, key, sequence);
    return PLACE_IN_BLOCK;
}

static void seek_now(table_iterator *self, ferric_slice key, uint64_t sequence)
{
    uint32_t entry;

    switch (find_place(self, key, sequence, &entry)) {
    case PLACE_STOPPED:
        break;
    case PLACE_BEHIND:
        stop(self, FERRIC_OK);
        break;
    case PLACE_IN_BLOCK:
        if (entry < self->view->count) {
            show_entry(self, entry);
        } else {
            show_first_of_next_block(self);
        }
        break;
    }
}

static void seek_before_now(table_iterator *self, ferric_slice key, uint64_t sequence)
{
    uint32_t entry;

    switch (find_place(self, key, sequence, &entry)) {
    case PLACE_STOPPED:
        break;
    case PLACE_BEHIND:
        show_last_of_file(self, self->count - 1);
        break;
    case PLACE_IN_BLOCK:
        if (entry > 0) {
            show_entry(self, entry - 1);
        } else {
            show_last_before_block(self, self->block_index);
        }
        break;
    }
}

// ---- Putting it off --------------------------------------------------------------------------

static void put_off(table_iterator *self, unread_place place, size_t file, ferric_slice key,
                    uint64_t sequence)
{
    ferric_status status = fe_buffer_assign(&self->target, key);

    if (status == FERRIC_OK) {
        stand_unread(self, place, file, fe_buffer_slice(&self->target), sequence);
    } else {
        stop(self, status);
    }
}

// Whether all entries of a file come behind (key, sequence), or at it.
static bool begins_behind(const fe_table_file *file, ferric_slice key, uint64_t sequence)
{
    return fe_internal_compare(file->smallest_key, file->smallest_key_sequence, key, sequence) >= 0;
}

static void seek_lazily(table_iterator *self, ferric_slice key, uint64_t sequence)
{
    size_t file = find_file(self, key, sequence);

    self->base.status = FERRIC_OK;
    if (file == self->count || begins_behind(self->files[file], key, sequence)) {
        show_first_of_file(self, file);
    } else {
        put_off(self, UNREAD_FROM, file, key, sequence);
    }
}

static void seek_before_lazily(table_iterator *self, ferric_slice key, uint64_t sequence)
{
    size_t file = find_file(self, key, sequence);

    self->base.status = FERRIC_OK;
    if (file < self->count && !begins_behind(self->files[file], key, sequence)) {
        put_off(self, UNREAD_BEFORE, file, key, sequence);
    } else if (file > 0) {
        show_last_of_file(self, file - 1);
    } else {
        stop(self, FERRIC_OK);
    }
}

static void table_iterator_arrive(fe_iterator *iterator)
{
    table_iterator *self = self_of(iterator);
    ferric_slice target = fe_buffer_slice(&self->target);

    switch (self->unread) {
    case UNREAD_FIRST:
        read_first_of_file(self, self->unread_file);
        break;
    case UNREAD_LAST:
        read_last_of_file(self, self->unread_file);
        break;
    case UNREAD_FROM:
        seek_now(self, target, iterator->entry.sequence);
        break;
    case UNREAD_BEFORE:
        seek_before_now(self, target, iterator->entry.sequence);
        break;
    }
}

// ---- fe_iterator -----------------------------------------------------------------------------

static void table_iterator_seek(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    table_iterator *self = self_of(iterator);

    if (self->is_lazy) {
        seek_lazily(self, key, sequence);
    } else {
        seek_now(self, key, sequence);
    }
}

static void table_iterator_seek_before(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    table_iterator *self = self_of(iterator);

    if (self->is_lazy) {
        seek_before_lazily(self, key, sequence);
    } else {
        seek_before_now(self, key, sequence);
    }
}

static void table_iterator_aim(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    table_iterator *self = self_of(iterator);

    if (self->is_lazy) return;
    self->has_aim = find_block(self, key, sequence, &self->aimed_block) == PLACE_IN_BLOCK;
    if (self->has_aim) FE_PREFETCH(&self->open->seats[self->aimed_block]);
}

static void table_iterator_approach(fe_iterator *iterator)
{
    table_iterator *self = self_of(iterator);
    fe_epoch *epoch = fe_table_cache_epoch(self->cache);
    const fe_cached_block *cached;

    if (!self->has_aim) return;
    fe_epoch_enter(epoch);
    cached = fe_block_cache_peek(&self->open->seats[self->aimed_block].home);
    if (cached != NULL) {
        FE_PREFETCH(cached);
        fe_cached_block_fetch_slots(cached);
    }
    fe_epoch_leave(epoch);
}

static void table_iterator_first(fe_iterator *iterator)
{
    table_iterator *self = self_of(iterator);

    iterator->status = FERRIC_OK;
    show_first_of_file(self, 0);
}

static void table_iterator_last(fe_iterator *iterator)
{
    table_iterator *self = self_of(iterator);

    iterator->status = FERRIC_OK;
    show_last_of_file(self, self->count - 1);
}

static void table_iterator_next(fe_iterator *iterator)
{
    table_iterator *self = self_of(iterator);

    if (FE_LIKELY(++self->entry_index < self->view->count)) {
        const uint8_t *at = self->next_at;
        show(self, at);
        fetch_ahead(self, (size_t)(self->next_at - at));
    } else {
        show_first_of_next_block(self);
    }
}

static void table_iterator_prev(fe_iterator *iterator)
{
    table_iterator *self = self_of(iterator);

    if (FE_LIKELY(self->entry_index > 0)) {
        show_entry(self, self->entry_index - 1);
    } else {
        show_last_before_block(self, self->block_index);
    }
}

static bool is_older(const fe_table_file *file, uint64_t sequence)
{
    return file->largest_sequence < sequence || FE_SEEDED_BUG(FE_BUG_LEAP_PASSES_NEWER);
}

static size_t current_file(const table_iterator *self)
{
    return fe_iterator_is_unread(&self->base) ? self->unread_file : self->file_index;
}

// Whole tables that are older go by unread; a table that may have something newer is walked.
static void table_iterator_leap(fe_iterator *iterator, ferric_slice upper, uint64_t sequence)
{
    table_iterator *self = self_of(iterator);
    size_t begin = current_file(self);
    size_t file = begin;

    while (file < self->count && is_older(self->files[file], sequence) &&
           fe_table_file_ends_before(self->files[file], upper)) {
        file++;
    }
    if (file < self->count && is_older(self->files[file], sequence)) {
        table_iterator_seek(iterator, upper, FE_SEQUENCE_MAX);
    } else if (file > begin) {
        iterator->status = FERRIC_OK;
        show_first_of_file(self, file);
    } else if (fe_iterator_is_unread(iterator)) {
        table_iterator_arrive(iterator);
    } else {
        table_iterator_next(iterator);
    }
}

static void table_iterator_leap_back(fe_iterator *iterator, ferric_slice lower, uint64_t sequence)
{
    table_iterator *self = self_of(iterator);
    size_t begin = current_file(self);
    size_t left = begin + 1; // Files that are not passed.

    while (left > 0 && is_older(self->files[left - 1], sequence) &&
           fe_slice_compare(self->files[left - 1]->smallest_key, lower) >= 0) {
        left--;
    }
    if (left == 0) {
        stop(self, FERRIC_OK);
    } else if (is_older(self->files[left - 1], sequence)) {
        table_iterator_seek_before(iterator, lower, FE_SEQUENCE_MAX);
    } else if (left <= begin) {
        iterator->status = FERRIC_OK;
        show_last_of_file(self, left - 1);
    } else if (fe_iterator_is_unread(iterator)) {
        table_iterator_arrive(iterator);
    } else {
        table_iterator_prev(iterator);
    }
}

static void table_iterator_destroy(fe_iterator *iterator)
{
    table_iterator *self = self_of(iterator);

    leave_file(self);
    fe_block_reader_deinit(&self->reader);
    fe_buffer_deinit(&self->key);
    fe_buffer_deinit(&self->target);
    if (self->only != NULL && fe_table_file_unref(self->only))
        fe_table_cache_discard(self->cache, self->only);
    fe_free(self);
}

static const fe_iterator_ops table_iterator_ops = {
    .aim = table_iterator_aim,
    .approach = table_iterator_approach,
    .seek = table_iterator_seek,
    .seek_before = table_iterator_seek_before,
    .first = table_iterator_first,
    .last = table_iterator_last,
    .next = table_iterator_next,
    .prev = table_iterator_prev,
    .leap = table_iterator_leap,
    .leap_back = table_iterator_leap_back,
    .arrive = table_iterator_arrive,
    .destroy = table_iterator_destroy,
};

// ---- Create ----------------------------------------------------------------------------------

static ferric_status create(fe_table_cache *cache, bool fill, table_iterator **created)
{
    table_iterator *self = fe_alloc_zero(1, sizeof *self);

    *created = self;
    if (self == NULL) return fe_no_memory("table iterator", sizeof *self);
    self->base.ops = &table_iterator_ops;
    self->cache = cache;
    self->fill = fill;
    return FERRIC_OK;
}

ferric_status fe_table_iterator_create(fe_table_cache *cache, fe_table_file *file, bool fill,
                                       fe_iterator **iterator)
{
    table_iterator *created;
    ferric_status status = create(cache, fill, &created);

    *iterator = NULL;
    if (status != FERRIC_OK) return status;
    fe_table_file_ref(file);
    created->only = file;
    created->files = &created->only;
    created->count = 1;
    *iterator = &created->base;
    return FERRIC_OK;
}

ferric_status fe_level_iterator_create(fe_table_cache *cache, fe_table_file *const *files,
                                       size_t count, bool fill, fe_iterator **iterator)
{
    table_iterator *created;
    ferric_status status = create(cache, fill, &created);

    *iterator = NULL;
    if (status != FERRIC_OK) return status;
    created->files = files;
    created->count = count;
    *iterator = &created->base;
    return FERRIC_OK;
}

void fe_table_iterator_make_lazy(fe_iterator *iterator)
{
    self_of(iterator)->is_lazy = true;
}
