// SPDX-License-Identifier: Apache-2.0
// Groups and their sums; see group.h.
#include "doc/group.h"

#include <math.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/group_inside.h"
#include "doc/index_key.h"
#include "doc/json.h"
#include "doc/number.h"

typedef struct accumulator {
    uint64_t count;
    int64_t whole;      // The sum of the integers,
    bool has_fractions; // and unless all were integers and it fits,
    double sum;         // the rest, with what its additions lost.
    double lost;
    ferric_buffer best; // Of the least or greatest.
} accumulator;

typedef struct group_record {
    fe_value_entry entry;
    ferric_slice id; // JSON.
    accumulator fields[];
} group_record;

static group_record *record_of(fe_value_entry *entry)
{
    return (group_record *)(void *)entry;
}

// ---- Values of paths ------------------------------------------------------------------------

static ferric_status append_at(const fe_path *path, size_t at, ferric_slice value,
                               ferric_buffer *json, bool *is_there);

// What each element that is an object has below, as an array.
static ferric_status append_elements(const fe_path *path, size_t at, ferric_slice array,
                                     ferric_buffer *json)
{
    fe_json_walk walk = fe_json_walk_into(array);
    ferric_status status = fe_buffer_append(json, "[", 1);
    ferric_slice element;
    bool is_first = true;

    while (status == FERRIC_OK && fe_json_next_element(&walk, &element)) {
        size_t before = json->size;
        bool is_there = false;
        if (fe_json_kind(element) != '{') continue;
        if (!is_first) status = fe_buffer_append(json, ",", 1);
        if (status == FERRIC_OK) status = append_at(path, at, element, json, &is_there);
        if (is_there) {
            is_first = false;
        } else {
            json->size = before;
        }
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "]", 1) : status;
}

// Appends the value of a path as an expression. Recurs for each array in the middle of the path.
static ferric_status append_at(const fe_path *path, size_t at, ferric_slice value,
                               ferric_buffer *json, bool *is_there)
{
    *is_there = false;
    for (; at < path->step_count; at++) {
        const fe_path_step *step = &path->steps[at];
        char kind = fe_json_kind(value);
        if (kind == '{') {
            value = fe_value_member(value, step->name);
        } else if (kind == '[' && step->position != SIZE_MAX) {
            value = fe_value_element(value, step->position);
        } else if (kind == '[') {
            *is_there = true;
            return append_elements(path, at, value, json);
        } else {
            return FERRIC_OK;
        }
    }
    *is_there = value.size > 0;
    return *is_there ? fe_buffer_append(json, value.data, value.size) : FERRIC_OK;
}

static ferric_status append_value(const fe_path *path, const fe_doc *doc, ferric_buffer *json,
                                  bool *is_there)
{
    if (!path->is_id) return append_at(path, 0, doc->text, json, is_there);
    *is_there = path->step_count == 1 && doc->id.size > 0;
    return *is_there ? fe_buffer_append(json, doc->id.data, doc->id.size) : FERRIC_OK;
}

static ferric_status append_value_or_null(const fe_group_field *field, const fe_doc *doc,
                                          ferric_buffer *json)
{
    bool is_there;
    ferric_status status = append_value(&field->path, doc, json, &is_there);
    return status == FERRIC_OK && !is_there ? fe_buffer_append(json, "null", 4) : status;
}

static ferric_status make_id(fe_group *self, const fe_doc *doc)
{
    ferric_buffer *id = &self->id;
    ferric_status status;

    fe_buffer_clear(id);
    if (self->id_count == 0 && !self->has_id_object) return fe_buffer_append(id, "null", 4);
    if (!self->has_id_object) return append_value_or_null(&self->ids[0], doc, id);
    status = fe_buffer_append(id, "{", 1);
    for (size_t i = 0; i < self->id_count && status == FERRIC_OK; i++) {
        const fe_group_field *field = &self->ids[i];
        if (i > 0) status = fe_buffer_append(id, ",", 1);
        if (status == FERRIC_OK) status = fe_buffer_append(id, field->name.data, field->name.size);
        if (status == FERRIC_OK) status = fe_buffer_append(id, ":", 1);
        if (status == FERRIC_OK) status = append_value_or_null(field, doc, id);
    }
    return status == FERRIC_OK ? fe_buffer_append(id, "}", 1) : status;
}

