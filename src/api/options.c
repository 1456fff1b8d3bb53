// SPDX-License-Identifier: Apache-2.0
// Options by table: set from text and environment, listed for help texts, checked at open.
#include "api/options.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "base/near_word.h"
#include "base/slice.h"
#include "base/status.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define NAME_SIZE_MAX 32

typedef enum option_kind {
    KIND_BOOL,
    KIND_NUMBER,      // uint32_t.
    KIND_SIZE,        // uint64_t, in bytes.
    KIND_SMALL_SIZE,  // uint32_t, in bytes.
    KIND_FSYNC,       // ferric_fsync, and with "periodic:MS" its period.
    KIND_COMPRESSION, // ferric_compression.
} option_kind;

typedef struct option {
    const char *name;
    option_kind kind;
    size_t offset;
    uint64_t min; // Of numbers and sizes.
    uint64_t max;
    bool may_be_zero; // Though 0 is below min.
    const char *help;
} option;

#define AT(field) offsetof(ferric_options, field)

static const option table[] = {
    {"create_if_missing", KIND_BOOL, AT(create_if_missing), 0, 0, false,
     "make the database when it does not exist (default true)"},
    {"error_if_exists", KIND_BOOL, AT(error_if_exists), 0, 0, false,
     "refuse a path that already is a database (default false)"},
    {"read_only", KIND_BOOL, AT(read_only), 0, 0, false,
     "change no byte, beside a writer too (default false)"},
    {"fsync", KIND_FSYNC, AT(fsync), 0, 0, false,
     "when a commit is on disk: always, never, periodic or periodic:MS (default always)"},
    {"fsync_period_ms", KIND_NUMBER, AT(fsync_period_ms), 1, 3600000, false,
     "milliseconds between syncs with fsync periodic (default 100, 1 to 3600000)"},
    {"memory_limit", KIND_SIZE, AT(memory_limit), 8 * MIB, UINT64_MAX, false,
     "bytes for memtables, cache, indexes, filters, KeyDirs and pins (default 128MiB, at least "
     "8MiB)"},
    {"memtable_size", KIND_SIZE, AT(memtable_size), 4 * KIB, GIB, true,
     "bytes of one memtable (default 0: chosen from memory_limit, else 4KiB to 1GiB)"},
    {"log_size", KIND_SIZE, AT(log_size), 64 * KIB, GIB, false,
     "bytes of a log file before the next one is begun (default 64MiB, 64KiB to 1GiB)"},
    {"table_size", KIND_SIZE, AT(table_size), 64 * KIB, GIB, false,
     "target bytes of a table (default 16MiB, 64KiB to 1GiB)"},
    {"block_size", KIND_SMALL_SIZE, AT(block_size), 512, 64 * KIB, false,
     "target bytes of a block before compression (default 4KiB, 512 to 64KiB)"},
    {"compression", KIND_COMPRESSION, AT(compression), 0, 0, false,
     "of all levels but the bottom one: none, lz4 or zstd (default lz4)"},
    {"bottom_compression", KIND_COMPRESSION, AT(bottom_compression), 0, 0, false,
     "of the bottom level: none, lz4 or zstd (default zstd)"},
    {"filter_bits", KIND_NUMBER, AT(filter_bits), 0, 32, false,
     "bits of Bloom filter for each key (default 10, 0 for none, to 32)"},
    {"keydir", KIND_BOOL, AT(keydir), 0, 0, false,
     "write KeyDirs, which lead a get straight to its entry (default true)"},
    {"encrypted", KIND_BOOL, AT(encrypted), 0, 0, false,
     "make a new database encrypted and refuse one that is not (default: as the key says)"},
    {"open_files_max", KIND_NUMBER, AT(open_files_max), 16, UINT32_MAX, false,
     "tables kept open at once (default 512, at least 16)"},
    {"background_threads", KIND_NUMBER, AT(background_threads), 0, 2, false,
     "threads for flush and compaction (default 2, 0 to 2; 0: inside writing calls)"},
    {"lock_wait_ms", KIND_NUMBER, AT(lock_wait_ms), 0, UINT32_MAX, false,
     "milliseconds to wait for another process's lock (default 0)"},
    {"slow_query_ms", KIND_NUMBER, AT(slow_query_ms), 0, UINT32_MAX, false,
     "milliseconds from which on a query is an event (default 100; 0: none is)"},
};
#define OPTION_COUNT (sizeof table / sizeof table[0])

static const char *const fsync_names[] = {
    [FERRIC_FSYNC_ALWAYS] = "always",
    [FERRIC_FSYNC_PERIODIC] = "periodic",
    [FERRIC_FSYNC_NEVER] = "never",
};

