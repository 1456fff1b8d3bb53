// SPDX-License-Identifier: Apache-2.0
// Options as text: lines "name=value". Whatever was taken stays what it was when something else is
// refused, and what all of them make can be opened or is refused with a message.
#include <string.h>

#include <ferric/ferric.h>

#include "fuzz.h"

#define LINE_SIZE_MAX 512

const size_t fuzz_fixed_memory = 0;

// Returns whether the option was taken.
static bool set_line(ferric_options *options, char *line)
{
    ferric_options before = *options;
    char *equals = strchr(line, '=');
    const char *value = "";

    if (equals != NULL) {
        *equals = '\0';
        value = equals + 1;
    }
    if (ferric_options_set(options, line, value) == FERRIC_OK) return true;
    FUZZ_CHECK(memcmp(&before, options, sizeof before) == 0);
    FUZZ_CHECK(ferric_error_message()[0] != '\0');
    return false;
}

static void check_ranges(const ferric_options *options)
{
    FUZZ_CHECK(options->fsync <= FERRIC_FSYNC_NEVER);
    FUZZ_CHECK(options->compression <= FERRIC_COMPRESSION_ZSTD);
    FUZZ_CHECK(options->bottom_compression <= FERRIC_COMPRESSION_ZSTD);
    FUZZ_CHECK(options->memory_limit >= (uint64_t)8 << 20);
    FUZZ_CHECK(options->log_size >= 64 << 10 && options->log_size <= 1 << 30);
    FUZZ_CHECK(options->table_size >= 64 << 10 && options->table_size <= 1 << 30);
    FUZZ_CHECK(options->block_size >= 512 && options->block_size <= 64 << 10);
    FUZZ_CHECK(options->filter_bits <= 32);
    FUZZ_CHECK(options->background_threads <= 2);
    FUZZ_CHECK(options->fsync_period_ms >= 1 && options->fsync_period_ms <= 3600000);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    ferric_options options;
    bool is_taken = false;

    memset(&options, 0, sizeof options); // Also what lies between the fields, which is compared.
    options = (ferric_options)FERRIC_OPTIONS_INIT;
    while (size > 0) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t line_size = newline == NULL ? size : (size_t)(newline - data);
        char line[LINE_SIZE_MAX];
        size_t kept = line_size < sizeof line ? line_size : sizeof line - 1;
        memcpy(line, data, kept);
        line[kept] = '\0';
        is_taken = set_line(&options, line) || is_taken;
        line_size += newline != NULL;
        data += line_size;
        size -= line_size;
    }
    check_ranges(&options);
    return is_taken;
}
