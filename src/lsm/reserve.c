// SPDX-License-Identifier: Apache-2.0
// Space kept back for a full disk, in the file RESERVE: a sixteenth of the data, within 256 KiB and
// 16 MiB. Who cannot write at all cannot delete either, so it is given up for commits that only
// delete, and for a flush, which lets logs go; it is taken again when there is room. Puts take
// space behind it only: what is owed to the reserve comes first, and what a flush was given is the
// flush's.
//
// A database without tables has no reserve: small ones stay small.
#include <inttypes.h>

#include "base/buffer.h"
#include "base/status.h"
#include "lsm/store_state.h"

#define RESERVE_BYTES_MIN ((uint64_t)256 << 10)
// For deletes alone enough for hundreds of thousands; more would be noticed beside the data.
#define RESERVE_BYTES_MAX ((uint64_t)16 << 20)
#define DATA_PART 16
// A first reserve is not taken from a disk that has less than so many times its size left. One that
// was given up comes back before anything else, in part if need be: otherwise the next writes would
// use its place.
#define FREE_FACTOR 4
#define PIECE_BYTES 65536

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

// A first reserve, or a larger one, where there is ample room. REQUIRES: reserve_mutex held.
static void make_ample(fe_store *store, const char *path, uint64_t wanted, uint64_t free_bytes)
{
    if (store->reserve_bytes >= wanted / 2 || free_bytes / FREE_FACTOR <= wanted) return;
    store->reserve_bytes = create_file(store, path, wanted) == FERRIC_OK ? wanted : 0;
    store->is_reserve_owed = store->reserve_bytes < wanted;
}

// What was given up comes back piece by piece, as far as there is room. The file grows in place:
// what there is of it is not let go for something larger that may fail, since ext4 gives back the
// space of a removed file late. REQUIRES: reserve_mutex held.
static void restore(fe_store *store, const char *path, uint64_t wanted)
{
    static const uint8_t zeros[PIECE_BYTES];
    fe_open_mode mode = store->reserve_bytes > 0 ? FE_OPEN_WRITE : FE_OPEN_CREATE;
    uint64_t held = store->reserve_bytes;
    fe_file *file = NULL;
    ferric_status status;

    if (held == 0) (void)fe_vfs_remove(store->vfs, path);
    status = fe_vfs_open(store->vfs, path, mode, &file);
    while (status == FERRIC_OK && held < wanted) {
        status = fe_file_write_at(file, held, zeros, sizeof zeros);
        if (status == FERRIC_OK) held += sizeof zeros;
    }
    if (file != NULL && status != FERRIC_OK) (void)fe_file_truncate(file, held);
    fe_file_close(file);
    if (held == 0) (void)fe_vfs_remove(store->vfs, path);
    store->reserve_bytes = held;
    store->is_reserve_owed = held < wanted;
}

// REQUIRES: reserve_mutex held.
static void refill_locked(fe_store *store, uint64_t wanted)
{
    ferric_buffer path = {0};
    uint64_t free_bytes;

    if (store->is_reserve_lent || store->reserve_bytes >= wanted) return;
    if (fe_file_path_named(&path, store->directory, FE_FILE_RESERVE_NAME) == FERRIC_OK) {
        if (store->is_reserve_owed) {
            // Without a look at what is free: root may use ext4's last twentieth, and is not told.
            restore(store, fe_path_text(&path), wanted);
        } else if (fe_vfs_free_space(store->vfs, store->directory, &free_bytes) == FERRIC_OK) {
            make_ample(store, fe_path_text(&path), wanted, free_bytes);
        }
    }
    fe_buffer_deinit(&path);
}

void fe_reserve_refill(fe_store *store)
{
    uint64_t wanted = wanted_bytes(store);

    fe_mutex_lock(&store->reserve_mutex);
    refill_locked(store, wanted);
    fe_mutex_unlock(&store->reserve_mutex);
}

bool fe_reserve_enter(fe_store *store)
{
    bool is_owed;
    bool is_open;
    uint64_t wanted = 0;

    fe_mutex_lock(&store->reserve_mutex);
    is_owed = store->is_reserve_owed;
    fe_mutex_unlock(&store->reserve_mutex);
    if (is_owed) wanted = wanted_bytes(store);
    fe_mutex_lock(&store->reserve_mutex);
    is_open = !store->is_reserve_owed || store->reserve_ways == 0;
    if (is_open && is_owed) refill_locked(store, wanted);
    if (is_open) store->reserve_takers++;
    fe_mutex_unlock(&store->reserve_mutex);
    return is_open;
}

