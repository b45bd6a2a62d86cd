/* What was received and is not applied: it is lost by a START that finds both threads stopped. Which threads
 * are started, and what a promotion does whose applier stands still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/relay_log.h"
#include "model_driver.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ERROR_DUP    1062

static void what_is_started(void **state)
{
    static const struct {
        const char *name;
        struct replication_view view;
        enum tri read_only;
        enum relay_log_start start;
    } cases[] = {
        {"nothing is known", {0}, TRI_NO, RELAY_LOG_START_NOTHING},
        {"both run", {.known = true, .io = IO_YES, .sql = TRI_YES}, TRI_YES, RELAY_LOG_START_NOTHING},
        {"the receiver calls",
         {.known = true, .io = IO_CONNECTING, .sql = TRI_YES},
         TRI_YES,
         RELAY_LOG_START_NOTHING},
        {"the receiver stopped",
         {.known = true, .io = IO_NO, .sql = TRI_YES},
         TRI_YES,
         RELAY_LOG_START_RECEIVER},
        {"the same, a writer's",
         {.known = true, .io = IO_NO, .sql = TRI_YES},
         TRI_NO,
         RELAY_LOG_START_RECEIVER},
        {"the applier stopped",
         {.known = true, .io = IO_CONNECTING, .sql = TRI_NO},
         TRI_YES,
         RELAY_LOG_START_BOTH},
        {"both stopped", {.known = true, .io = IO_NO, .sql = TRI_NO}, TRI_YES, RELAY_LOG_START_NOTHING},
        {"both, and who knows",
         {.known = true, .io = IO_NO, .sql = TRI_NO},
         TRI_UNKNOWN,
         RELAY_LOG_START_NOTHING},
        {"both, of a writer", {.known = true, .io = IO_NO, .sql = TRI_NO}, TRI_NO, RELAY_LOG_START_BOTH},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (relay_log_start(&cases[i].view, cases[i].read_only) != cases[i].start)
            fail_msg("%s: %d", cases[i].name, (int)relay_log_start(&cases[i].view, cases[i].read_only));
}

/* ---- a standby that received 0-2-11 and applied 0-2-10 ---- */

static void be_behind(struct drive *d)
{
    memset(d, 0, sizeof(*d));
    scene_standby(&d->s, POLICY_TIE_WITNESS);
    drive_begin(d);
    d->lock_free[0] = d->lock_free[1] = d->lock_free[2] = false;
    drive_run(d, 3000);
    d->s.o.own.replication.io_pos = scene_gtid("0-2-11");
    drive_forget(d);
}

static void stop_applier(struct drive *d, unsigned error)
{
    d->s.o.own.replication.sql = TRI_NO;
    d->s.o.own.replication.sql_errno = error;
}

static void die(struct drive *d)
{
    d->witness.certificate[1] = *scene_row(&d->s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    d->s.peer_mute = true;
    d->s.o.own.bulletin[1].state = NODE_FENCED;
    d->lock_free[0] = d->lock_free[OBS_TIE] = true;
}

static void expect_refusal(struct drive *d, int row)
{
    drive_until(d, NODE_STANDBY, 10);
    if (!drive_fired(d, row))
        fail_msg("row %d did not fire, but row %d", row, d->s.out.row->id);
    assert_false(drive_did(d, ACTION_PROMISE));
    drive_run(d, 100);
    assert_false(drive_did(d, ACTION_START_RECEIVER) || drive_did(d, ACTION_START_THREADS));
}

static void an_applier_that_somebody_stopped_is_started(void **state)
{
    struct drive d;
    (void)state;
    be_behind(&d);
    stop_applier(&d, 0);
    die(&d);
    d.s.o.own.replication.io = IO_CONNECTING;
    drive_until(&d, NODE_WRITER, 200);
    assert_true(drive_fired(&d, 423));
    assert_true(drive_did(&d, ACTION_START_THREADS));
    assert_int_equal(gtid_pos_contains(&d.s.o.own.slave_pos, &d.s.o.own.replication.io_pos), TRI_YES);
}

static void be_behind_with_both_stopped(struct drive *d)
{
    be_behind(d);
    stop_applier(d, 0);
    d->s.o.own.replication.io = IO_NO;
    die(d);
    drive_run(d, 1000);
}

static void with_both_stopped_nothing_is_started(void **state)
{
    struct drive d;
    (void)state;
    be_behind_with_both_stopped(&d);
    assert_int_equal(d.s.m.state, NODE_STANDBY);
    assert_int_equal(d.s.out.row->id, 335);
    assert_false(drive_did(&d, ACTION_TAKE_VOTES) || drive_did(&d, ACTION_START_THREADS));
}

static void who_accepts_the_loss_is_not_refused(void **state)
{
    struct drive d;
    (void)state;
    be_behind_with_both_stopped(&d);
    d.s.o.operator_.accept_loss = true;
    d.s.o.operator_.want = WANT_HERE;
    drive_until(&d, NODE_WRITER, 9000);
}

static void an_applier_that_stops_while_receiving(void **state)
{
    struct drive d;
    (void)state;
    be_behind(&d);
    d.s.o.own.replication.master_pos = 1;
    die(&d);
    d.witness.certificate[1].size = 2;
    snprintf(d.witness.certificate[1].file, sizeof(d.witness.certificate[1].file), "binlog.000001");
    drive_until(&d, NODE_PROMOTE_RECEIVE, 100);
    stop_applier(&d, ERROR_DUP);
    expect_refusal(&d, 422);
    assert_false(drive_did(&d, ACTION_STOP_RECEIVER));
}

static void an_applier_that_stops_while_draining(void **state)
{
    static const struct {
        unsigned error;
        int row;
    } cases[] = {{ERROR_DUP, 436}, {0, 437}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct drive d;
        be_behind(&d);
        die(&d);
        d.s.o.own.replication.io = IO_CONNECTING;
        d.answers &= ~ACTION_BIT(ACTION_DRAIN);
        drive_until(&d, NODE_PROMOTE_DRAIN, 100);
        stop_applier(&d, cases[i].error);
        expect_refusal(&d, cases[i].row);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_started),
        cmocka_unit_test(an_applier_that_somebody_stopped_is_started),
        cmocka_unit_test(with_both_stopped_nothing_is_started),
        cmocka_unit_test(who_accepts_the_loss_is_not_refused),
        cmocka_unit_test(an_applier_that_stops_while_receiving),
        cmocka_unit_test(an_applier_that_stops_while_draining),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
