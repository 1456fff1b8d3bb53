// SPDX-License-Identifier: Apache-2.0
// ferric debug: what is in the files of a database, as lines for a bug report.
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/suggest.h"
#include "cli/user_keys.h"
#include "cli/value_text.h"

// Lines that are listed when --limit does not say it.
#define LIMIT_DEFAULT 1000
// Bytes of a key or value that are shown without --full.
#define SHOWN_BYTES_MAX 64

typedef struct printer {
    const cli_arguments *arguments;
    uint64_t limit;
    uint64_t listed;
    uint64_t unlisted;
    ferric_slice key;     // --key; size 0: all.
    ferric_buffer parent; // With --key: the line of what the next part stands in, not printed yet.
    ferric_buffer line;
    ferric_status status; // FERRIC_NO_MEMORY ends it.
} printer;

static const struct {
    const char *word;
    ferric_inspect_target target;
} targets[] = {
    {"wal", FERRIC_INSPECT_LOGS},
    {"table", FERRIC_INSPECT_TABLES},
    {"manifest", FERRIC_INSPECT_MANIFESTS},
};

// ---- Fields ---------------------------------------------------------------------------------

// The part of `bytes` that is shown: whole characters where it is UTF-8.
static ferric_slice shorten(const printer *self, ferric_slice bytes)
{
    size_t size = SHOWN_BYTES_MAX;
    const uint8_t *at = fe_slice_bytes(bytes);

    if (cli_has(self->arguments, OPTION_FULL) || bytes.size <= size) return bytes;
    while (size > SHOWN_BYTES_MAX - 4 && (at[size] & 0xc0) == 0x80)
        size--;
    return fe_slice(at, size);
}

static ferric_status put_time(ferric_buffer *line, uint64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    char text[32];
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        return fe_buffer_format(line, "%llu", (unsigned long long)ms);
    }
    return fe_buffer_format(line, "%s.%03uZ", text, (unsigned)(ms % 1000));
}

static ferric_status put_hex(ferric_buffer *line, ferric_slice bytes)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < bytes.size && status == FERRIC_OK; i++) {
        status = fe_buffer_format(line, "%02x", fe_slice_bytes(bytes)[i]);
    }
    return status;
}

static ferric_status put_bytes(const printer *self, ferric_buffer *line, ferric_slice bytes)
{
    ferric_slice shown = shorten(self, bytes);
    ferric_status status = fe_buffer_format(line, "\"");

    if (status == FERRIC_OK) status = cli_text_escape(shown, line);
    if (status == FERRIC_OK) status = fe_buffer_format(line, "\"");
    if (status != FERRIC_OK || shown.size == bytes.size) return status;
    return fe_buffer_format(line, "... (%s bytes)", cli_count_text(bytes.size).text);
}

static ferric_status put_number(ferric_buffer *line, const ferric_field *field)
{
    const char *keyspace = strstr(field->name, "keyspace");
    const char *meaning = "";

    if (keyspace != NULL && field->number < 2) {
        meaning = field->number == 0 ? " (catalogue)" : " (main)";
    }
    return fe_buffer_format(line, "%llu%s", (unsigned long long)field->number, meaning);
}

static ferric_status put_field(const printer *self, ferric_buffer *line, const ferric_field *field)
{
    ferric_status status = fe_buffer_format(line, "  %s ", field->name);

    if (status != FERRIC_OK) return status;
    switch (field->kind) {
    case FERRIC_FIELD_NUMBER:
        return put_number(line, field);
    case FERRIC_FIELD_TIME:
        return put_time(line, field->number);
    case FERRIC_FIELD_HEX:
        return put_hex(line, field->bytes);
    case FERRIC_FIELD_BYTES:
        return put_bytes(self, line, field->bytes);
    default:
        return fe_buffer_append(line, field->bytes.data, field->bytes.size);
    }
}

// ---- Lines ----------------------------------------------------------------------------------

static ferric_status put_line(const printer *self, const ferric_part *part, ferric_buffer *line)
{
    ferric_status status;

    fe_buffer_clear(line);
    if (part->depth == 0) {
        status = fe_buffer_format(line, "%s: %s", part->path, part->name);
    } else {
        status = fe_buffer_format(line, "%12llu%*s%s", (unsigned long long)part->offset,
                                  (int)(2 * part->depth), "", part->name);
    }
    if (status == FERRIC_OK && part->size > 0) {
        status = fe_buffer_format(line, "  %llu bytes", (unsigned long long)part->size);
    }
    for (size_t i = 0; i < part->field_count && status == FERRIC_OK; i++) {
        status = put_field(self, line, &part->fields[i]);
    }
    return status == FERRIC_OK ? fe_buffer_append(line, "\n", 1) : status;
}

static void print_json_bytes(const printer *self, const ferric_field *field)
{
    ferric_slice shown = shorten(self, field->bytes);

    cli_write_quoted(shown);
    if (shown.size < field->bytes.size) {
        cli_print(",\"%s_size\":%zu", field->name, field->bytes.size);
    }
}

static void print_json_field(const printer *self, const ferric_field *field)
{
    cli_print(",\"%s\":", field->name);
    switch (field->kind) {
    case FERRIC_FIELD_NUMBER:
    case FERRIC_FIELD_TIME:
        cli_print("%llu", (unsigned long long)field->number);
        break;
    case FERRIC_FIELD_HEX:
        cli_print("\"");
        for (size_t i = 0; i < field->bytes.size; i++)
            cli_print("%02x", fe_slice_bytes(field->bytes)[i]);
        cli_print("\"");
        break;
    case FERRIC_FIELD_BYTES:
        print_json_bytes(self, field);
        break;
    default:
        cli_write_quoted(field->bytes);
    }
}

