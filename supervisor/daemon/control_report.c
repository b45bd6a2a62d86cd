#include "daemon/control.h"

#include "base/clock.h"
#include "daemon/audits.h"
#include "daemon/certificates.h"
#include "daemon/keeper.h"
#include "daemon/node.h"
#include "daemon/vip_finder.h"
#include "io/probe.h"
#include "io/voter.h"
#include "io/worker.h"
#include "model/verdict.h"

#define WORKER_PATIENCE_US 2000000

static enum tri voter_up(const struct node *n, int i)
{
    const struct voter *v = n->voters[i];
    if (!v)
        return TRI_UNKNOWN;
    int64_t since = voter_outstanding_since_us(v);
    bool hangs = since && clock_now_us() - since > n->policy.silent_us;
    return tri_from(voter_is_up(v) && !hangs);
}

static void take_settings(struct report_input *in, const struct settings *s)
{
    in->cluster = s->cluster.cluster;
    in->config_hash = s->cluster_hash;
    in->lag_warning_ms = s->cluster.thresholds.lag_warning_ms;
    in->lag_critical_ms = s->cluster.thresholds.lag_critical_ms;
    for (int i = 0; i < OBS_NODES; i++) {
        in->names[i] = s->cluster.nodes[i].name;
        in->addresses[i] = s->cluster.nodes[i].address;
        in->ports[i] = s->cluster.nodes[i].port;
    }
}

static int64_t dropped(const struct worker_stats *s)
{
    uint64_t sum = 0;
    for (int k = 0; k < WORKER_KINDS; k++)
        sum += s->of[k].dropped;
    return (int64_t)sum;
}

void control_report(const struct node *n, struct report *out)
{
    struct worker_stats stats;
    char trouble[REPORT_SENTENCE_MAX] = "", vip[REPORT_SENTENCE_MAX];
    struct observation now = n->o;
    now.now_us = clock_now_us();
    worker_stats_read(&stats);
    worker_trouble(&stats, now.now_us, WORKER_PATIENCE_US, trouble, sizeof(trouble));
    struct report_input in = {.source = REPORT_DAEMON,
                              .policy = &n->policy,
                              .observation = &now,
                              .quorum = &n->quorum,
                              .mind = &n->mind,
                              .outcome = &n->outcome,
                              .worker_trouble = trouble,
                              .refusal = n->attempt_refusal,
                              .worker_dropped = dropped(&stats),
                              .daemon_trouble = "",
                              .vip_trouble = n->vip ? vip_finder_trouble(n->vip, vip, sizeof(vip)) : "",
                              .kept = keeper_path(n->keeper),
                              .weight = n->weight,
                              .wall_us = clock_wall_us(),
                              .started_us = n->started_us};
    take_settings(&in, &n->settings);
    audits_report(n, &in);
    certificates_report(n, &in);
    in.troubles[n->policy.self] = session_last_error(probe_session(n->probe_own));
    in.troubles[1 - n->policy.self] = session_last_error(probe_session(n->probe_peer));
    in.lag[n->lag_of_self ? n->policy.self : 1 - n->policy.self] = &n->lag;
    if (n->policy.dual)
        in.lag[n->policy.self] = &n->lag_there;
    for (int i = 0; i < OBS_VOTERS; i++)
        in.voter_up[i] = voter_up(n, i);
    report_fill(out, &in);
    verdict_judge(out);
}
