// SPDX-License-Identifier: Apache-2.0
// A skip list whose links carry codes of keys; its idea and invariants stand in the header.
#include "lsm/skiplist.h"

#include <assert.h>

#include "base/seeded_bug.h"

// Few enough to be searched, and one more to be put between them, within the nearest cache.
#define GUIDES_MAX 8192
// Nodes of less height are so many that keeping their guides in order would cost more than the
// search. With more nodes than this in all, the height of a guide grows.
#define GUIDE_HEIGHT_MIN 3
#define ENTRY_SIZE_USUAL 64
// Behind more guides than this with the target's code, the way from the last one before them may
// be longer than that from the head.
#define ALIKE_MAX 8
// Whoever seeks an old version of a key walks over no more newer ones than this.
#define CHAIN_MAX 32
// Any number does: the same inserts then make the same list, so that a run can be repeated.
#define HEIGHT_SEED 0x5eed
#define LINK_BITS 64

// What a search looks for. Links to keys that certainly are before it are smaller than `low`, those
// to keys that certainly are not, greater than `high`.
typedef struct target {
    ferric_slice key;
    uint64_t sequence;
    uint64_t low;  // Its code, where a link has it.
    uint64_t high; // With all bits of the offset set.
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

// The writer may change what readers may not.
static fe_skiplist_node *node_of(fe_skiplist *list, fe_skiplist_ref ref)
{
    return (fe_skiplist_node *)(void *)(list->base + (size_t)ref * FE_SKIPLIST_UNIT);
}

static fe_skiplist_seat *seat_of(fe_skiplist *list, fe_skiplist_ref version)
{
    return (fe_skiplist_seat *)(void *)(list->base + (size_t)version * FE_SKIPLIST_UNIT) - 1;
}

static fe_skiplist_ref ref_of(const fe_skiplist *list, uint64_t link)
{
    return (fe_skiplist_ref)(link & fe_skiplist_offset_mask(list));
}

// S5.
static uint64_t end_link(const fe_skiplist *list)
{
    return (((uint64_t)1 << list->code.bits) - 1) << list->offset_bits;
}

static target target_of(const fe_skiplist *list, ferric_slice key, uint64_t sequence)
{
    uint64_t low = fe_key_code_of(&list->code, key) << list->offset_bits;
    target wanted = {key, sequence, low, low | fe_skiplist_offset_mask(list)};
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

// Descends from `begin`, which is before the target and has `level` levels. path[n], where `path`
// is not NULL, is the place's `before` on level n.
//
// place.after is what the last link led to when it was read. To follow place.before again would be
// wrong: a node that is before the target too may meanwhile have come between.
static place find_place_from(const fe_skiplist *list, fe_skiplist_ref begin, uint32_t level,
                             const target *wanted, fe_skiplist_ref *path)
{
    fe_skiplist_ref stop = 0; // A node that is known not to be before `wanted`.
    place found = {.before = begin};

    while (level-- > 0) {
        for (;;) {
            uint64_t link = link_load(list, found.before, level);
            found.after = ref_of(list, link);
            if (link > wanted->high) break;
            if (link >= wanted->low) {
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

static place find_place(const fe_skiplist *list, const target *wanted, fe_skiplist_ref *path)
{
    uint32_t height = atomic_load_explicit(&list->height, memory_order_relaxed);
    return find_place_from(list, list->head, height, wanted, path);
}

// Whether `wanted` belongs right behind `ref` on level 0. REQUIRES: ref is before it.
static bool belongs_behind(const fe_skiplist *list, fe_skiplist_ref ref, const target *wanted)
{
    uint64_t link = link_load(list, ref, 0);
    fe_skiplist_ref behind = ref_of(list, link);
    if (behind == 0 || link > wanted->high) return true;
    return link >= wanted->low && compare_node(list, behind, wanted) > 0;
}

// Tries to make list->path lead to `wanted` without a search, from where the last insert left it:
// ascending runs of keys follow the last node, descending ones (a batch is applied from its last
// entry to its first) come just before it. It has to be right for a node of `height` levels.
static bool path_from_last(fe_skiplist *list, const target *wanted, uint32_t height)
{
    int order;

    if (list->last == 0) return false;
    if (height > list->path_height && !FE_SEEDED_BUG(FE_BUG_PATH_TOO_LOW)) return false;
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

// ---- Guides ---------------------------------------------------------------------------------

// Takes memory from the begin of the list's. Returns how many bytes.
static size_t guides_init(fe_skiplist_guides *guides, uint8_t *memory, size_t size)
{
    size_t max = size / FE_SKIPLIST_GUIDES_PART / sizeof *guides->links;
    size_t expected = size / ENTRY_SIZE_USUAL >> 2 * (GUIDE_HEIGHT_MIN - 1);

    guides->links = (uint64_t *)(void *)memory;
    guides->max = (uint32_t)(max < GUIDES_MAX ? max : GUIDES_MAX);
    for (guides->height = GUIDE_HEIGHT_MIN; expected > GUIDES_MAX; expected >>= 2)
        guides->height++;
    return guides->max * sizeof *guides->links;
}

// How many guides are below a link. The loop has no branch that could be guessed wrong.
static uint32_t guides_below(const fe_skiplist_guides *guides, uint64_t link)
{
    const uint64_t *at = guides->links;
    uint32_t left = guides->count;

    if (left == 0) return 0;
    while (left > 1) {
        uint32_t half = left / 2;
        at += at[half - 1] < link ? half : 0;
        left -= half;
    }
    return (uint32_t)(at - guides->links) + (*at < link);
}

static void guides_add(fe_skiplist_guides *guides, uint64_t link)
{
    uint32_t at;

    if (guides->max == 0) return;
    if (guides->count == guides->max) { // Every other one leads nearly as close.
        guides->count /= 2;
        for (uint32_t i = 0; i < guides->count; i++)
            guides->links[i] = guides->links[2 * i];
    }
    at = guides_below(guides, link);
    memmove(guides->links + at + 1, guides->links + at,
            (guides->count - at) * sizeof *guides->links);
    guides->links[at] = link;
    guides->count++;
}

// The guide from which to search for a node of `height` levels; 0: the head is better, or the only
// one.
static fe_skiplist_ref guide_for(const fe_skiplist *list, const target *wanted, uint32_t height)
{
    const fe_skiplist_guides *guides = &list->guides;
    uint32_t below;

    if (height > guides->height) return 0;
    below = guides_below(guides, wanted->low);
    if (FE_SEEDED_BUG(FE_BUG_GUIDE_NOT_BEFORE) && below < guides->count) below++;
    if (below == 0) return 0;
    if (below + ALIKE_MAX < guides->count && guides->links[below + ALIKE_MAX] <= wanted->high) {
        return 0;
    }
    return ref_of(list, guides->links[below - 1]);
}

// Makes list->path lead to `wanted` on `height` levels at least. Returns whether it is there.
static bool find_path(fe_skiplist *list, const target *wanted, uint32_t height)
{
    fe_skiplist_ref guide = guide_for(list, wanted, height);

    list->path_height = guide == 0 ? FE_SKIPLIST_HEIGHT_MAX : list->guides.height;
    if (guide == 0) return find_place(list, wanted, list->path).is_there;
    return find_place_from(list, guide, list->guides.height, wanted, list->path).is_there;
}

// ---- Inserting ------------------------------------------------------------------------------

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

// Takes arena space for a node behind `height` links, or as much else, and writes all of it but
// those.
static fe_skiplist_ref node_create(fe_skiplist *list, const fe_entry *entry, uint32_t height)
{
    uint32_t used = atomic_load_explicit(&list->used, memory_order_relaxed);
    size_t size = FE_SKIPLIST_NODE_SIZE + entry->key.size + entry->value.size;
    size_t units = height + (size + FE_SKIPLIST_UNIT - 1) / FE_SKIPLIST_UNIT;
    fe_skiplist_ref ref = used + height;
    fe_skiplist_node *node = node_of(list, ref);

    assert(units <= list->end - used);
    node->key_size = (uint32_t)entry->key.size;
    node->value_size = (uint32_t)entry->value.size;
    node->tag = entry->sequence << 8 | (uint64_t)entry->kind;
    atomic_init(&node->chain, 0);
    if (entry->key.size > 0) memcpy(node->bytes, entry->key.data, entry->key.size);
    if (entry->value.size > 0) {
        memcpy(node->bytes + entry->key.size, entry->value.data, entry->value.size);
    }
    atomic_store_explicit(&list->used, used + (uint32_t)units, memory_order_relaxed);
    return ref;
}

void fe_skiplist_init(fe_skiplist *list, uint8_t *base, size_t begin, size_t size,
                      const fe_key_code *code)
{
    uint32_t code_bits;

    assert(begin > 0 && begin % FE_SKIPLIST_UNIT == 0 && size % FE_SKIPLIST_UNIT == 0);
    assert(size / FE_SKIPLIST_UNIT <= FE_SKIPLIST_OLDER);
    memset(list, 0, sizeof *list);
    list->base = base;
    begin += guides_init(&list->guides, base + begin, size - begin);
    assert(size - begin >= FE_SKIPLIST_HEAD_SIZE);
    list->end = (uint32_t)(size / FE_SKIPLIST_UNIT);
    list->head = (uint32_t)(begin / FE_SKIPLIST_UNIT) + FE_SKIPLIST_HEIGHT_MAX;
    list->random.state = HEIGHT_SEED;
    while (((uint64_t)1 << list->offset_bits) < list->end)
        list->offset_bits++;
    code_bits = LINK_BITS - list->offset_bits;
    if (code_bits > FE_KEY_CODE_BITS_MAX) code_bits = FE_KEY_CODE_BITS_MAX;
    if (code == NULL) {
        fe_key_code_init(&list->code, fe_slice(NULL, 0), code_bits);
    } else {
        list->code = *code;
        fe_key_code_fit(&list->code, code_bits);
    }
    list->path_height = FE_SKIPLIST_HEIGHT_MAX;
    atomic_init(&node_of(list, list->head)->chain, 0);
    atomic_init(&list->height, 1);
    atomic_init(&list->used, (uint32_t)((begin + FE_SKIPLIST_HEAD_SIZE) / FE_SKIPLIST_UNIT));
    for (uint32_t level = 0; level < FE_SKIPLIST_HEIGHT_MAX; level++) {
        list->path[level] = list->head;
        atomic_init(fe_skiplist_link(list, list->head, level), end_link(list));
    }
}

// ---- Chains ---------------------------------------------------------------------------------

// Puts a version into the chain of `node` before `older`, which is in it or the node itself, and
// behind `newer`; 0: it is the newest.
static fe_skiplist_ref chain_insert(fe_skiplist *list, fe_skiplist_ref node, fe_skiplist_ref newer,
                                    fe_skiplist_ref older, const fe_entry *entry)
{
    fe_skiplist_ref ref = node_create(list, entry, 1);
    uint32_t behind = older == node ? 1 : seat_of(list, older)->place + 1;

    *seat_of(list, ref) = (fe_skiplist_seat){.node = node, .place = behind};
    atomic_init(&node_of(list, ref)->chain, FE_SKIPLIST_OLDER | older);
    // S7: release.
    if (newer == 0) {
        atomic_store_explicit(&node_of(list, node)->chain, ref, memory_order_release);
    } else {
        atomic_store_explicit(&node_of(list, newer)->chain, FE_SKIPLIST_OLDER | ref,
                              memory_order_release);
    }
    return ref;
}

// Where a chain, entered at its newest version, reaches `sequence`.
typedef struct chain_place {
    fe_skiplist_ref newer; // The last that is newer; 0 when none is.
    fe_skiplist_ref at;    // The first that is not; at the latest the node of the list.
} chain_place;

static chain_place find_in_chain(const fe_skiplist *list, fe_skiplist_ref newest, uint64_t sequence)
{
    chain_place found = {.at = newest};

    while (fe_skiplist_sequence(fe_skiplist_node_at(list, found.at)) > sequence) {
        found.newer = found.at;
        found.at = fe_skiplist_next(list, found.at);
    }
    return found;
}

static bool has_key(const fe_skiplist *list, fe_skiplist_ref ref, ferric_slice key)
{
    return fe_slice_equal(fe_skiplist_key(fe_skiplist_node_at(list, ref)), key);
}

// Whether the entry belongs among the newer versions of the node that the path leads to; *ref is
// then its own, or 0: it is there already.
static bool insert_among_newer(fe_skiplist *list, const target *wanted, const fe_entry *entry,
                               fe_skiplist_ref *ref)
{
    uint64_t link = link_load(list, list->path[0], 0);
    fe_skiplist_ref node = ref_of(list, link);
    fe_skiplist_ref newest;
    chain_place found;

    if (link < wanted->low || link > wanted->high || node == 0) return false;
    newest = fe_skiplist_newest(list, node);
    if (fe_skiplist_sequence(fe_skiplist_node_at(list, newest)) < entry->sequence) return false;
    if (!has_key(list, node, entry->key)) return false;
    found = find_in_chain(list, newest, entry->sequence);
    *ref = 0;
    if (fe_skiplist_sequence(fe_skiplist_node_at(list, found.at)) < entry->sequence)
        *ref = chain_insert(list, node, found.newer, found.at, entry);
    return true;
}

fe_skiplist_ref fe_skiplist_insert_newer(fe_skiplist *list, fe_skiplist_ref newest,
                                         const fe_entry *entry)
{
    const fe_skiplist_node *known = fe_skiplist_node_at(list, newest);
    uint32_t chain = atomic_load_explicit(&known->chain, memory_order_relaxed);

    assert(fe_slice_equal(fe_skiplist_key(known), entry->key));
    assert(fe_skiplist_sequence(known) < entry->sequence);
    if (chain == 0) return chain_insert(list, newest, 0, newest, entry);
    assert((chain & FE_SKIPLIST_OLDER) != 0);
    if (seat_of(list, newest)->place >= CHAIN_MAX) return fe_skiplist_insert(list, entry);
    return chain_insert(list, seat_of(list, newest)->node, 0, newest, entry);
}

fe_skiplist_ref fe_skiplist_insert(fe_skiplist *list, const fe_entry *entry)
{
    target wanted = target_of(list, entry->key, entry->sequence);
    uint32_t height = height_draw(list);
    fe_skiplist_ref ref;

    assert(entry->sequence <= FE_SEQUENCE_MAX);
    assert(entry->key.size <= UINT32_MAX && entry->value.size <= UINT32_MAX);
    if (!path_from_last(list, &wanted, height) && find_path(list, &wanted, height)) {
        list->last = 0; // The path no longer belongs to it.
        return 0;
    }
    if (insert_among_newer(list, &wanted, entry, &ref)) {
        list->last = 0;
        return ref;
    }
    ref = node_create(list, entry, height);
    for (uint32_t level = 0; level < height; level++) {
        uint64_t behind = link_load(list, list->path[level], level);
        atomic_init(fe_skiplist_link(list, ref, level), behind);
        link_publish(list, list->path[level], level, wanted.low | ref);
    }
    if (height >= list->guides.height) guides_add(&list->guides, wanted.low | ref);
    if (height > atomic_load_explicit(&list->height, memory_order_relaxed)) {
        // A reader that sees the old height only searches longer, so relaxed will do.
        atomic_store_explicit(&list->height, height, memory_order_relaxed);
    }
    list->last = ref;
    list->last_height = height;
    return ref;
}

// ---- Searching ------------------------------------------------------------------------------

// A chain is entered where it was seen to begin: a version that comes meanwhile may be newer than
// what is sought.
fe_skiplist_ref fe_skiplist_seek(const fe_skiplist *list, ferric_slice key, uint64_t sequence)
{
    target wanted = target_of(list, key, sequence);
    place found = find_place(list, &wanted, NULL);
    uint32_t newest = found.after == 0 ? 0 : fe_skiplist_chain(list, found.after);

    if (FE_SEEDED_BUG(FE_BUG_SEEK_LINK_READ_AGAIN)) return fe_skiplist_next(list, found.before);
    if (newest == 0) return found.after;
    if (FE_SEEDED_BUG(FE_BUG_CHAIN_NOT_WALKED) || !has_key(list, newest, key)) return newest;
    return find_in_chain(list, newest, sequence).at;
}

fe_skiplist_ref fe_skiplist_seek_before(const fe_skiplist *list, ferric_slice key,
                                        uint64_t sequence)
{
    target wanted = target_of(list, key, sequence);
    place found = find_place(list, &wanted, NULL);
    uint32_t newest = found.after == 0 ? 0 : fe_skiplist_chain(list, found.after);
    fe_skiplist_ref newer = 0;

    if (newest != 0 && has_key(list, newest, key) && !FE_SEEDED_BUG(FE_BUG_CHAIN_PASSED_BACK)) {
        newer = find_in_chain(list, newest, sequence).newer;
    }
    if (newer != 0) return newer;
    return found.before == list->head ? 0 : found.before;
}

fe_skiplist_ref fe_skiplist_last(const fe_skiplist *list)
{
    uint32_t level = atomic_load_explicit(&list->height, memory_order_relaxed);
    fe_skiplist_ref last = list->head;

    while (level-- > 0) {
        for (;;) {
            fe_skiplist_ref next = ref_of(list, link_load(list, last, level));
            if (next == 0) break;
            last = next;
        }
    }
    return last == list->head ? 0 : last;
}

// ---- Learning -------------------------------------------------------------------------------

// The first `max` keys of a level. Returns how many they are, or more than `max`: there are more.
static size_t keys_of_level(const fe_skiplist *list, uint32_t level, ferric_slice *keys, size_t max)
{
    fe_skiplist_ref at = ref_of(list, link_load(list, list->head, level));
    size_t count = 0;

    for (; at != 0 && count < max; at = ref_of(list, link_load(list, at, level)))
        keys[count++] = fe_skiplist_key(fe_skiplist_node_at(list, at));
    return at == 0 ? count : max + 1;
}

void fe_skiplist_learn(const fe_skiplist *list, fe_key_code *code)
{
    ferric_slice keys[FE_KEY_CODE_SAMPLES_MAX];
    uint32_t height = atomic_load_explicit(&list->height, memory_order_relaxed);
    uint32_t level = height;
    size_t count = 0;

    // The lowest level that has few enough: its keys come from everywhere.
    while (level > 0 && count <= FE_KEY_CODE_SAMPLES_MAX)
        count = keys_of_level(list, --level, keys, FE_KEY_CODE_SAMPLES_MAX);
    if (count > FE_KEY_CODE_SAMPLES_MAX) {
        count = level + 1 < height ? keys_of_level(list, level + 1, keys, FE_KEY_CODE_SAMPLES_MAX)
                                   : FE_KEY_CODE_SAMPLES_MAX;
    }
    fe_key_code_learn(code, keys, count, list->code.bits);
}