static const char *const compression_names[] = {
    [FERRIC_COMPRESSION_NONE] = "none",
    [FERRIC_COMPRESSION_LZ4] = "lz4",
    [FERRIC_COMPRESSION_ZSTD] = "zstd",
};

#define COUNT_OF(names) (sizeof(names) / sizeof(names)[0])

// ---- Names ----------------------------------------------------------------------------------

static ferric_status unknown_option(const char *name)
{
    const option *nearest = &table[0];
    size_t distance = SIZE_MAX;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        bool is_part = *name != 0 && strstr(table[i].name, name) != NULL;
        size_t other =
            is_part ? 0 : fe_word_distance(fe_slice_text(name), fe_slice_text(table[i].name));
        if (other >= distance) continue;
        distance = other;
        nearest = &table[i];
    }
    return fe_fail(FERRIC_INVALID_ARGUMENT, "there is no option \"%.64s\": the nearest is \"%s\"",
                   name, nearest->name);
}

static const option *find_option(const char *name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(table[i].name, name) == 0) return &table[i];
    }
    return NULL;
}

const char *ferric_options_name(size_t index, const char **help)
{
    if (index >= OPTION_COUNT) {
        if (help != NULL) *help = NULL;
        return NULL;
    }
    if (help != NULL) *help = table[index].help;
    return table[index].name;
}

// ---- Values ---------------------------------------------------------------------------------

static ferric_status wrong_value(const option *each, const char *text)
{
    return fe_fail(FERRIC_INVALID_ARGUMENT, "option %s cannot be \"%.64s\": %s", each->name, text,
                   each->help);
}

static bool is_in_range(const option *each, uint64_t value)
{
    return (value == 0 && each->may_be_zero) || (value >= each->min && value <= each->max);
}

// Reads decimal digits. Returns the text behind them, NULL when there are none or too many.
static const char *read_number(const char *text, uint64_t *value)
{
    const char *at = text;

    *value = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (*value > (UINT64_MAX - digit) / 10) return NULL;
        *value = *value * 10 + digit;
    }
    return at == text ? NULL : at;
}

static bool read_size(const char *text, uint64_t *value)
{
    static const struct {
        const char *name; // In small letters.
        uint64_t bytes;
    } units[] = {
        {"", 1},    {"b", 1},     {"k", KIB},   {"kib", KIB},    {"m", MIB},         {"mib", MIB},
        {"g", GIB}, {"gib", GIB}, {"kb", 1000}, {"mb", 1000000}, {"gb", 1000000000},
    };
    const char *unit = read_number(text, value);
    char small[4] = {0};

    if (unit == NULL || strlen(unit) >= sizeof small) return false;
    for (size_t i = 0; unit[i] != '\0'; i++)
        small[i] = (char)(unit[i] >= 'A' && unit[i] <= 'Z' ? unit[i] - 'A' + 'a' : unit[i]);
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (strcmp(units[i].name, small) != 0) continue;
        if (*value > UINT64_MAX / units[i].bytes) return false;
        *value *= units[i].bytes;
        return true;
    }
    return false;
}

// The number of `text` among `names`; `count` when it is none of them.
static size_t find_name(const char *const *names, size_t count, const char *text)
{
    size_t i = 0;
    while (i < count && strcmp(names[i], text) != 0)
        i++;
    return i;
}

static bool set_bool(void *field, const char *text)
{
    bool value = strcmp(text, "true") == 0;
    if (!value && strcmp(text, "false") != 0) return false;
    memcpy(field, &value, sizeof value);
    return true;
}

static bool set_number(const option *each, void *field, const char *text)
{
    uint64_t value;
    uint32_t narrow;

    if (each->kind == KIND_NUMBER) {
        const char *end = read_number(text, &value);
        if (end == NULL || *end != '\0') return false;
    } else if (!read_size(text, &value)) {
        return false;
    }
    if (!is_in_range(each, value)) return false;
    if (each->kind == KIND_SIZE) {
        memcpy(field, &value, sizeof value);
    } else {
        narrow = (uint32_t)value; // In range, so it fits.
        memcpy(field, &narrow, sizeof narrow);
    }
    return true;
}

static bool set_fsync(ferric_options *options, const char *text)
{
    static const char periodic[] = "periodic:";
    const option *period = find_option("fsync_period_ms");
    size_t found = find_name(fsync_names, COUNT_OF(fsync_names), text);

    assert(period != NULL);
    if (found < COUNT_OF(fsync_names)) {
        options->fsync = (ferric_fsync)found;
        return true;
    }
    if (strncmp(text, periodic, sizeof periodic - 1) != 0) return false;
    if (!set_number(period, &options->fsync_period_ms, text + sizeof periodic - 1)) return false;
    options->fsync = FERRIC_FSYNC_PERIODIC;
    return true;
}

