/* What a standby refuses to take over for, and what the operator may command all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "life.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

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
        life_standby(&d, POLICY_TIE_WITNESS);
        life_certify_peer(&d);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_cut_peer(&d);
    d.s.m.ledger.writer_seen_us -= MS(5000);
    drive_run(&d, 4000);
    life_expect(&d, NODE_STANDBY, 330);
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
    life_standby(&d, POLICY_TIE_WITNESS);
    life_cut_peer(&d);
    d.lock_free[OBS_TIE] = false;
    for (int i = 0; i < 20; i++) {
        d.s.q.votes[OBS_TIE].holder =
            (struct holder_view){.asked_us = d.s.now_us, .connection = 88, .idle = true, .idle_ms = 100};
        drive_run(&d, 500);
    }
    assert_false(d.s.m.state == NODE_WRITER);
    d.lock_free[OBS_TIE] = true;
    drive_run(&d, 20000);
    life_expect(&d, NODE_STANDBY, 330);
    d.s.o.operator_.accept_loss = true;
    d.s.o.operator_.want = WANT_HERE;
    drive_until(&d, NODE_WRITER, 9000);
}

/* A command does not wait for what failed before it, but for what fails under it. */
static void test_operator_does_not_wait(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    life_cut_peer(&d);
    d.lock_free[OBS_TIE] = false;
    drive_until(&d, NODE_PROMOTE_VOTES, 9000);
    drive_until(&d, NODE_STANDBY, 9300);
    drive_forget(&d);
    d.s.o.operator_.want = WANT_HERE;
    drive_tick(&d);
    assert_int_equal(d.s.m.state, NODE_PROMOTE_VOTES);
    d.s.o.fencer.alive = TRI_UNKNOWN;
    drive_tick(&d);
    life_expect(&d, NODE_STANDBY, 336);
}

static void test_breaker_does_not_stop_what_was_asked_for(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    d.s.o.failovers_in_window = 9;
    life_release_peer(&d, "0-2-10");
    drive_until(&d, NODE_WRITER, 100);
}

static void test_maintenance_keeps_the_writer(void **state)
{
    struct drive d;
    (void)state;
    life_writer(&d, POLICY_TIE_WITNESS);
    d.s.o.operator_.maintenance = true;
    d.s.o.operator_.want = WANT_AWAY;
    drive_run(&d, 10000);
    life_expect(&d, NODE_WRITER, 515);
    life_expect_action(&d, ACTION_ARM, true);
    life_expect_action(&d, ACTION_TAKE_VOTES, true);
    d.s.o.own.voter.promise[1].epoch = 6;
    drive_tick(&d);
    assert_true(drive_fired(&d, 110));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_unseen_while_the_witness_saw_it),
        cmocka_unit_test(test_operator_does_not_wait),
        cmocka_unit_test(test_breaker_does_not_stop_what_was_asked_for),
        cmocka_unit_test(test_maintenance_keeps_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
