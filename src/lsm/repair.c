// SPDX-License-Identifier: Apache-2.0
// Repair: what can still be read of a damaged database, into a new one. The damaged one is not
// touched.
//
//   1  the manifest says which tables are live; when it cannot be read, all tables in the directory
//      are taken, which may bring back what was deleted, and is a finding
//   2  tables are read block by block, lost blocks are findings (salvage_iterator.c)
//   3  logs are read up to their first damage
//   4  all of it is merged, newest version first, into tables of the new directory; indexes begin
//      anew there (index_reset.c)
//   5  keyspaces that have entries and lost their names get new ones, in a table of their own
//
// The new database has a new id, no log, and the same keyspaces, for those are data too.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/apply.h"
#include "lsm/catalogue.h"
#include "lsm/file_names.h"
#include "lsm/index_reset.h"
#include "lsm/keyring_file.h"
#include "lsm/keyspace_census.h"
#include "lsm/manifest.h"
#include "lsm/merge_iterator.h"
#include "lsm/range_collector.h"
#include "lsm/repair.h"
#include "lsm/salvage_iterator.h"
#include "lsm/store.h"
#include "lsm/table_writer.h"
#include "lsm/value_rescue.h"
#include "lsm/view.h"

#define MEMTABLE_BYTES ((uint64_t)8 << 20)

typedef struct repair {
    fe_vfs *vfs;
    const ferric_options *options;
    const ferric_options *damaged_options; // Its key.
    bool is_copy;                          // The new database is encrypted as `options` says.
    fe_file_keys *damaged_keys;            // NULL: it is not encrypted.
    fe_file_keys *keys;                    // Of the new database; likewise.
    const char *damaged;
    const char *repaired;
    ferric_repair_report *report;
    fe_salvage_report salvage;
    fe_keyspace_census census;
    fe_index_reset indexes;
    fe_epoch *epoch;
    fe_block_cache *blocks;
    fe_table_cache *tables;  // Of the new directory.
    fe_value_rescue *values; // Of the damaged one.
    fe_iterator **inputs;
    size_t input_count;
    fe_live_memtable **memtables;
    size_t memtable_count;
    fe_operations operations;
    fe_range_collector ranges; // Of all tables and logs.
    ferric_buffer path;
    uint64_t last_sequence;
    uint8_t database_id[FE_DATABASE_ID_SIZE]; // Of the new one.
} repair;

// This thread's message is a finding at `offset` of the file in run->path.
static void add_finding(repair *run, uint64_t offset)
{
    run->report->findings++;
    if (run->salvage.finding == NULL) return;
    run->salvage.finding(run->salvage.context, fe_path_text(&run->path), offset, fe_message());
}

static bool is_damage(ferric_status status)
{
    return status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED || status == FERRIC_NOT_FOUND;
}

// ---- Inputs ---------------------------------------------------------------------------------

static ferric_status add_input(repair *run, fe_iterator *input)
{
    size_t size = (run->input_count + 1) * sizeof *run->inputs;
    fe_iterator **inputs = fe_realloc(run->inputs, size);

    if (inputs == NULL) {
        fe_iterator_destroy(input);
        return fe_no_memory("a repair", size);
    }
    run->inputs = inputs;
    run->inputs[run->input_count++] = input;
    return FERRIC_OK;
}

static ferric_status add_table(repair *run, uint64_t number, const fe_table_identity *identity)
{
    fe_table *table = NULL;
    fe_iterator *input = NULL;
    ferric_status status = fe_file_path(&run->path, run->damaged, FE_FILE_TABLE, number);

    if (status != FERRIC_OK) return status;
    run->report->files++;
    status =
        fe_table_open(run->vfs, fe_path_text(&run->path), run->damaged_keys, identity, 0, &table);
    if (is_damage(status)) {
        if (status == FERRIC_NOT_FOUND) (void)fe_fail(status, "the table is missing");
        add_finding(run, 0);
        return FERRIC_OK;
    }
    if (status != FERRIC_OK) return status;
    if (fe_table_properties_of(table)->largest_sequence > run->last_sequence) {
        run->last_sequence = fe_table_properties_of(table)->largest_sequence;
    }
    if (fe_table_range_deletes(table) != NULL)
        status = fe_range_collector_add_all(&run->ranges, fe_table_range_deletes(table));
    if (status != FERRIC_OK) {
        fe_table_close(table);
        return status;
    }
    status = fe_salvage_iterator_create(table, &run->salvage, &input);
    return status == FERRIC_OK ? add_input(run, input) : status;
}

