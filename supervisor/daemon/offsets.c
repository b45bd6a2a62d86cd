#include "daemon/offsets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/probe.h"
#include "io/session.h"

#define STATEMENT_MS 2000
#define REPEAT_US    1000000

static struct session *desk_of(struct node *n)
{
    return n->desk[n->policy.self];
}

static void corrected(void *arg, const struct reply *r)
{
    struct node *n = arg;
    int64_t newest = 0;
    if (r->status == REPLY_ERROR)
        log_warning("the auto_increment offsets were not set: %s", r->error);
    if (r->status == REPLY_OK && r->set_count && rows_i64(&r->sets[r->set_count - 1], 0, "newest", &newest))
        n->offsets_corrected_at = (unsigned long)newest;
    if (n->mind.state == NODE_DUAL) /* it is written all the time: those go at once */
        offsets_close_old_sessions(n);
    probe_now(n->probe_own);
}

static void origins_read(void *arg, const struct reply *r)
{
    struct node *n = arg;
    if (r->status != REPLY_OK || !r->set_count)
        return;
    n->offsets_origin_read = true;
    for (size_t row = 0; row < r->sets[0].row_count; row++) {
        const char *name = rows_text(&r->sets[0], row, "name"), *path = rows_text(&r->sets[0], row, "path");
        const char *origin = rows_text(&r->sets[0], row, "origin"),
                   *value = rows_text(&r->sets[0], row, "value");
        if (name && origin && strcasecmp(origin, "CONFIG") == 0)
            log_info("%s: %s sets it to %s", name, path ? path : "an option file", value ? value : "?");
        else if (name)
            log_warning(
                "%s is not in the server's option files: after a restart it is wrong until the supervisor "
                "has set it; put `%s = %u` there",
                name, name,
                strstr(name, "OFFSET") || strstr(name, "offset") ? n->policy.offset[n->policy.self]
                                                                 : n->policy.increment);
    }
}

static void read_origins(struct node *n)
{
    session_query(desk_of(n),
                  "SELECT LOWER(VARIABLE_NAME) AS name, GLOBAL_VALUE_ORIGIN AS origin, GLOBAL_VALUE AS value,"
                  " GLOBAL_VALUE_PATH AS path FROM information_schema.SYSTEM_VARIABLES"
                  " WHERE VARIABLE_NAME IN ('AUTO_INCREMENT_INCREMENT','AUTO_INCREMENT_OFFSET')",
                  STATEMENT_MS, origins_read, n);
}

void offsets_correct(struct node *n)
{
    char sql[256];
    int self = n->policy.self;
    if (n->outcome.facts.value[FACT_OFFSETS] != TRI_NO || !session_is_up(desk_of(n)))
        return;
    if (n->offsets_asked_us && n->o.now_us - n->offsets_asked_us < REPEAT_US)
        return;
    n->offsets_asked_us = n->o.now_us;
    log_notice("auto_increment_increment and _offset are %u and %u, and are set to %u and %u",
               n->o.own.auto_increment_increment, n->o.own.auto_increment_offset, n->policy.increment,
               n->policy.offset[self]);
    if (!n->offsets_origin_read)
        read_origins(n); /* queued before the SET, which erases the answer */
    snprintf(
        sql, sizeof(sql),
        "CALL replcheck.set_offsets(%u, %u); SELECT MAX(ID) AS newest FROM information_schema.PROCESSLIST",
        n->policy.increment, n->policy.offset[self]);
    session_query(desk_of(n), sql, STATEMENT_MS, corrected, n);
}

void offsets_server_restarted(struct node *n)
{
    n->offsets_origin_read = false;
    n->offsets_corrected_at = 0;
    n->offsets_asked_us = 0;
    read_origins(n);
}

static void old_listed(void *arg, const struct reply *r)
{
    struct node *n = arg;
    char sql[64];
    size_t closed = 0;
    if (r->status != REPLY_OK || !r->set_count)
        return;
    for (size_t row = 0; row < r->sets[0].row_count; row++) {
        int64_t id;
        if (!rows_i64(&r->sets[0], row, "id", &id))
            continue;
        snprintf(sql, sizeof(sql), "KILL CONNECTION %" PRId64, id);
        session_query(desk_of(n), sql, STATEMENT_MS, NULL, NULL);
        closed++;
    }
    if (closed)
        log_notice("%zu sessions older than the correction of the auto_increment offsets were closed",
                   closed);
}

void offsets_close_old_sessions(struct node *n)
{
    if (!n->offsets_corrected_at || !session_is_up(desk_of(n)))
        return;
    char *sql =
        mem_printf("SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID <= %lu AND USER NOT IN"
                   " ('system user','event_scheduler','%s','%s','%s') AND COMMAND <> 'Binlog Dump'",
                   n->offsets_corrected_at, n->settings.node.local.user, n->settings.node.peer.user,
                   n->settings.node.fencer.user);
    session_query(desk_of(n), sql, STATEMENT_MS, old_listed, n);
    free(sql);
    n->offsets_corrected_at = 0;
}
