/* What may befall the pair, as choices. */
#include <string.h>

#include "explore.h"

static bool server_runs(const struct world *w, int n)
{
    return host_runs(w, n) && w->servers[n].state == RUNS;
}

static void kill_server(struct world *w, int n)
{
    server_kill(w, n);
    event_drop(w, EV_START, n, 0);
    event_add(w, w->now + 2 * S, EV_START, n, 0, 0);
}

static bool server_stands(const struct world *w, int n)
{
    return host_runs(w, n) && w->servers[n].state == STOPPED;
}

static bool child_runs(const struct world *w, int n)
{
    return host_runs(w, n) && w->nodes[n].sup.state == RUNS;
}

static void kill_child(struct world *w, int n)
{
    supervisor_end(w, n, false);
}

static void stop_child(struct world *w, int n)
{
    process_stop(w, n, false);
}

static bool child_stands(const struct world *w, int n)
{
    return host_runs(w, n) && w->nodes[n].sup.state == STOPPED;
}

static void resume_child(struct world *w, int n)
{
    process_resume(w, n, false);
}

static bool fencer_runs(const struct world *w, int n)
{
    return host_runs(w, n) && w->nodes[n].fencer.state == RUNS;
}

static void kill_fencer(struct world *w, int n)
{
    fencer_end(w, n, false);
}

static void stop_fencer(struct world *w, int n)
{
    process_stop(w, n, true);
}

static bool fencer_stands(const struct world *w, int n)
{
    return host_runs(w, n) && w->nodes[n].fencer.state == STOPPED;
}

static void resume_fencer(struct world *w, int n)
{
    process_resume(w, n, true);
}

/* Who was told that a host is off may rely on it until he is done. */
static bool host_is_off(const struct world *w, int n)
{
    const struct supervisor *other = &w->nodes[1 - n].sup;
    return !w->hosts[n].on && !(other->state != GONE && other->wants_peer_off);
}

static bool host_stands(const struct world *w, int n)
{
    return w->hosts[n].frozen;
}

/* ---- the network ---- */

static bool pair_is_open(const struct world *w, int n)
{
    (void)n;
    return !w->cut[0][1] && !w->cut[1][0];
}

static bool pair_is_cut(const struct world *w, int n)
{
    (void)n;
    return w->cut[0][1] && w->cut[1][0];
}

static void cut_pair(struct world *w, int n)
{
    (void)n;
    w->cut[0][1] = w->cut[1][0] = 1;
}

static void heal_pair(struct world *w, int n)
{
    (void)n;
    w->cut[0][1] = w->cut[1][0] = 0;
}

static bool is_connected(const struct world *w, int n)
{
    for (int h = 0; h < HOSTS; h++)
        if (w->cut[h][n] || w->cut[n][h])
            return false;
    return w->hosts[n].on;
}

static bool is_cut_off(const struct world *w, int n)
{
    return w->cut[n][HOST_REF] || w->cut[HOST_REF][n];
}

static void cut_ways(struct world *w, int n, uint8_t in, uint8_t out)
{
    for (int h = 0; h < HOSTS; h++) {
        if (h == n)
            continue;
        w->cut[h][n] = in;
        w->cut[n][h] = out;
    }
}

static void cut_off(struct world *w, int n)
{
    cut_ways(w, n, 1, 1);
}

static void cut_in(struct world *w, int n)
{
    cut_ways(w, n, 1, 0);
}

static void cut_out(struct world *w, int n)
{
    cut_ways(w, n, 0, 1);
}

static void heal_node(struct world *w, int n)
{
    cut_ways(w, n, 0, 0);
}

static bool has_witness(const struct world *w, int n)
{
    return w->c.tie == POLICY_TIE_WITNESS && !w->cut[n][2];
}

static bool lost_witness(const struct world *w, int n)
{
    return w->c.tie == POLICY_TIE_WITNESS && w->cut[n][2] && !w->cut[n][HOST_REF];
}

static void cut_witness(struct world *w, int n)
{
    w->cut[n][2] = w->cut[2][n] = 1;
}

static void heal_witness(struct world *w, int n)
{
    w->cut[n][2] = w->cut[2][n] = 0;
}

static bool witness_runs(const struct world *w, int n)
{
    return w->c.tie == POLICY_TIE_WITNESS && n == 0 && w->servers[2].state == RUNS;
}

