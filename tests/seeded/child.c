// SPDX-License-Identifier: Apache-2.0
// Processes, their output and their end.
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/harness.h"

// A fifth of each floor must be enough to notice: a harness that needs more is a weak one.
#define CHILD_SCALE "20"
// glibc overwrites what is freed, so that its use shows.
#define FREED_BYTE "165"

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// What becomes of the child after fork. Does not return.
static void become(const child *c, const char *program, const char *bug)
{
    // A group of its own, so that what it starts can be ended with it.
    setpgid(0, 0);
    dup2(fileno(c->output), STDOUT_FILENO);
    dup2(fileno(c->output), STDERR_FILENO);
    setenv("FERRIC_TEST_SCALE", CHILD_SCALE, 1);
    setenv("MALLOC_PERTURB_", FREED_BYTE, 1);
    unsetenv("FERRIC_TEST_ONLY");
    unsetenv("FERRIC_SEEDED_BUG");
    if (bug != NULL) setenv("FERRIC_SEEDED_BUG", bug, 1);
    alarm(CHILD_SECONDS_MAX); // Outlives exec.
    execl(program, program, (char *)NULL);
    fprintf(stderr, "panic: %s: %s\n", program, strerror(errno));
    _exit(127);
}

void child_start(child *c, const char *program, const char *bug)
{
    memset(c, 0, sizeof(*c));
    c->output = tmpfile();
    if (c->output == NULL) harness_panic("no file for output: %s", strerror(errno));
    c->started_ns = monotonic_ns();
    fflush(stdout);
    c->process = fork();
    if (c->process < 0) harness_panic("no process: %s", strerror(errno));
    if (c->process == 0) become(c, program, bug);
}

static bool is_telling(const char *line)
{
    // Words that cmocka, the harnesses and assert tell a failure with.
    return strstr(line, "FAILED") != NULL || strstr(line, "panic: ") != NULL ||
           strstr(line, "Assertion") != NULL || strstr(line, "error: ") != NULL;
}

static void read_evidence(child *c)
{
    char line[sizeof(c->evidence)];

    rewind(c->output);
    while (c->evidence[0] == 0 && fgets(line, sizeof(line), c->output) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (is_telling(line)) memcpy(c->evidence, line, sizeof(line));
    }
    fclose(c->output);
    c->output = NULL;
}

static void finish(child *c, int wait_status)
{
    kill(-c->process, SIGKILL); // What it left running.
    c->process = 0;
    c->wait_status = wait_status;
    c->seconds = (double)(monotonic_ns() - c->started_ns) / 1e9;
    if (WIFSIGNALED(wait_status)) {
        int number = WTERMSIG(wait_status);
        snprintf(c->verdict, sizeof(c->verdict), "%s",
                 number == SIGALRM ? "no end in time" : strsignal(number));
    } else if (WEXITSTATUS(wait_status) != 0) {
        snprintf(c->verdict, sizeof(c->verdict), "exit status %d", WEXITSTATUS(wait_status));
    }
    read_evidence(c);
}

child *child_wait_any(child *children, uint32_t count)
{
    for (;;) {
        int wait_status;
        pid_t process = waitpid(-1, &wait_status, 0);
        if (process < 0 && errno == EINTR) continue;
        if (process < 0) harness_panic("no child to wait for: %s", strerror(errno));
        for (uint32_t i = 0; i < count; i++) {
            if (children[i].process != process) continue;
            finish(&children[i], wait_status);
            return &children[i];
        }
    }
}
