// SPDX-License-Identifier: Apache-2.0
// Conformance of every vfs: opening, reading and writing files.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "os/thread.h"
#include "unit/os/vfs_conformance.h"

static void test_open_of_a_missing_path_is_not_found(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file = (fe_file *)fixture;

    assert_answer(fe_vfs_open(fixture->vfs, path_of(fixture, "no"), FE_OPEN_READ, &file),
                  FERRIC_NOT_FOUND);
    assert_null(file);
    assert_answer(fe_vfs_open(fixture->vfs, path_of(fixture, "no"), FE_OPEN_WRITE, &file),
                  FERRIC_NOT_FOUND);
    assert_answer(fe_vfs_open(fixture->vfs, path_of(fixture, "no/x"), FE_OPEN_CREATE, &file),
                  FERRIC_NOT_FOUND);
    assert_answer(fe_vfs_open(fixture->vfs, "", FE_OPEN_READ, &file), FERRIC_NOT_FOUND);
    assert_int_equal(kind_of(fixture, "no"), FE_PATH_NONE);
}

static void test_create_makes_an_empty_file_and_refuses_an_existing_one(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file = open_file(fixture, "new", FE_OPEN_CREATE);

    assert_content(file, "", 0);
    assert_int_equal(fe_file_write_at(file, 0, "kept", 4), FERRIC_OK);
    fe_file_close(file);
    assert_fault(fe_vfs_open(fixture->vfs, path_of(fixture, "new"), FE_OPEN_CREATE, &file),
                 FERRIC_ALREADY_EXISTS, "/new");
    assert_null(file);
    assert_file(fixture, "new", "kept");
    fe_file_close(NULL);
}

static void test_a_directory_does_not_open_as_a_file(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file;

    make_directory(fixture, "dir");
    assert_fault(fe_vfs_open(fixture->vfs, path_of(fixture, "dir"), FE_OPEN_READ, &file), FERRIC_IO,
                 "/dir");
    assert_null(file);
    assert_fault(fe_vfs_open(fixture->vfs, path_of(fixture, "dir"), FE_OPEN_WRITE, &file),
                 FERRIC_IO, "/dir");
    assert_fault(fe_vfs_open(fixture->vfs, path_of(fixture, "dir"), FE_OPEN_CREATE, &file),
                 FERRIC_ALREADY_EXISTS, "/dir");
}

static void test_a_path_through_a_file_is_a_fault_that_names_it(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file;

    make_file(fixture, "file", "");
    assert_fault(fe_vfs_open(fixture->vfs, path_of(fixture, "file/x"), FE_OPEN_READ, &file),
                 FERRIC_IO, "file/x");
    assert_fault(fe_vfs_open(fixture->vfs, path_of(fixture, "file/x"), FE_OPEN_CREATE, &file),
                 FERRIC_IO, "file/x");
    assert_fault(fe_vfs_make_directory(fixture->vfs, path_of(fixture, "file/x")), FERRIC_IO,
                 "file/x");
    assert_int_equal(kind_of(fixture, "file/x"), FE_PATH_NONE);
}

static void test_writes_are_read_back_and_gaps_are_zeros(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file = open_file(fixture, "file", FE_OPEN_CREATE);

    assert_int_equal(fe_file_write_at(file, 6, "ore", 3), FERRIC_OK);
    assert_content(file, "\0\0\0\0\0\0ore", 9);
    assert_int_equal(fe_file_write_at(file, 0, "iron", 4), FERRIC_OK);
    assert_content(file, "iron\0\0ore", 9);
    assert_int_equal(fe_file_write_at(file, 2, "XX", 2), FERRIC_OK);
    assert_content(file, "irXX\0\0ore", 9);
    assert_int_equal(fe_file_write_at(file, 8, "es", 2), FERRIC_OK);
    assert_content(file, "irXX\0\0ores", 10);
    assert_int_equal(fe_file_write_at(file, 100, "", 0), FERRIC_OK);
    assert_content(file, "irXX\0\0ores", 10);
    fe_file_close(file);
}

