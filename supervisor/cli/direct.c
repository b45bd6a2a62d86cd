#include "cli/direct.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/become.h"
#include "io/session.h"
#include "model/lag.h"
#include "model/verdict.h"
#include "settings/policy_of.h"
#include "settings/settings.h"
#include "wire/audit_sql.h"
#include "wire/observe.h"

#define ROUNDS_MIN      2
#define ROUND_PAUSE_MS  60
#define LAG_PATIENCE_MS 1500 /* to see whether what was there at first arrives */

struct direct;

struct target {
    struct direct *d;
    int node;
    struct session *session;
    struct observe_names names;
    struct server_view *view;
    struct audit_names audit_names;
    struct audit audit;
    struct lag lag;
    struct gtid_set first_state; /* gtid_binlog_state of the first round */
    int rounds;
    bool asking, failed, auditing;
    char trouble[OBS_TEXT_MAX];
};

struct direct {
    struct settings settings;
    struct policy policy;
    struct observation o;
    struct event_base *base;
    struct event *pause, *limit;
    int64_t began_us;
    struct target targets[OBS_NODES];
};

/* ---- rounds ---- */

static void answered(void *arg, const struct reply *r)
{
    struct target *t = arg;
    t->asking = false;
    if (r->status != REPLY_OK)
        snprintf(t->trouble, sizeof(t->trouble), "%.*s", (int)sizeof(t->trouble) - 1, r->error);
    t->failed = r->status == REPLY_LOST;
    if (t->failed)
        return;
    observe_server(t->view, &t->names, r->sets, r->set_count, r->sent_us, r->answered_us);
    lag_sample(&t->lag, &t->view->binlog_pos, r->sent_us);
    if (t->rounds++ == 0)
        t->first_state = t->view->binlog_state;
}

static void audited(void *arg, const struct reply *r)
{
    struct target *t = arg;
    t->auditing = false;
    audit_read(&t->audit, &t->audit_names, r->sets, r->set_count, r->sent_us);
    snprintf(t->audit.trouble, sizeof(t->audit.trouble), "%.*s", (int)sizeof(t->audit.trouble) - 1,
             r->status == REPLY_OK ? "" : r->error);
}

static void ask_audit(struct target *t)
{
    char *sql = audit_whole_sql(&t->audit_names);
    t->auditing = true;
    session_query(t->session, sql, t->d->settings.cluster.timing.silent_ms, audited, t);
    free(sql);
}

static void ask(struct target *t)
{
    char *sql = observe_server_sql(&t->names, true);
    t->asking = true;
    session_query(t->session, sql, t->d->settings.cluster.timing.silent_ms, answered, t);
    free(sql);
}

static void on_up(void *arg, struct session *s)
{
    struct target *t = arg;
    t->view->probed_up_us = session_opened_us(s);
    ask(t);
    ask_audit(t);
}

static void on_down(void *arg, struct session *s, const char *reason)
{
    struct target *t = arg;
    (void)s;
    t->asking = false;
    t->failed = true;
    t->view->probed_up_us = 0;
    snprintf(t->trouble, sizeof(t->trouble), "%.*s", (int)sizeof(t->trouble) - 1, reason);
}

static int writer_of(const struct direct *d)
{
    bool first = d->targets[0].view->read_only == TRI_NO, second = d->targets[1].view->read_only == TRI_NO;
    return first != second ? (first ? 0 : 1) : -1;
}

/* Has the replica all that the writer had when it was first asked? */
static bool has_caught_up(const struct direct *d, int writer)
{
    const struct target *w = &d->targets[writer], *r = &d->targets[1 - writer];
    struct gtid_set have = r->view->slave_pos;
    gtid_pos_merge(&have, &r->view->binlog_pos);
    return w->lag.count == 0 || gtid_pos_contains(&have, &w->lag.samples[0].pos) != TRI_NO;
}

static bool is_done(const struct direct *d)
{
    int writer = writer_of(d);
    for (int i = 0; i < OBS_NODES; i++)
        if (!d->targets[i].failed && (d->targets[i].rounds < ROUNDS_MIN || d->targets[i].auditing))
            return false;
    bool both = !d->targets[0].failed && !d->targets[1].failed;
    return !both || writer < 0 || has_caught_up(d, writer) ||
           clock_now_us() - d->began_us > CLOCK_MS(LAG_PATIENCE_MS);
}

static void on_pause(evutil_socket_t fd, short what, void *arg)
{
    struct direct *d = arg;
    (void)fd, (void)what;
    if (is_done(d)) {
        event_base_loopbreak(d->base);
        return;
    }
    for (int i = 0; i < OBS_NODES; i++)
        if (!d->targets[i].asking && session_is_up(d->targets[i].session))
            ask(&d->targets[i]);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
    struct direct *d = arg;
    (void)fd, (void)what;
    event_base_loopbreak(d->base);
}

/* ---- building ---- */

static struct session_options session_of(const struct settings *s, int i, const char *name)
{
    const struct account_settings *a = &s->node.peer;
    struct session_options o = {.name = name, .connect_timeout_ms = s->cluster.timing.silent_ms};
    if (i == s->node.self) {
        o.socket = s->node.local.socket;
        o.user = s->node.local.user;
        return o;
    }
    o.address = s->cluster.nodes[i].address;
    o.port = s->cluster.nodes[i].port;
    o.extra_port = s->cluster.nodes[i].extra_port;
    o.bind_address = s->cluster.nodes[s->node.self].address; /* the account's, as the supervisor does */
    o.user = a->user;
    o.password = a->password;
    o.tls_ca = a->tls.ca[0] ? a->tls.ca : NULL;
    o.tls_verify = a->tls.verify;
    o.tls_fingerprint = a->tls.fingerprint[0] ? a->tls.fingerprint : NULL;
    return o;
}

