// SPDX-License-Identifier: Apache-2.0
// Distances between words; see near_word.h.
#include "base/near_word.h"

#include <stdio.h>

#include "base/slice.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool is_same(ferric_slice a, size_t i, ferric_slice b, size_t j)
{
    return lower(((const char *)a.data)[i]) == lower(((const char *)b.data)[j]);
}

size_t fe_word_distance(ferric_slice a, ferric_slice b)
{
    size_t rows[3][FE_WORD_SIZE_MAX + 1];

    if (a.size > FE_WORD_SIZE_MAX || b.size > FE_WORD_SIZE_MAX) return FE_WORDS_APART;
    for (size_t j = 0; j <= b.size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            row[j] = smaller(above[j], row[j - 1]) + 1;
            row[j] = smaller(row[j], above[j - 1] + !is_same(a, i - 1, b, j - 1));
            if (i > 1 && j > 1 && is_same(a, i - 1, b, j - 2) && is_same(a, i - 2, b, j - 1)) {
                row[j] = smaller(row[j], rows[(i + 1) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a.size % 3][b.size];
}

static ferric_slice without_dollar(ferric_slice word)
{
    bool has_one = word.size > 0 && *(const char *)word.data == '$';
    return fe_slice_from(word, has_one ? 1 : 0);
}

void fe_near_word_init(fe_near_word *near, ferric_slice word)
{
    near->word = without_dollar(word);
    near->best = NULL;
    near->distance = near->word.size <= 4 ? 2 : 3;
}

void fe_near_word_consider(fe_near_word *near, const char *candidate)
{
    ferric_slice plain = without_dollar(fe_slice_text(candidate));
    size_t found = fe_word_distance(near->word, plain);

    // From as many letters on as it has, it is another word.
    if (found >= near->distance || found >= plain.size) return;
    near->best = candidate;
    near->distance = found;
}

const char *fe_near_word_reason(const fe_near_word *near, const char *otherwise,
                                fe_near_reason *reason)
{
    if (near->best == NULL) return otherwise;
    snprintf(reason->text, sizeof reason->text, "no such operator; did you mean %s?", near->best);
    return reason->text;
}
