/* A supervisor around the real decision. Mirrors daemon/supervisor.c (the callbacks that write the
 * observation), daemon/cycle.c (the tick and its order) and daemon/vip_vote.c. */
#include <string.h>

#include "parts.h"
#include "wire/fencer_proto.h"

#define REPAIR_US 10000000

static struct supervisor *sup_of(struct world *w, int n)
{
    return &w->nodes[n].sup;
}

/* Callbacks have run; the tick follows, now and then late. */
void node_wake(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    if (p->ticking || p->state == GONE)
        return;
    p->ticking = 1;
    int64_t late = random_chance(w, w->c.slow_steps) ? random_below(w, 30 * MS) : 5 + random_below(w, 20);
    event_add(w, w->now + late, EV_TICK, n, 0, p->gen);
}

/* ---- sessions ---- */

void supervisor_came(struct world *w, int n, int slot)
{
    struct supervisor *p = sup_of(w, n);
    if (slot < SLOT_HELPER) {
        voter_came(w, n, slot - SLOT_VOTER);
    } else if (slot < SLOT_PROBE) {
        helper_came(w, n, slot - SLOT_HELPER);
    } else if (slot < SLOT_CONTROL) {
        struct server_view *view = slot == SLOT_PROBE ? &p->o.own : &p->o.peer;
        view->probed_up_us = session_of(w, n, slot)->opened;
        p->probe_events[slot - SLOT_PROBE] = 0;
        probe_ask(w, n, slot - SLOT_PROBE);
    } else if (slot == SLOT_BELL) {
        bell_wait(w, n);
    } else if (slot == SLOT_CLOSER) {
        closer_came(w, n);
    }
}

void supervisor_went(struct world *w, int n, int slot)
{
    struct supervisor *p = sup_of(w, n);
    if (slot < SLOT_HELPER) {
        voter_went(w, n, slot - SLOT_VOTER);
    } else if (slot >= SLOT_PROBE && slot < SLOT_CONTROL) {
        (slot == SLOT_PROBE ? &p->o.own : &p->o.peer)->probed_up_us = 0;
        p->probe_asking[slot - SLOT_PROBE] = 0;
        node_wake(w, n);
    } else if (slot == SLOT_CLOSER) {
        closer_went(w, n);
    }
}

void supervisor_replied(struct world *w, int n, int slot, const struct statement *st, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    bool climbs = st->verb >= DO_SET_RO && st->verb <= DO_KILL_ALL;
    if (climbs && slot != SLOT_CLOSER)
        ladder_replied(w, n, false, st, a);
    else if (slot < SLOT_HELPER)
        voter_replied(w, n, slot - SLOT_VOTER, st, a);
    else if (slot < SLOT_PROBE)
        helper_replied(w, n, slot - SLOT_HELPER);
    else if (slot < SLOT_CONTROL)
        probe_replied(w, n, slot - SLOT_PROBE, a);
    else if (slot == SLOT_CONTROL)
        own_replied(w, n, st, a);
    else if (slot == SLOT_BELL)
        bell_replied(w, n, a);
    else if (slot == SLOT_CLOSER)
        closer_replied(w, n, st, a);
    else if (slot == SLOT_SEMI)
        own_semi_replied(w, n, a);
    else if (st->verb == DO_BULLETIN && a->status == GOT_LOST)
        p->said = 0;
    else if (st->verb == DO_OFFSETS)
        probe_now(w, n, 0);
}

/* ---- the tick ---- */

static void observe_fencer(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct fencer_view *f = &p->o.fencer;
    int64_t waiting = p->waiting_count ? p->waiting[0].at : 0;
    if (p->link_gone)
        f->alive = TRI_NO;
    else if (waiting && p->o.now_us - waiting > w->policy[n].silent_us)
        f->alive = TRI_NO;
    else if (p->state_known)
        f->alive = TRI_YES;
    if (f->inherited && (f->deadline_us <= p->o.now_us || p->m.state != NODE_UNKNOWN))
        f->inherited = false;
}

