/* A standby becomes the writer: each reason for it, step by step, and what it waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "life.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ROWS(...)    ((const int[]){__VA_ARGS__, 0})

static void test_certified_death(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
    drive_tick(&d);
    life_expect(&d, NODE_PROMOTE_VOTES, 419);
    life_expect_action(&d, ACTION_TAKE_VOTES, true);
    life_expect_action(&d, ACTION_PREPARE, true);
    life_expect_action(&d, ACTION_SEMI_SYNC_OFF, true);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
    for (size_t i = 0; i < COUNT(steps); i++) {
        drive_until(&d, steps[i].state, 50);
        life_expect_action(&d, steps[i].does, true);
        life_expect_action(&d, steps[i].not_yet, false);
        life_expect_action(&d, ACTION_ARM, steps[i].state != NODE_PROMOTE_VOTES);
    }
}

static void test_handover_taken(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    life_release_peer(&d, "0-2-12");
    drive_until(&d, NODE_PROMOTE_RECEIVE, 50);
    drive_run(&d, 100);
    life_expect(&d, NODE_PROMOTE_RECEIVE, 429);
    d.s.o.own.replication.io_pos = scene_gtid("0-2-12");
    d.answers &= ~ACTION_BIT(ACTION_DRAIN);
    drive_run(&d, 20);
    life_expect(&d, NODE_PROMOTE_DRAIN, 439);
    d.answers = ~UINT64_C(0);
    drive_until(&d, NODE_WRITER, 50);
    assert_int_equal(d.s.m.why, REASON_HANDOVER);
    assert_int_equal(d.s.m.epoch, 5);
}

static void test_handover_never_arrives(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    life_release_peer(&d, "0-2-12");
    drive_until(&d, NODE_PROMOTE_RECEIVE, 50);
    drive_until(&d, NODE_STANDBY, 5100);
    assert_true(drive_fired(&d, 408));
    drive_run(&d, 10);
    life_expect(&d, NODE_STANDBY, 336);
    assert_true(drive_did(&d, ACTION_START_RECEIVER));
}

static void test_silence(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    life_cut_peer(&d);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_cut_peer(&d);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_cut_peer(&d);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    d.witness.promise[1].epoch = 6;
    life_cut_peer(&d);
    drive_run(&d, 30000);
    assert_false(drive_fired(&d, 432));
    assert_true(drive_fired(&d, 407));
    life_expect(&d, NODE_STANDBY, 326);
}

static void test_writer_again_after_another(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    d.s.m.epoch = 3;
    d.s.m.term_floor = 1;
    life_certify_peer(&d);
    drive_until(&d, NODE_WRITER, 100);
    assert_int_equal(d.s.m.epoch, 5);
}

/* No epoch is chosen before every table was read whose vote is held, since it is held. */
static void test_epoch_needs_the_tables(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
    d.s.o.witness.voter.read_us = d.s.now_us - 1;
    d.answers &= ~ACTION_BIT(ACTION_TAKE_VOTES);
    drive_tick(&d);
    quorum_taken(&d.s.q, 0, d.s.now_us, d.s.now_us, true, false);
    quorum_taken(&d.s.q, OBS_TIE, d.s.now_us, d.s.now_us, true, false);
    drive_run(&d, 1000);
    life_expect(&d, NODE_PROMOTE_VOTES, 419);
    d.s.o.witness.voter.read_us = d.s.now_us;
    drive_until(&d, NODE_PROMOTE_RECEIVE, 300);
}

/* What a writer counted and never wrote is not missing: its log was received to the end. */
static void test_waited_for_the_disk(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    life_certify_peer(&d);
    d.s.m.ledger.writer_pos = scene_gtid("0-2-12");
    drive_until(&d, NODE_WRITER, 9000);
}

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
        cmocka_unit_test(test_waited_for_the_disk),
        cmocka_unit_test(test_boot_of_both),
        cmocka_unit_test(test_vacant_is_promoted_by_closing_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
