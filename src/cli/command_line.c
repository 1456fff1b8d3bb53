// SPDX-License-Identifier: Apache-2.0
// Reading the command line; see command_line.h.
//
// getopt_long gives words and options in the order in which they stand, so that a word such as -5
// can be taken as a value before it is taken for options, and the first word decides which options
// exist.
#include "cli/command_line.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/suggest.h"

static void list_options(struct option *longs, char *letters)
{
    size_t count = 0;
    *letters++ = '-'; // Words in their order.
    *letters++ = ':'; // Errors are told by us.
    for (int i = 1; i < OPTION_COUNT; i++) {
        const cli_option_info *info = &cli_options[i];
        longs[count].name = info->name;
        longs[count].has_arg = info->argument == NULL ? no_argument : required_argument;
        longs[count].flag = NULL;
        longs[count].val = 256 + i;
        count++;
        if (info->letter == 0) continue;
        *letters++ = info->letter;
        if (info->argument != NULL) *letters++ = ':';
    }
    memset(&longs[count], 0, sizeof longs[count]);
    *letters = 0;
}

static cli_option option_of(int found)
{
    if (found >= 256) return (cli_option)(found - 256);
    for (int i = 1; i < OPTION_COUNT; i++) {
        if (cli_options[i].letter == found) return (cli_option)i;
    }
    return OPTION_NONE;
}

static bool is_negative_number(const char *word)
{
    return word[0] == '-' && (isdigit((unsigned char)word[1]) || word[1] == '.') && word[1] != '0';
}

// Descending fields of a new index: ferric index PATH create role -age.
static bool is_descending_field(const cli_arguments *arguments, const char *word)
{
    return word[0] == '-' && word[1] != '-' && word[1] != 0 && word[2] != 0 &&
           arguments->word_count >= 3 && strcmp(arguments->words[0], "index") == 0 &&
           strcmp(arguments->words[2], "create") == 0;
}

static bool is_choice(const char *choices, const char *word)
{
    size_t size = strlen(word);
    const char *at = choices;
    while (size > 0 && (at = strstr(at, word)) != NULL) {
        bool begins = at == choices || at[-1] == ' ';
        if (begins && (at[size] == ' ' || at[size] == 0)) return true;
        at++;
    }
    return false;
}

// `letter` is what getopt stumbled over: 0 for a long name, which is in `word`, and the number of a
// known one that was given a value.
static int fail_unknown_option(int letter, const char *word)
{
    char name[64] = "";
    const char *near;
    size_t size;

    if (letter >= 256) {
        return cli_fail(CLI_USAGE, "--%s takes no value", cli_options[letter - 256].name);
    }
    if (letter > 0) return cli_fail(CLI_USAGE, "there is no option -%c", letter);
    size = strcspn(word, "=");
    if (size < sizeof name) memcpy(name, word, size);
    near = cli_suggest_option(name[0] == 0 ? "" : name + 2);
    return cli_fail(CLI_USAGE, "there is no option %.*s%s%s%s", (int)size, word,
                    near == NULL ? "" : "; did you mean --", near == NULL ? "" : near,
                    near == NULL ? "" : "?");
}

static int take_option(cli_arguments *arguments, cli_option option, const char *value)
{
    const cli_option_info *info = &cli_options[option];
    if (info->choices != NULL && !is_choice(info->choices, value)) {
        return cli_fail(CLI_USAGE, "--%s is one of: %s; not %s", info->name, info->choices, value);
    }
    if (option == OPTION_SETTING) {
        if (arguments->setting_count == CLI_SETTINGS_MAX) {
            return cli_fail(CLI_USAGE, "more than %d times --option", CLI_SETTINGS_MAX);
        }
        arguments->settings[arguments->setting_count++] = value;
    }
    arguments->values[option] = value == NULL ? "" : value;
    return CLI_DONE;
}

// Splits options from words; the words move to the front of `argv`, behind the program's name.
static int read_words(int argc, char **argv, cli_arguments *arguments)
{
    struct option longs[OPTION_COUNT + 1];
    char letters[2 * OPTION_COUNT + 4];
    int code = CLI_DONE;
    int found = 0;
    int before;
    bool is_inside = false; // Of a word with several letters, some of which are to come.

    list_options(longs, letters);
    opterr = 0;
    optind = 0; // getopt begins anew: the REPL reads many lines.
    arguments->words = argv + 1;
    while (code == CLI_DONE && found != -1) {
        if (optind > 0 && optind < argc && !is_inside &&
            (is_negative_number(argv[optind]) || is_descending_field(arguments, argv[optind]))) {
            argv[1 + arguments->word_count++] = argv[optind++];
            continue;
        }
        before = optind == 0 ? 1 : optind;
        found = getopt_long(argc, argv, letters, longs, NULL);
        is_inside = optind == before;
        if (found == 1) {
            argv[1 + arguments->word_count++] = optarg;
        } else if (found == ':') {
            code = cli_fail(CLI_USAGE, "%s needs a value", argv[optind - 1]);
        } else if (found == '?') {
            code = fail_unknown_option(optopt, argv[optind - 1]);
        } else if (found != -1) {
            code = take_option(arguments, option_of(found), optarg);
        }
    }
    while (code == CLI_DONE && optind < argc) {
        argv[1 + arguments->word_count++] = argv[optind++]; // Behind "--".
    }
    return code;
}

