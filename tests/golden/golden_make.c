// SPDX-License-Identifier: Apache-2.0
// Makes the golden databases anew: `cmake --build build/dev --target golden`. While format version
// 1 is not frozen, who changes the format runs this and commits what it writes.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "golden_content.h"
#include "support/harness.h"

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        harness_panic("%s: %s", path, strerror(errno));
    }
}

static void copy_out(fe_vfs *vfs, const char *name, const char *directory)
{
    char *from = harness_format("%s/%s", GOLDEN_PATH, name);
    char *to = harness_format("%s/%s", directory, name);
    fe_file *file = NULL;
    uint64_t size = 0;
    size_t got = 0;

    if (fe_vfs_open(vfs, from, FE_OPEN_READ, &file) != FERRIC_OK ||
        fe_file_size(file, &size) != FERRIC_OK) {
        harness_panic("%s: %s", from, ferric_error_message());
    }
    void *data = harness_alloc(size + 1);
    if (fe_file_read_at(file, 0, data, size, &got) != FERRIC_OK || got != size) {
        harness_panic("%s: %s", from, ferric_error_message());
    }
    write_file(to, data, size);
    printf("%s: %zu bytes\n", to, got);
    fe_file_close(file);
    harness_free(data);
    harness_free(from);
    harness_free(to);
}

static void make(const golden_database *golden, const char *parent)
{
    char *directory = harness_format("%s/%s", parent, golden->name);
    ferric_buffer names = {0};
    ferric_db *db = NULL;
    fe_vfs *vfs = NULL;

    if (fe_vfs_memory_create(&vfs) != FERRIC_OK) harness_panic("no memory");
    golden_fill(golden, vfs, &db);
    // The files of a killed one are taken while it is open.
    if (fe_vfs_list(vfs, GOLDEN_PATH, &names) != FERRIC_OK) {
        harness_panic("%s", ferric_error_message());
    }
    if (mkdir(directory, 0777) != 0) harness_panic("%s: %s", directory, strerror(errno));
    for (size_t at = 0; at < names.size; at += strlen((char *)names.data + at) + 1)
        copy_out(vfs, (char *)names.data + at, directory);
    if (db != NULL && ferric_close(db) != FERRIC_OK) harness_panic("%s", ferric_error_message());
    ferric_buffer_free(&names);
    fe_vfs_memory_destroy(vfs);
    harness_free(directory);
}

int main(int count, char **arguments)
{
    if (count != 2) harness_panic("usage: golden_make DIRECTORY, in which none of them is");
    for (size_t i = 0; i < golden_count(); i++)
        make(golden_at(i), arguments[1]);
    return 0;
}
