/* The votes: when a lock that is held counts, for how long, and when votes add up to authority. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/quorum.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS(ms)       ((int64_t)(ms)*1000)
#define LEASE_MS     3000
#define VALID_MS     2997 /* (1 - 0.1 %) of the lease */
#define OWN          0
#define OTHER        1

enum what { END = 0, OPEN, LOST, TAKE, PROVE, RELEASED, INHERIT, FORGET, JUDGE };

/* At `at_ms`; taking: what is known of the former holder; judging: is the peer closed? */
struct event {
    enum what what;
    int at_ms;
    bool released, expired, closed;
    int valid_ms; /* INHERIT */
};

static void feed(struct quorum *q, int i, const struct event *e)
{
    switch (e->what) {
    case OPEN:
        quorum_opened(q, i, 7, MS(e->at_ms));
        break;
    case LOST:
        quorum_lost(q, i);
        break;
    case TAKE:
        quorum_taken(q, i, MS(e->at_ms), MS(e->at_ms), e->released, e->expired);
        break;
    case PROVE:
        quorum_proven(q, i, MS(e->at_ms));
        break;
    case RELEASED:
        quorum_released(q, i);
        break;
    case INHERIT:
        quorum_inherit(q, 1U << i, MS(e->valid_ms));
        break;
    case FORGET:
        quorum_forget_validity(q);
        break;
    case JUDGE:
        quorum_judge(q, MS(e->at_ms), e->closed);
        break;
    case END:
        break;
    }
}

static void play(struct quorum *q, int i, const struct event *events, size_t count)
{
    for (size_t n = 0; n < count && events[n].what != END; n++)
        feed(q, i, &events[n]);
}

/* ---- one vote ---- */

