// SPDX-License-Identifier: Apache-2.0
// Finds an engine in the list of this program.
#include <string.h>

#include "peers/engine.h"

const engine *engine_find(const char *name)
{
    size_t i;

    for (i = 0; engines[i] != NULL; i++)
        if (strcmp(engines[i]->name, name) == 0) return engines[i];
    return NULL;
}