static void observe_rest(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct observation *o = &p->o;
    o->witness.seen_us = o->voter_answer_us[OBS_TIE];
    o->failovers_in_window = o->own.unplanned;
    o->enabling_unanswered = p->enabling_uncertain || p->voters[n].enabling;
    if (p->m.state == NODE_WRITER && p->m.epoch && o->own.term_known && o->own.term_epoch >= p->m.epoch)
        o->term_written = true;
    if (p->m.state == NODE_DEMOTE_CLOSE && p->closing_own_at && o->own.seen_us >= p->closing_own_at)
        o->final_known = o->own.read_only == TRI_YES && o->own.binlog_pos.known;
    if (o->own.probed_up_us && o->fencer.dead_us && o->own.probed_up_us > o->fencer.dead_us)
        o->fencer.dead_us = 0;
}

static void repair_switch(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct statement st = {.verb = DO_REPAIR};
    if (p->o.own.dead_man != TRI_NO || !session_is_up(w, n, SLOT_DESK + n) ||
        (p->repaired && p->o.now_us - p->repaired < REPAIR_US))
        return;
    p->repaired = p->o.now_us;
    session_query(w, n, SLOT_DESK + n, &st, 5000);
}

static void schedule(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    int64_t next = decide_next_us(&w->policy[n], &p->o, &p->q, &p->m);
    for (int i = 0; i < OBS_VOTERS; i++) {
        int64_t at = session_of(w, n, SLOT_VOTER + i)->state != LINK_NONE ? voter_next(w, n, i) : 0;
        if (at && (!next || at < next))
            next = at;
    }
    int64_t action = actions_next(w, n);
    if (action && (!next || action < next))
        next = action;
    if (!next)
        return;
    if (next < p->o.now_us)
        next = p->o.now_us;
    if (!p->wake_at || next < p->wake_at) {
        event_drop(w, EV_WAKE, n, 0);
        event_add(w, clock_to_world(w, n, next), EV_WAKE, n, 0, p->gen);
    }
    p->wake_at = next;
}

static void on_wake(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    if (p->wake_at > clock_of(w, n)) { /* it was put off meanwhile */
        event_add(w, clock_to_world(w, n, p->wake_at), EV_WAKE, n, 0, p->gen);
        return;
    }
    p->wake_at = 0;
    node_wake(w, n);
}

static void tell_steps(struct world *w, int n, const struct outcome *out)
{
    struct supervisor *p = sup_of(w, n);
    for (int i = 0; i < out->step_count; i++) {
        const struct decide_step *step = &out->steps[i];
        rows_fired[step->row->id]++;
        TRACE(w, trace_node(n), "%s -> %s: %s (row %d, epoch %u)", node_state_name(step->from),
              node_state_name(step->to), step->row->reason, step->row->id, (unsigned)p->m.epoch);
    }
    rows_fired[out->row->id]++;
    if (w->c.trace && out->row->id != p->last_row && !out->step_count)
        TRACE(w, trace_node(n), "%s: %s (row %d)", node_state_name(p->m.state), out->row->reason,
              out->row->id);
}