// ---- Accumulating ---------------------------------------------------------------------------

static bool is_integer_text(ferric_slice text)
{
    const uint8_t *at = fe_slice_bytes(text);
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] == '.' || at[i] == 'e' || at[i] == 'E') return false;
    }
    return true;
}

// Neumaier's sum: what an addition rounds away is kept beside it.
static void add_double(accumulator *sum, double value)
{
    double total = sum->sum + value;
    if (isfinite(total)) {
        sum->lost +=
            fabs(sum->sum) >= fabs(value) ? (sum->sum - total) + value : (value - total) + sum->sum;
    }
    sum->sum = total;
    sum->has_fractions = true;
}

static void add_number(accumulator *sum, ferric_slice number)
{
    int64_t whole;

    sum->count++;
    if (!is_integer_text(number) || !fe_number_to_int64(number, &whole)) {
        add_double(sum, fe_number_to_double(number));
    } else if (whole >= 0 ? sum->whole <= INT64_MAX - whole : sum->whole >= INT64_MIN - whole) {
        sum->whole += whole;
    } else {
        add_double(sum, (double)whole);
    }
}

static double total_of(const accumulator *sum)
{
    double total = sum->sum + (double)sum->whole;
    return isfinite(total) ? total + sum->lost : total;
}

static ferric_status keep_best(fe_group *self, const fe_group_field *field, accumulator *best,
                               ferric_slice value)
{
    bool is_minimum = field->kind == FE_ACCUMULATE_MINIMUM;
    int order = 0;
    ferric_status status;

    if (value.size == 0 || fe_json_kind(value) == 'n') return FERRIC_OK;
    if (best->best.size > 0) order = fe_value_compare(value, fe_buffer_slice(&best->best));
    if (best->best.size > 0 && (is_minimum ? order >= 0 : order <= 0)) return FERRIC_OK;
    self->table.memory_more -= best->best.capacity;
    status = fe_value_table_check(&self->table, value.size);
    if (status == FERRIC_OK) status = fe_buffer_assign(&best->best, value);
    self->table.memory_more += best->best.capacity;
    return status;
}

static ferric_status accumulate(fe_group *self, const fe_group_field *field, const fe_doc *doc,
                                accumulator *into)
{
    ferric_slice value = field->constant;
    ferric_status status;

    if (field->kind == FE_ACCUMULATE_COUNT) {
        into->count++;
        return FERRIC_OK;
    }
    if (field->has_path) {
        bool is_there;
        fe_buffer_clear(&self->operand);
        status = append_value(&field->path, doc, &self->operand, &is_there);
        if (status != FERRIC_OK) return status;
        value = is_there ? fe_buffer_slice(&self->operand) : fe_slice(NULL, 0);
    }
    if (field->kind == FE_ACCUMULATE_MINIMUM || field->kind == FE_ACCUMULATE_MAXIMUM) {
        return keep_best(self, field, into, value);
    }
    if (fe_json_kind(value) == '0') add_number(into, value);
    return FERRIC_OK;
}

ferric_status fe_group_add(fe_group *group, const fe_doc *doc)
{
    fe_value_entry *entry;
    bool is_new;
    ferric_status status = make_id(group, doc);

    fe_buffer_clear(&group->key);
    if (status == FERRIC_OK) {
        status = fe_index_value_append_whole(fe_buffer_slice(&group->id), false, &group->key);
    }
    if (status == FERRIC_OK) {
        status = fe_value_table_find(&group->table, fe_buffer_slice(&group->key), &entry, &is_new);
    }
    if (status == FERRIC_OK && is_new) {
        status =
            fe_arena_copy(&group->table.arena, fe_buffer_slice(&group->id), &record_of(entry)->id);
    }
    for (size_t i = 0; i < group->field_count && status == FERRIC_OK; i++)
        status = accumulate(group, &group->fields[i], doc, &record_of(entry)->fields[i]);
    return status;
}

