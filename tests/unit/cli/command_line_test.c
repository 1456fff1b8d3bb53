// SPDX-License-Identifier: Apache-2.0
// The command line and the tables behind it: what is understood, what is refused, what is near.
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/suggest.h"

#define WORDS_MAX 16

// Parts `line` at spaces and reads it. The words live as long as the static memory here.
static int read_line(const char *line, cli_arguments *arguments)
{
    static char text[512];
    static char *argv[WORDS_MAX + 1];
    int argc = 0;
    strncpy(text, line, sizeof text - 1);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(argc < WORDS_MAX);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    optind = 0; // getopt begins anew.
    return cli_command_line_read(argc, argv, arguments);
}

static void test_words_and_options_may_stand_in_any_order(void **state)
{
    cli_arguments arguments;
    (void)state;
    assert_int_equal(read_line("ferric -k users get --json app.db user:1 user:2 -0", &arguments),
                     CLI_DONE);
    assert_string_equal(arguments.command->name, "get");
    assert_string_equal(arguments.path, "app.db");
    assert_int_equal(arguments.word_count, 2);
    assert_string_equal(arguments.words[0], "user:1");
    assert_string_equal(arguments.words[1], "user:2");
    assert_string_equal(arguments.values[OPTION_KEYSPACE], "users");
    assert_true(cli_has(&arguments, OPTION_JSON));
    assert_true(cli_has(&arguments, OPTION_NUL));
    assert_false(cli_has(&arguments, OPTION_META));
}

static void test_negative_numbers_and_words_behind_dashes_are_values(void **state)
{
    cli_arguments arguments;
    (void)state;
    assert_int_equal(read_line("ferric set app.db k -5", &arguments), CLI_DONE);
    assert_string_equal(arguments.words[1], "-5");
    assert_int_equal(read_line("ferric set app.db -- --k -x", &arguments), CLI_DONE);
    assert_string_equal(arguments.words[0], "--k");
    assert_string_equal(arguments.words[1], "-x");
    assert_int_equal(read_line("ferric set app.db k -", &arguments), CLI_DONE);
    assert_string_equal(arguments.words[1], "-");
}

static void test_a_path_alone_is_the_repl(void **state)
{
    cli_arguments arguments;
    (void)state;
    assert_int_equal(read_line("ferric ./x.db", &arguments), CLI_DONE);
    assert_string_equal(arguments.command->name, "repl");
    assert_string_equal(arguments.path, "./x.db");
    assert_int_equal(read_line("ferric :memory:", &arguments), CLI_DONE);
    assert_string_equal(arguments.command->name, "repl");
    assert_int_equal(read_line("ferric --version", &arguments), CLI_DONE);
    assert_string_equal(arguments.command->name, "version");
    assert_int_equal(read_line("ferric --help", &arguments), CLI_DONE);
    assert_string_equal(arguments.command->name, "help");
    assert_int_equal(read_line("ferric import --help", &arguments), CLI_DONE);
    assert_string_equal(arguments.command->name, "import");
}

static void test_mistakes_are_usage_errors(void **state)
{
    static const char *const lines[] = {
        "ferric gett app.db k",           // No such command.
        "ferric gett",                    // Nor a database.
        "ferric get app.db",              // No key.
        "ferric get",                     // No path.
        "ferric keys app.db extra",       // Too many words.
        "ferric get app.db k --limit 3",  // An option of another command.
        "ferric get app.db k --jsno",     // No such option.
        "ferric get app.db k -Z",         //
        "ferric get app.db k -k",         // No argument.
        "ferric get app.db k --keyspace", //
        "ferric import app.db --format xml",
        "ferric import app.db --format s", // Part of a word is no word.
        "ferric import app.db --on-error=",
    };
    cli_arguments arguments;
    (void)state;
    cli_output_init();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (read_line(lines[i], &arguments) != CLI_USAGE) fail_msg("%s", lines[i]);
    }
}

