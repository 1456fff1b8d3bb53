// SPDX-License-Identifier: Apache-2.0
// Learns a code from keys, and codes others with it; what it promises stands in the header.
#include "lsm/key_code.h"

#include <assert.h>
#include <string.h>

#include "base/compiler.h"
#include "base/seeded_bug.h"

#define BYTE_BITS 8

// ---- Coding ---------------------------------------------------------------------------------

// K3. Out of the way: most keys have the anchor.
static FE_NOINLINE uint64_t code_without_anchor(const fe_key_code *code, ferric_slice key)
{
    ferric_slice anchor = fe_slice(code->anchor, code->anchor_size);

    return fe_slice_compare(key, anchor) < 0 ? 0 : ((uint64_t)1 << code->bits) - 1;
}

// K2. `count` bytes behind the anchor, of which one is of a class of several.
static FE_NOINLINE uint64_t code_up_to_shared(const fe_key_code *code, const uint8_t *bytes,
                                              uint32_t count)
{
    uint64_t coded = 0;
    uint32_t i = 0;

    while (i < count) {
        uint32_t class = code->classes[bytes[i++]];
        coded = coded << code->class_bits | (class & ~(uint32_t)FE_KEY_CODE_SHARED);
        if ((class & FE_KEY_CODE_SHARED) != 0 && !FE_SEEDED_BUG(FE_BUG_CODE_GOES_ON)) break;
    }
    return coded << (code->columns - i) * code->class_bits;
}

uint64_t fe_key_code_of(const fe_key_code *code, ferric_slice key)
{
    const uint8_t *bytes;
    uint32_t class_bits = code->class_bits;
    uint32_t count = code->columns;
    uint32_t seen = 0;
    uint64_t coded = 0;

    if (FE_UNLIKELY(!fe_slice_has_prefix(key, fe_slice(code->anchor, code->anchor_size)))) {
        return code_without_anchor(code, key);
    }
    if (key.size == code->anchor_size) return 0;
    bytes = fe_slice_bytes(key) + code->anchor_size;
    if (key.size - code->anchor_size < count) count = (uint32_t)key.size - code->anchor_size;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t class = code->classes[bytes[i]];
        seen |= class;
        coded = coded << class_bits | class;
    }
    if (FE_UNLIKELY((seen & FE_KEY_CODE_SHARED) != 0)) return code_up_to_shared(code, bytes, count);
    return coded << (code->columns - count) * class_bits;
}

// ---- Classes --------------------------------------------------------------------------------

// A set of bytes.
typedef struct byte_set {
    uint64_t words[4];
} byte_set;

static bool has_byte(const byte_set *set, uint32_t byte)
{
    return (set->words[byte / 64] >> byte % 64 & 1) != 0;
}

// How many classes the set makes. Writes them into `classes` unless that is NULL.
static uint32_t make_classes(const byte_set *set, uint16_t *classes)
{
    uint32_t count = 0;

    for (uint32_t byte = 0; byte < 256; count++) {
        uint32_t end = byte + 1;
        bool is_shared = !has_byte(set, byte);
        while (is_shared && end < 256 && !has_byte(set, end))
            end++;
        // A run of one byte tells as much as a byte that was seen.
        is_shared = is_shared && end > byte + 1;
        for (; byte < end; byte++) {
            if (classes != NULL) classes[byte] = (uint16_t)(count | is_shared * FE_KEY_CODE_SHARED);
        }
    }
    return count;
}

static uint32_t bits_for(uint32_t values)
{
    uint32_t bits = 0;
    while (((uint32_t)1 << bits) < values)
        bits++;
    return bits;
}

void fe_key_code_fit(fe_key_code *code, uint32_t bits)
{
    assert(bits >= BYTE_BITS && bits <= FE_KEY_CODE_BITS_MAX);
    assert(code->class_bits > 0);
    code->bits = bits;
    code->columns = bits / code->class_bits;
}

static void set_classes(fe_key_code *code, const byte_set *set, uint32_t bits)
{
    code->class_bits = bits_for(make_classes(set, code->classes));
    fe_key_code_fit(code, bits);
}

