// SPDX-License-Identifier: Apache-2.0
// What the two halves of the oracle share.
#ifndef FERRIC_SUPPORT_ORACLE_INSIDE_H
#define FERRIC_SUPPORT_ORACLE_INSIDE_H

#include "support/oracle.h"

void oracle_fail(oracle *o, const char *what, const char *detail);
bool oracle_accept(oracle *o, const char *call, ferric_status status);
// From now on all that is committed must survive a power loss.
void oracle_mark_durable(oracle *o);
void oracle_mark_durable_at(oracle *o, size_t point);
// A new commit at the end of the history, zeroed.
oracle_commit *oracle_add_commit(oracle *o);
void oracle_apply_commit(model_table *table, const oracle_commit *commit);
void oracle_settle(oracle *o, oracle_commit *commit, bool is_committed);
// Opens database and keyspaces without looking inside.
bool oracle_open_handle(oracle *o);
// Reads the freshly opened database: settles an unknown outcome and compares.
bool oracle_resolve(oracle *o);

#endif
