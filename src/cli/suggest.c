// SPDX-License-Identifier: Apache-2.0
// Near words; see suggest.h.
#include "cli/suggest.h"

#include <string.h>

#include "cli/command_table.h"

#define WORD_SIZE_MAX 31

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

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t cli_word_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_SIZE_MAX + 1];
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);

    if (a_size > WORD_SIZE_MAX || b_size > WORD_SIZE_MAX) return 99;
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = smaller(above[j], row[j - 1]) + 1;
            row[j] = smaller(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = smaller(row[j], rows[(i + 1) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a_size % 3][b_size];
}

// From here on it is another word: two letters may differ, in a short word one.
static size_t distance_limit(const char *word)
{
    return strlen(word) <= 4 ? 2 : 3;
}

// Keeps `candidate` when it is nearer to `word` than all before.
static void consider(const char *word, const char *candidate, const char **best, size_t *distance)
{
    size_t found = cli_word_distance(word, candidate);
    if (found >= *distance || found >= strlen(candidate)) return;
    *best = candidate;
    *distance = found;
}

const char *cli_suggest_command(const char *word)
{
    const char *best = NULL;
    size_t distance = distance_limit(word);
    size_t count;
    const cli_command *commands = cli_commands(&count);

    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++) {
        if (strcmp(word, synonyms[i].word) == 0) return synonyms[i].command;
    }
    for (size_t i = 0; i < count; i++)
        consider(word, commands[i].name, &best, &distance);
    return best;
}

const char *cli_suggest_option(const char *word)
{
    const char *best = NULL;
    size_t distance = distance_limit(word);
    for (size_t i = 1; i < OPTION_COUNT; i++) {
        consider(word, cli_options[i].name, &best, &distance);
    }
    return best;
}
