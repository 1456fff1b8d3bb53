// SPDX-License-Identifier: Apache-2.0
// The process in which one engine runs one group of workloads; its results are JSON lines.
#ifndef FERRIC_PEERS_CHILD_H
#define FERRIC_PEERS_CHILD_H

#include "peers/peers_options.h"

// Does what options->child asks for, in options->directory, and tells it to child.output.
void child_run(const peers_options *options);

#endif
