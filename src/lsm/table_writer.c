// SPDX-License-Identifier: Apache-2.0
// Entries to tables, dropping what is invisible.
#include "lsm/table_writer.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/compiler.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/file_keys.h"
#include "lsm/file_names.h"
#include "lsm/snapshot.h"

// A new keyspace begins a new table when the one before has at least this size, so that dropping a
// keyspace frees whole tables.
#define KEYSPACE_CUT_BYTES ((uint64_t)1 << 20)

typedef struct table_writer {
    const fe_table_writer_options *options;
    fe_table_builder *builder;
    fe_version_edit *edit;
    fe_table_writer_result *result;
    ferric_buffer path;
    ferric_buffer key; // The key of the entry before.
    uint64_t sequence; // Its number.
    uint64_t stripe;   // Of the newest kept or dropped version of that key.
    bool has_key;
    size_t first_addition; // Additions of the edit that are not ours.
    fe_value_refs values;  // Of the table that is being built.
    size_t piece;          // Of the range deletes: the first that does not end before `key`.
    size_t unwritten;      // The first that no table has yet, or not all of it.
    ferric_buffer cut;     // Where the table before was cut; pieces count from there on.
} table_writer;

static ferric_status open_builder(table_writer *writer)
{
    const fe_table_writer_options *options = writer->options;
    fe_file_header header = {
        .version = FE_FORMAT_VERSION,
        .kind = FE_FILE_TABLE,
        .created_ms = fe_vfs_now_ms(options->vfs),
    };
    ferric_status status;

    memcpy(header.database_id, options->database_id, FE_DATABASE_ID_SIZE);
    status = fe_file_number_draw(options->next_file_number, &header.file_number);
    // K2 of keyring_file.h: the number comes first.
    fe_file_keys_stamp(fe_table_cache_keys(options->version->tables), &header);
    if (status == FERRIC_OK) {
        status = fe_vfs_random(options->vfs, header.salt, sizeof header.salt);
    }
    if (status == FERRIC_OK) {
        status = fe_file_path(&writer->path, options->directory, FE_FILE_TABLE, header.file_number);
    }
    if (status != FERRIC_OK) return status;
    return fe_table_builder_create(options->vfs, fe_path_text(&writer->path), &header,
                                   &options->builder, &writer->builder);
}

// The table's references go with it.
static ferric_status give_values(table_writer *writer, fe_table_file *file)
{
    fe_value_files *files = fe_table_cache_value_files(writer->options->version->tables);
    ferric_status status = FERRIC_OK;

    if (writer->values.count == 0) return FERRIC_OK;
    status = fe_value_refs_attach_known(files, &writer->values);
    if (status != FERRIC_OK) return status;
    file->values = writer->values;
    writer->values = (fe_value_refs){0};
    return FERRIC_OK;
}

static ferric_status note_value(table_writer *writer, const fe_entry *entry)
{
    fe_value_pointer pointer;
    ferric_status status;

    if (!fe_entry_kind_points(entry->kind)) return FERRIC_OK;
    status = fe_value_pointer_decode(fe_entry_content(entry), &pointer);
    return status == FERRIC_OK ? fe_value_refs_add(&writer->values, &pointer) : status;
}

// ---- Range deletes --------------------------------------------------------------------------

// W7. The newest range delete that all see who see the entry is newer than it.
static bool is_range_deleted(table_writer *writer, const fe_entry *entry, uint64_t stripe)
{
    const fe_range_deletes *ranges = writer->options->ranges;
    const fe_range_piece *piece;

    if (ranges == NULL) return false;
    while (writer->piece < ranges->count &&
           fe_slice_compare(ranges->pieces[writer->piece].upper, entry->key) <= 0) {
        writer->piece++;
    }
    if (writer->piece == ranges->count) return false;
    piece = &ranges->pieces[writer->piece];
    return fe_slice_compare(piece->lower, entry->key) <= 0 &&
           fe_range_piece_newest(piece, stripe) > entry->sequence;
}

