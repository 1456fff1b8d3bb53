// SPDX-License-Identifier: Apache-2.0
// File names of a directory: one that is read as a number and a kind is the name that these have.
#include <string.h>

#include "base/buffer.h"
#include "fuzz.h"
#include "lsm/file_names.h"

#define NAME_SIZE_MAX 64

const size_t fuzz_fixed_memory = 4096;

bool fuzz_run(const uint8_t *data, size_t size)
{
    char name[NAME_SIZE_MAX + 1] = {0};
    ferric_buffer path = {0};
    fe_file_kind kind;
    uint64_t number;

    memcpy(name, data, size < NAME_SIZE_MAX ? size : NAME_SIZE_MAX);
    if (!fe_file_name_parse(name, &kind, &number)) {
        (void)fe_file_name_is_ours(name);
        return false;
    }
    FUZZ_CHECK(fe_file_name_is_ours(name));
    FUZZ_CHECK(fe_file_path(&path, "", kind, number) == FERRIC_OK);
    FUZZ_CHECK(strcmp(fe_path_text(&path) + 1, name) == 0);
    fe_buffer_deinit(&path);
    return true;
}
