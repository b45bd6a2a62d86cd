#include "model/report.h"

#include <stdio.h>
#include <string.h>

#include "model/decide.h"
#include "model/durability.h"
#include "model/lag.h"
#include "model/mind.h"
#include "model/quorum.h"
#include "model/report_parts.h"
#include "model/report_text.h"

void report_copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

int64_t report_ms(int64_t from_us, int64_t to_us)
{
    return from_us ? (to_us > from_us ? to_us - from_us : 0) / 1000 : REPORT_UNKNOWN;
}

void report_applied_position(const struct server_view *v, struct gtid_set *out)
{
    *out = v->slave_pos;
    gtid_pos_merge(out, &v->binlog_pos);
}

void report_received_position(const struct server_view *v, struct gtid_set *out)
{
    report_applied_position(v, out);
    if (v->replication.known)
        gtid_pos_merge(out, &v->replication.io_pos);
}

static const struct server_view *view_of(const struct report_input *in, int i)
{
    return i == in->policy->self ? &in->observation->own : &in->observation->peer;
}

static bool is_fresh(const struct report_input *in, int64_t seen_us)
{
    return policy_is_fresh(in->policy, in->observation->now_us, seen_us);
}

static bool is_own_dead(const struct report_input *in, int i)
{
    return i == in->policy->self && in->observation->fencer.dead_us;
}

/* Do the view's values speak of the present? Not when its connection broke since. */
static bool is_current(const struct report_input *in, const struct server_view *v)
{
    return v->probed_up_us && is_fresh(in, v->seen_us);
}

/* A server that never answered is unknown until it has had the time to. */
static enum tri reachable(const struct report_input *in, int i)
{
    const struct observation *o = in->observation;
    bool vote_answers = in->voter_up[i] == TRI_YES && is_fresh(in, o->voter_answer_us[i]);
    if (is_own_dead(in, i))
        return TRI_NO;
    if (is_current(in, view_of(in, i)) || vote_answers)
        return TRI_YES;
    bool waited = o->now_us - in->started_us > in->policy->silent_us;
    return view_of(in, i)->seen_us || waited ? TRI_NO : TRI_UNKNOWN;
}

/* ---- supervisors ---- */

/* The newest of what node `i` published at servers that answer; NULL = none. */
static const struct bulletin *bulletin_of(const struct report_input *in, int i)
{
    const struct server_view *own = &in->observation->own, *peer = &in->observation->peer;
    const struct bulletin *a = is_current(in, own) && own->bulletin[i].known ? &own->bulletin[i] : NULL;
    const struct bulletin *b = is_current(in, peer) && peer->bulletin[i].known ? &peer->bulletin[i] : NULL;
    return !a || (b && b->seq >= a->seq) ? b : a;
}

/* A supervisor has a session at both servers. Where its own server
 * cannot be asked, its absence here may be the network's. */
static enum tri supervised(const struct report_input *in, int i)
{
    const struct server_view *all[] = {&in->observation->own, &in->observation->peer};
    if (in->mind && i == in->policy->self)
        return TRI_YES;
    if (in->unnamed)
        return TRI_UNKNOWN;
    for (int v = 0; v < OBS_NODES; v++)
        if (is_current(in, all[v]) && all[v]->bulletin[i].present)
            return TRI_YES;
    return is_current(in, view_of(in, i)) ? TRI_NO : TRI_UNKNOWN;
}

static void fill_supervisor(struct report_node *n, const struct report_input *in, int i)
{
    const struct bulletin *b = bulletin_of(in, i);
    bool self = in->mind && i == in->policy->self;
    n->supervised = supervised(in, i);
    n->epoch = REPORT_UNKNOWN;
    if (self) {
        COPY(n->state, node_state_name(in->mind->state));
        COPY(n->config_hash, in->config_hash);
        n->vip = in->policy->has_vip ? in->observation->vip.here : TRI_UNKNOWN;
        n->maintenance = tri_from(in->observation->operator_.maintenance);
        n->waits = tri_from(in->observation->now_us < in->mind->backoff_until_us);
        n->epoch = in->mind->epoch ? (int64_t)in->mind->epoch : REPORT_UNKNOWN;
    } else if (b && n->supervised == TRI_YES) {
        COPY(n->state, node_state_name(b->state));
        COPY(n->config_hash, b->config_hash);
        n->vip = b->vip;
        n->maintenance = tri_from(b->hold);
        n->waits = tri_from(b->waits);
        n->epoch = b->epoch ? (int64_t)b->epoch : REPORT_UNKNOWN;
    }
}

/* ---- servers ---- */

static struct report_lag lag_from(const struct lag_value *v)
{
    struct report_lag unknown = {.us = REPORT_UNKNOWN, .transactions = REPORT_UNKNOWN};
    return v->known ? (struct report_lag){v->us, v->at_least, v->transactions} : unknown;
}

