// SPDX-License-Identifier: Apache-2.0
// The worked example of a format page: the lines that begin with an offset of eight digits.
#ifndef FERRIC_FORMAT_PAGE_EXAMPLE_H
#define FERRIC_FORMAT_PAGE_EXAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_EXAMPLE_SIZE_MAX 1024

// Reads the example of the page into `bytes`, which has PAGE_EXAMPLE_SIZE_MAX of room; returns its
// size. Fails the test when there is no such page.
size_t page_example(const char *page, uint8_t *bytes);

#endif
