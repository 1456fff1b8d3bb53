// SPDX-License-Identifier: Apache-2.0
// CURRENT and the manifest that it names: loading, and writing what was loaded anew, which must
// load as the same.
#include "base/buffer.h"
#include "cache_kit.h"
#include "folder.h"
#include "fuzz.h"
#include "lsm/manifest.h"

const size_t fuzz_fixed_memory = CACHE_KIT_MEMORY + ((size_t)64 << 10);

static void check_equal(const fe_manifest_state *one, const fe_manifest_state *other)
{
    FUZZ_CHECK(one->log_count == other->log_count);
    FUZZ_CHECK(one->next_file_number == other->next_file_number);
    FUZZ_CHECK(one->last_sequence == other->last_sequence);
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        const fe_level *level = &one->version->levels[i];
        FUZZ_CHECK(level->count == other->version->levels[i].count);
        for (uint32_t j = 0; j < level->count; j++) {
            FUZZ_CHECK(level->files[j]->identity.number ==
                       other->version->levels[i].files[j]->identity.number);
        }
    }
}

static void write_anew(fe_vfs *vfs, cache_kit *kit, fe_manifest_state *state)
{
    fe_file_header header = {
        .version = FE_FORMAT_VERSION,
        .kind = FE_FILE_MANIFEST,
        .file_number = FOLDER_NUMBER_MAX + 1, // Not the name of one that is there.
    };
    fe_version_edit edit = {
        .has_logs = true,
        .logs = state->logs,
        .log_count = state->log_count,
        .next_file_number = state->next_file_number,
        .last_sequence = state->last_sequence,
    };
    fe_manifest *manifest;
    fe_manifest_state again;

    FUZZ_CHECK(fe_manifest_create(vfs, FOLDER_PATH, &header, state->version, &edit, &manifest) ==
               FERRIC_OK);
    fe_manifest_close(manifest);
    FUZZ_CHECK(fe_manifest_load(vfs, FOLDER_PATH, NULL, kit->tables, &again) == FERRIC_OK);
    check_equal(state, &again);
    fe_manifest_state_deinit(&again);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    fe_manifest_state state;
    folder files;
    cache_kit kit;
    fe_vfs *vfs;
    bool is_valid;

    folder_read(data, size, &files);
    vfs = folder_mount(&files);
    if (vfs == NULL) return false;
    cache_kit_init(&kit, vfs, FOLDER_PATH);
    is_valid = fe_manifest_load(vfs, FOLDER_PATH, NULL, kit.tables, &state) == FERRIC_OK;
    if (is_valid) write_anew(vfs, &kit, &state);
    fe_manifest_state_deinit(&state);
    cache_kit_deinit(&kit);
    fe_vfs_memory_destroy(vfs);
    return is_valid;
}
