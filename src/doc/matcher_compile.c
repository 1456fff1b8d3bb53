// SPDX-License-Identifier: Apache-2.0
// From the JSON of a filter to conditions; see matcher.h.
//
// While the JSON is walked, places lead to where the walk is. Every message begins with them, as in
// "$or[1].age.$gte".
#include <stdlib.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/near_word.h"
#include "base/status.h"
#include "doc/condition.h"
#include "doc/filter_place.h"
#include "doc/number.h"

typedef struct compiler {
    fe_matcher *matcher;
    const fe_filter_place *place; // NULL: at the top.
} compiler;

// What an operator is compiled with.
typedef struct operand {
    const fe_path *path;   // NULL for conditions on an element itself.
    ferric_slice value;    // Behind the operator.
    ferric_slice siblings; // The object that the operator stands in.
} operand;

static ferric_status compile_filter(compiler *self, ferric_slice object, fe_condition *parent);
static ferric_status compile_operators(compiler *self, const fe_path *path, ferric_slice object,
                                       fe_condition *parent);

// ---- Helpers --------------------------------------------------------------------------------

static ferric_status fail_here(const compiler *self, const char *reason)
{
    return fe_filter_place_fail(self->place, reason);
}

static ferric_status add_condition(compiler *self, fe_condition *parent, fe_condition_kind kind,
                                   const fe_path *path, fe_condition **condition)
{
    fe_condition **at = &parent->first;
    fe_condition *made = fe_arena_alloc(self->matcher->arena, sizeof *made);

    if (made == NULL) return fe_no_memory("a condition", sizeof *made);
    memset(made, 0, sizeof *made);
    made->kind = kind;
    made->path = path;
    while (*at != NULL)
        at = &(*at)->next;
    *at = made;
    *condition = made;
    return FERRIC_OK;
}

static bool begins_with_dollar(ferric_slice name)
{
    return name.size > 0 && *fe_slice_bytes(name) == '$';
}

// Whether the object's first name begins with '$'.
static bool has_operators(ferric_slice value)
{
    fe_json_walk walk = fe_json_walk_into(value);
    fe_json_string first;
    ferric_slice name;
    ferric_slice ignored;

    if (fe_json_kind(value) != '{' || !fe_json_next_member(&walk, &name, &ignored)) return false;
    first = fe_json_string_of(name);
    return fe_json_string_next(&first) == '$';
}

// ---- Operators below a path -----------------------------------------------------------------

static ferric_status compile_value(compiler *self, const operand *given, fe_condition_kind kind,
                                   fe_condition *parent)
{
    fe_condition *made;
    ferric_status status = add_condition(self, parent, kind, given->path, &made);
    if (status == FERRIC_OK) made->operand = given->value;
    return status;
}

// The opposite of what `kind` compiles to.
static ferric_status add_not(compiler *self, const operand *given, fe_condition *parent,
                             fe_condition **inside)
{
    fe_condition *negation;
    ferric_status status = add_condition(self, parent, FE_CONDITION_NOT, given->path, &negation);
    if (status != FERRIC_OK) return status;
    return add_condition(self, negation, FE_CONDITION_AND, NULL, inside);
}

static int compare_values(const void *a, const void *b)
{
    return fe_value_compare(*(const ferric_slice *)a, *(const ferric_slice *)b);
}

static ferric_status compile_in(compiler *self, const operand *given, fe_condition *parent)
{
    fe_json_walk walk = fe_json_walk_into(given->value);
    size_t count = 0;
    size_t kept = 0;
    ferric_slice value;
    ferric_slice *list;
    fe_condition *made;
    ferric_status status;

    if (fe_json_kind(given->value) != '[') return fail_here(self, "expected an array of values");
    while (fe_json_next_element(&walk, &value))
        count++;
    status = add_condition(self, parent, FE_CONDITION_IN, given->path, &made);
    if (status != FERRIC_OK) return status;
    list = fe_arena_alloc(self->matcher->arena, (count + 1) * sizeof *list);
    if (list == NULL) return fe_no_memory("a list of values", count * sizeof *list);
    walk = fe_json_walk_into(given->value);
    for (size_t i = 0; i < count; i++)
        fe_json_next_element(&walk, &list[i]);
    qsort(list, count, sizeof *list, compare_values);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || fe_value_compare(list[i], list[kept - 1]) != 0) list[kept++] = list[i];
    }
    made->operand = given->value;
    made->list = list;
    made->count = kept;
    return FERRIC_OK;
}

