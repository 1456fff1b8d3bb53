// SPDX-License-Identifier: Apache-2.0
// Reads a whole table and compares all that is said about it: by its index, its filter, its KeyDir,
// its properties, and the manifest.
#include <inttypes.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/status.h"
#include "lsm/open_table.h"

// How much is read at once.
#define READ_AHEAD_SIZE ((size_t)1 << 20)

typedef struct verification {
    const fe_table_file *file;
    const fe_table *table;
    fe_block_reader reader;
    ferric_buffer memory; // Of the current block.
    ferric_buffer key;    // Of the current entry.
    ferric_buffer before; // The key of the entry before.
    uint64_t sequence;
    ferric_buffer bound; // Behind it stands what comes next.
    uint64_t bound_sequence;
    fe_table_properties found;
    fe_expiry_tally expiries;
    fe_value_files *value_files; // NULL: values are not looked at.
    fe_value_refs values;        // What the entries point to.
    ferric_buffer value;
    uint64_t offset;
} verification;

static ferric_status disagree(const verification *self, const char *what)
{
    return fe_fail(FERRIC_CORRUPT, "%s: block at offset %" PRIu64 ": %s",
                   fe_table_path(self->table), self->offset, what);
}

static ferric_status assemble_key(verification *self, const fe_block *view,
                                  const fe_block_entry *entry)
{
    ferric_status status = fe_buffer_assign(&self->key, fe_block_prefix(view));

    self->sequence = entry->sequence;
    if (status != FERRIC_OK) return status;
    return fe_buffer_append(&self->key, entry->rest.data, entry->rest.size);
}

// Whether the KeyDir leads from the hash to this entry.
static bool leads_to(const fe_keydir *keydir, uint64_t hash, uint32_t block, uint32_t index)
{
    fe_keydir_search search;
    fe_entry_place place;

    fe_keydir_search_init(keydir, hash, &search);
    while (fe_keydir_next(keydir, &search, &place)) {
        if (place.block == block && place.index == index) return true;
    }
    return false;
}

// The current key in filter and KeyDir; a further version of the key before is in neither.
static ferric_status check_key(verification *self, uint32_t block, uint32_t index)
{
    const fe_keydir *keydir = fe_table_keydir(self->table);
    uint64_t hash = fe_hash64(self->key.data, self->key.size);

    if (self->found.entries > 0 &&
        fe_slice_equal(fe_buffer_slice(&self->key), fe_buffer_slice(&self->before))) {
        return FERRIC_OK;
    }
    if (!fe_table_may_contain(self->table, hash))
        return disagree(self, "the filter denies one of its keys");
    if (keydir->buckets != NULL && !leads_to(keydir, hash, block, index))
        return disagree(self, "the KeyDir does not lead to one of its keys");
    return fe_buffer_assign(&self->before, fe_buffer_slice(&self->key));
}

// Reads the value that an entry points to.
static ferric_status check_value(verification *self, const fe_entry *entry, uint64_t *value_bytes)
{
    fe_value_pointer pointer;
    ferric_status status;

    if (!fe_entry_kind_points(entry->kind)) return FERRIC_OK;
    status = fe_value_pointer_decode(fe_entry_content(entry), &pointer);
    if (status == FERRIC_OK) *value_bytes = pointer.size;
    if (status == FERRIC_OK) status = fe_value_refs_add(&self->values, &pointer);
    if (status != FERRIC_OK || self->value_files == NULL) return status;
    return fe_value_files_read(self->value_files, fe_entry_content(entry), &self->value);
}

static void count_sequence(verification *self, uint64_t sequence)
{
    fe_table_properties *found = &self->found;

    if (sequence < found->smallest_sequence) found->smallest_sequence = sequence;
    if (sequence > found->largest_sequence) found->largest_sequence = sequence;
}

static ferric_status check_entry(verification *self, const fe_block *view, uint32_t block,
                                 uint32_t index)
{
    fe_table_properties *found = &self->found;
    fe_block_entry stored;
    fe_entry entry;
    uint64_t value_bytes = 0;
    ferric_status status;

    fe_block_entry_at(view, index, &stored);
    status = assemble_key(self, view, &stored);
    if (status == FERRIC_OK) status = check_key(self, block, index);
    if (status != FERRIC_OK) return status;
    entry = (fe_entry){.key = fe_buffer_slice(&self->key),
                       .value = stored.value,
                       .sequence = stored.sequence,
                       .kind = stored.kind};
    found->entries++;
    found->deletes += entry.kind == FE_ENTRY_DELETE;
    found->key_bytes += self->key.size;
    found->value_bytes += entry.value.size;
    count_sequence(self, entry.sequence);
    status = check_value(self, &entry, &value_bytes);
    fe_expiry_tally_add(&self->expiries, &entry, value_bytes);
    return status;
}

// The current entry against (key, sequence).
static int compare_with(const verification *self, ferric_slice key, uint64_t sequence)
{
    return fe_internal_compare(fe_buffer_slice(&self->key), self->sequence, key, sequence);
}

// Whether the first entry, or the first range delete if that begins before it, is the manifest's.
static bool begins_as_said(const verification *self)
{
    const fe_range_deletes *ranges = fe_table_range_deletes(self->table);
    const fe_table_file *file = self->file;

    if (ranges != NULL &&
        fe_slice_compare(ranges->pieces[0].lower, fe_buffer_slice(&self->key)) < 0)
        return fe_slice_equal(file->smallest_key, ranges->pieces[0].lower) &&
               file->smallest_key_sequence == FE_SEQUENCE_MAX;
    return compare_with(self, file->smallest_key, file->smallest_key_sequence) == 0;
}

