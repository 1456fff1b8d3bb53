// SPDX-License-Identifier: Apache-2.0
// Version edits as bytes: docs/format/manifest.md.
//
// An edit is a list of fields: varint tag << 1 | required, varint size, content. A reader refuses
// an unknown field that is required and skips one that is not; it ignores bytes behind the parts of
// a field that it knows, so that fields can grow.
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/file_names.h"
#include "lsm/manifest.h"

typedef enum edit_tag {
    TAG_NEXT_FILE_NUMBER = 1,
    TAG_LAST_SEQUENCE = 2,
    TAG_LOGS = 3,
    TAG_ADD_TABLE = 4,
    TAG_REMOVE_TABLE = 5,
    TAG_EXPIRIES = 6, // Not required: who does not know it gives space back later.
} edit_tag;

#define REQUIRED 1u
#define LOG_CLEAN_FLAG 1u
// Numbers are counted even when none is left to be given.
#define NEXT_FILE_NUMBER_MAX (FE_FILE_NUMBER_MAX * 2)

static ferric_status put_field(ferric_buffer *bytes, edit_tag tag, const ferric_buffer *content)
{
    ferric_status status = fe_buffer_put_varint(bytes, (uint64_t)tag << 1 | REQUIRED);
    if (status != FERRIC_OK) return status;
    return fe_buffer_put_sized(bytes, fe_buffer_slice(content));
}

// Numbers one after another, each a varint.
static ferric_status put_varints(ferric_buffer *bytes, const uint64_t *values, size_t count)
{
    ferric_status status = FERRIC_OK;
    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        status = fe_buffer_put_varint(bytes, values[i]);
    }
    return status;
}

// When the entries of an added table expire.
static ferric_status put_expiries(ferric_buffer *bytes, const fe_table_file *file,
                                  ferric_buffer *content)
{
    const uint64_t numbers[] = {file->identity.number, file->expiry.entries,
                                file->expiry.earliest_ms, file->expiry.latest_ms,
                                file->expiry.due_ms};
    ferric_status status;

    if (file->expiry.entries == 0) return FERRIC_OK;
    fe_buffer_clear(content);
    status = put_varints(content, numbers, sizeof numbers / sizeof numbers[0]);
    if (status == FERRIC_OK) status = fe_buffer_put_varint(bytes, (uint64_t)TAG_EXPIRIES << 1);
    if (status == FERRIC_OK) status = fe_buffer_put_sized(bytes, fe_buffer_slice(content));
    return status;
}

static ferric_status put_number(ferric_buffer *bytes, edit_tag tag, uint64_t value)
{
    uint8_t content[FE_VARINT64_SIZE_MAX];
    size_t size = (size_t)(fe_put_varint(content, value) - content);
    ferric_status status = fe_buffer_put_varint(bytes, (uint64_t)tag << 1 | REQUIRED);
    if (status != FERRIC_OK) return status;
    return fe_buffer_put_sized(bytes, fe_slice(content, size));
}

static ferric_status put_logs(ferric_buffer *bytes, const fe_version_edit *edit,
                              ferric_buffer *content)
{
    ferric_status status;

    fe_buffer_clear(content);
    status = fe_buffer_put_varint(content, edit->log_count);
    for (size_t i = 0; i < edit->log_count && status == FERRIC_OK; i++) {
        const fe_live_log *log = &edit->logs[i];
        const uint64_t numbers[] = {log->number, log->is_sealed ? log->end : 0,
                                    log->is_sealed ? log->end_sequence : 0,
                                    log->is_clean ? LOG_CLEAN_FLAG : 0};
        status = put_varints(content, numbers, 4);
        if (status == FERRIC_OK) status = fe_buffer_append(content, log->salt, FE_SALT_SIZE);
    }
    if (status != FERRIC_OK) return status;
    return put_field(bytes, TAG_LOGS, content);
}

