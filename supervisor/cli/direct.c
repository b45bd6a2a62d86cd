#include "cli/direct.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/loop.h"
#include "io/session.h"
#include "model/lag.h"
#include "model/verdict.h"
#include "settings/policy_of.h"
#include "wire/audit_sql.h"
#include "wire/observe.h"

#define PAUSE_FIRST_MS  2 /* between rounds, then doubled */
#define PAUSE_MOST_MS   64
#define LAG_PATIENCE_MS 1500 /* to see whether what was there at first arrives */
#define REMOTE_SLOW_MS  3000 /* a server far away may take so long to be let in */
#define MARGIN          5    /* one of so many parts of the limit is for what comes after */

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
    bool bare, asking, failed, auditing;
    char trouble[OBS_TEXT_MAX];
};

struct direct {
    const struct servers *servers;
    const struct direct_options *options;
    struct policy policy;
    struct observation o;
    struct event *pause, *limit;
    int64_t began_us;
    int patience_ms; /* with a server */
    int pause_ms;
    bool ended;
    void (*done)(void *arg, struct direct *d);
    void *arg;
    struct target targets[OBS_NODES];
};

static const struct cluster_settings *cluster_of(const struct direct *d)
{
    return &d->servers->settings.cluster;
}

/* ---- enough? ---- */

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

/* Against whose history the other's is held. */
static int reference_of(const struct direct *d)
{
    int writer = writer_of(d);
    return writer < 0 ? d->policy.self : writer;
}

/* One round asks both at once: what the replica has more than the writer may just have been written. */
static bool needs_another_look(const struct direct *d)
{
    int writer = reference_of(d);
    const struct target *w = &d->targets[writer], *r = &d->targets[1 - writer];
    enum gtid_relation relation = gtid_state_compare(&w->view->binlog_state, &r->first_state, NULL);
    bool behind = relation == GTID_REL_AHEAD && writer_of(d) >= 0;
    return w->rounds < 2 && relation != GTID_REL_EQUAL && relation != GTID_REL_UNKNOWN && !behind;
}

static bool is_enough(const struct direct *d)
{
    int writer = writer_of(d);
    if (d->targets[0].failed || d->targets[1].failed)
        return true;
    if (needs_another_look(d))
        return false;
    return writer < 0 || has_caught_up(d, writer) || clock_now_us() - d->began_us > CLOCK_MS(LAG_PATIENCE_MS);
}

static void end(struct direct *d)
{
    if (d->ended)
        return;
    d->ended = true;
    d->o.now_us = clock_now_us();
    d->done(d->arg, d); /* may free d */
}

static void ask(struct target *t);

/* While one server was waited for, the other's answer has aged. */
static bool asks_again(struct direct *d)
{
    bool again = false;
    for (int i = 0; i < OBS_NODES; i++) {
        struct target *t = &d->targets[i];
        if (t->failed || clock_now_us() - t->view->seen_us <= d->policy.silent_us / 2)
            continue;
        ask(t);
        again = true;
    }
    return again;
}

/* The last thing that a callback does. */
static void look(struct direct *d)
{
    for (int i = 0; i < OBS_NODES; i++)
        if (!d->targets[i].failed && (d->targets[i].asking || d->targets[i].auditing))
            return;
    if (!d->ended && asks_again(d))
        return;
    if (d->ended || is_enough(d)) {
        end(d);
        return;
    }
    struct timeval pause = {0, d->pause_ms * 1000};
    event_add(d->pause, &pause);
    d->pause_ms = d->pause_ms * 2 > PAUSE_MOST_MS ? PAUSE_MOST_MS : d->pause_ms * 2;
}

/* ---- asking ---- */

static void answered(void *arg, const struct reply *r)
{
    struct target *t = arg;
    t->asking = false;
    if (r->status == REPLY_ERROR && !t->bare) {
        t->bare = true; /* no schema there, or not for this account */
        ask(t);
        return;
    }
    if (r->status != REPLY_OK)
        snprintf(t->trouble, sizeof(t->trouble), "%.*s", (int)sizeof(t->trouble) - 1, r->error);
    t->failed = t->failed || r->status == REPLY_LOST;
    if (!t->failed) {
        observe_server(t->view, &t->names, r->sets, r->set_count, r->sent_us, r->answered_us);
        lag_sample(&t->lag, &t->view->binlog_pos, r->sent_us);
        if (t->rounds++ == 0)
            t->first_state = t->view->binlog_state;
    }
    look(t->d);
}

static void ask(struct target *t)
{
    char *sql = t->bare ? observe_bare_sql(&t->names) : observe_server_sql(&t->names, true);
    t->asking = true;
    session_query(t->session, sql, t->d->patience_ms, answered, t);
    free(sql);
}

static void audited(void *arg, const struct reply *r)
{
    struct target *t = arg;
    t->auditing = false;
    audit_read(&t->audit, &t->audit_names, r->sets, r->set_count, r->sent_us);
    snprintf(t->audit.trouble, sizeof(t->audit.trouble), "%.*s", (int)sizeof(t->audit.trouble) - 1,
             r->status == REPLY_OK ? "" : r->error);
    look(t->d);
}

