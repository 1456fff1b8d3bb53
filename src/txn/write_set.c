// SPDX-License-Identifier: Apache-2.0
// The skip list of written keys and the two chains of their writes; drawing and invariants stand in
// the header.
#include "txn/write_set.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"

#define ROOM_ALIGNMENT _Alignof(fe_write)

static_assert(_Alignof(fe_written_key) <= ROOM_ALIGNMENT, "keys and writes stand in the same room");

// For each level, the link that leads to the first key not below a key.
typedef struct path {
    fe_written_key **links[FE_WRITE_SET_HEIGHT_MAX];
} path;

static void find_path(fe_write_set *set, ferric_slice key, path *found)
{
    fe_written_key **links = set->first;

    for (uint32_t level = FE_WRITE_SET_HEIGHT_MAX; level-- > 0;) {
        while (links[level] != NULL && fe_slice_compare(links[level]->key, key) < 0)
            links = links[level]->next;
        found->links[level] = &links[level];
    }
}

fe_written_key *fe_write_set_at_or_after(const fe_write_set *set, ferric_slice key)
{
    fe_written_key *const *links = set->first;

    for (uint32_t level = FE_WRITE_SET_HEIGHT_MAX; level-- > 0;) {
        while (links[level] != NULL && fe_slice_compare(links[level]->key, key) < 0)
            links = links[level]->next;
    }
    return links[0];
}

fe_written_key *fe_write_set_before(const fe_write_set *set, ferric_slice key)
{
    fe_written_key *const *links = set->first;
    fe_written_key *found = NULL;

    for (uint32_t level = FE_WRITE_SET_HEIGHT_MAX; level-- > 0;) {
        while (links[level] != NULL && fe_slice_compare(links[level]->key, key) < 0) {
            found = links[level];
            links = found->next;
        }
    }
    return found;
}

fe_written_key *fe_write_set_last(const fe_write_set *set)
{
    fe_written_key *const *links = set->first;
    fe_written_key *found = NULL;

    for (uint32_t level = FE_WRITE_SET_HEIGHT_MAX; level-- > 0;) {
        while (links[level] != NULL) {
            found = links[level];
            links = found->next;
        }
    }
    return found;
}

const fe_write *fe_write_set_find(const fe_write_set *set, ferric_slice key)
{
    const fe_written_key *found;

    if (set->key_count == 0) return NULL;
    found = fe_write_set_at_or_after(set, key);
    return found != NULL && fe_slice_equal(found->key, key) ? found->newest : NULL;
}

// ---- Adding ---------------------------------------------------------------------------------

static uint32_t draw_height(fe_write_set *set)
{
    uint64_t bits = fe_random_next(&set->random);
    uint32_t height = 1;

    while (height < FE_WRITE_SET_HEIGHT_MAX && (bits & 3) == 0) {
        height++;
        bits >>= 2;
    }
    return height;
}

// Memory for a key or a write. NULL: there is none.
static void *take(fe_write_set *set, size_t size)
{
    size_t aligned = (size + ROOM_ALIGNMENT - 1) / ROOM_ALIGNMENT * ROOM_ALIGNMENT;
    void *taken = set->room + set->room_used;

    if (aligned > FE_WRITE_SET_ROOM - set->room_used) return fe_alloc(size);
    set->room_used += aligned;
    return taken;
}

static void give_back(const fe_write_set *set, void *taken)
{
    uintptr_t room = (uintptr_t)set->room;

    if ((uintptr_t)taken - room >= FE_WRITE_SET_ROOM) fe_free(taken);
}

static fe_write *write_create(fe_write_set *set, fe_entry_kind kind, ferric_slice value,
                              uint64_t expires_ms)
{
    size_t prefix = fe_entry_kind_expires(kind) ? FE_EXPIRY_SIZE : 0;
    fe_write *created = take(set, sizeof *created + prefix + value.size);
    uint8_t *bytes = (uint8_t *)(created + 1);

    if (created == NULL) {
        fe_no_memory_message("a write of a transaction", sizeof *created + prefix + value.size);
        return NULL;
    }
    *created = (fe_write){.kind = kind, .value = fe_slice(bytes, prefix + value.size)};
    if (prefix > 0) fe_put_u64(bytes, expires_ms);
    if (value.size > 0) memcpy(bytes + prefix, value.data, value.size);
    return created;
}

static fe_written_key *key_create(fe_write_set *set, ferric_slice key, uint32_t height)
{
    size_t links_size = height * sizeof(fe_written_key *);
    fe_written_key *created = take(set, sizeof *created + links_size + key.size);

    if (created == NULL) {
        fe_no_memory_message("a key of a transaction", sizeof *created + links_size + key.size);
        return NULL;
    }
    created->newest = NULL;
    created->height = height;
    created->key = fe_slice(created->next + height, key.size);
    memcpy(created->next + height, key.data, key.size);
    return created;
}

static size_t key_memory(const fe_written_key *key)
{
    return sizeof *key + key->height * sizeof(fe_written_key *) + key->key.size;
}

static void link_key(fe_write_set *set, fe_written_key *key, const path *at)
{
    for (uint32_t level = 0; level < key->height; level++) {
        key->next[level] = *at->links[level];
        *at->links[level] = key;
    }
    set->key_count++;
    set->bytes += key->key.size;
    set->memory_bytes += key_memory(key);
}

// Takes a write out of both chains. REQUIRES: it is its key's newest.
static void remove_newest_of_key(fe_write_set *set, fe_write *write)
{
    assert(write->key->newest == write);
    write->key->newest = write->older;
    if (write->before != NULL) write->before->behind = write->behind;
    if (write->behind != NULL) write->behind->before = write->before;
    if (set->newest == write) set->newest = write->before;
    set->bytes -= write->value.size;
    set->memory_bytes -= sizeof *write + write->value.size;
    set->range_count -= write->kind == FE_ENTRY_RANGE_DELETE;
    give_back(set, write);
}

