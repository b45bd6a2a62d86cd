/* The fencer's side of the conversation with the supervisor. Mirrors daemon/fencer_talk.c. */
#include "parts.h"
#include "wire/fencer_proto.h"

static struct fencer *fencer_of(struct world *w, int n)
{
    return &w->nodes[n].fencer;
}

bool fencer_hears(struct world *w, int n, const struct told *m)
{
    struct talk *t = &w->nodes[n].to_fencer;
    struct fencer *f = fencer_of(w, n);
    if (f->state == GONE || t->count == TALK_MAX)
        return false;
    t->at[(t->first + t->count++) % TALK_MAX] = *m;
    event_add(w, w->now + 10 + random_below(w, 20), EV_ORDER, n, 0, f->gen);
    return true;
}

static void say(struct world *w, int n, const struct told *m)
{
    struct talk *t = &w->nodes[n].to_child;
    struct supervisor *p = &w->nodes[n].sup;
    if (p->state == GONE || t->count == TALK_MAX)
        return;
    t->at[(t->first + t->count++) % TALK_MAX] = *m;
    event_add(w, w->now + 10 + random_below(w, 20), EV_HEAR, n, 0, p->gen);
}

static struct told state_now(struct world *w, int n, int kind, uint64_t seq)
{
    const struct fencer_logic *l = &fencer_of(w, n)->logic;
    return (struct told){.kind = (uint8_t)kind,
                         .seq = seq,
                         .epoch = l->term.epoch,
                         .deadline = l->term.deadline_us,
                         .votes = l->term.votes,
                         .can_take = l->term.peer_can_take_vip,
                         .pid = (uint16_t)l->server.pid,
                         .read_only = (uint8_t)l->server.read_only,
                         .write_lock = (uint8_t)fencer_logic_write_lock(l, &w->fencer_rules, clock_of(w, n)),
                         .alive = (uint8_t)l->server.alive,
                         .certifiable = (uint8_t)l->server.certifiable,
                         .fencing = l->fencing};
}

void fencer_say_state(struct world *w, int n, uint64_t seq)
{
    struct told m = state_now(w, n, FENCER_STATE, seq);
    say(w, n, &m);
}

static void acknowledge(struct world *w, int n, uint64_t seq, bool refused)
{
    struct told m = state_now(w, n, FENCER_ACK, seq);
    if (refused)
        m.deadline = 0;
    say(w, n, &m);
}

void fencer_say_prepared(struct world *w, int n, bool refused)
{
    struct fencer *f = fencer_of(w, n);
    if (!f->prepare_seq)
        return;
    struct told m = state_now(w, n, FENCER_ACK, f->prepare_seq);
    if (refused)
        m.write_lock = TRI_NO;
    f->prepare_seq = 0;
    say(w, n, &m);
}

void fencer_say_dead(struct world *w, int n)
{
    struct told m = state_now(w, n, FENCER_DEAD, 0);
    m.pid = fencer_of(w, n)->dead.pid;
    m.size = fencer_of(w, n)->dead.size;
    m.file = fencer_of(w, n)->dead.file;
    say(w, n, &m);
}

void fencer_say_fenced(struct world *w, int n, bool proven)
{
    struct fencer *f = fencer_of(w, n);
    struct told m = state_now(w, n, FENCER_FENCED, f->fence_seq);
    m.ok = proven;
    if (proven)
        f->fence_seq = 0;
    say(w, n, &m);
}

static void greet(struct world *w, int n, uint64_t seq)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    fencer_logic_hello(&f->logic, &todo);
    todo.what &= ~(unsigned)FENCER_DO_REPORT;
    fencer_say_state(w, n, seq);
    if (f->logic.server.alive == TRI_NO && f->dead.pid == f->logic.server.pid)
        fencer_say_dead(w, n);
    fencer_act(w, n, &todo);
}

static void hear_prepare(struct world *w, int n, const struct told *m)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    fencer_say_prepared(w, n, true);
    fencer_logic_prepare(&f->logic, &w->fencer_rules, clock_of(w, n), m->epoch, &todo);
    f->prepare_seq = m->seq;
    if (todo.what & FENCER_DO_REFUSE)
        fencer_say_prepared(w, n, true);
    fencer_act(w, n, &todo);
}

static void hear_arm(struct world *w, int n, const struct told *m)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_arm_order order = {m->epoch, m->deadline, m->votes, m->can_take, m->renewed};
    struct fencer_todo todo = {0};
    fencer_logic_arm(&f->logic, &w->fencer_rules, clock_of(w, n), &order, &todo);
    fencer_wake(w, n);
    acknowledge(w, n, m->seq, (todo.what & FENCER_DO_REFUSE) != 0);
    fencer_act(w, n, &todo);
}

static void hear(struct world *w, int n, const struct told *m)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    switch (m->kind) {
    case FENCER_HELLO:
        greet(w, n, m->seq);
        break;
    case FENCER_PREPARE:
        hear_prepare(w, n, m);
        break;
    case FENCER_ARM:
        hear_arm(w, n, m);
        break;
    case FENCER_DISARM:
        fencer_logic_disarm(&f->logic, clock_of(w, n), &todo);
        acknowledge(w, n, m->seq, false);
        fencer_act(w, n, &todo);
        break;
    case FENCER_FENCE:
        f->fence_seq = m->seq;
        fencer_logic_fence(&f->logic, "asked for", &todo);
        acknowledge(w, n, m->seq, false);
        fencer_act(w, n, &todo);
        break;
    default:
        break;
    }
    fencer_wake(w, n);
}

bool fencer_hear_one(struct world *w, int n)
{
    struct talk *t = &w->nodes[n].to_fencer;
    if (!t->count)
        return false;
    struct told m = t->at[t->first];
    t->first = (uint8_t)((t->first + 1) % TALK_MAX);
    t->count--;
    hear(w, n, &m);
    return true;
}
