// SPDX-License-Identifier: Apache-2.0
// Mutates a log or manifest frame by frame: takes the file apart, changes one frame, and writes all
// of them anew with places, sizes, numbers and checks that fit.
#include <stdlib.h>
#include <string.h>

#include "loose_log.h"
#include "mend.h"
#include "mutate.h"

static void mutate_payload(loose_frame *frame, size_t size_max)
{
    uint8_t *room = loose_memory(size_max);
    size_t size = frame->payload_size < size_max ? frame->payload_size : size_max;

    if (size > 0) memcpy(room, frame->payload, size);
    loose_frame_set_payload(frame, room, LLVMFuzzerMutate(room, size, size_max));
    free(room);
}

static void mutate_fields(loose_frame *frame, fe_random *random)
{
    uint64_t any = fe_random_next(random) >> fe_random_below(random, 64);

    switch (fe_random_below(random, 5)) {
    case 0:
        frame->kind = (unsigned)fe_random_below(random, 7);
        break;
    case 1:
        frame->batch_count = (unsigned)fe_random_below(random, 4);
        break;
    case 2:
        frame->batch_count = (uint16_t)any;
        break;
    case 3:
        frame->sequence = fe_random_below(random, 2) == 0 ? any : frame->sequence + any;
        break;
    default:
        frame->distance = any;
        break;
    }
}

static void insert_copy(loose_log *log, size_t from, size_t to)
{
    loose_frame copy = log->frames[from];

    copy.payload = NULL;
    loose_frame_set_payload(&copy, log->frames[from].payload, log->frames[from].payload_size);
    memmove(&log->frames[to + 1], &log->frames[to], (log->count - to) * sizeof copy);
    log->frames[to] = copy;
    log->count++;
}

static void drop(loose_log *log, size_t at)
{
    free(log->frames[at].payload);
    log->count--;
    memmove(&log->frames[at], &log->frames[at + 1], (log->count - at) * sizeof log->frames[0]);
}

// So that the reader goes on from frame to frame.
static void renumber(loose_log *log)
{
    for (size_t i = 1; i < log->count; i++)
        log->frames[i].sequence = log->frames[i - 1].sequence + log->frames[i - 1].batch_count;
}

static void change(loose_log *log, size_t size_max, fe_random *random)
{
    size_t at = (size_t)fe_random_below(random, log->count);

    switch (fe_random_below(random, 8)) {
    case 0:
        drop(log, at);
        break;
    case 1:
        insert_copy(log, at, (size_t)fe_random_below(random, log->count + 1));
        break;
    case 2:
    case 3:
        mutate_fields(&log->frames[at], random);
        break;
    default:
        mutate_payload(&log->frames[at], size_max);
        break;
    }
    if (fe_random_below(random, 8) != 0) renumber(log);
}

size_t mutate_log(uint8_t *data, size_t size, size_t size_max, fe_random *random)
{
    loose_log *log = loose_log_read(data, size);

    if (log->count > 0 && fe_random_below(random, 8) != 0) {
        change(log, size_max, random);
        size = loose_log_write(log, data, size_max);
    } else {
        size = LLVMFuzzerMutate(data, size, size_max);
    }
    if (fe_random_below(random, 8) != 0) mend_frames(data, size);
    loose_log_destroy(log);
    return size;
}

size_t mutate_header(uint8_t *data, size_t size, size_t size_max, fe_random *random)
{
    size = LLVMFuzzerMutate(data, size, size_max);
    if (fe_random_below(random, 8) != 0) mend_header(data, size);
    return size;
}
