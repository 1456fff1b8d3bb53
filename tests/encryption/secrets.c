// SPDX-License-Identifier: Apache-2.0
// Secrets are told apart by their first two bytes, so that the search looks at few of them.
#include "secrets.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/harness.h"

#define SECRETS_MAX 4096
#define MASK 0x80
#define BUCKETS 65536

typedef struct secret {
    uint8_t masked[SECRET_SIZE];
    secret_kind kind;
    uint16_t next; // With the same first two bytes: its number + 1.
    uint8_t is_found;
} secret;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
// Guarded by mutex.
static secret secrets[SECRETS_MAX];
static size_t secret_count;
static uint16_t buckets[BUCKETS]; // By the first two bytes, not masked: the first one's number + 1.

static unsigned bucket_of(const uint8_t *bytes, uint8_t mask)
{
    return (unsigned)(bytes[0] ^ mask) << 8 | (uint8_t)(bytes[1] ^ mask);
}

static bool is_at(const secret *s, const uint8_t *bytes)
{
    for (size_t i = 0; i < SECRET_SIZE; i++) {
        if (bytes[i] != (s->masked[i] ^ MASK)) return false;
    }
    return true;
}

// ---- The collection -------------------------------------------------------------------------

static bool is_known_locked(const uint8_t *bytes)
{
    for (unsigned at = buckets[bucket_of(bytes, 0)]; at != 0; at = secrets[at - 1].next) {
        if (is_at(&secrets[at - 1], bytes)) return true;
    }
    return false;
}

static void link_locked(size_t index)
{
    uint16_t *bucket = &buckets[bucket_of(secrets[index].masked, MASK)];

    secrets[index].next = *bucket;
    *bucket = (uint16_t)(index + 1);
}

void secrets_add(secret_kind kind, const uint8_t bytes[SECRET_SIZE])
{
    pthread_mutex_lock(&mutex);
    if (!is_known_locked(bytes)) {
        secret *s = &secrets[secret_count];
        if (secret_count == SECRETS_MAX) harness_panic("more than %d secrets", SECRETS_MAX);
        *s = (secret){.kind = kind};
        for (size_t i = 0; i < SECRET_SIZE; i++)
            s->masked[i] = bytes[i] ^ MASK;
        link_locked(secret_count++);
    }
    pthread_mutex_unlock(&mutex);
}

uint64_t secrets_count(secret_kind kind)
{
    uint64_t count = 0;

    for (size_t i = 0; i < secret_count; i++)
        count += secrets[i].kind == kind;
    return count;
}

void secrets_show(secret_kind kind, size_t index, uint8_t to[SECRET_SIZE])
{
    for (size_t i = 0; i < secret_count; i++) {
        if (secrets[i].kind != kind || index-- > 0) continue;
        for (size_t j = 0; j < SECRET_SIZE; j++)
            to[j] = secrets[i].masked[j] ^ MASK;
        return;
    }
    harness_panic("there are not so many secrets");
}

void secrets_clear(secret_kind kind)
{
    size_t kept = 0;

    pthread_mutex_lock(&mutex);
    memset(buckets, 0, sizeof buckets);
    for (size_t i = 0; i < secret_count; i++) {
        if (secrets[i].kind != kind) secrets[kept++] = secrets[i];
    }
    secret_count = kept;
    for (size_t i = 0; i < secret_count; i++)
        link_locked(i);
    pthread_mutex_unlock(&mutex);
}

// ---- The search -----------------------------------------------------------------------------

static void begin_search(void)
{
    for (size_t i = 0; i < secret_count; i++)
        secrets[i].is_found = 0;
}

static void end_search(secrets_found *found)
{
    for (size_t i = 0; i < secret_count; i++)
        found->count[secrets[i].kind] += secrets[i].is_found;
}

static void note_place(secrets_found *found, const secret *s, const char *where, uint64_t at)
{
    size_t size = strlen(found->places);

    (void)snprintf(found->places + size, sizeof found->places - size,
                   "\n  %s %zu at %" PRIx64 " %s", s->kind == SECRET_KEY ? "key" : "canary",
                   (size_t)(s - secrets), at, where);
}

static void search(const uint8_t *bytes, size_t size, const char *where, uint64_t offset,
                   secrets_found *found)
{
    for (size_t at = 0; at + SECRET_SIZE <= size; at++) {
        for (unsigned i = buckets[bucket_of(bytes + at, 0)]; i != 0; i = secrets[i - 1].next) {
            if (!is_at(&secrets[i - 1], bytes + at)) continue;
            if (!secrets[i - 1].is_found) note_place(found, &secrets[i - 1], where, offset + at);
            secrets[i - 1].is_found = 1;
        }
    }
    found->bytes += size;
}

void secrets_search_files(const char *directory, secrets_found *found)
{
    DIR *folder = opendir(directory);
    const struct dirent *entry;

    if (folder == NULL) harness_panic("no %s", directory);
    begin_search();
    while ((entry = readdir(folder)) != NULL) {
        struct stat facts;
        int file = openat(dirfd(folder), entry->d_name, O_RDONLY);
        if (file >= 0 && fstat(file, &facts) == 0 && S_ISREG(facts.st_mode)) {
            uint8_t *content = harness_alloc((size_t)facts.st_size + 1);
            ssize_t got = read(file, content, (size_t)facts.st_size);
            if (got > 0) search(content, (size_t)got, entry->d_name, 0, found);
            memset(content, 0, (size_t)facts.st_size);
            harness_free(content);
        }
        close(file);
    }
    closedir(folder);
    end_search(found);
}

// One mapping, copied piece by piece; pieces overlap by what a secret may cross.
static void search_mapping(int memory, uintptr_t from, uintptr_t to, const char *where,
                           secrets_found *found)
{
    static uint8_t piece[1 << 16];

    while (from < to) {
        size_t size = to - from < sizeof piece ? to - from : sizeof piece;
        bool is_ours = from < (uintptr_t)piece + sizeof piece && from + size > (uintptr_t)piece;
        ssize_t got = is_ours ? (ssize_t)size : pread(memory, piece, size, (off_t)from);
        if (got <= 0) break; // A guard page.
        if (!is_ours) search(piece, (size_t)got, where, from, found);
        if ((size_t)got < SECRET_SIZE || from + (size_t)got >= to) break;
        from += (size_t)got - (SECRET_SIZE - 1);
    }
    memset(piece, 0, sizeof piece);
}

void secrets_search_memory(secrets_found *found)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    char line[512];

    if (maps == NULL || memory < 0) harness_panic("no /proc/self");
    begin_search();
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from;
        uintptr_t to;
        char access[8];
        char name[200] = "";
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s %*s %*s %*s %199s", &from, &to, access,
                   name) < 3)
            continue;
        if (strncmp(access, "rw", 2) == 0) search_mapping(memory, from, to, name, found);
    }
    close(memory);
    fclose(maps);
    end_search(found);
}
