// SPDX-License-Identifier: Apache-2.0
// Groups of keys with one writer each, and what any reader may find in them at any time.
//
// A group is three keys, one in each keyspace, that are always written together, in one batch, with
// the same number. Its writer raises `started` before the write and `done` behind it, so that a
// reader who saw `done` before its read and `started` after it knows which numbers are right, and
// knows that at one snapshot all three keys have the same one. Every fourth number deletes: as
// such, as a range that has no other key, or by a put that has expired long ago. Some of the others
// expire in a far future.
//
// The first groups are hot: small, so that a memtable holds many versions of them.
#ifndef FERRIC_MODEL_STRESS_GROUP_H
#define FERRIC_MODEL_STRESS_GROUP_H

#include <stdatomic.h>

#include <ferric/ferric.h>

#define STRESS_GROUP_COUNT 64u
#define STRESS_HOT_COUNT 8u
#define STRESS_MEMBER_COUNT 3u

typedef struct stress_group {
    _Atomic(uint64_t) started;
    _Atomic(uint64_t) done;
} stress_group;

typedef struct stress_database {
    ferric_db *db;
    ferric_keyspace *keyspaces[STRESS_MEMBER_COUNT];
    stress_group groups[STRESS_GROUP_COUNT];
} stress_database;

// Each returns NULL, or what is wrong as text that the caller frees.

// Writes the group's next number. Only its one writer calls this.
char *stress_write(stress_database *database, uint32_t group, ferric_batch *batch);
// Reads one member.
char *stress_read(stress_database *database, uint32_t group, uint32_t member);
// Reads all members at one snapshot.
char *stress_read_group(stress_database *database, uint32_t group);
// Walks over everything at one snapshot, in the keyspaces' order, forward or backward.
char *stress_scan(stress_database *database, bool is_forward);

#endif
