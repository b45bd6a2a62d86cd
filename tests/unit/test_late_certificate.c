/* A writer's death whose row could not be written at the other's server, which was away: it is written later,
 * as long as it is true and of use there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model_driver.h"

/* The other's server is away when the writer's dies. */
static void die_alone(struct drive *d, enum policy_tie tie)
{
    memset(d, 0, sizeof(*d));
    scene_writer(&d->s, tie);
    drive_begin(d);
    drive_run(d, 3000);
    d->s.peer_mute = true;
    quorum_lost(&d->s.q, 1);
    drive_run(d, 100);
    d->s.own_mute = true;
    d->s.o.fencer.dead_us = d->s.now_us;
    d->s.o.fencer.server_alive = TRI_NO;
    drive_run(d, 6000);
    assert_int_equal(d->s.m.state, NODE_FENCED);
    assert_true(drive_did(d, ACTION_CERTIFY));
    assert_int_equal(d->s.o.peer.voter.certificate[0].kind, NOTE_NONE);
    drive_forget(d);
}

static void return_peer(struct drive *d)
{
    d->s.peer_mute = false;
    quorum_opened(&d->s.q, 1, 300, d->s.now_us);
}

static void written_when_it_is_back(void **state)
{
    static const enum policy_tie ties[] = {POLICY_TIE_WITNESS, POLICY_TIE_WRITER};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct drive d;
        die_alone(&d, ties[i]);
        return_peer(&d);
        drive_run(&d, 1000);
        assert_true(drive_did(&d, ACTION_CERTIFY_LATE));
        assert_int_equal(d.s.o.peer.voter.certificate[0].epoch, OWN_EPOCH);
        drive_forget(&d);
        drive_run(&d, 5000); /* once is enough */
        assert_false(drive_did(&d, ACTION_CERTIFY_LATE));
        assert_int_equal(d.s.out.row->id, 702);
    }
}

static void not_where_it_was_overtaken(void **state)
{
    struct drive d;
    (void)state;
    die_alone(&d, POLICY_TIE_WITNESS);
    d.s.o.peer.voter.promise[1] = (struct note){.kind = NOTE_PROMISE, .node = 1, .epoch = OWN_EPOCH + 1};
    return_peer(&d);
    drive_run(&d, 5000);
    assert_false(drive_did(&d, ACTION_CERTIFY_LATE));
}

/* Another server answers at the socket: what died is not what could be written now. */
static void not_when_the_server_is_back(void **state)
{
    struct drive d;
    (void)state;
    die_alone(&d, POLICY_TIE_WITNESS);
    return_peer(&d);
    d.s.own_mute = false;
    d.s.o.own.read_only = TRI_YES;
    d.s.o.fencer.dead_us = 0;
    drive_run(&d, 5000);
    assert_false(drive_did(&d, ACTION_CERTIFY_LATE));
}

/* Within a lease the other may be at its promotion, and needs its votes. */
static void not_beside_the_first_try(void **state)
{
    struct drive d;
    (void)state;
    memset(&d, 0, sizeof(d));
    scene_writer(&d.s, POLICY_TIE_WITNESS);
    drive_begin(&d);
    drive_run(&d, 3000);
    d.answers &= ~ACTION_BIT(ACTION_CERTIFY);
    d.s.own_mute = true;
    d.s.o.fencer.dead_us = d.s.now_us;
    drive_tick(&d);
    d.s.o.released = true;
    drive_run(&d, 2500);
    assert_false(drive_did(&d, ACTION_CERTIFY_LATE));
    drive_run(&d, 1000);
    assert_true(drive_did(&d, ACTION_CERTIFY_LATE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_when_it_is_back),
        cmocka_unit_test(not_where_it_was_overtaken),
        cmocka_unit_test(not_when_the_server_is_back),
        cmocka_unit_test(not_beside_the_first_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
