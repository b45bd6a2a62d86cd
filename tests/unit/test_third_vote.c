/* Tie-breaker `writer`: whose the durable third vote is, and that two nodes never both take it for theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "life.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- one look ---- */

static void own_row(struct scene *s, struct voter_rows *table, enum note_kind kind, uint64_t epoch)
{
    struct note row = {.kind = kind, .node = s->p.self, .epoch = epoch};
    if (kind == NOTE_RELEASE)
        table->release[s->p.self] = row;
    else
        table->certificate[s->p.self] = row;
}

/* A node that just started; the last term, OWN_EPOCH, was its own. */
static void was_writer(struct scene *s)
{
    scene_writer(s, POLICY_TIE_WRITER);
    mind_init(&s->m, s->now_us);
    s->o.own.read_only = TRI_YES;
    for (int i = 0; i < OBS_VOTERS; i++)
        quorum_lost(&s->q, i);
    s->o.fencer = (struct fencer_view){.alive = TRI_YES};
}

static void nothing(struct scene *s)
{
    (void)s;
}

static void own_unread(struct scene *s)
{
    s->own_mute = true;
    s->o.own.voter = (struct voter_rows){0};
}

static void peer_unread(struct scene *s)
{
    s->peer_mute = true;
    s->o.peer.voter = (struct voter_rows){0};
}

static void peer_unread_inherited(struct scene *s)
{
    peer_unread(s);
    s->o.fencer.inherited = true;
    s->o.own.read_only = TRI_NO;
}

/* A fencer that stood still was not told that its supervisor closed, gave the vote away and ended. */
static void peer_unread_inherited_closed(struct scene *s)
{
    peer_unread_inherited(s);
    s->o.own.read_only = TRI_YES;
}

static void released_there(struct scene *s)
{
    own_row(s, &s->o.peer.voter, NOTE_RELEASE, OWN_EPOCH);
}

static void certified_there(struct scene *s)
{
    own_row(s, &s->o.peer.voter, NOTE_CERTIFICATE, OWN_EPOCH);
}

static void released_an_older_term(struct scene *s)
{
    own_row(s, &s->o.peer.voter, NOTE_RELEASE, 3);
}

static void promised_by_the_other(struct scene *s)
{
    s->o.own.voter.promise[1].epoch = 6;
}

static void promised_by_the_other_there(struct scene *s)
{
    s->o.peer.voter.promise[1].epoch = 6;
}

static void never_promised(struct scene *s)
{
    s->o.own.voter.promise[0] = (struct note){0};
}

/* A promotion of ours that rested on both servers' votes was given up after the promise here. */
static void promised_and_never_enabled(struct scene *s)
{
    s->o.own.voter.promise[0].epoch = 7;
    s->o.own.term_epoch = 6;
    s->o.own.term_node = 1;
    s->o.own.voter.promise[1].epoch = s->o.peer.voter.promise[1].epoch = 6;
}

static void terms_unread(struct scene *s)
{
    s->o.own.term_known = false;
}

static void declared_off(struct scene *s)
{
    peer_unread(s);
    s->o.operator_.peer_is_off = true;
}

static void given_to_us(struct scene *s)
{
    promised_by_the_other(s);
    scene_row(s, NOTE_RELEASE, 6, "0-1-10");
}

static void given_to_us_and_superseded(struct scene *s)
{
    given_to_us(s);
    s->o.peer.voter.promise[1].epoch = 8;
}