static void ask_audit(struct target *t)
{
    char *sql = audit_whole_sql(&t->audit_names);
    t->auditing = true;
    snprintf(t->audit.trouble, sizeof(t->audit.trouble), "no answer in time");
    session_query(t->session, sql, t->d->patience_ms, audited, t);
    free(sql);
}

static void on_up(void *arg, struct session *s)
{
    struct target *t = arg;
    if (t->failed)
        return;
    t->view->probed_up_us = session_opened_us(s);
    ask(t);
    if (t->d->options->audited)
        ask_audit(t);
}

static void on_down(void *arg, struct session *s, const char *reason)
{
    struct target *t = arg;
    (void)s;
    t->asking = t->auditing = false;
    t->failed = true;
    t->view->probed_up_us = 0;
    snprintf(t->trouble, sizeof(t->trouble), "%.*s", (int)sizeof(t->trouble) - 1, reason);
    look(t->d);
}

static void on_pause(evutil_socket_t fd, short what, void *arg)
{
    struct direct *d = arg;
    (void)fd, (void)what;
    for (int i = 0; i < OBS_NODES; i++)
        if (session_is_up(d->targets[i].session) && !d->targets[i].asking)
            ask(&d->targets[i]);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    end(arg);
}

/* ---- building ---- */

static struct session_options session_of(const struct direct *d, int i)
{
    const struct settings *s = &d->servers->settings;
    const struct account_settings *a = &s->node.peer;
    struct session_options o = {.name = s->cluster.nodes[i].name, .connect_timeout_ms = d->patience_ms};
    if (!d->servers->remote && i == s->node.self) {
        o.socket = s->node.local.socket;
        o.user = s->node.local.user;
        return o;
    }
    o.address = s->cluster.nodes[i].address;
    o.port = s->cluster.nodes[i].port;
    o.extra_port = s->cluster.nodes[i].extra_port;
    if (!d->servers->remote)
        o.bind_address = s->cluster.nodes[s->node.self].address; /* the account's, as the supervisor does */
    o.user = a->user;
    o.password = a->password[0] ? a->password : NULL;
    o.tls_ca = a->tls.ca[0] ? a->tls.ca : NULL;
    o.tls_verify = a->tls.verify;
    o.tls_fingerprint = a->tls.fingerprint[0] ? a->tls.fingerprint : NULL;
    return o;
}

static void name(struct target *t, const char *account)
{
    const struct settings *s = &t->d->servers->settings;
    const struct cluster_settings *c = &s->cluster;
    t->names = (struct observe_names){.cluster = c->cluster,
                                      .nodes = {c->nodes[0].name, c->nodes[1].name},
                                      .account = account,
                                      .master_address = c->nodes[1 - t->node].address,
                                      .master_port = c->nodes[1 - t->node].port,
                                      .master_server_id =
                                          t->d->servers->unnamed ? 0 : c->nodes[1 - t->node].server_id,
                                      .semi_sync = c->policy.durability == DURABILITY_LOSSLESS,
                                      .breaker_window_s = c->policy.breaker_window_ms / 1000};
    t->audit_names = (struct audit_names){.cluster = c->cluster,
                                          .nodes = {c->nodes[0].name, c->nodes[1].name},
                                          .users = {s->node.local.user, s->node.peer.user},
                                          .fencer = s->node.fencer.user};
}

static void begin(struct event_base *base, struct direct *d, int i)
{
    struct target *t = &d->targets[i];
    struct session_options o = session_of(d, i);
    struct session_events events = {.up = on_up, .down = on_down, .arg = t};
    t->d = d;
    t->node = i;
    t->bare = d->options->bare;
    t->asking = true;
    t->view = i == d->policy.self ? &d->o.own : &d->o.peer;
    name(t, o.user);
    t->session = session_new(base, &o, &events);
}

/* A server gets what `silent` allows, more if it is far away, but never all of the limit. */
static int patience_of(const struct servers *s, int limit_ms)
{
    int silent_ms = s->settings.cluster.timing.silent_ms, most_ms = limit_ms - limit_ms / MARGIN;
    int wanted_ms = s->remote && silent_ms < REMOTE_SLOW_MS ? REMOTE_SLOW_MS : silent_ms;
    return wanted_ms < most_ms ? wanted_ms : most_ms > 0 ? most_ms : 1;
}

