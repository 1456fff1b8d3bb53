// SPDX-License-Identifier: Apache-2.0
// The list of engines that this build has.
#include "peers/engines.h"

const engine *const engines[] = {
    &engine_ferric,
#if defined(PEERS_HAVE_LEVELDB)
    &engine_leveldb,
#endif
#if defined(PEERS_HAVE_LMDB)
    &engine_lmdb,
#endif
#if defined(PEERS_HAVE_ROCKSDB)
    &engine_rocksdb,
#endif
#if defined(PEERS_HAVE_SQLITE)
    &engine_sqlite,
#endif
#if defined(PEERS_HAVE_WIREDTIGER)
    &engine_wiredtiger,
#endif
    &engine_none,       NULL,
};
