// SPDX-License-Identifier: Apache-2.0
// Paths over the nodes of the vfs in memory. A path begins at the root with or without a slash.
// For src/os alone.
//
// `call` is for messages. Errors of every call: FERRIC_NOT_FOUND without a message; FERRIC_IO when
// a name on the way is no directory, or the path ends in something that the call does not take;
// FERRIC_NO_MEMORY. After a failure nothing has changed.
// Threads: the caller holds the mutex of the vfs. Nodes found are lent while it does.
#ifndef FERRIC_OS_MEMORY_TREE_H
#define FERRIC_OS_MEMORY_TREE_H

#include "os/memory_node.h"

// Follows the path. Sets no message.
ferric_status fe_memory_tree_walk(fe_memory_node *root, ferric_slice path, fe_memory_node **found);
// What is at the path; a directory; anything but a directory.
ferric_status fe_memory_tree_find(fe_memory_node *root, const char *call, const char *path,
                                  fe_memory_node **found);
ferric_status fe_memory_tree_find_directory(fe_memory_node *root, const char *call,
                                            const char *path, fe_memory_node **found);
ferric_status fe_memory_tree_find_file(fe_memory_node *root, const char *call, const char *path,
                                       fe_memory_node **found);
// A new node where nothing is. Errors: FERRIC_ALREADY_EXISTS.
ferric_status fe_memory_tree_add(fe_memory_node *root, const char *call, const char *path,
                                 bool is_directory, fe_memory_node **added);
// As rename(2): a file replaces a file, a directory an empty directory.
ferric_status fe_memory_tree_rename(fe_memory_node *root, const char *from, const char *to);
// A second name for a file. Errors: FERRIC_ALREADY_EXISTS.
ferric_status fe_memory_tree_link(fe_memory_node *root, const char *from, const char *to);
// Takes away the name of a file, or of an empty directory.
ferric_status fe_memory_tree_remove(fe_memory_node *root, const char *call, const char *path,
                                    bool is_directory);

#endif