static ferric_status compile_equal(compiler *self, const operand *given, fe_condition *parent)
{
    return compile_value(self, given, FE_CONDITION_EQUAL, parent);
}

static ferric_status compile_greater(compiler *self, const operand *given, fe_condition *parent)
{
    return compile_value(self, given, FE_CONDITION_GREATER, parent);
}

static ferric_status compile_greater_equal(compiler *self, const operand *given,
                                           fe_condition *parent)
{
    return compile_value(self, given, FE_CONDITION_GREATER_EQUAL, parent);
}

static ferric_status compile_less(compiler *self, const operand *given, fe_condition *parent)
{
    return compile_value(self, given, FE_CONDITION_LESS, parent);
}

static ferric_status compile_less_equal(compiler *self, const operand *given, fe_condition *parent)
{
    return compile_value(self, given, FE_CONDITION_LESS_EQUAL, parent);
}

static ferric_status compile_not_equal(compiler *self, const operand *given, fe_condition *parent)
{
    fe_condition *inside;
    ferric_status status = add_not(self, given, parent, &inside);
    return status == FERRIC_OK ? compile_equal(self, given, inside) : status;
}

static ferric_status compile_not_in(compiler *self, const operand *given, fe_condition *parent)
{
    fe_condition *inside;
    ferric_status status = add_not(self, given, parent, &inside);
    return status == FERRIC_OK ? compile_in(self, given, inside) : status;
}

static ferric_status compile_not(compiler *self, const operand *given, fe_condition *parent)
{
    fe_condition *inside;
    ferric_status status;
    if (!has_operators(given->value)) {
        return fail_here(self, "expected an object of operators, such as {\"$gt\":5}");
    }
    status = add_not(self, given, parent, &inside);
    return status == FERRIC_OK ? compile_operators(self, given->path, given->value, inside)
                               : status;
}

static ferric_status compile_exists(compiler *self, const operand *given, fe_condition *parent)
{
    char kind = fe_json_kind(given->value);
    fe_condition *inside = parent;
    ferric_status status = FERRIC_OK;

    if (kind != 't' && kind != 'f') return fail_here(self, "expected true or false");
    if (kind == 'f') status = add_not(self, given, parent, &inside);
    return status == FERRIC_OK ? compile_value(self, given, FE_CONDITION_EXISTS, inside) : status;
}

// Adds the bit of a type's name; "bool" is another word for boolean.
static ferric_status add_type(compiler *self, ferric_slice name, uint32_t *types)
{
    for (fe_value_type type = FE_VALUE_NULL; type <= FE_VALUE_BOOLEAN; type++) {
        if (fe_json_kind(name) != '"') break;
        if (fe_json_string_is(name, fe_slice_text(fe_value_type_name(type))) ||
            (type == FE_VALUE_BOOLEAN && fe_json_string_is(name, fe_slice_text("bool")))) {
            *types |= 1u << type;
            return FERRIC_OK;
        }
    }
    return fail_here(self,
                     "the types are \"null\", \"number\", \"string\", \"object\", \"array\" and "
                     "\"boolean\"");
}

static ferric_status compile_type(compiler *self, const operand *given, fe_condition *parent)
{
    fe_json_walk walk = fe_json_walk_into(given->value);
    uint32_t types = 0;
    ferric_slice name;
    fe_condition *made;
    ferric_status status = FERRIC_OK;

    if (fe_json_kind(given->value) == '[') {
        while (status == FERRIC_OK && fe_json_next_element(&walk, &name))
            status = add_type(self, name, &types);
        if (status == FERRIC_OK && types == 0) return fail_here(self, "expected at least one type");
    } else {
        status = add_type(self, given->value, &types);
    }
    if (status == FERRIC_OK) {
        status = add_condition(self, parent, FE_CONDITION_TYPE, given->path, &made);
    }
    if (status == FERRIC_OK) made->types = types;
    return status;
}

static ferric_status compile_size(compiler *self, const operand *given, fe_condition *parent)
{
    int64_t size = -1;
    fe_condition *made;
    ferric_status status;

    if (fe_json_kind(given->value) != '0' || !fe_number_to_int64(given->value, &size) || size < 0) {
        return fail_here(self, "expected a whole number that is not negative");
    }
    status = add_condition(self, parent, FE_CONDITION_SIZE, given->path, &made);
    if (status == FERRIC_OK) made->count = (size_t)size;
    return status;
}