static void test_looks(void **state)
{
    static const struct {
        const char *name;
        void (*change)(struct scene *s);
        enum tri want;
    } cases[] = {
        {"the own last term, nothing given away", nothing, TRI_YES},
        {"the own table is unread", own_unread, TRI_UNKNOWN},
        {"the peer's table is unread: held by the other", peer_unread, TRI_NO},
        {"the peer's table is unread, and our predecessor's authority is armed", peer_unread_inherited,
         TRI_YES},
        {"the same, but its server was closed before it ended", peer_unread_inherited_closed, TRI_NO},
        {"released there in an earlier life", released_there, TRI_NO},
        {"certified there in an earlier life", certified_there, TRI_NO},
        {"an older term was released", released_an_older_term, TRI_YES},
        {"the other promised more here", promised_by_the_other, TRI_NO},
        {"the other promised more there", promised_by_the_other_there, TRI_NO},
        {"nothing was ever promised", never_promised, TRI_NO},
        {"a promise is not a term", promised_and_never_enabled, TRI_NO},
        {"which terms there were is unread", terms_unread, TRI_NO},
        {"the other was declared off", declared_off, TRI_YES},
        {"the other released it to us", given_to_us, TRI_YES},
        {"the other released it, and has had a term since", given_to_us_and_superseded, TRI_NO},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scene s;
        was_writer(&s);
        cases[i].change(&s);
        scene_decide(&s);
        if (s.q.tie_mine != cases[i].want)
            fail_msg("%s: %s", cases[i].name, tri_name(s.q.tie_mine));
    }
}

/* ---- through time ---- */

static void cut(struct drive *d)
{
    scene_peer_gone(&d->s);
    d->lock_free[1] = false;
}

static void expect_third(const struct drive *d, enum tri want, const char *when)
{
    if (d->s.q.tie_mine != want)
        fail_msg("%s: the third vote is ours: %s", when, tri_name(d->s.q.tie_mine));
}

static void test_writer_keeps_it_without_a_peer(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WRITER);
    cut(&d);
    d.s.p.has_references = false;
    drive_run(&d, 60000);
    assert_int_equal(d.s.m.state, NODE_WRITER);
}

static void test_isolated_writer_stays_closed(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WRITER);
    cut(&d);
    drive_run(&d, 3500);
    assert_true(drive_fired(&d, 120) && drive_did(&d, ACTION_FENCE));
    drive_forget(&d);
    drive_run(&d, 60000);
    assert_false(drive_did(&d, ACTION_ENABLE));
    expect_third(&d, TRI_YES, "isolated");
}

/* A release that was written to the peer gives the third vote away, from whatever state. */
static void test_fenced_writer_that_released(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WRITER);
    quorum_released(&d.s.q, 0);
    d.lock_free[0] = false;
    d.s.o.own.holder = (struct holder_view){.asked_us = d.s.now_us, .connection = 88};
    drive_until(&d, NODE_FENCED, 300);
    drive_run(&d, 300);
    assert_int_equal(d.s.o.peer.voter.release[0].epoch, OWN_EPOCH);
    expect_third(&d, TRI_NO, "released");
    cut(&d);
    d.lock_free[0] = true;
    d.s.o.own.holder = (struct holder_view){0};
    drive_run(&d, 60000);
    assert_false(drive_did(&d, ACTION_ENABLE));
    expect_third(&d, TRI_NO, "released, and the peer is cut off");
}

/* Nothing reached the peer: nothing was given. */
static void test_fenced_writer_that_could_not_release(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WRITER);
    cut(&d);
    quorum_released(&d.s.q, 0);
    d.lock_free[0] = false;
    drive_until(&d, NODE_FENCED, 300);
    drive_run(&d, 500);
    expect_third(&d, TRI_YES, "nothing was sent to the peer");
}

static void test_certificate_gives_it(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WRITER);
    d.s.o.fencer.dead_us = d.s.now_us;
    d.s.own_mute = true;
    drive_run(&d, 500);
    assert_int_equal(d.s.o.peer.voter.certificate[0].epoch, OWN_EPOCH);
    expect_third(&d, TRI_NO, "certified");
    d.s.o.fencer.dead_us = 0;
    d.s.own_mute = false;
    d.s.o.own.read_only = TRI_YES;
    cut(&d);
    drive_run(&d, 30000);
    assert_false(drive_did(&d, ACTION_ENABLE));
}

static void test_death_that_cannot_be_certified_gives_nothing(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WRITER);
    d.s.o.boot_safe = TRI_NO;
    d.s.o.fencer.dead_us = d.s.now_us;
    d.s.own_mute = true;
    drive_run(&d, 500);
    assert_false(drive_did(&d, ACTION_CERTIFY));
    expect_third(&d, TRI_YES, "not certified");
}

