// SPDX-License-Identifier: Apache-2.0
// The value files that somebody may still read, and reading from them.
//
// Invariants
// F1. A file stays on the disk as long as a live table, a memtable or the writer refers to it. It
//     goes with the last reference, and only when is_obsolete says that no durable state names it.
// F2. Readers find a file by its number in an immutable list, loaded inside an epoch section; who
//     has a view has references, so what its entries point to is in the list.
// F3. How much of a file is alive is the sum of what the tables of the version say they refer to.
//     It is derived, never counted down on its own, so it cannot drift.
#ifndef FERRIC_LSM_VALUE_FILES_H
#define FERRIC_LSM_VALUE_FILES_H

#include "format/value_record.h"
#include "lsm/epoch.h"
#include "os/vfs.h"

typedef struct fe_value_files fe_value_files;

typedef struct fe_value_file {
    fe_retired retired;
    fe_value_files *files;
    uint64_t number;
    fe_sealer sealer; // Under encryption there from the first open of the file on.
    bool has_sealer;  // Guarded by the mutex of `files`, or by a handle that is there.
    uint8_t salt[FE_SALT_SIZE];
    _Atomic(uint32_t) refs;
    _Atomic(bool) is_obsolete;
    _Atomic(bool) is_complete;       // Nothing is written to it any more, and size_bytes is final.
    _Atomic(uint64_t) size_bytes;    // Up to the end of its last record.
    _Atomic(uint64_t) last_sequence; // The newest commit that a log holds and that points here.
    _Atomic(uint64_t) live_bytes;    // Changed under the store's edit_mutex.
    _Atomic(fe_file *) handle;       // Opened by the first reader.
    char path[];
} fe_value_file;

// What one table refers to in one file.
typedef struct fe_value_ref {
    uint64_t number;
    uint8_t salt[FE_SALT_SIZE];
    uint64_t count;
    uint64_t bytes;
    uint64_t end;        // Behind the last record that is referred to.
    fe_value_file *file; // A reference, once it is attached.
} fe_value_ref;

// A growing list, by number. {0} is empty.
typedef struct fe_value_refs {
    fe_value_ref *items;
    size_t count;
    uint64_t bytes; // Of all of them.
} fe_value_refs;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_value_refs_add(fe_value_refs *refs, const fe_value_pointer *pointer);
void fe_value_refs_deinit(fe_value_refs *refs);

typedef struct fe_value_files_options {
    fe_vfs *vfs;
    const char *directory; // Borrowed.
    fe_epoch *epoch;
    uint32_t open_files_max;   // More are opened for each read and closed again.
    struct fe_file_keys *keys; // Borrowed; NULL: the database is not encrypted.
} fe_value_files_options;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_value_files_create(const fe_value_files_options *options, fe_value_files **files);
// Every reference was given back. Accepts NULL.
void fe_value_files_destroy(fe_value_files *files);

// A reference on file `number`, which is made known with this salt if it is not. Errors:
// FERRIC_CORRUPT: it is known with another salt. FERRIC_NO_MEMORY.
ferric_status fe_value_files_ref(fe_value_files *files, uint64_t number,
                                 const uint8_t salt[FE_SALT_SIZE], fe_value_file **file);
// The same for a file that only a log names: its header gives the salt. Errors: also FERRIC_CORRUPT
// (no such file, a damaged header), FERRIC_UNSUPPORTED, FERRIC_IO.
ferric_status fe_value_files_adopt(fe_value_files *files, uint64_t number, fe_value_file **file);
void fe_value_file_ref(fe_value_file *file);
// Accepts NULL.
void fe_value_file_unref(fe_value_file *file);

// Sets the `file` of each ref, taking references. On failure none is held.
ferric_status fe_value_refs_attach(fe_value_files *files, fe_value_refs *refs);
void fe_value_refs_detach(fe_value_refs *refs);
// The same for files that are known, whose salts are put in place. Errors: FERRIC_CORRUPT: one is
// not.
ferric_status fe_value_refs_attach_known(fe_value_files *files, fe_value_refs *refs);

// Whether a file of this number is known.
bool fe_value_files_has(fe_value_files *files, uint64_t number);

// Opens every known file and keeps it open, so that it can be read though another process removes
// its name. Errors: FERRIC_CORRUPT: one is missing. FERRIC_TOO_MANY_FILES, FERRIC_IO.
ferric_status fe_value_files_pin(fe_value_files *files);

// Calls `visit` for each known file, in the order of numbers. No file goes meanwhile.
typedef void (*fe_value_file_visit)(void *context, fe_value_file *file);
void fe_value_files_each(fe_value_files *files, fe_value_file_visit visit, void *context);

// The keys that it was made with; NULL: none. Accepts NULL.
struct fe_file_keys *fe_value_files_keys(const fe_value_files *files);
// Says that `file` is new and has this header. Of its writer, before anything points into it.
// Errors: as fe_sealer_init.
ferric_status fe_value_file_begin(fe_value_file *file, const fe_file_header *header);

// Replaces `record` by what a record holds, checked: stored value and trailer, without its seal.
// Errors: FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_IO, FERRIC_NO_MEMORY, FERRIC_TOO_MANY_FILES.
ferric_status fe_value_files_read_record(fe_value_files *files, ferric_slice pointer,
                                         ferric_buffer *record);
// Replaces `record` by a record as it is stored, seal included, after checking it. Errors: the
// same.
ferric_status fe_value_files_read_stored(fe_value_files *files, ferric_slice pointer,
                                         ferric_buffer *record);
// What the seal of a new record takes.
size_t fe_value_files_seal_size(const fe_value_files *files);
// Replaces `value` by the value that `pointer` points to. Errors: the same.
ferric_status fe_value_files_read(fe_value_files *files, ferric_slice pointer,
                                  ferric_buffer *value);

// Reads the header of a value file. Errors: FERRIC_NOT_FOUND, FERRIC_CORRUPT, FERRIC_UNSUPPORTED,
// FERRIC_IO.
ferric_status fe_value_file_read_header(fe_vfs *vfs, const char *path, uint64_t number,
                                        fe_file_header *header);

#endif
