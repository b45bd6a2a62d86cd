#include "io/session_internal.h"

#include <errmsg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void statement_append(struct statement_list *list, struct statement *st)
{
    st->next = NULL;
    if (list->head)
        list->tail->next = st;
    else
        list->head = st;
    list->tail = st;
    list->count++;
}

struct statement *statement_take(struct statement_list *list)
{
    struct statement *st = list->head;
    if (st) {
        list->head = st->next;
        list->count--;
    }
    return st;
}

struct statement *statement_new(const char *sql, int64_t deadline_us,
                                void (*done)(void *, const struct reply *), void *arg)
{
    size_t length = strlen(sql);
    struct statement *st = mem_zalloc(sizeof(*st) + length + 1);
    memcpy(st->sql, sql, length);
    st->length = length;
    st->deadline_us = deadline_us;
    st->done = done;
    st->arg = arg;
    return st;
}

void session_deliver(struct session *s, struct statement *st, struct reply *reply)
{
    bool outer = s->delivering;
    s->delivering = true;
    reply->sent_us = st->sent_us;
    if (st->done)
        st->done(st->arg, reply);
    s->delivering = outer;
    free(st);
}

static void answer_lost(struct session *s, struct statement *st)
{
    struct reply reply = {.status = REPLY_LOST,
                          .error_no = st->error_no ? st->error_no : CR_SERVER_LOST,
                          .error = st->why ? st->why : s->last_error};
    session_deliver(s, st, &reply);
}

void session_answer_orphans(struct session *s)
{
    for (size_t n = s->orphans.count; n && s->orphans.head; n--)
        answer_lost(s, statement_take(&s->orphans));
}

void session_orphan(struct session *s, struct statement *st, unsigned error_no, const char *why)
{
    st->error_no = error_no;
    st->why = why;
    statement_append(&s->orphans, st);
}

void session_expire_queued(struct session *s, int64_t now_us)
{
    struct statement_list before = s->queue;
    s->queue = (struct statement_list){0};
    for (struct statement *st; (st = statement_take(&before));) {
        if (st->deadline_us && st->deadline_us <= now_us)
            session_orphan(s, st, CR_SERVER_LOST, "not sent before its deadline");
        else
            statement_append(&s->queue, st);
    }
    session_answer_orphans(s);
}