static void link_write(fe_write_set *set, fe_written_key *key, fe_write *write)
{
    // W1: nobody can come back to the write before.
    if (key != set->ranges && key->newest != NULL && key->newest->number > set->seen) {
        remove_newest_of_key(set, key->newest);
    }
    write->key = key;
    write->number = ++set->next_number;
    write->older = key->newest;
    write->before = set->newest;
    if (set->newest != NULL) set->newest->behind = write;
    key->newest = write;
    set->newest = write;
    set->bytes += write->value.size;
    set->memory_bytes += sizeof *write + write->value.size;
}

ferric_status fe_write_set_add(fe_write_set *set, fe_entry_kind kind, ferric_slice key,
                               ferric_slice value, uint64_t expires_ms)
{
    path at;
    fe_written_key *written;
    fe_write *write = write_create(set, kind, value, expires_ms);

    if (write == NULL) return FERRIC_NO_MEMORY;
    find_path(set, key, &at);
    written = *at.links[0];
    if (written == NULL || !fe_slice_equal(written->key, key)) {
        written = key_create(set, key, draw_height(set));
        if (written == NULL) {
            give_back(set, write);
            return FERRIC_NO_MEMORY;
        }
        link_key(set, written, &at);
    }
    link_write(set, written, write);
    return FERRIC_OK;
}

// ---- Range deletes --------------------------------------------------------------------------

static ferric_status add_range(fe_write_set *set, ferric_slice lower, ferric_slice upper)
{
    fe_write *write;

    if (set->ranges == NULL) set->ranges = key_create(set, fe_slice("", 0), 0);
    if (set->ranges == NULL) return FERRIC_NO_MEMORY;
    write = take(set, sizeof *write + lower.size + upper.size);
    if (write == NULL)
        return fe_no_memory("a range delete of a transaction", lower.size + upper.size);
    *write = (fe_write){.kind = FE_ENTRY_RANGE_DELETE,
                        .value = fe_slice(write + 1, lower.size + upper.size),
                        .lower_size = lower.size};
    memcpy(write + 1, lower.data, lower.size);
    memcpy((uint8_t *)(write + 1) + lower.size, upper.data, upper.size);
    link_write(set, set->ranges, write);
    set->range_count++;
    return FERRIC_OK;
}

ferric_status fe_write_set_delete_range(fe_write_set *set, ferric_slice lower, ferric_slice upper)
{
    uint64_t mark = fe_write_set_mark(set);
    const fe_written_key *at = fe_write_set_at_or_after(set, lower);
    ferric_status status = add_range(set, lower, upper);

    while (status == FERRIC_OK && at != NULL && fe_slice_compare(at->key, upper) < 0) {
        if (at->newest->kind != FE_ENTRY_DELETE)
            status =
                fe_write_set_add(set, FE_ENTRY_DELETE, at->key, fe_slice(NULL, 0), FE_EXPIRY_NEVER);
        at = at->next[0];
    }
    if (status != FERRIC_OK) (void)fe_write_set_roll_back(set, mark);
    return status;
}

bool fe_write_set_hides(const fe_write_set *set, ferric_slice key)
{
    const fe_write *range = fe_write_set_ranges(set);

    while (range != NULL && (fe_slice_compare(key, fe_write_lower(range)) < 0 ||
                             fe_slice_compare(key, fe_write_upper(range)) >= 0)) {
        range = range->older;
    }
    return range != NULL;
}

// ---- Removing -------------------------------------------------------------------------------

static void unlink_key(fe_write_set *set, fe_written_key *key)
{
    path at;

    find_path(set, key->key, &at);
    for (uint32_t level = 0; level < key->height; level++) {
        assert(*at.links[level] == key);
        *at.links[level] = key->next[level];
    }
    set->key_count--;
    set->bytes -= key->key.size;
    set->memory_bytes -= key_memory(key);
    give_back(set, key);
}

uint64_t fe_write_set_mark(fe_write_set *set)
{
    uint64_t mark = set->newest == NULL ? 0 : set->newest->number;

    if (mark > set->seen) set->seen = mark;
    return mark;
}

static bool is_mark(const fe_write_set *set, uint64_t mark)
{
    const fe_write *write = set->newest;

    while (write != NULL && write->number > mark)
        write = write->before;
    return (write == NULL ? 0 : write->number) == mark;
}

bool fe_write_set_roll_back(fe_write_set *set, uint64_t mark)
{
    if (!is_mark(set, mark)) return false;
    if (FE_SEEDED_BUG(FE_BUG_ROLLBACK_KEEPS_WRITES)) return true;
    while (set->newest != NULL && set->newest->number > mark) {
        fe_written_key *key = set->newest->key;
        remove_newest_of_key(set, set->newest);
        if (key->newest == NULL && key != set->ranges) unlink_key(set, key);
    }
    return true;
}

void fe_write_set_clear(fe_write_set *set)
{
    fe_written_key *key = set->first[0];
    fe_random random;

    while (set->ranges != NULL && set->ranges->newest != NULL)
        remove_newest_of_key(set, set->ranges->newest);
    if (set->ranges != NULL) give_back(set, set->ranges);
    while (key != NULL) {
        fe_written_key *next = key->next[0];
        while (key->newest != NULL)
            remove_newest_of_key(set, key->newest);
        give_back(set, key);
        key = next;
    }
    random = set->random;
    memset(set, 0, offsetof(fe_write_set, room));
    set->random = random;
}
