// SPDX-License-Identifier: Apache-2.0
// What the program can do, as two tables: its commands and its options. Parsing, help, the man page
// and shell completion are all made from them, so they cannot disagree.
#ifndef FERRIC_CLI_COMMAND_TABLE_H
#define FERRIC_CLI_COMMAND_TABLE_H

#include <ferric/ferric.h>

typedef enum cli_option {
    OPTION_NONE = 0, // Ends a command's list.
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_KEYSPACE,
    OPTION_RAW,
    OPTION_JSON,
    OPTION_NUL,
    OPTION_QUIET,
    OPTION_WAIT,
    OPTION_FSYNC,
    OPTION_SETTING,
    OPTION_PREFIX,
    OPTION_FROM,
    OPTION_TO,
    OPTION_REVERSE,
    OPTION_LIMIT,
    OPTION_META,
    OPTION_IF_ABSENT,
    OPTION_IF_VERSION,
    OPTION_TTL,
    OPTION_INITIAL,
    OPTION_ESTIMATE,
    OPTION_EXACT,
    OPTION_FORMAT,
    OPTION_ID,
    OPTION_ON_ERROR,
    OPTION_BATCH,
    OPTION_LINE_MAX,
    OPTION_ACK_FILE,
    OPTION_TYPES,
    OPTION_RESUME,
    OPTION_WATCH,
    OPTION_YES,
    OPTION_WORKLOAD,
    OPTION_ENTRIES,
    OPTION_OPERATIONS,
    OPTION_VALUE_SIZE,
    OPTION_SEED,
    OPTION_KEEP,
    OPTION_MAN,
    OPTION_KEY,
    OPTION_FULL,
    OPTION_SORT,
    OPTION_SKIP,
    OPTION_HINT,
    OPTION_MAX_SCAN,
    OPTION_AS,
    OPTION_FIELDS,
    OPTION_SUM,
    OPTION_AVG,
    OPTION_MIN,
    OPTION_MAX,
    OPTION_ONE,
    OPTION_UPSERT,
    OPTION_NAME,
    OPTION_UNIQUE,
    OPTION_SPARSE,
    OPTION_ONLY,
    OPTION_KEY_FILE,
    OPTION_PASSPHRASE_FILE,
    OPTION_NEW_KEY_FILE,
    OPTION_NEW_PASSPHRASE_FILE,
    OPTION_ADD,
    OPTION_REMOVE,
    OPTION_ROTATE,
    OPTION_REWRITE,
    OPTION_COUNT,
} cli_option;

typedef struct cli_option_info {
    const char *name;     // Long name, without dashes.
    char letter;          // Short name, 0 for none.
    const char *argument; // What to write for its argument in help, NULL when it takes none.
    const char *choices;  // Words it accepts, parted by spaces; NULL for any.
    const char *help;     // One line.
} cli_option_info;

struct cli_arguments;

#define CLI_COMMAND_OPTIONS_MAX 20
// As `words` of a command: the names of commands.
#define CLI_WORDS_COMMANDS "*"

typedef struct cli_command {
    const char *name;
    const char *synopsis;    // Behind the name: "PATH KEY...".
    const char *summary;     // One line.
    const char *description; // Paragraphs parted by an empty line; lines as they are to be printed.
    int (*run)(const struct cli_arguments *arguments); // Returns the exit code.
    int words_min;                                     // Words behind PATH.
    int words_max;                                     // -1: any number.
    bool has_path;                                     // The first word is a database.
    const char *words; // What completion offers behind PATH; NULL for file names.
    cli_option options[CLI_COMMAND_OPTIONS_MAX]; // Its own; those of all come by themselves.
} cli_command;

extern const cli_option_info cli_options[OPTION_COUNT];

// The commands in the order of the help text.
const cli_command *cli_commands(size_t *count);
// NULL when there is none of this name.
const cli_command *cli_command_find(const char *name);
// Whether `command` takes `option`; OPTION_HELP and OPTION_QUIET go with each.
bool cli_command_takes(const cli_command *command, cli_option option);

#endif
