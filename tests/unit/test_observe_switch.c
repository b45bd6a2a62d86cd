/* What is made of the dead-man's switch as it is seen once a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/observe.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct observe_names names = {
    .cluster = "mail", .nodes = {"mx1", "mx2"}, .account = "replcheck"};

/* One look, `second` seconds after the start: the scheduler, the event's status (NULL: there is none) and
 * when it ran last. */
static void look(struct server_view *view, int second, const char *scheduler, const char *status,
                 const char *executed)
{
    static const char *const variables[] = {"part", "read_only", "event_scheduler"};
    static const char *const event[] = {"part", "status", "last_executed"};
    const char *values[] = {"server", "1", scheduler}, *row[] = {"event", status, executed};
    struct rows sets[] = {{.column_count = 3, .row_count = 1, .names = variables, .cells = values},
                          {.column_count = 3, .row_count = status ? 1 : 0, .names = event, .cells = row}};
    int64_t now = 1000000 + second * INT64_C(1000000);
    observe_server(view, &names, sets, 2, now, now + 1000);
}

struct seen {
    const char *scheduler, *status, *executed;
    enum tri want;
    enum dead_man_trouble trouble;
};

static void expect_all(const char *what, const struct seen *seen, size_t count)
{
    struct server_view *view = calloc(1, sizeof(*view));
    for (size_t i = 0; i < count; i++) {
        look(view, (int)i, seen[i].scheduler, seen[i].status, seen[i].executed);
        if (view->dead_man != seen[i].want || view->dead_man_trouble != seen[i].trouble)
            fail_msg("%s, look %zu: %d, trouble %d", what, i, view->dead_man, view->dead_man_trouble);
    }
    free(view);
}

static void a_switch_that_works(void **state)
{
    static const struct seen seen[] = {{"ON", "ENABLED", "10", TRI_UNKNOWN, DEAD_MAN_NO_TROUBLE},
                                       {"ON", "ENABLED", "11", TRI_YES, DEAD_MAN_NO_TROUBLE},
                                       {"ON", "ENABLED", "11", TRI_YES, DEAD_MAN_NO_TROUBLE},
                                       {"ON", "ENABLED", "13", TRI_YES, DEAD_MAN_NO_TROUBLE}};
    (void)state;
    expect_all("works", seen, COUNT(seen));
}

static void what_is_wrong(void **state)
{
    static const struct {
        const char *what;
        struct seen seen;
    } cases[] = {
        {"missing", {"ON", NULL, NULL, TRI_NO, DEAD_MAN_MISSING}},
        {"disabled", {"ON", "DISABLED", "10", TRI_NO, DEAD_MAN_DISABLED}},
        {"by replication", {"ON", "SLAVESIDE_DISABLED", "10", TRI_NO, DEAD_MAN_SLAVESIDE}},
        {"scheduler off", {"OFF", "ENABLED", "10", TRI_NO, DEAD_MAN_OFF}},
        {"scheduler off, and missing", {"OFF", NULL, NULL, TRI_NO, DEAD_MAN_OFF}},
        {"scheduler disabled", {"DISABLED", "ENABLED", "10", TRI_NO, DEAD_MAN_IMPOSSIBLE}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct seen seen[] = {{"ON", "ENABLED", "8", TRI_UNKNOWN, DEAD_MAN_NO_TROUBLE},
                              {"ON", "ENABLED", "9", TRI_YES, DEAD_MAN_NO_TROUBLE},
                              cases[i].seen,
                              {"ON", "ENABLED", "10", TRI_YES, DEAD_MAN_NO_TROUBLE}};
        expect_all(cases[i].what, seen, COUNT(seen));
    }
}

/* Enabled, and it does not run: told after four seconds, also where it never ran, as when the clock was set
 * back. */
static void a_switch_that_stands_still(void **state)
{
    static const char *const last[] = {"10", NULL};
    (void)state;
    for (size_t i = 0; i < COUNT(last); i++) {
        struct seen seen[8];
        for (size_t k = 0; k < COUNT(seen); k++)
            seen[k] = (struct seen){"ON", "ENABLED", last[i], k > 4 ? TRI_NO : TRI_UNKNOWN,
                                    k > 4 ? DEAD_MAN_STALE : DEAD_MAN_NO_TROUBLE};
        seen[7].executed = "99";
        seen[7].want = TRI_YES;
        seen[7].trouble = DEAD_MAN_NO_TROUBLE;
        expect_all(last[i] ? "stands still" : "never ran", seen, COUNT(seen));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_switch_that_works),
        cmocka_unit_test(what_is_wrong),
        cmocka_unit_test(a_switch_that_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