static void test_a_read_is_short_only_at_the_end(void **state)
{
    vfs_fixture *fixture = *state;
    char data[16];
    size_t got;
    fe_file *file;

    make_file(fixture, "file", "0123456789");
    file = open_file(fixture, "file", FE_OPEN_READ);
    assert_int_equal(fe_file_read_at(file, 0, data, 10, &got), FERRIC_OK);
    assert_int_equal(got, 10);
    assert_int_equal(fe_file_read_at(file, 7, data, sizeof data, &got), FERRIC_OK);
    assert_int_equal(got, 3);
    assert_memory_equal(data, "789", 3);
    assert_int_equal(fe_file_read_at(file, 10, data, sizeof data, &got), FERRIC_OK);
    assert_int_equal(got, 0);
    assert_int_equal(fe_file_read_at(file, UINT64_C(1) << 40, data, sizeof data, &got), FERRIC_OK);
    assert_int_equal(got, 0);
    assert_int_equal(fe_file_read_at(file, 3, data, 0, &got), FERRIC_OK);
    assert_int_equal(got, 0);
    fe_file_close(file);
}

static void test_read_many_answers_each_request(void **state)
{
    vfs_fixture *fixture = *state;
    char data[3][4] = {"", "", ""};
    fe_read_request requests[] = {
        {8, data[0], 4, 99},
        {0, data[1], 4, 99},
        {50, data[2], 4, 99},
    };
    fe_file *file;

    make_file(fixture, "file", "0123456789");
    file = open_file(fixture, "file", FE_OPEN_READ);
    assert_int_equal(fe_file_read_many(file, requests, 3), FERRIC_OK);
    assert_int_equal(requests[0].got, 2);
    assert_memory_equal(data[0], "89", 2);
    assert_int_equal(requests[1].got, 4);
    assert_memory_equal(data[1], "0123", 4);
    assert_int_equal(requests[2].got, 0);
    assert_int_equal(fe_file_read_many(file, NULL, 0), FERRIC_OK);
    fe_file_close(file);
}

static void test_truncate_cuts_and_grows_with_zeros(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file = open_file(fixture, "file", FE_OPEN_CREATE);

    assert_int_equal(fe_file_write_at(file, 0, "hematite", 8), FERRIC_OK);
    assert_int_equal(fe_file_truncate(file, 3), FERRIC_OK);
    assert_content(file, "hem", 3);
    assert_int_equal(fe_file_truncate(file, 8), FERRIC_OK);
    assert_content(file, "hem\0\0\0\0\0", 8);
    assert_int_equal(fe_file_truncate(file, 0), FERRIC_OK);
    assert_content(file, "", 0);
    fe_file_close(file);
}

static void test_large_writes_and_reads_are_whole(void **state)
{
    vfs_fixture *fixture = *state;
    const size_t size = ((size_t)3 << 20) + 1;
    uint8_t *written = malloc(size);
    fe_file *file = open_file(fixture, "file", FE_OPEN_CREATE);

    assert_non_null(written);
    for (size_t i = 0; i < size; i++) {
        written[i] = (uint8_t)(i * 31 + i / 257);
    }
    assert_int_equal(fe_file_write_at(file, 0, written, size), FERRIC_OK);
    assert_content(file, (char *)written, size);
    assert_int_equal(fe_file_sync(file), FERRIC_OK);
    fe_file_close(file);
    free(written);
}

static void test_a_file_opened_for_reading_refuses_writes(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file;

    make_file(fixture, "file", "content");
    file = open_file(fixture, "file", FE_OPEN_READ);
    assert_int_equal(fe_file_write_at(file, 0, "x", 1), FERRIC_IO);
    assert_int_equal(fe_file_truncate(file, 0), FERRIC_IO);
    fe_file_close(file);
    assert_file(fixture, "file", "content");
}

