// SPDX-License-Identifier: Apache-2.0
// Checks of arguments, with messages that say what to do.
#include "api/arguments.h"

#include <string.h>

#include "base/status.h"

ferric_status fe_argument_is_null(const char *call, const char *argument)
{
    return fe_fail(FERRIC_INVALID_ARGUMENT, "%s: %s is NULL", call, argument);
}

ferric_status fe_slice_check(const char *call, const char *argument, ferric_slice slice)
{
    if (slice.size == 0 || slice.data != NULL) return FERRIC_OK;
    return fe_fail(FERRIC_INVALID_ARGUMENT, "%s: %s has %zu bytes, but its data is NULL", call,
                   argument, slice.size);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) return false;
    }
    return true;
}

ferric_status fe_struct_take(const char *type, const void *given, const void *defaults, size_t size,
                             void *taken)
{
    size_t given_size;

    memcpy(taken, defaults, size);
    if (given == NULL) return FERRIC_OK;
    memcpy(&given_size, given, sizeof given_size);
    if (given_size < sizeof given_size) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: struct_size is %zu: begin with the initialiser that stands behind the "
                       "struct in ferric.h",
                       type, given_size);
    }
    if (given_size > size && !is_zero((const uint8_t *)given + size, given_size - size)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: has fields that are set and that this version of Ferric, %s, does not "
                       "know: link a newer one",
                       type, ferric_version());
    }
    memcpy(taken, given, given_size < size ? given_size : size);
    memcpy(taken, &size, sizeof size);
    return FERRIC_OK;
}

ferric_status fe_write_options_take(const ferric_write_options *given, ferric_write_options *taken)
{
    static const ferric_write_options defaults = FERRIC_WRITE_OPTIONS_INIT;
    ferric_status status =
        fe_struct_take("ferric_write_options", given, &defaults, sizeof defaults, taken);

    if (status != FERRIC_OK) return status;
    switch (taken->condition) {
    case FERRIC_IF_ANY:
    case FERRIC_IF_ABSENT:
    case FERRIC_IF_VERSION:
        return FERRIC_OK;
    }
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "ferric_write_options: condition is %d: it is FERRIC_IF_ANY, _ABSENT or "
                   "_VERSION",
                   (int)taken->condition);
}

ferric_status fe_read_options_take(const ferric_read_options *given, ferric_read_options *taken)
{
    static const ferric_read_options defaults = FERRIC_READ_OPTIONS_INIT;
    return fe_struct_take("ferric_read_options", given, &defaults, sizeof defaults, taken);
}

ferric_status fe_iterator_options_take(const ferric_iterator_options *given,
                                       ferric_iterator_options *taken)
{
    static const ferric_iterator_options defaults = FERRIC_ITERATOR_OPTIONS_INIT;
    const char *type = "ferric_iterator_options";
    ferric_status status = fe_struct_take(type, given, &defaults, sizeof defaults, taken);

    if (status == FERRIC_OK) status = fe_slice_check(type, "lower", taken->lower);
    if (status == FERRIC_OK) status = fe_slice_check(type, "upper", taken->upper);
    if (status == FERRIC_OK) status = fe_slice_check(type, "prefix", taken->prefix);
    return status;
}

ferric_status fe_txn_options_take(const ferric_txn_options *given, ferric_txn_options *taken)
{
    static const ferric_txn_options defaults = FERRIC_TXN_OPTIONS_INIT;
    ferric_status status =
        fe_struct_take("ferric_txn_options", given, &defaults, sizeof defaults, taken);

    if (status != FERRIC_OK) return status;
    if (taken->isolation != FERRIC_ISOLATION_SNAPSHOT &&
        taken->isolation != FERRIC_ISOLATION_SERIALIZABLE) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "ferric_txn_options: isolation is %d: it is FERRIC_ISOLATION_SNAPSHOT or "
                       "_SERIALIZABLE",
                       (int)taken->isolation);
    }
    if (taken->tries_max > 0) return FERRIC_OK;
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "ferric_txn_options: tries_max is 0: at least one try is needed");
}

ferric_status fe_path_check(const char *call, const char *path)
{
    if (path == NULL) return fe_argument_is_null(call, "path");
    if (path[0] != '\0') return FERRIC_OK;
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "%s: the path is empty: give a directory, or \":memory:\"", call);
}
