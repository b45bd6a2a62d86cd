/* Lines of /proc/PID/task/TID/stat: what is read of them, and when a task is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "wire/procstat.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MIDDLE       " 1 100 100 0 -1 "
#define REST         " 5234 0 13 0 20 9 0 0 20 0 18 0 4711 1234567 890 18446744073709551615 1 1 0 0 0\n"

static void parses(void **state)
{
    static const struct {
        const char *name, *line;
        char task_state;
        unsigned long flags;
        bool over;
    } cases[] = {
        {"sleeping", "100 (mariadbd) S" MIDDLE "4194304" REST, 'S', 4194304, false},
        {"running", "100 (mariadbd) R" MIDDLE "4194368" REST, 'R', 4194368, false},
        {"in the kernel", "100 (mariadbd) D" MIDDLE "4194304" REST, 'D', 4194304, false},
        {"stopped", "100 (mariadbd) T" MIDDLE "4194304" REST, 'T', 4194304, false},
        {"exiting, still running its exit", "100 (mariadbd) R" MIDDLE "4194308" REST, 'R', 4194308, true},
        {"exiting, asleep in the kernel", "100 (mariadbd) D" MIDDLE "4" REST, 'D', 4, true},
        {"zombie", "100 (mariadbd) Z" MIDDLE "4194316" REST, 'Z', 4194316, true},
        {"zombie without flags", "100 (mariadbd) Z" MIDDLE "0" REST, 'Z', 0, true},
        {"dead", "100 (mariadbd) X" MIDDLE "0" REST, 'X', 0, true},
        {"a name with a parenthesis", "100 (mari) Z 1 () S" MIDDLE "64" REST, 'S', 64, false},
        {"a name that looks like a whole line", "100 (a) Z 1 2 3 0 -1 4 5) R" MIDDLE "64" REST, 'R', 64,
         false},
        {"an empty name", "100 () S" MIDDLE "64" REST, 'S', 64, false},
        {"a name with a newline", "100 (a\nb) S" MIDDLE "64" REST, 'S', 64, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct procstat got;
        if (!procstat_parse(cases[i].line, &got))
            fail_msg("%s: not parsed", cases[i].name);
        if (got.state != cases[i].task_state || got.flags != cases[i].flags || got.start_ticks != 4711)
            fail_msg("%s: got state %c flags %lu start %lu", cases[i].name, got.state, got.flags,
                     (unsigned long)got.start_ticks);
        if (procstat_is_over(&got) != cases[i].over)
            fail_msg("%s: over should be %d", cases[i].name, cases[i].over);
    }
}

static void refuses(void **state)
{
    static const char *const lines[] = {
        "",
        "100",
        "100 (mariadbd",
        "100 (mariadbd)",
        "100 (mariadbd) ",
        "100 (mariadbd) S",
        "100 (mariadbd)S 1",
        "100 (mariadbd) 4 1 100 100 0 -1 4" REST,
        "100 (mariadbd) S" MIDDLE "x" REST,
        "100 (mariadbd) S" MIDDLE "4",
        "100 (mariadbd) S" MIDDLE "4x" REST,
        "100 (mariadbd) SS" MIDDLE "4" REST,
    };
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct procstat got;
        if (procstat_parse(lines[i], &got))
            fail_msg("parsed '%s'", lines[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parses), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
