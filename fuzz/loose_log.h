// SPDX-License-Identifier: Apache-2.0
// A log or manifest taken apart into frames that may hold anything, and put together again, with
// places and sizes that fit and without checks (mend.h).
#ifndef FERRIC_FUZZ_LOOSE_LOG_H
#define FERRIC_FUZZ_LOOSE_LOG_H

#include <stddef.h>
#include <stdint.h>

#define LOOSE_FRAMES_MAX 256

typedef struct loose_frame {
    unsigned kind;
    unsigned batch_count;
    uint64_t sequence;
    uint64_t distance; // To the newest durable sequence.
    uint64_t time;     // As it is stored.
    uint8_t *payload;  // Heap memory.
    size_t payload_size;
} loose_frame;

typedef struct loose_log {
    loose_frame frames[LOOSE_FRAMES_MAX + 1]; // A mutation may add one.
    size_t count;
} loose_log;

// Heap memory, zeroed; aborts when there is none.
void *loose_memory(size_t size);

// The frames of a file from its first on, up to what is none. Given back by loose_log_destroy.
loose_log *loose_log_read(const uint8_t *data, size_t size);
void loose_log_destroy(loose_log *log);

void loose_frame_set_payload(loose_frame *frame, const uint8_t *payload, size_t size);

// Writes the frames behind the header that stands at `data` and returns the size of the file.
// Frames that do not fit are left out.
size_t loose_log_write(const loose_log *log, uint8_t *data, size_t size_max);

#endif
