#include "wire/audit_sql.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/observe.h"
#include "wire/printable.h"

/* The locks are looked up once, not for every session of the list. */
static const char locks_sql[] =
    "SELECT @replcheck_0:=IS_USED_LOCK('replcheck.vote.%s') AS ignored_0,"
    " @replcheck_1:=IS_USED_LOCK('replcheck.bell.%s') AS ignored_1,"
    " @replcheck_2:=IS_USED_LOCK('replcheck.write.%s') AS ignored_2,"
    " @replcheck_3:=IS_USED_LOCK('replcheck.here.%s.%s') AS ignored_3,"
    " @replcheck_4:=IS_USED_LOCK('replcheck.here.%s.%s') AS ignored_4;"
    "SELECT 'lock' AS part, ID AS id, USER AS user, HOST AS host, ID<=>@replcheck_0 AS lock_0,"
    " ID<=>@replcheck_1 AS lock_1, ID<=>@replcheck_2 AS lock_2, ID<=>@replcheck_3 AS lock_3,"
    " ID<=>@replcheck_4 AS lock_4 FROM information_schema.PROCESSLIST"
    " WHERE ID IN (@replcheck_0,@replcheck_1,@replcheck_2,@replcheck_3,@replcheck_4);"
    "SELECT 'fencer' AS part, COUNT(*) AS sessions FROM information_schema.PROCESSLIST"
    " WHERE USER='%s' AND HOST='localhost'";

char *audit_locks_sql(const struct audit_names *n)
{
    const char *c = n->cluster;
    return mem_printf(locks_sql, c, c, c, c, n->nodes[0], c, n->nodes[1], n->fencer);
}

static char *settings_list(void)
{
    char *list = mem_strdup("");
    for (size_t i = 0; i < drift_count; i++) {
        char *longer = mem_printf("%s%s'%s'", list, i ? "," : "", drift_settings[i].name);
        free(list);
        list = longer;
    }
    return list;
}

char *audit_whole_sql(const struct audit_names *n)
{
    char *locks = audit_locks_sql(n), *list = settings_list();
    char *all = mem_printf("%s;SELECT 'setting' AS part, VARIABLE_NAME AS name, GLOBAL_VALUE AS value"
                           " FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME IN (%s);"
                           "SELECT 'schema' AS part, version FROM replcheck.installed;"
                           "CALL replcheck.audit_binlog();CALL replcheck.audit_accounts()",
                           locks, list);
    free(locks);
    free(list);
    return all;
}

/* ---- locks ---- */

static bool is_one_of(const char *user, const struct audit_names *n)
{
    for (size_t i = 0; i < sizeof(n->users) / sizeof(n->users[0]); i++)
        if (n->users[i] && *n->users[i] && strcmp(user, n->users[i]) == 0)
            return true;
    return false;
}

static bool is_ours(const char *user, const char *host, enum audit_lock lock, const struct audit_names *n)
{
    if (lock == AUDIT_WRITE)
        return strcmp(user, n->fencer) == 0 && strcmp(host, "localhost") == 0;
    return is_one_of(user, n) || strcmp(user, OBSERVE_DEFINER) == 0;
}

static void read_locks(struct audit *out, const struct audit_names *n, const struct rows *set)
{
    out->holder_count = 0;
    for (size_t row = 0; row < set->row_count && out->holder_count < AUDIT_HOLDERS_MAX; row++) {
        struct audit_holder *h = &out->holders[out->holder_count];
        const char *user = rows_text(set, row, "user"), *host = rows_text(set, row, "host");
        int64_t id = 0;
        memset(h, 0, sizeof(*h));
        for (int lock = 0; lock < AUDIT_LOCKS; lock++) {
            char column[16];
            snprintf(column, sizeof(column), "lock_%d", lock);
            bool foreign = !user || !host || !is_ours(user, host, (enum audit_lock)lock, n);
            if (foreign && rows_tri(set, row, column) == TRI_YES)
                h->locks |= 1U << lock;
        }
        if (!h->locks || !rows_i64(set, row, "id", &id) || id <= 0)
            continue;
        h->connection = (uint64_t)id;
        snprintf(h->account, sizeof(h->account), "%.48s@%.72s", user ? user : "?", host ? host : "?");
        printable_make(h->account);
        out->holder_count++;
    }
}

