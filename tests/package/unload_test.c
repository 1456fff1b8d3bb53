// SPDX-License-Identifier: Apache-2.0
// A host that loads libferric as a plug-in, uses it in a thread, and unloads it: afterwards the
// thread ends and the process forks, and both call what the library registered. It must still be
// there: that is why it is linked with -z nodelete.
//
// Usage: unload_test LIBRARY DATABASE
#include <dlfcn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pthread.h>

#include <ferric/ferric.h>

typedef struct host {
    void *library;
    const char *database;
    pthread_barrier_t used;
    pthread_barrier_t unloaded;
    bool is_good;
} host;

static bool use(void *library, const char *path)
{
    // ISO C has no conversion from an object pointer to a function pointer; POSIX has this one.
    ferric_status (*open_call)(const char *, const ferric_options *, ferric_db **);
    ferric_status (*put_call)(ferric_db *, ferric_keyspace *, ferric_slice, ferric_slice,
                              const ferric_write_options *);
    ferric_status (*close_call)(ferric_db *);
    ferric_slice text = {"key", 3};
    ferric_db *db;

    *(void **)&open_call = dlsym(library, "ferric_open");
    *(void **)&put_call = dlsym(library, "ferric_put");
    *(void **)&close_call = dlsym(library, "ferric_close");
    return open_call != NULL && put_call != NULL && close_call != NULL &&
           open_call(path, NULL, &db) == FERRIC_OK &&
           put_call(db, NULL, text, text, NULL) == FERRIC_OK && close_call(db) == FERRIC_OK;
}

static void *run_thread(void *argument)
{
    host *at = argument;

    at->is_good = use(at->library, at->database);
    pthread_barrier_wait(&at->used);
    pthread_barrier_wait(&at->unloaded);
    return NULL; // The library's thread-specific key is given back now.
}

static bool child_ends_well(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) _exit(0);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    host at = {0};
    pthread_t thread;

    if (argc != 3) return 2;
    at.database = argv[2];
    at.library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (at.library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    pthread_barrier_init(&at.used, NULL, 2);
    pthread_barrier_init(&at.unloaded, NULL, 2);
    if (pthread_create(&thread, NULL, run_thread, &at) != 0) return 1;
    pthread_barrier_wait(&at.used);
    if (!at.is_good || dlclose(at.library) != 0) return 1;
    pthread_barrier_wait(&at.unloaded);
    pthread_join(thread, NULL);
    return child_ends_well() ? 0 : 1;
}