static ferric_status add_live_tables(repair *run, const fe_version *version)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count && status == FERRIC_OK; j++) {
            const fe_table_identity *identity = &version->levels[i].files[j]->identity;
            status = add_table(run, identity->number, identity);
        }
    }
    return status;
}

static ferric_status add_memtable(repair *run, uint64_t cost, uint32_t entries)
{
    size_t size = (run->memtable_count + 1) * sizeof *run->memtables;
    fe_live_memtable **memtables = fe_realloc(run->memtables, size);
    ferric_status status;

    if (memtables == NULL) return fe_no_memory("a repair", size);
    run->memtables = memtables;
    status = fe_live_memtable_create_behind(NULL, MEMTABLE_BYTES, NULL, 0, entries, cost,
                                            &memtables[run->memtable_count]);
    if (status == FERRIC_OK) run->memtable_count++;
    return status;
}

// They go into the list of all, for logs come in any order.
static ferric_status take_ranges(repair *run, uint64_t sequence)
{
    const fe_operations *operations = &run->operations;
    ferric_buffer upper = {0};
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < operations->count && status == FERRIC_OK; i++) {
        const fe_entry *entry = &operations->entries[i];
        if (entry->kind != FE_ENTRY_RANGE_DELETE) continue;
        status = fe_range_upper(entry, &upper);
        if (status == FERRIC_OK) {
            status =
                fe_range_collector_add(&run->ranges, entry->key, fe_buffer_slice(&upper), sequence);
        }
    }
    fe_buffer_deinit(&upper);
    return status;
}

static ferric_status take_commits(repair *run, const fe_frame *frame)
{
    ferric_slice bytes = frame->payload;

    for (uint16_t i = 0; i < frame->batch_count; i++) {
        fe_decoder decoder = fe_decoder_of(bytes);
        uint64_t count = fe_decode_varint_max(&decoder, UINT32_MAX);
        size_t last = run->memtable_count - 1;
        ferric_status status;

        if (decoder.failed) return fe_fail(FERRIC_CORRUPT, "a commit has no count");
        bytes = fe_slice(decoder.at, fe_decoder_remaining(&decoder));
        status = fe_operations_read(&run->operations, &bytes, count);
        if (status == FERRIC_OK) status = take_ranges(run, frame->sequence + i);
        if (status != FERRIC_OK) return status;
        if (run->memtable_count == 0 ||
            !fe_memtable_has_room(run->memtables[last]->memtable, run->operations.count,
                                  run->operations.cost_bytes)) {
            status = add_memtable(run, run->operations.cost_bytes, (uint32_t)count);
            if (status != FERRIC_OK) return status;
            last = run->memtable_count - 1;
        }
        fe_operations_apply(&run->operations, frame->sequence + i, run->memtables[last]->memtable);
        if (frame->sequence + i > run->last_sequence) run->last_sequence = frame->sequence + i;
    }
    return FERRIC_OK;
}

static ferric_status read_frames(repair *run, fe_record_log_reader *reader)
{
    fe_frame_result result = FE_FRAME_VALID;
    fe_frame frame;
    uint64_t offset = 0;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK) {
        status = fe_record_log_next(reader, &frame, &result, &offset);
        if (status != FERRIC_OK || result != FE_FRAME_VALID) break;
        if (frame.kind == FE_FRAME_COMMITS) status = take_commits(run, &frame);
        run->report->frames++;
    }
    if (status == FERRIC_OK && result != FE_FRAME_EMPTY) {
        status = fe_fail(FERRIC_CORRUPT, "the log is damaged here; commits behind are lost");
    }
    if (!is_damage(status)) return status;
    add_finding(run, offset);
    return FERRIC_OK;
}