static ferric_status put_values(ferric_buffer *content, const fe_value_refs *values)
{
    ferric_status status = fe_buffer_put_varint(content, values->count);

    for (size_t i = 0; i < values->count && status == FERRIC_OK; i++) {
        const fe_value_ref *ref = &values->items[i];
        const uint64_t numbers[] = {ref->number, ref->count, ref->bytes, ref->end};
        status = put_varints(content, numbers, 4);
        if (status == FERRIC_OK) status = fe_buffer_append(content, ref->salt, FE_SALT_SIZE);
    }
    return status;
}

static ferric_status put_table(ferric_buffer *bytes, const fe_edit_addition *addition,
                               ferric_buffer *content)
{
    const fe_table_file *file = addition->file;
    const uint64_t numbers[] = {
        addition->level,
        file->identity.number,
        file->identity.size_bytes,
        file->identity.footer_check,
        file->entries,
        file->deletes,
        file->smallest_sequence,
        file->largest_sequence,
        file->smallest_key_sequence,
        file->largest_key_sequence,
    };
    ferric_status status;

    fe_buffer_clear(content);
    status = put_varints(content, numbers, sizeof numbers / sizeof numbers[0]);
    if (status == FERRIC_OK) status = fe_buffer_append(content, file->identity.salt, FE_SALT_SIZE);
    if (status == FERRIC_OK) status = fe_buffer_put_sized(content, file->smallest_key);
    if (status == FERRIC_OK) status = fe_buffer_put_sized(content, file->largest_key);
    // What most tables do not have stands last, and not at all when nothing behind it is there.
    if (status == FERRIC_OK && (file->values.count > 0 || file->range_deletes > 0)) {
        status = put_values(content, &file->values);
    }
    if (status == FERRIC_OK && file->range_deletes > 0) {
        status = fe_buffer_put_varint(content, file->range_deletes);
    }
    if (status != FERRIC_OK) return status;
    return put_field(bytes, TAG_ADD_TABLE, content);
}

ferric_status fe_edit_encode(const fe_version_edit *edit, ferric_buffer *bytes)
{
    ferric_buffer content = {0};
    ferric_status status = FERRIC_OK;

    if (edit->next_file_number != 0) {
        status = put_number(bytes, TAG_NEXT_FILE_NUMBER, edit->next_file_number);
    }
    if (status == FERRIC_OK && edit->last_sequence != 0) {
        status = put_number(bytes, TAG_LAST_SEQUENCE, edit->last_sequence);
    }
    if (status == FERRIC_OK && edit->has_logs) status = put_logs(bytes, edit, &content);
    for (size_t i = 0; i < edit->removal_count && status == FERRIC_OK; i++) {
        const uint64_t numbers[] = {edit->removals[i].level, edit->removals[i].number};
        fe_buffer_clear(&content);
        status = put_varints(&content, numbers, 2);
        if (status == FERRIC_OK) status = put_field(bytes, TAG_REMOVE_TABLE, &content);
    }
    for (size_t i = 0; i < edit->addition_count && status == FERRIC_OK; i++) {
        status = put_table(bytes, &edit->additions[i], &content);
        if (status == FERRIC_OK) status = put_expiries(bytes, edit->additions[i].file, &content);
    }
    fe_buffer_deinit(&content);
    return status;
}

static ferric_status damaged(const char *what)
{
    return fe_fail(FERRIC_CORRUPT, "a version edit has a damaged field: %s", what);
}

static ferric_status decode_logs(fe_decoder *decoder, fe_version_edit *edit)
{
    uint64_t count = fe_decode_varint(decoder);

    edit->has_logs = true;
    edit->log_count = 0;
    for (uint64_t i = 0; i < count && !decoder->failed; i++) {
        fe_live_log log = {0};
        ferric_slice salt;
        ferric_status status;

        log.number = fe_decode_varint_max(decoder, FE_FILE_NUMBER_MAX);
        log.end = fe_decode_varint(decoder);
        log.is_sealed = log.end != 0;
        log.end_sequence = fe_decode_varint(decoder);
        log.is_clean = (fe_decode_varint(decoder) & LOG_CLEAN_FLAG) != 0;
        salt = fe_decode_bytes(decoder, FE_SALT_SIZE);
        if (decoder->failed) break;
        memcpy(log.salt, salt.data, FE_SALT_SIZE);
        status = fe_version_edit_add_log(edit, &log);
        if (status != FERRIC_OK) return status;
    }
    return decoder->failed ? damaged("logs") : FERRIC_OK;
}