// W2 for a piece that is cut already: its oldest delete is left out when no snapshot is older than
// it and nothing below has its keys. Younger ones hide what snapshots see.
static uint32_t count_kept(const table_writer *writer, const fe_range_piece *piece)
{
    const fe_table_writer_options *options = writer->options;
    size_t count = FE_SEEDED_BUG(FE_BUG_RANGE_DELETE_UNDER_SNAPSHOT) ? 0 : options->snapshot_count;
    uint64_t oldest = piece->sequences[piece->count - 1];

    if (count > 0 && oldest > options->snapshots[0]) return piece->count;
    if (fe_version_has_keys(options->version, options->below_level, piece->lower, piece->upper) &&
        !FE_SEEDED_BUG(FE_BUG_RANGE_DELETE_ABOVE_OLDER)) {
        return piece->count;
    }
    return piece->count - 1;
}

// What is left of piece number `index` between the last cut and `cut`. Returns false when that is
// nothing.
static bool cut_piece(const table_writer *writer, size_t index, ferric_slice cut,
                      fe_range_piece *piece)
{
    ferric_slice last_cut = fe_buffer_slice(&writer->cut);

    *piece = writer->options->ranges->pieces[index];
    if (fe_slice_compare(piece->lower, last_cut) < 0) piece->lower = last_cut;
    if (cut.size > 0 && fe_slice_compare(cut, piece->upper) < 0) piece->upper = cut;
    if (fe_slice_compare(piece->lower, piece->upper) >= 0) return false;
    piece->count = count_kept(writer, piece);
    return piece->count > 0;
}

// W9.
static ferric_status add_first_delete(table_writer *writer, const fe_range_piece *piece)
{
    fe_entry entry = {
        .key = piece->lower, .sequence = piece->sequences[0], .kind = FE_ENTRY_DELETE};
    ferric_status status = open_builder(writer);

    if (status == FERRIC_OK) status = fe_table_builder_add(writer->builder, &entry);
    if (status == FERRIC_OK) writer->result->entries_out++;
    return status;
}

// W8: gives the table the pieces below `cut` that no table has yet; opens it if need be.
static ferric_status write_pieces(table_writer *writer, ferric_slice cut)
{
    const fe_range_deletes *ranges = writer->options->ranges;
    ferric_status status = FERRIC_OK;

    while (ranges != NULL && writer->unwritten < ranges->count && status == FERRIC_OK) {
        const fe_range_piece *whole = &ranges->pieces[writer->unwritten];
        fe_range_piece piece;
        if (cut.size > 0 && fe_slice_compare(whole->lower, cut) >= 0) break;
        if (cut_piece(writer, writer->unwritten, cut, &piece)) {
            if (writer->builder == NULL) status = add_first_delete(writer, &piece);
            if (status == FERRIC_OK) status = fe_table_builder_add_range(writer->builder, &piece);
        }
        if (cut.size > 0 && fe_slice_compare(whole->upper, cut) > 0) break;
        writer->unwritten++;
    }
    if (status == FERRIC_OK && ranges != NULL) status = fe_buffer_assign(&writer->cut, cut);
    return status;
}

// Writes the table, whose keys are below `cut`; size 0: it is the last one.
static ferric_status close_builder(table_writer *writer, ferric_slice cut)
{
    fe_table_summary summary;
    fe_table_file *file = NULL;
    ferric_status status = write_pieces(writer, cut);

    if (status == FERRIC_OK) status = fe_table_builder_finish(writer->builder, &summary);
    if (status != FERRIC_OK) return status;
    status = fe_table_file_create(&summary, &file);
    if (status == FERRIC_OK) status = give_values(writer, file);
    if (status == FERRIC_OK) {
        status = fe_version_edit_add(writer->edit, writer->options->output_level, file);
    }
    writer->result->bytes_out += summary.identity.size_bytes;
    // The builder gave its file away when it finished: without an addition it is ours to remove.
    fe_table_builder_destroy(writer->builder);
    writer->builder = NULL;
    if (status == FERRIC_OK) return FERRIC_OK;
    (void)fe_vfs_remove(writer->options->vfs, fe_path_text(&writer->path));
    if (file != NULL && fe_table_file_unref(file)) {
        fe_table_cache_discard(writer->options->version->tables, file);
    }
    return status;
}

