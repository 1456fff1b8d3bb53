// SPDX-License-Identifier: Apache-2.0
// Known value files: found by number, opened when first read, removed when nobody needs them.
#include "lsm/value_files.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/file_keys.h"
#include "lsm/file_names.h"
#include "os/thread.h"

// What readers search: replaced whole.
typedef struct file_list {
    fe_retired retired;
    size_t count;
    fe_value_file *files[]; // By number.
} file_list;

struct fe_value_files {
    fe_vfs *vfs;
    const char *directory;
    fe_epoch *epoch;
    uint32_t open_files_max;
    fe_file_keys *keys;        // Borrowed; NULL: not encrypted.
    _Atomic(file_list *) list; // NULL: empty.
    _Atomic(uint32_t) open_files;
    fe_mutex mutex; // Changing the list; opening a handle.
};

// ---- The list -------------------------------------------------------------------------------

// The index of the first file whose number is not below `number`.
static size_t lower_bound(const file_list *list, uint64_t number)
{
    size_t low = 0;
    size_t high = list == NULL ? 0 : list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->files[middle]->number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static fe_value_file *find(const file_list *list, uint64_t number)
{
    size_t index = lower_bound(list, number);

    if (list == NULL || index == list->count || list->files[index]->number != number) return NULL;
    return list->files[index];
}

static void reclaim_list(fe_retired *retired)
{
    fe_free((char *)retired - offsetof(file_list, retired));
}

static void publish_locked(fe_value_files *files, file_list *next)
{
    file_list *old = atomic_load_explicit(&files->list, memory_order_relaxed);

    // Pairs with the acquire loads of readers.
    atomic_store_explicit(&files->list, next, memory_order_release);
    if (old != NULL) fe_epoch_retire(files->epoch, &old->retired, reclaim_list);
}

static ferric_status insert_locked(fe_value_files *files, fe_value_file *file)
{
    const file_list *old = atomic_load_explicit(&files->list, memory_order_relaxed);
    size_t count = old == NULL ? 0 : old->count;
    size_t index = lower_bound(old, file->number);
    size_t size = sizeof *old + (count + 1) * sizeof(fe_value_file *);
    file_list *next = fe_alloc_zero(1, size);

    if (next == NULL) return fe_no_memory("the list of value files", size);
    assert(old != NULL || index == 0);
    next->count = count + 1;
    for (size_t i = 0; i < index; i++)
        next->files[i] = old->files[i];
    next->files[index] = file;
    for (size_t i = index; i < count; i++)
        next->files[i + 1] = old->files[i];
    publish_locked(files, next);
    return FERRIC_OK;
}

// Takes a file out of the list, in place when there is no memory for another one: it is replaced by
// its neighbour's entry, so that a search still ends.
static bool remove_locked(fe_value_files *files, const fe_value_file *file)
{
    file_list *old = atomic_load_explicit(&files->list, memory_order_relaxed);
    size_t index = lower_bound(old, file->number);
    file_list *next;

    if (old->count == 1) {
        publish_locked(files, NULL);
        return true;
    }
    next = fe_alloc_zero(1, sizeof *old + (old->count - 1) * sizeof(fe_value_file *));
    if (next == NULL) return false;
    next->count = old->count - 1;
    for (size_t i = 0; i < index; i++)
        next->files[i] = old->files[i];
    for (size_t i = index + 1; i < old->count; i++)
        next->files[i - 1] = old->files[i];
    publish_locked(files, next);
    return true;
}

// ---- Life -----------------------------------------------------------------------------------

ferric_status fe_value_files_create(const fe_value_files_options *options, fe_value_files **files)
{
    fe_value_files *created = fe_alloc_zero(1, sizeof *created);

    *files = created;
    if (created == NULL) return fe_no_memory("value files", sizeof *created);
    created->vfs = options->vfs;
    created->directory = options->directory;
    created->epoch = options->epoch;
    created->open_files_max = options->open_files_max;
    created->keys = options->keys;
    fe_mutex_init(&created->mutex);
    return FERRIC_OK;
}

static void free_file(fe_value_file *file)
{
    fe_file *handle = atomic_load_explicit(&file->handle, memory_order_relaxed);

    if (handle != NULL) {
        atomic_fetch_sub_explicit(&file->files->open_files, 1, memory_order_relaxed);
        fe_file_close(handle);
    }
    fe_sealer_deinit(&file->sealer);
    fe_free(file);
}

static void reclaim_file(fe_retired *retired)
{
    free_file((fe_value_file *)(void *)((char *)retired - offsetof(fe_value_file, retired)));
}

void fe_value_files_destroy(fe_value_files *files)
{
    file_list *list;

    if (files == NULL) return;
    fe_epoch_collect(files->epoch); // Retired files point here.
    list = atomic_load(&files->list);
    // Only files that there was no memory to take out are left.
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        assert(atomic_load(&list->files[i]->refs) == 0);
        free_file(list->files[i]);
    }
    fe_free(list);
    fe_mutex_deinit(&files->mutex);
    fe_free(files);
}

