// SPDX-License-Identifier: Apache-2.0
// Which keyspaces and indexes a database has.
#include <string.h>

#include "support/db_reader.h"
#include "support/harness.h"
#include "support/index_check.h"
#include "support/model_document.h"

// ---- Keyspaces ------------------------------------------------------------------------------

static uint32_t find_keyspace(const char *name)
{
    for (uint32_t i = 1; i < MODEL_KEYSPACE_COUNT; i++) {
        if (strcmp(model_keyspace_name(i), name) == 0) return i;
    }
    return 0;
}

static void note_keyspaces(db_reading *reading, const ferric_keyspace_info *list, size_t count)
{
    for (uint32_t i = 1; i < MODEL_KEYSPACE_COUNT; i++)
        reading->found.facts[i] = MODEL_NO;
    memset(reading->found.ttl_ms, 0, sizeof(reading->found.ttl_ms));
    for (size_t i = 0; i < count; i++) {
        uint32_t keyspace = find_keyspace(list[i].name);
        reading->found.ttl_ms[keyspace] = list[i].ttl_ms;
        if (strcmp(list[i].name, "main") == 0) continue;
        if (keyspace == 0 || list[i].kind != model_keyspace_kind(keyspace)) {
            db_reading_contradict(reading, keyspace, "a keyspace that was never made", 0);
        } else if (reading->found.facts[keyspace] == MODEL_YES) {
            db_reading_contradict(reading, keyspace, "two keyspaces have its name", 0);
        }
        reading->found.facts[keyspace] = MODEL_YES;
    }
}

// ---- Indexes --------------------------------------------------------------------------------

static uint32_t find_index(const char *name)
{
    for (uint32_t i = 0; i < MODEL_INDEX_COUNT; i++) {
        if (strcmp(model_indexes[i].name, name) == 0) return i;
    }
    return MODEL_INDEX_COUNT;
}

static void note_index(void *context, const char *name, bool is_ready)
{
    db_reading *reading = context;
    uint32_t index = find_index(name);

    if (index == MODEL_INDEX_COUNT) {
        db_reading_contradict(reading, MODEL_COLLECTION, "an index that was never made", 0);
        return;
    }
    reading->found.facts[MODEL_FACT_OF_INDEX(index)] = is_ready ? MODEL_YES : MODEL_HALF;
}

static void see_nothing(db_reading *reading)
{
    for (uint32_t i = 0; i < MODEL_FACT_COUNT; i++)
        reading->found.facts[i] = MODEL_UNSEEN;
    for (uint32_t i = 0; i < MODEL_KEYSPACE_COUNT; i++)
        reading->found.ttl_ms[i] = MODEL_TTL_UNREAD;
}

void db_read_facts(const db_reader *reader, db_reading *reading)
{
    ferric_keyspace *collection = reader->keyspaces[MODEL_COLLECTION];
    ferric_keyspace_info *list = NULL;
    size_t count;
    ferric_status status;

    see_nothing(reading);
    if (reader->snapshot != NULL) return;
    status = ferric_keyspace_list(reader->db, &list, &count);
    if (status == FERRIC_OK) note_keyspaces(reading, list, count);
    ferric_free(list);
    if (status == FERRIC_OK && collection != NULL) {
        for (uint32_t i = 0; i < MODEL_INDEX_COUNT; i++)
            reading->found.facts[MODEL_FACT_OF_INDEX(i)] = MODEL_NO;
        if (reading->found.facts[MODEL_COLLECTION] == MODEL_YES) {
            status = index_list(reader->db, collection, note_index, reading);
        }
    }
    if (status == FERRIC_OK) return;
    db_reading_refuse(reading, status);
    see_nothing(reading);
}

void db_read_indexes(const db_reader *reader, db_reading *reading)
{
    ferric_keyspace *collection = reader->keyspaces[MODEL_COLLECTION];
    char *wrong = NULL;

    if (collection == NULL || reading->found.facts[MODEL_COLLECTION] == MODEL_NO) return;
    if (reading->status != FERRIC_OK) return;
    ferric_status status = index_check(reader->db, collection, reader->snapshot, &wrong);
    if (status != FERRIC_OK) db_reading_refuse(reading, status);
    if (wrong != NULL) db_reading_contradict(reading, MODEL_COLLECTION, wrong, 0);
    harness_free(wrong);
}
