// SPDX-License-Identifier: Apache-2.0
// The list of engines that encrypt, beside Ferric without a key. A program of its own, since
// SQLCipher has SQLite's names.
#include "peers/engines.h"

const engine *const engines[] = {
    &engine_ferric_encrypted,
    &engine_ferric_plain,
#if defined(PEERS_HAVE_SQLCIPHER)
    &engine_sqlcipher,
#endif
    &engine_none,
    NULL,
};
