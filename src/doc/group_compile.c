// SPDX-License-Identifier: Apache-2.0
// From the JSON of a group to its fields; see group.h.
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/near_word.h"
#include "base/status.h"
#include "doc/group_inside.h"

static ferric_status fail_at(ferric_slice name, const char *reason)
{
    return fe_fail(FERRIC_INVALID_ARGUMENT, "group, at %.*s: %s",
                   name.size > 200 ? 200 : (int)name.size, (const char *)name.data, reason);
}

// "$path", or a constant.
static ferric_status take_operand(fe_group *self, ferric_slice value, fe_group_field *field)
{
    ferric_buffer text = {0};
    ferric_status status = FERRIC_OK;

    field->constant = value;
    if (fe_json_kind(value) != '"') return FERRIC_OK;
    status = fe_json_unquote(value, &text);
    if (status == FERRIC_OK && (text.size < 2 || *(char *)text.data != '$')) {
        status = fail_at(field->name, "a path is written as \"$path\"");
    }
    if (status == FERRIC_OK) {
        ferric_slice path = fe_slice((char *)text.data + 1, text.size - 1);
        field->has_path = true;
        status = fe_path_parse(path, &self->table.arena, &field->path);
        self->uses_id |= status == FERRIC_OK && field->path.is_id;
    }
    fe_buffer_deinit(&text);
    return status;
}

static ferric_status add_id(fe_group *self, ferric_slice name, ferric_slice value)
{
    fe_group_field *field = &self->ids[self->id_count];

    if (self->id_count == FE_GROUP_FIELD_MAX) return fail_at(name, "at most 64 members");
    field->name = name;
    field->kind = FE_ACCUMULATE_NOTHING;
    if (fe_json_kind(value) != '"') return fail_at(name, "expected a \"$path\"");
    self->id_count++;
    return take_operand(self, value, field);
}

static ferric_status take_ids(fe_group *self, ferric_slice name, ferric_slice value)
{
    fe_json_walk walk = fe_json_walk_into(value);
    ferric_status status = FERRIC_OK;
    ferric_slice member;
    ferric_slice path;

    if (fe_json_kind(value) == 'n') return FERRIC_OK;
    if (fe_json_kind(value) != '{') return add_id(self, name, value);
    self->has_id_object = true;
    while (status == FERRIC_OK && fe_json_next_member(&walk, &member, &path))
        status = add_id(self, member, path);
    return status;
}

static const struct {
    const char *name;
    fe_accumulator_kind kind;
} accumulators[] = {
    {"$count", FE_ACCUMULATE_COUNT}, {"$sum", FE_ACCUMULATE_SUM},
    {"$avg", FE_ACCUMULATE_AVERAGE}, {"$min", FE_ACCUMULATE_MINIMUM},
    {"$max", FE_ACCUMULATE_MAXIMUM},
};

static ferric_status fail_unknown(ferric_slice place, ferric_slice literal)
{
    fe_near_word near;
    fe_near_reason reason;

    fe_near_word_init(&near, fe_slice((const char *)literal.data + 1, literal.size - 2));
    for (size_t i = 0; i < sizeof accumulators / sizeof accumulators[0]; i++)
        fe_near_word_consider(&near, accumulators[i].name);
    return fail_at(place, fe_near_word_reason(
                              &near, "the accumulators are $count $sum $avg $min $max", &reason));
}

static ferric_status take_accumulator(fe_group *self, ferric_slice operator, ferric_slice operand,
                                      fe_group_field *field)
{
    size_t at = 0;

    while (at < sizeof accumulators / sizeof accumulators[0] &&
           !fe_json_string_is(operator, fe_slice_text(accumulators[at].name)))
        at++;
    if (at == sizeof accumulators / sizeof accumulators[0]) {
        return fail_unknown(field->name, operator);
    }
    field->kind = accumulators[at].kind;
    if (field->kind == FE_ACCUMULATE_COUNT) {
        bool is_empty = fe_json_kind(operand) == '{' && operand.size == 2;
        return is_empty ? FERRIC_OK : fail_at(field->name, "$count takes {}");
    }
    if (fe_json_kind(operand) != '"' && fe_json_kind(operand) != '0') {
        return fail_at(field->name, "expected a \"$path\" or a number");
    }
    return take_operand(self, operand, field);
}

static ferric_status add_field(fe_group *self, ferric_slice name, ferric_slice value)
{
    fe_group_field *field = &self->fields[self->field_count];
    fe_json_walk walk = fe_json_walk_into(value);
    fe_json_string plain = fe_json_string_of(name);
    ferric_slice operator;
    ferric_slice operand;
    ferric_slice another;

    if (self->field_count == FE_GROUP_FIELD_MAX) return fail_at(name, "at most 64 fields");
    if (fe_json_string_next(&plain) == '$') return fail_at(name, "a name does not begin with '$'");
    field->name = name;
    if (fe_json_kind(value) != '{' || !fe_json_next_member(&walk, &operator, & operand) ||
        fe_json_next_member(&walk, &another, &another)) {
        return fail_at(name, "expected one accumulator, such as {\"$sum\":\"$amount\"}");
    }
    self->field_count++;
    return take_accumulator(self, operator, operand, field);
}

ferric_status fe_group_compile(fe_group *group, ferric_slice json)
{
    fe_json_walk walk = fe_json_walk_into(json);
    bool has_id = false;
    ferric_status status = FERRIC_OK;
    ferric_slice name;
    ferric_slice value;

    if (fe_json_kind(json) != '{') {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "a group is an object, such as {\"_id\":\"$city\",\"n\":{\"$count\":{}}}");
    }
    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &value)) {
        bool is_id = fe_json_string_is(name, fe_slice_text("_id"));
        has_id |= is_id;
        status = is_id ? take_ids(group, name, value) : add_field(group, name, value);
    }
    if (status == FERRIC_OK && !has_id) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "a group has an \"_id\": what it groups by, or null");
    }
    return status;
}