void fe_reserve_leave(fe_store *store)
{
    fe_mutex_lock(&store->reserve_mutex);
    if (--store->reserve_takers == 0) fe_cond_broadcast(&store->reserve_changed);
    fe_mutex_unlock(&store->reserve_mutex);
}

// XFS gives the space of a removed file back a little later, that of a cut one at once.
static bool remove_file(fe_store *store, const char *path)
{
    fe_file *file = NULL;

    if (fe_vfs_open(store->vfs, path, FE_OPEN_WRITE, &file) == FERRIC_OK) {
        (void)fe_file_truncate(file, 0);
    }
    fe_file_close(file);
    return fe_vfs_remove(store->vfs, path) == FERRIC_OK;
}

// REQUIRES: reserve_mutex held.
static bool release_locked(fe_store *store)
{
    ferric_buffer path = {0};
    bool is_released = false;

    if (store->reserve_bytes > 0 &&
        fe_file_path_named(&path, store->directory, FE_FILE_RESERVE_NAME) == FERRIC_OK) {
        is_released = remove_file(store, fe_path_text(&path));
        store->reserve_bytes = 0;
        store->is_reserve_owed = true;
    }
    fe_buffer_deinit(&path);
    return is_released;
}

bool fe_reserve_release(fe_store *store)
{
    bool is_released;

    fe_mutex_lock(&store->reserve_mutex);
    is_released = release_locked(store);
    fe_mutex_unlock(&store->reserve_mutex);
    return is_released;
}

bool fe_reserve_lend(fe_store *store)
{
    bool is_released;

    fe_mutex_lock(&store->reserve_mutex);
    store->is_reserve_lent = true;
    is_released = release_locked(store);
    fe_mutex_unlock(&store->reserve_mutex);
    return is_released;
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

// Free space, after those who were about to take some have it, if the reserve must give way or has
// done so already. REQUIRES: reserve_mutex held.
static uint64_t settled_free_bytes(fe_store *store, uint64_t bytes)
{
    uint64_t free_bytes = free_bytes_of(store);

    while (store->reserve_takers > 0 && (store->is_reserve_owed || free_bytes < bytes)) {
        fe_cond_wait(&store->reserve_changed, &store->reserve_mutex);
        free_bytes = free_bytes_of(store);
    }
    return free_bytes;
}

bool fe_reserve_try_way(fe_store *store, uint64_t bytes)
{
    bool is_open;

    fe_mutex_lock(&store->reserve_mutex);
    is_open = settled_free_bytes(store, bytes) >= bytes;
    if (is_open) store->reserve_ways++;
    fe_mutex_unlock(&store->reserve_mutex);
    return is_open;
}

ferric_status fe_reserve_make_way(fe_store *store, uint64_t bytes)
{
    uint64_t free_bytes;
    bool is_open;

    fe_mutex_lock(&store->reserve_mutex);
    free_bytes = settled_free_bytes(store, bytes);
    is_open = free_bytes >= bytes ||
              (bytes - free_bytes <= store->reserve_bytes && release_locked(store));
    if (is_open) store->reserve_ways++;
    fe_mutex_unlock(&store->reserve_mutex);
    if (is_open) return FERRIC_OK;
    return fe_fail(FERRIC_NO_SPACE,
                   "%s: a flush needs %" PRIu64 " bytes, and the file system has %" PRIu64,
                   store->directory, bytes, free_bytes);
}

void fe_reserve_end_way(fe_store *store)
{
    fe_mutex_lock(&store->reserve_mutex);
    store->reserve_ways--;
    fe_mutex_unlock(&store->reserve_mutex);
    // What was taken of the reserve comes back at once, before puts use it up.
    fe_reserve_refill(store);
}

void fe_reserve_find(fe_store *store)
{
    ferric_buffer path = {0};
    fe_path_kind kind = FE_PATH_NONE;
    uint64_t size = 0;

    if (fe_file_path_named(&path, store->directory, FE_FILE_RESERVE_NAME) == FERRIC_OK &&
        fe_vfs_stat(store->vfs, fe_path_text(&path), &kind, &size) == FERRIC_OK &&
        kind == FE_PATH_FILE && size > 0) {
        store->reserve_bytes = size;
    } else {
        store->is_reserve_owed = wanted_bytes(store) > 0;
    }
    fe_buffer_deinit(&path);
}
