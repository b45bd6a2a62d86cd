#include "config.h"

#include "daemon/supervisor.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/audits.h"
#include "daemon/certificates.h"
#include "daemon/control.h"
#include "daemon/cycle.h"
#include "daemon/disks.h"
#include "daemon/fencer_link.h"
#include "daemon/headline.h"
#include "daemon/keeper.h"
#include "daemon/names.h"
#include "daemon/node.h"
#include "daemon/offsets.h"
#include "daemon/saved.h"
#include "daemon/vip_finder.h"
#include "daemon/vip_vote.h"
#include "io/bell.h"
#include "io/closer.h"
#ifdef HAVE_LIBCURL
#include "io/etcd_voter.h"
#endif
#include "io/ladder.h"
#include "io/option_check.h"
#include "io/probe.h"
#include "io/references.h"
#include "io/server_voter.h"
#include "io/voter.h"
#include "io/weight.h"
#include "io/worker.h"
#include "model/rules.h"
#include "settings/policy_of.h"

#define WORKER_STOP_MS 500

/* ---- callbacks: each writes the observation and wakes the tick ---- */

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
        log_warning("%s: %s",
                    n->enabling_uncertain ? "whether writes were enabled is unknown"
                                          : "writes were not enabled",
                    r->error);
        note_refusal(n, r->error);
        probe_now(n->probe_own);
    }
    node_wake(n);
}

static void on_vip(void *arg, const struct vip_state *state)
{
    struct node *n = arg;
    (void)state;
    n->vip_event_us = clock_now_us();
    node_wake(n);
}

static void on_options(void *arg, enum tri read_only)
{
    struct node *n = arg;
    if (read_only != TRI_YES)
        log_warning(
            "the server's option files do not set read_only=ON: this node is not promoted, and the death of "
            "its server is not certified");
    n->o.boot_safe = read_only;
    node_wake(n);
}

static void on_reference(void *arg, int64_t began_us)
{
    struct node *n = arg;
    n->o.reference_us = began_us;
    if (n->policy.tie == POLICY_TIE_VIP)
        vip_vote_answered(n, began_us);
}

/* ---- the fencer's messages ---- */

static void take_state(struct node *n, const struct fencer_message *m)
{
    struct fencer_view *f = &n->o.fencer;
    f->epoch = m->epoch;
    f->deadline_us = m->deadline_us;
    f->votes = m->votes;
    f->write_lock = m->write_lock;
    f->server_alive = m->alive;
    f->certifiable = m->certifiable;
    n->server_reset = m->reset;
    if (m->pid && m->pid != n->checked_pid) {
        n->checked_pid = m->pid;
        n->server_resident = 0;
        option_check_run(n->option_check, m->pid);
        offsets_server_restarted(n);
    }
    if (m->pid && m->pid != n->dead_pid)
        f->dead_us = 0;
}

static void on_fencer_state(void *arg, const struct fencer_message *m)
{
    struct node *n = arg;
    bool first = n->o.fencer.alive == TRI_UNKNOWN && !n->o.fencer.sent_seq && n->mind.state == NODE_UNKNOWN;
    take_state(n, m);
    if (first && !n->resumed && m->deadline_us > clock_now_us() && m->epoch) {
        n->resumed = true;
        n->o.fencer.inherited = true;
        n->mind.epoch = m->epoch;
        quorum_inherit(&n->quorum, m->votes, m->deadline_us);
        log_notice("the predecessor's authority of epoch %llu is armed for %.1f s more: resuming it",
                   (unsigned long long)m->epoch, (double)(m->deadline_us - clock_now_us()) / 1e6);
    }
    n->o.fencer.alive = TRI_YES;
    node_wake(n);
}

static void on_fencer_ack(void *arg, const struct fencer_message *m)
{
    struct node *n = arg;
    take_state(n, m);
    if (m->seq == n->o.fencer.sent_seq || (m->deadline_us && m->seq <= n->o.fencer.sent_seq)) {
        n->o.fencer.acked_seq = m->seq;
        n->o.fencer.acked_deadline_us = m->deadline_us;
    }
    if (!m->deadline_us && m->text[0])
        log_notice("the fencer refused: %s", m->text);
    node_wake(n);
}

static void stop_waiting_for_end(struct node *n)
{
    if (n->gone_fd < 0)
        return;
    event_free(n->gone_event);
    close(n->gone_fd);
    n->gone_fd = -1;
}

