// SPDX-License-Identifier: Apache-2.0
// A skip list whose links carry key prefixes; its idea and invariants stand in the header.
#include "lsm/skiplist.h"

#include <assert.h>

#include "base/coding.h"
#include "base/compiler.h"
#include "base/seeded_bug.h"

#define PREFIX_SIZE 4
// S5: what the last link of every level is.
#define LINK_END ((uint64_t)UINT32_MAX << 32)
// Any number does: the same inserts then make the same list, so that a run can be repeated.
#define HEIGHT_SEED 0x5eed

// What a search looks for.
typedef struct target {
    ferric_slice key;
    uint64_t sequence;
    uint32_t prefix;
} target;

// S3 and S5 rest on these two: a link is published with release, and followed with acquire.
static uint64_t link_load(const fe_skiplist *list, fe_skiplist_ref ref, uint32_t level)
{
    return atomic_load_explicit(fe_skiplist_link(list, ref, level), memory_order_acquire);
}

static void link_publish(fe_skiplist *list, fe_skiplist_ref ref, uint32_t level, uint64_t link)
{
    atomic_store_explicit(fe_skiplist_link(list, ref, level), link, memory_order_release);
}

static uint32_t link_prefix(uint64_t link)
{
    return (uint32_t)(link >> 32);
}

static uint64_t link_of(uint32_t prefix, fe_skiplist_ref ref)
{
    return (uint64_t)prefix << 32 | ref;
}

// S4.
static uint32_t prefix_of(const fe_skiplist *list, ferric_slice key)
{
    ferric_slice anchor = fe_slice(list->anchor, list->anchor_size);
    uint8_t bytes[PREFIX_SIZE] = {0};
    size_t rest;

    if (!fe_slice_has_prefix(key, anchor)) {
        return fe_slice_compare(key, anchor) < 0 ? 0 : UINT32_MAX;
    }
    rest = key.size - anchor.size;
    if (rest >= PREFIX_SIZE) return fe_get_u32_ordered(fe_slice_bytes(key) + anchor.size);
    if (rest > 0) memcpy(bytes, fe_slice_bytes(key) + anchor.size, rest);
    return fe_get_u32_ordered(bytes);
}

static target target_of(const fe_skiplist *list, ferric_slice key, uint64_t sequence)
{
    target wanted = {key, sequence, prefix_of(list, key)};
    return wanted;
}

static int compare_node(const fe_skiplist *list, fe_skiplist_ref ref, const target *wanted)
{
    const fe_skiplist_node *node = fe_skiplist_node_at(list, ref);
    return fe_internal_compare(fe_skiplist_key(node), fe_skiplist_sequence(node), wanted->key,
                               wanted->sequence);
}

// Between which two nodes a search ended.
typedef struct place {
    fe_skiplist_ref before; // The last that is before the target; the head when none is.
    fe_skiplist_ref after;  // The first that is not; 0 when all are.
    bool is_there;          // `after` is equal to the target.
} place;

// Descends from the head. path[n], where `path` is not NULL, is the place's `before` on level n.
//
// place.after is what the last link led to when it was read. To follow place.before again would be
// wrong: a node that is before the target too may meanwhile have come between.
static place find_place(const fe_skiplist *list, const target *wanted, fe_skiplist_ref *path)
{
    uint32_t level = atomic_load_explicit(&list->height, memory_order_relaxed);
    fe_skiplist_ref stop = 0; // A node that is known not to be before `wanted`.
    place found = {.before = list->head};

    while (level-- > 0) {
        for (;;) {
            uint64_t link = link_load(list, found.before, level);
            found.after = (fe_skiplist_ref)link;
            if (link_prefix(link) > wanted->prefix) break;
            if (link_prefix(link) == wanted->prefix) {
                int order;
                if (found.after == 0 || found.after == stop) break;
                order = compare_node(list, found.after, wanted);
                if (order >= 0) {
                    found.is_there = order == 0;
                    stop = found.after;
                    break;
                }
            }
            found.before = found.after;
        }
        if (path != NULL) path[level] = found.before;
    }
    return found;
}

// Whether `wanted` belongs right behind `ref` on level 0. REQUIRES: ref is before it.
static bool belongs_behind(const fe_skiplist *list, fe_skiplist_ref ref, const target *wanted)
{
    uint64_t link = link_load(list, ref, 0);
    if ((fe_skiplist_ref)link == 0) return true;
    if (link_prefix(link) != wanted->prefix) return link_prefix(link) > wanted->prefix;
    return compare_node(list, (fe_skiplist_ref)link, wanted) > 0;
}

// Tries to make list->path lead to `wanted` without a search, from where the last insert left it:
// ascending runs of keys follow the last node, descending ones (a batch is applied from its last
// entry to its first) come just before it.
static bool path_from_last(fe_skiplist *list, const target *wanted)
{
    int order;

    if (list->last == 0) return false;
    order = compare_node(list, list->last, wanted);
    if (order < 0) {
        if (!belongs_behind(list, list->last, wanted)) return false;
        for (uint32_t level = 0; level < list->last_height; level++)
            list->path[level] = list->last;
        return true;
    }
    // Nothing stands between path[0] and the last node.
    return order > 0 &&
           (list->path[0] == list->head || compare_node(list, list->path[0], wanted) < 0);
}

