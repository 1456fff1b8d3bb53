// SPDX-License-Identifier: Apache-2.0
// ferric rekey, encrypt and decrypt.
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/user_keys.h"

static bool go_on(void *context, uint64_t done, uint64_t total)
{
    const char *path = context;

    if (done < total) {
        cli_note("%s: %s of %s rewritten", path, cli_size_text(done).text,
                 cli_size_text(total).text);
    }
    return !cli_interrupted();
}

static int rotate(const cli_arguments *arguments, cli_session *session)
{
    ferric_status status = ferric_key_rotate(session->db, cli_has(arguments, OPTION_REWRITE), go_on,
                                             (void *)(uintptr_t)session->path);

    if (status != FERRIC_OK) return cli_fail_status(status, session->path);
    cli_note(cli_has(arguments, OPTION_REWRITE)
                 ? "all of %s is sealed with a new data key"
                 : "new files of %s are sealed with a new data key; --rewrite does all",
             session->path);
    return CLI_DONE;
}

static int change_key(const cli_arguments *arguments, cli_session *session)
{
    ferric_key old = {0};
    ferric_key new = {0};
    ferric_status status;
    int code = CLI_DONE;

    if (!cli_has(arguments, OPTION_ADD)) code = cli_keys_present(arguments, session->path, &old);
    if (code == CLI_DONE) code = cli_keys_new(arguments, session->path, &new);
    if (code != CLI_DONE) return code;
    status = cli_has(arguments, OPTION_ADD) ? ferric_key_add(session->db, &new)
                                            : ferric_key_replace(session->db, &old, &new);
    if (status != FERRIC_OK) return cli_fail_status(status, "");
    cli_note(cli_has(arguments, OPTION_ADD) ? "another key opens %s now"
                                            : "%s is opened by the new key alone",
             session->path);
    return CLI_DONE;
}

static int remove_key(const cli_arguments *arguments, cli_session *session)
{
    ferric_key key = {0};
    int code = cli_keys_new(arguments, session->path, &key);
    ferric_status status;

    if (code != CLI_DONE) return code;
    status = ferric_key_remove(session->db, &key);
    if (status != FERRIC_OK) return cli_fail_status(status, "");
    cli_note("that key opens %s no more", session->path);
    return CLI_DONE;
}

int cli_rekey(const cli_arguments *arguments)
{
    cli_session session;
    int code;

    if (cli_has(arguments, OPTION_REWRITE) && !cli_has(arguments, OPTION_ROTATE))
        return cli_fail(CLI_USAGE, "--rewrite goes with --rotate");
    code = cli_session_open(arguments, CLI_WRITE, &session);
    if (code != CLI_DONE) return code;
    if (!ferric_is_encrypted(session.db)) {
        code =
            cli_fail(CLI_WRONG_KEY, "%s is not encrypted: ferric encrypt makes an encrypted copy",
                     session.path);
    } else if (cli_has(arguments, OPTION_ROTATE)) {
        code = rotate(arguments, &session);
    } else if (cli_has(arguments, OPTION_REMOVE)) {
        code = remove_key(arguments, &session);
    } else {
        code = change_key(arguments, &session);
    }
    return cli_session_end(&session, code);
}

// ---- Copies ---------------------------------------------------------------------------------

static int copy(const cli_arguments *arguments, const ferric_options *from,
                const ferric_options *to)
{
    const char *target = arguments->words[0];
    ferric_status status = ferric_copy(arguments->path, from, target, to);

    if (status == FERRIC_NOT_FOUND) return cli_no_database(arguments);
    if (status != FERRIC_OK) return cli_fail_status(status, "");
    cli_note("%s holds all of %s; remove the old one with: ferric destroy", target,
             arguments->path);
    return CLI_DONE;
}

int cli_encrypt(const cli_arguments *arguments)
{
    ferric_options from = FERRIC_OPTIONS_INIT;
    ferric_options to = FERRIC_OPTIONS_INIT;
    int code = cli_database_options(arguments, &to);

    if (code == CLI_DONE && to.key.kind == FERRIC_KEY_NONE)
        code = cli_keys_new(arguments, arguments->words[0], &to.key);
    return code == CLI_DONE ? copy(arguments, &from, &to) : code;
}

int cli_decrypt(const cli_arguments *arguments)
{
    ferric_options from = FERRIC_OPTIONS_INIT;
    ferric_options to = FERRIC_OPTIONS_INIT;
    int code = cli_database_options(arguments, &to);

    from.key = to.key;
    from.key_callback = to.key_callback;
    from.encrypted = true;
    to.key = (ferric_key){0};
    to.key_callback = NULL;
    to.encrypted = false;
    return code == CLI_DONE ? copy(arguments, &from, &to) : code;
}
