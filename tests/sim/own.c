/* The own server by the control session, the closer of the other's, and the operator's command. Mirrors
 * daemon/own_server.c, io/closer.c and daemon/control_wish.c. */
#include <string.h>

#include "parts.h"

#define ROUNDS_MAX 200

static struct supervisor *sup_of(struct world *w, int n)
{
    return &w->nodes[n].sup;
}

/* ---- the control session ---- */

void own_statement(struct world *w, int n, enum verb verb, int deadline_ms)
{
    struct supervisor *p = sup_of(w, n);
    struct statement st = {.verb = (uint8_t)verb};
    if (p->control_busy || !session_is_up(w, n, SLOT_CONTROL))
        return;
    p->control_busy = 1;
    p->control_began = clock_of(w, n);
    session_query(w, n, SLOT_CONTROL, &st, deadline_ms);
}

/* daemon/lossless.c: a session of its own, for the others may wait behind a commit. */
void own_semi(struct world *w, int n, enum verb verb)
{
    struct supervisor *p = sup_of(w, n);
    struct statement st = {.verb = (uint8_t)verb};
    bool failed = p->semi_failed && clock_of(w, n) - p->semi_failed < 100 * MS;
    if (p->semi_busy || failed || !session_is_up(w, n, SLOT_SEMI))
        return;
    p->semi_busy = 1;
    p->semi_began = clock_of(w, n);
    session_query(w, n, SLOT_SEMI, &st, 2000);
}

void own_semi_replied(struct world *w, int n, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    p->semi_busy = 0;
    p->semi_failed = a->status == GOT_OK ? 0 : clock_of(w, n);
    if (a->status == GOT_OK)
        observe_server(&p->o.own, a, p->semi_began, a->answered);
    node_wake(w, n);
}

void own_term(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    bool unplanned = p->m.why == REASON_CERTIFIED || p->m.why == REASON_SILENCE;
    struct statement st = {
        .verb = DO_TERM, .epoch = (uint32_t)p->m.epoch, .kind = unplanned, .hold = p->m.accept_loss};
    if (p->term_asked || p->o.term_written || !session_is_up(w, n, SLOT_CONTROL))
        return;
    p->term_asked = 1;
    session_query(w, n, SLOT_CONTROL, &st, 10000);
}

void own_replied(struct world *w, int n, const struct statement *st, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    if (st->verb == DO_TERM) {
        p->term_asked = 0;
        p->o.term_written = p->o.term_written || (a->status == GOT_OK && st->epoch == p->m.epoch);
    } else {
        p->control_busy = 0;
        if (a->status == GOT_OK)
            observe_server(&p->o.own, a, p->control_began, a->answered);
    }
    node_wake(w, n);
}

void own_close(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    bool again = p->o.own.read_only == TRI_NO && p->o.own.seen_us > p->closing_own_at;
    if (p->closing_own || (p->closing_own_at && !again))
        return;
    p->closing_cuts = p->o.enabling_unanswered;
    p->closing_own = 1;
    ladder_start(w, n, false, RUNG_SET | RUNG_SWEEP | (p->closing_cuts ? RUNG_CUT : 0));
}

void own_close_ended(struct world *w, int n, bool proven)
{
    struct supervisor *p = sup_of(w, n);
    p->closing_own = 0;
    p->closing_own_at = proven ? clock_of(w, n) : 0;
    if (proven && p->closing_cuts)
        p->enabling_uncertain = 0;
    if (proven)
        probe_now(w, n, 0);
    node_wake(w, n);
}

/* ---- the closer ---- */

static void end_attempt(struct world *w, int n, bool failed)
{
    struct supervisor *p = sup_of(w, n);
    p->closer_failed = failed ? clock_of(w, n) : 0;
    p->closer_epoch = 0;
    session_free(w, n, SLOT_CLOSER);
    node_wake(w, n);
}

static void ask(struct world *w, int n, enum verb verb, uint32_t id)
{
    struct statement st = {.verb = (uint8_t)verb, .id = id};
    session_query(w, n, SLOT_CLOSER, &st, (int)(w->policy[n].silent_us / MS));
}

void closer_came(struct world *w, int n)
{
    ask(w, n, DO_LIST, 0);
}

void closer_went(struct world *w, int n)
{
    if (sup_of(w, n)->closer_epoch)
        end_attempt(w, n, true);
}

