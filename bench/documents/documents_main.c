// SPDX-License-Identifier: Apache-2.0
// ferric-documents: Ferric's collections beside SQLite's JSON, same documents, same questions, same
// policy. Both must give the same answers, else it ends.
//
// Usage: ferric-documents DIRECTORY [--documents N | --file FILE.jsonl] [--queries N] [--rounds N]
//                         [--synced]
//        ferric-documents DIRECTORY --claim
//
// The engines take turns in each round, each with a new database; a figure is the median over the
// rounds, and the ratio that of the medians. --claim measures one indexed find over 100 documents.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ferric/ferric.h>

#include "documents/documents_data.h"
#include "support/failure.h"
#include "support/median.h"
#include "support/timing.h"

#define ENGINES 2
#define ROUNDS_MAX 99
#define COMMIT_COUNT 1000
#define LIMIT 20
#define PLAIN_QUERIES 5

typedef enum figure { IMPORT, GET, EQUAL, RANGE, PLAIN, UPDATE, ROW_COUNT } figure;

static const char *const row_names[ROW_COUNT] = {
    "import with two indexes, a document",
    "point get",
    "indexed equality",
    "indexed range, sorted, limit 20",
    "filter without index",
    "update by index",
};

typedef struct comparison {
    const char *directory;
    documents_data data;
    size_t queries;
    size_t rounds;
    bool is_synced;
    double figures[ENGINES][ROW_COUNT][ROUNDS_MAX];
} comparison;

void document_answer_add(document_answer *answer, bool is_ordered, const void *id, size_t size)
{
    const unsigned char *at = id;
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 1099511628211u;
    if (is_ordered) answer->hash *= 31;
    answer->hash += hash;
    answer->count++;
}

// ---- One engine, one round ------------------------------------------------------------------

static void add_answer(document_answer *sum, document_answer answer)
{
    sum->count += answer.count;
    sum->hash = sum->hash * 31 + answer.hash;
}

static void import(const comparison *run, const document_engine *engine, document_db *db)
{
    for (size_t i = 0; i < run->data.count; i += COMMIT_COUNT) {
        size_t left = run->data.count - i;
        engine->add(db, &run->data.documents[i], left < COMMIT_COUNT ? left : COMMIT_COUNT);
    }
}

// Does a row's work and returns what it answered; *count receives how many operations it was.
static document_answer work(const comparison *run, const document_engine *engine, document_db *db,
                            figure row, size_t *count)
{
    document_answer sum = {0, 0};

    *count = row == IMPORT ? run->data.count : row == PLAIN ? PLAIN_QUERIES : run->queries;
    if (row == IMPORT) import(run, engine, db);
    for (size_t i = 0; i < *count && row != IMPORT; i++) {
        const document *one = &run->data.documents[(i * 7919 + 13) % run->data.count];
        if (row == GET) add_answer(&sum, engine->get(db, one->id));
        if (row == EQUAL) add_answer(&sum, engine->find_equal(db, one->equal));
        if (row == RANGE) add_answer(&sum, engine->find_range(db, one->range, LIMIT));
        if (row == PLAIN) add_answer(&sum, engine->count_plain(db, one->plain));
        if (row == UPDATE) engine->visit_equal(db, one->equal);
    }
    if (row == UPDATE) sum = engine->visits(db);
    return sum;
}

static void play(comparison *run, const document_engine *engine, size_t index, size_t round,
                 document_answer answers[ROW_COUNT])
{
    document_settings settings = {NULL, run->data.fields, (uint64_t)128 << 20, run->is_synced};
    char directory[4096];
    document_db *db;

    bench_format(directory, sizeof directory, "%s/%s-%zu", run->directory, engine->name, round);
    if (mkdir(directory, 0777) != 0) bench_die("cannot make %s", directory);
    settings.directory = directory;
    db = engine->open(&settings);
    for (figure row = IMPORT; row < ROW_COUNT; row++) {
        uint64_t begun_ns = bench_now_ns();
        size_t count;
        answers[row] = work(run, engine, db, row, &count);
        run->figures[index][row][round] = (double)(bench_now_ns() - begun_ns) / (double)count;
    }
    engine->close(db);
}

// ---- The comparison -------------------------------------------------------------------------

static void compare_answers(document_answer answers[ENGINES][ROW_COUNT])
{
    for (figure row = GET; row < ROW_COUNT; row++) {
        if (answers[0][row].count != answers[1][row].count ||
            answers[0][row].hash != answers[1][row].hash) {
            bench_die("%s: the engines answer differently: %llu and %llu documents", row_names[row],
                      (unsigned long long)answers[0][row].count,
                      (unsigned long long)answers[1][row].count);
        }
    }
}

