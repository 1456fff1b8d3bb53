// SPDX-License-Identifier: Apache-2.0
// Says where and why a text is no JSON. The fast parser only knows that it is not; this second,
// slow reading happens on failure alone and accepts exactly the same texts.
#ifndef FERRIC_DOC_JSON_ERROR_H
#define FERRIC_DOC_JSON_ERROR_H

#include <ferric/ferric.h>

#ifdef __cplusplus
extern "C" {
#endif

// The reason as a phrase such as "expected ':' after a member's name", and the offset in bytes of
// the first byte that cannot be right. NULL when `text` is valid.
const char *fe_json_find_error(ferric_slice text, size_t *offset);

#ifdef __cplusplus
}
#endif

#endif
