// SPDX-License-Identifier: Apache-2.0
// Random bytes from OpenSSL.
#include "crypto/secret_random.h"

#include <openssl/rand.h>

#include "base/status.h"

ferric_status fe_secret_random(uint8_t *bytes, size_t size)
{
    if (RAND_priv_bytes_ex(NULL, bytes, size, 0) == 1) return FERRIC_OK;
    return fe_fail(FERRIC_IO, "the system gave no random bytes for a key (%zu wanted)", size);
}
