// SPDX-License-Identifier: Apache-2.0
// What transactions did, as they saw it: the list-append histories of Kingsbury and Alvaro ("Elle",
// VLDB 2020), with sets beside the lists for ranges.
//
// A list is one key. A transaction reads it, or appends an element that nobody else appends; so the
// last state of a list tells the order of its writers, and a list that was read tells the reader's
// place in it. A set is a range of keys. A transaction scans it, or inserts a key that nobody else
// inserts; a scan tells which inserts came before it.
#ifndef FERRIC_ISOLATION_HISTORY_H
#define FERRIC_ISOLATION_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_LISTS 6u
#define HISTORY_SETS 2u
#define HISTORY_OPERATIONS_MAX 8u // Of one transaction.

// Numbers of elements. Owned; freed by elements_free.
typedef struct elements {
    uint32_t *items;
    uint32_t count;
    uint32_t capacity;
} elements;

typedef enum operation_kind {
    OPERATION_READ = 0,   // `seen` of list `target`, without what the transaction appended itself.
    OPERATION_APPEND = 1, // `element` to list `target`.
    OPERATION_SCAN = 2,   // `seen` of set `target`, without what the transaction inserted itself.
    OPERATION_INSERT = 3, // `element` into set `target`.
} operation_kind;

typedef struct operation {
    operation_kind kind;
    uint32_t target;
    uint32_t element;
    elements seen;
} operation;

typedef struct transaction {
    bool is_committed; // Else it left nothing, or should have.
    uint32_t operation_count;
    operation operations[HISTORY_OPERATIONS_MAX];
} transaction;

typedef struct history {
    transaction *transactions;
    uint32_t count;
    uint32_t capacity;
    uint32_t element_count;       // Elements are numbers below it.
    elements last[HISTORY_LISTS]; // The lists in the end.
    elements last_set[HISTORY_SETS];
} history;

void elements_add(elements *list, uint32_t element);
void elements_copy(elements *to, const elements *from);
void elements_free(elements *list);

// Adds a transaction, which is moved into the history.
void history_add(history *h, const transaction *added);
void history_deinit(history *h);

// Adds an operation to a transaction and returns it.
operation *transaction_add(transaction *t, operation_kind kind, uint32_t target, uint32_t element);

// ---- Judging --------------------------------------------------------------------------------

// What was found. The names are those of Adya ("Weak Consistency", 1999).
typedef struct verdict {
    uint64_t lost;               // Elements of committed transactions that are nowhere in the end.
    uint64_t dirty_reads;        // G1a: read from a transaction that did not commit.
    uint64_t intermediate_reads; // G1b: read what its writer wrote over.
    uint64_t out_of_order;       // Lists that are no beginning of the last one.
    uint64_t dirty_writes;       // G0: a cycle of writes over writes.
    uint64_t circular_flows;     // G1c: a cycle of these and of reads.
    uint64_t lost_updates;       // Two read the same list and both appended to it.
    uint64_t skewed_reads;       // G-single: a cycle with one read that was written over.
    uint64_t write_skews;        // G2-item: a cycle with more than one.
    uint64_t phantoms;           // G2: one that needs a scan that missed an insert.
} verdict;

// Adds what is wrong with the history to the verdict.
void history_judge(const history *h, verdict *found);

#endif
