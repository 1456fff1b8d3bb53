// SPDX-License-Identifier: Apache-2.0
// Completion scripts for shells, from the tables.
#include <string.h>

#include "base/slice.h"
#include "cli/commands.h"
#include "cli/output.h"

// Prints "--name " for each option of `command`.
static void print_option_names(const cli_command *command)
{
    for (int i = 1; i < OPTION_COUNT; i++) {
        if (cli_command_takes(command, (cli_option)i)) cli_print("--%s ", cli_options[i].name);
    }
}

static void print_command_names(void)
{
    size_t count;
    const cli_command *commands = cli_commands(&count);
    for (size_t i = 0; i < count; i++)
        cli_print("%s%s", i == 0 ? "" : " ", commands[i].name);
}

static bool has_words(const cli_command *command)
{
    return command->words != NULL && *command->words != 0;
}

// Whether a file may stand beside those words.
static bool has_path_too(const cli_command *command)
{
    return strstr(command->synopsis, "PATH") != NULL;
}

// What may stand behind the command's name.
static void print_words(const cli_command *command)
{
    if (!has_words(command)) return;
    if (strcmp(command->words, CLI_WORDS_COMMANDS) == 0) {
        print_command_names();
    } else {
        cli_print("%s", command->words);
    }
}

static void print_bash(void)
{
    size_t count;
    const cli_command *commands = cli_commands(&count);

    cli_print("# Completion of ferric for bash.\n"
              "_ferric() {\n"
              "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
              "    local command=${COMP_WORDS[1]} options= words=\n"
              "    COMPREPLY=()\n"
              "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
              "        mapfile -t COMPREPLY < <(compgen -W \"");
    print_command_names();
    cli_print("\" -- \"$word\"; compgen -d -- \"$word\")\n        return\n    fi\n"
              "    case $before in\n");
    for (int i = 1; i < OPTION_COUNT; i++) {
        if (cli_options[i].choices == NULL) continue;
        cli_print("    --%s)\n        mapfile -t COMPREPLY < <(compgen -W \"%s\" -- \"$word\")\n"
                  "        return ;;\n",
                  cli_options[i].name, cli_options[i].choices);
    }
    cli_print("    esac\n    case $command in\n");
    for (size_t i = 0; i < count; i++) {
        cli_print("    %s) options=\"", commands[i].name);
        print_option_names(&commands[i]);
        cli_print("\" words=\"");
        print_words(&commands[i]);
        cli_print("\" ;;\n");
    }
    cli_print("    esac\n"
              "    case $word in\n"
              "    -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\") ;;\n"
              "    *) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\"; "
              "compgen -f -- \"$word\") ;;\n"
              "    esac\n"
              "}\n"
              "complete -o filenames -F _ferric ferric\n");
}

// A help line inside single quotes of zsh and fish, without what they would read.
static void print_quoted(const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '[' || *text == ']' || *text == ':') {
            cli_print("%c", *text == '[' ? '(' : *text == ']' ? ')' : ',');
        } else if (*text == '\'') {
            cli_print("'\\''");
        } else {
            cli_print("%c", *text);
        }
    }
}

static void print_zsh_option(cli_option option)
{
    const cli_option_info *info = &cli_options[option];
    cli_print("            '--%s[", info->name);
    print_quoted(info->help);
    cli_print("]%s%s", info->argument == NULL ? "" : ":", info->argument == NULL ? "" : info->name);
    if (info->choices != NULL) cli_print(":(%s)", info->choices);
    if (info->argument != NULL && strcmp(info->argument, "FILE") == 0) cli_print(":_files");
    cli_print("' \\\n");
}

static void print_zsh(void)
{
    size_t count;
    const cli_command *commands = cli_commands(&count);

    cli_print("#compdef ferric\n# Completion of ferric for zsh.\n_ferric() {\n"
              "    local -a commands=(\n");
    for (size_t i = 0; i < count; i++) {
        cli_print("        '%s:", commands[i].name);
        print_quoted(commands[i].summary);
        cli_print("'\n");
    }
    cli_print("    )\n"
              "    if (( CURRENT == 2 )); then\n"
              "        _describe command commands\n        _files -/\n        return\n    fi\n"
              "    case ${words[2]} in\n");
    for (size_t i = 0; i < count; i++) {
        cli_print("    %s)\n        _arguments \\\n", commands[i].name);
        for (int j = 1; j < OPTION_COUNT; j++) {
            if (cli_command_takes(&commands[i], (cli_option)j)) print_zsh_option((cli_option)j);
        }
        if (has_words(&commands[i])) {
            bool has_files = has_path_too(&commands[i]);
            cli_print(has_files ? "            '*:word:{compadd -- " : "            '*:word:(");
            print_words(&commands[i]);
            cli_print(has_files ? "; _files}' ;;\n" : ")' ;;\n");
        } else {
            cli_print("            '*:file:_files' ;;\n");
        }
    }
    cli_print("    esac\n}\n_ferric \"$@\"\n");
}

static void print_fish_option(const cli_command *command, cli_option option)
{
    const cli_option_info *info = &cli_options[option];
    cli_print("complete -c ferric -n '__fish_seen_subcommand_from %s' -l %s", command->name,
              info->name);
    if (info->letter != 0) cli_print(" -s %c", info->letter);
    if (info->argument != NULL) cli_print(" -r");
    if (info->choices != NULL) cli_print(" -f -a '%s'", info->choices);
    cli_print(" -d '");
    print_quoted(info->help);
    cli_print("'\n");
}

static void print_fish(void)
{
    size_t count;
    const cli_command *commands = cli_commands(&count);

    cli_print("# Completion of ferric for fish.\n");
    for (size_t i = 0; i < count; i++) {
        cli_print("complete -c ferric -n __fish_use_subcommand -a %s -d '", commands[i].name);
        print_quoted(commands[i].summary);
        cli_print("'\n");
        if (has_words(&commands[i])) {
            cli_print("complete -c ferric -n '__fish_seen_subcommand_from %s'%s -a '",
                      commands[i].name, has_path_too(&commands[i]) ? "" : " -f");
            print_words(&commands[i]);
            cli_print("'\n");
        }
        for (int j = 1; j < OPTION_COUNT; j++) {
            if (cli_command_takes(&commands[i], (cli_option)j)) {
                print_fish_option(&commands[i], (cli_option)j);
            }
        }
    }
}

int cli_completion(const cli_arguments *arguments)
{
    const char *shell = arguments->words[0];
    if (strcmp(shell, "bash") == 0) {
        print_bash();
    } else if (strcmp(shell, "zsh") == 0) {
        print_zsh();
    } else if (strcmp(shell, "fish") == 0) {
        print_fish();
    } else {
        return cli_fail(CLI_USAGE, "completion is there for bash, zsh and fish, not for %s", shell);
    }
    return CLI_DONE;
}