// A table without large values has nothing here.
static ferric_status decode_values(fe_decoder *decoder, fe_value_refs *values)
{
    uint64_t count = fe_decoder_remaining(decoder) > 0 ? fe_decode_varint(decoder) : 0;

    for (uint64_t i = 0; i < count && !decoder->failed; i++) {
        fe_value_ref *items;
        fe_value_ref ref = {.number = fe_decode_varint(decoder)};
        ferric_slice salt;

        ref.count = fe_decode_varint(decoder);
        ref.bytes = fe_decode_varint(decoder);
        ref.end = fe_decode_varint(decoder);
        salt = fe_decode_bytes(decoder, FE_SALT_SIZE);
        if (decoder->failed) break;
        memcpy(ref.salt, salt.data, FE_SALT_SIZE);
        if (ref.number == 0 || (i > 0 && values->items[i - 1].number >= ref.number)) {
            return damaged("value files of a table");
        }
        items = fe_realloc(values->items, (values->count + 1) * sizeof *items);
        if (items == NULL) return fe_no_memory("a version edit", sizeof *items);
        values->items = items;
        items[values->count++] = ref;
        values->bytes += ref.bytes;
    }
    return decoder->failed ? damaged("value files of a table") : FERRIC_OK;
}

static ferric_status read_values(fe_decoder *decoder, fe_table_cache *tables, fe_table_file *file)
{
    // An edit that is only looked at comes without a cache.
    fe_value_files *files = tables == NULL ? NULL : fe_table_cache_value_files(tables);
    fe_value_refs values = {0};
    ferric_status status = decode_values(decoder, &values);

    if (status == FERRIC_OK && files != NULL) status = fe_value_refs_attach(files, &values);
    if (status == FERRIC_OK) {
        file->values = values;
    } else {
        fe_value_refs_deinit(&values);
    }
    return status;
}

static ferric_status decode_table(fe_decoder *decoder, fe_table_cache *tables,
                                  fe_version_edit *edit)
{
    fe_table_summary summary = {0};
    fe_table_file *file = NULL;
    ferric_slice salt;
    ferric_status status;
    uint32_t level = (uint32_t)fe_decode_varint_max(decoder, FE_LEVEL_COUNT - 1);

    summary.identity.number = fe_decode_varint_max(decoder, FE_FILE_NUMBER_MAX);
    summary.identity.size_bytes = fe_decode_varint(decoder);
    summary.identity.footer_check = (uint32_t)fe_decode_varint_max(decoder, UINT32_MAX);
    summary.properties.entries = fe_decode_varint(decoder);
    summary.properties.deletes = fe_decode_varint(decoder);
    summary.properties.smallest_sequence = fe_decode_varint_max(decoder, FE_SEQUENCE_MAX);
    summary.properties.largest_sequence = fe_decode_varint_max(decoder, FE_SEQUENCE_MAX);
    summary.smallest_key_sequence = fe_decode_varint_max(decoder, FE_SEQUENCE_MAX);
    summary.largest_key_sequence = fe_decode_varint_max(decoder, FE_SEQUENCE_MAX);
    salt = fe_decode_bytes(decoder, FE_SALT_SIZE);
    summary.smallest_key = fe_decode_sized(decoder);
    summary.largest_key = fe_decode_sized(decoder);
    if (decoder->failed ||
        summary.properties.smallest_sequence > summary.properties.largest_sequence ||
        summary.properties.deletes > summary.properties.entries || summary.identity.number == 0 ||
        summary.smallest_key.size == 0 || summary.smallest_key.size > FE_KEY_SIZE_MAX ||
        summary.largest_key.size == 0 || summary.largest_key.size > FE_KEY_SIZE_MAX) {
        return damaged("table");
    }
    memcpy(summary.identity.salt, salt.data, FE_SALT_SIZE);
    status = fe_table_file_create(&summary, &file);
    if (status != FERRIC_OK) return status;
    status = read_values(decoder, tables, file);
    if (status == FERRIC_OK && fe_decoder_remaining(decoder) > 0) {
        file->range_deletes = fe_decode_varint(decoder);
        if (decoder->failed) status = damaged("range deletes of a table");
    }
    if (status == FERRIC_OK) status = fe_version_edit_add(edit, level, file);
    if (status != FERRIC_OK && fe_table_file_unref(file)) fe_table_cache_discard(tables, file);
    return status;
}

