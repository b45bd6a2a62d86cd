/* Promotions that failed: what the next one waits for, what is not tried again, and that the operator is told
 * why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/explain.h"
#include "life.h"
#include "report_fixture.h"

static void release_peer(struct drive *d, uint64_t epoch, const char *position)
{
    struct scene *s = &d->s;
    struct note row = *scene_row(s, NOTE_RELEASE, epoch, position);
    d->witness.release[1] = s->o.peer.voter.release[1] = row;
    s->o.peer.read_only = TRI_YES;
    s->o.own.bulletin[1].state = s->o.peer.bulletin[1].state = NODE_DEMOTE_HANDOVER;
    d->lock_free[0] = d->lock_free[1] = d->lock_free[OBS_TIE] = true;
}

/* The writer was seen two transactions further than what is here, and dies. */
static void certify_peer_ahead(struct drive *d)
{
    struct scene *s = &d->s;
    s->o.peer.binlog_pos = scene_gtid("0-2-12");
    drive_run(d, 500);
    d->witness.certificate[1] = *scene_row(s, NOTE_CERTIFICATE, PEER_EPOCH, NULL);
    s->peer_mute = true;
    s->o.own.replication.io = IO_CONNECTING;
    s->o.own.bulletin[1].state = NODE_FENCED;
    d->lock_free[0] = d->lock_free[OBS_TIE] = true;
}

/* ---- what waits ---- */

static void the_same_reason_waits(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    release_peer(&d, PEER_EPOCH, "0-2-12");
    drive_until(&d, NODE_PROMOTE_RECEIVE, 50);
    drive_until(&d, NODE_STANDBY, 5100);
    assert_int_equal(d.s.out.row->id, 336);
    assert_int_equal(d.s.m.failed_row, 408);
}

/* A handover that is offered while an older one is given up has failed nowhere yet. */
static void a_newer_reason_waits_for_nothing(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    release_peer(&d, PEER_EPOCH, "0-2-12");
    drive_until(&d, NODE_PROMOTE_RECEIVE, 50);
    drive_run(&d, 4900);
    release_peer(&d, PEER_EPOCH + 2, "0-2-12");
    drive_forget(&d);
    drive_run(&d, 400);
    assert_true(drive_fired(&d, 408));
    assert_true(drive_fired(&d, 340));
    assert_int_equal(d.s.m.backoff_until_us, 0);
}

/* ---- what is not tried again ---- */

static void a_certificate_that_was_refused(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    certify_peer_ahead(&d);
    drive_until(&d, NODE_PROMOTE_DRAIN, 500);
    drive_until(&d, NODE_STANDBY, 500);
    assert_true(drive_fired(&d, 434));
    drive_forget(&d);
    drive_run(&d, 20000);
    drive_expect_rows(&d, "what is missing stays missing", (const int[]){328, 0});
    d.s.o.own.replication.io_pos = scene_gtid("0-2-12");
    d.s.o.own.replication.io = IO_NO;
    drive_until(&d, NODE_WRITER, 1000);
    assert_int_equal(d.s.m.failed_row, 0);
}

/* ---- what the operator is told ---- */

static void the_failure_is_told(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct report *r = calloc(1, sizeof(*r));
    struct explanation *x = calloc(1, sizeof(*x));
    const char *why = "undone: the promise took too long (row 446)";
    (void)state;
    scene_standby(s, POLICY_TIE_WITNESS);
    scene_row(s, NOTE_RELEASE, PEER_EPOCH, "0-2-10");
    s->m.basis = s->o.own.voter.release[1];
    s->m.failed_row = 446;
    s->m.failed_us = s->now_us - MS(700);
    s->m.backoff_until_us = s->now_us + MS(900);
    report_of_scene(s, r);
    assert_int_equal(r->row_id, 336);
    assert_non_null(strstr(r->reason, "the last attempt failed; the next one waits"));
    assert_non_null(strstr(r->reason, why));
    assert_string_equal(r->last_failure, why);
    assert_int_equal(r->last_failure_ms, 700);
    assert_int_equal(r->nodes[0].waits, TRI_YES);
    explain_fill(x, "mx1", &s->m, 100, &s->out, "no room");
    assert_non_null(strstr(x->reason, "no room"));
    assert_string_equal(x->last_failure,
                        "undone: the promise took too long (row 446; a server said: no room)");
    free(x);
    free(r);
    free(s);
}

/* What stands against any attempt goes before the wait for the next one. */
static void a_refusal_is_told_before_the_wait(void **state)
{
    struct drive d;
    (void)state;
    life_standby(&d, POLICY_TIE_WITNESS);
    release_peer(&d, PEER_EPOCH, "0-2-12");
    drive_until(&d, NODE_PROMOTE_RECEIVE, 50);
    drive_until(&d, NODE_STANDBY, 5100);
    d.s.o.disk_full = TRI_YES;
    drive_tick(&d);
    assert_int_equal(d.s.out.row->id, 323);
}

/* Nothing is handed over to a node that would only wait. */
static void a_node_that_waits_is_not_ready(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct report *r = calloc(1, sizeof(*r));
    (void)state;
    scene_writer(s, POLICY_TIE_WITNESS);
    s->o.own.bulletin[1].waits = s->o.peer.bulletin[1].waits = true;
    report_of_scene(s, r);
    assert_int_equal(r->ready, TRI_NO);
    assert_string_equal(r->not_ready, "its last attempt to take over failed, and the next one waits");
    s->o.operator_.want = WANT_AWAY;
    scene_advance(s, 250);
    report_of_scene(s, r);
    assert_int_equal(s->m.state, NODE_WRITER);
    s->o.own.bulletin[1].waits = s->o.peer.bulletin[1].waits = false;
    scene_advance(s, 250);
    report_of_scene(s, r);
    assert_int_equal(s->m.state, NODE_DEMOTE_CLOSE);
    free(r);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_reason_waits),
        cmocka_unit_test(a_newer_reason_waits_for_nothing),
        cmocka_unit_test(a_certificate_that_was_refused),
        cmocka_unit_test(the_failure_is_told),
        cmocka_unit_test(a_refusal_is_told_before_the_wait),
        cmocka_unit_test(a_node_that_waits_is_not_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