static void on_gone(evutil_socket_t fd, short what, void *arg)
{
    struct node *n = arg;
    (void)fd;
    (void)what;
    stop_waiting_for_end(n);
    n->server_gone = true;
    node_wake(n);
}

/* Dead is when no user code can run any more; gone, when its memory and its sockets are. */
static void wait_for_end(struct node *n, pid_t pid)
{
    stop_waiting_for_end(n);
    n->gone_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    n->server_gone = n->gone_fd < 0;
    if (n->gone_fd < 0)
        return;
    n->gone_event = event_new(n->base, n->gone_fd, EV_READ, on_gone, n);
    event_add(n->gone_event, NULL);
}

static void on_fencer_dead(void *arg, const struct fencer_message *m)
{
    struct node *n = arg;
    n->o.fencer.dead_us = clock_now_us();
    n->o.fencer.dead_size = m->size;
    n->dead_pid = m->pid;
    n->server_reset = m->reset;
    wait_for_end(n, m->pid);
    snprintf(n->o.fencer.dead_file, sizeof(n->o.fencer.dead_file), "%s", m->file);
    log_notice("the server (pid %d) is dead; its binary log ends at %s, %llu bytes", m->pid, m->file,
               (unsigned long long)m->size);
    node_wake(n);
}

static void on_fencer_fenced(void *arg, const struct fencer_message *m)
{
    struct node *n = arg;
    n->o.fencer.fenced_us = clock_now_us();
    n->weight = 1; /* the fencer wrote the file meanwhile */
    if (m->ok)
        n->enabling_uncertain = false; /* its session was killed first */
    log_warning("fenced: %s", m->text);
    probe_now(n->probe_own);
    node_wake(n);
}

static void on_fencer_restart(void *arg)
{
    struct node *n = arg;
    n->exiting = true;
    event_base_loopexit(n->base, NULL);
}

static void on_fencer_gone(void *arg, const char *reason)
{
    struct node *n = arg;
    log_error("the fencer is gone: %s", reason);
    n->o.fencer.alive = TRI_NO;
    node_wake(n);
}

/* ---- building ---- */

static struct session_options session_of(const struct node *n, int i, const char *name)
{
    const struct settings *s = &n->settings;
    const struct account_settings *a = i == OBS_TIE ? &s->node.witness : &s->node.peer;
    struct session_options o = {.name = name, .connect_timeout_ms = s->cluster.timing.silent_ms};
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
}

static void make_sessions(struct node *n)
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

static bool start_worker(struct node *n, bool foreground, char *journal, size_t size)
{
    struct err e;
    snprintf(journal, size, "%s/%s", n->settings.node.state_dir, JOURNAL_FILE);
    struct worker_options o = {.node = n->settings.node.node,
                               .journal_path = journal,
                               .program = "mysql-replcheckd",
                               .facility = n->settings.node.syslog.facility,
                               .foreground = foreground};
    if (!worker_start(&o, &e)) {
        log_error("%s", e.text);
        return false;
    }
    log_set_sink(worker_log);
    return true;
}

static void make_watches(struct node *n)
{
    const struct cluster_settings *c = &n->settings.cluster;
    n->option_check = option_check_new(n->base, on_options, n);
    option_check_run(n->option_check, 0);
    disks_start(n);
    if (n->policy.has_vip)
        n->vip = vip_finder_new(n->base, &n->settings, on_vip, n);
    if (n->policy.has_references &&
        n->policy.tie != POLICY_TIE_WITNESS) /* a witness tells more than they could */
        n->references = references_new(n->base, c->quorum.references, c->quorum.reference_count,
                                       n->policy.tie == POLICY_TIE_VIP ? c->vip.addresses[0] : NULL,
                                       c->timing.silent_ms, on_reference, n);
}

/* All of it or nothing: what is wrong or needs a restart leaves the running configuration as it is. */
static void reload(struct node *n)
{
    struct settings *next = mem_zalloc(sizeof(*next));
    struct err e;
    if (!settings_load(next, n->config_dir, &e) || !settings_reloadable(&n->settings, next, &e)) {
        log_error("the configuration was not reloaded: %s", e.text);
    } else {
        n->settings = *next;
        policy_of(&n->policy, &n->settings);
        log_set_level((enum log_level)n->settings.node.syslog.level);
        n->bulletin_said[0] = '\0';
        audits_now(n);
        log_notice("the configuration was reloaded");
        node_wake(n);
    }
    free(next);
    headline_reloaded(n->headline);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct node *n = arg;
    (void)what;
    if (number == SIGTERM || number == SIGINT) {
        log_notice("asked to stop");
        n->o.operator_.stopping = true;
        node_wake(n);
    } else {
        reload(n);
    }
}

