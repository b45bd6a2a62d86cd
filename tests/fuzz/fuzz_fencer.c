/* The fencer under a supervisor that says anything at any time. An input is a story: packets of the child,
 * what is seen of the server, time that passes. Whatever is said, authority lasts no longer than a lease and
 * ends in a fence, and a term that was fenced does not return. And what a fencer leaves to its upgraded self.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/estate.h"
#include "daemon/handover.h"
#include "fuzz.h"
#include "model/fencer_logic.h"
#include "wire/fencer_proto.h"

#define START_US INT64_C(100000000)
#define LEASE_US INT64_C(3000000)

static const struct fencer_rules rules = {.lease_ms = 3000,
                                          .renew_ms = 250,
                                          .silent_ms = 1000,
                                          .fence_ms = 1000,
                                          .fences = true,
                                          .kill_server = true,
                                          .takeover_ms = 500,
                                          .epsilon_ms = 50};

struct story {
    struct fencer_logic l;
    int64_t now_us;
    uint64_t fenced_epoch; /* the highest whose term a fence ended */
};

static void check(const struct story *s, const struct fencer_todo *todo)
{
    const struct fencer_logic *l = &s->l;
    FUZZ_CHECK(l->term.deadline_us <= s->now_us + LEASE_US);
    FUZZ_CHECK(!(todo->what & FENCER_DO_REFUSE) || (todo->reason && todo->reason[0]));
    FUZZ_CHECK(!(todo->what & FENCER_DO_FENCE) || (todo->reason && l->fencing));
    FUZZ_CHECK(!(todo->what & FENCER_DO_TAKE_LOCK) ||
               (!l->fencing && s->now_us < fencer_logic_lock_limit_us(l, &rules)));
    FUZZ_CHECK(!(todo->what & FENCER_DO_WEIGHT) || (todo->weight >= -254 && todo->weight <= 0));
    FUZZ_CHECK(!fencer_logic_is_armed(l) || l->fencing || l->term.epoch > s->fenced_epoch);
    FUZZ_CHECK(fencer_logic_next_us(l, &rules) >= 0 && l->backoff_ms >= 0 && l->retry_ms >= 0);
}

/* A packet: its size, too, is the child's to choose. */
static struct fencer_message *packet(struct fuzz_bytes *b, size_t *size)
{
    uint8_t shape = (uint8_t)fuzz_number(b, 1);
    struct fencer_message *m = mem_zalloc(sizeof(*m));
    *m = fencer_message_make((enum fencer_message_kind)(fuzz_number(b, 1) % 16));
    *size = sizeof(*m);
    m->epoch = fuzz_number(b, shape & 1 ? 8 : 1);
    m->deadline_us = shape & 2 ? (int64_t)fuzz_number(b, 8) : START_US + (int64_t)fuzz_number(b, 3);
    m->votes = m->peer_can_take_vip = (uint8_t)fuzz_number(b, 1);
    m->renewed_us = m->votes & 1 ? (int64_t)((uint64_t)m->deadline_us - m->votes * 10000U) : START_US;
    if (shape & 4)
        m->version = (uint32_t)fuzz_number(b, 4);
    if (shape & 8)
        memset(m->text, 'x', sizeof(m->text));
    if (shape & 16)
        *size = (size_t)fuzz_number(b, 2) % sizeof(*m);
    return m;
}

static void hear(struct story *s, const struct fencer_message *m, struct fencer_todo *todo)
{
    const struct fencer_arm_order order = {m->epoch, m->deadline_us, m->votes, m->peer_can_take_vip != 0,
                                           m->renewed_us};
    bool was_fencing = s->l.fencing;
    switch ((enum fencer_message_kind)m->kind) {
    case FENCER_HELLO:
        fencer_logic_hello(&s->l, todo);
        break;
    case FENCER_PREPARE:
        fencer_logic_prepare(&s->l, &rules, s->now_us, m->epoch, todo);
        break;
    case FENCER_ARM:
        fencer_logic_arm(&s->l, &rules, s->now_us, &order, todo);
        FUZZ_CHECK(!was_fencing || (todo->what & FENCER_DO_REFUSE));
        break;
    case FENCER_DISARM:
        fencer_logic_disarm(&s->l, s->now_us, todo);
        break;
    case FENCER_FENCE:
        fencer_logic_fence(&s->l, m->text, todo);
        FUZZ_CHECK(s->l.fencing);
        break;
    default: /* an upgrade and the like: not the logic's */
        break;
    }
}

