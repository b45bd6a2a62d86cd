#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/child.h"
#include "daemon/fencer_parts.h"
#include "daemon/service_notify.h"

#include <unistd.h>

static struct fencer_message state_now(const struct fencer *f, enum fencer_message_kind kind, uint64_t seq)
{
    const struct fencer_logic *l = &f->logic;
    struct fencer_message m = fencer_message_make(kind);
    m.seq = seq;
    m.epoch = l->term.epoch;
    m.deadline_us = l->term.deadline_us;
    m.votes = l->term.votes;
    m.peer_can_take_vip = l->term.peer_can_take_vip;
    m.pid = l->server.pid;
    m.read_only = (uint8_t)l->server.read_only;
    m.write_lock = (uint8_t)fencer_logic_write_lock(l, &f->rules, clock_now_us());
    m.alive = (uint8_t)l->server.alive;
    m.certifiable = (uint8_t)l->server.certifiable;
    m.fencing = l->fencing;
    m.reset = (uint8_t)f->reset.done;
    return m;
}

static void acknowledge(struct fencer *f, uint64_t seq, const char *refusal)
{
    struct fencer_message m = state_now(f, FENCER_ACK, seq);
    if (refusal) {
        m.deadline_us = 0;
        snprintf(m.text, sizeof(m.text), "%s", refusal);
    }
    child_send(f->child, &m);
}

void fencer_talk_state(struct fencer *f, uint64_t seq)
{
    struct fencer_message m = state_now(f, FENCER_STATE, seq);
    child_send(f->child, &m);
}

/* A refused PREPARE leaves what is armed as it is: only write_lock and the text say so. */
void fencer_talk_prepared(struct fencer *f, const char *refusal)
{
    if (!f->prepare_seq)
        return;
    struct fencer_message m = state_now(f, FENCER_ACK, f->prepare_seq);
    if (refusal) {
        m.write_lock = TRI_NO;
        snprintf(m.text, sizeof(m.text), "%s", refusal);
    }
    f->prepare_seq = 0;
    child_send(f->child, &m);
}

void fencer_talk_dead(struct fencer *f)
{
    struct fencer_message m = state_now(f, FENCER_DEAD, 0);
    m.pid = f->dead.pid;
    m.size = f->dead.size;
    snprintf(m.file, sizeof(m.file), "%s", f->dead.file);
    child_send(f->child, &m);
}

void fencer_talk_fenced(struct fencer *f, bool proven, const char *how)
{
    struct fencer_message m = state_now(f, FENCER_FENCED, f->fence_seq);
    m.ok = proven;
    snprintf(m.text, sizeof(m.text), "%s", how);
    if (proven)
        f->fence_seq = 0;
    child_send(f->child, &m);
}

/* ---- what the child says ---- */

void fencer_talk_reloaded(struct fencer *f)
{
    if (f->reloading)
        service_notify("READY=1");
    f->reloading = false;
}

/* A line end would begin another word of that protocol. */
static void take_status(struct fencer *f, const struct fencer_message *m)
{
    char told[sizeof(m->text) + 8];
    f->heard_us = clock_now_us();
    if (m->ok)
        fencer_talk_reloaded(f);
    if (strcmp(f->status, m->text) == 0)
        return;
    memcpy(f->status, m->text, sizeof(f->status));
    snprintf(told, sizeof(told), "STATUS=%.*s", (int)strcspn(m->text, "\n"), m->text);
    service_notify(told);
}

static void greet(struct fencer *f, uint64_t seq)
{
    struct fencer_todo todo = {0};
    if (!f->greeted || f->unannounced) {
        service_notify("READY=1");
        if (f->start.ready_fd >= 0) {
            ssize_t sent = write(f->start.ready_fd, "", 1);
            (void)sent; /* whoever started us went away meanwhile */
            close(f->start.ready_fd);
            f->start.ready_fd = -1;
        }
    }
    f->greeted = true;
    f->unannounced = false;
    fencer_talk_reloaded(f); /* it has read what is there now */
    fencer_logic_hello(&f->logic, &todo);
    todo.what &= ~(unsigned)FENCER_DO_REPORT; /* this answer is the report */
    fencer_talk_state(f, seq);
    if (f->logic.server.alive == TRI_NO && f->dead.pid == f->logic.server.pid)
        fencer_talk_dead(f); /* its predecessor may not have heard it */
    fencer_do(f, &todo);
}

static void prepare(struct fencer *f, const struct fencer_message *m)
{
    struct fencer_todo todo = {0};
    fencer_talk_prepared(f, "another PREPARE came after it");
    fencer_logic_prepare(&f->logic, &f->rules, clock_now_us(), m->epoch, &todo);
    f->prepare_seq = m->seq;
    if (todo.what & FENCER_DO_REFUSE)
        fencer_talk_prepared(f, todo.reason);
    fencer_do(f, &todo);
}

static void arm(struct fencer *f, const struct fencer_message *m)
{
    struct fencer_arm_order order = {m->epoch, m->deadline_us, m->votes, m->peer_can_take_vip != 0,
                                     m->renewed_us};
    struct fencer_todo todo = {0};
    bool was_armed = fencer_logic_is_armed(&f->logic);
    fencer_logic_arm(&f->logic, &f->rules, clock_now_us(), &order, &todo);
    bool refused = (todo.what & FENCER_DO_REFUSE) != 0;
    if (refused && todo.reason != f->refusal)
        log_notice("ARM of epoch %llu was refused: %s", (unsigned long long)m->epoch, todo.reason);
    else if (!refused && !was_armed)
        log_notice("armed for epoch %llu", (unsigned long long)m->epoch);
    if (!refused && !was_armed)
        fencer_reset_dials(f);
    f->refusal = refused ? todo.reason : NULL;
    f->stays = m->stays != 0;
    /* In force before it is acknowledged: the judge runs before anything new is read. */
    fencer_wake(f);
    acknowledge(f, m->seq, refused ? todo.reason : NULL);
    fencer_do(f, &todo);
}

static void disarm(struct fencer *f, const struct fencer_message *m)
{
    struct fencer_todo todo = {0};
    if (fencer_logic_is_armed(&f->logic))
        log_notice("disarmed, epoch %llu", (unsigned long long)f->logic.term.epoch);
    fencer_logic_disarm(&f->logic, clock_now_us(), &todo);
    acknowledge(f, m->seq, NULL);
    fencer_do(f, &todo);
}

static void fence(struct fencer *f, const struct fencer_message *m)
{
    struct fencer_todo todo = {0};
    f->fence_seq = m->seq;
    fencer_logic_fence(&f->logic, m->text, &todo);
    if (m->ends && f->rules.kill_server)
        todo.what |= FENCER_DO_KILL_SERVER;
    acknowledge(f, m->seq, NULL);
    fencer_do(f, &todo);
}

void fencer_talk_message(void *arg, const struct fencer_message *m)
{
    struct fencer *f = arg;
    switch ((enum fencer_message_kind)m->kind) {
    case FENCER_HELLO:
        greet(f, m->seq);
        break;
    case FENCER_PREPARE:
        prepare(f, m);
        break;
    case FENCER_ARM:
        arm(f, m);
        break;
    case FENCER_DISARM:
        disarm(f, m);
        break;
    case FENCER_FENCE:
        fence(f, m);
        break;
    case FENCER_UPGRADE:
        acknowledge(f, m->seq, NULL);
        fencer_upgrade_begin(f);
        break;
    case FENCER_STATUS:
        take_status(f, m);
        return;
    default:
        break; /* fencer_message_valid() lets no other kind through */
    }
    fencer_wake(f);
}
