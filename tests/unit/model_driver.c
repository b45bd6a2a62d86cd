#include "model_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/durability.h"
#include "model/relay_log.h"

#define PERIOD_MS 250

/* ---- what may never be ---- */

static bool has(uint64_t actions, enum action a)
{
    return actions & ACTION_BIT(a);
}

static const char *impossible_pair(uint64_t a)
{
    if (has(a, ACTION_DROP_VOTES) && (has(a, ACTION_TAKE_VOTES) || has(a, ACTION_ARM)))
        return "votes are dropped and taken";
    if (has(a, ACTION_RELEASE) && (has(a, ACTION_TAKE_VOTES) || has(a, ACTION_ARM)))
        return "votes are released and taken";
    if (has(a, ACTION_RELEASE) && has(a, ACTION_DROP_VOTES))
        return "votes are released in writing and without";
    if (has(a, ACTION_RELEASE) && has(a, ACTION_CERTIFY))
        return "released and certified";
    if (has(a, ACTION_FENCE) && (has(a, ACTION_ARM) || has(a, ACTION_ENABLE)))
        return "fenced and armed";
    if (has(a, ACTION_DISARM) && has(a, ACTION_ARM))
        return "armed and disarmed";
    if (has(a, ACTION_CLOSE_OWN) && has(a, ACTION_ENABLE))
        return "closed and enabled";
    return NULL;
}

static const char *impossible_action(const struct scene *s)
{
    const uint8_t *f = s->out.facts.value;
    uint64_t a = s->out.actions;
    if (has(a, ACTION_ENABLE) && (f[FACT_AUTHORITY] != TRI_YES || f[FACT_ARMED] != TRI_YES))
        return "enabled without acknowledged authority";
    if (has(a, ACTION_ENABLE) && s->m.state != NODE_PROMOTE_ENABLE)
        return "enabled outside its step";
    if (has(a, ACTION_RELEASE) && (s->o.own.read_only == TRI_NO || s->o.enabling_unanswered) &&
        s->m.state != NODE_DEMOTE_HANDOVER)
        return "released while the own server may be writable";
    if (has(a, ACTION_ENABLE) && f[FACT_SAFE] != TRI_YES)
        return "enabled what would acknowledge alone, with the other unmarked";
    if (has(a, ACTION_SEMI_SYNC_OFF) && s->p.lossless && s->m.state == NODE_WRITER &&
        f[FACT_MARK] != MARK_BOTH)
        return "commits no longer wait, and the other is not marked";
    if (has(a, ACTION_CLEAR_MARK) && (f[FACT_ACKS] != ACKS_REQUIRED || f[FACT_IN_STEP] != TRI_YES))
        return "the mark goes before the other is in step";
    if (has(a, ACTION_CERTIFY) && (!s->o.fencer.dead_us || s->o.boot_safe != TRI_YES))
        return "certified what is not dead or boots writable";
    if ((has(a, ACTION_ARM) || has(a, ACTION_PROMISE)) && !node_state_may_write(s->m.state) &&
        !node_state_is_promoting(s->m.state))
        return "armed in a state that may not write";
    if (has(a, ACTION_START_THREADS) && s->o.own.read_only != TRI_YES)
        return "threads started on a server that may be writable";
    return NULL;
}

static const char *impossible_step(const struct scene *s, const struct decide_step *step)
{
    if (step->to == NODE_WRITER && step->from != NODE_PROMOTE_ENABLE &&
        !(step->from == NODE_UNKNOWN && s->o.fencer.inherited))
        return "writer without an enabling or an inheritance";
    if (step->to == NODE_PROMOTE_ENABLE && step->from == NODE_PROMOTE_PROMISE &&
        (s->m.epoch <= s->m.term_floor || s->m.epoch <= facts_promised_by(&s->o, 1 - s->p.self)))
        return "enabled in an epoch that is not new";
    if (step->to == NODE_PROMOTE_VOTES && step->from != NODE_STANDBY)
        return "a promotion that did not begin as standby";
    if (!step->row->stay && !(step->row->states & (UINT32_C(1) << step->from)))
        return "a row of another state";
    return NULL;
}

