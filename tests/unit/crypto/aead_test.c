// SPDX-License-Identifier: Apache-2.0
// AES-256-GCM against NIST's vectors and against libgcrypt.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <gcrypt.h>

#include "base/random.h"
#include "crypto/aead.h"
#include "unit/crypto/vector_file.h"

#define RANDOM_CASES 100000
#define CONTENT_MAX 300

// ---- NIST ------------------------------------------------------------------------------------

static bool is_ours(const vector_record *record)
{
    const vector_field *iv = vector_find(record, "IV");
    const vector_field *tag = vector_find(record, "Tag");

    return iv != NULL && tag != NULL && iv->size == FE_AEAD_NONCE_SIZE &&
           tag->size == FE_AEAD_TAG_SIZE;
}

static void check_open(const vector_record *record)
{
    const vector_field *text = vector_find(record, "CT");
    const vector_field *bound = vector_find(record, "AAD");
    uint8_t bytes[VECTOR_BYTES_MAX];
    fe_aead *aead;
    bool is_authentic;

    memcpy(bytes, text->bytes, text->size);
    assert_int_equal(fe_aead_create(vector_find(record, "Key")->bytes, &aead), FERRIC_OK);
    assert_int_equal(fe_aead_open(aead, vector_find(record, "IV")->bytes,
                                  fe_slice(bound->bytes, bound->size), bytes, text->size,
                                  vector_find(record, "Tag")->bytes, &is_authentic),
                     FERRIC_OK);
    assert_int_equal(is_authentic, !record->says_fail);
    if (is_authentic) assert_memory_equal(bytes, vector_find(record, "PT")->bytes, text->size);
    fe_aead_destroy(aead);
}

static void check_seal(const vector_record *record)
{
    const vector_field *text = vector_find(record, "PT");
    const vector_field *bound = vector_find(record, "AAD");
    uint8_t bytes[VECTOR_BYTES_MAX];
    uint8_t tag[FE_AEAD_TAG_SIZE];
    fe_aead *aead;

    memcpy(bytes, text->bytes, text->size);
    assert_int_equal(fe_aead_create(vector_find(record, "Key")->bytes, &aead), FERRIC_OK);
    assert_int_equal(fe_aead_seal(aead, vector_find(record, "IV")->bytes,
                                  fe_slice(bound->bytes, bound->size), bytes, text->size, tag),
                     FERRIC_OK);
    assert_memory_equal(bytes, vector_find(record, "CT")->bytes, text->size);
    assert_memory_equal(tag, vector_find(record, "Tag")->bytes, sizeof tag);
    fe_aead_destroy(aead);
}

static int run_file(const char *name, void (*check)(const vector_record *))
{
    FILE *file = vector_file_open(name);
    vector_record record;
    int count = 0;

    assert_non_null(file);
    while (vector_file_next(file, &record)) {
        if (!is_ours(&record)) continue;
        check(&record);
        count++;
    }
    fclose(file);
    return count;
}

static void test_aead_agrees_with_nist(void **state)
{
    int opened = run_file("ciphers/AES/GCM/gcmDecrypt256.rsp", check_open);
    int sealed = run_file("ciphers/AES/GCM/gcmEncryptExtIV256.rsp", check_seal);

    (void)state;
    print_message("%d opened, %d sealed\n", opened, sealed);
    assert_true(opened >= 300 && sealed >= 300);
}

// ---- libgcrypt -------------------------------------------------------------------------------

typedef struct random_case {
    uint8_t key[FE_AEAD_KEY_SIZE];
    uint8_t nonce[FE_AEAD_NONCE_SIZE];
    uint8_t bound[40];
    size_t bound_size;
    uint8_t plain[CONTENT_MAX];
    size_t size;
    uint8_t sealed[CONTENT_MAX];
    uint8_t tag[FE_AEAD_TAG_SIZE];
} random_case;

static void fill(fe_random *random, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)fe_random_next(random);
}

static void draw_case(fe_random *random, random_case *drawn)
{
    fill(random, drawn->key, sizeof drawn->key);
    fill(random, drawn->nonce, sizeof drawn->nonce);
    drawn->bound_size = fe_random_below(random, sizeof drawn->bound + 1);
    fill(random, drawn->bound, drawn->bound_size);
    drawn->size = fe_random_below(random, CONTENT_MAX + 1);
    fill(random, drawn->plain, drawn->size);
}

