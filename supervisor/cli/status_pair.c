/* The rows about what holds the two nodes together. */
#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "cli/status_print.h"
#include "model/state.h"

static bool is_writer(const struct report *r)
{
    return strcmp(r->state, node_state_name(NODE_WRITER)) == 0;
}

static void fill_decision(const struct report *r, struct cell *c)
{
    if (r->row_id >= 0)
        cell_set(c, PAINT_PLAIN, "row %" PRId64 ": %s", r->row_id, r->reason);
}

static void fill_failure(const struct report *r, struct cell *c)
{
    char span[DURATION_MAX];
    if (r->last_failure[0])
        cell_set(c, r->nodes[r->self].waits == TRI_YES ? PAINT_WARN : PAINT_DIM, "failed %s ago: %s",
                 duration_format_ms(r->last_failure_ms, span), r->last_failure);
}

static void fill_epoch(const struct report *r, struct cell *c)
{
    if (r->epoch < 0)
        cell_set(c, r->source == REPORT_DIRECT ? PAINT_UNKNOWN : PAINT_PLAIN, "no term has begun yet");
    else
        cell_set(c, PAINT_PLAIN, "%" PRId64, r->epoch);
    if (is_writer(r) && r->promote_reason[0])
        cell_add(c, ", begun by: %s", r->promote_reason);
}

static void add_vote(const struct report *r, const struct report_vote *v, struct cell *c)
{
    char span[DURATION_MAX];
    cell_set(c, PAINT_PLAIN, "%s: ", v->voter);
    if (v->counted && v->durable)
        cell_add(c, "ours until it is given away");
    else if (v->counted)
        cell_add(c, "counts, valid for %s (%s)", duration_format_ms(v->valid_ms, span), v->basis);
    else if (v->held == TRI_YES)
        cell_add(c, "held, does not count yet");
    else if (v->up == TRI_NO)
        cell_add(c, "does not answer");
    else if (v->holder_connection)
        cell_add(c, "%s's, session %" PRId64, v->foreign ? "another account" : r->nodes[1 - r->self].name,
                 v->holder_connection);
    else if (v->durable)
        cell_add(c, "%s", v->held == TRI_NO ? "not ours" : "unknown whose");
    else
        cell_add(c, "not held here");
    if (v->up == TRI_NO || v->foreign)
        c->paint = PAINT_WARN;
}

static void fill_vote_0(const struct report *r, struct cell *c)
{
    if (r->source == REPORT_DAEMON && !r->dual)
        add_vote(r, &r->votes[0], c);
}

static void fill_vote_1(const struct report *r, struct cell *c)
{
    if (r->source == REPORT_DAEMON && !r->dual)
        add_vote(r, &r->votes[1], c);
}

static void fill_vote_tie(const struct report *r, struct cell *c)
{
    if (r->source == REPORT_DAEMON && !r->dual)
        add_vote(r, &r->votes[OBS_TIE], c);
}

static void fill_authority(const struct report *r, struct cell *c)
{
    char span[DURATION_MAX];
    if (r->source == REPORT_DIRECT || r->dual)
        return;
    if (r->authority_ms > 0)
        cell_set(c, PAINT_PLAIN, "%s may be written for %s more, renewed all the time",
                 r->nodes[r->self].name, duration_format_ms(r->authority_ms, span));
    else
        cell_set(c, is_writer(r) ? PAINT_BAD : PAINT_PLAIN, "none here (tie-breaker: %s)", r->tie_breaker);
}

static void fill_fencer(const struct report *r, struct cell *c)
{
    const struct report_fencer *f = &r->fencer;
    char span[DURATION_MAX];
    if (r->source == REPORT_DIRECT)
        return;
    cell_tri(c, f->alive, "runs", "does not answer", PAINT_BAD);
    if (f->alive != TRI_YES)
        return;
    if (f->armed == TRI_YES)
        cell_add(c, ", armed: fences in %s unless renewed", duration_format_ms(f->deadline_ms, span));
    else
        cell_add(c, ", not armed");
    if (f->server_alive == TRI_NO)
        cell_add(c, "; its server is dead");
    else if (f->certifiable != TRI_YES)
        cell_add(c, "; %s",
                 f->certifiable == TRI_NO ? "could not certify the server's death" : "certificate unknown");
    if (f->fenced_ms >= 0)
        cell_add(c, "; fenced %s ago", duration_format_ms(f->fenced_ms, span));
}

static void fill_loss(const struct report *r, struct cell *c)
{
    const struct report_loss *l = &r->loss;
    if (!l->node[0])
        return;
    cell_set(c, strcmp(l->gate, "ok") == 0 ? PAINT_PLAIN : PAINT_WARN, "if %s were promoted now: %s", l->node,
             l->sentence);
    if (strcmp(l->gate, "ok") != 0)
        cell_add(c, " (refused by itself: %s)", l->gate);
}

static void fill_lossless(const struct report *r, struct cell *c)
{
    const struct report_node *w = r->writer == REPORT_WRITER_ONE ? &r->nodes[r->writer_node] : NULL;
    const struct report_node *standby = w ? &r->nodes[1 - r->writer_node] : NULL;
    if (!w || (!w->acks[0] && w->semi_sync_master != TRI_NO))
        cell_set(c, w ? PAINT_UNKNOWN : PAINT_PLAIN, "lossless%s",
                 w ? ", whether commits wait is unknown" : "");
    else if (strcmp(w->acks, "yes") == 0)
        cell_set(c, PAINT_PLAIN, "lossless: a commit is acknowledged when %s has it", standby->name);
    else
        cell_set(c, standby->out_of_sync == TRI_YES ? PAINT_WARN : PAINT_BAD,
                 "%s acknowledges commits alone (to be lossless)", w->name);
    if (w && w->acks_waiting > 0)
        cell_add(c, "; %" PRId64 " wait now", w->acks_waiting);
    for (int i = 0; i < OBS_NODES; i++)
        if (r->nodes[i].out_of_sync == TRI_YES)
            cell_add(c, "; %s is marked as out of sync", r->nodes[i].name);
}

