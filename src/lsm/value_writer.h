// SPDX-License-Identifier: Apache-2.0
// Writes one value file, front to back. Its name and header are durable before anything points into
// it; no byte is ever written twice.
//
// Threads: one writer at a time; fe_value_writer_sync may run beside it, one at a time too.
#ifndef FERRIC_LSM_VALUE_WRITER_H
#define FERRIC_LSM_VALUE_WRITER_H

#include "lsm/value_files.h"

typedef struct fe_value_writer fe_value_writer;

typedef struct fe_value_writer_options {
    fe_vfs *vfs;
    const char *directory;
    const uint8_t *database_id;
    _Atomic(uint64_t) *next_file_number;
    fe_value_files *files;
} fe_value_writer_options;

// Makes the file, durable with its name, and known to `files`. Errors: as fe_vfs_create_log; then
// nothing is left of it.
ferric_status fe_value_writer_create(const fe_value_writer_options *options,
                                     fe_value_writer **writer);
// Writes nothing and syncs nothing. The file stays while others refer to it. Accepts NULL.
void fe_value_writer_close(fe_value_writer *writer);

fe_value_file *fe_value_writer_file(const fe_value_writer *writer);
// Where the next record will stand.
uint64_t fe_value_writer_offset(const fe_value_writer *writer);
// Space for `bytes` more. Errors: FERRIC_NO_SPACE.
ferric_status fe_value_writer_reserve(fe_value_writer *writer, size_t bytes);
// Seals the record of `size` bytes for place `offset`, at which it will be written.
ferric_status fe_value_writer_seal(fe_value_writer *writer, uint64_t offset, uint8_t *record,
                                   size_t size, fe_value_pointer *pointer);
// Writes sealed records at the writer's offset, which moves on also when it fails. REQUIRES: room
// was reserved.
ferric_status fe_value_writer_write(fe_value_writer *writer, const void *data, size_t size);
// Makes everything written before durable. Errors: FERRIC_OUTCOME_UNKNOWN, and so for ever after.
ferric_status fe_value_writer_sync(fe_value_writer *writer);
// Gives back what was reserved and not written. Nothing is written after.
void fe_value_writer_complete(fe_value_writer *writer);

#endif
