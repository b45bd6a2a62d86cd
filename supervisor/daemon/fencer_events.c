#define _GNU_SOURCE /* syscall */
#include "daemon/fencer_events.h"

#include <event2/event.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/fencer_link.h"
#include "daemon/node.h"
#include "daemon/offsets.h"
#include "io/option_check.h"
#include "io/probe.h"

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

void fencer_events_open(struct node *n, int fd)
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

void fencer_events_close(struct node *n)
{
    stop_waiting_for_end(n);
    fencer_link_free(&n->fencer);
}
