// SPDX-License-Identifier: Apache-2.0
// No store at all: makes each value anew from its key. What it costs is the harness itself, keys,
// values, their verification and the clock; it bounds what any engine could show.
//
// It remembers the generation of each key in one byte, in decimal form of the keys only, since
// that is the least from which a right answer can be given.
#include <stdlib.h>
#include <string.h>

#include "peers/engines.h"
#include "support/dataset.h"
#include "support/failure.h"

struct engine_db {
    uint64_t number_max;
    uint8_t *generations; // By number; 0 is absent.
    bench_dataset dataset;
};

struct engine_session {
    engine_db *db;
    uint8_t *value;
};

static void version(char *text, size_t size)
{
    bench_format(text, size, "-");
}

static void describe(const engine_settings *settings, char *text, size_t size)
{
    (void)settings;
    bench_format(text, size, "stores nothing: the cost of the harness");
}

static engine_db *open_nothing(const engine_settings *settings)
{
    engine_db *db = bench_allocate(1, sizeof(*db));

    // Two numbers for each key, each of which has 16 bytes and a value.
    db->number_max = settings->data_bytes_max / 16;
    bench_dataset_init(&db->dataset, 2, settings->value_size, BENCH_KEY_DECIMAL);
    db->generations = bench_allocate(db->number_max + 1, 1);
    return db;
}

static void close_nothing(engine_db *db)
{
    bench_dataset_deinit(&db->dataset);
    free(db->generations);
    free(db);
}

static engine_session *session_open(engine_db *db)
{
    engine_session *session = bench_allocate(1, sizeof(*session));

    session->db = db;
    session->value = bench_allocate(db->dataset.value_size, 1);
    return session;
}

static void session_close(engine_session *session)
{
    free(session->value);
    free(session);
}

static uint64_t number_of(const engine_db *db, engine_bytes key)
{
    uint64_t number;

    if (!bench_dataset_parse(key.data, key.size, &number) || number > db->number_max)
        bench_die("none: only keys of decimal form, in the range of the run");
    return number;
}

static void put(engine_session *session, engine_bytes key, engine_bytes value)
{
    session->db->generations[number_of(session->db, key)] = value.data[0];
}

static bool get(engine_session *session, engine_bytes key, engine_bytes *value)
{
    engine_db *db = session->db;
    uint8_t generation = db->generations[number_of(db, key)];

    if (generation == 0) return false;
    bench_dataset_value(&db->dataset, key.data, key.size, generation, session->value);
    *value = (engine_bytes){session->value, db->dataset.value_size};
    return true;
}

static void remove_key(engine_session *session, engine_bytes key)
{
    session->db->generations[number_of(session->db, key)] = 0;
}

static void write_batch(engine_session *session, const engine_bytes *keys,
                        const engine_bytes *values, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        put(session, keys[i], values[i]);
}

static size_t scan(engine_session *session, engine_bytes from, size_t count, engine_visit visit,
                   void *context)
{
    engine_db *db = session->db;
    uint64_t number = number_of(db, from);
    size_t visited = 0;

    for (; visited < count && number <= db->number_max; number++) {
        bench_key key;
        engine_bytes key_bytes, value;

        if (db->generations[number] == 0) continue;
        bench_dataset_key(&db->dataset, number, &key);
        key_bytes = (engine_bytes){key.bytes, key.size};
        if (!get(session, key_bytes, &value)) bench_die("none: a key went away");
        visit(context, key_bytes, value);
        visited++;
    }
    return visited;
}

const engine engine_none = {
    .name = "none",
    .caution = "no store: the cost of the harness itself",
    .version = version,
    .describe = describe,
    .open = open_nothing,
    .close = close_nothing,
    .session_open = session_open,
    .session_close = session_close,
    .put = put,
    .get = get,
    .remove = remove_key,
    .write_batch = write_batch,
    .scan = scan,
};
