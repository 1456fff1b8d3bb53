// SPDX-License-Identifier: Apache-2.0
// libedit behind a few calls; see line_editor.h. The only file that knows it.
#include "cli/line_editor.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <histedit.h>

#include "base/memory.h"
#include "cli/session.h"

#define CTRL(letter) ((letter)&0x1f)
#define HISTORY_COUNT 1000
#define HISTORY_PATH_MAX 4096

struct cli_editor {
    EditLine *edit;
    History *history;
    const char *prompt;
    cli_complete complete;
    void *context;
    char *line;
    bool is_canceled;
    char history_path[HISTORY_PATH_MAX]; // "" for none.
};

static cli_editor *editor_of(EditLine *edit)
{
    void *found = NULL;
    el_get(edit, EL_CLIENTDATA, &found);
    return found;
}

static char *give_prompt(EditLine *edit)
{
    static char prompt[512];
    snprintf(prompt, sizeof prompt, "%s", editor_of(edit)->prompt);
    return prompt;
}

// ---- Completion -----------------------------------------------------------------------------

static size_t common_size(const cli_candidates *candidates)
{
    size_t size = strlen(candidates->words[0]);
    for (size_t i = 1; i < candidates->count; i++) {
        size_t same = 0;
        while (same < size && candidates->words[i][same] == candidates->words[0][same])
            same++;
        size = same;
    }
    // Not inside a character of several bytes.
    while (size > 0 && ((unsigned char)candidates->words[0][size] & 0xc0) == 0x80)
        size--;
    return size;
}

static void list_candidates(const cli_candidates *candidates)
{
    putchar('\n');
    for (size_t i = 0; i < candidates->count; i++)
        printf("%s\n", candidates->words[i]);
    if (candidates->count == CLI_CANDIDATES_MAX) puts("...");
}

static unsigned char apply_candidates(EditLine *edit, const cli_candidates *candidates,
                                      size_t typed_size)
{
    char insert[1024];
    size_t size;
    if (candidates->count == 0) return CC_REFRESH_BEEP;
    size = common_size(candidates);
    if (size <= typed_size && candidates->count > 1) {
        list_candidates(candidates);
        return CC_REDISPLAY;
    }
    if (size < typed_size || size - typed_size >= sizeof insert - 1) return CC_REFRESH_BEEP;
    snprintf(insert, sizeof insert, "%.*s%s", (int)(size - typed_size),
             candidates->words[0] + typed_size,
             candidates->count == 1 && !candidates->goes_on ? " " : "");
    return el_insertstr(edit, insert) == 0 ? CC_REFRESH : CC_REFRESH_BEEP;
}

static unsigned char on_complete(EditLine *edit, int byte)
{
    cli_editor *editor = editor_of(edit);
    const LineInfo *info = el_line(edit);
    size_t size = (size_t)(info->cursor - info->buffer);
    cli_candidates candidates = {.count = 0};
    char *line = fe_alloc(size + 1);
    unsigned char result;

    (void)byte;
    if (line == NULL) return CC_REFRESH_BEEP;
    memcpy(line, info->buffer, size);
    line[size] = 0;
    editor->complete(editor->context, line, &candidates);
    result = apply_candidates(edit, &candidates, size - candidates.begin);
    for (size_t i = 0; i < candidates.count; i++)
        free(candidates.words[i]);
    fe_free(line);
    return result;
}

// ---- Keys that are signals elsewhere --------------------------------------------------------

// While a line is edited Ctrl-C is a key, so that it takes its place among the keys typed before
// it:
// a signal could come between two reads of the terminal, and the second would wait on.
static unsigned char on_cancel(EditLine *edit, int byte)
{
    (void)byte;
    editor_of(edit)->is_canceled = true;
    return CC_EOF; // Ends the read; the next one begins empty.
}

static unsigned char on_stop(EditLine *edit, int byte)
{
    el_set(edit, EL_PREP_TERM, 0);
    raise(byte == CTRL('z') ? SIGTSTP : SIGQUIT);
    el_set(edit, EL_PREP_TERM, 1);
    return CC_REDISPLAY;
}

