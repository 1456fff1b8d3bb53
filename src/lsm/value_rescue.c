// SPDX-License-Identifier: Apache-2.0
// Reading large values that may be damaged.
#include "lsm/value_rescue.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/file_names.h"

struct fe_value_rescue {
    const char *directory;
    fe_value_files *files;
    fe_value_file **held; // All of them are known as long as this lives.
    size_t held_count;
    ferric_buffer path;
    ferric_buffer value; // That the iterator shows.
};

ferric_status fe_value_rescue_create(fe_vfs *vfs, const char *directory, fe_epoch *epoch,
                                     uint32_t open_files_max, fe_value_rescue **rescue)
{
    const fe_value_files_options options = {vfs, directory, epoch, open_files_max};
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

typedef struct rescue_iterator {
    fe_iterator base;
    fe_value_rescue *rescue;
    fe_iterator *input;
    const fe_salvage_report *report;
    uint64_t *findings;
} rescue_iterator;

static bool is_loss(ferric_status status)
{
    return status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED;
}

// This thread's message is a finding.
static ferric_status tell(const rescue_iterator *iterator, const fe_value_pointer *pointer)
{
    fe_value_rescue *rescue = iterator->rescue;
    const fe_salvage_report *report = iterator->report;
    ferric_status status =
        fe_file_path(&rescue->path, rescue->directory, FE_FILE_VALUES, pointer->number);

    if (status != FERRIC_OK) return status;
    ++*iterator->findings;
    if (report->finding != NULL) {
        report->finding(report->context, fe_path_text(&rescue->path), pointer->offset,
                        fe_message());
    }
    return FERRIC_OK;
}

// *is_lost: the value cannot be read, which was told.
static ferric_status read_value(const rescue_iterator *iterator, ferric_slice bytes, bool *is_lost)
{
    fe_value_rescue *rescue = iterator->rescue;
    fe_value_pointer pointer = {0};
    ferric_status status = fe_value_pointer_decode(bytes, &pointer);

    if (status == FERRIC_OK) status = fe_value_files_read(rescue->files, bytes, &rescue->value);
    *is_lost = is_loss(status);
    return *is_lost ? tell(iterator, &pointer) : status;
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

static void settle(rescue_iterator *iterator)
{
    fe_iterator *input = iterator->input;
    fe_iterator *base = &iterator->base;

    for (;; fe_iterator_next(input)) {
        bool is_lost;
        base->is_valid = input->is_valid;
        base->status = input->status;
        base->entry = input->entry;
        if (!base->is_valid || !fe_entry_kind_points(base->entry.kind)) return;
        base->status = read_value(iterator, fe_entry_content(&base->entry), &is_lost);
        if (base->status == FERRIC_OK && !is_lost) {
            base->status = show_value(&base->entry, &iterator->rescue->value);
        }
        base->is_valid = base->status == FERRIC_OK;
        if (!is_lost || !base->is_valid) return;
    }
}

static void first(fe_iterator *base)
{
    fe_iterator_first(((rescue_iterator *)base)->input);
    settle((rescue_iterator *)base);
}

static void next(fe_iterator *base)
{
    fe_iterator_next(((rescue_iterator *)base)->input);
    settle((rescue_iterator *)base);
}

static void refuse(fe_iterator *base)
{
    base->is_valid = false;
    base->status = fe_fail(FERRIC_UNSUPPORTED, "a repair goes forward only");
}

static void refuse_seek(fe_iterator *base, ferric_slice key, uint64_t sequence)
{
    (void)key;
    (void)sequence;
    refuse(base);
}

static void destroy(fe_iterator *base)
{
    fe_iterator_destroy(((rescue_iterator *)base)->input);
    fe_free(base);
}

static const fe_iterator_ops rescue_ops = {
    .seek = refuse_seek,
    .seek_before = refuse_seek,
    .first = first,
    .last = refuse,
    .next = next,
    .prev = refuse,
    .destroy = destroy,
};

ferric_status fe_value_rescue_iterator(fe_value_rescue *rescue, fe_iterator *input,
                                       const fe_salvage_report *report, uint64_t *findings,
                                       fe_iterator **iterator)
{
    rescue_iterator *created = fe_alloc_zero(1, sizeof *created);

    *iterator = NULL;
    if (created == NULL) {
        fe_iterator_destroy(input);
        return fe_no_memory("a repair", sizeof *created);
    }
    created->base.ops = &rescue_ops;
    created->rescue = rescue;
    created->input = input;
    created->report = report;
    created->findings = findings;
    *iterator = &created->base;
    return FERRIC_OK;
}
