// SPDX-License-Identifier: Apache-2.0
// What `ferric import` reads: JSON lines, CSV, Debian control paragraphs and raw lines, compressed
// by gzip or not. Every record is a key and valid JSON (or bytes), and a bad one does not end the
// reading.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "cli/record.h"
#include "cli/value_text.h"
#include "fuzz.h"

#define LINE_SIZE_MAX ((size_t)64 << 10)

// The read buffer, and the record that it is cut into: a gzip file is larger than its input.
const size_t fuzz_fixed_memory = (size_t)8 << 20;

static void check_record(const cli_records *records)
{
    ferric_slice key = fe_buffer_slice(&records->key);
    ferric_buffer text = {0};
    ferric_buffer again = {0};

    FUZZ_CHECK(key.size > 0);
    FUZZ_CHECK(cli_line_escape(key, &text) == FERRIC_OK);
    FUZZ_CHECK(cli_line_unescape(fe_buffer_slice(&text), &again) == FERRIC_OK);
    FUZZ_CHECK(fe_slice_equal(key, fe_buffer_slice(&again)));
    fe_buffer_clear(&again);
    if (!records->takes_bytes) {
        FUZZ_CHECK(ferric_json_minify(fe_buffer_slice(&records->value), &again, NULL) == FERRIC_OK);
    }
    fe_buffer_deinit(&again);
    fe_buffer_deinit(&text);
}

// Returns how many records were good.
static uint64_t read_all(cli_records *records, size_t size)
{
    cli_record_result result;
    uint64_t good = 0;
    uint64_t bad = 0;

    while ((result = cli_records_next(records)) != CLI_RECORD_END) {
        if (result == CLI_RECORD_FAILED) break;
        if (result == CLI_RECORD_BAD) bad++;
        if (result != CLI_RECORD_READ) continue;
        check_record(records);
        good++;
    }
    FUZZ_CHECK(good + bad <= (size + 1) * 2000); // More than gzip can make lines of a byte.
    return good;
}

// The first byte chooses format and options, the rest is the file.
bool fuzz_run(const uint8_t *data, size_t size)
{
    static const cli_format formats[] = {CLI_FORMAT_JSONL, CLI_FORMAT_CSV, CLI_FORMAT_DEB822,
                                         CLI_FORMAT_RAW};
    cli_records records = {0};
    char path[64];
    uint64_t good = 0;
    int descriptor;

    if (size == 0) return false;
    records.format = (data[0] & 32) != 0 ? CLI_FORMAT_JSON : formats[data[0] & 3];
    records.types = (data[0] & 4) != 0 ? "json" : NULL;
    records.takes_bytes = records.format == CLI_FORMAT_RAW && (data[0] & 8) != 0;
    records.id = (data[0] & 16) != 0 ? "id" : NULL;
    descriptor = memfd_create("import", 0);
    if (descriptor < 0) abort();
    if (write(descriptor, data + 1, size - 1) != (ssize_t)(size - 1)) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    if (cli_records_open(&records, path, LINE_SIZE_MAX) == FERRIC_OK) {
        good = read_all(&records, size);
        cli_records_close(&records);
    }
    close(descriptor);
    return good > 0;
}