static void run_tick(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct outcome out;
    p->o.now_us = clock_of(w, n);
    p->o.gap_us = p->last_tick ? p->o.now_us - p->last_tick : 0;
    p->last_tick = p->o.now_us;
    w->tally.ticks++;
    w->tally.delivered++;
    observe_fencer(w, n);
    observe_rest(w, n);
    enum node_state before = p->m.state;
    bool accepted = p->m.accept_loss;
    decide_tick(&w->policy[n], &p->o, &p->q, &p->m, &out);
    if (accepted && p->m.state == NODE_WRITER) /* also where somebody else had opened its server */
        loss_accepted(w, n);
    if (p->m.state == NODE_PROMOTE_DRAIN || p->m.state == NODE_PROMOTE_PROMISE) {
        p->promoted_loss = facts_loss(&w->policy[n], &p->o, &p->m);
        p->promoted_seen = p->m.ledger.writer_seen_us;
    }
    p->actions = out.actions;
    p->facts = out.facts;
    p->row = out.row->id;
    tell_steps(w, n, &out);
    invariant_tick(w, n, before, &out);
    for (int i = 0; i < out.step_count; i++)
        actions_state_changed(w, n, &out.facts, out.steps[i].from, out.steps[i].to);
    uint32_t gen = p->gen;
    actions_run(w, n, &out);
    if (p->state == GONE || p->gen != gen)
        return; /* it ended */
    p->last_row = out.row->id;
    repair_switch(w, n);
    actions_weight(w, n, &out.facts);
    actions_bulletin(w, n, &out.facts);
    bell_listen(w, n, p->m.state != NODE_WRITER);
    for (int i = 0; i < OBS_VOTERS; i++)
        if (session_of(w, n, SLOT_VOTER + i)->state != LINK_NONE)
            voter_step(w, n, i);
    schedule(w, n);
}

/* ---- references and the VIP's vote ---- */

static void ask_reference(struct world *w, int n, bool from_vip)
{
    struct supervisor *p = sup_of(w, n);
    if (!w->c.references || !vip_reference_answers(w, n, from_vip))
        return;
    struct event *e = event_add(w, link_arrival(w, HOST_REF, n, NULL), EV_ANSWER, n, 0, p->gen);
    e->x = (uint32_t)(clock_of(w, n) - w->hosts[n].offset); /* when it was asked, since the host's origin */
}

static void vip_vote_tick(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    bool here = p->o.vip.here == TRI_YES;
    if (!here || quorum_must_close(&p->q, OBS_TIE, clock_of(w, n))) {
        if (p->q.votes[OBS_TIE].held)
            quorum_lost(&p->q, OBS_TIE);
        if (!here)
            p->q.votes[OBS_TIE].last_valid_us = 0;
    }
    if (here)
        ask_reference(w, n, true);
}

static void reference_answered(struct world *w, int n, int64_t began)
{
    struct supervisor *p = sup_of(w, n);
    struct quorum *q = &p->q;
    p->o.reference_us = began;
    if (w->c.tie != POLICY_TIE_VIP || p->o.vip.here != TRI_YES || began < p->o.vip.since_us)
        return;
    if (q->votes[OBS_TIE].held) {
        quorum_proven(q, OBS_TIE, began);
    } else {
        quorum_opened(q, OBS_TIE, 1, p->o.vip.since_us);
        quorum_taken(q, OBS_TIE, began, clock_of(w, n), false, false);
    }
    node_wake(w, n);
}

static void on_period(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    event_add(w, w->now + PERIOD_US + random_below(w, 300), EV_PERIOD, n, 0, p->gen);
    probe_tick(w, n, 0);
    probe_tick(w, n, 1);
    if (w->c.tie == POLICY_TIE_VIP)
        vip_vote_tick(w, n);
    else
        ask_reference(w, n, false);
    run_tick(w, n);
}

static void save(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    event_add(w, w->now + S, EV_SAVE, n, 0, node->sup.gen);
    if (!ledger_dirty(&node->sup.m.ledger))
        return;
    node->saved = node->sup.m.ledger;
    node->saved_boot = w->hosts[n].boot;
    ledger_flushed(&node->sup.m.ledger, node->sup.m.ledger.revision);
}

/* ---- events ---- */

static void hear_all(struct world *w, int n)
{
    struct talk *t = &w->nodes[n].to_child;
    if (!t->count)
        return;
    struct told m = t->at[t->first];
    t->first = (uint8_t)((t->first + 1) % TALK_MAX);
    t->count--;
    supervisor_hear(w, n, &m);
}