// ---- Entries --------------------------------------------------------------------------------

static bool may_exist_below(const table_writer *writer, ferric_slice key)
{
    const fe_version *version = writer->options->version;

    for (uint32_t i = writer->options->below_level; i < FE_LEVEL_COUNT; i++) {
        const fe_level *level = &version->levels[i];
        if (i > 0) {
            if (fe_version_find(level, key) != NULL) return true;
            continue;
        }
        for (uint32_t j = 0; j < level->count; j++) {
            if (fe_table_file_overlaps(level->files[j], key, key)) return true;
        }
    }
    return false;
}

// W1, W2 and W7. Called once for each entry, in order.
static bool is_dropped(table_writer *writer, const fe_entry *entry, bool is_same_key)
{
    const fe_table_writer_options *options = writer->options;
    size_t count = FE_SEEDED_BUG(FE_BUG_SNAPSHOT_IGNORED) ? 0 : options->snapshot_count;
    uint64_t stripe = fe_snapshot_stripe(options->snapshots, count, entry->sequence);
    bool is_shadowed = is_same_key && stripe == writer->stripe;

    writer->stripe = stripe;
    if (is_shadowed || is_range_deleted(writer, entry, stripe)) return true;
    if (entry->kind != FE_ENTRY_DELETE) return false;
    if (FE_SEEDED_BUG(FE_BUG_TOMBSTONE_UNDER_SNAPSHOT)) count = 0;
    if (count > 0 && entry->sequence > options->snapshots[0]) return false;
    return FE_SEEDED_BUG(FE_BUG_TOMBSTONE_ABOVE_OLDER) || !may_exist_below(writer, entry->key);
}

static bool begins_new_keyspace(const table_writer *writer, ferric_slice key)
{
    return writer->key.size >= FE_KEYSPACE_ID_SIZE && key.size >= FE_KEYSPACE_ID_SIZE &&
           memcmp(writer->key.data, key.data, FE_KEYSPACE_ID_SIZE) != 0;
}

// W3: only asked between two keys. What goes into level 0 is never cut: the pieces would overlap in
// sequence numbers.
static bool is_time_to_cut(const table_writer *writer, ferric_slice key)
{
    uint64_t size;

    if (writer->options->table_size == UINT64_MAX) return false;
    if (writer->builder == NULL || fe_table_builder_entries(writer->builder) == 0) return false;
    size = fe_table_builder_size(writer->builder);
    return size >= writer->options->table_size ||
           (size >= KEYSPACE_CUT_BYTES && begins_new_keyspace(writer, key));
}

// W6. Whoever could still see the value would see it expired.
static bool is_expired(const table_writer *writer, const fe_entry *entry)
{
    if (FE_LIKELY(!fe_entry_kind_expires(entry->kind))) return false;
    return fe_entry_expiry(entry) <= writer->options->expired_up_to_ms;
}

// W5. Blocks are checked as they are loaded, but whether they follow one another shows only here.
// Two inputs may have the same version of a key: then the second is dropped.
static ferric_status check_order(const table_writer *writer, const fe_entry *entry,
                                 bool *is_same_key)
{
    int order = -1;

    if (writer->has_key) order = fe_slice_compare(fe_buffer_slice(&writer->key), entry->key);
    *is_same_key = order == 0;
    if (order < 0 || (order == 0 && entry->sequence <= writer->sequence)) return FERRIC_OK;
    return fe_fail(FERRIC_CORRUPT,
                   "%s: a table in it is out of order: entry %" PRIu64
                   " of the merge comes before the one before it: run `ferric verify`",
                   writer->options->directory, writer->result->entries_in);
}

