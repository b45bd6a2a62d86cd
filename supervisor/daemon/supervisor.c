#include "config.h"

#include "daemon/supervisor.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/audits.h"
#include "daemon/control.h"
#include "daemon/cycle.h"
#include "daemon/disks.h"
#include "daemon/fencer_events.h"
#include "daemon/headline.h"
#include "daemon/keeper.h"
#include "daemon/node.h"
#include "daemon/saved.h"
#include "daemon/sessions.h"
#include "daemon/vip_finder.h"
#include "daemon/vip_vote.h"
#include "io/hooks.h"
#include "io/ladder.h"
#include "io/loop.h"
#include "io/option_check.h"
#include "io/references.h"
#include "io/voter.h"
#include "io/weight.h"
#include "io/worker.h"
#include "model/rules.h"
#include "settings/policy_of.h"

#define WORKER_STOP_MS 500
#define HOOKS_STOP_MS  200

/* ---- what is watched ---- */

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
    if (!hooks_start(n->settings.node.hooks.dir, n->settings.node.hooks.timeout_ms, worker_event, &e))
        log_error("no hooks are run: %s", e.text);
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

static void warn(void *context, const char *sentence)
{
    (void)context;
    log_warning("%s", sentence);
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
        hooks_set(n->settings.node.hooks.dir, n->settings.node.hooks.timeout_ms);
        n->bulletin_said[0] = '\0';
        audits_now(n);
        log_notice("the configuration was reloaded");
        settings_each_without_effect(&n->settings, warn, NULL);
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
    cycle_stop(n);
    for (size_t i = 0; i < sizeof(n->signal_events) / sizeof(n->signal_events[0]); i++)
        if (n->signal_events[i])
            event_free(n->signal_events[i]);
    ladder_free(&n->ladder);
    sessions_free(n);
    vip_finder_free(&n->vip);
    references_free(&n->references);
    option_check_free(&n->option_check);
    disks_stop(n);
    fencer_events_close(n);
    event_base_free(n->base);
    if (!hooks_stop(HOOKS_STOP_MS))
        log_notice("a hook still runs, and is left to itself");
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
    n->base = loop_new();
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
    fencer_events_open(n, fencer_fd);
    n->headline = headline_new(n);
    sessions_make(n);
    watch_signals(n);
    n->control_server = control_new(n, &e);
    if (!n->control_server)
        log_error("no control socket: %s", e.text);
    log_notice("supervising %s as node %s (third vote: %s)", settings->cluster.cluster, settings->node.node,
               settings_third_vote(settings->cluster.quorum.tie_breaker));
    settings_each_without_effect(&n->settings, warn, NULL);
    event_base_dispatch(n->base);
    end(n);
    return 0;
}
