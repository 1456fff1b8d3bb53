// SPDX-License-Identifier: Apache-2.0
// Reading lifetimes and integers.
#include "cli/lifetime_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

bool cli_lifetime_read(const char *text, uint64_t *ttl_ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    unsigned long long number;
    char *end;

    if (*text < '0' || *text > '9') return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || number == 0) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].name) != 0) continue;
        if (number > FERRIC_TTL_MAX / units[i].ms) return false;
        *ttl_ms = number * units[i].ms;
        return true;
    }
    return false;
}

int cli_lifetime_take(const char *text, uint64_t *ttl_ms)
{
    if (cli_lifetime_read(text, ttl_ms)) return CLI_DONE;
    return cli_fail(CLI_USAGE,
                    "%s is no time to live: write 10s, 500ms, 15m, 2h or 7d; a number is seconds, "
                    "and at least 1",
                    text);
}

void cli_lifetime_print(uint64_t ttl_ms, bool is_json)
{
    unsigned long long ms = ttl_ms;

    if (ttl_ms == FERRIC_TTL_NONE) {
        cli_print(is_json ? "{\"ttl_ms\":null}\n" : "none\n");
    } else if (is_json) {
        cli_print("{\"ttl_ms\":%llu}\n", ms);
    } else {
        cli_print("%llu.%03llu\n", ms / 1000, ms % 1000);
    }
}

int cli_integer_take(const char *text, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    if (errno == 0 && end != text && *end == 0 &&
        (*text == '-' || (*text >= '0' && *text <= '9'))) {
        return CLI_DONE;
    }
    return cli_fail(CLI_USAGE, "%s is no integer of 64 bits", text);
}
