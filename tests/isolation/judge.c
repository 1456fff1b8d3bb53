// SPDX-License-Identifier: Apache-2.0
// The judge: who must have come before whom, and whether that goes round in a circle.
//
//   write over write   the writers of neighbours in a list
//   read               from the writer of the last element that was seen, or of one in a set
//   written over       from a reader to the writer of the first element that it did not see
//
// Reachability is a matrix of bits, closed by Warshall's algorithm; histories are small.
#include <string.h>

#include "history.h"
#include "support/harness.h"

#define NOBODY UINT32_MAX

typedef struct matrix {
    uint64_t *bits;
    uint32_t count;
    uint32_t words; // Of a row.
} matrix;

typedef struct edge {
    uint32_t from;
    uint32_t to;
} edge;

typedef struct edges {
    edge *items;
    uint32_t count;
    uint32_t capacity;
} edges;

typedef struct court {
    const history *h;
    verdict *found;
    uint32_t *writers; // By element; NOBODY: not written.
    bool *is_final;    // The element is its writer's last in its list, or it is in a set.
    edges over_writes;
    edges reads;
    edges written_over;
    edges missed; // The same by scans.
} court;

// ---- Edges ----------------------------------------------------------------------------------

static void edges_add(edges *list, uint32_t from, uint32_t to)
{
    if (from == to || from == NOBODY || to == NOBODY) return;
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->items = harness_realloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = (edge){from, to};
}

static uint32_t writer_of(const court *c, uint32_t element)
{
    return element < c->h->element_count ? c->writers[element] : NOBODY;
}

static bool is_committed(const court *c, uint32_t element)
{
    uint32_t writer = writer_of(c, element);
    return writer != NOBODY && c->h->transactions[writer].is_committed;
}

static void find_writers(court *c)
{
    const history *h = c->h;

    for (uint32_t i = 0; i < h->element_count; i++)
        c->writers[i] = NOBODY;
    for (uint32_t i = 0; i < h->count; i++) {
        uint32_t newest[HISTORY_LISTS];
        memset(newest, 0xff, sizeof newest);
        for (uint32_t j = 0; j < h->transactions[i].operation_count; j++) {
            const operation *o = &h->transactions[i].operations[j];
            if (o->kind != OPERATION_APPEND && o->kind != OPERATION_INSERT) continue;
            if (o->element >= h->element_count) harness_panic("an element out of range");
            c->writers[o->element] = i;
            c->is_final[o->element] = true;
            if (o->kind != OPERATION_APPEND) continue;
            if (newest[o->target] != NOBODY) c->is_final[newest[o->target]] = false;
            newest[o->target] = o->element;
        }
    }
}

static bool contains(const elements *list, uint32_t element)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i] == element) return true;
    return false;
}

static void check_last_lists(court *c)
{
    for (uint32_t list = 0; list < HISTORY_LISTS; list++) {
        const elements *last = &c->h->last[list];
        for (uint32_t i = 0; i < last->count; i++) {
            if (!is_committed(c, last->items[i])) c->found->dirty_reads++;
            if (i == 0) continue;
            edges_add(&c->over_writes, writer_of(c, last->items[i - 1]),
                      writer_of(c, last->items[i]));
        }
    }
    for (uint32_t set = 0; set < HISTORY_SETS; set++) {
        for (uint32_t i = 0; i < c->h->last_set[set].count; i++)
            if (!is_committed(c, c->h->last_set[set].items[i])) c->found->dirty_reads++;
    }
}

static void judge_read(court *c, uint32_t reader, const operation *o)
{
    const elements *last = &c->h->last[o->target];
    uint32_t count = o->seen.count;

    if (count > last->count ||
        (count > 0 && memcmp(o->seen.items, last->items, count * sizeof *last->items) != 0)) {
        c->found->out_of_order++;
        return;
    }
    if (count > 0) {
        uint32_t element = o->seen.items[count - 1];
        if (!is_committed(c, element)) c->found->dirty_reads++;
        if (!c->is_final[element]) c->found->intermediate_reads++;
        edges_add(&c->reads, writer_of(c, element), reader);
    }
    if (count < last->count) {
        edges_add(&c->written_over, reader, writer_of(c, last->items[count]));
    }
}

static void judge_scan(court *c, uint32_t reader, const operation *o)
{
    const elements *last = &c->h->last_set[o->target];

    for (uint32_t i = 0; i < o->seen.count; i++) {
        if (!is_committed(c, o->seen.items[i])) c->found->dirty_reads++;
        edges_add(&c->reads, writer_of(c, o->seen.items[i]), reader);
    }
    for (uint32_t i = 0; i < last->count; i++) {
        if (contains(&o->seen, last->items[i])) continue;
        edges_add(&c->missed, reader, writer_of(c, last->items[i]));
    }
}

