// SPDX-License-Identifier: Apache-2.0
// Which files are inspected, and what all of them begin with; see inspect.h.
#include "lsm/inspect.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/status.h"
#include "format/internal_key.h"
#include "format/value_record.h"
#include "lsm/file_names.h"
#include "lsm/keyring_file.h"

// ---- Parts ----------------------------------------------------------------------------------

void fe_part_begin(fe_part *part, uint32_t depth, const char *name, uint64_t offset, uint64_t size)
{
    memset(part, 0, sizeof *part);
    part->part = (ferric_part){.offset = offset, .size = size, .name = name, .depth = depth};
}

static ferric_field *add_field(fe_part *part, const char *name, ferric_field_kind kind)
{
    ferric_field *field = &part->fields[part->part.field_count++];

    assert(part->part.field_count <= FE_PART_FIELDS_MAX);
    field->name = name;
    field->kind = kind;
    return field;
}

void fe_part_number(fe_part *part, const char *name, uint64_t number)
{
    add_field(part, name, FERRIC_FIELD_NUMBER)->number = number;
}

void fe_part_time(fe_part *part, const char *name, uint64_t ms)
{
    add_field(part, name, FERRIC_FIELD_TIME)->number = ms;
}

void fe_part_text(fe_part *part, const char *name, const char *text)
{
    add_field(part, name, FERRIC_FIELD_TEXT)->bytes = fe_slice_text(text);
}

void fe_part_hex(fe_part *part, const char *name, const void *data, size_t size)
{
    add_field(part, name, FERRIC_FIELD_HEX)->bytes = fe_slice(data, size);
}

void fe_part_bytes(fe_part *part, const char *name, ferric_slice bytes)
{
    add_field(part, name, FERRIC_FIELD_BYTES)->bytes = bytes;
}

void fe_part_key(fe_part *part, const char *keyspace_name, const char *name, ferric_slice key)
{
    const uint8_t *bytes = fe_slice_bytes(key);

    if (key.size >= FE_KEYSPACE_ID_SIZE) {
        fe_part_number(part, keyspace_name, fe_get_u32_ordered(bytes));
        key = fe_slice(bytes + FE_KEYSPACE_ID_SIZE, key.size - FE_KEYSPACE_ID_SIZE);
    }
    fe_part_bytes(part, name, key);
}

const char *fe_operation_name(fe_entry_kind kind)
{
    if (kind == FE_ENTRY_RANGE_DELETE) return "delete range";
    return kind == FE_ENTRY_DELETE ? "delete" : "put";
}

void fe_part_value(fe_part *part, const fe_entry *entry)
{
    fe_value_pointer pointer;
    ferric_slice value = fe_entry_content(entry);

    if (entry->kind == FE_ENTRY_DELETE) return;
    if (entry->kind == FE_ENTRY_RANGE_DELETE) {
        if (value.size > 0) fe_part_bytes(part, "upper", value);
        return;
    }
    if (fe_entry_kind_expires(entry->kind)) fe_part_time(part, "expires", fe_entry_expiry(entry));
    // A pointer that none can be is shown as it is.
    if (!fe_entry_kind_points(entry->kind) ||
        fe_value_pointer_decode(value, &pointer) != FERRIC_OK) {
        fe_part_bytes(part, "value", value);
        return;
    }
    fe_part_number(part, "value_file", pointer.number);
    fe_part_number(part, "value_offset", pointer.offset);
    fe_part_number(part, "value_record", pointer.size);
}

ferric_status fe_inspection_tell(fe_inspection *run, fe_part *part)
{
    part->part.path = run->path;
    part->part.fields = part->fields;
    run->damage_count += part->part.is_damage;
    if (run->callback(run->context, &part->part)) return FERRIC_OK;
    return fe_fail(FERRIC_INTERRUPTED, "the inspection was ended by its callback");
}

// This thread's message, without the file's path in front, which stands in the part already.
static void add_problem(const fe_inspection *run, fe_part *part)
{
    const char *text = fe_message();
    size_t size = strlen(run->path);

    if (strncmp(text, run->path, size) == 0 && text[size] == ':' && text[size + 1] == ' ') {
        text += size + 2;
    }
    part->part.is_damage = true;
    fe_part_text(part, "problem", text);
}

ferric_status fe_inspection_tell_damage(fe_inspection *run, uint32_t depth, uint64_t offset,
                                        uint64_t size)
{
    fe_part part;

    fe_part_begin(&part, depth, "damage", offset, size);
    add_problem(run, &part);
    return fe_inspection_tell(run, &part);
}

// ---- File headers ---------------------------------------------------------------------------