/* ---- accounts ---- */

static enum audit_kind kind_parse(const char *text)
{
    return strcmp(text, "procedure") == 0 ? AUDIT_PROCEDURE
           : strcmp(text, "event") == 0   ? AUDIT_EVENT
                                          : AUDIT_ACCOUNT;
}

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%.*s", (int)size - 1, text ? text : "");
    printable_make(out);
}

static int first_count(const struct rows *set, const char *name)
{
    int64_t n;
    return rows_i64(set, 0, name, &n) && n > 0 && n <= INT_MAX ? (int)n : 0;
}

static void read_accounts(struct audit *out, const struct rows *set)
{
    out->entry_count = 0;
    out->entry_total = (int)set->row_count;
    for (size_t row = 0; row < set->row_count && out->entry_count < AUDIT_ENTRIES_MAX; row++) {
        struct audit_entry *e = &out->entries[out->entry_count++];
        const char *kind = rows_text(set, row, "kind"), *user = rows_text(set, row, "user");
        const char *host = rows_text(set, row, "host");
        memset(e, 0, sizeof(*e));
        e->kind = kind_parse(kind ? kind : "");
        snprintf(e->account, sizeof(e->account), "%.50s@%.74s", user ? user : "", host ? host : "");
        printable_make(e->account);
        copy(e->via, sizeof(e->via), rows_text(set, row, "via"));
        copy(e->object, sizeof(e->object), rows_text(set, row, "object"));
        e->socket_only = rows_tri(set, row, "socket_only") == TRI_YES;
    }
}

/* ---- settings ---- */

static void store(struct drift_values *values, const char *name, const char *value)
{
    int index = name ? drift_find(name) : -1;
    if (index < 0)
        return;
    char *shown = mem_strdup(value ? value : "");
    printable_make(shown);
    drift_store(values, index, shown);
    free(shown);
}

static void read_settings(struct drift_values *values, const struct rows *set)
{
    memset(values, 0, sizeof(*values));
    for (size_t row = 0; row < set->row_count; row++)
        store(values, rows_text(set, row, "name"), rows_text(set, row, "value"));
}

void audit_read(struct audit *out, const struct audit_names *n, const struct rows *sets, size_t count,
                int64_t sent_us)
{
    for (size_t i = 0; i < count; i++) {
        const struct rows *set = &sets[i];
        const char *first = set->column_count ? set->names[0] : "";
        const char *second = set->column_count > 1 ? set->names[1] : "";
        if (strcmp(first, "kind") == 0) {
            read_accounts(out, set);
            out->accounts_us = sent_us;
        } else if (strcmp(second, "id") == 0) {
            read_locks(out, n, set);
            out->locks_us = sent_us;
        } else if (strcmp(first, "part") == 0 && strcmp(second, "name") == 0) {
            read_settings(&out->settings, set);
            out->settings_us = sent_us;
        } else if (strcmp(first, "part") == 0 && strcmp(second, "version") == 0) {
            out->schema_version = first_count(set, "version");
        } else if (strcmp(first, "part") == 0 && strcmp(second, "sessions") == 0) {
            out->fencer_sessions = first_count(set, "sessions");
        } else if (rows_column(set, "Binlog_Do_DB") >= 0) {
            store(&out->settings, "binlog_do_db", rows_text(set, 0, "Binlog_Do_DB"));
            store(&out->settings, "binlog_ignore_db", rows_text(set, 0, "Binlog_Ignore_DB"));
        }
    }
}
