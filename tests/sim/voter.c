/* One voter's session as a supervisor uses it. Mirrors io/server_voter.c, function by function and in its
 * order. */
#include <string.h>

#include "parts.h"

#define LOOK_AGAIN (20 * MS)
#define SILENT_MS  ((int)(w->policy[n].silent_us / MS))

static struct supervisor *sup_of(struct world *w, int n)
{
    return &w->nodes[n].sup;
}

static struct vote *vote_of(struct world *w, int n, int i)
{
    return &sup_of(w, n)->q.votes[i];
}

static void query(struct world *w, int n, int i, struct statement st, int limit_ms)
{
    session_query(w, n, SLOT_VOTER + i, &st, limit_ms);
}

static void note_answer(struct world *w, int n, int i, const struct answer *a)
{
    int64_t *at = &sup_of(w, n)->o.voter_answer_us[i];
    if (a->status != GOT_LOST && a->sent > *at)
        *at = a->sent;
}

static struct voter_rows *rows_of(struct world *w, int n, int i)
{
    struct observation *o = &sup_of(w, n)->o;
    return i == OBS_TIE ? &o->witness.voter : i == n ? &o->own.voter : &o->peer.voter;
}

/* ---- ending a predecessor or an expired holder ---- */

static void end_connection(struct world *w, int n, int i, uint32_t id)
{
    struct voter_side *v = &sup_of(w, n)->voters[i];
    if (session_of(w, n, SLOT_HELPER + i)->state != LINK_NONE || !id)
        return;
    v->condemned = id;
    session_open(w, n, SLOT_HELPER + i, i, SILENT_MS / 2);
}

void helper_came(struct world *w, int n, int i)
{
    struct statement st = {.verb = DO_KILL, .id = sup_of(w, n)->voters[i].condemned};
    session_query(w, n, SLOT_HELPER + i, &st, SILENT_MS);
}

void helper_replied(struct world *w, int n, int i)
{
    session_free(w, n, SLOT_HELPER + i);
}

/* ---- taking ---- */

static void taken(struct world *w, int n, int i, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    struct voter_side *v = &p->voters[i];
    bool expired = v->expired;
    v->taking = 0;
    v->expired = 0;
    note_answer(w, n, i, a);
    if (a->status != GOT_LOST && a->got) {
        struct voter_rows *rows = rows_of(w, n, i);
        observe_rows(rows, &a->seen.rows, a->answered);
        v->predecessor = 0;
        quorum_taken(&p->q, i, a->sent, a->answered, rows->read_us && taking_was_released(rows, n), expired);
        v->last_asked = 0;
        TRACE(w, trace_node(n), "took the vote at %s%s", trace_server(i),
              expired ? " from an expired holder" : "");
    } else {
        v->look_again = clock_of(w, n) + LOOK_AGAIN;
    }
    node_wake(w, n);
}

static void take(struct world *w, int n, int i, bool wait)
{
    sup_of(w, n)->voters[i].taking = 1;
    query(w, n, i, (struct statement){.verb = wait ? DO_TAKE_WAIT : DO_TAKE}, SILENT_MS + 1000);
}

static void take_from(struct world *w, int n, int i, uint32_t holder, bool expired)
{
    sup_of(w, n)->voters[i].expired = expired;
    end_connection(w, n, i, holder);
    take(w, n, i, true);
}

static void read_holder(struct world *w, int n, int i, const struct answer *a, struct holder_view *h)
{
    uint32_t own = session_is_up(w, n, SLOT_VOTER + i) ? session_of(w, n, SLOT_VOTER + i)->id : 0;
    *h = (struct holder_view){.asked_us = a->sent, .connection = a->holder};
    if (a->holder) {
        h->mine = own && a->holder == own;
        h->foreign = !a->holder_supervisor;
        h->idle = a->holder_idle;
        h->idle_ms = a->holder_idle_ms;
        h->here[0] = a->holder_here[0];
        h->here[1] = a->holder_here[1];
    }
}

static void show_holder(struct world *w, int n, int i, const struct holder_view *seen)
{
    vote_of(w, n, i)->holder = *seen;
    if (i == n)
        sup_of(w, n)->o.own.holder = *seen;
}

