// SPDX-License-Identifier: Apache-2.0
// Repair: whatever the files of the input are, what it writes is a sound database, and the damaged
// one is as it was.
#include <string.h>

#include <ferric/ferric.h>

#include "folder.h"
#include "fuzz.h"

#define REPAIRED_PATH "/repaired"

// Caches, statistics and the files that are written.
const size_t fuzz_fixed_memory = (size_t)8 << 20;

static void check_sound(const ferric_options *options)
{
    ferric_verify_report report;
    ferric_db *db;

    FUZZ_CHECK(ferric_open(REPAIRED_PATH, options, &db) == FERRIC_OK);
    FUZZ_CHECK(ferric_verify(db, NULL, NULL, &report) == FERRIC_OK);
    FUZZ_CHECK(ferric_close(db) == FERRIC_OK);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_repair_report report;
    ferric_status status;
    folder files;

    folder_read(data, size, &files);
    options.vfs = folder_mount(&files);
    if (options.vfs == NULL) return false;
    options.background_threads = 0;
    options.memory_limit = (uint64_t)8 << 20;
    options.memtable_size = 4096;
    options.log_size = 64 << 10;
    fuzz_expansion_begin();
    status = ferric_repair(FOLDER_PATH, REPAIRED_PATH, &options, NULL, NULL, &report);
    if (status == FERRIC_OK) check_sound(&options);
    fuzz_expansion_end();
    folder_check(options.vfs, &files);
    fe_vfs_memory_destroy(options.vfs);
    return status == FERRIC_OK;
}
