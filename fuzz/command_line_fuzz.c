// SPDX-License-Identifier: Apache-2.0
// The command line: words parted by newlines. What is read points into the words that were given,
// each command gets as many as it takes, and numbers and options of the database are read or
// refused.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/session.h"
#include "fuzz.h"
#include "quiet.h"

#define WORDS_MAX 80

const size_t fuzz_fixed_memory = 4096;

// Parts `text` at newlines; what follows the last word that fits is dropped.
static int part_words(char *text, char **argv)
{
    static char name[] = "ferric";
    int count = 0;

    argv[count++] = name;
    for (char *word = text; word != NULL && count < WORDS_MAX; count++) {
        char *newline = strchr(word, '\n');
        if (newline != NULL) *newline++ = '\0';
        argv[count] = word;
        word = newline;
    }
    argv[count] = NULL;
    return count;
}

static bool is_inside(const char *word, const char *text, size_t size)
{
    return word >= text && word <= text + size;
}

static void check_words(const cli_arguments *arguments, const char *text, size_t size)
{
    const cli_command *command = arguments->command;

    FUZZ_CHECK(command != NULL);
    for (int i = 0; i < arguments->word_count; i++)
        FUZZ_CHECK(is_inside(arguments->words[i], text, size));
    for (int i = 1; i < OPTION_COUNT; i++) {
        const char *value = arguments->values[i];
        if (value == NULL) continue;
        FUZZ_CHECK(cli_command_takes(command, (cli_option)i));
        FUZZ_CHECK(cli_options[i].argument == NULL || is_inside(value, text, size));
    }
    if (cli_has(arguments, OPTION_HELP)) return;
    FUZZ_CHECK(arguments->word_count >= command->words_min);
    FUZZ_CHECK(command->words_max < 0 || arguments->word_count <= command->words_max);
    FUZZ_CHECK(!command->has_path || is_inside(arguments->path, text, size));
}

static void read_values(const cli_arguments *arguments)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    uint64_t number;
    int code;

    for (int i = 1; i < OPTION_COUNT; i++) {
        if (cli_options[i].argument == NULL) continue;
        code = cli_number(arguments, (cli_option)i, 1000000, 7, &number);
        FUZZ_CHECK(code == CLI_USAGE || number <= 1000000);
    }
    code = cli_database_options(arguments, &options);
    FUZZ_CHECK(code == CLI_DONE || code == CLI_USAGE);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char *argv[WORDS_MAX + 1];
    cli_arguments arguments;
    bool is_valid;

    if (text == NULL) abort();
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    quiet_begin(data, size);
    optind = 0; // getopt begins anew.
    is_valid = cli_command_line_read(part_words(text, argv), argv, &arguments) == CLI_DONE;
    if (is_valid) {
        check_words(&arguments, text, size);
        read_values(&arguments);
    }
    quiet_end();
    free(text);
    return is_valid;
}
