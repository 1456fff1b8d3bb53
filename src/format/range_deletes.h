// SPDX-License-Identifier: Apache-2.0
// The range deletes of a table: docs/format/table.md, "Range deletes".
//
//   keys  ──a────────c──────f────m───────p──>
//           [  9 4   )[ 9   )    [ 12    )      pieces, each with the numbers of its commits
//
// A range delete with the number s deletes every entry of its keys that is older than s. Where
// ranges overlap they are cut into pieces that have no key in common, so that one search finds all
// that is said of a key.
#ifndef FERRIC_FORMAT_RANGE_DELETES_H
#define FERRIC_FORMAT_RANGE_DELETES_H

#include "format/internal_key.h"

// The keys [lower, upper), keyspace ids included, and the commits that deleted them, newest first.
typedef struct fe_range_piece {
    ferric_slice lower;
    ferric_slice upper;
    const uint64_t *sequences;
    uint32_t count;
} fe_range_piece;

// Pieces in the order of their keys. {0} has none. Whoever fills one says where keys live.
typedef struct fe_range_deletes {
    fe_range_piece *pieces;
    size_t count;
    uint64_t *sequences; // Of all pieces.
    size_t sequence_count;
} fe_range_deletes;

void fe_range_deletes_deinit(fe_range_deletes *ranges);

// Heap bytes it holds.
size_t fe_range_deletes_memory(const fe_range_deletes *ranges);

// Adds a piece to a section's content. Errors: FERRIC_NO_MEMORY.
ferric_status fe_range_piece_encode(const fe_range_piece *piece, ferric_buffer *content);

// Reads a section's content, which outlives *ranges and lends the keys. Errors: FERRIC_CORRUPT,
// naming `path`; FERRIC_NO_MEMORY.
ferric_status fe_range_deletes_decode(ferric_slice content, const char *path,
                                      fe_range_deletes *ranges);

// What range deletes say of a key and its neighbours: of the keys [lower, upper) all entries older
// than `sequence` are deleted; 0: none is. A bound without data is none.
typedef struct fe_range_cover {
    uint64_t sequence;
    ferric_slice lower;
    ferric_slice upper;
} fe_range_cover;

// Each makes `cover`, which says something of the key, also true for one more source: bounds come
// nearer, and the sequence rises when the source has a newer one.
void fe_range_cover_begin_at(fe_range_cover *cover, ferric_slice bound);
void fe_range_cover_end_at(fe_range_cover *cover, ferric_slice bound);
// `sequence`: of the state that is looked at; younger deletes do not count.
void fe_range_deletes_narrow(const fe_range_deletes *ranges, ferric_slice key, uint64_t sequence,
                             fe_range_cover *cover);

// The first piece that does not end at or before the key; count when there is none.
size_t fe_range_deletes_find(const fe_range_deletes *ranges, ferric_slice key);

// The newest delete of a piece that a state sees; 0 when it sees none.
uint64_t fe_range_piece_newest(const fe_range_piece *piece, uint64_t sequence);

#endif