// The same for the last.
static bool ends_as_said(const verification *self)
{
    const fe_range_deletes *ranges = fe_table_range_deletes(self->table);
    const fe_table_file *file = self->file;
    ferric_slice behind = {NULL, 0};

    if (ranges != NULL) behind = ranges->pieces[ranges->count - 1].upper;
    if (ranges != NULL && fe_slice_compare(behind, fe_buffer_slice(&self->key)) > 0)
        return fe_slice_equal(file->largest_key, behind) &&
               file->largest_key_sequence == FE_SEQUENCE_MAX;
    return compare_with(self, file->largest_key, file->largest_key_sequence) == 0;
}

// The block's first entry is behind the bound of the block before, its last not behind its own. In
// between, order was checked when it was loaded.
static ferric_status check_block(verification *self, uint32_t block, const fe_block *view)
{
    ferric_status status;

    for (uint32_t i = 0; i < view->count; i++) {
        status = check_entry(self, view, block, i);
        if (status != FERRIC_OK) return status;
        if (i > 0) continue;
        if (block == 0 && !begins_as_said(self))
            return disagree(self, "the first entry is not the manifest's");
        if (block > 0 &&
            compare_with(self, fe_buffer_slice(&self->bound), self->bound_sequence) <= 0)
            return disagree(self, "it begins before the bound of the block before it");
    }
    status = fe_table_block_bound(self->table, block, &self->bound, &self->bound_sequence);
    if (status != FERRIC_OK) return status;
    if (compare_with(self, fe_buffer_slice(&self->bound), self->bound_sequence) > 0)
        return disagree(self, "it goes beyond its bound in the index");
    return FERRIC_OK;
}

static ferric_status check_references(const verification *self)
{
    const fe_value_refs *said = &self->file->values;
    const fe_value_refs *found = &self->values;
    bool agree = said->count == found->count;

    for (size_t i = 0; i < found->count && agree; i++) {
        agree = said->items[i].number == found->items[i].number &&
                said->items[i].count == found->items[i].count &&
                said->items[i].bytes == found->items[i].bytes &&
                said->items[i].end == found->items[i].end;
    }
    if (agree) return FERRIC_OK;
    return disagree(self, "the manifest does not agree with the values that entries point to");
}

// What they look like was checked when the table was opened.
static void count_ranges(verification *self)
{
    const fe_range_deletes *ranges = fe_table_range_deletes(self->table);

    for (size_t i = 0; ranges != NULL && i < ranges->count; i++) {
        const fe_range_piece *piece = &ranges->pieces[i];
        count_sequence(self, piece->sequences[0]);
        count_sequence(self, piece->sequences[piece->count - 1]);
        self->found.range_deletes++;
    }
}

static ferric_status check_totals(verification *self)
{
    const fe_table_properties *said = fe_table_properties_of(self->table);
    const fe_table_file *file = self->file;
    fe_table_properties *found = &self->found;

    if (!ends_as_said(self)) return disagree(self, "the last entry is not the manifest's");
    count_ranges(self);
    found->block_count = fe_table_block_count(self->table);
    found->created_ms = said->created_ms;
    found->expiry = fe_expiry_tally_finish(&self->expiries);
    if (memcmp(found, said, sizeof *found) != 0)
        return disagree(self, "the properties do not agree with the entries");
    if (file->entries != found->entries || file->deletes != found->deletes ||
        file->range_deletes != found->range_deletes ||
        file->smallest_sequence != found->smallest_sequence ||
        file->largest_sequence != found->largest_sequence ||
        memcmp(&file->expiry, &found->expiry, sizeof found->expiry) != 0) {
        return disagree(self, "the manifest does not agree with the entries");
    }
    return check_references(self);
}

static ferric_status verify_blocks(verification *self, uint64_t *blocks)
{
    for (uint32_t block = 0; block < fe_table_block_count(self->table); block++) {
        fe_block view;
        ferric_status status;
        self->offset = fe_table_block_offset(self->table, block);
        fe_buffer_clear(&self->memory);
        status = fe_buffer_reserve(&self->memory, fe_table_block_memory(self->table, block));
        if (status != FERRIC_OK) return status;
        status = fe_table_read_block(self->table, block, &self->reader, self->memory.data, &view);
        if (status == FERRIC_OK) status = check_block(self, block, &view);
        if (status != FERRIC_OK) return status;
        (*blocks)++;
    }
    return check_totals(self);
}

ferric_status fe_table_cache_verify(fe_table_cache *cache, fe_table_file *file, uint64_t *blocks,
                                    uint64_t *entries, uint64_t *offset)
{
    verification self = {.file = file, .reader.read_ahead = READ_AHEAD_SIZE};
    fe_table *table;
    ferric_status status;

    *blocks = 0;
    self.found.smallest_sequence = UINT64_MAX;
    status = fe_table_cache_open_table(cache, file, UINT64_MAX, &table);
    if (status == FERRIC_OK) status = fe_table_load_filter(table);
    self.table = table;
    if (status == FERRIC_OK) {
        fe_expiry_tally_init(&self.expiries, fe_table_properties_of(table)->created_ms);
    }
    self.value_files = fe_table_cache_value_files(cache);
    if (status == FERRIC_OK) status = verify_blocks(&self, blocks);
    *entries = self.found.entries;
    *offset = self.offset;
    fe_block_reader_deinit(&self.reader);
    fe_buffer_deinit(&self.memory);
    fe_buffer_deinit(&self.key);
    fe_buffer_deinit(&self.before);
    fe_buffer_deinit(&self.bound);
    fe_buffer_deinit(&self.value);
    fe_value_refs_deinit(&self.values);
    fe_table_close(table);
    return status;
}