/* clang-format off */
static const struct vote_case {
    const char *name;
    struct event events[8];
    int at_ms;              /* judged once more, then asked */
    bool held, counts, must_close;
    enum vote_basis basis;
    int valid_ms;           /* quorum_valid_until; 0 = none */
} vote_cases[] = {
    {"nothing is held before it is taken",
     {{OPEN, 1000}}, 9000, false, false, false, BASIS_NONE, 0},
    {"a free lock does not count at once",
     {{OPEN, 1000}, {TAKE, 9000}}, 9000, true, false, false, BASIS_NONE, 0},
    {"nor just before a lease from the taking",
     {{OPEN, 1000}, {TAKE, 9000}, {PROVE, 11900}}, 11999, true, false, false, BASIS_NONE, 0},
    {"it counts a lease from the taking",
     {{OPEN, 1000}, {TAKE, 9000}, {PROVE, 11900}}, 12000, true, true, false, BASIS_WAITED, 11900 + VALID_MS},
    {"the renewals while it waits do not restart the count",
     {{OPEN, 1000}, {TAKE, 9000}, {PROVE, 10000}, {PROVE, 11000}, {PROVE, 11999}}, 12000, true, true, false, BASIS_WAITED,
      11999 + VALID_MS},
    {"a lease without a proof counts and has ended already",
     {{OPEN, 1000}, {TAKE, 9000}}, 12000, true, false, true, BASIS_WAITED, 9000 + VALID_MS},
    {"released in writing, own session a lease old: at once",
     {{OPEN, 1000}, {TAKE, 9000, .released = true}}, 9000, true, true, false, BASIS_RELEASED, 9000 + VALID_MS},
    {"released in writing, own session young: not yet",
     {{OPEN, 7000}, {TAKE, 9000, .released = true}}, 9999, true, false, false, BASIS_NONE, 0},
    {"released in writing, once the own session is a lease old",
     {{OPEN, 7000}, {TAKE, 9000, .released = true}}, 10000, true, true, false, BASIS_RELEASED, 9000 + VALID_MS},
    {"seen to expire, own session a lease old: at once",
     {{OPEN, 1000}, {TAKE, 9000, .expired = true}}, 9000, true, true, false, BASIS_EXPIRED, 9000 + VALID_MS},
    {"seen to expire, own session young: not yet",
     {{OPEN, 8500}, {TAKE, 9000, .expired = true}}, 11499, true, false, false, BASIS_NONE, 0},
    {"seen to expire, once the own session is a lease old",
     {{OPEN, 8500}, {TAKE, 9000, .expired = true}}, 11500, true, true, false, BASIS_EXPIRED, 9000 + VALID_MS},
    {"the peer closed: at once, however young the session",
     {{OPEN, 8900}, {TAKE, 9000}, {JUDGE, 9000, .closed = true}}, 9000, true, true, false, BASIS_CLOSED, 9000 + VALID_MS},
    {"what counted by a closed peer stays counted",
     {{OPEN, 8900}, {TAKE, 9000}, {JUDGE, 9000, .closed = true}, {PROVE, 9500}}, 10000, true, true, false, BASIS_CLOSED,
      9500 + VALID_MS},
    {"a closed peer is no vote",
     {{OPEN, 8900}, {JUDGE, 9000, .closed = true}}, 9000, false, false, false, BASIS_NONE, 0},

    {"taken again within the last validity: at once",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4900}, {JUDGE, 5000}, {LOST, 5100}, {OPEN, 5200}, {TAKE, 5300}},
     5300, true, true, false, BASIS_RETAKEN, 5300 + VALID_MS},
    {"taken again in the last moment of the validity",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4900}, {JUDGE, 5000}, {LOST, 5100}, {OPEN, 5200}, {TAKE, 4900 + VALID_MS - 1}},
     4900 + VALID_MS - 1, true, true, false, BASIS_RETAKEN, 4900 + 2 * VALID_MS - 1},
    {"taken again when the validity has ended: anew",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4900}, {JUDGE, 5000}, {LOST, 5100}, {OPEN, 5200}, {TAKE, 4900 + VALID_MS}},
     4900 + VALID_MS, true, false, false, BASIS_NONE, 0},
    {"a hold that never counted gives nothing to take again",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4000}, {LOST, 4100}, {OPEN, 4200}, {TAKE, 4300}},
     4300, true, false, false, BASIS_NONE, 0},
    {"an uncounted hold in between does not shorten the last validity",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4900}, {JUDGE, 5000}, {LOST, 5100}, {OPEN, 5200}, {LOST, 5250}, {TAKE, 5300}},
     5300, true, true, false, BASIS_RETAKEN, 5300 + VALID_MS},
    {"a new session opened over a lost one keeps the validity",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4900}, {JUDGE, 5000}, {OPEN, 5200}, {TAKE, 5300}},
     5300, true, true, false, BASIS_RETAKEN, 5300 + VALID_MS},
    {"a new session holds nothing by itself",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4900}, {JUDGE, 5000}, {LOST, 5100}, {OPEN, 5200}}, 5300, false, false, false,
     BASIS_NONE, 0},
    {"after our own release nothing is left to take again",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4900}, {JUDGE, 5000}, {RELEASED, 5100}, {OPEN, 5200}, {TAKE, 5300}},
     5300, true, false, false, BASIS_NONE, 0},
    {"taken again and then released: nothing is left of the validity before",
     {{OPEN, 1000}, {TAKE, 2000, .released = true}, {JUDGE, 4000}, {LOST, 4100}, {OPEN, 4200}, {TAKE, 4300}, {RELEASED, 4400},
      {TAKE, 4500}}, 4500, true, false, false, BASIS_NONE, 0},
    {"released, then lost: nothing is left either",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4900}, {JUDGE, 5000}, {RELEASED, 5100}, {LOST, 5150}, {OPEN, 5200}, {TAKE, 5300}},
     5300, true, false, false, BASIS_NONE, 0},

    {"the validity counts from the send time, less the drift",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4000}, {JUDGE, 5000}}, 4000 + VALID_MS - 1, true, true, false, BASIS_WAITED,
     4000 + VALID_MS},
    {"at its end it does not count any more and must be closed",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4000}, {JUDGE, 5000}}, 4000 + VALID_MS, true, false, true, BASIS_WAITED,
     4000 + VALID_MS},
    {"a proof sent after the end is ignored",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4000}, {JUDGE, 5000}, {PROVE, 4000 + VALID_MS}}, 7000, true, false, true,
     BASIS_WAITED, 4000 + VALID_MS},
    {"a proof sent before the end renews, though it comes late",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4000}, {JUDGE, 5000}, {PROVE, 4000 + VALID_MS - 1}}, 7000, true, true, false,
     BASIS_WAITED, 4000 + 2 * VALID_MS - 1},
    {"an older proof does not shorten the validity",
     {{OPEN, 1000}, {TAKE, 2000}, {PROVE, 4000}, {JUDGE, 5000}, {PROVE, 3000}}, 5000, true, true, false, BASIS_WAITED,
     4000 + VALID_MS},
    {"a proof without a hold is nothing",
     {{OPEN, 1000}, {PROVE, 4000}}, 4000, false, false, false, BASIS_NONE, 0},

    {"inherited: taken again before the fencer's deadline",
     {{INHERIT, 0, .valid_ms = 6000}, {OPEN, 5000}, {TAKE, 5001}}, 5001, true, true, false, BASIS_RETAKEN, 5001 + VALID_MS},
    {"inherited: too late",
     {{INHERIT, 0, .valid_ms = 6000}, {OPEN, 5000}, {TAKE, 6000}}, 6000, true, false, false, BASIS_NONE, 0},
    {"inherited, and the session was lost once more before it was taken",
     {{INHERIT, 0, .valid_ms = 6000}, {OPEN, 5000}, {LOST, 5001}, {OPEN, 5002}, {TAKE, 5003}}, 5003, true, true, false,
     BASIS_RETAKEN, 5003 + VALID_MS},
    {"inherited, and the other began a later term before it was taken again",
     {{INHERIT, 0, .valid_ms = 6000}, {OPEN, 5000}, {FORGET}, {TAKE, 5001}}, 5001, true, false, false, BASIS_NONE, 0},
    {"inherited, and the other's later term is seen after it was taken again",
     {{INHERIT, 0, .valid_ms = 6000}, {OPEN, 5000}, {TAKE, 5001}, {FORGET}}, 5001, true, false, false, BASIS_NONE, 0},
};
/* clang-format on */