const char *drive_impossible(const struct scene *s, enum node_state before)
{
    const char *what = impossible_pair(s->out.actions);
    enum node_state at = before;
    what = what ? what : impossible_action(s);
    if (s->out.step_count >= DECIDE_STEPS_MAX)
        return "the walk through the table does not end";
    for (int i = 0; !what && i < s->out.step_count; i++) {
        if (s->out.steps[i].from != at)
            return "a step from another state";
        at = s->out.steps[i].to;
        what = impossible_step(s, &s->out.steps[i]);
    }
    if (!what && at != s->m.state)
        return "the steps do not lead to the state";
    if (!what && s->m.state == NODE_WRITER && s->out.facts.value[FACT_AUTHORITY] != TRI_YES)
        return "writer without authority";
    return what;
}

/* ---- the answers ---- */

static bool reaches(const struct drive *d, int voter)
{
    const struct scene *s = &d->s;
    if (voter == OBS_TIE)
        return s->p.tie == POLICY_TIE_WITNESS && !s->witness_mute;
    return voter == s->p.self ? !s->own_mute : !s->peer_mute;
}

static struct voter_rows *table_of(struct drive *d, int voter)
{
    return voter == OBS_TIE ? &d->witness : voter == d->s.p.self ? &d->s.o.own.voter : &d->s.o.peer.voter;
}

static bool released_there(struct drive *d, int voter)
{
    const struct voter_rows *r = table_of(d, voter);
    int self = d->s.p.self, other = 1 - self;
    uint64_t newest = r->promise[0].epoch > r->promise[1].epoch ? r->promise[0].epoch : r->promise[1].epoch;
    const struct note *all[] = {&r->release[other], &r->certificate[other], &r->release[self]};
    for (int i = 0; i < 3; i++)
        if (all[i]->kind != NOTE_NONE && all[i]->epoch >= newest)
            return true;
    return false;
}

static void take_votes(struct drive *d)
{
    struct scene *s = &d->s;
    for (int i = 0; i < OBS_VOTERS; i++) {
        if (s->q.votes[i].held || !reaches(d, i) || !(d->lock_free[i] || d->expired[i]))
            continue;
        quorum_taken(&s->q, i, s->now_us, s->now_us, released_there(d, i), d->expired[i]);
        d->lock_free[i] = d->expired[i] = false;
        table_of(d, i)->read_us = s->now_us;
        if (i == OBS_TIE)
            s->o.witness.voter = d->witness;
    }
}

static void reopen(struct drive *d, int voter)
{
    d->lock_free[voter] = d->lock_free[voter] || d->s.q.votes[voter].held;
    quorum_released(&d->s.q, voter);
    quorum_opened(&d->s.q, voter, 500, d->s.now_us);
}

static void drop_votes(struct drive *d)
{
    for (int i = 0; i < OBS_VOTERS; i++)
        if (d->s.q.votes[i].held)
            reopen(d, i);
}

static void write_rows(struct drive *d, enum note_kind kind)
{
    struct scene *s = &d->s;
    int self = s->p.self;
    for (int i = 0; i < OBS_VOTERS && !s->o.released; i++) {
        if (!s->q.votes[i].held)
            continue;
        struct note row = {.kind = kind, .node = self, .epoch = s->m.epoch, .gtid = s->o.own.binlog_pos};
        if (s->q.votes[i].counted && reaches(d, i))
            *(kind == NOTE_RELEASE ? &table_of(d, i)->release[self] : &table_of(d, i)->certificate[self]) =
                row;
        reopen(d, i);
    }
    s->o.released = true;
}

static void release(struct drive *d)
{
    write_rows(d, NOTE_RELEASE);
}

static void certify(struct drive *d)
{
    write_rows(d, NOTE_CERTIFICATE);
}

static void certify_late(struct drive *d)
{
    struct scene *s = &d->s;
    struct note row = {.kind = NOTE_CERTIFICATE, .node = s->p.self, .epoch = s->m.epoch};
    if (!s->peer_mute)
        s->o.peer.voter.certificate[s->p.self] = row;
}

static void reclaim(struct drive *d)
{
    struct scene *s = &d->s;
    struct note *row = &s->o.peer.voter.release[s->p.self];
    if (s->peer_mute)
        return;
    s->o.reclaim_failed = d->reclaim_comes_late;
    s->o.reclaimed = !d->reclaim_comes_late;
    if (s->o.reclaimed)
        *row = (struct note){0};
}

