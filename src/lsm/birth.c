// SPDX-License-Identifier: Apache-2.0
// The first write of an open. Opening writes nothing; before the first commit this open gets a log
// and a manifest of its own, for neither is ever appended to by a later open.
//
//   1  a new database: README, the keyring of an encrypted one, and the directory's own name made
//      durable
//   2  recovered logs are made durable, since the manifest will say where they end; when there are
//      many, their memtables become a table first
//   3  log: created, header and name durable
//   4  manifest: the version, the recovered logs with their ends, the new log; durable; then
//   CURRENT
//   5  files that no manifest names are removed
//
// A crash before CURRENT is switched leaves the old state, with files that step 5 of a later open
// removes. A new database that has no CURRENT yet may have a manifest and an empty log, never a
// table.
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/file_keys.h"
#include "lsm/store_state.h"

// So many recovered logs are turned into a table, so that short openings that write a little each
// do not pile them up.
#define RECOVERED_LOGS_MAX 8

static const char readme_text[] =
    "This directory is a Ferric database. Its files belong together: do not edit, rename, copy or\n"
    "remove single ones. To look inside run `ferric info` or `ferric repl` with this directory's\n"
    "path; to remove the database run `ferric destroy`.\n";

ferric_status fe_store_new_header(fe_store *store, fe_file_kind kind, fe_file_header *header)
{
    ferric_status status;

    memset(header, 0, sizeof *header);
    header->version = FE_FORMAT_VERSION;
    header->kind = (uint8_t)kind;
    header->created_ms = fe_vfs_now_ms(store->vfs);
    memcpy(header->database_id, store->database_id, FE_DATABASE_ID_SIZE);
    status = fe_file_number_draw(&store->next_file_number, &header->file_number);
    if (status != FERRIC_OK) return status;
    fe_file_keys_stamp(store->keys, header); // K2 of keyring_file.h
    return fe_vfs_random(store->vfs, header->salt, sizeof header->salt);
}

// A help for people who find the directory; nothing depends on it.
static void write_readme(fe_store *store)
{
    ferric_buffer path = {0};
    fe_file *file = NULL;

    if (fe_file_path_named(&path, store->directory, FE_FILE_README_NAME) == FERRIC_OK &&
        fe_vfs_open(store->vfs, fe_path_text(&path), FE_OPEN_CREATE, &file) == FERRIC_OK) {
        (void)fe_file_write_at(file, 0, readme_text, sizeof readme_text - 1);
        fe_file_close(file);
    }
    fe_buffer_deinit(&path);
}

static ferric_status sync_parent(fe_store *store)
{
    ferric_buffer parent = {0};
    ferric_status status = fe_file_path_parent(&parent, store->directory);

    if (status == FERRIC_OK) status = fe_vfs_sync_directory(store->vfs, fe_path_text(&parent));
    fe_buffer_deinit(&parent);
    return status;
}

static ferric_status begin_database(fe_store *store)
{
    ferric_status status;

    if (store->has_identity) return FERRIC_OK;
    // That of an encrypted one was drawn with its keys.
    status = store->keys != NULL
                 ? fe_store_write_keys(store)
                 : fe_vfs_random(store->vfs, store->database_id, FE_DATABASE_ID_SIZE);
    if (status != FERRIC_OK) return status;
    write_readme(store);
    if (!FE_SEEDED_BUG(FE_BUG_PARENT_NOT_SYNCED)) status = sync_parent(store);
    store->has_identity = status == FERRIC_OK;
    return status;
}

static ferric_status flush_recovered(fe_store *store)
{
    fe_view *view = fe_store_view(store);
    bool is_due = view->memtable_count > 0 && (store->live_log_count >= RECOVERED_LOGS_MAX ||
                                               store->memtables_bytes >= store->sizes.flush_bytes);
    ferric_status status;

    fe_view_unref(view);
    if (!is_due || store->current_log != NULL) return FERRIC_OK;
    status = fe_store_flush_waiting(store);
    // All that the recovered logs held is in tables now; the manifest will not name them.
    if (status == FERRIC_OK) store->live_log_count = 0;
    return status;
}

