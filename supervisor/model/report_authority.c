#include "model/facts.h"
#include "model/durability.h"
#include "model/ledger.h"
#include "model/quorum.h"
#include "model/report_parts.h"

static const char *voter_name(const struct report_input *in, int i)
{
    if (i != OBS_TIE)
        return in->names[i];
    return in->policy->tie == POLICY_TIE_WITNESS ? "witness"
           : in->policy->tie == POLICY_TIE_VIP   ? "VIP"
                                                 : "last writer";
}

static void fill_vote(struct report_vote *out, const struct report_input *in, int i)
{
    const struct quorum *q = in->quorum;
    const struct holder_view *h = i == in->policy->self ? &in->observation->own.holder : NULL;
    int64_t now = in->observation->now_us;
    COPY(out->voter, voter_name(in, i));
    out->valid_ms = REPORT_UNKNOWN;
    out->up = in->voter_up[i];
    int64_t round_trip_us = in->observation->voter_round_trip_us[i];
    out->round_trip_us = out->up == TRI_YES && round_trip_us ? round_trip_us : REPORT_UNKNOWN;
    out->answer_ms = report_ms(in->observation->voter_answer_us[i], now);
    out->forgot_ms = report_ms(in->observation->voter_forgot_us[i], now);
    if (!q)
        return;
    h = h && h->asked_us ? h : &q->votes[i].holder;
    out->durable = i == OBS_TIE && q->durable_tie;
    out->held = out->durable ? q->tie_mine : tri_from(quorum_holds(q, i));
    out->counted = quorum_counts(q, i, now);
    if (out->counted && !out->durable)
        out->valid_ms = (quorum_valid_until(q, i) - now) / 1000;
    if (out->counted)
        COPY(out->basis, vote_basis_name(out->durable ? BASIS_DURABLE : q->votes[i].basis));
    if (out->held != TRI_YES && h->connection && !h->mine) {
        out->holder_connection = (int64_t)h->connection;
        out->foreign = h->foreign;
    }
}

void report_fill_votes(struct report *r, const struct report_input *in)
{
    static const char *const names[] = {
        [POLICY_TIE_WRITER] = "writer", [POLICY_TIE_WITNESS] = "witness", [POLICY_TIE_VIP] = "vip"};
    int64_t now = in->observation->now_us;
    COPY(r->tie_breaker, names[in->policy->tie]);
    r->round_trip_limit_us = in->policy->takeover_delay_us - in->policy->epsilon_us;
    for (int i = 0; i < OBS_VOTERS; i++)
        fill_vote(&r->votes[i], in, i);
    int64_t until = in->quorum ? quorum_authority_until(in->quorum, now) : 0;
    r->authority_ms = !in->quorum ? REPORT_UNKNOWN : until ? (until - now) / 1000 : 0;
}

void report_fill_fencer(struct report_fencer *out, const struct report_input *in)
{
    const struct fencer_view *f = &in->observation->fencer;
    int64_t now = in->observation->now_us;
    out->deadline_ms = out->fenced_ms = REPORT_UNKNOWN;
    if (!in->mind)
        return;
    out->alive = f->alive;
    out->write_lock = f->write_lock;
    out->server_alive = f->dead_us ? TRI_NO : f->server_alive;
    out->certifiable = f->certifiable;
    out->armed = f->alive == TRI_YES ? tri_from(f->deadline_us > now) : TRI_UNKNOWN;
    if (f->deadline_us > now)
        out->deadline_ms = (f->deadline_us - now) / 1000;
    out->fenced_ms = report_ms(f->fenced_us, now);
}

/* The writer reckons with what the other had received when it was last seen. */
static struct loss_bound loss_of_other(const struct report_input *in)
{
    const struct observation *o = in->observation;
    struct loss_bound b = {.missing_bytes = -1, .unseen_us = -1, .missing_to = o->own.binlog_pos};
    bool waits = in->policy->lossless && durability_acks(&o->own) == ACKS_REQUIRED;
    if (waits && durability_mark(in->policy, o, in->mind) == MARK_NONE)
        return (struct loss_bound){.known = TRI_YES, .exact = true, .missing_bytes = -1};
    report_received_position(&o->peer, &b.missing_from);
    b.known_lost = gtid_pos_missing(&b.missing_from, &b.missing_to);
    b.known = b.known_lost >= 0 ? TRI_YES : TRI_UNKNOWN;
    if (o->peer.seen_us)
        b.unseen_us = o->now_us - o->peer.seen_us;
    return b;
}

static enum loss_verdict gate_of(const struct report *r, const struct report_input *in, int candidate,
                                 const struct loss_bound *b)
{
    char ignored[LEDGER_SENTENCE_MAX];
    if (in->policy->lossless && r->nodes[candidate].out_of_sync == TRI_YES)
        return LOSS_MARKED;
    if (in->policy->lossless && !durability_proven(b))
        return LOSS_UNPROVEN;
    return ledger_gate(b, in->policy->max_known_lost, in->policy->max_unseen_us, false, ignored,
                       sizeof(ignored));
}

void report_fill_loss(struct report *r, const struct report_input *in)
{
    struct report_loss *l = &r->loss;
    int candidate = report_standby(r) >= 0 ? report_standby(r) : r->self;
    l->known_lost = l->unseen_us = REPORT_UNKNOWN;
    if (!in->mind || r->dual || r->nodes[candidate].reachable == TRI_NO)
        return;
    struct loss_bound b =
        candidate == r->self ? facts_loss(in->policy, in->observation, in->mind) : loss_of_other(in);
    COPY(l->node, in->names[candidate]);
    COPY(l->gate, loss_verdict_name(gate_of(r, in, candidate, &b)));
    l->known_lost = b.known_lost;
    l->unseen_us = b.unseen_us;
    l->estimate = b.estimate;
    char why[LEDGER_SENTENCE_MAX]; /* names the positions */
    if (ledger_gate(&b, in->policy->max_known_lost, in->policy->max_unseen_us, false, why, sizeof(why)) ==
        LOSS_OK)
        loss_bound_format(&b, l->sentence, sizeof(l->sentence));
    else
        COPY(l->sentence, why);
}
