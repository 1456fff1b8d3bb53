// SPDX-License-Identifier: Apache-2.0
// Processor, memory, kernel, file system, compiler and date.
#include "support/host.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "support/failure.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

// Copies what follows `separator` in the first line that begins with `name`, without quotes.
static void find_line(const char *path, const char *name, char separator, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    char line[512];

    text[0] = '\0';
    if (file == NULL) return;
    while (text[0] == '\0' && fgets(line, sizeof(line), file) != NULL) {
        const char *from = strchr(line, separator);
        if (strncmp(line, name, strlen(name)) != 0 || from == NULL) continue;
        from += 1 + strspn(from + 1, " \t\"");
        bench_format(text, size, "%.*s", (int)strcspn(from, "\"\n"), from);
    }
    fclose(file);
}

static const char *file_system_name(const char *directory)
{
    // Magic numbers of statfs(2).
    static const struct {
        unsigned long magic;
        const char *name;
    } names[] = {{0xef53, "ext4"},      {0x58465342, "xfs"},     {0x9123683e, "btrfs"},
                 {0x01021994, "tmpfs"}, {0x794c7630, "overlay"}, {0x2fc12fc1, "zfs"},
                 {0xf2f52010, "f2fs"},  {0x6969, "nfs"}};
    struct statfs info;
    size_t i;

    if (statfs(directory, &info) != 0) return "unknown";
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].magic == (unsigned long)info.f_type) return names[i].name;
    return "unknown";
}

void bench_host_describe(const char *directory, bench_host *machine)
{
    char distribution[96];
    struct utsname kernel;
    time_t now = time(NULL);
    struct tm utc;

    find_line("/proc/cpuinfo", "model name", ':', machine->processor, sizeof(machine->processor));
    find_line("/etc/os-release", "PRETTY_NAME", '=', distribution, sizeof(distribution));
    if (uname(&kernel) != 0) bench_die("the kernel does not tell its name");
    machine->processors = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    machine->memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    bench_format(machine->system, sizeof(machine->system), "%s, %s %.64s", distribution,
                 kernel.sysname, kernel.release);
    bench_format(machine->file_system, sizeof(machine->file_system), "%s",
                 file_system_name(directory));
    bench_format(machine->compiler, sizeof(machine->compiler), "%s", COMPILER);
    gmtime_r(&now, &utc);
    bench_format(machine->date, sizeof(machine->date), "%04d-%02d-%02d", utc.tm_year + 1900,
                 utc.tm_mon + 1, utc.tm_mday);
}
