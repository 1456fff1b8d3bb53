// SPDX-License-Identifier: Apache-2.0
// More threads than kept contexts use one key at once.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/coding.h"
#include "crypto/aead.h"
#include "os/thread.h"

#define THREADS 6
#define ROUNDS 3000
#define SIZE 200

typedef struct shared {
    fe_aead *aead;
    _Atomic(uint64_t) next_nonce;
    _Atomic(uint64_t) mistakes; // cmocka's asserts are for the main thread alone.
} shared;

static void seal_and_open(void *argument)
{
    shared *all = argument;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t number = atomic_fetch_add(&all->next_nonce, 1);
        uint8_t nonce[FE_AEAD_NONCE_SIZE] = {0};
        uint8_t tag[FE_AEAD_TAG_SIZE];
        uint8_t plain[SIZE];
        uint8_t bytes[SIZE];
        bool is_authentic = false;
        bool is_right;
        fe_put_u64(nonce, number);
        memset(plain, (int)number, sizeof plain);
        memcpy(bytes, plain, sizeof bytes);
        is_right = fe_aead_seal(all->aead, nonce, fe_slice(nonce, sizeof nonce), bytes, SIZE,
                                tag) == FERRIC_OK &&
                   memcmp(bytes, plain, SIZE) != 0 &&
                   fe_aead_open(all->aead, nonce, fe_slice(nonce, sizeof nonce), bytes, SIZE, tag,
                                &is_authentic) == FERRIC_OK &&
                   is_authentic && memcmp(bytes, plain, SIZE) == 0;
        if (!is_right) atomic_fetch_add(&all->mistakes, 1);
    }
}

static void test_aead_serves_many_threads_at_once(void **state)
{
    uint8_t key[FE_AEAD_KEY_SIZE] = {1, 2, 3};
    shared all = {0};
    fe_thread threads[THREADS];

    (void)state;
    assert_int_equal(fe_aead_create(key, &all.aead), FERRIC_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(fe_thread_start(&threads[i], "sealer", seal_and_open, &all), FERRIC_OK);
    for (int i = 0; i < THREADS; i++)
        fe_thread_join(&threads[i]);
    assert_int_equal(all.mistakes, 0);
    assert_int_equal(all.next_nonce, THREADS * ROUNDS);
    fe_aead_destroy(all.aead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aead_serves_many_threads_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
