// SPDX-License-Identifier: Apache-2.0
// Waiting on a word in memory by Linux's futex, private to the process.
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/thread.h"

void fe_wait_while(_Atomic(uint32_t) *word, uint32_t expected)
{
    // Every way in which it fails (the word has changed, a signal came) is a waking.
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void fe_wake_all(_Atomic(uint32_t) *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