static const char *kind_name(uint8_t kind)
{
    static const char *const names[] = {
        [FE_FILE_LOG] = "log",         [FE_FILE_TABLE] = "table",   [FE_FILE_MANIFEST] = "manifest",
        [FE_FILE_CURRENT] = "current", [FE_FILE_VALUES] = "values", [FE_FILE_KEYRING] = "keyring",
        [FE_FILE_RING] = "ring",
    };
    if (kind >= sizeof names / sizeof names[0] || names[kind] == NULL) return "file";
    return names[kind];
}

static ferric_status read_header(fe_inspection *run, uint8_t bytes[FE_FILE_HEADER_SIZE],
                                 size_t *got, uint64_t *size)
{
    fe_file *file = NULL;
    ferric_status status = fe_vfs_open(run->vfs, run->path, FE_OPEN_READ, &file);

    if (status == FERRIC_OK) status = fe_file_size(file, size);
    if (status == FERRIC_OK) status = fe_file_read_at(file, 0, bytes, FE_FILE_HEADER_SIZE, got);
    fe_file_close(file);
    return status;
}

static ferric_status tell_header(fe_inspection *run, fe_file_kind kind, uint64_t size,
                                 const fe_file_header *header)
{
    fe_part part;

    fe_part_begin(&part, 0, kind_name((uint8_t)kind), 0, size);
    fe_part_number(&part, kind == FE_FILE_CURRENT ? "manifest" : "number", header->file_number);
    fe_part_number(&part, "format", header->version);
    fe_part_time(&part, "made", header->created_ms);
    fe_part_hex(&part, "database", header->database_id, FE_DATABASE_ID_SIZE);
    fe_part_hex(&part, "salt", header->salt, FE_SALT_SIZE);
    if (header->cipher_suite != FE_CIPHER_NONE) fe_part_number(&part, "key", header->key_id);
    return fe_inspection_tell(run, &part);
}

static ferric_status inspect_content(fe_inspection *run, fe_file_kind kind,
                                     const fe_file_header *header)
{
    switch (kind) {
    case FE_FILE_LOG:
    case FE_FILE_MANIFEST:
        return fe_inspect_frames(run, header);
    case FE_FILE_TABLE:
        return fe_inspect_table(run);
    default:
        return FERRIC_OK; // CURRENT is a header alone.
    }
}

// A file of another kind is no damage: the wrong one was named.
static ferric_status check_kind(const fe_inspection *run, ferric_slice bytes, fe_file_kind kind)
{
    fe_file_header header;

    if (!fe_file_header_guess(bytes, &header) || header.kind == kind) return FERRIC_OK;
    if (fe_file_header_decode(bytes, (fe_file_kind)header.kind, run->path, &header) != FERRIC_OK) {
        return FERRIC_OK;
    }
    return fe_fail(FERRIC_INVALID_ARGUMENT, "%s is a %s, not a %s", run->path,
                   kind_name(header.kind), kind_name((uint8_t)kind));
}

// Errors: FERRIC_NOT_FOUND: without a message.
static ferric_status inspect_file(fe_inspection *run, const char *path, fe_file_kind kind)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE] = {0};
    fe_file_header header;
    ferric_status damage;
    uint64_t size = 0;
    size_t got = 0;
    ferric_status status;

    run->path = path;
    status = read_header(run, bytes, &got, &size);
    if (status == FERRIC_OK) status = check_kind(run, fe_slice(bytes, got), kind);
    if (status != FERRIC_OK) return status;
    damage = fe_file_header_decode(fe_slice(bytes, got), kind, path, &header);
    if (damage == FERRIC_OK) {
        status = tell_header(run, kind, size, &header);
    } else {
        fe_part part;
        fe_part_begin(&part, 0, kind_name((uint8_t)kind), 0, size);
        add_problem(run, &part);
        status = fe_inspection_tell(run, &part);
    }
    // Content of a later format cannot be told; behind a damaged header it is tried.
    if (status != FERRIC_OK || damage == FERRIC_UNSUPPORTED) return status;
    if (damage != FERRIC_OK && !fe_file_header_guess(fe_slice(bytes, got), &header)) {
        return FERRIC_OK;
    }
    return inspect_content(run, kind, &header);
}

// ---- Directories ----------------------------------------------------------------------------

static const fe_file_kind kinds[] = {
    [FERRIC_INSPECT_LOGS] = FE_FILE_LOG,
    [FERRIC_INSPECT_TABLES] = FE_FILE_TABLE,
    [FERRIC_INSPECT_MANIFESTS] = FE_FILE_MANIFEST,
};

