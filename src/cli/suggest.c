// SPDX-License-Identifier: Apache-2.0
// Near words; see suggest.h.
#include "cli/suggest.h"

#include <string.h>

#include "base/near_word.h"
#include "base/slice.h"
#include "cli/command_table.h"

static const struct {
    const char *word;
    const char *command;
} synonyms[] = {
    {"rm", "del"},      {"remove", "del"},      {"delete", "del"},      {"unset", "del"},
    {"erase", "del"},   {"ls", "keys"},         {"list", "keys"},       {"cat", "get"},
    {"read", "get"},    {"show", "get"},        {"put", "set"},         {"write", "set"},
    {"add", "set"},     {"dump", "export"},     {"load", "import"},     {"restore", "import"},
    {"range", "scan"},  {"size", "info"},       {"status", "info"},     {"check", "verify"},
    {"fsck", "verify"}, {"vacuum", "compact"},  {"drop", "destroy"},    {"shell", "repl"},
    {"log", "debug"},   {"inspect", "debug"},   {"len", "count"},       {"wc", "count"},
    {"man", "help"},    {"benchmark", "bench"}, {"aggregate", "group"}, {"groupby", "group"},
    {"merge", "patch"},
};

const char *cli_suggest_command(const char *word)
{
    fe_near_word near;
    size_t count;
    const cli_command *commands = cli_commands(&count);

    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++) {
        if (strcmp(word, synonyms[i].word) == 0) return synonyms[i].command;
    }
    fe_near_word_init(&near, fe_slice_text(word));
    for (size_t i = 0; i < count; i++)
        fe_near_word_consider(&near, commands[i].name);
    return near.best;
}

const char *cli_suggest_option(const char *word)
{
    fe_near_word near;

    fe_near_word_init(&near, fe_slice_text(word));
    for (size_t i = 1; i < OPTION_COUNT; i++)
        fe_near_word_consider(&near, cli_options[i].name);
    return near.best;
}