static void test_numbers_have_units_and_limits(void **state)
{
    static const struct {
        const char *line;
        uint64_t number;
    } good[] = {
        {"ferric keys x.db --limit 0", 0},           {"ferric keys x.db --limit 17", 17},
        {"ferric keys x.db --limit 2k", 2000},       {"ferric keys x.db --limit 1KiB", 1024},
        {"ferric keys x.db --limit 3M", 3000000},    {"ferric keys x.db --limit 1MB", 1000000},
        {"ferric keys x.db --limit=1GiB", 1u << 30}, {"ferric keys x.db", 99},
    };
    static const char *const bad[] = {"ferric keys x.db --limit -1",
                                      "ferric keys x.db --limit x",
                                      "ferric keys x.db --limit=",
                                      "ferric keys x.db --limit 5x",
                                      "ferric keys x.db --limit 99999999999999999999",
                                      "ferric keys x.db --limit 9999999999T"};
    cli_arguments arguments;
    uint64_t number;
    (void)state;
    cli_output_init();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(read_line(good[i].line, &arguments), CLI_DONE);
        assert_int_equal(cli_number(&arguments, OPTION_LIMIT, UINT64_MAX, 99, &number), CLI_DONE);
        assert_int_equal(number, good[i].number);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_line(bad[i], &arguments), CLI_DONE);
        if (cli_number(&arguments, OPTION_LIMIT, UINT64_MAX, 99, &number) != CLI_USAGE) {
            fail_msg("%s", bad[i]);
        }
    }
    assert_int_equal(read_line("ferric import x.db --line-max 4k", &arguments), CLI_DONE);
    assert_int_equal(cli_number(&arguments, OPTION_LINE_MAX, UINT64_MAX, 0, &number), CLI_DONE);
    assert_int_equal(number, 4096); // Of a size.
    assert_int_equal(read_line("ferric keys x.db --limit 11", &arguments), CLI_DONE);
    assert_int_equal(cli_number(&arguments, OPTION_LIMIT, 10, 99, &number), CLI_USAGE);
}

static void test_near_words_and_words_of_other_programs_are_known(void **state)
{
    (void)state;
    assert_string_equal(cli_suggest_command("rm"), "del");
    assert_string_equal(cli_suggest_command("ls"), "keys");
    assert_string_equal(cli_suggest_command("put"), "set");
    assert_string_equal(cli_suggest_command("cat"), "get");
    assert_string_equal(cli_suggest_command("improt"), "import");
    assert_string_equal(cli_suggest_command("gte"), "get");
    assert_string_equal(cli_suggest_command("GET"), "get");
    assert_null(cli_suggest_command("elephant"));
    assert_string_equal(cli_suggest_option("revrse"), "reverse");
    assert_null(cli_suggest_option("elephant"));
}

static void test_the_tables_hold_together(void **state)
{
    size_t count;
    const cli_command *commands = cli_commands(&count);
    bool used[OPTION_COUNT] = {false};
    bool letters[256] = {false};
    (void)state;
    for (int i = 1; i < OPTION_COUNT; i++) {
        const cli_option_info *info = &cli_options[i];
        assert_non_null(info->name);
        assert_non_null(info->help);
        assert_true(info->choices == NULL || info->argument != NULL);
        assert_false(info->letter != 0 && letters[(unsigned char)info->letter]);
        letters[(unsigned char)info->letter] = true;
        for (int j = 1; j < i; j++)
            assert_string_not_equal(info->name, cli_options[j].name);
    }
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(cli_command_find(commands[i].name), &commands[i]);
        assert_non_null(commands[i].run);
        for (int j = 1; j < OPTION_COUNT; j++) {
            used[j] = used[j] || cli_command_takes(&commands[i], (cli_option)j);
        }
    }
    for (int j = 1; j < OPTION_COUNT; j++)
        assert_true(used[j]);
    assert_null(cli_command_find("nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_and_options_may_stand_in_any_order),
        cmocka_unit_test(test_negative_numbers_and_words_behind_dashes_are_values),
        cmocka_unit_test(test_a_path_alone_is_the_repl),
        cmocka_unit_test(test_mistakes_are_usage_errors),
        cmocka_unit_test(test_numbers_have_units_and_limits),
        cmocka_unit_test(test_near_words_and_words_of_other_programs_are_known),
        cmocka_unit_test(test_the_tables_hold_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
