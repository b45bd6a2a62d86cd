/* What a plan asks for. Mirrors daemon/actions.c: the same guards, in the same order. */
#include <string.h>

#include "model/relay_log.h"
#include "parts.h"
#include "wire/fencer_proto.h"

#define FAULT_US        2000000
#define SOCKETS_US      25000
#define ARRIVAL_US      1000000
#define PREPARE_US      250000
#define REPEAT_US       1000000
#define RECEIVE_LOOK_US 2000

static struct supervisor *sup_of(struct world *w, int n)
{
    return &w->nodes[n].sup;
}

static bool has_voter(struct world *w, int n, int i)
{
    return session_of(w, n, SLOT_VOTER + i)->state != LINK_NONE;
}

/* ---- votes ---- */

static int urgency(struct world *w, int n, const struct facts *f)
{
    const struct note *basis = &sup_of(w, n)->m.basis;
    if (f->value[FACT_PEER_CLOSED] != TRI_YES)
        return VOTER_TAKE_IF_FREE;
    return basis->kind == NOTE_RELEASE || basis->kind == NOTE_CERTIFICATE ? VOTER_TAKE_WAIT
                                                                          : VOTER_TAKE_CLOSED;
}

static bool can_do_without_peer(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    bool has_tie =
        has_voter(w, n, OBS_TIE) ? session_is_up(w, n, SLOT_VOTER + OBS_TIE) : quorum_holds(&p->q, OBS_TIE);
    return node_state_is_promoting(p->m.state) && p->m.basis.kind != NOTE_NONE && has_tie;
}

static void take_votes(struct world *w, int n, const struct facts *f)
{
    static const int order[OBS_VOTERS] = {OBS_TIE, 0, 1};
    bool spare = can_do_without_peer(w, n);
    for (int i = 0; i < OBS_VOTERS; i++)
        if (has_voter(w, n, order[i]) && !(spare && order[i] == 1 - n))
            voter_want(w, n, order[i], urgency(w, n, f));
}

static void drop_votes(struct world *w, int n)
{
    for (int i = 0; i < OBS_VOTERS; i++)
        if (has_voter(w, n, i))
            voter_drop(w, n, i);
}

static void release(struct world *w, int n, struct statement what)
{
    struct supervisor *p = sup_of(w, n);
    const struct gtid_set *pos = &p->o.own.binlog_pos;
    bool done = true;
    what.verb = DO_RELEASE;
    what.epoch = (uint32_t)p->m.epoch;
    if (pos->known && pos->count && !p->o.fencer.dead_us)
        what.gtid = (struct gid){.seq = (uint32_t)pos->at[0].seq, .server = (uint8_t)pos->at[0].server};
    for (int i = 0; i < OBS_VOTERS; i++) {
        if (!has_voter(w, n, i))
            continue;
        voter_release(w, n, i, p->was_writer, &what);
        done = done && p->voters[i].release_done;
    }
    p->o.released = done;
}

static void begin_release(struct world *w, int n)
{
    release(w, n, (struct statement){.kind = NOTE_RELEASE});
}

static void certify(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    release(w, n,
            (struct statement){
                .kind = NOTE_CERTIFICATE, .file = p->dead_life, .size = (uint32_t)p->o.fencer.dead_size});
}

static void certify_late(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct statement what = {.verb = DO_RELEASE,
                             .kind = NOTE_CERTIFICATE,
                             .epoch = (uint32_t)p->m.epoch,
                             .file = p->dead_life,
                             .size = (uint32_t)p->o.fencer.dead_size};
    if (!quorum_holds(&p->q, 1 - n)) {
        voter_want(w, n, 1 - n, VOTER_TAKE_IF_FREE);
        return;
    }
    p->voters[1 - n].release_done = 0;
    voter_release(w, n, 1 - n, true, &what);
}

