// SPDX-License-Identifier: Apache-2.0
// Groups in the order asked for; see group_order.h.
#include "doc/group_order.h"

#include "base/buffer.h"
#include "doc/value.h"

ferric_status fe_group_order_init(fe_group_order *order, ferric_slice sort, uint64_t skip,
                                  uint64_t limit, size_t memory_max)
{
    ferric_status status = FERRIC_OK;

    *order = (fe_group_order){.skip = skip, .limit = limit, .memory_max = memory_max};
    fe_arena_init(&order->arena);
    if (sort.size > 0) status = fe_sort_parse(sort, &order->arena, &order->sort);
    if (status != FERRIC_OK) fe_group_order_deinit(order);
    return status;
}

void fe_group_order_deinit(fe_group_order *order)
{
    fe_arena_deinit(&order->arena);
}

static ferric_status begin_element(ferric_buffer *json, bool is_first)
{
    return is_first ? FERRIC_OK : fe_buffer_append(json, ",", 1);
}

static ferric_status append_in_order(const fe_group_order *order, fe_group *group,
                                     ferric_buffer *json)
{
    size_t count = fe_group_count(group);
    ferric_status status = FERRIC_OK;

    for (uint64_t i = order->skip; i < count && i - order->skip < order->limit; i++) {
        status = begin_element(json, i == order->skip);
        if (status == FERRIC_OK) status = fe_group_append(group, (size_t)i, json);
        if (status != FERRIC_OK) break;
    }
    return status;
}

static ferric_status sort_all(fe_group *group, fe_sorter *sorter)
{
    const fe_meta none = {0};
    size_t count = fe_group_count(group);
    ferric_buffer text = {0};
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        fe_buffer_clear(&text);
        status = fe_group_append(group, i, &text);
        if (status == FERRIC_OK) {
            fe_doc doc = {.text = fe_buffer_slice(&text)};
            doc.id = fe_value_member(doc.text, fe_slice_text("_id"));
            status = fe_sorter_add(sorter, fe_slice(NULL, 0), &doc, none);
        }
    }
    fe_buffer_deinit(&text);
    if (status == FERRIC_OK) fe_sorter_finish(sorter);
    return status;
}

static ferric_status append_sorted(const fe_group_order *order, fe_group *group,
                                   ferric_buffer *json)
{
    uint64_t keep =
        order->limit > UINT64_MAX - order->skip ? UINT64_MAX : order->limit + order->skip;
    fe_sorter sorter;
    ferric_status status;

    fe_sorter_init(&sorter, &order->sort, keep, order->memory_max);
    status = sort_all(group, &sorter);
    for (uint64_t i = order->skip; i < sorter.count && status == FERRIC_OK; i++) {
        ferric_slice text = sorter.items[i]->text;
        status = begin_element(json, i == order->skip);
        if (status == FERRIC_OK) status = fe_buffer_append(json, text.data, text.size);
    }
    fe_sorter_deinit(&sorter);
    return status;
}

ferric_status fe_group_order_append(const fe_group_order *order, fe_group *group,
                                    ferric_buffer *json)
{
    ferric_status status = fe_buffer_append(json, "[", 1);

    if (status == FERRIC_OK) {
        status = order->sort.part_count > 0 ? append_sorted(order, group, json)
                                            : append_in_order(order, group, json);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "]", 1) : status;
}
