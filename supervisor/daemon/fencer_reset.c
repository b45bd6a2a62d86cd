/* The fencer's use of the resetter: while the server lives its listeners are noted, and at its certified
 * death what is left of it is reset. What became of that travels to the supervisor in each STATE and in DEAD,
 * for the VIP may leave then.
 *
 * An order to note that was obeyed late, when that server had ended and another had begun, would have noted
 * the other's listeners. So an answer counts only while the process is not over: until then its sockets may
 * be open, and no other could have its port. */
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
        f->reset.done = TRI_NO;
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
        log_warning(
            "a dead server's connections cannot be reset%s: %s; clients that wait for one may wait for their "
            "own timeout",
            a->error == EOPNOTSUPP ? " by this kernel (CONFIG_INET_DIAG_DESTROY)" : "", strerror(a->error));
}

static void was_reset(struct fencer *f, const struct resetter_answer *a)
{
    if (a->pid != f->dead.pid)
        return;
    f->reset.done = tri_from(!a->error);
    if (a->error)
        log_warning("the dead server's connections were not reset: %s", strerror(a->error));
    else
        log_notice("reset %d connections of the dead server in %.1f ms", (int)a->connections,
                   a->took_us / 1e3);
    fencer_talk_state(f, 0);
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
    } else {
        was_reset(f, &a);
    }
}

void fencer_reset_open(struct fencer *f)
{
    f->reset.done = TRI_NO;
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

void fencer_reset_dead(struct fencer *f)
{
    bool known = f->reset.readable && f->reset.noted_pid && f->reset.noted_pid == f->dead.pid;
    f->reset.done = known ? TRI_UNKNOWN : TRI_NO;
    f->reset.noted_pid = 0;
    if (known && !resetter_order(f->start.resetter_fd, RESETTER_RESET, f->dead.pid, 0))
        lose(f);
}