static void check_vote(const struct vote_case *c)
{
    struct quorum q;
    quorum_init(&q, OWN, false, LEASE_MS, 1000);
    play(&q, OWN, c->events, COUNT(c->events));
    quorum_judge(&q, MS(c->at_ms), false);
    if (quorum_holds(&q, OWN) != c->held)
        fail_msg("%s: held is %d", c->name, quorum_holds(&q, OWN));
    if (quorum_counts(&q, OWN, MS(c->at_ms)) != c->counts)
        fail_msg("%s: counts is %d", c->name, !c->counts);
    if (quorum_must_close(&q, OWN, MS(c->at_ms)) != c->must_close)
        fail_msg("%s: must close is %d", c->name, !c->must_close);
    if (q.votes[OWN].basis != c->basis)
        fail_msg("%s: counts because '%s'", c->name, vote_basis_name(q.votes[OWN].basis));
    if (quorum_valid_until(&q, OWN) != MS(c->valid_ms))
        fail_msg("%s: valid until %lld us", c->name, (long long)quorum_valid_until(&q, OWN));
}

static void test_vote(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vote_cases); i++)
        check_vote(&vote_cases[i]);
}

/* ---- what the events leave behind ---- */

static void test_events(void **state)
{
    struct quorum q;
    struct vote *v = &q.votes[OWN];
    (void)state;
    quorum_init(&q, OWN, false, LEASE_MS, 0);
    v->holder = (struct holder_view){.asked_us = 1, .connection = 9};
    quorum_opened(&q, OWN, 7, MS(1));
    assert_int_equal(v->connection, 7);
    assert_int_equal(v->holder.connection, 0);
    v->holder.connection = 9;
    quorum_taken(&q, OWN, MS(10), MS(12), false, false);
    assert_int_equal(v->holder.connection, 0);
    assert_int_equal(v->proven_us, MS(10));
    assert_int_equal(v->taken_us, MS(12));
    v->promised_epoch = 5;
    quorum_lost(&q, OWN);
    assert_int_equal(v->connection, 0);
    assert_int_equal(v->promised_epoch, 0);
    assert_int_equal(quorum_valid_until(&q, OWN), 0);
}

static void test_no_drift_is_the_whole_lease(void **state)
{
    struct quorum q;
    (void)state;
    quorum_init(&q, OWN, false, LEASE_MS, 0);
    assert_int_equal(q.lease_valid_us, MS(LEASE_MS));
    quorum_init(&q, OWN, false, LEASE_MS, 1000);
    assert_int_equal(q.lease_valid_us, MS(VALID_MS));
}

/* ---- authority ---- */

/* How a vote stands at 10 s: 0 = not held, -1 = held and uncounted, else counted and valid until then (ms).
 */
