// SPDX-License-Identifier: Apache-2.0
// Moves large values while entries pass by: an iterator that shows what its input shows, but copies
// the values that stand in chosen value files into new ones and points there.
#ifndef FERRIC_LSM_VALUE_MOVE_ITERATOR_H
#define FERRIC_LSM_VALUE_MOVE_ITERATOR_H

#include "lsm/iterator.h"
#include "lsm/value_writer.h"

// Whether the values of a file are moved.
typedef bool (*fe_value_choice)(const void *context, uint64_t number);

// Where values go, over several iterators, one after another. One thread at a time.
typedef struct fe_value_mover {
    fe_value_files *files;
    fe_value_writer_options options;
    uint64_t file_size; // At which the next file is begun.
    fe_value_choice is_chosen;
    const void *context;
    fe_value_writer **writers; // New files; the last one takes the next value.
    size_t writer_count;
    ferric_buffer pending; // Sealed records that are not written yet,
    uint64_t pending_at;   // and where they will stand.
    ferric_buffer record;
    uint64_t moved_bytes;
    uint8_t moved[FE_EXPIRY_SIZE + FE_VALUE_POINTER_SIZE]; // The new pointer, behind an expiry.
    bool is_kept;
} fe_value_mover;

// `context` outlives the mover.
void fe_value_mover_init(fe_value_mover *mover, fe_value_files *files,
                         fe_value_writer_options options, uint64_t file_size,
                         fe_value_choice is_chosen, const void *context);
// Makes all that was moved durable. Errors: FERRIC_IO, FERRIC_OUTCOME_UNKNOWN.
ferric_status fe_value_mover_sync(fe_value_mover *mover);
// The new files are needed: without, they are removed with the mover.
void fe_value_mover_keep(fe_value_mover *mover);
// {0} is a no-op.
void fe_value_mover_deinit(fe_value_mover *mover);

// Takes `input` over, also on failure. It goes forward only: first and next. Errors:
// FERRIC_NO_MEMORY; failures of reading and writing show in its status.
ferric_status fe_value_move_iterator_create(fe_value_mover *mover, fe_iterator *input,
                                            fe_iterator **iterator);

#endif
