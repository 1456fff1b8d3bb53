// SPDX-License-Identifier: Apache-2.0
// Inspection of tables: what a table says of itself, each block, each entry. A block that does not
// verify is told and passed over; without its index a table's blocks cannot be found.
#include "base/buffer.h"
#include "base/status.h"
#include "format/table.h"
#include "lsm/inspect.h"

#define READ_AHEAD_SIZE ((size_t)1 << 20)

typedef struct table_run {
    fe_inspection *inspection;
    fe_table *table;
    fe_block_reader reader;
    ferric_buffer memory; // Of the current block.
    ferric_buffer key;    // Of the current entry, or a bound.
    uint64_t entries;
    uint64_t damaged;
    ferric_status told; // Of what was told while the table was opened.
} table_run;

static void take_finding(void *context, const char *path, uint64_t offset, const char *text)
{
    table_run *run = context;

    (void)path;
    (void)text; // It is this thread's message.
    run->damaged++;
    if (run->told != FERRIC_OK) return;
    run->told = fe_inspection_tell_damage(run->inspection, 1, offset, 0);
}

static ferric_status tell_properties(table_run *run)
{
    const fe_table_properties *properties = fe_table_properties_of(run->table);
    fe_part part;

    if (properties->block_count == 0) return FERRIC_OK; // They are damaged, which was told.
    fe_part_begin(&part, 1, "properties", 0, 0);
    fe_part_number(&part, "entries", properties->entries);
    fe_part_number(&part, "deletes", properties->deletes);
    fe_part_number(&part, "range_deletes", properties->range_deletes);
    fe_part_number(&part, "blocks", properties->block_count);
    fe_part_number(&part, "smallest_sequence", properties->smallest_sequence);
    fe_part_number(&part, "largest_sequence", properties->largest_sequence);
    fe_part_number(&part, "key_bytes", properties->key_bytes);
    fe_part_number(&part, "value_bytes", properties->value_bytes);
    fe_part_time(&part, "made", properties->created_ms);
    fe_part_text(&part, "filter", fe_table_has_filter(run->table) ? "yes" : "no");
    fe_part_text(&part, "keydir", fe_table_keydir(run->table)->buckets != NULL ? "yes" : "no");
    return fe_inspection_tell(run->inspection, &part);
}

static ferric_status tell_entry(table_run *run, uint64_t offset, const fe_block *block,
                                uint32_t index)
{
    fe_block_entry entry;
    fe_part part;
    ferric_status status = fe_buffer_assign(&run->key, fe_block_prefix(block));

    fe_block_entry_at(block, index, &entry);
    if (status == FERRIC_OK) {
        status = fe_buffer_append(&run->key, entry.rest.data, entry.rest.size);
    }
    if (status != FERRIC_OK) return status;
    run->entries++;
    fe_part_begin(&part, 2, fe_operation_name(entry.kind), offset, 0);
    fe_part_number(&part, "sequence", entry.sequence);
    fe_part_key(&part, "keyspace", "key", fe_buffer_slice(&run->key));
    fe_part_value(&part, &(fe_entry){.value = entry.value, .kind = entry.kind});
    return fe_inspection_tell(run->inspection, &part);
}

static ferric_status tell_block(table_run *run, uint32_t number)
{
    uint64_t sequence;
    fe_part part;
    ferric_status status = fe_table_block_bound(run->table, number, &run->key, &sequence);

    if (status != FERRIC_OK) return status;
    fe_part_begin(&part, 1, "block", fe_table_block_offset(run->table, number),
                  fe_table_block_stored_size(run->table, number));
    fe_part_number(&part, "number", number);
    fe_part_number(&part, "entries", fe_table_block_entries(run->table, number));
    fe_part_key(&part, "up_to_keyspace", "up_to", fe_buffer_slice(&run->key));
    return fe_inspection_tell(run->inspection, &part);
}

static ferric_status inspect_block(table_run *run, uint32_t number)
{
    uint64_t offset = fe_table_block_offset(run->table, number);
    fe_block block;
    ferric_status status = tell_block(run, number);

    fe_buffer_clear(&run->memory);
    if (status == FERRIC_OK) {
        status = fe_buffer_reserve(&run->memory, fe_table_block_memory(run->table, number));
    }
    if (status != FERRIC_OK) return status;
    status = fe_table_read_block(run->table, number, &run->reader, run->memory.data, &block);
    if (fe_inspection_is_damage(status)) {
        run->damaged++;
        return fe_inspection_tell_damage(run->inspection, 2, offset,
                                         fe_table_block_stored_size(run->table, number));
    }
    for (uint32_t i = 0; status == FERRIC_OK && i < block.count; i++) {
        status = tell_entry(run, offset, &block, i);
    }
    return status;
}

static ferric_status tell_ranges(table_run *run)
{
    const fe_range_deletes *ranges = fe_table_range_deletes(run->table);
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; ranges != NULL && i < ranges->count; i++) {
        const fe_range_piece *piece = &ranges->pieces[i];
        for (uint32_t j = 0; j < piece->count && status == FERRIC_OK; j++) {
            fe_part part;
            fe_part_begin(&part, 1, "delete range", 0, 0);
            fe_part_number(&part, "sequence", piece->sequences[j]);
            fe_part_key(&part, "keyspace", "key", piece->lower);
            fe_part_key(&part, "upper_keyspace", "upper", piece->upper);
            status = fe_inspection_tell(run->inspection, &part);
        }
    }
    return status;
}

static ferric_status tell_summary(table_run *run)
{
    fe_part part;

    fe_part_begin(&part, 1, "total", 0, 0);
    fe_part_number(&part, "blocks", fe_table_block_count(run->table));
    fe_part_number(&part, "entries", run->entries);
    fe_part_number(&part, "damaged", run->damaged);
    return fe_inspection_tell(run->inspection, &part);
}

ferric_status fe_inspect_table(fe_inspection *inspection)
{
    table_run run = {.inspection = inspection, .reader.read_ahead = READ_AHEAD_SIZE};
    ferric_status status = fe_table_open_damaged(inspection->vfs, inspection->path,
                                                 inspection->keys, take_finding, &run, &run.table);

    if (run.told != FERRIC_OK) status = run.told;
    if (fe_inspection_is_damage(status)) {
        status = fe_inspection_tell_damage(inspection, 1, 0, 0);
        goto out;
    }
    if (status == FERRIC_OK) status = tell_properties(&run);
    if (status == FERRIC_OK) status = tell_ranges(&run);
    for (uint32_t i = 0; status == FERRIC_OK && i < fe_table_block_count(run.table); i++) {
        status = inspect_block(&run, i);
    }
    if (status == FERRIC_OK) status = tell_summary(&run);
out:
    fe_block_reader_deinit(&run.reader);
    fe_buffer_deinit(&run.memory);
    fe_buffer_deinit(&run.key);
    fe_table_close(run.table);
    return status;
}