static ferric_status add_log(repair *run, uint64_t number)
{
    fe_record_log_reader *reader = NULL;
    ferric_status status = fe_file_path(&run->path, run->damaged, FE_FILE_LOG, number);

    if (status != FERRIC_OK) return status;
    run->report->files++;
    status = fe_record_log_open(run->vfs, fe_path_text(&run->path), FE_FILE_LOG, run->damaged_keys,
                                &reader);
    if (is_damage(status)) {
        add_finding(run, 0);
        return FERRIC_OK;
    }
    if (status == FERRIC_OK) status = read_frames(run, reader);
    fe_record_log_reader_close(reader);
    return status;
}

static ferric_status add_value_file(repair *run, uint64_t number)
{
    ferric_status status = fe_file_path(&run->path, run->damaged, FE_FILE_VALUES, number);

    if (status != FERRIC_OK) return status;
    run->report->files++;
    status = fe_value_rescue_add(run->values, number);
    if (!is_damage(status)) return status;
    add_finding(run, 0);
    return FERRIC_OK;
}

// All logs and value files, and all tables when `with_tables`.
static ferric_status add_files(repair *run, bool with_tables)
{
    ferric_buffer names = {0};
    ferric_status status = fe_vfs_list(run->vfs, run->damaged, &names);

    for (size_t at = 0; status == FERRIC_OK && at < names.size;) {
        const char *name = (const char *)names.data + at;
        fe_file_kind kind;
        uint64_t number;

        at += strlen(name) + 1;
        if (!fe_file_name_parse(name, &kind, &number)) continue;
        if (kind == FE_FILE_LOG) status = add_log(run, number);
        if (kind == FE_FILE_VALUES) status = add_value_file(run, number);
        if (kind == FE_FILE_TABLE && with_tables) status = add_table(run, number, NULL);
    }
    fe_buffer_deinit(&names);
    return status;
}

static ferric_status gather(repair *run)
{
    fe_manifest_state state;
    ferric_status status =
        fe_manifest_load(run->vfs, run->damaged, run->damaged_keys, run->tables, &state);
    bool has_manifest = status == FERRIC_OK;

    if (!has_manifest && !is_damage(status)) return status;
    if (has_manifest) {
        status = add_live_tables(run, state.version);
    } else {
        if (status == FERRIC_NOT_FOUND) (void)fe_fail(status, "CURRENT is missing");
        status = fe_file_path_named(&run->path, run->damaged, FE_FILE_CURRENT_NAME);
        if (status == FERRIC_OK) add_finding(run, 0);
    }
    if (status == FERRIC_OK) status = add_files(run, !has_manifest);
    fe_manifest_state_deinit(&state);
    for (size_t i = 0; i < run->memtable_count && status == FERRIC_OK; i++) {
        fe_iterator *input = NULL;
        status = fe_memtable_iterator(run->memtables[i]->memtable, &input);
        if (status == FERRIC_OK) status = add_input(run, input);
    }
    return status;
}

// ---- Output ---------------------------------------------------------------------------------

// What the new tables have in common.
static fe_table_writer_options writer_options(const repair *run, const uint8_t *database_id,
                                              _Atomic(uint64_t) *next_file_number,
                                              const fe_version *empty)
{
    return (fe_table_writer_options){
        .vfs = run->vfs,
        .directory = run->repaired,
        .builder = fe_table_options(run->options, run->options->bottom_compression),
        .table_size = run->options->table_size,
        .database_id = database_id,
        .next_file_number = next_file_number,
        .version = empty,
        .below_level = 2,
        .output_level = 1,
    };
}

static ferric_status write_tables(repair *run, fe_table_writer_options *writer,
                                  fe_version_edit *edit)
{
    fe_table_writer_result result;
    fe_iterator *merged = NULL;
    fe_iterator *resolved = NULL;
    fe_iterator *reset = NULL;
    fe_iterator *counted = NULL;
    ferric_status status = fe_range_collector_finish(&run->ranges, NULL, 0);

    if (status != FERRIC_OK) return status;
    run->census.ranges = &run->ranges.ranges;
    writer->ranges = &run->ranges.ranges;
    status = fe_merge_iterator_create(run->inputs, run->input_count, &merged);
    run->input_count = 0; // The merge has them now.
    if (status == FERRIC_OK) {
        status = fe_value_rescue_iterator(run->values, merged, &run->salvage,
                                          &run->report->findings, &resolved);
    }
    if (status == FERRIC_OK) status = fe_index_reset_iterator(resolved, &run->indexes, &reset);
    if (status == FERRIC_OK) status = fe_keyspace_census_iterator(reset, &run->census, &counted);
    if (status == FERRIC_OK) status = fe_table_writer_run(writer, counted, edit, &result);
    if (status == FERRIC_OK) run->report->entries = result.entries_out;
    fe_iterator_destroy(counted);
    return status;
}

