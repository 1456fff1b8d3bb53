// SPDX-License-Identifier: Apache-2.0
// Reads hex dumps out of documentation.
#include "page_example.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// Takes the bytes of one line of hex; returns how many.
static size_t take_line(const char *line, size_t offset, uint8_t *bytes)
{
    char expected[16];
    size_t size = 0;

    snprintf(expected, sizeof expected, "%08zx  ", offset);
    if (strncmp(line, expected, 10) != 0) return 0;
    for (const char *at = line + 10; size < 16; at += 3) {
        unsigned byte;
        if (sscanf(at, "%2x", &byte) != 1 || at[0] == ' ') break;
        assert_true(offset + size < PAGE_EXAMPLE_SIZE_MAX);
        bytes[offset + size++] = (uint8_t)byte;
        if (at[2] != ' ') break;
    }
    return size;
}

size_t page_example(const char *page, uint8_t *bytes)
{
    FILE *file = fopen(page, "r");
    size_t size = 0;
    char line[512];

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        size += take_line(line, size, bytes);
    fclose(file);
    return size;
}
