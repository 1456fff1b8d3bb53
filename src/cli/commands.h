// SPDX-License-Identifier: Apache-2.0
// The functions behind the commands of the table. Each has printed all it has to say when it
// returns its exit code.
#ifndef FERRIC_CLI_COMMANDS_H
#define FERRIC_CLI_COMMANDS_H

#include "cli/command_line.h"
#include "cli/session.h"

int cli_get(const cli_arguments *arguments);
int cli_set(const cli_arguments *arguments);
int cli_del(const cli_arguments *arguments);
int cli_incr(const cli_arguments *arguments);
int cli_ttl(const cli_arguments *arguments);
int cli_expire(const cli_arguments *arguments);
int cli_persist(const cli_arguments *arguments);
int cli_touch(const cli_arguments *arguments);
int cli_scan(const cli_arguments *arguments);
int cli_keys(const cli_arguments *arguments);
int cli_count(const cli_arguments *arguments);
int cli_insert_run(const cli_arguments *arguments);
int cli_find_run(const cli_arguments *arguments);
int cli_explain_run(const cli_arguments *arguments);
int cli_distinct_run(const cli_arguments *arguments);
int cli_group_run(const cli_arguments *arguments);
int cli_update_run(const cli_arguments *arguments);
int cli_patch_run(const cli_arguments *arguments);
int cli_remove_run(const cli_arguments *arguments);
int cli_index(const cli_arguments *arguments);
int cli_import(const cli_arguments *arguments);
int cli_export(const cli_arguments *arguments);
int cli_info(const cli_arguments *arguments);
int cli_keyspaces(const cli_arguments *arguments);
int cli_stats(const cli_arguments *arguments);
int cli_compact(const cli_arguments *arguments);
int cli_verify(const cli_arguments *arguments);
int cli_repair(const cli_arguments *arguments);
int cli_debug(const cli_arguments *arguments);
int cli_rekey(const cli_arguments *arguments);
int cli_encrypt(const cli_arguments *arguments);
int cli_decrypt(const cli_arguments *arguments);
int cli_destroy(const cli_arguments *arguments);
int cli_bench(const cli_arguments *arguments);
int cli_repl(const cli_arguments *arguments);
int cli_completion(const cli_arguments *arguments);
int cli_version(const cli_arguments *arguments);
int cli_help(const cli_arguments *arguments);

// The same in a database that is open, which is how the REPL runs them.
int cli_insert_in(const cli_arguments *arguments, cli_session *session);
int cli_find_in(const cli_arguments *arguments, cli_session *session);
int cli_explain_in(const cli_arguments *arguments, cli_session *session);
int cli_distinct_in(const cli_arguments *arguments, cli_session *session);
int cli_count_in(const cli_arguments *arguments, cli_session *session);
int cli_group_in(const cli_arguments *arguments, cli_session *session);
int cli_update_in(const cli_arguments *arguments, cli_session *session);
int cli_remove_in(const cli_arguments *arguments, cli_session *session);
int cli_index_in(const cli_arguments *arguments, cli_session *session);
int cli_import_in(const cli_arguments *arguments, cli_session *session);

// Changes the document `key` by `patch`. Prints what is wrong and returns the exit code.
int cli_patch_in(const cli_arguments *arguments, const cli_session *session, const char *key,
                 ferric_slice patch);

// Prints all keyspaces with their kinds, each on a line.
ferric_status cli_keyspaces_print(ferric_db *db, bool is_json);
// Shows the default time to live of a keyspace, or, with `time` (none, or a lifetime), sets it. The
// session's keyspace is another one afterwards. Prints what is wrong and returns the exit code.
int cli_keyspace_ttl(cli_session *session, const char *name, const char *time, bool is_json);

#endif
