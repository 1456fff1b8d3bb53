// SPDX-License-Identifier: Apache-2.0
// A skip list of entries in internal order (Pugh, "Skip Lists", 1990; branching 4), in an arena of
// fixed size that is addressed by 32-bit offsets of 8-byte units.
//
//                 offset of a node points here
//                 v
//   ... link 1 | link 0 | sequence << 8 | kind | sizes u32, u32, chain u32 | key | value | pad
//
//   link: code of the next node's key (S4) | the next node's offset, so that most steps of a search
//         compare without touching the next node. The offset has as many bits as the arena needs,
//         the code has the others. Links stand before the node's offset, the lowest nearest, so
//         that a step touches one cache line.
//
// Invariants
// S1. One writer at a time; any number of readers beside it, who take no lock.
// S2. A node is never changed or freed once linked, but for its links.
// S3. A node is fully written before the release store that links it, level 0 first, then upwards;
//     readers load links with acquire. So who finds a node finds it whole, and who finds it on
//     level n finds it on every level below.
// S4. How keys are coded (lsm/key_code.h) is chosen at birth. Codes never contradict the order of
//     keys, and equal codes are decided by the whole keys.
// S5. The last link of a level has offset 0 and a code of ones, so that a search stops there
//     without a test of its own.
// S6. Guides are links to nodes that have `height` levels at least, in the order of their codes:
//     the writer begins at the last one whose code is below its target's, without the way there
//     over nodes that stand all over the arena. A guide that is missing costs time alone.
// S7. A node of the list may have newer versions of its key in a chain, which have no links and
//     stand before it in order: its `chain` leads to the newest, each one's to the next older, the
//     last one's back to the node. So a key that is written again and again is searched for once.
//     All of a chain are older than the node before, if that one has their key. A version is fully
//     written before the release store that puts it into the chain; readers load with acquire.
#ifndef FERRIC_LSM_SKIPLIST_H
#define FERRIC_LSM_SKIPLIST_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/random.h"
#include "format/internal_key.h"
#include "lsm/key_code.h"

#define FE_SKIPLIST_UNIT 8
#define FE_SKIPLIST_HEIGHT_MAX 12

// A node's offset in units; 0 is no node.
typedef uint32_t fe_skiplist_ref;

typedef struct fe_skiplist_node {
    uint64_t tag; // sequence << 8 | kind
    uint32_t key_size;
    uint32_t value_size;
    _Atomic(uint32_t) chain; // Of a node of the list: the newest version, 0: it is that itself.
                             // Of a version in a chain: FE_SKIPLIST_OLDER and the next older one.
    uint8_t bytes[];
} fe_skiplist_node;

#define FE_SKIPLIST_OLDER ((uint32_t)1 << 31)
#define FE_SKIPLIST_NODE_SIZE offsetof(fe_skiplist_node, bytes)

// What stands before a version in a chain in place of links.
typedef struct fe_skiplist_seat {
    fe_skiplist_ref node; // Of the list.
    uint32_t place;       // So many are behind it in the chain.
} fe_skiplist_seat;

typedef struct fe_skiplist_guides {
    uint64_t *links; // At the begin of the list's memory.
    uint32_t count;
    uint32_t max;
    uint32_t height;
} fe_skiplist_guides;

typedef struct fe_skiplist {
    uint8_t *base; // Where offset 0 is.
    fe_skiplist_ref head;
    uint32_t end;             // Units.
    _Atomic(uint32_t) used;   // Units from the base on, whatever stood there at birth included.
    _Atomic(uint32_t) height; // Highest level in use, at least 1.
    fe_skiplist_ref last;     // The node inserted last, 0 at first. The writer's.
    uint32_t last_height;     // The writer's.
    fe_skiplist_ref
        path[FE_SKIPLIST_HEIGHT_MAX]; // Nodes before `last` on each level. The writer's.
    uint32_t path_height;             // So many levels of the path are right. The writer's.
    fe_skiplist_guides guides;        // The writer's.
    fe_random random;
    uint32_t offset_bits; // Of a link.
    fe_key_code code;     // Its bits are those above.
} fe_skiplist;

// Makes an empty list in the `size` bytes at `base`, of which the first `begin` belong to somebody
// else. Both are multiples of 8, `base` is 8-byte aligned, size is below 16 GiB. The code is
// copied; NULL: nothing is known of the keys. Guides take what 1 of FE_SKIPLIST_GUIDES_PART bytes
// has. REQUIRES: room for them and FE_SKIPLIST_HEAD_SIZE bytes, begin > 0.
#define FE_SKIPLIST_GUIDES_PART 128
#define FE_SKIPLIST_HEAD_SIZE (FE_SKIPLIST_HEIGHT_MAX * 8 + sizeof(fe_skiplist_node))
void fe_skiplist_init(fe_skiplist *list, uint8_t *base, size_t begin, size_t size,
                      const fe_key_code *code);

