/* The lease of a voter in etcd, which is its session there: asked for, kept alive, given up; and what is said
 * once of an etcd that does not do as it should. */
#include "io/etcd_voter_internal.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define BACKOFF_MIN_US 50000

void etcd_voter_complain(struct etcd_voter *v, const char *what, const char *why)
{
    if (v->complaint && strcmp(what, v->complaint) == 0)
        return;
    v->complaint = what;
    log_warning("%s: %s: %s", v->name, what, why);
}

void etcd_voter_content(struct etcd_voter *v)
{
    if (v->complaint)
        log_notice("%s: etcd answers as it should", v->name);
    v->complaint = NULL;
    v->backoff_us = 0;
}

/* ---- giving it up ---- */

void etcd_voter_end_act(struct etcd_voter *v)
{
    etcd_client_cancel(&v->acting);
    v->act = ETCD_ACT_NONE;
}

static void revoked(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    if (!r->answer)
        log_info("%s: whether the old lease is revoked is not known; it ends by itself: %s", v->name,
                 r->failure);
}

void etcd_voter_close(struct etcd_voter *v, const char *reason)
{
    const struct vote *vote = etcd_voter_vote(v);
    if (!v->lease)
        return;
    if (vote->held && vote->counted && v->wanted)
        log_notice("%s: the lease that held the vote is given up: %s", v->name, reason);
    else
        log_info("%s: the lease is given up: %s", v->name, reason);
    quorum_lost(v->base.o.quorum, v->base.o.index);
    etcd_voter_end_act(v);
    etcd_client_cancel(&v->looking);
    etcd_client_cancel(&v->keeping);
    etcd_client_cancel(&v->timing);
    etcd_client_ask(v->client, ETCD_ASK_REVOKE, etcd_lease_json(v->lease), v->base.o.silent_ms, revoked, v);
    v->lease = 0;
    v->table_known = false;
    v->grant_at_us = clock_now_us() + v->backoff_us;
    v->backoff_us = v->backoff_us ? v->backoff_us * 2 : BACKOFF_MIN_US;
    if (v->backoff_us > CLOCK_MS(v->base.o.silent_ms) / 2)
        v->backoff_us = CLOCK_MS(v->base.o.silent_ms) / 2;
    etcd_voter_changed(v);
}

/* ---- opening and keeping ---- */

static void granted(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    int64_t wanted_s = v->base.o.lease_ms / 1000 + 1;
    v->granting = NULL;
    v->grant_at_us = clock_now_us() + BACKOFF_MIN_US;
    if (!r->answer || r->answer->outcome != ETCD_OK) {
        etcd_voter_complain(v, "etcd grants no lease", r->answer ? r->answer->why.text : r->failure);
        return;
    }
    if (r->answer->ttl_s < wanted_s) {
        etcd_voter_complain(v, "etcd grants no lease", "it offers fewer seconds than were asked for");
        return;
    }
    if (r->answer->ttl_s > wanted_s && r->answer->ttl_s != v->granted_s)
        log_notice("%s: etcd grants no lease of less than %lld s: after the loss "
                   "of a whole host nobody writes for %lld s longer",
                   v->name, (long long)r->answer->ttl_s, (long long)(r->answer->ttl_s - wanted_s));
    voter_answered(&v->base, r->sent_us);
    v->lease = r->answer->lease;
    v->granted_s = r->answer->ttl_s;
    v->kept_alive_us = r->sent_us;
    v->look_again_us = 0;
    quorum_opened(v->base.o.quorum, v->base.o.index, (unsigned long)v->lease, r->answered_us);
    etcd_voter_look(v, r->answered_us); /* no key is put below rows that cannot be read */
    etcd_voter_changed(v);
}

void etcd_voter_open(struct etcd_voter *v, int64_t now_us)
{
    if (v->granting || now_us < v->grant_at_us)
        return;
    v->granting = etcd_client_ask(v->client, ETCD_ASK_GRANT, etcd_grant_json(v->base.o.lease_ms / 1000 + 1),
                                  v->base.o.silent_ms, granted, v);
}

static void kept_alive(void *arg, const struct etcd_reply *r)
{
    struct etcd_voter *v = arg;
    v->keeping = NULL;
    if (!r->answer || r->answer->outcome != ETCD_OK) {
        v->kept_alive_us = 0; /* again with the next renewal */
        return;
    }
    voter_answered(&v->base, r->sent_us);
    if (r->answer->ttl_s == 0)
        etcd_voter_close(v, "etcd does not know the lease any more");
}

void etcd_voter_keep_alive(struct etcd_voter *v, int64_t now_us)
{
    if (v->keeping || now_us - v->kept_alive_us < v->granted_s * 1000000 / 4)
        return;
    v->kept_alive_us = now_us;
    v->keeping = etcd_client_ask(v->client, ETCD_ASK_KEEP_ALIVE, etcd_lease_json(v->lease),
                                 v->base.o.silent_ms, kept_alive, v);
}
