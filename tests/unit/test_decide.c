/* Lives of a node through time: which rows fire, in which order, and what they ask to be done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model_driver.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ROWS(...)    ((const int[]){__VA_ARGS__, 0})

static void be_standby(struct drive *d, enum policy_tie tie)
{
    memset(d, 0, sizeof(*d));
    scene_standby(&d->s, tie);
    drive_begin(d);
    d->lock_free[0] = d->lock_free[1] = d->lock_free[2] = false;
    drive_run(d, 3000);
    drive_forget(d);
}

static void be_writer(struct drive *d, enum policy_tie tie)
{
    memset(d, 0, sizeof(*d));
    scene_writer(&d->s, tie);
    drive_begin(d);
    drive_run(d, 3000);
    drive_forget(d);
}

/* The peer's server dies; its supervisor writes what it proves and releases all votes. */
static void certify_peer(struct drive *d)
{
    struct scene *s = &d->s;
    struct note *row = scene_row(s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    snprintf(row->file, sizeof(row->file), "bin.000003");
    row->size = 1000;
    d->witness.certificate[1] = *row;
    s->peer_mute = true;
    s->o.own.replication.io = IO_CONNECTING;
    s->o.own.bulletin[1].state = NODE_FENCED;
    d->lock_free[0] = d->lock_free[OBS_TIE] = true;
}

/* The peer closes, hands over at its last position and waits. */
static void release_peer(struct drive *d, const char *position)
{
    struct scene *s = &d->s;
    struct note row = *scene_row(s, NOTE_RELEASE, PEER_EPOCH, position);
    d->witness.release[1] = s->o.peer.voter.release[1] = row;
    s->o.peer.read_only = TRI_YES;
    s->o.peer.binlog_pos = scene_gtid(position);
    s->o.own.bulletin[1].state = s->o.peer.bulletin[1].state = NODE_DEMOTE_HANDOVER;
    d->lock_free[0] = d->lock_free[1] = d->lock_free[OBS_TIE] = true;
}

/* The peer's host is off: its votes expire a lease after their last renewal. */
static void cut_peer(struct drive *d)
{
    scene_peer_gone(&d->s);
    d->s.o.own.replication.io = IO_CONNECTING;
    d->lock_free[0] = d->lock_free[OBS_TIE] = true;
}

static void expect(const struct drive *d, enum node_state state, int row)
{
    if (d->s.m.state != state || d->s.out.row->id != row)
        fail_msg("'%s' by row %d, expected '%s' by row %d", node_state_name(d->s.m.state), d->s.out.row->id,
                 node_state_name(state), row);
}

static void expect_action(const struct drive *d, enum action a, bool wanted)
{
    if ((bool)(d->s.out.actions & ACTION_BIT(a)) != wanted)
        fail_msg("row %d: %s %s", d->s.out.row->id, wanted ? "does not" : "does", action_name(a));
}

/* ---- promotions ---- */

static void test_certified_death(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    drive_tick(&d);
    expect(&d, NODE_PROMOTE_VOTES, 419);
    expect_action(&d, ACTION_TAKE_VOTES, true);
    expect_action(&d, ACTION_PREPARE, true);
    expect_action(&d, ACTION_SEMI_SYNC_OFF, true);
    int64_t took = drive_until(&d, NODE_WRITER, 100);
    if (took > 10)
        fail_msg("a certified death needs no wait, it took %lld ms", (long long)took);
    drive_run(&d, 10);
    drive_expect_rows(&d, "certified death",
                      ROWS(340, 419, 410, 429, 425, 430, 432, 449, 448, 456, 450, 530, 599));
    assert_int_equal(d.s.m.epoch, 5);
    assert_int_equal(d.s.m.why, REASON_CERTIFIED);
    assert_true(drive_did(&d, ACTION_STOP_RECEIVER) && drive_did(&d, ACTION_TERM) &&
                drive_did(&d, ACTION_PROBE));
}

/* Each step asks for what it needs and for nothing of a later one. */
static void test_steps(void **state)
{
    static const struct {
        enum node_state state;
        enum action does, not_yet;
    } steps[] = {
        {NODE_PROMOTE_VOTES, ACTION_TAKE_VOTES, ACTION_STOP_RECEIVER},
        {NODE_PROMOTE_RECEIVE, ACTION_PROBE, ACTION_STOP_RECEIVER},
        {NODE_PROMOTE_DRAIN, ACTION_STOP_RECEIVER, ACTION_PROMISE},
        {NODE_PROMOTE_PROMISE, ACTION_PROMISE, ACTION_ENABLE},
        {NODE_PROMOTE_ENABLE, ACTION_ENABLE, ACTION_TERM},
        {NODE_WRITER, ACTION_TERM, ACTION_ENABLE},
    };
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    for (size_t i = 0; i < COUNT(steps); i++) {
        drive_until(&d, steps[i].state, 50);
        expect_action(&d, steps[i].does, true);
        expect_action(&d, steps[i].not_yet, false);
        expect_action(&d, ACTION_ARM, steps[i].state != NODE_PROMOTE_VOTES);
    }
}

static void test_handover_taken(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    release_peer(&d, "0-2-12");
    drive_until(&d, NODE_PROMOTE_RECEIVE, 50);
    drive_run(&d, 100);
    expect(&d, NODE_PROMOTE_RECEIVE, 429);
    d.s.o.own.replication.io_pos = scene_gtid("0-2-12");
    d.answers &= ~ACTION_BIT(ACTION_DRAIN);
    drive_run(&d, 20);
    expect(&d, NODE_PROMOTE_DRAIN, 439);
    d.answers = ~UINT64_C(0);
    drive_until(&d, NODE_WRITER, 50);
    assert_int_equal(d.s.m.why, REASON_HANDOVER);
    assert_int_equal(d.s.m.epoch, 5);
}

static void test_handover_never_arrives(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    release_peer(&d, "0-2-12");
    drive_until(&d, NODE_PROMOTE_RECEIVE, 50);
    drive_until(&d, NODE_STANDBY, 5100);
    assert_true(drive_fired(&d, 408));
    drive_run(&d, 10);
    expect(&d, NODE_STANDBY, 336);
    assert_true(drive_did(&d, ACTION_START_RECEIVER));
}

static void test_silence(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    cut_peer(&d);
    int64_t asked = drive_until(&d, NODE_PROMOTE_VOTES, 9000);
    int64_t wrote = drive_until(&d, NODE_WRITER, 9000);
    if (asked < 3000)
        fail_msg("it asked after %lld ms of silence", (long long)asked);
    if (wrote < 3500)
        fail_msg("a free lock and the takeover delay were waited for %lld ms only", (long long)wrote);
    if (asked + wrote > 9000)
        fail_msg("a power-off took %lld ms", (long long)(asked + wrote));
    assert_int_equal(d.s.m.why, REASON_SILENCE);
}

/* The votes were seen to expire: only the delay is waited for. */
static void test_silence_seen_to_expire(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    cut_peer(&d);
    d.lock_free[0] = d.lock_free[OBS_TIE] = false;
    d.s.o.own.holder =
        (struct holder_view){.asked_us = d.s.now_us, .connection = 77, .idle = true, .idle_ms = 3000};
    d.expired[0] = d.expired[OBS_TIE] = true;
    drive_until(&d, NODE_PROMOTE_VOTES, 1500);
    int64_t took = drive_until(&d, NODE_WRITER, 9000);
    if (took < 500 || took > 800)
        fail_msg("%lld ms, with a delay of 500", (long long)took);
}

static void test_cut_off_standby_gets_nowhere(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    cut_peer(&d);
    d.s.witness_mute = true;
    d.lock_free[OBS_TIE] = false;
    drive_run(&d, 60000);
    assert_false(drive_fired(&d, 410) || drive_fired(&d, 412));
    assert_true(drive_fired(&d, 408));
    assert_true(d.s.m.state == NODE_STANDBY || d.s.m.state == NODE_PROMOTE_VOTES);
}

/* A voter that is read only when its vote is taken remembers a term whose data are not here. */
static void test_witness_remembers_more(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    d.witness.promise[1].epoch = 6;
    cut_peer(&d);
    drive_run(&d, 30000);
    assert_false(drive_fired(&d, 432));
    assert_true(drive_fired(&d, 407));
    expect(&d, NODE_STANDBY, 326);
}

static void test_writer_again_after_another(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    d.s.m.epoch = 3;
    d.s.m.term_floor = 1;
    certify_peer(&d);
    drive_until(&d, NODE_WRITER, 100);
    assert_int_equal(d.s.m.epoch, 5);
}

/* No epoch is chosen before every table was read whose vote is held, since it is held. */
static void test_epoch_needs_the_tables(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    d.s.o.witness.voter.read_us = d.s.now_us - 1;
    d.answers &= ~ACTION_BIT(ACTION_TAKE_VOTES);
    drive_tick(&d);
    quorum_taken(&d.s.q, 0, d.s.now_us, d.s.now_us, true, false);
    quorum_taken(&d.s.q, OBS_TIE, d.s.now_us, d.s.now_us, true, false);
    drive_run(&d, 1000);
    expect(&d, NODE_PROMOTE_VOTES, 419);
    d.s.o.witness.voter.read_us = d.s.now_us;
    drive_until(&d, NODE_PROMOTE_RECEIVE, 300);
}

static void test_majority_lost_on_the_way(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    d.answers &= ~ACTION_BIT(ACTION_STOP_RECEIVER);
    drive_until(&d, NODE_PROMOTE_DRAIN, 50);
    d.s.witness_mute = true;
    quorum_lost(&d.s.q, OBS_TIE);
    drive_tick(&d);
    assert_true(drive_fired(&d, 420));
    assert_int_equal(d.s.m.state, NODE_STANDBY);
}

/* A voter tells of a higher promise of the other after an epoch was chosen. */
static void test_superseded_on_the_way(void **state)
{
    static const struct {
        enum node_state at;
        enum action unanswered;
        int row;
        enum node_state then;
    } cases[] = {{NODE_PROMOTE_DRAIN, ACTION_DRAIN, 406, NODE_STANDBY},
                 {NODE_PROMOTE_PROMISE, ACTION_PROMISE, 442, NODE_FENCED},
                 {NODE_PROMOTE_ENABLE, ACTION_ENABLE, 442, NODE_FENCED}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct drive d;
        be_standby(&d, POLICY_TIE_WITNESS);
        cut_peer(&d);
        if (cases[i].at == NODE_PROMOTE_DRAIN)
            d.s.o.own.replication.io_pos = scene_gtid("0-2-11"); /* received, and not applied yet */
        d.answers &= ~ACTION_BIT(cases[i].unanswered);
        drive_until(&d, cases[i].at, 9000);
        d.s.o.witness.voter.promise[1] =
            (struct note){.kind = NOTE_PROMISE, .node = 1, .epoch = d.s.m.epoch + 1};
        drive_until(&d, cases[i].then, 10);
        if (!drive_fired(&d, cases[i].row) || drive_did(&d, ACTION_TERM))
            fail_msg("row %d: row %d", cases[i].row, d.s.out.row->id);
    }
}

static void test_offsets_put_right(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.answers &= ~ACTION_BIT(ACTION_OFFSETS);
    d.s.o.own.auto_increment_increment = 1;
    drive_run(&d, 500);
    expect(&d, NODE_WRITER, 545);
    expect_action(&d, ACTION_OFFSETS, true);
}

static void test_promise_refused(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    d.answers &= ~ACTION_BIT(ACTION_PROMISE);
    drive_until(&d, NODE_PROMOTE_PROMISE, 50);
    drive_until(&d, NODE_FENCED, 3100);
    drive_run(&d, 500);
    assert_true(drive_did(&d, ACTION_RELEASE));
    assert_false(drive_did(&d, ACTION_ENABLE));
}

/* An answer that the writer gave before its death arrives after the gate: what it names is missing here. */
static void test_loss_known_late(void **state)
{
    struct drive d;
    struct gtid_set seen = scene_gtid("0-2-12");
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    d.answers &= ~ACTION_BIT(ACTION_PROMISE);
    drive_until(&d, NODE_PROMOTE_PROMISE, 50);
    ledger_saw_writer(&d.s.m.ledger, 1, PEER_EPOCH, &seen, d.s.now_us - MS(40));
    d.s.o.own.replication.master_pos -= 100; /* the dead one's log goes on */
    d.answers = ~UINT64_C(0);
    drive_until(&d, NODE_FENCED, 10);
    assert_true(drive_fired(&d, 447));
    assert_false(drive_did(&d, ACTION_ENABLE));
    drive_run(&d, 20000);
    expect(&d, NODE_STANDBY, 328);
    d.s.o.operator_.accept_loss = true;
    d.s.o.operator_.want = WANT_HERE;
    drive_until(&d, NODE_WRITER, 9000);
}

/* A loss is accepted while a promotion is under way that began without the operator. */
static void test_loss_accepted_late(void **state)
{
    struct drive d;
    struct gtid_set seen = scene_gtid("0-2-12");
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    d.answers &= ~ACTION_BIT(ACTION_PROMISE);
    drive_until(&d, NODE_PROMOTE_PROMISE, 50);
    d.s.o.operator_.accept_loss = true;
    d.s.o.operator_.want = WANT_HERE;
    drive_tick(&d);
    ledger_saw_received(&d.s.m.ledger, &seen);
    ledger_saw_writer(&d.s.m.ledger, 1, PEER_EPOCH, &seen, d.s.now_us - MS(40));
    d.answers = ~UINT64_C(0);
    drive_until(&d, NODE_WRITER, 100);
    assert_int_equal(gtid_pos_contains(&d.s.m.ledger.received, &seen),
                     TRI_NO); /* it does not count as ours for ever */
}

/* The other took its handover back while this node promised. */
static void test_row_had_gone(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    release_peer(&d, "0-2-10");
    d.answers &= ~ACTION_BIT(ACTION_PROMISE);
    drive_until(&d, NODE_PROMOTE_PROMISE, 100);
    d.s.o.own.voter.release[1] = (struct note){0};
    d.answers = ~UINT64_C(0);
    drive_until(&d, NODE_FENCED, 10);
    assert_true(drive_fired(&d, 440));
    assert_false(drive_did(&d, ACTION_ENABLE));
}

static void test_enabling_fails(void **state)
{
    static const struct {
        const char *name;
        enum action unanswered;
        int row;
    } cases[] = {{"never enabled", ACTION_ENABLE, 452}, {"the fencer does not acknowledge", ACTION_ARM, 452}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct drive d;
        be_standby(&d, POLICY_TIE_WITNESS);
        certify_peer(&d);
        d.answers &= ~ACTION_BIT(cases[i].unanswered);
        drive_until(&d, NODE_PROMOTE_ENABLE, 100);
        drive_until(&d, NODE_FENCED, 3100);
        if (!drive_fired(&d, cases[i].row) || !drive_did(&d, ACTION_FENCE))
            fail_msg("%s: row %d", cases[i].name, d.s.out.row->id);
    }
}

/* The other's row was consumed by a promotion that was undone: it is used up, and no reason for another one.
 */
static void test_reason_ends_with_its_promotion(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    release_peer(&d, "0-2-10");
    d.answers &= ~ACTION_BIT(ACTION_ENABLE);
    drive_until(&d, NODE_PROMOTE_ENABLE, 100);
    assert_true(d.s.m.basis_consumed);
    drive_until(&d, NODE_FENCED, 3100);
    struct drive before = d; /* what was read of the tables is from before the promise */
    d.witness.promise[0].epoch = d.s.o.own.voter.promise[0].epoch = d.s.o.peer.voter.promise[0].epoch = 3;
    d.s.o.witness.voter = d.witness;
    scene_row(&d.s, NOTE_RELEASE, PEER_EPOCH, "0-2-10");
    drive_until(&d, NODE_STANDBY, 6000);
    d.witness = d.s.o.witness.voter = before.witness;
    d.s.o.own.voter = before.s.o.own.voter;
    d.s.o.peer.voter = before.s.o.peer.voter;
    drive_run(&d, 100);
    assert_false(d.s.m.basis_consumed);
    assert_int_equal(d.s.out.facts.value[FACT_REASON], REASON_NONE);
}

/* An enabling is unanswered: nothing is released before a fence has settled it. */
static void test_enabling_unanswered(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    d.answers &= ~(ACTION_BIT(ACTION_ENABLE) | ACTION_BIT(ACTION_FENCE));
    drive_until(&d, NODE_PROMOTE_ENABLE, 100);
    d.s.o.enabling_unanswered = true;
    drive_until(&d, NODE_FENCED, 3100);
    drive_run(&d, 500);
    expect(&d, NODE_FENCED, 725);
    assert_false(drive_did(&d, ACTION_RELEASE));
    d.answers |= ACTION_BIT(ACTION_FENCE);
    drive_run(&d, 500);
    assert_true(drive_did(&d, ACTION_RELEASE));
}

/* The same without a fencer: the first rungs of our own kill its session, and nothing is released before. */
static void test_enabling_unanswered_without_fencer(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    d.answers &= ~(ACTION_BIT(ACTION_ENABLE) | ACTION_BIT(ACTION_CLOSE_OWN));
    drive_until(&d, NODE_PROMOTE_ENABLE, 100);
    d.s.o.enabling_unanswered = true;
    d.s.o.fencer.alive = TRI_NO;
    drive_until(&d, NODE_FENCED, 10);
    assert_true(drive_fired(&d, 105));
    drive_run(&d, 500);
    expect(&d, NODE_FENCED, 722);
    expect_action(&d, ACTION_CLOSE_OWN, true);
    assert_false(drive_did(&d, ACTION_RELEASE) || drive_did(&d, ACTION_EXIT));
    d.s.o.enabling_unanswered = false;
    drive_run(&d, 500);
    assert_true(drive_fired(&d, 705) && drive_did(&d, ACTION_RELEASE) && drive_did(&d, ACTION_EXIT));
}

/* ---- both at once ---- */

struct boot_case {
    const char *name;
    int vip; /* who has it; -1 = neither */
    int term_node;
    int first;
};

static void exchange_bulletins(struct drive *d)
{
    for (int i = 0; i < OBS_NODES; i++) {
        struct scene *s = &d[i].s;
        const struct scene *other = &d[1 - i].s;
        s->o.own.bulletin[1 - i].state = s->o.peer.bulletin[1 - i].state = other->m.state;
        s->o.own.bulletin[1 - i].vip = s->o.peer.bulletin[1 - i].vip = other->o.vip.here;
    }
}

static void check_boot(const struct boot_case *c)
{
    struct drive d[OBS_NODES];
    memset(d, 0, sizeof(d));
    for (int i = 0; i < OBS_NODES; i++) {
        scene_boot(&d[i].s, i, POLICY_TIE_WITNESS);
        d[i].s.o.vip.here = tri_from(c->vip == i);
        d[i].s.o.own.term_node = c->term_node;
        drive_begin(&d[i]);
    }
    exchange_bulletins(d);
    for (int n = 0; n < 40; n++) {
        for (int i = 0; i < OBS_NODES; i++)
            drive_run(&d[i], 250);
        exchange_bulletins(d);
        if (d[1 - c->first].s.m.state == NODE_PROMOTE_VOTES)
            fail_msg("%s: node %d asked", c->name, 2 - c->first);
        if (node_state_is_promoting(d[c->first].s.m.state))
            return;
    }
    fail_msg("%s: node %d did not ask", c->name, c->first + 1);
}

static void test_boot_of_both(void **state)
{
    static const struct boot_case cases[] = {
        {"the VIP is at node 1", 0, 1, 0},
        {"the VIP is at node 2", 1, 0, 1},
        {"no VIP, the last term was node 1's", -1, 0, 0},
        {"no VIP, the last term was node 2's", -1, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check_boot(&cases[i]);
}

static void test_vacant_is_promoted_by_closing_the_other(void **state)
{
    struct drive d;
    memset(&d, 0, sizeof(d));
    (void)state;
    scene_boot(&d.s, 0, POLICY_TIE_WITNESS);
    drive_begin(&d);
    d.closer_works = true;
    int64_t took = drive_until(&d, NODE_WRITER, 5000);
    if (took > 1500)
        fail_msg("%lld ms, though the other was closed at once", (long long)took);
    assert_int_equal(d.s.m.why, REASON_VACANT);
    assert_true(drive_fired(&d, 410));
}

/* ---- demotions ---- */

static void test_handover(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.want = WANT_AWAY;
    drive_tick(&d);
    expect(&d, NODE_DEMOTE_CLOSE, 609);
    expect_action(&d, ACTION_CLOSE_OWN, true);
    expect_action(&d, ACTION_ARM, true);
    expect_action(&d, ACTION_RELEASE, false);
    drive_until(&d, NODE_DEMOTE_HANDOVER, 10);
    expect_action(&d, ACTION_RELEASE, true);
    expect_action(&d, ACTION_DISARM, true);
    expect_action(&d, ACTION_WEIGHT_FAULT, true);
    assert_int_equal(d.s.o.peer.voter.release[0].epoch, OWN_EPOCH);
    d.s.o.peer.read_only = TRI_NO;
    drive_until(&d, NODE_STANDBY, 300);
    drive_expect_rows(&d, "handover", ROWS(520, 609, 600, 639, 615, 399));
}

static void test_handover_waits_for_a_ready_peer(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.peer.replication.io = IO_CONNECTING;
    d.s.o.operator_.want = WANT_AWAY;
    drive_run(&d, 5000);
    expect(&d, NODE_WRITER, 599);
    d.s.o.peer.replication.io = IO_YES;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
}

static void test_handover_that_cannot_close(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.answers &= ~ACTION_BIT(ACTION_CLOSE_OWN);
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_FENCED, 1500);
    assert_true(drive_fired(&d, 605) && drive_did(&d, ACTION_FENCE));
}

static void test_opened_by_somebody_while_handing_over(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
    d.s.o.own.read_only = TRI_NO;
    drive_tick(&d);
    assert_int_equal(d.s.m.state, NODE_FENCED);
    assert_true(drive_fired(&d, 610) && drive_did(&d, ACTION_FENCE));
}

/* Authority ends while the own server is being closed: the fencer's whole ladder, not our first rungs. */
static void test_authority_lost_while_closing(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.answers &= ~ACTION_BIT(ACTION_CLOSE_OWN);
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_DEMOTE_CLOSE, 300);
    quorum_released(&d.s.q, 1);
    quorum_released(&d.s.q, OBS_TIE);
    drive_tick(&d);
    assert_true(drive_fired(&d, 117) && drive_did(&d, ACTION_FENCE));
}

static void test_handover_undone(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
    drive_forget(&d);
    drive_until(&d, NODE_WRITER, 10000);
    assert_true(drive_fired(&d, 635) && drive_fired(&d, 620));
    assert_int_equal(d.s.m.why, REASON_UNDO);
    assert_int_equal(d.s.m.epoch, OWN_EPOCH + 2);
}

static void test_handover_used_in_the_last_moment(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.reclaim_comes_late = true;
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
    drive_forget(&d);
    d.lock_free[0] = d.lock_free[1] = d.lock_free[OBS_TIE] = false;
    d.s.o.own.holder = (struct holder_view){.asked_us = d.s.now_us, .connection = 88};
    drive_until(&d, NODE_STANDBY, 6000);
    assert_true(drive_fired(&d, 625));
    assert_false(d.s.m.undo);
}

/* The peer's host goes away with the handover in its hands: with a witness somebody must write again. */
static void test_handover_to_a_host_that_dies(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
    cut_peer(&d);
    drive_until(&d, NODE_WRITER, 20000);
    assert_int_equal(d.s.m.epoch, OWN_EPOCH + 2);
}

/* Also where the own server's probe hangs, for a question needs room too. */
static void test_full_disk_fences(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.peer.replication.io = IO_CONNECTING;
    d.s.o.disk_full = TRI_YES;
    drive_run(&d, 5000);
    expect(&d, NODE_WRITER, 599);
    d.s.o.peer.replication.io = IO_YES;
    drive_until(&d, NODE_FENCED, 300);
    assert_true(drive_fired(&d, 522));
}

static void test_vip_asks_once(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.vip.here = TRI_NO;
    d.s.o.own.bulletin[1].vip = d.s.o.peer.bulletin[1].vip = TRI_YES;
    int64_t took = drive_until(&d, NODE_DEMOTE_CLOSE, 5000);
    if (took < 2000 || took > 2300)
        fail_msg("asked after %lld ms, vip_settle is 2000", (long long)took);
    drive_until(&d, NODE_WRITER, 20000);
    drive_forget(&d);
    drive_run(&d, 40000);
    assert_false(drive_fired(&d, 520));
}

/* ---- what stops a writer ---- */

static void test_authority_lost(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    int64_t proven = d.s.now_us;
    d.s.peer_mute = d.s.witness_mute = true;
    d.answers &= ~ACTION_BIT(ACTION_TAKE_VOTES);
    drive_until(&d, NODE_FENCED, 3000);
    if (d.s.now_us > proven + MS(2997 - 1050) + 1)
        fail_msg("fenced %lld us after the last proof", (long long)(d.s.now_us - proven));
    assert_true(drive_fired(&d, 115) && drive_did(&d, ACTION_FENCE) && drive_did(&d, ACTION_ALERT));
}

static void test_one_voter_lost_is_no_matter(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.peer_mute = true;
    drive_run(&d, 20000);
    expect(&d, NODE_WRITER, 599);
}

/* What closed the peer for this term's promotion says nothing about a vote that is taken later. */
static void test_later_vote_waits_as_any_other(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.closing = (struct closing_view){.epoch = OWN_EPOCH, .closed = true};
    quorum_lost(&d.s.q, 1);
    quorum_opened(&d.s.q, 1, 700, d.s.now_us);
    d.s.q.votes[1].last_valid_us = 0;
    d.lock_free[1] = true;
    drive_run(&d, 500);
    assert_true(quorum_holds(&d.s.q, 1));
    assert_false(quorum_counts(&d.s.q, 1, d.s.now_us));
    drive_run(&d, 3500);
    assert_true(quorum_counts(&d.s.q, 1, d.s.now_us));
}

/* The dead-man's switch would close the server, and the supervisor would try in vain to open it again. */
static void test_voters_answer_too_slowly(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.voter_round_trip_us[1] = d.s.o.voter_round_trip_us[OBS_TIE] = MS(600);
    drive_run(&d, 500);
    expect(&d, NODE_WRITER, 599);
    d.answers &= ~ACTION_BIT(ACTION_PREPARE);
    d.s.o.fencer.write_lock = TRI_NO;
    drive_tick(&d);
    assert_true(drive_fired(&d, 118) && drive_did(&d, ACTION_FENCE));
    drive_forget(&d);
    d.s.o.operator_.want = WANT_HERE;
    drive_run(&d, 6000);
    expect(&d, NODE_STANDBY, 333);
    d.s.o.voter_round_trip_us[OBS_TIE] = MS(1);
    drive_until(&d, NODE_PROMOTE_VOTES, 300);
}

static void test_superseded(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.own.voter.promise[1].epoch = 6;
    drive_tick(&d);
    assert_true(drive_fired(&d, 110) && drive_did(&d, ACTION_FENCE));
}

static void test_fencer_gone(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.fencer.alive = TRI_NO;
    drive_tick(&d);
    assert_true(drive_fired(&d, 105) && drive_did(&d, ACTION_CLOSE_OWN));
    drive_run(&d, 500);
    assert_true(drive_fired(&d, 705) && drive_did(&d, ACTION_RELEASE) && drive_did(&d, ACTION_EXIT));
}

static void test_own_server_dies(void **state)
{
    static const struct {
        const char *name;
        enum tri boot_safe;
        int row;
        bool certified;
    } cases[] = {{"certifiable", TRI_YES, 100, true}, {"may boot writable", TRI_NO, 102, false}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct drive d;
        be_writer(&d, POLICY_TIE_WITNESS);
        d.s.o.fencer.dead_us = d.s.now_us;
        d.s.own_mute = true;
        d.s.o.boot_safe = cases[i].boot_safe;
        drive_run(&d, 500);
        if (d.s.m.state != NODE_FENCED || !drive_fired(&d, cases[i].row) ||
            drive_did(&d, ACTION_CERTIFY) != cases[i].certified)
            fail_msg("%s: '%s' by row %d", cases[i].name, node_state_name(d.s.m.state), d.s.out.row->id);
        assert_int_equal(d.s.o.peer.voter.certificate[0].epoch, cases[i].certified ? OWN_EPOCH : 0);
    }
}

static void test_made_read_only_by_somebody(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.own.read_only = TRI_YES;
    drive_until(&d, NODE_PROMOTE_ENABLE, 10);
    drive_until(&d, NODE_WRITER, 10);
    assert_true(drive_fired(&d, 500));
    assert_int_equal(d.s.m.epoch, OWN_EPOCH);
}

static void test_made_writable_by_somebody(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    d.s.o.own.read_only = TRI_NO;
    drive_tick(&d);
    assert_true(drive_fired(&d, 132) && drive_did(&d, ACTION_FENCE));
    drive_run(&d, 5000);
    assert_int_equal(d.s.m.state, NODE_STANDBY);
}

/* ---- a process that stood still ---- */

static void test_writer_was_stopped(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.own_mute = d.s.peer_mute = d.s.witness_mute = true;
    d.s.now_us += MS(5000);
    d.s.o.gap_us = MS(5000);
    drive_tick(&d);
    assert_true(drive_fired(&d, 115) && drive_did(&d, ACTION_FENCE));
    assert_false(drive_did(&d, ACTION_RELEASE));
}

/* What was not heard while this process stood still is no silence. */
static void test_standby_was_stopped(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    d.s.peer_mute = true;
    d.s.o.own.bulletin[1].present = false;
    d.s.o.own.holder = (struct holder_view){0};
    d.lock_free[0] = true;
    drive_run(&d, 1500);
    assert_true(d.s.m.quiet_since_us != 0);
    d.s.now_us += MS(5000);
    d.s.o.gap_us = MS(5000);
    drive_tick(&d);
    expect(&d, NODE_STANDBY, 399);
    drive_run(&d, 2500);
    assert_int_equal(d.s.m.state, NODE_STANDBY);
    drive_until(&d, NODE_PROMOTE_VOTES, 1500);
}

/* ---- a new process ---- */

static void be_restarted(struct drive *d)
{
    memset(d, 0, sizeof(*d));
    scene_writer(&d->s, POLICY_TIE_WITNESS);
    mind_init(&d->s.m, d->s.now_us);
    for (int i = 0; i < OBS_VOTERS; i++) {
        quorum_lost(&d->s.q, i);
        d->s.q.votes[i].last_valid_us = 0;
        quorum_opened(&d->s.q, i, 200, d->s.now_us);
    }
    d->s.o.fencer.alive = TRI_UNKNOWN;
    d->s.o.fencer.acked_seq = d->s.o.fencer.sent_seq = 0;
    drive_begin(d);
}

static void fencer_speaks(struct drive *d, int64_t deadline_ms)
{
    struct scene *s = &d->s;
    s->o.fencer.alive = TRI_YES;
    s->o.fencer.inherited = deadline_ms > 0;
    s->o.fencer.deadline_us = deadline_ms > 0 ? s->now_us + MS(deadline_ms) : 0;
    s->m.epoch = deadline_ms > 0 ? OWN_EPOCH : 0;
    if (deadline_ms > 0)
        quorum_inherit(&s->q, 7, s->o.fencer.deadline_us);
}

static void test_restarted_child_resumes(void **state)
{
    struct drive d;
    (void)state;
    be_restarted(&d);
    drive_tick(&d);
    expect(&d, NODE_UNKNOWN, 225);
    fencer_speaks(&d, 1500);
    drive_until(&d, NODE_WRITER, 300);
    drive_expect_rows(&d, "resumed", ROWS(225, 210, 200, 599));
    assert_int_equal(d.s.m.epoch, OWN_EPOCH);
    assert_false(drive_did(&d, ACTION_FENCE));
}

/* Its predecessor ended between the enabling and the term's first row. */
static void test_restarted_child_writes_the_term(void **state)
{
    struct drive d;
    (void)state;
    be_restarted(&d);
    d.s.o.term_written = false;
    d.s.o.own.term_epoch = d.s.o.peer.term_epoch = OWN_EPOCH - 2;
    fencer_speaks(&d, 1500);
    drive_until(&d, NODE_WRITER, 300);
    drive_run(&d, 500);
    assert_true(drive_did(&d, ACTION_TERM));
    assert_int_equal(d.s.o.own.term_epoch, OWN_EPOCH);
}

static void test_restarted_child_finds_its_votes_taken(void **state)
{
    struct drive d;
    (void)state;
    be_restarted(&d);
    fencer_speaks(&d, 1500);
    d.lock_free[0] = false;
    drive_run(&d, 1000);
    expect(&d, NODE_UNKNOWN, 210);
    d.s.o.fencer.inherited = false;
    drive_tick(&d);
    assert_true(drive_fired(&d, 130) && drive_did(&d, ACTION_FENCE));
}

/* The other was made the writer and ended again, all within our last validity: what it wrote of its term
 * stands in the way of taking our votes again as if nothing had been. */
static void test_restarted_child_finds_a_later_term(void **state)
{
    struct drive d;
    (void)state;
    be_restarted(&d);
    fencer_speaks(&d, 1500);
    d.s.o.own.voter.promise[1 - d.s.p.self] =
        (struct note){.kind = NOTE_PROMISE, .node = 1 - d.s.p.self, .epoch = OWN_EPOCH + 1};
    drive_tick(&d);
    for (int i = 0; i < OBS_VOTERS; i++)
        assert_true(d.s.q.votes[i].last_valid_us == 0 && !d.s.q.votes[i].counted);
    drive_run(&d, 500);
    assert_false(drive_fired(&d, 200));
}

static void test_child_finds_a_writable_server(void **state)
{
    struct drive d;
    (void)state;
    be_restarted(&d);
    fencer_speaks(&d, 0);
    drive_tick(&d);
    assert_true(drive_fired(&d, 130) && drive_did(&d, ACTION_FENCE));
}

/* ---- coming back ---- */

static void be_back(struct drive *d, const char *own_state)
{
    memset(d, 0, sizeof(*d));
    scene_standby(&d->s, POLICY_TIE_WITNESS);
    mind_init(&d->s.m, d->s.now_us);
    drive_begin(d);
    d->lock_free[0] = d->lock_free[1] = d->lock_free[2] = false;
    d->s.o.own.replication.io = IO_NO;
    d->s.o.own.replication.sql = TRI_NO;
    d->s.o.own.binlog_state = scene_gtid(own_state);
}

static void test_return(void **state)
{
    static const struct {
        const char *name, *own_state;
        enum node_state state;
        int row;
        bool threads;
    } cases[] = {
        {"the same history", "0-1-5,0-2-10", NODE_STANDBY, 399, true},
        {"a contained history", "0-1-5,0-2-8", NODE_STANDBY, 399, true},
        {"a transaction that the writer lacks, and lacking its own", "0-1-6,0-2-8", NODE_QUARANTINED, 799,
         false},
        {"a transaction that the writer lacks", "0-1-12,0-2-10", NODE_QUARANTINED, 799, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct drive d;
        be_back(&d, cases[i].own_state);
        drive_run(&d, 3000);
        if (d.s.m.state != cases[i].state || d.s.out.row->id != cases[i].row ||
            drive_did(&d, ACTION_START_THREADS) != cases[i].threads)
            fail_msg("%s: '%s' by row %d", cases[i].name, node_state_name(d.s.m.state), d.s.out.row->id);
    }
}

static void test_quarantine_ends(void **state)
{
    struct drive d;
    (void)state;
    be_back(&d, "0-1-6,0-2-8");
    drive_until(&d, NODE_QUARANTINED, 3000);
    d.s.o.own.binlog_state = scene_gtid("0-1-5,0-2-8");
    drive_until(&d, NODE_STANDBY, 1000);
    drive_run(&d, 1000);
    assert_true(drive_did(&d, ACTION_START_THREADS));
}

/* A former writer that comes back from a cut finds another in its place, which did not receive its last
 * transaction; and may have written nothing itself yet. */
static void test_fenced_writer_returns(void **state)
{
    static const struct {
        const char *writer_state;
        int row;
    } cases[] = {{"0-1-10,0-2-12", 740}, {"0-1-10,0-2-5", 742}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct drive d;
        be_writer(&d, POLICY_TIE_WITNESS);
        d.s.o.own.binlog_state = scene_gtid("0-1-11,0-2-5");
        drive_run(&d, 300);
        d.s.peer_mute = d.s.witness_mute = true;
        d.lock_free[1] = d.lock_free[OBS_TIE] = false;
        drive_until(&d, NODE_FENCED, 3000);
        drive_run(&d, 100);
        d.s.peer_mute = d.s.witness_mute = false;
        d.s.o.peer.read_only = TRI_NO;
        d.s.o.peer.voter.promise[1].epoch = 6;
        d.s.o.own.bulletin[1].state = d.s.o.peer.bulletin[1].state = NODE_WRITER;
        d.s.o.peer.binlog_state = scene_gtid(cases[i].writer_state);
        drive_forget(&d);
        drive_run(&d, 3000);
        assert_int_equal(d.s.m.state, NODE_QUARANTINED);
        if (!drive_fired(&d, cases[i].row))
            fail_msg("row %d did not fire; row %d", cases[i].row, d.s.out.row->id);
        assert_false(drive_did(&d, ACTION_START_THREADS));
    }
}

/* A fence of a server that answers nothing ends in its death: the votes are given back in writing with that,
 * and nobody waits for them to lapse. They are not kept for a fence that is not proven. */
static void test_fenced_while_mute(void **state)
{
    static const struct {
        const char *name;
        bool dies;
        enum action does;
    } cases[] = {{"it dies", true, ACTION_CERTIFY}, {"it hangs", false, ACTION_DROP_VOTES}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct drive d;
        be_writer(&d, POLICY_TIE_WITNESS);
        d.answers &= ~ACTION_BIT(ACTION_FENCE);
        d.s.o.disk_full = TRI_YES;
        d.s.own_mute = true;
        d.s.o.own.seen_us = d.s.o.own.answered_us = d.s.now_us - MS(1500);
        drive_until(&d, NODE_FENCED, 100);
        drive_run(&d, 100);
        assert_true(drive_fired(&d, 747));
        assert_false(drive_did(&d, ACTION_DROP_VOTES));
        if (cases[i].dies)
            d.s.o.fencer.dead_us = d.s.now_us;
        drive_run(&d, 1200);
        if (!drive_did(&d, cases[i].does))
            fail_msg("%s: row %d", cases[i].name, d.s.out.row->id);
        assert_int_equal(d.s.o.peer.voter.certificate[0].epoch, cases[i].dies ? OWN_EPOCH : 0);
    }
}

/* A writer's server that died counted a transaction that waited for the disk, and recovery took it back: what
 * it said before its death accuses it of nothing. */
static void test_what_a_dead_server_counted(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.own.binlog_state = scene_gtid("0-1-11,0-2-5");
    drive_run(&d, 300);
    d.s.o.fencer.dead_us = d.s.now_us;
    d.s.own_mute = true;
    drive_until(&d, NODE_FENCED, 100);
    /* What the other must have to take over is still known: the VIP leaves at once. */
    assert_true(decide_peer_can_take_vip(&d.s.o, &d.s.out.facts));
    d.s.o.own.read_only = TRI_YES;
    d.s.o.own.binlog_state = scene_gtid("0-1-10,0-2-5");
    d.s.o.peer.read_only = TRI_NO;
    d.s.o.peer.voter.promise[1].epoch = 6;
    d.s.o.own.bulletin[1].state = d.s.o.peer.bulletin[1].state = NODE_WRITER;
    d.s.o.peer.binlog_state = scene_gtid("0-1-10,0-2-12");
    drive_run(&d, 500);
    d.s.own_mute = false;
    d.s.o.fencer.dead_us = 0;
    drive_forget(&d);
    drive_run(&d, 3000);
    assert_false(drive_fired(&d, 740) || drive_fired(&d, 742));
    assert_int_equal(d.s.m.state, NODE_STANDBY);
}

/* ---- refusals ---- */

static void no_boot_safe(struct drive *d)
{
    d->s.o.boot_safe = TRI_NO;
}

static void break_applier(struct drive *d)
{
    d->s.o.own.replication.sql = TRI_NO;
    d->s.o.own.replication.sql_errno = 1062;
}

static void full_disk(struct drive *d)
{
    d->s.o.disk_full = TRI_YES;
}

static void old_schema(struct drive *d)
{
    d->s.p.lossless = true;
    d->s.o.own.schema_version = 3;
}

static void boot_safe_unknown(struct drive *d)
{
    d->s.o.boot_safe = TRI_UNKNOWN;
}

static void no_dead_man(struct drive *d)
{
    d->s.o.own.dead_man = TRI_NO;
}

static void dead_man_unknown(struct drive *d)
{
    d->s.o.own.dead_man = TRI_UNKNOWN;
}

static void open_breaker(struct drive *d)
{
    d->s.o.failovers_in_window = 1;
}

static void maintain(struct drive *d)
{
    d->s.o.operator_.maintenance = true;
}

static void stale(struct drive *d)
{
    d->s.o.own.voter.certificate[1].epoch = d->s.o.own.voter.promise[1].epoch = 6;
    d->s.o.peer.voter.promise[1].epoch = 6;
}

static void known_loss(struct drive *d)
{
    d->s.m.ledger.writer_pos = scene_gtid("0-2-12");
    d->s.o.own.replication.master_pos -= 100; /* of the dead one's log */
    d->s.o.own.replication.io = IO_NO;
}

/* What a writer counted and never wrote is not missing: its log was received to the end. */
static void test_waited_for_the_disk(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    certify_peer(&d);
    d.s.m.ledger.writer_pos = scene_gtid("0-2-12");
    drive_until(&d, NODE_WRITER, 9000);
}

static void diverged(struct drive *d)
{
    d->s.m.own_before.set = scene_gtid("0-1-6,0-2-8");
}

static void test_refusals(void **state)
{
    static const struct {
        const char *name;
        void (*change)(struct drive *d);
        int row;
    } cases[] = {
        {"schema too old", old_schema, 321},
        {"may boot writable", no_boot_safe, 322},
        {"not known whether it boots read-only", boot_safe_unknown, 322},
        {"no room on its disk", full_disk, 323},
        {"applier stopped with an error", break_applier, 334},
        {"dead-man's switch off", no_dead_man, 325},
        {"dead-man's switch unknown", dead_man_unknown, 324},
        {"breaker open", open_breaker, 320},
        {"maintenance", maintain, 310},
        {"stale", stale, 326},
        {"known loss", known_loss, 328},
        {"diverged", diverged, 799},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct drive d;
        be_standby(&d, POLICY_TIE_WITNESS);
        certify_peer(&d);
        cases[i].change(&d);
        drive_tick(&d);
        if (d.s.out.row->id != cases[i].row)
            fail_msg("%s: row %d, expected %d", cases[i].name, d.s.out.row->id, cases[i].row);
        if (drive_did(&d, ACTION_TAKE_VOTES))
            fail_msg("%s: votes are asked for", cases[i].name);
    }
}

static void test_unseen(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    cut_peer(&d);
    d.s.m.ledger.writer_seen_us -= MS(5000);
    drive_run(&d, 4000);
    expect(&d, NODE_STANDBY, 330);
    d.s.o.operator_.accept_loss = true;
    d.s.o.operator_.want = WANT_HERE;
    drive_until(&d, NODE_WRITER, 9000);
    assert_int_equal(d.s.m.why, REASON_OPERATOR);
}

/* The link between the nodes is cut, the writer goes on with the witness, and dies later: what it wrote
 * meanwhile was not seen, and nobody is promoted by himself. */
static void test_unseen_while_the_witness_saw_it(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    cut_peer(&d);
    d.lock_free[OBS_TIE] = false;
    for (int i = 0; i < 20; i++) {
        d.s.q.votes[OBS_TIE].holder =
            (struct holder_view){.asked_us = d.s.now_us, .connection = 88, .idle = true, .idle_ms = 100};
        drive_run(&d, 500);
    }
    assert_false(d.s.m.state == NODE_WRITER);
    d.lock_free[OBS_TIE] = true;
    drive_run(&d, 20000);
    expect(&d, NODE_STANDBY, 330);
    d.s.o.operator_.accept_loss = true;
    d.s.o.operator_.want = WANT_HERE;
    drive_until(&d, NODE_WRITER, 9000);
}

/* A command does not wait for what failed before it, but for what fails under it. */
static void test_operator_does_not_wait(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    cut_peer(&d);
    d.lock_free[OBS_TIE] = false;
    drive_until(&d, NODE_PROMOTE_VOTES, 9000);
    drive_until(&d, NODE_STANDBY, 9300);
    drive_forget(&d);
    d.s.o.operator_.want = WANT_HERE;
    drive_tick(&d);
    assert_int_equal(d.s.m.state, NODE_PROMOTE_VOTES);
    d.s.o.fencer.alive = TRI_UNKNOWN;
    drive_tick(&d);
    expect(&d, NODE_STANDBY, 336);
}

static void test_breaker_does_not_stop_what_was_asked_for(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    d.s.o.failovers_in_window = 9;
    release_peer(&d, "0-2-10");
    drive_until(&d, NODE_WRITER, 100);
}

static void test_maintenance_keeps_the_writer(void **state)
{
    struct drive d;
    (void)state;
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.maintenance = true;
    d.s.o.operator_.want = WANT_AWAY;
    drive_run(&d, 10000);
    expect(&d, NODE_WRITER, 515);
    expect_action(&d, ACTION_ARM, true);
    expect_action(&d, ACTION_TAKE_VOTES, true);
    d.s.o.own.voter.promise[1].epoch = 6;
    drive_tick(&d);
    assert_true(drive_fired(&d, 110));
}

/* ---- stopping ---- */

static void test_stopping(void **state)
{
    struct drive d;
    (void)state;
    be_standby(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.stopping = true;
    drive_tick(&d);
    expect_action(&d, ACTION_EXIT, true);
    be_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.stopping = true;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
    assert_false(drive_did(&d, ACTION_EXIT));
    drive_run(&d, 500);
    assert_true(drive_did(&d, ACTION_EXIT));
    assert_int_equal(d.s.o.own.read_only, TRI_YES);
}

/* ---- the weight ---- */

static void test_weight(void **state)
{
    static const struct {
        const char *name;
        enum node_state state;
        enum tri own_up, peer_up, threads;
        bool fault;
        int weight;
    } cases[] = {
#define TRI_UNREADY ((enum tri)3) /* it answers, and could not take over */
        {"sole writer", NODE_WRITER, TRI_YES, TRI_NO, TRI_YES, false, 0},
        {"writer whose peer is unknown", NODE_WRITER, TRI_YES, TRI_UNKNOWN, TRI_YES, false, 0},
        {"writer of a pair", NODE_WRITER, TRI_YES, TRI_YES, TRI_YES, false, -1},
        {"writer whose peer answers but is not ready", NODE_WRITER, TRI_YES, TRI_UNREADY, TRI_YES, false, 0},
        {"giving the VIP away", NODE_DEMOTE_HANDOVER, TRI_YES, TRI_YES, TRI_YES, true, -254},
        {"ready standby", NODE_STANDBY, TRI_YES, TRI_YES, TRI_YES, false, -2},
        {"standby whose threads are stopped", NODE_STANDBY, TRI_YES, TRI_YES, TRI_NO, false, -20},
        {"standby whose threads are unknown", NODE_STANDBY, TRI_YES, TRI_YES, TRI_UNKNOWN, false, -20},
        {"standby without a peer", NODE_STANDBY, TRI_YES, TRI_NO, TRI_NO, false, -2},
        {"promoting, with its receiver stopped", NODE_PROMOTE_DRAIN, TRI_YES, TRI_YES, TRI_NO, false, -2},
        {"standby whose server is down", NODE_STANDBY, TRI_NO, TRI_YES, TRI_YES, false, -100},
        {"starting", NODE_UNKNOWN, TRI_YES, TRI_YES, TRI_YES, false, -100},
        {"fenced", NODE_FENCED, TRI_YES, TRI_YES, TRI_YES, false, -100},
        {"quarantined", NODE_QUARANTINED, TRI_YES, TRI_YES, TRI_YES, false, -100},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene s;
        struct facts f = {0};
        scene_standby(&s, POLICY_TIE_WITNESS);
        s.m.state = cases[i].state;
        f.value[FACT_OWN_UP] = cases[i].own_up;
        f.value[FACT_PEER_UP] = cases[i].peer_up == TRI_UNREADY ? TRI_YES : cases[i].peer_up;
        f.value[FACT_PEER_READY] = cases[i].peer_up == TRI_UNREADY ? TRI_NO : cases[i].peer_up;
        f.value[FACT_THREADS] = cases[i].threads;
        int weight = decide_weight(&s.p, &s.o, &s.m, &f, cases[i].fault);
        if (weight != cases[i].weight)
            fail_msg("%s: %d, expected %d", cases[i].name, weight, cases[i].weight);
    }
}

/* A supervisor that was started again leaves the weight until it knows something, or for `silent`. */
static void test_weight_is_kept_while_looking(void **state)
{
    struct scene s;
    (void)state;
    scene_writer(&s, POLICY_TIE_WITNESS);
    mind_init(&s.m, s.now_us);
    scene_advance(&s, 1000);
    assert_true(decide_keeps_weight(&s.p, &s.o, &s.m));
    scene_advance(&s, 1);
    assert_false(decide_keeps_weight(&s.p, &s.o, &s.m));
    s.o.fencer.inherited = true;
    assert_true(decide_keeps_weight(&s.p, &s.o, &s.m));
    s.m.state = NODE_STANDBY;
    assert_false(decide_keeps_weight(&s.p, &s.o, &s.m));
}

static void test_peer_can_take_vip(void **state)
{
    struct scene s;
    (void)state;
    scene_writer(&s, POLICY_TIE_WITNESS);
    struct facts f = scene_facts(&s);
    assert_true(decide_peer_can_take_vip(&s.o, &f));
    s.o.peer.replication.sql = TRI_NO;
    f = scene_facts(&s);
    assert_false(decide_peer_can_take_vip(&s.o, &f));
    s.o.peer.seen_us -= MS(2000);
    f = scene_facts(&s);
    assert_false(decide_peer_can_take_vip(&s.o, &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certified_death),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_handover_taken),
        cmocka_unit_test(test_handover_never_arrives),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_silence_seen_to_expire),
        cmocka_unit_test(test_cut_off_standby_gets_nowhere),
        cmocka_unit_test(test_witness_remembers_more),
        cmocka_unit_test(test_writer_again_after_another),
        cmocka_unit_test(test_epoch_needs_the_tables),
        cmocka_unit_test(test_majority_lost_on_the_way),
        cmocka_unit_test(test_superseded_on_the_way),
        cmocka_unit_test(test_offsets_put_right),
        cmocka_unit_test(test_promise_refused),
        cmocka_unit_test(test_loss_known_late),
        cmocka_unit_test(test_waited_for_the_disk),
        cmocka_unit_test(test_loss_accepted_late),
        cmocka_unit_test(test_row_had_gone),
        cmocka_unit_test(test_enabling_fails),
        cmocka_unit_test(test_reason_ends_with_its_promotion),
        cmocka_unit_test(test_enabling_unanswered),
        cmocka_unit_test(test_enabling_unanswered_without_fencer),
        cmocka_unit_test(test_boot_of_both),
        cmocka_unit_test(test_vacant_is_promoted_by_closing_the_other),
        cmocka_unit_test(test_handover),
        cmocka_unit_test(test_handover_waits_for_a_ready_peer),
        cmocka_unit_test(test_handover_that_cannot_close),
        cmocka_unit_test(test_opened_by_somebody_while_handing_over),
        cmocka_unit_test(test_authority_lost_while_closing),
        cmocka_unit_test(test_handover_undone),
        cmocka_unit_test(test_handover_used_in_the_last_moment),
        cmocka_unit_test(test_handover_to_a_host_that_dies),
        cmocka_unit_test(test_full_disk_fences),
        cmocka_unit_test(test_vip_asks_once),
        cmocka_unit_test(test_authority_lost),
        cmocka_unit_test(test_one_voter_lost_is_no_matter),
        cmocka_unit_test(test_later_vote_waits_as_any_other),
        cmocka_unit_test(test_voters_answer_too_slowly),
        cmocka_unit_test(test_superseded),
        cmocka_unit_test(test_fencer_gone),
        cmocka_unit_test(test_own_server_dies),
        cmocka_unit_test(test_made_read_only_by_somebody),
        cmocka_unit_test(test_made_writable_by_somebody),
        cmocka_unit_test(test_writer_was_stopped),
        cmocka_unit_test(test_standby_was_stopped),
        cmocka_unit_test(test_restarted_child_resumes),
        cmocka_unit_test(test_restarted_child_writes_the_term),
        cmocka_unit_test(test_restarted_child_finds_its_votes_taken),
        cmocka_unit_test(test_restarted_child_finds_a_later_term),
        cmocka_unit_test(test_child_finds_a_writable_server),
        cmocka_unit_test(test_return),
        cmocka_unit_test(test_quarantine_ends),
        cmocka_unit_test(test_fenced_writer_returns),
        cmocka_unit_test(test_what_a_dead_server_counted),
        cmocka_unit_test(test_fenced_while_mute),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_unseen_while_the_witness_saw_it),
        cmocka_unit_test(test_operator_does_not_wait),
        cmocka_unit_test(test_breaker_does_not_stop_what_was_asked_for),
        cmocka_unit_test(test_maintenance_keeps_the_writer),
        cmocka_unit_test(test_stopping),
        cmocka_unit_test(test_weight),
        cmocka_unit_test(test_weight_is_kept_while_looking),
        cmocka_unit_test(test_peer_can_take_vip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
