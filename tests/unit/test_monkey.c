/* Random observations and a random course of the world: the decision must always end in a row, and never ask
 * for what must not be (drive_impossible()). `REPLCHECK_SEED=N` repeats a run, `REPLCHECK_ROUNDS` lengthens
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "model_driver.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define WILD_TICKS   4000
#define LIVES        300
#define LIFE_TICKS   400

static uint64_t seed;

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* xorshift64* */
static uint64_t draw(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * UINT64_C(2685821657736338717);
}

static unsigned below(unsigned n)
{
    return (unsigned)((draw() >> 33) % n);
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

static enum tri any_tri(void)
{
    return (enum tri)below(3);
}

static void begin(const char *what)
{
    seed = number_of("REPLCHECK_SEED", (uint64_t)time(NULL) * 2654435761u + 1);
    print_message("%s: REPLCHECK_SEED=%llu\n", what, (unsigned long long)seed);
}

/* ---- any observation ---- */

static int64_t any_time(int64_t now_us)
{
    static const int64_t ages[] = {0, 1, 999, 1000, 1001, 2999, 3000, 3001, 60000};
    unsigned n = below(COUNT(ages) + 2);
    if (n < COUNT(ages))
        return now_us - MS(ages[n]);
    return n == COUNT(ages) ? 0 : now_us + MS(below(5000));
}

static struct gtid_set any_position(void)
{
    static const char *const texts[] = {"", "0-1-5", "0-2-10", "0-1-12", "0-2-8,1-1-4", "0-1-10,0-2-10"};
    struct gtid_set none = {0};
    return one_in(8) ? none : scene_gtid(texts[below(COUNT(texts))]);
}

/* Of the node's parity. */
static uint64_t any_epoch(int node)
{
    return 2 * below(5) + (node == 0 ? 1 : 2);
}

static void any_note(struct note *n, enum note_kind kind, int node)
{
    *n = (struct note){.kind = one_in(2) ? kind : NOTE_NONE, .node = node, .epoch = any_epoch(node)};
    n->gtid = any_position();
    n->size = below(3) * 1000;
    snprintf(n->file, sizeof(n->file), "%s", one_in(2) ? "bin.000003" : "");
}

static void any_rows(struct voter_rows *r, int64_t now_us)
{
    r->read_us = any_time(now_us);
    for (int i = 0; i < OBS_NODES; i++) {
        any_note(&r->promise[i], NOTE_PROMISE, i);
        any_note(&r->release[i], NOTE_RELEASE, i);
        any_note(&r->certificate[i], NOTE_CERTIFICATE, i);
        any_note(&r->off[i], NOTE_OFF, i);
        any_note(&r->out_of_sync[i], NOTE_OUT_OF_SYNC, i);
    }
}

static void any_server(struct server_view *v, int64_t now_us)
{
    v->seen_us = any_time(now_us);
    v->answered_us = v->seen_us + 1;
    v->read_only = any_tri();
    v->binlog_pos = any_position();
    v->slave_pos = any_position();
    v->binlog_state = any_position();
    v->replication = (struct replication_view){
        .known = one_in(2), .configured = any_tri(), .io = (enum io_state)below(4), .sql = any_tri()};
    v->replication.io_pos = any_position();
    v->auto_increment_increment = below(3);
    v->auto_increment_offset = below(3);
    v->dead_man = any_tri();
    v->dead_man_us = any_time(now_us);
    v->term_known = one_in(2);
    v->term_epoch = below(9);
    v->term_node = (int)below(3) - 1;
    for (int i = 0; i < OBS_NODES; i++)
        v->bulletin[i] = (struct bulletin){.known = one_in(2),
                                           .seq = below(3),
                                           .state = (int)below(NODE_STATES),
                                           .vip = any_tri(),
                                           .ask = one_in(2),
                                           .hold = one_in(4),
                                           .present = one_in(2)};
    v->holder = (struct holder_view){.asked_us = any_time(now_us),
                                     .connection = below(3),
                                     .mine = one_in(2),
                                     .idle = one_in(2),
                                     .idle_ms = below(6000)};
    any_rows(&v->voter, now_us);
}

static void any_fencer(struct fencer_view *f, int64_t now_us)
{
    *f = (struct fencer_view){.alive = any_tri(),
                              .epoch = below(9),
                              .deadline_us = any_time(now_us),
                              .acked_seq = below(2),
                              .acked_deadline_us = any_time(now_us),
                              .write_lock = any_tri(),
                              .dead_us = one_in(4) ? any_time(now_us) : 0,
                              .inherited = one_in(4)};
}

static void any_rest(struct observation *o)
{
    o->operator_ = (struct operator_view){.want = (enum operator_want)below(3),
                                          .accept_loss = one_in(4),
                                          .peer_is_off = one_in(8),
                                          .maintenance = one_in(8),
                                          .stopping = one_in(16)};
    o->closing = (struct closing_view){.epoch = below(9), .closed = one_in(2)};
    o->vip.here = any_tri();
    o->boot_safe = any_tri();
    o->gap_us = MS(below(3000));
    o->reference_us = any_time(o->now_us);
    o->enabling_unanswered = one_in(4);
    o->consumed_epoch = below(9);
    o->term_written = one_in(2);
    o->final_known = one_in(2);
    o->released = one_in(2);
    o->reclaimed = one_in(4);
    o->reclaim_failed = one_in(4);
    o->failovers_in_window = (int)below(3);
    for (int i = 0; i < OBS_VOTERS; i++)
        o->voter_answer_us[i] = any_time(o->now_us);
}

static void any_votes(struct scene *s)
{
    for (int i = 0; i < OBS_VOTERS; i++) {
        struct vote *v = &s->q.votes[i];
        *v = (struct vote){.held = one_in(2),
                           .counted = one_in(2),
                           .basis = (enum vote_basis)below(BASIS_DURABLE),
                           .promised_epoch = one_in(2) ? s->m.epoch : below(9)};
        v->counted = v->counted && v->held;
        v->opened_us = any_time(s->now_us);
        v->taken_us = any_time(s->now_us);
        v->proven_us = any_time(s->now_us);
        v->last_valid_us = any_time(s->now_us);
    }
}

/* A part of the observation is redrawn, the rest stays. */
static void redraw(struct scene *s)
{
    s->o.now_us = s->now_us;
    if (one_in(3))
        any_server(&s->o.own, s->now_us);
    if (one_in(3))
        any_server(&s->o.peer, s->now_us);
    if (one_in(3))
        any_rows(&s->o.witness.voter, s->now_us);
    if (one_in(3))
        any_fencer(&s->o.fencer, s->now_us);
    if (one_in(3))
        any_rest(&s->o);
    if (one_in(3))
        any_votes(s);
    if (one_in(10)) {
        s->m.state = (enum node_state)below(NODE_DUAL_HELD); /* of one writer */
        s->m.epoch = any_epoch(s->p.self);
        s->m.term_floor = below((unsigned)s->m.epoch);
    }
    if (s->m.state != NODE_UNKNOWN)
        s->o.fencer.inherited = false; /* it is resumed once, by a process that has just begun */
}

static void test_any_observation(void **state)
{
    (void)state;
    begin("any observation");
    for (unsigned tie = POLICY_TIE_WRITER; tie <= POLICY_TIE_VIP; tie++) {
        struct scene s;
        scene_boot(&s, (int)below(2), (enum policy_tie)tie);
        for (uint64_t n = number_of("REPLCHECK_ROUNDS", 1) * WILD_TICKS; n; n--) {
            s.now_us += MS(below(700));
            redraw(&s);
            enum node_state before = s.m.state;
            scene_decide(&s);
            const char *what = drive_impossible(&s, before);
            for (int i = 0; what && i < s.out.step_count; i++)
                print_error("row %d: '%s' -> '%s'\n", s.out.steps[i].row->id,
                            node_state_name(s.out.steps[i].from), node_state_name(s.out.steps[i].to));
            if (what)
                fail_msg("%s: '%s' -> '%s' by row %d", what, node_state_name(before),
                         node_state_name(s.m.state), s.out.row->id);
            int64_t next = decide_next_us(&s.p, &s.o, &s.q, &s.m);
            assert_true(next == 0 || next > s.o.now_us);
            (void)decide_weight(&s.p, &s.o, &s.m, &s.out.facts, one_in(2));
        }
    }
}

/* ---- any life ---- */

static void disturb_peer(struct scene *s)
{
    int other = 1 - s->p.self;
    static const enum node_state says[] = {NODE_STANDBY, NODE_WRITER, NODE_PROMOTE_VOTES, NODE_FENCED};
    s->peer_mute = one_in(2);
    s->o.peer.read_only = one_in(3) ? TRI_NO : TRI_YES;
    s->o.own.bulletin[other].state = s->o.peer.bulletin[other].state = says[below(COUNT(says))];
    s->o.own.bulletin[other].present = s->o.peer.bulletin[other].present = !one_in(3);
    s->o.own.bulletin[other].vip = s->o.peer.bulletin[other].vip = any_tri();
}

static void disturb_votes(struct drive *d)
{
    int i = (int)below(OBS_VOTERS);
    d->lock_free[i] = one_in(2);
    d->expired[i] = one_in(4);
    if (one_in(3)) {
        quorum_lost(&d->s.q, i);
        quorum_opened(&d->s.q, i, 300 + below(1000), d->s.now_us);
    }
}

static void disturb_rows(struct scene *s)
{
    uint64_t epoch = (s->m.epoch | 1) + 2 * below(2) - 1; /* of the other's parity */
    scene_row(s, one_in(2) ? NOTE_RELEASE : NOTE_CERTIFICATE, epoch, "0-2-10");
    if (one_in(3))
        s->o.own.voter.promise[1 - s->p.self] =
            (struct note){.kind = NOTE_PROMISE, .node = 1 - s->p.self, .epoch = epoch};
}

static void disturb_own(struct scene *s)
{
    s->own_mute = one_in(4);
    s->o.fencer.alive = one_in(6) ? TRI_NO : TRI_YES;
    s->o.fencer.dead_us = one_in(6) ? s->now_us : 0;
    s->o.enabling_unanswered = one_in(6);
    if (one_in(6))
        s->o.own.read_only = any_tri();
    if (one_in(6))
        s->o.boot_safe = any_tri();
}

static void disturb_wishes(struct observation *o)
{
    o->operator_ = (struct operator_view){.want = (enum operator_want)below(3),
                                          .accept_loss = one_in(4),
                                          .maintenance = one_in(10),
                                          .peer_is_off = one_in(20)};
    o->vip.here = any_tri();
}

static void disturb(struct drive *d)
{
    switch (below(7)) {
    case 0:
        disturb_peer(&d->s);
        break;
    case 1:
        disturb_votes(d);
        break;
    case 2:
        disturb_rows(&d->s);
        break;
    case 3:
        disturb_own(&d->s);
        break;
    case 4:
        disturb_wishes(&d->s.o);
        break;
    case 5:
        d->answers = one_in(2) ? ~UINT64_C(0) : draw() | draw();
        break;
    default:
        d->s.witness_mute = one_in(2);
        d->closer_works = one_in(2);
        d->reclaim_comes_late = one_in(2);
    }
}

static void live(enum policy_tie tie, bool *reached)
{
    struct drive d;
    memset(&d, 0, sizeof(d));
    if (one_in(2))
        scene_standby(&d.s, tie);
    else
        scene_writer(&d.s, tie);
    drive_begin(&d);
    for (int n = 0; n < LIFE_TICKS; n++) {
        if (one_in(12))
            disturb(&d);
        if (one_in(40)) {
            d.s.now_us += MS(below(8000));
            d.s.o.gap_us = MS(8000);
            drive_tick(&d);
        }
        drive_run(&d, one_in(4) ? 250 : 1);
        reached[d.s.m.state] = true;
    }
}

static void test_any_life(void **state)
{
    bool reached[NODE_STATES] = {0};
    (void)state;
    begin("any life");
    for (uint64_t n = number_of("REPLCHECK_ROUNDS", 1) * LIVES; n; n--)
        live(one_in(2) ? POLICY_TIE_WITNESS : POLICY_TIE_WRITER, reached);
    assert_true(reached[NODE_WRITER] && reached[NODE_STANDBY] && reached[NODE_FENCED] &&
                reached[NODE_DEMOTE_HANDOVER]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_observation),
        cmocka_unit_test(test_any_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
