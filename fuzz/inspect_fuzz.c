// SPDX-License-Identifier: Apache-2.0
// Inspection: whatever the files of the input are, each part that is told lies inside its file and
// every byte of its fields can be read; damage is told exactly when the answer is CORRUPT, and no
// file is changed.
#include <string.h>

#include <ferric/ferric.h>

#include "folder.h"
#include "fuzz.h"

// The buffers that files are read into.
const size_t fuzz_fixed_memory = (size_t)8 << 20;

typedef struct told {
    uint64_t parts;
    uint64_t damages;
    uint64_t file_size_max;
    uint64_t sum; // Of bytes read, so that they are.
} told;

static void check_field(told *all, const ferric_field *field)
{
    FUZZ_CHECK(field->name != NULL && field->name[0] != '\0');
    FUZZ_CHECK(field->kind >= FERRIC_FIELD_NUMBER && field->kind <= FERRIC_FIELD_BYTES);
    if (field->kind <= FERRIC_FIELD_TIME) return;
    for (size_t i = 0; i < field->bytes.size; i++)
        all->sum += ((const uint8_t *)field->bytes.data)[i];
}

static bool take_part(void *context, const ferric_part *part)
{
    told *all = context;

    FUZZ_CHECK(part->name != NULL && part->path != NULL);
    FUZZ_CHECK(part->offset <= all->file_size_max);
    FUZZ_CHECK(part->size <= all->file_size_max - part->offset);
    for (size_t i = 0; i < part->field_count; i++)
        check_field(all, &part->fields[i]);
    all->parts++;
    all->damages += part->is_damage;
    return true;
}

static bool inspect(const ferric_options *options, told *all, ferric_inspect_target target)
{
    uint64_t damages = all->damages;
    ferric_status status = ferric_inspect(FOLDER_PATH, target, options, take_part, all);

    if (status == FERRIC_OK) FUZZ_CHECK(all->damages == damages);
    if (status == FERRIC_CORRUPT) FUZZ_CHECK(all->damages > damages);
    return status == FERRIC_OK;
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    folder files;
    told all = {0};
    bool is_sound = true;

    folder_read(data, size, &files);
    options.vfs = folder_mount(&files);
    if (options.vfs == NULL) return false;
    for (size_t i = 0; i < files.count; i++)
        if (files.files[i].size > all.file_size_max) all.file_size_max = files.files[i].size;
    fuzz_expansion_begin();
    for (int i = FERRIC_INSPECT_LOGS; i <= FERRIC_INSPECT_MANIFESTS; i++)
        is_sound = inspect(&options, &all, (ferric_inspect_target)i) && is_sound;
    fuzz_expansion_end();
    folder_check(options.vfs, &files);
    fe_vfs_memory_destroy(options.vfs);
    return is_sound && all.parts > 0;
}
