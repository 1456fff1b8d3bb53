// SPDX-License-Identifier: Apache-2.0
// Stands in for libFuzzer: gives each file of a corpus, and the empty input, to the target once. So
// what a fuzzer once found stays a test in every build, under every compiler.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Larger inputs are no seeds: libFuzzer itself stops far below.
#define INPUT_SIZE_MAX ((size_t)1 << 20)

static int replay_file(const char *folder, const char *name, uint8_t *room)
{
    char path[4096];
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
    printf("%s: %zu bytes\n", name, size);
    fflush(stdout);
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    return 1;
}

int main(int argc, char **argv)
{
    uint8_t *room = malloc(INPUT_SIZE_MAX);
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int passed = 1;
    int failed = 0;

    if (room == NULL || folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS (a folder of inputs)\n", argv[0]);
        free(room);
        return 2;
    }
    LLVMFuzzerTestOneInput(room, 0);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        if (replay_file(argv[1], entry->d_name, room)) {
            passed++;
        } else {
            fprintf(stderr, "cannot replay %s/%s\n", argv[1], entry->d_name);
            failed++;
        }
    }
    closedir(folder);
    free(room);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
