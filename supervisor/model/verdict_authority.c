/* What gives a node the right to write, and what follows it: the votes, their round trips, the fencer, the
 * VIP. */
#include "model/verdict_checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"

#define VOTES_PATIENCE_MS 10000   /* a vote that was just taken waits a lease */
#define FORGOT_MS         3600000 /* how long that is told */

/* The slow look knows whose it is and tells more. */
static bool is_audited(const struct report *r, const struct report_vote *v)
{
    for (int i = 0; i < r->lock_count; i++)
        if (strcmp(r->locks[i].lock, "vote") == 0 && r->locks[i].connection == v->holder_connection &&
            strcmp(r->locks[i].place, v->voter) == 0)
            return true;
    return false;
}

/* Two of three: nothing of the network is left but what is here. */
static void judge_silent_voter(struct report *r, int i)
{
    const struct report_vote *v = &r->votes[i], *other = NULL;
    for (int k = 0; k < OBS_VOTERS; k++)
        if (k != i && r->votes[k].up == TRI_NO)
            other = &r->votes[k];
    if (other)
        verdict_add(r, SEVERITY_CRITICAL, "voter-unreachable",
                    "see the network of this node first: it may be this one that is cut off",
                    "the voters %s and %s do not answer: without one of them %s cannot be the writer",
                    other->voter, v->voter, verdict_own_name(r));
    else
        verdict_add(r, SEVERITY_WARNING, "voter-unreachable",
                    "see whether it runs and can be reached from here",
                    "the voter %s does not answer: if one more is lost, nobody may write", v->voter);
}

static void judge_vote(struct report *r, int i)
{
    const struct report_vote *v = &r->votes[i];
    bool told = i < OBS_NODES && r->nodes[i].reachable != TRI_YES;
    char remedy[REPORT_SENTENCE_MAX];
    if (v->forgot_ms != REPORT_UNKNOWN && v->forgot_ms < FORGOT_MS)
        verdict_add(r, SEVERITY_WARNING, "voter-forgot",
                    "find out who took its data away; the writer has told it of its epoch again",
                    "%" PRId64 " s ago the voter %s had forgotten epochs that were promised there",
                    v->forgot_ms / 1000, v->voter);
    snprintf(remedy, sizeof(remedy), "end that session (KILL %" PRId64 ") and see who started it",
             v->holder_connection);
    if (v->foreign && !is_audited(r, v))
        verdict_add(r, SEVERITY_CRITICAL, "foreign-lock", remedy,
                    "session %" PRId64 " of another account holds the vote's lock at %s",
                    v->holder_connection, v->voter);
    else if (!told && v->up == TRI_NO)
        judge_silent_voter(r, i);
    else if (!told && verdict_own_writes(r) && r->since_ms > VOTES_PATIENCE_MS && !v->durable &&
             v->up == TRI_YES && !v->counted)
        verdict_add(r, SEVERITY_WARNING, "vote-missing", "`mysql-replcheck status` shows who holds it",
                    "the vote of %s does not count for %s", v->voter, verdict_own_name(r));
}

void verdict_votes(struct report *r)
{
    if (r->source == REPORT_DIRECT || r->dual)
        return;
    if (verdict_own_writes(r) && r->authority_ms == 0)
        verdict_add(r, SEVERITY_CRITICAL, "no-authority", "see which voters answer: `mysql-replcheck status`",
                    "%s is the writer and has no majority of votes", verdict_own_name(r));
    for (int i = 0; i < OBS_VOTERS; i++)
        judge_vote(r, i);
}

/* The write lock is renewed by an answer that came within takeover_delay of its question, less epsilon: who
 * takes over waits no longer. The own server's vote and the quickest other are what counts; the last writer's
 * vote has no way to go. */
