// SPDX-License-Identifier: Apache-2.0
// Stands in for libFuzzer: gives each file of a corpus, and the empty input, to the target once. So
// what a fuzzer once found stays a test in every build, under every compiler.
//
// It says which inputs the target took as valid; a corpus of which it takes none would
// reach nothing, and fails.
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Larger inputs are no seeds: libFuzzer itself stops far below.
#define INPUT_SIZE_MAX ((size_t)1 << 20)

static int replay_file(const char *folder, const char *name, uint8_t *room)
{
    char path[4096];
    uint64_t accepted = fuzz_accepted();
    FILE *file;
    uint8_t *input;
    size_t size;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL) return 0;
    size = fread(room, 1, INPUT_SIZE_MAX, file);
    fclose(file);

    // A copy of exactly this size lets the sanitizer see a read behind its end.
    input = malloc(size > 0 ? size : 1);
    if (input == NULL) return 0;
    memcpy(input, room, size);
    printf("%s: %zu bytes", name, size);
    fflush(stdout);
    LLVMFuzzerTestOneInput(input, size);
    printf("%s\n", fuzz_accepted() > accepted ? ", valid" : "");
    free(input);
    return 1;
}

// Returns how many files could not be replayed.
static int replay_folder(const char *path, uint8_t *room, int *passed)
{
    DIR *folder = opendir(path);
    int failed = 0;

    if (folder == NULL) {
        fprintf(stderr, "there is no folder %s\n", path);
        return 1;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        if (replay_file(path, entry->d_name, room)) {
            (*passed)++;
        } else {
            fprintf(stderr, "cannot replay %s/%s\n", path, entry->d_name);
            failed++;
        }
    }
    closedir(folder);
    return failed;
}

int main(int argc, char **argv)
{
    uint8_t *room = malloc(INPUT_SIZE_MAX);
    int passed = 1; // The empty input.
    int failed = 0;

    if (room == NULL || argc < 2) {
        fprintf(stderr, "usage: %s FOLDER... (of inputs)\n", argv[0]);
        free(room);
        return 2;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        failed += replay_folder(argv[i], room, &passed);
    if (fuzz_accepted() == 0) {
        fprintf(stderr, "no input is valid: the corpus reaches nothing\n");
        failed++;
    }
    printf("%" PRIu64 " inputs were valid\n%d passed, %d failed\n", fuzz_accepted(), passed,
           failed);
    free(room);
    return failed == 0 ? 0 : 1;
}
