// SPDX-License-Identifier: Apache-2.0
// Paths over the nodes of the vfs in memory: finding, adding, renaming, linking, removing.
#include "os/memory_tree.h"

#include <string.h>

#include "base/memory.h"
#include "base/slice.h"
#include "base/status.h"

static ferric_status fail(const char *call, const char *path, const char *reason)
{
    return fe_fail(FERRIC_IO, "%s %s in memory: %s", call, path, reason);
}

static const char not_a_directory[] = "Not a directory";
static const char is_a_directory[] = "Is a directory";

// ---- Paths ----------------------------------------------------------------------------------

// Where a name stands or may stand.
typedef struct place {
    fe_memory_node *directory;
    ferric_slice name;
    fe_memory_entry *entry; // NULL when nothing has the name.
} place;

// Follows one name. Returns NULL when it is missing.
static fe_memory_node *step(fe_memory_node *directory, ferric_slice name)
{
    fe_memory_entry *entry;

    if (fe_slice_equal(name, fe_slice_text("."))) return directory;
    if (fe_slice_equal(name, fe_slice_text(".."))) return directory->parent;
    entry = fe_memory_node_find(directory, name);
    return entry == NULL ? NULL : entry->node;
}

ferric_status fe_memory_tree_walk(fe_memory_node *root, ferric_slice path, fe_memory_node **found)
{
    fe_memory_node *node = root;
    const char *at = path.data;
    const char *end = at + path.size;

    *found = NULL;
    if (path.size == 0) return FERRIC_NOT_FOUND;
    while (at < end) {
        const char *begin = at;
        while (at < end && *at != '/')
            at++;
        if (at > begin) {
            if (!node->is_directory) return FERRIC_IO;
            node = step(node, fe_slice(begin, (size_t)(at - begin)));
            if (node == NULL) return FERRIC_NOT_FOUND;
        }
        if (at < end) at++; // The slash.
    }
    *found = node;
    return FERRIC_OK;
}

ferric_status fe_memory_tree_find(fe_memory_node *root, const char *call, const char *path,
                                  fe_memory_node **found)
{
    ferric_status status = fe_memory_tree_walk(root, fe_slice_text(path), found);
    return status == FERRIC_IO ? fail(call, path, not_a_directory) : status;
}

ferric_status fe_memory_tree_find_directory(fe_memory_node *root, const char *call,
                                            const char *path, fe_memory_node **found)
{
    ferric_status status = fe_memory_tree_find(root, call, path, found);
    if (status != FERRIC_OK || (*found)->is_directory) return status;
    return fail(call, path, not_a_directory);
}

ferric_status fe_memory_tree_find_file(fe_memory_node *root, const char *call, const char *path,
                                       fe_memory_node **found)
{
    ferric_status status = fe_memory_tree_find(root, call, path, found);
    if (status != FERRIC_OK || !(*found)->is_directory) return status;
    return fail(call, path, is_a_directory);
}

// Splits a path into the directory, which exists, and the last name, which may not.
static ferric_status find_place(fe_memory_node *root, const char *call, const char *path,
                                place *found)
{
    size_t end = strlen(path);
    size_t begin;
    ferric_slice parent;
    ferric_status status;

    while (end > 0 && path[end - 1] == '/')
        end--;
    begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    found->name = fe_slice(path + begin, end - begin);
    found->entry = NULL;
    if (path[0] == '\0') return FERRIC_NOT_FOUND;
    if (found->name.size == 0 || fe_slice_equal(found->name, fe_slice_text(".")) ||
        fe_slice_equal(found->name, fe_slice_text(".."))) {
        return fail(call, path, "Does not end in a name");
    }
    parent = begin == 0 ? fe_slice_text("/") : fe_slice(path, begin);
    status = fe_memory_tree_walk(root, parent, &found->directory);
    if (status == FERRIC_NOT_FOUND) return status;
    if (status != FERRIC_OK || !found->directory->is_directory) {
        return fail(call, path, not_a_directory);
    }
    found->entry = fe_memory_node_find(found->directory, found->name);
    return FERRIC_OK;
}

// The place of a name that is there.
static ferric_status find_entry(fe_memory_node *root, const char *call, const char *path,
                                place *found)
{
    ferric_status status = find_place(root, call, path, found);
    return status == FERRIC_OK && found->entry == NULL ? FERRIC_NOT_FOUND : status;
}