static void reclaim(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct statement st = {.verb = DO_RECLAIM, .epoch = (uint32_t)p->m.epoch};
    if (p->reclaiming || p->o.reclaimed || p->o.reclaim_failed || !session_is_up(w, n, SLOT_VOTER + 1 - n))
        return;
    p->reclaiming = 1;
    session_query(w, n, SLOT_VOTER + 1 - n, &st, (int)(w->policy[n].silent_us / MS));
}

static void promise(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    for (int i = 0; i < OBS_VOTERS; i++)
        if (has_voter(w, n, i) && quorum_counts(&p->q, i, p->o.now_us))
            voter_promise(w, n, i, p->m.epoch);
}

static void close_peer(struct world *w, int n, const struct facts *f)
{
    struct supervisor *p = sup_of(w, n);
    int other = 1 - n;
    if (!p->m.epoch || f->value[FACT_PEER_UP] != TRI_YES || p->m.basis.kind != NOTE_NONE)
        return;
    if (p->m.state == NODE_WRITER) {
        closer_begin(w, n, p->m.epoch);
        return;
    }
    if (!quorum_majority_held(&p->q) || !quorum_holds(&p->q, other))
        return;
    if (p->q.votes[other].promised_epoch != p->m.epoch)
        voter_promise(w, n, other, p->m.epoch);
    else
        closer_begin(w, n, p->m.epoch);
}

/* ---- the fencer ---- */

static bool epoch_is_chosen(const struct supervisor *p)
{
    return p->m.epoch && !(node_state_is_promoting(p->m.state) && p->m.epoch <= p->m.term_floor);
}

static void prepare(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct told m = {.kind = FENCER_PREPARE, .epoch = p->m.epoch};
    if (p->o.fencer.write_lock == TRI_YES || p->o.now_us - p->prepared < PREPARE_US || !epoch_is_chosen(p))
        return;
    p->prepared = p->o.now_us;
    supervisor_tell(w, n, &m);
}

static void arm(struct world *w, int n, const struct facts *f)
{
    struct supervisor *p = sup_of(w, n);
    const struct policy *policy = &w->policy[n];
    int64_t until = quorum_authority_until(&p->q, p->o.now_us);
    int64_t deadline = until - policy->fence_us - policy->epsilon_us;
    struct told m = {.kind = FENCER_ARM,
                     .epoch = p->m.epoch,
                     .deadline = deadline,
                     .votes = (uint8_t)quorum_mask(&p->q, p->o.now_us),
                     .can_take = decide_peer_can_take_vip(&p->o, f),
                     .renewed = until - p->q.lease_valid_us};
    if (!until || deadline <= p->armed_deadline || !epoch_is_chosen(p))
        return;
    p->armed_deadline = deadline;
    supervisor_tell(w, n, &m);
    p->o.fencer.sent_seq = p->link_gone ? 0 : p->seq;
}

static void disarm(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct told m = {.kind = FENCER_DISARM};
    if (!p->armed_deadline && p->o.fencer.deadline_us == 0 && p->o.fencer.write_lock != TRI_YES)
        return;
    if (p->disarmed && p->o.now_us - p->disarmed < REPEAT_US)
        return;
    p->disarmed = p->o.now_us;
    p->armed_deadline = 0;
    p->o.fencer.acked_seq = 0;
    p->o.fencer.acked_deadline_us = 0;
    supervisor_tell(w, n, &m);
}

static void fence(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct told m = {.kind = FENCER_FENCE};
    if (p->fence_asked && p->o.now_us - p->fence_asked < w->policy[n].fence_us)
        return;
    p->fence_asked = p->o.now_us;
    p->armed_deadline = 0;
    supervisor_tell(w, n, &m);
}

static void enable(struct world *w, int n, const struct facts *f)
{
    struct supervisor *p = sup_of(w, n);
    if (p->o.own.read_only == TRI_NO || f->value[FACT_ARMED] != TRI_YES)
        return;
    if (voter_enable(w, n, p->m.epoch))
        p->o.enabling_unanswered = true;
}

