// SPDX-License-Identifier: Apache-2.0
// The manifest: a record log of version edits, whose first one describes a whole version. The file
// CURRENT names the live manifest. docs/format/manifest.md.
//
// Invariants
// F1. A manifest is written by one open of the database; the next open that writes makes a new one
//     and switches CURRENT over by a rename.
// F2. A table or log is durable, with its directory entry, before an edit that names it is
//     appended.
// F3. A file is removed only after the edit that no longer names it is synced.
#ifndef FERRIC_LSM_MANIFEST_H
#define FERRIC_LSM_MANIFEST_H

#include "format/record_log.h"
#include "lsm/version.h"

// What a manifest says when it was read to its end.
typedef struct fe_manifest_state {
    fe_version *version; // One reference.
    fe_live_log *logs;   // Heap memory.
    size_t log_count;
    uint64_t next_file_number;
    uint64_t last_sequence;
    uint64_t manifest_number;
    uint8_t database_id[FE_DATABASE_ID_SIZE];
    uint64_t newest_time_ms; // That an edit was written at.
    uint64_t edits;
    uint64_t bytes;
    bool has_torn_tail; // An edit whose append never finished; nothing depended on it.
} fe_manifest_state;

// Reads CURRENT and the manifest it names. `keys` are the database's, or NULL.
// Errors: FERRIC_NOT_FOUND: there is no CURRENT (without a message). FERRIC_CORRUPT,
// FERRIC_UNSUPPORTED, FERRIC_WRONG_KEY, FERRIC_IO, FERRIC_NO_MEMORY. On failure *state is {0}.
ferric_status fe_manifest_load(fe_vfs *vfs, const char *directory, struct fe_file_keys *keys,
                               fe_table_cache *tables, fe_manifest_state *state);
void fe_manifest_state_deinit(fe_manifest_state *state);

// Reads the header that CURRENT is. Errors: as fe_manifest_load.
ferric_status fe_current_read(fe_vfs *vfs, const char *directory, fe_file_header *header);

typedef struct fe_manifest fe_manifest;

// Creates manifest `header->file_number` holding `version`, and what `state` has of logs and
// numbers;
// syncs it, and makes CURRENT name it, durably. `state` may have no logs.
// Errors: as fe_record_log_create. FERRIC_OUTCOME_UNKNOWN: nobody knows which manifest is current.
ferric_status fe_manifest_create(fe_vfs *vfs, const char *directory, const fe_file_header *header,
                                 const fe_version *version, const fe_version_edit *state,
                                 fe_manifest **manifest);

// Appends an edit that fe_version_apply has accepted, and syncs it. Errors: FERRIC_NO_SPACE,
// FERRIC_IO, FERRIC_NO_MEMORY: not written. FERRIC_OUTCOME_UNKNOWN: nothing more can be appended.
ferric_status fe_manifest_append(fe_manifest *manifest, const fe_version_edit *edit);

// Bytes appended so far.
uint64_t fe_manifest_size(const fe_manifest *manifest);
// Gives back what was reserved behind the last edit; nothing is appended after.
ferric_status fe_manifest_trim(fe_manifest *manifest);
// Accepts NULL.
void fe_manifest_close(fe_manifest *manifest);

// An edit as bytes, and back. Decoding creates the added tables; `tables` may be NULL where they
// are only looked at, then and at fe_version_edit_deinit. Errors: FERRIC_CORRUPT,
// FERRIC_UNSUPPORTED (a required field that is not known), FERRIC_NO_MEMORY.
ferric_status fe_edit_encode(const fe_version_edit *edit, ferric_buffer *bytes);
ferric_status fe_edit_decode(ferric_slice bytes, fe_table_cache *tables, fe_version_edit *edit);

#endif
