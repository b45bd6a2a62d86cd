/* Doing what the fencer's logic says: the ladder, the write lock, the weight, the supervisor's start and end.
 */
#include <event2/event.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/child.h"
#include "daemon/fencer_parts.h"
#include "daemon/fencer_sessions.h"
#include "io/ladder.h"
#include "io/weight.h"
#include "settings/settings.h"

void fencer_write_weight(struct fencer *f, int weight)
{
    struct err e;
    if (!weight_write(f->start.settings->node.run_dir, weight, false, &e))
        log_error("%s", e.text);
}

static void set_weight(struct fencer *f, int weight)
{
    if (!fencer_reset_holds(f, weight))
        fencer_write_weight(f, weight);
}

static void on_ladder(void *arg, const struct ladder_result *r)
{
    struct fencer *f = arg;
    struct fencer_todo todo = {0};
    ladder_free(&f->ladder);
    if (r->proven)
        log_warning("fenced in %.1f ms: %s", (double)r->took_us / 1e3, r->how);
    else if (!f->fence_failed)
        log_error("THE FENCE IS NOT PROVEN after %.1f ms: %s; trying again until it is",
                  (double)r->took_us / 1e3, r->how);
    f->fence_failed = !r->proven;
    fencer_logic_fenced(&f->logic, clock_now_us(), r->proven, &todo);
    fencer_do(f, &todo);
    fencer_talk_fenced(f, r->proven, r->how);
    fencer_sessions_ping(f->sessions);
    fencer_wake(f);
}

static void start_ladder(struct fencer *f, bool kill_first, const char *reason)
{
    const struct settings *s = f->start.settings;
    struct ladder_options o = {.base = f->base,
                               .supervisor_user = s->node.local.user,
                               .peer_user = s->node.peer.user,
                               .fencer_user = s->node.fencer.user,
                               .command = s->node.fencer.command,
                               .node = s->node.node,
                               .fence_ms = f->rules.fence_ms,
                               .late = f->fence_failed};
    unsigned rungs = LADDER_COMMAND | (f->rules.kill_server ? LADDER_KILL : 0U);
    if (f->ladder)
        return;
    if (!kill_first || f->logic.server.certifiable != TRI_YES)
        rungs |= LADDER_CUT | LADDER_SET | LADDER_SWEEP;
    o.keep_log = f->rules.kill_server && f->logic.server.certifiable == TRI_YES;
    if (!f->fence_failed)
        log_warning("fencing: %s", reason);
    fencer_sessions_lend(f->sessions, &o);
    f->ladder = ladder_start(&o, rungs, on_ladder, f);
}

static void start_child(struct fencer *f)
{
    struct err e;
    struct fencer_todo todo = {0};
    int64_t now_us = clock_now_us();
    fencer_logic_child_started(&f->logic, now_us);
    f->heard_us = now_us;
    if (child_start(f->child, f->reloaded, &e))
        return;
    log_error("%s", e.text);
    f->exit_status = 1;
    if (!fencer_logic_is_armed(&f->logic) && !f->logic.fencing)
        event_base_loopbreak(f->base);
    fencer_logic_child_ended(&f->logic, now_us, &todo);
    fencer_do(f, &todo);
}

void fencer_signal_child(struct fencer *f, int number)
{
    struct err e;
    if (!child_signal(f->child, number, &e))
        log_error("%s", e.text);
}

void fencer_close_old_lock(struct fencer *f)
{
    if (f->old_lock_fd >= 0)
        close(f->old_lock_fd);
    f->old_lock_fd = -1;
}

void fencer_do(struct fencer *f, const struct fencer_todo *todo)
{
    unsigned what = todo->what;
    if (what & FENCER_DO_RELEASE_LOCK) {
        fencer_talk_prepared(f, "the server did not answer in time");
        fencer_sessions_release_lock(f->sessions);
        fencer_close_old_lock(f);
    }
    if (what & FENCER_DO_TAKE_LOCK)
        fencer_sessions_take_lock(f->sessions, fencer_logic_lock_limit_us(&f->logic, &f->rules));
    if (what & FENCER_DO_FENCE)
        start_ladder(f, (what & FENCER_DO_KILL_SERVER) != 0, todo->reason);
    if (what & FENCER_DO_WEIGHT)
        set_weight(f, todo->weight);
    if (what & FENCER_DO_KILL_CHILD)
        fencer_signal_child(f, SIGKILL);
    if (what & FENCER_DO_START_CHILD)
        start_child(f);
    if (what & FENCER_DO_REPORT)
        fencer_talk_state(f, 0);
    if (what & FENCER_DO_EXIT)
        event_base_loopbreak(f->base);
}