static bool sockets_are_closing(const struct supervisor *p)
{
    return p->o.fencer.dead_us && !p->server_gone && p->o.now_us - p->o.fencer.dead_us < SOCKETS_US;
}

static void give_vip(struct world *w, int n, const struct facts *f)
{
    struct supervisor *p = sup_of(w, n);
    bool taking = p->m.state == NODE_DEMOTE_HANDOVER && p->handing_over && f->value[FACT_PEER_UP] == TRI_YES;
    if (p->fault_given || p->o.vip.here != TRI_YES || sockets_are_closing(p))
        return;
    if (!taking && !decide_peer_can_take_vip(&p->o, f))
        return;
    p->fault_given = 1;
    p->fault_until = p->o.now_us + FAULT_US;
}

/* ---- all of them ---- */

static void leave(struct world *w, int n, const struct outcome *out)
{
    struct supervisor *p = sup_of(w, n);
    bool releasing = (out->actions & ACTION_BIT(ACTION_RELEASE)) && !p->o.released;
    if (p->exiting || releasing || p->fault_until)
        return;
    p->exiting = 1;
}

static void correct_offsets(struct world *w, int n, const struct facts *f)
{
    struct supervisor *p = sup_of(w, n);
    struct statement st = {.verb = DO_OFFSETS};
    if (f->value[FACT_OFFSETS] != TRI_NO || !session_is_up(w, n, SLOT_DESK + n) ||
        (p->offsets_asked && p->o.now_us - p->offsets_asked < REPEAT_US))
        return;
    p->offsets_asked = p->o.now_us;
    session_query(w, n, SLOT_DESK + n, &st, 2000);
}

static bool repeated(int64_t *last, int64_t now)
{
    if (*last && now - *last < REPEAT_US)
        return true;
    *last = now;
    return false;
}

static void start_receiver(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    enum relay_log_start start = relay_log_start(&p->o.own.replication, p->o.own.read_only);
    if (start == RELAY_LOG_START_NOTHING || repeated(&p->threads_started, p->o.now_us))
        return;
    own_statement(w, n, start == RELAY_LOG_START_RECEIVER ? DO_START_IO : DO_START_BOTH, 2000);
}

static void start_threads(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    if (!p->o.own.replication.known || repeated(&p->threads_started, p->o.now_us))
        return;
    own_statement(w, n, DO_START_BOTH, 2000);
}

static void stop_receiver(struct world *w, int n)
{
    const struct replication_view *r = &sup_of(w, n)->o.own.replication;
    if (r->known && r->io != IO_NO)
        own_statement(w, n, DO_STOP_IO, 2000);
}

static void drain(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    if (p->o.own.replication.io_pos.known && p->o.own.seen_us >= p->m.since_us)
        own_statement(w, n, DO_DRAIN, 3000);
}

/* ---- daemon/lossless.c ---- */

static bool asked_just_now(int64_t *asked, int64_t now)
{
    if (*asked && now - *asked < 100 * MS)
        return true;
    *asked = now;
    return false;
}

static void mark(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    if (asked_just_now(&p->mark_asked, p->o.now_us))
        return;
    voter_mark(w, n, n, 1 - n, p->m.epoch, p->m.cleared_us);
    voter_mark(w, n, OBS_TIE, 1 - n, p->m.epoch, p->m.cleared_us);
}

static void clear_mark(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    if (asked_just_now(&p->clear_asked, p->o.now_us))
        return;
    for (int i = 0; i < OBS_NODES; i++) {
        voter_clear_mark(w, n, OBS_TIE, i);
        voter_clear_mark(w, n, n, i);
    }
}

static void acknowledge(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    const struct replication_view *r = &p->o.own.replication;
    if (!r->known || r->io != IO_YES || r->sql != TRI_YES || repeated(&p->threads_started, p->o.now_us))
        return;
    own_statement(w, n, DO_ACKNOWLEDGE, 2000);
}