static void watch_signals(struct node *n)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        n->signal_events[i] = evsignal_new(n->base, numbers[i], on_signal, n);
        event_add(n->signal_events[i], NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}

static void start_fencer_link(struct node *n, int fd)
{
    struct fencer_link_events e = {.state = on_fencer_state,
                                   .ack = on_fencer_ack,
                                   .dead = on_fencer_dead,
                                   .fenced = on_fencer_fenced,
                                   .restart = on_fencer_restart,
                                   .gone = on_fencer_gone,
                                   .arg = n};
    n->fencer = fencer_link_new(n->base, fd, &e);
}

static void tell_life(const struct node *n, const char *what)
{
    struct journal_event e = {.kind = JOURNAL_START};
    snprintf(e.node, sizeof(e.node), "%s", n->settings.node.node);
    snprintf(e.detail, sizeof(e.detail), "mysql-replcheckd %s %s", PACKAGE_VERSION, what);
    worker_event(&e);
}

static void end(struct node *n)
{
    struct err e;
    tell_life(n, "ended");
    /* A stopped node must not attract the VIP, nor be in FAULT for ever; one that is only started again keeps
     * what it had. */
    bool ended = n->o.operator_.stopping || n->o.fencer.alive == TRI_NO;
    if (ended && !weight_write(n->settings.node.run_dir, -100, false, &e))
        log_error("%s", e.text);
    control_free(&n->control_server);
    keeper_free(&n->keeper);
    headline_free(&n->headline);
    stop_waiting_for_end(n);
    cycle_stop(n);
    for (size_t i = 0; i < sizeof(n->signal_events) / sizeof(n->signal_events[0]); i++)
        if (n->signal_events[i])
            event_free(n->signal_events[i]);
    ladder_free(&n->ladder);
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
    vip_finder_free(&n->vip);
    references_free(&n->references);
    option_check_free(&n->option_check);
    disks_stop(n);
    fencer_link_free(&n->fencer);
    event_base_free(n->base);
    worker_stop(WORKER_STOP_MS);
    free(n);
}

int supervisor_main(const struct settings *settings, const char *config_dir, int fencer_fd, bool foreground)
{
    char journal[SETTINGS_PATH_MAX + 16];
    const char *broken = rules_self_check();
    struct saved_trouble trouble;
    struct err e;
    if (broken) {
        log_error("the table of the decision is not well-formed: %s", broken);
        return 1;
    }
    struct node *n = mem_zalloc(sizeof(*n));
    n->settings = *settings;
    n->config_dir = config_dir;
    n->base = event_base_new();
    policy_of(&n->policy, settings);
    n->started_us = clock_now_us();
    n->weight = 1; /* nothing written yet */
    n->gone_fd = -1;
    n->bulletin_seq = (uint64_t)(clock_wall_us() / 1000);
    mind_init(&n->mind, n->started_us);
    quorum_init(&n->quorum, n->policy.self, n->policy.tie == POLICY_TIE_WRITER,
                settings->cluster.timing.lease_ms, settings->cluster.timing.drift_ppm);
    snprintf(journal, sizeof(journal), "%s/%s", settings->node.state_dir, JOURNAL_FILE);
    saved_load(n, journal, &trouble);
    if (!start_worker(n, foreground, journal, sizeof(journal)))
        return 1;
    saved_tell(n, &trouble);
    tell_life(n, "started");
    n->keeper = keeper_new(n);
    cycle_start(n);
    make_watches(n);
    start_fencer_link(n, fencer_fd);
    n->headline = headline_new(n);
    make_sessions(n);
    watch_signals(n);
    n->control_server = control_new(n, &e);
    if (!n->control_server)
        log_error("no control socket: %s", e.text);
    log_notice("supervising %s as node %s (tie-breaker %d)", settings->cluster.cluster, settings->node.node,
               (int)n->policy.tie);
    event_base_dispatch(n->base);
    end(n);
    return 0;
}