static ferric_status create_manifest(fe_store *store)
{
    fe_view *view = fe_store_view(store);
    fe_version_edit state = {0};
    fe_manifest *manifest = NULL;
    fe_file_header header;
    ferric_status status = fe_store_new_header(store, FE_FILE_MANIFEST, &header);

    if (status == FERRIC_OK) status = fe_log_chain_describe(store, 0, &state);
    if (status == FERRIC_OK) {
        state.next_file_number = atomic_load(&store->next_file_number);
        state.last_sequence = store->flushed_sequence;
        state.time_ms = fe_engine_clock_now(&store->clock);
        status = fe_manifest_create(store->vfs, store->directory, &header, view->version, &state,
                                    &manifest);
    }
    if (status == FERRIC_OK) {
        fe_mutex_lock(&store->edit_mutex);
        fe_manifest_close(store->manifest);
        store->manifest = manifest;
        store->manifest_number = header.file_number;
        fe_mutex_unlock(&store->edit_mutex);
    }
    fe_version_edit_deinit(&state, store->tables);
    fe_view_unref(view);
    return status;
}

static bool is_live_log(const fe_store *store, uint64_t number)
{
    for (size_t i = 0; i < store->live_log_count; i++) {
        if (store->live_logs[i].number == number) return true;
    }
    return false;
}

static bool is_live_table(const fe_version *version, uint64_t number)
{
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count; j++) {
            if (version->levels[i].files[j]->identity.number == number) return true;
        }
    }
    return false;
}

static bool is_leftover(const fe_store *store, const fe_version *version, const char *name)
{
    fe_file_kind kind;
    uint64_t number;

    if (!fe_file_name_parse(name, &kind, &number)) return false;
    switch (kind) {
    case FE_FILE_LOG:
        return !is_live_log(store, number);
    case FE_FILE_RING: // What those of earlier opens held was made durable in their logs.
        return number != store->own_log_first;
    case FE_FILE_TABLE:
        return !is_live_table(version, number);
    case FE_FILE_VALUES:
        return !fe_value_files_has(store->value_files, number);
    case FE_FILE_MANIFEST:
        return number != store->manifest_number;
    default:
        return false;
    }
}

// Removes what a crash left behind. REQUIRES: the manifest that names everything else is durable,
// and nobody makes new files meanwhile (the turn is held and the threads are not started).
static void sweep_leftovers(fe_store *store)
{
    fe_view *view = fe_store_view(store);
    ferric_buffer names = {0};
    ferric_buffer path = {0};
    const char *name;

    if (fe_vfs_list(store->vfs, store->directory, &names) != FERRIC_OK) goto out;
    for (size_t at = 0; at < names.size; at += strlen(name) + 1) {
        name = (const char *)names.data + at;
        if (!is_leftover(store, view->version, name)) continue;
        if (fe_file_path_named(&path, store->directory, name) != FERRIC_OK) break;
        (void)fe_vfs_remove(store->vfs, fe_path_text(&path)); // Tried again by a later open.
    }
out:
    fe_buffer_deinit(&names);
    fe_buffer_deinit(&path);
    fe_view_unref(view);
}

static ferric_status bear(fe_store *store)
{
    ferric_status status = begin_database(store);

    if (status == FERRIC_OK) status = fe_store_harden_recovered(store);
    if (status == FERRIC_OK) status = flush_recovered(store);
    if (status == FERRIC_OK && store->current_log == NULL) status = fe_log_chain_begin(store);
    if (FE_SEEDED_BUG(FE_BUG_LEFTOVERS_SWEPT_EARLY)) sweep_leftovers(store);
    if (status == FERRIC_OK) status = create_manifest(store);
    return status;
}

ferric_status fe_store_bear(fe_store *store)
{
    ferric_status status;

    if (store->is_born) return FERRIC_OK;
    fe_reserve_find(store);
    status = bear(store);
    // On a full disk even deleting needs a log and a manifest.
    if (status == FERRIC_NO_SPACE && fe_reserve_release(store)) status = bear(store);
    if (status == FERRIC_OUTCOME_UNKNOWN) fe_store_fail(store, status);
    if (status != FERRIC_OK) return status;
    if (!store->keep_leftovers) sweep_leftovers(store);
    status = fe_background_start(store);
    if (status == FERRIC_OK) store->is_born = true;
    return status;
}