static void run(struct world *w, int n, int action, struct outcome *out)
{
    struct supervisor *p = sup_of(w, n);
    const struct facts *f = &out->facts;
    switch ((enum action)action) {
    case ACTION_FENCE:
        fence(w, n);
        break;
    case ACTION_CLOSE_OWN:
        own_close(w, n);
        break;
    case ACTION_DISARM:
        disarm(w, n);
        break;
    case ACTION_WEIGHT_FAULT:
        give_vip(w, n, f);
        break;
    case ACTION_CERTIFY_LATE:
        certify_late(w, n);
        break;
    case ACTION_CERTIFY:
        certify(w, n);
        break;
    case ACTION_RELEASE:
        begin_release(w, n);
        break;
    case ACTION_DROP_VOTES:
        drop_votes(w, n);
        break;
    case ACTION_RECLAIM:
        reclaim(w, n);
        break;
    case ACTION_TAKE_VOTES:
        take_votes(w, n, f);
        break;
    case ACTION_PREPARE:
        prepare(w, n);
        break;
    case ACTION_CLOSE_PEER:
        close_peer(w, n, f);
        break;
    case ACTION_SEMI_SYNC_OFF:
        if (p->o.own.semi_sync.enabled == TRI_YES && w->c.lossless)
            own_semi(w, n, DO_SEMI_SYNC_OFF);
        else if (p->o.own.semi_sync.enabled == TRI_YES)
            own_statement(w, n, DO_SEMI_SYNC_OFF, 2000);
        break;
    case ACTION_ACKS_ON:
        own_semi(w, n, DO_ACKS_ON);
        break;
    case ACTION_MARK:
        mark(w, n);
        break;
    case ACTION_CLEAR_MARK:
        clear_mark(w, n);
        break;
    case ACTION_ACKNOWLEDGE:
        acknowledge(w, n);
        break;
    case ACTION_PROBE:
        if (p->o.own.seen_us < p->m.since_us)
            probe_now(w, n, 0);
        else if (p->m.state == NODE_PROMOTE_RECEIVE && p->o.now_us - p->o.own.seen_us >= RECEIVE_LOOK_US)
            probe_tick(w, n, 0);
        break;
    case ACTION_STOP_RECEIVER:
        stop_receiver(w, n);
        break;
    case ACTION_DRAIN:
        drain(w, n);
        break;
    case ACTION_PROMISE:
        promise(w, n);
        break;
    case ACTION_OFFSETS:
        correct_offsets(w, n, f);
        break;
    case ACTION_ARM:
        arm(w, n, f);
        break;
    case ACTION_ENABLE:
        enable(w, n, f);
        break;
    case ACTION_TERM:
        own_term(w, n);
        break;
    case ACTION_START_RECEIVER:
        start_receiver(w, n);
        break;
    case ACTION_START_THREADS:
        start_threads(w, n);
        break;
    case ACTION_EXIT:
        leave(w, n, out);
        break;
    default:
        break;
    }
}

void actions_run(struct world *w, int n, struct outcome *out)
{
    struct supervisor *p = sup_of(w, n);
    for (int a = 0; a < ACTIONS; a++)
        if (out->actions & ACTION_BIT(a))
            run(w, n, a, out);
    if (!p->exiting)
        return;
    if (p->o.operator_.stopping || p->o.fencer.alive == TRI_NO)
        vip_weight(w, n, -100);
    supervisor_end(w, n, false);
}

int64_t actions_next(const struct world *w, int n)
{
    const struct supervisor *p = &w->nodes[n].sup;
    if ((p->actions & ACTION_BIT(ACTION_WEIGHT_FAULT)) && sockets_are_closing(p))
        return p->o.fencer.dead_us + SOCKETS_US;
    return p->fault_until;
}

