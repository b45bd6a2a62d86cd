/* What is done about the holder of a vote that is wanted, and what the rows found there are worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/taking.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS(ms)       ((int64_t)(ms)*1000)
#define NOW          MS(1000000)
#define VALID        (NOW + MS(500)) /* our last hold of the vote was valid until then */
#define OURS         7               /* our session of before */

#define HOLDER(id, ...)                                                                                      \
    {                                                                                                        \
        .asked_us = NOW - MS(1), .connection = (id), __VA_ARGS__                                             \
    }
#define IDLE(ms) .idle = true, .idle_ms = (ms)

static struct quorum quorum_with(int self, int64_t last_valid_us)
{
    struct quorum q;
    quorum_init(&q, self, false, 3000, 1000);
    quorum_opened(&q, OBS_TIE, 20, NOW - MS(100));
    q.votes[OBS_TIE].last_valid_us = last_valid_us;
    return q;
}

static void what_is_done_about_the_holder(void **state)
{
    static const struct {
        const char *name;
        struct taking t;
        struct holder_view seen;
        int64_t last_valid_us;
        enum taking_step step;
        int64_t again_ms; /* from now */
    } cases[] = {
        {"free", {.urgency = VOTER_TAKE_IF_FREE}, {.asked_us = NOW}, 0, TAKING_FREE, 0},
        {"free, our session of before is gone",
         {.predecessor = OURS},
         {.asked_us = NOW},
         VALID,
         TAKING_FREE,
         0},
        {"our session of before",
         {.predecessor = OURS},
         HOLDER(OURS, IDLE(200), .here = {true}),
         VALID,
         TAKING_END,
         0},
        {"the same, and the other gives it up",
         {.predecessor = OURS, .urgency = VOTER_TAKE_WAIT},
         HOLDER(OURS, IDLE(200), .here = {true}),
         VALID,
         TAKING_END,
         0},
        {"our session of before, whose validity is over",
         {.predecessor = OURS},
         HOLDER(OURS, IDLE(2900), .here = {true}),
         NOW,
         TAKING_LATER,
         101},
        {"the other's session, with the number of ours",
         {.predecessor = OURS},
         HOLDER(OURS, IDLE(200), .here = {false, true}),
         VALID,
         TAKING_LATER,
         2801},
        {"a session that says nothing, with the number of ours",
         {.predecessor = OURS},
         HOLDER(OURS, IDLE(200)),
         VALID,
         TAKING_LATER,
         2801},
        {"the other's, idle for a lease",
         {.predecessor = OURS},
         HOLDER(9, IDLE(3000), .here = {false, true}),
         VALID,
         TAKING_EXPIRED,
         0},
        {"the other's, idle for nearly a lease",
         {.urgency = VOTER_TAKE_IF_FREE},
         HOLDER(9, IDLE(2999)),
         0,
         TAKING_LATER,
         2},
        {"the other's, which is busy",
         {.urgency = VOTER_TAKE_IF_FREE},
         HOLDER(9, .idle_ms = 9000),
         0,
         TAKING_LATER,
         20},
        {"the other gives it up", {.urgency = VOTER_TAKE_WAIT}, HOLDER(9, IDLE(100)), 0, TAKING_WAIT, 0},
        {"the other gave it up a lease ago",
         {.urgency = VOTER_TAKE_WAIT},
         HOLDER(9, IDLE(3100)),
         0,
         TAKING_EXPIRED,
         0},
        {"the other is closed", {.urgency = VOTER_TAKE_CLOSED}, HOLDER(9, IDLE(100)), 0, TAKING_END, 0},
        {"the other is closed, and its session was idle for a lease",
         {.urgency = VOTER_TAKE_CLOSED},
         HOLDER(9, IDLE(4000)),
         0,
         TAKING_END,
         0},
        {"another account's, to be evicted",
         {.evict = true},
         HOLDER(9, IDLE(100), .foreign = true),
         0,
         TAKING_END,
         0},
        {"another account's, to be evicted, and long idle",
         {.evict = true},
         HOLDER(9, IDLE(9000), .foreign = true),
         0,
         TAKING_END,
         0},
        {"another account's, which is left",
         {.evict = false},
         HOLDER(9, IDLE(9000), .foreign = true),
         0,
         TAKING_LATER,
         20},
        {"the other's, where others are evicted",
         {.evict = true},
         HOLDER(9, IDLE(1000)),
         0,
         TAKING_LATER,
         2001},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct quorum q = quorum_with(0, cases[i].last_valid_us);
        struct taking_choice c = taking_choose(&q, OBS_TIE, &cases[i].t, &cases[i].seen, NOW);
        if (c.step != cases[i].step || (c.step == TAKING_LATER && c.again_us != NOW + MS(cases[i].again_ms)))
            fail_msg("%s: step %d, again at %lld", cases[i].name, (int)c.step, (long long)(c.again_us - NOW));
    }
}