void verdict_round_trips(struct report *r)
{
    const struct report_vote *quickest = NULL;
    char took[DURATION_MAX], limit[DURATION_MAX];
    if (r->dual || r->source == REPORT_DIRECT || strcmp(r->tie_breaker, "witness") != 0)
        return;
    for (int i = 0; i < OBS_VOTERS; i++)
        if (i != r->self && r->votes[i].round_trip_us >= 0 &&
            (!quickest || r->votes[i].round_trip_us < quickest->round_trip_us))
            quickest = &r->votes[i];
    if (!quickest || quickest->round_trip_us <= r->round_trip_limit_us / 2)
        return;
    verdict_add(r, quickest->round_trip_us <= r->round_trip_limit_us ? SEVERITY_WARNING : SEVERITY_CRITICAL,
                "round-trips", SLOW_WAY,
                "the quickest other voter, %s, answers after %s; a writer whose answers take longer than %s "
                "cannot stay one",
                quickest->voter, duration_format_us(quickest->round_trip_us, took),
                duration_format_us(r->round_trip_limit_us, limit));
}

void verdict_fencer(struct report *r)
{
    const struct report_fencer *f = &r->fencer;
    if (r->source == REPORT_DIRECT || r->dual)
        return;
    if (f->alive == TRI_NO)
        verdict_add(r, SEVERITY_CRITICAL, "fencer", "start mysql-replcheckd anew",
                    "the fencer on %s does not answer", verdict_own_name(r));
    else if (f->alive == TRI_UNKNOWN && !verdict_is_young(r))
        verdict_add(r, SEVERITY_UNKNOWN, "fencer-unknown", "",
                    "whether the fencer on %s is alive is not known", verdict_own_name(r));
    else if (verdict_own_writes(r) && f->armed == TRI_NO && r->since_ms > 1000)
        verdict_add(r, SEVERITY_CRITICAL, "fencer-unarmed", "see the daemon's log for what the fencer said",
                    "%s is the writer and its fencer is not armed", verdict_own_name(r));
    else if (f->certifiable == TRI_NO && f->server_alive == TRI_YES)
        verdict_add(
            r, SEVERITY_WARNING, "not-certifiable",
            "the pid file, the socket's listener and /proc must agree (no hidepid)",
            "the death of %s's mariadbd could not be certified: after a crash the other waits for the lease",
            verdict_own_name(r));
}

/* Several addresses do not move at one moment. */
#define VIP_MOVES_MS 2000

void verdict_vip(struct report *r)
{
    const struct report_node *own = &r->nodes[r->self], *other = &r->nodes[1 - r->self];
    if (r->has_vip != TRI_YES || r->source == REPORT_DIRECT)
        return;
    if (r->vip_split)
        verdict_add(r, r->vip_since_ms > VIP_MOVES_MS ? SEVERITY_CRITICAL : SEVERITY_WARNING, "vip-split",
                    "put all addresses into one vrrp_instance, or one vrrp_sync_group, of keepalived",
                    "the VIP is not whole on %s: %s", own->name, r->vip_trouble);
    else if (r->vip_here == TRI_UNKNOWN && !verdict_is_young(r))
        verdict_add(r, SEVERITY_UNKNOWN, "vip-unknown", "see the daemon's log",
                    "whether %s holds the VIP is not known%s%s", own->name, r->vip_trouble[0] ? ": " : "",
                    r->vip_trouble);
    else if (r->vip_here == TRI_YES && other->vip == TRI_YES)
        verdict_add(r, SEVERITY_CRITICAL, "two-vips",
                    "see whether VRRP (protocol 112) passes between the nodes", "both nodes hold the VIP");
    else if (r->vip_here == TRI_NO && other->vip == TRI_NO)
        verdict_add(r, r->settling ? SEVERITY_WARNING : SEVERITY_CRITICAL, "no-vip",
                    "see whether keepalived runs on both nodes", "nobody holds the VIP");
    else if (r->writer == REPORT_WRITER_ONE && !r->settling && !r->dual &&
             (r->writer_node == r->self ? other->vip == TRI_YES : r->vip_here == TRI_YES))
        verdict_add(r, SEVERITY_WARNING, "vip-elsewhere", "see keepalived's log and the weight it tracks",
                    "%s is the writer, but %s holds the VIP", r->nodes[r->writer_node].name,
                    r->nodes[1 - r->writer_node].name);
}