static ferric_status take_entry(table_writer *writer, const fe_entry *input)
{
    fe_entry deleted = {.key = input->key, .sequence = input->sequence, .kind = FE_ENTRY_DELETE};
    const fe_entry *entry = is_expired(writer, input) ? &deleted : input;
    bool is_same_key;
    ferric_status status = check_order(writer, entry, &is_same_key);

    if (status != FERRIC_OK) return status;
    writer->sequence = entry->sequence;
    writer->result->entries_in++;
    writer->result->expired += entry != input;
    if (FE_SEEDED_BUG(FE_BUG_EXPIRED_LEFT_OUT) && entry != input) return FERRIC_OK;
    if ((!is_same_key || FE_SEEDED_BUG(FE_BUG_KEY_SPLIT_ACROSS_TABLES)) &&
        is_time_to_cut(writer, entry->key)) {
        status = close_builder(writer, entry->key);
    }
    if (status == FERRIC_OK && !is_same_key) status = fe_buffer_assign(&writer->key, entry->key);
    if (status != FERRIC_OK) return status;
    writer->has_key = true;
    if (is_dropped(writer, entry, is_same_key)) return FERRIC_OK;
    if (writer->builder == NULL) status = open_builder(writer);
    if (status == FERRIC_OK) status = fe_table_builder_add(writer->builder, entry);
    if (status == FERRIC_OK && !(is_same_key && FE_SEEDED_BUG(FE_BUG_OLD_VALUE_NOT_COUNTED))) {
        status = note_value(writer, entry);
    }
    if (status == FERRIC_OK) writer->result->entries_out++;
    return status;
}

static ferric_status take_all(table_writer *writer, fe_iterator *input)
{
    const _Atomic(bool) *is_stopping = writer->options->is_stopping;
    ferric_status status = FERRIC_OK;

    fe_iterator_first(input);
    while (input->is_valid && status == FERRIC_OK) {
        status = take_entry(writer, &input->entry);
        if (status != FERRIC_OK) break;
        fe_iterator_next(input);
        if (is_stopping != NULL && (writer->result->entries_in & 1023) == 0 &&
            atomic_load_explicit(is_stopping, memory_order_relaxed)) {
            if (FE_SEEDED_BUG(FE_BUG_STOPPED_IS_END)) break;
            status = fe_fail(FERRIC_INTERRUPTED, "writing tables was interrupted");
        }
    }
    if (status == FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_READ_ERROR_IS_END)) status = input->status;
    if (status == FERRIC_OK && writer->builder == NULL) {
        status = write_pieces(writer, fe_slice(NULL, 0)); // Which may open one.
    }
    if (status == FERRIC_OK && writer->builder != NULL) {
        status = close_builder(writer, fe_slice(NULL, 0));
    }
    return status;
}

// Gives up the tables that were finished before the failure.
static void undo_additions(table_writer *writer)
{
    fe_version_edit *edit = writer->edit;

    while (edit->addition_count > writer->first_addition) {
        fe_table_file *file = edit->additions[--edit->addition_count].file;
        atomic_store(&file->is_obsolete, true);
        if (fe_table_file_unref(file)) {
            fe_table_cache_discard(writer->options->version->tables, file);
        }
    }
}

ferric_status fe_table_writer_run(const fe_table_writer_options *options, fe_iterator *input,
                                  fe_version_edit *edit, fe_table_writer_result *result)
{
    table_writer writer = {.options = options, .edit = edit, .result = result};
    ferric_status status;

    memset(result, 0, sizeof *result);
    writer.first_addition = edit->addition_count;
    status = take_all(&writer, input);
    fe_table_builder_destroy(writer.builder);
    if (status != FERRIC_OK) undo_additions(&writer);
    fe_value_refs_deinit(&writer.values);
    fe_buffer_deinit(&writer.path);
    fe_buffer_deinit(&writer.key);
    fe_buffer_deinit(&writer.cut);
    return status;
}