// ---- Lost names -----------------------------------------------------------------------------

static void put_in_catalogue(repair *run, fe_memtable *names, ferric_slice user_key,
                             ferric_slice value)
{
    uint8_t key[FE_KEYSPACE_ID_SIZE + FE_CATALOGUE_KEY_SIZE_MAX];
    fe_entry entry = {.value = value, .sequence = run->last_sequence, .kind = FE_ENTRY_PUT};

    fe_put_u32_ordered(key, FE_KEYSPACE_CATALOGUE);
    memcpy(key + FE_KEYSPACE_ID_SIZE, user_key.data, user_key.size);
    entry.key = fe_slice(key, FE_KEYSPACE_ID_SIZE + user_key.size);
    fe_memtable_insert(names, &entry, fe_hash64(entry.key.data, entry.key.size));
}

static void name_keyspace(repair *run, const fe_census_line *line, fe_memtable *names)
{
    uint8_t key[FE_CATALOGUE_KEY_SIZE_MAX];
    uint8_t entry[FE_CATALOGUE_ENTRY_SIZE];
    char name[32] = FE_KEYSPACE_MAIN_NAME;
    ferric_keyspace_kind kind =
        line->is_collection ? FERRIC_KEYSPACE_COLLECTION : FERRIC_KEYSPACE_RAW;

    if (line->id != FE_KEYSPACE_MAIN) snprintf(name, sizeof name, "recovered-%" PRIu32, line->id);
    fe_catalogue_encode(line->id, kind, entry);
    put_in_catalogue(run, names, fe_catalogue_name_key(name, key), fe_slice(entry, sizeof entry));
    run->report->findings++;
    (void)fe_fail(FERRIC_CORRUPT,
                  "the name of the keyspace with the id %" PRIu32 " is lost: it is \"%s\" now, %s, "
                  "with %" PRIu64 " entries",
                  line->id, name, line->is_collection ? "a collection" : "raw", line->entries);
    if (run->salvage.finding == NULL) return;
    run->salvage.finding(run->salvage.context, run->repaired, 0, fe_message());
}

// Puts what the catalogue lacks into `names`: the commit behind all that was found.
static void fill_catalogue(repair *run, fe_memtable *names)
{
    uint32_t next_id = fe_keyspace_census_next_id(&run->census);
    const fe_census_line *line;
    size_t index = 0;
    uint8_t next[4];

    if (run->last_sequence < FE_SEQUENCE_MAX - 1) run->last_sequence++;
    while ((line = fe_keyspace_census_nameless(&run->census, &index)) != NULL)
        name_keyspace(run, line, names);
    if (next_id == 0) return;
    fe_put_u32(next, next_id);
    put_in_catalogue(run, names, fe_slice_text(FE_CATALOGUE_NEXT_ID_KEY), fe_slice(next, 4));
}

// Nothing is named when nothing was lost: a keyspace without a name is then one that has none.
static ferric_status write_names(repair *run, fe_table_writer_options *writer,
                                 fe_version_edit *edit)
{
    size_t cost = fe_memtable_entry_cost(FE_KEYSPACE_ID_SIZE + FE_CATALOGUE_KEY_SIZE_MAX,
                                         FE_CATALOGUE_ENTRY_SIZE);
    fe_table_writer_result result;
    fe_memtable *names;
    fe_iterator *input = NULL;
    size_t count = 0;
    ferric_status status;

    if (run->report->findings == 0 && run->salvage.blocks_lost == 0) return FERRIC_OK;
    for (size_t index = 0; fe_keyspace_census_nameless(&run->census, &index) != NULL;)
        count++;
    if (fe_keyspace_census_next_id(&run->census) != 0) count++;
    if (count == 0) return FERRIC_OK;
    status = add_memtable(run, count * cost, (uint32_t)count);
    if (status != FERRIC_OK) return status;
    names = run->memtables[run->memtable_count - 1]->memtable;
    fill_catalogue(run, names);
    status = fe_memtable_iterator(names, &input);
    // Above the other tables, which may have older entries of the same keys.
    writer->ranges = NULL;
    writer->below_level = 1;
    writer->output_level = 0;
    if (status == FERRIC_OK) status = fe_table_writer_run(writer, input, edit, &result);
    if (status == FERRIC_OK) run->report->entries += result.entries_out;
    fe_iterator_destroy(input);
    return status;
}

