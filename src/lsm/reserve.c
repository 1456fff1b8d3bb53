// SPDX-License-Identifier: Apache-2.0
// Space kept back for a full disk, in the file RESERVE: a sixteenth of the data, within 256 KiB and
// 64 MiB. Who cannot write at all cannot delete either, so it is given up for commits that only
// delete, and for a flush, which lets logs go; it is taken again when there is room.
//
// A database without tables has no reserve: small ones stay small.
#include "base/buffer.h"
#include "base/status.h"
#include "lsm/store_state.h"

#define RESERVE_BYTES_MIN ((uint64_t)256 << 10)
#define RESERVE_BYTES_MAX ((uint64_t)64 << 20)
#define DATA_PART 16
// The reserve is not taken from a disk that has less than so many times its size left.
#define FREE_FACTOR 4

static uint64_t wanted_bytes(fe_store *store)
{
    fe_view *view = fe_store_view(store);
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++)
        bytes += view->version->levels[i].bytes;
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

void fe_reserve_refill(fe_store *store, bool is_urgent)
{
    uint64_t wanted = wanted_bytes(store);
    uint64_t free_bytes = 0;
    uint64_t held;
    ferric_buffer path = {0};

    fe_mutex_lock(&store->reserve_mutex);
    held = store->reserve_bytes;
    if (held < wanted / 2 || (held == 0 && wanted > 0)) {
        if (fe_vfs_free_space(store->vfs, store->directory, &free_bytes) == FERRIC_OK &&
            (is_urgent || free_bytes / FREE_FACTOR > wanted) &&
            fe_file_path_named(&path, store->directory, FE_FILE_RESERVE_NAME) == FERRIC_OK &&
            create_file(store, fe_path_text(&path), wanted) == FERRIC_OK) {
            store->reserve_bytes = wanted;
        }
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
    }
    fe_mutex_unlock(&store->reserve_mutex);
    fe_buffer_deinit(&path);
    return is_released;
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
    }
    fe_buffer_deinit(&path);
}
