// SPDX-License-Identifier: Apache-2.0
// Which test program must notice which known mistake.
#ifndef FERRIC_SEEDED_CATCHERS_H
#define FERRIC_SEEDED_CATCHERS_H

#include "base/seeded_bug.h"

// The program's name; NULL when the mistake has none yet, which is a failure of its own.
const char *catcher_of(fe_seeded_bug bug);

#endif
