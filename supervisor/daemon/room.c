#include "daemon/room.h"

#include <inttypes.h>
#include <mysqld_error.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/audits.h"
#include "io/bell.h"
#include "io/probe.h"
#include "io/server_voter.h"
#include "io/session.h"
#include "wire/clients_sql.h"

#define AGAIN_US        CLOCK_MS(500)
#define STATEMENT_MS    2000
#define FENCER_SESSIONS 3
#define SESSIONS_MAX    8

struct place {
    struct session *all[SESSIONS_MAX];
    int count, lacking;
    struct session *up; /* one that is connected */
};

static void look_at(struct place *p, struct session *s)
{
    if (!s || p->count == SESSIONS_MAX)
        return;
    p->all[p->count++] = s;
    if (session_is_up(s))
        p->up = s;
    else if (session_last_error_no(s) == ER_CON_COUNT_ERROR)
        p->lacking++;
}

/* The least busy one last: it is the one that is asked. */
static struct place place_of(const struct node *n, int i)
{
    struct place p = {.count = 0};
    bool own = i == n->policy.self;
    if (n->voters[i] && audits_session(n, i)) /* a server of MariaDB */
        look_at(&p, server_voter_session(n->voters[i]));
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

static void made(void *arg, const struct reply *r)
{
    struct node *n = arg;
    int64_t killed = 0;
    if (r->status != REPLY_OK || !r->set_count || !rows_i64(&r->sets[0], 0, "killed", &killed))
        return;
    if (killed)
        log_warning("a server's connections are all taken: %" PRId64
                    " idle client%s ended to make room for ours",
                    killed, killed == 1 ? " was" : "s were");
    for (int i = 0; killed && i < OBS_VOTERS; i++) {
        struct place p = place_of(n, i);
        for (int k = 0; k < p.count; k++)
            if (!session_is_up(p.all[k]) && session_last_error_no(p.all[k]) == ER_CON_COUNT_ERROR)
                session_retry_now(p.all[k]);
    }
}

static void make_room(struct node *n, int i, const struct place *p, bool fencer)
{
    const struct local_settings *l = &n->settings.node;
    struct clients_spared spared = {
        .users = {i == OBS_TIE ? l->witness.user : l->local.user, l->peer.user, l->fencer.user}};
    spared.accounts = audits_accepted(n, &spared.account_count);
    char *sql = clients_room_sql(&spared, p->lacking, l->fencer.user, fencer ? FENCER_SESSIONS : 0);
    session_query(p->up, sql, STATEMENT_MS, made, n);
    free(sql);
}

void room_step(struct node *n)
{
    int64_t now = clock_now_us();
    if (!n->settings.cluster.policy.make_room || now - n->room_us < AGAIN_US)
        return;
    for (int i = 0; i < OBS_VOTERS; i++) {
        struct place p = place_of(n, i);
        bool fencer = i == n->policy.self && n->o.fencer.alive == TRI_YES &&
                      audits_fencer_sessions(n) < FENCER_SESSIONS;
        if (!p.up || (!p.lacking && !fencer))
            continue;
        n->room_us = now;
        make_room(n, i, &p, fencer);
    }
}
