// SPDX-License-Identifier: Apache-2.0
// The manual page as scdoc source: `ferric help --man`, which the build makes ferric.1 of.
#include <ctype.h>

#include "cli/help.h"

// Text outside of literal blocks, with scdoc's signs escaped.
static void print_text(FILE *file, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '_' || *text == '*' || *text == '\\' || *text == '<' || *text == '#' ||
            *text == '~' || *text == '[' || *text == '|') {
            fputc('\\', file);
        }
        fputc(*text, file);
    }
}

static void print_option_entry(FILE *file, cli_option option)
{
    const cli_option_info *info = &cli_options[option];
    fputc('*', file);
    if (info->letter != 0) fprintf(file, "-%c*, *", info->letter);
    fprintf(file, "--%s*", info->name);
    if (info->argument != NULL) {
        fputs(" _", file);
        print_text(file, info->argument);
        fputc('_', file);
    }
    fputs("++\n", file);
    print_text(file, info->help);
    fputs("\n\n", file);
}

static void print_command_section(FILE *file, const cli_command *command)
{
    // A heading is plain text to scdoc.
    fprintf(file, "## ferric %s %s\n\n", command->name, command->synopsis);
    print_text(file, command->summary);
    fputs(".\n\n```\n", file);
    fputs(command->description, file);
    fputs("\n```\n\nOptions:", file);
    for (int i = 1; i < OPTION_COUNT; i++) {
        if (i == OPTION_VERSION || !cli_command_takes(command, (cli_option)i)) continue;
        fprintf(file, " *--%s*", cli_options[i].name);
    }
    fputs("\n\n", file);
}

static void print_exit_codes(FILE *file)
{
    fputs("# EXIT CODES\n\n"
          "*0*  done; also a scan without a result++\n"
          "*1*  the key of get or del is not there++\n"
          "*2*  the command line is wrong, or the input is no JSON++\n"
          "*3*  no database there, or it is of another version, or another process writes "
          "it++\n"
          "*4*  the database is damaged; also when verify found something++\n"
          "*5*  a file or disk failed or is full; also standard output++\n"
          "*7*  a condition did not hold, or the keyspace is of the other kind++\n"
          "*130*  interrupted by Ctrl-C\n\n"
          "A closed pipe ends the program quietly.\n\n",
          file);
}

static void print_environment(FILE *file)
{
    fputs("# ENVIRONMENT\n\n"
          "*FERRIC\\_FSYNC*, *FERRIC\\_MEMORY\\_LIMIT* and so on set the options of the database "
          "by their names in capitals; *--option* goes before them.++\n"
          "*NO\\_COLOR* turns colours off.\n\n"
          "# FILES\n\n"
          "_~/.ferric\\_history_  what was typed, which nobody else can read. Without *HOME* "
          "there is none.\n\n",
          file);
}

void cli_man_print(FILE *file)
{
    size_t count;
    const cli_command *commands = cli_commands(&count);

    fprintf(file, "ferric(1)\n\n# NAME\n\nferric - work with a Ferric database\n\n"
                  "# SYNOPSIS\n\n*ferric* _COMMAND_ _PATH_ \\[_WORD_]... \\[_OPTION_]...\n\n"
                  "*ferric* _PATH_\n\n# DESCRIPTION\n\n"
                  "A Ferric database is a directory that holds keys and values in the order of "
                  "keys. Data goes to standard output, everything else to standard error. Without "
                  "a command the database is opened to be worked with by hand.\n\n"
                  "One process writes at a time; commands that only read work beside it.\n\n"
                  "# COMMANDS\n\n");
    for (size_t i = 0; i < count; i++)
        print_command_section(file, &commands[i]);
    fputs("# OPTIONS\n\n", file);
    for (int i = 1; i < OPTION_COUNT; i++)
        print_option_entry(file, (cli_option)i);
    print_exit_codes(file);
    print_environment(file);
}
