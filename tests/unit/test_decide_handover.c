/* A writer gives its role away: to whom, when it is taken back, and when it does not go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "life.h"

#define ROWS(...) ((const int[]){__VA_ARGS__, 0})

static void test_handover(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.want = WANT_AWAY;
    drive_tick(&d);
    life_expect(&d, NODE_DEMOTE_CLOSE, 609);
    life_expect_action(&d, ACTION_CLOSE_OWN, true);
    life_expect_action(&d, ACTION_ARM, true);
    life_expect_action(&d, ACTION_RELEASE, false);
    drive_until(&d, NODE_DEMOTE_HANDOVER, 10);
    life_expect_action(&d, ACTION_RELEASE, true);
    life_expect_action(&d, ACTION_DISARM, true);
    life_expect_action(&d, ACTION_WEIGHT_FAULT, true);
    assert_int_equal(d.s.o.peer.voter.release[0].epoch, OWN_EPOCH);
    d.s.o.peer.read_only = TRI_NO;
    drive_until(&d, NODE_STANDBY, 300);
    drive_expect_rows(&d, "handover", ROWS(520, 609, 600, 639, 615, 399));
}

static void test_handover_waits_for_a_ready_peer(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.peer.replication.io = IO_CONNECTING;
    d.s.o.operator_.want = WANT_AWAY;
    drive_run(&d, 5000);
    life_expect(&d, NODE_WRITER, 599);
    d.s.o.peer.replication.io = IO_YES;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
}

static void test_handover_that_cannot_close(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
    d.answers &= ~ACTION_BIT(ACTION_CLOSE_OWN);
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_FENCED, 1500);
    assert_true(drive_fired(&d, 605) && drive_did(&d, ACTION_FENCE));
}

static void test_opened_by_somebody_while_handing_over(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
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
    life_writer(&d, POLICY_TIE_WITNESS);
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
    life_writer(&d, POLICY_TIE_WITNESS);
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
    life_writer(&d, POLICY_TIE_WITNESS);
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
    life_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
    life_cut_peer(&d);
    drive_until(&d, NODE_WRITER, 20000);
    assert_int_equal(d.s.m.epoch, OWN_EPOCH + 2);
}

static void test_vip_asks_once(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
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

static void test_stopping(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.stopping = true;
    drive_tick(&d);
    life_expect_action(&d, ACTION_EXIT, true);
    life_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.stopping = true;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
    assert_false(drive_did(&d, ACTION_EXIT));
    drive_run(&d, 500);
    assert_true(drive_did(&d, ACTION_EXIT));
    assert_int_equal(d.s.o.own.read_only, TRI_YES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handover),
        cmocka_unit_test(test_handover_waits_for_a_ready_peer),
        cmocka_unit_test(test_handover_that_cannot_close),
        cmocka_unit_test(test_opened_by_somebody_while_handing_over),
        cmocka_unit_test(test_authority_lost_while_closing),
        cmocka_unit_test(test_handover_undone),
        cmocka_unit_test(test_handover_used_in_the_last_moment),
        cmocka_unit_test(test_handover_to_a_host_that_dies),
        cmocka_unit_test(test_vip_asks_once),
        cmocka_unit_test(test_stopping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
