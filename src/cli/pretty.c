// SPDX-License-Identifier: Apache-2.0
// JSON for a person; see pretty.h. Recursion is bounded by FE_JSON_DEPTH_MAX, which the validated
// text keeps.
#include "cli/pretty.h"

#include "base/json_text.h"
#include "cli/output.h"

// Longest container that is printed on one line.
#define INLINE_SIZE_MAX 60

static void write_value(ferric_slice value, int indent);

static void write_scalar(ferric_slice value)
{
    char kind = fe_json_kind(value);
    cli_color_set(kind == '"' ? CLI_STRING : kind == '0' ? CLI_NUMBER : CLI_WORD);
    cli_write_data(value); // JSON allows the control characters from 0x7f on inside strings.
    cli_color_set(CLI_PLAIN);
}

static void write_name(ferric_slice name)
{
    cli_color_set(CLI_KEY);
    cli_write_data(name);
    cli_color_set(CLI_PLAIN);
    cli_print(": ");
}

static bool fits_line(ferric_slice value)
{
    const char *inside = (const char *)value.data + 1;
    if (value.size > INLINE_SIZE_MAX) return false;
    return memchr(inside, '{', value.size - 1) == NULL &&
           memchr(inside, '[', value.size - 1) == NULL;
}

static void write_break(bool is_inline, int indent)
{
    if (!is_inline) cli_print("\n%*s", indent * 2, "");
}

static void write_container(ferric_slice value, int indent)
{
    bool is_object = fe_json_kind(value) == '{';
    bool is_inline = fits_line(value);
    fe_json_walk walk = fe_json_walk_into(value);
    ferric_slice name;
    ferric_slice element;
    bool is_first = true;

    cli_print("%c", is_object ? '{' : '[');
    while (is_object ? fe_json_next_member(&walk, &name, &element)
                     : fe_json_next_element(&walk, &element)) {
        if (!is_first) cli_print(is_inline ? ", " : ",");
        write_break(is_inline, indent + 1);
        if (is_object) write_name(name);
        write_value(element, indent + 1);
        is_first = false;
    }
    if (!is_first) write_break(is_inline, indent);
    cli_print("%c", is_object ? '}' : ']');
}

static void write_value(ferric_slice value, int indent)
{
    char kind = fe_json_kind(value);
    if (kind == '{' || kind == '[') {
        write_container(value, indent);
    } else {
        write_scalar(value);
    }
}

void cli_write_pretty(ferric_slice json)
{
    write_value(json, 0);
}
