// SPDX-License-Identifier: Apache-2.0
// ferric patch: changes one document, as a merge patch or a list of operations says.
#include <string.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "cli/commands.h"
#include "cli/entry.h"
#include "cli/output.h"
#include "cli/value_text.h"

// The library has one answer for both conditions; the document's version tells them apart.
static int fail_conflict(const cli_arguments *arguments, const cli_session *session,
                         const char *key, uint64_t expected)
{
    ferric_buffer value = {0};
    uint64_t version = 0;
    ferric_status status = cli_entry_get(session, fe_slice_text(key), &value, &version);

    ferric_buffer_free(&value);
    if (cli_has(arguments, OPTION_IF_VERSION) && (status != FERRIC_OK || version != expected)) {
        return cli_condition_fail(arguments, session, key);
    }
    return cli_fail(CLI_CONFLICT, "%s: a test of the patch does not hold; nothing was written",
                    key);
}

int cli_patch_in(const cli_arguments *arguments, const cli_session *session, const char *key,
                 ferric_slice patch)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    ferric_status status;
    uint8_t first = cli_first_byte(patch);
    int code = cli_condition_read(arguments, &options);

    if (code != CLI_DONE) return code;
    // Any other value would replace the whole document, which set does, and nobody means here.
    if (first != '{' && first != '[') {
        return cli_fail(CLI_USAGE,
                        "a patch is an object, such as {\"age\":32}, or an array of "
                        "operations; not %.*s",
                        patch.size > 100 ? 100 : (int)patch.size, (const char *)patch.data);
    }
    status =
        ferric_document_patch(session->db, session->keyspace, fe_slice_text(key), patch, &options);
    if (status == FERRIC_NOT_FOUND) {
        return cli_fail(CLI_MISSING, "%s has no key %s", session->name, key);
    }
    if (status == FERRIC_CONFLICT) {
        return fail_conflict(arguments, session, key, options.if_version);
    }
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, key);
}

// Looked at before anything is opened: a wrong patch is told also where there is no database.
static int check_patch(ferric_slice patch)
{
    ferric_buffer json = {0};
    ferric_status status = ferric_json_minify(patch, &json, NULL);

    ferric_buffer_free(&json);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "patch");
}

int cli_patch_run(const cli_arguments *arguments)
{
    const char *word = arguments->word_count == 2 ? arguments->words[1] : "-";
    ferric_slice patch = fe_slice_text(word);
    ferric_buffer input = {0};
    cli_session session;
    int code = CLI_DONE;

    if (strcmp(word, "-") == 0) {
        code = cli_input_read(&input, false);
        patch = fe_buffer_slice(&input);
    }
    if (code == CLI_DONE) code = check_patch(patch);
    if (code == CLI_DONE) code = cli_session_open(arguments, CLI_WRITE, &session);
    if (code == CLI_DONE) {
        // The keyspace keeps its kind: a raw one is refused by the library.
        code = cli_session_use(arguments, CLI_READ, &session);
        if (code == CLI_DONE) code = cli_patch_in(arguments, &session, arguments->words[0], patch);
        code = cli_session_end(&session, code);
    }
    ferric_buffer_free(&input);
    return code;
}
