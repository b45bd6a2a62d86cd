/* Durability lossless: its facts, and the lives of a writer and a standby through the rows that rest on them.
 * After every tick model_driver.c looks for what may never be: enabling what would acknowledge alone, ceasing
 * to wait without the mark, clearing a mark too early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/durability.h"
#include "model_driver.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ROWS(...)    ((const int[]){__VA_ARGS__, 0})

/* ---- scenes ---- */

static void waiting_view(struct semi_sync_view *v, int clients)
{
    *v = (struct semi_sync_view){TRI_YES, TRI_YES, TRI_YES, clients, 0};
}

static void idle_view(struct semi_sync_view *v, int clients)
{
    *v = (struct semi_sync_view){TRI_NO, TRI_YES, TRI_NO, clients, 0};
}

static void writer(struct scene *s)
{
    scene_writer(s, POLICY_TIE_WITNESS);
    s->p.lossless = true;
    waiting_view(&s->o.own.semi_sync, 1);
    idle_view(&s->o.peer.semi_sync, 1);
    s->o.own.replication.semi_sync = s->o.peer.replication.semi_sync = TRI_YES;
    s->o.witness.voter.read_us = s->now_us;
}

static void standby(struct scene *s)
{
    scene_standby(s, POLICY_TIE_WITNESS);
    s->p.lossless = true;
    idle_view(&s->o.own.semi_sync, 1);
    waiting_view(&s->o.peer.semi_sync, 1);
    s->o.own.replication.semi_sync = s->o.peer.replication.semi_sync = TRI_YES;
    s->o.witness.voter.read_us = s->now_us;
}

/* All that the writer acknowledged in its term is here. */
static void in_step(struct scene *s)
{
    standby(s);
    s->m.step =
        (struct in_step){.life_us = s->o.own.probed_up_us, .acking_us = s->now_us, .epoch = PEER_EPOCH};
}

/* The writer is dead, with transactions in its log that nobody had received. */
static void certified(struct scene *s)
{
    in_step(s);
    struct note *row = scene_row(s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    snprintf(row->file, sizeof(row->file), "bin.000003");
    row->size = 1001;
    s->m.basis = *row;
    s->m.state = NODE_PROMOTE_DRAIN;
    s->o.own.replication.io = IO_NO;
}

static void mark(struct voter_rows *rows, int node, uint64_t epoch)
{
    rows->out_of_sync[node] = (struct note){.kind = NOTE_OUT_OF_SYNC, .node = node, .epoch = epoch};
}

static void mark_peer(struct scene *s, uint64_t here, uint64_t there)
{
    if (here)
        mark(&s->o.own.voter, 1, here);
    if (there)
        mark(&s->o.witness.voter, 1, there);
}

static void mark_self(struct scene *s, uint64_t at_peer, uint64_t at_witness)
{
    if (at_peer)
        mark(&s->o.peer.voter, 0, at_peer);
    if (at_witness)
        mark(&s->o.witness.voter, 0, at_witness);
}

static void peer_silent(struct scene *s, int64_t ms)
{
    s->o.peer.seen_us = s->o.voter_answer_us[1] = s->now_us - MS(ms);
    s->m.since_us = s->now_us - MS(60000);
}

static void caught_up(struct scene *s, const char *wanted, const char *received)
{
    s->m.acks_pos = scene_gtid(wanted);
    s->o.peer.replication.io_pos = s->o.peer.binlog_pos = scene_gtid(received);
    s->m.history = GTID_REL_EQUAL;
    s->m.history_us = s->now_us;
    s->m.history_closed = true;
}

/* ---- facts ---- */

/* clang-format off */
#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)

#define CASE(before, fact, value, name, ...) static void PASTE(change_, __LINE__)(struct scene *s) { (void)s; __VA_ARGS__; }
#include "lossless_cases.h"
#undef CASE

static const struct fact_case {
    const char *name;
    void (*scene)(struct scene *s);
    void (*change)(struct scene *s);
    enum fact fact;
    unsigned value;
} cases[] = {
#define CASE(before, fact, value, name, ...) {name, before, PASTE(change_, __LINE__), FACT_##fact, value},
#include "lossless_cases.h"
#undef CASE
};
/* clang-format on */

static void test_facts(void **state)
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

/* ---- in step: seen by a standby, sample by sample ---- */

static void see(struct scene *s, const char *own, const char *theirs)
{
    s->now_us += MS(250);
    s->o.own.replication.io_pos = s->o.own.slave_pos = s->o.own.binlog_pos = scene_gtid(own);
    s->o.peer.binlog_pos = scene_gtid(theirs);
    scene_refresh(s);
    durability_remember(&s->p, &s->o, &s->m);
}

static bool is_in_step(const struct scene *s)
{
    return durability_covered(&s->p, &s->o, &s->m);
}

static void test_step_is_proven(void **state)
{
    struct scene s;
    (void)state;
    standby(&s);
    see(&s, "0-2-10", "0-2-11"); /* acknowledging */
    assert_false(is_in_step(&s));
    see(&s, "0-2-11", "0-2-15"); /* the writer's position, read after that */
    assert_false(is_in_step(&s));
    see(&s, "0-2-14", "0-2-20");
    assert_false(is_in_step(&s));
    see(&s, "0-2-15", "0-2-90"); /* received: however far the writer has come meanwhile */
    assert_true(is_in_step(&s));
}

static void prove(struct scene *s)
{
    standby(s);
    for (int i = 0; i < 4; i++)
        see(s, "0-2-10", "0-2-10");
    assert_true(is_in_step(s));
}

static void dies(struct scene *s)
{
    s->o.fencer.dead_us = s->now_us;
}

static void is_another(struct scene *s)
{
    s->o.own.probed_up_us = s->now_us;
}

static void loses_relay_log(struct scene *s)
{
    s->o.own.replication.io = IO_NO;
    s->o.own.replication.sql = TRI_NO;
}

static void new_term(struct scene *s)
{
    s->o.own.voter.promise[1].epoch = 6;
}

static void is_marked(struct scene *s)
{
    mark_self(s, 4, 0);
}

static void test_step_is_lost(void **state)
{
    static const struct {
        const char *name;
        void (*change)(struct scene *s);
    } changes[] = {{"the own server died", dies},
                   {"another server answers", is_another},
                   {"both threads were stopped", loses_relay_log},
                   {"a new term began", new_term},
                   {"this node was marked", is_marked}};
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct scene s;
        prove(&s);
        changes[i].change(&s);
        durability_remember(&s.p, &s.o, &s.m);
        if (is_in_step(&s))
            fail_msg("still in step although %s", changes[i].name);
    }
}