static void prepare(struct drive *d)
{
    d->s.o.fencer.write_lock = TRI_YES;
}

static void arm(struct drive *d)
{
    struct scene *s = &d->s;
    int64_t until = quorum_authority_until(&s->q, s->now_us);
    if (!until || s->o.fencer.alive != TRI_YES)
        return;
    s->o.fencer.epoch = s->m.epoch;
    s->o.fencer.acked_seq = ++s->o.fencer.sent_seq;
    s->o.fencer.acked_deadline_us = s->o.fencer.deadline_us = until - s->p.fence_us - s->p.epsilon_us;
}

static void disarm(struct drive *d)
{
    d->s.o.fencer.acked_seq = 0;
    d->s.o.fencer.deadline_us = d->s.o.fencer.acked_deadline_us = 0;
    d->s.o.fencer.write_lock = TRI_NO;
}

static void close_peer(struct drive *d)
{
    struct scene *s = &d->s;
    bool rests = s->m.basis.kind != NOTE_NONE,
         votes = quorum_majority_held(&s->q) && quorum_holds(&s->q, 1 - s->p.self);
    if (!d->closer_works || s->peer_mute || rests || (!votes && s->m.state != NODE_WRITER))
        return;
    s->o.closing = (struct closing_view){.epoch = s->m.epoch, .closed = true};
    s->o.peer.read_only = TRI_YES;
}

static void stop_receiver(struct drive *d)
{
    d->s.o.own.replication.io = IO_NO;
}

static void start_threads(struct drive *d)
{
    d->s.o.own.replication.io = IO_YES;
    d->s.o.own.replication.sql = TRI_YES;
}

static void start_receiver(struct drive *d)
{
    if (relay_log_start(&d->s.o.own.replication, d->s.o.own.read_only) != RELAY_LOG_START_NOTHING)
        start_threads(d);
}

static void drain(struct drive *d)
{
    const struct gtid_set *received = &d->s.o.own.replication.io_pos;
    struct gtid_set *state = &d->s.o.own.binlog_state; /* log_slave_updates */
    gtid_pos_merge(&d->s.o.own.slave_pos, received);
    for (int i = 0; i < received->count; i++)
        for (int k = 0; k < state->count; k++)
            if (state->at[k].server == received->at[i].server && state->at[k].seq < received->at[i].seq)
                state->at[k].seq = received->at[i].seq;
}

static void consume_rows(struct drive *d, struct voter_rows *r)
{
    struct scene *s = &d->s;
    int other = 1 - s->p.self;
    struct note *all[] = {&r->certificate[other], &r->release[other], &r->off[other]};
    for (int i = 0; i < 3; i++) {
        if (all[i]->kind == NOTE_NONE || all[i]->epoch >= s->m.epoch)
            continue;
        if (r == &s->o.own.voter && all[i]->epoch > s->o.consumed_epoch)
            s->o.consumed_epoch = all[i]->epoch;
        *all[i] = (struct note){0};
    }
}

static void promise(struct drive *d)
{
    struct scene *s = &d->s;
    for (int i = 0; i < OBS_VOTERS; i++) {
        if (!s->q.votes[i].held || !quorum_counts(&s->q, i, s->now_us) || !reaches(d, i))
            continue;
        s->q.votes[i].promised_epoch = s->m.epoch;
        table_of(d, i)->promise[s->p.self] =
            (struct note){.kind = NOTE_PROMISE, .node = s->p.self, .epoch = s->m.epoch};
        consume_rows(d, table_of(d, i));
    }
}

static void set_offsets(struct drive *d)
{
    d->s.o.own.auto_increment_increment = d->s.p.increment;
    d->s.o.own.auto_increment_offset = d->s.p.offset[d->s.p.self];
}

static void enable(struct drive *d)
{
    if (d->s.m.epoch < d->epoch)
        fail_msg("epoch %llu was enabled after %llu", (unsigned long long)d->s.m.epoch,
                 (unsigned long long)d->epoch);
    d->epoch = d->s.m.epoch;
    d->s.o.own.read_only = TRI_NO;
}

