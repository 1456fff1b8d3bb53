// SPDX-License-Identifier: Apache-2.0
// Help texts; see help.h.
#include "cli/help.h"

#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/suggest.h"

static void print_option(FILE *file, cli_option option)
{
    const cli_option_info *info = &cli_options[option];
    char name[64];
    char letter[8] = "   ";
    if (info->letter != 0) snprintf(letter, sizeof letter, "-%c,", info->letter);
    snprintf(name, sizeof name, "%s --%s%s%s", letter, info->name,
             info->argument == NULL ? "" : " ", info->argument == NULL ? "" : info->argument);
    fprintf(file, "  %-28s %s\n", name, info->help);
}

static void print_command(FILE *file, const cli_command *command)
{
    fprintf(file, "usage: ferric %s %s [OPTION]...\n\n%s\n\n%s\n\noptions:\n", command->name,
            command->synopsis, command->summary, command->description);
    for (int i = 1; i < OPTION_COUNT; i++) {
        if (i != OPTION_VERSION && cli_command_takes(command, (cli_option)i)) {
            print_option(file, (cli_option)i);
        }
    }
}

static void print_commands(FILE *file)
{
    size_t count;
    const cli_command *commands = cli_commands(&count);
    fprintf(file, "usage: ferric COMMAND PATH [WORD]... [OPTION]...\n"
                  "       ferric PATH\n\n"
                  "PATH is a database, which is a directory. Without a command it is opened to be\n"
                  "worked with by hand.\n\n");
    for (size_t i = 0; i < count; i++) {
        fprintf(file, "  %-12s %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(file, "\nferric help COMMAND explains one. Examples:\n\n"
                  "  ferric set app.db user:1 '{\"name\":\"alice\"}'\n"
                  "  ferric get app.db user:1\n"
                  "  ferric scan app.db --prefix user: --reverse --limit 5\n"
                  "  ferric import app.db -k users --id email people.jsonl\n");
}

void cli_help_print(FILE *file, const cli_command *command)
{
    if (command == NULL) {
        print_commands(file);
    } else {
        print_command(file, command);
    }
}

// The library's own list.
static void print_database_options(void)
{
    const char *help;
    const char *name;
    for (size_t i = 0; (name = ferric_options_name(i, &help)) != NULL; i++) {
        cli_print("%-20s %s\n", name, help);
    }
}

int cli_help(const cli_arguments *arguments)
{
    const cli_command *command = NULL;
    if (cli_has(arguments, OPTION_MAN)) {
        cli_man_print(stdout);
        return CLI_DONE;
    }
    if (arguments->word_count > 0 && strcmp(arguments->words[0], "options") == 0) {
        print_database_options();
        return CLI_DONE;
    }
    if (arguments->word_count > 0) {
        command = cli_command_find(arguments->words[0]);
        if (command == NULL) {
            const char *near = cli_suggest_command(arguments->words[0]);
            return cli_fail(CLI_USAGE, "there is no command %s%s%s%s", arguments->words[0],
                            near == NULL ? "; see ferric help" : "; did you mean ",
                            near == NULL ? "" : near, near == NULL ? "" : "?");
        }
    }
    cli_help_print(stdout, command);
    return CLI_DONE;
}

int cli_version(const cli_arguments *arguments)
{
    cli_print(cli_has(arguments, OPTION_JSON) ? "{\"version\":\"%s\"}\n" : "ferric %s\n",
              ferric_version());
    return CLI_DONE;
}
