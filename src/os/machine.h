// SPDX-License-Identifier: Apache-2.0
// What differs between systems that are all POSIX. The build chooses the file that implements it:
// machine_linux.c. Calls answer as system calls do, 0 or -1 with errno, so that their callers in
// this folder report path and place.
#ifndef FERRIC_OS_MACHINE_H
#define FERRIC_OS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The system's words for an errno, written into `text` or lent for ever.
const char *fe_machine_reason(int error, char *text, size_t size);

// Content, and what of the size is needed to read it back, to the disk itself.
int fe_machine_sync(int descriptor);

// Gives [offset, offset + size) its blocks, reading as zeros, and grows the file to its end. Where
// the file system cannot do it, errno is EOPNOTSUPP.
int fe_machine_allocate(int descriptor, off_t offset, off_t size);

// Locks byte 0 for this open file, never waiting. errno is EAGAIN when another one holds it.
int fe_machine_lock(int descriptor, bool is_exclusive);
int fe_machine_unlock(int descriptor);
// Whether an exclusive lock of another open file stands on byte 0.
bool fe_machine_is_locked_exclusively(int descriptor);

// Random bytes fit for keys. Returns how many were written, as read does.
ssize_t fe_machine_random(void *data, size_t size);

// Names the calling thread for debuggers, in at most 15 bytes.
void fe_machine_name_thread(const char *name);

// Lets other threads go before the calling one where processors are short. A hint.
void fe_machine_lower_priority(void);

// Whether blocks that a file has are written in place for good, so that a store to its mapping
// never needs a free block: ext4 and tmpfs. Not told of others, be they as good.
bool fe_machine_writes_in_place(int descriptor);
// Maps a file for reading and writing, shared with the kernel and with nobody else: a forked child
// does not have it. NULL with errno.
void *fe_machine_map(int descriptor, size_t size);
void fe_machine_unmap(void *pages, size_t size);
// Makes mapped pages ready to be stored to; where a store would raise a signal, it fails instead.
int fe_machine_prepare_stores(void *pages, size_t size);

// Asks the file system to overwrite the blocks of a new, empty file in place, where it would copy
// them (Btrfs): only then does space that was allocated stay enough. Best effort.
void fe_machine_overwrite_in_place(int descriptor);

// Keeps pages out of swap space, core images and forked children, as far as the system allows it.
void fe_machine_keep_secret(void *pages, size_t size);

// Asks for large pages. A hint.
void fe_machine_advise_large_pages(void *pages, size_t size);

#endif