static void closed(struct world *w, int n, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    if (a->status != GOT_OK || !a->read_only) {
        end_attempt(w, n, true);
        return;
    }
    TRACE(w, trace_node(n), "has closed the other server");
    p->o.peer.read_only = TRI_YES;
    observe_pos(&p->o.peer.binlog_pos, a->seen.pos);
    p->o.peer.seen_us = a->sent;
    p->o.closing.epoch = p->closer_epoch;
    p->o.closing.closed = true;
    end_attempt(w, n, false);
}

static void listed(struct world *w, int n, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    if (a->status != GOT_OK || (a->count && ++p->closer_rounds > ROUNDS_MAX))
        end_attempt(w, n, true);
    else if (!a->count)
        ask(w, n, DO_SET_RO, 0);
    else
        ask(w, n, DO_KILL, a->holder);
}

void closer_replied(struct world *w, int n, const struct statement *st, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    if (!p->closer_epoch)
        return;
    if (st->verb == DO_LIST)
        listed(w, n, a);
    else if (st->verb == DO_SET_RO)
        closed(w, n, a);
    else if (a->status == GOT_LOST)
        end_attempt(w, n, true);
    else
        ask(w, n, DO_LIST, 0);
}

void closer_begin(struct world *w, int n, uint64_t epoch)
{
    struct supervisor *p = sup_of(w, n);
    if (p->closer_epoch || !epoch || (p->o.closing.closed && p->o.closing.epoch == epoch))
        return;
    if (p->closer_failed && clock_of(w, n) - p->closer_failed < 250 * MS)
        return;
    p->closer_epoch = epoch;
    p->closer_rounds = 0;
    session_open(w, n, SLOT_CLOSER, 1 - n, 500);
}

void closer_reset(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    p->closer_epoch = 0;
    p->closer_failed = 0;
    memset(&p->o.closing, 0, sizeof(p->o.closing));
    session_free(w, n, SLOT_CLOSER);
}

/* ---- the operator, who waits for his command ---- */

void operator_wants(struct world *w, int n, enum operator_want want, int64_t limit)
{
    struct supervisor *p = sup_of(w, n);
    p->o.operator_.want = want;
    p->wish = (uint8_t)want;
    p->wish_left = 0;
    p->wish_began = clock_of(w, n);
    p->wish_until = limit;
    node_wake(w, n);
}

static void end_wish(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    p->wish = 0;
    p->wants_peer_off = 0;
    p->o.operator_.want = WANT_NOTHING;
    p->o.operator_.accept_loss = false;
    p->o.operator_.peer_is_off = false;
    node_wake(w, n);
}

static bool is_settled_here(struct supervisor *p)
{
    const struct rule *row = NULL;
    bool was = p->wish_left;
    p->wish_left = p->wish_left || (p->m.state != NODE_STANDBY && p->m.since_us >= p->wish_began);
    for (size_t i = 0; i < rules_count; i++)
        row = rules_table[i].id == p->row ? &rules_table[i] : row;
    bool refused =
        p->m.state == NODE_STANDBY && row && row->stay && (row->actions & ACTION_BIT(ACTION_ALERT));
    return p->m.state == NODE_WRITER || p->m.state == NODE_FENCED || p->m.state == NODE_QUARANTINED ||
           refused || (was && p->m.state == NODE_STANDBY);
}

static bool is_settled_away(struct supervisor *p)
{
    bool was = p->wish_left, writer = p->m.state == NODE_WRITER;
    bool changing = writer || p->m.state == NODE_DEMOTE_CLOSE || p->m.state == NODE_DEMOTE_HANDOVER;
    p->wish_left = p->wish_left || !writer;
    if (!changing && p->o.peer.read_only == TRI_NO && p->o.peer.seen_us > p->wish_began)
        return true;
    return (was && writer) || p->m.state == NODE_FENCED || p->m.state == NODE_QUARANTINED;
}

void operator_look(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    if (p->state == GONE || !p->wish)
        return;
    bool settled = p->wish == WANT_HERE ? is_settled_here(p) : is_settled_away(p);
    if (settled || clock_of(w, n) - p->wish_began >= p->wish_until)
        end_wish(w, n);
    else
        event_add(w, w->now + 20 * MS, EV_OPERATOR, n, 0, 0);
}