void actions_state_changed(struct world *w, int n, const struct facts *f, enum node_state from,
                           enum node_state to)
{
    struct supervisor *p = sup_of(w, n);
    struct observation *o = &p->o;
    p->fence_asked = 0;
    p->fault_given = 0;
    p->mark_asked = p->clear_asked = 0;
    if (from == NODE_STANDBY && to == NODE_PROMOTE_VOTES) {
        closer_reset(w, n);
        o->consumed_epoch = 0;
        o->term_written = false;
        p->prepared = p->disarmed = 0;
    }
    if (to == NODE_DEMOTE_CLOSE)
        p->handing_over = f->value[FACT_PEER_READY] == TRI_YES;
    if (to == NODE_DEMOTE_CLOSE || (to == NODE_FENCED && from != NODE_FENCED) || to == NODE_PROMOTE_VOTES) {
        o->final_known = o->released = o->reclaimed = o->reclaim_failed = false;
        p->closing_own_at = 0;
        p->disarmed = 0;
        for (int i = 0; i < OBS_VOTERS; i++)
            p->voters[i].release_done = 0;
    }
    p->was_writer = to == NODE_WRITER || (p->was_writer && to != NODE_PROMOTE_VOTES);
    if (to == NODE_WRITER) {
        o->operator_.accept_loss = false;
        if (o->operator_.want == WANT_HERE)
            o->operator_.want = WANT_NOTHING;
    }
    if (to == NODE_DEMOTE_HANDOVER && o->operator_.want == WANT_AWAY)
        o->operator_.want = WANT_NOTHING;
}

void actions_weight(struct world *w, int n, const struct facts *f)
{
    struct supervisor *p = sup_of(w, n);
    int64_t now = p->o.now_us;
    if (p->fault_until && (now >= p->fault_until || (p->o.vip.here == TRI_NO && p->o.vip.since_us <= now)))
        p->fault_until = 0;
    if (p->weight == 1 && decide_keeps_weight(&w->policy[n], &p->o, &p->m))
        return;
    int weight = decide_weight(&w->policy[n], &p->o, &p->m, f, p->fault_until != 0);
    bool arriving = p->m.state == NODE_WRITER && p->o.vip.here != TRI_YES && now - p->m.since_us < ARRIVAL_US;
    if (arriving && p->weight == -2)
        weight = -2;
    if (p->m.state == NODE_DEMOTE_CLOSE || (node_state_is_promoting(p->m.state) && p->weight == -2))
        return;
    if (weight == p->weight)
        return;
    p->weight = weight;
    vip_weight(w, n, weight);
}

void actions_bulletin(struct world *w, int n, const struct facts *f)
{
    struct supervisor *p = sup_of(w, n);
    struct statement st = {.verb = DO_BULLETIN, .epoch = (uint32_t)p->m.epoch, .state = (uint8_t)p->m.state};
    unsigned up = 0;
    st.vip = (uint8_t)p->o.vip.here;
    st.ask = p->o.operator_.want == WANT_HERE && p->m.state == NODE_STANDBY &&
             f->value[FACT_PEER_WRITER] == TRI_YES;
    st.hold = !st.ask && p->o.operator_.maintenance;
    st.waits = !st.hold && f->value[FACT_BACKOFF] == TRI_YES;
    for (int i = 0; i < OBS_NODES; i++)
        up |= session_is_up(w, n, SLOT_DESK + i) ? 1U << i : 0;
    uint32_t say = 1 | up << 1 | (uint32_t)st.state << 3 | (uint32_t)st.vip << 8 | (uint32_t)st.ask << 10 |
                   (uint32_t)st.hold << 11 | (uint32_t)st.waits << 12 | (st.epoch & 0x7FFFF) << 13;
    if (say == p->said)
        return;
    p->said = say;
    st.id = ++p->bulletin_seq;
    for (int i = 0; i < OBS_NODES; i++)
        if (up & (1U << i))
            session_query(w, n, SLOT_DESK + i, &st, 5000);
}