/* `m` stays: the reason of a fence is a text in it. */
static void child_says(struct story *s, const struct fencer_message *m, size_t size, struct fencer_todo *todo)
{
    void *exact = mem_zalloc(size ? size : 1);
    memcpy(exact, m, size);
    if (fencer_message_valid(exact, size, true)) {
        FUZZ_CHECK(size == sizeof(*m) && !fencer_message_valid(exact, size, false));
        FUZZ_CHECK(fencer_message_name(m->kind)[0] != '?');
        hear(s, m, todo);
    }
    free(exact);
}

static void server_is(struct story *s, uint64_t what, struct fencer_todo *todo)
{
    const struct fencer_server server = {.read_only = (enum tri)(what % 3),
                                         .read_us = s->now_us,
                                         .alive = (enum tri)(what / 3 % 3),
                                         .certifiable = (enum tri)(what / 9 % 3),
                                         .pid = (int32_t)(what & 3)};
    fencer_logic_observe(&s->l, &server, todo);
}

static void befall(struct story *s, uint64_t what, struct fuzz_bytes *b, struct fencer_todo *todo)
{
    switch (what) {
    case 0:
        s->now_us += (int64_t)fuzz_number(b, 3);
        break;
    case 1:
        fencer_logic_child_started(&s->l, s->now_us);
        break;
    case 2:
        fencer_logic_child_ended(&s->l, s->now_us, todo);
        break;
    case 3:
        server_is(s, fuzz_number(b, 1), todo);
        break;
    case 4:
        fencer_logic_asked(&s->l, s->now_us);
        break;
    case 5:
        fencer_logic_answered(&s->l);
        break;
    case 6:
        fencer_logic_lock(&s->l, &rules, s->now_us, s->now_us, fuzz_number(b, 1) & 1, todo);
        break;
    case 7:
        fencer_logic_lock_lost(&s->l, &rules, s->now_us, todo);
        break;
    case 8:
        if (s->l.fencing)
            fencer_logic_fenced(&s->l, s->now_us, fuzz_number(b, 1) & 1, todo);
        break;
    default:
        fencer_logic_stop(&s->l, &rules, s->now_us);
    }
}

static void step(struct story *s, struct fuzz_bytes *b)
{
    struct fencer_todo todo = {0};
    uint64_t what = fuzz_number(b, 1) % 14;
    if (what < 10) {
        befall(s, what, b, &todo);
        check(s, &todo);
        return;
    }
    size_t size;
    struct fencer_message *m = packet(b, &size);
    child_says(s, m, size, &todo);
    check(s, &todo);
    free(m);
}

static void tick(struct story *s)
{
    struct fencer_todo todo = {0};
    bool late = fencer_logic_is_armed(&s->l) && s->now_us >= s->l.term.deadline_us;
    fencer_logic_tick(&s->l, &rules, s->now_us, &todo);
    FUZZ_CHECK(!late || s->l.fencing);
    FUZZ_CHECK(!(todo.what & FENCER_DO_EXIT) || (!fencer_logic_is_armed(&s->l) && !s->l.fencing));
    if (s->l.fencing && fencer_logic_is_armed(&s->l) && s->l.term.epoch > s->fenced_epoch)
        s->fenced_epoch = s->l.term.epoch;
    check(s, &todo);
}

void fuzz_fencer(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = {data, size};
    struct story s = {.now_us = START_US};
    fencer_logic_init(&s.l, s.now_us);
    while (b.left) {
        step(&s, &b);
        tick(&s);
    }
}

/* ---- the estate: what is understood is written, and understood again ---- */

void fuzz_estate(const uint8_t *data, size_t size)
{
    struct estate taken, again;
    struct err e = {""};
    int fd = handover_write("", ESTATE_FORMAT, data, size, &e);
    FUZZ_CHECK(fd >= 0);
    if (estate_read(fd, &taken, &e)) {
        int copy = estate_write(&taken, &e);
        FUZZ_CHECK(copy >= 0 && estate_read(copy, &again, &e) && memcmp(&taken, &again, sizeof(taken)) == 0);
        close(copy);
        FUZZ_CHECK(taken.logic.term.deadline_us >= 0 && taken.child_fd >= -1 && taken.logic.backoff_ms >= -1);
    } else {
        FUZZ_CHECK(e.text[0]);
    }
    close(fd);
}
