#include "daemon/room.h"

#include <inttypes.h>
#include <mysqld_error.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/audits.h"
#include "io/bell.h"
#include "io/probe.h"
#include "io/server_voter.h"
#include "io/session.h"
#include "wire/clients_sql.h"

#define STATEMENT_MS    2000
#define FENCER_SESSIONS 3

struct place {
    struct session *first; /* that was refused */
    struct session *up;    /* one that is connected */
};

static void look_at(struct place *p, struct session *s)
{
    if (!s)
        return;
    if (session_is_up(s))
        p->up = s;
    else if (!p->first && session_last_error_no(s) == ER_CON_COUNT_ERROR)
        p->first = s;
}

/* The least busy one last: it is the one that is asked. */
static struct place place_of(const struct node *n, int i)
{
    struct place p = {NULL, NULL};
    bool own = i == n->policy.self;
    if (n->voters[i] && audits_session(n, i)) /* a server of MariaDB */
        look_at(&p, server_voter_session(n->voters[i]));
    p.up = NULL; /* nothing runs on a vote's session but its vote */
    if (own) {
        look_at(&p, n->control);
        look_at(&p, bell_session(n->bell));
    }
    if (i < OBS_NODES) {
        look_at(&p, probe_session(own ? n->probe_own : n->probe_peer));
        look_at(&p, n->desk[i]);
    }
    look_at(&p, audits_session(n, i));
    return p;
}

/* The place is ours whenever we come, so only the first is hurried: the vote's. */
static void made(void *arg, const struct reply *r)
{
    struct node *n = arg;
    int64_t killed = 0;
    if (r->status != REPLY_OK || !r->set_count || !rows_i64(&r->sets[0], 0, "killed", &killed) || !killed)
        return;
    log_warning("all connections of a server are taken: an idle client was ended to make room for ours");
    for (int i = 0; i < OBS_VOTERS; i++) {
        struct place p = place_of(n, i);
        if (p.first)
            session_retry_now(p.first);
    }
}

static void make_room(struct node *n, int i, const struct place *p)
{
    const struct local_settings *l = &n->settings.node;
    const char *user = i == OBS_TIE ? l->witness.user : l->local.user;
    struct clients_spared spared = {.users = {user, l->peer.user, l->fencer.user}};
    spared.accounts = audits_accepted(n, &spared.account_count);
    char *sql = clients_room_sql(&spared);
    session_query(p->up, sql, STATEMENT_MS, made, n);
    free(sql);
}

void room_step(struct node *n)
{
    if (!n->settings.cluster.policy.make_room)
        return;
    for (int i = 0; i < OBS_VOTERS; i++) {
        struct place p = place_of(n, i);
        bool fencer = i == n->policy.self && n->o.fencer.alive == TRI_YES &&
                      audits_fencer_sessions(n) < FENCER_SESSIONS;
        if (p.up && !session_pending(p.up) && (p.first || fencer))
            make_room(n, i, &p);
    }
}
