// SPDX-License-Identifier: Apache-2.0
// The keys of encrypted databases: from files, from the environment, or typed on the terminal
// without showing; never from an argument, which everybody on the machine can read.
#ifndef FERRIC_CLI_USER_KEYS_H
#define FERRIC_CLI_USER_KEYS_H

#include <ferric/ferric.h>

#include "cli/command_line.h"

// Sets the key of the database as the command line or the environment says, and else lets it be
// asked for on the terminal when it is needed. What it points to stays until the program ends.
// Prints what is wrong and returns the exit code.
int cli_keys_options(const cli_arguments *arguments, ferric_options *options);

// The key that shall open the database: --new-key-file, --new-passphrase-file, or typed twice.
// Prints what is wrong and returns the exit code.
int cli_keys_new(const cli_arguments *arguments, const char *path, ferric_key *key);

// The key that opens the database now, typed when nothing else gives it. The same.
int cli_keys_present(const cli_arguments *arguments, const char *path, ferric_key *key);

#endif
