// SPDX-License-Identifier: Apache-2.0
// Histories as data.
#include "history.h"

#include <string.h>

#include "support/harness.h"

void elements_add(elements *list, uint32_t element)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        list->items = harness_realloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = element;
}

void elements_copy(elements *to, const elements *from)
{
    to->count = 0;
    for (uint32_t i = 0; i < from->count; i++)
        elements_add(to, from->items[i]);
}

void elements_free(elements *list)
{
    harness_free(list->items);
    *list = (elements){0};
}

operation *transaction_add(transaction *t, operation_kind kind, uint32_t target, uint32_t element)
{
    operation *added = &t->operations[t->operation_count++];

    if (t->operation_count > HISTORY_OPERATIONS_MAX) harness_panic("too many operations");
    *added = (operation){.kind = kind, .target = target, .element = element};
    return added;
}

void history_add(history *h, const transaction *added)
{
    if (h->count == h->capacity) {
        h->capacity = h->capacity == 0 ? 64 : h->capacity * 2;
        h->transactions = harness_realloc(h->transactions, h->capacity * sizeof *h->transactions);
    }
    h->transactions[h->count++] = *added;
}

void history_deinit(history *h)
{
    for (uint32_t i = 0; i < h->count; i++) {
        for (uint32_t j = 0; j < h->transactions[i].operation_count; j++)
            elements_free(&h->transactions[i].operations[j].seen);
    }
    for (uint32_t i = 0; i < HISTORY_LISTS; i++)
        elements_free(&h->last[i]);
    for (uint32_t i = 0; i < HISTORY_SETS; i++)
        elements_free(&h->last_set[i]);
    harness_free(h->transactions);
    *h = (history){0};
}
