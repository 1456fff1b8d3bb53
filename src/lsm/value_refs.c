// SPDX-License-Identifier: Apache-2.0
// What a table refers to in value files: a list that grows with its entries and then holds the
// files.
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "lsm/value_files.h"

ferric_status fe_value_refs_add(fe_value_refs *refs, const fe_value_pointer *pointer)
{
    size_t index = refs->count;
    fe_value_ref *ref;

    // Neighbours in a table often point to the newest file, which is the last.
    while (index > 0 && refs->items[index - 1].number > pointer->number)
        index--;
    if (index == 0 || refs->items[index - 1].number != pointer->number) {
        fe_value_ref *items = fe_realloc(refs->items, (refs->count + 1) * sizeof *items);
        if (items == NULL) return fe_no_memory("value references", sizeof *items);
        refs->items = items;
        memmove(items + index + 1, items + index, (refs->count - index) * sizeof *items);
        items[index] = (fe_value_ref){.number = pointer->number};
        refs->count++;
        index++;
    }
    ref = &refs->items[index - 1];
    ref->count++;
    ref->bytes += pointer->size;
    refs->bytes += pointer->size;
    if (pointer->offset + pointer->size > ref->end) ref->end = pointer->offset + pointer->size;
    return FERRIC_OK;
}

void fe_value_refs_deinit(fe_value_refs *refs)
{
    fe_free(refs->items);
    *refs = (fe_value_refs){0};
}

ferric_status fe_value_refs_attach(fe_value_files *files, fe_value_refs *refs)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < refs->count && status == FERRIC_OK; i++) {
        status = fe_value_files_ref(files, refs->items[i].number, refs->items[i].salt,
                                    &refs->items[i].file);
    }
    if (status != FERRIC_OK) fe_value_refs_detach(refs);
    return status;
}

void fe_value_refs_detach(fe_value_refs *refs)
{
    for (size_t i = 0; i < refs->count; i++) {
        fe_value_file_unref(refs->items[i].file);
        refs->items[i].file = NULL;
    }
}