static ferric_status compile_modulo(compiler *self, const operand *given, fe_condition *parent)
{
    fe_json_walk walk = fe_json_walk_into(given->value);
    ferric_slice part[3];
    size_t count = 0;
    int64_t divisor = 0;
    int64_t remainder = 0;
    fe_condition *made;
    ferric_status status;

    if (fe_json_kind(given->value) == '[') {
        while (count < 3 && fe_json_next_element(&walk, &part[count]))
            count++;
    }
    if (count != 2 || fe_json_kind(part[0]) != '0' || fe_json_kind(part[1]) != '0' ||
        !fe_number_to_int64(part[0], &divisor) || !fe_number_to_int64(part[1], &remainder)) {
        return fail_here(self, "expected an array of divisor and remainder, two whole numbers");
    }
    if (divisor == 0) return fail_here(self, "the divisor is 0");
    status = add_condition(self, parent, FE_CONDITION_MODULO, given->path, &made);
    if (status != FERRIC_OK) return status;
    made->divisor = divisor;
    made->remainder = remainder;
    return FERRIC_OK;
}

static ferric_status make_regex(compiler *self, fe_condition *made)
{
    ferric_slice pattern;
    ferric_slice options = {NULL, 0};
    ferric_status status = fe_json_unquote_kept(made->operand, self->matcher->arena, &pattern);

    if (status == FERRIC_OK && made->options.size > 0) {
        status = fe_json_unquote_kept(made->options, self->matcher->arena, &options);
    }
    if (status == FERRIC_OK) status = fe_regex_create(pattern, options, &made->regex);
    if (status == FERRIC_INVALID_ARGUMENT) {
        // The reason is copied before the message is made anew from it.
        char reason[600];
        size_t size = strlen(fe_message());
        if (size >= sizeof reason) size = sizeof reason - 1;
        memcpy(reason, fe_message(), size);
        reason[size] = 0;
        return fail_here(self, reason);
    }
    return status;
}

static ferric_status compile_regex(compiler *self, const operand *given, fe_condition *parent)
{
    ferric_slice options = fe_value_member(given->siblings, fe_slice_text("$options"));
    fe_condition *made;
    ferric_status status;

    if (fe_json_kind(given->value) != '"') return fail_here(self, "expected a string");
    if (options.size > 0 && fe_json_kind(options) != '"') {
        return fail_here(self, "expected $options to be a string of the letters i, m, s and x");
    }
    status = add_condition(self, parent, FE_CONDITION_REGEX, given->path, &made);
    if (status != FERRIC_OK) return status;
    made->operand = given->value;
    made->options = options;
    made->next_regex = self->matcher->regexes;
    self->matcher->regexes = made;
    return make_regex(self, made);
}

// Was taken together with $regex.
static ferric_status compile_options(compiler *self, const operand *given, fe_condition *parent)
{
    (void)parent;
    if (fe_value_member(given->siblings, fe_slice_text("$regex")).size > 0) return FERRIC_OK;
    return fail_here(self, "$options stands beside $regex only");
}

static ferric_status compile_starts_with(compiler *self, const operand *given, fe_condition *parent)
{
    fe_condition *made;
    ferric_status status;

    if (fe_json_kind(given->value) != '"') return fail_here(self, "expected a string");
    status = add_condition(self, parent, FE_CONDITION_STARTS_WITH, given->path, &made);
    if (status != FERRIC_OK) return status;
    return fe_json_unquote_kept(given->value, self->matcher->arena, &made->operand);
}

static ferric_status compile_element_match(compiler *self, const operand *given,
                                           fe_condition *parent)
{
    bool asks_members;
    fe_json_walk walk = fe_json_walk_into(given->value);
    ferric_slice name = {NULL, 0};
    ferric_slice ignored;
    fe_condition *made;
    ferric_status status;

    if (fe_json_kind(given->value) != '{') return fail_here(self, "expected an object");
    // {"$or":[...]} asks the element's members, as at the top.
    fe_json_next_member(&walk, &name, &ignored);
    asks_members = !has_operators(given->value) || fe_json_string_is(name, fe_slice_text("$and")) ||
                   fe_json_string_is(name, fe_slice_text("$or")) ||
                   fe_json_string_is(name, fe_slice_text("$nor"));
    status = add_condition(self, parent,
                           asks_members ? FE_CONDITION_ELEMENT_OBJECT : FE_CONDITION_ELEMENT_VALUE,
                           given->path, &made);
    if (status != FERRIC_OK) return status;
    if (asks_members) return compile_filter(self, given->value, made);
    return compile_operators(self, NULL, given->value, made);
}