// A file that a writer removed since the directory was read.
static ferric_status tell_gone(fe_inspection *run, fe_file_kind kind)
{
    fe_part part;

    fe_part_begin(&part, 0, kind_name((uint8_t)kind), 0, 0);
    fe_part_text(&part, "gone", "a writer removed it while the directory was read");
    return fe_inspection_tell(run, &part);
}

static ferric_status inspect_current(fe_inspection *run, const char *directory, ferric_buffer *path)
{
    ferric_status status = fe_file_path_named(path, directory, FE_FILE_CURRENT_NAME);

    if (status == FERRIC_OK) status = inspect_file(run, fe_path_text(path), FE_FILE_CURRENT);
    if (status != FERRIC_NOT_FOUND) return status;
    (void)fe_fail(FERRIC_CORRUPT, "%s: missing, so no manifest is the live one", run->path);
    return fe_inspection_tell_damage(run, 0, 0, 0);
}

static bool is_database(const ferric_buffer *names)
{
    for (size_t at = 0; at < names->size;) {
        const char *name = (const char *)names->data + at;
        if (fe_file_name_is_ours(name) && strcmp(name, FE_FILE_README_NAME) != 0) return true;
        at += strlen(name) + 1;
    }
    return false;
}

static ferric_status inspect_names(fe_inspection *run, const char *directory,
                                   const ferric_buffer *names, fe_file_kind wanted,
                                   ferric_buffer *path)
{
    ferric_status status = FERRIC_OK;

    for (size_t at = 0; status == FERRIC_OK && at < names->size;) {
        const char *name = (const char *)names->data + at;
        fe_file_kind kind;
        uint64_t number;

        at += strlen(name) + 1;
        if (!fe_file_name_parse(name, &kind, &number) || kind != wanted) continue;
        status = fe_file_path(path, directory, kind, number);
        if (status == FERRIC_OK) status = inspect_file(run, fe_path_text(path), kind);
        if (status == FERRIC_NOT_FOUND) status = tell_gone(run, kind);
    }
    return status;
}

static ferric_status inspect_directory(fe_inspection *run, const char *directory, fe_file_kind kind)
{
    ferric_buffer names = {0};
    ferric_buffer path = {0};
    ferric_status status = fe_vfs_list(run->vfs, directory, &names);

    if (status == FERRIC_OK && !is_database(&names)) {
        status = fe_fail(FERRIC_NOT_A_DATABASE, "%s holds no file of a Ferric database", directory);
    }
    if (status == FERRIC_OK && kind == FE_FILE_MANIFEST) {
        status = inspect_current(run, directory, &path);
    }
    if (status == FERRIC_OK) status = inspect_names(run, directory, &names, kind, &path);
    fe_buffer_deinit(&names);
    fe_buffer_deinit(&path);
    return status;
}

// Of a single file the keyring stands beside it.
static ferric_status find_keys(fe_inspection *run, const char *path, fe_path_kind kind,
                               const ferric_options *options)
{
    ferric_buffer parent = {0};
    ferric_status status = FERRIC_OK;

    if (kind != FE_PATH_DIRECTORY) status = fe_file_path_parent(&parent, path);
    if (status == FERRIC_OK) {
        status = fe_keys_find(run->vfs, kind == FE_PATH_DIRECTORY ? path : fe_path_text(&parent),
                              options, &run->keys);
    }
    fe_buffer_deinit(&parent);
    return status;
}

ferric_status fe_inspect(const char *path, ferric_inspect_target target,
                         const ferric_options *options, ferric_part_callback callback,
                         void *context)
{
    fe_inspection run = {
        .vfs = options->vfs == NULL ? fe_vfs_posix() : options->vfs,
        .callback = callback,
        .context = context,
        .path = path,
    };
    fe_path_kind kind = FE_PATH_NONE;
    ferric_status status = fe_vfs_stat(run.vfs, path, &kind, NULL);

    if (status != FERRIC_OK) return status;
    if (kind == FE_PATH_NONE) return fe_fail(FERRIC_NOT_FOUND, "there is no %s", path);
    status = find_keys(&run, path, kind, options);
    if (status != FERRIC_OK) return status;
    if (kind == FE_PATH_DIRECTORY) {
        status = inspect_directory(&run, path, kinds[target]);
    } else {
        status = inspect_file(&run, path, kinds[target]);
    }
    fe_file_keys_destroy(run.keys);
    if (status != FERRIC_OK || run.damage_count == 0) return status;
    return fe_fail(FERRIC_CORRUPT, "%s: places that are damaged: %" PRIu64, path, run.damage_count);
}