static void fill_lag(struct report_node *n, const struct report_input *in, int i)
{
    const struct lag *lag = in->lag[1 - i];
    struct lag_value unknown = {.known = false};
    n->received = n->applied = lag_from(&unknown);
    n->lagging = lag ? TRI_YES : in->lag[i] ? TRI_NO : TRI_UNKNOWN;
    if (!lag || !is_current(in, view_of(in, i)))
        return;
    struct gtid_set applied, received;
    report_applied_position(view_of(in, i), &applied);
    report_received_position(view_of(in, i), &received);
    struct lag_value a = lag_of(lag, &applied, in->observation->now_us, in->policy->silent_us);
    struct lag_value r = lag_of(lag, &received, in->observation->now_us, in->policy->silent_us);
    n->applied = lag_from(&a);
    n->received = lag_from(&r);
}

static void fill_foreign(struct report_node *n, const struct replication_view *v)
{
    const struct foreign_connection *c = &v->broken;
    const char *what = c->sql == TRI_NO ? "applier" : "receiver";
    bool calls = c->sql != TRI_NO && c->io == IO_CONNECTING;
    char number[32] = "", others[32] = "";
    if (!v->broken_count)
        return;
    if (c->number)
        snprintf(number, sizeof(number), " (error %u)", c->number);
    if (v->broken_count > 1)
        snprintf(others, sizeof(others), ", and %d more", v->broken_count - 1);
    snprintf(n->foreign, sizeof(n->foreign), "the %s of '%s' is %s%s%s", what, c->name,
             calls ? "connecting" : "stopped", number, others);
}

static void fill_replication(struct report_node *n, const struct replication_view *v)
{
    fill_foreign(n, v);
    n->replica = v->configured;
    if (!v->known)
        return;
    COPY(n->connection, v->connection);
    COPY(n->error, v->error);
    n->io = v->io;
    n->sql = v->sql;
    n->io_errno = v->io_errno;
    n->sql_errno = v->sql_errno;
    n->delay_s = v->delay_s;
    n->acknowledges = v->semi_sync;
}

/* A server was seen writable, and since then this node has become the writer, or ceased to be it: that sample
 * is of the term before. */
static bool is_of_last_term(const struct report_input *in, const struct server_view *v)
{
    const struct mind *m = in->mind;
    if (!m || v->read_only != TRI_NO || v->seen_us >= m->since_us)
        return false;
    return v == &in->observation->own ? !node_state_may_write(m->state) : m->state == NODE_WRITER;
}

static void fill_acks(struct report_node *n, const struct server_view *v)
{
    enum acks_fact acks = durability_acks(v);
    if (acks != ACKS_UNKNOWN)
        COPY(n->acks, fact_value_name(FACT_ACKS, acks));
    if (v->semi_sync.status == TRI_UNKNOWN)
        return;
    n->acks_from = v->semi_sync.clients;
    n->acks_waiting = v->semi_sync.waiting;
}

/* A mark is written by the other node, at its own server and at the witness; what was read last tells. */
static enum tri out_of_sync(const struct report_input *in, int i)
{
    const struct observation *o = in->observation;
    const struct server_view *newest = o->own.term_epoch >= o->peer.term_epoch ? &o->own : &o->peer;
    const struct voter_rows *there = &view_of(in, 1 - i)->voter, *witness = &o->witness.voter;
    const struct voter_rows *last = witness->read_us > there->read_us ? witness : there;
    const struct note *mark = &last->out_of_sync[i];
    if (!in->policy->lossless || !last->read_us)
        return TRI_UNKNOWN;
    return tri_from(mark->kind != NOTE_NONE && !(newest->term_node == i && newest->term_epoch > mark->epoch));
}

static void fill_variables(struct report_node *n, const struct report_input *in, const struct server_view *v)
{
    n->read_only = is_of_last_term(in, v) ? TRI_UNKNOWN : v->read_only;
    n->server_id = v->server_id ? (int64_t)v->server_id : REPORT_UNKNOWN;
    n->domain = v->domain_known == TRI_YES ? (int64_t)v->domain_id : REPORT_UNKNOWN;
    n->event_scheduler = v->event_scheduler;
    n->dead_man = v->dead_man;
    n->semi_sync_master = v->semi_sync.enabled;
    if (in->policy->lossless)
        fill_acks(n, v);
    COPY(n->dead_man_trouble,
         report_text_dead_man(v->dead_man == TRI_NO ? v->dead_man_trouble : DEAD_MAN_NO_TROUBLE));
    if (!v->auto_increment_increment)
        return;
    n->increment = v->auto_increment_increment;
    n->offset = v->auto_increment_offset;
    n->offsets_ok = tri_from(n->increment == in->policy->increment && n->offset == n->offset_expected);
}

