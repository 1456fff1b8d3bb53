// SPDX-License-Identifier: Apache-2.0
// Pages for keys. docs/SECURITY.md says what they keep off.
#include "os/secret_memory.h"

#include "base/memory.h"
#include "os/machine.h"
#include "os/thread.h"

void *fe_secret_alloc(size_t size)
{
    void *pages = fe_pages_map(size);

    if (pages != NULL) fe_machine_keep_secret(pages, size);
    return pages;
}

void fe_secret_free(void *memory, size_t size)
{
    if (memory == NULL) return;
    fe_wipe(memory, size);
    fe_pages_unmap(memory, size);
}
