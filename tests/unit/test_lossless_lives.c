/* Durability lossless: the lives of a writer and a standby through the rows that rest on its facts. After
 * every tick model_driver.c looks for what may never be: enabling what would acknowledge alone, ceasing to
 * wait without the mark, clearing a mark too early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lossless_scenes.h"
#include "model/durability.h"
#include "model_driver.h"

#define ROWS(...) ((const int[]){__VA_ARGS__, 0})

static void begin(struct drive *d, void (*scene)(struct scene *s))
{
    memset(d, 0, sizeof(*d));
    scene(&d->s);
    drive_begin(d);
    drive_run(d, 3000);
    drive_forget(d);
}

static void expect(const struct drive *d, enum node_state state, int row)
{
    if (d->s.m.state != state || d->s.out.row->id != row)
        fail_msg("'%s' by row %d, expected '%s' by row %d", node_state_name(d->s.m.state), d->s.out.row->id,
                 node_state_name(state), row);
}

static void test_standby_goes_and_returns(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, scene_lossless_writer);
    expect(&d, NODE_WRITER, 599);
    scene_peer_gone(&d.s);
    drive_run(&d, 900);
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_REQUIRED);
    drive_run(&d, 1500);
    expect(&d, NODE_WRITER, 599);
    drive_expect_rows(&d, "the standby goes", ROWS(599, 501, 502, 599));
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_OFF);
    assert_int_equal(d.witness.out_of_sync[1].epoch, OWN_EPOCH);
    assert_int_equal(d.s.o.own.voter.out_of_sync[1].epoch, OWN_EPOCH);
    drive_forget(&d);
    d.s.peer_mute = false;
    d.s.o.own.bulletin[1].present = true;
    quorum_opened(&d.s.q, 1, 101, d.s.now_us);
    drive_run(&d, 2000);
    drive_expect_rows(&d, "the standby returns", ROWS(504, 599, 505, 599));
    assert_int_equal(d.witness.out_of_sync[1].kind, NOTE_NONE);
    assert_int_equal(d.s.o.own.voter.out_of_sync[1].kind, NOTE_NONE);
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_REQUIRED);
}

/* Its receiver acknowledges what can never be applied there. */
static void test_old_writer_stays_marked(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, scene_lossless_writer);
    scene_peer_gone(&d.s);
    drive_run(&d, 2400);
    assert_int_equal(d.witness.out_of_sync[1].epoch, OWN_EPOCH);
    drive_forget(&d);
    d.s.peer_mute = false;
    d.s.o.own.bulletin[1].present = true;
    d.s.o.own.binlog_state = scene_gtid("0-1-12,0-2-10");
    d.s.o.peer.binlog_state = scene_gtid("0-1-9,0-2-13");
    quorum_opened(&d.s.q, 1, 101, d.s.now_us);
    drive_run(&d, 5000);
    assert_false(drive_fired(&d, 505));
    assert_int_equal(d.witness.out_of_sync[1].epoch, OWN_EPOCH);
    d.s.o.peer.binlog_state = d.s.o.own.binlog_state;
    d.s.o.peer.read_only = TRI_NO;
    drive_run(&d, 2000);
    assert_false(drive_fired(&d, 505));
    /* Its last commit and its fence come between two samples: the one before says that all is contained. */
    d.s.o.peer.binlog_state = scene_gtid("0-1-9,0-2-13");
    d.s.o.peer.read_only = TRI_YES;
    drive_run(&d, 2000);
    assert_false(drive_fired(&d, 505));
    d.s.o.peer.binlog_state = d.s.o.own.binlog_state;
    drive_run(&d, 2000);
    assert_true(drive_fired(&d, 505));
}

/* Its server answers and does not acknowledge: commits wait, whatever that costs. */
static void test_deaf_standby_is_waited_for(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, scene_lossless_writer);
    d.s.o.peer.replication.io = IO_NO;
    d.s.o.own.semi_sync.clients = 0;
    drive_run(&d, 60000);
    expect(&d, NODE_WRITER, 599);
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_REQUIRED);
    assert_false(drive_did(&d, ACTION_MARK));
}

/* It received what it will not acknowledge any more: the mark lets the waiting commits go, and goes itself.
 */
static void test_stuck_commits_are_let_go(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, scene_lossless_writer);
    d.s.o.own.semi_sync.waiting = 2;
    drive_run(&d, 900);
    assert_false(drive_did(&d, ACTION_MARK));
    for (int i = 0; i < 8 && !drive_fired(&d, 507); i++)
        drive_run(&d, 250);
    d.s.o.own.semi_sync.waiting = 0;
    drive_run(&d, 3000);
    drive_expect_rows(&d, "stuck", ROWS(599, 506, 507, 504, 599, 505, 599));
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_REQUIRED);
    assert_int_equal(d.witness.out_of_sync[1].kind, NOTE_NONE);
}

