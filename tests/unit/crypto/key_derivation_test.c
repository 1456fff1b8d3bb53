// SPDX-License-Identifier: Apache-2.0
// HKDF-SHA256 against RFC 5869, Argon2id against RFC 9106 and Debian's program.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <argon2.h>
#include <cmocka.h>

#include "crypto/key_derivation.h"
#include "unit/crypto/vector_file.h"

static ferric_slice field(const vector_record *record, const char *name)
{
    const vector_field *found = vector_find(record, name);
    return found == NULL ? fe_slice(NULL, 0) : fe_slice(found->bytes, found->size);
}

static void test_hkdf_agrees_with_rfc_5869(void **state)
{
    FILE *file = vector_file_open("KDF/rfc-5869-HKDF-SHA256.txt");
    vector_record record;
    vector_record whole = {0};
    int count = 0;

    (void)state;
    assert_non_null(file);
    // An empty line stands inside some records, so fields are gathered until the result is there.
    while (vector_file_next(file, &record)) {
        ferric_slice expected;
        uint8_t derived[VECTOR_BYTES_MAX];
        if (vector_find(&record, "COUNT") != NULL && vector_find(&record, "IKM") == NULL)
            whole.count = 0;
        for (size_t i = 0; i < record.count && whole.count < VECTOR_FIELDS_MAX; i++)
            whole.fields[whole.count++] = record.fields[i];
        expected = field(&whole, "OKM");
        if (expected.size == 0) continue;
        assert_int_equal(fe_hkdf_sha256(field(&whole, "IKM"), field(&whole, "salt"),
                                        field(&whole, "info"), derived, expected.size),
                         FERRIC_OK);
        assert_memory_equal(derived, expected.data, expected.size);
        whole.count = 0;
        count++;
    }
    fclose(file);
    assert_int_equal(count, 3);
}

// What `argon2 SALT -id -r` prints for a passphrase, as hexadecimal.
static void ask_argon2(const char *passphrase, const char *salt, const fe_passphrase_cost *cost,
                       char hex[2 * FE_KEY_SIZE + 1])
{
    char command[256];
    FILE *pipe;

    snprintf(command, sizeof command,
             "printf %%s '%s' | argon2 '%s' -id -r -k %u -t %u -p %u -l 32", passphrase, salt,
             cost->memory_kib, cost->passes, cost->lanes);
    // The command is the test's own. NOLINTNEXTLINE(cert-env33-c)
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(hex, 2 * FE_KEY_SIZE + 1, pipe));
    assert_int_equal(pclose(pipe), 0);
}

static void test_argon2id_agrees_with_the_program(void **state)
{
    const struct {
        const char *passphrase;
        const char *salt;
        fe_passphrase_cost cost;
    } cases[] = {
        {"a", "saltsalt", {64, 1, 1}},
        {"correct horse battery staple", "0123456789abcdef", {1024, 2, 2}},
        {"\xc3\xa9t\xc3\xa9", "another salt, long enough", {4096, 3, 4}},
        {"default", "0123456789abcdef", FE_PASSPHRASE_COST_INIT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[2 * FE_KEY_SIZE + 1];
        char found[2 * FE_KEY_SIZE + 1];
        uint8_t key[FE_KEY_SIZE];
        ask_argon2(cases[i].passphrase, cases[i].salt, &cases[i].cost, expected);
        assert_int_equal(fe_argon2id(fe_slice(cases[i].passphrase, strlen(cases[i].passphrase)),
                                     fe_slice(cases[i].salt, strlen(cases[i].salt)), &cases[i].cost,
                                     key),
                         FERRIC_OK);
        for (size_t j = 0; j < FE_KEY_SIZE; j++)
            snprintf(found + 2 * j, 3, "%02x", key[j]);
        assert_string_equal(found, expected);
    }
}

// The vector of section 5.3 has a secret and associated data, which the library does not use: it is
// asked of libargon2 itself, the one that the library calls.
static void test_argon2id_agrees_with_rfc_9106(void **state)
{
    static const uint8_t expected[32] = {
        0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37,
        0xa3, 0x4a, 0x8b, 0x53, 0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75,
        0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
    };
    uint8_t password[32];
    uint8_t salt[16];
    uint8_t secret[8];
    uint8_t associated[12];
    uint8_t tag[32];
    argon2_context context = {
        .out = tag,
        .outlen = sizeof tag,
        .pwd = password,
        .pwdlen = sizeof password,
        .salt = salt,
        .saltlen = sizeof salt,
        .secret = secret,
        .secretlen = sizeof secret,
        .ad = associated,
        .adlen = sizeof associated,
        .t_cost = 3,
        .m_cost = 32,
        .lanes = 4,
        .threads = 1,
        .version = ARGON2_VERSION_13,
    };

    (void)state;
    memset(password, 1, sizeof password);
    memset(salt, 2, sizeof salt);
    memset(secret, 3, sizeof secret);
    memset(associated, 4, sizeof associated);
    assert_int_equal(argon2id_ctx(&context), ARGON2_OK);
    assert_memory_equal(tag, expected, sizeof tag);
}

static void test_passphrase_cost_has_bounds(void **state)
{
    fe_passphrase_cost usual = FE_PASSPHRASE_COST_INIT;
    const fe_passphrase_cost wrong[] = {
        {65536, 0, 4},
        {65536, 3, 0},
        {7, 3, 1},
        {65536, FE_PASSPHRASE_PASSES_MAX + 1, 4},
        {65536, 3, FE_PASSPHRASE_LANES_MAX + 1},
        {FE_PASSPHRASE_MEMORY_KIB_MAX + 1, 3, 4},
        {UINT32_MAX, UINT32_MAX, UINT32_MAX},
    };

    (void)state;
    assert_true(fe_passphrase_cost_is_valid(&usual));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(fe_passphrase_cost_is_valid(&wrong[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hkdf_agrees_with_rfc_5869),
        cmocka_unit_test(test_argon2id_agrees_with_the_program),
        cmocka_unit_test(test_argon2id_agrees_with_rfc_9106),
        cmocka_unit_test(test_passphrase_cost_has_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