// ---- Changes --------------------------------------------------------------------------------

ferric_status fe_memory_tree_add(fe_memory_node *root, const char *call, const char *path,
                                 bool is_directory, fe_memory_node **added)
{
    place at;
    fe_memory_node *node;
    ferric_status status;

    *added = NULL;
    if (fe_memory_tree_walk(root, fe_slice_text(path), &node) == FERRIC_OK) {
        return fe_fail(FERRIC_ALREADY_EXISTS, "%s %s in memory: File exists", call, path);
    }
    status = find_place(root, call, path, &at);
    if (status != FERRIC_OK) return status;
    node = fe_memory_node_create(is_directory);
    if (node == NULL) return fe_no_memory("a file in memory", sizeof *node);
    status = fe_memory_node_add(at.directory, at.name, node);
    if (status == FERRIC_OK) *added = node;
    fe_memory_node_unref(node); // The entry has its own.
    return status;
}

static bool is_inside(const fe_memory_node *directory, const fe_memory_node *outer)
{
    while (directory != outer && directory->parent != directory)
        directory = directory->parent;
    return directory == outer;
}

// Whether `source` may take the place of `target` (NULL: of nothing), as rename(2) has it.
static ferric_status check_rename(const char *to, const fe_memory_node *source,
                                  const fe_memory_node *directory, const fe_memory_node *target)
{
    if (source->is_directory && is_inside(directory, source)) {
        return fail("rename", to, "Is inside what is renamed");
    }
    if (target == NULL) return FERRIC_OK;
    if (!source->is_directory) {
        return target->is_directory ? fail("rename", to, is_a_directory) : FERRIC_OK;
    }
    if (!target->is_directory) return fail("rename", to, not_a_directory);
    return target->entry_count == 0 ? FERRIC_OK : fail("rename", to, "Directory not empty");
}

ferric_status fe_memory_tree_rename(fe_memory_node *root, const char *from, const char *to)
{
    place source;
    place target;
    fe_memory_node *node;
    fe_memory_node *replaced;
    ferric_status status = find_entry(root, "rename", from, &source);

    if (status != FERRIC_OK) return status;
    status = find_place(root, "rename", to, &target);
    if (status != FERRIC_OK) return status;
    node = source.entry->node;
    replaced = target.entry == NULL ? NULL : target.entry->node;
    if (node == replaced) return FERRIC_OK; // Two names of one file: POSIX keeps both.
    status = check_rename(to, node, target.directory, replaced);
    if (status != FERRIC_OK) return status;
    if (replaced != NULL) {
        target.entry->node = fe_memory_node_ref(node);
        if (node->is_directory) node->parent = target.directory;
        fe_memory_node_unref(replaced);
    } else {
        status = fe_memory_node_add(target.directory, target.name, node);
        if (status != FERRIC_OK) return status;
    }
    // Adding may have moved the entries of the same directory.
    fe_memory_node_remove(source.directory, fe_memory_node_find(source.directory, source.name));
    return FERRIC_OK;
}

ferric_status fe_memory_tree_link(fe_memory_node *root, const char *from, const char *to)
{
    fe_memory_node *node;
    place target;
    ferric_status status = fe_memory_tree_find_file(root, "link", from, &node);

    if (status != FERRIC_OK) return status;
    status = find_place(root, "link", to, &target);
    if (status != FERRIC_OK) return status;
    if (target.entry != NULL) {
        return fe_fail(FERRIC_ALREADY_EXISTS, "link %s in memory: File exists", to);
    }
    return fe_memory_node_add(target.directory, target.name, node);
}

ferric_status fe_memory_tree_remove(fe_memory_node *root, const char *call, const char *path,
                                    bool is_directory)
{
    place at;
    const fe_memory_node *node;
    ferric_status status = find_entry(root, call, path, &at);

    if (status != FERRIC_OK) return status;
    node = at.entry->node;
    if (node->is_directory != is_directory) {
        return fail(call, path, is_directory ? not_a_directory : is_a_directory);
    }
    if (node->entry_count > 0) return fail(call, path, "Directory not empty");
    fe_memory_node_remove(at.directory, at.entry);
    return FERRIC_OK;
}
