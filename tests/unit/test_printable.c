/* Text from outside, made fit for a line of UTF-8: named cases, and noise that must come out valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/printable.h"

static void makes_it_printable(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"empty", "", ""},
        {"ASCII", "Access denied (using password: NO)", "Access denied (using password: NO)"},
        {"two bytes", "gr\xc3\xbcn", "gr\xc3\xbcn"},
        {"three bytes", "\xe2\x86\x92", "\xe2\x86\x92"},
        {"four bytes", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"a newline", "a\nb", "a?b"},
        {"an escape", "\x1b[31m", "?[31m"},
        {"delete", "\x7f", "?"},
        {"control in two bytes", "\xc2\x85x", "??x"},
        {"no-break space", "\xc2\xa0", "\xc2\xa0"},
        {"alone", "\xfe", "?"},
        {"a continuation alone", "\x80x", "?x"},
        {"cut after one", "x\xc3", "x?"},
        {"cut after two", "x\xe2\x86", "x??"},
        {"cut after three", "x\xf0\x9f\x98", "x???"},
        {"broken off", "\xe2\x86x", "??x"},
        {"overlong", "\xc0\x80", "??"},
        {"overlong in three", "\xe0\x80\x80", "???"},
        {"overlong in four", "\xf0\x80\x80\x80", "????"},
        {"a surrogate", "\xed\xa0\x80", "???"},
        {"beyond Unicode", "\xf4\x90\x80\x80", "????"},
        {"the last character", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s", cases[i].text);
        printable_make(text);
        if (strcmp(text, cases[i].want) != 0)
            fail_msg("%s: '%s'", cases[i].name, text);
    }
}

/* Exactly as much memory as text, so that AddressSanitizer sees a read past its end. */
static void survives_noise(void **state)
{
    (void)state;
    srandom(20240607);
    for (int i = 0; i < 100000; i++) {
        size_t length = (size_t)random() % 12;
        char *text = malloc(length + 1), *again;
        assert_non_null(text);
        for (size_t k = 0; k < length; k++)
            text[k] = (char)(random() % 4 ? 0x80 + random() % 128 : 1 + random() % 127);
        text[length] = '\0';
        printable_make(text);
        assert_int_equal(strlen(text), length);
        again = strdup(text);
        assert_non_null(again);
        printable_make(again);
        assert_string_equal(again, text);
        free(text);
        free(again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_it_printable),
        cmocka_unit_test(survives_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
