// SPDX-License-Identifier: Apache-2.0
// Asking compiled filters; see matcher.h.
#include "doc/matcher.h"

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/condition.h"
#include "doc/json.h"
#include "doc/number.h"

// What one question carries along.
typedef struct question {
    fe_matcher *matcher;
    const fe_doc *doc;
    bool is_element; // `doc` is an element of an array: it has no key, and may be an array.
    ferric_status status;
} question;

typedef struct reaching {
    question *asked;
    const fe_condition *condition;
} reaching;

static bool holds(question *asked, const fe_condition *condition);

// ---- One value ------------------------------------------------------------------------------

static bool is_nothing(ferric_slice value)
{
    return value.size == 0 || fe_json_kind(value) == 'n';
}

static bool equals(ferric_slice operand, ferric_slice value)
{
    if (fe_json_kind(operand) == 'n' && !FE_SEEDED_BUG(FE_BUG_NULL_LEAVES_OUT_MISSING)) {
        return is_nothing(value);
    }
    return value.size > 0 && fe_value_compare(operand, value) == 0;
}

// Negative, zero or positive like the value against the operand; false when they do not compare.
static bool compares(ferric_slice operand, ferric_slice value, int *order)
{
    fe_value_type type = fe_value_type_of(operand);
    *order = 0;
    if (type == FE_VALUE_NULL) return is_nothing(value);
    if (fe_value_type_of(value) != type && !FE_SEEDED_BUG(FE_BUG_COMPARED_ACROSS_TYPES))
        return false;
    *order = fe_value_compare(value, operand);
    return true;
}

