// SPDX-License-Identifier: Apache-2.0
// Reading lines; see lines.h. zlib reads files that are not compressed as they are.
#include "cli/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "base/status.h"

#define READ_SIZE ((size_t)64 * 1024)

static ferric_status open_file(cli_lines *lines, const char *path)
{
    struct stat about;
    int descriptor = path == NULL ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0) {
        ferric_status code = errno == ENOENT ? FERRIC_NOT_FOUND : FERRIC_IO;
        return fe_fail(code, "cannot open %s: %s", lines->name, strerror(errno));
    }
    if (fstat(descriptor, &about) == 0 && S_ISDIR(about.st_mode)) {
        close(descriptor);
        return fe_fail(FERRIC_IO, "%s is a directory", lines->name);
    }
    if (S_ISREG(about.st_mode)) lines->total_bytes = (uint64_t)about.st_size;
    lines->file = gzdopen(descriptor, "rb");
    if (lines->file == NULL) {
        close(descriptor);
        return fe_no_memory("a file", READ_SIZE);
    }
    gzbuffer(lines->file, READ_SIZE);
    return FERRIC_OK;
}

ferric_status cli_lines_open(cli_lines *lines, const char *path, size_t line_size_max)
{
    memset(lines, 0, sizeof *lines);
    lines->line_size_max = line_size_max;
    if (path != NULL && strcmp(path, "-") == 0) path = NULL;
    lines->name = path == NULL ? "standard input" : path;
    return open_file(lines, path);
}

void cli_lines_close(cli_lines *lines)
{
    if (lines->file != NULL) gzclose_r(lines->file);
    fe_buffer_deinit(&lines->buffer);
    memset(lines, 0, sizeof *lines);
}

static ferric_status fail_read(const cli_lines *lines)
{
    int code;
    const char *reason = gzerror(lines->file, &code);
    if (code == Z_ERRNO) reason = strerror(errno);
    if (strncmp(reason, "<fd:", 4) == 0 && strstr(reason, ": ") != NULL) {
        reason = strstr(reason, ": ") + 2; // zlib knows no name but the descriptor's.
    }
    return fe_fail(FERRIC_IO, "cannot read %s behind line %llu: %s", lines->name,
                   (unsigned long long)lines->number, reason);
}

// Reads more behind what the buffer holds, which moves to its front. Sets is_ended at the end.
static ferric_status read_more(cli_lines *lines)
{
    ferric_buffer *buffer = &lines->buffer;
    ferric_status status;
    int got;
    int code;

    if (lines->at > 0) {
        memmove(buffer->data, (char *)buffer->data + lines->at, buffer->size - lines->at);
        buffer->size -= lines->at;
        lines->at = 0;
    }
    status = fe_buffer_reserve(buffer, READ_SIZE);
    if (status != FERRIC_OK) return status;
    got = gzread(lines->file, (char *)buffer->data + buffer->size, READ_SIZE);
    if (got < 0) return fail_read(lines);
    buffer->size += (size_t)got;
    if (got < (int)READ_SIZE) {
        // A short read is the end, or a compressed file that was cut.
        gzerror(lines->file, &code);
        if (code != Z_OK && code != Z_STREAM_END) return fail_read(lines);
        lines->is_ended = true;
    }
    return FERRIC_OK;
}

static void consume(cli_lines *lines, size_t size)
{
    lines->checksum = fe_crc32c(lines->checksum, (char *)lines->buffer.data + lines->at, size);
    lines->offset += size;
    lines->at += size;
}

// Drops what is buffered of a line that is too long, up to and with its newline.
static cli_line_result skip_rest(cli_lines *lines)
{
    lines->number++;
    for (;;) {
        char *begin = (char *)lines->buffer.data + lines->at;
        char *newline = memchr(begin, '\n', lines->buffer.size - lines->at);
        if (newline != NULL) {
            consume(lines, (size_t)(newline - begin) + 1);
            return CLI_LINE_TOO_LONG;
        }
        consume(lines, lines->buffer.size - lines->at);
        if (lines->is_ended) return CLI_LINE_TOO_LONG;
        if (read_more(lines) != FERRIC_OK) return CLI_LINE_FAILED;
    }
}

static cli_line_result give(cli_lines *lines, ferric_slice *line, size_t size, size_t newline_size)
{
    if (size > lines->line_size_max) return skip_rest(lines);
    *line = fe_slice((char *)lines->buffer.data + lines->at, size);
    consume(lines, size + newline_size);
    lines->number++;
    return CLI_LINE_READ;
}

cli_line_result cli_lines_next(cli_lines *lines, ferric_slice *line)
{
    size_t searched = 0; // So far there is no newline.
    for (;;) {
        size_t held = lines->buffer.size - lines->at;
        size_t begin = lines->at + searched; // The buffer may have no memory yet.
        char *newline = held > searched
                            ? memchr((char *)lines->buffer.data + begin, '\n', held - searched)
                            : NULL;

        if (newline != NULL) {
            return give(lines, line, (size_t)(newline - (char *)lines->buffer.data) - lines->at, 1);
        }
        if (held > lines->line_size_max) return skip_rest(lines);
        if (lines->is_ended) return held == 0 ? CLI_LINE_END : give(lines, line, held, 0);
        searched = held;
        if (read_more(lines) != FERRIC_OK) return CLI_LINE_FAILED;
    }
}

ferric_status cli_lines_peek(cli_lines *lines, size_t size, ferric_slice *bytes)
{
    while (lines->buffer.size - lines->at < size && !lines->is_ended) {
        ferric_status status = read_more(lines);
        if (status != FERRIC_OK) return status;
    }
    *bytes = fe_slice(lines->buffer.data, 0);
    if (lines->buffer.size > lines->at) {
        *bytes = fe_slice_from(fe_buffer_slice(&lines->buffer), lines->at);
    }
    return FERRIC_OK;
}

void cli_lines_take(cli_lines *lines, size_t size)
{
    const char *at = (const char *)lines->buffer.data + lines->at;
    const char *end = at + size;

    consume(lines, size);
    while (size > 0 && at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        lines->number++;
        at++;
    }
}

uint64_t cli_lines_position(const cli_lines *lines)
{
    z_off_t offset = gzoffset(lines->file);
    return offset < 0 ? 0 : (uint64_t)offset;
}
