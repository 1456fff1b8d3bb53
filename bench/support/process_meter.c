// SPDX-License-Identifier: Apache-2.0
// Reads /proc/self, samples memory and walks directories.
#include "support/process_meter.h"

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/failure.h"
#include "support/timing.h"

#define SAMPLE_MS 20
#define IDLE_STEP_MS 50
#define IDLE_STEPS (BENCH_IDLE_SECONDS * 1000 / IDLE_STEP_MS)

// Finds "name:   number" in a file of /proc; 0 when it is not there.
static uint64_t proc_number(const char *path, const char *name)
{
    FILE *file = fopen(path, "r");
    size_t length = strlen(name);
    uint64_t number = 0;
    char line[256];

    if (file == NULL) bench_die("cannot read %s: %s", path, strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            number = strtoull(line + length + 1, NULL, 10);
    }
    fclose(file);
    return number;
}

bench_io_counts bench_process_io(void)
{
    bench_io_counts counts;

    counts.read_bytes = proc_number("/proc/self/io", "rchar");
    counts.written_bytes = proc_number("/proc/self/io", "wchar");
    counts.dirtied_bytes = proc_number("/proc/self/io", "write_bytes");
    return counts;
}

uint64_t bench_process_anonymous_bytes(void)
{
    return proc_number("/proc/self/status", "RssAnon") * 1024;
}

static void sleep_ms(long milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

struct bench_memory_sampler {
    pthread_t thread;
    uint64_t start_bytes;
    _Atomic uint64_t peak_bytes;
    _Atomic int is_stopping;
};

static void sample(bench_memory_sampler *sampler)
{
    uint64_t now_bytes = bench_process_anonymous_bytes();
    uint64_t above = now_bytes > sampler->start_bytes ? now_bytes - sampler->start_bytes : 0;
    uint64_t peak = atomic_load_explicit(&sampler->peak_bytes, memory_order_relaxed);

    while (above > peak && !atomic_compare_exchange_weak(&sampler->peak_bytes, &peak, above))
        continue;
}

static void *sample_until_stopped(void *context)
{
    bench_memory_sampler *sampler = context;

    while (!atomic_load_explicit(&sampler->is_stopping, memory_order_relaxed)) {
        sample(sampler);
        sleep_ms(SAMPLE_MS);
    }
    return NULL;
}

bench_memory_sampler *bench_memory_sampler_start(void)
{
    bench_memory_sampler *sampler = bench_allocate(1, sizeof(*sampler));
    int error;

    sampler->start_bytes = bench_process_anonymous_bytes();
    error = pthread_create(&sampler->thread, NULL, sample_until_stopped, sampler);
    if (error != 0) bench_die("cannot start a thread: %s", strerror(error));
    return sampler;
}

uint64_t bench_memory_sampler_peak(bench_memory_sampler *sampler)
{
    sample(sampler);
    return atomic_load_explicit(&sampler->peak_bytes, memory_order_relaxed);
}

void bench_memory_sampler_stop(bench_memory_sampler *sampler)
{
    if (sampler == NULL) return;
    atomic_store_explicit(&sampler->is_stopping, 1, memory_order_relaxed);
    pthread_join(sampler->thread, NULL);
    free(sampler);
}

// nftw hands no context to its callback; directories are walked by one thread only.
static uint64_t walked_bytes;

static int add_file(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)path;
    (void)where;
    if (type == FTW_F) walked_bytes += (uint64_t)info->st_blocks * 512;
    return 0;
}

uint64_t bench_directory_bytes(const char *path)
{
    walked_bytes = 0;
    // A file that is unlinked during the walk is no error: the engine is at work.
    nftw(path, add_file, 16, FTW_PHYS);
    return walked_bytes;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    if (remove(path) != 0) bench_die("cannot remove %s: %s", path, strerror(errno));
    return 0;
}

void bench_directory_remove(const char *path)
{
    struct stat info;

    if (lstat(path, &info) != 0) return;
    nftw(path, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

static uint64_t processor_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

void bench_wait_until_idle(uint32_t timeout_s)
{
    uint64_t deadline_ns = bench_now_ns() + (uint64_t)timeout_s * 1000000000u;
    uint64_t written = bench_process_io().written_bytes;
    uint64_t used_ns = processor_ns();
    int quiet = 0;

    while (quiet < IDLE_STEPS) {
        uint64_t written_now, used_now_ns;

        if (bench_now_ns() > deadline_ns) bench_die("background work goes on for %us", timeout_s);
        sleep_ms(IDLE_STEP_MS);
        written_now = bench_process_io().written_bytes;
        used_now_ns = processor_ns();
        // Timers and this loop itself may take a tenth of the time.
        if (written_now == written && used_now_ns - used_ns < IDLE_STEP_MS * 100000u)
            quiet++;
        else
            quiet = 0;
        written = written_now;
        used_ns = used_now_ns;
    }
}
