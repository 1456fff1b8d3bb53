// SPDX-License-Identifier: Apache-2.0
// The program's own streams while a target runs it: what it prints goes nowhere, and the files that
// a session names are not those of the machine.
#ifndef FERRIC_FUZZ_QUIET_H
#define FERRIC_FUZZ_QUIET_H

#include <stddef.h>
#include <stdint.h>

// Until quiet_end, standard output and error are thrown away, a file opened for reading holds
// `data` (as often as QUIET_READS_MAX, then there is none) and one opened for writing is thrown
// away. Needs fopen wrapped by the linker.
#define QUIET_READS_MAX 3
void quiet_begin(const uint8_t *data, size_t size);
void quiet_end(void);

#endif
