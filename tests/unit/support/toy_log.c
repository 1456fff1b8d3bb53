// SPDX-License-Identifier: Apache-2.0
// Records of 4 bytes check, 4 bytes number, and 700 bytes that follow from the number, so that most
// of them span two sectors.
#include "toy_log.h"

#include <string.h>

#include "base/checksum.h"
#include "base/coding.h"

#define TOY_PATH "toy"
#define TOY_BODY_SIZE 700
#define TOY_RECORD_SIZE (8 + TOY_BODY_SIZE)

static void fill_record(uint8_t *record, uint32_t number)
{
    fe_put_u32(record + 4, number);
    for (uint32_t i = 0; i < TOY_BODY_SIZE; i++)
        record[8 + i] = (uint8_t)(number * 31 + i);
    fe_put_u32(record, fe_crc32c(0, record + 4, TOY_RECORD_SIZE - 4));
}

ferric_status toy_log_open(toy_log *log, fe_vfs *vfs, toy_mistake mistake)
{
    *log = (toy_log){.vfs = vfs, .mistake = mistake};
    ferric_status status = fe_vfs_create_log(vfs, TOY_PATH, FE_LOG_SYNCED, &log->file);
    if (status != FERRIC_OK || mistake == TOY_NO_DIRECTORY_SYNC) return status;
    return fe_vfs_sync_directory(vfs, "");
}

static bool forgets_sync(const toy_log *log)
{
    return log->mistake == TOY_NO_SYNC ||
           (log->mistake == TOY_SYNC_EVERY_SECOND && log->count % 2 == 0);
}

ferric_status toy_log_append(toy_log *log)
{
    uint8_t record[TOY_RECORD_SIZE];
    ferric_status status;

    fill_record(record, log->count + 1);
    status = fe_log_file_reserve(log->file, log->offset + sizeof(record));
    if (status != FERRIC_OK) return status;
    status = fe_log_file_commit(log->file, log->offset, record, sizeof(record));
    if (status != FERRIC_OK) return status;
    if (!forgets_sync(log)) status = fe_log_file_sync(log->file);
    if (status != FERRIC_OK) return status;
    log->offset += sizeof(record);
    log->count++;
    return FERRIC_OK;
}

void toy_log_close(toy_log *log)
{
    fe_log_file_close(log->file);
}

// 1 for the record that is due, 0 for the end, UINT32_MAX for a believed lie.
static uint32_t judge_record(const uint8_t *record, uint32_t number, toy_mistake mistake)
{
    uint8_t expected[TOY_RECORD_SIZE];

    if (fe_get_u32(record + 4) != number) return 0;
    if (mistake != TOY_NO_CHECKSUM &&
        fe_crc32c(0, record + 4, TOY_RECORD_SIZE - 4) != fe_get_u32(record)) {
        return 0;
    }
    fill_record(expected, number);
    return memcmp(record, expected, sizeof(expected)) == 0 ? 1 : UINT32_MAX;
}

uint32_t toy_log_read(fe_vfs *vfs, toy_mistake mistake)
{
    uint8_t record[TOY_RECORD_SIZE];
    uint32_t count = 0;
    uint32_t verdict = 0;
    size_t got;
    fe_file *file;

    if (fe_vfs_open(vfs, TOY_PATH, FE_OPEN_READ, &file) != FERRIC_OK) return 0;
    for (;;) {
        uint64_t offset = (uint64_t)count * TOY_RECORD_SIZE;
        ferric_status status = fe_file_read_at(file, offset, record, sizeof(record), &got);
        if (status != FERRIC_OK || got < sizeof(record)) break;
        verdict = judge_record(record, count + 1, mistake);
        if (verdict != 1) break;
        count++;
    }
    fe_file_close(file);
    return verdict == UINT32_MAX ? UINT32_MAX : count;
}