void supervisor_take(struct world *w, struct event *e)
{
    int n = e->a;
    struct supervisor *p = sup_of(w, n);
    if (p->state == GONE || e->gen != p->gen)
        return;
    switch (e->kind) {
    case EV_TICK:
        p->ticking = 0;
        run_tick(w, n);
        break;
    case EV_PERIOD:
        on_period(w, n);
        break;
    case EV_WAKE:
        on_wake(w, n);
        break;
    case EV_SAVE:
        save(w, n);
        break;
    case EV_BELL:
        p->bell_pending = 0;
        bell_wait(w, n);
        break;
    case EV_RUNG:
        ladder_step(w, n, false);
        break;
    case EV_HEAR:
        if (e->b) {
            p->link_gone = 1;
            p->o.fencer.alive = TRI_NO;
            node_wake(w, n);
        } else {
            hear_all(w, n);
        }
        break;
    case EV_OPTIONS:
        p->o.boot_safe = tri_from(w->servers[n].boot_safe);
        node_wake(w, n);
        break;
    case EV_GONE:
        p->server_gone = 1;
        node_wake(w, n);
        break;
    case EV_VIP:
        p->o.vip.here = tri_from(w->nodes[n].vip);
        p->o.vip.since_us = clock_of(w, n);
        node_wake(w, n);
        break;
    default:
        reference_answered(w, n, w->hosts[n].offset + e->x);
    }
}

/* ---- life ---- */

void supervisor_start(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    struct supervisor *p = &node->sup;
    uint32_t gen = p->gen + 1;
    const struct policy *policy = &w->policy[n];
    memset(p, 0, sizeof(*p));
    p->gen = gen;
    p->state = RUNS;
    p->weight = 1;
    p->bulletin_seq = (uint32_t)(w->now / 1000);
    TRACE(w, trace_node(n), "the supervisor starts");
    mind_init(&p->m, clock_of(w, n));
    quorum_init(&p->q, n, policy->tie == POLICY_TIE_WRITER, (int)(policy->lease_us / 1000),
                policy->drift_ppm);
    p->m.ledger = node->saved;
    p->m.ledger.restored = true;
    p->m.ledger.revision = p->m.ledger.flushed_revision = 0;
    if (node->saved_boot != w->hosts[n].boot)
        p->m.ledger.writer_seen_us = 0;
    node->to_child = (struct talk){0};
    event_add(w, w->now + PERIOD_US, EV_PERIOD, n, 0, gen);
    event_add(w, w->now + S, EV_SAVE, n, 0, gen);
    event_add(w, w->now + 5 * MS + random_below(w, 20 * MS), EV_OPTIONS, n, 0, gen);
    event_add(w, w->now + MS, EV_VIP, n, 0, gen);
    struct told hello = {.kind = FENCER_HELLO};
    supervisor_tell(w, n, &hello);
    for (int i = 0; i < OBS_NODES + (policy->tie == POLICY_TIE_WITNESS); i++)
        session_open(w, n, SLOT_VOTER + i, i, 500);
    session_open(w, n, SLOT_PROBE, n, 500);
    session_open(w, n, SLOT_PROBE + 1, 1 - n, 500);
    session_open(w, n, SLOT_CONTROL, n, 500);
    for (int i = 0; i < OBS_NODES; i++)
        session_open(w, n, SLOT_DESK + i, i, 500);
    session_open(w, n, SLOT_BELL, n, 500);
    if (policy->lossless)
        session_open(w, n, SLOT_SEMI, n, 500);
}

void supervisor_end(struct world *w, int n, bool off)
{
    struct supervisor *p = sup_of(w, n);
    if (p->state == GONE)
        return;
    TRACE(w, trace_node(n), "the supervisor ends");
    p->state = GONE;
    p->gen++;
    ladder_free(&p->ladder);
    sessions_abandon(w, n, 0, SLOT_F_LOCK, off);
    if (!off)
        fencer_child_ended(w, n);
}
