/* The facts: one thing is changed in a healthy scene, and one fact is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- scenes ---- */

static void standby(struct scene *s)
{
    scene_standby(s, POLICY_TIE_WITNESS);
}

static void standby_durable(struct scene *s)
{
    scene_standby(s, POLICY_TIE_WRITER);
}

static void writer(struct scene *s)
{
    scene_writer(s, POLICY_TIE_WITNESS);
}

static void writer_durable(struct scene *s)
{
    scene_writer(s, POLICY_TIE_WRITER);
}

static void boot(struct scene *s)
{
    scene_boot(s, 0, POLICY_TIE_WITNESS);
}

/* Asking for votes in an epoch that was chosen. */
static void asking(struct scene *s)
{
    standby(s);
    s->m.state = NODE_PROMOTE_VOTES;
    s->m.term_floor = 3;
    s->m.epoch = 5;
    s->m.since_us = s->now_us - MS(10);
}

static void receiving(struct scene *s)
{
    asking(s);
    s->m.state = NODE_PROMOTE_RECEIVE;
    s->o.peer.read_only = TRI_YES;
    for (int i = 0; i < OBS_VOTERS; i++) {
        scene_count_vote(s, i, BASIS_WAITED);
        s->q.votes[i].promised_epoch = 0;
    }
}

static void draining(struct scene *s)
{
    receiving(s);
    s->m.state = NODE_PROMOTE_DRAIN;
    s->o.own.replication.io = IO_NO;
}

/* In an earlier life; the other answers, closed, what it has now. */
static void received_once(struct scene *s)
{
    s->m.ledger.received = scene_gtid("0-2-11");
    s->o.peer.seen_us = s->now_us;
    s->o.peer.read_only = TRI_YES;
    s->o.peer.binlog_pos = scene_gtid("0-2-10");
}

/* The peer's host went away five seconds ago; its last position was seen and is here. */
static void peer_lost(struct scene *s)
{
    struct gtid_set last = scene_gtid("0-2-10");
    standby(s);
    ledger_saw_writer(&s->m.ledger, 1, PEER_EPOCH, &last, s->o.peer.seen_us);
    scene_peer_gone(s);
    s->m.quiet_since_us = s->now_us + MS(1000);
    scene_advance(s, 5000);
}

/* ---- changes ---- */

static void age_own(struct scene *s, int64_t ms)
{
    s->o.own.seen_us = s->o.voter_answer_us[0] = s->now_us - MS(ms);
}

static void age_peer(struct scene *s, int64_t ms)
{
    s->o.peer.seen_us = s->o.voter_answer_us[1] = s->now_us - MS(ms);
}

static void alone(struct scene *s, int64_t ms)
{
    age_peer(s, ms);
    s->o.reference_us = s->now_us - MS(ms);
}

static void keep_basis(struct scene *s, const struct note *row)
{
    s->m.basis = *row;
    s->m.basis_since_us = s->now_us;
}

static void released(struct scene *s, const char *gtid)
{
    keep_basis(s, scene_row(s, NOTE_RELEASE, PEER_EPOCH, gtid));
}