static void bind_signals(EditLine *edit)
{
    el_set(edit, EL_SETTY, "-d", "-isig", NULL);
    el_set(edit, EL_ADDFN, "ferric-cancel", "throw the line away", on_cancel);
    el_set(edit, EL_ADDFN, "ferric-stop", "stop or end the program", on_stop);
    el_set(edit, EL_BIND, "^C", "ferric-cancel", NULL);
    el_set(edit, EL_BIND, "^Z", "ferric-stop", NULL);
    el_set(edit, EL_BIND, "^\\", "ferric-stop", NULL);
}

// ---- Life -----------------------------------------------------------------------------------

// The history is read only if nobody else could have written or read it: it holds data.
static void load_history(cli_editor *editor)
{
    const char *home = getenv("HOME");
    HistEvent event;
    int descriptor;

    history(editor->history, &event, H_SETSIZE, HISTORY_COUNT);
    history(editor->history, &event, H_SETUNIQUE, 1);
    if (home == NULL || *home == 0) return;
    if (snprintf(editor->history_path, HISTORY_PATH_MAX, "%s/.ferric_history", home) >=
        HISTORY_PATH_MAX) {
        editor->history_path[0] = 0;
        return;
    }
    descriptor = open(editor->history_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0 || fchmod(descriptor, 0600) != 0) {
        editor->history_path[0] = 0; // Not ours: history stays in memory.
    } else {
        history(editor->history, &event, H_LOAD, editor->history_path);
    }
    if (descriptor >= 0) close(descriptor);
}

static bool set_up(cli_editor *editor)
{
    editor->history = history_init();
    editor->edit = el_init("ferric", stdin, stdout, stderr);
    if (editor->history == NULL || editor->edit == NULL) return false;
    load_history(editor);
    el_set(editor->edit, EL_CLIENTDATA, editor);
    el_set(editor->edit, EL_PROMPT, give_prompt);
    el_set(editor->edit, EL_EDITOR, "emacs");
    el_set(editor->edit, EL_HIST, history, editor->history);
    el_set(editor->edit, EL_ADDFN, "ferric-complete", "complete a word", on_complete);
    el_set(editor->edit, EL_BIND, "^I", "ferric-complete", NULL);
    bind_signals(editor->edit);
    el_set(editor->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    return true;
}

cli_editor *cli_editor_create(cli_complete complete, void *context)
{
    cli_editor *editor = fe_alloc_zero(1, sizeof *editor);
    if (editor == NULL) return NULL;
    editor->complete = complete;
    editor->context = context;
    setlocale(LC_CTYPE, ""); // libedit measures characters by it.
    if (!set_up(editor)) {
        cli_editor_destroy(editor);
        return NULL;
    }
    return editor;
}

void cli_editor_destroy(cli_editor *editor)
{
    HistEvent event;
    if (editor == NULL) return;
    if (editor->history != NULL && editor->history_path[0] != 0) {
        history(editor->history, &event, H_SAVE, editor->history_path);
    }
    if (editor->edit != NULL) el_end(editor->edit);
    if (editor->history != NULL) history_end(editor->history);
    fe_free(editor->line);
    fe_free(editor);
}

cli_edit_result cli_editor_read(cli_editor *editor, const char *prompt, const char **line)
{
    const char *got;
    int size = 0;

    *line = "";
    editor->prompt = prompt;
    editor->is_canceled = false;
    // el_gets itself shows the prompt first: a key pressed just then would be the terminal's.
    el_set(editor->edit, EL_PREP_TERM, 1);
    got = el_gets(editor->edit, &size);
    if (got == NULL && (editor->is_canceled || cli_interrupted())) {
        cli_interrupt_clear();
        fputs("^C\n", stdout);
        return CLI_EDIT_CANCELED;
    }
    if (got == NULL || size <= 0) return CLI_EDIT_END;
    fe_free(editor->line);
    editor->line = fe_string_duplicate(got);
    if (editor->line == NULL) return CLI_EDIT_END;
    editor->line[strcspn(editor->line, "\r\n")] = 0;
    *line = editor->line;
    return CLI_EDIT_LINE;
}

void cli_editor_remember(cli_editor *editor, const char *statement)
{
    HistEvent event;
    char *line = fe_string_duplicate(statement);
    if (line == NULL) return; // It is not remembered.
    // A line that is recalled is one line; between the tokens of JSON a space serves as well.
    for (char *at = line; *at != 0; at++) {
        if (*at == '\n') *at = ' ';
    }
    history(editor->history, &event, H_ENTER, line);
    fe_free(line);
}
