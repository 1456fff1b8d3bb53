// SPDX-License-Identifier: Apache-2.0
// Recovery from logs: those that the manifest of the input names, or, without a manifest, its first
// log. What was replayed is walked, made durable, and replayed to the same once more.
#include <stdlib.h>
#include <string.h>

#include "base/coding.h"
#include "cache_kit.h"
#include "folder.h"
#include "fuzz.h"
#include "lsm/log_replay.h"
#include "lsm/manifest.h"
#include "lsm/value_files.h"

#define MEMTABLE_BYTES 4096
#define VALUE_FILES_MAX 8

const size_t fuzz_fixed_memory = CACHE_KIT_MEMORY + ((size_t)512 << 10);

// A log as its own header names it, that was not sealed.
static size_t first_log(const folder *files, fe_live_log *log)
{
    for (size_t i = 0; i < files->count; i++) {
        const folder_file *file = &files->files[i];
        fe_file_kind kind;
        if (!folder_number_of(file->code, &kind, &log->number)) continue;
        if (kind != FE_FILE_LOG || file->size < FE_FILE_HEADER_SIZE) continue;
        memcpy(log->salt, file->data + FE_FILE_HEADER_SIZE - 4 - FE_SALT_SIZE, FE_SALT_SIZE);
        return 1;
    }
    return 0;
}

// Returns the entries of all memtables.
static uint64_t walk(const fe_replay *replay)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < replay->memtable_count; i++) {
        fe_iterator *iterator;
        fe_entry before = {0};
        if (fe_memtable_iterator(replay->memtables[i]->memtable, &iterator) != FERRIC_OK) abort();
        for (fe_iterator_first(iterator); iterator->is_valid; fe_iterator_next(iterator)) {
            const fe_entry *entry = &iterator->entry;
            FUZZ_CHECK(entry->sequence <= replay->last_sequence);
            FUZZ_CHECK(
                before.key.data == NULL ||
                fe_internal_compare(before.key, before.sequence, entry->key, entry->sequence) < 0);
            before = *entry;
            count++;
        }
        fe_iterator_destroy(iterator);
    }
    return count;
}

static bool replay_logs(const fe_replay_options *options, const fe_live_log *logs, size_t count)
{
    fe_replay replay;
    fe_replay again;
    uint64_t entries;

    if (fe_replay_run(options, logs, count, &replay) != FERRIC_OK) return false;
    FUZZ_CHECK(replay.last_sequence <= replay.highest_sequence);
    FUZZ_CHECK(replay.highest_sequence <= FE_SEQUENCE_MAX);
    entries = walk(&replay);
    for (size_t i = 0; i < replay.log_count; i++) {
        FUZZ_CHECK(fe_replay_harden(options->vfs, options->directory, NULL, &replay.logs[i]) ==
                   FERRIC_OK);
    }
    FUZZ_CHECK(fe_replay_run(options, logs, count, &again) == FERRIC_OK);
    FUZZ_CHECK(again.last_sequence == replay.last_sequence && walk(&again) == entries);
    fe_replay_deinit(&again);
    fe_replay_deinit(&replay);
    return entries > 0;
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    fe_replay_options options = {.directory = FOLDER_PATH, .memtable_bytes = MEMTABLE_BYTES};
    fe_manifest_state state;
    fe_live_log single = {0};
    folder files;
    cache_kit kit;
    bool is_valid;

    folder_read(data, size, &files);
    options.vfs = folder_mount(&files);
    if (options.vfs == NULL) return false;
    cache_kit_init(&kit, options.vfs, FOLDER_PATH);
    fe_value_files_options values = {.vfs = options.vfs,
                                     .directory = FOLDER_PATH,
                                     .epoch = kit.epoch,
                                     .open_files_max = VALUE_FILES_MAX};
    FUZZ_CHECK(fe_value_files_create(&values, &options.value_files) == FERRIC_OK);
    if (fe_manifest_load(options.vfs, FOLDER_PATH, NULL, kit.tables, &state) == FERRIC_OK) {
        options.flushed_sequence = state.last_sequence;
        is_valid = replay_logs(&options, state.logs, state.log_count);
    } else {
        is_valid = replay_logs(&options, &single, first_log(&files, &single));
    }
    fe_manifest_state_deinit(&state);
    fe_value_files_destroy(options.value_files);
    cache_kit_deinit(&kit);
    fe_vfs_memory_destroy(options.vfs);
    return is_valid;
}