static void write_one(struct drive *d, int number)
{
    char pos[16];
    snprintf(pos, sizeof(pos), "0-1-%d", number);
    d->s.o.own.binlog_pos = d->s.o.peer.binlog_pos = d->s.o.peer.replication.io_pos = scene_gtid(pos);
}

/* Under load some commit waits in every sample, but each time another. */
static void test_load_is_not_stuck(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, scene_lossless_writer);
    d.s.o.own.semi_sync.waiting = 4;
    for (int i = 0; i < 40; i++) {
        write_one(&d, 100 + i);
        drive_run(&d, 250);
    }
    assert_false(drive_did(&d, ACTION_MARK));
}

static void test_the_witness_must_have_the_mark(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, scene_lossless_writer);
    d.answers &= ~ACTION_BIT(ACTION_MARK);
    scene_peer_gone(&d.s);
    scene_mark(&d.s.o.own.voter, 1, OWN_EPOCH);
    drive_run(&d, 10000);
    expect(&d, NODE_WRITER, 501);
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_REQUIRED);
}

static void test_semi_sync_turned_off_by_hand(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, scene_lossless_writer);
    d.s.o.own.semi_sync.enabled = TRI_NO;
    drive_run(&d, 1000);
    drive_expect_rows(&d, "turned off by hand", ROWS(503, 599));
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_REQUIRED);
}

static void new_connection(struct drive *d, enum tri read_only)
{
    d->s.o.own.probed_up_us = d->s.now_us;
    d->s.o.own.read_only = read_only;
}

/* Its death was not told, for this process stood still. Who closes the server it has changes nothing. */
static void test_restarted_in_its_term(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, scene_lossless_writer);
    d.s.o.own.read_only = TRI_YES;
    drive_run(&d, 100);
    drive_expect_rows(&d, "closed by somebody", ROWS(500, 456, 450, 599));
    drive_forget(&d);
    new_connection(&d, TRI_NO);
    drive_run(&d, 1000);
    d.s.o.own.read_only = TRI_YES;
    drive_run(&d, 1000);
    drive_expect_rows(&d, "its session was killed, a while ago", ROWS(599, 500, 456, 450, 599));
    drive_forget(&d);
    new_connection(&d, TRI_YES);
    drive_tick(&d);
    expect(&d, NODE_FENCED, 720);
    assert_true(drive_fired(&d, 103) && !drive_did(&d, ACTION_ENABLE));
}

static void certify_peer(struct drive *d)
{
    struct scene *s = &d->s;
    struct note *row = scene_row(s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    snprintf(row->file, sizeof(row->file), "bin.000003");
    row->size = 1001;
    d->witness.certificate[1] = *row;
    s->peer_mute = true;
    s->o.own.replication.io = IO_CONNECTING;
    s->o.own.bulletin[1].state = NODE_FENCED;
    d->lock_free[0] = d->lock_free[OBS_TIE] = true;
}

static void begin_standby(struct drive *d)
{
    begin(d, scene_lossless_standby);
    d->lock_free[0] = d->lock_free[1] = d->lock_free[OBS_TIE] = false;
    assert_true(durability_covered(&d->s.p, &d->s.o, &d->s.m));
}

/* The dead writer is marked before this node acknowledges anything alone. */
static void test_certified_death(void **state)
{
    struct drive d;
    (void)state;
    begin_standby(&d);
    certify_peer(&d);
    drive_until(&d, NODE_WRITER, 100);
    drive_run(&d, 10);
    drive_expect_rows(&d, "certified death",
                      ROWS(340, 419, 410, 429, 425, 430, 432, 449, 448, 458, 455, 456, 450, 599));
    assert_int_equal(d.witness.out_of_sync[1].epoch, 5);
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_OFF);
}

/* What the first attempt used up, the certificate and being in step, had proven that nothing is missing. */
static void test_last_step_fails(void **state)
{
    struct drive d;
    (void)state;
    begin_standby(&d);
    certify_peer(&d);
    d.answers &= ~ACTION_BIT(ACTION_ENABLE);
    drive_until(&d, NODE_FENCED, 3200);
    assert_true(drive_fired(&d, 452));
    d.answers |= ACTION_BIT(ACTION_ENABLE);
    drive_until(&d, NODE_WRITER, 30000);
}