static void print_json(const printer *self, const ferric_part *part)
{
    cli_print("{\"file\":");
    cli_write_quoted(fe_slice_text(part->path));
    cli_print(",\"offset\":%llu,\"size\":%llu,\"part\":\"%s\",\"damage\":%s",
              (unsigned long long)part->offset, (unsigned long long)part->size, part->name,
              part->is_damage ? "true" : "false");
    for (size_t i = 0; i < part->field_count; i++)
        print_json_field(self, &part->fields[i]);
    cli_print("}\n");
}

static void print_part(printer *self, const ferric_part *part)
{
    if (cli_has(self->arguments, OPTION_JSON)) {
        print_json(self, part);
        return;
    }
    self->status = put_line(self, part, &self->line);
    if (part->is_damage) cli_color_set(CLI_BAD);
    if (part->depth == 0 && !part->is_damage) cli_color_set(CLI_BOLD);
    cli_write(fe_buffer_slice(&self->line));
    cli_color_set(CLI_PLAIN);
}

// ---- Choice ---------------------------------------------------------------------------------

static const ferric_field *find_field(const ferric_part *part, const char *name)
{
    for (size_t i = 0; i < part->field_count; i++) {
        if (strcmp(part->fields[i].name, name) == 0) return &part->fields[i];
    }
    return NULL;
}

static uint64_t number_of(const ferric_part *part, const char *name)
{
    const ferric_field *field = find_field(part, name);
    return field == NULL ? 0 : field->number;
}

// Whether the key of --key, in whichever keyspace, may be in a table whose keys go so far.
static bool may_have_key(const printer *self, const ferric_part *part)
{
    const ferric_field *smallest = find_field(part, "smallest");
    const ferric_field *largest = find_field(part, "largest");
    uint64_t from = number_of(part, "smallest_keyspace");
    uint64_t to = number_of(part, "largest_keyspace");
    bool is_behind_smallest;
    bool is_before_largest;

    if (smallest == NULL || largest == NULL) return false;
    is_behind_smallest = fe_slice_compare(smallest->bytes, self->key) <= 0;
    is_before_largest = fe_slice_compare(self->key, largest->bytes) <= 0;
    if (from == to) return is_behind_smallest && is_before_largest;
    return is_behind_smallest || is_before_largest || to - from > 1;
}

// An operation on the key of --key, or a table that may have it.
static bool is_about_key(const printer *self, const ferric_part *part)
{
    const ferric_field *key = find_field(part, "key");
    return key != NULL ? fe_slice_equal(key->bytes, self->key) : may_have_key(self, part);
}

// Files, damage and totals are told whatever is chosen.
static bool is_always_told(const ferric_part *part)
{
    return part->depth == 0 || part->is_damage || strcmp(part->name, "total") == 0 ||
           strcmp(part->name, "tail") == 0;
}

// A part that --key is not about; one that others may stand in is kept until it is known.
static void pass_over(printer *self, const ferric_part *part)
{
    if (part->depth == 1) self->status = put_line(self, part, &self->parent);
}

static void list_part(printer *self, const ferric_part *part)
{
    if (self->listed == self->limit) {
        self->unlisted++;
        return;
    }
    if (!cli_has(self->arguments, OPTION_JSON)) cli_write(fe_buffer_slice(&self->parent));
    fe_buffer_clear(&self->parent);
    self->listed++;
    print_part(self, part);
}

static bool take_part(void *context, const ferric_part *part)
{
    printer *self = context;

    if (is_always_told(part)) {
        fe_buffer_clear(&self->parent);
        print_part(self, part);
    } else if (self->key.size > 0 && !is_about_key(self, part)) {
        pass_over(self, part);
    } else {
        list_part(self, part);
    }
    return self->status == FERRIC_OK && cli_output_ok() && !cli_interrupted();
}

// ---- Command --------------------------------------------------------------------------------

static int choose_target(const char *word, ferric_inspect_target *target)
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        if (strcmp(word, targets[i].word) != 0) continue;
        *target = targets[i].target;
        return CLI_DONE;
    }
    return cli_fail(CLI_USAGE,
                    "debug prints wal, table or manifest, not %s: "
                    "usage: ferric debug wal|table|manifest PATH",
                    word);
}

static int report(printer *self, const char *path, ferric_status status)
{
    if (self->unlisted > 0) {
        cli_note("%s more parts are not listed; --limit COUNT lists more",
                 cli_count_text(self->unlisted).text);
    }
    if (self->status != FERRIC_OK) return cli_fail_status(self->status, path);
    if (status == FERRIC_INTERRUPTED) return cli_interrupted() ? CLI_INTERRUPTED : CLI_DONE;
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

int cli_debug(const cli_arguments *arguments)
{
    const char *path = arguments->words[1];
    const char *key = arguments->values[OPTION_KEY];
    printer self = {.arguments = arguments};
    ferric_inspect_target target = FERRIC_INSPECT_LOGS;
    ferric_options options = FERRIC_OPTIONS_INIT;
    int code = choose_target(arguments->words[0], &target);

    if (code == CLI_DONE) code = cli_keys_options(arguments, &options);
    if (code == CLI_DONE) {
        code = cli_number(arguments, OPTION_LIMIT, UINT64_MAX, LIMIT_DEFAULT, &self.limit);
    }
    if (code != CLI_DONE) return code;
    if (key != NULL) self.key = fe_slice_text(key);
    cli_interrupt_catch();
    code = report(&self, path, ferric_inspect(path, target, &options, take_part, &self));
    fe_buffer_deinit(&self.parent);
    fe_buffer_deinit(&self.line);
    return code;
}
