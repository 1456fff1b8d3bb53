// SPDX-License-Identifier: Apache-2.0
// JSON laid out for a person: two columns for each level, colours for what kind a value is.
#ifndef FERRIC_CLI_PRETTY_H
#define FERRIC_CLI_PRETTY_H

#include <ferric/ferric.h>

// Writes validated, minified `json` to the output, without a newline behind it. A container that
// fits the rest of the line and holds no other stays on one line.
void cli_write_pretty(ferric_slice json);

#endif
