// SPDX-License-Identifier: Apache-2.0
// PCRE2 with a budget; see regex.h.
//
// PCRE2's own match limit counts anew at each place of the text where a match is tried, so it does
// not bound the whole. A callout before each item of the pattern does: it counts, and it counts how
// far the match moved since, because a single item may run over all of the text.
#include "doc/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"

struct fe_regex {
    pcre2_general_context *memory;
    pcre2_compile_context *compile;
    pcre2_match_context *limits;
    pcre2_code *code;
    pcre2_match_data *data;
    ferric_buffer prefix;
    bool goes_back; // To what a group matched: one item may compare much without moving.
    // Of the match at hand.
    uint64_t steps_left;
    uint64_t steps_of_item;
    size_t position;
};

static void *allocate(size_t size, void *context)
{
    (void)context;
    return fe_alloc(size);
}

static void release(void *memory, void *context)
{
    (void)context;
    fe_free(memory);
}

static int count_step(pcre2_callout_block *block, void *context)
{
    fe_regex *regex = context;
    size_t position = block->current_position;
    uint64_t moved =
        position > regex->position ? position - regex->position : regex->position - position;
    uint64_t steps = regex->steps_of_item + moved;

    regex->position = position;
    if (steps > regex->steps_left) return PCRE2_ERROR_CALLOUT;
    regex->steps_left -= steps;
    return 0;
}

static ferric_status parse_options(ferric_slice options, uint32_t *flags)
{
    const char *at = options.data;

    for (size_t i = 0; i < options.size; i++) {
        switch (at[i]) {
        case 'i':
            *flags |= PCRE2_CASELESS;
            break;
        case 'm':
            *flags |= PCRE2_MULTILINE;
            break;
        case 's':
            *flags |= PCRE2_DOTALL;
            break;
        case 'x':
            *flags |= PCRE2_EXTENDED;
            break;
        default:
            return fe_fail(FERRIC_INVALID_ARGUMENT,
                           "a regular expression has the options i, m, s and x, not \"%.*s\"",
                           options.size > 40 ? 40 : (int)options.size, at);
        }
    }
    return FERRIC_OK;
}

// ---- What a match begins with -----------------------------------------------------------------

static bool is_letter_or_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

static bool is_special(uint8_t byte)
{
    return strchr("^$.[]|()?*+{}\\", byte) != NULL; // The zero byte too: it is left alone.
}

// Takes the last character back, which a quantifier behind it makes optional.
static void drop_character(ferric_buffer *text)
{
    const uint8_t *bytes = text->data;
    while (text->size > 0 && (bytes[text->size - 1] & 0xc0) == 0x80)
        text->size--;
    if (text->size > 0) text->size--;
}

// The plain characters behind a '^'. An alternative anywhere makes them worthless.
static ferric_status find_prefix(ferric_slice pattern, uint32_t flags, ferric_buffer *prefix)
{
    const uint8_t *at = fe_slice_bytes(pattern);
    const uint8_t *end = at + pattern.size;
    ferric_status status = FERRIC_OK;

    if (pattern.size < 2 || *at != '^' || memchr(at, '|', pattern.size) != NULL) return FERRIC_OK;
    if ((flags & (PCRE2_CASELESS | PCRE2_MULTILINE | PCRE2_EXTENDED)) != 0) return FERRIC_OK;
    for (at++; at < end && status == FERRIC_OK; at++) {
        if (*at == '\\' && at + 1 < end && at[1] < 0x80 && at[1] != 0 &&
            !is_letter_or_digit(at[1])) {
            at++;
        } else if (is_special(*at)) {
            break;
        }
        status = fe_buffer_append(prefix, at, 1);
    }
    if (at < end && (*at == '?' || *at == '*' || *at == '{')) drop_character(prefix);
    return status;
}

// ---- Compiling --------------------------------------------------------------------------------

static ferric_status no_memory(void)
{
    return fe_no_memory("a regular expression", 0);
}