// Branching 4: a node reaches each next level with a chance of 1/4.
static uint32_t height_draw(fe_skiplist *list)
{
    uint64_t bits = fe_random_next(&list->random);
    uint32_t height = 1;
    while (height < FE_SKIPLIST_HEIGHT_MAX && (bits & 3) == 0) {
        bits >>= 2;
        height++;
    }
    return height;
}

// Takes arena space for a node with `height` links and writes all of it but the links.
static fe_skiplist_ref node_create(fe_skiplist *list, const fe_entry *entry, uint32_t height)
{
    uint32_t used = atomic_load_explicit(&list->used, memory_order_relaxed);
    size_t size = sizeof(fe_skiplist_node) + entry->key.size + entry->value.size;
    size_t units = height + (size + FE_SKIPLIST_UNIT - 1) / FE_SKIPLIST_UNIT;
    fe_skiplist_ref ref = used + height;
    fe_skiplist_node *node = (void *)(list->base + (size_t)ref * FE_SKIPLIST_UNIT);

    assert(units <= list->end - used);
    node->key_size = (uint32_t)entry->key.size;
    node->value_size = (uint32_t)entry->value.size;
    node->tag = entry->sequence << 8 | (uint64_t)entry->kind;
    if (entry->key.size > 0) memcpy(node->bytes, entry->key.data, entry->key.size);
    if (entry->value.size > 0) {
        memcpy(node->bytes + entry->key.size, entry->value.data, entry->value.size);
    }
    atomic_store_explicit(&list->used, used + (uint32_t)units, memory_order_relaxed);
    return ref;
}

void fe_skiplist_init(fe_skiplist *list, uint8_t *base, size_t begin, size_t size,
                      ferric_slice anchor)
{
    assert(begin > 0 && begin % FE_SKIPLIST_UNIT == 0 && size % FE_SKIPLIST_UNIT == 0);
    assert(size / FE_SKIPLIST_UNIT <= UINT32_MAX && size - begin >= FE_SKIPLIST_HEAD_SIZE);
    memset(list, 0, sizeof *list);
    list->base = base;
    list->end = (uint32_t)(size / FE_SKIPLIST_UNIT);
    list->head = (uint32_t)(begin / FE_SKIPLIST_UNIT) + FE_SKIPLIST_HEIGHT_MAX;
    list->random.state = HEIGHT_SEED;
    list->anchor_size =
        (uint32_t)(anchor.size < FE_SKIPLIST_ANCHOR_SIZE_MAX ? anchor.size
                                                             : FE_SKIPLIST_ANCHOR_SIZE_MAX);
    if (list->anchor_size > 0) memcpy(list->anchor, anchor.data, list->anchor_size);
    atomic_init(&list->height, 1);
    atomic_init(&list->used, (uint32_t)((begin + FE_SKIPLIST_HEAD_SIZE) / FE_SKIPLIST_UNIT));
    for (uint32_t level = 0; level < FE_SKIPLIST_HEIGHT_MAX; level++) {
        list->path[level] = list->head;
        atomic_init(fe_skiplist_link(list, list->head, level), LINK_END);
    }
}

fe_skiplist_ref fe_skiplist_insert(fe_skiplist *list, const fe_entry *entry)
{
    target wanted = target_of(list, entry->key, entry->sequence);
    uint32_t height;
    fe_skiplist_ref ref;

    assert(entry->sequence <= FE_SEQUENCE_MAX);
    assert(entry->key.size <= UINT32_MAX && entry->value.size <= UINT32_MAX);
    if (!path_from_last(list, &wanted) && find_place(list, &wanted, list->path).is_there) {
        list->last = 0; // The path no longer belongs to it.
        return 0;
    }
    height = height_draw(list);
    ref = node_create(list, entry, height);
    for (uint32_t level = 0; level < height; level++) {
        uint64_t behind = link_load(list, list->path[level], level);
        atomic_init(fe_skiplist_link(list, ref, level), behind);
        link_publish(list, list->path[level], level, link_of(wanted.prefix, ref));
    }
    if (height > atomic_load_explicit(&list->height, memory_order_relaxed)) {
        // A reader that sees the old height only searches longer, so relaxed will do.
        atomic_store_explicit(&list->height, height, memory_order_relaxed);
    }
    list->last = ref;
    list->last_height = height;
    return ref;
}

fe_skiplist_ref fe_skiplist_seek(const fe_skiplist *list, ferric_slice key, uint64_t sequence)
{
    target wanted = target_of(list, key, sequence);
    place found = find_place(list, &wanted, NULL);
    if (FE_SEEDED_BUG(FE_BUG_SEEK_LINK_READ_AGAIN)) return fe_skiplist_next(list, found.before);
    return found.after;
}

fe_skiplist_ref fe_skiplist_seek_before(const fe_skiplist *list, ferric_slice key,
                                        uint64_t sequence)
{
    target wanted = target_of(list, key, sequence);
    fe_skiplist_ref before = find_place(list, &wanted, NULL).before;
    return before == list->head ? 0 : before;
}

fe_skiplist_ref fe_skiplist_last(const fe_skiplist *list)
{
    uint32_t level = atomic_load_explicit(&list->height, memory_order_relaxed);
    fe_skiplist_ref last = list->head;

    while (level-- > 0) {
        for (;;) {
            fe_skiplist_ref next = (fe_skiplist_ref)link_load(list, last, level);
            if (next == 0) break;
            last = next;
        }
    }
    return last == list->head ? 0 : last;
}