static void begin(struct direct *d, int i)
{
    struct target *t = &d->targets[i];
    const struct cluster_settings *c = &d->settings.cluster;
    struct session_options o = session_of(&d->settings, i, c->nodes[i].name);
    struct session_events events = {.up = on_up, .down = on_down, .arg = t};
    t->d = d;
    t->node = i;
    t->view = i == d->policy.self ? &d->o.own : &d->o.peer;
    t->names = (struct observe_names){.cluster = c->cluster,
                                      .nodes = {c->nodes[0].name, c->nodes[1].name},
                                      .account = o.user,
                                      .master_address = c->nodes[1 - i].address,
                                      .master_port = c->nodes[1 - i].port};
    t->names.semi_sync = c->policy.durability == DURABILITY_LOSSLESS;
    t->audit_names = (struct audit_names){.cluster = c->cluster,
                                          .nodes = {c->nodes[0].name, c->nodes[1].name},
                                          .users = {d->settings.node.local.user, d->settings.node.peer.user},
                                          .fencer = d->settings.node.fencer.user};
    t->names.breaker_window_s = c->policy.breaker_window_ms / 1000;
    t->session = session_new(d->base, &o, &events);
}

static void run(struct direct *d, int limit_ms)
{
    struct timeval pause = {0, ROUND_PAUSE_MS * 1000}, limit = {limit_ms / 1000, limit_ms % 1000 * 1000};
    d->base = event_base_new();
    d->pause = event_new(d->base, -1, EV_PERSIST, on_pause, d);
    d->limit = evtimer_new(d->base, on_limit, d);
    d->began_us = clock_now_us();
    event_add(d->pause, &pause);
    event_add(d->limit, &limit);
    for (int i = 0; i < OBS_NODES; i++)
        begin(d, i);
    event_base_dispatch(d->base);
    d->o.now_us = clock_now_us();
    for (int i = 0; i < OBS_NODES; i++)
        session_free(&d->targets[i].session);
    event_free(d->pause);
    event_free(d->limit);
    event_base_free(d->base);
}

/* ---- the report ---- */

/* What the writer has is read after what the other has, so that "ahead" does not mean that replication ran
 * on. */
static void compare_histories(const struct direct *d, struct report_input *in)
{
    int self = d->policy.self, writer = writer_of(d) < 0 ? self : writer_of(d);
    const struct target *own = &d->targets[self], *peer = &d->targets[1 - self];
    const struct gtid_set *a = writer == self ? &own->view->binlog_state : &own->first_state;
    const struct gtid_set *b = writer == self ? &peer->first_state : &peer->view->binlog_state;
    in->history = gtid_state_compare(a, b, &in->history_first);
}

static void add_audits(const struct direct *d, struct report_input *in, const char **accepted)
{
    const struct cluster_settings *c = &d->settings.cluster;
    for (int i = 0; i < c->policy.privileged_account_count; i++)
        accepted[i] = c->policy.privileged_accounts[i];
    in->accepted = accepted;
    in->accepted_count = c->policy.privileged_account_count;
    in->evict = c->policy.evict_foreign_locks;
    for (int i = 0; i < OBS_NODES; i++)
        in->audits[i] = &d->targets[i].audit;
}

static void fill(const struct direct *d, const char *why, struct report *out)
{
    const struct cluster_settings *c = &d->settings.cluster;
    const char *accepted[SETTINGS_PRIVILEGED_MAX];
    int writer = writer_of(d);
    struct report_input in = {.source = REPORT_DIRECT,
                              .policy = &d->policy,
                              .observation = &d->o,
                              .cluster = c->cluster,
                              .config_hash = d->settings.cluster_hash,
                              .worker_trouble = "",
                              .daemon_trouble = why,
                              .wall_us = clock_wall_us(),
                              .started_us = 0, /* who has not answered by now does not */
                              .lag_warning_ms = c->thresholds.lag_warning_ms,
                              .lag_critical_ms = c->thresholds.lag_critical_ms};
    for (int i = 0; i < OBS_NODES; i++) {
        in.names[i] = c->nodes[i].name;
        in.addresses[i] = c->nodes[i].address;
        in.ports[i] = c->nodes[i].port;
        in.troubles[i] = d->targets[i].trouble;
    }
    if (writer >= 0)
        in.lag[writer] = &d->targets[writer].lag;
    compare_histories(d, &in);
    add_audits(d, &in, accepted);
    report_fill(out, &in);
    verdict_judge(out);
}

bool direct_report(const char *config_dir, const struct direct_options *options, struct report *out, struct err *e)
{
    struct direct *d = mem_zalloc(sizeof(*d));
    bool ok = settings_load(&d->settings, config_dir, e) && become_user(d->settings.node.run_as, e);
    if (ok) {
        policy_of(&d->policy, &d->settings);
        run(d, options->limit_ms);
        fill(d, options->why, out);
    }
    explicit_bzero(&d->settings, sizeof(d->settings));
    free(d);
    return ok;
}
