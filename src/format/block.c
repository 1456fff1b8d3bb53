// SPDX-License-Identifier: Apache-2.0
// Checks a block once and searches it. docs/format/table.md, "Block".
#include "format/block.h"

#include <assert.h>
#include <inttypes.h>

#include "base/seeded_bug.h"
#include "base/status.h"

#define WIDE_SLOTS_FLAG ((uint32_t)1 << 31)
#define NARROW_SLOT_SIZE 2
#define WIDE_SLOT_SIZE 4
#define HEAD_SIZE 4
// Three varints of a byte each.
#define ENTRY_SIZE_MIN 3

static_assert(FE_BLOCK_ENTRY_ROOM_MIN == ENTRY_SIZE_MIN + NARROW_SLOT_SIZE,
              "an entry and its slot");
static_assert(FE_BLOCK_TRAILER_SIZE + NARROW_SLOT_SIZE >= FE_BLOCK_REST_OVERREAD,
              "what follows the last rest makes up for the overread");

// The bytes of a block before they are trusted.
typedef struct block_parts {
    const uint8_t *data;
    const uint8_t *entries_end; // Where the stored slots begin.
    uint64_t base_sequence;
    uint32_t count;
    uint32_t prefix_size;
    bool has_wide_slots;
} block_parts;

// Reads the trailer; false when the parts do not fit into the content.
static bool split(ferric_slice content, block_parts *parts)
{
    const uint8_t *data = fe_slice_bytes(content);
    const uint8_t *trailer;
    size_t room;
    size_t slot_size;
    uint32_t count;

    if (content.size < FE_BLOCK_TRAILER_SIZE || content.size > UINT32_MAX) return false;
    room = content.size - FE_BLOCK_TRAILER_SIZE;
    trailer = data + room;
    count = fe_get_u32(trailer + 10);
    parts->data = data;
    parts->base_sequence = fe_get_u64(trailer);
    parts->prefix_size = fe_get_u16(trailer + 8);
    parts->count = count & ~WIDE_SLOTS_FLAG;
    parts->has_wide_slots = (count & WIDE_SLOTS_FLAG) != 0;
    slot_size = parts->has_wide_slots ? WIDE_SLOT_SIZE : NARROW_SLOT_SIZE;
    if (parts->count == 0 || parts->prefix_size > room) return false;
    if (parts->count > (room - parts->prefix_size) / (slot_size + ENTRY_SIZE_MIN)) return false;
    parts->entries_end = trailer - parts->count * slot_size;
    return parts->has_wide_slots == (parts->entries_end - data > UINT16_MAX);
}

uint32_t fe_block_claimed_count(ferric_slice content)
{
    block_parts parts;

    return split(content, &parts) ? parts.count : 0;
}

static inline uint32_t stored_slot(const block_parts *parts, uint32_t index)
{
    if (parts->has_wide_slots) return fe_get_u32(parts->entries_end + index * WIDE_SLOT_SIZE);
    return fe_get_u16(parts->entries_end + index * NARROW_SLOT_SIZE);
}

static inline bool check_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    fe_decoder decoder = {*at, end, false};

    if (FE_LIKELY(*at < end && **at < 0x80)) {
        *value = *(*at)++;
        return true;
    }
    *value = fe_decode_varint(&decoder);
    *at = decoder.at;
    return !decoder.failed;
}

static inline uint32_t head_of(const uint8_t *rest, size_t size)
{
    uint32_t head = 0;

    if (FE_LIKELY(size >= HEAD_SIZE)) return fe_get_u32_ordered(rest);
    for (size_t i = 0; i < HEAD_SIZE; i++)
        head = head << 8 | (i < size ? rest[i] : 0);
    return head;
}

// Reads the entry at *at, moves behind it, and says what is wrong with it, NULL when nothing is.
static inline const char *check_entry(const block_parts *parts, const uint8_t **at,
                                      fe_block_entry *entry)
{
    const uint8_t *end = parts->entries_end;
    uint64_t rest_size;
    uint64_t value_size;
    uint64_t tag;

    if (!check_varint(at, end, &rest_size) || !check_varint(at, end, &value_size) ||
        !check_varint(at, end, &tag)) {
        return "its header does not fit";
    }
    if (FE_SEEDED_BUG(FE_BUG_BLOCK_LENGTH_OVERFLOW)
            ? rest_size + value_size > (size_t)(end - *at)
            : rest_size > (size_t)(end - *at) || value_size > (size_t)(end - *at) - rest_size)
        return "it does not fit into the block";
    if (rest_size > FE_KEY_SIZE_MAX - parts->prefix_size) return "its key is too long";
    if (tag >> 3 > FE_SEQUENCE_MAX - parts->base_sequence) return "its sequence is too large";
    entry->rest = fe_slice(*at, rest_size);
    entry->value = fe_slice(*at + rest_size, value_size);
    entry->sequence = parts->base_sequence + (tag >> 3);
    entry->kind = (fe_entry_kind)(tag & 7);
    *at += rest_size + value_size;
    if (FE_UNLIKELY(fe_entry_kind_expires(entry->kind)) && !fe_expiry_is_sound(entry->value))
        return "its expiry is none";
    return NULL;
}

// Whether `entry` comes behind `before`, which `head` and `head_before` mostly decide.
static inline bool is_ascending(uint32_t head_before, const fe_block_entry *before, uint32_t head,
                                const fe_block_entry *entry)
{
    if (FE_LIKELY(head_before != head)) return head_before < head;
    return fe_internal_compare(before->rest, before->sequence, entry->rest, entry->sequence) < 0;
}

static FE_NOINLINE ferric_status refuse_entry(const char *path, uint64_t offset, uint32_t index,
                                              const char *reason)
{
    return fe_fail(FERRIC_CORRUPT, "%s: block at offset %" PRIu64 ": entry %" PRIu32 ": %s", path,
                   offset, index, reason);
}

