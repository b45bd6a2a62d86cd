#include "daemon/clients.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/audits.h"
#include "io/session.h"
#include "io/worker.h"
#include "wire/clients_sql.h"

#define STATEMENT_MS 5000

void clients_state_changed(struct node *n, enum node_state from, enum node_state to)
{
    if (from == NODE_WRITER)
        n->clients_due_us = n->o.now_us;
    if (to == NODE_WRITER)
        n->clients_due_us = 0;
}

static void tell(const struct node *n, int64_t killed)
{
    struct journal_event e = {.kind = JOURNAL_ACTION, .epoch = n->mind.epoch};
    snprintf(e.node, sizeof(e.node), "%s", n->settings.node.node);
    snprintf(e.detail, sizeof(e.detail), "%" PRId64 " client session%s ended here: %s is the writer", killed,
             killed == 1 ? "" : "s", n->settings.cluster.nodes[1 - n->policy.self].name);
    worker_event(&e);
    log_notice("%s", e.detail);
}

static void ended(void *arg, const struct reply *r)
{
    struct node *n = arg;
    int64_t killed = 0;
    if (r->status == REPLY_OK && r->set_count && rows_i64(&r->sets[0], 0, "killed", &killed))
        tell(n, killed);
    else
        log_warning("%s: %s",
                    r->status == REPLY_LOST ? "whether the clients were ended is unknown"
                                            : "the clients were not ended",
                    r->error);
}

/* Where the VIP is still here, whoever comes back by it would come back here. */
static bool is_time(const struct node *n)
{
    return n->o.own.read_only == TRI_YES && n->o.own.seen_us > n->clients_due_us &&
           n->outcome.facts.value[FACT_PEER_WRITER] == TRI_YES && n->o.vip.here != TRI_YES;
}

void clients_step(struct node *n)
{
    const struct local_settings *l = &n->settings.node;
    if (!n->clients_due_us)
        return;
    if (n->o.fencer.dead_us || !n->settings.cluster.policy.kill_clients) {
        n->clients_due_us = 0; /* with the server its sessions are gone */
        return;
    }
    if (!is_time(n) || !session_is_up(audits_session(n, n->policy.self)))
        return;
    n->clients_due_us = 0;
    struct clients_spared spared = {.users = {l->local.user, l->peer.user, l->fencer.user}};
    spared.accounts = audits_accepted(n, &spared.account_count);
    char *sql = clients_end_sql(&spared);
    session_query(audits_session(n, n->policy.self), sql, STATEMENT_MS, ended, n);
    free(sql);
}
