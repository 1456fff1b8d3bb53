// SPDX-License-Identifier: Apache-2.0
// Inspection of manifest edits: docs/format/manifest.md.
#include "base/coding.h"
#include "base/status.h"
#include "lsm/inspect.h"
#include "lsm/manifest.h"

static ferric_status tell_number(fe_inspection *run, uint64_t offset, const char *name,
                                 uint64_t number)
{
    fe_part part;

    if (number == 0) return FERRIC_OK; // The edit does not say it.
    fe_part_begin(&part, 2, name, offset, 0);
    fe_part_number(&part, "number", number);
    return fe_inspection_tell(run, &part);
}

static ferric_status tell_log(fe_inspection *run, uint64_t offset, const fe_live_log *log)
{
    fe_part part;

    fe_part_begin(&part, 2, "live log", offset, 0);
    fe_part_number(&part, "number", log->number);
    fe_part_hex(&part, "salt", log->salt, FE_SALT_SIZE);
    if (log->is_sealed) {
        fe_part_number(&part, "end", log->end);
        fe_part_number(&part, "end_sequence", log->end_sequence);
        fe_part_text(&part, "state", log->is_clean ? "sealed, durable" : "sealed");
    } else {
        fe_part_text(&part, "state", "read as far as it goes");
    }
    return fe_inspection_tell(run, &part);
}

static ferric_status tell_removal(fe_inspection *run, uint64_t offset,
                                  const fe_edit_removal *removal)
{
    fe_part part;

    fe_part_begin(&part, 2, "remove table", offset, 0);
    fe_part_number(&part, "number", removal->number);
    fe_part_number(&part, "level", removal->level);
    return fe_inspection_tell(run, &part);
}

static ferric_status tell_addition(fe_inspection *run, uint64_t offset,
                                   const fe_edit_addition *addition)
{
    const fe_table_file *file = addition->file;
    uint8_t check[sizeof file->identity.footer_check];
    fe_part part;

    fe_put_u32(check, file->identity.footer_check); // As the bytes stand in the file.
    fe_part_begin(&part, 2, "add table", offset, 0);
    fe_part_number(&part, "number", file->identity.number);
    fe_part_number(&part, "level", addition->level);
    fe_part_number(&part, "bytes", file->identity.size_bytes);
    fe_part_number(&part, "entries", file->entries);
    fe_part_number(&part, "deletes", file->deletes);
    if (file->range_deletes > 0) fe_part_number(&part, "range_deletes", file->range_deletes);
    fe_part_number(&part, "smallest_sequence", file->smallest_sequence);
    fe_part_number(&part, "largest_sequence", file->largest_sequence);
    fe_part_key(&part, "smallest_keyspace", "smallest", file->smallest_key);
    fe_part_key(&part, "largest_keyspace", "largest", file->largest_key);
    fe_part_hex(&part, "footer_check", check, sizeof check);
    fe_part_hex(&part, "salt", file->identity.salt, FE_SALT_SIZE);
    return fe_inspection_tell(run, &part);
}

static ferric_status tell_values(fe_inspection *run, uint64_t offset, const fe_table_file *file)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < file->values.count && status == FERRIC_OK; i++) {
        const fe_value_ref *ref = &file->values.items[i];
        fe_part part;
        fe_part_begin(&part, 2, "values of table", offset, 0);
        fe_part_number(&part, "number", file->identity.number);
        fe_part_number(&part, "file", ref->number);
        fe_part_number(&part, "count", ref->count);
        fe_part_number(&part, "bytes", ref->bytes);
        fe_part_number(&part, "end", ref->end);
        fe_part_hex(&part, "salt", ref->salt, FE_SALT_SIZE);
        status = fe_inspection_tell(run, &part);
    }
    return status;
}

static ferric_status tell_edit(fe_inspection *run, uint64_t offset, const fe_version_edit *edit)
{
    ferric_status status = tell_number(run, offset, "next file", edit->next_file_number);

    if (status == FERRIC_OK) {
        status = tell_number(run, offset, "last sequence", edit->last_sequence);
    }
    for (size_t i = 0; i < edit->log_count && status == FERRIC_OK; i++) {
        status = tell_log(run, offset, &edit->logs[i]);
    }
    for (size_t i = 0; i < edit->removal_count && status == FERRIC_OK; i++) {
        status = tell_removal(run, offset, &edit->removals[i]);
    }
    for (size_t i = 0; i < edit->addition_count && status == FERRIC_OK; i++) {
        status = tell_addition(run, offset, &edit->additions[i]);
        if (status == FERRIC_OK) status = tell_values(run, offset, edit->additions[i].file);
    }
    return status;
}

ferric_status fe_inspect_edit(fe_inspection *run, uint64_t offset, ferric_slice payload)
{
    fe_version_edit edit;
    ferric_status status = fe_edit_decode(payload, NULL, &edit);

    if (status == FERRIC_OK) status = tell_edit(run, offset, &edit);
    fe_version_edit_deinit(&edit, NULL);
    return status;
}