static void do_chosen(struct world *w, int n, int i, const struct taking_choice *c, uint32_t holder)
{
    switch (c->step) {
    case TAKING_FREE:
    case TAKING_WAIT:
        take(w, n, i, c->step == TAKING_WAIT);
        break;
    case TAKING_END:
    case TAKING_EXPIRED:
        take_from(w, n, i, holder, c->step == TAKING_EXPIRED);
        break;
    case TAKING_LATER:
        sup_of(w, n)->voters[i].look_again = c->again_us;
        break;
    }
}

static void looked(struct world *w, int n, int i, const struct answer *a)
{
    struct voter_side *v = &sup_of(w, n)->voters[i];
    struct holder_view seen;
    v->asking = 0;
    note_answer(w, n, i, a);
    if (a->status != GOT_OK || !a->has_holder)
        return;
    read_holder(w, n, i, a, &seen);
    struct taking t = {.urgency = v->urgency, .predecessor = v->predecessor};
    struct taking_choice c = taking_choose(&sup_of(w, n)->q, i, &t, &seen, a->answered);
    show_holder(w, n, i, &seen);
    v->look_again = 0;
    if (v->wanted && !vote_of(w, n, i)->held && !v->taking)
        do_chosen(w, n, i, &c, (uint32_t)seen.connection);
    node_wake(w, n);
}

static void begin_taking(struct world *w, int n, int i)
{
    struct voter_side *v = &sup_of(w, n)->voters[i];
    if (v->taking || v->asking || v->releasing || !session_is_up(w, n, SLOT_VOTER + i))
        return;
    if (v->urgency == VOTER_TAKE_WAIT && !v->predecessor) {
        take(w, n, i, true);
        return;
    }
    v->asking = 1;
    query(w, n, i, (struct statement){.verb = DO_LOOK}, SILENT_MS);
}

/* ---- renewing ---- */

static void renewed(struct world *w, int n, int i, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    p->voters[i].asking = 0;
    note_answer(w, n, i, a);
    if (a->status != GOT_OK)
        return;
    if (a->mine)
        quorum_proven(&p->q, i, a->sent);
    else if (vote_of(w, n, i)->held)
        session_close(w, n, SLOT_VOTER + i);
    if (a->has_holder) {
        struct holder_view seen;
        read_holder(w, n, i, a, &seen);
        show_holder(w, n, i, &seen);
    }
    if (a->has_rows && !vote_of(w, n, i)->held)
        observe_rows(rows_of(w, n, i), &a->seen.rows, a->sent);
    node_wake(w, n);
}

static int limit_ms(struct world *w, int n, int i, int64_t now)
{
    int64_t until = quorum_valid_until(&sup_of(w, n)->q, i);
    return until > now ? (int)((until - now) / 1000 + 1) : SILENT_MS;
}

static void renew(struct world *w, int n, int i, int64_t now)
{
    struct voter_side *v = &sup_of(w, n)->voters[i];
    bool held = vote_of(w, n, i)->held;
    v->asking = 1;
    v->last_asked = now;
    query(w, n, i, (struct statement){.verb = held ? DO_RENEW : DO_IDLE}, limit_ms(w, n, i, now));
}

void voter_step(struct world *w, int n, int i)
{
    struct supervisor *p = sup_of(w, n);
    struct voter_side *v = &p->voters[i];
    int64_t now = p->o.now_us;
    if (!session_is_up(w, n, SLOT_VOTER + i) || v->releasing)
        return;
    if (quorum_must_close(&p->q, i, now)) {
        TRACE(w, trace_node(n), "closes its session at %s: the vote's validity ended", trace_server(i));
        session_close(w, n, SLOT_VOTER + i);
        return;
    }
    if (v->wanted && !vote_of(w, n, i)->held && (!v->look_again || now >= v->look_again))
        begin_taking(w, n, i);
    bool due = now - v->last_asked >= w->policy[n].renew_us - 5000;
    if (due && !v->asking && !v->taking && !session_of(w, n, SLOT_VOTER + i)->queued)
        renew(w, n, i, now);
}

void voter_want(struct world *w, int n, int i, int urgency)
{
    struct voter_side *v = &sup_of(w, n)->voters[i];
    bool begins = !v->wanted || urgency > v->urgency;
    v->wanted = 1;
    v->urgency = (uint8_t)urgency;
    if (begins && !vote_of(w, n, i)->held)
        begin_taking(w, n, i);
}

