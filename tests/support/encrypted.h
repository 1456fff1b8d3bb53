// SPDX-License-Identifier: Apache-2.0
// Has a harness run on encrypted databases: with FERRIC_TEST_ENCRYPTED in the environment each one
// that opens databases with options that went through here. CTest runs the large ones both ways.
#ifndef FERRIC_SUPPORT_ENCRYPTED_H
#define FERRIC_SUPPORT_ENCRYPTED_H

#include <ferric/ferric.h>
#include <stdlib.h>

static inline bool harness_is_encrypted(void)
{
    const char *text = getenv("FERRIC_TEST_ENCRYPTED");
    return text != NULL && text[0] != 0;
}

// A raw key, since a passphrase would take most of the time.
static inline ferric_key harness_key(void)
{
    static const char secret[32] = "this key opens each of the tests";
    ferric_key key = {FERRIC_KEY_RAW, {secret, sizeof secret}};
    return key;
}

// Of a database with everything small, without threads, that `key` opens.
static inline ferric_options harness_small_options(void *vfs, ferric_key key)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.vfs = vfs;
    options.key = key;
    options.memory_limit = (uint64_t)8 << 20;
    options.memtable_size = 4096;
    options.log_size = 65536;
    options.table_size = 65536;
    options.background_threads = 0;
    return options;
}

static inline void harness_encrypt(ferric_options *options)
{
    if (harness_is_encrypted()) options->key = harness_key();
}

#endif