static void close_own(struct drive *d)
{
    d->s.o.own.read_only = TRI_YES;
    d->s.o.final_known = true;
}

static void fence(struct drive *d)
{
    if (d->s.o.fencer.alive != TRI_YES)
        return;
    d->s.o.own.read_only = TRI_YES;
    d->s.o.enabling_unanswered = false;
    d->s.o.fencer.fenced_us = d->s.now_us;
    disarm(d);
}

static void write_term(struct drive *d)
{
    d->s.o.term_written = true;
    d->s.o.own.term_epoch = d->s.m.epoch;
    d->s.o.own.term_node = d->s.p.self;
}

/* ---- durability lossless ---- */

static void require_acks(struct drive *d)
{
    struct semi_sync_view *v = &d->s.o.own.semi_sync;
    v->enabled = v->strict = v->status = TRI_YES;
}

static void give_up_acks(struct drive *d)
{
    d->s.o.own.semi_sync.enabled = d->s.o.own.semi_sync.status = TRI_NO;
}

static void set_marks(struct drive *d, int node, uint64_t epoch)
{
    struct scene *s = &d->s;
    struct note mark = {.kind = epoch ? NOTE_OUT_OF_SYNC : NOTE_NONE, .node = node, .epoch = epoch};
    if (s->q.votes[s->p.self].held)
        s->o.own.voter.out_of_sync[node] = mark;
    if (s->q.votes[OBS_TIE].held && reaches(d, OBS_TIE))
        d->witness.out_of_sync[node] = s->o.witness.voter.out_of_sync[node] = mark;
}

static void mark(struct drive *d)
{
    set_marks(d, 1 - d->s.p.self, d->s.m.epoch);
}

static void clear_mark(struct drive *d)
{
    set_marks(d, 0, 0);
    set_marks(d, 1, 0);
}

static void acknowledge(struct drive *d)
{
    d->s.o.own.replication.semi_sync = TRI_YES;
}

static void (*const runners[ACTIONS])(struct drive *d) = {
    [ACTION_FENCE] = fence,
    [ACTION_CLOSE_OWN] = close_own,
    [ACTION_DISARM] = disarm,
    [ACTION_CERTIFY] = certify,
    [ACTION_CERTIFY_LATE] = certify_late,
    [ACTION_RELEASE] = release,
    [ACTION_DROP_VOTES] = drop_votes,
    [ACTION_RECLAIM] = reclaim,
    [ACTION_TAKE_VOTES] = take_votes,
    [ACTION_PREPARE] = prepare,
    [ACTION_CLOSE_PEER] = close_peer,
    [ACTION_STOP_RECEIVER] = stop_receiver,
    [ACTION_DRAIN] = drain,
    [ACTION_PROMISE] = promise,
    [ACTION_OFFSETS] = set_offsets,
    [ACTION_ARM] = arm,
    [ACTION_ENABLE] = enable,
    [ACTION_TERM] = write_term,
    [ACTION_START_RECEIVER] = start_receiver,
    [ACTION_START_THREADS] = start_threads,
    [ACTION_SEMI_SYNC_OFF] = give_up_acks,
    [ACTION_ACKS_ON] = require_acks,
    [ACTION_MARK] = mark,
    [ACTION_CLEAR_MARK] = clear_mark,
    [ACTION_ACKNOWLEDGE] = acknowledge,
};

/* What the daemon forgets at a change of state. */
static void state_changed(struct drive *d, const struct decide_step *step)
{
    struct observation *o = &d->s.o;
    if (step->to == NODE_PROMOTE_VOTES) {
        o->closing = (struct closing_view){0};
        o->consumed_epoch = 0;
        o->term_written = false;
    }
    if (step->to == NODE_DEMOTE_CLOSE || step->to == NODE_FENCED || step->to == NODE_PROMOTE_VOTES)
        o->final_known = o->released = o->reclaimed = o->reclaim_failed = false;
    if (step->to == NODE_DEMOTE_HANDOVER && o->operator_.want == WANT_AWAY)
        o->operator_.want = WANT_NOTHING;
}

static void see_holder(struct drive *d)
{
    struct holder_view *h = &d->s.o.own.holder;
    int self = d->s.p.self;
    h->mine = d->s.q.votes[self].held;
    if (h->mine || d->lock_free[self])
        h->connection = h->mine ? d->s.q.votes[self].connection : 0;
}

