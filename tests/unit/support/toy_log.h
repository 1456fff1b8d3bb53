// SPDX-License-Identifier: Apache-2.0
// A log of numbered records, small enough to be seen through, that can make one mistake on purpose:
// what the crash enumerator has to find.
#ifndef FERRIC_SUPPORT_TOY_LOG_H
#define FERRIC_SUPPORT_TOY_LOG_H

#include "os/vfs.h"

typedef enum toy_mistake {
    TOY_RIGHT = 0,
    TOY_NO_SYNC = 1,           // Acknowledges what is not synced.
    TOY_NO_DIRECTORY_SYNC = 2, // The log's name is never made durable.
    TOY_NO_CHECKSUM = 3,       // Believes a length, and so a torn record.
    TOY_SYNC_EVERY_SECOND = 4, // Forgets each second sync.
    TOY_MISTAKE_COUNT = 5,
} toy_mistake;

typedef struct toy_log {
    fe_vfs *vfs;
    toy_mistake mistake;
    fe_log_file *file;
    uint64_t offset;
    uint32_t count; // Records acknowledged.
} toy_log;

ferric_status toy_log_open(toy_log *log, fe_vfs *vfs, toy_mistake mistake);
// Appends the next record; OK acknowledges it.
ferric_status toy_log_append(toy_log *log);
void toy_log_close(toy_log *log);
// How many whole records stand at the front of the log on `vfs`; UINT32_MAX when one of those it
// believes is not what was written. A missing log has none.
uint32_t toy_log_read(fe_vfs *vfs, toy_mistake mistake);

#endif