static void test_handover_gives_it_and_undoing_returns_it(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WRITER);
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
    drive_run(&d, 500);
    expect_third(&d, TRI_NO, "handed over");
    drive_until(&d, NODE_WRITER, 20000);
    assert_int_equal(d.s.m.why, REASON_UNDO);
    expect_third(&d, TRI_YES, "taken back");
}

static void test_handover_to_a_host_that_dies(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WRITER);
    d.s.o.operator_.want = WANT_AWAY;
    drive_until(&d, NODE_DEMOTE_HANDOVER, 300);
    cut(&d);
    drive_run(&d, 60000);
    expect_third(&d, TRI_NO, "it is in the dead host's hands");
    assert_false(drive_did(&d, ACTION_ENABLE));
}

/* ---- being given it ---- */

static void test_certified_death_of_the_peer(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WRITER);
    expect_third(&d, TRI_NO, "the other is the writer");
    struct note *row = scene_row(&d.s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    snprintf(row->file, sizeof(row->file), "bin.000003");
    row->size = 1000;
    cut(&d);
    d.lock_free[0] = true;
    d.s.o.own.replication.io = IO_CONNECTING;
    drive_until(&d, NODE_WRITER, 200);
    d.s.p.has_references = false;
    drive_run(&d, 30000);
    assert_int_equal(d.s.m.state, NODE_WRITER);
    expect_third(&d, TRI_YES, "consumed");
}

/* A node that starts with a handover in its table, which it had no time to take, and does not hear who wrote
 * it. */
static void start_with_row(struct drive *d)
{
    memset(d, 0, sizeof(*d));
    scene_standby(&d->s, POLICY_TIE_WRITER);
    mind_init(&d->s.m, d->s.now_us);
    drive_begin(d);
    d->lock_free[0] = d->lock_free[1] = true;
    scene_row(&d->s, NOTE_RELEASE, PEER_EPOCH, "0-2-10");
}

/* The other may be the writer again by its operator's word, given while this node was off. */
static void test_row_that_was_left_over(void **state)
{
    struct drive d;
    (void)state;
    start_with_row(&d);
    cut(&d);
    peer_unread(&d.s);
    d.s.p.has_references = false;
    drive_run(&d, 30000);
    expect_third(&d, TRI_NO, "left over");
    assert_false(drive_did(&d, ACTION_ENABLE));
    assert_true(drive_fired(&d, 329));
    d.s.o.operator_.peer_is_off = d.s.o.operator_.accept_loss = true;
    d.s.o.operator_.want = WANT_HERE;
    drive_until(&d, NODE_WRITER, 5000);
}

static void test_row_that_was_left_over_and_stands(void **state)
{
    struct drive d;
    (void)state;
    start_with_row(&d);
    d.s.o.peer.read_only = TRI_YES;
    d.s.o.own.bulletin[1].state = d.s.o.peer.bulletin[1].state = NODE_DEMOTE_HANDOVER;
    drive_until(&d, NODE_WRITER, 200);
    assert_int_equal(d.s.m.why, REASON_HANDOVER);
}

/* The row was consumed, and what was read of the own table is still from before. */
static void test_consumed_and_not_read_again(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WRITER);
    scene_row(&d.s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    cut(&d);
    d.lock_free[0] = true;
    d.s.o.own.replication.io = IO_CONNECTING;
    drive_until(&d, NODE_WRITER, 200);
    d.s.o.own.voter.promise[0].epoch = 3;
    drive_run(&d, 200);
    assert_int_equal(d.s.m.state, NODE_WRITER);
}

static void test_silence_without_the_third_vote(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WRITER);
    cut(&d);
    d.lock_free[0] = true;
    d.s.p.has_references = false;
    drive_run(&d, 60000);
    assert_false(drive_did(&d, ACTION_ENABLE) || drive_did(&d, ACTION_PROMISE));
}

