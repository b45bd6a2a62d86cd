#include "io/voter.h"

#include <stdio.h>

#include "base/clock.h"
#include "io/voter_ops.h"

/* ---- what every kind does alike ---- */

struct vote *voter_vote(const struct voter *v)
{
    return &v->o.quorum->votes[v->o.index];
}

int64_t voter_limit_ms(const struct voter *v, int64_t now_us)
{
    int64_t until = quorum_valid_until(v->o.quorum, v->o.index);
    return until > now_us ? (until - now_us) / 1000 + 1 : v->o.silent_ms;
}

void voter_answered(const struct voter *v, int64_t sent_us)
{
    if (sent_us > *v->o.answered_us)
        *v->o.answered_us = sent_us;
}

void voter_timed(const struct voter *v, int64_t sent_us)
{
    int64_t took_us = clock_now_us() - sent_us, *smooth_us = v->o.round_trip_us;
    *smooth_us = *smooth_us ? (*smooth_us + took_us) / 2 : took_us;
}

static uint64_t newest_promise(const struct voter_rows *rows)
{
    return rows->promise[0].epoch > rows->promise[1].epoch ? rows->promise[0].epoch : rows->promise[1].epoch;
}

void voter_rows_read(struct voter *v, const struct voter_rows *rows)
{
    uint64_t newest = newest_promise(rows);
    char text[160];
    *v->o.rows = *rows;
    if (newest < v->remembered) {
        snprintf(text, sizeof(text), "it has forgotten epoch %llu: the highest that it remembers is %llu now",
                 (unsigned long long)v->remembered, (unsigned long long)newest);
        v->e.trouble(v->e.arg, v->o.index, text);
    }
    v->remembered = newest;
}

void voter_marked(const struct voter *v, int node, uint64_t epoch, int64_t answered_us)
{
    v->o.rows->out_of_sync[node] =
        (struct note){.kind = epoch ? NOTE_OUT_OF_SYNC : NOTE_NONE, .node = node, .epoch = epoch};
    v->o.rows->read_us = answered_us;
}

/* ---- each kind's own ---- */

void voter_free(struct voter **p)
{
    struct voter *v = *p;
    *p = NULL;
    if (v)
        v->ops->destroy(v);
}

void voter_want(struct voter *v, enum voter_urgency urgency)
{
    v->ops->want(v, urgency);
}

void voter_drop(struct voter *v)
{
    if (!v->releasing)
        v->ops->drop(v);
}

void voter_step(struct voter *v, int64_t now_us)
{
    if (!v->releasing)
        v->ops->step(v, now_us);
}

void voter_promise(struct voter *v, uint64_t epoch)
{
    const struct vote *vote = voter_vote(v);
    if (vote->held && vote->promised_epoch != epoch)
        v->ops->promise(v, epoch);
}

void voter_mark(struct voter *v, int node, uint64_t epoch, int64_t since_us)
{
    const struct note *mark = &v->o.rows->out_of_sync[node];
    bool stands = mark->kind != NOTE_NONE && mark->epoch == epoch && v->o.rows->read_us > since_us;
    if (v->ops->mark && voter_vote(v)->held && !stands)
        v->ops->mark(v, node, epoch);
}

void voter_clear_mark(struct voter *v, int node)
{
    if (v->ops->clear_mark && voter_vote(v)->held && v->o.rows->out_of_sync[node].kind != NOTE_NONE)
        v->ops->clear_mark(v, node);
}

void voter_release(struct voter *v, const struct voter_farewell *row, bool uncounted_too)
{
    if (v->releasing || (v->release_done && !voter_vote(v)->held))
        return;
    v->release_done = false;
    v->ops->release(v, row, uncounted_too);
}

bool voter_release_done(const struct voter *v)
{
    return v->release_done;
}

void voter_release_reset(struct voter *v)
{
    v->release_done = false;
}

bool voter_enable(struct voter *v, uint64_t epoch)
{
    return v->ops->enable && v->ops->enable(v, epoch);
}

bool voter_enable_unanswered(const struct voter *v)
{
    return v->ops->enable_unanswered && v->ops->enable_unanswered(v);
}

bool voter_ask(struct voter *v, const char *sql, int deadline_ms,
               void (*done)(void *arg, const struct reply *r), void *arg)
{
    return v->ops->ask && v->ops->ask(v, sql, deadline_ms, done, arg);
}

int64_t voter_certificate_until_s(const struct voter *v)
{
    return v->ops->certificate_until_s ? v->ops->certificate_until_s(v) : 0;
}

bool voter_is_up(const struct voter *v)
{
    return v->ops->is_up(v);
}

int64_t voter_outstanding_since_us(const struct voter *v)
{
    return v->ops->outstanding_since_us(v);
}

int64_t voter_next_us(const struct voter *v)
{
    return v->ops->next_us(v);
}