// Stands behind the field of its table.
static ferric_status decode_expiries(fe_decoder *decoder, fe_version_edit *edit)
{
    uint64_t number = fe_decode_varint(decoder);
    fe_expiry_summary expiry = {.entries = fe_decode_varint(decoder)};
    fe_table_file *file = NULL;

    expiry.earliest_ms = fe_decode_varint_max(decoder, FE_EXPIRY_MAX);
    expiry.latest_ms = fe_decode_varint_max(decoder, FE_EXPIRY_MAX);
    expiry.due_ms = fe_decode_varint_max(decoder, FE_EXPIRY_MAX);
    for (size_t i = edit->addition_count; i > 0 && file == NULL; i--) {
        if (edit->additions[i - 1].file->identity.number == number)
            file = edit->additions[i - 1].file;
    }
    if (decoder->failed || file == NULL || expiry.entries == 0 || expiry.earliest_ms == 0 ||
        expiry.entries > file->entries - file->deletes || expiry.earliest_ms > expiry.latest_ms ||
        expiry.due_ms > expiry.latest_ms) {
        return damaged("expiries of a table");
    }
    file->expiry = expiry;
    return FERRIC_OK;
}

static ferric_status decode_removal(fe_decoder *decoder, fe_version_edit *edit)
{
    uint32_t level = (uint32_t)fe_decode_varint_max(decoder, FE_LEVEL_COUNT - 1);
    uint64_t number = fe_decode_varint(decoder);

    if (decoder->failed) return damaged("removed table");
    return fe_version_edit_remove(edit, level, number);
}

static ferric_status decode_field(uint64_t tag, bool is_required, ferric_slice content,
                                  fe_table_cache *tables, fe_version_edit *edit)
{
    fe_decoder decoder = fe_decoder_of(content);

    switch (tag) {
    case TAG_NEXT_FILE_NUMBER:
        edit->next_file_number = fe_decode_varint_max(&decoder, NEXT_FILE_NUMBER_MAX);
        return decoder.failed ? damaged("next file number") : FERRIC_OK;
    case TAG_LAST_SEQUENCE:
        edit->last_sequence = fe_decode_varint_max(&decoder, FE_SEQUENCE_MAX - 1);
        return decoder.failed ? damaged("last sequence") : FERRIC_OK;
    case TAG_LOGS:
        return decode_logs(&decoder, edit);
    case TAG_ADD_TABLE:
        return decode_table(&decoder, tables, edit);
    case TAG_REMOVE_TABLE:
        return decode_removal(&decoder, edit);
    case TAG_EXPIRIES:
        return decode_expiries(&decoder, edit);
    default:
        if (!is_required) return FERRIC_OK;
        return fe_fail(FERRIC_UNSUPPORTED,
                       "a version edit has field %llu, which this version of Ferric does not know: "
                       "open it with a newer one",
                       (unsigned long long)tag);
    }
}

ferric_status fe_edit_decode(ferric_slice bytes, fe_table_cache *tables, fe_version_edit *edit)
{
    fe_decoder decoder = fe_decoder_of(bytes);
    ferric_status status = FERRIC_OK;

    memset(edit, 0, sizeof *edit);
    while (status == FERRIC_OK && fe_decoder_remaining(&decoder) > 0) {
        uint64_t tag = fe_decode_varint(&decoder);
        ferric_slice content = fe_decode_sized(&decoder);
        if (decoder.failed) {
            status = damaged("its size");
        } else {
            status = decode_field(tag >> 1, (tag & REQUIRED) != 0, content, tables, edit);
        }
    }
    if (status != FERRIC_OK) fe_version_edit_deinit(edit, tables);
    return status;
}
