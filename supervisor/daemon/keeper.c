#include "daemon/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/node.h"
#include "io/run_command.h"
#include "io/worker.h"

#define DEADLINE_MS (3600 * 1000) /* it reads and writes whole binary logs */
#define RETRY_US    INT64_C(600000000)
#define TOOL        "mysql-replcheck"

struct keeper {
    struct node *n;
    struct run_command *command;
    bool ended; /* the command did; freed at the next tick, not within its own callback */
    int64_t not_before_us;
    char name[GTID_EXTRA_NAME_MAX]; /* of what is being kept, or was */
    char path[SETTINGS_PATH_MAX + GTID_EXTRA_NAME_MAX + 16];
};

struct keeper *keeper_new(struct node *n)
{
    struct keeper *k = mem_zalloc(sizeof(*k));
    k->n = n;
    return k;
}

static void tell(struct keeper *k, bool ok, const char *how)
{
    struct journal_event e = {.kind = ok ? JOURNAL_ACTION : JOURNAL_ALERT, .epoch = k->n->mind.epoch};
    snprintf(e.node, sizeof(e.node), "%s", k->n->settings.node.node);
    if (ok) {
        snprintf(e.reason, sizeof(e.reason), "the extra transactions %s are kept", k->name);
        snprintf(e.detail, sizeof(e.detail), "in %s", k->path);
        log_notice("%s %s", e.reason, e.detail);
    } else {
        snprintf(e.reason, sizeof(e.reason), "the extra transactions %s could not be kept", k->name);
        snprintf(e.detail, sizeof(e.detail), "%s; `mysql-replcheck divergence --keep` says why", how);
        log_error("%s: %s", e.reason, e.detail);
    }
    worker_event(&e);
}

static void on_done(void *arg, int exit_status, const char *how)
{
    struct keeper *k = arg;
    k->ended = true;
    if (exit_status == 0)
        snprintf(k->path, sizeof(k->path), "%s/divergence/%s", k->n->settings.node.state_dir, k->name);
    else
        k->not_before_us = clock_now_us() + RETRY_US;
    tell(k, exit_status == 0, how);
}

/* Beside this program, as in a build folder, or where it is installed. */
static void find_tool(char *out, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", out, size - sizeof("/" TOOL));
    char *slash = n > 0 ? memrchr(out, '/', (size_t)n) : NULL;
    if (slash) {
        snprintf(slash, sizeof("/" TOOL), "/" TOOL);
        if (access(out, X_OK) == 0)
            return;
    }
    snprintf(out, size, "%s/" TOOL, BINDIR);
}

static void begin(struct keeper *k)
{
    const struct node *n = k->n;
    char tool[SETTINGS_PATH_MAX], own[GTID_TEXT_MAX], other[GTID_TEXT_MAX];
    struct err e;
    find_tool(tool, sizeof(tool));
    const char *argv[] = {tool,
                          "--config",
                          n->config_dir,
                          "divergence",
                          "--keep",
                          "--own",
                          gtid_set_format(&n->o.own.binlog_state, own, sizeof(own)),
                          "--other",
                          gtid_set_format(&n->o.peer.binlog_state, other, sizeof(other)),
                          NULL};
    struct run_command_options o = {.argv = argv, .deadline_ms = DEADLINE_MS};
    k->command = run_command_start(n->base, &o, on_done, k, &e);
    if (k->command)
        return;
    k->not_before_us = clock_now_us() + RETRY_US;
    tell(k, false, e.text);
}

void keeper_tick(struct keeper *k)
{
    const struct node *n = k->n;
    char name[GTID_EXTRA_NAME_MAX];
    if (k->ended)
        run_command_free(&k->command);
    k->ended = false;
    if (n->mind.state != NODE_QUARANTINED || k->command || n->o.now_us < k->not_before_us)
        return;
    if (!gtid_state_extra_name(&n->o.own.binlog_state, &n->o.peer.binlog_state, name, sizeof(name)))
        return;
    if (k->path[0] && strcmp(k->name, name) == 0)
        return;
    k->path[0] = '\0';
    snprintf(k->name, sizeof(k->name), "%s", name);
    begin(k);
}

const char *keeper_path(const struct keeper *k)
{
    return k->path;
}

void keeper_free(struct keeper **k)
{
    if (!*k)
        return;
    run_command_free(&(*k)->command);
    free(*k);
    *k = NULL;
}
