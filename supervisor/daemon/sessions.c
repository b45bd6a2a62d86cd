#include "config.h"

#include "daemon/sessions.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/audits.h"
#include "daemon/certificates.h"
#include "daemon/names.h"
#include "daemon/node.h"
#include "io/bell.h"
#include "io/closer.h"
#ifdef HAVE_LIBCURL
#include "io/etcd_voter.h"
#endif
#include "io/probe.h"
#include "io/server_voter.h"
#include "io/worker.h"

/* ---- what they tell: each writes the observation and wakes the tick ---- */

static void on_change(void *arg)
{
    node_wake(arg);
}

static void on_bell(void *arg)
{
    struct node *n = arg;
    log_debug("the bell rang");
    node_wake(n);
}

/* What a server refused while a promotion was tried is told to the operator with the reason why that failed.
 */
static void note_refusal(struct node *n, const char *said)
{
    if (node_state_is_promoting(n->mind.state))
        snprintf(n->attempt_refusal, sizeof(n->attempt_refusal), "%.*s", (int)sizeof(n->attempt_refusal) - 1,
                 said);
}

static void on_promised(void *arg, int index, uint64_t epoch, uint64_t consumed, const char *refusal)
{
    struct node *n = arg;
    if (refusal) {
        n->promise_refused = true;
        log_notice("epoch %llu was not promised at voter %d: %s", (unsigned long long)epoch, index + 1,
                   refusal);
        note_refusal(n, refusal);
    } else if (index == n->policy.self) {
        n->o.consumed_epoch = consumed;
    }
}

static void on_trouble(void *arg, int index, const char *sentence)
{
    struct node *n = arg;
    struct journal_event e = {.kind = JOURNAL_ALERT, .epoch = n->mind.epoch};
    snprintf(e.node, sizeof(e.node), "%s", n->settings.node.node);
    snprintf(e.reason, sizeof(e.reason), "voter %s: %s",
             index == OBS_TIE ? "witness" : n->settings.cluster.nodes[index].name, sentence);
    n->o.voter_forgot_us[index] = clock_now_us();
    worker_event(&e);
    log_error("ALERT: %s", e.reason);
}

static void on_enabled(void *arg, const struct reply *r)
{
    struct node *n = arg;
    if (r->status == REPLY_OK) {
        n->o.own.read_only = TRI_NO;
        n->o.own.seen_us = r->sent_us;
    } else {
        n->enabling_uncertain = r->status == REPLY_LOST;
        n->enable_refused_us = clock_now_us();
        log_warning("%s: %s",
                    n->enabling_uncertain ? "whether writes were enabled is unknown"
                                          : "writes were not enabled",
                    r->error);
        note_refusal(n, r->error);
        probe_now(n->probe_own);
    }
    node_wake(n);
}

/* ---- how each is reached ---- */

static struct session_options session_of(const struct node *n, int i, const char *name)
{
    const struct settings *s = &n->settings;
    const struct account_settings *a = i == OBS_TIE ? &s->node.witness : &s->node.peer;
    struct session_options o = {
        .name = name, .init_sql = SESSION_SQL, .connect_timeout_ms = s->cluster.timing.silent_ms};
    o.backoff_max_ms = s->cluster.timing.silent_ms / 2;
    if (i == n->policy.self) {
        o.socket = s->node.local.socket;
        o.user = s->node.local.user;
        return o;
    }
    o.address = i == OBS_TIE ? s->cluster.quorum.witness.mariadb.address : s->cluster.nodes[i].address;
    o.port = i == OBS_TIE ? s->cluster.quorum.witness.mariadb.port : s->cluster.nodes[i].port;
    o.extra_port = i == OBS_TIE ? s->cluster.quorum.witness.extra_port : s->cluster.nodes[i].extra_port;
    o.bind_address = s->cluster.nodes[n->policy.self].address;
    o.user = a->user;
    o.password = a->password;
    o.tls_ca = a->tls.ca[0] ? a->tls.ca : NULL;
    o.tls_verify = a->tls.verify;
    o.tls_fingerprint = a->tls.fingerprint[0] ? a->tls.fingerprint : NULL;
    return o;
}