// ---- The new database -----------------------------------------------------------------------

static ferric_status write_database(repair *run)
{
    _Atomic(uint64_t) next_file_number = 1;
    fe_file_header header = {.version = FE_FORMAT_VERSION, .kind = FE_FILE_MANIFEST};
    fe_table_writer_options writer;
    fe_version_edit edit = {0};
    fe_version *empty = NULL;
    fe_version *whole = NULL;
    fe_manifest *manifest = NULL;
    ferric_status status = fe_version_create(run->tables, &empty);

    header.created_ms = fe_vfs_now_ms(run->vfs);
    memcpy(header.database_id, run->database_id, FE_DATABASE_ID_SIZE);
    fe_file_keys_stamp(run->keys, &header);
    if (status == FERRIC_OK) status = fe_vfs_random(run->vfs, header.salt, FE_SALT_SIZE);
    if (status == FERRIC_OK) {
        writer = writer_options(run, header.database_id, &next_file_number, empty);
        status = write_tables(run, &writer, &edit);
    }
    if (status == FERRIC_OK) status = write_names(run, &writer, &edit);
    if (status == FERRIC_OK) status = fe_vfs_sync_directory(run->vfs, run->repaired);
    if (status == FERRIC_OK) status = fe_version_apply(empty, &edit, &whole);
    if (status == FERRIC_OK) {
        fe_version_edit state = {.has_logs = true, .last_sequence = run->last_sequence};
        // A made-up number must not make the new database one that cannot be opened.
        if (state.last_sequence >= FE_SEQUENCE_MAX) state.last_sequence = FE_SEQUENCE_MAX - 1;
        header.file_number = atomic_load(&next_file_number);
        state.next_file_number = header.file_number + 1;
        status = fe_manifest_create(run->vfs, run->repaired, &header, whole, &state, &manifest);
    }
    fe_manifest_close(manifest);
    fe_version_edit_deinit(&edit, run->tables);
    fe_version_unref(whole);
    fe_version_unref(empty);
    return status;
}

// Its own name is made durable too, before the repair says that it is done.
static ferric_status make_directory(repair *run)
{
    ferric_status status = fe_vfs_make_directory(run->vfs, run->repaired);

    if (status == FERRIC_OK) status = fe_file_path_parent(&run->path, run->repaired);
    if (status == FERRIC_OK) status = fe_vfs_sync_directory(run->vfs, fe_path_text(&run->path));
    return status;
}

// ---- The whole ------------------------------------------------------------------------------

static ferric_status check_paths(repair *run)
{
    fe_path_kind kind = FE_PATH_NONE;
    ferric_status status = fe_vfs_stat(run->vfs, run->damaged, &kind, NULL);

    if (status != FERRIC_OK) return status;
    if (kind == FE_PATH_NONE) return fe_fail(FERRIC_NOT_FOUND, "no database at %s", run->damaged);
    if (kind != FE_PATH_DIRECTORY) {
        return fe_fail(FERRIC_NOT_A_DATABASE, "%s is no directory, so it is not a Ferric database",
                       run->damaged);
    }
    status = fe_vfs_stat(run->vfs, run->repaired, &kind, NULL);
    if (status != FERRIC_OK) return status;
    if (kind != FE_PATH_NONE) {
        return fe_fail(FERRIC_ALREADY_EXISTS,
                       "%s exists: repair writes a new database, so choose a path that is free",
                       run->repaired);
    }
    return FERRIC_OK;
}

static ferric_status take_lock(repair *run, fe_lock **lock)
{
    uint64_t holder = 0;
    ferric_status status = fe_file_path_named(&run->path, run->damaged, FE_FILE_LOCK_NAME);

    if (status == FERRIC_OK) {
        status = fe_vfs_lock(run->vfs, fe_path_text(&run->path), FE_LOCK_SHARED, lock, &holder);
    }
    if (status == FERRIC_NOT_FOUND) return FERRIC_OK; // A copy without LOCK: nobody writes it.
    if (status != FERRIC_LOCKED) return status;
    return fe_fail(FERRIC_LOCKED, "%s is open in process %" PRIu64 ": close it first", run->damaged,
                   holder);
}