static void judge_operations(court *c)
{
    for (uint32_t i = 0; i < c->h->count; i++) {
        const transaction *t = &c->h->transactions[i];
        if (!t->is_committed) continue; // What it saw, it has told nobody.
        for (uint32_t j = 0; j < t->operation_count; j++) {
            const operation *o = &t->operations[j];
            if (o->kind == OPERATION_READ) judge_read(c, i, o);
            if (o->kind == OPERATION_SCAN) judge_scan(c, i, o);
            if (o->kind == OPERATION_APPEND && !contains(&c->h->last[o->target], o->element)) {
                c->found->lost++;
            }
            if (o->kind == OPERATION_INSERT && !contains(&c->h->last_set[o->target], o->element)) {
                c->found->lost++;
            }
        }
    }
}

// ---- Lost updates ---------------------------------------------------------------------------

// How many elements of a list the transaction saw before it appended; NOBODY when it did not do
// both.
static uint32_t appended_behind(const transaction *t, uint32_t list)
{
    uint32_t seen = NOBODY;

    for (uint32_t i = 0; i < t->operation_count && t->is_committed; i++) {
        const operation *o = &t->operations[i];
        if (o->target != list) continue;
        if (o->kind == OPERATION_READ) seen = o->seen.count;
        if (o->kind == OPERATION_APPEND && seen != NOBODY) return seen;
    }
    return NOBODY;
}

static void find_lost_updates(court *c)
{
    const history *h = c->h;

    for (uint32_t list = 0; list < HISTORY_LISTS; list++) {
        for (uint32_t i = 0; i < h->count; i++) {
            uint32_t behind = appended_behind(&h->transactions[i], list);
            if (behind == NOBODY) continue;
            for (uint32_t j = 0; j < i; j++) {
                if (appended_behind(&h->transactions[j], list) == behind) c->found->lost_updates++;
            }
        }
    }
}

// ---- Circles --------------------------------------------------------------------------------

static matrix matrix_of(uint32_t count)
{
    matrix m = {.count = count, .words = (count + 63) / 64};
    m.bits = harness_alloc((size_t)count * m.words * sizeof *m.bits + sizeof *m.bits);
    return m;
}

static bool has(const matrix *m, uint32_t from, uint32_t to)
{
    return (m->bits[(size_t)from * m->words + to / 64] >> (to % 64) & 1) != 0;
}

static void add_edges(matrix *m, const edges *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t to = list->items[i].to;
        m->bits[(size_t)list->items[i].from * m->words + to / 64] |= (uint64_t)1 << (to % 64);
    }
}

static void close_matrix(matrix *m)
{
    for (uint32_t by = 0; by < m->count; by++) {
        const uint64_t *through = m->bits + (size_t)by * m->words;
        for (uint32_t from = 0; from < m->count; from++) {
            uint64_t *row = m->bits + (size_t)from * m->words;
            if (!has(m, from, by)) continue;
            for (uint32_t word = 0; word < m->words; word++)
                row[word] |= through[word];
        }
    }
}

// How many edges close a circle: their end reaches their beginning.
static uint64_t count_closing(const matrix *m, const edges *list)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < list->count; i++)
        count += has(m, list->items[i].to, list->items[i].from);
    return count;
}

static void find_circles(court *c)
{
    matrix m = matrix_of(c->h->count);
    uint64_t single;
    uint64_t single_missed;

    add_edges(&m, &c->over_writes);
    close_matrix(&m);
    c->found->dirty_writes += count_closing(&m, &c->over_writes);
    add_edges(&m, &c->reads);
    close_matrix(&m);
    c->found->circular_flows += count_closing(&m, &c->reads);
    single = count_closing(&m, &c->written_over);
    single_missed = count_closing(&m, &c->missed);
    c->found->skewed_reads += single + single_missed;
    add_edges(&m, &c->written_over);
    close_matrix(&m);
    c->found->write_skews += count_closing(&m, &c->written_over) - single;
    add_edges(&m, &c->missed);
    close_matrix(&m);
    c->found->phantoms += count_closing(&m, &c->missed) - single_missed;
    harness_free(m.bits);
}

void history_judge(const history *h, verdict *found)
{
    court c = {.h = h, .found = found};

    c.writers = harness_alloc(h->element_count * sizeof *c.writers + 1);
    c.is_final = harness_alloc(h->element_count * sizeof *c.is_final + 1);
    find_writers(&c);
    check_last_lists(&c);
    judge_operations(&c);
    find_lost_updates(&c);
    find_circles(&c);
    harness_free(c.writers);
    harness_free(c.is_final);
    harness_free(c.over_writes.items);
    harness_free(c.reads.items);
    harness_free(c.written_over.items);
    harness_free(c.missed.items);
}