static const char *voter_place(const struct node *n, int i)
{
    return i == OBS_TIE ? "witness" : n->settings.cluster.nodes[i].name;
}

static struct voter_options voter_options_of(struct node *n, int i)
{
    const struct timing_settings *t = &n->settings.cluster.timing;
    return (struct voter_options){.index = i,
                                  .node = n->settings.node.node,
                                  .names = names_of(n, i),
                                  .lease_ms = t->lease_ms,
                                  .renew_ms = t->renew_ms,
                                  .silent_ms = t->silent_ms,
                                  .quorum = &n->quorum,
                                  .rows = i == OBS_TIE          ? &n->o.witness.voter
                                          : i == n->policy.self ? &n->o.own.voter
                                                                : &n->o.peer.voter,
                                  .answered_us = &n->o.voter_answer_us[i],
                                  .round_trip_us = &n->o.voter_round_trip_us[i],
                                  .evict = &n->settings.cluster.policy.evict_foreign_locks};
}

static struct voter *make_server_voter(struct node *n, int i, const char *name, const struct voter_events *e)
{
    struct server_voter_options o = {.common = voter_options_of(n, i),
                                     .own = i == n->policy.self,
                                     .bell = i == 1 - n->policy.self,
                                     .session = session_of(n, i, name),
                                     .holder = i == n->policy.self ? &n->o.own.holder : NULL};
    return server_voter_new(n->base, &o, e);
}

#ifdef HAVE_LIBCURL
static const char *text_or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static struct voter *make_etcd_voter(struct node *n, const char *name, const struct voter_events *e)
{
    const struct cluster_settings *c = &n->settings.cluster;
    const struct etcd_tls_settings *tls = &c->quorum.witness.tls;
    bool many = c->quorum.witness.endpoint_count > 1;
    struct err why;
    struct etcd_voter_options o = {.common = voter_options_of(n, OBS_TIE)};
    o.client = (struct etcd_client_options){.name = name,
                                            .endpoints = c->quorum.witness.endpoints,
                                            .endpoint_count = c->quorum.witness.endpoint_count,
                                            .user = n->settings.node.witness.user,
                                            .password = n->settings.node.witness.password,
                                            .try_ms = many ? c->timing.silent_ms / 2 : c->timing.silent_ms};
    o.client.http = (struct http_options){.bind_address = c->nodes[n->policy.self].address,
                                          .tls_ca = text_or_null(tls->ca),
                                          .tls_cert = text_or_null(tls->cert),
                                          .tls_key = text_or_null(tls->key),
                                          .tls_pinned_key = text_or_null(tls->pinned_key),
                                          .tls_verify = tls->verify};
    struct voter *v = etcd_voter_new(n->base, &o, e, &why);
    if (!v)
        log_error("etcd is not asked, its vote is nobody's: %s", why.text);
    return v;
}
#endif

static struct voter *make_voter(struct node *n, int i)
{
    char name[SETTINGS_NAME_MAX + 16];
    struct voter_events e = {.changed = on_change,
                             .enabled = on_enabled,
                             .promised = on_promised,
                             .trouble = on_trouble,
                             .arg = n};
    snprintf(name, sizeof(name), "%s/vote", voter_place(n, i));
#ifdef HAVE_LIBCURL
    if (i == OBS_TIE && n->settings.cluster.quorum.witness.kind == WITNESS_ETCD)
        return make_etcd_voter(n, name, &e);
#endif
    return make_server_voter(n, i, name, &e);
}