static void print_report(comparison *run)
{
    printf("%zu documents, %zu queries, %zu rounds, %s\n\n", run->data.count, run->queries,
           run->rounds, run->is_synced ? "fsync" : "no fsync");
    printf("| median us | ferric | sqlite | ratio |\n|---|---|---|---|\n");
    for (figure row = IMPORT; row < ROW_COUNT; row++) {
        double ferric = bench_median(run->figures[0][row], run->rounds) / 1000;
        double sqlite = bench_median(run->figures[1][row], run->rounds) / 1000;
        printf("| %s | %.2f | %.2f | %.2f |\n", row_names[row], ferric, sqlite, sqlite / ferric);
    }
}

static void compare(comparison *run)
{
#ifdef DOCUMENTS_HAVE_SQLITE
    const document_engine *const engines[ENGINES] = {&document_engine_ferric,
                                                     &document_engine_sqlite};
    document_answer answers[ENGINES][ROW_COUNT];

    for (size_t round = 0; round < run->rounds; round++) {
        for (size_t i = 0; i < ENGINES; i++)
            play(run, engines[i], i, round, answers[i]);
        compare_answers(answers);
    }
    print_report(run);
#else
    (void)compare_answers;
    (void)print_report;
    (void)play;
    (void)run;
    bench_die(
        "this build has no SQLite: install libsqlite3-dev, configure with FERRIC_BUILD_PEERS");
#endif
}

// ---- The claim ------------------------------------------------------------------------------

typedef struct claim {
    document_db *db;
    const documents_data *data;
} claim;

static void find_many(void *context, uint64_t count)
{
    const claim *claimed = context;
    for (uint64_t i = 0; i < count; i++) {
        const document *one = &claimed->data->documents[i % claimed->data->count];
        bench_keep(document_engine_ferric.find_equal(claimed->db, one->equal).count);
    }
}

static void measure_claim(comparison *run)
{
    const document_engine *engine = &document_engine_ferric;
    document_settings settings = {run->directory, {"score", "name", "plan"}, 128 << 20, false};
    bench_timing_plan plan = {9, 2, 50000000};
    bench_timing_case timed = {.name = "indexed find of one of 100 documents", .run = find_many};
    claim claimed;
    bench_timing timing;

    documents_data_make(&run->data, 100);
    for (size_t i = 0; i < 100; i++)
        run->data.documents[i].equal = run->data.documents[i].range;
    claimed = (claim){engine->open(&settings), &run->data};
    engine->add(claimed.db, run->data.documents, 100);
    timed.context = &claimed;
    timing = bench_timing_measure(&timed, &plan);
    bench_timing_print(&timed, &timing);
    engine->close(claimed.db);
}

// ---- The command line -----------------------------------------------------------------------

static size_t number(const char *text)
{
    size_t result = text == NULL ? 0 : strtoul(text, NULL, 10);
    if (result == 0) bench_die("expected a number above 0, not %s", text == NULL ? "" : text);
    return result;
}

// What the command line asks for beside the comparison's own settings.
typedef struct request {
    const char *file;
    size_t count;
    bool is_claim;
} request;

// Takes the option at words[0]. Returns how many words it was.
static int take_option(char **words, comparison *run, request *asked)
{
    if (strcmp(words[0], "--synced") == 0) {
        run->is_synced = true;
        return 1;
    }
    if (strcmp(words[0], "--claim") == 0) {
        asked->is_claim = true;
        return 1;
    }
    if (strcmp(words[0], "--file") == 0 && words[1] != NULL) {
        asked->file = words[1];
    } else if (strcmp(words[0], "--documents") == 0) {
        asked->count = number(words[1]);
    } else if (strcmp(words[0], "--queries") == 0) {
        run->queries = number(words[1]);
    } else if (strcmp(words[0], "--rounds") == 0) {
        run->rounds = number(words[1]);
    } else {
        bench_die("there is no option %s", words[0]);
    }
    return 2;
}

static const char usage[] =
    "usage: ferric-documents DIRECTORY [OPTION]...\n"
    "\n"
    "  --file FILE     documents to compare with, a JSON object on each line, in place of made "
    "ones\n"
    "  --documents N   how many are made, 100000\n"
    "  --queries N     of each kind, 10000; fewer of the kind that reads all documents\n"
    "  --rounds N      5\n"
    "  --synced        each commit is durable, in both engines\n"
    "  --claim         one indexed find over 100 documents, and no comparison\n";

int main(int argc, char **argv)
{
    static comparison run = {.queries = 10000, .rounds = 5};
    request asked = {.count = 100000};

    if (argc < 2 || *argv[1] == '-') {
        fputs(usage, argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    run.directory = argv[1];
    for (int i = 2; i < argc;)
        i += take_option(&argv[i], &run, &asked);
    if (run.rounds > ROUNDS_MAX) bench_die("at most %d rounds", ROUNDS_MAX);
    if (asked.is_claim) {
        measure_claim(&run);
        return 0;
    }
    if (asked.file != NULL) {
        documents_data_read(&run.data, asked.file);
    } else {
        documents_data_make(&run.data, asked.count);
    }
    compare(&run);
    return 0;
}
