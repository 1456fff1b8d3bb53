// SPDX-License-Identifier: Apache-2.0
// Where export writes; see sink.h.
#include "cli/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"
#include "base/status.h"
#include "cli/output.h"

static bool is_plain_or_missing(const char *path)
{
    struct stat about;
    return lstat(path, &about) != 0 || S_ISREG(about.st_mode) || S_ISDIR(about.st_mode);
}

int cli_sink_open(cli_sink *sink, const char *path)
{
    const char *ending = path == NULL ? NULL : strrchr(path, '.');
    bool is_compressed = ending != NULL && strcmp(ending, ".gz") == 0;
    int copy;

    memset(sink, 0, sizeof *sink);
    sink->descriptor = -1;
    if (path == NULL || strcmp(path, "-") == 0) return CLI_DONE;
    sink->is_in_place = !is_plain_or_missing(path);
    if (snprintf(sink->temporary, sizeof sink->temporary, "%s%s", path,
                 sink->is_in_place ? "" : ".part") >= (int)sizeof sink->temporary) {
        return cli_fail(CLI_USAGE, "the file's name is too long");
    }
    sink->path = path;
    sink->descriptor = open(sink->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (sink->descriptor < 0) {
        return cli_fail(CLI_IO, "cannot open %s: %s", sink->temporary, strerror(errno));
    }
    copy = dup(sink->descriptor); // gzclose closes its descriptor before it can be synced.
    sink->file = copy < 0 ? NULL : gzdopen(copy, is_compressed ? "wb6" : "wbT");
    if (sink->file == NULL) return cli_fail(CLI_IO, "cannot open %s", sink->temporary);
    gzbuffer(sink->file, 128 * 1024);
    return CLI_DONE;
}

ferric_status cli_sink_write(cli_sink *sink, ferric_slice bytes)
{
    if (sink->file == NULL) {
        cli_write(bytes);
        return FERRIC_OK;
    }
    if (bytes.size == 0 || gzwrite(sink->file, bytes.data, (unsigned)bytes.size) > 0)
        return FERRIC_OK;
    return fe_fail(FERRIC_IO, "cannot write %s: %s", sink->temporary, strerror(errno));
}

int cli_sink_close(cli_sink *sink, int code)
{
    bool is_good = code == CLI_DONE;
    if (sink->path == NULL) return code;
    errno = 0;
    if (sink->file != NULL && gzclose(sink->file) != Z_OK) is_good = false;
    if (is_good && !sink->is_in_place) {
        is_good = fsync(sink->descriptor) == 0 && rename(sink->temporary, sink->path) == 0;
    }
    if (!is_good && code == CLI_DONE) {
        code = cli_fail(CLI_IO, "cannot write %s: %s", sink->path, strerror(errno));
    }
    if (sink->descriptor >= 0) {
        close(sink->descriptor);
        if (!is_good && !sink->is_in_place) unlink(sink->temporary);
    }
    return code;
}
