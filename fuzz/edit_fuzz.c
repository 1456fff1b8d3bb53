// SPDX-License-Identifier: Apache-2.0
// Version edits: one that is taken as valid encodes to bytes that mean the same, and applies to a
// version or is refused.
#include <string.h>

#include "base/buffer.h"
#include "cache_kit.h"
#include "folder.h"
#include "fuzz.h"
#include "lsm/manifest.h"

const size_t fuzz_fixed_memory = CACHE_KIT_MEMORY + ((size_t)32 << 10);

// An encoded edit decodes, and encodes to the same bytes.
static void check_encoding(const fe_version_edit *edit, fe_table_cache *tables)
{
    ferric_buffer first = {0};
    ferric_buffer second = {0};
    fe_version_edit decoded;

    FUZZ_CHECK(fe_edit_encode(edit, &first) == FERRIC_OK);
    FUZZ_CHECK(fe_edit_decode(fe_buffer_slice(&first), tables, &decoded) == FERRIC_OK);
    FUZZ_CHECK(fe_edit_encode(&decoded, &second) == FERRIC_OK);
    FUZZ_CHECK(fe_slice_equal(fe_buffer_slice(&first), fe_buffer_slice(&second)));
    FUZZ_CHECK(decoded.addition_count == edit->addition_count);
    FUZZ_CHECK(decoded.removal_count == edit->removal_count);
    fe_version_edit_deinit(&decoded, tables);
    fe_buffer_deinit(&first);
    fe_buffer_deinit(&second);
}

static void check_version(const fe_version *version)
{
    for (uint32_t i = 1; i < FE_LEVEL_COUNT; i++) {
        const fe_level *level = &version->levels[i];
        for (uint32_t j = 0; j < level->count; j++) {
            FUZZ_CHECK(fe_version_find(level, level->files[j]->smallest_key) == level->files[j]);
            FUZZ_CHECK(fe_version_find(level, level->files[j]->largest_key) == level->files[j]);
        }
    }
}

// Once onto nothing, once more onto what that made.
static void apply(const fe_version_edit *edit, fe_table_cache *tables)
{
    fe_version *version;
    fe_version *next = NULL;
    fe_version *again = NULL;

    FUZZ_CHECK(fe_version_create(tables, &version) == FERRIC_OK);
    if (fe_version_apply(version, edit, &next) == FERRIC_OK) {
        check_version(next);
        if (fe_version_apply(next, edit, &again) == FERRIC_OK) check_version(again);
    }
    fe_version_unref(again);
    fe_version_unref(next);
    fe_version_unref(version);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    folder files = {.count = 0};
    fe_vfs *vfs = folder_mount(&files);
    fe_version_edit edit;
    cache_kit kit;
    bool is_valid;

    if (vfs == NULL) return false;
    cache_kit_init(&kit, vfs, FOLDER_PATH);
    is_valid = fe_edit_decode(fe_slice(data, size), kit.tables, &edit) == FERRIC_OK;
    if (is_valid) {
        check_encoding(&edit, kit.tables);
        apply(&edit, kit.tables);
        fe_version_edit_deinit(&edit, kit.tables);
    }
    cache_kit_deinit(&kit);
    fe_vfs_memory_destroy(vfs);
    return is_valid && size > 0;
}
