// SPDX-License-Identifier: Apache-2.0
// Sorting a list of names that lie behind one another in a buffer.
#include "os/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

static int compare(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static size_t count_names(ferric_slice names)
{
    const uint8_t *bytes = fe_slice_bytes(names);
    size_t count = 0;

    for (size_t i = 0; i < names.size; i++)
        count += bytes[i] == '\0';
    return count;
}

ferric_status fe_names_sort(ferric_buffer *names)
{
    size_t count = count_names(fe_buffer_slice(names));
    const char *name = names->data;
    const char **order;
    char *copy;
    char *at;

    if (count < 2) return FERRIC_OK;
    order = fe_alloc_zero(count, sizeof *order);
    copy = fe_alloc(names->size);
    if (order == NULL || copy == NULL) {
        fe_free(order);
        fe_free(copy);
        return fe_no_memory("a sorted list of names", names->size);
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = name;
        name += strlen(name) + 1;
    }
    qsort(order, count, sizeof *order, compare);
    at = copy;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(order[i]) + 1;
        memcpy(at, order[i], size);
        at += size;
    }
    memcpy(names->data, copy, names->size);
    fe_free(order);
    fe_free(copy);
    return FERRIC_OK;
}
