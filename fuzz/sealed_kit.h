// SPDX-License-Identifier: Apache-2.0
// The keys of the worked examples in docs/format (keyring.md, encrypted_log.md), so that seeds can
// be what those pages show.
#ifndef FERRIC_FUZZ_SEALED_KIT_H
#define FERRIC_FUZZ_SEALED_KIT_H

#include "format/file_keys.h"
#include "format/seal.h"

// The example's user key: the bytes 00 01 ... 1f, and the database's id.
#define SEALED_KIT_SECRET_SIZE 32
extern const uint8_t sealed_kit_secret[SEALED_KIT_SECRET_SIZE];
extern const uint8_t sealed_kit_database_id[FE_DATABASE_ID_SIZE];

// The sealer of the example's log, made once. NULL when there is no memory.
const fe_sealer *sealed_kit_sealer(void);

#endif
