// SPDX-License-Identifier: Apache-2.0
// Borrowed bytes. A slice never owns; the type that lends it says how long it is valid.
#ifndef FERRIC_BASE_SLICE_H
#define FERRIC_BASE_SLICE_H

#include <string.h>

#include <ferric/ferric.h>

static inline ferric_slice fe_slice(const void *data, size_t size)
{
    ferric_slice slice = {data, size};
    return slice;
}

static inline ferric_slice fe_slice_text(const char *text)
{
    return fe_slice(text, strlen(text));
}

static inline const uint8_t *fe_slice_bytes(ferric_slice slice)
{
    return (const uint8_t *)slice.data;
}

// What stands behind the first `skipped` <= size bytes. Data may be NULL, to which C adds nothing,
// not even 0.
static inline ferric_slice fe_slice_from(ferric_slice slice, size_t skipped)
{
    return skipped == 0 ? slice : fe_slice(fe_slice_bytes(slice) + skipped, slice.size - skipped);
}

// memcmp order, then length: the one order of keys. Negative, zero or positive.
static inline int fe_slice_compare(ferric_slice a, ferric_slice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0) return order;
    return a.size < b.size ? -1 : a.size > b.size;
}

static inline bool fe_slice_equal(ferric_slice a, ferric_slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

// The same for neighbours in key order, which mostly differ in their last bytes: no call then.
static inline bool fe_slice_equal_neighbours(ferric_slice a, ferric_slice b)
{
    uint64_t a_end;
    uint64_t b_end;

    if (a.size != b.size) return false;
    if (a.size >= sizeof a_end) {
        memcpy(&a_end, fe_slice_bytes(a) + a.size - sizeof a_end, sizeof a_end);
        memcpy(&b_end, fe_slice_bytes(b) + b.size - sizeof b_end, sizeof b_end);
        if (a_end != b_end) return false;
    }
    return fe_slice_equal(a, b);
}

// True when `slice` begins with `prefix`.
static inline bool fe_slice_has_prefix(ferric_slice slice, ferric_slice prefix)
{
    return slice.size >= prefix.size &&
           (prefix.size == 0 || memcmp(slice.data, prefix.data, prefix.size) == 0);
}

// How many leading bytes two slices share.
static inline size_t fe_slice_common_prefix(ferric_slice a, ferric_slice b)
{
    size_t limit = a.size < b.size ? a.size : b.size;
    const uint8_t *left = fe_slice_bytes(a);
    const uint8_t *right = fe_slice_bytes(b);
    size_t size = 0;
    while (size < limit && left[size] == right[size])
        size++;
    return size;
}

#endif
