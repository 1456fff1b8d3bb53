// SPDX-License-Identifier: Apache-2.0
// A collection "users" in an api_kit, with short words for what tests of documents do.
#ifndef FERRIC_API_USERS_KIT_H
#define FERRIC_API_USERS_KIT_H

#include "api_kit.h"

ferric_keyspace *users_of(api_kit *kit);
void put_document(api_kit *kit, ferric_keyspace *users, const char *key, const char *json);
// Documents "u0000" and on: "age" is the number modulo 50, "n" the number.
void fill_users(api_kit *kit, ferric_keyspace *users, int count);
void create_index(api_kit *kit, ferric_keyspace *users, const char *keys, bool unique);

// The keys that a find gives, each followed by a space.
void assert_found(ferric_db *db, ferric_keyspace *users, const char *filter,
                  const ferric_find_options *options, const char *expected);
void assert_count(api_kit *kit, ferric_keyspace *users, const char *filter, uint64_t expected);

// The text that the explanation of a query has.
void assert_explained(api_kit *kit, ferric_keyspace *users, const char *filter,
                      const ferric_find_options *options, const char *expected);
void assert_not_explained(api_kit *kit, ferric_keyspace *users, const char *filter,
                          const ferric_find_options *options, const char *unexpected);
// The indexes are what the documents want, with so many entries.
void assert_indexes_sound(api_kit *kit, ferric_keyspace *users, uint64_t expected);
void assert_text(const ferric_buffer *json, const char *expected);

#endif
