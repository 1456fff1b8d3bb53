// SPDX-License-Identifier: Apache-2.0
// The table of commands; see command_table.h.
#include "cli/command_table.h"

#include <string.h>

#include "cli/commands.h"

#define KEY_OPTIONS OPTION_KEY_FILE, OPTION_PASSPHRASE_FILE
#define DATABASE_OPTIONS OPTION_WAIT, OPTION_SETTING, KEY_OPTIONS
#define KEYSPACE_OPTIONS OPTION_KEYSPACE, DATABASE_OPTIONS
#define RANGE_OPTIONS OPTION_PREFIX, OPTION_FROM, OPTION_TO

static const cli_command commands[] = {
    {"get",
     "PATH KEY...",
     "print the value of a key",
     "Laid out for reading on a terminal; exactly what is stored, and a newline, in a pipe.\n"
     "Exit code 1 when a key is not there.",
     cli_get,
     1,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_JSON, OPTION_NUL, OPTION_META}},
    {"set",
     "PATH KEY [VALUE]",
     "set a key to a value",
     "A VALUE that is JSON is stored as that JSON. One that begins with {, [ or \" and is no\n"
     "JSON is an error. Anything else is stored as a string, and a note says so. Without\n"
     "VALUE, or with -, it is read from standard input.\n\n"
     "The database is made when it is not there. With --if-absent or --if-version the exit\n"
     "code is 7 when the condition does not hold, and nothing is written. With --ttl the key\n"
     "goes by itself after that time; without it an earlier one is cleared.",
     cli_set,
     1,
     2,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_RAW, OPTION_FSYNC, OPTION_IF_ABSENT, OPTION_IF_VERSION, OPTION_TTL}},
    {"del",
     "PATH [KEY...]",
     "delete keys, or a range of keys",
     "Exit code 1 when one of the keys is not there; the others are deleted all the same.\n\n"
     "With --prefix, --from or --to, and without KEY, all keys of the range go at once, in the\n"
     "time of one delete however many there are. The space comes back by itself in time.",
     cli_del,
     0,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, RANGE_OPTIONS, OPTION_FSYNC, OPTION_IF_VERSION}},
    {"incr",
     "PATH KEY [BY]",
     "add to a number, and print the sum",
     "Adds BY, 1 without it, to the integer under KEY, in one step however many do so at once.\n"
     "A missing key counts as --initial, and lives for --ttl. One that is there keeps its time\n"
     "to live. In a raw keyspace the number is its decimal text. The sum has 64 bits.",
     cli_incr,
     1,
     2,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_RAW, OPTION_FSYNC, OPTION_INITIAL, OPTION_TTL}},
    {"ttl",
     "PATH KEY",
     "print how long a key still lives",
     "In seconds, with milliseconds behind the point; none when it stays. Exit code 1 when the\n"
     "key is not there (any more).",
     cli_ttl,
     1,
     1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_JSON}},
    {"expire",
     "PATH KEY TIME",
     "let a key go by itself after a time",
     "TIME is 10s, 500ms, 15m, 2h or 7d; a number is seconds. The value stays as it is. Exit\n"
     "code 1 when the key is not there.",
     cli_expire,
     2,
     2,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_FSYNC, OPTION_IF_VERSION}},
    {"persist",
     "PATH KEY",
     "let a key stay that would have gone",
     "Nothing is written when it stays already. Exit code 1 when the key is not there.",
     cli_persist,
     1,
     1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_FSYNC}},
    {"touch",
     "PATH KEY [TIME]",
     "let a key live on",
     "For at least TIME from now on, or for its keyspace's default time to live. Never shortens\n"
     "a life: nothing is written for a key that stays, or lives longer. Exit code 1 when the\n"
     "key is not there (any more).",
     cli_touch,
     1,
     2,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_FSYNC}},
    {"scan",
     "PATH",
     "print keys and values in the order of keys",
     "Each line has a key, a tab and a value. With --json it is one object, with the key as\n"
     "\"_id\"; a value that is no object stands in \"_value\"; --as prints these objects in\n"
     "another form. With -0 a zero byte follows each key and each value.",
     cli_scan,
     0,
     0,
     true,
     NULL,
     {KEYSPACE_OPTIONS, RANGE_OPTIONS, OPTION_REVERSE, OPTION_LIMIT, OPTION_JSON, OPTION_NUL,
      OPTION_AS}},
    {"keys",
     "PATH",
     "print keys in their order",
     "One on each line, sorted by bytes.",
     cli_keys,
     0,
     0,
     true,
     NULL,
     {KEYSPACE_OPTIONS, RANGE_OPTIONS, OPTION_REVERSE, OPTION_LIMIT, OPTION_JSON, OPTION_NUL}},
    {"count",
     "PATH [FILTER]",
     "count keys, or documents that match",
     "Exact, by reading every key. --estimate prints what is known without reading, with ~ in\n"
     "front, for all keyspaces together. With FILTER, written as for find: the documents that\n"
     "match it.",
     cli_count,
     0,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, RANGE_OPTIONS, OPTION_ESTIMATE, OPTION_HINT, OPTION_MAX_SCAN, OPTION_JSON}},
    {"insert",
     "PATH DOCUMENT...",
     "add new documents, and print their keys",
     "Each DOCUMENT is a JSON object. Its key is its \"_id\", a string that no other document\n"
     "may have (else the exit code is 7), or a new UUID.",
     cli_insert_run,
     1,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_FSYNC, OPTION_TTL, OPTION_JSON}},
    {"find",
     "PATH [FILTER]",
     "print the documents that match",
     "FILTER is JSON, as in '{\"age\":{\"$gte\":18}}', or words that all have to hold, as in\n"
     "role=admin 'age>=18'; without it all documents match. The planner chooses an index;\n"
     "without one every document is examined.\n\n"
     "Laid out for reading on a terminal, JSONL in a pipe; --as chooses another form. Table,\n"
     "box, csv and markdown have a column for each field at the top of the documents.",
     cli_find_run,
     0,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_SORT, OPTION_SKIP, OPTION_LIMIT, OPTION_HINT, OPTION_MAX_SCAN,
      OPTION_AS, OPTION_FIELDS, OPTION_JSON}},
    {"explain",
     "PATH [FILTER]",
     "say how a query is carried out",
     "Runs it and prints its plan as a tree, what it examined and returned, and the index it\n"
     "misses; --json prints all of it as one object.",
     cli_explain_run,
     0,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_SORT, OPTION_SKIP, OPTION_LIMIT, OPTION_HINT, OPTION_MAX_SCAN,
      OPTION_JSON}},
    {"distinct",
     "PATH FIELD [FILTER]",
     "print the different values of a field",
     "As a JSON array, in their order; elements of arrays one by one.",
     cli_distinct_run,
     1,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_HINT, OPTION_MAX_SCAN}},
    {"group",
     "PATH FIELDS [FILTER]",
     "count and sum up the documents of each group",
     "A group has the documents with the same value in FIELDS, as city or city,role; with - all\n"
     "that match are one group. Each is printed as an object: what they have in common as\n"
     "\"_id\", their number as \"count\", and sum_FIELD, avg_FIELD, min_FIELD and max_FIELD for\n"
     "the fields of --sum, --avg, --min and --max. Sums and averages are of numbers; other\n"
     "values are passed over. --sort, --skip and --limit are about the groups, which else stand\n"
     "in the order of \"_id\": --sort -count --limit 10 prints the ten largest.\n\n"
     "FIELDS may also be a whole group in JSON, which chooses the names:\n"
     "'{\"_id\":\"$city\",\"people\":{\"$count\":{}},\"oldest\":{\"$max\":\"$age\"}}'.",
     cli_group_run,
     1,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_SUM, OPTION_AVG, OPTION_MIN, OPTION_MAX, OPTION_SORT, OPTION_SKIP,
      OPTION_LIMIT, OPTION_HINT, OPTION_MAX_SCAN, OPTION_AS, OPTION_JSON}},
    {"update",
     "PATH FILTER... UPDATE",
     "change the documents that match",
     "FILTER is JSON, or words such as role=admin; UPDATE has operators, as in\n"
     "'{\"$set\":{\"role\":\"user\"},\"$inc\":{\"visits\":1}}'. All of it is one commit.",
     cli_update_run,
     2,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_FSYNC, OPTION_ONE, OPTION_UPSERT, OPTION_SORT, OPTION_HINT,
      OPTION_JSON}},
    {"patch",
     "PATH KEY [PATCH]",
     "change one document by a patch",
     "An object is a merge patch (RFC 7396): its members replace those of the document, and\n"
     "null removes one, as in '{\"age\":32,\"home\":{\"zip\":null}}'. An array is a list of\n"
     "operations (RFC 6902): add, remove, replace, move, copy and test; all of them are carried\n"
     "out, or none. Without PATCH, or with -, it is read from standard input.\n\n"
     "Exit code 1 when the key is not there, 7 when a \"test\" or --if-version does not hold.",
     cli_patch_run,
     1,
     2,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_FSYNC, OPTION_IF_VERSION}},
    {"remove",
     "PATH FILTER",
     "delete the documents that match",
     "FILTER is JSON, or words such as role=admin; {} removes all documents. All of it is one\n"
     "commit.",
     cli_remove_run,
     1,
     -1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_FSYNC, OPTION_ONE, OPTION_SORT, OPTION_HINT, OPTION_JSON}},
    {"index",
     "PATH create FIELD... | drop NAME | list",
     "create, drop and list indexes",
     "An index over one FIELD or up to eight; -FIELD is descending, a.b a field inside a. Each\n"
     "element of an array is in the index. Documents that are there are added, without holding\n"
     "up other writers; an index whose creation was interrupted is gone on with when it is\n"
     "created again.",
     cli_index,
     1,
     -1,
     true,
     "create drop list",
     {KEYSPACE_OPTIONS, OPTION_NAME, OPTION_UNIQUE, OPTION_SPARSE, OPTION_ONLY, OPTION_AS,
      OPTION_JSON}},
    {"import",
     "PATH [FILE]",
     "read documents from a file",
     "From standard input without FILE, or with -. Compressed by gzip or not. Formats:\n\n"
     "  jsonl   one JSON value on each line\n"
     "  json    the elements of one array, or values that follow one another\n"
     "  csv     RFC 4180; the first line names the fields. A column is of numbers, or of true\n"
     "          and false, when its first cells are; else of strings, as are cells in quotes.\n"
     "          An empty cell is a field that is not there. --types says what a column is:\n"
     "          string, number, boolean, or json\n"
     "  deb822  paragraphs of Debian control files; every field becomes a string\n"
     "  raw     key, tab, value; \\t \\n \\r \\\\ and \\xNN are read as those bytes; a value is\n"
     "          understood as set understands it\n\n"
     "The key is the field --id, which stays in the document unless it is _id. Without\n"
     "--id it is the field _id, and where that is missing a new UUID. _expires_ms is when it\n"
     "expires, in milliseconds since 1970, and is no part of the document.\n\n"
     "A bad line is reported with its number and skipped, or ends the import with\n"
     "--on-error stop. What was committed stays: the last line says how far it came. With\n"
     "--resume each commit keeps the place too, in the collection ferric.imports: the same\n"
     "command goes on there, whatever ended it, and no record is stored twice.",
     cli_import,
     0,
     1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_RAW, OPTION_FSYNC, OPTION_FORMAT, OPTION_ID, OPTION_KEY,
      OPTION_ON_ERROR, OPTION_BATCH, OPTION_LINE_MAX, OPTION_ACK_FILE, OPTION_TYPES, OPTION_RESUME,
      OPTION_LIMIT}},
    {"export",
     "PATH [FILE]",
     "write documents to a file",
     "To standard output without FILE, or with -. A FILE that ends in .gz is compressed; it\n"
     "appears under its name when it is complete. All of it is one state of the database,\n"
     "and import reads it back. Formats: jsonl, json (one array), csv and raw, by the file's\n"
     "name or --format. The key is the field \"_id\", the time at which it expires\n"
     "\"_expires_ms\", in raw lines _expires_ms=N behind a second tab. csv has a column for each\n"
     "field at the top of the documents, or those of --fields; what has a value of its own but\n"
     "is no text is written as JSON.",
     cli_export,
     0,
     1,
     true,
     NULL,
     {KEYSPACE_OPTIONS, RANGE_OPTIONS, OPTION_LIMIT, OPTION_FORMAT, OPTION_FIELDS}},
    {"info",
     "PATH",
     "what is in a database, and how it is doing",
     "Keyspaces, size, levels, memory, amplification and what recovery found.",
     cli_info,
     0,
     0,
     true,
     NULL,
     {DATABASE_OPTIONS, OPTION_JSON, OPTION_EXACT}},
    {"keyspaces",
     "PATH [list|rename OLD NEW|drop NAME|ttl NAME [TIME]]",
     "list, rename and drop keyspaces",
     "Without a word, and with list: each keyspace with its kind and, where it has one, the\n"
     "time to live that keys get which are put without one. ttl prints that of a keyspace, and\n"
     "sets it to TIME, or to none; keys that are there keep theirs. A rename keeps what is in\n"
     "it.\n"
     "A drop removes the keyspace and all of its keys at once, however many there are; it asks\n"
     "on a terminal, and elsewhere --yes is needed. The keyspace main can be emptied, by\n"
     "ferric del with --from '', but neither renamed nor dropped.",
     cli_keyspaces,
     0,
     3,
     true,
     "list rename drop ttl",
     {DATABASE_OPTIONS, OPTION_FSYNC, OPTION_JSON, OPTION_YES}},
    {"stats",
     "PATH",
     "how a database is doing; every number with --json",
     "With --watch it opens the database again and again, beside its writer, and prints what\n"
     "changed. --json prints the library's own JSON.",
     cli_stats,
     0,
     0,
     true,
     NULL,
     {DATABASE_OPTIONS, OPTION_JSON, OPTION_WATCH}},
    {"compact",
     "PATH",
     "merge all tables and drop what is deleted",
     "Gives space back and makes reading cheaper. It happens by itself in time.",
     cli_compact,
     0,
     0,
     true,
     NULL,
     {DATABASE_OPTIONS}},
    {"verify",
     "PATH",
     "read the whole database and check every checksum",
     "Prints each problem with its file and offset. Exit code 4 when there is one.",
     cli_verify,
     0,
     0,
     true,
     NULL,
     {DATABASE_OPTIONS, OPTION_JSON}},
    {"repair",
     "PATH NEW",
     "save what can be read of a damaged database",
     "Writes everything that can still be read into a new database at NEW, which must not\n"
     "exist; the damaged one is not changed. What was lost is told on standard error. With\n"
     "--json a report is printed.",
     cli_repair,
     1,
     1,
     true,
     NULL,
     {OPTION_SETTING, KEY_OPTIONS, OPTION_JSON}},
    {"debug",
     "wal|table|manifest PATH",
     "print what is in the files of a database",
     "For a bug report. PATH is a database, all of whose logs (tables, manifests) are read, or\n"
     "one file. Takes no lock and changes nothing, so it works beside a writer, on a copy, and\n"
     "on damaged files: what is damaged is told with its place, and reading goes on behind it\n"
     "as far as checksums hold.\n\n"
     "Each line has an offset in the file, what stands there, and its fields. Keys and values\n"
     "are shortened to 64 bytes but for --full. After --limit lines, 1000 without it, files,\n"
     "damage and totals are still told. --key shows the operations on a key, and the tables\n"
     "that may have it. In a collection a value begins with its format byte, \\x01.\n\n"
     "Exit code 4 when something is damaged.",
     cli_debug,
     2,
     2,
     false,
     "wal table manifest",
     {OPTION_KEY, OPTION_LIMIT, OPTION_FULL, OPTION_JSON, KEY_OPTIONS}},
    {"rekey",
     "PATH",
     "change the keys of an encrypted database",
     "The key that opens it is replaced by a new one, from --new-key-file, from\n"
     "--new-passphrase-file, or typed on the terminal. That takes no longer for a large\n"
     "database. --add lets the new key open it beside the others, --remove lets the key that\n"
     "is given as new open it no more.\n\n"
     "--rotate leaves the keys and draws a new data key, with which new files are sealed; old\n"
     "ones keep theirs until compaction rewrites them, or are rewritten at once by --rewrite.",
     cli_rekey,
     0,
     0,
     true,
     NULL,
     {DATABASE_OPTIONS, OPTION_NEW_KEY_FILE, OPTION_NEW_PASSPHRASE_FILE, OPTION_ADD, OPTION_REMOVE,
      OPTION_ROTATE, OPTION_REWRITE}},
    {"encrypt",
     "PATH NEW",
     "make an encrypted copy of a database",
     "All that is in the database at PATH, which is not encrypted, into a new one at NEW, with\n"
     "the key of --key-file or --passphrase-file, or a passphrase typed twice. PATH is not\n"
     "changed: remove it with destroy. What its files held may stay on the disk's free space.",
     cli_encrypt,
     1,
     1,
     true,
     NULL,
     {OPTION_SETTING, KEY_OPTIONS}},
    {"decrypt",
     "PATH NEW",
     "make a copy of an encrypted database in clear",
     "All that is in the encrypted database at PATH into a new one at NEW that needs no key.",
     cli_decrypt,
     1,
     1,
     true,
     NULL,
     {OPTION_SETTING, KEY_OPTIONS}},
    {"destroy",
     "PATH",
     "remove a database",
     "Files in the directory that are not the database's stay. Asks on a terminal; elsewhere\n"
     "--yes is needed. The key of an encrypted one is not.",
     cli_destroy,
     0,
     0,
     true,
     NULL,
     {OPTION_YES}},
    {"bench",
     "PATH",
     "measure this machine",
     "Makes a database at PATH, which must not exist, runs workloads on it, checks every value\n"
     "that it reads, and removes it. Workloads:\n\n"
     "  fill-sequential fill-random overwrite fill-batch\n"
     "  fill-sync fill-sync-4 fill-sync-16   one sync a commit, from so many threads\n"
     "  read-random read-zipfian read-missing read-multi\n"
     "  scan  100 entries each          reader-writer  a reader beside a writer\n"
     "  delete\n"
     "  ycsb-a ycsb-b ycsb-c ycsb-d ycsb-e ycsb-f\n\n"
     "Unsynced workloads run with --fsync=never unless it is given.",
     cli_bench,
     0,
     0,
     true,
     NULL,
     {OPTION_JSON, OPTION_FSYNC, OPTION_SETTING, KEY_OPTIONS, OPTION_WORKLOAD, OPTION_ENTRIES,
      OPTION_OPERATIONS, OPTION_VALUE_SIZE, OPTION_SEED, OPTION_KEEP}},
    {"repl",
     "PATH",
     "work with a database by hand",
     "The same as ferric PATH. HELP and .help list what can be typed. Reads lines from\n"
     "standard input when it is no terminal.",
     cli_repl,
     0,
     0,
     true,
     NULL,
     {KEYSPACE_OPTIONS, OPTION_FSYNC, OPTION_JSON}},
    {"completion",
     "SHELL",
     "print completion for bash, zsh or fish",
     "bash:  ferric completion bash >~/.local/share/bash-completion/completions/ferric\n"
     "zsh:   ferric completion zsh >~/.zfunc/_ferric, with ~/.zfunc in fpath\n"
     "fish:  ferric completion fish >~/.config/fish/completions/ferric.fish",
     cli_completion,
     1,
     1,
     false,
     "bash zsh fish",
     {OPTION_NONE}},
    {"version",
     "",
     "print the version",
     "Of the program and its library.",
     cli_version,
     0,
     0,
     false,
     "",
     {OPTION_JSON}},
    {"help",
     "[COMMAND]",
     "explain a command",
     "Without COMMAND: the list of commands. help options lists what --option NAME=VALUE sets.",
     cli_help,
     0,
     1,
     false,
     CLI_WORDS_COMMANDS,
     {OPTION_MAN}},
};

const cli_command *cli_commands(size_t *count)
{
    *count = sizeof commands / sizeof *commands;
    return commands;
}

const cli_command *cli_command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    }
    return NULL;
}

bool cli_command_takes(const cli_command *command, cli_option option)
{
    if (option == OPTION_HELP || option == OPTION_VERSION || option == OPTION_QUIET) return true;
    for (size_t i = 0; i < CLI_COMMAND_OPTIONS_MAX; i++) {
        if (command->options[i] == option) return true;
    }
    return false;
}
