/* What ends a writer's authority, and what is no matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "life.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Also where the own server's probe hangs, for a question needs room too. */
static void test_full_disk_fences(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.peer.replication.io = IO_CONNECTING;
    d.s.o.disk_full = TRI_YES;
    drive_run(&d, 5000);
    life_expect(&d, NODE_WRITER, 599);
    d.s.o.peer.replication.io = IO_YES;
    drive_until(&d, NODE_FENCED, 300);
    assert_true(drive_fired(&d, 522));
}

static void test_authority_lost(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
    int64_t proven = d.s.now_us;
    d.s.peer_mute = d.s.witness_mute = true;
    d.answers &= ~ACTION_BIT(ACTION_TAKE_VOTES);
    drive_until(&d, NODE_FENCED, 3000);
    if (d.s.now_us > proven + MS(2997 - 1050) + 1)
        fail_msg("fenced %lld us after the last proof", (long long)(d.s.now_us - proven));
    assert_true(drive_fired(&d, 115) && drive_did(&d, ACTION_FENCE) && drive_did(&d, ACTION_ALERT));
    /* The tick went on to another row, which alerts nobody. */
    assert_int_not_equal(d.s.out.row->id, 115);
    assert_int_equal(decide_row_of(&d.s.out, ACTION_ALERT)->id, 115);
    assert_int_equal(decide_row_of(&d.s.out, ACTION_FENCE)->id, 115);
}

static void test_one_voter_lost_is_no_matter(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
    d.s.peer_mute = true;
    drive_run(&d, 20000);
    life_expect(&d, NODE_WRITER, 599);
}

/* What closed the peer for this term's promotion says nothing about a vote that is taken later. */
static void test_later_vote_waits_as_any_other(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
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
    life_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.voter_round_trip_us[1] = d.s.o.voter_round_trip_us[OBS_TIE] = MS(600);
    drive_run(&d, 500);
    life_expect(&d, NODE_WRITER, 599);
    d.answers &= ~ACTION_BIT(ACTION_PREPARE);
    d.s.o.fencer.write_lock = TRI_NO;
    drive_tick(&d);
    assert_true(drive_fired(&d, 118) && drive_did(&d, ACTION_FENCE));
    drive_forget(&d);
    d.s.o.operator_.want = WANT_HERE;
    drive_run(&d, 6000);
    life_expect(&d, NODE_STANDBY, 333);
    d.s.o.voter_round_trip_us[OBS_TIE] = MS(1);
    drive_until(&d, NODE_PROMOTE_VOTES, 300);
}

static void test_superseded(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.own.voter.promise[1].epoch = 6;
    drive_tick(&d);
    assert_true(drive_fired(&d, 110) && drive_did(&d, ACTION_FENCE));
}

static void test_fencer_gone(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
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
        life_writer(&d, POLICY_TIE_WITNESS);
        d.s.o.fencer.dead_us = d.s.now_us;
        d.s.own_mute = true;
        d.s.o.boot_safe = cases[i].boot_safe;
        drive_run(&d, 500);
        if (d.s.m.state != NODE_FENCED || !drive_fired(&d, cases[i].row) ||
            drive_did(&d, ACTION_CERTIFY) != cases[i].certified)
            fail_msg("%s: '%s' by row %d", cases[i].name, node_state_name(d.s.m.state), d.s.out.row->id);
        assert_int_equal(d.s.o.peer.voter.certificate[0].epoch, cases[i].certified ? OWN_EPOCH : 0);
        drive_forget(&d);
        d.s.o.operator_.stopping = true;
        drive_run(&d, 500);
        assert_true(drive_did(&d, ACTION_EXIT));
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
        life_writer(&d, POLICY_TIE_WITNESS);
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

static void test_made_read_only_by_somebody(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    d.s.o.own.read_only = TRI_NO;
    drive_tick(&d);
    assert_true(drive_fired(&d, 132) && drive_did(&d, ACTION_FENCE));
    drive_run(&d, 5000);
    assert_int_equal(d.s.m.state, NODE_STANDBY);
}

static void test_offsets_put_right(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
    d.answers &= ~ACTION_BIT(ACTION_OFFSETS);
    d.s.o.own.auto_increment_increment = 1;
    drive_run(&d, 500);
    life_expect(&d, NODE_WRITER, 545);
    life_expect_action(&d, ACTION_OFFSETS, true);
}

static void test_writer_was_stopped(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    d.s.peer_mute = true;
    d.s.o.own.bulletin[1].present = false;
    d.s.o.own.holder = (struct holder_view){0};
    d.lock_free[0] = true;
    drive_run(&d, 1500);
    assert_true(d.s.m.quiet_since_us != 0);
    d.s.now_us += MS(5000);
    d.s.o.gap_us = MS(5000);
    drive_tick(&d);
    life_expect(&d, NODE_STANDBY, 399);
    drive_run(&d, 2500);
    assert_int_equal(d.s.m.state, NODE_STANDBY);
    drive_until(&d, NODE_PROMOTE_VOTES, 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_disk_fences),
        cmocka_unit_test(test_authority_lost),
        cmocka_unit_test(test_one_voter_lost_is_no_matter),
        cmocka_unit_test(test_later_vote_waits_as_any_other),
        cmocka_unit_test(test_voters_answer_too_slowly),
        cmocka_unit_test(test_superseded),
        cmocka_unit_test(test_fencer_gone),
        cmocka_unit_test(test_own_server_dies),
        cmocka_unit_test(test_fenced_while_mute),
        cmocka_unit_test(test_made_read_only_by_somebody),
        cmocka_unit_test(test_made_writable_by_somebody),
        cmocka_unit_test(test_offsets_put_right),
        cmocka_unit_test(test_writer_was_stopped),
        cmocka_unit_test(test_standby_was_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