static void certified(struct scene *s, const char *file, uint64_t size)
{
    struct note *row = scene_row(s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    snprintf(row->file, sizeof(row->file), "%s", file);
    row->size = size;
    keep_basis(s, row);
}

/* Rows of our own from the sixth on, none of the other's. */
static void forked(struct scene *s)
{
    s->o.own.binlog_pos = s->o.own.slave_pos = s->o.own.binlog_state = scene_gtid("0-1-50");
    s->m.ledger.received = s->o.own.replication.io_pos = scene_gtid("");
}

/* Its supervisor certified the death just now. */
static void died_in(struct scene *s, uint64_t epoch)
{
    struct note *row = scene_row(s, NOTE_CERTIFICATE, epoch, NULL);
    snprintf(row->file, sizeof(row->file), "bin.000009");
    row->size = 4000;
    s->o.own.voter.promise[1] = (struct note){.kind = NOTE_PROMISE, .node = 1, .epoch = epoch};
    keep_basis(s, row);
}

static void close_peer(struct scene *s)
{
    s->o.closing = (struct closing_view){.epoch = s->m.epoch, .closed = true};
}

static void saw_writer(struct scene *s, const char *position, int64_t ms_ago)
{
    struct gtid_set pos = scene_gtid(position);
    ledger_saw_writer(&s->m.ledger, 1, PEER_EPOCH, &pos, s->m.ledger.writer_seen_us - MS(ms_ago));
}

static void compared(struct scene *s, enum gtid_relation r, int64_t ms_ago)
{
    s->m.history = r;
    s->m.history_us = s->now_us - MS(ms_ago);
}

static void say(struct scene *s, enum node_state state)
{
    s->o.own.bulletin[1].state = s->o.peer.bulletin[1].state = state;
}

static void absent(struct scene *s)
{
    s->o.own.bulletin[1].present = s->o.peer.bulletin[1].present = false;
}

static void promised(struct scene *s, int voter)
{
    s->q.votes[voter].promised_epoch = s->m.epoch;
}

static void basis_of_votes(struct scene *s, enum vote_basis basis)
{
    for (int i = 0; i < OBS_VOTERS; i++)
        s->q.votes[i].basis = basis;
}

static void in(struct scene *s, enum node_state state, int64_t ms)
{
    s->m.state = state;
    s->m.since_us = s->now_us - MS(ms);
}

static void quiet(struct scene *s, int64_t ms)
{
    s->m.quiet_since_us = s->now_us - MS(ms);
}

static void vip(struct scene *s, enum tri here, enum tri there)
{
    s->o.vip.here = here;
    s->o.own.bulletin[1].vip = s->o.peer.bulletin[1].vip = there;
}

/* Two standbys with one history and no writer. */
static void vacant(struct scene *s)
{
    boot(s);
    s->m.state = NODE_STANDBY;
    vip(s, TRI_YES, TRI_NO);
    compared(s, GTID_REL_EQUAL, 10);
}

/* ---- the cases ---- */

/* clang-format off */
#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)

#define CASE(before, fact, value, name, ...) static void PASTE(change_, __LINE__)(struct scene *s) { (void)s; __VA_ARGS__; }
#include "facts_cases.h"
#undef CASE

static const struct fact_case {
    const char *name;
    void (*scene)(struct scene *s);
    void (*change)(struct scene *s);
    enum fact fact;
    unsigned value;
} cases[] = {
#define CASE(before, fact, value, name, ...) {name, before, PASTE(change_, __LINE__), FACT_##fact, value},
#include "facts_cases.h"
#undef CASE
};
/* clang-format on */

static void test_cases(void **state)
{
    int wrong = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct fact_case *c = &cases[i];
        struct scene s;
        c->scene(&s);
        c->change(&s);
        struct facts f = scene_facts(&s);
        if (f.value[c->fact] == c->value)
            continue;
        wrong++;
        print_error("%s, %s: '%s', expected '%s'\n", fact_name(c->fact), c->name,
                    fact_value_name(c->fact, f.value[c->fact]), fact_value_name(c->fact, c->value));
    }
    assert_int_equal(wrong, 0);
}

/* ---- nothing known ---- */

static void test_nothing_known(void **state)
{
    static const struct {
        enum fact fact;
        unsigned value;
    } never[] = {{FACT_OWN_READ_ONLY, TRI_YES}, {FACT_OWN_READ_ONLY, TRI_NO},   {FACT_PEER_WRITER, TRI_NO},
                 {FACT_PEER_CLOSED, TRI_YES},   {FACT_PEER_READ_ONLY, TRI_YES}, {FACT_AUTHORITY, TRI_YES},
                 {FACT_ARMED, TRI_YES},         {FACT_PROMISED, TRI_YES},       {FACT_STALE, TRI_NO},
                 {FACT_LOSS, LOSS_OK},          {FACT_DRAINED, TRI_YES},        {FACT_DEAD_MAN, TRI_YES},
                 {FACT_OWN_UP, TRI_YES},        {FACT_FENCER, TRI_YES},         {FACT_BOOT_SAFE, TRI_YES},
                 {FACT_HISTORY, GTID_REL_EQUAL}};
    struct scene s = {.p = scene_policy(POLICY_TIE_WITNESS), .now_us = SCENE_START};
    (void)state;
    s.o.now_us = SCENE_START;
    quorum_init(&s.q, 0, false, 3000, 1000);
    mind_init(&s.m, SCENE_START);
    struct facts f = scene_facts(&s);
    for (size_t i = 0; i < COUNT(never); i++)
        if (f.value[never[i].fact] == never[i].value)
            fail_msg("'%s' is '%s' though nothing is known", fact_name(never[i].fact),
                     fact_value_name(never[i].fact, never[i].value));
    if (f.value[FACT_REASON] != REASON_NONE)
        fail_msg("a reason without knowledge: %s", promote_reason_name(f.value[FACT_REASON]));
}

/* ---- epochs ---- */

