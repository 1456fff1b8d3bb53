// SPDX-License-Identifier: Apache-2.0
// Turns a stream of entries into tables, leaving out what nobody can see any more: the work that
// flush and compaction share.
//
// Invariants
// W1. Of two versions of a key that the same snapshots see, only the newer one is kept.
// W2. A delete is left out only when no snapshot is older than it and no level below the output
//     can have its key.
// W3. All versions of a key go into one table.
// W4. The input's status is looked at after its end: a read error is never taken for the end.
// W5. An input that is out of order is corrupt: nothing is made of it.
// W6. A put that has expired for everybody becomes a delete with its sequence number, and is that
//     from there on: it hides what is older until W2 lets it go.
// W7. An entry is left out when a range delete of the input hides it from all who could see it.
// W8. A range delete is cut where tables are cut, and goes into the tables that have its keys. It
//     is left out as a delete is (W2). What lies between the entries of two tables belongs to
//     the first, so that together the pieces are as long as the range was.
// W9. Every table has an entry: one that would have range deletes alone gets a delete of the first
//     key they delete.
#ifndef FERRIC_LSM_TABLE_WRITER_H
#define FERRIC_LSM_TABLE_WRITER_H

#include "format/table_builder.h"
#include "lsm/version.h"

typedef struct fe_table_writer_options {
    fe_vfs *vfs;
    const char *directory;
    fe_table_builder_options builder;
    // A table is cut when it has reached this size or, when it is not small, where a keyspace
    // ends. UINT64_MAX: never, for level 0.
    uint64_t table_size;
    const uint8_t *database_id; // FE_DATABASE_ID_SIZE bytes.
    _Atomic(uint64_t) *next_file_number;
    const _Atomic(bool) *is_stopping; // Ends the work with FERRIC_INTERRUPTED. May be NULL.
    const uint64_t *snapshots;        // Ascending.
    size_t snapshot_count;
    uint64_t expired_up_to_ms;      // Of W6; 0: nothing has.
    const fe_range_deletes *ranges; // Of the input, thinned out for `snapshots`. May be NULL.
    const fe_version *version;      // For W2: the levels from `below_level` on are looked at.
    uint32_t below_level;
    uint32_t output_level;
} fe_table_writer_options;

// How tables of a database with these options are built.
static inline fe_table_builder_options fe_table_options(const ferric_options *options,
                                                        ferric_compression compression)
{
    return (fe_table_builder_options){
        .block_size = options->block_size,
        .filter_bits = options->filter_bits,
        .compression = compression,
        .keydir_bytes_max = fe_keydir_bytes_max(options),
    };
}

typedef struct fe_table_writer_result {
    uint64_t entries_in;
    uint64_t entries_out; // Those of W9 included.
    uint64_t expired;
    uint64_t bytes_out;
} fe_table_writer_result;

// Writes what `input` gives from its first entry on, and adds the finished, synced tables to `edit`
// at output_level (the directory's sync is the caller's). On failure the files of this call are
// removed and `edit` is as it was. Errors: those of the input and of the table builder.
ferric_status fe_table_writer_run(const fe_table_writer_options *options, fe_iterator *input,
                                  fe_version_edit *edit, fe_table_writer_result *result);

#endif
