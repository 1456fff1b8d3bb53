// SPDX-License-Identifier: Apache-2.0
// Which of some words somebody meant who wrote one that does not exist.
#ifndef FERRIC_BASE_NEAR_WORD_H
#define FERRIC_BASE_NEAR_WORD_H

#include <ferric/ferric.h>

// How many letters have to be added, dropped, changed or swapped with their neighbour to make `a`
// into `b`. Whether a letter is large or small does not count. Words longer than
// FE_WORD_SIZE_MAX letters are FE_WORDS_APART.
size_t fe_word_distance(ferric_slice a, ferric_slice b);
#define FE_WORD_SIZE_MAX 31
#define FE_WORDS_APART 99

// The nearest candidate so far. A '$' in front belongs to no word here.
typedef struct fe_near_word {
    ferric_slice word;
    const char *best; // NULL: none is near.
    size_t distance;  // Of the best; before, what is too far.
} fe_near_word;

// Borrows `word`. Near is what differs in two letters, from a word of up to four letters in one.
void fe_near_word_init(fe_near_word *near, ferric_slice word);
// Keeps `candidate`, which outlives `near`, when it is nearer than all before.
void fe_near_word_consider(fe_near_word *near, const char *candidate);

// Room for what fe_near_word_reason makes.
typedef struct fe_near_reason {
    char text[2 * FE_WORD_SIZE_MAX];
} fe_near_reason;

// What is wrong about an operator: "no such operator; did you mean BEST?", or, when none is near,
// `otherwise`. Lives as long as `reason`.
const char *fe_near_word_reason(const fe_near_word *near, const char *otherwise,
                                fe_near_reason *reason);

#endif