/* The operator's word lasts for the promotion, and what it gave stays when the command has ended. */
static void test_peer_declared_off(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WRITER);
    cut(&d);
    d.lock_free[0] = true;
    d.s.p.has_references = false;
    d.s.o.own.replication.io = IO_CONNECTING;
    d.s.o.operator_.peer_is_off = true;
    d.s.o.operator_.want = WANT_HERE;
    drive_until(&d, NODE_WRITER, 5000);
    assert_int_equal(d.s.m.why, REASON_OPERATOR);
    d.s.o.operator_.peer_is_off = false;
    d.s.o.operator_.want = WANT_NOTHING;
    drive_run(&d, 30000);
    assert_int_equal(d.s.m.state, NODE_WRITER);
}

static void test_peer_declared_off_by_a_node_that_never_saw_it(void **state)
{
    struct drive d;
    (void)state;
    memset(&d, 0, sizeof(d));
    scene_standby(&d.s, POLICY_TIE_WRITER);
    cut(&d);
    d.s.o.peer = (struct server_view){.term_node = -1};
    drive_begin(&d);
    d.s.p.has_references = false;
    d.s.o.operator_.peer_is_off = true;
    d.s.o.operator_.accept_loss = true;
    drive_until(&d, NODE_WRITER, 5000);
    d.s.o.operator_.peer_is_off = d.s.o.operator_.accept_loss = false;
    drive_run(&d, 30000);
    assert_int_equal(d.s.m.state, NODE_WRITER);
}

/* What this node knows, it knows from before it was off: the loss is unknown, though its own term is the last
 * it knows. */
static void test_peer_declared_off_after_a_boot(void **state)
{
    struct drive d;
    (void)state;
    memset(&d, 0, sizeof(d));
    scene_standby(&d.s, POLICY_TIE_WRITER);
    mind_init(&d.s.m, d.s.now_us);
    cut(&d);
    d.s.o.peer = (struct server_view){.term_node = -1};
    drive_begin(&d);
    d.s.p.has_references = false;
    ledger_saw_writer(&d.s.m.ledger, 0, 9, &d.s.o.own.binlog_pos, d.s.now_us);
    d.s.m.ledger.restored = true;
    d.s.o.operator_.peer_is_off = true;
    d.s.o.operator_.want = WANT_HERE;
    drive_run(&d, 20000);
    assert_false(drive_did(&d, ACTION_ENABLE));
    assert_true(drive_fired(&d, 330));
    d.s.o.operator_.accept_loss = true;
    drive_until(&d, NODE_WRITER, 5000);
}

/* The operator's word that led to nothing gives nothing. */
static void test_declared_off_in_vain(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WRITER);
    cut(&d);
    d.s.o.operator_.peer_is_off = true;
    d.s.o.boot_safe = TRI_NO;
    drive_run(&d, 1000);
    d.s.o.operator_.peer_is_off = false;
    drive_run(&d, 1000);
    expect_third(&d, TRI_NO, "the command has ended");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looks),
        cmocka_unit_test(test_writer_keeps_it_without_a_peer),
        cmocka_unit_test(test_isolated_writer_stays_closed),
        cmocka_unit_test(test_fenced_writer_that_released),
        cmocka_unit_test(test_fenced_writer_that_could_not_release),
        cmocka_unit_test(test_certificate_gives_it),
        cmocka_unit_test(test_death_that_cannot_be_certified_gives_nothing),
        cmocka_unit_test(test_handover_gives_it_and_undoing_returns_it),
        cmocka_unit_test(test_handover_to_a_host_that_dies),
        cmocka_unit_test(test_certified_death_of_the_peer),
        cmocka_unit_test(test_row_that_was_left_over),
        cmocka_unit_test(test_row_that_was_left_over_and_stands),
        cmocka_unit_test(test_consumed_and_not_read_again),
        cmocka_unit_test(test_silence_without_the_third_vote),
        cmocka_unit_test(test_peer_declared_off),
        cmocka_unit_test(test_peer_declared_off_by_a_node_that_never_saw_it),
        cmocka_unit_test(test_peer_declared_off_after_a_boot),
        cmocka_unit_test(test_declared_off_in_vain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