/* clang-format off */
static const struct authority_case {
    const char *name;
    int self;
    int votes[OBS_VOTERS];
    bool durable;
    enum tri tie;
    bool held;
    int until_ms;
    unsigned mask;
} authority_cases[] = {
    {"nothing", OWN, {0, 0, 0}, false, TRI_UNKNOWN, false, 0, 0},
    {"the own vote alone", OWN, {12000, 0, 0}, false, TRI_UNKNOWN, false, 0, 1},
    {"both others without the own", OWN, {0, 12000, 12000}, false, TRI_UNKNOWN, false, 0, 6},
    {"own and peer's: the earlier end", OWN, {12000, 11000, 0}, false, TRI_UNKNOWN, true, 11000, 3},
    {"own and witness: the earlier end is the own", OWN, {10500, 0, 12000}, false, TRI_UNKNOWN, true, 10500, 5},
    {"all: the own or the best other", OWN, {12500, 11000, 12000}, false, TRI_UNKNOWN, true, 12000, 7},
    {"the own ended", OWN, {10000, 12000, 12000}, false, TRI_UNKNOWN, true, 0, 6},
    {"the best other ended", OWN, {12000, 9000, 10000}, false, TRI_UNKNOWN, true, 0, 1},
    {"held is not counted", OWN, {12000, -1, -1}, false, TRI_UNKNOWN, true, 0, 1},
    {"held alone is no majority held", OWN, {-1, 0, 0}, false, TRI_UNKNOWN, false, 0, 0},
    {"the own held, another held", OWN, {-1, 0, -1}, false, TRI_UNKNOWN, true, 0, 0},
    {"as node 2", OTHER, {11000, 12000, 0}, false, TRI_UNKNOWN, true, 11000, 3},
    {"as node 2, without its own", OTHER, {11000, 0, 11000}, false, TRI_UNKNOWN, false, 0, 5},
    {"own and durable third", OWN, {12000, 0, 0}, true, TRI_YES, true, 12000, 5},
    {"durable third alone", OWN, {0, 0, 0}, true, TRI_YES, false, 0, 4},
    {"durable third of the other", OWN, {12000, 0, 0}, true, TRI_NO, false, 0, 1},
    {"durable third unknown", OWN, {12000, 0, 0}, true, TRI_UNKNOWN, false, 0, 1},
    {"durable third unknown, both servers", OWN, {12000, 11000, 0}, true, TRI_UNKNOWN, true, 11000, 3},
    {"without a durable tie-breaker its flag is nothing", OWN, {12000, 0, 0}, false, TRI_YES, false, 0, 1},
};
/* clang-format on */

static void test_authority(void **state)
{
    const int64_t now = MS(10000);
    (void)state;
    for (size_t n = 0; n < COUNT(authority_cases); n++) {
        const struct authority_case *c = &authority_cases[n];
        struct quorum q;
        quorum_init(&q, c->self, c->durable, LEASE_MS, 1000);
        q.tie_mine = c->tie;
        for (int i = 0; i < OBS_VOTERS; i++)
            if (c->votes[i])
                q.votes[i] = (struct vote){.held = true,
                                           .counted = c->votes[i] > 0,
                                           .proven_us = c->votes[i] > 0 ? MS(c->votes[i] - VALID_MS) : now};
        if (quorum_majority_held(&q) != c->held)
            fail_msg("%s: majority held is %d", c->name, !c->held);
        if (quorum_authority_until(&q, now) != MS(c->until_ms))
            fail_msg("%s: until %lld us", c->name, (long long)quorum_authority_until(&q, now));
        if (quorum_majority_counted(&q, now) != (c->until_ms != 0))
            fail_msg("%s: majority counted is %d", c->name, c->until_ms == 0);
        if (quorum_mask(&q, now) != c->mask)
            fail_msg("%s: mask is %u", c->name, quorum_mask(&q, now));
    }
}

/* Of a session that was lost only the end of what it had counts on: enough to stay, not to begin. */
static void test_authority_outlives_a_session(void **state)
{
    struct quorum q;
    (void)state;
    quorum_init(&q, OWN, false, LEASE_MS, 1000);
    for (int i = 0; i < 2; i++)
        q.votes[i] = (struct vote){.held = true, .counted = true, .proven_us = MS(10000)};
    int64_t until = quorum_authority_until(&q, MS(10100));
    quorum_lost(&q, OWN);
    assert_int_equal(quorum_authority_until(&q, MS(10100)), until);
    assert_false(quorum_majority_counted(&q, MS(10100)));
    assert_int_equal(quorum_authority_until(&q, until), 0);
    quorum_released(&q, OWN);
    assert_int_equal(quorum_authority_until(&q, MS(10100)), 0);
}