/* A holder that was there at one look and is gone at the next may have been killed. */
static void expiry_is_not_inferred(void **state)
{
    struct quorum q = quorum_with(0, 0);
    const struct taking t = {.urgency = VOTER_TAKE_IF_FREE};
    const struct holder_view gone = {.asked_us = NOW};
    (void)state;
    q.votes[OBS_TIE].holder = (struct holder_view)HOLDER(9, IDLE(2900));
    assert_int_equal(taking_choose(&q, OBS_TIE, &t, &gone, NOW).step, TAKING_FREE);
}

static void the_second_node_knows_its_own_session(void **state)
{
    struct quorum q = quorum_with(1, VALID);
    const struct taking t = {.predecessor = OURS};
    struct holder_view seen = HOLDER(OURS, IDLE(200), .here = {true, false});
    (void)state;
    assert_int_equal(taking_choose(&q, OBS_TIE, &t, &seen, NOW).step, TAKING_LATER);
    seen.here[0] = false;
    seen.here[1] = true;
    assert_int_equal(taking_choose(&q, OBS_TIE, &t, &seen, NOW).step, TAKING_END);
}

static void what_a_row_is_worth(void **state)
{
    static const struct {
        const char *name;
        enum note_kind kind;
        int node;
        uint64_t epoch, promised[2];
        bool worth;
    } cases[] = {
        {"nothing was written", NOTE_NONE, 1, 0, {3, 4}, false},
        {"the other released its term", NOTE_RELEASE, 1, 4, {3, 4}, true},
        {"the other's death was certified", NOTE_CERTIFICATE, 1, 4, {3, 4}, true},
        {"the other released, and promised since", NOTE_RELEASE, 1, 4, {3, 6}, false},
        {"the other released, and we promised since", NOTE_RELEASE, 1, 4, {5, 4}, false},
        {"we released ours", NOTE_RELEASE, 0, 5, {5, 4}, true},
        {"we released an older one", NOTE_RELEASE, 0, 5, {7, 4}, false},
        {"our own certificate", NOTE_CERTIFICATE, 0, 5, {5, 4}, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct voter_rows rows = {0};
        for (int n = 0; n < 2; n++)
            rows.promise[n] = (struct note){.kind = NOTE_PROMISE, .node = n, .epoch = cases[i].promised[n]};
        struct note *row = cases[i].kind == NOTE_CERTIFICATE ? &rows.certificate[cases[i].node]
                                                             : &rows.release[cases[i].node];
        *row = (struct note){.kind = cases[i].kind, .node = cases[i].node, .epoch = cases[i].epoch};
        if (taking_was_released(&rows, 0) != cases[i].worth)
            fail_msg("%s", cases[i].name);
    }
}

static void what_is_released_in_writing(void **state)
{
    struct quorum q = quorum_with(0, 0);
    (void)state;
    assert_false(taking_may_release(&q, OBS_TIE, true));
    quorum_taken(&q, OBS_TIE, NOW, NOW, false, false);
    assert_false(taking_may_release(&q, OBS_TIE, false));
    assert_true(taking_may_release(&q, OBS_TIE, true));
    quorum_judge(&q, NOW, true);
    assert_true(taking_may_release(&q, OBS_TIE, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_done_about_the_holder),         cmocka_unit_test(expiry_is_not_inferred),
        cmocka_unit_test(the_second_node_knows_its_own_session), cmocka_unit_test(what_a_row_is_worth),
        cmocka_unit_test(what_is_released_in_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
