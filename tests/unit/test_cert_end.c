/* The end of the certificates in a file: of one's own, of authorities, and of what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/cert_end.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define LATER        INT64_C(1893553445) /* Jan  2 03:04:05 2030 GMT */
#define EARLIER      INT64_C(1748736000) /* Jun  1 00:00:00 2025 GMT */

/* Signed by themselves: openssl ca -selfsign -enddate. The key stands for any; nothing rests on it. */
static const char later[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIIBADCBpgIBATAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAFhMB4XDTIwMDEwMTAw\n"
                            "MDAwMFoXDTMwMDEwMjAzMDQwNVowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEG\n"
                            "CCqGSM49AwEHA0IABEE7nvkA+/3bF4tyDIwaCEIgvK1YQ8ZcaOGjnkwZ8T0tOXvs\n"
                            "wlJOX2jdopOXFQCszEFaWx/o6SjTm35v4+gAeyEwCgYIKoZIzj0EAwIDSQAwRgIh\n"
                            "AJALf18UT12d2i+L4KdR5yuGzlr1i8cs8Z5VirHF2dVAAiEAjdz3gaHgbcWaw1lm\n"
                            "thiVL+xYHhpnSQau6nyRNfAfD84=\n"
                            "-----END CERTIFICATE-----\n";
static const char earlier[] = "-----BEGIN CERTIFICATE-----\n"
                              "MIIBADCBpgIBATAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAFiMB4XDTIwMDEwMTAw\n"
                              "MDAwMFoXDTI1MDYwMTAwMDAwMFowDDEKMAgGA1UEAwwBYjBZMBMGByqGSM49AgEG\n"
                              "CCqGSM49AwEHA0IABNwuFEucq/LWm9IY4RSxkVh56svwNmfn3vHh/3GDpBgXOT2w\n"
                              "WIz8WFJVUvu53YmM7cIlUTkQsPfRY7kLNUTUkUwwCgYIKoZIzj0EAwIDSQAwRgIh\n"
                              "AMgvxqgxjVZ4f2HN5ErqnaxcfVPuT/H9o6KQMdKczQzJAiEAvD3pjMt/tfZhyte0\n"
                              "xrk8Mrw7iXXevIOW7WU3oosM9VM=\n"
                              "-----END CERTIFICATE-----\n";
static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3KR5qw7VvBwikRjv\n"
                          "yhUF2N1XAb714hYT1tY3T4CcpIShRANCAARBO575APv92xeLcgyMGghCILytWEPG\n"
                          "XGjho55MGfE9LTl77MJSTl9o3aKTlxUArMxBWlsf6Oko05t+b+PoAHsh\n"
                          "-----END PRIVATE KEY-----\n";

static char path[] = "/tmp/replcheck-cert-XXXXXX";

static void write_parts(const char *const *parts, mode_t mode)
{
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0 && fchmod(fd, mode) == 0);
    for (int i = 0; i < 4 && parts[i]; i++)
        assert_int_equal(write(fd, parts[i], strlen(parts[i])), (ssize_t)strlen(parts[i]));
    close(fd);
}

static void reads(void **state)
{
    static const struct {
        const char *parts[4];
        enum cert_which which;
        int64_t until_s;
    } cases[] = {
        {{later}, CERT_FIRST, LATER},
        {{later}, CERT_LATEST, LATER},
        {{earlier, later}, CERT_FIRST, EARLIER},
        {{earlier, later}, CERT_LATEST, LATER},
        {{later, earlier}, CERT_LATEST, LATER},
        {{key, earlier, later}, CERT_FIRST, EARLIER},
        {{"# the old one\n", earlier, "# its successor\n", later}, CERT_LATEST, LATER},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err e = {.text = ""};
        int64_t until_s = 0;
        write_parts(cases[i].parts, 0600);
        if (!cert_end_read(path, cases[i].which, &until_s, &e) || until_s != cases[i].until_s)
            fail_msg("case %zu: %lld %s", i, (long long)until_s, e.text);
        unlink(path);
    }
}

static void refuses(void **state)
{
    static const struct {
        const char *parts[4];
        mode_t mode;
        const char *complaint;
    } cases[] = {
        {{""}, 0600, "there is no certificate in it"},
        {{"hello\n"}, 0600, "there is no certificate in it"},
        {{key}, 0600, "there is no certificate in it"},
        {{"-----BEGIN CERTIFICATE-----\nMIIBADCBpgIBATAKBggqhkjOPQQDAjAMMQow\n-----END CERTIFICATE-----\n"},
         0600,
         "there is no certificate in it"},
        {{later}, 0666, "written by everybody"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err e = {.text = ""};
        int64_t until_s = 7;
        write_parts(cases[i].parts, cases[i].mode);
        if (cert_end_read(path, CERT_LATEST, &until_s, &e) || !strstr(e.text, cases[i].complaint) ||
            until_s != 7)
            fail_msg("case %zu: %lld \"%s\"", i, (long long)until_s, e.text);
        unlink(path);
    }
    struct err e;
    int64_t until_s;
    assert_false(cert_end_read("/nowhere/ca.pem", CERT_LATEST, &until_s, &e));
    assert_non_null(strstr(e.text, "/nowhere/ca.pem"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
