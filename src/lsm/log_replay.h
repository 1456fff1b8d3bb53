// SPDX-License-Identifier: Apache-2.0
// Reads the logs that a manifest names, and those that they lead to, into memtables.
#ifndef FERRIC_LSM_LOG_REPLAY_H
#define FERRIC_LSM_LOG_REPLAY_H

#include "lsm/apply.h"
#include "lsm/manifest.h"
#include "lsm/view.h"

typedef struct fe_replay_options {
    fe_vfs *vfs;
    const char *directory;
    uint64_t memtable_bytes;
    fe_value_files *value_files;
    uint64_t flushed_sequence; // Commits up to it are in tables and are passed over.
} fe_replay_options;

// A log that was read, all of it sealed in memory now.
typedef struct fe_replayed_log {
    fe_live_log live;
    bool needs_hardening; // What it holds is not known to be durable:
    uint64_t harden_from; // from this offset on.
} fe_replayed_log;

typedef struct fe_replay {
    fe_live_memtable **memtables; // Oldest first; each one reference.
    uint32_t memtable_count;
    fe_replayed_log *logs; // Oldest first.
    size_t log_count;
    fe_value_pointer *values; // Of commits in logs that were not sealed: they may not be durable.
    size_t value_count;
    size_t value_capacity;
    uint64_t last_sequence;    // Of the newest commit read, or flushed_sequence.
    uint64_t highest_sequence; // The same, or higher when a torn tail held more: used numbers.
    uint64_t durable_sequence; // Newest one that was witnessed.
    uint64_t newest_time_ms;   // That a frame was written at; 0: none was read.
    uint64_t frames;
    uint64_t commits;
    uint64_t bytes_dropped; // Of the torn tail.
} fe_replay;

// Replays `logs`. Errors: FERRIC_CORRUPT: a log that must be there is missing, or damaged where it
// had been durable. FERRIC_UNSUPPORTED, FERRIC_IO, FERRIC_NO_MEMORY. On failure *replay is {0}.
ferric_status fe_replay_run(const fe_replay_options *options, const fe_live_log *logs,
                            size_t log_count, fe_replay *replay);
void fe_replay_deinit(fe_replay *replay);

// Writes large values once more, in place and with the same bytes, and syncs them: the reason is
// that of fe_replay_harden. Nothing else is ever written to a place of a value file twice. Errors:
// FERRIC_IO, FERRIC_CORRUPT: one reads otherwise than when it was replayed.
ferric_status fe_replay_harden_values(fe_vfs *vfs, const char *directory, fe_value_files *files,
                                      const fe_value_pointer *values, size_t count);

// Writes the bytes of a replayed log that may not be durable once more, in place, and syncs them.
// The system may have dropped them after a sync that failed in an earlier process, and would then
// call a sync alone a success. Errors: FERRIC_IO.
ferric_status fe_replay_harden(fe_vfs *vfs, const char *directory, struct fe_file_keys *keys,
                               const fe_replayed_log *log);

#endif
