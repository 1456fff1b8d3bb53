// SPDX-License-Identifier: Apache-2.0
// Check sums of bytes that were changed, computed anew in place, so that the bytes pass for what a
// writer sealed. What is too damaged to say where a check stands is left as it is.
#ifndef FERRIC_FUZZ_MEND_H
#define FERRIC_FUZZ_MEND_H

#include <stddef.h>
#include <stdint.h>

#include "format/frame.h"

// Magic and check of a file header.
void mend_header(uint8_t *data, size_t size);

// What the file's checks are bound to, as its header says; its suite is taken for 0. False when
// there is no whole header.
bool mend_sealer(const uint8_t *data, size_t size, fe_sealer *sealer);

// Both checks of each frame from `offset` on, whose bytes stand at data + offset; places that can
// be no frame are stepped over, as a search for evidence does. The header too.
void mend_frames(uint8_t *data, size_t size);

// Footer, directory, sections and blocks of a table, as far as they lead to one another.
void mend_table(uint8_t *data, size_t size);

#endif
