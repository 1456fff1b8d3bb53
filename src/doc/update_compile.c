// SPDX-License-Identifier: Apache-2.0
// From the JSON of an update to changes; see update.h.
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/near_word.h"
#include "base/status.h"
#include "doc/condition.h"
#include "doc/number.h"
#include "doc/update_inside.h"

// Each path is compared with each other, so there are not too many.
#define CHANGES_MAX 1000

typedef struct compiler {
    fe_update *update;
    fe_change **end;      // Where the next change is linked.
    const char *operator; // At hand.
    ferric_buffer path;   // At hand, plain.
    size_t count;
} compiler;

static ferric_status fail_here(const compiler *self, const char *reason)
{
    int size = self->path.size > 300 ? 300 : (int)self->path.size;
    return fe_fail(FERRIC_INVALID_ARGUMENT, "update, at \"%s.%.*s\": %s", self->operator, size,
                   (const char *)self->path.data, reason);
}

// ---- Operands -------------------------------------------------------------------------------

static ferric_status take_any(compiler *self, fe_change *change)
{
    (void)self;
    (void)change;
    return FERRIC_OK;
}

static ferric_status take_number(compiler *self, fe_change *change)
{
    if (fe_json_kind(change->value) == '0') return FERRIC_OK;
    return fail_here(self, "expected a number");
}

static ferric_status wrap(compiler *self, fe_change *change)
{
    size_t size = change->value.size;
    uint8_t *array = fe_arena_alloc(&self->update->arena, size + 2);
    if (array == NULL) return fe_no_memory("an update", size + 2);
    array[0] = '[';
    memcpy(array + 1, change->value.data, size);
    array[size + 1] = ']';
    change->value = fe_slice(array, size + 2);
    return FERRIC_OK;
}

static ferric_status take_whole(compiler *self, ferric_slice value, int64_t *number)
{
    if (fe_json_kind(value) == '0' && fe_number_to_int64(value, number)) return FERRIC_OK;
    return fail_here(self, "$position and $slice are whole numbers");
}

static ferric_status take_modifier(compiler *self, ferric_slice name, ferric_slice value,
                                   fe_change *change)
{
    bool is_push = change->kind == FE_CHANGE_PUSH;

    if (fe_json_string_is(name, fe_slice_text("$each"))) {
        change->value = value;
        if (fe_json_kind(value) == '[') return FERRIC_OK;
        return fail_here(self, "$each is an array");
    }
    if (is_push && fe_json_string_is(name, fe_slice_text("$position"))) {
        change->has_position = true;
        return take_whole(self, value, &change->position);
    }
    if (is_push && fe_json_string_is(name, fe_slice_text("$slice"))) {
        change->has_slice = true;
        return take_whole(self, value, &change->slice);
    }
    return fail_here(self, is_push ? "beside $each there are $position and $slice"
                                   : "$each stands alone");
}

// A value to be added, or {"$each":[...]}.
static ferric_status take_added(compiler *self, fe_change *change)
{
    ferric_slice object = change->value;
    fe_json_walk walk = fe_json_walk_into(object);
    ferric_slice name;
    ferric_slice value;
    ferric_status status = FERRIC_OK;

    if (fe_json_kind(object) != '{' || fe_value_member(object, fe_slice_text("$each")).size == 0) {
        return wrap(self, change);
    }
    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &value))
        status = take_modifier(self, name, value, change);
    return status;
}

static ferric_status take_pulled(compiler *self, fe_change *change)
{
    (void)self;
    if (fe_json_kind(change->value) != '{') return FERRIC_OK;
    return fe_matcher_create_element(change->value, &change->pulled);
}

static ferric_status take_target(compiler *self, fe_change *change)
{
    ferric_buffer text = {0};
    ferric_status status;

    if (fe_json_kind(change->value) != '"') return fail_here(self, "expected the new path");
    status = fe_json_unquote(change->value, &text);
    if (status == FERRIC_OK) {
        status = fe_path_parse(fe_buffer_slice(&text), &self->update->arena, &change->target);
    }
    fe_buffer_deinit(&text);
    if (status == FERRIC_OK && change->target.is_id)
        return fail_here(self, "\"_id\" does not change");
    return status;
}

static const struct {
    const char *name;
    fe_change_kind kind;
    ferric_status (*take)(compiler *self, fe_change *change);
} operators[] = {
    {"$set", FE_CHANGE_SET, take_any},
    {"$unset", FE_CHANGE_UNSET, take_any},
    {"$inc", FE_CHANGE_INCREMENT, take_number},
    {"$mul", FE_CHANGE_MULTIPLY, take_number},
    {"$min", FE_CHANGE_MINIMUM, take_any},
    {"$max", FE_CHANGE_MAXIMUM, take_any},
    {"$push", FE_CHANGE_PUSH, take_added},
    {"$pull", FE_CHANGE_PULL, take_pulled},
    {"$addToSet", FE_CHANGE_ADD_TO_SET, take_added},
    {"$rename", FE_CHANGE_RENAME, take_target},
};