void voter_drop(struct world *w, int n, int i)
{
    struct supervisor *p = sup_of(w, n);
    struct voter_side *v = &p->voters[i];
    if (v->releasing)
        return;
    v->wanted = 0;
    v->look_again = 0;
    if (!vote_of(w, n, i)->held && !v->taking)
        return;
    TRACE(w, trace_node(n), "gives the vote at %s back", trace_server(i));
    quorum_released(&p->q, i);
    session_close(w, n, SLOT_VOTER + i);
}

int64_t voter_next(const struct world *w, int n, int i)
{
    const struct supervisor *p = &w->nodes[n].sup;
    bool waits = p->voters[i].asking || p->voters[i].taking || !session_is_up(w, n, SLOT_VOTER + i);
    return p->voters[i].wanted && !waits && !p->q.votes[i].held ? p->voters[i].look_again : 0;
}

/* ---- statements on the vote's session ---- */

void voter_promise(struct world *w, int n, int i, uint64_t epoch)
{
    struct voter_side *v = &sup_of(w, n)->voters[i];
    struct vote *vote = vote_of(w, n, i);
    if (v->promising || !vote->held || vote->promised_epoch == epoch || !session_is_up(w, n, SLOT_VOTER + i))
        return;
    v->promising = (uint32_t)epoch;
    query(w, n, i, (struct statement){.verb = DO_PROMISE, .epoch = (uint32_t)epoch},
          limit_ms(w, n, i, clock_of(w, n)));
}

static void promised(struct world *w, int n, int i, const struct statement *st, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    note_answer(w, n, i, a);
    p->voters[i].promising = 0;
    if (a->status == GOT_OK) {
        bool theirs = a->consumed_kind && (a->consumed_node != n || a->consumed_kind == NOTE_OFF);
        vote_of(w, n, i)->promised_epoch = st->epoch;
        quorum_proven(&p->q, i, a->sent);
        if (i == n)
            p->o.consumed_epoch = theirs ? a->consumed_epoch : 0;
        TRACE(w, trace_node(n), "promised epoch %u at %s", st->epoch, trace_server(i));
    }
    node_wake(w, n);
}

static void write_mark(struct world *w, int n, int i, int node, uint64_t epoch)
{
    struct voter_side *v = &sup_of(w, n)->voters[i];
    struct statement st = {
        .verb = epoch ? DO_MARK : DO_CLEAR_MARK, .id = (uint32_t)node, .epoch = (uint32_t)epoch};
    if (v->marking[node] || !session_is_up(w, n, SLOT_VOTER + i))
        return;
    v->marking[node] = 1;
    query(w, n, i, st, limit_ms(w, n, i, clock_of(w, n)));
}

void voter_mark(struct world *w, int n, int i, int node, uint64_t epoch, int64_t since_us)
{
    const struct note *mark = &rows_of(w, n, i)->out_of_sync[node];
    bool stands = mark->kind != NOTE_NONE && mark->epoch == epoch && rows_of(w, n, i)->read_us > since_us;
    if (vote_of(w, n, i)->held && !stands)
        write_mark(w, n, i, node, epoch);
}

void voter_clear_mark(struct world *w, int n, int i, int node)
{
    if (vote_of(w, n, i)->held && rows_of(w, n, i)->out_of_sync[node].kind != NOTE_NONE)
        write_mark(w, n, i, node, 0);
}

static void marked(struct world *w, int n, int i, const struct statement *st, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    int node = (int)st->id;
    note_answer(w, n, i, a);
    p->voters[i].marking[node] = 0;
    if (a->status == GOT_OK) {
        struct voter_rows *rows = rows_of(w, n, i);
        quorum_proven(&p->q, i, a->sent);
        rows->out_of_sync[node] =
            (struct note){.kind = st->epoch ? NOTE_OUT_OF_SYNC : NOTE_NONE, .node = node, .epoch = st->epoch};
        rows->read_us = a->answered;
        w->tally.marks += st->verb == DO_MARK;
        w->tally.clears += st->verb == DO_CLEAR_MARK;
    }
    node_wake(w, n);
}