// Learns a code for a list of this size from the keys of this one.
void fe_skiplist_learn(const fe_skiplist *list, fe_key_code *code);

// Upper bound of the bytes that one entry takes.
static inline size_t fe_skiplist_cost(size_t key_size, size_t value_size)
{
    return FE_SKIPLIST_HEIGHT_MAX * 8 + FE_SKIPLIST_NODE_SIZE + key_size + value_size + 7;
}

// Bytes that are not taken yet. For the writer.
static inline size_t fe_skiplist_room(const fe_skiplist *list)
{
    uint32_t used = atomic_load_explicit(&list->used, memory_order_relaxed);
    return (size_t)(list->end - used) * FE_SKIPLIST_UNIT;
}

// Inserts a copy of `entry` and returns its node; 0 when (key, sequence) is there already.
// Keys that follow, or just precede, the one inserted before cost no search.
// REQUIRES: room for its cost; the caller is the one writer.
fe_skiplist_ref fe_skiplist_insert(fe_skiplist *list, const fe_entry *entry);
// The same for who knows the newest version of the entry's key, `newest`, which is older than the
// entry: without a search, but for one of many times, which keeps chains short.
fe_skiplist_ref fe_skiplist_insert_newer(fe_skiplist *list, fe_skiplist_ref newest,
                                         const fe_entry *entry);

// The first node that is not before (key, sequence); 0 when all are.
fe_skiplist_ref fe_skiplist_seek(const fe_skiplist *list, ferric_slice key, uint64_t sequence);
// The last node before (key, sequence); 0 when none is.
fe_skiplist_ref fe_skiplist_seek_before(const fe_skiplist *list, ferric_slice key,
                                        uint64_t sequence);
fe_skiplist_ref fe_skiplist_last(const fe_skiplist *list);

static inline const fe_skiplist_node *fe_skiplist_node_at(const fe_skiplist *list,
                                                          fe_skiplist_ref ref)
{
    return (const fe_skiplist_node *)(const void *)(list->base + (size_t)ref * FE_SKIPLIST_UNIT);
}

static inline _Atomic(uint64_t) *fe_skiplist_link(const fe_skiplist *list, fe_skiplist_ref ref,
                                                  uint32_t level)
{
    return (_Atomic(uint64_t) *)(void *)(list->base + (size_t)ref * FE_SKIPLIST_UNIT) - 1 - level;
}

// The bits of a link that are an offset.
static inline uint64_t fe_skiplist_offset_mask(const fe_skiplist *list)
{
    return ((uint64_t)1 << list->offset_bits) - 1;
}

// Pairs with the release store of S7.
static inline uint32_t fe_skiplist_chain(const fe_skiplist *list, fe_skiplist_ref ref)
{
    return atomic_load_explicit(&fe_skiplist_node_at(list, ref)->chain, memory_order_acquire);
}

// The first in order of a node of the list and its chain; 0 for 0.
static inline fe_skiplist_ref fe_skiplist_newest(const fe_skiplist *list, fe_skiplist_ref node)
{
    uint32_t chain = node == 0 ? 0 : fe_skiplist_chain(list, node);
    return chain != 0 ? chain : node;
}

// The entry behind `ref`, 0 at the end. Pairs with the release store of S3.
static inline fe_skiplist_ref fe_skiplist_next(const fe_skiplist *list, fe_skiplist_ref ref)
{
    uint32_t chain = fe_skiplist_chain(list, ref);
    uint64_t link;

    if ((chain & FE_SKIPLIST_OLDER) != 0) return chain & ~FE_SKIPLIST_OLDER;
    link = atomic_load_explicit(fe_skiplist_link(list, ref, 0), memory_order_acquire);
    return fe_skiplist_newest(list, (fe_skiplist_ref)(link & fe_skiplist_offset_mask(list)));
}

static inline fe_skiplist_ref fe_skiplist_first(const fe_skiplist *list)
{
    return fe_skiplist_next(list, list->head);
}

static inline ferric_slice fe_skiplist_key(const fe_skiplist_node *node)
{
    return fe_slice(node->bytes, node->key_size);
}

static inline uint64_t fe_skiplist_sequence(const fe_skiplist_node *node)
{
    return node->tag >> 8;
}

// The slices live as long as the arena.
static inline void fe_skiplist_entry(const fe_skiplist_node *node, fe_entry *entry)
{
    entry->key = fe_skiplist_key(node);
    entry->value = fe_slice(node->bytes + node->key_size, node->value_size);
    entry->sequence = fe_skiplist_sequence(node);
    entry->kind = (fe_entry_kind)(node->tag & 0xff);
}

#endif