struct direct *direct_begin(struct event_base *base, const struct servers *s,
                            const struct direct_options *options, void (*done)(void *arg, struct direct *d),
                            void *arg)
{
    struct direct *d = mem_zalloc(sizeof(*d));
    int limit_ms = options->limit_ms - options->limit_ms / (2 * MARGIN);
    struct timeval limit = {limit_ms / 1000, limit_ms % 1000 * 1000 + 1};
    d->servers = s;
    d->options = options;
    d->done = done;
    d->arg = arg;
    d->began_us = clock_now_us();
    d->patience_ms = patience_of(s, options->limit_ms);
    d->pause_ms = PAUSE_FIRST_MS;
    policy_of(&d->policy, &s->settings);
    if (d->policy.silent_us < CLOCK_MS(d->patience_ms))
        d->policy.silent_us = CLOCK_MS(d->patience_ms);
    d->pause = evtimer_new(base, on_pause, d);
    d->limit = evtimer_new(base, on_limit, d);
    event_add(d->limit, &limit);
    for (int i = 0; i < OBS_NODES; i++)
        begin(base, d, i);
    return d;
}

void direct_free(struct direct **direct)
{
    struct direct *d = *direct;
    if (!d)
        return;
    *direct = NULL;
    d->ended = true; /* what is outstanding is answered now */
    for (int i = 0; i < OBS_NODES; i++) {
        d->targets[i].failed = true;
        session_free(&d->targets[i].session);
    }
    event_free(d->pause);
    event_free(d->limit);
    free(d);
}

/* ---- the report ---- */

/* What the writer has is read after what the other has, so that "ahead" does not mean that replication ran
 * on. Where that could not be done, nothing is known. */
static void compare_histories(const struct direct *d, struct report_input *in)
{
    int self = d->policy.self, writer = reference_of(d);
    const struct target *w = &d->targets[writer], *r = &d->targets[1 - writer];
    const struct gtid_set *mine = &w->view->binlog_state, *theirs = &r->first_state;
    in->errant = REPORT_UNKNOWN;
    if (needs_another_look(d))
        return;
    in->history = gtid_state_compare(writer == self ? mine : theirs, writer == self ? theirs : mine,
                                     &in->history_first);
    in->errant = gtid_state_errant(theirs, mine, &w->view->slave_pos);
}

static void add_audits(const struct direct *d, struct report_input *in, const char **accepted)
{
    const struct cluster_settings *c = cluster_of(d);
    for (int i = 0; i < c->policy.privileged_account_count; i++)
        accepted[i] = c->policy.privileged_accounts[i];
    in->accepted = accepted;
    in->accepted_count = c->policy.privileged_account_count;
    in->evict = c->policy.evict_foreign_locks;
    for (int i = 0; i < OBS_NODES && d->options->audited; i++)
        in->audits[i] = &d->targets[i].audit;
}

/* Without a configuration: they are right where both servers cannot hand out the same number. */
static void take_offsets_for_wanted(const struct direct *d, struct policy *p)
{
    const struct server_view *a = d->targets[0].view, *b = d->targets[1].view;
    unsigned step = a->auto_increment_increment;
    if (step < OBS_NODES || step != b->auto_increment_increment ||
        a->auto_increment_offset == b->auto_increment_offset)
        return;
    p->increment = step;
    p->offset[0] = a->auto_increment_offset;
    p->offset[1] = b->auto_increment_offset;
}

/* A look lasts a moment, so it sees a long lag's beginning alone. What the replica says of its own is a lower
 * bound; never more, for it says 0 while its receiver hears nothing. */
static void add_what_replicas_say(const struct direct *d, struct report *r)
{
    for (int i = 0; i < OBS_NODES; i++) {
        int64_t said_s = d->targets[i].view->replication.behind_s;
        struct report_lag *lag = &r->nodes[i].applied;
        if (lag->us <= 0 || said_s * 1000000 <= lag->us)
            continue;
        lag->us = said_s * 1000000;
        lag->at_least = true;
    }
}

static struct report_input input_of(const struct direct *d, const struct policy *policy)
{
    const struct cluster_settings *c = cluster_of(d);
    struct report_input in = {.source = REPORT_DIRECT,
                              .policy = policy,
                              .observation = &d->o,
                              .cluster = c->cluster,
                              .config_hash = d->servers->settings.cluster_hash,
                              .worker_trouble = "",
                              .daemon_trouble = d->options->why,
                              .unnamed = d->servers->unnamed,
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
    return in;
}

void direct_fill(const struct direct *d, struct report *out)
{
    const char *accepted[SETTINGS_PRIVILEGED_MAX];
    struct policy policy = d->policy;
    int writer = writer_of(d);
    if (d->servers->unnamed)
        take_offsets_for_wanted(d, &policy);
    struct report_input in = input_of(d, &policy);
    if (writer >= 0)
        in.lag[writer] = &d->targets[writer].lag;
    compare_histories(d, &in);
    add_audits(d, &in, accepted);
    report_fill(out, &in);
    add_what_replicas_say(d, out);
    verdict_judge(out);
}

/* ---- one pair ---- */

static void stop(void *arg, struct direct *d)
{
    (void)d;
    event_base_loopbreak(arg);
}

void direct_report(const struct servers *s, const struct direct_options *options, struct report *out)
{
    struct event_base *base = loop_new();
    struct direct *d = direct_begin(base, s, options, stop, base);
    event_base_dispatch(base);
    direct_fill(d, out);
    direct_free(&d);
    event_base_free(base);
}
