// SPDX-License-Identifier: Apache-2.0
// The parent: runs engine after engine in turn, each in a process of its own, and gathers lines.
#ifndef FERRIC_PEERS_ROUNDS_H
#define FERRIC_PEERS_ROUNDS_H

#include <stdbool.h>

#include "peers/peers_options.h"

// Told each JSON line, ended by a newline, as it comes.
typedef void (*rounds_line)(void *context, const char *line);

// Runs what the options select. First comes one line about machine and command, then one for each
// engine, then results. Returns whether no process failed; a failure is told as a line too.
// `arguments` are those of this process; they are given on to the children.
bool rounds_run(const peers_options *options, int argument_count, char **arguments,
                rounds_line line, void *context);

// Whether the options choose this engine.
bool rounds_engine_is_selected(const peers_options *options, const char *name);

#endif