// The new database is encrypted when the damaged one is, with a keyring of its own in which the key
// that opened the old one has the only slot.
static ferric_status find_keys(repair *run)
{
    ferric_status status = fe_vfs_random(run->vfs, run->database_id, FE_DATABASE_ID_SIZE);

    if (status == FERRIC_OK)
        status = fe_keys_find(run->vfs, run->damaged, run->damaged_options, &run->damaged_keys);
    if (status != FERRIC_OK) return status;
    if (run->is_copy ? !fe_wants_encryption(run->options) : run->damaged_keys == NULL)
        return status;
    return fe_keys_begin(run->vfs, run->options, run->repaired, run->database_id, &run->keys);
}

static ferric_status create_parts(repair *run)
{
    fe_table_cache_options tables = {
        .vfs = run->vfs,
        .directory = run->repaired,
        .open_files_max = run->options->open_files_max,
        .memory_max = run->options->memory_limit / 8,
        .keys = run->keys,
    };
    ferric_status status = fe_epoch_create(&run->epoch);

    if (status == FERRIC_OK) {
        status = fe_value_rescue_create(run->vfs, run->damaged, run->damaged_keys, run->epoch,
                                        run->options->open_files_max / 2, &run->values);
    }
    if (status == FERRIC_OK) {
        status = fe_block_cache_create(run->epoch, run->options->memory_limit / 8, &run->blocks);
    }
    if (status == FERRIC_OK) {
        status = fe_table_cache_create(&tables, run->epoch, run->blocks, &run->tables);
    }
    return status;
}

static void release_parts(repair *run)
{
    for (size_t i = 0; i < run->input_count; i++)
        fe_iterator_destroy(run->inputs[i]);
    for (size_t i = 0; i < run->memtable_count; i++)
        fe_live_memtable_unref(run->memtables[i]);
    fe_free(run->inputs);
    fe_free(run->memtables);
    fe_operations_deinit(&run->operations);
    fe_range_collector_deinit(&run->ranges);
    fe_buffer_deinit(&run->path);
    fe_keyspace_census_deinit(&run->census);
    fe_index_reset_deinit(&run->indexes);
    fe_value_rescue_destroy(run->values);
    if (run->epoch != NULL) fe_epoch_collect(run->epoch);
    fe_table_cache_destroy(run->tables);
    if (run->epoch != NULL) fe_epoch_collect(run->epoch);
    fe_block_cache_destroy(run->blocks);
    fe_epoch_destroy(run->epoch);
    fe_file_keys_destroy(run->damaged_keys);
    fe_file_keys_destroy(run->keys);
}

ferric_status fe_repair_carry_out(const fe_repair_request *request, ferric_repair_report *report)
{
    const ferric_options *options = request->options;
    repair run = {
        .vfs = options->vfs != NULL ? options->vfs : fe_vfs_posix(),
        .options = options,
        .damaged_options = request->source_options,
        .is_copy = request->is_copy,
        .damaged = request->source,
        .repaired = request->target,
        .report = report,
        .salvage = {.finding = request->finding, .context = request->context},
        .indexes = {.function = request->reset},
    };
    fe_lock *lock = NULL;
    ferric_status status = check_paths(&run);

    memset(report, 0, sizeof *report);
    if (status == FERRIC_OK) status = take_lock(&run, &lock);
    if (status == FERRIC_OK) status = find_keys(&run);
    if (status == FERRIC_OK) status = create_parts(&run);
    if (status == FERRIC_OK) status = gather(&run);
    if (status == FERRIC_OK) status = make_directory(&run);
    if (status == FERRIC_OK && run.keys != NULL) // Before any file that is sealed with them.
        status = fe_keys_write(run.vfs, run.repaired, run.keys);
    if (status == FERRIC_OK) status = write_database(&run);
    report->blocks = run.salvage.blocks_read;
    report->blocks_lost = run.salvage.blocks_lost;
    report->findings += run.salvage.blocks_lost;
    release_parts(&run);
    fe_vfs_unlock(run.vfs, lock);
    return status;
}
