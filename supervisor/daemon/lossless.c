#include "daemon/lossless.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/names.h"
#include "io/session.h"
#include "io/voter.h"
#include "wire/observe.h"

#define STATEMENT_MS 2000
#define AGAIN_US     100000

#define REQUIRE_ACKS                                                                                         \
    "SET GLOBAL rpl_semi_sync_master_wait_point='AFTER_SYNC', GLOBAL rpl_semi_sync_master_wait_no_slave=1,"  \
    " GLOBAL rpl_semi_sync_master_timeout=4294967295, GLOBAL rpl_semi_sync_master_enabled=1"

static void answered(void *arg, const struct reply *r)
{
    struct node *n = arg;
    struct observe_names names = names_of(n, n->policy.self);
    n->semi_sync_busy = false;
    n->semi_sync_failed_us = r->status == REPLY_OK ? 0 : clock_now_us();
    if (r->status == REPLY_ERROR)
        log_warning("%s: %s", session_name(n->semi_sync), r->error);
    if (r->status == REPLY_OK)
        observe_server(&n->o.own, &names, r->sets, r->set_count, n->semi_sync_began_us, r->answered_us);
    node_wake(n);
}

/* What is read in the same round trip counts from now on: it was read after the statement had ended. */
static void run(struct node *n, const char *statement)
{
    struct observe_names names = names_of(n, n->policy.self);
    char *read, *sql;
    bool failed = n->semi_sync_failed_us && clock_now_us() - n->semi_sync_failed_us < AGAIN_US;
    if (n->semi_sync_busy || failed || !n->semi_sync || !session_is_up(n->semi_sync))
        return;
    read = observe_server_sql(&names, false);
    sql = mem_printf("%s;%s", statement, read);
    n->semi_sync_busy = true;
    n->semi_sync_began_us = clock_now_us();
    session_query(n->semi_sync, sql, STATEMENT_MS, answered, n);
    free(sql);
    free(read);
}

/* A master side that has given up waits again only when its replica has caught up, unless it is begun anew.
 * While it has given up nobody waits there whom that could tell OK. */
void lossless_acks_on(struct node *n)
{
    const struct semi_sync_view *s = &n->o.own.semi_sync;
    bool given_up = s->enabled == TRI_YES && s->status == TRI_NO;
    run(n, given_up ? "SET GLOBAL rpl_semi_sync_master_enabled=0;" REQUIRE_ACKS : REQUIRE_ACKS);
}

void lossless_acks_off(struct node *n)
{
    if (n->o.own.semi_sync.enabled == TRI_YES)
        run(n, "SET GLOBAL rpl_semi_sync_master_enabled=0");
}

/* What is refused would be asked for again with the very tick that the refusal wakes. */
static bool asked_just_now(const struct node *n, int64_t *asked_us)
{
    if (*asked_us && n->o.now_us - *asked_us < AGAIN_US)
        return true;
    *asked_us = n->o.now_us;
    return false;
}

void lossless_mark(struct node *n)
{
    const struct mind *m = &n->mind;
    int other = 1 - n->policy.self;
    if (asked_just_now(n, &n->mark_asked_us))
        return;
    voter_mark(n->voters[n->policy.self], other, m->epoch, m->cleared_us);
    voter_mark(n->voters[OBS_TIE], other, m->epoch, m->cleared_us);
}

void lossless_clear_mark(struct node *n)
{
    if (asked_just_now(n, &n->clear_asked_us))
        return;
    for (int i = 0; i < OBS_NODES; i++) {
        voter_clear_mark(n->voters[OBS_TIE], i);
        voter_clear_mark(n->voters[n->policy.self], i);
    }
}