static char *shift_word(cli_arguments *arguments)
{
    arguments->word_count--;
    return *arguments->words++;
}

static bool looks_like_path(const char *word)
{
    return strpbrk(word, "./:") != NULL || access(word, F_OK) == 0;
}

static int fail_unknown_command(const cli_arguments *arguments)
{
    const char *word = arguments->words[0];
    const char *near = cli_suggest_command(word);
    bool has_more_words = arguments->word_count > 1;

    if (has_more_words && cli_command_find(arguments->words[1]) != NULL) {
        return cli_fail(CLI_USAGE, "the command comes first: ferric %s %s", arguments->words[1],
                        word);
    }
    if (near != NULL) {
        return cli_fail(CLI_USAGE, "there is no command %s; did you mean %s? See ferric help", word,
                        near);
    }
    if (has_more_words && looks_like_path(word)) {
        return cli_fail(CLI_USAGE, "the command comes first: ferric COMMAND %s; see ferric help",
                        word);
    }
    if (has_more_words) {
        return cli_fail(CLI_USAGE, "there is no command %s; see ferric help", word);
    }
    return cli_fail(CLI_USAGE,
                    "there is no command and no database %s; ferric repl %s makes a database", word,
                    word);
}

// A word that is no command is the path of a database, which is opened in the REPL.
static int choose_command(cli_arguments *arguments)
{
    const char *word = arguments->word_count == 0 ? "help" : arguments->words[0];

    if (cli_has(arguments, OPTION_VERSION)) word = "version";
    arguments->command = cli_command_find(word);
    if (arguments->command != NULL) {
        if (arguments->word_count > 0) shift_word(arguments);
        return CLI_DONE;
    }
    if (arguments->word_count > 1 || !looks_like_path(word)) {
        return fail_unknown_command(arguments);
    }
    arguments->command = cli_command_find("repl");
    return CLI_DONE;
}

static int check_options(const cli_arguments *arguments)
{
    for (int i = 1; i < OPTION_COUNT; i++) {
        if (cli_has(arguments, (cli_option)i) &&
            !cli_command_takes(arguments->command, (cli_option)i)) {
            return cli_fail(CLI_USAGE, "%s has no option --%s; see ferric help %s",
                            arguments->command->name, cli_options[i].name,
                            arguments->command->name);
        }
    }
    return CLI_DONE;
}

static int check_words(cli_arguments *arguments)
{
    const cli_command *command = arguments->command;
    int path_count = command->has_path ? 1 : 0;
    int count = arguments->word_count - path_count;

    if (count < command->words_min || (command->words_max >= 0 && count > command->words_max)) {
        return cli_fail(CLI_USAGE, "usage: ferric %s %s", command->name, command->synopsis);
    }
    if (command->has_path) arguments->path = shift_word(arguments);
    return CLI_DONE;
}

int cli_command_line_read(int argc, char **argv, cli_arguments *arguments)
{
    int code;
    memset(arguments, 0, sizeof *arguments);
    code = read_words(argc, argv, arguments);
    if (code == CLI_DONE) code = choose_command(arguments);
    if (code == CLI_DONE) code = check_options(arguments);
    if (code == CLI_DONE && !cli_has(arguments, OPTION_HELP)) code = check_words(arguments);
    return code;
}

// ---- Numbers --------------------------------------------------------------------------------

// The factor of a suffix: "k" is 1,000 things or, of a size, 1,024 bytes as in the options of the
// database; "KiB" and "kB" leave no doubt. 0 for another word.
static uint64_t factor_of(const char *suffix, bool is_size)
{
    static const char letters[] = "kmgt";
    const char *found;
    uint64_t base = 1000;
    uint64_t factor = 1;

    if (*suffix == 0) return 1;
    found = memchr(letters, tolower((unsigned char)*suffix), sizeof letters - 1);
    if (found == NULL) return 0;
    suffix++;
    if (strcasecmp(suffix, "ib") == 0 || (is_size && *suffix == 0)) {
        base = 1024;
    } else if (*suffix != 0 && strcasecmp(suffix, "b") != 0) {
        return 0;
    }
    for (; found >= letters; found--)
        factor *= base;
    return factor;
}

int cli_number(const cli_arguments *arguments, cli_option option, uint64_t most, uint64_t otherwise,
               uint64_t *number)
{
    const char *text = arguments->values[option];
    char *end;
    uint64_t factor;

    *number = otherwise;
    if (text == NULL) return CLI_DONE;
    errno = 0;
    *number = strtoull(text, &end, 10);
    factor = factor_of(end, strcmp(cli_options[option].argument, "SIZE") == 0);
    if (!isdigit((unsigned char)*text) || errno != 0 || factor == 0 || *number > most / factor) {
        return cli_fail(CLI_USAGE, "--%s takes a number up to %llu, not %s",
                        cli_options[option].name, (unsigned long long)most, text);
    }
    *number *= factor;
    return CLI_DONE;
}
