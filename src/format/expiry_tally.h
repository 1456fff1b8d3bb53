// SPDX-License-Identifier: Apache-2.0
// When the entries of a table expire, summed up while it is written: first, last, and from when on
// writing it anew gives a quarter of it back. docs/format/table.md, "Properties".
//
// The quarter is found by a histogram of remaining life with eight steps for each power of two, so
// that `due` may come an eighth of that life late, and never early.
#ifndef FERRIC_FORMAT_EXPIRY_TALLY_H
#define FERRIC_FORMAT_EXPIRY_TALLY_H

#include "format/internal_key.h"

#define FE_EXPIRY_DUE_PART 4
#define FE_EXPIRY_STEP_COUNT 368

// All 0: nothing expires.
typedef struct fe_expiry_summary {
    uint64_t entries;
    uint64_t earliest_ms;
    uint64_t latest_ms;
    uint64_t due_ms; // 0: never.
} fe_expiry_summary;

typedef struct fe_expiry_tally {
    uint64_t begin_ms; // Lives are counted from here.
    uint64_t bytes;    // Of all entries and the large values they point to.
    fe_expiry_summary summary;
    uint64_t step_bytes[FE_EXPIRY_STEP_COUNT];
} fe_expiry_tally;

// {0} otherwise.
void fe_expiry_tally_init(fe_expiry_tally *tally, uint64_t begin_ms);
// `value_bytes` are those of a large value that the entry points to, else 0.
void fe_expiry_tally_add(fe_expiry_tally *tally, const fe_entry *entry, uint64_t value_bytes);
fe_expiry_summary fe_expiry_tally_finish(const fe_expiry_tally *tally);

#endif