static void test_durable_tie_never_ends(void **state)
{
    struct quorum q;
    (void)state;
    quorum_init(&q, OWN, true, LEASE_MS, 1000);
    q.tie_mine = TRI_YES;
    assert_true(quorum_counts(&q, OBS_TIE, INT64_MAX - 1));
    assert_false(quorum_must_close(&q, OBS_TIE, INT64_MAX - 1));
    q.tie_mine = TRI_NO;
    assert_int_equal(quorum_valid_until(&q, OBS_TIE), 0);
}

static void test_inherit_is_for_the_named_votes_only(void **state)
{
    struct quorum q;
    (void)state;
    quorum_init(&q, OWN, false, LEASE_MS, 1000);
    quorum_inherit(&q, 5, MS(6000));
    for (int i = 0; i < OBS_VOTERS; i++) {
        quorum_opened(&q, i, 7, MS(5000));
        quorum_taken(&q, i, MS(5001), MS(5001), false, false);
    }
    assert_int_equal(quorum_mask(&q, MS(5001)), 5);
}

/* ---- the takeover delay ---- */

static void test_delay(void **state)
{
    static const struct {
        const char *name;
        enum vote_basis own, other;
        bool delay;
    } cases[] = {
        {"taken again", BASIS_RETAKEN, BASIS_RETAKEN, false},
        {"closed", BASIS_CLOSED, BASIS_CLOSED, false},
        {"released in writing", BASIS_RELEASED, BASIS_RELEASED, false},
        {"one seen to expire", BASIS_RELEASED, BASIS_EXPIRED, true},
        {"one waited for", BASIS_WAITED, BASIS_CLOSED, true},
        {"both waited for", BASIS_WAITED, BASIS_WAITED, true},
    };
    (void)state;
    for (size_t n = 0; n < COUNT(cases); n++) {
        struct quorum q;
        quorum_init(&q, OWN, false, LEASE_MS, 1000);
        q.votes[OWN] = (struct vote){.held = true, .counted = true, .basis = cases[n].own};
        q.votes[OTHER] = (struct vote){.held = true, .counted = true, .basis = cases[n].other};
        if (quorum_needs_delay(&q) != cases[n].delay)
            fail_msg("%s: the delay applies: %d", cases[n].name, !cases[n].delay);
    }
}

/* ---- when to look again ---- */

/* clang-format off */
static const struct next_case {
    const char *name;
    struct event own[4], other[4];
    int next_ms;
} next_cases[] = {
    {"nothing held", {{OPEN, 1000}}, {{OPEN, 1000}}, 0},
    {"a lease from the taking", {{OPEN, 1000}, {TAKE, 2000}}, {{END}}, 5000},
    {"a young session with a release: when it is a lease old", {{OPEN, 7000}, {TAKE, 8000, .released = true}}, {{END}}, 10000},
    {"a young session with an expiry", {{OPEN, 7500}, {TAKE, 8000, .expired = true}}, {{END}}, 10500},
    {"the sooner of two", {{OPEN, 1000}, {TAKE, 2000}}, {{OPEN, 1000}, {TAKE, 1500}}, 4500},
    {"counted ones do not wait", {{OPEN, 1000}, {TAKE, 2000}, {JUDGE, 5000}}, {{END}}, 0},
};
/* clang-format on */

static void test_next(void **state)
{
    (void)state;
    for (size_t n = 0; n < COUNT(next_cases); n++) {
        const struct next_case *c = &next_cases[n];
        struct quorum q;
        quorum_init(&q, OWN, false, LEASE_MS, 1000);
        play(&q, OWN, c->own, COUNT(c->own));
        play(&q, OTHER, c->other, COUNT(c->other));
        if (quorum_next_us(&q) != MS(c->next_ms))
            fail_msg("%s: %lld us", c->name, (long long)quorum_next_us(&q));
        if (c->next_ms) {
            quorum_judge(&q, MS(c->next_ms) - 1, false);
            assert_false(q.votes[OWN].counted || q.votes[OTHER].counted);
            quorum_judge(&q, MS(c->next_ms), false);
            assert_true(q.votes[OWN].counted || q.votes[OTHER].counted);
        }
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int b = BASIS_NONE; b <= BASIS_DURABLE; b++)
        assert_non_null(vote_basis_name(b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vote),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_no_drift_is_the_whole_lease),
        cmocka_unit_test(test_authority),
        cmocka_unit_test(test_authority_outlives_a_session),
        cmocka_unit_test(test_durable_tie_never_ends),
        cmocka_unit_test(test_inherit_is_for_the_named_votes_only),
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