static ferric_status path_of(const fe_value_files *files, uint64_t number, ferric_buffer *path)
{
    return fe_file_path(path, files->directory, FE_FILE_VALUES, number);
}

static ferric_status create_file(fe_value_files *files, uint64_t number,
                                 const uint8_t salt[FE_SALT_SIZE], fe_value_file **file)
{
    fe_file_header header = {.kind = FE_FILE_VALUES, .file_number = number};
    ferric_buffer path = {0};
    fe_value_file *created = NULL;
    size_t path_size = 0;
    ferric_status status = path_of(files, number, &path);

    if (status == FERRIC_OK) {
        path_size = strlen(fe_path_text(&path)) + 1;
        created = fe_alloc_zero(1, sizeof *created + path_size);
        if (created == NULL) status = fe_no_memory("a value file", sizeof *created + path_size);
    }
    if (status == FERRIC_OK) {
        memcpy(header.salt, salt, FE_SALT_SIZE);
        memcpy(created->salt, salt, FE_SALT_SIZE);
        // Else its key comes from the whole header, which is read with the first value.
        created->has_sealer = files->keys == NULL;
        if (created->has_sealer)
            status = fe_sealer_init(&created->sealer, &header, fe_path_text(&path));
        created->files = files;
        created->number = number;
        atomic_init(&created->refs, 1);
        memcpy(created->path, fe_path_text(&path), path_size);
    }
    fe_buffer_deinit(&path);
    *file = created;
    return status;
}

ferric_status fe_value_files_ref(fe_value_files *files, uint64_t number,
                                 const uint8_t salt[FE_SALT_SIZE], fe_value_file **file)
{
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&files->mutex);
    *file = find(atomic_load_explicit(&files->list, memory_order_relaxed), number);
    if (*file == NULL) {
        status = create_file(files, number, salt, file);
        if (status == FERRIC_OK) status = insert_locked(files, *file);
        if (status != FERRIC_OK) {
            fe_free(*file);
            *file = NULL;
        }
    } else if (memcmp((*file)->salt, salt, FE_SALT_SIZE) != 0) {
        *file = NULL;
        status = fe_fail(FERRIC_CORRUPT, "value file %" PRIu64 " is named with two salts", number);
    } else {
        atomic_fetch_add_explicit(&(*file)->refs, 1, memory_order_relaxed);
    }
    fe_mutex_unlock(&files->mutex);
    return status;
}

void fe_value_file_ref(fe_value_file *file)
{
    atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
}

void fe_value_file_unref(fe_value_file *file)
{
    fe_value_files *files;
    bool is_last;
    bool is_out = false;

    if (file == NULL) return;
    files = file->files;
    // The lock keeps somebody who looks the number up from taking a reference on a file that goes.
    fe_mutex_lock(&files->mutex);
    is_last = atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel) == 1;
    if (is_last) is_out = remove_locked(files, file);
    fe_mutex_unlock(&files->mutex);
    if (!is_last) return;
    if (atomic_load(&file->is_obsolete)) {
        // A file that cannot be removed now is swept by a later open.
        (void)fe_vfs_remove(files->vfs, file->path);
    }
    if (is_out) fe_epoch_retire(files->epoch, &file->retired, reclaim_file);
}

