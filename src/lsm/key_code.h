// SPDX-License-Identifier: Apache-2.0
// A code of keys in few bits that keeps their order, so that most comparisons need no key.
//
//   key:   [ anchor: what most keys begin with ][ a ][ b ][ c ] ...
//   code:                            top bits   [ class of a | class of b | class of c | ... ]
//
// Keys of programs use few of the 256 bytes: digits need 4 bits each, hexadecimal ones 5. So a code
// learns from some keys which bytes there are. Each of them is a class by itself, and so is each
// run of other bytes between two of them, before the first and behind the last. Classes are
// numbered in the order of their bytes.
//
// Invariants
// K1. Of two keys the smaller one never has the greater code. Equal codes say nothing.
// K2. Behind a class of several bytes, and behind the key's end, all bits are 0, since what follows
//     could contradict the order.
// K3. A key smaller than the anchor has all bits 0, a greater one without it has all bits 1.
#ifndef FERRIC_LSM_KEY_CODE_H
#define FERRIC_LSM_KEY_CODE_H

#include "base/slice.h"

#define FE_KEY_CODE_ANCHOR_SIZE_MAX 64
#define FE_KEY_CODE_BITS_MAX 56
// More keys than this teach nothing new.
#define FE_KEY_CODE_SAMPLES_MAX 256

typedef struct fe_key_code {
    uint32_t bits;       // Of a code; above them are zeros.
    uint32_t class_bits; // Of a class,
    uint32_t columns;    // and how many there are in a code.
    uint32_t anchor_size;
    uint8_t anchor[FE_KEY_CODE_ANCHOR_SIZE_MAX];
    uint16_t classes[256]; // Of each byte; FE_KEY_CODE_SHARED is added where it has several.
} fe_key_code;

#define FE_KEY_CODE_SHARED 256

// Each byte is a class. The anchor is copied, and cut at its largest size. For all of these:
// REQUIRES: 8 <= bits <= FE_KEY_CODE_BITS_MAX.
void fe_key_code_init(fe_key_code *code, ferric_slice anchor, uint32_t bits);

// Learns anchor and bytes from keys in ascending order, to tell as much as possible in `bits` bits.
// Without keys: fe_key_code_init without an anchor.
void fe_key_code_learn(fe_key_code *code, const ferric_slice *keys, size_t count, uint32_t bits);

// Makes what was learned for another number of bits fit this one.
void fe_key_code_fit(fe_key_code *code, uint32_t bits);

uint64_t fe_key_code_of(const fe_key_code *code, ferric_slice key);

#endif
