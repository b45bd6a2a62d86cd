/* The fencer's use of the resetter: while the server lives its listeners are noted, and at its certified
 * death what is left of it is reset. What became of that travels to the supervisor in each STATE and in DEAD,
 * for the VIP may leave then.
 *
 * A weight that makes the VIP leave is held back as long, when the fencer itself writes it after a SIGKILL.
 *
 * An order to note that was obeyed late, when that server had ended and another had begun, would have noted
 * the other's listeners. So an answer counts only while the process is not over: until then its sockets may
 * be open, and no other could have its port.
 *
 * A server's calls to a silent host are looked at only where a promotion stands still. To list them the
 * kernel goes through its whole table for each family, some milliseconds of a core that the promotion itself
 * needs. */
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/fencer_parts.h"
#include "daemon/fencer_sessions.h"
#include "daemon/resetter.h"
#include "settings/settings.h"

#define WEIGHT_FAULT (-254)
#define PATIENCE_US  25000 /* as the supervisor's (actions.c) */
#define STILL_US     40000 /* a promotion that waits for nobody has enabled writes by then */
#define ANSWER_US    10000 /* for the server to say whether it has */

/* Done, failed or given up. The weight may have become the
 * supervisor's again meanwhile: then it sees to it. */
static void conclude(struct fencer *f, enum tri done)
{
    int weight = f->reset.held_weight;
    f->reset.done = done;
    f->reset.held_weight = 0;
    event_del(f->reset.patience);
    fencer_talk_state(f, 0);
    if (weight && f->logic.weight_us)
        fencer_write_weight(f, weight);
}

static void on_patience(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    conclude(arg, TRI_NO);
}

bool fencer_reset_holds(struct fencer *f, int weight)
{
    bool held = weight == WEIGHT_FAULT && f->reset.done == TRI_UNKNOWN;
    f->reset.held_weight = held ? weight : 0;
    return held;
}

static void lose(struct fencer *f)
{
    log_warning("the process that resets a dead server's connections is gone: until the service is "
                "restarted, clients "
                "that wait for a dead server may wait for their own timeout");
    event_free(f->reset.readable);
    f->reset.readable = NULL;
    close(f->start.resetter_fd);
    f->start.resetter_fd = -1;
    if (f->reset.done == TRI_UNKNOWN)
        conclude(f, TRI_NO);
}

static void noted(struct fencer *f, const struct resetter_answer *a)
{
    if (a->pid != f->reset.asked_pid || a->pid != fencer_sessions_view(f->sessions)->pid ||
        fencer_sessions_is_over(f->sessions))
        return;
    f->reset.noted_pid = a->error ? 0 : a->pid;
    if (!a->error)
        log_info("the server's connections at the VIP can be reset when it dies");
    else if (a->error == ENOENT)
        log_notice(
            "the server listens on no address of the VIP: there are no connections to be reset when it dies");
    else
        log_warning("a dead server's connections cannot be reset%s: %s; clients "
                    "that wait for one may wait for their own timeout",
                    a->error == EOPNOTSUPP ? " by this kernel (CONFIG_INET_DIAG_DESTROY)" : "",
                    strerror(a->error));
}

static void was_reset(struct fencer *f, const struct resetter_answer *a)
{
    if (a->pid != f->dead.pid)
        return;
    if (a->error)
        log_warning("the dead server's connections were not reset: %s", strerror(a->error));
    else
        log_notice("reset %d connection%s of the dead server in %.1f ms", (int)a->connections,
                   a->connections == 1 ? "" : "s", a->took_us / 1e3);
    conclude(f, tri_from(!a->error));
}

/* A resetter that was kept by an upgraded fencer may not know the order (EINVAL): the receiver then waits. */
static void ended_dials(const struct resetter_answer *a)
{
    if (a->connections)
        log_info("ended the server's call to the other node, which does not answer, in %.1f ms",
                 a->took_us / 1e3);
    else if (a->error)
        log_info("the server's calls to the other node were not looked at: %s", strerror(a->error));
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    struct fencer *f = arg;
    struct resetter_answer a;
    bool again;
    (void)what;
    if (!resetter_read(fd, &a, &again)) {
        if (!again)
            lose(f);
    } else if (a.kind == RESETTER_NOTE) {
        noted(f, &a);
    } else if (a.kind == RESETTER_RESET) {
        was_reset(f, &a);
    } else if (a.kind == RESETTER_DIALS) {
        ended_dials(&a);
    }
}

static void end_dials(struct fencer *f)
{
    struct stat st;
    if (!f->reset.readable || stat(f->start.settings->node.local.socket, &st) != 0)
        return;
    if (!resetter_order(f->start.resetter_fd, RESETTER_DIALS, 0, st.st_uid))
        lose(f);
}

/* Twice: first the server is asked. While a fence is under way its ladder has that session, and wants the
 * call ended. */
static void on_still(evutil_socket_t fd, short what, void *arg)
{
    const struct timeval answer = {.tv_usec = ANSWER_US};
    struct fencer *f = arg;
    (void)fd, (void)what;
    bool asks = !f->reset.asked_still && !f->ladder;
    f->reset.asked_still = true;
    if (asks) {
        fencer_sessions_ping(f->sessions);
        event_add(f->reset.still, &answer);
    } else if (fencer_sessions_view(f->sessions)->read_only != TRI_NO) {
        end_dials(f);
    }
}

void fencer_reset_open(struct fencer *f)
{
    f->reset.done = TRI_NO;
    f->reset.patience = event_new(f->base, -1, 0, on_patience, f);
    f->reset.still = event_new(f->base, -1, 0, on_still, f);
    if (f->start.resetter_fd < 0)
        return;
    f->reset.readable = event_new(f->base, f->start.resetter_fd, EV_READ | EV_PERSIST, on_answer, f);
    event_add(f->reset.readable, NULL);
}

/* Its sockets have the owner of its unix socket, for that is how it was identified (io/server_identity.h). */
void fencer_reset_note(struct fencer *f)
{
    const struct fencer_server *view = fencer_sessions_view(f->sessions);
    struct stat st;
    if (!f->reset.readable || view->certifiable != TRI_YES || view->alive != TRI_YES ||
        view->pid == f->reset.asked_pid)
        return;
    if (stat(f->start.settings->node.local.socket, &st) != 0)
        return;
    f->reset.asked_pid = view->pid;
    f->reset.noted_pid = 0;
    if (!resetter_order(f->start.resetter_fd, RESETTER_NOTE, view->pid, st.st_uid))
        lose(f);
}

void fencer_reset_dials(struct fencer *f)
{
    const struct timeval still = {.tv_usec = STILL_US};
    f->reset.asked_still = false;
    event_add(f->reset.still, &still);
}

void fencer_reset_dead(struct fencer *f)
{
    const struct timeval patience = {.tv_usec = PATIENCE_US};
    bool known = f->reset.readable && f->reset.noted_pid && f->reset.noted_pid == f->dead.pid;
    f->reset.done = known ? TRI_UNKNOWN : TRI_NO;
    f->reset.noted_pid = 0;
    if (!known)
        return;
    event_add(f->reset.patience, &patience);
    if (!resetter_order(f->start.resetter_fd, RESETTER_RESET, f->dead.pid, 0))
        lose(f);
}
