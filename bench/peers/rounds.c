// SPDX-License-Identifier: Apache-2.0
// Starts the children in the order A B C, A B C, ..., so that a slow minute of the machine falls on
// all engines, and reads their results from a pipe.
#include "peers/rounds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peers/workload.h"
#include "support/failure.h"
#include "support/host.h"
#include "support/timing.h"

#define CHILD_OUTPUT 3
#define CHILD_ARGUMENTS 12

typedef struct rounds {
    const peers_options *options;
    int argument_count;
    char **arguments;
    rounds_line line;
    void *context;
    char directory[PATH_MAX];
    bool is_sound;
} rounds;

bool rounds_engine_is_selected(const peers_options *options, const char *name)
{
    if (options->engines == NULL) return strcmp(name, "none") != 0;
    return peers_list_has(options->engines, name);
}

static void tell(rounds *self, bench_json_line *line)
{
    bench_json_end(line);
    self->line(self->context, line->text);
}

// ---- What is said first ---------------------------------------------------------------------

static void add_command(const rounds *self, bench_json_line *line)
{
    char command[2048] = "ferric-peers";
    int i;

    for (i = 1; i < self->argument_count; i++) {
        const char *argument = self->arguments[i];
        // Where files lie on this machine is no part of what was measured.
        if (strcmp(argument, "--directory") == 0 || strcmp(argument, "--save") == 0) {
            i++;
            continue;
        }
        if (strncmp(argument, "--directory=", 12) == 0 || strncmp(argument, "--save=", 7) == 0)
            continue;
        bench_format(command + strlen(command), sizeof(command) - strlen(command), " %s", argument);
    }
    bench_json_add_text(line, "command", command);
}

static void tell_machine(rounds *self)
{
    const peers_options *options = self->options;
    bench_json_line line;
    bench_host machine;

    bench_host_describe(self->directory, &machine);
    bench_json_begin(&line);
    bench_json_add_text(&line, "kind", "run");
    add_command(self, &line);
    bench_json_add_text(&line, "date", machine.date);
    bench_json_add_text(&line, "processor", machine.processor);
    bench_json_add_number(&line, "processors", machine.processors);
    bench_json_add_number(&line, "machine_memory", (double)machine.memory_bytes);
    bench_json_add_text(&line, "system", machine.system);
    bench_json_add_text(&line, "file_system", machine.file_system);
    bench_json_add_text(&line, "compiler", machine.compiler);
#ifdef NDEBUG
    bench_json_add_text(&line, "build", "release");
#else
    bench_json_add_text(&line, "build", "with assertions");
#endif
    bench_json_add_number(&line, "keys", (double)options->keys);
    bench_json_add_number(&line, "value_size", (double)options->value_size);
    bench_json_add_number(&line, "memory_bytes", (double)options->memory_bytes);
    bench_json_add_number(&line, "rounds", options->rounds);
    bench_json_add_number(&line, "seconds", options->seconds);
    bench_json_add_number(&line, "sync_seconds", options->sync_seconds);
    bench_json_add_text(&line, "compression", options->is_compressed ? "yes" : "no");
    tell(self, &line);
}

static void tell_engine(rounds *self, const engine *peer)
{
    engine_settings settings;
    bench_json_line line;
    char text[512];

    bench_json_begin(&line);
    bench_json_add_text(&line, "kind", "engine");
    bench_json_add_text(&line, "engine", peer->name);
    peer->version(text, sizeof(text));
    bench_json_add_text(&line, "version", text);
    bench_json_add_text(&line, "caution", peer->caution != NULL ? peer->caution : "");
    bench_json_add_text(&line, "mapped", peer->is_mapped ? "yes" : "no");
    workload_settings(self->options, peer, workload_group_find("random"), &settings);
    peer->describe(&settings, text, sizeof(text));
    bench_json_add_text(&line, "settings", text);
    workload_settings(self->options, peer, workload_group_find("sync"), &settings);
    peer->describe(&settings, text, sizeof(text));
    bench_json_add_text(&line, "synced_settings", text);
    workload_settings(self->options, peer, workload_group_find("kill-log"), &settings);
    peer->describe(&settings, text, sizeof(text));
    bench_json_add_text(&line, "kill_settings", text);
    tell(self, &line);
}

// ---- One child ------------------------------------------------------------------------------

typedef struct child_place {
    const engine *engine;
    const workload_group *group;
    uint32_t stage;
    uint32_t round;
    char directory[PATH_MAX];
} child_place;

static void run_child_program(rounds *self, const child_place *place, int output)
{
    int count = self->argument_count;
    char **arguments = bench_allocate((size_t)count + CHILD_ARGUMENTS + 1, sizeof(*arguments));
    char stage[16], round[16];
    const char *added[CHILD_ARGUMENTS] = {"--child-engine", place->engine->name,
                                          "--child-group",  place->group->name,
                                          "--child-stage",  stage,
                                          "--child-round",  round,
                                          "--child-output", "3",
                                          "--directory",    place->directory};
    int i;

    bench_format(stage, sizeof(stage), "%u", place->stage);
    bench_format(round, sizeof(round), "%u", place->round);
    for (i = 0; i < count; i++)
        arguments[i] = self->arguments[i];
    for (i = 0; i < CHILD_ARGUMENTS; i++)
        arguments[count + i] = (char *)(uintptr_t)added[i];
    // dup2 onto itself would leave the close-on-exec flag set.
    if (output == CHILD_OUTPUT)
        fcntl(output, F_SETFD, 0);
    else
        dup2(output, CHILD_OUTPUT);
    execv("/proc/self/exe", arguments);
    bench_die("cannot start the child: %s", strerror(errno));
}

