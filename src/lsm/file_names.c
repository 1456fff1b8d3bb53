// SPDX-License-Identifier: Apache-2.0
// File names of a database directory, made and read.
#include "lsm/file_names.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"

static const struct {
    fe_file_kind kind;
    const char *suffix;
} kinds[] = {
    {FE_FILE_LOG, ".log"},   {FE_FILE_TABLE, ".table"},   {FE_FILE_MANIFEST, ".manifest"},
    {FE_FILE_RING, ".ring"}, {FE_FILE_VALUES, ".values"},
};

static const char *const fixed_names[] = {
    FE_FILE_CURRENT_NAME, FE_FILE_CURRENT_NEW_NAME, FE_FILE_LOCK_NAME,        FE_FILE_RESERVE_NAME,
    FE_FILE_README_NAME,  FE_FILE_KEYRING_NAME,     FE_FILE_KEYRING_NEW_NAME,
};

ferric_status fe_file_number_draw(_Atomic(uint64_t) *next, uint64_t *number)
{
    *number = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
    if (*number <= FE_FILE_NUMBER_MAX) return FERRIC_OK;
    return fe_fail(FERRIC_READ_ONLY, "the database has used up its file numbers");
}

ferric_status fe_file_path(ferric_buffer *path, const char *directory, fe_file_kind kind,
                           uint64_t number)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind != kind) continue;
        fe_buffer_clear(path);
        return fe_buffer_format(path, "%s/%06" PRIu64 "%s", directory, number, kinds[i].suffix);
    }
    return fe_fail(FERRIC_INVALID_ARGUMENT, "files of kind %d have no number", (int)kind);
}

ferric_status fe_file_path_named(ferric_buffer *path, const char *directory, const char *name)
{
    fe_buffer_clear(path);
    return fe_buffer_format(path, "%s/%s", directory, name);
}

ferric_status fe_file_path_parent(ferric_buffer *path, const char *directory)
{
    size_t size = strlen(directory);

    while (size > 1 && directory[size - 1] == '/')
        size--;
    while (size > 0 && directory[size - 1] != '/')
        size--;
    // Without a slash it stands in the working directory; below the root the slash is its name.
    while (size > 1 && directory[size - 1] == '/')
        size--;
    fe_buffer_clear(path);
    return fe_buffer_format(path, "%.*s", size == 0 ? 1 : (int)size, size == 0 ? "." : directory);
}

bool fe_file_name_parse(const char *name, fe_file_kind *kind, uint64_t *number)
{
    size_t digits = strspn(name, "0123456789");
    uint64_t value = 0;

    if (digits < 6 || digits > 19) return false;
    if (digits > 6 && name[0] == '0') return false; // Only one name is that of a number.
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint64_t)(name[i] - '0');
    if (value > FE_FILE_NUMBER_MAX) return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(name + digits, kinds[i].suffix) != 0) continue;
        *kind = kinds[i].kind;
        *number = value;
        return true;
    }
    return false;
}

bool fe_file_name_is_ours(const char *name)
{
    fe_file_kind kind;
    uint64_t number;

    for (size_t i = 0; i < sizeof fixed_names / sizeof fixed_names[0]; i++) {
        if (strcmp(name, fixed_names[i]) == 0) return true;
    }
    return fe_file_name_parse(name, &kind, &number);
}
