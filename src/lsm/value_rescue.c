// SPDX-License-Identifier: Apache-2.0
// Reading large values that may be damaged.
#include "lsm/value_rescue.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/file_names.h"
#include "lsm/map_iterator.h"

struct fe_value_rescue {
    const char *directory;
    fe_value_files *files;
    fe_value_file **held; // All of them are known as long as this lives.
    size_t held_count;
    ferric_buffer path;
    // Of the iterator:
    ferric_buffer value; // That it shows.
    const fe_salvage_report *report;
    uint64_t *findings;
};

ferric_status fe_value_rescue_create(fe_vfs *vfs, const char *directory, struct fe_file_keys *keys,
                                     fe_epoch *epoch, uint32_t open_files_max,
                                     fe_value_rescue **rescue)
{
    const fe_value_files_options options = {vfs, directory, epoch, open_files_max, keys};
    fe_value_rescue *created = fe_alloc_zero(1, sizeof *created);
    ferric_status status;

    *rescue = NULL;
    if (created == NULL) return fe_no_memory("a repair", sizeof *created);
    created->directory = directory;
    status = fe_value_files_create(&options, &created->files);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    *rescue = created;
    return FERRIC_OK;
}

void fe_value_rescue_destroy(fe_value_rescue *rescue)
{
    if (rescue == NULL) return;
    for (size_t i = 0; i < rescue->held_count; i++)
        fe_value_file_unref(rescue->held[i]);
    fe_free(rescue->held);
    fe_value_files_destroy(rescue->files);
    fe_buffer_deinit(&rescue->path);
    fe_buffer_deinit(&rescue->value);
    fe_free(rescue);
}

ferric_status fe_value_rescue_add(fe_value_rescue *rescue, uint64_t number)
{
    size_t size = (rescue->held_count + 1) * sizeof *rescue->held;
    fe_value_file **held = fe_realloc(rescue->held, size);
    ferric_status status;

    if (held == NULL) return fe_no_memory("a repair", size);
    rescue->held = held;
    status = fe_value_files_adopt(rescue->files, number, &held[rescue->held_count]);
    if (status == FERRIC_OK) rescue->held_count++;
    return status;
}

// ---- The iterator ---------------------------------------------------------------------------

static bool is_loss(ferric_status status)
{
    return status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED;
}

// This thread's message is a finding.
static ferric_status tell(fe_value_rescue *rescue, const fe_value_pointer *pointer)
{
    const fe_salvage_report *report = rescue->report;
    ferric_status status =
        fe_file_path(&rescue->path, rescue->directory, FE_FILE_VALUES, pointer->number);

    if (status != FERRIC_OK) return status;
    ++*rescue->findings;
    if (report->finding != NULL) {
        report->finding(report->context, fe_path_text(&rescue->path), pointer->offset,
                        fe_message());
    }
    return FERRIC_OK;
}

// Puts the value that was read in the place of the pointer, behind the expiry if there is one.
static ferric_status show_value(fe_entry *entry, ferric_buffer *value)
{
    ferric_status status = FERRIC_OK;

    if (fe_entry_kind_expires(entry->kind)) {
        uint8_t *bytes;
        status = fe_buffer_reserve(value, FE_EXPIRY_SIZE);
        if (status != FERRIC_OK) return status;
        bytes = value->data;
        memmove(bytes + FE_EXPIRY_SIZE, bytes, value->size);
        fe_put_u64(bytes, fe_entry_expiry(entry));
        value->size += FE_EXPIRY_SIZE;
        entry->kind = FE_ENTRY_PUT_EXPIRING;
    } else {
        entry->kind = FE_ENTRY_PUT;
    }
    entry->value = fe_buffer_slice(value);
    return status;
}

// Puts a value in the place of the pointer to it. *is_lost: it cannot be read, which was told.
static ferric_status fetch_value(void *context, fe_entry *entry, bool *is_lost)
{
    fe_value_rescue *rescue = context;
    fe_value_pointer pointer = {0};
    ferric_slice content;
    ferric_status status;

    if (!fe_entry_kind_points(entry->kind)) return FERRIC_OK;
    content = fe_entry_content(entry);
    status = fe_value_pointer_decode(content, &pointer);
    if (status == FERRIC_OK) status = fe_value_files_read(rescue->files, content, &rescue->value);
    *is_lost = is_loss(status);
    if (*is_lost) return tell(rescue, &pointer);
    return status == FERRIC_OK ? show_value(entry, &rescue->value) : status;
}

ferric_status fe_value_rescue_iterator(fe_value_rescue *rescue, fe_iterator *input,
                                       const fe_salvage_report *report, uint64_t *findings,
                                       fe_iterator **iterator)
{
    rescue->report = report;
    rescue->findings = findings;
    return fe_map_iterator_create(input, fetch_value, rescue, iterator);
}
