// SPDX-License-Identifier: Apache-2.0
// Pieces of range deletes: encoded, decoded with every check, and searched.
#include "format/range_deletes.h"

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"

// Two keys, and one number of one byte.
#define PIECE_SIZE_MIN (2 + 2 * FE_KEYSPACE_ID_SIZE + 2)

void fe_range_deletes_deinit(fe_range_deletes *ranges)
{
    fe_free(ranges->pieces);
    fe_free(ranges->sequences);
    *ranges = (fe_range_deletes){0};
}

size_t fe_range_deletes_memory(const fe_range_deletes *ranges)
{
    return ranges->count * sizeof *ranges->pieces +
           ranges->sequence_count * sizeof *ranges->sequences;
}

// ---- Bytes -----------------------------------------------------------------------------------

ferric_status fe_range_piece_encode(const fe_range_piece *piece, ferric_buffer *content)
{
    ferric_status status = fe_buffer_put_sized(content, piece->lower);

    if (status == FERRIC_OK) status = fe_buffer_put_sized(content, piece->upper);
    if (status == FERRIC_OK) status = fe_buffer_put_varint(content, piece->count);
    for (uint32_t i = 0; i < piece->count && status == FERRIC_OK; i++) {
        uint64_t newer = i == 0 ? 0 : piece->sequences[i - 1];
        status = fe_buffer_put_varint(content,
                                      i == 0 ? piece->sequences[0] : newer - piece->sequences[i]);
    }
    return status;
}

static ferric_status damaged(const char *path, const char *what)
{
    return fe_fail(FERRIC_CORRUPT, "%s: the range deletes make no sense: %s", path, what);
}

static bool is_bound(ferric_slice key)
{
    return key.size >= FE_KEYSPACE_ID_SIZE && key.size <= FE_KEY_SIZE_MAX;
}

static bool decode_sequences(fe_decoder *decoder, uint64_t *sequences, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = fe_decode_varint_max(decoder, FE_SEQUENCE_MAX - 1);
        if (decoder->failed || value == 0) return false;
        if (i > 0 && value >= sequences[i - 1]) return false;
        sequences[i] = i == 0 ? value : sequences[i - 1] - value;
    }
    return count > 0;
}

// Counts what the content has, so that memory is asked for once. What it counts is bounded by the
// bytes that are there.
static bool count_all(ferric_slice content, size_t *pieces, size_t *sequences)
{
    fe_decoder decoder = fe_decoder_of(content);

    *pieces = 0;
    *sequences = 0;
    while (fe_decoder_remaining(&decoder) > 0 && !decoder.failed) {
        uint64_t count;
        (void)fe_decode_sized(&decoder);
        (void)fe_decode_sized(&decoder);
        count = fe_decode_varint_max(&decoder, fe_decoder_remaining(&decoder));
        for (uint64_t i = 0; i < count && !decoder.failed; i++)
            (void)fe_decode_varint(&decoder);
        ++*pieces;
        *sequences += (size_t)count;
    }
    return !decoder.failed && *pieces > 0 && *pieces <= content.size / PIECE_SIZE_MIN;
}

static ferric_status decode_piece(fe_decoder *decoder, const char *path, fe_range_deletes *ranges)
{
    fe_range_piece *piece = &ranges->pieces[ranges->count];
    uint64_t *sequences = ranges->sequences + ranges->sequence_count;

    piece->lower = fe_decode_sized(decoder);
    piece->upper = fe_decode_sized(decoder);
    piece->count = (uint32_t)fe_decode_varint_max(decoder, UINT32_MAX);
    piece->sequences = sequences;
    if (decoder->failed || !is_bound(piece->lower) || !is_bound(piece->upper) ||
        fe_slice_compare(piece->lower, piece->upper) >= 0) {
        return damaged(path, "a piece without keys");
    }
    if (ranges->count > 0 && fe_slice_compare(piece[-1].upper, piece->lower) > 0)
        return damaged(path, "two pieces overlap");
    if (!decode_sequences(decoder, sequences, piece->count))
        return damaged(path, "numbers of commits that do not descend");
    ranges->sequence_count += piece->count;
    ranges->count++;
    return FERRIC_OK;
}

ferric_status fe_range_deletes_decode(ferric_slice content, const char *path,
                                      fe_range_deletes *ranges)
{
    fe_decoder decoder = fe_decoder_of(content);
    size_t pieces;
    size_t sequences;
    ferric_status status = FERRIC_OK;

    *ranges = (fe_range_deletes){0};
    if (!count_all(content, &pieces, &sequences)) return damaged(path, "a piece is cut off");
    ranges->pieces = fe_alloc_zero(pieces, sizeof *ranges->pieces);
    ranges->sequences = fe_alloc_zero(sequences + 1, sizeof *ranges->sequences);
    if (ranges->pieces == NULL || ranges->sequences == NULL)
        status = fe_no_memory("range deletes", pieces * sizeof *ranges->pieces);
    while (status == FERRIC_OK && fe_decoder_remaining(&decoder) > 0)
        status = decode_piece(&decoder, path, ranges);
    if (status != FERRIC_OK) fe_range_deletes_deinit(ranges);
    return status;
}

// ---- Search ----------------------------------------------------------------------------------

size_t fe_range_deletes_find(const fe_range_deletes *ranges, ferric_slice key)
{
    size_t low = 0;
    size_t high = ranges->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fe_slice_compare(ranges->pieces[middle].upper, key) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint64_t fe_range_piece_newest(const fe_range_piece *piece, uint64_t sequence)
{
    for (uint32_t i = 0; i < piece->count; i++) {
        if (piece->sequences[i] <= sequence) return piece->sequences[i];
    }
    return 0;
}

void fe_range_cover_begin_at(fe_range_cover *cover, ferric_slice bound)
{
    if (cover->lower.data == NULL || fe_slice_compare(bound, cover->lower) > 0)
        cover->lower = bound;
}

void fe_range_cover_end_at(fe_range_cover *cover, ferric_slice bound)
{
    if (cover->upper.data == NULL || fe_slice_compare(bound, cover->upper) < 0)
        cover->upper = bound;
}

void fe_range_deletes_narrow(const fe_range_deletes *ranges, ferric_slice key, uint64_t sequence,
                             fe_range_cover *cover)
{
    size_t at = fe_range_deletes_find(ranges, key);
    const fe_range_piece *piece = &ranges->pieces[at];
    uint64_t newest;

    if (at > 0) fe_range_cover_begin_at(cover, piece[-1].upper);
    if (at == ranges->count) return;
    if (fe_slice_compare(key, piece->lower) < 0) {
        fe_range_cover_end_at(cover, piece->lower);
        return;
    }
    fe_range_cover_begin_at(cover, piece->lower);
    fe_range_cover_end_at(cover, piece->upper);
    newest = fe_range_piece_newest(piece, sequence);
    if (newest > cover->sequence) cover->sequence = newest;
}