static bool is_in(const fe_condition *condition, ferric_slice value)
{
    size_t low = 0;
    size_t high = condition->count;

    if (FE_SEEDED_BUG(FE_BUG_LAST_OF_LIST_UNSEEN) && high > 0) high--;
    if (value.size == 0) { // As null, which is the least value.
        return high > 0 && fe_json_kind(condition->list[0]) == 'n';
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = fe_value_compare(value, condition->list[middle]);
        if (order == 0) return true;
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}

static bool has_size(ferric_slice value, size_t size)
{
    fe_json_walk walk = fe_json_walk_into(value);
    ferric_slice element;
    size_t count = 0;

    while (count <= size && fe_json_next_element(&walk, &element))
        count++;
    return count == size;
}

static bool is_congruent(const fe_condition *condition, ferric_slice value)
{
    int64_t whole;
    if (fe_json_kind(value) != '0' || !fe_number_truncate(value, &whole)) return false;
    // The quotient of INT64_MIN and -1 does not fit, so it is not computed.
    if (condition->divisor == -1) return condition->remainder == 0;
    return whole % condition->divisor == condition->remainder;
}

static bool starts_with(ferric_slice literal, ferric_slice prefix)
{
    const uint8_t *expected = fe_slice_bytes(prefix);
    fe_json_string string = fe_json_string_of(literal);

    if (fe_json_kind(literal) != '"') return false;
    for (size_t i = 0; i < prefix.size; i++) {
        if (fe_json_string_next(&string) != expected[i]) return false;
    }
    return true;
}

static bool fits_regex(question *asked, const fe_condition *condition, ferric_slice literal)
{
    ferric_buffer *scratch = &asked->matcher->scratch;
    ferric_slice text;
    bool matches = false;

    if (fe_json_kind(literal) != '"') return false;
    text = fe_slice(fe_slice_bytes(literal) + 1, literal.size - 2);
    if (text.size > 0 && memchr(text.data, '\\', text.size) != NULL) {
        fe_buffer_clear(scratch);
        asked->status = fe_json_unquote(literal, scratch);
        if (asked->status != FERRIC_OK) return false;
        text = fe_buffer_slice(scratch);
    }
    asked->status = fe_regex_test(condition->regex, text, &matches);
    return matches;
}

static bool meets(question *asked, const fe_condition *condition, ferric_slice value,
                  fe_reached how);

// Whether a value alone meets all children, which have no path.
static bool meets_all(question *asked, const fe_condition *parent, ferric_slice value)
{
    for (const fe_condition *child = parent->first; child != NULL; child = child->next) {
        if (!meets(asked, child, value, FE_REACHED_VALUE)) return false;
    }
    return asked->status == FERRIC_OK;
}

static bool is_matched_by_all(question *asked, const fe_condition *parent, ferric_slice element)
{
    fe_doc doc = {{NULL, 0}, element};
    question inner = {asked->matcher, &doc, true, FERRIC_OK};
    char kind = fe_json_kind(element);
    bool matches = kind == '{' || kind == '[';

    for (const fe_condition *child = parent->first; matches && child != NULL; child = child->next)
        matches = holds(&inner, child);
    asked->status = inner.status;
    return matches && inner.status == FERRIC_OK;
}

static bool meets_element(question *asked, const fe_condition *condition, ferric_slice element)
{
    return condition->kind == FE_CONDITION_ELEMENT_VALUE
               ? meets_all(asked, condition, element)
               : is_matched_by_all(asked, condition, element);
}

static bool has_such_element(question *asked, const fe_condition *condition, ferric_slice array)
{
    fe_json_walk walk = fe_json_walk_into(array);
    ferric_slice element;

    while (asked->status == FERRIC_OK && fe_json_next_element(&walk, &element)) {
        if (meets_element(asked, condition, element)) return true;
    }
    return false;
}

// Whether one value that was reached meets a condition with a path, or a value one without.
static bool meets(question *asked, const fe_condition *condition, ferric_slice value,
                  fe_reached how)
{
    // Elements that are arrays are not looked into again.
    bool is_whole_array = how != FE_REACHED_ELEMENT && fe_json_kind(value) == '[';
    int order;

    switch (condition->kind) {
    case FE_CONDITION_NOT:
        return !meets_all(asked, condition->first, value) && asked->status == FERRIC_OK;
    case FE_CONDITION_EQUAL:
        return equals(condition->operand, value);
    case FE_CONDITION_GREATER:
        return compares(condition->operand, value, &order) && order > 0;
    case FE_CONDITION_GREATER_EQUAL:
        return compares(condition->operand, value, &order) && order >= 0;
    case FE_CONDITION_LESS:
        return compares(condition->operand, value, &order) && order < 0;
    case FE_CONDITION_LESS_EQUAL:
        return compares(condition->operand, value, &order) && order <= 0;
    case FE_CONDITION_IN:
        return is_in(condition, value);
    case FE_CONDITION_EXISTS:
        return value.size > 0;
    case FE_CONDITION_TYPE:
        return (condition->types >> fe_value_type_of(value) & 1) != 0;
    case FE_CONDITION_SIZE:
        return is_whole_array && has_size(value, condition->count);
    case FE_CONDITION_MODULO:
        return is_congruent(condition, value);
    case FE_CONDITION_REGEX:
        return fits_regex(asked, condition, value);
    case FE_CONDITION_STARTS_WITH:
        return starts_with(value, condition->operand);
    case FE_CONDITION_ELEMENT_VALUE:
    case FE_CONDITION_ELEMENT_OBJECT:
        return is_whole_array && has_such_element(asked, condition, value);
    default: // AND, OR and NOR are asked of documents.
        return false;
    }
}

// ---- Documents ------------------------------------------------------------------------------

static bool visit(void *context, ferric_slice value, fe_reached how)
{
    reaching *self = context;
    return meets(self->asked, self->condition, value, how) || self->asked->status != FERRIC_OK;
}

static bool all_hold(question *asked, const fe_condition *parent)
{
    for (const fe_condition *child = parent->first; child != NULL; child = child->next) {
        if (!holds(asked, child)) return false;
    }
    return asked->status == FERRIC_OK;
}

static bool any_holds(question *asked, const fe_condition *parent)
{
    for (const fe_condition *child = parent->first; child != NULL; child = child->next) {
        if (holds(asked, child)) return true;
        if (asked->status != FERRIC_OK) return false;
    }
    return false;
}

static bool predicate_holds(question *asked, const fe_condition *condition)
{
    reaching self = {asked, condition};
    bool is_found;

    if (asked->is_element) {
        is_found = fe_path_each_below(condition->path, asked->doc->text, visit, &self);
        return is_found && asked->status == FERRIC_OK;
    }
    if (!condition->path->is_id && fe_json_kind(asked->doc->text) != '{') return false;
    if (condition->kind == FE_CONDITION_NOT) {
        return !all_hold(asked, condition->first) && asked->status == FERRIC_OK;
    }
    return fe_path_each(condition->path, asked->doc, visit, &self) && asked->status == FERRIC_OK;
}

// Recurs as deep as the filter: FE_JSON_DEPTH_MAX.
static bool holds(question *asked, const fe_condition *condition)
{
    switch (condition->kind) {
    case FE_CONDITION_AND:
        return all_hold(asked, condition);
    case FE_CONDITION_OR:
        return any_holds(asked, condition);
    case FE_CONDITION_NOR:
        return !any_holds(asked, condition) && asked->status == FERRIC_OK;
    case FE_CONDITION_NOT:
        if (asked->is_element) {
            return !all_hold(asked, condition->first) && asked->status == FERRIC_OK;
        }
        return predicate_holds(asked, condition);
    default:
        return predicate_holds(asked, condition);
    }
}

ferric_status fe_matcher_test(fe_matcher *matcher, const fe_doc *doc, bool *matches)
{
    question asked = {matcher, doc, false, FERRIC_OK};
    *matches = all_hold(&asked, matcher->root);
    return asked.status;
}

ferric_status fe_matcher_test_element(fe_matcher *matcher, ferric_slice element, bool *matches)
{
    fe_doc none = {{NULL, 0}, {NULL, 0}};
    question asked = {matcher, &none, false, FERRIC_OK};
    *matches = meets_element(&asked, matcher->root->first, element);
    return asked.status;
}

// ---- Life -----------------------------------------------------------------------------------

// A NULL arena: one of its own.
static ferric_status create(ferric_slice json, fe_arena *arena,
                            ferric_status (*compile)(fe_matcher *matcher, ferric_slice json),
                            fe_matcher **matcher)
{
    fe_arena own_arena;
    fe_matcher *made;
    ferric_slice kept;
    ferric_status status;

    *matcher = NULL;
    fe_arena_init(&own_arena);
    made = fe_arena_alloc(arena == NULL ? &own_arena : arena, sizeof *made);
    if (made == NULL) return fe_no_memory("a filter", sizeof *made);
    *made = (fe_matcher){.own_arena = own_arena};
    made->arena = arena == NULL ? &made->own_arena : arena;
    status = fe_json_minify_kept(json, made->arena, &kept);
    if (status == FERRIC_OK) status = compile(made, kept);
    if (status != FERRIC_OK) {
        fe_matcher_destroy(made);
        return status;
    }
    *matcher = made;
    return FERRIC_OK;
}

ferric_status fe_matcher_create(ferric_slice json, fe_matcher **matcher)
{
    return create(json, NULL, fe_matcher_compile, matcher);
}

ferric_status fe_matcher_create_in(ferric_slice json, fe_arena *arena, fe_matcher **matcher)
{
    return create(json, arena, fe_matcher_compile, matcher);
}

ferric_status fe_matcher_create_element(ferric_slice json, fe_matcher **matcher)
{
    return create(json, NULL, fe_matcher_compile_element, matcher);
}

void fe_matcher_destroy(fe_matcher *matcher)
{
    fe_arena own_arena;

    if (matcher == NULL) return;
    for (fe_condition *each = matcher->regexes; each != NULL; each = each->next_regex)
        fe_regex_destroy(each->regex);
    fe_buffer_deinit(&matcher->scratch);
    own_arena = matcher->own_arena; // In which the matcher stands.
    fe_arena_deinit(&own_arena);
}

bool fe_matcher_is_empty(const fe_matcher *matcher)
{
    return matcher->root->first == NULL;
}

bool fe_matcher_uses_id(const fe_matcher *matcher)
{
    return matcher->uses_id;
}

const fe_condition *fe_matcher_condition(const fe_matcher *matcher)
{
    return matcher->root;
}

// ---- Implication ----------------------------------------------------------------------------

static bool equal_lists(const fe_condition *a, const fe_condition *b)
{
    for (a = a->first, b = b->first; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (!fe_condition_equal(a, b)) return false;
    }
    return a == NULL && b == NULL;
}

bool fe_condition_equal(const fe_condition *a, const fe_condition *b)
{
    if (a->kind != b->kind || (a->path == NULL) != (b->path == NULL)) return false;
    if (a->path != NULL && !fe_path_equal(a->path, b->path)) return false;
    if (a->count != b->count || a->types != b->types) return false;
    if (a->divisor != b->divisor || a->remainder != b->remainder) return false;
    if (!fe_slice_equal(a->options, b->options)) return false;
    if (a->kind == FE_CONDITION_STARTS_WITH) {
        if (!fe_slice_equal(a->operand, b->operand)) return false;
    } else if (!fe_value_equal(a->operand, b->operand)) {
        return false;
    }
    return equal_lists(a, b);
}

bool fe_matcher_implies(const fe_matcher *matcher, const fe_matcher *implied)
{
    for (const fe_condition *wanted = implied->root->first; wanted != NULL; wanted = wanted->next) {
        const fe_condition *each = matcher->root->first;
        while (each != NULL && !fe_condition_equal(each, wanted))
            each = each->next;
        if (each == NULL) return false;
    }
    return true;
}
