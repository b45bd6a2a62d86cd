/* A promotion that has begun and ends otherwise: what is lost on the way, refused, or never answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "life.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void test_majority_lost_on_the_way(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
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
        life_standby(&d, POLICY_TIE_WITNESS);
        life_cut_peer(&d);
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

static void test_promise_refused(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
    d.answers &= ~ACTION_BIT(ACTION_PROMISE);
    drive_until(&d, NODE_PROMOTE_PROMISE, 50);
    ledger_saw_writer(&d.s.m.ledger, 1, PEER_EPOCH, &seen, d.s.now_us - MS(40));
    d.s.o.own.replication.master_pos -= 100; /* the dead one's log goes on */
    d.answers = ~UINT64_C(0);
    drive_until(&d, NODE_FENCED, 10);
    assert_true(drive_fired(&d, 447));
    assert_false(drive_did(&d, ACTION_ENABLE));
    drive_run(&d, 20000);
    life_expect(&d, NODE_STANDBY, 328);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_release_peer(&d, "0-2-10");
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
        life_standby(&d, POLICY_TIE_WITNESS);
        life_certify_peer(&d);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_release_peer(&d, "0-2-10");
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
    d.answers &= ~(ACTION_BIT(ACTION_ENABLE) | ACTION_BIT(ACTION_FENCE));
    drive_until(&d, NODE_PROMOTE_ENABLE, 100);
    d.s.o.enabling_unanswered = true;
    drive_until(&d, NODE_FENCED, 3100);
    drive_run(&d, 500);
    life_expect(&d, NODE_FENCED, 725);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
    d.answers &= ~(ACTION_BIT(ACTION_ENABLE) | ACTION_BIT(ACTION_CLOSE_OWN));
    drive_until(&d, NODE_PROMOTE_ENABLE, 100);
    d.s.o.enabling_unanswered = true;
    d.s.o.fencer.alive = TRI_NO;
    drive_until(&d, NODE_FENCED, 10);
    assert_true(drive_fired(&d, 105));
    drive_run(&d, 500);
    life_expect(&d, NODE_FENCED, 722);
    life_expect_action(&d, ACTION_CLOSE_OWN, true);
    assert_false(drive_did(&d, ACTION_RELEASE) || drive_did(&d, ACTION_EXIT));
    d.s.o.enabling_unanswered = false;
    drive_run(&d, 500);
    assert_true(drive_fired(&d, 705) && drive_did(&d, ACTION_RELEASE) && drive_did(&d, ACTION_EXIT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_majority_lost_on_the_way),
        cmocka_unit_test(test_superseded_on_the_way),
        cmocka_unit_test(test_promise_refused),
        cmocka_unit_test(test_loss_known_late),
        cmocka_unit_test(test_loss_accepted_late),
        cmocka_unit_test(test_row_had_gone),
        cmocka_unit_test(test_enabling_fails),
        cmocka_unit_test(test_reason_ends_with_its_promotion),
        cmocka_unit_test(test_enabling_unanswered),
        cmocka_unit_test(test_enabling_unanswered_without_fencer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
