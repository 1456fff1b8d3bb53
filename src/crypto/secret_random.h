// SPDX-License-Identifier: Apache-2.0
// Random bytes for keys and salts: OpenSSL's generator, which the system seeds and which starts
// anew in a forked child.
#ifndef FERRIC_CRYPTO_SECRET_RANDOM_H
#define FERRIC_CRYPTO_SECRET_RANDOM_H

#include "base/slice.h"

// Fills `bytes`. Any thread. Errors: FERRIC_IO (the system gave no randomness).
ferric_status fe_secret_random(uint8_t *bytes, size_t size);

#endif
