// SPDX-License-Identifier: Apache-2.0
// ferric info: what a person wants to know about a database at a glance.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/stats_report.h"

// The estimate also counts versions that are not merged yet, which shows in a small database. Up to
// so many keys are counted at once, in a few milliseconds.
#define COUNTED_KEYS_MAX 10000

// A keyspace's exact count, by reading its keys.
static ferric_status count_keyspace(ferric_db *db, const ferric_keyspace_info *info,
                                    uint64_t *count)
{
    ferric_slice all = {NULL, 0};
    ferric_keyspace *keyspace;
    ferric_status status = ferric_keyspace_open(db, info->name, info->kind, &keyspace);
    if (status == FERRIC_OK) status = ferric_count(db, keyspace, all, all, NULL, count);
    ferric_keyspace_close(keyspace);
    return status;
}

static ferric_status count_all(ferric_db *db, uint64_t *keys)
{
    ferric_keyspace_info *list;
    size_t count;
    ferric_status status = ferric_keyspace_list(db, &list, &count);

    *keys = 0;
    for (size_t i = 0; status == FERRIC_OK && i < count; i++) {
        uint64_t more = 0;
        status = count_keyspace(db, &list[i], &more);
        *keys += more;
    }
    ferric_free(list);
    return status;
}

static void print_keyspace(const ferric_keyspace_info *info, bool is_json, bool is_first,
                           const uint64_t *count)
{
    const char *kind = info->kind == FERRIC_KEYSPACE_RAW ? "raw" : "collection";
    if (is_json) {
        cli_print("%s{\"name\":", is_first ? "" : ",");
        cli_write_quoted(fe_slice_text(info->name));
        cli_print(",\"kind\":\"%s\"", kind);
        if (info->ttl_ms != 0) cli_print(",\"ttl_ms\":%llu", (unsigned long long)info->ttl_ms);
        if (count != NULL) cli_print(",\"keys\":%llu", (unsigned long long)*count);
        cli_print("}");
        return;
    }
    cli_print("  %-12s ", kind);
    cli_color_set(CLI_KEY);
    cli_write_data(fe_slice_text(info->name));
    cli_color_set(CLI_PLAIN);
    if (count != NULL)
        cli_print("  %s %s", cli_count_text(*count).text, *count == 1 ? "key" : "keys");
    if (info->ttl_ms != 0) {
        cli_print("  each for %s", cli_duration_text(info->ttl_ms * 1000000).text);
    }
    cli_print("\n");
}

static ferric_status print_keyspaces(ferric_db *db, bool is_json, bool is_exact)
{
    ferric_keyspace_info *list;
    size_t count;
    ferric_status status = ferric_keyspace_list(db, &list, &count);

    for (size_t i = 0; status == FERRIC_OK && i < count; i++) {
        uint64_t keys;
        if (is_exact) status = count_keyspace(db, &list[i], &keys);
        if (status == FERRIC_OK) print_keyspace(&list[i], is_json, i == 0, is_exact ? &keys : NULL);
    }
    ferric_free(list);
    return status;
}

static ferric_status print_json(const cli_session *session, bool is_exact)
{
    ferric_buffer stats = {0};
    uint64_t estimate;
    ferric_status status = ferric_count_estimate(session->db, &estimate);
    if (status == FERRIC_OK) status = ferric_stats_json(session->db, &stats);
    if (status == FERRIC_OK) {
        cli_print("{\"path\":");
        cli_write_quoted(fe_slice_text(session->path));
        cli_print(",\"keys_estimate\":%llu,\"keyspaces\":[", (unsigned long long)estimate);
        status = print_keyspaces(session->db, true, is_exact);
        cli_print("],\"stats\":");
        cli_write(fe_buffer_slice(&stats));
        cli_print("}\n");
    }
    ferric_buffer_free(&stats);
    return status;
}

static ferric_status print_text(const cli_session *session, bool is_exact)
{
    ferric_stats stats = FERRIC_STATS_INIT;
    uint64_t keys;
    ferric_status status = ferric_count_estimate(session->db, &keys);
    if (status == FERRIC_OK && keys <= COUNTED_KEYS_MAX) is_exact = true;
    if (status == FERRIC_OK && is_exact) status = count_all(session->db, &keys);
    if (status == FERRIC_OK) status = ferric_stats_get(session->db, &stats);
    if (status != FERRIC_OK) return status;
    cli_color_set(CLI_BOLD);
    cli_write_data(fe_slice_text(session->path));
    cli_color_set(CLI_PLAIN);
    cli_print("  %s%s %s, %s on disk\n", is_exact ? "" : "~", cli_count_text(keys).text,
              keys == 1 ? "key" : "keys", cli_size_text(stats.disk_bytes).text);
    status = print_keyspaces(session->db, false, is_exact);
    if (status == FERRIC_OK) cli_report_print(&stats);
    return status;
}

// What can be told of an encrypted database without its key.
// A key that was given for a database without one ends up here too.
static bool is_encrypted(const char *path)
{
    ferric_buffer name = {0};
    bool is =
        fe_buffer_format(&name, "%s/KEYRING", path) == FERRIC_OK && access(name.data, F_OK) == 0;

    fe_buffer_deinit(&name);
    return is;
}

static void print_locked(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    uint64_t bytes = 0;

    if (directory == NULL) return;
    cli_write_data(fe_slice_text(path));
    while ((entry = readdir(directory)) != NULL) {
        struct stat facts;
        if (fstatat(dirfd(directory), entry->d_name, &facts, 0) == 0 && S_ISREG(facts.st_mode))
            bytes += (uint64_t)facts.st_size;
    }
    closedir(directory);
    cli_print(": %s, %s, format 1\n", is_encrypted(path) ? "encrypted" : "not encrypted",
              cli_size_text(bytes).text);
}

int cli_info(const cli_arguments *arguments)
{
    bool is_exact = cli_has(arguments, OPTION_EXACT);
    cli_session session;
    ferric_status status;
    int code = cli_session_open(arguments, CLI_READ, &session);

    if (code == CLI_WRONG_KEY) print_locked(arguments->path);
    if (code != CLI_DONE) return code;
    status = cli_has(arguments, OPTION_JSON) ? print_json(&session, is_exact)
                                             : print_text(&session, is_exact);
    if (status != FERRIC_OK) code = cli_fail_status(status, session.path);
    return cli_session_end(&session, code);
}