static bool set_compression(void *field, const char *text)
{
    size_t found = find_name(compression_names, COUNT_OF(compression_names), text);
    ferric_compression value = (ferric_compression)found;

    if (found == COUNT_OF(compression_names)) return false;
    memcpy(field, &value, sizeof value);
    return true;
}

static bool set_value(ferric_options *options, const option *each, const char *text)
{
    void *field = (uint8_t *)options + each->offset;

    switch (each->kind) {
    case KIND_BOOL:
        return set_bool(field, text);
    case KIND_FSYNC:
        return set_fsync(options, text);
    case KIND_COMPRESSION:
        return set_compression(field, text);
    case KIND_NUMBER:
    case KIND_SIZE:
    case KIND_SMALL_SIZE:
        return set_number(each, field, text);
    }
    return false;
}

// Whether the caller's header already had the option.
static bool has_field(const ferric_options *options, const option *each)
{
    // No field is wider than 8 bytes, and a narrower one at the end is followed by padding.
    size_t width = each->kind == KIND_BOOL ? sizeof(bool) : sizeof(uint32_t);
    return options->struct_size >= each->offset + width;
}

ferric_status ferric_options_set(ferric_options *options, const char *name, const char *text)
{
    const option *found;

    if (options == NULL) return fe_argument_is_null("ferric_options_set", "options");
    if (name == NULL) return fe_argument_is_null("ferric_options_set", "name");
    if (text == NULL) return fe_argument_is_null("ferric_options_set", "text");
    found = find_option(name);
    if (found == NULL) return unknown_option(name);
    if (!has_field(options, found)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "option %s: struct_size is %zu, which ends before it: begin with "
                       "FERRIC_OPTIONS_INIT of this version's ferric.h",
                       name, options->struct_size);
    }
    return set_value(options, found, text) ? FERRIC_OK : wrong_value(found, text);
}

// "FERRIC_MEMORY_LIMIT" of "memory_limit".
static void variable_name(const char *name, char variable[NAME_SIZE_MAX + 8])
{
    size_t size = sizeof "FERRIC_" - 1;

    memcpy(variable, "FERRIC_", size);
    for (; *name != '\0'; name++)
        variable[size++] = (char)(*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name);
    variable[size] = '\0';
}

ferric_status ferric_options_from_env(ferric_options *options)
{
    ferric_options set; // All of them are set, or none.
    size_t size;

    if (options == NULL) return fe_argument_is_null("ferric_options_from_env", "options");
    size = options->struct_size < sizeof set ? options->struct_size : sizeof set;
    memcpy(&set, options, size);
    set.struct_size = options->struct_size;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char variable[NAME_SIZE_MAX + 8];
        const char *text;
        ferric_status status;
        variable_name(table[i].name, variable);
        text = getenv(variable);
        if (text == NULL) continue;
        status = ferric_options_set(&set, table[i].name, text);
        if (status != FERRIC_OK) return fe_fail(status, "%s: %s", variable, fe_message());
    }
    memcpy(options, &set, size);
    return FERRIC_OK;
}

// ---- Checking at open -----------------------------------------------------------------------

static ferric_status out_of_range(const option *each, uint64_t value)
{
    return fe_fail(FERRIC_INVALID_ARGUMENT, "option %s is %" PRIu64 ": %s", each->name, value,
                   each->help);
}

static ferric_status check_field(const ferric_options *options, const option *each)
{
    const void *field = (const uint8_t *)options + each->offset;
    uint32_t narrow;
    uint64_t value;

    if (each->kind == KIND_BOOL) return FERRIC_OK;
    if (each->kind == KIND_SIZE) {
        memcpy(&value, field, sizeof value);
    } else {
        static_assert(sizeof(ferric_fsync) == sizeof narrow, "enumerations are read as numbers");
        static_assert(sizeof(ferric_compression) == sizeof narrow, "as above");
        memcpy(&narrow, field, sizeof narrow);
        value = narrow;
    }
    switch (each->kind) {
    case KIND_FSYNC:
        return value < COUNT_OF(fsync_names) ? FERRIC_OK : out_of_range(each, value);
    case KIND_COMPRESSION:
        return value < COUNT_OF(compression_names) ? FERRIC_OK : out_of_range(each, value);
    default:
        return is_in_range(each, value) ? FERRIC_OK : out_of_range(each, value);
    }
}

ferric_status fe_options_check(const ferric_options *options, ferric_options *checked)
{
    static const ferric_options defaults = FERRIC_OPTIONS_INIT;
    ferric_status status =
        fe_struct_take("ferric_options", options, &defaults, sizeof defaults, checked);

    for (size_t i = 0; i < OPTION_COUNT && status == FERRIC_OK; i++)
        status = check_field(checked, &table[i]);
    return status;
}
