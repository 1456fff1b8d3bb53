// SPDX-License-Identifier: Apache-2.0
// Frames whose payload follows from their sequence number, so that a reader's every answer can be
// checked without keeping what was written.
#ifndef FERRIC_FORMAT_LOG_FRAMES_H
#define FERRIC_FORMAT_LOG_FRAMES_H

#include "format/record_log.h"

#define LOG_PATH "000007.log"
#define LOG_CREATED_MS 1750000000000

// The header of docs/format/file_header.md's example.
fe_file_header log_header(void);
// Creates LOG_PATH with it; 4 KiB are reserved at first.
fe_record_log_writer *log_create(fe_vfs *vfs);
fe_record_log_reader *log_open(fe_vfs *vfs);

// Commit number `sequence` with a payload of `payload_size` bytes, and the witness `durable`. The
// payload is handed over in `count` parts, 1 to 4.
ferric_status log_append(fe_record_log_writer *writer, uint64_t sequence, uint64_t durable,
                         size_t payload_size, size_t count);
// A commit of "hello" and its witness, which the examples of docs/format have, and closes the log.
void log_write_example(fe_record_log_writer *writer);
// Writes the frame that log_append would into memory; returns its size.
size_t log_encode(uint64_t sequence, uint64_t durable, size_t payload_size, uint64_t offset,
                  uint8_t *at);
// Reads frames, each of which is what log_append made of its number, until reading ends; returns
// how many. *offset is where it ended.
uint64_t log_read(fe_record_log_reader *reader, uint64_t first_sequence, fe_frame_result *result,
                  uint64_t *offset);
// Opens, reads and closes.
uint64_t log_read_file(fe_vfs *vfs, fe_frame_result *result, uint64_t *offset);

// The whole file LOG_PATH, to be freed.
uint8_t *log_content(fe_vfs *vfs, size_t *size);
// Makes the file LOG_PATH hold these bytes.
void log_replace(fe_vfs *vfs, const uint8_t *bytes, size_t size);

#endif