// ---- Paths in conflict ----------------------------------------------------------------------

// Whether one path is the other or leads to it.
static bool conflicts(const fe_path *a, const fe_path *b)
{
    size_t common = a->step_count < b->step_count ? a->step_count : b->step_count;
    for (size_t i = 0; i < common; i++) {
        if (!fe_slice_equal(a->steps[i].name, b->steps[i].name)) return false;
    }
    return common > 0;
}

static bool conflicts_with_change(const fe_path *path, const fe_change *change)
{
    return conflicts(path, &change->path) ||
           (change->kind == FE_CHANGE_RENAME && conflicts(path, &change->target));
}

static ferric_status check_conflicts(const compiler *self, const fe_change *added)
{
    bool is_rename = added->kind == FE_CHANGE_RENAME;

    if (is_rename && conflicts(&added->path, &added->target)) {
        return fail_here(self, "the new path is the old one or inside it");
    }
    for (const fe_change *each = self->update->first; each != NULL; each = each->next) {
        if (each == added) continue;
        if (conflicts_with_change(&added->path, each) ||
            (is_rename && conflicts_with_change(&added->target, each))) {
            return fail_here(self, "another operator changes the same place, or one inside it");
        }
    }
    return FERRIC_OK;
}

// ---- The whole --------------------------------------------------------------------------------

static ferric_status compile_change(compiler *self, size_t operator, ferric_slice name,
                                    ferric_slice value)
{
    fe_change *change = fe_arena_alloc(&self->update->arena, sizeof *change);
    ferric_status status;

    if (change == NULL) return fe_no_memory("an update", sizeof *change);
    memset(change, 0, sizeof *change);
    *self->end = change;
    self->end = &change->next;
    change->kind = operators[operator].kind;
    change->name = operators[operator].name;
    change->value = value;
    fe_buffer_clear(&self->path);
    status = fe_json_unquote(name, &self->path);
    if (status != FERRIC_OK) return status;
    if (++self->count > CHANGES_MAX) return fail_here(self, "an update has at most 1,000 changes");
    status = fe_path_parse(fe_buffer_slice(&self->path), &self->update->arena, &change->path);
    if (status != FERRIC_OK) return status;
    if (change->path.is_id) return fail_here(self, "\"_id\" does not change");
    status = operators[operator].take(self, change);
    return status == FERRIC_OK ? check_conflicts(self, change) : status;
}

static ferric_status fail_unknown(ferric_slice literal)
{
    fe_near_word near;
    fe_near_reason reason;

    fe_near_word_init(&near, fe_slice((const char *)literal.data + 1, literal.size - 2));
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        fe_near_word_consider(&near, operators[i].name);
    return fe_fail(FERRIC_INVALID_ARGUMENT, "update, at %.*s: %s",
                   literal.size > 200 ? 200 : (int)literal.size, (const char *)literal.data,
                   fe_near_word_reason(&near,
                                       "no such operator; there are $set $unset $inc $mul $min "
                                       "$max $push $pull $addToSet $rename",
                                       &reason));
}

static ferric_status compile_operator(compiler *self, ferric_slice name, ferric_slice changes)
{
    fe_json_walk walk = fe_json_walk_into(changes);
    size_t at = 0;
    ferric_slice path;
    ferric_slice value;
    ferric_status status = FERRIC_OK;

    while (at < sizeof operators / sizeof operators[0] &&
           !fe_json_string_is(name, fe_slice_text(operators[at].name)))
        at++;
    if (at == sizeof operators / sizeof operators[0]) return fail_unknown(name);
    self->operator= operators[at].name;
    if (fe_json_kind(changes) != '{') {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "update, at \"%s\": expected an object of paths",
                       self->operator);
    }
    while (status == FERRIC_OK && fe_json_next_member(&walk, &path, &value))
        status = compile_change(self, at, path, value);
    return status;
}

ferric_status fe_update_compile(fe_update *update, ferric_slice json)
{
    compiler self = {.update = update, .end = &update->first};
    fe_json_walk walk = fe_json_walk_into(json);
    ferric_status status = FERRIC_OK;
    ferric_slice name;
    ferric_slice changes;

    if (fe_json_kind(json) != '{' || json.size == 2) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "an update is an object of operators, such as {\"$set\":{\"a\":1}}");
    }
    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &changes))
        status = compile_operator(&self, name, changes);
    fe_buffer_deinit(&self.path);
    return status;
}
