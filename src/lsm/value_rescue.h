// SPDX-License-Identifier: Apache-2.0
// Large values of a damaged database: what a repair reads through pointers and writes beside its
// keys.
#ifndef FERRIC_LSM_VALUE_RESCUE_H
#define FERRIC_LSM_VALUE_RESCUE_H

#include "lsm/iterator.h"
#include "lsm/salvage_iterator.h"
#include "lsm/value_files.h"

typedef struct fe_value_rescue fe_value_rescue;

// `directory` is borrowed. Errors: FERRIC_NO_MEMORY.
ferric_status fe_value_rescue_create(fe_vfs *vfs, const char *directory, struct fe_file_keys *keys,
                                     fe_epoch *epoch, uint32_t open_files_max,
                                     fe_value_rescue **rescue);
// Accepts NULL.
void fe_value_rescue_destroy(fe_value_rescue *rescue);

// Makes a value file known by its header. Errors: FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_IO,
// FERRIC_NO_MEMORY.
ferric_status fe_value_rescue_add(fe_value_rescue *rescue, uint64_t number);

// An iterator that shows what `input` shows, with large values in the place of pointers to them.
// One that cannot be read is told and counted in *findings, and its entry is passed over. It goes
// forward only: first and next. Takes `input` over, also on failure; `rescue`, `report` and
// `findings` outlive it. One for each rescue. Errors: FERRIC_NO_MEMORY.
ferric_status fe_value_rescue_iterator(fe_value_rescue *rescue, fe_iterator *input,
                                       const fe_salvage_report *report, uint64_t *findings,
                                       fe_iterator **iterator);

#endif