static bool is_element_match(ferric_slice value)
{
    return fe_json_kind(value) == '{' &&
           fe_value_member(value, fe_slice_text("$elemMatch")).size > 0;
}

static ferric_status compile_all(compiler *self, const operand *given, fe_condition *parent)
{
    fe_json_walk walk = fe_json_walk_into(given->value);
    operand one = *given;
    ferric_status status = FERRIC_OK;

    if (fe_json_kind(given->value) != '[') return fail_here(self, "expected an array of values");
    if (given->value.size == 2) return compile_in(self, given, parent); // Of nothing: no match.
    while (status == FERRIC_OK && fe_json_next_element(&walk, &one.value)) {
        status = is_element_match(one.value) ? compile_operators(self, one.path, one.value, parent)
                                             : compile_equal(self, &one, parent);
    }
    return status;
}

static const struct {
    const char *name;
    ferric_status (*compile)(compiler *self, const operand *given, fe_condition *parent);
} operators[] = {
    {"$eq", compile_equal},
    {"$ne", compile_not_equal},
    {"$gt", compile_greater},
    {"$gte", compile_greater_equal},
    {"$lt", compile_less},
    {"$lte", compile_less_equal},
    {"$in", compile_in},
    {"$nin", compile_not_in},
    {"$exists", compile_exists},
    {"$type", compile_type},
    {"$not", compile_not},
    {"$all", compile_all},
    {"$elemMatch", compile_element_match},
    {"$size", compile_size},
    {"$mod", compile_modulo},
    {"$regex", compile_regex},
    {"$options", compile_options},
    {"$startsWith", compile_starts_with},
};

static const struct {
    const char *name;
    fe_condition_kind kind;
} connectives[] = {
    {"$and", FE_CONDITION_AND}, {"$or", FE_CONDITION_OR}, {"$nor", FE_CONDITION_NOR}};

bool fe_matcher_names_operator(ferric_slice literal)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (fe_json_string_is(literal, fe_slice_text(operators[i].name + 1))) return true;
    }
    return false;
}

static const char *const known[] = {
    "no such operator; beside paths there are $and $or $nor",
    "no such operator; below a path there are $eq $ne $gt $gte $lt $lte $in $nin $exists $type "
    "$not $all $elemMatch $size $mod $regex $startsWith"};

// Says what was meant when an operator of this place is near, or that it is one of the other place.
static ferric_status fail_unknown(const compiler *self, ferric_slice name, bool is_below_path)
{
    fe_near_word here;
    fe_near_word there;
    fe_near_reason reason;

    fe_near_word_init(&here, name);
    fe_near_word_init(&there, name);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        fe_near_word_consider(is_below_path ? &here : &there, operators[i].name);
    for (size_t i = 0; i < sizeof connectives / sizeof connectives[0]; i++)
        fe_near_word_consider(is_below_path ? &there : &here, connectives[i].name);
    if (there.best != NULL && there.distance == 0) {
        return fail_here(self, is_below_path
                                   ? "it stands beside paths, as in {\"$or\":[{\"age\":5}]}"
                                   : "it stands below a path, as in {\"age\":{\"$gt\":5}}");
    }
    return fail_here(self, fe_near_word_reason(&here, known[is_below_path], &reason));
}

static ferric_status compile_operator(compiler *self, ferric_slice name, const operand *given,
                                      fe_condition *parent)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (fe_slice_equal(name, fe_slice_text(operators[i].name))) {
            return operators[i].compile(self, given, parent);
        }
    }
    if (begins_with_dollar(name)) return fail_unknown(self, name, true);
    return fail_here(self, "a name without '$' among operators");
}

static ferric_status compile_operators(compiler *self, const fe_path *path, ferric_slice object,
                                       fe_condition *parent)
{
    fe_json_walk walk = fe_json_walk_into(object);
    operand given = {.path = path, .siblings = object};
    fe_filter_place here = {.outer = self->place};
    ferric_status status = FERRIC_OK;
    ferric_slice literal;

    while (status == FERRIC_OK && fe_json_next_member(&walk, &literal, &given.value)) {
        status = fe_json_unquote_kept(literal, self->matcher->arena, &here.name);
        if (status != FERRIC_OK) break;
        self->place = &here;
        status = compile_operator(self, here.name, &given, parent);
        self->place = here.outer;
    }
    return status;
}