/* What was read from a server that no longer answers is unknown, but for its positions: those have an age. */
static void fill_node(struct report_node *n, const struct report_input *in, int i)
{
    const struct server_view *v = view_of(in, i);
    struct gtid_set received;
    COPY(n->name, in->names[i]);
    snprintf(n->address, sizeof(n->address), strchr(in->addresses[i], ':') ? "[%s]:%u" : "%s:%u",
             in->addresses[i], in->ports[i]);
    n->reachable = reachable(in, i);
    n->age_ms = report_ms(v->seen_us, in->observation->now_us);
    if (n->reachable != TRI_YES)
        snprintf(n->trouble, sizeof(n->trouble), "%.*s", (int)sizeof(n->trouble) - 1, in->troubles[i]);
    n->server_id = n->domain = n->increment = n->offset = n->delay_s = REPORT_UNKNOWN;
    n->offset_expected = in->policy->offset[i];
    n->acks_from = n->acks_waiting = REPORT_UNKNOWN;
    n->out_of_sync = out_of_sync(in, i);
    fill_supervisor(n, in, i);
    fill_lag(n, in, i);
    report_received_position(v, &received);
    gtid_set_format(&v->binlog_pos, n->binlog_pos, sizeof(n->binlog_pos));
    gtid_set_format(&v->binlog_state, n->binlog_state, sizeof(n->binlog_state));
    gtid_set_format(&v->slave_pos, n->slave_pos, sizeof(n->slave_pos));
    gtid_set_format(&received, n->received_pos, sizeof(n->received_pos));
    if (!is_current(in, v) || is_own_dead(in, i))
        return;
    fill_variables(n, in, v);
    fill_replication(n, &v->replication);
}

/* ---- the whole ---- */

static bool claims_to_write(const struct report_node *n)
{
    return n->supervised == TRI_YES && (strcmp(n->state, node_state_name(NODE_WRITER)) == 0 ||
                                        strcmp(n->state, node_state_name(NODE_DUAL)) == 0);
}

static bool is_closed(const struct report *r, int i)
{
    return r->nodes[i].read_only == TRI_YES || (i == r->self && r->fencer.server_alive == TRI_NO);
}