bool fe_value_files_has(fe_value_files *files, uint64_t number)
{
    bool has;

    fe_mutex_lock(&files->mutex);
    has = find(atomic_load_explicit(&files->list, memory_order_relaxed), number) != NULL;
    fe_mutex_unlock(&files->mutex);
    return has;
}

void fe_value_files_each(fe_value_files *files, fe_value_file_visit visit, void *context)
{
    const file_list *list;

    fe_mutex_lock(&files->mutex);
    list = atomic_load_explicit(&files->list, memory_order_relaxed);
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (atomic_load(&list->files[i]->refs) > 0) visit(context, list->files[i]);
    }
    fe_mutex_unlock(&files->mutex);
}

// ---- Headers --------------------------------------------------------------------------------

ferric_status fe_value_file_read_header(fe_vfs *vfs, const char *path, uint64_t number,
                                        fe_file_header *header)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];
    fe_file *file = NULL;
    size_t got = 0;
    ferric_status status = fe_vfs_open(vfs, path, FE_OPEN_READ, &file);

    if (status != FERRIC_OK) return status;
    status = fe_file_read_at(file, 0, bytes, sizeof bytes, &got);
    fe_file_close(file);
    if (status == FERRIC_OK) {
        status = fe_file_header_decode(fe_slice(bytes, got), FE_FILE_VALUES, path, header);
    }
    if (status == FERRIC_OK && header->file_number != number) {
        status = fe_fail(FERRIC_CORRUPT, "%s: its header has number %" PRIu64, path,
                         header->file_number);
    }
    return status;
}

static ferric_status missing(const char *path)
{
    return fe_fail(FERRIC_CORRUPT, "%s: missing, though the database needs it: run `ferric repair`",
                   path);
}

ferric_status fe_value_files_adopt(fe_value_files *files, uint64_t number, fe_value_file **file)
{
    fe_file_header header;
    ferric_buffer path = {0};
    ferric_status status;

    fe_mutex_lock(&files->mutex);
    *file = find(atomic_load_explicit(&files->list, memory_order_relaxed), number);
    if (*file != NULL) fe_value_file_ref(*file);
    fe_mutex_unlock(&files->mutex);
    if (*file != NULL) return FERRIC_OK;
    status = path_of(files, number, &path);
    if (status == FERRIC_OK) {
        status = fe_value_file_read_header(files->vfs, fe_path_text(&path), number, &header);
        if (status == FERRIC_NOT_FOUND) status = missing(fe_path_text(&path));
    }
    if (status == FERRIC_OK) status = fe_value_files_ref(files, number, header.salt, file);
    fe_buffer_deinit(&path);
    return status;
}

static ferric_status unnamed(const fe_value_files *files, uint64_t number)
{
    return fe_fail(FERRIC_CORRUPT,
                   "%s: an entry points to value file %" PRIu64 ", which nothing names",
                   files->directory, number);
}

// ---- Refs -----------------------------------------------------------------------------------

ferric_status fe_value_refs_attach_known(fe_value_files *files, fe_value_refs *refs)
{
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&files->mutex);
    for (size_t i = 0; i < refs->count && status == FERRIC_OK; i++) {
        fe_value_ref *ref = &refs->items[i];
        ref->file = find(atomic_load_explicit(&files->list, memory_order_relaxed), ref->number);
        if (ref->file == NULL) {
            status = unnamed(files, ref->number);
        } else {
            fe_value_file_ref(ref->file);
            memcpy(ref->salt, ref->file->salt, FE_SALT_SIZE);
        }
    }
    fe_mutex_unlock(&files->mutex);
    if (status != FERRIC_OK) fe_value_refs_detach(refs);
    return status;
}

// ---- Reading --------------------------------------------------------------------------------

fe_file_keys *fe_value_files_keys(const fe_value_files *files)
{
    return files == NULL ? NULL : files->keys;
}

static ferric_status begin_locked(fe_value_file *file, fe_file_header *header)
{
    ferric_status status;

    header->keys = file->files->keys;
    status = fe_sealer_init(&file->sealer, header, file->path);
    file->has_sealer = status == FERRIC_OK;
    return status;
}