static void test_a_write_is_seen_through_other_handles_at_once(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *writer = open_file(fixture, "file", FE_OPEN_CREATE);
    fe_file *reader = open_file(fixture, "file", FE_OPEN_READ);

    assert_int_equal(fe_file_write_at(writer, 0, "seen", 4), FERRIC_OK);
    assert_content(reader, "seen", 4);
    fe_file_close(writer);
    assert_content(reader, "seen", 4);
    fe_file_close(reader);
}

static void test_a_removed_file_stays_usable_through_open_handles(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file = open_file(fixture, "file", FE_OPEN_CREATE);

    assert_int_equal(fe_file_write_at(file, 0, "old", 3), FERRIC_OK);
    assert_int_equal(fe_vfs_remove(fixture->vfs, path_of(fixture, "file")), FERRIC_OK);
    assert_int_equal(kind_of(fixture, "file"), FE_PATH_NONE);
    make_file(fixture, "file", "brand new");
    assert_content(file, "old", 3);
    assert_int_equal(fe_file_write_at(file, 3, "er", 2), FERRIC_OK);
    assert_content(file, "older", 5);
    fe_file_close(file);
    assert_file(fixture, "file", "brand new");
}

#define READER_COUNT 4

#define READ_COUNT 2000

typedef struct shared_file {
    fe_file *file;
    _Atomic(uint32_t) good_reads;
} shared_file;

static void read_again_and_again(void *argument)
{
    shared_file *shared = argument;
    char data[64];

    for (size_t i = 0; i < READ_COUNT; i++) {
        size_t got = 0;
        size_t block = i % 100;
        ferric_status status = fe_file_read_at(shared->file, block * 64, data, sizeof data, &got);
        if (status == FERRIC_OK && got == 64 && data[0] == (char)block && data[63] == data[0]) {
            atomic_fetch_add(&shared->good_reads, 1);
        }
    }
}

static void test_many_threads_read_one_file_at_once(void **state)
{
    vfs_fixture *fixture = *state;
    fe_thread threads[READER_COUNT];
    shared_file shared = {open_file(fixture, "file", FE_OPEN_CREATE), 0};
    char block[64];

    for (size_t i = 0; i < 100; i++) {
        memset(block, (int)i, sizeof block);
        assert_int_equal(fe_file_write_at(shared.file, i * 64, block, sizeof block), FERRIC_OK);
    }
    for (size_t i = 0; i < READER_COUNT; i++) {
        assert_int_equal(fe_thread_start(&threads[i], "reader", read_again_and_again, &shared),
                         FERRIC_OK);
    }
    for (size_t i = 0; i < READER_COUNT; i++) {
        fe_thread_join(&threads[i]);
    }
    assert_int_equal(shared.good_reads, READER_COUNT * READ_COUNT);
    fe_file_close(shared.file);
}

const vfs_case vfs_file_cases[] = {
    VFS_CASE(test_open_of_a_missing_path_is_not_found),
    VFS_CASE(test_create_makes_an_empty_file_and_refuses_an_existing_one),
    VFS_CASE(test_a_directory_does_not_open_as_a_file),
    VFS_CASE(test_a_path_through_a_file_is_a_fault_that_names_it),
    VFS_CASE(test_writes_are_read_back_and_gaps_are_zeros),
    VFS_CASE(test_a_read_is_short_only_at_the_end),
    VFS_CASE(test_read_many_answers_each_request),
    VFS_CASE(test_truncate_cuts_and_grows_with_zeros),
    VFS_CASE(test_large_writes_and_reads_are_whole),
    VFS_CASE(test_a_file_opened_for_reading_refuses_writes),
    VFS_CASE(test_a_write_is_seen_through_other_handles_at_once),
    VFS_CASE(test_a_removed_file_stays_usable_through_open_handles),
    VFS_CASE(test_many_threads_read_one_file_at_once),
    {NULL, NULL},
};
