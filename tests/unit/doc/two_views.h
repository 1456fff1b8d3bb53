// SPDX-License-Identifier: Apache-2.0
// One store with one collection "docs", which two parties know each by itself: what one of them
// changes about indexes the other finds out only when it commits.
#ifndef FERRIC_DOC_TWO_VIEWS_H
#define FERRIC_DOC_TWO_VIEWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/slice.h"
#include "doc/document_write.h"
#include "doc/index_build.h"
#include "doc/schema_change.h"

typedef struct two_views {
    fe_store *store;
    fe_collections *of_writer;
    fe_collections *of_other;
    fe_collection *writer;
    fe_collection *other;
} two_views;

void two_views_init(two_views *views);
void two_views_deinit(two_views *views);

// The writer's put; `stored` is the stored form, format byte first.
ferric_status try_put(two_views *views, const char *id, const char *stored);
void put_document(two_views *views, const char *id, const char *stored);

// The other one creates an index and builds it.
uint32_t create_index(two_views *views, const char *keys);

// How many entries the indexes have, which are those that documents must have.
uint64_t verified_entries(two_views *views);

// Keys of a keyspace as they are now.
uint64_t count_keys(two_views *views, uint32_t keyspace);

#endif
