/* What is seen of the other supervisor: its bulletin, and that the session which holds the vote is its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/state.h"
#include "wire/observe.h"

static const struct observe_names names = {
    .cluster = "mail", .nodes = {"mx1", "mx2"}, .account = "replcheck"};

static void flags_of_a_state(void **state)
{
    static const struct {
        const char *text;
        bool known, ask, hold, waits;
        int state;
    } cases[] = {
        {"standby", true, false, false, false, NODE_STANDBY},
        {"standby+ask", true, true, false, false, NODE_STANDBY},
        {"standby+hold", true, false, true, false, NODE_STANDBY},
        {"standby+wait", true, false, false, true, NODE_STANDBY},
        {"standby+ask+wait", true, true, false, true, NODE_STANDBY},
        {"standby+unheard", true, false, false, false, NODE_STANDBY},
        {"promoting: promise+hold", true, false, true, false, NODE_PROMOTE_PROMISE},
        {"sleeping+wait", false, false, false, true, NODE_UNKNOWN},
    };
    static const char *const columns[] = {"part", "node", "seq", "state", "epoch", "vip", "config_hash"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server_view *view = calloc(1, sizeof(*view));
        const char *cells[] = {"bulletin", "mx2", "7", cases[i].text, "4", "0", "0123456789abcdef"};
        struct rows set = {.column_count = 7, .row_count = 1, .names = columns, .cells = cells};
        observe_server(view, &names, &set, 1, 1000, 2000);
        const struct bulletin *b = &view->bulletin[1];
        if (b->known != cases[i].known || b->ask != cases[i].ask || b->hold != cases[i].hold ||
            b->waits != cases[i].waits || b->state != cases[i].state)
            fail_msg("%s", cases[i].text);
        free(view);
    }
}

/* The other supervisor may have an account of its own at this server. */
static void whose_session_holds_the_vote(void **state)
{
    static const struct {
        const char *user, *other;
        bool foreign;
    } cases[] = {{"replcheck", NULL, false},      {"replcheck-peer", "replcheck-peer", false},
                 {"replcheck-peer", NULL, true},  {"replcheck-definer", NULL, false},
                 {"app", "replcheck-peer", true}, {NULL, "replcheck-peer", true}};
    static const char *const columns[] = {"part", "id", "user", "command", "time_ms"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *cells[] = {"holder", "7", cases[i].user, "Sleep", "100"};
        struct rows set = {.column_count = 5, .row_count = 1, .names = columns, .cells = cells};
        struct observe_names n = names;
        struct holder_view got;
        n.other_account = cases[i].other;
        observe_holder(&got, &n, &set, 1000, 9);
        if (got.foreign != cases[i].foreign || got.connection != 7 || got.mine)
            fail_msg("%s", cases[i].user ? cases[i].user : "nobody");
    }
}

/* Numbers of sessions are given again: whose one is, its own lock tells. */
static void whose_node_the_holder_is(void **state)
{
    static const struct {
        const char *here_0, *here_1;
        bool first, second;
    } cases[] = {{"1", "0", true, false},    {"0", "1", false, true},   {"0", "0", false, false},
                 {NULL, NULL, false, false}, {"x", "-1", false, false}, {"2", "1", false, true}};
    static const char *const columns[] = {"part", "id", "user", "command", "time_ms", "here_0", "here_1"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *cells[] = {"holder", "7", "replcheck", "Sleep", "100", cases[i].here_0, cases[i].here_1};
        struct rows set = {.column_count = 7, .row_count = 1, .names = columns, .cells = cells};
        struct holder_view got;
        observe_holder(&got, &names, &set, 1000, 9);
        if (got.here[0] != cases[i].first || got.here[1] != cases[i].second)
            fail_msg("case %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_of_a_state),
        cmocka_unit_test(whose_session_holds_the_vote),
        cmocka_unit_test(whose_node_the_holder_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
