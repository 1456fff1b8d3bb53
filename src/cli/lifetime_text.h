// SPDX-License-Identifier: Apache-2.0
// Lifetimes as people write them: 10s, 500ms, 2h; a bare number is seconds.
#ifndef FERRIC_CLI_LIFETIME_TEXT_H
#define FERRIC_CLI_LIFETIME_TEXT_H

#include <ferric/ferric.h>

// Units: ms, s, m, h, d. False, with nothing printed: it is no lifetime, or 0, or too long.
bool cli_lifetime_read(const char *text, uint64_t *ttl_ms);
// The same, printing what is wrong. Returns CLI_DONE or CLI_USAGE.
int cli_lifetime_take(const char *text, uint64_t *ttl_ms);

// Prints how long a key lives on: seconds, or as JSON {"ttl_ms":N}; none (null) when it stays.
void cli_lifetime_print(uint64_t ttl_ms, bool is_json);

// A whole integer, as INCR takes it. Returns CLI_DONE, or prints what is wrong and returns
// CLI_USAGE.
int cli_integer_take(const char *text, int64_t *number);

#endif