ferric_status fe_value_file_begin(fe_value_file *file, const fe_file_header *header)
{
    fe_file_header copy = *header;
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&file->files->mutex);
    if (!file->has_sealer) status = begin_locked(file, &copy);
    fe_mutex_unlock(&file->files->mutex);
    return status;
}

// Under encryption the file's key comes from its header. The name may be gone, so `handle` is read.
static ferric_status find_sealer_locked(fe_value_file *file, fe_file *handle)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];
    fe_file_header header;
    size_t got = 0;
    ferric_status status;

    if (file->has_sealer) return FERRIC_OK;
    status = fe_file_read_at(handle, 0, bytes, sizeof bytes, &got);
    if (status == FERRIC_OK) {
        status = fe_file_header_decode(fe_slice(bytes, got), FE_FILE_VALUES, file->path, &header);
    }
    if (status != FERRIC_OK) return status;
    if (header.file_number != file->number || memcmp(header.salt, file->salt, FE_SALT_SIZE) != 0) {
        return fe_fail(FERRIC_CORRUPT, "%s: another file than the one that is named: salts differ",
                       file->path);
    }
    return begin_locked(file, &header);
}

// A handle to read with; *is_own: the caller closes it, since enough others are open.
static ferric_status open_handle(fe_value_file *file, fe_file **handle, bool *is_own)
{
    fe_value_files *files = file->files;
    ferric_status status = FERRIC_OK;

    *is_own = false;
    fe_mutex_lock(&files->mutex);
    *handle = atomic_load_explicit(&file->handle, memory_order_relaxed);
    if (*handle == NULL) {
        *is_own =
            atomic_load_explicit(&files->open_files, memory_order_relaxed) >= files->open_files_max;
        status = fe_vfs_open(files->vfs, file->path, FE_OPEN_READ, handle);
        if (status == FERRIC_OK) {
            status = find_sealer_locked(file, *handle);
            if (status != FERRIC_OK) fe_file_close(*handle);
        }
        if (status == FERRIC_OK && !*is_own) {
            atomic_fetch_add_explicit(&files->open_files, 1, memory_order_relaxed);
            // Pairs with the acquire load in read_bytes.
            atomic_store_explicit(&file->handle, *handle, memory_order_release);
        }
    }
    fe_mutex_unlock(&files->mutex);
    return status == FERRIC_NOT_FOUND ? missing(file->path) : status;
}

static ferric_status pin_locked(fe_value_file *file)
{
    fe_file *handle = NULL;
    ferric_status status;

    if (atomic_load_explicit(&file->handle, memory_order_relaxed) != NULL) return FERRIC_OK;
    status = fe_vfs_open(file->files->vfs, file->path, FE_OPEN_READ, &handle);
    if (status == FERRIC_NOT_FOUND) return missing(file->path);
    if (status == FERRIC_TOO_MANY_FILES) {
        return fe_fail(status,
                       "%s: %s; a read-only open keeps all files of values open (ulimit -n)",
                       file->path, fe_message());
    }
    if (status == FERRIC_OK) status = find_sealer_locked(file, handle);
    if (status != FERRIC_OK) {
        fe_file_close(handle);
        return status;
    }
    atomic_fetch_add_explicit(&file->files->open_files, 1, memory_order_relaxed);
    atomic_store_explicit(&file->handle, handle, memory_order_release);
    return FERRIC_OK;
}

ferric_status fe_value_files_pin(fe_value_files *files)
{
    const file_list *list;
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&files->mutex);
    list = atomic_load_explicit(&files->list, memory_order_relaxed);
    for (size_t i = 0; list != NULL && i < list->count && status == FERRIC_OK; i++)
        status = pin_locked(list->files[i]);
    fe_mutex_unlock(&files->mutex);
    return status;
}

static ferric_status read_bytes(fe_value_file *file, const fe_value_pointer *pointer,
                                uint8_t *bytes, size_t *got)
{
    fe_file *handle = atomic_load_explicit(&file->handle, memory_order_acquire);
    bool is_own = false;
    ferric_status status = FERRIC_OK;

    *got = 0;
    if (handle == NULL) status = open_handle(file, &handle, &is_own);
    if (status != FERRIC_OK) return status;
    status = fe_file_read_at(handle, pointer->offset, bytes, pointer->size, got);
    if (is_own) fe_file_close(handle);
    return status;
}

