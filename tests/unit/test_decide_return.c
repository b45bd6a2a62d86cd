/* A new process, and a server that comes back: what they go on with, and what is quarantined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "life.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ROWS(...)    ((const int[]){__VA_ARGS__, 0})

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
    life_expect(&d, NODE_UNKNOWN, 225);
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
    life_expect(&d, NODE_UNKNOWN, 210);
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
        life_writer(&d, POLICY_TIE_WITNESS);
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

/* A writer's server that died counted a transaction that waited for the disk, and recovery took it back: what
 * it said before its death accuses it of nothing. */
static void test_what_a_dead_server_counted(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restarted_child_resumes),
        cmocka_unit_test(test_restarted_child_writes_the_term),
        cmocka_unit_test(test_restarted_child_finds_its_votes_taken),
        cmocka_unit_test(test_restarted_child_finds_a_later_term),
        cmocka_unit_test(test_child_finds_a_writable_server),
        cmocka_unit_test(test_return),
        cmocka_unit_test(test_quarantine_ends),
        cmocka_unit_test(test_fenced_writer_returns),
        cmocka_unit_test(test_what_a_dead_server_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