static struct probe *make_probe(struct node *n, int i)
{
    char name[SETTINGS_NAME_MAX + 16];
    snprintf(name, sizeof(name), "%s/probe", voter_place(n, i));
    struct probe_options o = {.names = names_of(n, i),
                              .session = session_of(n, i, name),
                              .deadline_ms = n->settings.cluster.timing.silent_ms,
                              .view = i == n->policy.self ? &n->o.own : &n->o.peer};
    o.names.breaker_window_s = n->settings.cluster.policy.breaker_window_ms / 1000;
    o.names.breaker_reset_s = n->breaker_reset_s;
    return probe_new(n->base, &o, on_change, n);
}

static struct session *make_session(struct node *n, int i, const char *role)
{
    char name[SETTINGS_NAME_MAX + 16];
    snprintf(name, sizeof(name), "%s/%s", voter_place(n, i), role);
    struct session_options o = session_of(n, i, name);
    struct session_events none = {0};
    return session_new(n->base, &o, &none);
}

static void make_audit(struct node *n, int i)
{
    char name[SETTINGS_NAME_MAX + 16];
    snprintf(name, sizeof(name), "%s/audit", voter_place(n, i));
    struct session_options o = session_of(n, i, name);
    audits_start_at(n, i, &o);
}

/* The own server is asked where the other one is asked with TLS: it is what the other's supervisor needs
 * there. */
static void make_certificates(struct node *n)
{
    bool witness = n->voters[OBS_TIE] != NULL;
    char name[SETTINGS_NAME_MAX + 16];
    for (int i = 0; i < OBS_NODES + (witness ? 1 : 0); i++) {
        snprintf(name, sizeof(name), "%s/certificate", voter_place(n, i));
        struct session_options o = session_of(n, i, name);
        o.tls_unverified = i == n->policy.self && certificates_pair_has_tls(n);
        certificates_start_at(n, i, &o);
    }
    certificates_start_files(n);
}

void sessions_make(struct node *n)
{
    int self = n->policy.self, other = 1 - self;
    char name[SETTINGS_NAME_MAX + 16];
    bool witness = n->settings.cluster.quorum.tie_breaker == TIE_BREAKER_WITNESS;
    for (int i = 0; i < OBS_NODES + (witness ? 1 : 0); i++) {
        n->voters[i] = make_voter(n, i);
        if (i < OBS_NODES || n->settings.cluster.quorum.witness.kind == WITNESS_MARIADB)
            make_audit(n, i);
    }
    n->probe_own = make_probe(n, self);
    n->probe_peer = make_probe(n, other);
    n->control = make_session(n, self, "control");
    if (n->policy.lossless)
        n->semi_sync = make_session(n, self, "semi-sync");
    for (int i = 0; i < OBS_NODES; i++)
        n->desk[i] = make_session(n, i, "desk");
    snprintf(name, sizeof(name), "%s/bell", n->settings.node.node);
    struct bell_options bell = {.names = names_of(n, self),
                                .session = session_of(n, self, name),
                                .period_ms = n->settings.cluster.timing.renew_ms,
                                .rows = &n->o.own.voter};
    n->bell = bell_new(n->base, &bell, on_bell, n);
    make_certificates(n);
    snprintf(name, sizeof(name), "%s/closer", voter_place(n, other));
    struct closer_options closer = {.session = session_of(n, other, name),
                                    .account = n->settings.node.local.user,
                                    .deadline_ms = n->settings.cluster.timing.silent_ms,
                                    .view = &n->o.closing,
                                    .peer = &n->o.peer};
    n->closer = closer_new(n->base, &closer, on_change, n);
}

void sessions_free(struct node *n)
{
    for (int i = 0; i < OBS_VOTERS; i++)
        voter_free(&n->voters[i]);
    probe_free(&n->probe_own);
    probe_free(&n->probe_peer);
    bell_free(&n->bell);
    closer_free(&n->closer);
    audits_stop(n);
    certificates_stop(n);
    session_free(&n->control);
    session_free(&n->semi_sync);
    for (int i = 0; i < OBS_NODES; i++)
        session_free(&n->desk[i]);
}