static void test_next_epoch(void **state)
{
    static const struct {
        const char *name;
        int self;
        uint64_t own_promise, peer_promise, witness_promise, own_term, peer_term, mind, aborted, want;
    } epochs[] = {
        {"the first of node 1", 0, 0, 0, 0, 0, 0, 0, 0, 1},
        {"the first of node 2", 1, 0, 0, 0, 0, 0, 0, 0, 2},
        {"above the other's promise", 0, 3, 4, 0, 0, 0, 0, 0, 5},
        {"of the own parity", 1, 3, 4, 0, 0, 0, 0, 0, 6},
        {"above the witness's memory", 0, 3, 4, 8, 0, 0, 0, 0, 9},
        {"above the terms", 0, 1, 0, 0, 6, 12, 0, 0, 13},
        {"above the own last", 0, 0, 0, 0, 0, 0, 7, 0, 9},
        {"above what was aborted", 0, 0, 0, 0, 0, 0, 0, 9, 11},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(epochs); i++) {
        struct scene s;
        standby(&s);
        s.p.self = epochs[i].self;
        s.o.own.voter.promise[0] = (struct note){.kind = NOTE_PROMISE, .epoch = epochs[i].own_promise};
        s.o.own.voter.promise[1] = (struct note){0};
        s.o.peer.voter.promise[0] = (struct note){0};
        s.o.peer.voter.promise[1] = (struct note){.kind = NOTE_PROMISE, .epoch = epochs[i].peer_promise};
        s.o.witness.voter.promise[1] =
            (struct note){.kind = NOTE_PROMISE, .epoch = epochs[i].witness_promise};
        s.o.own.term_epoch = epochs[i].own_term;
        s.o.peer.term_epoch = epochs[i].peer_term;
        s.m.epoch = epochs[i].mind;
        s.m.last_aborted_epoch = epochs[i].aborted;
        if (facts_next_epoch(&s.p, &s.o, &s.m) != epochs[i].want)
            fail_msg("%s: %llu", epochs[i].name, (unsigned long long)facts_next_epoch(&s.p, &s.o, &s.m));
        s.o.operator_.peer_is_off = true;
        assert_int_equal(facts_next_epoch(&s.p, &s.o, &s.m), epochs[i].want + 1000);
        s.o.operator_.off_at = 2000000;
        assert_int_equal(facts_next_epoch(&s.p, &s.o, &s.m), 2000001 + epochs[i].self);
        s.m.last_aborted_epoch = 2000001 + epochs[i].self; /* the last attempt's */
        assert_int_equal(facts_next_epoch(&s.p, &s.o, &s.m), 2000003 + epochs[i].self);
        s.o.operator_.off_at = 1000000; /* a clock that is behind */
        assert_int_equal(facts_next_epoch(&s.p, &s.o, &s.m), 2001003 + epochs[i].self);
    }
}

static void test_basis(void **state)
{
    struct scene s;
    struct note n;
    (void)state;
    standby(&s);
    assert_false(facts_basis(&s.p, &s.o, &s.m, &n));
    scene_row(&s, NOTE_RELEASE, PEER_EPOCH, "0-2-10");
    assert_true(facts_basis(&s.p, &s.o, &s.m, &n));
    assert_int_equal(n.kind, NOTE_RELEASE);
    scene_row(&s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    assert_true(facts_basis(&s.p, &s.o, &s.m, &n));
    assert_int_equal(n.kind, NOTE_CERTIFICATE);
    s.o.witness.voter.promise[1] = (struct note){.kind = NOTE_PROMISE, .node = 1, .epoch = PEER_EPOCH + 2};
    assert_false(facts_basis(&s.p, &s.o, &s.m, &n));
}

/* What was seen of a writer whose server is back without it (it had waited for room on the disk) is no loss.
 */
static void test_stated_loss(void **state)
{
    struct scene s;
    (void)state;
    boot(&s);
    saw_writer(&s, "0-2-22", 0);
    struct loss_bound b = facts_loss(&s.p, &s.o, &s.m);
    assert_int_equal(b.known_lost, 0);
    assert_int_equal(b.unseen_us, 0);
    assert_true(b.exact);
    s.o.peer.binlog_pos = scene_gtid("0-2-12"); /* it has more than is here */
    b = facts_loss(&s.p, &s.o, &s.m);
    assert_int_equal(b.known_lost, 12);
    s.o.peer.binlog_pos = scene_gtid("0-2-10");
    s.o.peer.seen_us -= MS(60000); /* and is not heard any more */
    b = facts_loss(&s.p, &s.o, &s.m);
    assert_int_equal(b.known_lost, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_nothing_known), cmocka_unit_test(test_next_epoch),
        cmocka_unit_test(test_basis), cmocka_unit_test(test_stated_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
