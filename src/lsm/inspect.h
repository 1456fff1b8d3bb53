// SPDX-License-Identifier: Apache-2.0
// Tells what the files of a database hold, damaged or not: ferric_inspect. It reads files by
// themselves, without a store, a lock or a manifest, so that nothing has to be sound for it.
#ifndef FERRIC_LSM_INSPECT_H
#define FERRIC_LSM_INSPECT_H

#include "format/file_header.h"
#include "format/internal_key.h"
#include "os/vfs.h"

// As ferric_inspect, whose arguments were checked.
ferric_status fe_inspect(const char *path, ferric_inspect_target target,
                         const ferric_options *options, ferric_part_callback callback,
                         void *context);

// ---- Between the files of inspect_*.c -------------------------------------------------------

#define FE_PART_FIELDS_MAX 16

typedef struct fe_inspection {
    fe_vfs *vfs;
    struct fe_file_keys *keys; // NULL: the database is not encrypted.
    ferric_part_callback callback;
    void *context;
    const char *path; // Of the file that is read.
    uint64_t damage_count;
} fe_inspection;

// A part that is being put together. What its fields point to is borrowed until it is told.
typedef struct fe_part {
    ferric_part part;
    ferric_field fields[FE_PART_FIELDS_MAX];
} fe_part;

void fe_part_begin(fe_part *part, uint32_t depth, const char *name, uint64_t offset, uint64_t size);
void fe_part_number(fe_part *part, const char *name, uint64_t number);
void fe_part_time(fe_part *part, const char *name, uint64_t ms);
void fe_part_text(fe_part *part, const char *name, const char *text);
void fe_part_hex(fe_part *part, const char *name, const void *data, size_t size);
void fe_part_bytes(fe_part *part, const char *name, ferric_slice bytes);
// Two fields for a whole key of the store: the id of its keyspace, and the user's key.
void fe_part_key(fe_part *part, const char *keyspace_name, const char *name, ferric_slice key);

// What an operation or an entry of the kind is called.
const char *fe_operation_name(fe_entry_kind kind);

// The value of an entry; of a large one, where it stands. Nothing for a delete; for a range delete
// the first key behind, if it has a bound.
void fe_part_value(fe_part *part, const fe_entry *entry);

// Errors: FERRIC_INTERRUPTED: the callback ended it.
ferric_status fe_inspection_tell(fe_inspection *run, fe_part *part);
// Tells this thread's message as damage of `size` bytes (0: unknown) at `offset`.
ferric_status fe_inspection_tell_damage(fe_inspection *run, uint32_t depth, uint64_t offset,
                                        uint64_t size);
// Whether a status is damage, to be told, and not a reason to end.
static inline bool fe_inspection_is_damage(ferric_status status)
{
    return status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED;
}

// What one file holds behind its header. `header` is what the header says; it has been told.
ferric_status fe_inspect_frames(fe_inspection *run, const fe_file_header *header);
ferric_status fe_inspect_table(fe_inspection *run);
// The payload of a manifest's frame.
ferric_status fe_inspect_edit(fe_inspection *run, uint64_t offset, ferric_slice payload);

#endif
