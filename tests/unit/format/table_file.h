// SPDX-License-Identifier: Apache-2.0
// Table files for tests: written from a list of entries into a file system in memory.
#ifndef FERRIC_FORMAT_TABLE_FILE_H
#define FERRIC_FORMAT_TABLE_FILE_H

#include "format/table_builder.h"
#include "unit/format/entry_list.h"

// The header of table `number`; its salt follows from the number.
fe_file_header table_file_header(uint64_t number);

// Writes entries [from, to) of the list. The keys of *summary are those of the list.
void table_file_write(fe_vfs *vfs, const char *path, uint64_t number,
                      const fe_table_builder_options *options, const entry_list *list, size_t from,
                      size_t to, fe_table_summary *summary);

// The same with a header of the caller's.
void table_file_write_as(fe_vfs *vfs, const char *path, const fe_file_header *header,
                         const fe_table_builder_options *options, const entry_list *list,
                         size_t from, size_t to, fe_table_summary *summary);

// The whole file; freed by fe_buffer_deinit.
ferric_buffer table_file_read(fe_vfs *vfs, const char *path);
// Replaces the file.
void table_file_replace(fe_vfs *vfs, const char *path, ferric_slice bytes);

#endif