static void seal_with_gcrypt(const random_case *of, uint8_t *sealed, uint8_t *tag)
{
    gcry_cipher_hd_t cipher;

    assert_int_equal(gcry_cipher_open(&cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, 0), 0);
    assert_int_equal(gcry_cipher_setkey(cipher, of->key, sizeof of->key), 0);
    assert_int_equal(gcry_cipher_setiv(cipher, of->nonce, sizeof of->nonce), 0);
    assert_int_equal(gcry_cipher_authenticate(cipher, of->bound, of->bound_size), 0);
    assert_int_equal(gcry_cipher_encrypt(cipher, sealed, of->size, of->plain, of->size), 0);
    assert_int_equal(gcry_cipher_gettag(cipher, tag, FE_AEAD_TAG_SIZE), 0);
    gcry_cipher_close(cipher);
}

static bool opens(fe_aead *aead, const random_case *of, size_t size, const uint8_t *tag)
{
    uint8_t bytes[CONTENT_MAX];
    bool is_authentic;

    memcpy(bytes, of->sealed, size);
    assert_int_equal(fe_aead_open(aead, of->nonce, fe_slice(of->bound, of->bound_size), bytes, size,
                                  tag, &is_authentic),
                     FERRIC_OK);
    if (is_authentic) {
        assert_memory_equal(bytes, of->plain, size);
    } else {
        // Nothing of what did not verify is given away.
        for (size_t i = 0; i < size; i++)
            assert_int_equal(bytes[i], 0);
    }
    return is_authentic;
}

static void check_case(const random_case *of, bool tries_every_bit)
{
    uint8_t expected[CONTENT_MAX];
    uint8_t tag[FE_AEAD_TAG_SIZE];
    fe_aead *aead;

    seal_with_gcrypt(of, expected, tag);
    assert_memory_equal(of->sealed, expected, of->size);
    assert_memory_equal(of->tag, tag, sizeof tag);
    assert_int_equal(fe_aead_create(of->key, &aead), FERRIC_OK);
    assert_true(opens(aead, of, of->size, of->tag));
    for (int bit = 0; tries_every_bit && bit < FE_AEAD_TAG_SIZE * 8; bit++) {
        tag[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(opens(aead, of, of->size, tag));
        tag[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = 0; tries_every_bit && size < of->size; size++)
        assert_false(opens(aead, of, size, of->tag));
    fe_aead_destroy(aead);
}

static void test_aead_agrees_with_gcrypt_and_refuses_every_change(void **state)
{
    fe_random random = {20261121};
    const char *scale = getenv("FERRIC_TEST_SCALE");
    // Every case is changed in every way at full scale, which takes a while, else every hundredth.
    int step = scale != NULL && atoi(scale) >= 100 ? 1 : 100;
    random_case drawn;
    fe_aead *aead;

    (void)state;
    assert_non_null(gcry_check_version(NULL));
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    for (int i = 0; i < RANDOM_CASES; i++) {
        draw_case(&random, &drawn);
        memcpy(drawn.sealed, drawn.plain, drawn.size);
        assert_int_equal(fe_aead_create(drawn.key, &aead), FERRIC_OK);
        assert_int_equal(fe_aead_seal(aead, drawn.nonce, fe_slice(drawn.bound, drawn.bound_size),
                                      drawn.sealed, drawn.size, drawn.tag),
                         FERRIC_OK);
        fe_aead_destroy(aead);
        check_case(&drawn, i % step == 0);
    }
}

// One key seals and opens again and again with its kept contexts.
static void test_aead_keeps_nothing_of_the_call_before(void **state)
{
    fe_random random = {7};
    random_case drawn;
    uint8_t bytes[CONTENT_MAX];
    uint8_t tag[FE_AEAD_TAG_SIZE];
    fe_aead *aead;

    (void)state;
    draw_case(&random, &drawn);
    assert_int_equal(fe_aead_create(drawn.key, &aead), FERRIC_OK);
    for (uint8_t i = 0; i < 200; i++) {
        uint8_t expected[CONTENT_MAX];
        uint8_t expected_tag[FE_AEAD_TAG_SIZE];
        bool is_authentic;
        drawn.nonce[0] = i;
        drawn.size = i;
        seal_with_gcrypt(&drawn, expected, expected_tag);
        memcpy(bytes, drawn.plain, i);
        assert_int_equal(
            fe_aead_seal(aead, drawn.nonce, fe_slice(drawn.bound, drawn.bound_size), bytes, i, tag),
            FERRIC_OK);
        assert_memory_equal(bytes, expected, i);
        assert_memory_equal(tag, expected_tag, sizeof tag);
        tag[0] ^= i % 2;
        assert_int_equal(fe_aead_open(aead, drawn.nonce, fe_slice(drawn.bound, drawn.bound_size),
                                      bytes, i, tag, &is_authentic),
                         FERRIC_OK);
        assert_int_equal(is_authentic, i % 2 == 0);
    }
    fe_aead_destroy(aead);
    fe_aead_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aead_agrees_with_nist),
        cmocka_unit_test(test_aead_agrees_with_gcrypt_and_refuses_every_change),
        cmocka_unit_test(test_aead_keeps_nothing_of_the_call_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