/* ---- time ---- */

void drive_begin(struct drive *d)
{
    d->answers = ~UINT64_C(0);
    d->witness = (struct voter_rows){0};
    memcpy(d->witness.promise, d->s.o.peer.voter.promise, sizeof(d->witness.promise));
    for (int i = 0; i < OBS_VOTERS; i++)
        d->lock_free[i] = !d->s.q.votes[i].held;
    d->epoch = d->s.m.state == NODE_WRITER ? d->s.m.epoch : 0;
    drive_forget(d);
}

static void record(struct drive *d, int id)
{
    if (d->row_count && d->rows[d->row_count - 1] == id)
        return;
    if (d->row_count < DRIVE_ROWS_MAX)
        d->rows[d->row_count++] = id;
}

static void die(const struct drive *d, const char *what)
{
    fail_msg("%s: '%s' by row %d at %lld ms", what, node_state_name(d->s.m.state), d->s.out.row->id,
             (long long)((d->s.now_us - SCENE_START) / 1000));
}

void drive_tick(struct drive *d)
{
    struct scene *s = &d->s;
    enum node_state before = s->m.state;
    see_holder(d);
    scene_refresh(s);
    scene_decide(s);
    const char *what = drive_impossible(s, before);
    if (what)
        die(d, what);
    for (int i = 0; i < s->out.step_count; i++) {
        record(d, s->out.steps[i].row->id);
        state_changed(d, &s->out.steps[i]);
    }
    record(d, s->out.row->id);
    d->actions |= s->out.actions;
    for (int a = 0; a < ACTIONS; a++)
        if (runners[a] && has(s->out.actions, a) && has(d->answers, a))
            runners[a](d);
    for (int i = 0; i < OBS_VOTERS; i++)
        if (quorum_must_close(&s->q, i, s->now_us)) {
            quorum_lost(&s->q, i);
            quorum_opened(&s->q, i, 600, s->now_us);
        }
}

/* Is something under way, so that the next tick comes at once? */
static bool is_busy(const struct drive *d)
{
    enum node_state s = d->s.m.state;
    return d->s.out.step_count || (node_state_is_promoting(s) && s != NODE_PROMOTE_VOTES) ||
           s == NODE_DEMOTE_CLOSE;
}

static void step(struct drive *d)
{
    struct scene *s = &d->s;
    int64_t ms = is_busy(d) ? 1 : PERIOD_MS, next = decide_next_us(&s->p, &s->o, &s->q, &s->m);
    int64_t to = s->now_us + MS(ms);
    if (next && next < to)
        to = next;
    s->o.gap_us = to - s->now_us;
    s->now_us = to;
    drive_tick(d);
}

void drive_run(struct drive *d, int64_t ms)
{
    int64_t end = d->s.now_us + MS(ms);
    if (!d->row_count)
        drive_tick(d);
    while (d->s.now_us < end)
        step(d);
}

int64_t drive_until(struct drive *d, enum node_state state, int64_t limit_ms)
{
    int64_t begin = d->s.now_us;
    if (!d->row_count)
        drive_tick(d);
    while (d->s.m.state != state) {
        if (d->s.now_us - begin > MS(limit_ms))
            die(d, "the state expected was not reached");
        step(d);
    }
    return (d->s.now_us - begin) / 1000;
}

void drive_forget(struct drive *d)
{
    d->row_count = 0;
    d->actions = 0;
}

/* ---- what was seen ---- */

void drive_expect_rows(const struct drive *d, const char *name, const int *rows)
{
    char text[512] = "";
    int n = 0;
    while (rows[n])
        n++;
    if (n == d->row_count && memcmp(rows, d->rows, sizeof(int) * (size_t)n) == 0)
        return;
    for (int i = 0; i < d->row_count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), " %d", d->rows[i]);
    fail_msg("%s: the rows were%s", name, text);
}

bool drive_did(const struct drive *d, enum action a)
{
    return has(d->actions, a);
}

bool drive_fired(const struct drive *d, int row)
{
    for (int i = 0; i < d->row_count; i++)
        if (d->rows[i] == row)
            return true;
    return false;
}