// Hands on each full line. Returns false when the time was up.
static bool read_lines(rounds *self, int input)
{
    uint64_t deadline_ns = bench_now_ns() + (uint64_t)self->options->child_timeout_s * 1000000000u;
    char text[2 * BENCH_JSON_LINE_MAX];
    size_t size = 0;

    for (;;) {
        struct pollfd readable = {.fd = input, .events = POLLIN};
        uint64_t now_ns = bench_now_ns();
        ssize_t got;
        char *newline;

        if (now_ns >= deadline_ns) return false;
        if (poll(&readable, 1, (int)((deadline_ns - now_ns) / 1000000 % 3600000) + 1) <= 0)
            continue;
        got = read(input, text + size, sizeof(text) - 1 - size);
        if (got <= 0) return true;
        size += (size_t)got;
        text[size] = '\0';
        while ((newline = strchr(text, '\n')) != NULL) {
            char line[BENCH_JSON_LINE_MAX];
            size_t length = (size_t)(newline - text) + 1;

            bench_format(line, sizeof(line), "%.*s", (int)length, text);
            self->line(self->context, line);
            size -= length;
            memmove(text, newline + 1, size + 1);
        }
    }
}

static void tell_failure(rounds *self, const child_place *place, const char *reason)
{
    bench_json_line line;

    self->is_sound = false;
    fprintf(stderr, "ferric-peers: %s, group %s: %s\n", place->engine->name, place->group->name,
            reason);
    bench_json_begin(&line);
    bench_json_add_text(&line, "kind", "failure");
    bench_json_add_text(&line, "engine", place->engine->name);
    bench_json_add_text(&line, "group", place->group->name);
    bench_json_add_number(&line, "round", place->round);
    bench_json_add_text(&line, "reason", reason);
    tell(self, &line);
}

// Whether the child ended as its stage should.
static bool check_end(rounds *self, const child_place *place, int status)
{
    bool is_to_be_killed = place->group->is_killed && place->stage < place->group->stages;
    char reason[64];

    if (is_to_be_killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return true;
    if (!is_to_be_killed && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (WIFSIGNALED(status))
        bench_format(reason, sizeof(reason), "ended by signal %d", WTERMSIG(status));
    else
        bench_format(reason, sizeof(reason), "exit code %d", WEXITSTATUS(status));
    tell_failure(self, place, reason);
    return false;
}

static bool run_child(rounds *self, const child_place *place)
{
    int ends[2], status;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0) bench_die("no pipe: %s", strerror(errno));
    child = fork();
    if (child < 0) bench_die("no process: %s", strerror(errno));
    if (child == 0) run_child_program(self, place, ends[1]);
    close(ends[1]);
    if (!read_lines(self, ends[0])) {
        tell_failure(self, place, "took too long");
        kill(child, SIGKILL);
    }
    close(ends[0]);
    if (waitpid(child, &status, 0) != child) bench_die("lost the child: %s", strerror(errno));
    return check_end(self, place, status);
}

// ---- The order ------------------------------------------------------------------------------

static void run_engine(rounds *self, const workload_group *group, const engine *peer,
                       uint32_t round)
{
    child_place place = {.engine = peer, .group = group, .round = round};
    uint64_t start_ns = bench_now_ns();

    // Only keys of decimal form can be answered by no store.
    if (strcmp(peer->name, "none") == 0 && (group->form != BENCH_KEY_DECIMAL || group->stages != 1))
        return;
    if (group->has_transactions && peer->transact == NULL) return;
    if (!self->options->is_quiet)
        fprintf(stderr, "round %u of %u: %s %s", round, self->options->rounds, group->name,
                peer->name);
    bench_format(place.directory, sizeof(place.directory), "%s/db", self->directory);
    if (mkdir(place.directory, 0700) != 0)
        bench_die("cannot make %s: %s", place.directory, strerror(errno));
    for (place.stage = 1; place.stage <= group->stages; place.stage++)
        if (!run_child(self, &place)) break;
    bench_directory_remove(place.directory);
    // What one engine left unwritten must not be written during the next one's turn.
    sync();
    if (!self->options->is_quiet)
        fprintf(stderr, " %.1f s\n", (double)(bench_now_ns() - start_ns) / 1e9);
}

static bool group_is_selected(const peers_options *options, const workload_group *group)
{
    const workload *work;

    for (work = workloads; work->name != NULL; work++)
        if (strcmp(work->group, group->name) == 0 && workload_is_selected(options, work))
            return true;
    return false;
}

static void run_round(rounds *self, uint32_t round)
{
    const workload_group *group;
    size_t i;

    for (group = workload_groups; group->name != NULL; group++) {
        if (!group_is_selected(self->options, group)) continue;
        for (i = 0; engines[i] != NULL; i++)
            if (rounds_engine_is_selected(self->options, engines[i]->name))
                run_engine(self, group, engines[i], round);
    }
}

bool rounds_run(const peers_options *options, int argument_count, char **arguments,
                rounds_line line, void *context)
{
    rounds self = {.options = options,
                   .argument_count = argument_count,
                   .arguments = arguments,
                   .line = line,
                   .context = context,
                   .is_sound = true};
    uint32_t round;
    size_t i;

    bench_format(self.directory, sizeof(self.directory), "%s/ferric-peers-XXXXXX",
                 options->directory);
    if (mkdtemp(self.directory) == NULL)
        bench_die("cannot make %s: %s", self.directory, strerror(errno));
    tell_machine(&self);
    for (i = 0; engines[i] != NULL; i++)
        if (rounds_engine_is_selected(options, engines[i]->name)) tell_engine(&self, engines[i]);
    for (round = 1; round <= options->rounds; round++)
        run_round(&self, round);
    bench_directory_remove(self.directory);
    return self.is_sound;
}
