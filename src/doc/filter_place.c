// SPDX-License-Identifier: Apache-2.0
// Spelling places; see filter_place.h.
#include "doc/filter_place.h"

#include "base/buffer.h"
#include "base/status.h"

#define SPELLED_MAX 300

// Recurs as deep as the filter: two steps for each level of FE_JSON_DEPTH_MAX.
static ferric_status spell(const fe_filter_place *place, ferric_buffer *text)
{
    ferric_status status = FERRIC_OK;

    if (place == NULL) return FERRIC_OK;
    status = spell(place->outer, text);
    if (status != FERRIC_OK) return status;
    if (place->name.data == NULL) return fe_buffer_format(text, "[%zu]", place->number);
    if (text->size > 0) status = fe_buffer_append(text, ".", 1);
    if (status != FERRIC_OK) return status;
    return fe_buffer_append(text, place->name.data, place->name.size);
}

ferric_status fe_filter_place_fail(const fe_filter_place *place, const char *reason)
{
    ferric_buffer text = {0};
    ferric_status status = spell(place, &text);

    if (status == FERRIC_OK) {
        status = fe_fail(FERRIC_INVALID_ARGUMENT, "filter, at \"%.*s\": %s",
                         text.size > SPELLED_MAX ? SPELLED_MAX : (int)text.size,
                         text.size == 0 ? "" : (const char *)text.data, reason);
    }
    fe_buffer_deinit(&text);
    return status;
}