/* What the servers answer goes before what their supervisors say, this node's before the other's. */
static void find_writer(struct report *r)
{
    bool first = r->nodes[0].read_only == TRI_NO, second = r->nodes[1].read_only == TRI_NO;
    r->writer_node = -1;
    if (first && second) {
        r->writer = REPORT_WRITER_BOTH;
        return;
    }
    if (first || second)
        r->writer_node = first ? 0 : 1;
    else if (claims_to_write(&r->nodes[r->self]) && !is_closed(r, r->self))
        r->writer_node = r->self;
    else if (claims_to_write(&r->nodes[1 - r->self]) && !is_closed(r, 1 - r->self))
        r->writer_node = 1 - r->self;
    bool none = is_closed(r, 0) && is_closed(r, 1);
    r->writer = r->writer_node >= 0 ? REPORT_WRITER_ONE : none ? REPORT_WRITER_NONE : REPORT_WRITER_UNKNOWN;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void fill_epoch(struct report *r, const struct report_input *in)
{
    const struct observation *o = in->observation;
    uint64_t epoch = most(o->own.term_epoch, o->peer.term_epoch);
    if (in->mind && in->mind->state == NODE_WRITER)
        epoch = most(epoch, in->mind->epoch);
    if (r->writer == REPORT_WRITER_ONE && r->nodes[r->writer_node].epoch > 0)
        epoch = most(epoch, (uint64_t)r->nodes[r->writer_node].epoch);
    r->epoch = epoch ? (int64_t)epoch : REPORT_UNKNOWN;
}

static void fill_history(struct report *r, const struct report_input *in)
{
    const struct mind *m = in->mind;
    enum gtid_relation relation = m ? m->history : in->history;
    COPY(r->history, gtid_relation_name(relation));
    r->history_age_ms = m ? report_ms(m->history_us, in->observation->now_us) : REPORT_UNKNOWN;
    if (relation == GTID_REL_DIVERGED || relation == GTID_REL_AHEAD)
        gtid_format(m ? &m->history_first : &in->history_first, r->history_first, sizeof(r->history_first));
    r->history_extra =
        gtid_state_extra(&in->observation->own.binlog_state, &in->observation->peer.binlog_state);
    if (relation != GTID_REL_DIVERGED && relation != GTID_REL_AHEAD)
        r->history_extra = REPORT_UNKNOWN;
    COPY(r->history_kept, in->kept ? in->kept : "");
}

/* A supervisor quarantines its node then, and stays so until the extra ones are gone; what it compared in
 * passing, about a change of role, says nothing here. */
static int64_t errant(const struct report *r, const struct report_input *in)
{
    int standby = report_standby(r);
    if (standby < 0 || strcmp(r->history, gtid_relation_name(GTID_REL_UNKNOWN)) == 0)
        return REPORT_UNKNOWN;
    if (!in->mind)
        return in->errant;
    if (strcmp(r->nodes[standby].state, node_state_name(NODE_QUARANTINED)) != 0)
        return 0;
    return gtid_state_errant(&view_of(in, standby)->binlog_state, &view_of(in, 1 - standby)->binlog_state,
                             &view_of(in, 1 - standby)->slave_pos);
}

static void fill_mind(struct report *r, const struct report_input *in)
{
    const struct mind *m = in->mind;
    int64_t now = in->observation->now_us;
    r->since_ms = r->row_id = r->uptime_ms = r->last_failure_ms = REPORT_UNKNOWN;
    fill_history(r, in);
    if (!m)
        return;
    COPY(r->state, node_state_name(m->state));
    r->since_ms = report_ms(m->since_us, now);
    r->uptime_ms = report_ms(in->started_us, now);
    r->settling = now - m->since_us < in->policy->settling_us;
    if (m->why != REASON_NONE)
        COPY(r->promote_reason, promote_reason_name(m->why));
    report_text_failure(m, in->refusal, r->last_failure, sizeof(r->last_failure));
    if (r->last_failure[0])
        r->last_failure_ms = report_ms(m->failed_us, now);
    if (!in->outcome || !in->outcome->row)
        return;
    r->row_id = in->outcome->row->id;
    report_text_reason(in->outcome->row, m, in->refusal, r->reason, sizeof(r->reason));
    r->stale = in->outcome->facts.value[FACT_STALE];
}

static void fill_rest(struct report *r, const struct report_input *in)
{
    const struct observation *o = in->observation;
    const struct report_node *a = &r->nodes[0], *b = &r->nodes[1];
    r->has_vip = in->unnamed ? TRI_UNKNOWN : tri_from(in->policy->has_vip);
    r->vip_here = in->policy->has_vip && in->mind ? o->vip.here : TRI_UNKNOWN;
    r->vip_split = in->policy->has_vip && o->vip.split;
    if (r->vip_here == TRI_UNKNOWN && in->vip_trouble)
        COPY(r->vip_trouble, in->vip_trouble);
    r->vip_since_ms = report_ms(o->vip.since_us, o->now_us);
    r->boot_safe = o->boot_safe;
    r->disk_full = o->disk_full;
    r->breaker_open =
        in->policy->breaker_failovers && o->failovers_in_window >= in->policy->breaker_failovers;
    r->failovers = in->mind ? o->failovers_in_window : REPORT_UNKNOWN;
    r->failovers_allowed = in->policy->breaker_failovers;
    r->maintenance = a->maintenance == TRI_YES || b->maintenance == TRI_YES;
    r->weight = in->weight;
    if (a->config_hash[0] && b->config_hash[0])
        r->config_equal = tri_from(strcmp(a->config_hash, b->config_hash) == 0);
    COPY(r->worker_trouble, in->worker_trouble);
    r->worker_dropped = in->worker_dropped;
    r->lag_warning_ms = in->lag_warning_ms;
    r->lag_critical_ms = in->lag_critical_ms;
}

void report_fill(struct report *r, const struct report_input *in)
{
    memset(r, 0, sizeof(*r));
    r->source = in->source;
    r->wall_us = in->wall_us;
    r->self = in->policy->self;
    r->dual = in->policy->dual;
    r->lossless = in->policy->lossless;
    COPY(r->daemon_trouble, in->daemon_trouble);
    COPY(r->cluster, in->cluster);
    for (int i = 0; i < OBS_NODES; i++)
        fill_node(&r->nodes[i], in, i);
    fill_mind(r, in);
    report_fill_votes(r, in);
    report_fill_fencer(&r->fencer, in);
    fill_rest(r, in);
    find_writer(r);
    r->errant = errant(r, in);
    fill_epoch(r, in);
    report_fill_loss(r, in);
    report_fill_audits(r, in);
    report_fill_certificates(r, in);
    report_text_ready(r);
    report_text_headline(r);
}

const char *severity_name(enum severity s)
{
    static const char *const names[SEVERITIES] = {"ok", "warning", "critical", "unknown"};
    return s >= 0 && s < SEVERITIES ? names[s] : "invalid";
}

const char *report_writer_name(enum report_writer w)
{
    static const char *const names[] = {"unknown", "none", "one", "both"};
    return w >= REPORT_WRITER_UNKNOWN && w <= REPORT_WRITER_BOTH ? names[w] : "invalid";
}

int report_standby(const struct report *r)
{
    return r->writer == REPORT_WRITER_ONE ? 1 - r->writer_node : -1;
}