static void hand_over(struct drive *d)
{
    struct scene *s = &d->s;
    struct note row = *scene_row(s, NOTE_RELEASE, PEER_EPOCH, "0-2-10");
    d->witness.release[1] = s->o.peer.voter.release[1] = row;
    s->o.peer.read_only = TRI_YES;
    s->o.own.bulletin[1].state = s->o.peer.bulletin[1].state = NODE_DEMOTE_HANDOVER;
    d->lock_free[0] = d->lock_free[1] = d->lock_free[OBS_TIE] = true;
}

/* After a handover the other acknowledges at once: nobody is marked. */
static void test_handover(void **state)
{
    struct drive d;
    (void)state;
    begin_standby(&d);
    hand_over(&d);
    drive_until(&d, NODE_WRITER, 100);
    assert_true(drive_fired(&d, 457) && drive_fired(&d, 455) && !drive_did(&d, ACTION_MARK));
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_REQUIRED);
}

/* Whether the other is marked is not known, and does not matter: it acknowledges. */
static void test_handover_without_witness(void **state)
{
    struct drive d;
    (void)state;
    begin_standby(&d);
    hand_over(&d);
    drive_until(&d, NODE_PROMOTE_ENABLE, 100);
    for (int i = 0; i < 50 && d.s.m.state == NODE_PROMOTE_ENABLE; i++) {
        d.s.o.witness.voter.read_us = 0;
        drive_run(&d, 10);
    }
    assert_int_equal(d.s.m.state, NODE_WRITER);
    assert_false(drive_did(&d, ACTION_MARK));
}

/* The term's row waits for an acknowledgement that does not come: the mark lets it go. */
static void test_term_is_not_acknowledged(void **state)
{
    struct drive d;
    (void)state;
    begin_standby(&d);
    hand_over(&d);
    d.answers &= ~ACTION_BIT(ACTION_TERM);
    for (int i = 0; i < 200 && !drive_fired(&d, 455); i++)
        drive_run(&d, 10);
    assert_true(drive_fired(&d, 455) && !drive_did(&d, ACTION_MARK));
    d.s.o.own.semi_sync.clients = 0;
    drive_run(&d, 300);
    assert_true(drive_fired(&d, 453) && drive_fired(&d, 451) && !drive_did(&d, ACTION_ENABLE));
    assert_int_equal(d.witness.out_of_sync[1].kind, NOTE_OUT_OF_SYNC);
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_OFF);
    d.answers |= ACTION_BIT(ACTION_TERM);
    drive_until(&d, NODE_WRITER, 500);
}

static void test_marked_is_not_promoted(void **state)
{
    struct drive d;
    (void)state;
    begin_standby(&d);
    scene_mark(&d.witness, 0, PEER_EPOCH);
    certify_peer(&d); /* the table at the witness was read before: it is read when the vote is taken there */
    drive_run(&d, 20000);
    assert_int_equal(d.s.m.state, NODE_STANDBY);
    assert_true(drive_fired(&d, 409) && !drive_did(&d, ACTION_ENABLE));
    d.s.o.operator_.want = WANT_HERE;
    drive_run(&d, 20000);
    assert_int_equal(d.s.m.state, NODE_STANDBY);
    d.s.o.operator_.accept_loss = true;
    drive_until(&d, NODE_WRITER, 20000);
}

/* A former writer's master side would stall its own applier. */
static void test_standby_does_not_wait(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, scene_lossless_standby);
    scene_semi_sync_waiting(&d.s.o.own.semi_sync, 1);
    d.s.o.own.replication.semi_sync = TRI_NO;
    drive_run(&d, 1000);
    drive_expect_rows(&d, "standby", ROWS(352, 353, 399));
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_OFF);
    assert_int_equal(d.s.o.own.replication.semi_sync, TRI_YES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standby_goes_and_returns),
        cmocka_unit_test(test_old_writer_stays_marked),
        cmocka_unit_test(test_deaf_standby_is_waited_for),
        cmocka_unit_test(test_stuck_commits_are_let_go),
        cmocka_unit_test(test_load_is_not_stuck),
        cmocka_unit_test(test_the_witness_must_have_the_mark),
        cmocka_unit_test(test_semi_sync_turned_off_by_hand),
        cmocka_unit_test(test_restarted_in_its_term),
        cmocka_unit_test(test_certified_death),
        cmocka_unit_test(test_last_step_fails),
        cmocka_unit_test(test_handover),
        cmocka_unit_test(test_handover_without_witness),
        cmocka_unit_test(test_term_is_not_acknowledged),
        cmocka_unit_test(test_marked_is_not_promoted),
        cmocka_unit_test(test_standby_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