bool voter_enable(struct world *w, int n, uint64_t epoch)
{
    struct voter_side *v = &sup_of(w, n)->voters[n];
    if (v->enabling || !vote_of(w, n, n)->held || !session_is_up(w, n, SLOT_VOTER + n))
        return false;
    v->enabling = 1;
    query(w, n, n, (struct statement){.verb = DO_ENABLE, .epoch = (uint32_t)epoch},
          limit_ms(w, n, n, clock_of(w, n)));
    return true;
}

static void enabled(struct world *w, int n, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    note_answer(w, n, n, a);
    p->voters[n].enabling = 0;
    if (a->status == GOT_OK) {
        quorum_proven(&p->q, n, a->sent);
        p->o.own.read_only = TRI_NO;
        p->o.own.seen_us = a->sent;
    } else {
        p->enabling_uncertain = a->status == GOT_LOST;
        probe_now(w, n, 0);
    }
    node_wake(w, n);
}

void voter_release(struct world *w, int n, int i, bool uncounted_too, const struct statement *what)
{
    struct voter_side *v = &sup_of(w, n)->voters[i];
    if (v->releasing || (v->release_done && !vote_of(w, n, i)->held))
        return;
    v->release_done = 0;
    v->wanted = 0;
    if (!taking_may_release(&sup_of(w, n)->q, i, uncounted_too) || !session_is_up(w, n, SLOT_VOTER + i)) {
        v->release_done = 1;
        voter_drop(w, n, i);
        return;
    }
    v->releasing = 1;
    query(w, n, i, *what, limit_ms(w, n, i, clock_of(w, n)));
}

static void release_written(struct world *w, int n, int i, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    p->voters[i].releasing = 0;
    p->voters[i].release_done = 1;
    quorum_released(&p->q, i);
    TRACE(w, trace_node(n), "released in writing at %s: %s", trace_server(i),
          a->status == GOT_OK      ? "ok"
          : a->status == GOT_ERROR ? "refused"
                                   : "unanswered");
    if (a->status != GOT_LOST)
        session_close(w, n, SLOT_VOTER + i);
    node_wake(w, n);
}

static void reclaimed(struct world *w, int n, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    p->reclaiming = 0;
    p->o.reclaimed = a->status == GOT_OK && a->got;
    p->o.reclaim_failed = a->status == GOT_ERROR || (a->status == GOT_OK && !a->got);
    node_wake(w, n);
}

void voter_replied(struct world *w, int n, int i, const struct statement *st, const struct answer *a)
{
    switch (st->verb) {
    case DO_IDLE:
    case DO_RENEW:
        renewed(w, n, i, a);
        break;
    case DO_LOOK:
        looked(w, n, i, a);
        break;
    case DO_TAKE:
    case DO_TAKE_WAIT:
        taken(w, n, i, a);
        break;
    case DO_PROMISE:
        promised(w, n, i, st, a);
        break;
    case DO_ENABLE:
        enabled(w, n, a);
        break;
    case DO_RELEASE:
        release_written(w, n, i, a);
        break;
    case DO_RECLAIM:
        reclaimed(w, n, a);
        break;
    case DO_MARK:
    case DO_CLEAR_MARK:
        marked(w, n, i, st, a);
        break;
    default:
        break;
    }
}

/* ---- the session's life ---- */

void voter_came(struct world *w, int n, int i)
{
    struct supervisor *p = sup_of(w, n);
    struct voter_side *v = &p->voters[i];
    struct session *s = session_of(w, n, SLOT_VOTER + i);
    quorum_opened(&p->q, i, s->id, s->opened);
    v->last_asked = 0;
    v->look_again = 0;
    if (v->wanted)
        begin_taking(w, n, i);
    else
        renew(w, n, i, clock_of(w, n));
    node_wake(w, n);
}

void voter_went(struct world *w, int n, int i)
{
    struct supervisor *p = sup_of(w, n);
    struct vote *vote = vote_of(w, n, i);
    if (vote->held)
        p->voters[i].predecessor = (uint32_t)vote->connection;
    quorum_lost(&p->q, i);
    p->voters[i].taking = p->voters[i].asking = 0;
    node_wake(w, n);
}
