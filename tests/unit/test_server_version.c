/* What a version string says, how far each release was tried, and which of two may replicate from the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/server_version.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void parses(void **state)
{
    static const struct {
        const char *text, *name; /* NULL: no version */
        enum server_standing standing;
    } cases[] = {
        {"10.11.19-MariaDB-0+deb12u1", "MariaDB 10.11.19", SERVER_TRIED},
        {"10.11.19-MariaDB-0+deb12u1-log", "MariaDB 10.11.19", SERVER_TRIED},
        {"5.5.5-10.11.19-MariaDB-log", "MariaDB 10.11.19", SERVER_TRIED},
        {"11.8.6-MariaDB-0+deb13u1 from Debian-log", "MariaDB 11.8.6", SERVER_TRIED},
        {"10.11.7-4-MariaDB-enterprise-log", "MariaDB 10.11.7", SERVER_TRIED},
        {"11.4.3-MariaDB-1:11.4.3+maria~ubu2404", "MariaDB 11.4.3", SERVER_UNTRIED},
        {"11.0.2-MariaDB", "MariaDB 11.0.2", SERVER_UNTRIED},
        {"11.80.1-MariaDB", "MariaDB 11.80.1", SERVER_UNTRIED},
        {"12.0.1-MariaDB", "MariaDB 12.0.1", SERVER_UNTRIED},
        {"99.99.99-MariaDB", "MariaDB 99.99.99", SERVER_UNTRIED},
        {"10.6.16-MariaDB", "MariaDB 10.6.16", SERVER_REFUSED},
        {"10.1.48-MariaDB", "MariaDB 10.1.48", SERVER_REFUSED},
        {"5.5.68-MariaDB", "MariaDB 5.5.68", SERVER_REFUSED},
        {"8.0.36", "MySQL 8.0.36", SERVER_REFUSED},
        {"8.0.36-28", "MySQL 8.0.36", SERVER_REFUSED},
        {"5.5.5-m3", "MySQL 5.5.5", SERVER_REFUSED},
        {"9.1.0-commercial", "MySQL 9.1.0", SERVER_REFUSED},
        {"", NULL, SERVER_REFUSED},
        {"MariaDB", NULL, SERVER_REFUSED},
        {"10.11-MariaDB", NULL, SERVER_REFUSED},
        {"10.11.", NULL, SERVER_REFUSED},
        {"10..11-MariaDB", NULL, SERVER_REFUSED},
        {"10.-1.1-MariaDB", NULL, SERVER_REFUSED},
        {" 10.11.1-MariaDB", NULL, SERVER_REFUSED},
        {"10.100.1-MariaDB", NULL, SERVER_REFUSED},
        {"4294967306.11.1-MariaDB", NULL, SERVER_REFUSED},
        {"99999999999999999999.1.1-MariaDB", NULL, SERVER_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct server_version v;
        char name[SERVER_VERSION_MAX];
        bool read = server_version_parse(cases[i].text, &v);
        if (read != (cases[i].name != NULL))
            fail_msg("\"%s\" is %s", cases[i].text, read ? "read" : "not read");
        if (!read)
            continue;
        assert_string_equal(server_version_name(&v, name), cases[i].name);
        if (server_series_of(&v)->standing != cases[i].standing)
            fail_msg("%s: %s", cases[i].text, server_standing_name(server_series_of(&v)->standing));
    }
}

/* Each release stands in one row, and what was not tried is said. */
static void series_are_whole(void **state)
{
    (void)state;
    assert_int_equal(server_series[0].since, 0);
    for (size_t i = 0; i < server_series_count; i++) {
        const struct server_series *s = &server_series[i];
        assert_true(s->since <= s->until);
        assert_int_equal(s->what[0] == '\0', s->standing == SERVER_TRIED);
        if (i > 0 && s->since != server_series[i - 1].until + 1)
            fail_msg("row %zu begins at %d, after %d", i, s->since, server_series[i - 1].until);
    }
    for (int release = 0; release < 20000; release++) {
        const struct server_version v = {true, release, 0};
        const struct server_series *s = server_series_of(&v);
        assert_true(release >= s->since && release <= s->until);
    }
}

static void differences_are_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < server_difference_count; i++) {
        assert_true(server_differences[i].what[0] && server_differences[i].dealt[0]);
        assert_true(i == 0 || server_differences[i].since >= server_differences[i - 1].since);
    }
}

static void pairs(void **state)
{
    static const struct {
        const char *primary, *replica;
        enum server_pair want;
    } cases[] = {
        {"10.11.19-MariaDB", "10.11.19-MariaDB-log", SERVER_PAIR_SAME},
        {"10.11.19-MariaDB", "10.11.3-MariaDB", SERVER_PAIR_PATCH},
        {"10.11.19-MariaDB", "11.8.6-MariaDB", SERVER_PAIR_NEWER_REPLICA},
        {"11.8.6-MariaDB", "10.11.19-MariaDB", SERVER_PAIR_OLDER_REPLICA},
        {"11.8.6-MariaDB", "11.10.1-MariaDB", SERVER_PAIR_NEWER_REPLICA},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct server_version primary, replica;
        assert_true(server_version_parse(cases[i].primary, &primary));
        assert_true(server_version_parse(cases[i].replica, &replica));
        if (server_version_pair(&primary, &replica) != cases[i].want)
            fail_msg("%s from %s", cases[i].replica, cases[i].primary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(series_are_whole),
        cmocka_unit_test(differences_are_in_order),
        cmocka_unit_test(pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
