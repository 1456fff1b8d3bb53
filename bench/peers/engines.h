// SPDX-License-Identifier: Apache-2.0
// The engines' tables, each defined in the file of its name.
#ifndef FERRIC_PEERS_ENGINES_H
#define FERRIC_PEERS_ENGINES_H

#include "peers/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const engine engine_ferric;
extern const engine engine_ferric_encrypted;
extern const engine engine_ferric_plain;
extern const engine engine_leveldb;
extern const engine engine_lmdb;
extern const engine engine_none;
extern const engine engine_rocksdb;
extern const engine engine_sqlcipher;
extern const engine engine_sqlite;
extern const engine engine_wiredtiger;

#ifdef __cplusplus
}
#endif

#endif
