// SPDX-License-Identifier: Apache-2.0
// Space kept back for a full disk, in the file RESERVE: a sixteenth of the data, within 256 KiB and
// 64 MiB. Who cannot write at all cannot delete either, so it is given up for commits that only
// delete, and for a flush, which lets logs go; it is taken again when there is room.
//
// A database without tables has no reserve: small ones stay small.
#include <inttypes.h>

#include "base/buffer.h"
#include "base/status.h"
#include "lsm/store_state.h"

#define RESERVE_BYTES_MIN ((uint64_t)256 << 10)
#define RESERVE_BYTES_MAX ((uint64_t)64 << 20)
#define DATA_PART 16
// A first reserve is not taken from a disk that has less than so many times its size left. One that
// was given up comes back before anything else, in part if need be: otherwise the next writes would
// use its place.
#define FREE_FACTOR 4
#define OWED_BYTES_MIN ((uint64_t)64 << 10)

static uint64_t wanted_bytes(fe_store *store)
{
    fe_view *view = fe_store_view(store);
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++)
        bytes += view->version->levels[i].bytes + view->version->levels[i].value_bytes;
    fe_view_unref(view);
    if (bytes == 0) return 0;
    bytes /= DATA_PART;
    if (bytes < RESERVE_BYTES_MIN) return RESERVE_BYTES_MIN;
    return bytes > RESERVE_BYTES_MAX ? RESERVE_BYTES_MAX : bytes;
}

static ferric_status create_file(fe_store *store, const char *path, uint64_t bytes)
{
    fe_log_file *file = NULL;
    ferric_status status = fe_vfs_remove(store->vfs, path);

    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) return status;
    // A log's reservation is the one that takes real blocks.
    status = fe_vfs_create_log(store->vfs, path, FE_LOG_BUFFERED, &file);
    if (status == FERRIC_OK) status = fe_log_file_reserve(file, bytes);
    fe_log_file_close(file);
    if (status != FERRIC_OK) (void)fe_vfs_remove(store->vfs, path);
    return status;
}

// How large a reserve to make now; 0: leave things as they are. REQUIRES: reserve_mutex held.
static uint64_t affordable_bytes(fe_store *store, uint64_t wanted)
{
    uint64_t held = store->reserve_bytes;
    uint64_t free_bytes;

    if (store->is_reserve_lent) return 0;
    if (wanted == 0 || (held > 0 && held >= wanted / 2)) return 0;
    if (fe_vfs_free_space(store->vfs, store->directory, &free_bytes) != FERRIC_OK) return 0;
    if (!store->is_reserve_owed) return free_bytes / FREE_FACTOR > wanted ? wanted : 0;
    if (free_bytes > wanted) return wanted;
    free_bytes -= free_bytes % OWED_BYTES_MIN;
    return free_bytes > held ? free_bytes : 0;
}

void fe_reserve_refill(fe_store *store)
{
    uint64_t wanted = wanted_bytes(store);
    ferric_buffer path = {0};
    uint64_t bytes;

    fe_mutex_lock(&store->reserve_mutex);
    bytes = affordable_bytes(store, wanted);
    if (bytes > 0 &&
        fe_file_path_named(&path, store->directory, FE_FILE_RESERVE_NAME) == FERRIC_OK) {
        bool is_made = create_file(store, fe_path_text(&path), bytes) == FERRIC_OK;
        store->reserve_bytes = is_made ? bytes : 0;
        store->is_reserve_owed = store->reserve_bytes < wanted;
    }
    fe_mutex_unlock(&store->reserve_mutex);
    fe_buffer_deinit(&path);
}

bool fe_reserve_release(fe_store *store)
{
    ferric_buffer path = {0};
    bool is_released = false;

    fe_mutex_lock(&store->reserve_mutex);
    if (store->reserve_bytes > 0 &&
        fe_file_path_named(&path, store->directory, FE_FILE_RESERVE_NAME) == FERRIC_OK) {
        is_released = fe_vfs_remove(store->vfs, fe_path_text(&path)) == FERRIC_OK;
        store->reserve_bytes = 0;
        store->is_reserve_owed = true;
    }
    fe_mutex_unlock(&store->reserve_mutex);
    fe_buffer_deinit(&path);
    return is_released;
}

bool fe_reserve_lend(fe_store *store)
{
    fe_mutex_lock(&store->reserve_mutex);
    store->is_reserve_lent = true;
    fe_mutex_unlock(&store->reserve_mutex);
    return fe_reserve_release(store);
}

void fe_reserve_end_loan(fe_store *store)
{
    fe_mutex_lock(&store->reserve_mutex);
    store->is_reserve_lent = false;
    fe_mutex_unlock(&store->reserve_mutex);
}

static uint64_t free_bytes_of(fe_store *store)
{
    uint64_t free_bytes;

    if (fe_vfs_free_space(store->vfs, store->directory, &free_bytes) != FERRIC_OK) {
        return UINT64_MAX;
    }
    return free_bytes;
}

bool fe_reserve_is_spared(fe_store *store, uint64_t bytes)
{
    return free_bytes_of(store) >= bytes;
}

ferric_status fe_reserve_make_way(fe_store *store, uint64_t bytes)
{
    uint64_t free_bytes = free_bytes_of(store);
    uint64_t held;

    if (free_bytes >= bytes) return FERRIC_OK;
    fe_mutex_lock(&store->reserve_mutex);
    held = store->reserve_bytes;
    fe_mutex_unlock(&store->reserve_mutex);
    if (bytes - free_bytes <= held && fe_reserve_release(store)) return FERRIC_OK;
    return fe_fail(FERRIC_NO_SPACE,
                   "%s: a flush needs %" PRIu64 " bytes, and the file system has %" PRIu64,
                   store->directory, bytes, free_bytes);
}

void fe_reserve_find(fe_store *store)
{
    ferric_buffer path = {0};
    fe_path_kind kind = FE_PATH_NONE;
    uint64_t size = 0;

    if (fe_file_path_named(&path, store->directory, FE_FILE_RESERVE_NAME) == FERRIC_OK &&
        fe_vfs_stat(store->vfs, fe_path_text(&path), &kind, &size) == FERRIC_OK &&
        kind == FE_PATH_FILE) {
        store->reserve_bytes = size;
    } else {
        store->is_reserve_owed = wanted_bytes(store) > 0;
    }
    fe_buffer_deinit(&path);
}