static void test_receiver_that_begins_again_further_back(void **state)
{
    struct scene s;
    (void)state;
    prove(&s);
    s.o.own.replication.io_pos = scene_gtid("0-2-9");
    durability_remember(&s.p, &s.o, &s.m);
    assert_false(is_in_step(&s));
}

/* The network between the servers is cut: what was acknowledged until then stays in the relay log. */
static void test_a_cut_changes_nothing(void **state)
{
    struct scene s;
    (void)state;
    prove(&s);
    s.o.own.replication.io = IO_CONNECTING;
    s.o.own.replication.semi_sync = TRI_NO;
    s.peer_mute = true;
    for (int i = 0; i < 20; i++)
        see(&s, "0-2-10", "0-2-10");
    assert_true(is_in_step(&s));
}

/* The position that the other must have is of a sample that was asked for after commits were seen to wait:
 * what was acknowledged alone before that is in it. */
static void test_position_is_read_after_commits_wait(void **state)
{
    struct scene s;
    (void)state;
    writer(&s);
    durability_remember(&s.p, &s.o, &s.m);
    assert_false(s.m.acks_pos.known);
    durability_remember(&s.p, &s.o, &s.m);
    assert_false(s.m.acks_pos.known);
    see(&s, "0-1-12", "0-1-12");
    assert_true(s.m.acks_pos.known);
    assert_int_equal(s.m.acks_pos.at[0].seq, 12);
    see(&s, "0-1-20", "0-1-12");
    assert_int_equal(s.m.acks_pos.at[0].seq, 12);
    s.o.own.semi_sync.enabled = TRI_NO;
    durability_remember(&s.p, &s.o, &s.m);
    assert_false(s.m.acks_pos.known);
}

/* ---- lives ---- */

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
    begin(&d, writer);
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
    begin(&d, writer);
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
    begin(&d, writer);
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
    begin(&d, writer);
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
    begin(&d, writer);
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
    begin(&d, writer);
    d.answers &= ~ACTION_BIT(ACTION_MARK);
    scene_peer_gone(&d.s);
    mark_peer(&d.s, OWN_EPOCH, 0);
    drive_run(&d, 10000);
    expect(&d, NODE_WRITER, 501);
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_REQUIRED);
}

static void test_semi_sync_turned_off_by_hand(void **state)
{
    struct drive d;
    (void)state;
    begin(&d, writer);
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
    begin(&d, writer);
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
    begin(d, standby);
    d->lock_free[0] = d->lock_free[1] = d->lock_free[OBS_TIE] = false;
    assert_true(is_in_step(&d->s));
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
    mark(&d.witness, 0, PEER_EPOCH);
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
    begin(&d, standby);
    waiting_view(&d.s.o.own.semi_sync, 1);
    d.s.o.own.replication.semi_sync = TRI_NO;
    drive_run(&d, 1000);
    drive_expect_rows(&d, "standby", ROWS(352, 353, 399));
    assert_int_equal(durability_acks(&d.s.o.own), ACKS_OFF);
    assert_int_equal(d.s.o.own.replication.semi_sync, TRI_YES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_step_is_proven),
        cmocka_unit_test(test_step_is_lost),
        cmocka_unit_test(test_receiver_that_begins_again_further_back),
        cmocka_unit_test(test_a_cut_changes_nothing),
        cmocka_unit_test(test_position_is_read_after_commits_wait),
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
