/* The end of a certificate as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/cert_date.h"

#define NEVER INT64_C(-7)

static void dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* as `date -u -d TEXT +%s` has it */
    } cases[] = {
        {"Jan  1 00:00:00 1970 GMT", 0},
        {"Nov 24 07:20:48 2026 GMT", 1795504848},
        {"Feb 29 23:59:59 2028 GMT", 1835481599},
        {"Mar  1 00:00:00 2028 GMT", 1835481600},
        {"Dec 31 23:59:59 2099 GMT", 4102444799},
        {"Feb 28 12:00:00 2100 GMT", 4107499200},
        {"Mar  1 12:00:00 2100 GMT", 4107585600},
        {"", NEVER},
        {"Nov 24 07:20:48 2026", NEVER},
        {"Nov 24 07:20:48 2026 CET", NEVER},
        {"Nov 24 07:20:48 2026 GMT and more", NEVER},
        {"2026-11-24 07:20:48 GMT", NEVER},
        {"ovD 24 07:20:48 2026 GMT", NEVER},
        {"Nov 32 07:20:48 2026 GMT", NEVER},
        {"Nov 24 24:20:48 2026 GMT", NEVER},
        {"Nov -4 07:20:48 2026 GMT", NEVER},
        {"Bad time value", NEVER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t seconds = NEVER;
        bool read = cert_date_parse(cases[i].text, &seconds);
        if (read != (cases[i].seconds != NEVER) || seconds != cases[i].seconds)
            fail_msg("'%s': %d, %lld", cases[i].text, read, (long long)seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