static void set_anchor(fe_key_code *code, ferric_slice anchor)
{
    size_t size =
        anchor.size < FE_KEY_CODE_ANCHOR_SIZE_MAX ? anchor.size : FE_KEY_CODE_ANCHOR_SIZE_MAX;

    code->anchor_size = (uint32_t)size;
    if (size > 0) memcpy(code->anchor, anchor.data, size);
}

void fe_key_code_init(fe_key_code *code, ferric_slice anchor, uint32_t bits)
{
    static const byte_set all = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

    set_anchor(code, anchor);
    set_classes(code, &all, bits);
}

// ---- Learning -------------------------------------------------------------------------------

// What is longest of what seven eighths of the keys, or more, begin with: a few keys of another
// kind, like a catalogue's, do not count.
static ferric_slice learn_anchor(const ferric_slice *keys, size_t count)
{
    size_t most = count - count / 8;
    size_t longest = 0;
    size_t at = 0;

    for (size_t i = 0; i + most <= count; i++) {
        size_t size = fe_slice_common_prefix(keys[i], keys[i + most - 1]);
        if (size <= longest) continue;
        longest = size;
        at = i;
    }
    return fe_slice(keys[at].data, longest);
}

// Adds the byte at `offset` of each key that has it and the anchor. Returns whether any has.
static bool add_column(byte_set *set, const ferric_slice *keys, size_t count, ferric_slice anchor,
                       size_t offset)
{
    bool is_any = false;

    for (size_t i = 0; i < count; i++) {
        uint8_t byte;
        if (keys[i].size <= offset || !fe_slice_has_prefix(keys[i], anchor)) continue;
        byte = fe_slice_bytes(keys[i])[offset];
        set->words[byte / 64] |= (uint64_t)1 << byte % 64;
        is_any = true;
    }
    return is_any;
}

// What a code that begins behind an anchor can tell.
typedef struct reach {
    byte_set set;
    size_t taken;    // Columns of bytes behind the anchor that are in the set,
    size_t capacity; // and that codes have room for.
} reach;

// Takes columns as long as codes have room for all that were taken.
static reach learn_bytes(const ferric_slice *keys, size_t count, ferric_slice anchor, uint32_t bits)
{
    reach found = {.capacity = bits};

    while (found.taken < found.capacity) {
        byte_set wider = found.set;
        uint32_t class_bits;
        if (!add_column(&wider, keys, count, anchor, anchor.size + found.taken)) break;
        class_bits = bits_for(make_classes(&wider, NULL));
        if (bits / class_bits <= found.taken) break;
        found.set = wider;
        found.taken++;
        found.capacity = bits / class_bits;
    }
    return found;
}

// How much shorter the anchor should be: keys to come may begin a little differently, as a clock's
// or a counter's do, and codes often have room for more than is needed. At least three quarters of
// what keys can be told apart by now must stay.
static size_t choose_slack(const ferric_slice *keys, size_t count, ferric_slice anchor,
                           uint32_t bits)
{
    reach full = learn_bytes(keys, count, anchor, bits);
    size_t quarter = full.taken / 4;
    size_t spare = full.capacity - full.taken;
    size_t slack = spare > quarter ? spare : quarter;

    if (slack > anchor.size) slack = anchor.size;
    for (; slack > 0; slack /= 2) {
        ferric_slice shorter = fe_slice(anchor.data, anchor.size - slack);
        reach found = learn_bytes(keys, count, shorter, bits);
        if (found.taken >= slack + full.taken - full.taken / 4) break;
    }
    return slack;
}

void fe_key_code_learn(fe_key_code *code, const ferric_slice *keys, size_t count, uint32_t bits)
{
    ferric_slice anchor;
    reach found;

    fe_key_code_init(code, fe_slice(NULL, 0), bits);
    if (count == 0) return;
    anchor = learn_anchor(keys, count);
    if (anchor.size > FE_KEY_CODE_ANCHOR_SIZE_MAX) anchor.size = FE_KEY_CODE_ANCHOR_SIZE_MAX;
    anchor.size -= choose_slack(keys, count, anchor, bits);
    found = learn_bytes(keys, count, anchor, bits);
    set_anchor(code, anchor);
    if (found.taken > 0) set_classes(code, &found.set, bits);
}