// ---- Filters --------------------------------------------------------------------------------

static ferric_status compile_path(compiler *self, ferric_slice name, ferric_slice value,
                                  fe_condition *parent)
{
    fe_path *path = fe_arena_alloc(self->matcher->arena, sizeof *path);
    operand given = {.path = path, .value = value};
    ferric_status status;

    if (path == NULL) return fe_no_memory("a path", sizeof *path);
    status = fe_path_parse(name, self->matcher->arena, path);
    if (status != FERRIC_OK) return status;
    self->matcher->uses_id |= path->is_id;
    if (has_operators(value)) return compile_operators(self, path, value, parent);
    return compile_equal(self, &given, parent);
}

// One filter of a list.
static ferric_status compile_branch(compiler *self, ferric_slice branch, size_t number,
                                    fe_condition *parent)
{
    fe_filter_place here = {.outer = self->place, .number = number};
    ferric_status status;

    self->place = &here;
    status = fe_json_kind(branch) == '{' ? compile_filter(self, branch, parent)
                                         : fail_here(self, "expected an object");
    self->place = here.outer;
    return status;
}

// $and puts its branches into the parent; $or and $nor get an AND for each.
static ferric_status compile_list(compiler *self, fe_condition_kind kind, ferric_slice list,
                                  fe_condition *parent)
{
    fe_json_walk walk = fe_json_walk_into(list);
    fe_condition *holder = parent;
    ferric_slice branch;
    ferric_status status = FERRIC_OK;

    if (fe_json_kind(list) != '[' || list.size == 2) {
        return fail_here(self, "expected an array of at least one filter");
    }
    if (kind != FE_CONDITION_AND) status = add_condition(self, parent, kind, NULL, &holder);
    for (size_t i = 0; status == FERRIC_OK && fe_json_next_element(&walk, &branch); i++) {
        fe_condition *conjunction = holder;
        if (kind != FE_CONDITION_AND) {
            status = add_condition(self, holder, FE_CONDITION_AND, NULL, &conjunction);
        }
        if (status == FERRIC_OK) status = compile_branch(self, branch, i, conjunction);
    }
    return status;
}

static ferric_status compile_member(compiler *self, ferric_slice name, ferric_slice value,
                                    fe_condition *parent)
{
    for (size_t i = 0; i < sizeof connectives / sizeof connectives[0]; i++) {
        if (fe_slice_equal(name, fe_slice_text(connectives[i].name))) {
            return compile_list(self, connectives[i].kind, value, parent);
        }
    }
    if (begins_with_dollar(name)) return fail_unknown(self, name, false);
    return compile_path(self, name, value, parent);
}

// Recurs as deep as the JSON does: FE_JSON_DEPTH_MAX.
static ferric_status compile_filter(compiler *self, ferric_slice object, fe_condition *parent)
{
    fe_json_walk walk = fe_json_walk_into(object);
    fe_filter_place here = {.outer = self->place};
    ferric_status status = FERRIC_OK;
    ferric_slice literal;
    ferric_slice value;

    while (status == FERRIC_OK && fe_json_next_member(&walk, &literal, &value)) {
        status = fe_json_unquote_kept(literal, self->matcher->arena, &here.name);
        if (status != FERRIC_OK) break;
        self->place = &here;
        status = compile_member(self, here.name, value, parent);
        self->place = here.outer;
    }
    return status;
}

static ferric_status make_root(fe_matcher *matcher)
{
    matcher->root = fe_arena_alloc(matcher->arena, sizeof *matcher->root);
    if (matcher->root == NULL) return fe_no_memory("a filter", sizeof *matcher->root);
    memset(matcher->root, 0, sizeof *matcher->root);
    matcher->root->kind = FE_CONDITION_AND;
    return FERRIC_OK;
}

ferric_status fe_matcher_compile(fe_matcher *matcher, ferric_slice json)
{
    compiler self = {.matcher = matcher};
    ferric_status status = make_root(matcher);

    if (status == FERRIC_OK && fe_json_kind(json) != '{') {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "a filter is an object, such as {\"age\":5}");
    }
    return status == FERRIC_OK ? compile_filter(&self, json, matcher->root) : status;
}

ferric_status fe_matcher_compile_element(fe_matcher *matcher, ferric_slice json)
{
    compiler self = {.matcher = matcher};
    operand given = {.value = json};
    ferric_status status = make_root(matcher);

    return status == FERRIC_OK ? compile_element_match(&self, &given, matcher->root) : status;
}