static ferric_status check_entries(const block_parts *parts, fe_block_slot *slots, const char *path,
                                   uint64_t offset)
{
    const uint8_t *at = parts->data + parts->prefix_size;
    fe_block_entry before = {0};

    for (uint32_t i = 0; i < parts->count; i++) {
        fe_block_entry entry;
        const char *reason;

        slots[i].offset = (uint32_t)(at - parts->data);
        if (stored_slot(parts, i) != slots[i].offset)
            return refuse_entry(path, offset, i, "its slot points elsewhere");
        reason = check_entry(parts, &at, &entry);
        if (reason != NULL) return refuse_entry(path, offset, i, reason);
        if (!fe_entry_kind_is_known(entry.kind)) {
            return fe_fail(FERRIC_UNSUPPORTED,
                           "%s: block at offset %" PRIu64 ": entry %" PRIu32
                           " has kind %d, which this library does not know",
                           path, offset, i, (int)entry.kind);
        }
        slots[i].head = head_of(fe_slice_bytes(entry.rest), entry.rest.size);
        if (i > 0 && !is_ascending(slots[i - 1].head, &before, slots[i].head, &entry))
            return refuse_entry(path, offset, i, "it is out of order");
        before = entry;
    }
    if (at == parts->entries_end) return FERRIC_OK;
    return refuse_entry(path, offset, parts->count - 1, "bytes that are no entry follow it");
}

ferric_status fe_block_init(fe_block *block, ferric_slice content, fe_block_slot *slots,
                            const char *path, uint64_t offset)
{
    block_parts parts;
    ferric_status status;

    if (!split(content, &parts) || parts.base_sequence > FE_SEQUENCE_MAX) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: block at offset %" PRIu64 ": its %zu bytes have no valid trailer", path,
                       offset, content.size);
    }
    status = check_entries(&parts, slots, path, offset);
    if (status != FERRIC_OK) return status;
    block->data = parts.data;
    block->slots = slots;
    block->base_sequence = parts.base_sequence;
    block->count = parts.count;
    block->prefix_size = parts.prefix_size;
    return FERRIC_OK;
}

// ---- Search ----------------------------------------------------------------------------------

// The first slot whose head is at least `head`. No branch depends on the data: a random key would
// mispredict every other step. (Arithmetic instead of ?:, which gcc 12 turns back into a branch; it
// halves the time.)
static inline uint32_t head_lower_bound(const fe_block_slot *slots, uint32_t count, uint32_t head)
{
    const fe_block_slot *base = slots;

    while (count > 1) {
        uint32_t half = count / 2;
        base += half & (0 - (uint32_t)(base[half - 1].head < head));
        count -= half;
    }
    return (uint32_t)(base - slots) + (count == 1 && base->head < head);
}

// Whether entry number `index` is before (rest, sequence).
static inline bool is_before(const fe_block *block, uint32_t index, ferric_slice rest,
                             uint64_t sequence)
{
    fe_block_entry entry;

    fe_block_entry_at(block, index, &entry);
    return fe_internal_compare(entry.rest, entry.sequence, rest, sequence) < 0;
}

// Searches behind entry `low`, which is before the target, among entries with the same head.
static FE_NOINLINE uint32_t search_equal_heads(const fe_block *block, uint32_t low, uint32_t head,
                                               ferric_slice rest, uint64_t sequence)
{
    uint32_t high = block->count;

    low++;
    if (head != UINT32_MAX)
        high = low + head_lower_bound(block->slots + low, block->count - low, head + 1);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_before(block, middle, rest, sequence)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// Compares `key` with the common prefix of all keys and cuts it off. Negative (positive): the key
// is before (behind) every key of the block.
static inline int cut_prefix(const fe_block *block, ferric_slice key, ferric_slice *rest)
{
    size_t prefix_size = block->prefix_size;
    size_t common = key.size < prefix_size ? key.size : prefix_size;
    int order = common == 0 ? 0 : memcmp(key.data, block->data, common);

    if (order != 0) return order;
    if (key.size < prefix_size) return -1;
    *rest = fe_slice(key.size == 0 ? key.data : fe_slice_bytes(key) + prefix_size,
                     key.size - prefix_size);
    return 0;
}

static inline uint32_t rest_lower_bound(const fe_block *block, ferric_slice rest, uint64_t sequence)
{
    uint32_t head = head_of(fe_slice_bytes(rest), rest.size);
    uint32_t index = head_lower_bound(block->slots, block->count, head);

    if (index == block->count || block->slots[index].head != head) return index;
    if (!is_before(block, index, rest, sequence)) return index;
    return search_equal_heads(block, index, head, rest, sequence);
}

uint32_t fe_block_lower_bound(const fe_block *block, ferric_slice key, uint64_t sequence)
{
    ferric_slice rest;
    int order = cut_prefix(block, key, &rest);

    if (order != 0) return order < 0 ? 0 : block->count;
    if (FE_SEEDED_BUG(FE_BUG_SEEK_OFF_BY_ONE) &&
        rest_lower_bound(block, rest, sequence) + 1 == block->count) {
        return block->count;
    }
    return rest_lower_bound(block, rest, sequence);
}

bool fe_block_find(const fe_block *block, ferric_slice key, uint64_t sequence,
                   fe_block_entry *entry)
{
    ferric_slice rest;
    uint32_t index;

    if (cut_prefix(block, key, &rest) != 0) return false;
    index = rest_lower_bound(block, rest, sequence);
    if (index == block->count) return false;
    fe_block_entry_at(block, index, entry);
    return fe_slice_equal(entry->rest, rest);
}
