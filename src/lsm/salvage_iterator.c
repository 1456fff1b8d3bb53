// SPDX-License-Identifier: Apache-2.0
// A table's readable blocks, one after another.
#include "lsm/salvage_iterator.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/map_iterator.h"

typedef struct salvage_iterator {
    fe_iterator base;
    fe_table *table;
    fe_salvage_report *report;
    fe_block_reader reader;
    ferric_buffer content;
    ferric_buffer key; // Of the entry shown last.
    ferric_buffer first_key;
    bool has_shown;
    fe_block block;
    uint32_t block_number; // Of the next block to read.
    uint32_t index;        // Of the shown entry in `block`.
} salvage_iterator;

static ferric_status assemble_key(const fe_block *block, const fe_block_entry *entry,
                                  ferric_buffer *key)
{
    ferric_status status = fe_buffer_assign(key, fe_block_prefix(block));

    if (status != FERRIC_OK) return status;
    return fe_buffer_append(key, entry->rest.data, entry->rest.size);
}

// A block's own order was checked when it was read; that it follows what was shown was not, and a
// merge must be able to rely on it.
static ferric_status check_first(salvage_iterator *iterator, uint32_t number)
{
    fe_block_entry entry;
    ferric_status status;

    if (!iterator->has_shown) return FERRIC_OK;
    fe_block_entry_at(&iterator->block, 0, &entry);
    status = assemble_key(&iterator->block, &entry, &iterator->first_key);
    if (status != FERRIC_OK) return status;
    if (fe_internal_compare(fe_buffer_slice(&iterator->key), iterator->base.entry.sequence,
                            fe_buffer_slice(&iterator->first_key), entry.sequence) < 0) {
        return FERRIC_OK;
    }
    return fe_fail(FERRIC_CORRUPT,
                   "%s: block at offset %" PRIu64 ": it begins before the end of an earlier one",
                   fe_table_path(iterator->table), fe_table_block_offset(iterator->table, number));
}

// Reads the next block that can be read. Returns false at the end of the table, or when base.status
// tells a failure that is none of the block's.
static bool load_block(salvage_iterator *iterator)
{
    fe_table *table = iterator->table;

    while (iterator->block_number < fe_table_block_count(table)) {
        uint32_t number = iterator->block_number++;
        size_t size = fe_table_block_memory(table, number);
        ferric_status status;

        fe_buffer_clear(&iterator->content);
        status = fe_buffer_reserve(&iterator->content, size);
        if (status == FERRIC_OK) {
            status = fe_table_read_block(table, number, &iterator->reader, iterator->content.data,
                                         &iterator->block);
        }
        if (status == FERRIC_OK) status = check_first(iterator, number);
        if (status == FERRIC_OK) {
            iterator->report->blocks_read++;
            iterator->index = 0;
            return true;
        }
        if (status != FERRIC_CORRUPT && status != FERRIC_UNSUPPORTED) {
            iterator->base.status = status;
            return false;
        }
        iterator->report->blocks_lost++;
        if (iterator->report->finding != NULL) {
            iterator->report->finding(iterator->report->context, fe_table_path(table),
                                      fe_table_block_offset(table, number), fe_message());
        }
    }
    return false;
}

static void show(salvage_iterator *iterator)
{
    fe_block_entry entry;
    ferric_status status;

    fe_block_entry_at(&iterator->block, iterator->index, &entry);
    status = assemble_key(&iterator->block, &entry, &iterator->key);
    iterator->has_shown = true;
    iterator->base.status = status;
    iterator->base.is_valid = status == FERRIC_OK;
    iterator->base.entry = (fe_entry){.key = fe_buffer_slice(&iterator->key),
                                      .value = entry.value,
                                      .sequence = entry.sequence,
                                      .kind = entry.kind};
    iterator->report->entries_read++;
}

static void next(fe_iterator *base)
{
    salvage_iterator *iterator = (salvage_iterator *)base;

    base->is_valid = false;
    if (++iterator->index < iterator->block.count || load_block(iterator)) show(iterator);
}

static void first(fe_iterator *base)
{
    salvage_iterator *iterator = (salvage_iterator *)base;

    base->is_valid = false;
    base->status = FERRIC_OK;
    iterator->block_number = 0;
    iterator->has_shown = false;
    if (load_block(iterator)) show(iterator);
}

static void destroy(fe_iterator *base)
{
    salvage_iterator *iterator = (salvage_iterator *)base;

    fe_block_reader_deinit(&iterator->reader);
    fe_table_close(iterator->table);
    fe_buffer_deinit(&iterator->content);
    fe_buffer_deinit(&iterator->key);
    fe_buffer_deinit(&iterator->first_key);
    fe_free(iterator);
}

static const fe_iterator_ops salvage_ops = {
    .seek = fe_iterator_refuse_seek,
    .seek_before = fe_iterator_refuse_seek,
    .first = first,
    .last = fe_iterator_refuse,
    .next = next,
    .prev = fe_iterator_refuse,
    .destroy = destroy,
};

ferric_status fe_salvage_iterator_create(fe_table *table, fe_salvage_report *report,
                                         fe_iterator **iterator)
{
    salvage_iterator *created = fe_alloc_zero(1, sizeof *created);

    *iterator = NULL;
    if (created == NULL) {
        fe_table_close(table);
        return fe_no_memory("a salvage", sizeof *created);
    }
    created->base.ops = &salvage_ops;
    created->table = table;
    created->report = report;
    *iterator = &created->base;
    return FERRIC_OK;
}