static ferric_status make_contexts(fe_regex *regex)
{
    regex->memory = pcre2_general_context_create(allocate, release, NULL);
    if (regex->memory == NULL) return no_memory();
    regex->compile = pcre2_compile_context_create(regex->memory);
    regex->limits = pcre2_match_context_create(regex->memory);
    if (regex->compile == NULL || regex->limits == NULL) return no_memory();
    pcre2_set_heap_limit(regex->limits, FE_REGEX_HEAP_KIB_MAX);
    pcre2_set_callout(regex->limits, count_step, regex);
    return FERRIC_OK;
}

static ferric_status compile(fe_regex *regex, ferric_slice pattern, uint32_t flags)
{
    char reason[128];
    uint32_t back_reference_max = 0;
    size_t offset = 0;
    int error = 0;

    regex->code = pcre2_compile(fe_slice_bytes(pattern), pattern.size, flags, &error, &offset,
                                regex->compile);
    if (regex->code == NULL) {
        if (error == PCRE2_ERROR_HEAP_FAILED) return no_memory();
        pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, sizeof reason);
        return fe_fail(FERRIC_INVALID_ARGUMENT, "the regular expression \"%.*s\": byte %zu: %s",
                       pattern.size > 200 ? 200 : (int)pattern.size, (const char *)pattern.data,
                       offset, reason);
    }
    pcre2_pattern_info(regex->code, PCRE2_INFO_BACKREFMAX, &back_reference_max);
    regex->goes_back = back_reference_max > 0;
    regex->data = pcre2_match_data_create(1, regex->memory);
    return regex->data == NULL ? no_memory() : FERRIC_OK;
}

ferric_status fe_regex_create(ferric_slice pattern, ferric_slice options, fe_regex **regex)
{
    uint32_t flags = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C;
    fe_regex *made = NULL;
    ferric_status status = parse_options(options, &flags);

    *regex = NULL;
    if (status != FERRIC_OK) return status;
    if (pattern.size > FE_REGEX_PATTERN_SIZE_MAX) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "a regular expression of %zu bytes, at most %d",
                       pattern.size, FE_REGEX_PATTERN_SIZE_MAX);
    }
    made = fe_alloc_zero(1, sizeof *made);
    if (made == NULL) return no_memory();
    status = make_contexts(made);
    if (status == FERRIC_OK) status = compile(made, pattern, flags);
    if (status == FERRIC_OK) status = find_prefix(pattern, flags, &made->prefix);
    if (status != FERRIC_OK) {
        fe_regex_destroy(made);
        return status;
    }
    *regex = made;
    return FERRIC_OK;
}

void fe_regex_destroy(fe_regex *regex)
{
    if (regex == NULL) return;
    pcre2_match_data_free(regex->data);
    pcre2_code_free(regex->code);
    pcre2_match_context_free(regex->limits);
    pcre2_compile_context_free(regex->compile);
    pcre2_general_context_free(regex->memory);
    fe_buffer_deinit(&regex->prefix);
    fe_free(regex);
}

ferric_status fe_regex_test(fe_regex *regex, ferric_slice text, bool *matches)
{
    const uint8_t *subject = text.size == 0 ? (const uint8_t *)"" : fe_slice_bytes(text);
    int found;

    *matches = false;
    regex->steps_left = FE_REGEX_STEPS + FE_REGEX_STEPS_A_BYTE * (uint64_t)text.size;
    regex->steps_of_item = regex->goes_back ? 1 + text.size / 16 : 1;
    regex->position = 0;
    found = pcre2_match(regex->code, subject, text.size, 0, PCRE2_NO_UTF_CHECK, regex->data,
                        regex->limits);
    if (found == PCRE2_ERROR_NOMATCH) return FERRIC_OK;
    if (found >= 0) {
        *matches = true;
        return FERRIC_OK;
    }
    if (found == PCRE2_ERROR_NOMEMORY) return no_memory();
    return fe_fail(FERRIC_TOO_LARGE,
                   "a regular expression tries too many ways: more than %" PRIu64
                   " steps on a text of %zu bytes",
                   FE_REGEX_STEPS + FE_REGEX_STEPS_A_BYTE * (uint64_t)text.size, text.size);
}

ferric_slice fe_regex_prefix(const fe_regex *regex)
{
    return fe_buffer_slice(&regex->prefix);
}
