// SPDX-License-Identifier: Apache-2.0
// Processes, their output and their end.
#include "program_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/harness.h"

// A fifth of each floor must be enough to notice: a harness that needs more is a weak one.
#define RUN_SCALE "20"
// glibc overwrites what is freed, so that its use shows.
#define FREED_BYTE "165"

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// What becomes of the child after fork. Does not return.
static void become(const program_run *run, const char *program, const char *bug)
{
    // A group of its own, so that what it starts can be ended with it.
    setpgid(0, 0);
    dup2(fileno(run->output), STDOUT_FILENO);
    dup2(fileno(run->output), STDERR_FILENO);
    setenv("FERRIC_TEST_SCALE", RUN_SCALE, 1);
    setenv("FERRIC_TEST_STOP", "1", 1);
    setenv("MALLOC_PERTURB_", FREED_BYTE, 1);
    unsetenv("FERRIC_TEST_ONLY");
    unsetenv("FERRIC_SEEDED_BUG");
    if (bug != NULL) setenv("FERRIC_SEEDED_BUG", bug, 1);
    alarm(RUN_SECONDS_MAX); // Outlives exec.
    execl(program, program, (char *)NULL);
    fprintf(stderr, "panic: %s: %s\n", program, strerror(errno));
    _exit(127);
}

void program_run_start(program_run *run, const char *program, const char *bug)
{
    memset(run, 0, sizeof(*run));
    run->output = tmpfile();
    if (run->output == NULL) harness_panic("no file for output: %s", strerror(errno));
    run->started_ns = monotonic_ns();
    fflush(stdout);
    run->process = fork();
    if (run->process < 0) harness_panic("no process: %s", strerror(errno));
    if (run->process == 0) become(run, program, bug);
}

static bool is_telling(const char *line)
{
    // Words that cmocka, the harnesses and assert tell a failure with.
    return strstr(line, "FAILED") != NULL || strstr(line, "panic: ") != NULL ||
           strstr(line, "Assertion") != NULL || strstr(line, "error: ") != NULL;
}

static void read_evidence(program_run *run)
{
    char line[sizeof(run->evidence)];

    rewind(run->output);
    while (run->evidence[0] == 0 && fgets(line, sizeof(line), run->output) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (is_telling(line)) memcpy(run->evidence, line, sizeof(line));
    }
    fclose(run->output);
    run->output = NULL;
}

static void finish(program_run *run, int wait_status)
{
    kill(-run->process, SIGKILL); // What it left running.
    run->process = 0;
    run->wait_status = wait_status;
    run->seconds = (double)(monotonic_ns() - run->started_ns) / 1e9;
    if (WIFSIGNALED(wait_status)) {
        int number = WTERMSIG(wait_status);
        snprintf(run->verdict, sizeof(run->verdict), "%s",
                 number == SIGALRM ? "no end in time" : strsignal(number));
    } else if (WEXITSTATUS(wait_status) != 0) {
        snprintf(run->verdict, sizeof(run->verdict), "exit status %d", WEXITSTATUS(wait_status));
    }
    read_evidence(run);
}

program_run *program_run_wait_any(program_run *runs, uint32_t count)
{
    for (;;) {
        int wait_status;
        pid_t process = waitpid(-1, &wait_status, 0);
        if (process < 0 && errno == EINTR) continue;
        if (process < 0) harness_panic("no child to wait for: %s", strerror(errno));
        for (uint32_t i = 0; i < count; i++) {
            if (runs[i].process != process) continue;
            finish(&runs[i], wait_status);
            return &runs[i];
        }
    }
}