// `stored` (may be NULL) receives the bytes as they stand in the file.
static ferric_status read_in_section(fe_value_files *files, const fe_value_pointer *pointer,
                                     ferric_buffer *stored, ferric_buffer *bytes,
                                     fe_value_record *record)
{
    fe_value_file *file =
        find(atomic_load_explicit(&files->list, memory_order_acquire), pointer->number);
    size_t got = 0;
    ferric_status status = FERRIC_OK;

    if (file == NULL) return unnamed(files, pointer->number);
    fe_buffer_clear(bytes);
    status = fe_buffer_reserve(bytes, pointer->size);
    if (status == FERRIC_OK) status = read_bytes(file, pointer, bytes->data, &got);
    if (status == FERRIC_OK && stored != NULL)
        status = fe_buffer_assign(stored, fe_slice(bytes->data, got));
    if (status != FERRIC_OK) return status;
    return fe_value_record_open(&file->sealer, pointer, bytes->data, got, file->path, record);
}

static ferric_status read_checked(fe_value_files *files, ferric_slice bytes, ferric_buffer *stored,
                                  ferric_buffer *buffer, fe_value_record *record)
{
    fe_value_pointer pointer;
    ferric_status status = fe_value_pointer_decode(bytes, &pointer);

    if (status != FERRIC_OK) return status;
    fe_epoch_enter(files->epoch);
    status = read_in_section(files, &pointer, stored, buffer, record);
    fe_epoch_leave(files->epoch);
    return status;
}

ferric_status fe_value_files_read_record(fe_value_files *files, ferric_slice pointer,
                                         ferric_buffer *record)
{
    fe_value_record parts = {0};
    ferric_status status = read_checked(files, pointer, NULL, record, &parts);

    if (status == FERRIC_OK) record->size = parts.stored.size + FE_VALUE_TRAILER_SIZE;
    return status;
}

ferric_status fe_value_files_read_stored(fe_value_files *files, ferric_slice pointer,
                                         ferric_buffer *record)
{
    fe_value_record parts = {0};
    ferric_buffer opened = {0};
    ferric_status status = read_checked(files, pointer, record, &opened, &parts);

    fe_buffer_deinit(&opened);
    return status;
}

size_t fe_value_files_seal_size(const fe_value_files *files)
{
    const fe_sealer sealer = {
        .suite = files->keys == NULL ? FE_CIPHER_NONE : FE_CIPHER_AES_256_GCM,
    };
    return fe_seal_size(&sealer);
}

static ferric_status decompress(const fe_value_record *record, ferric_buffer *value)
{
    fe_decompressor decompressor = {0};
    ferric_buffer content = {0};
    bool is_intact = false;
    ferric_status status = fe_buffer_reserve(&content, record->value_size);

    if (status == FERRIC_OK) {
        status = fe_decompress(&decompressor, record->compression, record->stored, content.data,
                               record->value_size, &is_intact);
    }
    fe_decompressor_deinit(&decompressor);
    if (status == FERRIC_OK && !is_intact) {
        status = fe_fail(FERRIC_CORRUPT, "a value does not decompress to its %" PRIu32 " bytes",
                         record->value_size);
    }
    if (status != FERRIC_OK) {
        fe_buffer_deinit(&content);
        return status;
    }
    content.size = record->value_size;
    fe_buffer_deinit(value);
    *value = content;
    return FERRIC_OK;
}

ferric_status fe_value_files_read(fe_value_files *files, ferric_slice pointer, ferric_buffer *value)
{
    fe_value_record record = {0};
    ferric_status status = read_checked(files, pointer, NULL, value, &record);

    if (status != FERRIC_OK) {
        fe_buffer_clear(value);
        return status;
    }
    if (record.compression != FERRIC_COMPRESSION_NONE) return decompress(&record, value);
    value->size = record.stored.size; // It stands at the front of the record.
    return FERRIC_OK;
}
