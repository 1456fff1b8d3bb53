// SPDX-License-Identifier: Apache-2.0
// The program `ferric`: reads the command line, runs the command, answers with its exit code.
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"

// `ferric --help` asks for no command's help.
static bool is_help_itself(const cli_arguments *arguments)
{
    return arguments->command == cli_command_find("help");
}

// A reading command keeps every table of the database open, and many systems allow few files at
// first but more to those who ask.
static void allow_many_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); // Else the open says what is missing.
}

int main(int argc, char **argv)
{
    cli_arguments arguments;
    int code;

    signal(SIGPIPE, SIG_IGN); // A closed pipe is an error of write, which ends quietly.
    cli_output_init();
    allow_many_files();
    if (argc < 2) {
        cli_help_print(stderr, NULL);
        return CLI_USAGE;
    }
    code = cli_command_line_read(argc, argv, &arguments);
    if (code == CLI_DONE) {
        cli_output_set_quiet(cli_has(&arguments, OPTION_QUIET));
        if (cli_has(&arguments, OPTION_HELP)) {
            cli_help_print(stdout, is_help_itself(&arguments) ? NULL : arguments.command);
        } else {
            code = arguments.command->run(&arguments);
        }
    }
    return cli_output_finish(code);
}