// ---- Results --------------------------------------------------------------------------------

static ferric_status append_double(double value, ferric_buffer *json)
{
    // JSON has no infinity: a sum beyond all doubles is null.
    if (!isfinite(value)) return fe_buffer_append(json, "null", 4);
    return fe_number_append_double(value, json);
}

static ferric_status append_result(const fe_group_field *field, const accumulator *of,
                                   ferric_buffer *json)
{
    switch (field->kind) {
    case FE_ACCUMULATE_COUNT:
        return fe_number_append_int64((int64_t)of->count, json);
    case FE_ACCUMULATE_SUM:
        return of->has_fractions ? append_double(total_of(of), json)
                                 : fe_number_append_int64(of->whole, json);
    case FE_ACCUMULATE_AVERAGE:
        if (of->count > 0) return append_double(total_of(of) / (double)of->count, json);
        break;
    default:
        if (of->best.size > 0) return fe_buffer_append(json, of->best.data, of->best.size);
        break;
    }
    return fe_buffer_append(json, "null", 4);
}

size_t fe_group_count(const fe_group *group)
{
    return group->table.count;
}

ferric_status fe_group_append(fe_group *group, size_t index, ferric_buffer *json)
{
    group_record *record;
    ferric_status status = fe_buffer_append(json, "{\"_id\":", 7);

    if (!group->is_sorted) fe_value_table_sort(&group->table);
    group->is_sorted = true;
    record = record_of(group->table.entries[index]);
    if (status == FERRIC_OK) status = fe_buffer_append(json, record->id.data, record->id.size);
    for (size_t i = 0; i < group->field_count && status == FERRIC_OK; i++) {
        const fe_group_field *field = &group->fields[i];
        status = fe_buffer_append(json, ",", 1);
        if (status == FERRIC_OK)
            status = fe_buffer_append(json, field->name.data, field->name.size);
        if (status == FERRIC_OK) status = fe_buffer_append(json, ":", 1);
        if (status == FERRIC_OK) status = append_result(field, &record->fields[i], json);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "}", 1) : status;
}

// ---- Life -----------------------------------------------------------------------------------

ferric_status fe_group_create(ferric_slice json, size_t memory_max, fe_group **group)
{
    fe_group *made = fe_alloc_zero(1, sizeof *made);
    ferric_buffer minified = {0};
    ferric_slice kept;
    ferric_status status;

    *group = NULL;
    if (made == NULL) return fe_no_memory("a group", sizeof *made);
    fe_value_table_init(&made->table, sizeof(group_record), memory_max);
    status = fe_json_minify(json, &minified, NULL);
    if (status == FERRIC_OK) {
        status = fe_arena_copy(&made->table.arena, fe_buffer_slice(&minified), &kept);
    }
    if (status == FERRIC_OK) status = fe_group_compile(made, kept);
    made->table.record_size += made->field_count * sizeof(accumulator);
    fe_buffer_deinit(&minified);
    if (status != FERRIC_OK) {
        fe_group_destroy(made);
        return status;
    }
    *group = made;
    return FERRIC_OK;
}

void fe_group_destroy(fe_group *group)
{
    if (group == NULL) return;
    for (size_t i = 0; i < group->table.count; i++) {
        for (size_t j = 0; j < group->field_count; j++)
            fe_buffer_deinit(&record_of(group->table.entries[i])->fields[j].best);
    }
    fe_buffer_deinit(&group->key);
    fe_buffer_deinit(&group->id);
    fe_buffer_deinit(&group->operand);
    fe_value_table_deinit(&group->table);
    fe_free(group);
}

bool fe_group_uses_id(const fe_group *group)
{
    return group->uses_id;
}