static void fill_durability(const struct report *r, struct cell *c)
{
    if (r->dual)
        cell_set(c, PAINT_PLAIN, "async, both nodes are written");
    else if (r->lossless)
        fill_lossless(r, c);
    else
        cell_set(c, PAINT_PLAIN, "async: what the other node has not received is lost with the writer");
}

static void fill_history(const struct report *r, struct cell *c)
{
    const char *own = r->nodes[r->self].name, *other = r->nodes[1 - r->self].name;
    char age[DURATION_MAX];
    bool diverged = strcmp(r->history, "diverged") == 0;
    if (strcmp(r->history, "unknown") == 0)
        cell_set(c, PAINT_UNKNOWN, "unknown");
    else if (strcmp(r->history, "equal") == 0)
        cell_set(c, PAINT_PLAIN, "%s and %s have the same", own, other);
    else if (diverged)
        cell_set(c, PAINT_BAD, "%s and %s have parted", own, other);
    else
        cell_set(c, PAINT_PLAIN, "%s contains %s's", strcmp(r->history, "ahead") == 0 ? own : other,
                 strcmp(r->history, "ahead") == 0 ? other : own);
    if (diverged && r->history_first[0])
        cell_add(c, ", first at %s", r->history_first);
    if (diverged && r->history_extra > 0)
        cell_add(c, ", at most %" PRId64 " transaction%s of %s's own", r->history_extra,
                 r->history_extra == 1 ? "" : "s", own);
    if (r->history_kept[0])
        cell_add(c, "; kept in %s", r->history_kept);
    if (r->history_age_ms > 1000)
        cell_add(c, " (compared %s ago)", duration_format_ms(r->history_age_ms, age));
}

static void fill_breaker(const struct report *r, struct cell *c)
{
    if (r->failovers < 0 || r->dual)
        return;
    if (r->failovers_allowed == 0)
        cell_set(c, PAINT_DIM, "none configured");
    else
        cell_set(c, r->breaker_open ? PAINT_BAD : PAINT_PLAIN,
                 "%s: %" PRId64 " of %" PRId64 " unplanned promotion%s", r->breaker_open ? "open" : "closed",
                 r->failovers, r->failovers_allowed, r->failovers_allowed == 1 ? "" : "s");
}

static void fill_config(const struct report *r, struct cell *c)
{
    if (r->config_equal == TRI_UNKNOWN)
        return;
    cell_tri(c, r->config_equal, "the same on both nodes", "differs between the nodes", PAINT_WARN);
}

/* What is wrong with them stands among the problems, with both values. */
static void fill_settings(const struct report *r, struct cell *c)
{
    if (r->nodes[0].audited != TRI_YES || r->nodes[1].audited != TRI_YES)
        return;
    if (!r->drift_count)
        cell_set(c, PAINT_PLAIN, "the servers are set alike");
    for (int i = 0; i < r->drift_count; i++)
        cell_add(c, "%s%s", i ? ", " : "not as they are to be: ", r->drifts[i].name);
    if (r->drift_count)
        c->paint = PAINT_WARN;
}

static void fill_locks(const struct report *r, struct cell *c)
{
    for (int i = 0; i < r->lock_count; i++)
        cell_add(c, "%s%s at %s: %s", i ? ", " : "held by others: ", r->locks[i].lock, r->locks[i].place,
                 r->locks[i].account);
    if (r->lock_count)
        c->paint = PAINT_BAD;
}

static void fill_certificates(const struct report *r, struct cell *c)
{
    for (int i = 0; i < r->certificate_count; i++) {
        const struct report_certificate *x = &r->certificates[i];
        cell_add(c, "%s%s: ", i ? ", " : "", x->place);
        if (x->ended)
            cell_add(c, "has ended");
        else if (x->days >= 0)
            cell_add(c, "%" PRId64 " days", x->days);
        else
            cell_add(c, "unknown");
        if (x->ended || (x->days >= 0 && x->days < r->certificate_days && c->paint != PAINT_BAD))
            c->paint = x->ended ? PAINT_BAD : PAINT_WARN;
    }
}

static void fill_keepalived(const struct report *r, struct cell *c)
{
    if (r->source == REPORT_DAEMON && r->has_vip == TRI_YES)
        cell_set(c, PAINT_PLAIN, "weight %d", r->weight);
}

const struct pair_row status_pair_rows[] = {
    {"Decision", fill_decision},
    {"Last attempt", fill_failure},
    {"Epoch", fill_epoch},
    {"Authority", fill_authority},
    {"Votes", fill_vote_0},
    {"", fill_vote_1},
    {"", fill_vote_tie},
    {"Fencer", fill_fencer},
    {"Loss", fill_loss},
    {"Durability", fill_durability},
    {"History", fill_history},
    {"Breaker", fill_breaker},
    {"Config", fill_config},
    {"Settings", fill_settings},
    {"Locks", fill_locks},
    {"Keepalived", fill_keepalived},
    {"Certificates", fill_certificates},
};
const size_t status_pair_row_count = sizeof(status_pair_rows) / sizeof(status_pair_rows[0]);