static void restart_witness(struct world *w, int n)
{
    (void)n;
    server_kill(w, 2);
    event_drop(w, EV_START, 2, 0);
    event_add(w, w->now + 300 * MS, EV_START, 2, 0, 0);
}

/* ---- people ---- */

static bool has_vote_session(const struct world *w, int n)
{
    return server_runs(w, n) && w->servers[n].locks[LOCK_VOTE];
}

static void kill_vote_session(struct world *w, int n)
{
    struct server *v = &w->servers[n];
    server_kill_id(w, n, v->conns[v->locks[LOCK_VOTE] - 1].id);
}

static bool has_witness_session(const struct world *w, int n)
{
    return witness_runs(w, n) && w->servers[2].locks[LOCK_VOTE];
}

static void kill_witness_session(struct world *w, int n)
{
    (void)n;
    kill_vote_session(w, 2);
}

static bool can_switch(const struct world *w, int n)
{
    const struct supervisor *p = &w->nodes[n].sup;
    return child_runs(w, n) && p->m.state == NODE_WRITER && !p->wish &&
           p->facts.value[FACT_PEER_READY] == TRI_YES;
}

static void order_switch(struct world *w, int n)
{
    operator_wants(w, n, WANT_AWAY, 8 * S);
    event_add(w, w->now + 20 * MS, EV_OPERATOR, n, 0, 0);
}

static bool has_keepalived(const struct world *w, int n)
{
    return host_runs(w, n) && w->nodes[n].keepalived == RUNS;
}

static void kill_keepalived(struct world *w, int n)
{
    w->nodes[n].keepalived = GONE;
}

static bool lacks_keepalived(const struct world *w, int n)
{
    return host_runs(w, n) && w->nodes[n].keepalived != RUNS;
}

static void start_keepalived(struct world *w, int n)
{
    w->nodes[n].keepalived = RUNS;
    events_unpark(w);
    if (!event_pending(w, EV_ADVERT, n, 0))
        event_add(w, w->now + 200 * MS, EV_ADVERT, n, 0, 0);
}

#define BOTH(name, ends, possible, make)                                                                     \
    {name " mx1", ends, 0, possible, make},                                                                  \
    {                                                                                                        \
        name " mx2", ends, 1, possible, make                                                                 \
    }

const struct move explore_moves[] = {
    BOTH("kill the server of", 0, server_runs, kill_server),
    BOTH("stop the server of", 0, server_runs, server_stop),
    BOTH("resume the server of", 1, server_stands, server_resume),
    BOTH("kill the supervisor of", 0, child_runs, kill_child),
    BOTH("stop the supervisor of", 0, child_runs, stop_child),
    BOTH("resume the supervisor of", 1, child_stands, resume_child),
    BOTH("kill the fencer of", 0, fencer_runs, kill_fencer),
    BOTH("stop the fencer of", 0, fencer_runs, stop_fencer),
    BOTH("resume the fencer of", 1, fencer_stands, resume_fencer),
    BOTH("power off", 0, host_runs, host_off),
    BOTH("power on", 1, host_is_off, host_on),
    BOTH("freeze", 0, host_runs, host_freeze),
    BOTH("thaw", 1, host_stands, host_thaw),
    {"cut the pair", 0, 0, pair_is_open, cut_pair},
    {"heal the pair", 1, 0, pair_is_cut, heal_pair},
    BOTH("cut off", 0, is_connected, cut_off),
    BOTH("cut what is heard by", 0, is_connected, cut_in),
    BOTH("cut what is said by", 0, is_connected, cut_out),
    BOTH("heal all of", 1, is_cut_off, heal_node),
    BOTH("cut from the witness", 0, has_witness, cut_witness),
    BOTH("heal to the witness", 1, lost_witness, heal_witness),
    {"restart the witness", 0, 0, witness_runs, restart_witness},
    BOTH("kill the session of the vote at", 0, has_vote_session, kill_vote_session),
    {"kill the session of the vote at the witness", 0, 0, has_witness_session, kill_witness_session},
    BOTH("order a switchover at", 0, can_switch, order_switch),
    BOTH("kill keepalived of", 0, has_keepalived, kill_keepalived),
    BOTH("start keepalived of", 1, lacks_keepalived, start_keepalived),
};

const int explore_move_count = (int)(sizeof(explore_moves) / sizeof(explore_moves[0]));
