// SPDX-License-Identifier: Apache-2.0
// Includes the public header twice and nothing else: it must need no other header and be guarded,
// and its initialisers must be free of warnings.
#include <ferric/ferric.h>

// Again: the guard must hold.
#include <ferric/ferric.h>

static const ferric_options options = FERRIC_OPTIONS_INIT;
static const ferric_write_options write_options = FERRIC_WRITE_OPTIONS_INIT;
static const ferric_read_options read_options = FERRIC_READ_OPTIONS_INIT;
static const ferric_iterator_options iterator_options = FERRIC_ITERATOR_OPTIONS_INIT;
static const ferric_txn_options txn_options = FERRIC_TXN_OPTIONS_INIT;
static const ferric_stats stats = FERRIC_STATS_INIT;

int main(void)
{
    return options.struct_size == sizeof options && write_options.struct_size != 0 &&
                   read_options.struct_size != 0 && iterator_options.struct_size != 0 &&
                   txn_options.tries_max == 10 && stats.struct_size == sizeof stats &&
                   stats.background_status == FERRIC_OK
               ? 0
               : 1;
}
